"""The command line: parses, calls, prints, exits. Nothing heavy is imported before it is needed."""

from __future__ import annotations

import os
import sys

import typer

from tiermix.cli import calibrating, main_job, questions, reports, scenario_files, sensitivity
from tiermix.cli.options import FAILED, INTERRUPTED, INVALID, app

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


def main() -> None:
    """Run the command line; no traceback reaches a user."""
    try:
        code = app(standalone_mode=False) or 0
        print(end="", flush=True)
    except KeyboardInterrupt:
        code = INTERRUPTED
    except (Exception, SystemExit) as error:
        code = _explain(error)
    if code == INTERRUPTED:
        typer.echo("Interrupted.", err=True)
    sys.exit(code)


def _explain(error: Exception | SystemExit) -> int:
    """Print what went wrong; return the exit code."""
    if isinstance(error, BrokenPipeError) or isinstance(error.__context__, BrokenPipeError):
        return _stop_writing()
    if isinstance(error, SystemExit):
        return int(error.code or 0)
    if isinstance(error, typer.TyperException):
        error.show()  # type: ignore[attr-defined]
        return FAILED
    from optimize.errors import InfeasibleError, OptimizeError
    from sim.engine import EngineError
    from tiermix.errors import ScenarioError, TableError, TiermixError, TooLargeError

    if isinstance(error, ScenarioError | InfeasibleError | TableError | TooLargeError):
        typer.echo(str(error), err=True)
        return INVALID
    if isinstance(error, TiermixError | OptimizeError | EngineError | OSError):
        typer.echo(f"tiermix: {error}", err=True)
        return FAILED
    return _confess(error)


def _stop_writing() -> int:
    """Write no more to a reader who has gone, such as `head`: nothing is wrong."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _confess(error: Exception) -> int:
    """Say that this is tiermix's fault."""
    if "TIERMIX_DEBUG" in os.environ:
        raise error
    typer.echo(
        f"tiermix: internal error: {type(error).__name__}: {error}\n"
        "Please report it; with TIERMIX_DEBUG=1 the traceback is printed.",
        err=True,
    )
    return FAILED
