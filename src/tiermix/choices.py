"""From a scenario with named creators to its answer: draw, choose, ask around, simulate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from optimize.choosing import Choice, choose
from optimize.floors import Floor
from optimize.goal import Goal, blended, goal
from optimize.picking import Picker
from optimize.problem import purchase
from optimize.quotes import Member, Outsider, members, outsiders
from optimize.risk import MEAN
from sim.curves import gamma_nodes
from sim.lottery import mean_cost
from sim.metrics import METRICS
from sim.outcomes import Outcomes, evaluate
from sim.purchase import WHOLE, price_list
from sim.response import Response, respond
from sim.statistics import Summary, standard_error, summarise
from sim.worlds import REPLICATES, Worlds, draw_worlds
from tiermix.analysis import OPTIMUM, Estimate, Progress
from tiermix.roster import Named, named, only
from tiermix.scenario import Scenario

Array = NDArray[np.float64]

#: Numbers that the optimizer and the simulator hold at a time; more creators get fewer worlds.
ROOM, PLAYED = 6e5, 1e7

#: Creators whose replacement, and whose quote to enter, are looked for.
REPLACED, ASKED = 30, 8

#: Rules of thumb that the choice is set beside.
RULES = ("greedy", "most_followers", "cheapest")


@dataclass(frozen=True, slots=True)
class Rated:
    """A choice of creators and what it yields.

    Parameters
    ----------
    counts : ndarray, shape (n_lines,)
    value : float
        Of the objective, on the worlds of the optimisation.
    objective : Estimate
        The same simulated, creator by creator.
    metrics : mapping of str to Summary
    """

    counts: Array
    value: float
    objective: Estimate
    metrics: Mapping[str, Summary]


@dataclass(frozen=True, slots=True)
class Shortlist:
    """Everything that is told about a roster.

    Parameters
    ----------
    named : Named
    goal : Goal
    worlds : int
        Of the optimisation.
    choice : Choice
    members : tuple of Member
    outsiders : tuple of Outsider
    strategies : mapping of str to Rated
        The best choice first, then rules of thumb.
    fresh : Estimate
        The best choice's objective on worlds that it was not chosen on.
    """

    named: Named
    goal: Goal
    worlds: int
    choice: Choice
    members: tuple[Member, ...]
    outsiders: tuple[Outsider, ...]
    strategies: Mapping[str, Rated]
    fresh: Estimate


def shortlist(scenario: Scenario, progress: Progress = lambda step: None) -> Shortlist:
    """Answer a scenario with named creators.

    Parameters
    ----------
    scenario : Scenario
        With a roster.
    progress : callable
        Told every step before it is taken.

    Raises
    ------
    InfeasibleError
        If no choice keeps all limits and floors.
    UsageError
        If the scenario holds what can not be planned with named creators.
    """
    progress("putting audiences together")
    task = named(scenario)
    progress("drawing worlds")
    worlds = draw_worlds(task.campaign, _worlds(task), scenario.seed)
    aim, response = _aim(task, worlds)
    floors = tuple(demand.floor(worlds, task.problem) for demand in scenario.demands)
    progress("choosing creators")
    picker = Picker(task.problem, response, scenario.risk, floors)
    choice = choose(task.problem, response, scenario.risk, floors, picker=picker)
    progress("asking who could be replaced, and by whom")
    inside = members(picker, choice.counts, replaced=REPLACED)
    costs = _costs(worlds, aim, scenario.risk == MEAN)
    outside = outsiders(picker, choice.counts, costs, shown=ASKED)
    progress("simulating, creator by creator")
    rated, fresh = _played(task, aim, picker, _plans(picker, choice, task, floors))
    return Shortlist(
        task, aim, worlds.size, choice, tuple(inside), tuple(outside), rated, fresh
    )  # fmt: skip


def _worlds(task: Named) -> int:
    """Return how many worlds the optimizer has room for: a multiple of the replicates."""
    campaign = task.campaign
    terms = len(campaign.segments) * gamma_nodes(campaign.heterogeneity)[0].size
    if campaign.classes is not None:
        terms = max(terms, campaign.classes.sizes.size)
    room = int(ROOM / (terms * len(campaign.tiers))) // REPLICATES * REPLICATES
    return min(task.scenario.worlds, max(room, REPLICATES))


def _aim(task: Named, worlds: Worlds) -> tuple[Goal, Response]:
    """Return what is wanted, as a function of the plan."""
    objective = task.scenario.objective
    if len(objective) == 1:
        return goal(worlds, task.problem, objective)
    responses = {metric: respond(worlds, metric, WHOLE) for metric, _ in objective}
    parts = replace(task.problem, prices=None, exclusive=())
    return blended(parts, responses, objective)


def _costs(worlds: Worlds, aim: Goal, mean: bool) -> Array:
    """Return what the objective loses for one more unit of money on each line's price."""
    tiers = worlds.campaign.tiers
    coefficient = sum({"profit": c, "spend": -c}.get(metric, 0.0) for metric, c in aim.terms)
    if coefficient == 0:
        return np.zeros((1, len(tiers)))
    prices = price_list(worlds.campaign)
    paid = np.stack([mean_cost(worlds, tier) for tier in tiers], axis=1) / prices
    return coefficient * (paid.mean(axis=0, keepdims=True) if mean else paid)


def _plans(
    picker: Picker, choice: Choice, task: Named, floors: Sequence[Floor]
) -> dict[str, Array]:
    """Return the choice and the rules of thumb."""
    followers = np.array([tier.followers.median for tier in task.campaign.tiers])
    ranks = {"most_followers": followers, "cheapest": -picker.prices}
    plans = {OPTIMUM: choice.counts, "greedy": choice.greedy}
    for name, rank in ranks.items():
        counts = picker.least.copy()
        for line in np.argsort(-rank, kind="stable").tolist():
            while picker.addable(counts)[line]:
                counts[line] += 1
        plans[name] = counts
    return plans


def _played(
    task: Named, aim: Goal, picker: Picker, plans: Mapping[str, Array]
) -> tuple[dict[str, Rated], Estimate]:
    """Simulate choices on common worlds, and the first one on fresh worlds too."""
    lines = np.flatnonzero(sum(plans.values())).tolist()
    if not lines:
        lines = [0]
    campaign = only(task.campaign, lines)
    spends = [(counts * picker.prices)[lines] for counts in plans.values()]
    terms = len(campaign.segments) if campaign.classes is None else campaign.classes.sizes.size
    room = int(PLAYED / (terms * len(lines))) // REPLICATES * REPLICATES
    n_worlds = min(task.scenario.worlds, max(room, REPLICATES * 4))
    worlds, fresh = (
        draw_worlds(campaign, n_worlds, task.scenario.seed, sample=sample) for sample in (0, 1)
    )
    way = purchase(task.problem)
    outcomes, check = evaluate(worlds, spends, way), evaluate(fresh, spends[:1], way)
    values = _judged(task.scenario, aim, outcomes)
    rated = {
        name: Rated(
            counts,
            picker.value(counts),
            Estimate(float(values[i].mean()), standard_error(worlds, values[i])),
            {metric: summarise(outcomes, metric, i) for metric in METRICS},
        )
        for i, (name, counts) in enumerate(plans.items())
    }
    again = _judged(task.scenario, aim, check)[0]
    return rated, Estimate(float(again.mean()), standard_error(fresh, again))


def _judged(scenario: Scenario, aim: Goal, outcomes: Outcomes) -> Array:
    """Return values whose mean over the worlds a choice is judged by."""
    if scenario.risk == MEAN:
        return aim.controlled(outcomes)
    return np.stack([scenario.risk.contributions(values) for values in aim.of(outcomes)])
