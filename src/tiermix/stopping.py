"""Ctrl-C and a request to end: said in one line, with nothing half done."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import NoReturn

#: Exit codes: interrupted by Ctrl-C; asked to end (128 and the number of the signal).
INTERRUPTED, TERMINATED = 130, 143

_SAID = {INTERRUPTED: "Interrupted.", TERMINATED: "Terminated."}
_SHOW_CURSOR = "\x1b[?25h"

#: Signals that were heard, by the exit code they lead to.
_heard: list[int] = []

#: Seconds after which an interruption that Python has swallowed is raised again; and after which
#: nothing is tidied up any more, as by a kill.
AGAIN, GRACE = 0.05, 10.0


class Terminated(BaseException):
    """The process was asked to end."""


def listen() -> None:
    """Take Ctrl-C and a request to end as exceptions, unless they are ignored on purpose.

    Also where Python swallows them: in a finaliser, or a callback of the import system.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _EverySecond(KeyboardInterrupt))
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _EverySecond(Terminated))
    if sys.unraisablehook is sys.__unraisablehook__:
        sys.unraisablehook = _swallowed


class _EverySecond:
    """Raises at the first signal; a second one does not disturb what is then tidied up."""

    def __init__(self, error: type[BaseException]) -> None:
        self._error, self._count = error, 0

    def __call__(self, number: int, frame: FrameType | None) -> None:
        self._count += 1
        if self._count % 2:
            code = INTERRUPTED if self._error is KeyboardInterrupt else TERMINATED
            _heard.append(code)
            _later(GRACE, partial(leave, code))
            raise self._error

    def again(self) -> None:
        """Raise at the next signal, too."""
        self._count = 0


def _swallowed(lost: sys.UnraisableHookArgs) -> None:
    """Interrupt once more what Python went on with: no exception comes out of a finaliser."""
    number = {KeyboardInterrupt: signal.SIGINT, Terminated: signal.SIGTERM}.get(lost.exc_type)
    handler = signal.getsignal(number) if number else None
    if number is None or not isinstance(handler, _EverySecond):
        sys.__unraisablehook__(lost)
        return
    handler.again()
    _later(AGAIN, partial(signal.raise_signal, number))


def _later(seconds: float, act: Callable[[], object]) -> None:
    """Act in the main thread, also if it waits for something then, where the system knows how."""
    if sys.platform != "win32":
        signal.signal(signal.SIGALRM, lambda number, frame: act())
        signal.setitimer(signal.ITIMER_REAL, seconds)


def heard() -> int:
    """Return the exit code of the last signal; 0 if there was none.

    An interruption inside a library may come out of it as another error: of an extension module
    that was being imported, as "initialization failed".
    """
    return _heard[-1] if _heard else 0


def leave(code: int) -> NoReturn:
    """End at once, threads and all, with one line and a visible cursor.

    Parameters
    ----------
    code : int
        `INTERRUPTED` or `TERMINATED`.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    try:
        if sys.stderr is not None:
            shown = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
            print(f"{_SHOW_CURSOR * shown}{_SAID[code]}", file=sys.stderr, flush=True)
    finally:
        os._exit(code)
