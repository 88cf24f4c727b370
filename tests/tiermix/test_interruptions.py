"""Ctrl-C and a request to end are heard at once, whatever is under way."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from campaigns import interruptions
from sim.mapping import aside, threads

#: An integer program that takes HiGHS far longer than anybody waits (a market split).
HARD = """
import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from functools import partial
from sim.mapping import aside
rng = np.random.default_rng(1)
rows = rng.integers(0, 100, (5, 40)).astype(float)
rows = np.hstack([rows, np.eye(5), -np.eye(5)])
hard = partial(
    milp, np.repeat([0.0, 1.0], [40, 10]), integrality=np.repeat([1, 0], [40, 10]),
    bounds=Bounds(0, np.repeat([1.0, 1e9], [40, 10])),
    constraints=LinearConstraint(rows, rows.sum(1) // 2, rows.sum(1) // 2),
    options={"time_limit": 600},
)
print("now", flush=True)
aside(hard)
"""

#: Work on threads that is not done before long.
SLOW = """
import time
from sim import mapping
mapping.cores = lambda: 2
print("now", flush=True)
list(mapping.threads(time.sleep, [600.0, 600.0, 600.0]))
"""

LISTENING = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from tiermix.stopping import INTERRUPTED, leave, listen
listen()
try:
{code}
except KeyboardInterrupt:
    leave(INTERRUPTED)
"""


#: Work that Python does where no exception comes out of it.
UNRAISABLE = """
import time, weakref
class Thing: pass
def forgotten(_):
    print("now", flush=True)
    time.sleep(600)
thing = Thing()
seen = weakref.ref(thing, forgotten)
del thing
time.sleep(600)
"""

#: Work whose end never comes: what it waits for was lost with the interruption.
LOST = """
import threading
from tiermix import stopping
stopping.GRACE = 0.5
lock = threading.Lock()
try:
    lock.acquire()
    print("now", flush=True)
    lock.acquire()
finally:
    lock.acquire()
"""


@pytest.fixture
def _heard() -> Iterator[None]:
    """Let children hear Ctrl-C, even where this process was told to ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(
    "code",
    [HARD, SLOW, UNRAISABLE, LOST],
    ids=["a hard integer program", "threads", "a finaliser", "a lock"],
)
def test_nothing_is_waited_for(code: str) -> None:
    indented = code.replace("\n", "\n    ")
    process = subprocess.Popen(
        [sys.executable, "-c", LISTENING.format(code=indented)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "now\n"
    time.sleep(0.5)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, "Interrupted.\n")


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_an_interruption_that_a_library_turns_into_its_own_error_is_one(
    name: str, code: int
) -> None:
    """As an extension module does that is interrupted while it is imported."""
    script = (
        "import os, signal, sys\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from tiermix import cli, scenario_checks\n"
        "def check(files):\n"
        "    try:\n"
        f"        os.kill(os.getpid(), signal.{name})\n"
        "        signal.pause()\n"
        "    except BaseException as error:\n"
        "        raise ImportError('initialization failed') from error\n"
        "scenario_checks.check = check\n"
        "cli.main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "validate", "f.yaml"], capture_output=True, text=True
    )
    assert done.returncode == code
    assert len(done.stderr.splitlines()) == 1
    assert "internal error" not in done.stderr


def test_what_is_called_aside_returns_and_raises_as_it_does() -> None:
    assert aside(lambda: 3) == 3
    with pytest.raises(ZeroDivisionError):
        aside(lambda: 1 // 0)
    assert list(threads(_on_a_thread, [1, 2, 3])) == [2, 3, 4]


def _on_a_thread(item: int) -> int:
    return aside(lambda: item + 1)


@pytest.mark.usefixtures("_heard")
@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_commands_stop_at_once_and_leave_nothing() -> None:
    found = interruptions.campaign(2, 3, ["run certify", "frontier processes"], latest=2.5)
    assert [wrong for told in found.values() for wrong in told.wrong] == []
    assert {code for told in found.values() for code in told.codes} == {130, 143}


@pytest.mark.slow
@pytest.mark.usefixtures("_heard")
@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_every_command_stops_at_once_and_leaves_nothing() -> None:
    found = interruptions.campaign(4, 1, [])
    assert [wrong for told in found.values() for wrong in told.wrong] == []


def test_what_is_half_done_is_noticed(tmp_path: Path) -> None:
    assert list(interruptions.half_done(tmp_path)) == []
    (tmp_path / "runs" / "a-run").mkdir(parents=True)
    (tmp_path / "runs" / ".a-run-01234567").mkdir()
    (tmp_path / "page.html").write_text("<html>")
    assert [*interruptions.half_done(tmp_path)] == [
        "left behind: .a-run-01234567", "half a folder: a-run", "half a page"
    ]  # fmt: skip
