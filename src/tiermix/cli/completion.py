"""What the shell offers when Tab is pressed: scenario files, objectives, run folders."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path


def scenario_files(incomplete: str) -> list[str]:
    """Return folders and YAML files whose path starts as typed."""
    return [path for path in _paths(incomplete) if path.endswith(("/", ".yaml", ".yml"))]


def run_folders(incomplete: str) -> list[str]:
    """Return folders whose path starts as typed, run folders without the slash."""
    folders = (path for path in _paths(incomplete) if path.endswith("/"))
    return [path[:-1] if (Path(path) / "result.json").is_file() else path for path in folders]


def objectives(incomplete: str) -> list[str]:
    """Return objectives that complete the last of a list with commas."""
    from sim.metrics import OBJECTIVES

    before, comma, last = incomplete.rpartition(",")
    return [f"{before}{comma}{name}" for name in _starting(last, OBJECTIVES)]


def _starting(typed: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith(typed)]


def _paths(incomplete: str) -> Iterator[str]:
    """Yield paths that start as typed, folders with a slash behind them, hidden ones left out."""
    typed, slash, name = incomplete.rpartition("/")
    folder = Path(typed + slash or ".").expanduser()
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return
    for entry in entries:
        if entry.name.startswith(name) and not entry.name.startswith("."):
            yield f"{typed}{slash}{entry.name}{'/' if entry.is_dir() else ''}"
