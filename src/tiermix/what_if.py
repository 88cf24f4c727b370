"""The answer to a scenario if one of its uncertain inputs were known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import nan

import numpy as np
from numpy.typing import NDArray

from optimize.baselines import placed
from optimize.errors import InfeasibleError
from optimize.goal import Goal
from optimize.optimum import Solution
from optimize.problem import Problem, purchase
from sim.pinning import pinned
from sim.response import Response, blend, respond
from sim.worlds import Worlds
from tiermix.scenario import Scenario
from tiermix.task import Task, state

Array = NDArray[np.float64]

#: What leads a plan that spends nothing, or where no plan is allowed.
NOTHING, NO_PLAN = "no spend", "no allowed plan"


#: An objective that is stated at once, to be replaced by a blend.
ANY = (("impressions", 1.0),)


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The best plan and the others, if one input had a value.

    Parameters
    ----------
    value : float
        Of the input.
    solution : Solution or None
        The best plan; None if no plan is allowed.
    lead : str
        The line that takes the most money of it.
    base : float
        What the base case's split of the money brings.
    breaks : tuple of str
        The limits and floors that this split breaks.
    strategies : mapping of str to float
        What the file's strategies bring.
    """

    value: float
    solution: Solution | None
    lead: str
    base: float
    breaks: tuple[str, ...]
    strategies: Mapping[str, float]

    @property
    def lost(self) -> float | None:
        """What the base case's split loses to the best; None if it is not allowed."""
        if self.solution is None or self.breaks:
            return None
        return max(self.solution.value - self.base, 0.0)

    @property
    def winner(self) -> str:
        """The best of the file's strategies."""
        return max(self.strategies, key=lambda name: self.strategies[name])


class Questions:
    """What a scenario answers if an input is known, each asked once.

    Parameters
    ----------
    scenario : Scenario
    task : Task
        The scenario on the worlds that are looked at.
    base : ndarray, shape (n_lines,)
        The best plan of the base case; its split of the money is followed at other prices.
    strategies : mapping of str to ndarray, shape (n_lines,)
        What the file's strategies wish to spend.

    Attributes
    ----------
    here : WhatIf
        The answer where nothing more is known; its `value` is NaN.
    """

    def __init__(
        self, scenario: Scenario, task: Task, base: Array, strategies: Mapping[str, Array]
    ) -> None:
        self.scenario, self.task, self.base = scenario, task, base
        self.strategies = strategies
        self._answers: dict[tuple[str, float], WhatIf] = {}
        self._signature = _signature(task)
        self.here = self._asked(task, nan)

    def stated(self, name: str, value: float) -> Task:
        """Return what is asked if an input is known, in the units of the base case."""
        worlds = pinned(self.task.worlds, name, value)
        return restated(replace(self.scenario, campaign=worlds.campaign), worlds, self.task)

    def plans(self) -> list[Array]:
        """Return the best plans of all answers."""
        return [found.solution.plan for found in self._answers.values() if found.solution]

    def answer(self, name: str, value: float) -> WhatIf:
        """Return the answer if an input has a value; the base case's where that is no matter."""
        if (name, value) not in self._answers:
            task = self.stated(name, value)
            pairs = zip(self._signature, _signature(task), strict=True)
            same = all(np.array_equal(here, there) for here, there in pairs)
            self._answers[name, value] = self.here if same else self._asked(task, value)
        return self._answers[name, value]

    def judged(self, name: str, value: float, plan: Array) -> float:
        """Return what a split of the money brings if an input has a value."""
        task = self.stated(name, value)
        return task.judged(placed(task.problem, plan))

    def _asked(self, task: Task, value: float) -> WhatIf:
        """Return the answer to a task in which an input has a value."""
        try:
            solution = task.solve()
        except InfeasibleError:
            solution = None
        plan = placed(task.problem, self.base)
        return WhatIf(
            value,
            solution,
            leader(self.scenario.lines, solution),
            task.judged(plan),
            task.violations(plan),
            {
                name: task.judged(placed(task.problem, wish))
                for name, wish in self.strategies.items()
            },
        )


def leader(lines: tuple[str, ...], solution: Solution | None) -> str:
    """Return the line that takes the most money of a plan."""
    if solution is None:
        return NO_PLAN
    return lines[int(solution.plan.argmax())] if solution.plan.any() else NOTHING


def restated(scenario: Scenario, worlds: Worlds, task: Task) -> Task:
    """Return what a scenario asks on other worlds, a blend in the units of a task.

    Parameters
    ----------
    scenario : Scenario
    worlds : Worlds
    task : Task
    """
    if len(task.goal.terms) == 1:
        return state(scenario, worlds)
    other = state(replace(scenario, objective=ANY), worlds)
    response = goal_response(task.goal, worlds, other.problem)
    return replace(other, goal=task.goal, response=response)


def goal_response(goal: Goal, worlds: Worlds, feasible: Problem) -> Response:
    """Return a blend with the scale of its metrics as it is, on other worlds."""
    buy = purchase(feasible)
    return blend([(respond(worlds, metric, buy), weight) for metric, weight in goal.terms])


def _signature(task: Task) -> list[Array]:
    """Return numbers that differ where a plan's outcome, a floor or what is allowed does."""
    budget, n = task.problem.budget, task.problem.n_lines
    plans = [np.full(n, budget / n), *(np.eye(n) * budget / 3)]
    responses = [task.response, *(floor.response for floor in task.floors)]
    prices = task.problem.prices or (0.0,)
    return [
        np.array([*task.problem.caps, *prices]),
        *(response.values(plan) for response in responses for plan in plans),
    ]
