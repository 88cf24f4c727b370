"""Named creators: whom to hire, who would be next, and at which quote."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tiermix.cli.options import print_json
from tiermix.cli.streams import tell

if TYPE_CHECKING:
    from tiermix.scenario import Scenario


def chosen(
    scenario: Scenario,
    roster: Path | None,
    overlap: Path | None,
    csv: Path | None,
    *,
    certify: bool,
    as_json: bool,
) -> bool:
    """Answer a scenario with named creators; return False where there are none."""
    from tiermix import choice_result, choice_runs, choice_screens, csv_files, terminal
    from tiermix.errors import UsageError
    from tiermix.progress import shown_progress
    from tiermix.roster_lines import with_roster

    scenario = with_roster(scenario, roster, overlap)
    if scenario.roster is None:
        if overlap is not None or csv is not None:
            raise UsageError(f"--{'overlap' if overlap else 'csv'} goes with a roster")
        return False
    _remark(scenario)
    with shown_progress() as progress:
        found = choice_runs.answer(scenario, progress, certify=certify)
    csv_files.write_rows(csv, choice_result.rows(found))
    if as_json:
        print_json(choice_result.document(found))
    else:
        choice_screens.show(terminal.console(), found)
    return True


def run(
    scenario: Scenario,
    out: Path,
    save_worlds: Path | None,
    *,
    report: bool,
    certify: bool,
    as_json: bool,
) -> None:
    """Answer a scenario with named creators, and write the run folder."""
    from tiermix import choice_runs, choice_screens, terminal, world_table
    from tiermix.progress import shown_progress
    from tiermix.report import making

    if save_worlds is not None:
        world_table.require(scenario)
    drawn = report and making.possible()
    _remark(scenario)
    with shown_progress() as progress:
        found, result, folder = choice_runs.run(
            scenario, out, progress, report=drawn, certify=certify
        )
        if save_worlds is not None:
            world_table.write_worlds(found.analysis, save_worlds)
    if as_json:
        print_json(result)
    else:
        choice_screens.show(terminal.console(), found)
    tell(f"\nWritten to {folder}")
    if report and not drawn:
        tell(f"No report.html: {making.NEEDED}")


def simulate(scenario: Scenario, *, as_json: bool) -> None:
    """Simulate the rules of thumb of a scenario with named creators."""
    from tiermix import choice_screens, choices, commands, terminal
    from tiermix.progress import shown_progress

    _remark(scenario)
    with shown_progress() as progress:
        analysis = choices.simulated(scenario, progress)
    if as_json:
        print_json(commands.documents([analysis]))
    else:
        choice_screens.show_simulation(terminal.console(), analysis)


def _remark(scenario: Scenario) -> None:
    """Say at once which columns are left out by what looks like a slip."""
    from tiermix import choice_story

    assert scenario.roster is not None
    for sentence in choice_story.misspelt(scenario.roster):
        tell(f"Warning: {sentence}")


def refuse(until: str | None, confidence: str | None) -> None:
    """Refuse what can not be asked of a choice of named creators.

    Raises
    ------
    UsageError
    """
    from tiermix.errors import UsageError

    if until is not None or confidence is not None:
        option = "until" if until is not None else "confidence"
        raise UsageError(
            f"--{option} can not be used with a roster: ask for more --worlds, and read the ± of "
            "the certificate"
        )
