"""The commands, as plain functions: they return what they found and print nothing."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from optimize.errors import InfeasibleError
from sim.mapping import Mapper, one_by_one, threads
from tiermix.analysing import Compared, analyse
from tiermix.analysis import Analysis, Progress
from tiermix.certifying import certified, refuse_floors
from tiermix.checkpoint import about, kept, opened
from tiermix.crossing import ENOUGH_WORLDS, crossover
from tiermix.errors import FileExistsAlreadyError, ScenarioError, UsageError, not_written
from tiermix.folder_lock import locked
from tiermix.forgotten import sweep
from tiermix.mixes import Crossover
from tiermix.quantity import parse_number, shown
from tiermix.report.making import complete
from tiermix.result import document
from tiermix.result_schema import Document, result_schema
from tiermix.runs import job_name, prepare, save, write_csv
from tiermix.scenario import Scenario
from tiermix.scenario_file import read
from tiermix.schema import json_schema
from tiermix.sensitivity import Sensitivity, sensitivity
from tiermix.sizes import check_size
from tiermix.starter import starter_text
from tiermix.streaming import BANK, HELD, check_stream, streamed
from tiermix.sure import AS_STATED, Sure, answered
from tiermix.swapping import swept
from tiermix.trade_off import TradeOff, metric_trade_off, risk_trade_off
from tiermix.versus import on_common_worlds
from tiermix.whole_files import drafted, write_new


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


def trade(
    scenario: Scenario,
    metrics: str | None,
    worst: str | None,
    n_points: int,
    progress: Progress,
    *,
    risk: bool,
    mapper: Mapper = one_by_one,
) -> TradeOff:
    """Find the plans between two aims.

    Parameters
    ----------
    scenario : Scenario
    metrics : str or None
        Two names with a comma between them.
    worst : str or None
        Share of worlds that counts as the worst, with `risk` alone.
    n_points : int
    progress : callable
    risk : bool
        Whether the aims are the mean and the worst worlds of the objective.
    mapper : Mapper, optional
        What finds the plans.

    Raises
    ------
    UsageError
        If the options do not fit together.
    """
    check_size(scenario)
    if worst is not None and not risk:
        raise UsageError("--worst goes with --risk")
    if risk:
        if metrics is not None:
            raise UsageError("--metrics and --risk are two different trade-offs; choose one")
        return risk_trade_off(scenario, _worst(worst), n_points, progress, mapper)
    names = _names(metrics)
    if names is not None and len(names) != 2:
        raise UsageError("--metrics: expected two names, such as reach,conversions")
    pair = (names[0], names[1]) if names else None
    return metric_trade_off(scenario, pair, n_points, progress, mapper)


def cross(
    scenario: Scenario,
    budgets: str | None,
    objectives: str | None,
    progress: Progress,
    *,
    all_worlds: bool,
    mapper: Mapper = one_by_one,
) -> Crossover:
    """Find the best mix by budget and objective.

    Parameters
    ----------
    scenario : Scenario
    budgets : str or None
        The least and the most, with a colon between them.
    objectives : str or None
        Names with commas between them.
    progress : callable
    all_worlds : bool
        Whether to use all worlds, or no more than are enough.
    mapper : Mapper, optional
        What finds the best mixes.

    Raises
    ------
    UsageError
        If an option can not be understood.
    """
    if not all_worlds:
        scenario = replace(scenario, worlds=min(scenario.worlds, ENOUGH_WORLDS))
    check_size(scenario)
    return crossover(scenario, _ends(budgets), _names(objectives), progress, mapper)


def ask(scenario: Scenario, progress: Progress) -> Sensitivity:
    """Ask what would change the answer, and what it would be worth to know.

    Parameters
    ----------
    scenario : Scenario
    progress : callable

    Raises
    ------
    InfeasibleError
        If no plan satisfies all limits.
    """
    check_size(scenario)
    try:
        return sensitivity(scenario, progress)
    except InfeasibleError as error:
        raise InfeasibleError(f"{scenario.path}: {error}") from error


def _names(text: str | None) -> list[str] | None:
    return None if text is None else [name.strip() for name in text.split(",") if name.strip()]


def _worst(text: str | None) -> float | None:
    """Return a share of worlds, such as 10% or 0.1."""
    if text is None:
        return None
    value = _number("--worst", text)
    if not 0 < value < 1:
        raise UsageError(f"--worst: {shown(text)}; expected a share between 0 and 1, such as 10%")
    return value


def _ends(text: str | None) -> tuple[float, float] | None:
    """Return the least and the most of budgets such as 5k:500k."""
    if text is None:
        return None
    low, colon, high = text.partition(":")
    if not colon or "%" in text:
        raise UsageError(f"--budgets: {shown(text)}; expected LOW:HIGH, such as 5k:500k")
    return _number("--budgets", low), _number("--budgets", high)


def _number(option: str, text: str) -> float:
    try:
        return parse_number(text.strip()).low
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from None


def write_rows(path: Path | None, rows: list[dict[str, Any]]) -> None:
    """Write a table to a CSV file, if one is asked for.

    Raises
    ------
    UsageError
        If it cannot be written.
    """
    if path is None:
        return
    try:
        with drafted(path) as draft:
            write_csv(draft, rows)
    except OSError as error:
        raise not_written(path, error) from error


def documents(analyses: Sequence[Analysis]) -> Mapping[str, Any]:
    """Return one result document, or several under `scenarios`."""
    found = [document(analysis) for analysis in analyses]
    return found[0] if len(found) == 1 else {"tiermix": found[0]["tiermix"], "scenarios": found}


@dataclass(frozen=True, slots=True)
class Check:
    """What came of reading a scenario file: its name, or what is wrong."""

    file: str
    name: str
    error: ScenarioError | None

    @property
    def valid(self) -> bool:
        """Whether the file can be used."""
        return self.error is None

    def __str__(self) -> str:
        return str(self.error) if self.error else f"{self.file}: valid ({self.name})"

    def as_data(self) -> dict[str, Any]:
        """Return the check as plain data."""
        problems = [asdict(problem) for problem in self.error.problems] if self.error else []
        return {"file": self.file, "valid": self.valid, "problems": problems}


def check(files: Sequence[str]) -> list[Check]:
    """Read scenario files and say what is wrong with each."""
    checks = []
    for file in files:
        try:
            checks.append(Check(file, read(file).name, None))
        except ScenarioError as error:
            checks.append(Check(file, "", error))
    return checks


def write_starter(path: Path) -> None:
    """Write a commented scenario to start from.

    Raises
    ------
    FileExistsAlreadyError
        If there is a file of that name: nothing is overwritten.
    """
    try:
        write_new(path, starter_text())
    except FileExistsError:
        raise FileExistsAlreadyError(
            f"{path} exists and is left as it is: choose another name, or move it away"
        ) from None
    except OSError as error:
        raise not_written(path, error) from error


def schema_text() -> str:
    """Return the JSON Schema of the scenario file."""
    return json.dumps(json_schema(), indent=2)


def result_schema_text() -> str:
    """Return the JSON Schema of the result document."""
    return json.dumps(result_schema(), indent=2)
