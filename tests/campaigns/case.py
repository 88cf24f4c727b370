"""A random campaign and plans for it: what the promises of the model are tried on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from full_strategies import full_campaigns, money, named
from sim.campaign import Campaign
from sim.halo import strengths
from sim.mapping import one_by_one
from sim.outcomes import Outcomes, evaluate
from sim.purchase import PARTS, WHOLE, Purchase, price_list
from sim.worlds import Worlds, draw_worlds

Array = NDArray[np.float64]

#: Parts of a number that sums in another order may be off; creators are summed in float32.
ROUNDING, FLOAT32 = 1e-11, 1e-6


@dataclass(frozen=True)
class Case:
    """A campaign, how it buys, and four plans.

    Parameters
    ----------
    campaign : Campaign
    purchase : Purchase
    less, step : ndarray, shape (n_lines,)
        Money; `step` is more of it for the lines of one tier, or one curve.
    others : ndarray, shape (n_lines,)
        Money for lines that `step` leaves alone.
    more : ndarray, shape (n_lines,)
        Money for any line.
    number : int
        Seed of the worlds, and of what else is drawn.
    """

    campaign: Campaign
    purchase: Purchase
    less: Array
    step: Array
    others: Array
    more: Array
    number: int

    @cached_property
    def worlds(self) -> Worlds:
        """A few worlds."""
        return draw_worlds(self.campaign, 40, self.number)

    @property
    def plans(self) -> Array:
        """The plans that are played, shape (6, n_lines)."""
        less, step, others = self.less, self.step, self.others
        return np.array([less, less + step, less + others, less + others + step,
                         less + self.more, less * self.curves_only])  # fmt: skip

    @property
    def curves_only(self) -> Array:
        """1 for lines that are curves."""
        return np.where(np.arange(self.less.size) < len(self.campaign.items), 0.0, 1.0)

    @cached_property
    def played(self) -> Outcomes:
        """What the plans bring in the worlds."""
        return evaluate(self.worlds, self.plans, self.purchase, mapper=one_by_one)

    def size(self, name: str, values: Array) -> Array:
        """Return what differences are measured by: of differences, the size of their terms.

        Effective reach is 1 less the chances of fewer contacts: a part of the audience.
        """
        metric = name.partition("@")[0]
        size = np.abs(values)
        if metric == "effective_reach":
            size = size + 1e-3 * sum(segment.size for segment in self.campaign.segments)
        if metric == "profit":
            size = size + self.plans.sum()
        return size

    @cached_property
    def taking(self) -> bool:
        """Whether a halo takes intent away."""
        return bool((strengths(self.worlds) < 0).any())


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Draw a case."""
    campaign = draw(full_campaigns())
    whole = named(campaign) or draw(st.booleans())
    names = [tier.name for tier in campaign.tiers] + [curve.name for curve in campaign.curves]
    mine = draw(st.sampled_from(names))
    own = np.array([line.partition("@")[0] == mine for line in campaign.lines])
    less, step, others, more = (draw(money(campaign, whole=whole)) for _ in range(4))
    once = np.array([bool(item.tier.pool) for item in campaign.items]
                    + [False] * len(campaign.curves))  # fmt: skip
    most = np.where(once, price_list(campaign), np.inf)
    step, others = step * own, others * ~own
    step, others, more = (
        np.minimum(x, most - np.minimum(less, most)) for x in (step, others, more)
    )
    return Case(campaign, WHOLE if whole else PARTS, less, step, others, more,
                draw(st.integers(0, 2**31)))  # fmt: skip
