"""What would change the answer, and what it would be worth to know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf, isfinite, nan

import numpy as np
from numpy.typing import NDArray

from optimize.information import Foresight, foresee, utilities
from optimize.nearly_best import NearlyBest, nearly_best
from optimize.optimum import Solution
from optimize.problem import Problem
from optimize.risk import MeanWorst
from sim.information import Smoother, Worth, by_category, by_spline, partial_information
from sim.metrics import METRICS
from sim.pinning import crossed, input_value, remembering, shuffled
from sim.sensitivity import Indices, sobol_indices
from sim.statistics import standard_error
from sim.uncertain import Z95
from sim.worlds import Worlds, draw_worlds
from tiermix.analysis import Progress, placed
from tiermix.infeasible import solved
from tiermix.scenario import Scenario
from tiermix.task import Task, state
from tiermix.tipping import Tip, tips
from tiermix.uncertain_inputs import UncertainInput, named
from tiermix.what_if import Questions, WhatIf, goal_response, restated

Array = NDArray[np.float64]

#: Worlds for what-if questions, for each sample of the Sobol' indices, and that are optimised
#: one by one.
ASKED, SAMPLED, FORESEEN = 256, 1024, 256

#: Numbers of the independent banks that the Sobol' indices are estimated on.
SAMPLES = (1_000_001, 1_000_002)


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
class Information:
    """What it would be worth to know more before the money is spent.

    In units of the objective.

    Parameters
    ----------
    everything : float
        To know all of the world (EVPI), on the worlds that were optimised one by one.
    everything_se : float
    everything_bound : float
        What certainly no plan for every world adds on these.
    inputs : mapping of str to Worth
        To know one input (EVPPI), by name.
    n_plans : int
        Plans that the choice is between, where one input is known.
    """

    everything: float
    everything_se: float
    everything_bound: float
    inputs: Mapping[str, Worth]
    n_plans: int


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
    parts = _in_parts(scenario, task)
    saves = scenario.objective[0][0] == "spend"
    progress("looking for plans that are as good")
    nearly = None if saves else nearly_best(task.problem, task.response, task.risk, task.floors)
    indices = None if saves else _indices(parts, base.plan, swings, progress)
    foresight = None if saves else _foresight(parts, progress)
    information = None
    if foresight is not None:
        progress("valuing information")
        information = _information(parts, base, asked, swings, foresight)
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
        nearly,
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
        progress(f"asking what if {given.short} were known ({i} of {len(inputs)})")
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
            progress(f"looking where {swing.given.short} tips the choice ({i} of {len(swings)})")
            found += list(tips(asked, swing.given, "lead"))
            if len(asked.strategies) > 1:
                found += list(tips(asked, swing.given, "strategy"))
    return tuple(found)


def _in_parts(scenario: Scenario, task: Task) -> Task:
    """Return the task with money that buys parts of creators at the prices of every world."""
    if task.problem.prices is None:
        return task
    return restated(replace(scenario, whole_creators=False), task.worlds, task)


def _indices(
    parts: Task, plan: Array, swings: Sequence[Swing], progress: Progress
) -> Indices | None:
    """Return the Sobol' indices of what the best plan brings."""
    campaign, n = parts.worlds.campaign, min(SAMPLED, parts.worlds.size)
    a, b = (draw_worlds(campaign, n, parts.worlds.seed, sample=sample) for sample in SAMPLES)
    a, b = remembering(a), shuffled(b)

    def outcomes(worlds: Worlds) -> Array:
        return goal_response(parts.goal, worlds, parts.problem).values(plan)

    progress("drawing samples for the indices")
    at_a, at_b = outcomes(a), outcomes(b)
    mixed = np.empty((len(swings), n))
    for i, swing in enumerate(swings):
        progress(f"exchanging {swing.given.short} ({i + 1} of {len(swings)})")
        mixed[i] = outcomes(crossed(a, b, swing.given.name))
    if not swings or np.ptp(at_a) == 0:
        return None
    return sobol_indices(at_a, at_b, mixed, a.replicate())


def _foresight(parts: Task, progress: Progress) -> Foresight:
    """Return the best plans of single worlds."""
    n = min(FORESEEN, parts.worlds.size)
    found = []
    for start in range(0, n, 16):
        progress(f"optimising single worlds ({start} of {n})")
        found.append(
            foresee(parts.problem, parts.response, parts.floors, range(start, min(start + 16, n)))
        )
    return Foresight(
        np.concatenate([part.plans for part in found]),
        np.concatenate([part.values for part in found]),
        np.concatenate([part.bounds for part in found]),
    )


def _information(
    parts: Task,
    base: Solution,
    asked: Questions,
    swings: Sequence[Swing],
    foresight: Foresight,
) -> Information:
    """Return what it is worth to know everything, and each input alone."""
    chosen = parts.solve().plan if parts.problem != asked.task.problem else base.plan
    candidates = _candidates(parts, chosen, [*asked.strategies.values(), *asked.plans()])
    values = utilities(
        parts.risk, np.stack([parts.response.values(plan) for plan in candidates]), 0
    )
    start = int(values.mean(axis=1).argmax())
    replicate = parts.worlds.replicate()
    inputs = {
        swing.given.name: partial_information(
            values, start, _smoother(parts.worlds, swing.given), replicate
        )
        for swing in swings
    }
    few = parts.worlds.part(0, len(foresight.values))
    without = parts.response.part(slice(few.size)).values(chosen)
    gain, bound = foresight.gains(parts.risk, without)
    more = utilities(parts.risk, np.stack([without, foresight.values]), 0)
    error = standard_error(few, more[1] - more[0])
    return Information(gain, error, bound, inputs, len(candidates))


def _smoother(worlds: Worlds, given: UncertainInput) -> Smoother:
    """Return the regression on an input."""
    return by_spline(worlds.values[given.name]) if given.ordered else by_category(worlds.draw)


def _candidates(parts: Task, base: Array, plans: Sequence[Array]) -> list[Array]:
    """Return the plans that are allowed and differ, the base plan first."""
    found, step = [base], parts.problem.budget / 200
    for plan in plans:
        tried = placed(parts.problem, plan)
        near = any(np.abs(tried - other).max() < step for other in found)
        if not near and not parts.violations(tried):
            found.append(tried)
    return found
