"""People who are counted: in segments, in classes, or by several contacts with named creators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sim import repeated
from sim.campaign import Classes
from sim.curves import exposure, reached_share, reached_slope
from sim.halo import familiar, strengths
from sim.lines import Amounts, Line
from sim.lottery import CERTAIN, weighed
from sim.shapes import AtLeast
from sim.worlds import Worlds

Array = NDArray[np.float64]

#: Classes of people that are counted at a time.
CLASSES = 128


class Crowd(Protocol):
    """People who are counted in one way."""

    def won(self, plans: slice) -> tuple[Array, ...]:
        """Return the expected number; with luck also the rest of `Won`, and what chance is of.

        Every array has shape (n_plans, n_worlds); the last is the sum of people x share².
        """


class _AHead:
    """What lines bring of a mass to a segment, per head.

    Parameters
    ----------
    lines : sequence of Line
    key : str
    s : int
        The segment.
    heads : ndarray of shape (n_worlds,) or float
    heterogeneity : float
    luck : bool
    """

    def __init__(
        self,
        lines: Sequence[Line],
        key: str,
        s: int,
        heads: Array | float,
        heterogeneity: float,
        luck: bool,
    ) -> None:
        self._spends = [line.spend for line in lines]
        self._drawn: list[Amounts] = []
        self._mean: list[Amounts] = []
        self._off: list[Amounts] = []
        for line in lines:
            a = line.tier.audience[s] / heads
            named = bool(line.tier.pool) and key != "intent"
            seen = line.drawn[key].times(a)
            self._drawn.append(_exposures(seen, heterogeneity) if named else seen)
            if luck:
                usual = line.mean[key].times(a)
                mean = _exposures(usual, heterogeneity) if named else usual
                slope = reached_slope(mean.whole(), heterogeneity) if named else 1.0
                self._mean.append(mean)
                self._off.append(Amounts((seen.whole() - usual.whole()) / slope))

    def drawn(self, plans: slice) -> Array:
        """Return it with the creators who were drawn."""
        return self._sum(self._drawn, plans)

    def mean(self, plans: slice) -> Array:
        """Return it with everyone at her mean."""
        return self._sum(self._mean, plans)

    def off(self, plans: slice) -> Array:
        """Return how far the first is off the second, to first order: its mean is 0."""
        return self._sum(self._off, plans)

    def _sum(self, amounts: list[Amounts], plans: slice) -> Array:
        total, *others = (
            some.of(spend[plans]) for some, spend in zip(amounts, self._spends, strict=True)
        )
        for other in others:
            total += other
        return total


def _exposures(seen: Amounts, heterogeneity: float) -> Amounts:
    """Return the contacts a head that reach as many people as see named creators."""
    return Amounts(_exposure(seen.whole(), heterogeneity))


def _exposure(share: Array, heterogeneity: float) -> Array:
    """Return the contacts a head that reach the share of people a named creator reaches."""
    return exposure(np.minimum(share, CERTAIN), heterogeneity)


class InSegments:
    """People of segments, who differ in how heavily they use social media alone."""

    def __init__(
        self, worlds: Worlds, lines: Sequence[Line], key: str, times: int, luck: bool
    ) -> None:
        campaign = worlds.campaign
        self._kappa, self._luck = campaign.heterogeneity, luck
        self._counted = AtLeast(times, self._kappa)
        self._segments: list[tuple[Array, _AHead, list[_Aware]]] = []
        for s, segment in enumerate(campaign.segments):
            people = np.full(worlds.size, segment.size)
            if key == "intent":
                people = people * worlds.values[f"in_market.{segment.name}"]
            heads = np.where(people > 0, people, 1.0)
            halos = _halos(worlds, lines, s, heads, luck) if key == "intent" else []
            mass = _AHead(lines, key, s, heads, self._kappa, luck)
            self._segments.append((people, mass, halos))

    def won(self, plans: slice) -> tuple[Array, ...]:
        """Return what `Crowd.won` does."""
        return _added([self._counts(*segment, plans) for segment in self._segments])

    def _counts(
        self, people: Array, mass: _AHead, halos: list[_Aware], plans: slice
    ) -> tuple[Array, ...]:
        """Return what `Crowd.won` does, of one segment."""
        u = mass.drawn(plans)
        for halo in halos:
            u += halo.drawn(plans)
        if not self._luck:
            share = self._counted.value(u)
            return (np.multiply(share, people, out=share),)
        mean, off = mass.mean(plans), mass.off(plans)
        for halo in halos:
            usual, more = halo.usual(plans)
            mean, off = mean + usual, off + more
        share, slope = self._counted.both(u)
        expected = people * share
        usual, steepness = self._counted.both(mean)
        return (
            expected,
            people * usual,
            expected - people * steepness * off,
            expected * share + people / self._kappa * (u * slope) ** 2,
        )


def _added(parts: Sequence[tuple[Array, ...]]) -> tuple[Array, ...]:
    """Return the sums of what some parts of the people come to."""
    totals = parts[0]
    for part in parts[1:]:
        for total, more in zip(totals, part, strict=True):
            np.add(total, more, out=total)
    return totals


@dataclass(frozen=True, slots=True)
class _Aware:
    """What awareness from earlier lines adds to the intent of later ones in a segment, per head.

    Parameters
    ----------
    strength : ndarray, shape (n_worlds,)
        Of the halo.
    factor : float
    seen : AtLeast
        As `familiar` returns them.
    contacts, intents : _AHead
        Of the earlier and of the later lines.
    """

    strength: Array
    factor: float
    seen: AtLeast
    contacts: _AHead
    intents: _AHead

    def drawn(self, plans: slice) -> Array:
        """Return it with the creators who were drawn."""
        aware = self.seen.value(self.factor * self.contacts.drawn(plans))
        return self.strength * aware * self.intents.drawn(plans)

    def usual(self, plans: slice) -> tuple[Array, Array]:
        """Return it with everyone at her mean, and how far off that is, to first order."""
        at, luck = (self.factor * x for x in (self.contacts.mean(plans), self.contacts.off(plans)))
        known, usual = self.seen.value(at), self.intents.mean(plans)
        off = known * self.intents.off(plans) + usual * self.seen.slope(at) * luck
        return self.strength * known * usual, self.strength * off


def _halos(worlds: Worlds, lines: Sequence[Line], s: int, heads: Array, luck: bool) -> list[_Aware]:
    """Return the halos between some lines in a segment."""
    campaign, found = worlds.campaign, []
    people, kappa = campaign.segments[s].size, campaign.heterogeneity
    seen, factor = familiar(kappa)
    for halo, strength in zip(campaign.halos, strengths(worlds), strict=True):
        early = [line for line in lines if line.position in halo.sources]
        late = [line for line in lines if line.position in halo.targets]
        if early and late:
            contacts = _AHead(early, "contacts", s, people, kappa, luck)
            intents = _AHead(late, "intent", s, heads, kappa, luck)
            found.append(_Aware(strength, factor, seen, contacts, intents))
    return found


class Repeated:
    """People who count after several contacts, some with named creators.

    The controlled number, and the usual one, is the expected one: no control is known.
    """

    def __init__(self, worlds: Worlds, lines: Sequence[Line], times: int, luck: bool) -> None:
        self._worlds, self._lines, self._times, self._luck = worlds, lines, times, luck

    def won(self, plans: slice) -> tuple[Array, ...]:
        """Return what `Crowd.won` does."""
        campaign, lines, times = self._worlds.campaign, self._lines, self._times
        brought = [line.brought("contacts", plans) for line in lines]
        if campaign.classes is not None:
            place = {tier.name: k for k, tier in enumerate(campaign.tiers)}
            met = [(x, place[o.tier.name], bool(o.tier.pool))
                   for x, o in zip(brought, lines, strict=True)]  # fmt: skip
            parts = [repeated.in_classes(met, campaign.classes, times)]
        else:
            parts = []
            for s, segment in enumerate(campaign.segments):
                people = np.full(self._worlds.size, segment.size)
                a_head = [(x * (o.tier.audience[s] / people), bool(o.tier.pool))
                          for x, o in zip(brought, lines, strict=True)]  # fmt: skip
                parts.append(repeated.in_segment(a_head, people, times, campaign.heterogeneity))
        expected, squares = _added(parts)
        return (expected, expected, expected, squares) if self._luck else (expected,)


class InClasses:
    """People of classes; within a class they are alike."""

    def __init__(
        self, worlds: Worlds, lines: Sequence[Line], classes: Classes, key: str, luck: bool
    ) -> None:
        self._place = {tier.name: k for k, tier in enumerate(worlds.campaign.tiers)}
        self._lines, self._classes, self._key, self._luck = lines, classes, key, luck

    def won(self, plans: slice) -> tuple[Array, ...]:
        """Return what `Crowd.won` does."""
        n_classes = self._classes.sizes.size
        return _added(
            [
                self._counts(plans, slice(start, start + CLASSES))
                for start in range(0, n_classes, CLASSES)
            ]
        )

    def _counts(self, plans: slice, part: slice) -> tuple[Array, ...]:
        """Return what `Crowd.won` does, of some of the classes."""
        people = self._classes.sizes[part]
        size = (*self._lines[0].brought(self._key, plans).shape, people.size)
        drawn, mean, off = (np.zeros(size) for _ in range(3))
        for line in self._lines:
            shares = self._classes.shares[self._place[line.tier.name], part]
            met = np.flatnonzero(shares)
            a, named = shares[met] / people[met], bool(line.tier.pool)
            seen = line.brought(self._key, plans)[..., None] * a
            drawn[..., met] += _exposure(seen, inf) if named else seen
            if self._luck:
                usual = line.usual(self._key, plans)[..., None] * a
                at = _exposure(usual, inf) if named else usual
                mean[..., met] += at
                off[..., met] += (seen - usual) / (reached_slope(at, inf) if named else 1.0)
        share = reached_share(drawn, inf)
        if not self._luck:
            return (weighed(share, people),)
        usual = reached_share(mean, inf)
        parts = share, usual, share - (1 - usual) * off, share**2
        return tuple(weighed(part, people) for part in parts)
