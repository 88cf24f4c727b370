"""Figures about money: what it adds line by line, and how reach and frequency build up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import altair as alt

from sim.statistics import T90
from tiermix.report.charting import finished, plotted, valued
from tiermix.report.contents import Contents
from tiermix.report.facts import SCORE
from tiermix.report.figures import Figure, apart, label_of, shown, slug, titled, unit_of
from tiermix.report.theme import WIDTH, colour
from tiermix.words import brief_money, listing, money, number

#: Curves that are drawn: of the lines that can take most money.
MOST = 12

HEIGHT = 170


def _spend(contents: Contents, title: str = "Spend", field: str = "spend") -> alt.X:
    """Return an axis of money."""
    return alt.X(
        f"{field}:Q",
        title=f"{title} ({contents.currency})" if contents.currency else title,
        axis=valued("money", contents.currency),
    )


def _amount(contents: Contents, metric: str, field: str, title: str) -> alt.Y:
    """Return an axis of a metric."""
    return alt.Y(f"{field}:Q", title=title, axis=valued(unit_of(metric), contents.currency))


#: How the axis of the money that is spent is titled.
MIX = "Spent in the plan's mix"


def responses(contents: Contents) -> Iterator[Figure]:
    """Yield what money on each line adds to the best plan."""
    metric = contents.facts["curve_metric"]
    curves = sorted(contents.facts["curves"], key=lambda curve: -curve["most"])[:MOST]
    kept = {curve["line"] for curve in curves}
    called = apart(contents.facts["lines"])
    title = f"{titled(metric, contents.currency)} added"
    for i, curve in enumerate(contents.facts["curves"], start=1):
        if curve["line"] not in kept or not curve["most"]:
            continue  # nobody is left to be hired there
        yield Figure(
            f"response-{i}-{slug(curve['line'])}",
            called[curve["line"]],
            _response_said(contents, curve),
            _response(contents, curve, title),
            [
                {
                    "line": curve["line"],
                    f"spend ({contents.currency})": point["spend"],
                    f"{title}, mean": point["mean"],
                    "5 %": point["p5"],
                    "95 %": point["p95"],
                }
                for point in curve["points"]
            ],
        )


def _response(contents: Contents, curve: Mapping[str, Any], title: str) -> dict[str, Any]:
    """Return a curve with its band and the point where the plan is."""
    metric = contents.facts["curve_metric"]
    base = plotted(curve["points"]).encode(x=_spend(contents))
    here = plotted([curve["points"][curve["here"]]]).encode(x=_spend(contents))
    mean = _amount(contents, metric, "mean", title)
    chart = alt.layer(
        base.mark_area(color=colour("band"), opacity=0.45).encode(
            y=_amount(contents, metric, "p5", title), y2=alt.Y2("p95:Q")
        ),
        base.mark_line(color=colour("accent"), strokeWidth=2).encode(y=mean),
        here.mark_rule(color=colour("ink"), strokeDash=[3, 3]),
        here.mark_point(fill=colour("ink"), stroke=colour("paper"), size=70, opacity=1).encode(
            y=mean
        ),
    )
    return finished(chart.properties(width=WIDTH - 70, height=HEIGHT))


def _response_said(contents: Contents, curve: Mapping[str, Any]) -> str:
    """Return what the line adds where the plan is, and what more money would."""
    metric, here = contents.facts["curve_metric"], curve["points"][curve["here"]]
    spend = money(here["spend"], contents.currency)
    said = f"The plan spends {spend} here"
    if here["spend"] > 0:
        low, high = (shown(metric, here[key], contents.currency) for key in ("p5", "p95"))
        said += f", which adds {_quantity(contents, here['mean'])} ({low} to {high})"
    return f"{said}; {_next_said(contents, curve)}."


def _next_said(contents: Contents, curve: Mapping[str, Any]) -> str:
    step = money(contents.facts["step"], contents.currency)
    if curve["next"] is None:
        return "it can take no more"
    gain = _quantity(contents, abs(curve["next"]))
    return f"the next {step} would {'add' if curve['next'] >= 0 else 'lose'} {gain}"


def _quantity(contents: Contents, value: float) -> str:
    """Return an amount of what the curves show, with its unit."""
    metric = contents.facts["curve_metric"]
    said = shown(metric, value, contents.currency)
    if metric == SCORE:
        return f"{said} of the blended score"
    label = label_of(metric).lower()
    return (
        f"{said} of {label}"
        if metric in ("reach", "effective_reach", "response")
        else (f"{said} {label}")
    )


def marginal(contents: Contents) -> Figure | None:
    """Return what a little more money would bring on each line; None if no line takes any."""
    metric, called = contents.facts["curve_metric"], apart(contents.facts["lines"])
    curves = [c for c in contents.facts["curves"] if c["next"] is not None]
    if not curves:
        return None
    step = money(contents.facts["step"], contents.currency)
    order = [called[c["line"]] for c in sorted(curves, key=lambda c: -c["next"])][:MOST]
    rows = [
        {"line": called[c["line"]], "gain": c["next"], "said": _gain(contents, c["next"])}
        for c in curves
        if called[c["line"]] in order
    ]
    title = f"{titled(metric, contents.currency)} for the next {step}"
    axis = valued(unit_of(metric), contents.currency)
    base = plotted(rows).encode(
        y=alt.Y("line:N", sort=order, title=None),
        x=alt.X("gain:Q", title=title, axis=axis, scale=alt.Scale(zero=True)),
    )
    text = base.mark_text(dy=-14).encode(text=alt.Text("said:N"))
    chart = alt.layer(base.mark_bar(color=colour("accent"), size=12), text)
    return Figure(
        "marginal-return",
        f"What the next {step} would add",
        _marginal_said(contents, curves),
        finished(chart.properties(width=WIDTH - 90, height=38 * len(rows))),
        [
            {
                "line": c["line"],
                f"{label_of(metric)} for the next {step}": c["next"],
                "± (90 % confidence)": None if c["next_se"] is None else T90 * c["next_se"],
            }
            for c in contents.facts["curves"]
        ],
    )


def _gain(contents: Contents, value: float) -> str:
    return shown(contents.facts["curve_metric"], value, contents.currency)


def _marginal_said(contents: Contents, curves: list[Mapping[str, Any]]) -> str:
    first, *rest = sorted(curves, key=lambda c: -c["next"])
    step = money(contents.facts["step"], contents.currency)
    said = (
        f"The next {step} would add most on {first['line']}: {_quantity(contents, first['next'])}"
    )
    if rest:
        said += f"; least on {rest[-1]['line']}: {_gain(contents, rest[-1]['next'])}"
    full = [c["line"] for c in contents.facts["curves"] if c["next"] is None]
    return f"{said}.{f' No more can be placed on {listing(full)}.' if full else ''}"


def reach(contents: Contents) -> Iterator[Figure]:
    """Yield how reach and frequency build up; nothing where no creators are hired."""
    rows, currency = contents.facts["build_up"], contents.currency
    if not rows or not rows[-1]["reach"]:
        return
    last, k = rows[-1], contents.facts["effective_frequency"]
    audience = contents.facts["audience"]
    half = next(row for row in rows if row["reach"] >= last["reach"] / 2)
    base = plotted(rows).encode(x=_spend(contents, contents.facts.get("spent", MIX)))
    chart = alt.layer(
        base.mark_area(color=colour("band"), opacity=0.45).encode(
            y=_amount(contents, "reach", "p5", "People"), y2=alt.Y2("p95:Q")
        ),
        base.mark_line(color=colour("accent")).encode(y=alt.Y("reach:Q")),
        base.mark_line(color=colour("c1"), strokeDash=[5, 3]).encode(y=alt.Y("effective_reach:Q")),
        *_ends(last, [("reach", "at least 1 contact"), ("effective_reach", f"at least {k}")]),
    )
    data = [
        {
            f"spend ({currency})": row["spend"],
            "reach (people)": row["reach"],
            "5 %": row["p5"],
            "95 %": row["p95"],
            f"reach with at least {k} contacts (people)": row["effective_reach"],
            "frequency (contacts per person)": row["frequency"],
        }
        for row in rows
    ]
    yield Figure(
        "reach-build-up",
        "Reach",
        f"The plan reaches {number(last['reach'])} people ({number(last['p5'])} to "
        f"{number(last['p95'])}), {100 * last['reach'] / audience:.1f} % of the audience, and "
        f"{number(last['effective_reach'])} at least {k} times; half of the reach is there after "
        f"{brief_money(half['spend'], currency)}.",
        finished(chart.properties(width=WIDTH - 70, height=HEIGHT)),
        data,
    )
    yield _frequency(contents, rows, data)
    yield from _phases(contents)


def _ends(last: Mapping[str, float], labels: list[tuple[str, str]]) -> list[alt.Chart]:
    """Return the labels of lines, at their right ends."""
    return [
        plotted([{"spend": last["spend"], key: last[key], "said": said}])
        .mark_text(align="right", dx=-2, dy=-8, fontWeight="bold")
        .encode(x=alt.X("spend:Q"), y=alt.Y(f"{key}:Q"), text=alt.Text("said:N"))
        for key, said in labels
    ]


def _frequency(
    contents: Contents, rows: list[dict[str, float]], data: list[dict[str, Any]]
) -> Figure:
    base = plotted(rows[1:]).encode(
        x=_spend(contents, contents.facts.get("spent", MIX)),
        y=alt.Y("frequency:Q", title="Contacts per person reached", axis=alt.Axis(tickCount=4)),
    )
    line = base.mark_line(color=colour("accent"), point=alt.OverlayMarkDef(color=colour("accent")))
    return Figure(
        "frequency-build-up",
        "Frequency",
        f"A person who is reached sees the campaign {number(rows[-1]['frequency'])} times on "
        f"average; after the first {brief_money(rows[1]['spend'], contents.currency)} it was "
        f"{number(rows[1]['frequency'])} times.",
        finished(line.properties(width=WIDTH - 70, height=HEIGHT)),
        data,
    )


def _phases(contents: Contents) -> Iterator[Figure]:
    """Yield who is reached by the end of every phase, where there are phases."""
    phases = contents.facts["phases"]
    if not phases:
        return
    called = apart([phase["phase"] for phase in phases])
    rows = [{**phase, "phase": called[phase["phase"]]} for phase in phases]
    base = plotted(rows).encode(
        y=alt.Y("phase:N", sort=list(called.values()), title="By the end of"),
        x=alt.X(
            "reach:Q",
            title="Reach (people)",
            axis=valued("people", ""),
        ),
    )
    chart = alt.layer(
        base.mark_bar(color=colour("accent"), size=14),
        base.mark_rule(color=colour("ink"), strokeWidth=2).encode(
            x=alt.X("p5:Q"), x2=alt.X2("p95:Q")
        ),
    )
    first, last = phases[0], phases[-1]
    yield Figure(
        "reach-by-phase",
        "Reach by phase",
        f"By the end of {first['phase']} {number(first['reach'])} people are reached, by the end "
        f"of {last['phase']} {number(last['reach'])}.",
        finished(chart.properties(width=WIDTH - 90, height=40 * len(rows))),
        [
            {
                "phase": phase["phase"],
                "weeks": phase["weeks"],
                f"spend so far ({contents.currency})": phase["spend"],
                "reach (people)": phase["reach"],
                "5 %": phase["p5"],
                "95 %": phase["p95"],
                "frequency (contacts per person)": phase["frequency"],
            }
            for phase in phases
        ],
    )
