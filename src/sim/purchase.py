"""What money buys: how the spend of a line becomes a number of creators."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sim.campaign import Campaign, Tier
from sim.lottery import expected_price, mean_cost
from sim.worlds import Worlds

Array = NDArray[np.float64]


class Purchase(Protocol):
    """A way of buying creators."""

    def rate(self, worlds: Worlds, tier: Tier) -> Array:
        """Return creators per unit of money in every world, shape (n_worlds,)."""

    def counts(self, worlds: Worlds, tier: Tier, spend: Array) -> Array:
        """Return creators hired for spends of shape (n_plans,), shape (n_plans, n_worlds)."""

    def pays_fees(self) -> bool:
        """Return whether the money paid is what the creators drawn cost, not the plan's."""


class Parts:
    """Creators at each world's own mean cost; the last one may be a smaller package.

    The spend is the plan's in every world, the number of creators is not.
    """

    def rate(self, worlds: Worlds, tier: Tier) -> Array:
        """Return one over the mean cost."""
        return 1 / mean_cost(worlds, tier)

    def counts(self, worlds: Worlds, tier: Tier, spend: Array) -> Array:
        """Return spend over mean cost."""
        return np.asarray(spend[:, None] * self.rate(worlds, tier))

    def pays_fees(self) -> bool:
        """Return False: the plan's money is spent."""
        return False


class Whole:
    """Whole creators, planned at the expected price: as many in every world.

    The number of creators is the plan's in every world, the spend is not.
    """

    def rate(self, worlds: Worlds, tier: Tier) -> Array:
        """Return one over the expected price."""
        return np.full(worlds.size, 1 / expected_price(tier))

    def counts(self, worlds: Worlds, tier: Tier, spend: Array) -> Array:
        """Return how many creators the spend pays for at the expected price."""
        bought = np.floor(spend / expected_price(tier) * (1 + 1e-12))
        return np.repeat(bought[:, None], worlds.size, axis=1)

    def pays_fees(self) -> bool:
        """Return True: what a campaign costs depends on who is hired."""
        return True


PARTS, WHOLE = Parts(), Whole()


def price_list(campaign: Campaign) -> Array:
    """Return the expected all-in price of one creator of every line, shape (n_lines,).

    It is 0 for a curve: its money hires nobody.
    """
    prices = {tier.name: expected_price(tier) for tier in campaign.tiers}
    return np.array(
        [*(prices[item.tier.name] for item in campaign.items), *(0.0 for _ in campaign.curves)]
    )


def hired(campaign: Campaign, plan: Array) -> Array:
    """Return how many creators a plan hires at the expected price, shape (n_lines,).

    Parameters
    ----------
    campaign : Campaign
    plan : ndarray, shape (n_lines,)
        Money.
    """
    prices = price_list(campaign)
    return np.divide(plan, prices, out=np.zeros(prices.size), where=prices > 0)
