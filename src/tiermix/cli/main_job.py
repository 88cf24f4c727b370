"""The main job and its parts: run, simulate, optimize, compare, benchmark."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tiermix.cli.options import (
    Certify,
    Confidence,
    Csv,
    File,
    Files,
    Indifference,
    Json,
    Out,
    Scheduler,
    Seed,
    Until,
    Worlds,
    answered,
    answers,
    app,
    print_answers,
    print_json,
    say,
)
from tiermix.cli.streams import tell

SaveWorlds = Annotated[
    Path | None,
    typer.Option(
        "--save-worlds", metavar="FILE", help="Write every metric in every world as Parquet."
    ),
]


@app.command(epilog="Example: tiermix run scenarios/skincare.yaml --worlds 16384")
def run(
    file: File,
    worlds: Worlds = None,
    seed: Seed = None,
    out: Out = Path("runs"),
    certify: Certify = False,
    until: Until = None,
    confidence: Confidence = None,
    indifference: Indifference = None,
    report: Annotated[bool, typer.Option(help="Write report.html into the folder.")] = True,
    save_worlds: SaveWorlds = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with an interrupted run.")
    ] = False,
    scheduler: Scheduler = "threads",
    as_json: Json = False,
) -> None:
    """Simulate the strategies, find the best plan, compare, and write the run folder."""
    from tiermix import commands, sure, terminal, world_table
    from tiermix.cli import rosters
    from tiermix.progress import shown_progress
    from tiermix.report import making
    from tiermix.schedulers import scheduled

    asked = sure.sure(until, worlds, confidence, indifference)
    scenario = commands.load(file, worlds, seed, named=True)
    if scenario.roster is not None:
        rosters.refuse(until, confidence)
        rosters.run(scenario, out, save_worlds, report=report, certify=certify, as_json=as_json)
        return
    if save_worlds is not None:
        world_table.require(scenario)
    drawn = report and making.possible()
    with shown_progress() as progress, scheduled(scheduler) as mapper:
        analysis, result, folder = commands.run(
            scenario,
            out,
            progress,
            certify=certify,
            asked=asked,
            report=drawn,
            mapper=mapper,
            resume=resume,
            tell=tell,
        )
        if save_worlds is not None:
            world_table.write_worlds(analysis, save_worlds)
    if as_json:
        print_json(result)
    else:
        terminal.show_run(terminal.console(), analysis)
    say(f"\nWritten to {folder}", err=True)
    if report and not drawn:
        say(f"No report.html: {making.NEEDED}", err=True)


@app.command(epilog="Example: tiermix simulate scenarios/skincare.yaml --json")
def simulate(
    file: File,
    worlds: Worlds = None,
    seed: Seed = None,
    until: Until = None,
    confidence: Confidence = None,
    indifference: Indifference = None,
    scheduler: Scheduler = "threads",
    as_json: Json = False,
) -> None:
    """Simulate the strategies of a scenario, without looking for a better plan."""
    from tiermix import commands, sure, terminal
    from tiermix.cli import rosters

    asked = sure.sure(until, worlds, confidence, indifference)
    scenario = commands.load(file, worlds, seed, named=True)
    if scenario.roster is not None:
        rosters.refuse(until, confidence)
        rosters.simulate(scenario, as_json=as_json)
        return
    analyses = answers(
        [scenario], optimise=False, compare="strategies", asked=asked, scheduler=scheduler
    )
    print_answers(
        analyses, as_json, lambda: terminal.show_simulation(terminal.console(), analyses[0])
    )


@app.command(epilog="Example: tiermix optimize scenarios/skincare.yaml --seed 7")
def optimize(
    file: File,
    worlds: Worlds = None,
    seed: Seed = None,
    certify: Certify = False,
    roster: Annotated[
        Path | None,
        typer.Option("--roster", metavar="CSV", help="Choose among these named creators."),
    ] = None,
    overlap: Annotated[
        Path | None,
        typer.Option("--overlap", metavar="CSV", help="How their audiences overlap."),
    ] = None,
    csv: Csv = None,
    scheduler: Scheduler = "threads",
    as_json: Json = False,
) -> None:
    """Find the best plan, with a proof of how far from the best it can be.

    With named creators: whom to hire, who would be next and at which quote.
    """
    from tiermix import commands, terminal
    from tiermix.cli import rosters

    scenario = commands.load(file, worlds, seed, named=True)
    if rosters.chosen(scenario, roster, overlap, csv, certify=certify, as_json=as_json):
        return
    analyses = answers(
        [scenario], optimise=True, compare="nothing", certify=certify, scheduler=scheduler
    )
    print_answers(analyses, as_json, lambda: terminal.show_run(terminal.console(), analyses[0]))


@app.command(
    epilog="Example: tiermix compare scenarios/launch_card.yaml scenarios/launch_evidence.yaml"
)
def compare(
    files: Files,
    baseline: Annotated[
        str | None,
        typer.Option("--baseline", metavar="NAME", help="Default: the first strategy of a file."),
    ] = None,
    worlds: Worlds = None,
    seed: Seed = None,
    until: Until = None,
    confidence: Confidence = None,
    indifference: Indifference = None,
    scheduler: Scheduler = "threads",
    as_json: Json = False,
) -> None:
    """Set strategies, and scenarios, side by side on the same worlds."""
    from tiermix import commands, standing, sure, terminal, versus
    from tiermix.progress import shown_progress
    from tiermix.schedulers import scheduled

    asked = sure.sure(until, worlds, confidence, indifference)
    scenarios = [commands.load(file, worlds, seed) for file in files]
    with shown_progress() as progress, scheduled(scheduler) as mapper:
        analyses = commands.compare(scenarios, progress, asked, mapper)
    held = [standing.baseline(analysis, baseline) for analysis in analyses]
    between = [versus.versus(analyses[0], other) for other in analyses[1:]]
    if as_json:
        print_json(versus.documents(analyses, between))
    else:
        terminal.show_comparison(terminal.console(), analyses, held, between)


@app.command(epilog="Example: tiermix benchmark scenarios/skincare.yaml scenarios/pyramid.yaml")
def benchmark(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FILE...]", help="Scenario files, or folders of them; default: scenarios."
        ),
    ] = None,
    worlds: Worlds = None,
    seed: Seed = None,
    scheduler: Scheduler = "threads",
    as_json: Json = False,
) -> None:
    """Hold every rule-of-thumb allocation against the certified bound."""
    from tiermix import suites, terminal

    chosen = suites.listed(files or [])
    analyses = answered(
        chosen, worlds, seed, optimise=True, compare="baselines", scheduler=scheduler
    )
    print_answers(analyses, as_json, lambda: terminal.show_benchmark(terminal.console(), analyses))
