"""The commands, as plain functions: they return what they found and print nothing."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from optimize.errors import InfeasibleError
from tiermix.analysis import Analysis, Progress, analyse
from tiermix.errors import FileExistsAlreadyError, ScenarioError, UsageError
from tiermix.result import document
from tiermix.result_schema import Document, result_schema
from tiermix.runs import prepare, save
from tiermix.scenario import Scenario
from tiermix.scenario_file import read
from tiermix.schema import json_schema
from tiermix.starter import starter_text

#: What a plan is set beside: the file's strategies, the rules of thumb, or no plan.
Compared = Literal["strategies", "baselines", "nothing"]


def load(path: str, worlds: int | None, seed: int | None) -> Scenario:
    """Read a scenario; `worlds` and `seed` replace the file's where they are given.

    Raises
    ------
    ScenarioError
        If the file cannot be used.
    """
    scenario = read(path)
    return replace(
        scenario,
        worlds=scenario.worlds if worlds is None else worlds,
        seed=scenario.seed if seed is None else seed,
    )


def answer(
    scenario: Scenario, progress: Progress, *, optimise: bool, compare: Compared
) -> Analysis:
    """Answer a scenario; what is infeasible is said with the name of its file.

    Parameters
    ----------
    scenario : Scenario
    progress, optimise, compare
        As for `tiermix.analysis.analyse`.

    Raises
    ------
    InfeasibleError
        If no plan satisfies all limits.
    """
    try:
        return analyse(scenario, optimise=optimise, compare=compare, progress=progress)
    except InfeasibleError as error:
        raise InfeasibleError(f"{scenario.path}: {error}") from error


def run(scenario: Scenario, out: Path, progress: Progress) -> tuple[Analysis, Document, Path]:
    """Answer a scenario and write its run folder."""
    started = time.perf_counter()
    prepare(out)
    analysis = answer(scenario, progress, optimise=True, compare="strategies")
    result = document(analysis)
    progress("writing the run folder")
    folder = save(analysis, result, out, time.perf_counter() - started)
    return analysis, result, folder


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
        with path.open("x", encoding="utf-8") as file:
            file.write(starter_text())
    except FileExistsError:
        raise FileExistsAlreadyError(
            f"{path} exists and is left as it is: choose another name, or move it away"
        ) from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be written ({error.strerror})") from error


def library() -> list[str]:
    """Return the scenario files of the folder `scenarios`.

    Raises
    ------
    UsageError
        If there are none here.
    """
    found = sorted(str(path) for path in Path("scenarios").glob("*.yaml"))
    if not found:
        raise UsageError("there is no folder 'scenarios' here: name the scenario files")
    return found


def schema_text() -> str:
    """Return the JSON Schema of the scenario file."""
    return json.dumps(json_schema(), indent=2)


def result_schema_text() -> str:
    """Return the JSON Schema of the result document."""
    return json.dumps(result_schema(), indent=2)
