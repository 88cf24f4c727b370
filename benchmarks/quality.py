"""How good the optimizer's answers are, and how long they take: gaps and seconds, case by case.

    python benchmarks/quality.py            # everything: some minutes
    python benchmarks/quality.py --smoke    # tiny cases, to see that it runs
    python benchmarks/quality.py reach whole

Every row is certified: the gap is the distance of the plan's value from a bound that no plan
can pass. Where scipy's SLSQP runs on the same case, its value is set beside ours.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from math import inf

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import LinearConstraint, minimize

from optimize.functional import functional
from optimize.neighbours import improve
from optimize.optimum import Solution, maximise
from optimize.problem import Problem
from sim.response import Response
from sim.ridges import Ridges
from sim.shapes import Exponential, Hill

Array = NDArray[np.float64]
Case = tuple[Problem, Response]


def reach(n_lines: int, n_worlds: int, n_segments: int, seed: int = 0) -> Response:
    """Return deduplicated reach: exponential ridges over overlapping segments."""
    rng = np.random.default_rng(seed)
    share = rng.dirichlet(np.full(n_segments, 0.3), n_lines)
    rate = rng.lognormal(0, 0.8, n_lines) * 2
    ridges = tuple(
        Ridges(
            rng.lognormal(0, 0.3, (n_worlds, 1, n_lines)) * rate * share[:, s],
            np.full((n_worlds, 1), rng.uniform(0.5, 2)),
        )
        for s in range(n_segments)
    )
    return Response(np.zeros((n_worlds, n_lines)), ridges)


def channels(n_lines: int, n_worlds: int, share: float, seed: int, *, s_shaped: bool) -> Case:
    """Return separable curves, and a budget of a share of the typical half-points."""
    rng = np.random.default_rng(seed)
    tops, halves = rng.lognormal(0, 0.8, (2, n_lines))
    steepness = rng.uniform(1.5, 4, n_lines)
    ridges = []
    for i in range(n_lines):
        spread = rng.lognormal(0, 0.2, (2, n_worlds)) if n_worlds > 1 else np.ones((2, 1))
        shape = Hill(np.full((n_worlds, 1), steepness[i])) if s_shaped else Exponential()
        rates = 1 / (halves[i] * spread[0])[:, None, None]
        ridges.append(Ridges(rates, (tops[i] * spread[1])[:, None], shape, np.array([i])))
    names = tuple(f"channel{i}" for i in range(n_lines))
    task = Problem(names, share * n_lines, (inf,) * n_lines, (0.0,) * n_lines)
    return task, Response(np.zeros((n_worlds, n_lines)), tuple(ridges))


def simplex(n_lines: int, prices: tuple[float, ...] | None = None) -> Problem:
    """Return a budget of 1 of which no line may take more than a fifth (two lines: all)."""
    names = tuple(f"line{i}" for i in range(n_lines))
    cap = 0.2 if n_lines > 2 else inf
    return Problem(names, 1.0, (cap,) * n_lines, (0.0,) * n_lines, (), prices)


def slsqp(task: Problem, response: Response) -> tuple[float, float]:
    """Return the value that SLSQP finds with exact gradients from an even split, and seconds."""
    objective = functional(response, task.budget)
    n = task.n_lines

    def lost(spends: Array) -> tuple[float, Array]:
        values, gradients = objective.tangents(spends)
        gradient = objective.slopes + gradients.sum(axis=0)
        return -float(objective.slopes @ spends + values.sum()), -gradient

    began = time.perf_counter()
    found = minimize(
        lost,
        np.full(n, 1 / n),
        jac=True,
        method="SLSQP",
        bounds=[(0.0, min(cap / task.budget, 1.0)) for cap in task.caps],
        constraints=LinearConstraint(np.ones((1, n)), -inf, 1.0),
        options={"ftol": 1e-12, "maxiter": 500},
    )
    return -float(found.fun) * objective.size, time.perf_counter() - began


def timed(task: Problem, response: Response) -> tuple[Solution, float]:
    """Return the optimum and the seconds it took."""
    began = time.perf_counter()
    solution = maximise(task, response)
    return solution, time.perf_counter() - began


def row(name: str, solution: Solution, seconds: float, beside: str = "") -> str:
    """Return one line of the table."""
    return (
        f"{name:<44} {seconds:7.2f} s  gap {solution.relative_gap:7.1e}  "
        f"{solution.boxes:>4} boxes  {beside}"
    )


def show_reach(*, smoke: bool) -> Iterator[str]:
    """Yield deduplicated reach, ours beside SLSQP."""
    for n_lines in (2, 20) if smoke else (2, 20, 200):
        sizes = (50, 3) if smoke else (1000, 20)
        task, response = simplex(n_lines), reach(n_lines, *sizes)
        solution, seconds = timed(task, response)
        other, theirs = slsqp(task, response)
        short = (solution.upper_bound - other) / solution.upper_bound
        beside = f"SLSQP {theirs / seconds:.1f}x as long, {short:.1e} below the bound"
        yield row(f"reach, {n_lines} lines x {sizes}", solution, seconds, beside)


def show_whole(*, smoke: bool) -> Iterator[str]:
    """Yield whole creators, ours beside greedy steps and swaps from nothing."""
    for n_lines in (2, 20) if smoke else (2, 20, 200):
        sizes = (50, 3) if smoke else (1000, 20)
        prices = tuple(np.random.default_rng(1).uniform(0.01, 0.06, n_lines).tolist())
        task, response = simplex(n_lines, prices), reach(n_lines, *sizes)
        solution, seconds = timed(task, response)
        objective = functional(response, task.budget)
        plan = improve(objective, task, np.zeros(n_lines))
        assert plan is not None
        behind = 1 - objective.value(plan) * objective.size / solution.value
        yield row(f"whole creators, {n_lines} lines x {sizes}", solution, seconds,
                  f"greedy and swaps are {behind:.1e} below")  # fmt: skip


def show_concave(*, smoke: bool) -> Iterator[str]:
    """Yield concave curves of one line each, ours beside SLSQP."""
    for n_lines in (2, 10) if smoke else (2, 10, 50, 200):
        worlds = 20 if smoke else 1000
        task, response = channels(n_lines, worlds, 0.3, 1, s_shaped=False)
        solution, seconds = timed(task, response)
        other, theirs = slsqp(task, response)
        short = (solution.upper_bound - other) / solution.upper_bound
        beside = f"SLSQP {theirs / seconds:.1f}x as long, {short:.1e} below the bound"
        yield row(f"concave curves, {n_lines} x {worlds} draws", solution, seconds, beside)


def show_s_curves(*, smoke: bool) -> Iterator[str]:
    """Yield S-shaped curves from tight to loose budgets: the worst of many seeds."""
    seeds = range(2 if smoke else 20)
    for n_lines in (10,) if smoke else (10, 50, 200):
        for share in (0.1, 0.6) if smoke else (0.1, 0.2, 0.3, 0.4, 0.5, 0.6):
            cases = [channels(n_lines, 1, share, seed, s_shaped=True) for seed in seeds]
            found = [(timed(*case), slsqp(*case)[0]) for case in cases]
            worst = max((one for one, _ in found), key=lambda one: one[0].relative_gap)[0]
            slowest = max(seconds for (_, seconds), _ in found)
            lost = max(1 - other / solution.value for (solution, _), other in found)
            yield row(
                f"S-curves, {n_lines} lines, {share:.1f} a line, {len(seeds)} seeds",
                worst,
                slowest,
                f"SLSQP loses up to {lost:.0%}",
            )


ROWS: dict[str, Callable[..., Iterator[str]]] = {
    "reach": show_reach,
    "whole": show_whole,
    "concave": show_concave,
    "s_curves": show_s_curves,
}


def main() -> None:
    """Print the rows that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else "")
    parser.add_argument("rows", nargs="*", choices=[*ROWS, []], help="all if left out")
    parser.add_argument("--smoke", action="store_true", help="tiny cases")
    asked = parser.parse_args()
    for name in asked.rows or ROWS:
        for line in ROWS[name](smoke=asked.smoke):
            print(line, flush=True)


if __name__ == "__main__":
    main()
