"""Rules of thumb: how budgets are split without an optimizer.

Each rule is fitted to what can be bought: a line takes no more than its limits and its available
creators allow and no less than its limits ask; what a rule cannot place stays unspent.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from optimize.problem import Problem
from sim.campaign import Campaign
from sim.response import Response

Array = NDArray[np.float64]

#: Rules that do not name a line.
RULES = ("even", "by_followers", "greedy", "pyramid")

#: Share of the budget that the pyramid gives to the tier with the smallest creators.
PYRAMID_BASE = 0.8


def baselines(campaign: Campaign, problem: Problem, response: Response) -> dict[str, Array]:
    """Return the plans of the rules of thumb, by name.

    ``all_<tier>`` for every tier (and curve); ``even``; ``by_followers`` (in proportion to a
    typical creator's followers); ``greedy`` (the cheapest result per unit of money first, as
    far as it goes); ``pyramid`` (80 % to the smallest creators, the rest evenly to the others).
    The rules about followers leave out response curves, which have none. With phases a tier's
    money is spread over them by their weeks.

    Parameters
    ----------
    campaign : Campaign
    problem : Problem
    response : Response
        The objective, for `greedy`.

    Returns
    -------
    dict of str to ndarray, shape (n_lines,)
        Money per line.
    """
    followers = np.array([tier.followers.median for tier in campaign.tiers])
    spread = _spread(campaign)
    n = len(followers)
    names = [*(tier.name for tier in campaign.tiers), *(curve.name for curve in campaign.curves)]
    shares = {f"all_{name}": row for name, row in zip(names, spread, strict=True)}
    shares["even"] = spread.mean(axis=0)
    if n:
        shares["by_followers"] = followers / followers.sum() @ spread[:n]
    plans = {name: fitted(problem, share * problem.budget) for name, share in shares.items()}
    plans["greedy"] = _greedy(problem, response)
    if n > 1:
        base = np.eye(n)[int(followers.argmin())]
        share = PYRAMID_BASE * base + (1 - PYRAMID_BASE) * (1 - base) / (n - 1)
        plans["pyramid"] = fitted(problem, share @ spread[:n] * problem.budget)
    return plans


def _spread(campaign: Campaign) -> Array:
    """Return which share of each tier's and curve's money goes to which line, by weeks.

    Shape (n_tiers + n_curves, n_lines).
    """
    n_tiers, n_items = len(campaign.tiers), len(campaign.items)
    rows = np.zeros((n_tiers + len(campaign.curves), len(campaign.lines)))
    weeks = [phase.weeks for phase in campaign.phases] or [1.0]
    for i, item in enumerate(campaign.items):
        rows[campaign.tiers.index(item.tier), i] = weeks[item.phase] / sum(weeks)
    for j in range(len(campaign.curves)):
        rows[n_tiers + j, n_items + j] = 1.0
    return rows


def fitted(problem: Problem, wish: Sequence[float] | Array) -> Array:
    """Return what can be bought of a wished plan, shape (n_lines,).

    Parameters
    ----------
    problem : Problem
    wish : array_like, shape (n_lines,)
        Money.
    """
    lower = _lower(problem)
    upper = np.minimum(problem.upper, problem.budget)
    plan = np.clip(np.asarray(wish, dtype=float), lower, upper)
    free = plan - lower
    room = problem.budget - lower.sum()
    if free.sum() > room:
        plan = lower + free * max(room, 0.0) / free.sum()
    for limit in problem.limits:
        lines = list(limit.lines)
        over, free = plan[lines].sum() - limit.upper, (plan - lower)[lines]
        if over > 0 and free.sum() > 0:
            plan[lines] -= free * min(over / free.sum(), 1.0)
    if problem.prices is not None:
        plan = whole_spends(problem, plan)
    plan[plan < np.array(problem.minimum_deals) * (1 - 1e-12)] = 0.0
    return np.asarray(plan)


def whole_spends(problem: Problem, plan: Array) -> Array:
    """Return the money that the whole creators in a plan cost, shape (n_lines,).

    A tier that is spread over phases hires as many as its money in all phases pays for: the
    largest parts of creators are rounded up, as far as that breaks no limit.
    """
    prices = np.array(problem.prices)
    wanted = plan / prices * (1 + 1e-12)
    counts = np.floor(wanted)
    broken = len(problem.violations(counts * prices))
    for lines in _of_one_tier(problem):
        left = int(np.floor(wanted[lines].sum()) - counts[lines].sum())
        for line in lines[np.argsort(counts[lines] - wanted[lines], kind="stable")][:left]:
            counts[line] += 1
            if len(problem.violations(counts * prices)) > broken:
                counts[line] -= 1
    return np.asarray(counts * prices)


def _of_one_tier(problem: Problem) -> list[NDArray[np.intp]]:
    """Return the lines of every tier that is in several phases."""
    tiers = np.array([line.partition("@")[0] for line in problem.lines])
    found = [np.flatnonzero(tiers == tier) for tier in dict.fromkeys(tiers.tolist())]
    return [lines for lines in found if lines.size > 1]


def _lower(problem: Problem) -> Array:
    """Return the least that each line must spend by its own limits."""
    lower = np.zeros(problem.n_lines)
    for limit in problem.limits:
        if len(limit.lines) == 1:
            lower[limit.lines[0]] = max(lower[limit.lines[0]], limit.lower)
    if problem.prices is not None:
        lower = np.ceil(lower / problem.prices * (1 - 1e-12)) * problem.prices
    return np.asarray(lower)


def _greedy(problem: Problem, response: Response) -> Array:
    """Fill lines in the order of what their first unit of money brings.

    Where a curve starts slowly, that is no guide: then in the order of what a unit of money
    brings when a line takes all it can.
    """
    none = np.zeros(problem.n_lines)
    if response.concave:
        first = response.slopes.mean(axis=0) + sum(
            (term.mean_and_gradient(none)[1] for term in response.terms), none
        )
    else:
        most = np.minimum(problem.upper, problem.budget)
        alone = [response.values(row).mean() for row in np.diag(most)]
        first = np.divide(alone, most, out=none, where=most > 0)
    wish, left = _lower(problem), problem.budget - _lower(problem).sum()
    for i in np.argsort(-first, kind="stable"):
        more = min(left, problem.upper[i] - wish[i]) if first[i] > 0 else 0.0
        wish[i] += max(more, 0.0)
        left -= max(more, 0.0)
    return fitted(problem, wish)


def placed(feasible: Problem, wish: Array) -> Array:
    """Return what the available creators can take of a wished plan, shape (n_lines,)."""
    plan = np.minimum(wish, feasible.caps)
    for limit in feasible.limits:
        lines = list(limit.lines)
        if limit.hires and plan[lines].sum() > limit.upper:
            plan[lines] *= limit.upper / plan[lines].sum()
    return whole_spends(feasible, plan) if feasible.prices is not None else plan
