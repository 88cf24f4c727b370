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
from functools import partial
from importlib.util import find_spec
from os import environ
from pathlib import Path
from statistics import median

import numpy as np

from reference import FloatArray, per_draw, reference_campaign, whole_array
from sim.compare import wins
from sim.engine import ENGINES, VARIABLE
from sim.mapping import one_by_one
from sim.outcomes import Outcomes, evaluate
from sim.purchase import WHOLE
from sim.statistics import standard_error, summarise
from sim.worlds import draw_worlds

ROUNDS = 7

#: What the references tell of a plan.
TOLD = ("spend", "reach", "impressions", "engagements", "clicks", "conversions")
AIM = ("conversions",)
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


#: By engine: how many times faster than per-draw and whole-array numpy; cost of 51 and 2,601 plans.
GOALS = {"numpy": (12.0, 6.0), "compiled": (40.0, 20.0)}
MONACO = {"numpy": 15.0, "compiled": 40.0}
MANY = {"51 splits": 1.3, "2,601 pairs": 6.0}


def engines() -> Iterator[str]:
    """Set each engine that is there in turn."""
    there = ENGINES if find_spec("numba") else ("numpy",)
    for name in there:
        environ[VARIABLE] = name
        yield name
    if len(there) == 1:
        print("compiled engine: skipped, numba is not installed")


def simulation() -> Iterator[Figure]:
    """About 492 micro and 10 macro creators a world, fees included, one plan, one core."""
    campaign, plan = reference_campaign()

    def ours(worlds: int = 2048) -> None:
        drawn = draw_worlds(campaign, worlds, 1)
        evaluate(drawn, [plan], WHOLE, metrics=TOLD, mapper=one_by_one)

    for name in engines():
        most, more = GOALS[name]
        draws = ratio(lambda: per_draw(campaign, plan, 256, 1), ours) * 8
        whole = ratio(lambda: whole_array(campaign, plan, 2048, 1), ours)
        yield Figure(f"per-draw / {name}", f"{draws:.1f}x", f">= {most:g}x", draws >= most)
        yield Figure(f"whole-array / {name}", f"{whole:.1f}x", f">= {more:g}x", whole >= more)
        if not find_spec("monaco"):
            print("monaco: skipped, it is not installed")
            continue
        from monaco_reference import monaco_cases

        cases = ratio(lambda: monaco_cases(campaign, plan, 512, 1), ours) * 4
        goal = MONACO[name]
        yield Figure(f"monaco / {name}", f"{cases:.1f}x", f">= {goal:g}x", cases >= goal)


def splits() -> Iterator[Figure]:
    """One path of creators serves every plan: conversions of one plan and of many."""
    campaign, plan = reference_campaign()
    worlds = draw_worlds(campaign, 1024, 1)
    shares = np.linspace(0, 1, 51)
    ends = np.stack([shares, 1 - shares], axis=1), np.stack(np.meshgrid(shares, shares), axis=2)
    sets = [end.reshape(-1, 2) * np.array(plan) for end in ends]
    told = partial(evaluate, worlds, metrics=AIM, values_only=True, mapper=one_by_one)
    for name in engines():
        for (what, most), plans in zip(MANY.items(), sets, strict=True):
            cost = ratio(partial(told, plans), partial(told, [plan]))
            yield Figure(
                f"{what} / one plan, {name}", f"{cost:.2f}x", f"<= {most:g}x", cost <= most
            )


def threads() -> Iterator[Figure]:
    """Run the same worlds on one core and on two."""
    campaign, plan = reference_campaign()
    worlds = draw_worlds(campaign, 16_384, 1)
    for name in engines():
        gain = ratio(
            partial(evaluate, worlds, [plan], WHOLE, metrics=TOLD, mapper=one_by_one),
            partial(evaluate, worlds, [plan], WHOLE, metrics=TOLD),
        )
        yield Figure(f"one core / two cores, {name}", f"{gain:.2f}x", ">= 1.7x", gain >= 1.7)


def error() -> Iterator[Figure]:
    """Spread of the estimate of expected conversions over seeds, at 1,024 worlds."""
    campaign, plan = reference_campaign()
    seeds, worlds = range(48), 1024
    plain = [whole_array(campaign, plan, worlds, s).conversions.mean() for s in seeds]
    outcomes = [evaluate(draw_worlds(campaign, worlds, s), [plan], metrics=AIM) for s in seeds]
    ours = [o.controlled["conversions"].mean() for o in outcomes]
    stated = [standard_error(o.worlds, o.controlled["conversions"][0]) for o in outcomes]
    share = float(np.std(ours, ddof=1) / np.std(plain, ddof=1))
    honest = float(np.mean(stated) / np.std(ours, ddof=1))
    yield Figure(
        "standard error of conversions: tiermix / plain", f"{share:.3f}", "<= 0.25", share <= 0.25
    )
    yield Figure("stated / true standard error", f"{honest:.2f}", "about 1", 0.75 < honest < 1.33)


def precision() -> Iterator[Figure]:
    """Hold the time to a standard error of 0.5 % against per-draw Monte Carlo.

    Both from the spread over seeds, 128 and 32, at 1,024 and 4,096 worlds; from there on errors
    are taken to fall with the root of the worlds.
    """
    campaign, plan = reference_campaign()
    other = (0.85 * plan[0], plan[1] + 0.15 * plan[0])
    few, worlds, many, n = 1024, 4096, 128, 32
    plain = [[whole_array(campaign, p, few, 2 * s + i) for i, p in enumerate((plan, other))]
             for s in range(many)]  # fmt: skip
    naive = np.array([_three(a.conversions, b.conversions) for a, b in plain])
    slow = seconds(lambda: per_draw(campaign, plan, 256, 1)) / 256
    environ[VARIABLE] = list(engines())[-1]
    ours = np.empty((n, 3))

    def play(s: int, plans: list[tuple[float, ...]]) -> Outcomes:
        drawn = draw_worlds(campaign, worlds, s)
        return evaluate(drawn, plans, WHOLE, metrics=AIM, mapper=one_by_one)

    def mean(s: int) -> None:
        ours[s, 0] = play(s, [plan]).controlled["conversions"].mean()

    def tail(s: int) -> None:
        ours[s, 1] = summarise(play(s, [plan]), "conversions", 0).statistics["cvar5"]

    def beats(s: int) -> None:
        ours[s, 2] = wins(*play(s, [plan, other]).values["conversions"]).mean()

    took = [median(seconds(partial(work, s)) for s in range(n)) / worlds
            for work in (mean, tail, beats)]  # fmt: skip
    needed = [
        size * (x.std(axis=0, ddof=1) / x.mean(axis=0) / 0.005) ** 2
        for size, x in ((few, naive), (worlds, ours))
    ]
    for what, goal, a, b, time_ in zip(("mean", "CVaR 5 %", "P(A beats B)"), (500, 200, 500),
                                       *needed, took, strict=True):  # fmt: skip
        gain = a * slow * (1 + (what == "P(A beats B)")) / (b * time_)
        yield Figure(
            f"time to 0.5 % of {what}: {a:,.0f} / {b:,.0f} worlds",
            f"{gain:.0f}x", f">= {goal}x", gain >= goal,
        )  # fmt: skip


def _three(a: FloatArray, b: FloatArray) -> tuple[float, float, float]:
    """Return mean, mean of the worst twentieth, and the share in which the first is larger."""
    worst = np.sort(a)[: a.size // 20]
    return float(a.mean()), float(worst.mean()), float(wins(a, b).mean())


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


CASES = (simulation, splits, threads, error, precision, commands)


def main() -> None:
    """Run the cases named on the command line (default: all) and print their figures."""
    chosen = [case for case in CASES if case.__name__ in sys.argv[1:]] or CASES
    for case in chosen:
        for figure in case():
            verdict = "reached" if figure.reached else "MISSED"
            print(f"{figure.what:50s} {figure.figure:>10s}  goal {figure.goal:10s} {verdict}")


if __name__ == "__main__":
    main()
