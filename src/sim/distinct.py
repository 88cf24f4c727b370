"""How many distinct people a mass of contacts or intents becomes, creator by creator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from sim import repeated
from sim.campaign import Classes, Tier
from sim.curves import exposure, reached_share, reached_slope
from sim.halo import familiar, strengths
from sim.lottery import CERTAIN
from sim.shapes import AtLeast
from sim.worlds import Worlds

Array = NDArray[np.float64]

#: Classes of people that are counted at a time.
CLASSES = 128


@dataclass(frozen=True, slots=True)
class Line:
    """What one line brings by itself.

    Parameters
    ----------
    position : int
        Among the lines of the campaign.
    tier : Tier
    drawn, mean : dict of ndarray, shape (n_plans, n_worlds)
        With the creators who were drawn, and on average over the lottery of creators.
    """

    position: int
    tier: Tier
    drawn: dict[str, Array]
    mean: dict[str, Array]


def people_won(
    worlds: Worlds, lines: Sequence[Line], key: str, times: int, size: tuple[int, int]
) -> tuple[Array, Array, Array]:
    """Return how many distinct people a mass of contacts or intents becomes.

    Parameters
    ----------
    worlds : Worlds
    lines : sequence of Line
    key : str
        The mass.
    times : int
        Contacts that it takes to count a person.
    size : tuple of int
        (n_plans, n_worlds).

    Returns
    -------
    expected : ndarray, shape (n_plans, n_worlds)
        Sum over segments of (people) x g(mass / people), g the share with so many contacts.
    controlled : ndarray, shape (n_plans, n_worlds)
        The same less (mass - mean mass) x g'(mean mass / people), whose mean is 0.
    chance : ndarray, shape (n_plans, n_worlds)
        The p of the one binomial law that has the mean and the variance of the sum of the
        segments' counts (exact for one segment where people are alike; Ehm 1991 bounds the
        rest). The heavy users of a finite audience share its contacts: if one sees more of them,
        the others see fewer. To second order that takes (u g'(u))² / κ per head off the
        variance g (1 − g), u contacts a head.
    """
    campaign = worlds.campaign
    counted = AtLeast(times, campaign.heterogeneity)
    expected, controlled, squares = np.zeros(size), np.zeros(size), np.zeros(size)
    if not any(line.mean[key].any() for line in lines):
        return expected, controlled, squares
    if times > 1 and (campaign.classes or any(line.tier.pool for line in lines)):
        return _people_repeated(worlds, lines, times, size)
    if campaign.classes is not None and key != "intent":
        return _people_in_classes(worlds, lines, campaign.classes, key)
    for s, segment in enumerate(campaign.segments):
        people = np.full(worlds.size, segment.size)
        if key == "intent":
            people = people * worlds.values[f"in_market.{segment.name}"]
        heads = np.where(people > 0, people, 1.0)
        drawn, mean, off = _a_head(lines, key, s, heads, campaign.heterogeneity)
        if key == "intent":
            more, usually, tilt = _halos(worlds, lines, s, heads)
            drawn, mean, off = drawn + more, mean + usually, off + tilt
        share = counted.value(drawn)
        expected += people * share
        controlled += people * (share - counted.slope(mean) * off)
        luck = (drawn * counted.slope(drawn)) ** 2 / campaign.heterogeneity
        squares += people * (share**2 + luck)
    chance = np.divide(squares, expected, out=np.zeros(size), where=expected > 0)
    return expected, controlled, chance


def _a_head(
    lines: Sequence[Line], key: str, s: int, heads: Array | float, heterogeneity: float
) -> tuple[Array, Array, Array]:
    """Return a mass in a segment per head, shape (n_plans, n_worlds).

    Returns
    -------
    drawn, mean, off : ndarray
        With the creators who were drawn, on average, and their difference to first order.
    """
    drawn, mean, off = np.zeros(1), np.zeros(1), np.zeros(1)
    for line in lines:
        a = line.tier.audience[s] / heads
        seen, usual = line.drawn[key] * a, line.mean[key] * a
        more = seen - usual
        if line.tier.pool and key != "intent":
            seen, usual, more = _distinct(seen, usual, more, heterogeneity)
        drawn, mean, off = drawn + seen, mean + usual, off + more
    return drawn, mean, off


def _halos(
    worlds: Worlds, lines: Sequence[Line], s: int, heads: Array
) -> tuple[Array, Array, Array]:
    """Return what awareness from earlier lines adds to the intent of later ones, per head.

    Returns
    -------
    drawn, mean : ndarray
        With the creators who were drawn, and with everyone at her mean.
    off : ndarray
        Their difference to first order: its mean is 0.
    """
    campaign = worlds.campaign
    seen, factor = familiar(campaign.heterogeneity)
    more, usually, off = np.zeros(1), np.zeros(1), np.zeros(1)
    for halo, strength in zip(campaign.halos, strengths(worlds), strict=True):
        early = [line for line in lines if line.position in halo.sources]
        late = [line for line in lines if line.position in halo.targets]
        people, kappa = campaign.segments[s].size, campaign.heterogeneity
        contacts, at, luck = (factor * x for x in _a_head(early, "contacts", s, people, kappa))
        intents, usual, left = _a_head(late, "intent", s, heads, kappa)
        aware, known = seen.value(contacts), seen.value(at)
        more = more + strength * aware * intents
        usually = usually + strength * known * usual
        off = off + strength * (known * left + usual * seen.slope(at) * luck)
    return more, usually, off


def _distinct(
    drawn: Array, mean: Array, more: Array, heterogeneity: float
) -> tuple[Array, Array, Array]:
    """Return the contacts a head that reach shares of distinct people.

    Parameters
    ----------
    drawn, mean, more : ndarray
        Shares of the people whom one named creator reaches, with the luck of the draw and on
        average, and their difference.
    heterogeneity : float

    Returns
    -------
    drawn, mean, more : ndarray
        In contacts a head; `more` to first order, so that its mean stays 0.
    """
    seen = exposure(np.minimum(drawn, CERTAIN), heterogeneity)
    usual = exposure(np.minimum(mean, CERTAIN), heterogeneity)
    return seen, usual, more / reached_slope(usual, heterogeneity)


def _people_repeated(
    worlds: Worlds, lines: Sequence[Line], times: int, size: tuple[int, int]
) -> tuple[Array, Array, Array]:
    """Return what `people_won` does of contacts with named creators, for more than one contact.

    The second is the first: no control is known.
    """
    campaign = worlds.campaign
    expected, squares = np.zeros(size), np.zeros(size)
    if campaign.classes is not None:
        place = {tier.name: k for k, tier in enumerate(campaign.tiers)}
        expected, squares = repeated.in_classes(
            [(o.drawn["contacts"], place[o.tier.name], bool(o.tier.pool)) for o in lines],
            campaign.classes, times,
        )  # fmt: skip
    for s, segment in enumerate(campaign.segments if campaign.classes is None else ()):
        people = np.full(worlds.size, segment.size)
        a_head = [
            (o.drawn["contacts"] * (o.tier.audience[s] / people), bool(o.tier.pool)) for o in lines
        ]
        more, again = repeated.in_segment(a_head, people, times, campaign.heterogeneity)
        expected, squares = expected + more, squares + again
    chance = np.divide(squares, expected, out=np.zeros(size), where=expected > 0)
    return expected, expected, chance


def _people_in_classes(
    worlds: Worlds,
    lines: Sequence[Line],
    classes: Classes,
    key: str,
) -> tuple[Array, Array, Array]:
    """Return what `people_won` does, of classes of people who are alike.

    Parameters
    ----------
    worlds : Worlds
    lines : sequence of Line
    classes : Classes
    key : str
        The mass.
    """
    size = lines[0].drawn[key].shape
    place = {tier.name: k for k, tier in enumerate(worlds.campaign.tiers)}
    expected, controlled, squares = np.zeros(size), np.zeros(size), np.zeros(size)
    for start in range(0, classes.sizes.size, CLASSES):
        part = slice(start, start + CLASSES)
        people = classes.sizes[part]
        drawn, mean, luck = (np.zeros((*size, people.size)) for _ in range(3))
        for line in lines:
            shares = classes.shares[place[line.tier.name], part]
            met = np.flatnonzero(shares)
            if met.size == 0 or not line.mean[key].any():
                continue
            a = shares[met] / people[met]
            seen, usual = line.drawn[key][..., None] * a, line.mean[key][..., None] * a
            more = seen - usual
            if line.tier.pool:
                seen, usual, more = _distinct(seen, usual, more, inf)
            for total, one in ((drawn, seen), (mean, usual), (luck, more)):
                total[..., met] += one
        share = reached_share(drawn, inf)
        expected += share @ people
        controlled += (share - reached_slope(mean, inf) * luck) @ people
        squares += share**2 @ people
    chance = np.divide(squares, expected, out=np.zeros(size), where=expected > 0)
    return expected, controlled, chance
