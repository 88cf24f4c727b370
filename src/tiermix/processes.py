"""Workers that are processes of this machine; those that are lost are made anew."""

from __future__ import annotations

import os
import pickle
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import lru_cache
from multiprocessing import active_children, get_context, parent_process
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from types import TracebackType
from typing import Any, TypeVar

from sim.mapping import cores
from tiermix.crew import Coming, Crew, Done, work
from tiermix.errors import SchedulerError
from tiermix.fingerprint import Fingerprint, fingerprint
from tiermix.one_thread import ONE_THREAD

T = TypeVar("T")
R = TypeVar("R")

#: How often a bundle is sent before it is given up.
ATTEMPTS = 4


class Processes(Crew):
    """One process a processor, started when the first work comes.

    They are spawned, not forked: a fork of a process with threads may hang.
    """

    def __init__(self) -> None:
        self._before: dict[str, str] = {}
        self._others = set(active_children())
        self._folder = TemporaryDirectory(prefix="tiermix-")
        self._tasks = 0
        self.pool = self._started()

    def _started(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(cores(), get_context("spawn"), _settle)

    def size(self) -> int:
        """Return the number of processors."""
        return cores()

    def sender(self, task: Callable[[T], R]) -> Callable[[Sequence[T]], Coming]:
        """Return what sends bundles; the task lies in a file, which every worker reads once."""
        self._tasks += 1
        path = Path(self._folder.name) / str(self._tasks)
        path.write_bytes(pickle.dumps(task, protocol=5))
        return lambda bundle: _Bundle(self, (str(path), bundle, fingerprint()))

    def renew(self, broken: ProcessPoolExecutor) -> None:
        """Start new workers in place of a broken pool, if nobody has yet."""
        if self.pool is broken:
            broken.shutdown(wait=False, cancel_futures=True)
            self.pool = self._started()

    def __enter__(self) -> Processes:
        self._before = {name: os.environ[name] for name in ONE_THREAD if name in os.environ}
        os.environ.update(ONE_THREAD)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if error is not None:
            for worker in set(active_children()) - self._others:
                worker.terminate()
        self.pool.shutdown(wait=True, cancel_futures=True)
        self._folder.cleanup()
        for name in ONE_THREAD:
            del os.environ[name]
        os.environ.update(self._before)


class _Bundle:
    """A bundle under way; what is lost with a worker is sent again."""

    def __init__(self, crew: Processes, sent: tuple[str, Sequence[Any], Fingerprint]) -> None:
        self._crew, self._sent = crew, sent
        self._send()

    def _send(self) -> None:
        """Send it, to new workers if the old ones are lost."""
        try:
            self._pool = self._crew.pool
            self._future: Future[Done[Any]] = self._pool.submit(_work_on, *self._sent)
        except BrokenProcessPool:
            self._crew.renew(self._pool)
            self._pool = self._crew.pool
            self._future = self._pool.submit(_work_on, *self._sent)

    def result(self) -> Done[Any]:
        """Wait for what comes of it.

        Raises
        ------
        SchedulerError
            If its workers are lost again and again.
        """
        for _ in range(ATTEMPTS):
            try:
                return self._future.result()
            except BrokenProcessPool:
                self._crew.renew(self._pool)
                self._send()
        raise SchedulerError(
            f"--scheduler processes: a process was lost {ATTEMPTS} times at the same work; is "
            "there enough memory? Try --scheduler threads, or fewer --worlds"
        )

    def cancel(self) -> None:
        """Stop waiting for it."""
        self._future.cancel()


def _settle() -> None:
    """Make a process a worker: it leaves interruption to its parent, and ends with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_follow, daemon=True).start()


def _follow() -> None:
    """End with the parent, even if that is killed."""
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


@lru_cache(maxsize=2)
def _task(path: str) -> Callable[[Any], Any]:
    """Return a task that the parent wrote."""
    task: Callable[[Any], Any] = pickle.loads(Path(path).read_bytes())
    return task


def _work_on(path: str, bundle: Sequence[Any], home: Fingerprint) -> Done[Any]:
    return work(_task(path), bundle, home)
