"""One process a run folder: a lock that the system lets go of when its holder ends, however."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from tiermix.errors import RunFolderError, folder_not_written

if sys.platform == "win32":
    import msvcrt

    def _taken(file: int) -> bool:
        """Lock a byte far behind the text, which others may still read."""
        os.lseek(file, 1 << 30, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _taken(file: int) -> bool:
        """Lock the file, if nobody has."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


@contextmanager
def locked(under: Path, name: str) -> Iterator[None]:
    """Hold a run folder for this process alone.

    The lock lies beside the folder, which is exchanged as a whole. A lock that a process left when
    it was killed holds nobody up.

    Parameters
    ----------
    under : Path
        Folder of all runs; it exists.
    name : str
        Of the run folder.

    Raises
    ------
    RunFolderError
        If another process holds it, or it cannot be written.
    """
    path = under / f".{name}.lock"
    try:
        file = _locked(path)
    except OSError as error:
        raise folder_not_written(path, error) from error
    if file is None:
        raise RunFolderError(f"{under / name}: {_holder(path)}: wait for it, or stop it")
    try:
        _sign(file, path)
        yield
    finally:
        with suppress(OSError):  # where open files cannot be removed it stays, for the next one
            path.unlink()
        os.close(file)


def _locked(path: Path) -> int | None:
    """Return the open file with its lock; None where another process has it."""
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        if not _taken(file):
            os.close(file)
            return None
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(file), path.stat()):
                return file
        os.close(file)  # its holder has removed it meanwhile


def _sign(file: int, path: Path) -> None:
    """Say in a lock who holds it."""
    since = datetime.now().astimezone().isoformat(" ", "seconds")
    said = {"pid": os.getpid(), "host": platform.node(), "since": since}
    try:
        os.ftruncate(file, 0)
        os.lseek(file, 0, os.SEEK_SET)
        os.write(file, json.dumps(said).encode())
    except OSError as error:  # the disk is full
        raise folder_not_written(path, error) from error


def _holder(path: Path) -> str:
    """Return who holds a lock, in words."""
    try:
        said = json.loads(path.read_text())
        return f"process {said['pid']} on {said['host']} is at this run since {said['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process is at this run"
