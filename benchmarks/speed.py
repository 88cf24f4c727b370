"""Speed, as ratios measured side by side in one run: ``python benchmarks/speed.py``.

Every case runs its contestants in turn, round after round, on one thread, and prints the median of
the ratios of the rounds, so that a machine whose speed drifts does not decide.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from reference import per_draw, reference_campaign, whole_array
from sim.mapping import one_by_one
from sim.outcomes import evaluate
from sim.purchase import WHOLE
from sim.statistics import standard_error
from sim.worlds import draw_worlds

ROUNDS = 7
ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure and what it is to reach."""

    what: str
    figure: str
    goal: str
    reached: bool


def seconds(work: Callable[[], object]) -> float:
    """Return how long one call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def ratio(slow: Callable[[], object], fast: Callable[[], object]) -> float:
    """Return how many times longer the first takes, the median over rounds taken in turn."""
    fast(), slow()
    return median(seconds(slow) / seconds(fast) for _ in range(ROUNDS))


def simulation() -> Iterator[Figure]:
    """About 492 micro and 10 macro creators a world, fees included, one plan, one core."""
    campaign, plan = reference_campaign()

    def ours(worlds: int = 2048) -> None:
        evaluate(draw_worlds(campaign, worlds, 1), [plan], WHOLE, mapper=one_by_one)

    whole = ratio(lambda: whole_array(campaign, plan, 2048, 1), ours)
    draws = ratio(lambda: per_draw(campaign, plan, 256, 1), lambda: ours(2048)) * 8
    yield Figure("simulate: per-draw numpy / tiermix", f"{draws:.1f}x", ">= 5x", draws >= 5)
    yield Figure("simulate: whole-array numpy / tiermix", f"{whole:.1f}x", ">= 3x", whole >= 3)


def splits() -> Iterator[Figure]:
    """One path of creators serves every plan."""
    campaign, plan = reference_campaign()
    worlds = draw_worlds(campaign, 2048, 1)
    shares = np.linspace(0, 1, 51)[:, None]
    plans = shares * np.array([plan[0], 0]) + (1 - shares) * np.array([0, plan[1]])
    cost = ratio(
        lambda: evaluate(worlds, plans, mapper=one_by_one),
        lambda: evaluate(worlds, [plan], mapper=one_by_one),
    )
    yield Figure("51 splits / one plan", f"{cost:.2f}x", "<= 2x", cost <= 2)


def error() -> Iterator[Figure]:
    """Spread of the estimate of expected conversions over seeds, at 1,024 worlds."""
    campaign, plan = reference_campaign()
    seeds, worlds = range(48), 1024
    plain = [whole_array(campaign, plan, worlds, s).conversions.mean() for s in seeds]
    outcomes = [evaluate(draw_worlds(campaign, worlds, s), [plan]) for s in seeds]
    ours = [o.controlled["conversions"].mean() for o in outcomes]
    stated = [standard_error(o.worlds, o.controlled["conversions"][0]) for o in outcomes]
    share = float(np.std(ours, ddof=1) / np.std(plain, ddof=1))
    honest = float(np.mean(stated) / np.std(ours, ddof=1))
    yield Figure(
        "standard error of conversions: tiermix / plain", f"{share:.3f}", "<= 0.25", share <= 0.25
    )
    yield Figure("stated / true standard error", f"{honest:.2f}", "about 1", 0.75 < honest < 1.33)


def commands() -> Iterator[Figure]:
    """Whole processes, start-up included."""
    tiermix = str(Path(sys.executable).with_name("tiermix"))
    scenario = str(ROOT / "scenarios" / "skincare.yaml")
    scratch = tempfile.mkdtemp()

    def spawn(*command: str) -> float:
        return median(
            seconds(lambda: subprocess.run(command, capture_output=True, check=True, cwd=scratch))
            for _ in range(ROUNDS)
        )

    started = spawn(tiermix, "--help") - spawn(sys.executable, "-c", "pass")
    ran = spawn(tiermix, "run", scenario, "--worlds", "4096")
    yield Figure(
        "--help beyond an empty Python", f"{1e3 * started:.0f} ms", "< 150 ms", started < 0.15
    )
    yield Figure("run, 4,096 worlds", f"{ran:.2f} s", "< 3 s", ran < 3)


CASES = (simulation, splits, error, commands)


def main() -> None:
    """Run the cases named on the command line (default: all) and print their figures."""
    chosen = [case for case in CASES if case.__name__ in sys.argv[1:]] or CASES
    for case in chosen:
        for figure in case():
            verdict = "reached" if figure.reached else "MISSED"
            print(f"{figure.what:50s} {figure.figure:>10s}  goal {figure.goal:10s} {verdict}")


if __name__ == "__main__":
    main()
