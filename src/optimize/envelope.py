"""Concave envelopes: the lowest concave curve that is nowhere below a response, over a box.

A convex-concave curve is bounded over an interval by the line from its left end to where it
touches the curve, and by the curve itself from there. A sum of such curves of one line (its
mean over the worlds) is bounded as a whole, which is tighter: by the upper hull of points that
lie on or above it.

References
----------
Tawarmalani and Sahinidis (2002), "Convexification and Global Optimization"; Andrew (1979)
(convex hull by a monotone chain).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
from numpy.typing import NDArray

from optimize.halo_envelope import Capped, capped
from sim.response import Response
from sim.ridges import Ridges
from sim.shapes import Bend, Points

Array = NDArray[np.float64]

#: Steps towards the point where the line touches.
STEPS = 16

#: How closely the touching point is bracketed, relative to it.
BRACKET = 1e-9

#: Share of the interval next to its left end where a curve with an infinite slope is bounded by
#: a tangent instead.
STEEP = 1e-10

#: How far the hull of a mean curve may lie above it, as a share of the curve's rise.
HULL_GAP = 1e-5

#: Points that the hull of a mean curve starts from, and how often it is refined.
HULL_POINTS, HULL_PASSES = 33, 12


@dataclass(frozen=True, slots=True)
class Bridge:
    """A convex-concave curve over an interval, its convex start bridged by a line.

    Parameters
    ----------
    shape : Bend
    start, height : ndarray, shape (n_worlds, n_terms)
        Where the line starts.
    steepness : ndarray, shape (n_worlds, n_terms)
        Its slope.
    touch : ndarray, shape (n_worlds, n_terms)
        Where the curve itself takes over.
    """

    shape: Bend
    start: Array
    height: Array
    steepness: Array
    touch: Array

    @property
    def concave(self) -> bool:
        """Whether it is concave: over the interval it was made for."""
        return True

    def value(self, u: Array) -> Array:
        """Return the envelope at `u`, shape of `u`."""
        line = self.height + self.steepness * (u - self.start)
        return np.asarray(np.where(u < self.touch, line, self.shape.value(u)))

    def slope(self, u: Array) -> Array:
        """Return its derivative, shape of `u`."""
        return np.asarray(np.where(u < self.touch, self.steepness, self.shape.slope(u)))

    def part(self, worlds: slice | NDArray[np.intp]) -> Bridge:
        """Return the envelope in some of the worlds."""
        return Bridge(
            cast(Bend, self.shape.part(worlds)),
            self.start[worlds],
            self.height[worlds],
            self.steepness[worlds],
            self.touch[worlds],
        )


def bridge(shape: Bend, low: Array, high: Array) -> Bridge:
    """Return the concave envelope of a convex-concave curve over intervals.

    Parameters
    ----------
    shape : Bend
    low, high : ndarray, shape (n_worlds, n_terms)
        The ends of the intervals, 0 <= low <= high.
    """
    height, top = shape.value(low), shape.value(high)

    def lead(u: Array) -> Array:
        """Return how far the curve's tangent at u passes below the start: > 0 before the touch."""
        run = u - low
        tangent = np.where(run > 0, shape.slope(u), 0.0) * run
        return np.asarray(tangent - (shape.value(u) - height))

    left = np.clip(np.broadcast_to(shape.turn, low.shape), low, high)
    straight = lead(high) >= 0  # the touching point lies beyond the interval
    left, right = _bracket(lead, left, high)
    width = np.where(high > low, high - low, 1.0)
    touch = np.where(straight, np.inf, right)
    touch = np.where(low >= shape.turn, low, touch)
    steepness = np.where(straight, (top - height) / width, shape.slope(left))
    return _tame(Bridge(shape, low, height, steepness, touch), high)


def _bracket(lead: Callable[[Array], Array], left: Array, right: Array) -> tuple[Array, Array]:
    """Narrow intervals over which a function falls from above 0 to below.

    References
    ----------
    Chandrupatla (1997), "A new hybrid quadratic/bisection algorithm for finding the zero of a
    nonlinear function without using derivatives".
    """
    a, b, c = left, right, right
    at_a, at_b = lead(a), lead(b)
    at_c, step = at_b, np.full(a.shape, 0.5)
    for _ in range(STEPS):
        u = a + step * (b - a)
        here = lead(u)
        same = (here > 0) == (at_a > 0)
        c, at_c = np.where(same, a, b), np.where(same, at_a, at_b)
        b, at_b = np.where(same, b, a), np.where(same, at_b, at_a)
        a, at_a = u, here
        with np.errstate(divide="ignore", invalid="ignore"):
            place, level = (a - b) / (c - b), (at_a - at_b) / (at_c - at_b)
            step = at_a / (at_b - at_a) * at_c / (at_b - at_c)
            step += (c - a) / (b - a) * at_a / (at_c - at_a) * at_b / (at_c - at_b)
            smooth = (level**2 < place) & ((1 - level) ** 2 < 1 - place)
        step = np.where(smooth & (step > 0) & (step < 1), step, 0.5)
    left, right = np.where(at_a > 0, a, b), np.where(at_a > 0, b, a)
    for factor in (1 - BRACKET, 1 + BRACKET):
        near = np.clip(a * factor, left, right)
        before = lead(near) > 0
        left, right = np.where(before, near, left), np.where(before, right, near)
    return left, right


def _tame(envelope: Bridge, high: Array) -> Bridge:
    """Replace an infinite slope at the left end by a tangent right beside it."""
    shape, low = envelope.shape, envelope.start
    steep = (envelope.touch == low) & ~np.isfinite(shape.slope(low))
    if not steep.any():
        return envelope
    beside = low + STEEP * (high - low)
    wide = steep & (beside > low)
    slope = np.where(wide, shape.slope(beside), np.where(steep, 0.0, envelope.steepness))
    height = np.where(wide, shape.value(beside) - slope * (beside - low), envelope.height)
    touch = np.where(wide, beside, np.where(steep, np.inf, envelope.touch))
    return Bridge(shape, low, height, slope, touch)


@dataclass(frozen=True, slots=True)
class Majorant:
    """A concave response that is nowhere below another over a box of plans.

    Parameters
    ----------
    response : Response
        The linear part, the envelopes of all ridges, and products that are concave.
    caps : tuple of (int, Capped)
        What is above each product that is not concave, and its position among the products.
    """

    response: Response
    caps: tuple[tuple[int, Capped], ...]

    def values(self, plan: Array) -> Array:
        """Return it in every world, shape (n_worlds,)."""
        return np.asarray(
            sum((cap.values(plan) for _, cap in self.caps), self.response.values(plan))
        )

    def gradient(self, plan: Array, weights: Array) -> Array:
        """Return the gradient of a weighted sum of worlds, shape (n_lines,)."""
        more = (cap.gradient(plan, weights) for _, cap in self.caps)
        return np.asarray(sum(more, self.response.gradient(plan, weights)))


def concave_over(response: Response, low: Array, high: Array) -> Majorant:
    """Return a concave response that is nowhere below a response over a box of plans.

    Parameters
    ----------
    response : Response
    low, high : ndarray, shape (n_lines,)
        Money.

    Returns
    -------
    Majorant
        Tight where the box is small; equal where the response is concave.
    """
    ridges = tuple(bridged(ridges, low, high) for ridges in response.ridges)
    products = tuple(product for product in response.products if product.concave)
    caps = tuple(
        (j, capped(product, low, high))
        for j, product in enumerate(response.products)
        if not product.concave
    )
    return Majorant(Response(response.slopes, ridges, products), caps)


def bridged(ridges: Ridges, low: Array, high: Array) -> Ridges:
    """Return ridges whose curves are replaced by their concave envelopes over a box."""
    if ridges.shape.concave:
        return ridges
    ends = ridges.arguments(low), ridges.arguments(high)
    if isinstance(ridges.shape, Points):
        return replace(ridges, shape=_over_points(ridges.shape, *ends))
    return replace(ridges, shape=bridge(cast(Bend, ridges.shape), *ends))


def _over_points(shape: Points, low: Array, high: Array) -> Points:
    """Return the upper hull of every draw over an interval, as a curve through points."""
    start, end = float(low.min()), float(high.max())
    between = shape.at[(shape.at > start) & (shape.at < end)]
    x = np.unique(np.concatenate([[start], between, [end]]))
    drawn = np.array([np.interp(x, shape.at, row) for row in shape.table])
    table = np.array([np.interp(x, *upper_hull(x, row)) for row in drawn])
    if start > 0:  # a curve through points starts at 0: go on straight to the left
        x = np.concatenate([[0.0], x])
        first = (table[:, 1] - table[:, 0]) / (x[2] - x[1]) if x.size > 2 else 0.0 * table[:, 0]
        table = np.column_stack([table[:, 0] - first * start, table])
    return Points(x, table, shape.draw)


def upper_hull(x: Array, y: Array) -> tuple[Array, Array]:
    """Return the vertices of the upper hull of points.

    Parameters
    ----------
    x : ndarray, shape (n_points,)
        Never falling; of points above each other the highest counts.
    y : ndarray, shape (n_points,)
    """
    first = np.flatnonzero(np.concatenate([[True], np.diff(x) > 0]))
    x, y = x[first], np.maximum.reduceat(y, first)
    kept: list[int] = []
    xs, ys = x.tolist(), y.tolist()
    for i in range(len(xs)):
        while len(kept) > 1:
            a, b = kept[-2], kept[-1]
            if (ys[b] - ys[a]) * (xs[i] - xs[a]) > (ys[i] - ys[a]) * (xs[b] - xs[a]):
                break
            kept.pop()
        kept.append(i)
    return x[kept], y[kept]


def mean_hull(ridges: Ridges, low: float, high: float) -> tuple[Array, Array]:
    """Return a concave curve above the mean, over the worlds, of the curves of one line.

    Parameters
    ----------
    ridges : Ridges
        One term, of one line.
    low, high : float
        Money.

    Returns
    -------
    x, y : ndarray, shape (n_vertices,)
        Its vertices, from `low` to `high`; at the ends the mean itself.
    """
    if not high > low:
        return np.array([low, high]), np.full(2, _mean(ridges, np.array([low]))[0])
    if isinstance(ridges.shape, Points):
        ends = np.array([low, high])
        between = ridges.shape.at[(ridges.shape.at > low) & (ridges.shape.at < high)]
        x = np.concatenate([ends[:1], between, ends[1:]])
        return upper_hull(x, _mean(ridges, x))
    x = low + (high - low) * _grid(ridges, low)
    y = _mean(ridges, x)
    for _ in range(HULL_PASSES):
        kink_x, kink_y, excess = _kinks(ridges, x, y)
        order = np.argsort(np.concatenate([x, kink_x]), kind="stable")
        both_x, both_y = (np.concatenate(pair)[order] for pair in ((x, kink_x), (y, kink_y)))
        hull = upper_hull(both_x, both_y)
        coarse = np.isin(kink_x, hull[0]) & (excess > HULL_GAP * (y[-1] - y[0]))
        if not coarse.any():
            break
        fresh = (x[:-1] + x[1:])[coarse] / 2
        order = np.argsort(np.concatenate([x, fresh]), kind="stable")
        y = np.concatenate([y, _mean(ridges, fresh)])[order]
        x = np.concatenate([x, fresh])[order]
    return hull


def _grid(ridges: Ridges, low: float) -> Array:
    """Return where a hull starts, from 0 to 1: closer to 0, much closer to an infinite slope."""
    grid = np.linspace(0.0, 1.0, HULL_POINTS) ** 2
    if np.isfinite(ridges.shape.slope(ridges.rates[:, 0] * low)).all():
        return grid
    return np.unique(np.concatenate([grid, np.geomspace(STEEP, grid[1], HULL_POINTS)]))


def _mean(ridges: Ridges, x: Array) -> Array:
    """Return the mean of the curves of one line at some spends, shape of `x`."""
    if isinstance(ridges.shape, Points):
        table = np.array([np.interp(x, ridges.shape.at, row) for row in ridges.shape.table])
        counts = np.bincount(ridges.shape.draw, ridges.weights[:, 0], len(table))
        return np.asarray(counts @ table / len(ridges.weights))
    u = ridges.rates[:, 0] * x
    return np.asarray((ridges.weights * ridges.shape.value(u)).mean(axis=0))


def _kinks(ridges: Ridges, x: Array, y: Array) -> tuple[Array, Array, Array]:
    """Bound the mean between neighbouring spends by two lines: return where they meet.

    From the left end the mean rises at most at its largest slope in between, to the right end
    at least at its smallest.

    Returns
    -------
    x, y : ndarray, shape (n_points - 1,)
    excess : ndarray, shape (n_points - 1,)
        How far that is above the straight line.
    """
    shape, rates = cast(Bend, ridges.shape), ridges.rates[:, 0]
    pull = ridges.weights * rates
    u = rates * x
    ends = shape.slope(u)
    peak = shape.slope(np.clip(np.broadcast_to(shape.turn, u[:, 1:].shape), u[:, :-1], u[:, 1:]))
    most = (pull * peak).mean(axis=0)
    least = (pull * np.minimum(ends[:, :-1], ends[:, 1:])).mean(axis=0)
    width, rise = np.diff(x), np.diff(y)
    finite = np.isfinite(most)
    most = np.where(finite, most, 0.0)
    curved = finite & (most > least)
    step = np.where(curved, (rise - least * width) / np.where(curved, most - least, 1.0), 0.0)
    step = np.clip(step, 0.0, width)
    height = np.where(finite, y[:-1] + most * step, y[1:] - least * width)
    straight = y[:-1] + rise / width * step
    height = np.maximum(height, straight)
    return x[:-1] + step, height, height - straight
