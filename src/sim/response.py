"""A metric as a function of the plan, world by world, with the lottery averaged out.

Every response is linear terms plus ridges: weight · (1 − e^(−rate · plan)). It is what the
optimizer sees; `sim.outcomes` plays the same lottery creator by creator.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import product
from os import cpu_count

import numpy as np
from numpy.typing import NDArray

from sim.campaign import Segment, Tier
from sim.curves import gamma_nodes
from sim.lottery import (
    Lottery,
    contacts_lottery,
    engagements_lottery,
    impressions_lottery,
    mean_cost,
)
from sim.metrics import OBJECTIVES
from sim.purchase import Purchase
from sim.worlds import Worlds

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ridges:
    """A sum of weight · (1 − e^(−rate · plan)) in every world.

    Parameters
    ----------
    rates : ndarray, shape (n_worlds, n_terms, n_lines)
        Per unit of money.
    weights : ndarray, shape (n_worlds, n_terms)
        In units of the metric.
    """

    rates: Array
    weights: Array

    def values(self, plan: Array) -> Array:
        """Return the sum in every world, shape (n_worlds,)."""
        return np.asarray(-(self.weights * np.expm1(-(self.rates @ plan))).sum(axis=1))

    def mean_and_gradient(self, plan: Array) -> tuple[float, Array]:
        """Return the mean over worlds and its gradient, shape (n_lines,)."""
        n_worlds, _, n_lines = self.rates.shape
        missed = np.exp(-(self.rates @ plan))
        np.multiply(missed, self.weights, out=missed)
        value = (self.weights.sum() - missed.sum()) / n_worlds
        return float(value), missed.ravel() @ self.rates.reshape(-1, n_lines) / n_worlds

    def scaled(self, factor: float) -> Ridges:
        """Return the ridges in other units of the metric."""
        return Ridges(self.rates, self.weights * factor)


@dataclass(frozen=True, slots=True)
class Response:
    """A metric of a plan in every world.

    Parameters
    ----------
    slopes : ndarray, shape (n_worlds, n_lines)
        The linear part, in units of the metric per unit of money.
    ridges : tuple of Ridges
        The saturating part, one for each segment.
    """

    slopes: Array
    ridges: tuple[Ridges, ...]

    def values(self, plan: Array) -> Array:
        """Return the metric in every world, shape (n_worlds,)."""
        return np.asarray(sum((r.values(plan) for r in self.ridges), self.slopes @ plan))

    def gradient(self, plan: Array, weights: Array) -> Array:
        """Return the gradient of a weighted sum of worlds, shape (n_lines,).

        Parameters
        ----------
        plan : ndarray, shape (n_lines,)
        weights : ndarray, shape (n_worlds,)
            At least 0.
        """
        heard = np.flatnonzero(weights)
        gradient = weights[heard] @ self.slopes[heard]
        for ridge in self.ridges:
            rates = ridge.rates[heard]
            missed = weights[heard, None] * ridge.weights[heard] * np.exp(-(rates @ plan))
            gradient = gradient + missed.ravel() @ rates.reshape(-1, plan.size)
        return np.asarray(gradient)


def blend(responses: list[tuple[Response, float]]) -> Response:
    """Return the weighted sum of some responses on the same worlds."""
    slopes = sum((r.slopes * w for r, w in responses), np.zeros_like(responses[0][0].slopes))
    return Response(slopes, tuple(ridge.scaled(w) for r, w in responses for ridge in r.ridges))


def respond(worlds: Worlds, metric: str, purchase: Purchase) -> Response:
    """Return the response of an objective metric.

    Parameters
    ----------
    worlds : Worlds
    metric : str
        One of `sim.metrics.OBJECTIVES`.
    purchase : Purchase

    Raises
    ------
    ValueError
        If the metric is no objective.
    """
    if metric not in OBJECTIVES:
        raise ValueError(f"metric(={metric}) must be one of {', '.join(OBJECTIVES)}")
    hired = _stack(worlds, partial(purchase.rate, worlds))
    if metric in ("impressions", "engagements", "clicks"):
        brought = _stack(worlds, lambda tier: _mean(worlds, tier, metric))
        return Response(hired * brought, ())
    slopes = np.zeros_like(hired)
    if metric == "profit":
        slopes = -hired * _stack(worlds, partial(mean_cost, worlds))
    return Response(slopes, _ridges(worlds, metric, hired))


def _ridges(worlds: Worlds, metric: str, hired: Array) -> tuple[Ridges, ...]:
    """Return the distinct people of every segment who are won, in units of the metric.

    Parameters
    ----------
    hired : ndarray, shape (n_worlds, n_lines)
        Creators per unit of money.
    """
    campaign = worlds.campaign
    nodes, weights = gamma_nodes(campaign.heterogeneity)
    won = [_won(worlds, tier, metric) for tier in campaign.tiers]
    people = [_people(worlds, segment, metric) for segment in campaign.segments]

    def rates(s: int, k: int) -> Array:
        lottery, factor = won[k]
        heads = np.where(people[s] > 0, people[s], 1.0)
        per_value = (factor * campaign.tiers[k].audience[s] / heads)[:, None] * nodes
        return lottery.exponents(per_value) * hired[:, k, None]

    pairs = list(product(range(len(people)), range(len(won))))
    with ThreadPoolExecutor(cpu_count()) as pool:
        found = iter(list(pool.map(lambda pair: rates(*pair), pairs)))
    value = _value(worlds, metric)
    return tuple(
        Ridges(np.stack([next(found) for _ in won], axis=2), (value * n)[:, None] * weights)
        for n in people
    )


def _stack(worlds: Worlds, of: Callable[[Tier], Array]) -> Array:
    """Return a value of every line in every world, shape (n_worlds, n_lines)."""
    return np.stack([of(tier) for tier in worlds.campaign.tiers], axis=1)


def _mean(worlds: Worlds, tier: Tier, metric: str) -> Array:
    """Return what one creator brings on average, shape (n_worlds,)."""
    if metric == "impressions":
        return impressions_lottery(worlds, tier).mean()
    engagements = engagements_lottery(worlds, tier).mean()
    if metric == "engagements":
        return engagements
    return np.asarray(engagements * worlds.tier(tier, "clicks_per_engagement"))


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
