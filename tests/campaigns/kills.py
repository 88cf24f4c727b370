"""Runs that are killed, or asked to stop, at random moments: the folder is always whole.

PYTHONPATH=tests python -m campaigns.kills --kills 100 --signal KILL --seed 1
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

ROOT = Path(__file__).parents[2]
TIERMIX = str(Path(sys.executable).with_name("tiermix"))

#: Exit codes that a signal may end in, beside that of a run that was faster.
ENDS = {
    signal.SIGKILL: {-signal.SIGKILL},
    signal.SIGINT: {130, -signal.SIGINT},  # the latter before Python listens
    signal.SIGTERM: {143, -signal.SIGTERM},
}


@dataclass
class Outcome:
    """What came of a campaign: runs by how they ended, and what was wrong."""

    counts: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


def campaign(
    file: Path, kills: int, number: signal.Signals, seed: int, *words: str, twice: bool = False
) -> Outcome:
    """Run a scenario over an earlier result, and end it at a random moment, again and again.

    Parameters
    ----------
    file : Path
    kills : int
    number : signal.Signals
    seed : int
    words : str
        Options of the run.
    twice : bool
        Whether the signal comes a second time, a moment later.
    """
    found, rng = Outcome(), Random(seed)
    with tempfile.TemporaryDirectory() as under:
        runs = Path(under) / "runs"
        command = [TIERMIX, "run", str(file), "--out", str(runs), *words]
        started = time.monotonic()
        subprocess.run(command, check=True, capture_output=True)
        whole = time.monotonic() - started
        complete = contents(runs, found)
        kill = 0
        while kill < kills:
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            # half of them near the end, where the folder is written
            start = 0.0 if rng.random() < 0.5 else 0.7
            time.sleep(whole * rng.uniform(start, 1.05))
            process.send_signal(number)
            if twice:
                time.sleep(rng.uniform(0, 0.2))
                process.send_signal(number)
            _, told = process.communicate(timeout=120)
            ended = process.returncode
            found.counts[str(ended)] += 1
            kill += ended != 0
            whole *= 1.01 if ended else 0.97  # a run that was faster is no kill: the next is sooner
            early = ended == -number  # Python itself was starting, and may say so
            if ended not in ENDS[number] | {0}:
                found.failures.append(f"{kill}: exit code {ended}: {told.decode()[-500:]}")
            if not early and (b"Traceback" in told or b"ignored" in told):
                found.failures.append(f"{kill}: {told.decode()[-500:]}")
            if contents(runs, found) != complete:
                found.failures.append(f"{kill}: the folder is not the one that a run leaves")
        subprocess.run(command, check=True, capture_output=True)
        left = [path.name for path in runs.iterdir() if path.name.startswith(".")]
        if left:
            found.failures.append(f"left behind: {left}")
        if contents(runs, found) != complete:
            found.failures.append("a run after all kills is another one")
    return found


def contents(runs: Path, found: Outcome) -> dict[str, bytes]:
    """Return what the one run folder holds that is the same for every run."""
    folders = [path for path in runs.iterdir() if not path.name.startswith(".")]
    if len(folders) != 1:
        found.failures.append(f"{len(folders)} run folders")
        return {}
    files = {path.name: path.read_bytes() for path in folders[0].iterdir()}
    manifest = json.loads(files.pop("manifest.json", b"{}"))
    manifest.pop("elapsed_seconds", None)
    files.pop("report.html", None)  # tells when it was made
    return files | {"manifest": json.dumps(manifest).encode()}


def main() -> None:
    """Run the campaign and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--signal", choices=("KILL", "INT", "TERM"), default="KILL")
    parser.add_argument("--twice", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--file", type=Path, default=ROOT / "scenarios" / "small_brand.yaml")
    asked = parser.parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # or runs would ignore it too
    number = signal.Signals[f"SIG{asked.signal}"]
    words = ("--worlds", "256", "--no-report")
    found = campaign(asked.file, asked.kills, number, asked.seed, *words, twice=asked.twice)
    print(*found.failures, sep="\n")
    print(f"{asked.kills} × SIG{asked.signal}, by exit code: {dict(found.counts)}; "
          f"{len(found.failures)} failures")  # fmt: skip
    raise SystemExit(bool(found.failures))


if __name__ == "__main__":
    main()
