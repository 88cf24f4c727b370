"""Named creators: whom to hire, who would be next, and at which quote."""

from __future__ import annotations

from pathlib import Path

from tiermix.cli.options import print_json


def chosen(
    file: str,
    worlds: int | None,
    seed: int | None,
    roster: Path | None,
    overlap: Path | None,
    csv: Path | None,
    *,
    certify: bool,
    as_json: bool,
) -> bool:
    """Answer a scenario with named creators; return False where there are none."""
    from tiermix import commands
    from tiermix.errors import UsageError
    from tiermix.roster_lines import with_roster

    scenario = with_roster(commands.load(file, worlds, seed, named=True), roster, overlap)
    if scenario.roster is None:
        if overlap is not None or csv is not None:
            raise UsageError(f"--{'overlap' if overlap else 'csv'} goes with a roster")
        return False
    if certify:
        raise UsageError("--certify can not be used with a roster yet")
    _answer(scenario, csv, as_json=as_json)
    return True


def _answer(scenario: object, csv: Path | None, *, as_json: bool) -> None:
    from optimize.errors import InfeasibleError
    from tiermix import choice_screens, commands, terminal
    from tiermix.choices import shortlist
    from tiermix.progress import shown_progress
    from tiermix.scenario import Scenario

    assert isinstance(scenario, Scenario)
    try:
        with shown_progress() as progress:
            found = shortlist(scenario, progress)
    except InfeasibleError as error:
        raise InfeasibleError(f"{scenario.path}: {error}") from error
    commands.write_rows(csv, choice_screens.rows(found))
    if as_json:
        print_json(choice_screens.document(found))
    else:
        choice_screens.show(terminal.console(), found)
