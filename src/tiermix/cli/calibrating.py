"""Commands about past posts: calibrate, backtest."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tiermix.cli.options import Json, Seed, app, print_json, say

if TYPE_CHECKING:
    from tiermix.calibration.history import History
    from tiermix.calibration.tiers import Setting


#: Where the random numbers of checks and forecasts start.
SEED = 1


class Dates(StrEnum):
    """Which of day and month stands first."""

    DAY = "day-first"
    MONTH = "month-first"


class Family(StrEnum):
    """A family of presets."""

    CARD = "card"
    EVIDENCE = "evidence"


Posts = Annotated[
    Path, typer.Argument(metavar="HISTORY.csv", help="Past posts, one a row, with a header.")
]
Columns = Annotated[
    list[str] | None,
    typer.Option(
        "--columns",
        metavar="ROLE=HEADER",
        help="What a column is, where its name does not say so; or a YAML file with columns:.",
    ),
]
DateStyle = Annotated[Dates | None, typer.Option("--dates", help="For dates such as 3/4/2026.")]
Presets = Annotated[
    Family | None,
    typer.Option("--presets", help="What is believed before the posts [default: card]."),
]


@app.command(epilog="Example: tiermix calibrate posts.csv --into launch.yaml --write")
def calibrate(
    history: Posts,
    into: Annotated[
        Path | None,
        typer.Option("--into", metavar="SCENARIO", help="Show what would change in this file."),
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Change the file of --into; keeps its comments.")
    ] = False,
    columns: Columns = None,
    dates: DateStyle = None,
    presets: Presets = None,
    check: Annotated[
        bool, typer.Option("--check/--no-check", help="Hold the fit against the posts.")
    ] = True,
    seed: Seed = None,
    as_json: Json = False,
) -> None:
    """Learn the ranges of each tier from past posts."""
    from tiermix.calibration import checks, showing, trials, writing
    from tiermix.calibration.calibrating import calibrate as learn
    from tiermix.errors import UsageError
    from tiermix.progress import shown_progress
    from tiermix.terminal import console

    if write and into is None:
        raise UsageError("--write needs --into SCENARIO: the file to change")
    with shown_progress() as progress:
        progress("reading the posts")
        posts, setting = _read(history, into, columns, dates, presets)
        progress("learning")
        found = learn(posts, setting)
        progress("checking")
        checked = checks.predictive_checks(found, seed or SEED) if check else []
        left_out = checks.left_out(found, seed or SEED) if check else []
    document = showing.estimates_document(found)
    document["checks"] = trials.checks_document(checked, left_out)
    change = ""
    if into is not None:
        text = writing.scenario_text(into)
        new = writing.merged(text, str(into), found)
        change = writing.difference(text, new, str(into))
        document["diff"] = change
        if write and change:
            writing.write_over(into, new)
    if as_json:
        print_json(document)
    else:
        showing.show_estimates(console(), found)
        if checked:
            trials.show_checks(console(), checked, left_out)
        say(f"\n{change or document['yaml']}".rstrip())
    _say_what_next(into, change, write=write)


@app.command(epilog="Example: tiermix backtest posts.csv --from 2026-01-01")
def backtest(
    history: Posts,
    start: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="DATE",
            help="First day that is forecast, or the share of campaigns learned from.",
            show_default="70%",
        ),
    ] = None,
    scenario: Annotated[
        Path | None,
        typer.Option("--scenario", metavar="SCENARIO", help="Take tiers and presets from it."),
    ] = None,
    columns: Columns = None,
    dates: DateStyle = None,
    presets: Presets = None,
    seed: Seed = None,
    as_json: Json = False,
) -> None:
    """Forecast later campaigns from earlier posts, against a naive forecast."""
    from tiermix.calibration import trials
    from tiermix.calibration.backtest import backtest as test
    from tiermix.progress import shown_progress
    from tiermix.terminal import console

    with shown_progress() as progress:
        progress("reading the posts")
        posts, setting = _read(history, scenario, columns, dates, presets)
        progress("learning and forecasting")
        found = test(posts, setting, start, seed or SEED)
    if as_json:
        print_json(trials.backtest_document(found))
    else:
        trials.show_backtest(console(), found)


def _say_what_next(into: Path | None, change: str, *, write: bool) -> None:
    if into is None:
        told = "Paste this into a scenario, or say --into SCENARIO."
    elif not change:
        told = f"{into} says this already."
    else:
        told = f"Written to {into}." if write else f"{into} is as it was; --write changes it so."
    say(f"\n{told}", err=True)


def _read(
    history: Path,
    into: Path | None,
    columns: list[str] | None,
    dates: Dates | None,
    presets: Family | None,
) -> tuple[History, Setting]:
    """Read the history and what is believed beforehand."""
    from tiermix.calibration.history import read_history
    from tiermix.calibration.options import named_columns
    from tiermix.calibration.tiers import setting_of_history, setting_of_scenario
    from tiermix.errors import UsageError

    if into is not None and presets is not None:
        raise UsageError("--presets: the scenario says which presets it takes")
    setting = None if into is None else setting_of_scenario(into)
    style: Literal["day-first", "month-first"] | None = None
    if dates is not None:
        style = "day-first" if dates is Dates.DAY else "month-first"
    posts = read_history(history, named_columns(columns or []), style)
    return posts, setting or setting_of_history(posts, (presets or Family.CARD).value)
