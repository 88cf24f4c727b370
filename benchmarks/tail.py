"""The tail of a plan, optimised by tiermix and by its peers: ``python benchmarks/tail.py``.

Every contestant solves the same task on the same seeded, heavy-tailed returns: split a budget over
all lines so that the mean is largest while the worst 5 % of worlds average at least a floor (half
way between the boldest plan's and the safest's), or find twenty such plans. Each run is a process
of its own on one core and one thread, warmed up on a small task; contestants take turns, and the
median of the ratios of the rounds is printed.

The peers stand in ``benchmarks/requirements.txt``; those that are not installed are named.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from math import inf, isnan, nan
from statistics import median

import numpy as np
from numpy.typing import NDArray

from optimize.banded import frontier, maximise_blend, maximise_mean
from optimize.problem import Limit, Problem
from optimize.risk import MeanWorst

Array = NDArray[np.float64]

WORST, POINTS, SEED = 0.05, 20, 1

#: Seconds after which a contestant is not run again for another round.
SLOW = 20.0


def returns(n_lines: int, n_worlds: int) -> Array:
    """Return multivariate t returns (4 degrees of freedom) with a common factor."""
    rng = np.random.default_rng(SEED)
    shock = np.sqrt(4 / rng.chisquare(4, (n_worlds, 1)))
    factor = rng.standard_normal((n_worlds, 1))
    loading, spread = rng.uniform(0.5, 1.5, n_lines), rng.uniform(0.5, 2, n_lines)
    drift = 0.03 * spread * rng.uniform(0.3, 1.7, n_lines)
    noise = rng.standard_normal((n_worlds, n_lines))
    return np.asarray(0.01 * (drift + (loading * factor + spread * noise) * shock))


def task(n_lines: int) -> Problem:
    """Return a budget of 1 that is spent in full."""
    lines = tuple(f"line {i}" for i in range(n_lines))
    whole = Limit("all", tuple(range(n_lines)), 1.0, 1.0)
    return Problem(lines, 1.0, (inf,) * n_lines, (0.0,) * n_lines, (whole,))


def floor_of(data: Array) -> float:
    """Return a floor half way between the boldest plan's tail and the safest's."""
    bold, safe = (
        maximise_blend(task(data.shape[1]), data, MeanWorst(WORST, weight)).tail
        for weight in (0.0, 1.0)
    )
    return (bold + safe) / 2


def tiermix_limit(data: Array, floor: float) -> float:
    """Return the largest mean above a floor, by the banded dual."""
    return maximise_mean(task(data.shape[1]), data, WORST, floor).value


def tiermix_frontier(data: Array, floor: float) -> float:
    """Return the best tail of twenty plans from the boldest to the safest."""
    return max(plan.tail for plan in frontier(task(data.shape[1]), data, WORST, POINTS))


def cvxpy_limit(data: Array, floor: float, **options: str) -> float:
    """Return the largest mean above a floor, by Rockafellar and Uryasev's program in cvxpy."""
    cp = import_module("cvxpy")

    n_worlds, n_lines = data.shape
    spends, quantile = cp.Variable(n_lines, nonneg=True), cp.Variable()
    shortfall = cp.Variable(n_worlds, nonneg=True)
    tail = quantile - cp.sum(shortfall) / (WORST * n_worlds)
    rules = [cp.sum(spends) == 1, shortfall >= quantile - data @ spends, tail >= floor]
    program = cp.Problem(cp.Maximize(data.mean(axis=0) @ spends), rules)
    return float(program.solve(**options))


def cvxpy_highs_limit(data: Array, floor: float) -> float:
    """Return the same with HiGHS."""
    return cvxpy_limit(data, floor, solver="HIGHS")


def skfolio_limit(data: Array, floor: float) -> float:
    """Return the largest mean above a floor, by skfolio with HiGHS."""
    skfolio, optimization = import_module("skfolio"), import_module("skfolio.optimization")
    model = optimization.MeanRisk(
        objective_function=optimization.ObjectiveFunction.MAXIMIZE_RETURN,
        risk_measure=skfolio.RiskMeasure.CVAR,
        cvar_beta=1 - WORST,
        max_cvar=-floor,
        solver="HIGHS",
    )
    return float(data.mean(axis=0) @ model.fit(data).weights_)


def skfolio_frontier(data: Array, floor: float) -> float:
    """Return the best tail of twenty plans, by skfolio with its default solver."""
    skfolio, optimization = import_module("skfolio"), import_module("skfolio.optimization")
    model = optimization.MeanRisk(
        risk_measure=skfolio.RiskMeasure.CVAR, cvar_beta=1 - WORST, efficient_frontier_size=POINTS
    )
    plans = np.asarray(model.fit(data).weights_)
    return max(MeanWorst(WORST).value(data @ plan) for plan in plans)


def pulp_limit(data: Array, floor: float) -> float:
    """Return the largest mean above a floor, by the textbook program in PuLP with HiGHS."""
    pulp = import_module("pulp")
    n_worlds, n_lines = data.shape
    model = pulp.LpProblem("tail", pulp.LpMaximize)
    spends = [pulp.LpVariable(f"x{i}", 0) for i in range(n_lines)]
    shortfalls = [pulp.LpVariable(f"u{i}", 0) for i in range(n_worlds)]
    quantile = pulp.LpVariable("quantile")
    model += pulp.lpDot(data.mean(axis=0).tolist(), spends)
    model += pulp.lpSum(spends) == 1
    model += quantile - pulp.lpSum(shortfalls) * (1 / (WORST * n_worlds)) >= floor
    for row, shortfall in zip(data.tolist(), shortfalls, strict=True):
        model += shortfall >= quantile - pulp.lpDot(row, spends)
    model.solve(pulp.HiGHS(msg=False, threads=1))
    return float(pulp.value(model.objective))


@dataclass(frozen=True, slots=True)
class Contestant:
    """One way of solving a task, and the package it needs."""

    solve: Callable[[Array, float], float]
    package: str


CONTESTANTS = {
    "tiermix": Contestant(tiermix_limit, "optimize"),
    "tiermix frontier": Contestant(tiermix_frontier, "optimize"),
    "cvxpy": Contestant(cvxpy_limit, "cvxpy"),
    "cvxpy HiGHS": Contestant(cvxpy_highs_limit, "cvxpy"),
    "skfolio HiGHS": Contestant(skfolio_limit, "skfolio"),
    "skfolio frontier": Contestant(skfolio_frontier, "skfolio"),
    "PuLP textbook": Contestant(pulp_limit, "pulp"),
}


@dataclass(frozen=True, slots=True)
class Taken:
    """What a peer took: seconds, how many times ours, and its objective relative to ours."""

    seconds: float
    times: float
    objective: float


@dataclass(frozen=True, slots=True)
class Row:
    """A task, who solves it, and how many times faster than each peer tiermix is to be.

    `within` is the time in seconds that tiermix may take itself.
    """

    what: str
    n_lines: int
    n_worlds: int
    ours: str
    goals: dict[str, float]
    within: float = inf


ROWS = {
    "limit-200x10k": Row(
        "CVaR limit", 200, 10_000, "tiermix", {"cvxpy HiGHS": 15, "skfolio HiGHS": 15}
    ),
    "limit-20x100k": Row(
        "CVaR limit", 20, 100_000, "tiermix", {"cvxpy": 100, "PuLP textbook": 300}
    ),
    "limit-200x100k": Row(
        "CVaR limit", 200, 100_000, "tiermix", {"cvxpy HiGHS": 0, "skfolio HiGHS": 0}, 3.0
    ),
    "frontier-20x10k": Row(
        "20-point frontier", 20, 10_000, "tiermix frontier", {"skfolio frontier": 100}
    ),
}

#: Lines and worlds of a smoke run.
SMOKE = (4, 400)


def play(name: str, n_lines: int, n_worlds: int) -> None:
    """Warm up, solve one task, and print the seconds and the objective as JSON."""
    solve = CONTESTANTS[name].solve
    small, data = returns(4, 300), returns(n_lines, n_worlds)
    solve(small, floor_of(small))
    floor = floor_of(data)
    start = time.perf_counter()
    objective = solve(data, floor)
    print(json.dumps([time.perf_counter() - start, objective]))


def run(name: str, n_lines: int, n_worlds: int, limit: float) -> tuple[float, float]:
    """Return seconds and objective of a contestant in a process of its own.

    Seconds are infinite where the time limit, which counts from the start of the process, ends it.
    """
    threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS")
    command = [sys.executable, "-W", "ignore", __file__, "--play", name, f"{n_lines},{n_worlds}"]
    try:
        done = subprocess.run(
            command,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            timeout=limit,
            env=os.environ | dict.fromkeys(threads, "1"),
        )
    except subprocess.TimeoutExpired:
        return inf, nan
    seconds, objective = json.loads(done.stdout.splitlines()[-1])
    return seconds, objective


def measure(
    row: Row, peers: list[str], rounds: int, limit: float
) -> tuple[float, dict[str, Taken]]:
    """Return the seconds that tiermix takes, and what each peer takes: medians over rounds."""
    ours: list[float] = []
    taken: dict[str, list[Taken]] = {peer: [] for peer in peers}
    for _ in range(rounds):
        mine, best = run(row.ours, row.n_lines, row.n_worlds, limit)
        ours.append(mine)
        for peer in peers:
            if not taken[peer] or taken[peer][-1].seconds < SLOW:
                seconds, objective = run(peer, row.n_lines, row.n_worlds, limit)
                taken[peer].append(Taken(seconds, seconds / mine, objective / best - 1))
    return median(ours), {peer: middle(runs) for peer, runs in taken.items()}


def middle(runs: list[Taken]) -> Taken:
    """Return the medians of runs."""
    return Taken(
        median(x.seconds for x in runs),
        median(x.times for x in runs),
        median(x.objective for x in runs),
    )


def report(name: str, row: Row, rounds: int, limit: float, missing: set[str]) -> None:
    """Measure a row and print it."""
    peers = [peer for peer in row.goals if CONTESTANTS[peer].package not in missing]
    ours, figures = measure(row, peers, rounds, limit)
    verdict = "" if row.within == inf else goal(f"< {row.within:g} s", ours < row.within)
    print(f"{name}: {row.what}, {row.n_lines} lines x {row.n_worlds:,} worlds")
    print(f"  {'tiermix':18s} {ours:9.3f} s {verdict}".rstrip())
    for peer, took in figures.items():
        wanted = row.goals[peer]
        verdict = goal(f">= {wanted:g}x", took.times >= wanted) if wanted else ""
        if isnan(took.objective):
            print(f"  {peer:18s} > {limit:7.0f} s > {limit / ours:7.0f}x  {verdict}")
        else:
            off_by = f"objective {took.objective:+.0e}"
            print(f"  {peer:18s} {took.seconds:9.3f} s {took.times:9.1f}x  {off_by}  {verdict}")


def goal(figure: str, reached: bool) -> str:
    """Return a goal and whether it is reached."""
    return f"goal {figure} {'reached' if reached else 'MISSED'}"


def main(arguments: list[str] | None = None) -> None:
    """Measure the rows asked for and print them."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"of {', '.join(ROWS)}")
    parser.add_argument("--rounds", type=int, default=3, help="rounds, contestants in turn")
    parser.add_argument("--limit", type=float, default=60.0, help="seconds that a peer may take")
    parser.add_argument("--without", nargs="*", default=[], metavar="PACKAGE", help="peers to skip")
    parser.add_argument("--smoke", action="store_true", help="tiny sizes, one round")
    parser.add_argument("--play", nargs=2, metavar=("NAME", "SIZE"), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if unknown := set(options.rows) - set(ROWS):
        parser.error(f"no row {', '.join(sorted(unknown))}; there are {', '.join(ROWS)}")
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    if options.play:
        n_lines, n_worlds = map(int, options.play[1].split(","))
        return play(options.play[0], n_lines, n_worlds)
    packages = {contestant.package for contestant in CONTESTANTS.values()}
    missing = {package for package in packages if find_spec(package) is None}
    if missing:
        print(f"not installed: {', '.join(sorted(missing))} (benchmarks/requirements.txt)")
    for name in options.rows or ROWS:
        row = ROWS[name]
        if options.smoke:
            row = Row(row.what, *SMOKE, row.ours, dict.fromkeys(row.goals, 0.0))
        rounds = 1 if options.smoke else options.rounds
        report(name, row, rounds, options.limit, missing | set(options.without))


if __name__ == "__main__":
    main()
