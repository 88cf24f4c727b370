"""Drafts of run folders: hidden while they are written, swept where nobody writes them any more."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex

try:
    import fcntl
except ImportError:  # where files can not be locked so, drafts of the dead stay
    fcntl = None  # type: ignore[assignment]

_DRAFT = re.compile(r"\.(?P<name>.+)-[0-9a-f]{8}(?P<old>-old)?")


@contextmanager
def draft_of(target: Path) -> Iterator[Path]:
    """Yield a new hidden folder beside a target, kept from sweepers; it is gone in the end."""
    draft = target.with_name(f".{target.name}-{token_hex(4)}")
    draft.mkdir(parents=True)
    try:
        with _held(draft):
            yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def sweep(under: Path, name: str) -> None:
    """Remove what killed runs have left of a folder; what was moved aside last is put back.

    Parameters
    ----------
    under : Path
        Folder of all runs.
    name : str
        Of the run folder.
    """
    if fcntl is None:
        return
    for left in sorted(under.glob(".*-*")):
        told = _DRAFT.fullmatch(left.name)
        if told is None or told["name"] != name or left.is_symlink() or not left.is_dir():
            continue
        with suppress(OSError), _held(left, wait=False):
            if told["old"] and not (under / name).exists():
                left.rename(under / name)
            else:
                shutil.rmtree(left, ignore_errors=True)


@contextmanager
def _held(folder: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold the lock of a folder, which its owner's end gives back however that comes."""
    if fcntl is None:
        yield
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(number, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
    finally:
        os.close(number)
