"""Commands about files: verify, validate, init, import, schema."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tiermix.cli.completion import run_folders
from tiermix.cli.options import INVALID, Files, app, print_json, say


@app.command(epilog="Example: tiermix verify runs/skincare-launch-0123456789")
def verify(
    run: Annotated[
        Path, typer.Argument(metavar="RUN", help="Run folder.", autocompletion=run_folders)
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print the checks as data.")] = False,
) -> None:
    """Check a saved plan and its bound again, by other means."""
    from tiermix import verifying

    verdicts = verifying.verify(run)
    if as_json:
        print_json(verifying.as_data(run, verdicts))
    for line in verifying.lines(verdicts) if not as_json else ():
        say(line)
    if not all(verdict.holds for verdict in verdicts):
        raise typer.Exit(INVALID)


@app.command(epilog="Example: tiermix validate scenarios/*.yaml")
def validate(
    files: Files,
    as_json: Annotated[bool, typer.Option("--json", help="Print the problems as data.")] = False,
) -> None:
    """Check scenario files; name every problem with its place."""
    from tiermix import scenario_checks

    checks = scenario_checks.check(files)
    if as_json:
        print_json({"tiermix": 1, "files": [check.as_data() for check in checks]})
    for check in checks if not as_json else ():
        say(str(check), err=not check.valid)
    if not all(check.valid for check in checks):
        raise typer.Exit(INVALID)


@app.command(epilog="Example: tiermix init launch.yaml && tiermix run launch.yaml")
def init(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="File to write.")] = Path(
        "scenario.yaml"
    ),
) -> None:
    """Write a commented scenario that runs as it stands; never overwrites a file."""
    from tiermix import scenario_checks

    scenario_checks.write_starter(file)
    say(f"Written to {file}. Now: tiermix run {file}", err=True)


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
    say(f"Written to {target}: {', '.join(lines)}. Now: tiermix run {target}", err=True)


@app.command(epilog="Example: tiermix schema > tiermix.schema.json")
def schema(
    result: Annotated[bool, typer.Option("--result", help="Of the result document.")] = False,
) -> None:
    """Print the JSON Schema of the scenario file, for editors."""
    from tiermix import scenario_checks

    say(scenario_checks.result_schema_text() if result else scenario_checks.schema_text())
