"""The command line, called thousands of times as the shell calls it, without starting Python anew.

A process that has imported everything forks a child for each call; the child's standard streams are
pipes, it runs what the installed script runs (`tiermix.start.main`), and it is judged by what the
system says of its end and by what it wrote.
"""

from __future__ import annotations

import gc
import importlib
import os
import pkgutil
import selectors
import signal
import subprocess
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import NoReturn

import typer

from tiermix.one_thread import ONE_THREAD

ROOT = Path(__file__).parents[2]
SCRIPT = str(Path(sys.executable).with_name("tiermix"))

#: What few calls need, and is large: every page that is there makes a child dearer.
RARE = (
    "tiermix.report.", "tiermix.explore.", "tiermix.cluster", "tiermix.__main__", "sim.compiled_k",
)  # fmt: skip

#: Words that stand in no message for users.
NEVER = ("Traceback", "internal error", "Exception ignored", "Warning: ")


@dataclass
class Found:
    """What came of a campaign.

    Parameters
    ----------
    counts : Counter
        Files by what became of them.
    failures : list of (str, str)
        What went wrong, and the file it went wrong with.
    """

    counts: Counter[str] = field(default_factory=Counter)
    failures: list[tuple[str, str]] = field(default_factory=list)

    def fail(self, what: str, text: str) -> None:
        """Note a failure."""
        self.counts["FAILED"] += 1
        print(what, flush=True)
        self.failures.append((what, text))


@dataclass(frozen=True, slots=True)
class Ended:
    """How a call ended.

    Parameters
    ----------
    code : int
        Exit code; the negative number of the signal that ended it.
    out, err : str
        What it wrote.
    """

    code: int
    out: str
    err: str

    def wrong(self) -> str:
        """Return what no call may show, whatever it was given; empty if there is nothing."""
        if self.code not in (0, 1, 2):
            return f"exit code {self.code}"
        for word in NEVER:
            if word in self.err or word in self.out:
                return f"says {word!r}"
        if not (self.out + self.err).replace("\n", "").isprintable():
            return "unprintable"
        if self.code and not self.err.strip():
            return "fails without a word"
        return ""


def load(*, engine: bool = True) -> None:
    """Import all that calls may need, so that children need not; no thread is started.

    Parameters
    ----------
    engine : bool
        Whether calls draw creators: the compiled engine is large.
    """
    os.environ.update(ONE_THREAD)
    for package in ("sim", "optimize", "tiermix"):
        of = importlib.import_module(package)
        for module in pkgutil.walk_packages(of.__path__, f"{package}."):
            if not module.name.startswith(RARE):
                importlib.import_module(module.name)
    from sim.engine import engine as chosen
    from tiermix.cli.options import app

    if engine and chosen() == "compiled":
        from sim.compiled import ready

        ready()
    parser = typer.main.get_command(app)
    # built once: it is the half of a short call
    typer.main.get_command = lambda _: parser  # type: ignore[assignment]
    gc.freeze()


def called(words: Sequence[str], seconds: float = 60) -> Ended:
    """Call tiermix in a child of this process.

    Parameters
    ----------
    words : sequence of str
        Arguments.
    seconds : float
        After which it is killed.
    """
    out_read, out_write = os.pipe()
    err_read, err_write = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if not child:
        for number, end in enumerate((os.open(os.devnull, os.O_RDONLY), out_write, err_write)):
            os.dup2(end, number)
        os.closerange(3, 64)
        sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115  (it outlives this function)
        sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115
        _end_as_python_does(words)
    os.close(out_write)
    os.close(err_write)
    try:
        out, err = _read(child, (out_read, err_read), seconds)
    finally:
        _, status = os.waitpid(child, 0)
    return Ended(os.waitstatus_to_exitcode(status), out, err)


def _end_as_python_does(words: Sequence[str]) -> NoReturn:
    """Run the script's function, then do what the interpreter does with how that ended."""
    from tiermix.start import main

    code = 1
    try:
        sys.argv = ["tiermix", *words]
        signal.signal(signal.SIGINT, signal.default_int_handler)
        main()
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        except OSError:
            code = 120
        os._exit(code)


def _read(child: int, ends: Sequence[int], seconds: float) -> list[str]:
    """Read pipes to their ends; kill the child when time is over."""
    read = {end: bytearray() for end in ends}
    until = monotonic() + seconds
    with selectors.DefaultSelector() as ready:
        for end in ends:
            ready.register(end, selectors.EVENT_READ)
        while ready.get_map():
            for key, _ in ready.select(max(0.0, until - monotonic())):
                if piece := os.read(key.fd, 65_536):
                    read[key.fd] += piece
                else:
                    ready.unregister(key.fd)
                    os.close(key.fd)
            if monotonic() > until:
                os.kill(child, signal.SIGKILL)
    return [bytes(data).decode("utf-8", "replace") for data in read.values()]


def really_called(words: Sequence[str], seconds: float = 120) -> Ended:
    """Call tiermix as the shell does."""
    done = subprocess.run(
        [SCRIPT, *words], capture_output=True, timeout=seconds, check=False,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    out, err = (data.decode("utf-8", "replace") for data in (done.stdout, done.stderr))
    return Ended(done.returncode, out, err)


def same_as_script(words: Sequence[str], ended: Ended, found: Found, text: str) -> None:
    """Check that the installed script ends as the child did."""
    found.counts["by the script"] += 1
    script = really_called(words)
    if script != ended:
        found.fail(f"the script differs: {words}: {ended} {script}"[:3_000], text)


def judged(
    words: Sequence[str],
    ended: Ended,
    found: Found,
    text: str,
    rule: Callable[[Ended], str] = lambda ended: "",
) -> bool:
    """Note what is wrong with a call; return whether nothing is."""
    wrong = ended.wrong() or rule(ended)
    if wrong:
        found.fail(f"{' '.join(words)}: {wrong} (exit {ended.code}): {ended.err[-1500:]}", text)
    return not wrong
