"""Where the command starts: whatever happens from here on, an interruption is no traceback."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from tiermix.stopping import INTERRUPTED, TERMINATED, Terminated, leave, listen


def main() -> NoReturn:
    """Run the command line; also its imports may be interrupted."""
    try:
        listen()
        _open_what_is_closed()
        from tiermix.cli import main as command_line

        command_line()
    except KeyboardInterrupt:
        leave(INTERRUPTED)
    except Terminated:
        leave(TERMINATED)


def _open_what_is_closed() -> None:
    """Keep the numbers of closed standard streams from files, which would receive their output."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # no character may stop a result, whatever the locale
            stream.reconfigure(errors="replace")
