"""The best plan of every single world: what perfect information would choose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from optimize.floors import Floor
from optimize.optimum import maximise
from optimize.problem import Problem
from optimize.risk import MeanWorst, Risk
from sim.response import Response

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Foresight:
    """The best plan of each of some worlds.

    Parameters
    ----------
    plans : ndarray, shape (n_worlds, n_lines)
        Money.
    values, bounds : ndarray, shape (n_worlds,)
        Of the response in its world: the plan's, and what no plan passes.
    """

    plans: Array
    values: Array
    bounds: Array

    def gains(self, risk: Risk, without: Array) -> tuple[float, float]:
        """Return what foresight adds, and what no foresight could add more than (EVPI).

        Every rising functional is largest if every world is.

        Parameters
        ----------
        risk : Risk
        without : ndarray, shape (n_worlds,)
            What the plan chosen without foresight brings.
        """
        plain = risk.value(without)
        return risk.value(self.values) - plain, risk.value(self.bounds) - plain


def foresee(
    problem: Problem, response: Response, floors: Sequence[Floor], worlds: Sequence[int]
) -> Foresight:
    """Find the best plan of each of some worlds, of parts of creators.

    Floors are asked over all worlds, as they are of a plan: what is allowed stays the same.

    Parameters
    ----------
    problem : Problem
    response : Response
    floors : sequence of Floor
    worlds : sequence of int
        Positions.

    Raises
    ------
    InfeasibleError
        If no plan satisfies all limits and floors.
    """
    smooth = replace(problem, prices=None)
    found = [maximise(smooth, response.part(np.array([world])), floors=floors) for world in worlds]
    return Foresight(
        np.array([solution.plan for solution in found]),
        np.array([solution.value for solution in found]),
        np.array([solution.upper_bound for solution in found]),
    )


def utilities(risk: Risk, values: Array, base: int) -> Array:
    """Return what plans are worth world by world, so that means over worlds can be compared.

    For the mean of the worst worlds these are measured from the quantile of the base plan: the
    mean of a choice that depends on the world is then no more than its true functional, and that
    of the base plan is exact (Rockafellar and Uryasev 2000).

    Parameters
    ----------
    risk : Risk
    values : ndarray, shape (n_plans, n_worlds)
    base : int
        The plan that is chosen without knowing more.
    """
    if not isinstance(risk, MeanWorst):
        return np.stack([risk.contributions(row) for row in values])
    if risk.weight == 0:
        return values
    rank = min(int(np.ceil(risk.worst * values.shape[1] - 1e-9)), values.shape[1]) - 1
    quantile = np.partition(values[base], rank)[rank]
    tail = quantile - np.maximum(quantile - values, 0.0) / risk.worst
    return np.asarray((1 - risk.weight) * values + risk.weight * tail)
