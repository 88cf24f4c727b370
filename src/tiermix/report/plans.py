"""Figures about strategies: how they split the budget, what each yields, which is best."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import altair as alt

from tiermix.report.charting import finished, plotted, valued
from tiermix.report.contents import Contents
from tiermix.report.figures import Figure, apart, shown, slug, titled, unit_of, within
from tiermix.report.theme import SERIES, WIDTH, colour
from tiermix.words import listing, money, share

#: Metrics that are shown, beside the objective's and those a floor or a ceiling is about.
USUAL = (
    "reach",
    "effective_reach",
    "impressions",
    "engagements",
    "conversions",
    "profit",
    "frequency",
    "cpm",
    "cpa",
    "clicks",
    "cpe",
    "response",
    "revenue",
    "brand_lift",
)

#: How many metrics are shown.
MOST = 9

#: Share of an axis at its left end where a label has no room to be centred.
NEAR = 0.15

#: Lines that a sentence names.
NAMED = 4

#: Height of one strategy's row, in pixels.
ROW = 34

#: What stands for all lines that have no colour of their own.
OTHERS = "other lines"


def names(contents: Contents) -> dict[str, str]:
    """Return what charts call every strategy."""
    return apart(list(contents.strategies))


def split(contents: Contents) -> Figure:
    """Return how every strategy splits the budget."""
    lines, called = _lines(contents), names(contents)
    budget, used = contents.result["budget"], list(dict.fromkeys(lines.values()))
    rows = [
        {"strategy": called[name], "line": label, "rank": used.index(label), "share": x / budget}
        for name, strategy in contents.strategies.items()
        for label, x in _grouped(strategy["plan"], lines).items()
    ]
    return Figure(
        "budget-split",
        "Budget split",
        _split_said(contents),
        _stacked(rows, list(called.values()), used),
        [
            {
                "strategy": name,
                "line": line,
                f"spend ({contents.currency})": spend,
                "share of budget (%)": 100 * spend / budget,
            }
            for name, strategy in contents.strategies.items()
            for line, spend in strategy["plan"].items()
        ],
    )


def _lines(contents: Contents) -> dict[str, str]:
    """Return what charts call every line; those that matter least share a name."""
    lines = contents.facts["lines"]
    called = apart(lines)
    if len(lines) <= SERIES:
        return called
    weight = {
        line: max(strategy["plan"][line] for strategy in contents.strategies.values())
        for line in lines
    }
    kept = sorted(lines, key=lambda line: -weight[line])[: SERIES - 1]
    return {line: called[line] if line in kept else OTHERS for line in lines}


def _grouped(plan: Mapping[str, float], lines: Mapping[str, str]) -> dict[str, float]:
    found = dict.fromkeys(lines.values(), 0.0)
    for line, spend in plan.items():
        found[lines[line]] += spend
    return found


def _split_said(contents: Contents) -> str:
    budget, currency = contents.result["budget"], contents.currency
    plan = contents.result["optimum"]["plan"]
    used = sorted(((x, line) for line, x in plan.items() if x > 0), reverse=True)
    if not used:
        return "The best plan spends nothing."
    named = used if len(used) <= NAMED else used[: NAMED - 1]
    parts = [f"{share(x / budget)} on {line}" for x, line in named]
    rest = sum(x for x, _ in used[len(named) :])
    parts += [f"{share(rest / budget)} on {len(used) - len(named)} more"] if rest > 0 else []
    left = budget - sum(plan.values())
    kept = f" and keeps {money(left, currency)}" if left > 0.01 * budget else ""
    return f"Of the budget the best plan puts {listing(parts)}{kept}."


def _stacked(rows: list[dict[str, Any]], order: list[str], lines: list[str]) -> dict[str, Any]:
    colours = alt.Scale(domain=lines, range=[colour(f"c{i % SERIES}") for i in range(len(lines))])
    place = alt.Y("strategy:N", sort=order, title=None)
    base = plotted(rows)
    amount = alt.X(
        "share:Q",
        stack="zero",
        title="Share of the budget (%)",
        axis=_shares(),
    )
    bars = base.mark_bar(stroke=colour("paper"), strokeWidth=1).encode(
        y=place,
        x=amount,
        color=alt.Color("line:N", scale=colours, sort=lines),
        order=alt.Order("rank:Q"),
    )
    return finished(bars.properties(width=WIDTH - 80, height=ROW * len(order)))


def _shares() -> alt.Axis:
    """Return an axis of shares from nothing to all."""
    return valued("share", "", values=[0, 0.5, 1])


def best(contents: Contents) -> Figure:
    """Return in how many worlds each strategy is best."""
    called = names(contents)
    rows = [
        {"strategy": called[name], "share": strategy["p_best"], "said": share(strategy["p_best"])}
        for name, strategy in contents.strategies.items()
    ]
    base = plotted(rows).encode(
        y=alt.Y("strategy:N", sort=list(called.values()), title=None),
        x=alt.X(
            "share:Q",
            scale=alt.Scale(domain=[0, 1]),
            title="Worlds in which it is best (%)",
            axis=_shares(),
        ),
    )
    text = base.mark_text(align="left", dx=5).encode(text=alt.Text("said:N"))
    chart = alt.layer(base.mark_bar(color=colour("accent"), size=16), text)
    return Figure(
        "chance-of-being-best",
        "Chance of being best",
        _best_said(contents),
        finished(chart.properties(width=WIDTH - 90, height=ROW * len(rows))),
        [
            {"strategy": name, "best in (% of worlds)": 100 * strategy["p_best"]}
            for name, strategy in contents.strategies.items()
        ],
    )


def _best_said(contents: Contents) -> str:
    optimum = contents.strategies["optimum"]
    top = share(optimum["p_best"])
    rivals = {n: s["p_best"] for n, s in contents.strategies.items() if n != "optimum"}
    if not rivals:
        return "No other strategy was set beside the best plan."
    name = max(rivals, key=lambda rival: rivals[rival])
    return (
        f"The best plan wins, or ties, in {top} of worlds; of the others {name} does so most "
        f"often, in {share(rivals[name])}."
    )


def told(contents: Contents) -> list[str]:
    """Return the metrics whose ranges are shown: those that are asked for, then the usual ones."""
    plans = contents.strategies.values()
    wanted = [*contents.facts["terms"], *contents.facts["demands"], *USUAL]
    money_said = {i["path"] for i in contents.facts["inputs"] if i["origin"] != "default"}
    if not any(path.startswith("order_value") for path in money_said):
        asked = {*contents.facts["terms"], *contents.facts["demands"]}
        wanted = [m for m in wanted if m in asked or m not in ("revenue", "profit", "roas")]
    return [
        metric
        for metric in dict.fromkeys(wanted)
        if any(plan["metrics"].get(metric, {}).get("mean") for plan in plans)
    ][:MOST]


def ranges(contents: Contents) -> Iterator[Figure]:
    """Yield what every strategy yields of every metric, as intervals."""
    for metric in told(contents):
        yield _ranges(contents, metric)


def _ranges(contents: Contents, metric: str) -> Figure:
    called = names(contents)
    found = {name: s["metrics"][metric] for name, s in contents.strategies.items()}
    rows = [
        {"strategy": called[name], "said": shown(metric, x["mean"], contents.currency)}
        | {key: x[key] for key in ("mean", "p5", "p25", "p75", "p95")}
        for name, x in found.items()
        if None not in (x["mean"], x["p5"], x["p95"])
    ]
    columns = {"mean": "mean", "se": "standard error", "p5": "5 %", "p50": "50 %", "p95": "95 %"}
    return Figure(
        f"range-{slug(metric)}",
        titled(metric, contents.currency),
        _range_said(contents, metric),
        _intervals(rows, list(called.values()), metric, contents.currency),
        [
            {"strategy": name, "metric": titled(metric, contents.currency)}
            | {label: x[key] for key, label in columns.items()}
            for name, x in found.items()
        ],
    )


def _range_said(contents: Contents, metric: str) -> str:
    x, currency = contents.strategies["optimum"]["metrics"][metric], contents.currency
    if x["mean"] is None:
        return "It is not defined for the best plan."
    return (
        f"The best plan: {shown(metric, x['mean'], currency)} "
        f"({within(metric, x['p5'], x['p95'], currency)} in 9 of 10 worlds)."
    )


def _intervals(
    rows: list[dict[str, Any]], order: list[str], metric: str, currency: str
) -> dict[str, Any]:
    """Return rows of means with what 9 and what 5 of 10 worlds lie between."""
    base = plotted(rows).encode(
        y=alt.Y("strategy:N", sort=order, scale=alt.Scale(domain=order), title=None)
    )
    axis = valued(unit_of(metric), currency)
    across = alt.X("p5:Q", title=titled(metric, currency), axis=axis)
    chart = alt.layer(
        base.mark_rule(color=colour("accent"), strokeWidth=2).encode(x=across, x2=alt.X2("p95:Q")),
        base.mark_rule(color=colour("accent"), strokeWidth=7).encode(
            x=alt.X("p25:Q"), x2=alt.X2("p75:Q")
        ),
        base.mark_point(
            fill=colour("paper"), stroke=colour("accent"), filled=True, size=45, opacity=1
        ).encode(x=alt.X("mean:Q")),
        *_labels(rows, base),
    )
    return finished(chart.properties(width=WIDTH - 90, height=ROW * len(order)))


def _labels(rows: list[dict[str, Any]], base: alt.Chart) -> list[alt.Chart]:
    """Return the means in figures; near the left end they start at the dot."""
    low, high = min([0.0, *(row["p5"] for row in rows)]), max(row["p95"] for row in rows)
    reach = low + NEAR * (high - low)
    at_left = [row for row in rows if row["mean"] < reach]
    others = [row for row in rows if row["mean"] >= reach]
    found = [
        base.properties(data={"values": at_left}).mark_text(dy=-11, align="left"),
        base.properties(data={"values": others}).mark_text(dy=-11),
    ]
    return [text.encode(x=alt.X("mean:Q"), text=alt.Text("said:N")) for text in found]
