"""Where pure tasks run: one after the other, on threads, or wherever a mapper takes them.

A task is a pure function of its item, so that where it runs, beside what and how often changes
nothing. What a mapper is given to run may be sent to another process: such a task is a function of
a module (or a `functools.partial` of one) and its items are plain data, arrays and frozen
dataclasses.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import islice
from threading import Thread, current_thread, main_thread
from typing import Protocol, TypeVar

T = TypeVar("T")
R = TypeVar("R")

#: Items that are handed out ahead of the first one that is not done, for each thread.
AHEAD = 4

#: Whether the work here is a part of what a mapper runs already.
_inside: ContextVar[bool] = ContextVar("inside", default=False)


class Mapper(Protocol):
    """A way of running a task on many items."""

    def __call__(self, task: Callable[[T], R], items: Iterable[T], /) -> Iterator[R]:
        """Yield the results in the order of the items, which are taken as they are needed.

        Parameters
        ----------
        task : callable
            Pure: its result depends on the item alone.
        items : iterable
            There may be any number of them.
        """


def cores() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def one_by_one(task: Callable[[T], R], items: Iterable[T], /) -> Iterator[R]:
    """Run a task on one item after the other: a `Mapper` that uses no thread but this one."""
    return map(task, items)


def threads(task: Callable[[T], R], items: Iterable[T], /) -> Iterator[R]:
    """Run a task on one thread per processor: the `Mapper` of whoever names none.

    Within a task that a mapper runs already it takes one item after the other: the processors
    are busy.
    """
    if _inside.get() or cores() == 1:
        yield from map(task, items)
        return
    left, pool, waits = iter(items), ThreadPoolExecutor(cores()), True
    running: deque[Future[R]] = deque()
    try:
        for item in islice(left, AHEAD * cores()):
            running.append(pool.submit(alone, task, item))
        while running:
            yield running.popleft().result()
            for item in islice(left, 1):
                running.append(pool.submit(alone, task, item))
    except (Exception, GeneratorExit):
        raise
    except BaseException:  # Ctrl-C: whoever wants to stop does not wait for what nobody needs
        waits = False
        raise
    finally:
        pool.shutdown(wait=waits, cancel_futures=True)


def aside(call: Callable[[], R]) -> R:
    """Return what a call returns; it is made on a thread, so that Ctrl-C is heard meanwhile.

    For calls of compiled code that may take long: Python hears signals on its main thread alone,
    and not before a call of that thread has returned. Where it is interrupted the thread goes on
    by itself, and ends with the process.

    Parameters
    ----------
    call : callable
    """
    if current_thread() is not main_thread():
        return call()
    future: Future[R] = Future()

    def made() -> None:
        try:
            future.set_result(call())
        except BaseException as error:
            future.set_exception(error)

    Thread(target=made, daemon=True).start()
    return future.result()


def lanes(mapper: Mapper) -> int:
    """Return how many tasks of this thread a mapper may run side by side, as far as is known."""
    return 1 if mapper is one_by_one or _inside.get() else cores()


def alone(task: Callable[[T], R], item: T) -> R:
    """Return the result of a task that has one processor to itself."""
    with alone_here():
        return task(item)


@contextmanager
def alone_here() -> Iterator[None]:
    """Let `threads` use no thread but this one."""
    token = _inside.set(True)
    try:
        yield
    finally:
        _inside.reset(token)
