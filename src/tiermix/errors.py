"""What can go wrong, as exceptions.

::

    TiermixError
    ├── ScenarioError      a scenario file that cannot be used, with every problem in it
    ├── TableError         a table that cannot be used, with the place of what is wrong
    ├── TooLargeError      a scenario that would take hours
    ├── RunFolderError     a run folder that cannot be written
    │   └── DamagedRunError   a run folder that cannot be read
    ├── SchedulerError     workers that cannot be had, or are lost again and again
    ├── UsageError         a command called with something it cannot use
    └── FileExistsAlreadyError   a file that is not overwritten
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from errno import EDQUOT, EEXIST, EFBIG, ENOSPC
from pathlib import Path


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


class TableError(TiermixError):
    """A table that cannot be used.

    Parameters
    ----------
    source : str
        Name of the file, as people should see it.
    line : int
        Of the file, from 1; 0 when the file as a whole is meant.
    column : str
        Name of the column; empty for all of them.
    message : str
        What is wrong and what was expected.
    """

    def __init__(self, source: str, line: int, column: str, message: str) -> None:
        self.source, self.line, self.column, self.message = source, line, column, message
        super().__init__(source, line, column, message)

    def __str__(self) -> str:
        place = f"{self.source}:{self.line}" if self.line else self.source
        return f"{place}: {f'column {self.column}: ' if self.column else ''}{self.message}"


class TooLargeError(TiermixError):
    """A scenario that would take hours."""


class RunFolderError(TiermixError):
    """A run folder that cannot be written."""


class DamagedRunError(RunFolderError):
    """A run folder that cannot be read: damaged, of another version, or none at all."""


class SchedulerError(TiermixError):
    """Workers that cannot be had, or are lost again and again."""


class UsageError(TiermixError):
    """A command that was called with something it cannot use."""


class FileExistsAlreadyError(TiermixError):
    """A file that is there already and is not overwritten."""


def not_written(path: Path, error: OSError) -> UsageError:
    """Return that a file cannot be written, why, and what to do."""
    return UsageError(_not_written(path, error, "choose another name or folder"))


def folder_not_written(path: Path, error: OSError) -> RunFolderError:
    """Return the same of a run folder, or of something in it."""
    return RunFolderError(_not_written(path, error, "choose another folder with --out"))


def _not_written(path: Path, error: OSError, elsewhere: str) -> str:
    reason = error.strerror or "no such folder"
    if error.errno == EEXIST:
        reason = "something else has that name, or it is a link to nothing"
    full = error.errno in (ENOSPC, EDQUOT, EFBIG)
    remedy = f"make room there, or {elsewhere}" if full else elsewhere
    return f"{path}: cannot be written ({reason}): {remedy}"
