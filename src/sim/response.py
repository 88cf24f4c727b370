"""A metric as a function of the plan, world by world, with the lottery averaged out.

Every response is linear terms plus ridges, weight · (1 − e^(−rate · plan)), and, where
awareness changes intent, products of these. It is what the optimizer sees; `sim.outcomes` plays
the same lottery creator by creator.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from sim.campaign import Tier
from sim.halo import Buyers
from sim.lottery import averages, mean_cost
from sim.metrics import OBJECTIVES
from sim.people import buyers, in_classes, repeated, won
from sim.purchase import Purchase
from sim.response_curves import ResponseCurve, worth
from sim.ridges import Ridges
from sim.worlds import Worlds

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Response:
    """A metric of a plan in every world.

    Parameters
    ----------
    slopes : ndarray, shape (n_worlds, n_lines)
        The linear part, in units of the metric per unit of money.
    ridges : tuple of Ridges
        The saturating part: one for each segment, one for each line with a curve of its own.
    products : tuple of Buyers
        Where awareness changes intent: one for each segment.
    """

    slopes: Array
    ridges: tuple[Ridges, ...]
    products: tuple[Buyers, ...] = ()

    @property
    def terms(self) -> tuple[Ridges | Buyers, ...]:
        """All that is not linear."""
        return (*self.ridges, *self.products)

    @property
    def concave(self) -> bool:
        """Whether the metric is a concave function of the plan in every world."""
        return all(term.concave for term in self.terms)

    def part(self, worlds: slice | NDArray[np.intp]) -> Response:
        """Return the metric in some of the worlds."""
        return Response(
            self.slopes[worlds],
            tuple(ridges.part(worlds) for ridges in self.ridges),
            tuple(product.part(worlds) for product in self.products),
        )

    def values(self, plan: Array) -> Array:
        """Return the metric in every world, shape (n_worlds,)."""
        return np.asarray(sum((t.values(plan) for t in self.terms), self.slopes @ plan))

    def least(self, low: Array, high: Array) -> Array:
        """Return what no plan between two others falls below in any world, shape (n_worlds,)."""
        linear = np.maximum(self.slopes, 0.0) @ low + np.minimum(self.slopes, 0.0) @ high
        return np.asarray(sum((t.least(low, high) for t in self.terms), linear))

    def most(self, low: Array, high: Array) -> Array:
        """Return what no plan between two others passes in any world, shape (n_worlds,)."""
        linear = np.maximum(self.slopes, 0.0) @ high + np.minimum(self.slopes, 0.0) @ low
        return np.asarray(sum((t.most(low, high) for t in self.terms), linear))

    def gradient(self, plan: Array, weights: Array) -> Array:
        """Return the gradient of a weighted sum of worlds, shape (n_lines,).

        Parameters
        ----------
        plan : ndarray, shape (n_lines,)
        weights : ndarray, shape (n_worlds,)
            At least 0.
        """
        linear = weights @ self.slopes
        return np.asarray(sum((t.gradient(plan, weights) for t in self.terms), linear))


def blend(responses: list[tuple[Response, float]]) -> Response:
    """Return the weighted sum of some responses on the same worlds."""
    slopes = sum((r.slopes * w for r, w in responses), np.zeros_like(responses[0][0].slopes))
    return Response(
        slopes,
        tuple(ridges.scaled(w) for r, w in responses for ridges in r.ridges),
        tuple(product.scaled(w) for r, w in responses for product in r.products),
    )


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
        One of `sim.metrics.OBJECTIVES`, or that by the end of a phase: ``reach@tease``.
    purchase : Purchase

    Raises
    ------
    ValueError
        If the metric is no objective, or there is no such phase.
    """
    metric, at, phase = metric.partition("@")
    if metric not in OBJECTIVES:
        raise ValueError(f"metric(={metric}) must be one of {', '.join(OBJECTIVES)}")
    campaign = worlds.campaign
    counted = campaign.horizon(phase) if at else np.full(len(campaign.lines), True)
    hired = _stack(worlds, partial(purchase.rate, worlds)) * counted
    if metric in ("impressions", "engagements", "clicks"):
        brought = _stack(worlds, lambda tier: _mean(worlds, tier, metric))
        return Response(hired * brought, _curves(worlds, metric, counted))
    slopes = -_paid(worlds, purchase) * counted if metric == "profit" else np.zeros_like(hired)
    curves = _curves(worlds, metric, counted)
    if metric == "response":
        return Response(slopes, curves)
    if metric == "effective_reach":
        return Response(slopes, repeated(worlds, hired) + curves)
    if metric in ("conversions", "revenue", "profit") and campaign.halos:
        return Response(slopes, curves, buyers(worlds, metric, hired))
    if metric in ("reach", "brand_lift") and campaign.classes is not None:
        return Response(slopes, (in_classes(worlds, campaign.classes, metric, hired), *curves))
    return Response(slopes, won(worlds, metric, hired) + curves)


def _curves(worlds: Worlds, metric: str, counted: NDArray[np.bool_]) -> tuple[Ridges, ...]:
    """Return what the response curves that count bring of a metric, one line each."""
    first, values = len(worlds.campaign.items), worlds.values
    found = []
    for line, curve in enumerate(worlds.campaign.curves, start=first):
        factor = worth(curve, metric, values["order_value"], values["margin"])
        if counted[line] and np.any(factor != 0):
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
    tiers = {tier.name: of(tier) for tier in worlds.campaign.tiers}
    items = [tiers[item.tier.name] for item in worlds.campaign.items]
    level = [np.full(worlds.size, curves) for _ in worlds.campaign.curves]
    return np.stack(items + level, axis=1)


def _mean(worlds: Worlds, tier: Tier, metric: str) -> Array:
    """Return what one creator brings on average, shape (n_worlds,)."""
    brought = averages(worlds, tier)
    if metric == "clicks":
        return np.asarray(brought["engagements"] * worlds.tier(tier, "clicks_per_engagement"))
    return brought[metric]
