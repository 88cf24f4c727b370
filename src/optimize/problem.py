"""Which plans are allowed."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite

import numpy as np
from numpy.typing import NDArray

from sim.campaign import Campaign
from sim.purchase import PARTS, WHOLE, Purchase, price_list

Array = NDArray[np.float64]

#: How far a sum of money may be off its limit, as a share of the budget.
FEASIBILITY = 1e-9

#: How the limit of the creators that a line can hire is named, before the line's name.
AVAILABLE = "available creators of "

#: Relative gap that is promised for whole creators.
WHOLE_GAP = 1e-4

#: How close to a limit, as a share of the budget, a plan is taken to be stopped by it.
BINDING = 1e-6


@dataclass(frozen=True, slots=True)
class Limit:
    """Bounds on what some lines spend together.

    Parameters
    ----------
    name : str
        As people know it.
    lines : tuple of int
        Positions of the lines.
    lower, upper : float
        Money; `upper` may be infinite.
    hires : bool
        Whether it is about the creators that there are.
    """

    name: str
    lines: tuple[int, ...]
    lower: float = 0.0
    upper: float = inf
    hires: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """The feasible plans: spends per line, in money.

    Parameters
    ----------
    lines : tuple of str
        Names of the lines, for messages.
    budget : float
        What all lines may spend together, > 0.
    caps : tuple of float
        What each line can spend at most: its available creators at the expected price; where
        there are phases, those that can start in its weeks.
    minimum_deals : tuple of float
        Each line spends nothing, or at least this.
    limits : tuple of Limit
    prices : tuple of float or None
        Price of one creator of each line where only whole creators can be hired.
    exclusive : tuple of tuple of int
        Lines of which at most one creator can be hired together, where creators are whole.

    Raises
    ------
    ValueError
        If the budget is not positive and finite.
    """

    lines: tuple[str, ...]
    budget: float
    caps: tuple[float, ...]
    minimum_deals: tuple[float, ...]
    limits: tuple[Limit, ...] = ()
    prices: tuple[float, ...] | None = None
    exclusive: tuple[tuple[int, ...], ...] = ()

    def __post_init__(self) -> None:
        if not (isfinite(self.budget) and self.budget > 0):
            raise ValueError(f"budget(={self.budget}) must be > 0")

    @property
    def n_lines(self) -> int:
        """Number of lines."""
        return len(self.lines)

    @property
    def upper(self) -> Array:
        """What each line can spend at most, whatever the budget: its cap and its own limits."""
        upper = np.array(self.caps)
        for limit in self.limits:
            upper[list(limit.lines)] = np.minimum(upper[list(limit.lines)], limit.upper)
        return upper

    @property
    def steps(self) -> tuple[float, ...]:
        """Smallest change of every line's spend: the price of a whole creator, or none."""
        return self.prices or (0.0,) * self.n_lines

    def violations(self, plan: Array) -> tuple[str, ...]:
        """Return what a plan breaks, in words; empty where it is feasible."""
        slack = FEASIBILITY * self.budget
        broken = []
        if plan.sum() > self.budget + slack:
            broken.append("budget")
        broken += [
            f"{AVAILABLE}{self.lines[i]}"
            for i, cap in enumerate(self.caps)
            if plan[i] > cap + min(slack, FEASIBILITY * cap)
        ]
        broken += [
            f"minimum deal of {self.lines[i]}"
            for i, deal in enumerate(self.minimum_deals)
            if slack < plan[i] < deal - slack
        ]
        for limit in self.limits:
            spent = plan[list(limit.lines)].sum()
            if not limit.lower - slack <= spent <= limit.upper + slack:
                broken.append(f"limit {limit.name}")
        for group in self.exclusive:
            if sum(plan[i] / self.steps[i] for i in group) > 1 + FEASIBILITY:
                broken.append(f"one of {', '.join(self.lines[i] for i in group)}")
        return tuple(broken)


def purchase(problem: Problem) -> Purchase:
    """Return how creators are bought under a problem."""
    return PARTS if problem.prices is None else WHOLE


def binding(problem: Problem, plan: Array) -> tuple[str, ...]:
    """Return what keeps a plan from spending more (or less) on its lines, in words.

    Parameters
    ----------
    problem : Problem
    plan : ndarray, shape (n_lines,)
        Money.
    """
    room, steps = problem.budget - plan.sum(), np.array(problem.steps)
    near = BINDING * problem.budget
    takers = steps[plan + steps <= problem.upper]
    short = plan.any() and takers.size > 0 and 0 < room < takers.min()
    found = ["budget"] if room <= near or short else []
    found += [
        f"{AVAILABLE}{name}"
        for name, cap, spent, step in zip(
            problem.lines, problem.caps, plan, problem.steps, strict=True
        )
        if spent > cap - max(near, step)
    ]
    for limit in problem.limits:
        spent = plan[list(limit.lines)].sum()
        step = max(near, *(problem.steps[i] for i in limit.lines))
        if limit.lower > 0 and spent < limit.lower + step:
            found.append(f"the minimum of {limit.name}")
        if spent > limit.upper - step and (spent > 0 or limit.upper == 0):
            found.append(limit.name if limit.hires else f"the maximum of {limit.name}")
    return tuple(found)


def problem(
    campaign: Campaign, budget: float, limits: tuple[Limit, ...] = (), *, whole_creators: bool
) -> Problem:
    """State the feasible plans of a campaign.

    Parameters
    ----------
    campaign : Campaign
    budget : float
        Money.
    limits : tuple of Limit
    whole_creators : bool
        Whether only whole creators can be hired.
    """
    prices, items = price_list(campaign), campaign.items
    weeks = [phase.weeks for phase in campaign.phases]
    hires = [i.tier.onboarding * weeks[i.phase] if weeks else i.tier.available for i in items]
    caps = [n * float(price) for n, price in zip(hires, prices, strict=False)]
    return Problem(
        campaign.lines,
        budget,
        (*caps, *(inf for _ in campaign.curves)),
        (*(item.tier.minimum_deal for item in items), *(0.0 for _ in campaign.curves)),
        (*limits, *_shared(campaign, prices)),
        tuple(float(p) for p in prices) if whole_creators else None,
    )


def _shared(campaign: Campaign, prices: Array) -> list[Limit]:
    """Return the limits of tiers whose creators phases share: each is hired once."""
    found = []
    for tier in campaign.tiers if campaign.phases else ():
        lines = tuple(i for i, item in enumerate(campaign.items) if item.tier == tier)
        if isfinite(tier.available):
            most = tier.available * float(prices[lines[0]])
            found.append(Limit(f"{AVAILABLE}{tier.name}", lines, upper=most, hires=True))
    return found
