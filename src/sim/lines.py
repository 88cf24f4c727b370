"""What every line that hires creators brings by itself."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.campaign import Campaign, Tier
from sim.creators import Quantity, hire
from sim.lottery import averages, mean_cost
from sim.purchase import Purchase
from sim.worlds import Worlds

Array = NDArray[np.float64]

#: Every plan.
ALL = slice(None)

#: What follows from something else that a line brings, by a factor: in this order.
FOLLOWS: dict[str, tuple[str, Callable[[Worlds, Tier], Array | float]]] = {
    "follower_posts": ("followers", lambda worlds, tier: tier.posts),
    "on_target_impressions": ("impressions", lambda worlds, tier: sum(tier.audience)),
    "clicks": ("engagements", lambda worlds, tier: worlds.tier(tier, "clicks_per_engagement")),
    "intent": ("clicks", lambda worlds, tier: worlds.tier(tier, "conversion_rate")),
    "lifted": ("contacts", lambda worlds, tier: worlds.tier(tier, "lift")),
}

#: What counts distinct people, and the mass that wins them.
PEOPLE = {
    "reach": "contacts",
    "effective_reach": "contacts",
    "conversions": "intent",
    "brand_lift": "lifted",
}

#: What creators are drawn for.
QUANTITIES: tuple[Quantity, ...] = ("followers", "contacts", "impressions", "engagements")


def brought_for(campaign: Campaign, metrics: Collection[str]) -> frozenset[str]:
    """Return what lines must bring so that some metrics can be told."""
    found, left = set(), list(metrics)
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += [PEOPLE[name]] if name in PEOPLE else []
            left += [FOLLOWS[name][0]] if name in FOLLOWS else []
            left += ["contacts"] * (name == "intent" and bool(campaign.halos))
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class Order:
    """What some plans spend on the lines of one tier.

    Parameters
    ----------
    tier : Tier
    lines : tuple of int
        Positions of its lines, phase by phase.
    spends : ndarray, shape (n_spends, n_phases)
        All that differ.
    plan : ndarray of int, shape (n_plans,)
        Which of them every plan has.
    """

    tier: Tier
    lines: tuple[int, ...]
    spends: Array
    plan: NDArray[np.intp]


def orders(campaign: Campaign, spends: Array) -> tuple[Order, ...]:
    """Return what some plans, shape (n_plans, n_lines), spend on every tier."""
    found = []
    for tier in campaign.tiers:
        lines = tuple(i for i, item in enumerate(campaign.items) if item.tier is tier)
        rows, plan = np.unique(spends[:, lines], axis=0, return_inverse=True)
        found.append(Order(tier, lines, rows, plan.ravel()))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Amounts:
    """What a line brings of something, for every spend that some plan has for it.

    Parameters
    ----------
    values : ndarray, shape (n_spends, n_worlds)
    factor : ndarray of shape (n_worlds,) or float
        What they are still to be multiplied by.
    """

    values: Array
    factor: Array | float = 1.0

    def times(self, factor: Array | float) -> Amounts:
        """Return this, times a factor."""
        return Amounts(self.values, self.factor * factor)

    def whole(self) -> Array:
        """Return the amounts, shape (n_spends, n_worlds)."""
        return self.values * self.factor

    def of(self, spends: NDArray[np.intp]) -> Array:
        """Return the amounts of some spends, shape (n_given, n_worlds)."""
        found = self.values.take(spends, axis=0)
        found *= self.factor
        return found


@dataclass(frozen=True, slots=True)
class Line:
    """What one line brings by itself, for every spend that some plan has for it.

    Parameters
    ----------
    position : int
        Among the lines of the campaign.
    tier : Tier
    drawn : dict of Amounts
        With the creators who were drawn.
    mean : dict of Amounts
        On average over the lottery of creators; nothing where that is not asked for.
    spend : ndarray of int, shape (n_plans,)
        Which of the spends every plan has.
    """

    position: int
    tier: Tier
    drawn: dict[str, Amounts]
    mean: dict[str, Amounts]
    spend: NDArray[np.intp]

    def brings(self, key: str) -> bool:
        """Return whether it brings anything to any plan."""
        known = [some[key] for some in (self.drawn, self.mean) if key in some]
        return any(bool(amounts.values.any()) for amounts in known)

    def brought(self, key: str, plans: slice = ALL) -> Array:
        """Return what it brings with the creators drawn, shape (n_plans, n_worlds)."""
        return self.drawn[key].of(self.spend[plans])

    def usual(self, key: str, plans: slice = ALL) -> Array:
        """Return what it brings on average, shape (n_plans, n_worlds)."""
        return self.mean[key].of(self.spend[plans])


def bought(
    worlds: Worlds, order: Order, purchase: Purchase, needs: Collection[str], *, luck: bool
) -> list[Line]:
    """Return what the lines of one tier bring, phase by phase: every creator is hired once.

    Parameters
    ----------
    worlds : Worlds
        From the first one of a block.
    order : Order
    purchase : Purchase
    needs : collection of str
        What is needed of a line.
    luck : bool
        Whether what it brings on average is needed, too.
    """
    tier = order.tier
    by_phase = [purchase.counts(worlds, tier, row) for row in order.spends.T]
    counts = np.stack(by_phase) if len(by_phase) > 1 else by_phase[0][None]
    wanted: list[Quantity] = [q for q in QUANTITIES if q in needs]
    if purchase.pays_fees() and "spend" in needs:
        wanted.append("fees")
    path = counts.cumsum(axis=0).reshape(-1, worlds.size) if len(counts) > 1 else counts[0]
    sums = hire(worlds, tier, path, wanted) if wanted else {}
    parts = {str(q): _by_phase(x.reshape(counts.shape)) for q, x in sums.items()}
    usual = averages(worlds, tier) if luck else {}
    found = []
    for p, (position, spent, n) in enumerate(zip(order.lines, order.spends.T, counts, strict=True)):
        drawn = {q: Amounts(x[p]) for q, x in parts.items()}
        mean = {q: Amounts(n, brought) for q, brought in usual.items()}
        if "spend" in needs:
            drawn["spend"] = mean["spend"] = Amounts(np.broadcast_to(spent[:, None], n.shape))
            if purchase.pays_fees():
                overhead = n * worlds.tier(tier, "overhead")
                drawn["spend"] = Amounts(drawn.pop("fees").values + overhead)
                mean["spend"] = Amounts(n, mean_cost(worlds, tier))
        for name, (source, factor) in FOLLOWS.items():
            for amounts in (drawn, mean):
                if name in needs and source in amounts:
                    amounts[name] = amounts[source].times(factor(worlds, tier))
        found.append(Line(position, tier, drawn, mean, order.plan))
    return found


def _by_phase(path: Array) -> Array:
    """Return what every phase brings, from what it and those before bring; phases first."""
    return np.diff(path, axis=0, prepend=0.0) if len(path) > 1 else path
