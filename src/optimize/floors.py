"""What a plan must reach beside its objective.

A floor on a return per money, or a ceiling on a cost per result, is a floor on a difference: the
metric at the rate asked for less the money spent must be at least nothing, in the mean.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimize.problem import Problem, purchase
from optimize.risk import MEAN, Risk
from sim.metrics import METRICS, OBJECTIVES
from sim.response import Response, blend, cost, respond
from sim.worlds import Worlds

Array = NDArray[np.float64]

#: How far a floor may be missed, relative to it; and what counts as reached when it is told.
MISSED, ROUNDING = 1e-7, 1e-6


@dataclass(frozen=True, slots=True)
class Floor:
    """A functional of a response that a plan must bring to a level.

    Parameters
    ----------
    name : str
        As people know it.
    response : Response
        In every world of the optimisation.
    at_least : float
        In units of the functional.
    risk : Risk
        What the response of many worlds comes to; the mean if left out.
    """

    name: str
    response: Response
    at_least: float
    risk: Risk = MEAN

    def missed_by(self, plan: Array) -> float:
        """Return by how much a plan misses the floor; 0 where it holds to rounding."""
        short = self.at_least - self.risk.value(self.response.values(plan))
        linear = float(np.abs(self.response.slopes).max()) * plan.sum()
        near = ROUNDING * max(abs(self.at_least), linear)
        return float(short) if short > near else 0.0


@dataclass(frozen=True, slots=True)
class Demand:
    """A floor as people state it, before any world is drawn.

    Parameters
    ----------
    name : str
        As people know it.
    metric : str
        An objective of `sim.metrics` (by the end of a phase: ``reach@tease``), or a ratio with
        money (then `risk` is the mean).
    level : float
        The least of it; of a cost per result, the most.
    risk : Risk
    """

    name: str
    metric: str
    level: float
    risk: Risk = MEAN

    def floor(self, worlds: Worlds, problem: Problem) -> Floor:
        """Return the floor on some worlds."""
        buy = purchase(problem)
        if self.metric.partition("@")[0] in OBJECTIVES:
            return Floor(self.name, respond(worlds, self.metric, buy), self.level, self.risk)
        metric = METRICS[self.metric]
        assert metric.over is not None
        spent = cost(worlds, buy)
        if metric.better == "down":
            counted = respond(worlds, metric.over[1], buy)
            terms = [(counted, self.level / metric.times), (spent, -1.0)]
        else:
            terms = [(respond(worlds, metric.over[0], buy), 1.0), (spent, -self.level)]
        return Floor(self.name, blend(terms), 0.0)


#: Ratios that a demand can be about.
RATIOS = ("roas", "cpm", "cpe", "cpc", "cpa")
