"""Fuzzed scenario files: read all of them, run some of those that are valid.

PYTHONPATH=tests python -m campaigns.scenarios --files 100000 --runs 2000 --seed 1
"""

from __future__ import annotations

import argparse
import json
import signal
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from io import StringIO
from math import isfinite
from pathlib import Path
from random import Random
from types import FrameType

from campaigns.mutators import generated, mutated
from optimize.errors import InfeasibleError, SolverError
from tiermix import terminal
from tiermix.analysing import analyse
from tiermix.consoles import PlainConsole
from tiermix.errors import ScenarioError, TooLargeError
from tiermix.reading import read_document
from tiermix.result import document
from tiermix.scenario import Scenario
from tiermix.scenario_file import parse
from tiermix.schema import json_schema
from tiermix.starter import starter_text

ROOT = Path(__file__).parents[2]

#: Problems of a file as a whole: the only ones without a line.
WHOLE = ("empty; ", "larger than ", "UTF-16 or ")

#: Seconds that reading a file and running one may take, on a busy machine.
READ, RUN = 20, 120


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


@contextmanager
def within(seconds: int) -> Iterator[None]:
    """Raise a TimeoutError after some seconds (main thread only)."""

    def late(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"took more than {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def library() -> list[str]:
    """Return the texts that mutations start from."""
    paths = sorted((ROOT / "scenarios").glob("*.yaml"))
    return [*(path.read_text(encoding="utf-8") for path in paths), starter_text()]


def files(n: int, seed: int) -> Iterator[str]:
    """Yield fuzzed scenario files, each from its own random numbers."""
    texts, schema = library(), json_schema()
    for i in range(n):
        rng = Random(f"{seed} {i}")
        text = generated(schema, rng) if rng.random() < 0.2 else rng.choice(texts)
        yield mutated(text, rng) if rng.random() < 0.95 else text


def campaign(n_files: int, n_runs: int, seed: int) -> Found:
    """Read files, and run some of the valid ones."""
    found, every = Found(), max(1, n_files // (5 * n_runs)) if n_runs else 0
    for i, text in enumerate(files(n_files, seed)):
        scenario = read(text, found)
        if scenario and every and found.counts["valid"] % every == 0 and n_runs > 0:
            n_runs -= 1
            play(scenario, text, found)
        if i % 1000 == 999:
            print(i + 1, dict(found.counts), flush=True)
    return found


def read(text: str, found: Found) -> Scenario | None:
    """Read a file, and check that whatever is wrong with it is told at its place."""
    try:
        with within(READ):
            scenario = parse(text, str(ROOT / "scenarios" / "f.yaml"))
    except ScenarioError as error:
        found.counts["invalid"] += 1
        for problem in error.problems:
            placed = problem.line > 0 or problem.message.startswith(WHOLE)
            said = problem.message and str(problem).isprintable() and len(str(problem)) < 2_000
            if not (placed and said):
                found.fail(f"told badly: {problem!r}", text)
        return None
    except Exception:
        found.fail(traceback.format_exc(), text)
        return None
    found.counts["valid"] += 1
    stated = read_document(text.removeprefix("\ufeff"), "").root.get("strategies") or {}
    if len(stated) != len(scenario.strategies) + len(scenario.rules):
        found.fail("a strategy is gone", text)
    return scenario


def play(scenario: Scenario, text: str, found: Found) -> None:
    """Run a scenario on few worlds, and look at what is shown and said."""
    if scenario.roster is not None:
        return
    try:
        with within(RUN):
            analysis = analyse(replace(scenario, worlds=64))
            json.dumps(document(analysis), allow_nan=False)
            shown = StringIO()
            console = PlainConsole(file=shown, width=terminal.WIDTH, markup=False, highlight=False)
            terminal.show_run(console, analysis)
    except (InfeasibleError, TooLargeError, SolverError) as error:
        found.counts[type(error).__name__] += 1
        return
    except Exception:
        found.fail(traceback.format_exc(), text)
        return
    found.counts["run"] += 1
    assert analysis.optimum is not None
    solution = analysis.optimum.solution
    rules = {
        "the budget is passed": solution.plan.sum() <= scenario.budget * (1 + 1e-6),
        "money is negative": bool((solution.plan >= 0).all()),
        "the bound is below the value": solution.upper_bound
        >= solution.value - 1e-6 * abs(solution.value),
        "the value is no number": isfinite(solution.value),
        "unprintable": shown.getvalue().replace("\n", "").isprintable(),
        "too wide": max(map(len, shown.getvalue().splitlines())) <= terminal.WIDTH,
    }
    for rule, kept in rules.items():
        if not kept:
            found.fail(rule, text)


def main() -> None:
    """Run the campaign and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="Folder for the files that failed.")
    asked = parser.parse_args()
    found = campaign(asked.files, asked.runs, asked.seed)
    for i, (what, text) in enumerate(found.failures):
        print(what)
        if asked.keep:
            asked.keep.mkdir(parents=True, exist_ok=True)
            (asked.keep / f"{i}.yaml").write_text(text, encoding="utf-8", errors="surrogatepass")
            (asked.keep / f"{i}.txt").write_text(what, encoding="utf-8")
    print(f"{asked.files:,} files: {dict(found.counts)}")
    raise SystemExit(bool(found.failures))


if __name__ == "__main__":
    main()
