"""Plans that were simulated on common worlds, set against each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from optimize.floors import Demand
from optimize.goal import Goal
from optimize.problem import FEASIBILITY, Problem
from optimize.risk import MEAN, Attainment, Chance, Risk
from sim.compare import best, regret, share_interval
from sim.mapping import threads
from sim.outcomes import Outcomes
from sim.statistics import probability_at_least, standard_error, summarise
from sim.worlds import Worlds
from tiermix.analysis import OPTIMUM, Estimate, Strategy
from tiermix.scenario import Scenario

Array = NDArray[np.float64]


class Asked(Protocol):
    """What plans are rated by."""

    @property
    def problem(self) -> Problem:
        """Which plans are allowed."""

    @property
    def goal(self) -> Goal:
        """What is wanted."""

    @property
    def risk(self) -> Risk:
        """What the goal of many worlds comes to."""

    def judged(self, plan: Array) -> float:
        """Return what a plan comes to, the lottery of creators averaged out."""

    def violations(self, plan: Array) -> tuple[str, ...]:
        """Return the limits and floors that a plan breaks."""


def judged_by(aim: Goal, risk: Risk, outcomes: Outcomes) -> Array:
    """Return values per plan and world whose mean over the worlds a plan is judged by.

    Shape (n_plans, n_worlds). The mean is taken with the creators' lottery out of the way; any
    other functional needs it.
    """
    if risk == MEAN:
        return aim.controlled(outcomes)
    return np.stack([risk.contributions(values) for values in aim.of(outcomes)])


def _p_target(aim: Goal, risk: Risk, outcomes: Outcomes, plan: int) -> float | None:
    """Return the probability of reaching the target, counting noise and all."""
    if not isinstance(risk, Attainment):
        return None
    if len(aim.terms) > 1:
        return float((aim.of(outcomes)[plan] >= risk.target).mean())
    return float(probability_at_least(outcomes, aim.terms[0][0], plan, risk.target).mean())


def _chances(outcomes: Outcomes, demands: Sequence[Demand], plan: int) -> dict[str, float]:
    """Return the probability of reaching every floor that is about one."""
    return {
        d.metric: float(probability_at_least(outcomes, d.metric, plan, d.risk.target).mean())
        for d in demands
        if isinstance(d.risk, Chance)
    }


def rated(
    outcomes: Outcomes,
    task: Asked,
    scenario: Scenario,
    plans: Mapping[str, Array],
    wishes: Mapping[str, tuple[float, ...]],
) -> dict[str, Strategy]:
    """Set plans that were simulated on common worlds against each other.

    Parameters
    ----------
    outcomes : Outcomes
    task : Asked
    scenario : Scenario
    plans : mapping of str to ndarray
        That were simulated, in their order.
    wishes : mapping of str to tuple of float
        Money that they asked for, where that is not the budget.
    """
    feasible, aim, risk = task.problem, task.goal, task.risk
    values, judged = aim.of(outcomes), judged_by(aim, risk, outcomes)
    wished = {name: sum(wish) for name, wish in wishes.items()}
    losses, wins = regret(values), best(values)
    over = outcomes.values["spend"] > feasible.budget * (1 + FEASIBILITY)
    summaries = list(
        threads(
            lambda i: {metric: summarise(outcomes, metric, i) for metric in scenario.metrics},
            range(len(plans)),
        )
    )
    return {
        name: Strategy(
            plan,
            float(wished.get(name, feasible.budget) - plan.sum()),
            task.violations(plan),
            estimated(outcomes.worlds, judged[i]),
            task.judged(plan),
            float(wins[i].mean()),
            share_interval(outcomes.worlds, wins[i]),
            estimated(outcomes.worlds, losses[i]),
            float(over[i].mean()),
            _p_target(aim, risk, outcomes, i),
            _chances(outcomes, scenario.demands, i),
            summaries[i],
        )
        for i, (name, plan) in enumerate(plans.items())
    }


def led(
    worlds: Worlds, values: Array, strategies: Mapping[str, Strategy]
) -> tuple[str | None, Estimate | None]:
    """Return the best of the other strategies, and how much more the last one, the optimum, brings.

    Parameters
    ----------
    worlds : Worlds
    values : ndarray, shape (n_strategies, n_worlds)
        Whose mean every strategy is judged by.
    strategies : mapping of str to Strategy
    """
    names, best = list(strategies), strategies[OPTIMUM].plan
    if len(names) < 2:
        return None, None
    allowed = [not s.violations for s in strategies.values()]
    differs = [not np.array_equal(s.plan, best) for s in strategies.values()]
    second = second_best(values[:-1].mean(axis=1), allowed[:-1], differs[:-1])
    return names[second], estimated(worlds, values[-1] - values[second])


def second_best(means: Array, allowed: list[bool], differs: list[bool]) -> int:
    """Return the best of the other strategies: an allowed and a different one if there is any."""
    for chosen in (np.logical_and(allowed, differs), np.array(allowed)):
        if chosen.any():
            return int(np.where(chosen, means, -np.inf).argmax())
    return int(means.argmax())


def estimated(worlds: Worlds, values: Array) -> Estimate:
    """Return the mean of values per world with its standard error."""
    return Estimate(float(values.mean()), standard_error(worlds, values))
