"""How good a plan is for more worlds than memory holds: tangents summed world by world.

A plan found on some of the worlds is all but the best for all of them. One pass over all worlds
takes the tangents of the mean at that plan and around it; a linear program over these bounds every
plan. Where the bound is not close, the plan that promises it is looked at in another pass.

References
----------
Kelley (1960) (cutting planes); Birge and Louveaux (1988) (several cuts a round).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import reduce
from math import inf
from operator import add

import numpy as np
from numpy.typing import NDArray

from optimize.cutting import TRIFLE
from optimize.master import Master, Part
from optimize.pieces import piece_of
from optimize.problem import Problem
from sim.response import Response

Array = NDArray[np.float64]

#: Relative gap at which no more passes are made, and how many there are at most.
CLOSE, PASSES = 1e-5, 4

#: How far around the plan the first tangents are taken, in shares of the budget.
AROUND = 0.02


@dataclass(frozen=True, slots=True)
class Tangents:
    """Tangents of the mean of a response at some plans, as sums over worlds.

    Parameters
    ----------
    worlds : int
    slopes : ndarray, shape (n_lines,)
        The linear part.
    values : ndarray, shape (n_plans, n_pieces)
    gradients : ndarray, shape (n_plans, n_pieces, n_lines)
    """

    worlds: int
    slopes: Array
    values: Array
    gradients: Array

    def __add__(self, other: Tangents) -> Tangents:
        """Return the sums over the worlds of both."""
        return Tangents(
            self.worlds + other.worlds,
            self.slopes + other.slopes,
            self.values + other.values,
            self.gradients + other.gradients,
        )

    def means(self, plans: Array) -> Array:
        """Return the mean of every plan, shape (n_plans,)."""
        return np.asarray((plans @ self.slopes + self.values.sum(axis=1)) / self.worlds)


def tangents(response: Response, plans: Array) -> Tangents:
    """Return the tangents of a response at some plans, summed over its worlds.

    Parameters
    ----------
    response : Response
        Concave.
    plans : ndarray, shape (n_plans, n_lines)
    """
    n, n_lines = response.slopes.shape
    values = np.zeros((len(plans), len(response.terms)))
    gradients = np.zeros((*values.shape, n_lines))
    for p, plan in enumerate(plans):
        for t, term in enumerate(response.terms):
            values[p, t], gradients[p, t] = piece_of(term, float(n)).tangent(plan)
    return Tangents(n, response.slopes.sum(axis=0), values, gradients)


@dataclass(frozen=True, slots=True)
class Proof:
    """How good a plan is for all worlds of a stream.

    Parameters
    ----------
    value, upper_bound : float
        Of the mean over the worlds: the plan's, and one that no plan passes.
    relative_gap : float
        Their distance, relative to the larger of them.
    worlds, passes : int
    """

    value: float
    upper_bound: float
    relative_gap: float
    worlds: int
    passes: int


def proven(problem: Problem, plan: Array, over: Callable[[Array], Iterable[Tangents]]) -> Proof:
    """Return how good a plan is for all worlds of a stream.

    Parameters
    ----------
    problem : Problem
    plan : ndarray, shape (n_lines,)
        An allowed one: the best for some of the worlds.
    over : callable
        Passes over the stream: the tangents of its parts at plans of shape (n_plans, n_lines).
    """
    plans, passes, bound = _around(problem, plan), 1, inf
    found = reduce(add, over(plans))
    value = best = float(found.means(plans)[0])
    size = max(abs(value), TRIFLE)
    master = Master(problem, [_part(problem, found, plan, size)])
    while True:
        scale = found.worlds * size
        for cut, values, gradients in zip(plans, found.values, found.gradients, strict=True):
            master.add_cuts(
                0, cut / problem.budget, values / scale, gradients * problem.budget / scale
            )
        solution = master.solve(relaxed=problem.prices is None and not any(problem.minimum_deals))
        assert solution is not None
        bound = min(bound, solution.bound * size)
        if bound - best <= CLOSE * size or passes == PASSES:
            break
        promising = solution.spends * problem.budget
        plans = np.stack([promising, (promising + plan) / 2, (promising + 7 * plan) / 8])
        found, passes = reduce(add, over(plans)), passes + 1
        best = max(best, float(found.means(plans)[0]))
    bound = max(bound, value)
    return Proof(value, bound, (bound - value) / max(abs(bound), TRIFLE), found.worlds, passes)


def _around(problem: Problem, plan: Array) -> Array:
    """Return a plan and others near it: a little of the budget moved to every line, or saved."""
    caps = np.minimum(np.array(problem.caps), problem.budget)
    near = (1 - AROUND) * plan + AROUND * np.diag(caps)
    return np.vstack([plan, near, (1 - AROUND) * plan])


def _part(problem: Problem, found: Tangents, plan: Array, size: float) -> Part:
    """Return what the master is told at first: every piece is below its tangent at a plan."""
    caps = np.minimum(np.array(problem.caps), problem.budget)
    room = np.maximum(found.gradients[0], 0.0) @ caps - found.gradients[0] @ plan
    scale = found.worlds * size
    return Part(found.slopes * problem.budget / scale, (found.values[0] + room) / scale)
