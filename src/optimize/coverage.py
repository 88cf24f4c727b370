"""Whole creators who reach the same people: a metric of who is chosen, world by world.

Each term is a kind of people in a world; creator j leaves a share e^(−a_j) of it unreached. What
a set of creators reaches is a weighted coverage: monotone and submodular in the set. Between sets,
each term is extended to parts x of creators by the smaller of 1 − e^(−a·x) and
Σ (1 − e^(−a_j)) x_j: both are concave, the first equals the metric at whole creators, and the
second is never below it there (the union bound).
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, vstack

from optimize.functional import Functional
from optimize.risk import MEAN, Risk
from sim.response import Response
from sim.shapes import Exponential

Array = NDArray[np.float64]


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

    def without(self, missed: Array, line: int) -> Array:
        """Return what is left to win when one creator goes, given what was left with her."""
        more = missed.copy()
        part = slice(*self.depths.indptr[line : line + 2])
        rows = self.depths.indices[part]
        more[rows] *= np.exp(self.depths.data[part])
        return more

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
        block = np.zeros((size * n_terms, prices.size))
        lines = slice(None) if ridges.lines is None else ridges.lines
        block[:, lines] = ridges.rates.reshape(size * n_terms, -1)
        blocks.append(csc_array(block * prices))
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
        return float(self.slopes @ spends + self.tangents(spends)[0].sum())

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
