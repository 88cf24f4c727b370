"""Folders that take each other's place in one step, and are on the disk before they do."""

from __future__ import annotations

import ctypes
import errno
import os
import re
import shutil
import sys
from collections.abc import Collection
from pathlib import Path

#: What a file system says that cannot exchange two names.
UNABLE = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EPERM)

#: "This folder" and "exchange", for renameat2 of Linux.
_AT_FDCWD, _EXCHANGE = -100, 2

#: "Exchange", for renamex_np of macOS.
_SWAP = 2

#: How the old folder is called while it is set aside, where names cannot be exchanged.
OLD = "-old"


def take_along(old: Path, draft: Path, without: Collection[str] = ()) -> None:
    """Add to a finished folder what others put into the one whose place it takes.

    Parameters
    ----------
    old, draft : Path
        In one folder. Where both have a name, that of `draft` counts.
    without : collection of str
        Names that are left behind.

    Raises
    ------
    OSError
        If something can be neither linked nor copied.
    """
    if old.is_symlink() or not old.is_dir():
        return
    for path in old.iterdir():
        taken = draft / path.name
        if path.name in without or os.path.lexists(taken):
            continue
        if path.is_dir() and not path.is_symlink():
            taken.mkdir()
            take_along(path, taken)
            shutil.copystat(path, taken)
        else:
            _linked(path, taken)


def _linked(path: Path, taken: Path) -> None:
    """Give a file a second name, or copy it where a file system has no such thing."""
    try:
        os.link(path, taken, follow_symlinks=False)
    except (OSError, NotImplementedError):
        shutil.copy2(path, taken, follow_symlinks=False)


def put_in_place(draft: Path, target: Path) -> None:
    """Put a finished folder where an old one may be: whoever looks sees one or the other.

    Where the system cannot exchange two names the old folder is set aside first; if the process
    is killed there, `swept` puts it back.

    Parameters
    ----------
    draft, target : Path
        In one folder. What was at `target` is removed.

    Raises
    ------
    OSError
        If something else than a folder is there, or the system fails.
    """
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise OSError(None, "something else has the name of the run folder")
    on_disk(draft)
    if not target.exists():
        draft.rename(target)
    elif _exchanged(draft, target):
        shutil.rmtree(draft)
    else:
        _put_aside(draft, target)
    _flushed(target.parent)


def _put_aside(draft: Path, target: Path) -> None:
    """Put the finished folder where the old one was; if that fails, the old one is back."""
    old = draft.with_name(f"{draft.name}{OLD}")
    target.rename(old)
    try:
        draft.rename(target)
    except BaseException:
        old.rename(target)
        raise
    shutil.rmtree(old)


def swept(under: Path, name: str) -> None:
    """Remove what killed processes left of a run folder, and put back what they had set aside.

    Parameters
    ----------
    under : Path
        Folder of all runs.
    name : str
        Of the run folder, which nobody else is at.
    """
    left = re.compile(rf"\.{re.escape(name)}-[0-9a-f]{{8}}({OLD})?")
    for path in sorted(under.iterdir(), key=lambda path: path.name.endswith(OLD), reverse=True):
        if left.fullmatch(path.name) and path.is_dir():
            if path.name.endswith(OLD) and not (under / name).exists():
                path.rename(under / name)
            else:
                shutil.rmtree(path)


def on_disk(folder: Path) -> None:
    """Wait until everything in a folder is on the disk."""
    for root, _, files in os.walk(folder, topdown=False):
        for path in (Path(root, file) for file in files):
            if path.is_file() and not path.is_symlink():  # a pipe would be waited for
                _flushed(path)
        _flushed(Path(root))


def _flushed(path: Path) -> None:
    """Wait until a file or folder is on the disk, where the system knows how."""
    if sys.platform == "win32" and path.is_dir():
        return
    file = os.open(path, os.O_RDWR if sys.platform == "win32" else os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _exchanged(one: Path, other: Path) -> bool:
    """Exchange two names in one step, if the system can."""
    names = os.fsencode(one), os.fsencode(other)
    if sys.platform == "win32":
        return False
    system = ctypes.CDLL(None, use_errno=True)
    if hasattr(system, "renameat2"):
        failed = system.renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _EXCHANGE)
    elif hasattr(system, "renamex_np"):
        failed = system.renamex_np(*names, _SWAP)
    else:
        return False
    if not failed:
        return True
    code = ctypes.get_errno()
    if code in UNABLE:
        return False
    raise OSError(code, os.strerror(code), str(one))
