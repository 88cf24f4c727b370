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

#: Share of the budget that the pyramid gives to the tier with the smallest creators.
PYRAMID_BASE = 0.8


def baselines(campaign: Campaign, problem: Problem, response: Response) -> dict[str, Array]:
    """Return the plans of the rules of thumb, by name.

    ``all_<line>`` for every line; ``even``; ``by_followers`` (in proportion to a typical
    creator's followers); ``greedy`` (the cheapest result per unit of money first, as far as it
    goes); ``pyramid`` (80 % to the smallest creators, the rest evenly to the
    others). The rules about followers leave out response curves, which have none.

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
    n, n_lines = len(followers), problem.n_lines
    tiers = np.eye(n, n_lines)
    shares = {f"all_{name}": np.eye(n_lines)[i] for i, name in enumerate(campaign.lines)}
    shares["even"] = np.full(n_lines, 1 / n_lines)
    if n:
        shares["by_followers"] = followers / followers.sum() @ tiers
    plans = {name: fitted(problem, share * problem.budget) for name, share in shares.items()}
    plans["greedy"] = _greedy(problem, response)
    if n > 1:
        base = np.eye(n)[int(followers.argmin())]
        share = PYRAMID_BASE * base + (1 - PYRAMID_BASE) * (1 - base) / (n - 1)
        plans["pyramid"] = fitted(problem, share @ tiers * problem.budget)
    return plans


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
    """Return the money that the whole creators in a plan cost, shape (n_lines,)."""
    prices = np.array(problem.prices)
    return np.asarray(np.floor(plan / prices * (1 + 1e-12)) * prices)


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
