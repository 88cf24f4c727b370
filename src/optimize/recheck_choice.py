"""A second opinion on a choice of whole creators, by a path of its own.

What a choice brings is written out once more; the bound comes from tangents of its extension to
parts of creators (see `optimize.coverage`), taken where a plain multiplicative ascent leads, and
put together in one linear program over all limits. Nothing is shared with the search that made the
certificate but the problem and the response it is about.

References
----------
Kelley (1960), "The cutting-plane method for solving convex programs"; Arora, Hazan and Kale (2012),
"The multiplicative weights update method".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from math import inf

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import coo_array, csr_array

from optimize.problem import Problem
from sim.mapping import aside
from sim.response import Response

Array = NDArray[np.float64]

#: Rounds of cuts after which the bound is left as it is; rounds without progress after which it is.
ROUNDS, STUCK = 250, 60

#: Lines up to which whole creators are asked for, the rounds of that, and the seconds of each.
WHOLE, WHOLE_ROUNDS, PATIENCE = 120, 60, 10.0

#: Part of the way to the plan that the cuts promise most that the next cut is taken at.
STEP = 0.3


@dataclass(frozen=True, slots=True)
class Kinds:
    """The mean over the worlds of a metric of whole creators.

    Parameters
    ----------
    depths : sparse array, shape (n_terms, n_lines)
        What one creator takes off the log of the share that is not reached.
    reached : sparse array, shape (n_terms, n_lines)
        Share that one creator reaches.
    worth : ndarray, shape (n_terms,)
    slopes : ndarray, shape (n_lines,)
    """

    depths: csr_array
    reached: csr_array
    worth: Array
    slopes: Array

    def value(self, counts: Array) -> float:
        """Return what whole creators bring."""
        left = np.exp(-(self.depths @ counts))
        return float(self.worth @ (1 - left) + self.slopes @ counts)

    def tangent(self, counts: Array) -> tuple[float, Array]:
        """Return the extension at parts of creators, and its gradient per creator."""
        left, sum_of_parts = np.exp(-(self.depths @ counts)), self.reached @ counts
        by_sum = sum_of_parts <= 1 - left
        value = self.worth @ np.minimum(1 - left, sum_of_parts) + self.slopes @ counts
        pull = self.depths.T @ (self.worth * left * ~by_sum)
        return float(value), pull + self.reached.T @ (self.worth * by_sum) + self.slopes


def kinds(response: Response, prices: Array) -> Kinds:
    """Return the mean of a response as a metric of whole creators.

    Parameters
    ----------
    response : Response
        Whose ridges are exponential.
    prices : ndarray, shape (n_lines,)
        Money.
    """
    n_worlds = len(response.slopes)
    rows, columns, depths, worth, first = [], [], [], [], 0
    for ridges in response.ridges:
        size, n_terms, _ = ridges.rates.shape
        lines = np.arange(prices.size) if ridges.lines is None else ridges.lines
        for k, line in enumerate(lines.tolist()):
            mine = ridges.rates[:, :, k].reshape(-1) * prices[line]
            there = np.flatnonzero(mine)
            rows.append(first + there)
            columns.append(np.full(there.size, line))
            depths.append(mine[there])
        worth.append(ridges.weights.reshape(-1) / size)
        first += size * n_terms
    data, where = np.concatenate(depths), (np.concatenate(rows), np.concatenate(columns))
    shape = (first, prices.size)
    slopes = response.slopes.sum(axis=0) / n_worlds * prices
    return Kinds(
        coo_array((data, where), shape).tocsr(),
        coo_array((1 - np.exp(-data), where), shape).tocsr(),
        np.concatenate(worth),
        slopes,
    )


def bound(metric: Kinds, problem: Problem, counts: Array, enough: float) -> tuple[float, int]:
    """Return what no allowed choice passes, and how many tangents that took.

    Parameters
    ----------
    metric : Kinds
    problem : Problem
        With prices.
    counts : ndarray, shape (n_lines,)
        Where to cut first.
    enough : float
        A bound that is low enough to stop at.
    """
    program = _Program(problem)
    best, rounds = _in_parts(metric, program, counts.astype(float), enough)
    if best <= enough or counts.size > WHOLE:
        return best, rounds
    seen = {counts.tobytes()}
    for again in range(1, WHOLE_ROUNDS + 1):
        found = program.best(whole=True)
        if found is None:
            return best, rounds + again
        best = min(best, found[0])
        there = np.round(found[1])
        if best <= enough or there.tobytes() in seen:
            return best, rounds + again
        seen.add(there.tobytes())
        value, gradient = metric.tangent(there)
        program.cut(gradient, value - float(gradient @ there))
    return best, rounds + WHOLE_ROUNDS


def _in_parts(metric: Kinds, program: _Program, at: Array, enough: float) -> tuple[float, int]:
    """Return what `bound` does of parts of creators."""
    best, since = inf, 0
    for rounds in range(1, ROUNDS + 1):
        value, gradient = metric.tangent(at)
        program.cut(gradient, value - float(gradient @ at))
        found = program.best()
        if found is None:
            return -inf, rounds
        promise, there = found
        since = 0 if promise < best * (1 - 1e-6) else since + 1
        best = min(best, promise)
        if best <= enough or since > STUCK:
            return best, rounds
        at = at + STEP * (there - at)
    return best, ROUNDS


class _Program:
    """Parts of creators within all limits, and what tangents promise of them."""

    def __init__(self, problem: Problem) -> None:
        prices = np.array(problem.steps)
        self._unit = problem.budget
        self._top = np.minimum(problem.upper / prices, problem.budget / prices * (1 + 1e-9))
        rows, most = [prices / self._unit], [1.0 + 1e-9]
        for limit in problem.limits:
            row = np.zeros(prices.size)
            lines = list(limit.lines)
            row[lines] = prices[lines] / self._unit
            if np.isfinite(limit.upper):
                rows.append(row)
                most.append(limit.upper / self._unit + 1e-9)
            if limit.lower > 0:
                rows.append(-row)
                most.append(-limit.lower / self._unit + 1e-9)
        for group in problem.exclusive:
            row = np.zeros(prices.size)
            row[list(group)] = 1.0
            rows.append(row)
            most.append(1.0)
        self._rows = [np.append(row, 0.0) for row in rows]
        self._most = most
        self._size = 0.0

    def cut(self, gradient: Array, level: float) -> None:
        """Promise no choice more than a tangent does."""
        self._size = self._size or float(np.abs(gradient).max()) or 1.0
        self._rows.append(np.append(-gradient, self._size) / self._size)
        self._most.append(level / self._size)

    def best(self, *, whole: bool = False) -> tuple[float, Array] | None:
        """Return the most that all tangents together allow, and where; None if nothing."""
        aim = np.append(np.zeros(self._top.size), -1.0)
        if whole:
            return self._whole(aim)
        found = linprog(  # type: ignore[call-overload]
            aim, A_ub=csr_array(np.array(self._rows)), b_ub=self._most,
            bounds=[*((0.0, top) for top in self._top.tolist()), (None, None)], method="highs",
        )  # fmt: skip
        if found.x is None:
            return None
        return -float(found.fun) * self._size, found.x[:-1]

    def _whole(self, aim: Array) -> tuple[float, Array] | None:
        low = np.append(np.zeros(self._top.size), -np.inf)
        high = np.append(np.floor(self._top + 1e-9), np.inf)
        found = aside(partial(
            milp, aim, integrality=np.append(np.ones(self._top.size), 0.0),
            bounds=Bounds(low, high),
            constraints=LinearConstraint(np.array(self._rows), -np.inf, self._most),
            options={"mip_rel_gap": 1e-7, "time_limit": PATIENCE},
        ))  # fmt: skip
        if found.x is None:
            return None
        return -float(found.mip_dual_bound) * self._size, found.x[:-1]


def better(metric: Kinds, problem: Problem, counts: Array, tries: Sequence[int]) -> float:
    """Return the most that swaps of one creator for another bring, from a choice.

    Parameters
    ----------
    metric : Kinds
    problem : Problem
    counts : ndarray, shape (n_lines,)
    tries : sequence of int
        Lines that may come in.
    """
    prices, found = np.array(problem.steps), metric.value(counts)
    for gone in np.flatnonzero(counts).tolist():
        for come in tries:
            other = counts.copy()
            other[gone] -= 1
            other[come] += 1
            if not problem.violations(other * prices):
                found = max(found, metric.value(other))
    return found
