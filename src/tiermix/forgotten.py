"""Checkpoints of interrupted runs that nobody went on with."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from time import time

from tiermix.checkpoint import BESIDE
from tiermix.errors import RunFolderError
from tiermix.folder_lock import locked

#: Seconds after which nobody is expected to go on with a run: four weeks.
FORGOTTEN = 28 * 86_400.0


def sweep(under: Path, job: str) -> None:
    """Remove what interrupted runs of a scenario's name kept, once it is forgotten.

    What is younger stays: it may be of other options, and hours of work.

    Parameters
    ----------
    under : Path
        Folder of all runs.
    job : str
        Name of a run that is complete.
    """
    slug = re.escape(job.rpartition("-")[0])
    for path in sorted(under.iterdir()):
        found = re.fullmatch(rf"\.({slug}-[0-9a-f]{{10}})\.checkpoint", path.name)
        files = [path, *(path.with_name(path.name + end) for end in BESIDE)]
        if not found or time() - _touched(files) < FORGOTTEN:
            continue
        with suppress(RunFolderError, OSError), locked(under, found[1]):  # nobody is at it
            for file in files:
                file.unlink(missing_ok=True)


def _touched(files: list[Path]) -> float:
    """Return when one of some files was last written to."""
    return max((file.stat().st_mtime for file in files if file.is_file()), default=0.0)
