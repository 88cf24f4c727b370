"""What a brand wants: one metric, or a blend of several."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from optimize.errors import InfeasibleError
from optimize.optimum import maximise
from optimize.problem import Problem, purchase
from sim.outcomes import Outcomes
from sim.response import Response, blend, cost, respond
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

    @property
    def metrics(self) -> tuple[str, ...]:
        """Return the metrics it is made of."""
        return tuple(metric for metric, _ in self.terms)

    def of(self, outcomes: Outcomes) -> Array:
        """Return the goal's value for plans that were simulated, shape (n_plans, n_worlds)."""
        return np.asarray(sum(c * outcomes.values[metric] for metric, c in self.terms))

    def controlled(self, outcomes: Outcomes) -> Array:
        """Return values of the same mean and a smaller error, shape (n_plans, n_worlds)."""
        return np.asarray(sum(c * outcomes.controlled[metric] for metric, c in self.terms))


def _gross(response: Response) -> Response:
    """Return a response without what it costs: the size of a profit that may be near nothing."""
    return replace(response, slopes=np.maximum(response.slopes, 0.0))


def goal(
    worlds: Worlds, problem: Problem, weights: tuple[tuple[str, float], ...]
) -> tuple[Goal, Response]:
    """Put metrics of different units on one scale.

    One metric is its own goal; that of `spend` is as little of it as can be. In a blend every
    metric is measured as a share of the most that any plan can bring of it (profit: before the
    money spent), so that the weights mean what they say whatever the units.

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
    if weights[0][0] == "spend":
        return Goal((("spend", -1.0),)), blend([(cost(worlds, purchase(problem)), -1.0)])
    responses = {metric: respond(worlds, metric, purchase(problem)) for metric, _ in weights}
    if len(weights) == 1:
        return Goal(((weights[0][0], 1.0),)), responses[weights[0][0]]
    return blended(problem, responses, weights)


def blended(
    problem: Problem, responses: Mapping[str, Response], weights: tuple[tuple[str, float], ...]
) -> tuple[Goal, Response]:
    """Return a blend of metrics, each a share of the most that any plan can bring of it.

    Parameters
    ----------
    problem : Problem
    responses : mapping of str to Response
        Of every metric.
    weights : tuple of (str, float)

    Raises
    ------
    InfeasibleError
        If no plan brings anything of a metric.
    """
    total = sum(weight for _, weight in weights)
    terms = []
    for metric, weight in weights:
        most = maximise(problem, _gross(responses[metric])).value
        if most <= 0:
            raise InfeasibleError(f"no allowed plan brings any {metric}")
        terms.append((metric, weight / total / most))
    return Goal(tuple(terms)), blend([(responses[metric], c) for metric, c in terms])
