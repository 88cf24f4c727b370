"""The command line: parses, calls, prints, exits. Nothing heavy is imported before it is needed."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tiermix.quantity import MAX_SEED, MAX_WORLDS, MIN_WORLDS

if TYPE_CHECKING:
    from tiermix.analysis import Analysis
    from tiermix.commands import Compared

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

File = Annotated[str, typer.Argument(metavar="FILE", help="Scenario file; - is standard input.")]
Files = Annotated[list[str], typer.Argument(metavar="FILE...", help="Scenario files.")]
Worlds = Annotated[
    int | None,
    typer.Option(
        "--worlds",
        "-w",
        min=MIN_WORLDS,
        max=MAX_WORLDS,
        envvar="TIERMIX_WORLDS",
        help="Worlds to draw.",
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
Certify = Annotated[
    bool,
    typer.Option("--certify", help="Add how far the plan is from the best for all worlds."),
]
Out = Annotated[
    Path,
    typer.Option("--out", "-o", envvar="TIERMIX_OUT", help="Folder that holds the run folders."),
]


@app.command(epilog="Example: tiermix run scenarios/skincare.yaml --worlds 16384")
def run(
    file: File,
    worlds: Worlds = None,
    seed: Seed = None,
    out: Out = Path("runs"),
    certify: Certify = False,
    as_json: Json = False,
) -> None:
    """Simulate the strategies, find the best plan, compare, and write the run folder."""
    from tiermix import commands, terminal
    from tiermix.progress import shown_progress

    scenario = commands.load(file, worlds, seed)
    with shown_progress() as progress:
        analysis, result, folder = commands.run(scenario, out, progress, certify=certify)
    if as_json:
        _print_json(result)
    else:
        terminal.show_run(terminal.console(), analysis)
    typer.echo(f"\nWritten to {folder}", err=True)


@app.command(epilog="Example: tiermix simulate scenarios/skincare.yaml --json")
def simulate(file: File, worlds: Worlds = None, seed: Seed = None, as_json: Json = False) -> None:
    """Simulate the strategies of a scenario, without looking for a better plan."""
    from tiermix import terminal

    analyses = _analyses([file], worlds, seed, optimise=False, compare="strategies")
    _print(analyses, as_json, lambda: terminal.show_simulation(terminal.console(), analyses[0]))


@app.command(epilog="Example: tiermix optimize scenarios/skincare.yaml --seed 7")
def optimize(
    file: File,
    worlds: Worlds = None,
    seed: Seed = None,
    certify: Certify = False,
    as_json: Json = False,
) -> None:
    """Find the best plan, with a proof of how far from the best it can be."""
    from tiermix import terminal

    analyses = _analyses([file], worlds, seed, optimise=True, compare="nothing", certify=certify)
    _print(analyses, as_json, lambda: terminal.show_run(terminal.console(), analyses[0]))


@app.command(
    epilog="Example: tiermix compare scenarios/launch_card.yaml scenarios/launch_evidence.yaml"
)
def compare(files: Files, worlds: Worlds = None, seed: Seed = None, as_json: Json = False) -> None:
    """Set strategies, and scenarios, side by side."""
    from tiermix import terminal

    analyses = _analyses(files, worlds, seed, optimise=True, compare="strategies")
    _print(analyses, as_json, lambda: terminal.show_comparison(terminal.console(), analyses))


@app.command(epilog="Example: tiermix frontier scenarios/pyramid.yaml --csv frontier.csv")
def frontier(
    file: File,
    metrics: Annotated[
        str | None, typer.Option("--metrics", metavar="A,B", help="Two metrics to trade.")
    ] = None,
    risk: Annotated[
        bool, typer.Option("--risk", help="Trade the objective's mean for its worst worlds.")
    ] = False,
    worst: Annotated[
        str | None, typer.Option("--worst", metavar="SHARE", help="Worst worlds, such as 10%.")
    ] = None,
    points: Annotated[int, typer.Option("--points", min=2, max=201, help="Plans to find.")] = 11,
    worlds: Worlds = None,
    seed: Seed = None,
    csv: Csv = None,
    as_json: Json = False,
) -> None:
    """Show what more of one aim costs of another: of two metrics, or of mean and worst worlds."""
    from tiermix import commands, screens, terminal, trade_off
    from tiermix.progress import shown_progress

    scenario = commands.load(file, worlds, seed)
    with shown_progress() as progress:
        found = commands.trade(scenario, metrics, worst, points, progress, risk=risk)
    commands.write_rows(csv, trade_off.rows(found))
    if as_json:
        _print_json(trade_off.document(found))
    else:
        screens.show_trade_off(terminal.console(), found)


@app.command(epilog="Example: tiermix crossover scenarios/skincare.yaml --budgets 5k:500k")
def crossover(
    file: File,
    budgets: Annotated[
        str | None,
        typer.Option("--budgets", metavar="LOW:HIGH", help="Default: a tenth to ten times."),
    ] = None,
    objectives: Annotated[
        str | None,
        typer.Option("--objectives", metavar="A,B,...", help="Default: reach, conversions, own."),
    ] = None,
    worlds: Worlds = None,
    seed: Seed = None,
    csv: Csv = None,
    as_json: Json = False,
) -> None:
    """Show which mix is best for which budget and objective, and where that flips."""
    from tiermix import commands, mixes, screens, terminal
    from tiermix.progress import shown_progress

    scenario = commands.load(file, worlds, seed)
    with shown_progress() as progress:
        found = commands.cross(
            scenario, budgets, objectives, progress, all_worlds=worlds is not None
        )
    commands.write_rows(csv, mixes.rows(found))
    if as_json:
        _print_json(mixes.document(found))
    else:
        screens.show_crossover(terminal.console(), found)


@app.command(epilog="Example: tiermix benchmark scenarios/skincare.yaml scenarios/pyramid.yaml")
def benchmark(
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FILE...]", help="Scenario files; default: scenarios/*.yaml."),
    ] = None,
    worlds: Worlds = None,
    seed: Seed = None,
    as_json: Json = False,
) -> None:
    """Hold every rule-of-thumb allocation against the certified bound."""
    from tiermix import commands, terminal

    chosen = files or commands.library()
    analyses = _analyses(chosen, worlds, seed, optimise=True, compare="baselines")
    _print(analyses, as_json, lambda: terminal.show_benchmark(terminal.console(), analyses))


@app.command(epilog="Example: tiermix verify runs/skincare-launch-0123456789")
def verify(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Run folder.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the checks as data.")] = False,
) -> None:
    """Check a saved plan and its bound again, by other means."""
    from tiermix import verifying

    verdicts = verifying.verify(run)
    if as_json:
        _print_json(verifying.as_data(run, verdicts))
    for line in verifying.lines(verdicts) if not as_json else ():
        typer.echo(line)
    if not all(verdict.holds for verdict in verdicts):
        raise typer.Exit(INVALID)


@app.command(epilog="Example: tiermix validate scenarios/*.yaml")
def validate(
    files: Files,
    as_json: Annotated[bool, typer.Option("--json", help="Print the problems as data.")] = False,
) -> None:
    """Check scenario files; name every problem with its place."""
    from tiermix import commands

    checks = commands.check(files)
    if as_json:
        _print_json({"tiermix": 1, "files": [check.as_data() for check in checks]})
    for check in checks if not as_json else ():
        typer.echo(str(check), err=not check.valid)
    if not all(check.valid for check in checks):
        raise typer.Exit(INVALID)


@app.command(epilog="Example: tiermix init launch.yaml && tiermix run launch.yaml")
def init(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="File to write.")] = Path(
        "scenario.yaml"
    ),
) -> None:
    """Write a commented scenario that runs as it stands; never overwrites a file."""
    from tiermix import commands

    commands.write_starter(file)
    typer.echo(f"Written to {file}. Now: tiermix run {file}", err=True)


@app.command("import", epilog="Example: tiermix import curves.csv --out channels.yaml")
def import_(
    table: Annotated[
        Path,
        typer.Argument(
            metavar="TABLE.csv", help="Columns for spend, response and, if several, channel, draw."
        ),
    ],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Scenario to write [default: TABLE.yaml].")
    ] = None,
    budget: Annotated[
        float | None, typer.Option("--budget", "-b", help="Money to spend in total.")
    ] = None,
) -> None:
    """Make a scenario of a table of response curves; never overwrites a file."""
    from tiermix import importing

    target = out or Path(f"{table.stem}.yaml")
    lines = importing.import_curves(table, target, budget)
    typer.echo(f"Written to {target}: {', '.join(lines)}. Now: tiermix run {target}", err=True)


@app.command(epilog="Example: tiermix schema > tiermix.schema.json")
def schema(
    result: Annotated[bool, typer.Option("--result", help="Of the result document.")] = False,
) -> None:
    """Print the JSON Schema of the scenario file, for editors."""
    from tiermix import commands

    typer.echo(commands.result_schema_text() if result else commands.schema_text())


def _analyses(
    files: list[str],
    worlds: int | None,
    seed: int | None,
    *,
    optimise: bool,
    compare: Compared,
    certify: bool = False,
) -> list[Analysis]:
    """Read every file, then answer every scenario."""
    from tiermix import commands
    from tiermix.progress import shown_progress

    scenarios = [commands.load(file, worlds, seed) for file in files]
    with shown_progress() as progress:
        return [
            commands.answer(scenario, progress, optimise=optimise, compare=compare, certify=certify)
            for scenario in scenarios
        ]


def _print(analyses: list[Analysis], as_json: bool, show: Callable[[], None]) -> None:
    """Print the result documents, or what people read."""
    if as_json:
        from tiermix import commands

        _print_json(commands.documents(analyses))
    else:
        show()


def _print_json(result: object) -> None:
    typer.echo(json.dumps(result, indent=2, allow_nan=False))


def main() -> None:
    """Run the command line; no traceback reaches a user."""
    try:
        code = app(standalone_mode=False) or 0
        print(end="", flush=True)
    except KeyboardInterrupt:
        code = INTERRUPTED
    except (Exception, SystemExit) as error:
        code = _explain(error)
    if code == INTERRUPTED:
        typer.echo("Interrupted.", err=True)
    sys.exit(code)


def _explain(error: Exception | SystemExit) -> int:
    """Print what went wrong; return the exit code."""
    if isinstance(error, BrokenPipeError) or isinstance(error.__context__, BrokenPipeError):
        return _stop_writing()
    if isinstance(error, SystemExit):
        return int(error.code or 0)
    if isinstance(error, typer.TyperException):
        error.show()  # type: ignore[attr-defined]
        return FAILED
    from optimize.errors import InfeasibleError, OptimizeError
    from tiermix.errors import ScenarioError, TableError, TiermixError, TooLargeError

    if isinstance(error, ScenarioError | InfeasibleError | TableError | TooLargeError):
        typer.echo(str(error), err=True)
        return INVALID
    if isinstance(error, TiermixError | OptimizeError | OSError):
        typer.echo(f"tiermix: {error}", err=True)
        return FAILED
    return _confess(error)


def _stop_writing() -> int:
    """Write no more to a reader who has gone, such as `head`: nothing is wrong."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _confess(error: Exception) -> int:
    """Say that this is tiermix's fault."""
    if "TIERMIX_DEBUG" in os.environ:
        raise error
    typer.echo(
        f"tiermix: internal error: {type(error).__name__}: {error}\n"
        "Please report it; with TIERMIX_DEBUG=1 the traceback is printed.",
        err=True,
    )
    return FAILED
