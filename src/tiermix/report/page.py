"""The report as one HTML file: nothing is loaded from anywhere."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from typing import Any

from altair.utils.schemapi import debug_mode
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from sim.statistics import T90
from tiermix import story
from tiermix.csv_files import csv_text
from tiermix.report import money, plans, questions, rosters
from tiermix.report.contents import Contents
from tiermix.report.facts import SCORE
from tiermix.report.figures import Figure, called, label_of, shown, within
from tiermix.report.pictures import svg
from tiermix.report.theme import palettes
from tiermix.words import NOTHING, number, share
from tiermix.words import money as amount


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page that is made of figures.

    Parameters
    ----------
    anchor : str
    title : str
    lead : str
        How to read it.
    figures : tuple of Figure
    """

    anchor: str
    title: str
    lead: str
    figures: tuple[Figure, ...]


def sections(contents: Contents) -> list[Section]:
    """Return the figures of a report, in the order of the page; parts without any are left out."""
    with debug_mode(False):  # tests check the specifications, once
        return [section for section in _sections(contents) if section.figures]


def _sections(contents: Contents) -> Iterator[Section]:
    facts = contents.facts
    metric = facts["curve_metric"]
    what = "the blended score" if metric == SCORE else label_of(metric).lower()
    marginal = money.marginal(contents)
    whole = " The next money counts at the rate of parts of creators." * facts["whole_creators"]
    yield Section(
        "split",
        "The plan beside its alternatives",
        "",
        (plans.split(contents), plans.best(contents)),
    )
    if "roster" in contents.result:
        said = contents.facts["said"]
        yield Section("roster", "Creators", said["outsiders"][0], tuple(rosters.figures(contents)))
    yield Section(
        "outcomes",
        "What to expect",
        "Dot: the mean. Thick line: 5 of 10 simulated worlds lie between its ends; thin line: "
        "9 of 10 do. All strategies face the same worlds.",
        tuple(plans.ranges(contents)),
    )
    yield Section(
        "response",
        "What each line adds",
        f"What money on one line adds to {what}, while the plan keeps its other lines. Line: "
        f"the mean; band: 9 of 10 of {facts['curve_worlds']:,} worlds, before the luck of "
        f"each count; dot: the plan.{whole}",
        (*money.responses(contents), *([marginal] if marginal else [])),
    )
    yield Section(
        "reach",
        "Reach and frequency",
        "How many people the campaign reaches, and how often, as the plan's money is spent. "
        f"Band: 9 of 10 of {facts['curve_worlds']:,} worlds.",
        tuple(money.reach(contents)),
    )
    yield Section("questions", "Other questions", "", tuple(questions.questions(contents)))


def html(contents: Contents) -> str:
    """Return the report.

    Parameters
    ----------
    contents : Contents
    """
    environment = Environment(
        loader=PackageLoader("tiermix.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"cell": cell, "csv": data_address, "joined": joined}
    script = _file("page.js")
    return environment.get_template("page.html").render(
        style=Markup(_file("page.css").replace("/* palettes */", palettes())),
        script=Markup(script),
        script_hash=b64encode(sha256(script.encode()).digest()).decode(),
        svg=lambda figure: Markup(svg(figure)),
        sections=sections(contents),
        tiles=tiles(contents),
        media_plan=media_plan(contents),
        shortlist=rosters.shortlist(contents),
        command=command(contents),
        budget=amount(contents.result["budget"], contents.currency),
        **_documents(contents),
    )


def _documents(contents: Contents) -> dict[str, Any]:
    return {
        "result": contents.result,
        "facts": contents.facts,
        "said": contents.facts["said"],
        "manifest": contents.manifest,
    }


def _file(name: str) -> str:
    return files("tiermix.report").joinpath("templates", name).read_text(encoding="utf-8").strip()


def tiles(contents: Contents) -> list[tuple[str, str, str]]:
    """Return the figures of the first screen: what it is, its value, its range."""
    result, currency = contents.result, contents.currency
    best, optimum = contents.strategies["optimum"], result["optimum"]
    found = []
    for metric in [term for term in contents.facts["terms"] if term in best["metrics"]][:2]:
        x = best["metrics"][metric]
        told = f"{within(metric, x['p5'], x['p95'], currency)} in 9 of 10 worlds"
        found.append((f"{label_of(metric)} expected", shown(metric, x["mean"], currency), told))
    lead, rival = optimum["lead"], optimum["runner_up"]
    second = result["strategies"][rival]["objective"]["mean"] if rival else 0.0
    if lead and second > 0:
        error = share(T90 * (lead["se"] or 0.0) / second)
        found.append(
            (f"Lead over {called(rival)}", share(lead["mean"] / second), f"± {error} (90 % sure)")
        )
    found.append(
        ("Best of the strategies", share(best["p_best"]), "of simulated worlds, ties counted")
    )
    gap = story.gap(optimum["relative_gap"])
    found.append(
        (
            "Short of the best possible",
            f"≤\N{NO-BREAK SPACE}{gap}",
            "proved, on the simulated worlds",
        )
    )
    return found


#: Columns of the media plan: key, heading, what it is.
_COLUMNS = {
    "line": "Line",
    "spend": "Spend",
    "share_of_budget": "Share of budget",
    "creators": "Creators",
}


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose cells hold what is shown and what it is sorted by."""

    headings: list[str]
    rows: list[list[tuple[str, Any]]]
    data: list[dict[str, Any]]


def media_plan(contents: Contents) -> Table:
    """Return the media plan as a table."""
    rows, suffix = contents.facts["media_plan"], f"_{contents.currency}"
    keys = {key: key.removesuffix(suffix) for key in rows[0]}
    headings = [_COLUMNS.get(plain) or label_of(plain) for plain in keys.values()]
    table = [
        [(_plan_cell(plain, row[key], contents.currency), row[key]) for key, plain in keys.items()]
        for row in rows
    ]
    return Table(headings, table, rows)


def _plan_cell(key: str, value: Any, currency: str) -> str:
    if value is None:
        return NOTHING
    match key:
        case "line":
            return str(value)
        case "spend":
            return amount(value, currency)
        case "share_of_budget":
            return share(value)
        case "creators":
            return number(value)
        case _:
            return shown(key, value, currency)


def joined(text: str) -> str:
    """Return a sentence whose percentages stay on one line."""
    return text.replace(" %", "\N{NO-BREAK SPACE}%")


def cell(value: Any) -> str:
    """Return a value of a data table as people read it."""
    if value is None:
        return NOTHING
    return f"{value:,.4g}" if isinstance(value, float) and abs(value) < 1e4 else _whole(value)


def _whole(value: Any) -> str:
    return f"{value:,.0f}" if isinstance(value, float) else str(value)


def data_address(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return a table as the address of a CSV file that holds it."""
    text = csv_text([dict(row) for row in rows])
    return f"data:text/csv;charset=utf-8;base64,{b64encode(text.encode()).decode()}"


def command(contents: Contents) -> str:
    """Return the command that makes the run again."""
    result = contents.result
    return f"tiermix run scenario.yaml --worlds {result['worlds']} --seed {result['seed']}"
