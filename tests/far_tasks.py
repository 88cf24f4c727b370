"""Tasks for workers in other processes, which import them by name."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from optimize.errors import InfeasibleError
from tiermix.errors import Problem as Wrong
from tiermix.errors import ScenarioError


def squared(x: int) -> int:
    """Return a square."""
    return x * x


def squared_after_a_death(folder: Path, x: int) -> int:
    """Return a square; the first time an item of ten comes, its worker is killed."""
    mark = folder / str(x)
    if x % 10 == 3 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return x * x


def deadly(x: int) -> int:
    """Kill the worker."""
    os.kill(os.getpid(), signal.SIGKILL)
    return x


def failing(x: int) -> int:
    """Return the item, or raise errors of the house at the fourth and the sixth one."""
    if x == 3:
        raise InfeasibleError("three is too many")
    if x == 5:
        raise ScenarioError("file.yaml", [Wrong(1, 2, "budget", "none")])
    return x


def of_which_process(x: int) -> int:
    """Return the process in which an item is worked on."""
    return os.getpid() if x >= 0 else 0
