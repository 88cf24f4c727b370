"""A metric as a function of the plan, world by world, with the lottery averaged out.

Every response is linear terms plus ridges: weight · (1 − e^(−rate · plan)). It is what the
optimizer sees; `sim.outcomes` plays the same lottery creator by creator.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from os import cpu_count

import numpy as np
from numpy.typing import NDArray

from sim.campaign import Classes, Segment, Tier
from sim.curves import gamma_nodes
from sim.lottery import (
    CERTAIN,
    Lottery,
    contacts_lottery,
    engagements_lottery,
    impressions_lottery,
    mean_cost,
)
from sim.metrics import OBJECTIVES
from sim.purchase import Purchase
from sim.response_curves import ResponseCurve, worth
from sim.shapes import EXPONENTIAL, AtLeast, Exponential, Shape
from sim.worlds import Worlds

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ridges:
    """A sum of weight · shape(rate · plan) in every world.

    Parameters
    ----------
    rates : ndarray, shape (n_worlds, n_terms, n_lines)
        Per unit of money; the lines are all lines, or those of `lines`.
    weights : ndarray, shape (n_worlds, n_terms)
        In units of the metric, at least 0.
    shape : Shape
        1 − e^(−u) if left out.
    lines : ndarray of int, optional
        Positions of the lines that the terms depend on; all lines if left out.
    """

    rates: Array
    weights: Array
    shape: Shape = EXPONENTIAL
    lines: NDArray[np.intp] | None = None

    def arguments(self, plan: Array) -> Array:
        """Return rate · plan of every term, shape (n_worlds, n_terms)."""
        return np.asarray(self.rates @ (plan if self.lines is None else plan[self.lines]))

    def values(self, plan: Array) -> Array:
        """Return the sum in every world, shape (n_worlds,)."""
        return np.asarray((self.weights * self.shape.value(self.arguments(plan))).sum(axis=1))

    def mean_and_gradient(self, plan: Array) -> tuple[float, Array]:
        """Return the mean over worlds and its gradient, shape (n_lines,)."""
        n_worlds = len(self.weights)
        u = self.arguments(plan)
        if isinstance(self.shape, Exponential):
            missed = np.exp(-u)
            np.multiply(missed, self.weights, out=missed)
            value, pull = self.weights.sum() - missed.sum(), missed
        else:
            value = (self.weights * self.shape.value(u)).sum()
            pull = self.weights * self.shape.slope(u)
        return float(value) / n_worlds, self._spread(pull, self.rates, plan.size) / n_worlds

    def gradient(self, plan: Array, weights: Array) -> Array:
        """Return the gradient of a weighted sum of worlds, shape (n_lines,).

        Parameters
        ----------
        plan : ndarray, shape (n_lines,)
        weights : ndarray, shape (n_worlds,)
            At least 0.
        """
        heard = np.flatnonzero(weights)
        mine = self.part(heard)
        pull = weights[heard, None] * mine.weights * mine.shape.slope(mine.arguments(plan))
        return mine._spread(pull, mine.rates, plan.size)

    def _spread(self, pull: Array, rates: Array, n_lines: int) -> Array:
        """Return Σ pull · rate over worlds and terms on the lines they belong to."""
        mine = pull.ravel() @ rates.reshape(-1, rates.shape[2])
        if self.lines is None:
            return np.asarray(mine)
        gradient = np.zeros(n_lines)
        gradient[self.lines] = mine
        return gradient

    def part(self, worlds: slice | NDArray[np.intp]) -> Ridges:
        """Return the ridges of some of the worlds."""
        return Ridges(self.rates[worlds], self.weights[worlds], self.shape.part(worlds), self.lines)

    def scaled(self, factor: float) -> Ridges:
        """Return the ridges in other units of the metric."""
        return replace(self, weights=self.weights * factor)


@dataclass(frozen=True, slots=True)
class Response:
    """A metric of a plan in every world.

    Parameters
    ----------
    slopes : ndarray, shape (n_worlds, n_lines)
        The linear part, in units of the metric per unit of money.
    ridges : tuple of Ridges
        The saturating part: one for each segment, one for each line with a curve of its own.
    """

    slopes: Array
    ridges: tuple[Ridges, ...]

    @property
    def concave(self) -> bool:
        """Whether the metric is a concave function of the plan in every world."""
        return all(ridge.shape.concave for ridge in self.ridges)

    def part(self, worlds: slice | NDArray[np.intp]) -> Response:
        """Return the metric in some of the worlds."""
        return Response(self.slopes[worlds], tuple(r.part(worlds) for r in self.ridges))

    def values(self, plan: Array) -> Array:
        """Return the metric in every world, shape (n_worlds,)."""
        return np.asarray(sum((r.values(plan) for r in self.ridges), self.slopes @ plan))

    def least(self, low: Array, high: Array) -> Array:
        """Return what no plan between two others falls below in any world, shape (n_worlds,).

        Every ridge rises in every spend; a linear term may fall.
        """
        linear = np.maximum(self.slopes, 0.0) @ low + np.minimum(self.slopes, 0.0) @ high
        return np.asarray(sum((r.values(low) for r in self.ridges), linear))

    def gradient(self, plan: Array, weights: Array) -> Array:
        """Return the gradient of a weighted sum of worlds, shape (n_lines,).

        Parameters
        ----------
        plan : ndarray, shape (n_lines,)
        weights : ndarray, shape (n_worlds,)
            At least 0.
        """
        linear = weights @ self.slopes
        return np.asarray(sum((r.gradient(plan, weights) for r in self.ridges), linear))


def blend(responses: list[tuple[Response, float]]) -> Response:
    """Return the weighted sum of some responses on the same worlds."""
    slopes = sum((r.slopes * w for r, w in responses), np.zeros_like(responses[0][0].slopes))
    return Response(slopes, tuple(ridge.scaled(w) for r, w in responses for ridge in r.ridges))


def cost(worlds: Worlds, purchase: Purchase) -> Response:
    """Return the money that is really spent, on average over the creators who are drawn."""
    return Response(_paid(worlds, purchase), ())


def _paid(worlds: Worlds, purchase: Purchase) -> Array:
    """Return the money that is really spent per unit of money, shape (n_worlds, n_lines)."""
    return _stack(
        worlds, lambda tier: purchase.rate(worlds, tier) * mean_cost(worlds, tier), curves=1.0
    )


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
        return Response(hired * brought, _curves(worlds, metric))
    slopes = -_paid(worlds, purchase) if metric == "profit" else np.zeros_like(hired)
    won: tuple[Ridges, ...] = ()
    if metric == "effective_reach":
        won = _repeated(worlds, hired)
    elif worlds.campaign.classes is not None and metric in ("reach", "brand_lift"):
        won = (_class_ridges(worlds, worlds.campaign.classes, metric, hired),)
    elif metric != "response":
        won = _ridges(worlds, metric, hired)
    return Response(slopes, won + _curves(worlds, metric))


def _curves(worlds: Worlds, metric: str) -> tuple[Ridges, ...]:
    """Return what the response curves bring of a metric, one line each."""
    first, values = len(worlds.campaign.tiers), worlds.values
    found = []
    for line, curve in enumerate(worlds.campaign.curves, start=first):
        factor = worth(curve, metric, values["order_value"], values["margin"])
        if np.any(factor != 0):
            ridges = ridge(worlds, curve, line)
            found.append(replace(ridges, weights=(ridges.weights.T * factor).T))
    return tuple(found)


def ridge(worlds: Worlds, curve: ResponseCurve, line: int) -> Ridges:
    """Return what a response curve brings of its own metric.

    Parameters
    ----------
    worlds : Worlds
    curve : ResponseCurve
    line : int
        Its position among the lines of a plan.
    """
    values, one = worlds.curve(curve), np.ones(worlds.size)
    return Ridges(
        (one / curve.kind.scale(values))[:, None, None],
        (one * curve.kind.most(values))[:, None],
        curve.kind.shape(values, worlds.draw),
        np.array([line]),
    )


def _tier_lines(worlds: Worlds) -> NDArray[np.intp] | None:
    """Return the positions of the tiers; None where all lines are tiers."""
    campaign = worlds.campaign
    return np.arange(len(campaign.tiers)) if campaign.curves else None


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
        tier, heads = campaign.tiers[k], np.where(people[s] > 0, people[s], 1.0)
        per_value = factor * tier.audience[s] / heads
        if tier.pool and metric in ("reach", "brand_lift"):
            missed = lottery.distinct(per_value, campaign.heterogeneity)
        else:
            missed = lottery.exponents(per_value[:, None] * nodes)
        return missed * hired[:, k, None]

    pairs = list(product(range(len(people)), range(len(won))))
    with ThreadPoolExecutor(cpu_count()) as pool:
        found = iter(list(pool.map(lambda pair: rates(*pair), pairs)))
    value = _value(worlds, metric)
    return tuple(
        Ridges(
            np.stack([next(found) for _ in won], axis=2),
            (value * n)[:, None] * weights,
            lines=_tier_lines(worlds),
        )
        for n in (people if won else ())
    )


def _class_ridges(worlds: Worlds, classes: Classes, metric: str, hired: Array) -> Ridges:
    """Return the distinct people of every class who are reached, in units of the metric.

    Parameters
    ----------
    hired : ndarray, shape (n_worlds, n_lines)
        Creators per unit of money.
    """
    tiers, sizes = worlds.campaign.tiers, classes.sizes
    rates = np.zeros((worlds.size, sizes.size, len(tiers)))
    for k, tier in enumerate(tiers):
        lottery, factor = _won(worlds, tier, metric)
        levels, where = np.unique(classes.shares[k] / sizes, return_inverse=True)
        per_value = factor[:, None] * levels
        if tier.pool:
            missed = -np.log1p(-np.minimum(lottery.mean()[:, None] * per_value, CERTAIN))
        else:
            missed = lottery.exponents(per_value)
        rates[:, :, k] = missed[:, where.ravel()] * hired[:, k, None]
    return Ridges(rates, np.tile(sizes, (worlds.size, 1)), lines=_tier_lines(worlds))


def _repeated(worlds: Worlds, hired: Array) -> tuple[Ridges, ...]:
    """Return the people of every segment with at least so many contacts, at mean contacts.

    Parameters
    ----------
    hired : ndarray, shape (n_worlds, n_lines)
        Creators per unit of money.
    """
    campaign = worlds.campaign
    shape = AtLeast(campaign.effective_frequency, campaign.heterogeneity)
    contacts = hired * _stack(worlds, lambda tier: contacts_lottery(worlds, tier).mean())
    contacts, found = contacts[:, : len(campaign.tiers)], []
    for s, segment in enumerate(campaign.segments):
        shares = np.array([tier.audience[s] for tier in campaign.tiers])
        rates = (contacts * shares / segment.size)[:, None, :]
        weights = np.full((worlds.size, 1), segment.size)
        found.append(Ridges(rates, weights, shape, _tier_lines(worlds)))
    return tuple(found) if campaign.tiers else ()


def _stack(worlds: Worlds, of: Callable[[Tier], Array], curves: float = 0.0) -> Array:
    """Return a value of every line in every world, shape (n_worlds, n_lines).

    Parameters
    ----------
    worlds : Worlds
    of : callable
        The value of a tier, shape (n_worlds,).
    curves : float
        The value of every curve.
    """
    tiers = [of(tier) for tier in worlds.campaign.tiers]
    level = [np.full(worlds.size, curves) for _ in worlds.campaign.curves]
    return np.stack(tiers + level, axis=1)


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
