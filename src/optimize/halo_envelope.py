"""Concave bounds on what buyers bring where awareness changes intent, over a box of plans.

Intent gains the product of two rising functions of the plan: the share of people who are aware
(concave) and the intent of later lines (linear). Over a box the product lies under two planes in
these two, and above two others (McCormick); where a halo takes intent away, awareness is replaced
by a line that it is nowhere below. A rising concave curve of a concave intent is concave.

References
----------
McCormick (1976), "Computability of global solutions to factorable nonconvex programs".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.halo import Buyers, Influence

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Planes:
    """What bounds one product of awareness and intent from above, over a box.

    A product is at most the smaller of two sums, start + by_aware · (share of people aware) +
    by_intent · (intent before the halo), in every world; `chord` stands in for awareness where
    the halo takes intent away.

    Parameters
    ----------
    start, by_aware, by_intent : ndarray, shape (2, n_worlds)
        Strength of the halo and all.
    loses : ndarray of bool, shape (n_worlds,)
        Where the halo takes intent away.
    foot : ndarray, shape (n_worlds,)
        Of the line below awareness: its value at nothing.
    chord : ndarray, shape (n_worlds, n_lines)
        Its slopes.
    """

    start: Array
    by_aware: Array
    by_intent: Array
    loses: NDArray[np.bool_]
    foot: Array
    chord: Array


@dataclass(frozen=True, slots=True)
class Capped:
    """A concave term that is nowhere below buyers over a box of plans.

    Parameters
    ----------
    buyers : Buyers
    planes : tuple of Planes
        One for each of their influences.
    """

    buyers: Buyers
    planes: tuple[Planes, ...]

    @property
    def concave(self) -> bool:
        """Whether it is concave: over the box it was made for."""
        return True

    @property
    def breadth(self) -> int:
        """Number of lines that it depends on."""
        return self.buyers.breadth

    def aware(self, which: int, plan: Array) -> Array:
        """Return the awareness that a bound holds, shape (n_worlds,)."""
        planes, aware = self.planes[which], self.buyers.aware(self.buyers.influences[which], plan)
        return np.where(planes.loses, planes.foot + planes.chord @ plan, aware)

    def sums(self, which: int, aware: Array, plan: Array) -> Array:
        """Return both sums that a product is below, at some awareness, shape (2, n_worlds)."""
        planes = self.planes[which]
        intent = self.buyers.intended(self.buyers.influences[which], plan)
        return planes.start + planes.by_aware * aware + planes.by_intent * intent

    def bound(self, which: int, plan: Array) -> Array:
        """Return the bound on a product, shape (n_worlds,)."""
        return np.asarray(self.sums(which, self.aware(which, plan), plan).min(axis=0))

    def intent(self, plan: Array) -> Array:
        """Return the bound on purchases intended a head, shape (n_worlds,)."""
        total = self.buyers.intents @ plan
        for j in range(len(self.planes)):
            total = total + self.bound(j, plan)
        return np.asarray(np.maximum(total, 0.0))

    def values(self, plan: Array) -> Array:
        """Return the bound in every world, shape (n_worlds,)."""
        return np.asarray(self.buyers.worth * self.buyers.shape.value(self.intent(plan)))

    def gradient(self, plan: Array, weights: Array) -> Array:
        """Return the gradient of a weighted sum of worlds, shape (n_lines,)."""
        buyers = self.buyers
        pull = weights * buyers.worth * buyers.shape.slope(self.intent(plan))
        total = pull @ buyers.intents
        here = np.arange(len(pull))
        for j, (one, planes) in enumerate(zip(buyers.influences, self.planes, strict=True)):
            lower = self.sums(j, self.aware(j, plan), plan).argmin(axis=0)
            intents = np.where(one.targets, buyers.intents, 0.0)
            total += (pull * planes.by_intent[lower, here]) @ intents
            force = pull * planes.by_aware[lower, here]
            steep = np.where(planes.loses, 0.0, buyers.seen.slope(one.contacts @ plan))
            total += (force * steep) @ one.contacts
            total += np.where(planes.loses, force, 0.0) @ planes.chord
        return np.asarray(total)

    def mean_and_gradient(self, plan: Array) -> tuple[float, Array]:
        """Return the mean over worlds and its gradient, shape (n_lines,)."""
        alike = np.full(len(self.buyers.worth), 1 / len(self.buyers.worth))
        return float(self.values(plan).mean()), self.gradient(plan, alike)


def capped(buyers: Buyers, low: Array, high: Array) -> Capped:
    """Return a concave term that is nowhere below buyers over a box.

    Parameters
    ----------
    buyers : Buyers
    low, high : ndarray, shape (n_lines,)
        Money.
    """
    planes = tuple(_planes(buyers, one, low, high) for one in buyers.influences)
    return Capped(buyers, planes)


def _planes(buyers: Buyers, one: Influence, low: Array, high: Array) -> Planes:
    aware = [buyers.aware(one, end) for end in (low, high)]
    intent = [buyers.intended(one, end) for end in (low, high)]
    # A product is below the planes through three corners of its rectangle that leave out a
    # corner with one factor low and the other high; minus a product, below those that leave out
    # a corner with both low or both high.
    loses = one.strength < 0
    ends = [(np.where(loses, aware[j], aware[1 - j]), intent[j]) for j in (0, 1)]
    start = np.stack([-one.strength * a * v for a, v in ends])
    run = one.contacts @ (high - low)
    steep = np.divide(aware[1] - aware[0], run, out=np.zeros_like(run), where=run > 0)
    chord = one.contacts * steep[:, None]
    return Planes(
        start,
        np.stack([one.strength * v for _, v in ends]),
        np.stack([one.strength * a for a, _ in ends]),
        loses,
        aware[0] - chord @ low,
        chord,
    )


def attributed(buyers: Buyers, above: Capped, plan: Array, width: Array, weights: Array) -> Array:
    """Return the distance of buyers and their bound, on the lines that can make it smaller.

    What the line below awareness misses lies on the lines that make people aware; of what the
    planes miss of the product, half lies there and half on the lines whose intent changes; by
    their part in the box.

    Parameters
    ----------
    buyers : Buyers
    above : Capped
    plan : ndarray, shape (n_lines,)
        Money.
    width : ndarray, shape (n_lines,)
        Of the box, in any unit.
    weights : ndarray, shape (n_worlds,)
        Of the worlds.
    """
    found = np.zeros(plan.size)
    pull = weights * buyers.worth * buyers.shape.slope(buyers.intent(plan))
    for j, one in enumerate(buyers.influences):
        aware = buyers.aware(one, plan)
        best = above.sums(j, aware, plan).min(axis=0)
        product = np.maximum(best - one.strength * aware * buyers.intended(one, plan), 0.0)
        line = np.maximum(above.bound(j, plan) - best, 0.0)
        found += _laid(pull * (line + product / 2), one.contacts * width)
        found += _laid(pull * product / 2, np.where(one.targets, buyers.intents, 0.0) * width)
    return found


def _laid(missed: Array, part: Array) -> Array:
    """Return a distance of every world, laid on the lines in proportion to their parts."""
    whole = part.sum(axis=1)
    return np.asarray(np.divide(missed, whole, out=np.zeros_like(whole), where=whole > 0) @ part)
