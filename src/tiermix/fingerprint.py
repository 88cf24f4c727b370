"""What decides the bytes of a result beside its scenario: code, libraries, processor."""

from __future__ import annotations

import platform
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import numpy as np
from scipy.special import expit, ndtri

import optimize
import sim
import tiermix
from sim.engine import engine
from tiermix.errors import SchedulerError

#: What there is to tell apart, by name.
Fingerprint = dict[str, str]

#: Libraries whose versions decide the numbers of a run.
PACKAGES = ("tiermix", "numpy", "scipy", "PuLP", "highspy")


@cache
def fingerprint() -> Fingerprint:
    """Return what decides the bytes of this process."""
    return {
        "Python": ".".join(platform.python_version_tuple()[:2]),
        **{package: version(package) for package in PACKAGES},
        "engine": engine(),
        **({"numba": version("numba")} if engine() == "compiled" else {}),
        "code": _code(),
        "digits": _digits(),
    }


def _code() -> str:
    """Return a hash of the source of the three packages."""
    found = sha256()
    for package in (sim, optimize, tiermix):
        root = Path(package.__path__[0])
        for path in sorted(root.rglob("*.py")):
            found.update(path.relative_to(root).as_posix().encode())
            found.update(path.read_bytes())
    return found.hexdigest()


def _digits() -> str:
    """Return a hash of what processors and threads of matrix products may round differently."""
    x = np.linspace(0.001, 0.999, 2**17)
    table = np.stack([np.exp(-9 * x), np.log(x), expit(9 * x), ndtri(x)], axis=1)
    values = [table, x @ table, table.T @ table, x @ x, table.sum(axis=0)]
    return sha256(b"".join(value.tobytes() for value in values)).hexdigest()


def differences(home: Fingerprint, here: Fingerprint) -> SchedulerError | None:
    """Return what makes a worker's bytes differ from those at home; None where nothing does."""
    said = {
        "engine": f"the engine {here.get('engine')}, not {home.get('engine')}",
        "code": "another state of tiermix's own code",
        "digits": "a processor, or threads of matrix products, that round otherwise (start workers "
        "with OPENBLAS_NUM_THREADS=1)",
    }
    for name, value in home.items():
        if here.get(name) != value:
            other = said.get(name, f"{name} {here.get(name)}, not {value}")
            return SchedulerError(
                f"the worker on {platform.node()} would not give the same bytes: it has {other}"
            )
    return None
