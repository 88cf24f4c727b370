"""What can go wrong, as exceptions.

::

    TiermixError
    ├── ScenarioError      a scenario file that cannot be used, with every problem in it
    ├── TooLargeError      a scenario that would take hours
    ├── RunFolderError     a run folder that cannot be written or read
    ├── UsageError         a command called with something it cannot use
    └── FileExistsAlreadyError   a file that is not overwritten
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


class TiermixError(Exception):
    """Base of every error that tiermix raises for its users to read."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong in a file.

    Parameters
    ----------
    line, column : int
        Position in the file, counted from 1; 0 when the file as a whole is meant.
    path : str
        Place in the document, such as ``tiers.micro.fee``; empty for the whole document.
    message : str
        What is wrong and what was expected.
    """

    line: int
    column: int
    path: str
    message: str

    def __str__(self) -> str:
        place = f"{self.line}:{self.column}: " if self.line else ""
        return f"{place}{self.path}: {self.message}" if self.path else f"{place}{self.message}"


class ScenarioError(TiermixError):
    """A scenario file that cannot be used.

    Parameters
    ----------
    source : str
        Name of the file, as people should see it.
    problems : iterable of Problem
        Everything that is wrong; kept sorted by position.
    """

    def __init__(self, source: str, problems: Iterable[Problem]) -> None:
        self.source = source
        self.problems = tuple(sorted(problems))
        super().__init__(source, self.problems)

    def __str__(self) -> str:
        return "\n".join(
            f"{self.source}:{'' if problem.line else ' '}{problem}" for problem in self.problems
        )


class TooLargeError(TiermixError):
    """A scenario that would take hours."""


class RunFolderError(TiermixError):
    """A run folder that cannot be written or read."""


class UsageError(TiermixError):
    """A command that was called with something it cannot use."""


class FileExistsAlreadyError(TiermixError):
    """A file that is there already and is not overwritten."""
