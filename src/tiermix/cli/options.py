"""What the commands share: their options, and how results are printed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tiermix.cli.completion import scenario_files
from tiermix.cli.streams import tell
from tiermix.plain import plain
from tiermix.quantity import MAX_SEED, MAX_WORLDS, MIN_WORLDS, shown, why_not_drawn

if TYPE_CHECKING:
    from tiermix.analysing import Compared
    from tiermix.analysis import Analysis
    from tiermix.scenario import Scenario
    from tiermix.sure import Sure

app = typer.Typer(
    name="tiermix",
    help="Split a creator budget across tiers: simulate it, optimise it, know how sure to be.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

#: Exit codes: the scenario is invalid or infeasible; usage or internal error; interrupted.
INVALID, FAILED, INTERRUPTED = 1, 2, 130

File = Annotated[
    str,
    typer.Argument(
        metavar="FILE", help="Scenario file; - is standard input.", autocompletion=scenario_files
    ),
]
Files = Annotated[
    list[str],
    typer.Argument(metavar="FILE...", help="Scenario files.", autocompletion=scenario_files),
]


def _drawn(worlds: int | None) -> int | None:
    """Refuse a number of worlds that cannot be drawn, and say what it would take."""
    reason = "" if worlds is None else why_not_drawn(worlds)
    if reason:
        raise typer.BadParameter(f"{shown(worlds)} {reason}")
    return worlds


Worlds = Annotated[
    int | None,
    typer.Option(
        "--worlds",
        "-w",
        callback=_drawn,
        envvar="TIERMIX_WORLDS",
        help=f"Worlds to draw, {MIN_WORLDS} to {MAX_WORLDS:_}.",
    ),
]
Seed = Annotated[
    int | None,
    typer.Option(
        "--seed",
        "-s",
        min=0,
        max=MAX_SEED,
        envvar="TIERMIX_SEED",
        help="Where the random numbers start.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print the result document alone.")]
Csv = Annotated[
    Path | None, typer.Option("--csv", metavar="FILE", help="Write the numbers to a CSV file too.")
]
Scheduler = Annotated[
    str,
    typer.Option(
        "--scheduler",
        metavar="WHERE",
        envvar="TIERMIX_SCHEDULER",
        help="threads, processes, or tcp://HOST:PORT of a Dask cluster.",
    ),
]
Certify = Annotated[
    bool,
    typer.Option("--certify", help="Add how far the plan is from the best for all worlds."),
]
Until = Annotated[
    str | None,
    typer.Option(
        "--until",
        metavar="SHARE",
        help="Draw worlds until the objective is known to ± this, such as 0.5%.",
    ),
]
Confidence = Annotated[
    str | None,
    typer.Option(
        "--confidence", metavar="SHARE", help="Choose the best strategy this surely, such as 95%."
    ),
]
Indifference = Annotated[
    str | None,
    typer.Option(
        "--indifference", metavar="SHARE", help="A lead that counts for nothing; default 1%."
    ),
]
Out = Annotated[
    Path,
    typer.Option("--out", "-o", envvar="TIERMIX_OUT", help="Folder that holds the run folders."),
]


def answered(
    files: list[str],
    worlds: int | None,
    seed: int | None,
    *,
    optimise: bool,
    compare: Compared,
    certify: bool = False,
    asked: Sure | None = None,
    scheduler: str,
) -> list[Analysis]:
    """Read every file, then answer every scenario."""
    from tiermix import commands

    scenarios = [commands.load(file, worlds, seed) for file in files]
    return answers(
        scenarios,
        optimise=optimise,
        compare=compare,
        certify=certify,
        asked=asked,
        scheduler=scheduler,
    )


def answers(
    scenarios: list[Scenario],
    *,
    optimise: bool,
    compare: Compared,
    certify: bool = False,
    asked: Sure | None = None,
    scheduler: str,
) -> list[Analysis]:
    """Answer every scenario."""
    from tiermix import suites, sure
    from tiermix.progress import shown_progress
    from tiermix.schedulers import scheduled

    wanted = suites.Wanted(optimise, compare, certify, asked or sure.AS_STATED)
    with shown_progress() as progress, scheduled(scheduler) as mapper:
        return suites.answers(scenarios, wanted, progress, mapper)


def print_answers(analyses: list[Analysis], as_json: bool, show: Callable[[], None]) -> None:
    """Print the result documents, or what people read."""
    if as_json:
        from tiermix import commands

        print_json(commands.documents(analyses))
    else:
        show()


def say(text: str, *, err: bool = False) -> None:
    """Print text that may hold names and paths of others."""
    if err:
        tell(text)
    else:
        typer.echo(plain(text))


def print_json(result: object) -> None:
    """Print a document as JSON."""
    typer.echo(json.dumps(result, indent=2, allow_nan=False))
