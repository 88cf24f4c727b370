"""A saved run at hand: its worlds are drawn once, and every question is answered on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from optimize.baselines import placed
from optimize.goal import Goal, blended, goal
from optimize.optimum import Solution
from optimize.problem import Problem, problem, purchase
from optimize.risk import Attainment
from sim.metrics import OBJECTIVES
from sim.outcomes import Outcomes, evaluate
from sim.response import Response, respond
from sim.statistics import summarise
from sim.worlds import draw_worlds
from tiermix.errors import UsageError
from tiermix.explore.changes import asked, changed
from tiermix.infeasible import solved
from tiermix.reading import read_document
from tiermix.saved import read_run
from tiermix.scenario import Scenario
from tiermix.scenario_file import parse
from tiermix.sizes import check_size
from tiermix.task import Task
from tiermix.trade_off import brings, check_metrics

Array = NDArray[np.float64]

#: Worlds that answers come from unless others are asked for: enough for two figures, at once.
WORLDS = 512

#: Questions whose best plan is remembered.
REMEMBERED = 256

#: The least amount of money that is spent on a line.
UNIT = 1.0

#: The objective of the file, where that is a blend or money.
OWN = "as in the file"

#: Metrics that are told beside those of the objective.
USUAL = ("reach", "effective_reach", "frequency", "conversions", "profit", "cpm", "cpa")


@dataclass(frozen=True, slots=True)
class Weighed:
    """A plan and what it yields.

    Parameters
    ----------
    plan : mapping of str to float
        Money per line.
    value : float
        The objective, the lottery of creators averaged out.
    breaks : tuple of str
        Limits and floors that it breaks.
    metrics : mapping of str to mapping
        Statistics by metric, as `tiermix simulate` prints them.
    worlds : ndarray, shape (n_worlds,)
        The goal in every world.
    """

    plan: Mapping[str, float]
    value: float
    breaks: tuple[str, ...]
    metrics: Mapping[str, Mapping[str, float]]
    worlds: Array


class Bench:
    """A saved run on which questions are asked.

    Parameters
    ----------
    folder : Path
        Of the run.
    n_worlds : int or None
        Worlds to answer from; None for the run's, at most `WORLDS`.

    Raises
    ------
    RunFolderError
        If the folder cannot be used.
    """

    def __init__(self, folder: Path, n_worlds: int | None = None) -> None:
        self.result, scenario = read_run(folder)
        if scenario.roster is not None:
            raise UsageError(
                f"{folder}: names its creators, and what is moved here is a split between tiers; "
                "change a quote or `must_have` in the list and run it again"
            )
        asked = n_worlds or min(self.result["worlds"], WORLDS)
        self.scenario = replace(scenario, worlds=asked, seed=self.result["seed"])
        check_size(self.scenario)
        self.worlds = draw_worlds(scenario.campaign, asked, self.scenario.seed)
        self._responses: dict[str, Response] = {}
        self._floors = tuple(
            demand.floor(self.worlds, self._problem(scenario)) for demand in scenario.demands
        )
        self.task = lru_cache(REMEMBERED)(self._task)
        self.best = lru_cache(REMEMBERED)(self._best)
        self._placed = lru_cache(REMEMBERED)(self._weigh)
        self._tree = read_document(scenario.text, scenario.path).root
        self._scenario = lru_cache(REMEMBERED)(self._read)

    @property
    def own_objective(self) -> str:
        """The file's objective, as `objectives` names it."""
        terms = self.scenario.objective
        plain = len(terms) == 1 and terms[0][0] in OBJECTIVES
        return terms[0][0] if plain else OWN

    def objectives(self) -> list[str]:
        """Return what can be asked for, the file's own first; compute what each needs."""
        found = [self.own_objective]
        if isinstance(self.scenario.risk, Attainment) or self.scenario.objective[0][0] == "spend":
            return found  # what else is said of the risk means nothing to other objectives
        for metric in OBJECTIVES:
            try:
                check_metrics(self.scenario, [metric])
            except UsageError:
                continue
            if metric not in found and brings(self._response(metric)):
                found.append(metric)
        return found

    def told(self, objective: str) -> list[str]:
        """Return the metrics that are told of every plan."""
        own = [metric for metric, _ in self.scenario.objective]
        first = own if objective == OWN else [objective, *own]
        known = {given.path for given in self.scenario.inputs if given.origin != "default"}
        sold = any(path.startswith("order_value") for path in known)
        usual = [m for m in USUAL if self.scenario.campaign.tiers and (sold or m != "profit")]
        return list(dict.fromkeys([*first, *usual]))

    def text(self, budget: float, objective: str, plan: Mapping[str, float]) -> str:
        """Return the scenario file with the changed values; the plan is its strategy."""
        return changed(self.scenario, budget, None if objective == OWN else objective, plan)

    def plan(self, budget: float, shares: Mapping[str, float]) -> dict[str, float]:
        """Return shares of a budget as money per line.

        Less than one unit of money is nothing, as a scenario file would take it for a share.
        """
        least = UNIT if budget >= 100 * UNIT else 0.0
        spends = {line: budget * shares.get(line, 0.0) for line in self.scenario.lines}
        return {line: spend if spend > least else 0.0 for line, spend in spends.items()}

    def weigh(self, budget: float, objective: str, plan: Mapping[str, float]) -> Weighed:
        """Return what a plan yields, as far as it can be placed.

        Raises
        ------
        ScenarioError
            If the file does not allow the budget.
        """
        wish = tuple(plan.get(line, 0.0) for line in self.scenario.lines)
        return self._placed(budget, objective, wish)

    def _weigh(self, budget: float, objective: str, wish: tuple[float, ...]) -> Weighed:
        task = self.task(budget, objective)
        return self._weighed(task, objective, placed(task.problem, np.array(wish)))

    def _best(self, budget: float, objective: str) -> tuple[Weighed, Solution]:
        """Return the best plan and its proof.

        Raises
        ------
        ScenarioError
            If the file does not allow the budget.
        InfeasibleError
            If no plan is allowed.
        """
        task = self.task(budget, objective)
        asked_for = self._scenario(budget, objective)
        solution = solved(replace(asked_for, text=self.scenario.text), task)
        return self._weighed(task, objective, solution.plan), solution

    def _weighed(self, task: Task, objective: str, plan: Array) -> Weighed:
        told = self.told(objective)
        asked = {*told, *task.goal.metrics}
        outcomes = evaluate(self.worlds, [plan], purchase(task.problem), metrics=asked)
        found = [_statistics(outcomes, metric) for metric in told]
        return Weighed(
            dict(zip(self.scenario.lines, plan.tolist(), strict=True)),
            task.judged(plan),
            task.violations(plan),
            dict(zip(told, found, strict=True)),
            task.goal.of(outcomes)[0],
        )

    def _read(self, budget: float, objective: str) -> Scenario:
        text = asked(self._tree, budget, None if objective == OWN else objective)
        return parse(text, self.scenario.path)

    def _problem(self, scenario: Scenario) -> Problem:
        return problem(
            scenario.campaign,
            scenario.budget,
            scenario.limits,
            whole_creators=scenario.whole_creators,
        )

    def _response(self, metric: str) -> Response:
        """Return the response of a metric, averaged over the lottery once."""
        if metric not in self._responses:
            buy = purchase(self._problem(self.scenario))
            self._responses[metric] = respond(self.worlds, metric, buy)
        return self._responses[metric]

    def _task(self, budget: float, objective: str) -> Task:
        scenario = self._scenario(budget, objective)
        feasible = self._problem(scenario)
        aim, response = self._goal(feasible, scenario.objective)
        return Task(self.worlds, feasible, aim, response, scenario.risk, self._floors)

    def _goal(
        self, feasible: Problem, weights: tuple[tuple[str, float], ...]
    ) -> tuple[Goal, Response]:
        if weights[0][0] == "spend":
            return goal(self.worlds, feasible, weights)
        responses = {metric: self._response(metric) for metric, _ in weights}
        if len(weights) == 1:
            return Goal(((weights[0][0], 1.0),)), responses[weights[0][0]]
        return blended(feasible, responses, weights)


def _statistics(outcomes: Outcomes, metric: str) -> dict[str, float]:
    return summarise(outcomes, metric, 0).statistics
