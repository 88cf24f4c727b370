"""The run folder of a scenario with named creators."""

from __future__ import annotations

import time
from pathlib import Path

from optimize.errors import InfeasibleError
from tiermix.analysis import Progress
from tiermix.certifying import refuse_floors
from tiermix.choice_certifying import certified
from tiermix.choice_result import document, rows
from tiermix.choices import Shortlist, shortlist
from tiermix.csv_files import write_csv
from tiermix.report import making
from tiermix.report.roster_facts import facts
from tiermix.result_schema import Document
from tiermix.runs import prepare, save
from tiermix.scenario import Scenario


def answer(scenario: Scenario, progress: Progress, *, certify: bool = False) -> Shortlist:
    """Choose creators; what is infeasible is said with the name of the file.

    Parameters
    ----------
    scenario : Scenario
        With a roster.
    progress : callable
    certify : bool
        Whether to say how far the choice is from the best for all worlds, on fresh ones.

    Raises
    ------
    InfeasibleError
        If no choice keeps all limits and floors.
    UsageError
        If the scenario holds what can not be planned with named creators.
    """
    if certify:
        refuse_floors(scenario)
    try:
        found = shortlist(scenario, progress)
    except InfeasibleError as error:
        raise InfeasibleError(f"{scenario.path}: {error}") from error
    return certified(found, progress) if certify else found


def run(
    scenario: Scenario, out: Path, progress: Progress, *, report: bool, certify: bool = False
) -> tuple[Shortlist, Document, Path]:
    """Choose creators and write the run folder, with a report if it is asked for.

    Parameters
    ----------
    scenario : Scenario
        With a roster.
    out : Path
        Folder of all runs.
    progress : callable
    report, certify : bool
    """
    started = time.perf_counter()
    prepare(out)
    found = answer(scenario, progress, certify=certify)
    result = document(found)

    def finish(folder: Path) -> None:
        write_csv(folder / "shortlist.csv", rows(found))
        making.finish(facts(found), folder, report=report)

    progress("writing the run folder")
    elapsed = time.perf_counter() - started
    return found, result, save(found.analysis, result, out, elapsed, finish)
