"""Questions beside the best plan: what trades off, and where the best mix flips."""

from __future__ import annotations

from typing import Annotated

import typer

from tiermix.cli.completion import objectives
from tiermix.cli.options import Csv, File, Json, Scheduler, Seed, Worlds, app, print_json


@app.command(epilog="Example: tiermix frontier scenarios/pyramid.yaml --csv frontier.csv")
def frontier(
    file: File,
    metrics: Annotated[
        str | None,
        typer.Option(
            "--metrics", metavar="A,B", help="Two metrics to trade.", autocompletion=objectives
        ),
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
    scheduler: Scheduler = "threads",
    as_json: Json = False,
) -> None:
    """Show what more of one aim costs of another: of two metrics, or of mean and worst worlds."""
    from tiermix import commands, csv_files, questions, screens, terminal, trade_off
    from tiermix.progress import shown_progress
    from tiermix.schedulers import scheduled

    scenario = commands.load(file, worlds, seed)
    with shown_progress() as progress, scheduled(scheduler) as mapper:
        found = questions.trade(
            scenario, metrics, worst, points, progress, risk=risk, mapper=mapper
        )
    csv_files.write_rows(csv, trade_off.rows(found))
    if as_json:
        print_json(trade_off.document(found))
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
        typer.Option(
            "--objectives",
            metavar="A,B,...",
            help="Default: reach, conversions, own.",
            autocompletion=objectives,
        ),
    ] = None,
    worlds: Worlds = None,
    seed: Seed = None,
    csv: Csv = None,
    scheduler: Scheduler = "threads",
    as_json: Json = False,
) -> None:
    """Show which mix is best for which budget and objective, and where that flips."""
    from tiermix import commands, csv_files, mixes, questions, screens, terminal
    from tiermix.progress import shown_progress
    from tiermix.schedulers import scheduled

    scenario = commands.load(file, worlds, seed)
    with shown_progress() as progress, scheduled(scheduler) as mapper:
        found = questions.cross(
            scenario, budgets, objectives, progress, all_worlds=worlds is not None, mapper=mapper
        )
    csv_files.write_rows(csv, mixes.rows(found))
    if as_json:
        print_json(mixes.document(found))
    else:
        screens.show_crossover(terminal.console(), found)
