"""Which mix is best for which budget and objective, and where that flips."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, pairwise
from math import inf, sqrt

import numpy as np

from optimize.errors import InfeasibleError
from optimize.floors import Floor
from optimize.goal import blended
from optimize.optimum import maximise
from optimize.problem import Limit, Problem, problem, purchase
from optimize.risk import MEAN, MeanWorst, Risk
from sim.mapping import Mapper, one_by_one
from sim.metrics import METRICS
from sim.response import Response, respond
from sim.worlds import Worlds, draw_worlds
from tiermix.analysis import Progress
from tiermix.errors import UsageError
from tiermix.mixes import ALONE, LAYERED, NO_PLAN, NOTHING, Crossover, Mix, Row, Switch
from tiermix.reading import read_document
from tiermix.scenario import Scenario
from tiermix.trade_off import brings, check_metrics
from tiermix.words import share

#: Budgets that are looked at, between these multiples of the file's.
BUDGETS, AROUND = 9, 10.0

#: Worlds that are enough to tell one mix from another.
ENOUGH_WORLDS = 1024

#: How close a switch is pinned down, relative to the budget; the most between two budgets.
PINNED, MOST_SWITCHES = 0.01, 8

#: What the best plans are at a budget.
Solve = Callable[[float], "Mix"]


@dataclass(frozen=True, slots=True)
class Aimed:
    """An objective of the map: metrics with their weights and responses, and the risk."""

    weights: tuple[tuple[str, float], ...]
    responses: Mapping[str, Response]
    risk: Risk

    def response(self, feasible: Problem) -> Response:
        """Return the objective as a function of the plan; a blend depends on the budget."""
        if len(self.weights) == 1:
            return self.responses[self.weights[0][0]]
        return blended(feasible, self.responses, self.weights)[1]

    @property
    def name(self) -> str:
        """Name in results."""
        return "+".join(metric for metric, _ in self.weights)

    @property
    def label(self) -> str:
        """Name in a sentence."""
        total = sum(weight for _, weight in self.weights)
        labels = [(METRICS[m].label.lower(), w / total) for m, w in self.weights]
        if len(labels) == 1:
            return labels[0][0]
        return " + ".join(f"{share(w)} {label}" for label, w in labels)


def crossover(
    scenario: Scenario,
    budgets: tuple[float, float] | None,
    objectives: Sequence[str] | None,
    progress: Progress,
    mapper: Mapper = one_by_one,
) -> Crossover:
    """Find the best mix of every budget and objective, and the budgets where it flips.

    Parameters
    ----------
    scenario : Scenario
    budgets : tuple of (float, float) or None
        The least and the most; if None from a tenth to ten times the file's.
    objectives : sequence of str or None
        Metrics; if None reach, conversions and the file's own.
    progress : callable
    mapper : Mapper, optional
        What finds the best mixes.

    Raises
    ------
    UsageError
        If an objective can not be had, or budgets are not in order.
    """
    low, high = budgets or (scenario.budget / AROUND, scenario.budget * AROUND)
    if not 0 < low < high < inf:
        raise UsageError("--budgets: expected LOW:HIGH, such as 5k:500k, the lower one first")
    named = _named(scenario, objectives)
    progress("drawing worlds")
    worlds = draw_worlds(scenario.campaign, scenario.worlds, scenario.seed)
    base = problem(
        scenario.campaign, scenario.budget, scenario.limits, whole_creators=scenario.whole_creators
    )
    floors = [demand.floor(worlds, base) for demand in scenario.demands]
    steps = np.geomspace(low, high, BUDGETS).tolist()
    rows = []
    for aimed in _aims(scenario, worlds, base, named, asked=objectives is not None):
        progress(f"optimising {aimed.label} for budgets")
        solve = partial(best_mix, scenario, base, aimed, floors)
        rows.append(_row(aimed, solve, steps, mapper))
    return Crossover(scenario, tuple(rows))


def _named(
    scenario: Scenario, objectives: Sequence[str] | None
) -> list[tuple[tuple[str, float], ...]]:
    """Return the objectives of the map as metrics with weights."""
    if objectives is not None:
        check_metrics(scenario, objectives)
        return [((metric, 1.0),) for metric in dict.fromkeys(objectives)]
    named: list[tuple[tuple[str, float], ...]] = [(("reach", 1.0),), (("conversions", 1.0),)]
    own = scenario.objective
    if own[0][0] != "spend" and [m for m, _ in own] not in (["reach"], ["conversions"]):
        named.append(own)
    return named


def _aims(
    scenario: Scenario,
    worlds: Worlds,
    base: Problem,
    named: list[tuple[tuple[str, float], ...]],
    *,
    asked: bool,
) -> list[Aimed]:
    """Return the objectives with their responses, built once for all budgets."""
    metrics = dict.fromkeys(metric for weights in named for metric, _ in weights)
    responses = {metric: respond(worlds, metric, purchase(base)) for metric in metrics}
    aims = []
    for weights in named:
        lacking = [metric for metric, _ in weights if not brings(responses[metric])]
        if lacking and asked:
            raise UsageError(f"no line brings any {lacking[0]}: name other objectives")
        if not lacking:
            aims.append(Aimed(weights, responses, _risk(scenario, weights)))
    return aims


def _risk(scenario: Scenario, weights: tuple[tuple[str, float], ...]) -> Risk:
    """Return the file's risk measure; the mean where it is about the target of another aim."""
    own = [m for m, _ in weights] == [m for m, _ in scenario.objective]
    return scenario.risk if own or isinstance(scenario.risk, MeanWorst) else MEAN


def best_mix(
    scenario: Scenario, base: Problem, aimed: Aimed, floors: Sequence[Floor], budget: float
) -> Mix:
    """Return the best plan of a budget.

    Parameters
    ----------
    scenario : Scenario
    base : Problem
        At the file's budget.
    aimed : Aimed
    floors : sequence of Floor
    budget : float
    """
    feasible = replace(base, budget=budget, limits=limits_at(scenario, budget))
    try:
        solution = maximise(feasible, aimed.response(feasible), aimed.risk, floors)
    except InfeasibleError:
        return Mix(budget, NO_PLAN, {}, 0.0, None)
    spent = float(solution.plan.sum())
    if spent <= 1e-9 * budget:
        return Mix(budget, NOTHING, {}, 0.0, solution)
    parts = zip(scenario.lines, (solution.plan / spent).tolist(), strict=True)
    shares = dict(sorted(parts, key=lambda part: -part[1]))
    first = next(iter(shares))
    return Mix(budget, first if shares[first] >= ALONE else LAYERED, shares, spent, solution)


def limits_at(scenario: Scenario, budget: float) -> tuple[Limit, ...]:
    """Return the limits at another budget: those that the file states as shares move with it.

    Parameters
    ----------
    scenario : Scenario
    budget : float
    """
    blocks = read_document(scenario.text, scenario.path).root.get("limits") or {}
    times = budget / scenario.budget

    def moved(limit: Limit, end: str, value: float) -> float:
        stated = str(blocks.get(limit.name, {}).get(end, "")).strip()
        return value * times if stated.endswith("%") else value

    return tuple(
        replace(
            limit, lower=moved(limit, "min", limit.lower), upper=moved(limit, "max", limit.upper)
        )
        for limit in scenario.limits
    )


def _row(aimed: Aimed, solve: Solve, budgets: Sequence[float], mapper: Mapper) -> Row:
    mixes = list(mapper(solve, budgets))
    switches = mapper(partial(_between, solve), pairwise(mixes))
    return Row(aimed.name, aimed.label, tuple(mixes), tuple(chain.from_iterable(switches)))


def _between(solve: Solve, ends: tuple[Mix, Mix]) -> list[Switch]:
    """Return where the kind of the best mix changes between two mixes."""
    return switched(solve, *ends)


def switched(solve: Solve, below: Mix, above: Mix) -> list[Switch]:
    """Return where the kind of the best mix changes between two budgets.

    Parameters
    ----------
    solve : callable
        The best mix of a budget.
    below, above : Mix
    """
    found: list[Switch] = []
    while below.kind != above.kind and len(found) < MOST_SWITCHES:
        low, high = below, above
        while high.budget > low.budget * (1 + PINNED):
            middle = solve(sqrt(low.budget * high.budget))
            low, high = (middle, high) if middle.kind == low.kind else (low, middle)
        found.append(Switch(low, high))
        below = high
    return found
