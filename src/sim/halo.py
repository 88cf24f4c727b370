"""People who buy when awareness from earlier phases changes what later ones bring.

In every segment the intent of later lines is multiplied by 1 + λ·(share of it that comes from
people whom earlier lines have reached), λ of either sign. Heavy users of social media are both
reached first and seen again, so that this share is larger than that of the people reached: with
u contacts a head, 1 − g'(u) = 1 − (1 + u/κ)^(−κ−1). The product of two functions of the plan is
neither concave nor convex: it is a term of its own, beside ridges.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sim.campaign import Campaign
from sim.shapes import AtLeast
from sim.worlds import Worlds

Array = NDArray[np.float64]


def strengths(worlds: Worlds) -> Array:
    """Return by which share of itself each halo changes intent per share of people aware.

    Where losses of one line would add up to more than all of its intent, they are shrunk to it.

    Returns
    -------
    ndarray, shape (n_halos, n_worlds)
        At least -1.
    """
    campaign = worlds.campaign
    found = np.array(
        [(worlds.values[f"halo.{halo.name}"] - 1) * halo.left for halo in campaign.halos]
    ).reshape(-1, worlds.size)
    losses = np.zeros((len(campaign.lines), worlds.size))
    for halo, strength in zip(campaign.halos, found, strict=True):
        losses[list(halo.targets)] -= np.minimum(strength, 0.0)
    for halo, strength in zip(campaign.halos, found, strict=True):
        most = losses[list(halo.targets)].max(axis=0)
        strength /= np.where((strength < 0) & (most > 1), most, 1.0)
    return found


def familiar(heterogeneity: float) -> tuple[AtLeast, float]:
    """Return the law of the share of intent from people already reached.

    Parameters
    ----------
    heterogeneity : float
        Shape κ of how heavily people use social media; may be infinite.

    Returns
    -------
    seen : AtLeast
        1 − (1 + u/κ)^(−κ−1) = seen(factor · u).
    factor : float
        (κ + 1) / κ.
    """
    return AtLeast(1, heterogeneity + 1), 1 + 1 / heterogeneity


@dataclass(frozen=True, slots=True)
class Influence:
    """One halo in one segment.

    Parameters
    ----------
    strength : ndarray, shape (n_worlds,)
        Change of intent, as a share of it, where everybody is aware.
    contacts : ndarray, shape (n_worlds, n_lines)
        What `Buyers.seen` takes, per unit of money; 0 for lines that are no sources.
    targets : ndarray of bool, shape (n_lines,)
        Lines whose intent changes.
    """

    strength: Array
    contacts: Array
    targets: NDArray[np.bool_]

    def part(self, worlds: slice | NDArray[np.intp]) -> Influence:
        """Return the influence in some of the worlds."""
        return Influence(self.strength[worlds], self.contacts[worlds], self.targets)


@dataclass(frozen=True, slots=True)
class Buyers:
    """The distinct people of one segment who buy, in every world, in units of the metric.

    Creators count at their mean contacts and intents: what their lottery takes off is of second
    order, and the simulation plays it.

    Parameters
    ----------
    intents : ndarray, shape (n_worlds, n_lines)
        Purchases intended per unit of money and per head in market.
    worth : ndarray, shape (n_worlds,)
        Heads in market x what one of them is worth, >= 0.
    shape : AtLeast
        Share of heads who buy at so many intents a head.
    seen : AtLeast
        Share of intent from people already reached.
    influences : tuple of Influence
    """

    intents: Array
    worth: Array
    shape: AtLeast
    seen: AtLeast
    influences: tuple[Influence, ...]

    @property
    def concave(self) -> bool:
        """Whether it is concave: only where no halo acts."""
        return not any(influence.strength.any() for influence in self.influences)

    @property
    def breadth(self) -> int:
        """Number of lines that it depends on."""
        return int(self.intents.shape[1])

    def aware(self, influence: Influence, plan: Array) -> Array:
        """Return the share of intent from people whom the sources have reached, (n_worlds,)."""
        return self.seen.value(influence.contacts @ plan)

    def intended(self, influence: Influence, plan: Array) -> Array:
        """Return the intents of the targets before any halo, a head, shape (n_worlds,)."""
        return np.asarray(self.intents @ np.where(influence.targets, plan, 0.0))

    def intent(self, plan: Array) -> Array:
        """Return purchases intended a head, halos and all, shape (n_worlds,)."""
        total = self.intents @ plan
        for one in self.influences:
            total = total + one.strength * self.aware(one, plan) * self.intended(one, plan)
        return np.asarray(np.maximum(total, 0.0))

    def values(self, plan: Array) -> Array:
        """Return the metric in every world, shape (n_worlds,)."""
        return np.asarray(self.worth * self.shape.value(self.intent(plan)))

    def gradient(self, plan: Array, weights: Array) -> Array:
        """Return the gradient of a weighted sum of worlds, shape (n_lines,)."""
        pull = weights * self.worth * self.shape.slope(self.intent(plan))
        total = pull @ self.intents
        for one in self.influences:
            force = pull * one.strength
            total += (force * self.aware(one, plan)) @ np.where(one.targets, self.intents, 0.0)
            steep = self.seen.slope(one.contacts @ plan) * self.intended(one, plan)
            total += (force * steep) @ one.contacts
        return np.asarray(total)

    def mean_and_gradient(self, plan: Array) -> tuple[float, Array]:
        """Return the mean over worlds and its gradient, shape (n_lines,)."""
        alike = np.full(len(self.worth), 1 / len(self.worth))
        return float(self.values(plan).mean()), self.gradient(plan, alike)

    def part(self, worlds: slice | NDArray[np.intp]) -> Buyers:
        """Return the term in some of the worlds."""
        influences = tuple(one.part(worlds) for one in self.influences)
        return Buyers(self.intents[worlds], self.worth[worlds], self.shape, self.seen, influences)

    def scaled(self, factor: float) -> Buyers:
        """Return the term in other units of the metric."""
        return replace(self, worth=self.worth * factor)

    def least(self, low: Array, high: Array) -> Array:
        """Return what no plan between two others falls below, shape (n_worlds,)."""
        return self._extreme(low, high)

    def most(self, low: Array, high: Array) -> Array:
        """Return what no plan between two others passes, shape (n_worlds,)."""
        return self._extreme(high, low)

    def _extreme(self, good: Array, bad: Array) -> Array:
        """Return the term with gains at one end of a box, and losses at the other."""
        total = self.intents @ good
        for one in self.influences:
            gain, loss = np.maximum(one.strength, 0.0), np.minimum(one.strength, 0.0)
            total = total + gain * self.aware(one, good) * self.intended(one, good)
            total = total + loss * self.aware(one, bad) * self.intended(one, good)
        return np.asarray(self.worth * self.shape.value(np.maximum(total, 0.0)))


def influences(worlds: Worlds, contacts: Array, counted: NDArray[np.bool_]) -> list[Influence]:
    """Return the halos between lines that count.

    Parameters
    ----------
    worlds : Worlds
    contacts : ndarray, shape (n_worlds, n_lines)
        What `Buyers.seen` takes, per unit of money.
    counted : ndarray of bool, shape (n_lines,)
    """
    campaign, found = worlds.campaign, []
    for halo, strength in zip(campaign.halos, strengths(worlds), strict=True):
        sources, targets = (_marked(campaign, lines) for lines in (halo.sources, halo.targets))
        if (targets & counted).any():
            found.append(Influence(strength, np.where(sources, contacts, 0.0), targets & counted))
    return found


def _marked(campaign: Campaign, lines: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return which lines are named, shape (n_lines,)."""
    return np.isin(np.arange(len(campaign.lines)), lines)
