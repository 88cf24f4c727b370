"""What people see of a calibration, at 80 columns, and the same as data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from sim.uncertain import Uncertain
from tiermix.calibration.calibrating import Calibration, silent
from tiermix.calibration.estimates import Estimate, Outlier, Range, around
from tiermix.calibration.learning import TierFit
from tiermix.calibration.writing import PERCENT, learned_text, resting
from tiermix.terminal import blank_table, say, section
from tiermix.words import NOTHING, number

Json = dict[str, Any]

#: Outliers that are named, of each tier.
NAMED = 5

#: How inputs are named in tables.
LABELS = {
    "followers": "followers",
    "fee": "fee",
    "view_rate": "view rate",
    "engagement_rate": "engagement rate",
    "clicks_per_engagement": "clicks/engagement",
    "conversion_rate": "conversion rate",
    "delivery_rate": "delivery rate",
}


def show_estimates(out: Console, found: Calibration) -> None:
    """Print what each tier's posts say, against the preset, and what they leave open."""
    history = found.history
    title = Text(history.source, style="bold")
    title.append(f"  {history.size:,} rows", style="not bold")
    out.print(title)
    for fit in found.tiers:
        section(out, f"{fit.prior.name}: {resting(fit.posts, fit.creators)}")
        if fit.posts:
            out.print(_table(fit))
            out.print()
        say(out, _remarks(fit))
    if found.order_value is not None:
        section(out, "Order value")
        value = found.order_value
        text = f"{_shown(value.typical, value.key)} {found.currency} a conversion"
        say(out, [f"{text}, from {resting(value.posts, value.creators)}."])
        if value.exact:
            say(out, ["It is the same in every row: a price rather than what orders taught. A "
                      "scenario that states its order value keeps it."])  # fmt: skip
    section(out, "Good to know")
    say(out, [*found.notes, *reading(found)])


def reading(found: Calibration) -> list[str]:
    """Return how the figures are meant."""
    said = [
        "Typical: 90 % sure that the tier's middle lies there. Creators: 90 % of creators do; "
        "how posts of one creator differ is taken out. Preset: its typical range.",
        f"Money is taken for {found.currency}.",
    ]
    if any(fit.authentic is not None for fit in found.tiers):
        said.append(
            "Rates are measured on all followers, so fakes are in them: authentic_share becomes "
            "100%."
        )
    return said


def _table(fit: TierFit) -> Any:
    table = blank_table("Input", ["Typical", "Creators", "Preset", "Posts"])
    for estimate in fit.estimates:
        table.add_row(
            LABELS[estimate.key],
            _shown(estimate.typical, estimate.key),
            _shown(estimate.spread, estimate.key) if estimate.spread else NOTHING,
            _preset(estimate) if estimate.before is not None else NOTHING,
            f"{estimate.posts:,}" if estimate.learned else "preset",
        )
    return table


def _preset(estimate: Estimate) -> str:
    law = estimate.before
    assert law is not None
    return _shown(_ends(law), estimate.key)


def _ends(law: Uncertain) -> Range:
    """Return the typical range of a law."""
    return around((law.median, law.median), law.typical_sd, law.link)


def _shown(ends: Range, key: str) -> str:
    """Return a range in few characters, its ends only told apart as far as they differ."""
    scale, mark = (100, " %") if key in PERCENT else (1, "")
    low, high = (number(end * scale) for end in ends)
    return f"{low}{mark}" if low == high else f"{low}–{high}{mark}"


def _remarks(fit: TierFit) -> list[str]:
    """Return what the table of a tier leaves out."""
    said = []
    for estimate in fit.estimates:
        if estimate.elasticity is not None:
            assert estimate.elasticity_sd is not None
            said.append(
                f"{LABELS[estimate.key].capitalize()}: elasticity in followers "
                f"{estimate.elasticity:.2f} (± {1.645 * estimate.elasticity_sd:.2f}, 90 %)."
            )
        if estimate.note:
            said.append(f"{LABELS[estimate.key].capitalize()}: {estimate.note}.")
    apart = [f"{LABELS[e.key]} {e.posts_sd:.2f}" for e in fit.estimates if e.posts_sd is not None]
    if apart:
        said.append(
            f"Posts of one creator differ by (sd on the log or logit scale): {', '.join(apart)}."
        )
    said += [*fit.notes, *silent(fit)]
    return said + _outliers(fit.outliers)


def _outliers(found: Sequence[Outlier]) -> list[str]:
    """Return the posts that lie far off, all of them kept."""
    if not found:
        return []
    named = [
        f"row {one.line}{f' ({one.creator})' if one.creator else ''}: {LABELS[one.key]} "
        f"{_shown((one.value, one.value), one.key)}, the middle is "
        f"{_shown((one.middle, one.middle), one.key)}"
        for one in found[:NAMED]
    ]
    more = f"; {len(found) - NAMED:,} more in --json" if len(found) > NAMED else ""
    return [f"Outliers, kept: {'; '.join(named)}{more}. Mend or remove rows that are wrong."]


def estimates_document(found: Calibration) -> Json:
    """Return a calibration as data."""
    return {
        "tiermix": 1,
        "history": {
            "source": found.history.source,
            "rows": found.history.size,
            "unused_columns": list(found.history.unused),
        },
        "currency": found.currency,
        "order_value": None if found.order_value is None else _estimate(found.order_value),
        "tiers": {fit.prior.name: _tier(fit) for fit in found.tiers},
        "notes": [*found.notes, *reading(found)],
        "yaml": learned_text(found),
    }


def _tier(fit: TierFit) -> Json:
    return {
        "preset": fit.prior.origin,
        "posts": fit.posts,
        "creators": fit.creators,
        "authentic_share": fit.authentic,
        "inputs": {estimate.key: _estimate(estimate) for estimate in fit.estimates},
        "notes": fit.notes,
        "outliers": [
            {
                "line": one.line,
                "creator": one.creator,
                "input": one.key,
                "value": one.value,
                "middle": one.middle,
            }
            for one in fit.outliers
        ],
        "silent": silent(fit),
    }


def _estimate(estimate: Estimate) -> Json:
    return {
        "from": "history" if estimate.learned else "preset",
        "posts": estimate.posts,
        "creators_seen": estimate.creators,
        "typical": list(estimate.typical),
        "creators": None if estimate.spread is None else list(estimate.spread),
        "preset_typical": None if estimate.before is None else list(_ends(estimate.before)),
        "width_of_preset": estimate.narrower if estimate.learned else None,
        "posts_sd": estimate.posts_sd,
        "elasticity": estimate.elasticity,
        "elasticity_sd": estimate.elasticity_sd,
        "note": estimate.note,
    }
