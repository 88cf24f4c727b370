"""Choosing named creators: greedy, our choice, our bound and a plain integer program, side by side.

    python benchmarks/roster.py                # everything: some minutes
    python benchmarks/roster.py --smoke        # tiny cases, to see that it runs
    python benchmarks/roster.py --creators A.csv --pairs B.csv   # real audiences

Greedy steps reach at least 1 - 1/e of the best at equal prices, half of that at others. The plain
program is the textbook's: maximum coverage of kinds of people, or tangents of every curve.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Iterator
from math import inf
from pathlib import Path

import numpy as np
import pulp
from numpy.typing import NDArray

from optimize.choosing import Choice, choose
from optimize.picking import Picker
from optimize.problem import Problem
from sim.overlap import Kinds, kinds_of_people
from sim.response import Response
from sim.ridges import Ridges

Array = NDArray[np.float64]

#: Seconds that the plain program gets; tangents of every curve in it.
PATIENCE, TANGENTS = 60, 25

#: The depth of a kind that a creator reaches for sure.
SURE = 36.0


def one_price(n: int, picks: int) -> Problem:
    """Return a problem that allows so many creators at one price."""
    names = tuple(f"c{i}" for i in range(n))
    return Problem(names, float(picks), (1.0,) * n, (0.0,) * n, (), (1.0,) * n)


def covering(kinds: Kinds) -> Response:
    """Return the people who follow somebody chosen at a price of 1."""
    rates = np.where(kinds.follows, SURE, 0.0).T[None]
    return Response(np.zeros((1, len(kinds.follows))), (Ridges(rates, kinds.sizes[None]),))


def market(n: int, seed: int, worlds: int = 16) -> tuple[Problem, Response]:
    """Return synthetic creators of three segments, and a budget for about 200 of 5,000."""
    rng = np.random.default_rng(seed)
    people = np.array([6e5, 2e6, 9e6]) * n / 5000
    followers = rng.lognormal(10, 1.2, n) * np.minimum(1.0, n / 5000 * 4)
    fees = 0.012 * followers**0.9 * rng.lognormal(0, 0.4, n) * 4 + 50
    shares = rng.dirichlet(np.full(4, 0.5), n)[:, :3]
    views = np.clip(rng.lognormal(-1.6, 0.3, (worlds, n)), 0, 0.9)
    ridges = tuple(
        Ridges(
            (-np.log1p(-np.minimum(views * followers * shares[:, s] / people[s], 0.99)) / fees)[
                :, None, :
            ],
            np.full((worlds, 1), people[s]),
        )
        for s in range(3)
    )
    budget = float(0.1 * n * np.median(fees))
    names = tuple(f"c{i}" for i in range(n))
    problem = Problem(names, budget, tuple(fees.tolist()), (0.0,) * n, (), tuple(fees.tolist()))
    return problem, Response(np.zeros((worlds, n)), ridges)


def plain(problem: Problem, picker: Picker) -> tuple[float, float, float]:
    """Return value, bound and seconds of a plain integer program."""
    metric = picker.metric
    began = time.perf_counter()
    model = pulp.LpProblem("plain", pulp.LpMaximize)
    hired = [
        model.add_variable(f"x{i}", 0, float(min(m, 1)), pulp.LpInteger)
        for i, m in enumerate(picker.most)
    ]
    won, depths = [], metric.depths.tocsr()
    sure = depths.data.size > 0 and bool((depths.data >= SURE - 1).all())
    for t, weight in enumerate(metric.weights):
        part = slice(*depths.indptr[t : t + 2])
        terms = list(zip(depths.indices[part].tolist(), depths.data[part].tolist(), strict=True))
        y = model.add_variable(f"y{t}", 0, 1)
        won.append((y, float(weight)))
        if sure:
            model += y <= pulp.lpSum(hired[i] for i, _ in terms)
            continue
        u = model.add_variable(f"u{t}", 0)
        model += u == pulp.LpAffineExpression([(hired[i], a) for i, a in terms])
        top = sum(a for _, a in terms)
        for at in np.concatenate([[0.0], np.geomspace(0.01, max(min(top, 8), 0.02), TANGENTS)]):
            model += y <= 1 - np.exp(-at) + float(np.exp(-at)) * (u - float(at))
    model += pulp.LpAffineExpression(won)
    model += pulp.LpAffineExpression(
        [(x, float(p)) for x, p in zip(hired, picker.prices, strict=True)]
    ) <= problem.budget  # fmt: skip
    model.solve(pulp.HiGHS(msg=False, timeLimit=PATIENCE, threads=1))
    info = model.solverModel.getInfo()
    counts = np.array([round(x.value() or 0) for x in hired], float)
    return picker.value(counts), -float(info.mip_dual_bound), time.perf_counter() - began


def rows(name: str, problem: Problem, response: Response) -> Iterator[str]:
    """Yield the contestants on one case."""
    began = time.perf_counter()
    choice: Choice = choose(problem, response)
    ours = time.perf_counter() - began
    picker = Picker(problem, response)
    value, bound, seconds = plain(problem, picker)
    least = min(bound, choice.upper_bound)
    yield (f"{name:<34} {choice.counts.sum():.0f} chosen")
    below = 1 - choice.greedy_value / least
    yield f"  greedy        {choice.greedy_value:14,.1f}  {below:8.1e} below the bound"
    yield (
        f"  tiermix       {choice.value:14,.1f}  bound {choice.upper_bound:14,.1f}  "
        f"gap {choice.relative_gap:7.1e}  {ours:6.1f} s"
    )
    gap = (bound - value) / bound if 0 < bound < inf else inf
    yield (
        f"  plain program {value:14,.1f}  bound {bound:14,.1f}  gap {gap:7.1e}  {seconds:6.1f} s"
    )


def real(creators: Path, pairs: Path, universe: float, at_most: float) -> Iterator[str]:
    """Yield the real channels: kinds of people, then 10, 20 and 50 picks."""
    with creators.open() as file:
        listed = list(csv.DictReader(file))
    at = {row["creator"]: i for i, row in enumerate(listed)}
    audiences = np.array([float(row["unique_viewers"]) for row in listed])
    with pairs.open() as file:
        given = {
            (at[row["creator_a"]], at[row["creator_b"]]): float(row["shared_viewers"])
            for row in csv.DictReader(file)
        }
    began = time.perf_counter()
    kinds = kinds_of_people(audiences, given, universe, at_most)
    seconds, shared = time.perf_counter() - began, kinds.shared()
    off = max(abs(shared[pair] / people - 1) for pair, people in given.items())
    alone = np.abs(kinds.singles() / audiences - 1).max()
    yield (
        f"{len(listed)} channels, {len(given)} pairs: {kinds.sizes.size} kinds in {seconds:.1f} s; "
        f"largest error of a pair {off:.1e}, of a single {alone:.1e}"
    )
    for picks in (10, 20, 50):
        yield from rows(
            f"{picks} of {len(listed)} channels", one_price(len(listed), picks), covering(kinds)
        )


def main() -> None:
    """Print the cases that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else "")
    parser.add_argument("--creators", type=Path, help="creator,unique_viewers")
    parser.add_argument("--pairs", type=Path, help="creator_a,creator_b,shared_viewers")
    parser.add_argument("--universe", type=float, default=1e6)
    parser.add_argument("--at-most", type=float, default=0.1, help="share of pairs not given")
    parser.add_argument("--smoke", action="store_true", help="tiny cases")
    asked = parser.parse_args()
    n = 60 if asked.smoke else 5000
    for line in rows(f"{n} creators, 3 segments", *market(n, 0, 4 if asked.smoke else 16)):
        print(line, flush=True)
    if asked.creators and asked.pairs:
        for line in real(asked.creators, asked.pairs, asked.universe, asked.at_most):
            print(line, flush=True)


if __name__ == "__main__":
    main()
