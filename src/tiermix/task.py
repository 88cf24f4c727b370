"""A scenario on drawn worlds: what is asked of the optimizer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimize.floors import Floor
from optimize.goal import Goal, goal
from optimize.optimum import Solution, maximise
from optimize.problem import Problem, problem
from optimize.risk import Risk
from sim.response import Response
from sim.worlds import Worlds
from tiermix.scenario import Scenario

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Task:
    """A scenario on drawn worlds: what is asked of the optimizer.

    Parameters
    ----------
    worlds : Worlds
    problem : Problem
    goal : Goal
    response : Response
        The goal as a function of the plan.
    risk : Risk
    floors : tuple of Floor
    """

    worlds: Worlds
    problem: Problem
    goal: Goal
    response: Response
    risk: Risk
    floors: tuple[Floor, ...]

    def solve(self, told: Callable[[float], None] = lambda gap: None) -> Solution:
        """Find the best plan.

        Raises
        ------
        InfeasibleError
            If no plan satisfies all limits and floors.
        """
        return maximise(self.problem, self.response, self.risk, self.floors, told)

    def judged(self, plan: Array) -> float:
        """Return what a plan comes to, the lottery of creators averaged out."""
        return self.risk.value(self.response.values(plan))

    def violations(self, plan: Array) -> tuple[str, ...]:
        """Return the limits and floors that a plan breaks."""
        missed = [floor.name for floor in self.floors if floor.missed_by(plan) > 0]
        return (
            *self.problem.violations(plan),
            *(name.removeprefix("the ") for name in missed),
        )


def state(scenario: Scenario, worlds: Worlds) -> Task:
    """State what a scenario asks, on given worlds.

    Parameters
    ----------
    scenario : Scenario
    worlds : Worlds
        Of its campaign.

    Raises
    ------
    InfeasibleError
        If a blend holds a metric that no plan can bring.
    """
    feasible = problem(
        scenario.campaign, scenario.budget, scenario.limits, whole_creators=scenario.whole_creators
    )
    aim, response = goal(worlds, feasible, scenario.objective)
    floors = tuple(demand.floor(worlds, feasible) for demand in scenario.demands)
    return Task(worlds, feasible, aim, response, scenario.risk, floors)
