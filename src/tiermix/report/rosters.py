"""Figures and tables about named creators: what each adds, who replaces her, who is next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import altair as alt

from tiermix.report.charting import finished, plotted, valued
from tiermix.report.contents import Contents
from tiermix.report.figures import Figure, apart, label_of, titled, unit_of
from tiermix.report.theme import WIDTH, colour
from tiermix.words import NOTHING, listing, money, share

#: Creators that are drawn.
MOST = 20

#: Height of one creator's row, in pixels.
ROW = 26


@dataclass(frozen=True, slots=True)
class Shortlist:
    """The creators of a plan as a table.

    Parameters
    ----------
    headings : list of (str, bool)
        And whether words stand below.
    rows : list of list of (str, object)
        Cells, as shown and as sorted by.
    data : list of dict
        The same for a file.
    """

    headings: list[tuple[str, bool]]
    rows: list[list[tuple[str, Any]]]
    data: list[dict[str, Any]]


def figures(contents: Contents) -> Iterator[Figure]:
    """Yield what each creator adds, and what others would have to ask."""
    if contents.result["roster"]["chosen"]:
        yield _adds(contents)
    asked = [one for one in contents.result["roster"]["next"] if one["quote"] > 0]
    if asked:
        yield _quotes(contents, asked)


def shortlist(contents: Contents) -> Shortlist | None:
    """Return the creators of the plan as a table; None where none are named."""
    roster = contents.result.get("roster")
    if not roster or not roster["chosen"]:
        return None
    amounts, declined = contents.facts["amounts"], contents.facts["declined"]
    rows = []
    for i, one in enumerate(roster["chosen"]):
        loses = one["if_declined"]["loses"] if one["if_declined"] else None
        count = f" × {one['count']}" if one["count"] > 1 else ""
        rows.append(
            [
                (f"{one['creator']}{count}", one["creator"]),
                (one["tier"], one["tier"]),
                (money(round(one["quote"] * one["count"]), contents.currency), one["quote"]),
                (amounts["adds"][i], one["adds"]),
                (amounts["loses"][i], loses),
                (declined[i], declined[i]),
            ]
        )
    words = ("Creator", "Tier", "If she declines")
    names = ("Creator", "Tier", "Quote", "Adds", "Loss", "If she declines")
    headings = [(name, name in words) for name in names]
    data = [
        {
            "creator": one["creator"],
            "tier": one["tier"],
            "count": one["count"],
            f"quote_{contents.currency}": one["quote"],
            "adds": one["adds"],
            "loses_if_declined": row[4][1],
            "if_declined": row[5][1],
        }
        for one, row in zip(roster["chosen"], rows, strict=True)
    ]
    return Shortlist(headings, rows, data)


def _adds(contents: Contents) -> Figure:
    """Return what the creators who add most add, and what is lost if they decline."""
    chosen = contents.result["roster"]["chosen"]
    metric = contents.facts["curve_metric"]
    called = apart([one["creator"] for one in chosen])
    rows = [
        {"creator": called[one["creator"]], "adds": one["adds"], "said": said}
        | {"loses": one["if_declined"]["loses"] if one["if_declined"] else None}
        for one, said in zip(chosen, contents.facts["amounts"]["adds"], strict=True)
    ]
    shown = rows[:MOST]
    base = plotted(shown).encode(
        y=alt.Y("creator:N", sort=[row["creator"] for row in shown], title=None)
    )
    axis = valued(unit_of(metric), contents.currency)
    chart = alt.layer(
        base.mark_bar(color=colour("band"), size=14).encode(
            x=alt.X("adds:Q", title=titled(metric, contents.currency), axis=axis)
        ),
        base.mark_tick(color=colour("c1"), thickness=3, size=16).encode(x=alt.X("loses:Q")),
        base.mark_text(align="left", dx=4).encode(x=alt.X("adds:Q"), text=alt.Text("said:N")),
    )
    first = chosen[0]
    rest = f" The {MOST} who add most are drawn." if len(rows) > MOST else ""
    what = label_of(metric).lower()
    return Figure(
        "what-each-adds",
        "What each creator adds",
        f"Bar: what the plan would lose of {what} with nobody in her place, most with "
        f"{first['creator']}: {contents.facts['amounts']['adds'][0]}. Mark: what it loses with "
        f"the best replacement.{rest}",
        finished(chart.properties(width=WIDTH - 110, height=ROW * len(shown))),
        [
            {
                "creator": one["creator"],
                f"adds ({titled(metric, contents.currency)})": one["adds"],
                "lost if she declines": row["loses"],
            }
            for one, row in zip(chosen, rows, strict=True)
        ],
    )


def _quotes(contents: Contents, asked: list[Mapping[str, Any]]) -> Figure:
    """Return who is next in line: her quote, and that with which she enters."""
    called = apart([one["creator"] for one in asked])
    rows = [
        {
            "creator": called[one["creator"]],
            "quote": one["quote"],
            "enters": max(one["enters_at_quote"], 0.0),
        }
        for one in asked
    ]
    base = plotted(rows).encode(
        y=alt.Y("creator:N", sort=[row["creator"] for row in rows], title=None)
    )
    axis = valued("money", contents.currency)
    title = f"Quote ({contents.currency})"
    chart = alt.layer(
        base.mark_rule(color=colour("grid"), strokeWidth=4).encode(
            x=alt.X("enters:Q", title=title, axis=axis), x2=alt.X2("quote:Q")
        ),
        base.mark_point(filled=True, size=55, color=colour("other"), opacity=1).encode(
            x=alt.X("quote:Q")
        ),
        base.mark_point(filled=True, size=55, color=colour("accent"), opacity=1).encode(
            x=alt.X("enters:Q")
        ),
    )
    return Figure(
        "next-in-line",
        "Next in line",
        f"{_next_said(contents, asked)} Grey: her quote; coloured: the quote with which a plan "
        "with her is as good.",
        finished(chart.properties(width=WIDTH - 90, height=ROW * len(rows))),
        [
            {
                "creator": one["creator"],
                "tier": one["tier"],
                f"quote ({contents.currency})": one["quote"],
                f"enters at ({contents.currency})": max(one["enters_at_quote"], 0.0),
                "would add": one["would_add"],
            }
            for one in asked
        ],
    )


def _next_said(contents: Contents, asked: list[Mapping[str, Any]]) -> str:
    first = asked[0]
    enters = first["enters_at_quote"]
    if enters < 1:
        return f"Not even for nothing would {first['creator']} enter the plan."
    less = share(1 - enters / first["quote"])
    named = listing([one["creator"] for one in asked[1:3]]) or NOTHING
    return (
        f"{first['creator']} enters at {money(enters, contents.currency)}, {less} below her quote"
        f"; then come {named}."
    )
