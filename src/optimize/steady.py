"""Over which budgets the best mix holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import exp, log

import numpy as np
from numpy.typing import NDArray

from optimize.errors import InfeasibleError
from optimize.floors import Floor
from optimize.optimum import maximise
from optimize.problem import Problem
from optimize.risk import Risk
from sim.response import Response

Array = NDArray[np.float64]

#: How much of the money spent may move between lines while the mix is the same.
MOVED = 0.05

#: Budgets that are looked at, as a factor either way, and how finely the ends are found.
FARTHEST, FINENESS = 16.0, 0.02

#: Worlds that are enough to see a mix change.
WORLDS = 512


def steady_range(
    problem: Problem, response: Response, risk: Risk, floors: Sequence[Floor]
) -> tuple[float, float] | None:
    """Return the budgets between which no line's share of the money spent moves by 5 points.

    Of parts of creators, on a part of the worlds, with all limits in money as they are; to 2 %.
    The ends are at most a factor of 16 away.

    Parameters
    ----------
    problem : Problem
    response : Response
    risk : Risk
    floors : sequence of Floor

    Returns
    -------
    tuple of float or None
        None where nothing is spent, or a curve is not concave (it would take long).
    """
    concave = response.concave and risk.concave
    if not concave or not all(f.response.concave and f.risk.concave for f in floors):
        return None
    fewer = [replace(f, response=f.response.part(slice(WORLDS))) for f in floors]
    smooth = replace(problem, prices=None, minimum_deals=(0.0,) * problem.n_lines)

    def mix(budget: float) -> Array | None:
        try:
            task = replace(smooth, budget=budget)
            plan = maximise(task, response.part(slice(WORLDS)), risk, fewer).plan
        except InfeasibleError:
            return None
        return plan / plan.sum() if plan.any() else None

    here = mix(problem.budget)
    if here is None:
        return None

    def same(budget: float) -> bool:
        there = mix(budget)
        return there is not None and float(np.abs(there - here).max()) <= MOVED

    down, up = (_end(same, problem.budget, way) for way in (-1.0, 1.0))
    return down, up


def _end(same: Callable[[float], bool], budget: float, way: float) -> float:
    """Return the last budget in a direction up to which the mix is the same."""
    inside, outside = 0.0, log(2.0)
    while same(budget * exp(way * outside)):
        inside, outside = outside, 2 * outside
        if inside >= log(FARTHEST):
            return budget * exp(way * inside)
    while outside - inside > FINENESS:
        middle = (inside + outside) / 2
        if same(budget * exp(way * middle)):
            inside = middle
        else:
            outside = middle
    return budget * exp(way * inside)
