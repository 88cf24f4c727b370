"""Standard streams that may be closed, full or left by their readers."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import IO

import typer

from tiermix.plain import plain


def tell(text: str) -> None:
    """Print to standard error; where nobody hears it, work and exit code are what they were."""
    try:
        typer.echo(plain(text), err=True)
    except OSError:
        silence(sys.stderr)


def silence(*streams: IO[str] | None) -> None:
    """Let streams lead nowhere from here on."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in streams:
        if stream is not None:
            with suppress(OSError, ValueError):  # it has no number, or is closed
                os.dup2(nowhere, stream.fileno())
