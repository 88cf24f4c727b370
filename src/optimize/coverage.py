"""Whole creators who reach the same people: a metric of who is chosen, world by world.

Each term is a kind of people in a world; creator j leaves a share e^(−a_j) of it unreached. What
a set of creators reaches is a weighted coverage: monotone and submodular in the set. Between sets,
each term is extended to parts x of creators by the smaller of 1 − e^(−a·x) and
Σ (1 − e^(−a_j)) x_j: both are concave, the first equals the metric at whole creators, and the
second is never below it there (the union bound).
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, vstack

from optimize.functional import Functional
from optimize.risk import MEAN, Risk
from sim.response import Response
from sim.ridges import Ridges
from sim.shapes import Exponential

Array = NDArray[np.float64]

#: Part of terms that a creator reaches from which on whole matrices are multiplied.
DENSE = 0.2


@dataclass(frozen=True, slots=True)
class Coverage:
    """A metric as a function of how many of each creator are chosen (0 or 1, for a named one).

    Parameters
    ----------
    depths : sparse array, shape (n_terms, n_lines)
        a: minus the log of the share of a term that one creator leaves unreached.
    shares : sparse array, shape (n_terms, n_lines)
        1 − e^(−a).
    weights : ndarray, shape (n_terms,)
        What reaching all of a term is worth.
    worlds : ndarray of int, shape (n_terms,)
        The world of every term.
    slopes : ndarray, shape (n_worlds, n_lines)
        What one creator adds beside that.
    """

    depths: csc_array
    shares: csc_array
    weights: Array
    worlds: NDArray[np.intp]
    slopes: Array

    def values(self, counts: Array) -> Array:
        """Return the metric in every world, shape (n_worlds,)."""
        reached = self.weights * -np.expm1(-(self.depths @ counts))
        return np.asarray(
            np.bincount(self.worlds, reached, len(self.slopes)) + self.slopes @ counts
        )

    def missed(self, counts: Array) -> Array:
        """Return what is left to win of every term, shape (n_terms,)."""
        return np.asarray(self.weights * np.exp(-(self.depths @ counts)))

    def join(self, missed: Array, line: int) -> None:
        """Take off what is left to win what one more creator reaches."""
        part = slice(*self.depths.indptr[line : line + 2])
        missed[self.depths.indices[part]] *= np.exp(-self.depths.data[part])

    def from_missed(self, missed: Array, counts: Array) -> Array:
        """Return the metric in every world as `values` does, up to rounding of all there is."""
        reached = self.weights - missed
        return np.asarray(
            np.bincount(self.worlds, reached, len(self.slopes)) + self.slopes @ counts
        )

    def losses(self, missed: Array, weights: Array, lines: Sequence[int]) -> Array:
        """Return what a weighted sum of worlds loses with each of some creators, (n_lines,)."""
        left = self._left(missed, weights, lines)
        return np.asarray(left.sum(axis=0) + (weights @ self.slopes)[list(lines)])

    def swaps(self, missed: Array, weights: Array, lines: Sequence[int]) -> Array:
        """Return what creators add once one of some creators is gone, shape (n_lines, n_gone)."""
        alone, left = self.gains(missed, weights), self._left(missed, weights, lines)
        if self.shares.nnz > DENSE * np.prod(self.shares.shape):
            more = self.shares.toarray().T @ left.toarray()
        else:
            more = (self.shares.T @ left).toarray()
        return np.asarray(alone[:, None] + more)

    def _left(self, missed: Array, weights: Array, lines: Sequence[int]) -> csc_array:
        """Return what more is left to win of every term when one of some creators is gone."""
        mine = self.depths[:, list(lines)]
        scale = (missed * weights[self.worlds])[mine.indices]
        return csc_array((scale * np.expm1(mine.data), mine.indices, mine.indptr), mine.shape)

    def gains(self, missed: Array, weights: Array) -> Array:
        """Return what each creator would add to a weighted sum of worlds, shape (n_lines,)."""
        return np.asarray(self.shares.T @ (missed * weights[self.worlds]) + weights @ self.slopes)


def coverage(response: Response, prices: Array, risk: Risk = MEAN) -> Coverage:
    """Return a metric of whole creators; for the mean, all worlds are taken as one.

    Parameters
    ----------
    response : Response
        Whose ridges are exponential.
    prices : ndarray, shape (n_lines,)
        Money.
    risk : Risk
        What the metric of many worlds will come to.
    """
    n_worlds = 1 if risk == MEAN else len(response.slopes)
    blocks, weights, worlds = [], [], []
    for ridges in response.ridges:
        assert isinstance(ridges.shape, Exponential)
        size, n_terms = ridges.weights.shape
        blocks.append(_depths(ridges, prices))
        weights.append(ridges.weights.ravel() * n_worlds / size)
        worlds.append(np.repeat(np.arange(size), n_terms) if n_worlds > 1 else np.zeros(
            size * n_terms, np.intp))  # fmt: skip
    slopes = response.slopes * prices
    if n_worlds == 1:
        slopes = slopes.mean(axis=0, keepdims=True)
    depths = csc_array(vstack(blocks) if blocks else csc_array((0, prices.size)))
    part = -np.expm1(-np.asarray(depths.data))
    shares = csc_array((part, depths.indices, depths.indptr), shape=depths.shape)
    return Coverage(
        depths,
        shares,
        np.concatenate([*weights, np.zeros(0)]),
        np.concatenate([*worlds, np.zeros(0, np.intp)]).astype(np.intp),
        slopes,
    )


def _depths(ridges: Ridges, prices: Array) -> csc_array:
    """Return what one creator takes off every term, line by line: most creators miss most terms."""
    lines = np.arange(prices.size) if ridges.lines is None else ridges.lines
    columns: list[tuple[NDArray[np.intp], Array]] = [(np.zeros(0, np.intp), np.zeros(0))] * (
        prices.size
    )
    for k, line in enumerate(lines.tolist()):
        flat = ridges.rates[..., k].ravel()
        there = np.flatnonzero(flat)
        columns[line] = there, flat[there] * prices[line]
    ends = np.cumsum([0, *(there.size for there, _ in columns)])
    rows = np.concatenate([there for there, _ in columns])
    data = np.concatenate([depth for _, depth in columns])
    return csc_array((data, rows, ends), shape=(ridges.weights.size, prices.size))


class Extended:
    """The mean of a metric between whole creators, as the cuts want it (a `Functional`).

    Parameters
    ----------
    metric : Coverage
        Of one world.
    prices : ndarray, shape (n_lines,)
        Money.
    budget : float
        Money.
    """

    steps, concave = 0.0, True
    slopes: Array

    def __init__(self, metric: Coverage, prices: Array, budget: float) -> None:
        self._metric, self._per_spend = metric, budget / prices
        first = metric.gains(metric.weights, np.ones(1)) * self._per_spend
        self.size = float(np.abs(first).sum()) or 1.0
        self.slopes = metric.slopes[0] * self._per_spend / self.size

    @property
    def ceilings(self) -> Array:
        """The most that the piece can be, shape (1,)."""
        return np.array([self._metric.weights.sum() / self.size])

    def measured_in(self, factor: float) -> Functional:
        """Return the same functional in units of `factor` times its size."""
        other = copy(self)
        other.size, other.slopes = self.size * factor, self.slopes / factor
        return other

    def value(self, spends: Array) -> float:
        """Return the extension at a plan."""
        counts, metric = spends * self._per_spend, self._metric
        reached = np.minimum(-np.expm1(-(metric.depths @ counts)), metric.shares @ counts)
        return float(self.slopes @ spends + metric.weights @ reached / self.size)

    def tangents(self, spends: Array) -> tuple[Array, Array]:
        """Return the piece, shape (1,), and its gradient, (1, n_lines)."""
        counts, metric = spends * self._per_spend, self._metric
        depth, total = metric.depths @ counts, metric.shares @ counts
        curve = -np.expm1(-depth)
        bent = curve < total
        value = metric.weights @ np.where(bent, curve, total)
        pull = metric.depths.T @ np.where(bent, metric.weights * np.exp(-depth), 0.0)
        pull = pull + metric.shares.T @ np.where(bent, 0.0, metric.weights)
        return np.array([value]) / self.size, (pull * self._per_spend / self.size)[None, :]

    def over(self, low: Array, high: Array) -> Functional:
        """Return a concave functional nowhere below this one over a box: itself."""
        return self

    def doubt(self, majorant: Functional, spends: Array, width: Array) -> Array:
        """Return what each line has to do with the distance to itself: nothing."""
        return np.zeros(spends.size)
