"""Every command, asked to stop at random moments: at once, in one line, with nothing left behind.

PYTHONPATH=tests python -m campaigns.interruptions --times 6 --seed 1 [run simulate ...]

Each command gets work for several seconds. Every other time its standard error is a terminal, with
a bar that must be gone. Told are exit codes and the seconds from the signal to the end.
"""

from __future__ import annotations

import argparse
import os
import pty
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from campaigns.forked import ROOT, SCRIPT

SCENARIOS = ROOT / "scenarios"

#: Seconds from a signal to the end, at most; and those of work after which the signal comes.
AT_ONCE, LATEST = 2.0, 6.0

#: Exit codes: by signal.
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}
SAID = {signal.SIGINT: "Interrupted.", signal.SIGTERM: "Terminated."}

#: Files that may be left in the folder of all runs, beside whole run folders.
KEPT = (".checkpoint", ".checkpoint-wal", ".checkpoint-shm")

#: Files of a whole run folder.
WHOLE = {"result.json", "manifest.json", "scenario.yaml", "plan.csv", "outcomes.csv"}


@dataclass
class Stopped:
    """How calls of one command ended."""

    codes: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def scenario(folder: Path, name: str, text: str) -> str:
    """Write a scenario file; return its path."""
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


def posts(folder: Path) -> str:
    """Write past posts that take seconds to learn from; return the path of the table."""
    rng = Random(1)
    rows = ["creator,tier,followers,fee,impressions,engagements,clicks,conversions,date,campaign"]
    for i in range(20_000):
        size = int(10 ** rng.uniform(3, 6))
        views = int(size * rng.uniform(0.1, 0.5))
        rows.append(
            f"c{i % 6000},{'micro' if size < 1e5 else 'macro'},{size},{size // 50},{views},"
            f"{views // 10},{views // 150},{views // 6000},2026-0{1 + i % 9}-11,wave {i % 9}"
        )
    (folder / "posts.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return str(folder / "posts.csv")


def curves(folder: Path) -> str:
    """Write a table of curves that takes seconds to read; return its path."""
    rows = ["spend,response,draw,channel"]
    for channel in range(40):
        for draw in range(100):
            rows += [f"{100 * i},{i**0.5 * (1 + draw / 99)},{draw},c{channel}" for i in range(50)]
    (folder / "curves.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return str(folder / "curves.csv")


def whole(folder: Path, tiers: int = 40) -> str:
    """Write a scenario whose integer programs take the solver long; return its path."""
    rng, lines = Random(3), []
    for i in range(tiers):
        fee = rng.randrange(400, 9_000)
        lines.append(
            f"  t{i}: {{followers: {fee * rng.randrange(18, 22)}, fee: {fee}, "
            f"available: {rng.randrange(2, 9)}, audience: {{all: {rng.randrange(40, 60)}%}}}}"
        )
    text = (
        "tiermix: 1\nname: Whole\ncurrency: USD\nbudget: 100_000\nobjective: reach\n"
        "whole_creators: true\naudience: {segments: {all: {size: 6M, in_market: 5%}}}\ntiers:\n"
        + "\n".join(lines).replace("{followers", "{preset: micro, followers")
        + "\nsimulation: {worlds: 256, seed: 1}\n"
    )
    return scenario(folder, "whole.yaml", text)


def commands(folder: Path) -> dict[str, list[str]]:
    """Return the words of every command, each with work for some seconds."""
    skincare, run = str(SCENARIOS / "skincare.yaml"), str(folder / "done")
    worlds, out = ("--worlds", "65536"), ("--out", str(folder / "runs"))
    far = ("--scheduler", "processes")
    return {
        "run": ["run", skincare, *worlds, *out],
        "run until": ["run", skincare, "--until", "0.01%", *out],
        "run certify": ["run", skincare, "--worlds", "16384", "--certify", *out],
        "run whole": ["run", whole(folder), *out],
        "run roster": ["run", str(SCENARIOS / "roster_coffee.yaml"), "-w", "16384", *out],
        "run processes": ["run", skincare, *worlds, *far, *out],
        "run stream": ["run", skincare, "--worlds", "1000000", *out],
        "simulate": ["simulate", skincare, *worlds],
        "optimize": ["optimize", skincare, *worlds, "--certify"],
        "optimize processes": ["optimize", skincare, *worlds, "--certify", *far],
        "optimize roster": ["optimize", str(SCENARIOS / "roster_coffee.yaml"), "-w", "16384"],
        "compare": ["compare", skincare, str(SCENARIOS / "pyramid.yaml"), *worlds],
        "benchmark": ["benchmark", str(SCENARIOS), "-w", "8192"],
        "benchmark processes": ["benchmark", str(SCENARIOS), "-w", "8192", *far],
        "frontier": ["frontier", str(SCENARIOS / "layered_lift.yaml"), "--points", "101"],
        "frontier processes": [
            "frontier", str(SCENARIOS / "layered_lift.yaml"), "--points", "101", *far
        ],
        "crossover": ["crossover", str(SCENARIOS / "pyramid.yaml"), *worlds],
        "sensitivity": ["sensitivity", str(SCENARIOS / "layered_lift.yaml"), "-w", "8192"],
        "calibrate": ["calibrate", posts(folder)],
        "backtest": ["backtest", str(folder / "posts.csv")],
        "import": ["import", curves(folder), "--out", str(folder / "imported.yaml")],
        "validate": ["validate", *[skincare] * 200],
        "verify": ["verify", run],
        "verify roster": ["verify", str(folder / "chosen")],
        "report": ["report", run, "--out", str(folder / "page.html"), "--charts",
                   str(folder / "charts")],
        "explore": ["explore", run, "--no-browser"],
        "schema": ["schema"],
        "init": ["init", str(folder / "started.yaml")],
    }  # fmt: skip


def prepare(folder: Path, words: list[str]) -> None:
    """Leave the run folders that commands read."""
    for name, file, worlds in (("done", "skincare", "16384"), ("chosen", "roster_coffee", "512")):
        if str(folder / name) not in words:
            continue
        out = folder / "out"
        command = ["run", str(SCENARIOS / f"{file}.yaml"), "-w", worlds, "--out", str(out)]
        subprocess.run([SCRIPT, *command], check=True, capture_output=True)
        (made,) = out.iterdir()
        made.rename(folder / name)


def stop(
    words: list[str], number: signal.Signals, after: float, folder: Path, told: Stopped,
    *, terminal: bool,
) -> float:  # fmt: skip
    """Start a command, stop it after some seconds, look at what is left; return how long it ran."""
    space = folder / "tmp"
    space.mkdir()
    ours, theirs = pty.openpty() if terminal else os.pipe()
    process = subprocess.Popen(
        [SCRIPT, *words], stdout=subprocess.PIPE, stderr=theirs, stdin=subprocess.DEVNULL,
        env=os.environ | {"TMPDIR": str(space), "TERM": "xterm", "COLUMNS": "80"},
        start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    start = time.monotonic()
    with suppress(subprocess.TimeoutExpired):
        process.communicate(timeout=after)
    ended, since = process.poll() is not None, time.monotonic()
    if not ended:
        process.send_signal(number)
    try:
        process.wait(60)
    except subprocess.TimeoutExpired:
        process.kill()
        told.wrong.append("does not stop within a minute")
    took = time.monotonic() - since
    said = _everything(ours)
    told.codes.append(process.returncode)
    if not ended and process.returncode == CODES[number]:
        told.seconds.append(took)
    told.wrong += [
        f"{number.name} after {after:.2f} s: {wrong}"
        for wrong in _wrong(process, number, said, took, folder, ended=ended)
    ]
    shutil.rmtree(space, ignore_errors=True)
    with suppress(OSError):
        process.stdout.close()  # type: ignore[union-attr]
    return since - start


def _everything(end: int) -> str:
    """Return what was written to a pipe or terminal."""
    data = bytearray()
    os.set_blocking(end, False)
    with suppress(OSError):
        while piece := os.read(end, 65_536):
            data += piece
    os.close(end)
    return data.decode("utf-8", "replace").replace("\r\n", "\n")


def _wrong(
    process: subprocess.Popen[bytes], number: signal.Signals, said: str, took: float,
    folder: Path, *, ended: bool,
) -> Iterator[str]:  # fmt: skip
    """Yield what is wrong with how a command stopped."""
    code = process.returncode
    early = code == -number  # Python itself was starting
    if code not in (CODES[number], 0) and not early:
        yield f"exit code {code}: {said[-400:]!r}"
    if not early and ("Traceback" in said or "Exception ignored" in said):
        yield said[-800:]
    if code == CODES[number] and not said.endswith(f"{SAID[number]}\n"):
        yield f"ends with {said[-200:]!r}"
    if "\x1b[?25l" in said and said.rfind("\x1b[?25h") < said.rfind("\x1b[?25l"):
        yield "the cursor is gone"
    if took > AT_ONCE and not ended:
        yield f"took {took:.1f} s"
    time.sleep(0.3)
    if left := orphans(process.pid):
        yield f"processes left: {left}"
    if left := sorted(path.name for path in (folder / "tmp").iterdir()):
        yield f"temporary files left: {left}"
    yield from half_done(folder)


def half_done(folder: Path) -> Iterator[str]:
    """Yield what is not whole in the folder of all runs, and other files that are half written."""
    runs = folder / "runs"
    for path in sorted(runs.iterdir()) if runs.exists() else ():
        if path.name.startswith("."):
            if not path.name.endswith(KEPT):
                yield f"left behind: {path.name}"
        elif not {file.name for file in path.iterdir()} >= WHOLE:
            yield f"half a folder: {path.name}"
    page = folder / "page.html"
    if page.exists() and not page.read_text().rstrip().endswith("</html>"):
        yield "half a page"
    for name in ("imported.yaml", "started.yaml"):
        if (folder / name).exists():
            done = subprocess.run([SCRIPT, "validate", folder / name], capture_output=True)
            if done.returncode:
                yield f"half a scenario: {name}"
            (folder / name).unlink()


def orphans(session: int) -> list[str]:
    """Return the processes of a session that are still there (Linux)."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, ValueError):
            state, _, _, of = (path / "stat").read_text().rpartition(")")[2].split()[:4]
            if int(of) == session and state != "Z":
                found.append((path / "cmdline").read_text().replace("\0", " ")[:200])
    return found


def campaign(
    times: int, seed: int, chosen: list[str], latest: float = LATEST
) -> dict[str, Stopped]:
    """Stop every command some times with both signals."""
    rng, found = Random(seed), dict[str, Stopped]()
    with tempfile.TemporaryDirectory() as under, dask(chosen) as address:
        folder = Path(under)
        all_words = commands(folder)
        if address:
            far = ["--scheduler", address]
            all_words["run cluster"] = [*all_words["run"], *far]
            all_words["benchmark cluster"] = [*all_words["benchmark"], *far]
        if chosen:
            asked = [name for name in all_words if {name, name.split()[0]} & {*chosen}]
            all_words = {name: all_words[name] for name in asked}
        prepare(folder, [word for words in all_words.values() for word in words])
        for name, words in all_words.items():
            told = found[name] = Stopped()
            for i in range(times):
                number = (signal.SIGINT, signal.SIGTERM)[i % 2]
                stop(
                    words, number, rng.uniform(0.1, latest), folder, told, terminal=i // 2 % 2 == 1
                )
            shown = ", ".join(f"{seconds:.2f}" for seconds in told.seconds)
            print(f"{name}: exit {told.codes}; stopped in {shown} s", flush=True)
            print(*(f"  WRONG {wrong}" for wrong in told.wrong), sep="\n", end="", flush=True)
            print("\n" * bool(told.wrong), end="", flush=True)
    return found


@contextmanager
def dask(chosen: list[str]) -> Iterator[str]:
    """Yield the address of a Dask cluster on this machine, if Dask is installed and asked for."""
    try:
        from distributed import LocalCluster
    except ModuleNotFoundError:
        yield ""
        return
    if chosen and not any("cluster" in name for name in chosen):
        yield ""
        return
    with LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=50
    ) as cluster:
        yield cluster.scheduler_address


def main() -> None:
    """Run the campaign and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("commands", nargs="*", help="Only these.")
    parser.add_argument("--times", type=int, default=6, help="Signals for each command.")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # or commands would ignore it too
    found = campaign(asked.times, asked.seed, asked.commands)
    wrong = sum(len(told.wrong) for told in found.values())
    slowest = max((max(told.seconds, default=0.0) for told in found.values()), default=0.0)
    count = sum(len(told.codes) for told in found.values())
    print(f"{count} signals to {len(found)} commands; slowest {slowest:.2f} s; {wrong} failures")
    raise SystemExit(bool(wrong))


if __name__ == "__main__":
    main()
