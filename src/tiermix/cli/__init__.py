"""The command line: parses, calls, prints, exits. Nothing heavy is imported before it is needed."""

from __future__ import annotations

import errno
import os
import sys
from io import StringIO
from typing import NoReturn

import typer

from tiermix.cli import calibrating, main_job, questions, reports, scenario_files, sensitivity
from tiermix.cli.options import FAILED, INTERRUPTED, INVALID, app
from tiermix.cli.streams import silence, tell
from tiermix.one_thread import ONE_THREAD
from tiermix.plain import brief
from tiermix.stopping import TERMINATED, Terminated, heard, leave, listen

__all__ = [
    "FAILED",
    "INTERRUPTED",
    "INVALID",
    "app",
    "calibrating",
    "main",
    "main_job",
    "questions",
    "reports",
    "scenario_files",
    "sensitivity",
]

#: Errors of a disk that takes no more; files that tiermix writes are named where that happens.
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


def main() -> NoReturn:
    """Run the command line; no traceback reaches a user."""
    os.environ.update(ONE_THREAD)
    try:
        listen()
        try:
            code = app(standalone_mode=False) or 0
            print(end="", flush=True)
        except (Exception, SystemExit) as error:
            code = heard() or _explain(error)
    except KeyboardInterrupt:
        leave(INTERRUPTED)
    except Terminated:
        leave(TERMINATED)
    if code in (INTERRUPTED, TERMINATED):
        leave(code)
    sys.exit(code)


def _explain(error: Exception | SystemExit) -> int:
    """Print what went wrong; return the exit code."""
    if isinstance(error, BrokenPipeError) or isinstance(error.__context__, BrokenPipeError):
        return _stop_writing()
    if isinstance(error, SystemExit):
        return int(error.code or 0)
    if isinstance(error, typer.TyperException):
        shown = StringIO()
        error.show(shown)  # type: ignore[attr-defined]
        _say(shown.getvalue().rstrip("\n"))
        return FAILED
    from optimize.errors import InfeasibleError, OptimizeError
    from sim.engine import EngineError
    from tiermix.errors import (
        DamagedRunError,
        ScenarioError,
        TableError,
        TiermixError,
        TooLargeError,
    )

    if isinstance(error, ScenarioError | InfeasibleError | TableError | TooLargeError):
        _say(str(error))
        return INVALID
    if isinstance(error, DamagedRunError):
        _say(f"tiermix: {error}")
        return INVALID
    if isinstance(error, OSError) and error.filename is None and error.errno in NO_ROOM:
        _say(f"tiermix: standard output: cannot be written ({error.strerror})")
        return FAILED
    if isinstance(error, TiermixError | OptimizeError | EngineError | OSError):
        _say(f"tiermix: {error}")
        return FAILED
    return _confess(error)


def _say(message: str) -> None:
    """Print what went wrong, whatever names it holds."""
    tell(brief(message))


def _stop_writing() -> int:
    """Write no more to a reader who has gone, such as `head`: nothing is wrong."""
    silence(sys.stdout, sys.stderr)
    return 0


def _confess(error: Exception) -> int:
    """Say that this is tiermix's fault."""
    if "TIERMIX_DEBUG" in os.environ:
        raise error
    _say(
        f"tiermix: internal error: {type(error).__name__}: {error}\n"
        "Please report it; with TIERMIX_DEBUG=1 the traceback is printed."
    )
    return FAILED
