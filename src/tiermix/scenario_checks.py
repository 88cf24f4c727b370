"""Scenario files that are checked, started and described, without being answered."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tiermix.errors import ScenarioError
from tiermix.result_schema import result_schema
from tiermix.scenario_file import read
from tiermix.schema import json_schema
from tiermix.starter import starter_text
from tiermix.whole_files import write_new


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
    write_new(path, starter_text(), "choose another name, or move it away")


def schema_text() -> str:
    """Return the JSON Schema of the scenario file."""
    return json.dumps(json_schema(), indent=2)


def result_schema_text() -> str:
    """Return the JSON Schema of the result document."""
    return json.dumps(result_schema(), indent=2)
