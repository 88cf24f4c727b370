"""What a brand wants: one metric, or a blend of several."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimize.cutting import maximise
from optimize.errors import InfeasibleError
from optimize.problem import Problem
from sim.outcomes import Outcomes
from sim.purchase import PARTS, WHOLE, Purchase
from sim.response import Response, blend, respond
from sim.worlds import Worlds

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Goal:
    """A weighted sum of metrics.

    Parameters
    ----------
    terms : tuple of (str, float)
        Metrics and coefficients, per unit of the metric.
    """

    terms: tuple[tuple[str, float], ...]

    def of(self, outcomes: Outcomes) -> Array:
        """Return the goal's value for plans that were simulated, shape (n_plans, n_worlds)."""
        return np.asarray(sum(c * outcomes.values[metric] for metric, c in self.terms))

    def controlled(self, outcomes: Outcomes) -> Array:
        """Return values of the same mean and a smaller error, shape (n_plans, n_worlds)."""
        return np.asarray(sum(c * outcomes.controlled[metric] for metric, c in self.terms))


def purchase(problem: Problem) -> Purchase:
    """Return how creators are bought under a problem."""
    return PARTS if problem.prices is None else WHOLE


def _gross(response: Response) -> Response:
    """Return a response without what it costs: the size of a profit that may be near nothing."""
    return Response(np.maximum(response.slopes, 0.0), response.ridges)


def goal(
    worlds: Worlds, problem: Problem, weights: tuple[tuple[str, float], ...]
) -> tuple[Goal, Response]:
    """Put metrics of different units on one scale.

    One metric is its own goal. In a blend every metric is measured as a share of the most that
    any plan can bring of it (profit: before the money spent), so that the weights mean what they
    say whatever the units.

    Parameters
    ----------
    worlds : Worlds
    problem : Problem
    weights : tuple of (str, float)
        Metrics and weights > 0; they are scaled to sum to 1.

    Returns
    -------
    goal : Goal
    response : Response
        The goal as a function of the plan.

    Raises
    ------
    InfeasibleError
        If no plan brings anything of a metric of a blend.
    """
    responses = {metric: respond(worlds, metric, purchase(problem)) for metric, _ in weights}
    if len(weights) == 1:
        return Goal(((weights[0][0], 1.0),)), responses[weights[0][0]]
    total = sum(weight for _, weight in weights)
    terms = []
    for metric, weight in weights:
        most = maximise(problem, _gross(responses[metric])).value
        if most <= 0:
            raise InfeasibleError(f"no allowed plan brings any {metric}")
        terms.append((metric, weight / total / most))
    return Goal(tuple(terms)), blend([(responses[metric], c) for metric, c in terms])
