"""Scenarios as tests run them: read, drawn and optimised, without the reports around it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from optimize.goal import Goal, goal
from optimize.optimum import Solution, maximise
from optimize.problem import Problem, problem, purchase
from sim.outcomes import Outcomes, evaluate
from sim.response import Response
from sim.statistics import standard_error
from sim.worlds import Worlds, draw_worlds
from tiermix.scenario import Scenario

Array = NDArray[np.float64]

#: The scenario library, by name.
LIBRARY = {
    path.stem: path
    for path in sorted((Path(__file__).parents[1] / "scenarios").glob("*.yaml"))
    if not path.stem.startswith("roster_")  # those are tested in test_roster.py
}


@dataclass(frozen=True)
class Run:
    """A scenario on some worlds.

    Parameters
    ----------
    scenario : Scenario
    n_worlds, seed : int
        Instead of the scenario's own.
    """

    scenario: Scenario
    n_worlds: int
    seed: int

    @cached_property
    def worlds(self) -> Worlds:
        return draw_worlds(self.scenario.campaign, self.n_worlds, self.seed)

    @property
    def blocks(self) -> list[Worlds]:
        return list(self.worlds.blocks())

    @cached_property
    def problem(self) -> Problem:
        s = self.scenario
        return problem(s.campaign, s.budget, s.limits, whole_creators=s.whole_creators)

    @cached_property
    def aim(self) -> tuple[Goal, Response]:
        return goal(self.worlds, self.problem, self.scenario.objective)

    @property
    def goal(self) -> Goal:
        return self.aim[0]

    @property
    def response(self) -> Response:
        return self.aim[1]

    @cached_property
    def best(self) -> Solution:
        return maximise(self.problem, self.response)

    def shares(self) -> dict[str, float]:
        """Return the share of the budget that the best plan gives to every line."""
        spends = (self.best.plan / self.scenario.budget).tolist()
        return dict(zip(self.scenario.lines, spends, strict=True))

    def plan(self, shares: Mapping[str, float]) -> Array:
        """Return the plan that gives lines these shares of the budget."""
        return self.scenario.budget * np.array([shares.get(x, 0.0) for x in self.scenario.lines])

    def play(self, *plans: Array) -> Outcomes:
        """Return what plans yield, creator by creator."""
        return evaluate(self.worlds, list(plans), purchase(self.problem))

    def clearly_more(self, better: Array, worse: Array) -> bool:
        """Whether one value per world beats another by more than 4 standard errors."""
        difference = better - worse
        return bool(difference.mean() > 4 * standard_error(self.worlds, difference))
