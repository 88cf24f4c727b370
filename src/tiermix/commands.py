"""The commands, as plain functions: they return what they found and print nothing."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tiermix.analysis import Analysis, Progress, analyse
from tiermix.errors import FileExistsAlreadyError, UsageError
from tiermix.result import Document, document
from tiermix.runs import save
from tiermix.scenario import Scenario
from tiermix.scenario_file import read
from tiermix.schema import json_schema
from tiermix.starter import starter_text


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


def run(scenario: Scenario, out: Path, progress: Progress) -> tuple[Analysis, Document, Path]:
    """Answer a scenario and write its run folder."""
    started = time.perf_counter()
    analysis = analyse(scenario, progress=progress)
    result = document(analysis)
    progress("writing the run folder")
    folder = save(analysis, result, out, time.perf_counter() - started)
    return analysis, result, folder


def documents(analyses: Sequence[Analysis]) -> Document:
    """Return one result document, or several under `scenarios`."""
    found = [document(analysis) for analysis in analyses]
    return found[0] if len(found) == 1 else {"tiermix": found[0]["tiermix"], "scenarios": found}


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
