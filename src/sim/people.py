"""Distinct people who are won, as functions of the plan: reach, buyers, brand lift."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from sim.campaign import Classes, Segment, Tier
from sim.curves import gamma_nodes
from sim.halo import Buyers, familiar, influences
from sim.lottery import (
    CERTAIN,
    Lottery,
    averages,
    contacts_lottery,
    engagements_lottery,
    remembered_exponents,
)
from sim.mapping import threads
from sim.ridges import Ridges
from sim.shapes import AtLeast
from sim.worlds import Worlds

Array = NDArray[np.float64]


def won(worlds: Worlds, metric: str, hired: Array) -> tuple[Ridges, ...]:
    """Return the distinct people of every segment who are won, in units of the metric.

    Parameters
    ----------
    worlds : Worlds
    metric : str
        ``reach``, ``brand_lift``, ``conversions``, ``revenue`` or ``profit`` (before the cost).
    hired : ndarray, shape (n_worlds, n_lines)
        Creators per unit of money.
    """
    campaign = worlds.campaign
    nodes, weights = gamma_nodes(campaign.heterogeneity)
    wins = [_won(worlds, tier, metric) for tier in campaign.tiers]
    people = [_people(worlds, segment, metric) for segment in campaign.segments]

    def exponents(pair: tuple[int, int]) -> Array:
        s, k = pair
        lottery, factor = wins[k]
        tier, heads = campaign.tiers[k], np.where(people[s] > 0, people[s], 1.0)
        per_value = factor * tier.audience[s] / heads
        if tier.pool and metric in ("reach", "brand_lift"):
            return lottery.distinct(per_value, campaign.heterogeneity)
        return remembered_exponents(worlds, lottery, per_value[:, None] * nodes)

    pairs = list(product(range(len(people)), range(len(wins))))
    found = dict(zip(pairs, threads(exponents, pairs), strict=True))
    place = {tier.name: k for k, tier in enumerate(campaign.tiers)}
    value, order = _value(worlds, metric), [place[item.tier.name] for item in campaign.items]
    return tuple(
        Ridges(
            np.stack([found[s, k] * hired[:, i, None] for i, k in enumerate(order)], axis=2),
            (value * n)[:, None] * weights,
            lines=_item_lines(worlds),
        )
        for s, n in enumerate(people if wins else ())
    )


def in_classes(worlds: Worlds, classes: Classes, metric: str, hired: Array) -> Ridges:
    """Return the distinct people of every class who are reached, in units of the metric.

    Parameters
    ----------
    worlds : Worlds
    classes : Classes
    metric : str
        ``reach`` or ``brand_lift``.
    hired : ndarray, shape (n_worlds, n_lines)
        Creators per unit of money.
    """
    items, sizes = worlds.campaign.items, classes.sizes
    found = {}
    for k, tier in enumerate(worlds.campaign.tiers):
        lottery, factor = _won(worlds, tier, metric)
        met = np.flatnonzero(classes.shares[k])
        levels, where = np.unique(classes.shares[k][met] / sizes[met], return_inverse=True)
        per_value = factor[:, None] * levels
        if tier.pool:
            missed = -np.log1p(-np.minimum(lottery.mean()[:, None] * per_value, CERTAIN))
        else:
            missed = lottery.exponents(per_value)
        found[tier.name] = met, missed[:, where.ravel()]
    rates = np.zeros((len(items), worlds.size, sizes.size))  # a line's are together: mostly 0
    for i, item in enumerate(items):
        met, missed = found[item.tier.name]
        rates[i][:, met] = missed * hired[:, i, None]
    weights = np.tile(sizes, (worlds.size, 1))
    return Ridges(rates.transpose(1, 2, 0), weights, lines=_item_lines(worlds))


def repeated(worlds: Worlds, hired: Array) -> tuple[Ridges, ...]:
    """Return the people of every segment with at least so many contacts, at mean contacts.

    Parameters
    ----------
    worlds : Worlds
    hired : ndarray, shape (n_worlds, n_lines)
        Creators per unit of money.
    """
    campaign = worlds.campaign
    shape = AtLeast(campaign.effective_frequency, campaign.heterogeneity)
    contacts, found = _mean_contacts(worlds, hired), []
    for s, segment in enumerate(campaign.segments):
        rates = (contacts * _shares(worlds, s) / segment.size)[:, None, :]
        weights = np.full((worlds.size, 1), segment.size)
        found.append(Ridges(rates, weights, shape, _item_lines(worlds)))
    return tuple(found) if campaign.tiers else ()


def buyers(worlds: Worlds, metric: str, hired: Array) -> tuple[Buyers, ...]:
    """Return the people of every segment who buy where awareness changes intent.

    Parameters
    ----------
    worlds : Worlds
    metric : str
        ``conversions``, ``revenue`` or ``profit`` (before the cost).
    hired : ndarray, shape (n_worlds, n_lines)
        Creators per unit of money; 0 for lines that do not count.
    """
    campaign, n_lines = worlds.campaign, hired.shape[1]
    once = AtLeast(1, campaign.heterogeneity)
    seen, factor = familiar(campaign.heterogeneity)
    wins = {tier.name: _won(worlds, tier, metric) for tier in campaign.tiers}
    means = {name: lottery.mean() * factor for name, (lottery, factor) in wins.items()}
    intents = hired[:, : len(campaign.items)] * _per_item(worlds, means)
    contacts, found = _mean_contacts(worlds, hired), []
    value, counted = _value(worlds, metric), np.asarray(hired.any(axis=0))
    for s, segment in enumerate(campaign.segments):
        people = _people(worlds, segment, metric)
        heads, shares = np.where(people > 0, people, 1.0), _shares(worlds, s)
        known = _padded(contacts * shares * factor / segment.size, n_lines)
        wanted = _padded(intents * shares / heads[:, None], n_lines)
        acting = tuple(influences(worlds, known, counted))
        found.append(Buyers(wanted, value * people, once, seen, acting))
    return tuple(found)


def _mean_contacts(worlds: Worlds, hired: Array) -> Array:
    """Return mean contacts per unit of money, shape (n_worlds, n_items)."""
    tiers = worlds.campaign.tiers
    means = {tier.name: averages(worlds, tier)["contacts"] for tier in tiers}
    return np.asarray(hired[:, : len(worlds.campaign.items)] * _per_item(worlds, means))


def _per_item(worlds: Worlds, of: dict[str, Array]) -> Array:
    """Return a value of every tier for its lines, shape (n_worlds, n_items)."""
    items = [of[item.tier.name] for item in worlds.campaign.items]
    return np.stack(items, axis=1) if items else np.zeros((worlds.size, 0))


def _shares(worlds: Worlds, s: int) -> Array:
    """Return the share of every line's contacts in a segment, shape (n_items,)."""
    return np.array([item.tier.audience[s] for item in worlds.campaign.items])


def _padded(values: Array, n_lines: int) -> Array:
    """Return values of the lines that hire, with nothing for curves, shape (n_worlds, n_lines)."""
    return np.pad(values, ((0, 0), (0, n_lines - values.shape[1])))


def _item_lines(worlds: Worlds) -> NDArray[np.intp] | None:
    """Return the positions of the lines that hire; None where all lines do."""
    campaign = worlds.campaign
    return np.arange(len(campaign.items)) if campaign.curves else None


def _people(worlds: Worlds, segment: Segment, metric: str) -> Array:
    """Return how many people of a segment can be won, shape (n_worlds,)."""
    if metric in ("conversions", "revenue", "profit"):
        return segment.size * worlds.values[f"in_market.{segment.name}"]
    return np.full(worlds.size, segment.size)


def _value(worlds: Worlds, metric: str) -> Array:
    """Return what one person won is worth, in units of the metric, shape (n_worlds,)."""
    match metric:
        case "revenue":
            return worlds.values["order_value"]
        case "profit":
            return worlds.values["order_value"] * worlds.values["margin"]
        case _:
            return np.ones(worlds.size)


def _won(worlds: Worlds, tier: Tier, metric: str) -> tuple[Lottery, Array]:
    """Return what wins people over, and a factor on it that all creators of a world share."""
    if metric == "reach":
        return contacts_lottery(worlds, tier), np.ones(worlds.size)
    if metric == "brand_lift":
        return contacts_lottery(worlds, tier), worlds.tier(tier, "lift")
    rate = worlds.tier(tier, "clicks_per_engagement") * worlds.tier(tier, "conversion_rate")
    return engagements_lottery(worlds, tier), rate
