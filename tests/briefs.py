"""Small scenario files for tests of what is built on them, and their analyses."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from tiermix.analysing import analyse
from tiermix.analysis import Analysis
from tiermix.scenario_file import parse

MICRO = "{preset: micro, available: 250, audience: {fans: 60%, others: 10%}}"
MACRO = "{preset: macro, available: 15, audience: {fans: 20%, others: 60%}}"

#: Fees that stand on their own, for currencies in which no preset is.
OWN = "fee: 300, overhead: 50, "

_TOP = {
    "tiermix": "1",
    "name": "Test",
    "budget": "60_000",
    "objective": "conversions",
    "order_value": "40",
    "margin": "50%",
    "audience": "{segments: {fans: {size: 100_000, in_market: 10%}, "
    "others: {size: 1M, in_market: 2%}}}",
    "simulation": "{worlds: 64}",
}


def brief(tiers: dict[str, str] | None = None, **keys: str) -> str:
    """Return a scenario file: these tiers (YAML by name), and these top-level keys."""
    tiers = {"micro": MICRO, "macro": MACRO} if tiers is None else tiers
    pools = "".join(f"  {name}: {tier}\n" for name, tier in tiers.items())
    return "".join(f"{k}: {v}\n" for k, v in (_TOP | keys).items()) + f"tiers:\n{pools}"


@cache
def analysed(text: str, worlds: int = 64) -> Analysis:
    """Return the whole answer to a scenario file, on few worlds."""
    return analyse(replace(parse(text, "test.yaml"), worlds=worlds))


#: Names that a spreadsheet would take for formulas.
FORMULAS = ("=1+1", "+2", "-3")

#: Scenarios that are odd in one way each.
ODD = {
    "one tier": brief({"micro": MICRO}),
    "five tiers": brief({f"tier{i}": MICRO for i in range(5)}),
    "long names": brief({f"{'a long name of a tier ' * 3}"[:59] + str(i): MICRO for i in range(5)}),
    "formulas": brief(
        {f'"{name}"': MICRO for name in FORMULAS},
        name='"=cmd"',
        strategies='{"@SUM(A1)": {"-3": 90%}, "a,\\"b": {"+2": 90%}}',
    ),
    "markup": brief({'"[red]m[b]"': MICRO, '":fire: [x]"': MACRO}, name="'[bold] :smile:'"),
    "wide letters": brief({"マイクロ": MICRO, "マクロ": MACRO}, name="日本のキャンペーン"),
    "nothing to gain": brief(objective="profit"),
    "a loss at least": brief(objective="profit", limits="{micro: {min: 10%}}"),
    "no creators": brief({"micro": MICRO.replace("250", "1")}, budget="40", whole_creators="true"),
    "no spending allowed": brief(limits="{micro: {max: 0}, macro: {max: 0}}"),
    "no conversions": brief(
        {"micro": MICRO.replace("preset: micro", "preset: micro, conversion_rate: 0")}
    ),
    "a blend": brief(objective="{reach: 0.4, conversions: 0.6}"),
    "a blend of many": brief(objective="{reach: 1, clicks: 1, revenue: 1, brand_lift: 1}"),
    "too few creators": brief(
        {"micro": MICRO.replace("250", "3"), "macro": MACRO.replace("15", "1")},
        strategies="{micro_only: {micro: 100%}, half: {micro: 50%, macro: 50%}}",
        whole_creators="true",
    ),
    "a strategy beyond the limits": brief(
        limits="{micro: {max: 20%}}", strategies="{micro_only: {micro: 100%}}"
    ),
    "a small budget": brief(budget="300"),
    "a large budget": brief(budget="1_000_000_000"),
    **{
        f"in {code}": brief(
            {
                "micro": MICRO.replace("preset: micro", f"{OWN}preset: micro"),
                "macro": MACRO.replace("preset: macro", f"{OWN}preset: macro"),
            },
            currency=code,
            objective="revenue",
        )
        for code in ("EUR", "JPY", "CHF")
    },
}
