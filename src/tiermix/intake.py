"""Bytes from outside: never more than there is room for, and never a wait for nobody."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

#: Standard input, where a file is asked for.
STDIN = "-"

#: Documents of a run (results, reports) are not larger than this.
MAX_DOCUMENT = 100_000_000


def read_bytes(path: str | Path, largest: int) -> bytes:
    """Return what a file holds.

    Devices and pipes are read like files, up to the limit; a pipe that nobody writes to is
    refused and not waited for.

    Parameters
    ----------
    path : str or Path
        ``-`` (as str) is standard input.
    largest : int
        Bytes.

    Raises
    ------
    ValueError
        If it cannot be read, or is larger than that; the message says why.
    """
    try:
        data = _read(path, largest + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ValueError(f"cannot be read: {reason}") from error
    if len(data) > largest:
        raise ValueError(f"larger than {largest // 1_000_000} MB")
    return data


def _read(path: str | Path, most: int) -> bytes:
    if path == STDIN:
        if sys.stdin is None:
            raise ValueError("standard input is closed")
        return sys.stdin.buffer.read(most)
    with open(path, "rb", opener=_without_waiting) as file:
        empty_pipe = stat.S_ISFIFO(os.fstat(file.fileno()).st_mode) and not file.peek(1)
        if empty_pipe:
            raise ValueError("a pipe that nobody writes to")
        return file.read(most)


def _without_waiting(path: str, flags: int) -> int:
    """Open a file; where it is a pipe, do not wait for somebody to write to it."""
    number = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
    if hasattr(os, "set_blocking"):
        os.set_blocking(number, True)
    return number
