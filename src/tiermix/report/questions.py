"""Figures about other questions, from documents that lie in the run folder.

``frontier.json``, ``crossover.json`` and ``sensitivity.json`` are what `tiermix frontier`, `tiermix
crossover` and `tiermix sensitivity` print with ``--json``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import altair as alt

from sim.metrics import METRICS
from tiermix.report.charting import finished, plotted, valued
from tiermix.report.contents import Contents
from tiermix.report.facts import SCORE
from tiermix.report.figures import Figure, apart, shown, titled, unit_of
from tiermix.report.theme import SERIES, WIDTH, colour
from tiermix.words import brief_money, share

#: A loss smaller than this, as a share, is none.
SAME = 1e-5

#: A swing smaller than this share of the largest is left out.
SLIGHT = 0.005

#: Inputs of the tornado.
MOST = 12


def questions(contents: Contents) -> Iterator[Figure]:
    """Yield a figure for every document of another question."""
    if found := contents.extras.get("frontier"):
        yield _frontier(found)
    if found := contents.extras.get("crossover"):
        yield _crossover(found)
    if found := contents.extras.get("sensitivity"):
        yield from _tornado(contents, found)


def _unit(name: str) -> str:
    return METRICS[name].unit if name in METRICS else "events"


def _side(document: Mapping[str, Any], key: str) -> tuple[str, str, Callable[[float], str]]:
    """Return an aim's title, its unit, and how its values are written."""
    name, currency = document[key]["name"], document["currency"]
    unit, label = _unit(name), str(document[key]["label"])
    title = f"{label[:1].upper()}{label[1:]}{f' ({currency})' if unit == 'money' else ''}"
    metric = name if name in METRICS else "response"
    return title, unit, lambda value: shown(metric, value, currency)


def _frontier(document: Mapping[str, Any]) -> Figure:
    currency, points = document["currency"], document["points"]
    first, first_unit, _ = _side(document, "first")
    second, second_unit, say_second = _side(document, "second")
    rows = [
        {"first": p["first"], "second": p["second"], "at": i} for i, p in enumerate(points, start=1)
    ]
    y = valued(first_unit, currency)
    x = valued(second_unit, currency)
    near = alt.Scale(zero=False, nice=True)
    base = plotted(rows).encode(
        x=alt.X("second:Q", title=second, axis=x, scale=near),
        y=alt.Y("first:Q", title=first, axis=y, scale=near),
    )
    layers: list[alt.Chart] = [
        base.mark_line(color=colour("accent")).encode(order=alt.Order("at:Q")),
        base.mark_point(fill=colour("accent"), stroke=colour("paper"), size=50, opacity=1),
    ]
    if document["knee"]:
        knee = plotted([rows[document["knee"] - 1]]).encode(x=alt.X("second:Q"), y=alt.Y("first:Q"))
        layers.append(
            knee.mark_point(fill=colour("c1"), stroke=colour("ink"), size=120, shape="diamond")
        )
        layers.append(knee.mark_text(dy=16, align="right").encode(text=alt.TextValue("knee")))
    return Figure(
        "frontier",
        f"{first} against {second}",
        _frontier_said(document, say_second),
        finished(alt.layer(*layers).properties(width=WIDTH - 70, height=200)),
        [
            {
                "point": i,
                first: p["first"],
                second: p["second"],
                "relative gap": p["relative_gap"],
                **{f"spend on {line} ({currency})": x for line, x in p["plan"].items()},
            }
            for i, p in enumerate(points, start=1)
        ],
    )


def _frontier_said(document: Mapping[str, Any], say: Callable[[float], str]) -> str:
    first, second = document["first"]["label"], document["second"]["label"]
    begin, end = document["points"][0], document["points"][-1]
    lost = 1 - end["first"] / begin["first"] if begin["first"] else 0.0
    if lost < SAME:
        return f"One plan is best for both: nothing of {first} is lost for the most of {second}."
    return (
        f"More {second}, {say(end['second'])} instead of {say(begin['second'])}, costs "
        f"{share(lost)} of {first}."
    )


def _crossover(document: Mapping[str, Any]) -> Figure:
    currency = document["currency"]
    found = [
        (objective, mix)
        for objective, row in document["objectives"].items()
        for mix in row["budgets"]
    ]
    kinds = apart(list(dict.fromkeys(mix["best"] for _, mix in found)))
    rows = [
        {
            "objective": objective.replace("_", " "),
            "budget": brief_money(mix["budget"], currency),
            "best": kinds[mix["best"]],
            "letter": chr(65 + list(kinds).index(mix["best"]) % 26),
        }
        for objective, mix in found
    ]
    budgets = list(dict.fromkeys(row["budget"] for row in rows))
    legend = [f"{chr(65 + i % 26)} {label}" for i, label in enumerate(kinds.values())]
    for row in rows:
        row["best"] = f"{row['letter']} {row['best']}"
    colours = [colour(f"c{i % SERIES}") for i in range(len(legend))]
    base = plotted(rows).encode(
        x=alt.X(
            "budget:O", sort=budgets, title="Budget", axis=alt.Axis(labelAngle=-60, grid=False)
        ),
        y=alt.Y("objective:N", title=None, axis=alt.Axis(grid=False)),
    )
    tiles = base.mark_rect(stroke=colour("paper"), strokeWidth=2, opacity=0.55).encode(
        color=alt.Color("best:N", scale=alt.Scale(domain=legend, range=colours))
    )
    chart = alt.layer(tiles, base.mark_text(fontWeight="bold").encode(text=alt.Text("letter:N")))
    height = 34 * len(document["objectives"])
    return Figure(
        "crossover",
        "Best mix by budget and objective",
        _crossover_said(document),
        finished(chart.properties(width=WIDTH - 90, height=height)),
        [
            {
                "objective": objective,
                f"budget ({currency})": mix["budget"],
                "best": mix["best"],
                **{f"{line} (% of spend)": 100 * x for line, x in mix["shares"].items()},
            }
            for objective, mix in found
        ],
    )


def _crossover_said(document: Mapping[str, Any]) -> str:
    switches = [
        (name, switch) for name, row in document["objectives"].items() for switch in row["switches"]
    ]
    if not switches:
        return "The kind of mix that is best is the same at every budget looked at."
    name, switch = switches[0]
    more = f" ({len(switches) - 1} more are in the data)" if len(switches) > 1 else ""
    return (
        f"For {name.replace('_', ' ')} the best mix goes from {switch['below']['best']} to "
        f"{switch['above']['best']} at about {brief_money(switch['budget'], document['currency'])}"
        f"{more}."
    )


def _tornado(contents: Contents, document: Mapping[str, Any]) -> Iterator[Figure]:
    swings = [
        {"input": given["name"], "low": given["p5"]["best"], "high": given["p95"]["best"]}
        for given in document["inputs"]
        if given["swing"]
    ]
    if not swings:
        return
    swings = sorted(swings, key=lambda s: -abs(s["high"] - s["low"]))[:MOST]
    least = SLIGHT * abs(swings[0]["high"] - swings[0]["low"])
    swings = [s for s in swings if abs(s["high"] - s["low"]) >= least]
    here = document["what_if"]["here"]["best"]
    terms = contents.facts["terms"]
    metric = terms[0] if len(terms) == 1 else SCORE
    called = apart([s["input"] for s in swings])
    rows = [
        {"input": called[s["input"]], "from": a, "to": here, "at": t}
        for s in swings
        for a, t in ((s["low"], "low (5 %)"), (s["high"], "high (95 %)"))
    ]
    scale = alt.Scale(domain=["low (5 %)", "high (95 %)"], range=[colour("c1"), colour("c0")])
    axis = valued(unit_of(metric), contents.currency)
    chart = (
        plotted(rows)
        .mark_bar(size=12)
        .encode(
            y=alt.Y("input:N", sort=list(called.values()), title=None),
            x=alt.X(
                "from:Q",
                title=titled(metric, contents.currency),
                axis=axis,
                scale=alt.Scale(zero=False),
            ),
            x2=alt.X2("to:Q"),
            color=alt.Color("at:N", scale=scale),
        )
    )
    first = swings[0]
    low, high = (shown(metric, first[key], contents.currency) for key in ("low", "high"))
    yield Figure(
        "tornado",
        "What matters most",
        f"Nothing moves the best outcome as much as {first['input']}: from {low} to {high} between "
        "its 5 % and its 95 % quantile.",
        finished(chart.properties(width=WIDTH - 110, height=24 * len(swings))),
        [
            {
                "input": s["input"],
                f"{titled(metric, contents.currency)} with the input low": s["low"],
                "with the input high": s["high"],
            }
            for s in swings
        ],
    )
