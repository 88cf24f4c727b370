"""Which plans are about as good as the best one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from optimize.errors import InfeasibleError
from optimize.floors import Floor
from optimize.optimum import Solution, maximise
from optimize.problem import Problem
from optimize.risk import MEAN, Risk
from sim.response import Response

Array = NDArray[np.float64]

#: What a plan may miss of the best and still be about as good, relative to the best.
NEARLY = 0.01

#: Worlds that are enough to see how flat the top is.
WORLDS = 512


@dataclass(frozen=True, slots=True)
class NearlyBest:
    """What every line can take in plans that are about as good as the best.

    Parameters
    ----------
    missed : float
        What these plans may miss of the best, relative to it.
    value, at_least : float
        The best of the objective on the worlds looked at, and what these plans bring of it.
    least, most : ndarray, shape (n_lines,)
        Money that a plan found spends on every line.
    surely_least, surely_most : ndarray, shape (n_lines,)
        What no such plan passes: the bounds of the same searches.
    plans : ndarray, shape (2 n_lines, n_lines)
        The plans found: with the least of every line, then with the most of every line.
    """

    missed: float
    value: float
    at_least: float
    least: Array
    most: Array
    surely_least: Array
    surely_most: Array
    plans: Array


def nearly_best(
    problem: Problem,
    response: Response,
    risk: Risk = MEAN,
    floors: Sequence[Floor] = (),
    missed: float = NEARLY,
) -> NearlyBest | None:
    """Find the least and the most of every line among plans that miss little of the best.

    Of parts of creators, on a part of the worlds. Each end is an optimisation with a floor on
    the objective, certified like any other.

    Parameters
    ----------
    problem : Problem
    response : Response
    risk : Risk
    floors : sequence of Floor
    missed : float
        Relative to the best, > 0.

    Returns
    -------
    NearlyBest or None
        None where a curve is not concave (it would take long), the best brings nothing, or a
        search does not end.

    Raises
    ------
    InfeasibleError
        If no plan satisfies all limits and floors.
    """
    concave = response.concave and risk.concave
    if not concave or not all(f.response.concave and f.risk.concave for f in floors):
        return None
    smooth = replace(problem, prices=None)
    few = response.part(slice(WORLDS))
    fewer = [replace(f, response=f.response.part(slice(WORLDS))) for f in floors]
    best = maximise(smooth, few, risk, fewer)
    level = best.value - missed * abs(best.value)
    if not level < best.value:
        return None
    asked = [*fewer, Floor("nearly the best", few, level, risk)]
    try:
        ends = [_end(smooth, asked, line, way) for way in (-1, 1) for line in range(len(best.plan))]
    except InfeasibleError:
        return None
    plans = np.array([end.plan for end in ends])
    low, high = np.split(plans[np.arange(len(ends)), np.arange(len(ends)) % len(best.plan)], 2)
    below, above = np.split(np.array([end.upper_bound for end in ends]), 2)
    below = np.maximum(-below, 0.0)
    return NearlyBest(missed, best.value, level, low, high, below, above, plans)


def _end(problem: Problem, floors: Sequence[Floor], line: int, way: int) -> Solution:
    """Return the plan that spends the least (way -1) or the most (way 1) on a line."""
    slopes = np.zeros((1, problem.n_lines))
    slopes[0, line] = way
    return maximise(problem, Response(slopes, ()), MEAN, floors)
