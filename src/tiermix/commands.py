"""The commands, as plain functions: they return what they found and print nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from optimize.errors import InfeasibleError
from sim.mapping import Mapper, threads
from tiermix.analysing import Compared, analyse
from tiermix.analysis import Analysis, Progress
from tiermix.certifying import certified, refuse_floors
from tiermix.checkpoint import about, kept, opened
from tiermix.errors import UsageError
from tiermix.folder_lock import locked
from tiermix.forgotten import sweep
from tiermix.report.making import complete
from tiermix.result import document
from tiermix.result_schema import Document
from tiermix.runs import job_name, prepare, save
from tiermix.scenario import Scenario
from tiermix.scenario_file import read
from tiermix.streaming import BANK, HELD, check_stream, streamed
from tiermix.sure import AS_STATED, Sure, answered
from tiermix.swapping import swept
from tiermix.versus import on_common_worlds


def load(path: str, worlds: int | None, seed: int | None, *, named: bool = False) -> Scenario:
    """Read a scenario; `worlds` and `seed` replace the file's where they are given.

    Parameters
    ----------
    path : str
    worlds, seed : int or None
    named : bool
        Whether named creators can be dealt with.

    Raises
    ------
    ScenarioError
        If the file cannot be used.
    UsageError
        If it names creators, and these can not be dealt with.
    """
    scenario = read(path)
    if scenario.roster is not None and not named:
        raise UsageError(
            f"{path}: names its creators (roster), which this command can not plan; use `tiermix "
            "run`, `optimize` or `simulate`, and run them again to try another budget or quote"
        )
    return replace(
        scenario,
        worlds=scenario.worlds if worlds is None else worlds,
        seed=scenario.seed if seed is None else seed,
    )


def _start_engine(progress: Progress) -> None:
    """Get the engine that draws creators ready, telling that it may have to be compiled first."""
    from sim.engine import engine

    if engine() == "compiled":
        from sim.compiled import ready

        progress("loading the compiled engine (the first time it is compiled: some seconds)")
        ready()


def answer(
    scenario: Scenario,
    progress: Progress,
    *,
    optimise: bool,
    compare: Compared,
    certify: bool = False,
    asked: Sure = AS_STATED,
    order: Sequence[str] = (),
    mapper: Mapper = threads,
) -> Analysis:
    """Answer a scenario; what is infeasible is said with the name of its file.

    Parameters
    ----------
    scenario : Scenario
    progress, optimise, compare
        As for `tiermix.analysing.analyse`.
    certify : bool
        Whether to say how far the best plan is from the best for all worlds, on fresh ones.
    asked : Sure
        What the answer is to be sure of.
    order : sequence of str
        As for `tiermix.analysing.analyse`.
    mapper : Mapper, optional
        What plays worlds and optimises on fresh banks.

    Raises
    ------
    InfeasibleError
        If no plan satisfies all limits.
    """
    if certify:
        refuse_floors(scenario)
    _start_engine(progress)
    n_worlds = scenario.worlds
    if streams := asked.precision is None and n_worlds > HELD:
        check_stream(scenario)
        scenario = replace(scenario, worlds=BANK)
    try:
        once = partial(
            analyse,
            optimise=optimise,
            compare=compare,
            progress=progress,
            order=order,
            mapper=mapper,
        )
        analysis = answered(scenario, asked, once, progress, mapper)
    except InfeasibleError as error:
        raise InfeasibleError(f"{scenario.path}: {error}") from error
    if certify:
        analysis = certified(analysis, progress, mapper)
    return streamed(analysis, n_worlds, progress, mapper) if streams else analysis


def run(
    scenario: Scenario,
    out: Path,
    progress: Progress,
    *,
    certify: bool = False,
    report: bool = False,
    asked: Sure = AS_STATED,
    mapper: Mapper = threads,
    resume: bool = False,
    tell: Callable[[str], None] = lambda line: None,
) -> tuple[Analysis, Document, Path]:
    """Answer a scenario and write its run folder, with a report if it is asked for.

    Parameters
    ----------
    scenario : Scenario
    out : Path
        Folder of all runs.
    progress : callable
    certify, asked, mapper
        As for `answer`.
    report : bool
    resume : bool
        Whether to go on with what an interrupted run has kept.
    tell : callable, optional
        Told what people should know of interrupted runs.

    Raises
    ------
    InfeasibleError
        If no plan satisfies all limits.
    RunFolderError
        If another process is at this run, or its folder cannot be written.
    """
    started = time.perf_counter()
    prepare(out)
    job = job_name(scenario, repr(asked) if asked != AS_STATED else "")
    of = partial(about, scenario, repr(asked))
    with locked(out, job):
        swept(out, job)
        with opened(out / f".{job}.checkpoint", of, tell, resume=resume) as store:
            analysis = answer(
                scenario,
                progress,
                optimise=True,
                compare="strategies",
                certify=certify,
                asked=asked,
                mapper=kept(mapper, store),
            )
            result = document(analysis)
            progress("writing the run folder")
            elapsed = time.perf_counter() - started
            finish = partial(complete, analysis, report=report)
            folder = save(analysis, result, out, elapsed, finish, job)
        sweep(out, job)
    return analysis, result, folder


def compare(
    scenarios: Sequence[Scenario],
    progress: Progress,
    asked: Sure = AS_STATED,
    mapper: Mapper = threads,
) -> list[Analysis]:
    """Answer scenarios on common worlds; the first one says how many and which.

    Parameters
    ----------
    scenarios : sequence of Scenario
    progress : callable
    asked : Sure
        Its precision is that of the first scenario.
    mapper : Mapper, optional
        What plays the worlds.
    """

    def of(scenario: Scenario, order: Sequence[str]) -> Analysis:
        wanted = asked if scenario is scenarios[0] else replace(asked, precision=None)
        return answer(
            scenario,
            progress,
            optimise=True,
            compare="strategies",
            asked=wanted,
            order=order,
            mapper=mapper,
        )

    return on_common_worlds(scenarios, of)


def documents(analyses: Sequence[Analysis]) -> Mapping[str, Any]:
    """Return one result document, or several under `scenarios`."""
    found = [document(analysis) for analysis in analyses]
    return found[0] if len(found) == 1 else {"tiermix": found[0]["tiermix"], "scenarios": found}
