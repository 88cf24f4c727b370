"""Which engine draws creators: numpy, or compiled code where numba is installed."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from os import environ

#: Name of the environment variable that chooses, and what it may say.
VARIABLE, ENGINES = "TIERMIX_ENGINE", ("numpy", "compiled")


def engine() -> str:
    """Return ``numpy`` or ``compiled``: the one asked for, or the faster one that is there.

    Raises
    ------
    EngineError
        If the variable names another engine, or one that is not installed.
    """
    asked = environ.get(VARIABLE) or ("compiled" if _installed() else "numpy")
    if asked not in ENGINES:
        raise EngineError(f"{VARIABLE}(={asked}) must be numpy or compiled")
    if asked == "compiled" and not _installed():
        raise EngineError(f"{VARIABLE}=compiled needs numba: pip install 'tiermix[fast]'")
    return asked


class EngineError(ValueError):
    """The engine asked for is unknown, or not installed."""


@cache
def _installed() -> bool:
    return find_spec("numba") is not None
