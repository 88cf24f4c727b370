"""What would change the answer, and what it would be worth to know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf, isfinite, nan

import numpy as np
from numpy.typing import NDArray

from optimize.baselines import placed
from optimize.information import Foresight
from optimize.nearly_best import NearlyBest, nearly_best
from optimize.optimum import Solution
from optimize.problem import Problem
from optimize.risk import MeanWorst
from sim.metrics import METRICS
from sim.pinning import input_value, remembering
from sim.sensitivity import Indices
from sim.uncertain import Z95
from sim.worlds import Worlds, draw_worlds
from tiermix.analysis import Progress
from tiermix.infeasible import solved
from tiermix.knowing import Information, learn
from tiermix.scenario import Scenario
from tiermix.steps import Step
from tiermix.task import Task, state
from tiermix.tipping import Tip, tips
from tiermix.uncertain_inputs import UncertainInput, named
from tiermix.what_if import Questions, WhatIf

Array = NDArray[np.float64]

#: Worlds for what-if questions.
ASKED = 256


@dataclass(frozen=True, slots=True)
class Swing:
    """The best of the objective with an input at its 5 % and its 95 % quantile.

    Parameters
    ----------
    given : UncertainInput
    low, high : WhatIf
    """

    given: UncertainInput
    low: WhatIf
    high: WhatIf

    @property
    def ends(self) -> tuple[WhatIf, WhatIf]:
        """Both."""
        return self.low, self.high

    @property
    def size(self) -> float:
        """How far the best moves; NaN where no plan is allowed at an end."""
        if self.low.solution is None or self.high.solution is None:
            return nan
        return abs(self.high.solution.value - self.low.solution.value)


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """What would change the answer, and what it would be worth to know.

    Parameters
    ----------
    scenario : Scenario
    worlds : Worlds
        Of the run.
    problem : Problem
    solution : Solution
        The base case.
    n_asked : int
        Worlds of the what-if questions.
    here : WhatIf
        The base case on the worlds of the what-if questions.
    swings : tuple of Swing
        Of the inputs that matter, the largest first.
    idle : tuple of UncertainInput
        Inputs that change nothing.
    tips : tuple of Tip
    contests : tuple of str
        The file's strategies that are compared.
    indices : Indices or None
        Of the inputs that matter, in order of `swings`; None if the outcome does not vary.
    information : Information or None
        None where the objective is to save money.
    foresight : Foresight or None
        The best plans of single worlds.
    nearly : NearlyBest or None
    price : float or None
        Objective per unit of money at the margin, if more money brings more and the objective
        is not money itself.
    """

    scenario: Scenario
    worlds: Worlds
    problem: Problem
    solution: Solution
    n_asked: int
    here: WhatIf
    swings: tuple[Swing, ...]
    idle: tuple[UncertainInput, ...]
    tips: tuple[Tip, ...]
    contests: tuple[str, ...]
    indices: Indices | None
    information: Information | None
    foresight: Foresight | None
    nearly: NearlyBest | None
    price: float | None

    @property
    def in_money(self) -> bool:
        """Whether the objective is counted in money."""
        return in_money(self.scenario)

    def worth(self, gain: float) -> float | None:
        """Return a gain in money; None if no money brings the same."""
        if self.in_money:
            return gain
        return gain / self.price if self.price else None


def in_money(scenario: Scenario) -> bool:
    """Return whether the objective of a scenario is counted in money."""
    (metric, _), *others = scenario.objective
    money = METRICS[metric].unit == "money" and not others
    return money and isinstance(scenario.risk, MeanWorst)


def sensitivity(scenario: Scenario, progress: Progress) -> Sensitivity:
    """Ask what would change the answer, and what it would be worth to know.

    Parameters
    ----------
    scenario : Scenario
    progress : callable
        Told every step before it is taken.

    Raises
    ------
    InfeasibleError
        If no plan satisfies all limits and floors.
    """
    progress("drawing worlds")
    worlds = draw_worlds(scenario.campaign, scenario.worlds, scenario.seed)
    task = state(scenario, worlds)
    progress("optimising")
    base = solved(scenario, task)
    asked = _questions(scenario, task, base)
    swings, idle = _swings(asked, named(scenario, worlds), progress)
    found = _tips(asked, swings, progress)
    saves = scenario.objective[0][0] == "spend"
    indices, information, foresight = None, None, None
    if not saves:
        matter = [swing.given for swing in swings]
        indices, information, foresight = learn(scenario, task, base, matter, asked, progress)
    progress("looking for plans that are as good")
    return Sensitivity(
        scenario,
        worlds,
        task.problem,
        base,
        asked.task.worlds.size,
        asked.here,
        swings,
        idle,
        found,
        tuple(asked.strategies),
        indices,
        information,
        foresight,
        None if saves else nearly_best(task.problem, task.response, task.risk, task.floors),
        None if in_money(scenario) or base.budget_price <= 0 else base.budget_price,
    )


def _questions(scenario: Scenario, task: Task, base: Solution) -> Questions:
    """Return the what-if questions, on fewer worlds."""
    few = slice(ASKED)
    fewer = replace(
        task,
        worlds=remembering(task.worlds.part(0, ASKED)),
        response=task.response.part(few),
        floors=tuple(replace(f, response=f.response.part(few)) for f in task.floors),
    )
    wishes = {name: np.array(wish) for name, wish in scenario.strategies}
    allowed = {
        name: wish
        for name, wish in wishes.items()
        if not task.violations(placed(task.problem, wish))
    }
    return Questions(scenario, fewer, base.plan, allowed)


def _swings(
    asked: Questions, inputs: Sequence[UncertainInput], progress: Progress
) -> tuple[tuple[Swing, ...], tuple[UncertainInput, ...]]:
    """Return how far every input moves the best, the largest first, and those that do not."""
    swings, idle = [], []
    for i, given in enumerate(inputs, start=1):
        progress(Step("asking what if each input were known", i, len(inputs), "inputs"))
        low, high = _ends(asked, given)
        at_high = asked.answer(given.name, high)
        if at_high is asked.here:
            idle.append(given)
        else:
            swings.append(Swing(given, asked.answer(given.name, low), at_high))
    swings.sort(key=lambda swing: -swing.size if isfinite(swing.size) else -inf)
    return tuple(swings), tuple(idle)


def _ends(asked: Questions, given: UncertainInput) -> tuple[float, float]:
    """Return the 5 % and the 95 % quantile; of draws, by what the base plan brings."""
    worlds = asked.task.worlds
    if given.ordered:
        low, high = (input_value(worlds, given.name, z) for z in (-Z95, Z95))
        return low, high
    draws, where = np.unique(worlds.draw, return_inverse=True)
    brought = asked.task.response.values(asked.base)
    order = draws[np.argsort(np.bincount(where, brought) / np.bincount(where), kind="stable")]
    low, high = (float(order[round(p * (len(order) - 1))]) for p in (0.05, 0.95))
    return low, high


def _tips(asked: Questions, swings: Sequence[Swing], progress: Progress) -> tuple[Tip, ...]:
    """Return the tipping points of all inputs that are numbers."""
    found = []
    for i, swing in enumerate(swings, start=1):
        if swing.given.ordered:
            progress(Step("looking where the choice tips", i, len(swings), "inputs"))
            found += list(tips(asked, swing.given, "lead"))
            if len(asked.strategies) > 1:
                found += list(tips(asked, swing.given, "strategy"))
    return tuple(found)
