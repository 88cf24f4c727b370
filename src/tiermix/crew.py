"""Work in other processes: items in bundles that are worth a journey, results in order."""

from __future__ import annotations

import ctypes
import sys
import traceback
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from itertools import islice
from time import perf_counter
from typing import Any, Generic, Protocol, TypeVar

from sim.mapping import alone
from tiermix.fingerprint import Fingerprint, differences, fingerprint

T = TypeVar("T")
R = TypeVar("R")

#: Work of a bundle of items, in seconds: a hundred times what its journey costs.
WORTH = 0.2

#: Names of settings of malloc in glibc.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3

#: Bundles that are under way for each worker: one to work on, the others to come.
AHEAD = 3


@dataclass(frozen=True, slots=True)
class Raised:
    """An error that a task raised, on its way home."""

    error: Exception


@dataclass(frozen=True, slots=True)
class Done(Generic[R]):
    """What came of a bundle: a result an item, or an error last; and how long it took."""

    results: Sequence[R | Raised]
    seconds: float


class Coming(Protocol):
    """A bundle under way."""

    def result(self) -> Done[Any]:
        """Wait for what comes of it."""

    def cancel(self) -> object:
        """Stop waiting for it."""


class Crew(ABC):
    """Workers in other processes: a `sim.mapping.Mapper`."""

    @abstractmethod
    def size(self) -> int:
        """Return how many bundles are worked on at once."""

    @abstractmethod
    def sender(self, task: Callable[[T], R]) -> Callable[[Sequence[T]], Coming]:
        """Return what sends bundles of items of a task."""

    def __call__(self, task: Callable[[T], R], items: Iterable[T], /) -> Iterator[R]:
        """Yield the results in the order of the items, which are taken as they are needed."""
        send, left, taken = self.sender(task), iter(items), Measured()
        coming: deque[Coming] = deque()
        try:
            while True:
                while len(coming) < AHEAD * self.size():
                    bundle = list(islice(left, taken.bundle))
                    if not bundle:
                        break
                    coming.append(send(bundle))
                if not coming:
                    return
                done = coming.popleft().result()
                taken.add(done)
                for result in done.results:
                    if isinstance(result, Raised):
                        raise result.error
                    yield result
        finally:
            for bundle_coming in coming:
                bundle_coming.cancel()


class Measured:
    """How long items take, and so how many of them are worth a journey."""

    def __init__(self) -> None:
        self.bundle = 1

    def add(self, done: Done[Any]) -> None:
        """Learn from a bundle; the next ones are at most twice as large."""
        each = max(done.seconds / len(done.results), 1e-9)
        self.bundle = max(1, min(2 * len(done.results), int(WORTH / each)))


def work(task: Callable[[T], R], bundle: Sequence[T], home: Fingerprint) -> Done[R]:
    """Return the results of a bundle, at a worker.

    Parameters
    ----------
    task : callable
    bundle : sequence
        Items.
    home : Fingerprint
        Of the process whose bytes the results must have.
    """
    _keep_memory()
    start, results = perf_counter(), list[R | Raised]()
    strange = differences(home, fingerprint())
    if strange is not None:
        return Done([Raised(strange)], 0.0)
    for item in bundle:
        try:
            results.append(alone(task, item))
        except Exception as error:
            error.add_note(f"At a worker:\n{''.join(traceback.format_exception(error))}")
            return Done([*results, Raised(error)], perf_counter() - start)
    return Done(results, perf_counter() - start)


@cache
def _keep_memory() -> None:
    """Let a worker keep the memory that arrays leave, for the next ones.

    Dask's default gives it back at once, so that every array costs fresh pages: that took as long
    as the work.
    """
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # another C library
            system = ctypes.CDLL(None)
            system.mallopt(_MMAP_THRESHOLD, 2**25)
            system.mallopt(_TRIM_THRESHOLD, 2**29)
