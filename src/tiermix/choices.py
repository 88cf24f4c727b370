"""From a scenario with named creators to its answer: draw, choose, ask around, simulate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from optimize.choosing import Choice
from optimize.dealing import choose_with_deals
from optimize.floors import Floor
from optimize.goal import Goal, blended, goal
from optimize.picking import Picker
from optimize.problem import Problem
from optimize.quotes import Member, Outsider, members, outsiders
from optimize.risk import MEAN, Risk
from sim.curves import gamma_nodes
from sim.lottery import mean_cost
from sim.purchase import WHOLE, price_list
from sim.response import Response, respond
from sim.worlds import REPLICATES, Worlds, draw_worlds
from tiermix.analysis import OPTIMUM, Analysis, Progress
from tiermix.roster import Named, named
from tiermix.scenario import Scenario

Array = NDArray[np.float64]

#: Numbers that the optimizer holds at a time; more creators get fewer worlds.
ROOM = 6e5

#: Creators whose replacement, and whose quote to enter, are looked for.
REPLACED, ASKED = 30, 8

#: Rules of thumb that the choice is set beside.
RULES = ("greedy", "most_followers", "cheapest")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked about named creators, on drawn worlds.

    Parameters
    ----------
    named : Named
    worlds : Worlds
        Of the optimisation.
    goal : Goal
    response : Response
        The goal as a function of the plan.
    floors : tuple of Floor
    picker : Picker
        That searches for choices.
    """

    named: Named
    worlds: Worlds
    goal: Goal
    response: Response
    floors: tuple[Floor, ...]
    picker: Picker

    @property
    def problem(self) -> Problem:
        """Which plans are allowed."""
        return self.named.problem

    @property
    def risk(self) -> Risk:
        """What the goal of many worlds comes to."""
        return self.named.scenario.risk

    def judged(self, plan: Array) -> float:
        """Return what a plan comes to, the lottery of creators averaged out."""
        return self.picker.value(np.round(plan / self.picker.prices))

    def violations(self, plan: Array) -> tuple[str, ...]:
        """Return the limits and floors that a plan breaks."""
        missed = [floor.name for floor in self.floors if floor.missed_by(plan) > 0]
        named_so = (name.removeprefix("the ") for name in missed)
        return (*self.problem.violations(plan), *named_so)


@dataclass(frozen=True, slots=True)
class Shortlist:
    """Everything that is told about a roster.

    Parameters
    ----------
    named : Named
    worlds : int
        Of the optimisation.
    choice : Choice
    members : tuple of Member
        The one who adds most first.
    outsiders : tuple of Outsider
        The one with the smallest discount first.
    takers : int
        How many more could be hired with the money that is left.
    analysis : Analysis
        What the choice and the rules of thumb bring: of the creators that any of them hires,
        those of the choice first, in the order of `members`.
    """

    named: Named
    worlds: int
    choice: Choice
    members: tuple[Member, ...]
    outsiders: tuple[Outsider, ...]
    takers: int
    analysis: Analysis


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
    from tiermix.choice_plays import played

    asked = question(scenario, progress)
    task = asked.named
    progress("choosing creators")
    choice, picker = choose_with_deals(task.problem, asked.response, scenario.risk, asked.floors)
    progress("asking who could be replaced, and by whom")
    inside = members(picker, choice.counts, replaced=REPLACED)
    costs = _costs(asked.worlds, asked.goal, scenario.risk == MEAN)
    outside = outsiders(picker, choice.counts, costs, shown=ASKED)
    progress("simulating, creator by creator")
    plans = {**rules(asked, choice.greedy), OPTIMUM: choice.counts}
    analysis = played(asked, plans, choice, [member.line for member in inside])
    return Shortlist(
        task,
        asked.worlds.size,
        choice,
        tuple(inside),
        tuple(sorted(outside, key=lambda one: discount(task, one))),
        int(picker.addable(choice.counts).sum()),
        analysis,
    )


def simulated(scenario: Scenario, progress: Progress = lambda step: None) -> Analysis:
    """Simulate the rules of thumb of a scenario with named creators, without a best choice.

    Parameters
    ----------
    scenario : Scenario
        With a roster.
    progress : callable
        Told every step before it is taken.
    """
    from tiermix.choice_plays import played

    asked = question(scenario, progress)
    progress("simulating, creator by creator")
    return played(asked, rules(asked, asked.picker.greedy()))


def question(
    scenario: Scenario, progress: Progress = lambda step: None, n_worlds: int | None = None
) -> Asked:
    """State what a scenario asks, on the worlds that the optimizer has room for.

    Parameters
    ----------
    scenario : Scenario
        With a roster.
    progress : callable
    n_worlds : int, optional
        How many worlds to draw instead.
    """
    progress("putting audiences together")
    task = named(scenario)
    progress("drawing worlds")
    worlds = draw_worlds(task.campaign, n_worlds or room(task), scenario.seed)
    aim, response = _aim(task, worlds)
    floors = tuple(demand.floor(worlds, task.problem) for demand in scenario.demands)
    picker = Picker(task.problem, response, scenario.risk, floors)
    return Asked(task, worlds, aim, response, floors, picker)


def room(task: Named) -> int:
    """Return how many worlds the optimizer has room for: a multiple of the replicates."""
    campaign = task.campaign
    terms = len(campaign.segments) * gamma_nodes(campaign.heterogeneity)[0].size
    if campaign.classes is not None:
        terms = max(terms, campaign.classes.sizes.size)
    most = int(ROOM / (terms * len(campaign.tiers))) // REPLICATES * REPLICATES
    return min(task.scenario.worlds, max(most, REPLICATES))


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


def rules(asked: Asked, greedy: Array) -> dict[str, Array]:
    """Return the rules of thumb, as counts of every creator.

    Parameters
    ----------
    asked : Asked
    greedy : ndarray, shape (n_lines,)
        What greedy steps choose.
    """
    picker = asked.picker
    followers = np.array([tier.followers.median for tier in asked.named.campaign.tiers])
    ranks: Sequence[Array] = (followers, -picker.prices)
    plans = {RULES[0]: greedy}
    for name, rank in zip(RULES[1:], ranks, strict=True):
        counts = picker.least.copy()
        for line in np.argsort(-rank, kind="stable").tolist():
            while picker.addable(counts)[line]:
                counts[line] += 1
        plans[name] = counts
    return plans


def entry_quote(task: Named, outsider: Outsider) -> float:
    """Return the largest quote with which a creator enters, in money; not above 0 for none."""
    beside = task.problem.steps[outsider.line] - task.quoted[outsider.line]
    return outsider.enters_at - beside


def discount(task: Named, outsider: Outsider) -> float:
    """Return what share of her quote a creator must come down to enter; 1 where nothing helps."""
    quote, enters = task.quoted[outsider.line], entry_quote(task, outsider)
    return 1.0 if quote <= 0 or enters < 1 else 1 - enters / quote
