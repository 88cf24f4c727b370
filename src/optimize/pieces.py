"""Parts of a mean over worlds, each cut by itself: values, tangents, and what is above them."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from optimize.envelope import bridged, mean_hull
from optimize.halo_envelope import Capped, attributed, capped
from sim.halo import Buyers
from sim.ridges import Ridges

Array = NDArray[np.float64]


def piece_of(term: Ridges | Buyers, share: float) -> Piece:
    """Return a term over a batch of worlds as a piece."""
    return _Ridges(term, share) if isinstance(term, Ridges) else _Product(term, share)


class Piece(Protocol):
    """A part of the mean that is cut by itself; plans are in money."""

    @property
    def concave(self) -> bool:
        """Whether it is concave."""

    def tangent(self, plan: Array) -> tuple[float, Array]:
        """Return its value and its gradient."""

    def most(self, high: Array) -> float:
        """Return what no plan up to another passes."""

    def over(self, low: Array, high: Array) -> Piece:
        """Return a concave piece that is nowhere below this one over a box."""

    def shares(self, above: Piece, plan: Array, width: Array) -> Array:
        """Return the distance to a majorant, on the lines that can make it smaller."""


class _Ridges:
    """The mean of ridges over a batch of worlds.

    Parameters
    ----------
    ridges : Ridges
    share : float
        Of all worlds.
    """

    def __init__(self, ridges: Ridges, share: float) -> None:
        self._ridges, self._share = ridges, share
        self._hulls: dict[tuple[float, float], _Hull] = {}

    @property
    def concave(self) -> bool:
        """Whether it is concave."""
        return self._ridges.shape.concave

    def tangent(self, plan: Array) -> tuple[float, Array]:
        """Return its value and its gradient."""
        value, gradient = self._ridges.mean_and_gradient(plan)
        return value * self._share, gradient * self._share

    def most(self, high: Array) -> float:
        """Return what no plan up to another passes: ridges rise in every spend."""
        return self.tangent(high)[0]

    def over(self, low: Array, high: Array) -> Piece:
        """Return a concave piece that is nowhere below this one over a box."""
        if self.concave:
            return self
        lines = self._ridges.lines
        if lines is None or len(lines) > 1:
            return _Ridges(bridged(self._ridges, low, high), self._share)
        interval = float(low[lines[0]]), float(high[lines[0]])
        if interval not in self._hulls:
            vertices = mean_hull(self._ridges, *interval)
            self._hulls[interval] = _Hull(int(lines[0]), *vertices, self._share)
        return self._hulls[interval]

    def shares(self, above: Piece, plan: Array, width: Array) -> Array:
        """Return the distance to a majorant, on the lines that can make it smaller."""
        if isinstance(above, _Ridges):
            return self._share * on_lines(self._ridges, above._ridges, plan, width, None)
        found = np.zeros(plan.size)
        assert self._ridges.lines is not None
        found[self._ridges.lines] = max(above.tangent(plan)[0] - self.tangent(plan)[0], 0.0)
        return found


class _Hull:
    """A concave piecewise-linear curve of one line.

    Parameters
    ----------
    line : int
    x, y : ndarray, shape (n_vertices,)
    share : float
        Of all worlds.
    """

    def __init__(self, line: int, x: Array, y: Array, share: float) -> None:
        self._line, self._x, self._y = line, x, y * share
        self._steepness = np.diff(self._y) / np.where(np.diff(x) > 0, np.diff(x), 1.0)

    @property
    def concave(self) -> bool:
        """Whether it is concave: always."""
        return True

    def tangent(self, plan: Array) -> tuple[float, Array]:
        """Return its value and its gradient."""
        at = float(plan[self._line])
        left = int(np.clip(np.searchsorted(self._x, at) - 1, 0, len(self._steepness) - 1))
        gradient = np.zeros(plan.size)
        gradient[self._line] = self._steepness[left]
        return float(self._y[left] + self._steepness[left] * (at - self._x[left])), gradient

    def most(self, high: Array) -> float:
        """Return what no plan up to another passes."""
        return float(self._y.max())

    def over(self, low: Array, high: Array) -> _Hull:
        """Return a concave piece that is nowhere below this one over a box: itself."""
        return self

    def shares(self, above: Piece, plan: Array, width: Array) -> Array:
        """Return the distance to a majorant: none."""
        return np.zeros(plan.size)


class _Product:
    """The mean of what buyers bring over a batch of worlds, or of a bound on it.

    Parameters
    ----------
    term : Buyers or Capped
    share : float
        Of all worlds.
    """

    def __init__(self, term: Buyers | Capped, share: float) -> None:
        self._term, self._share = term, share

    @property
    def concave(self) -> bool:
        """Whether it is concave."""
        return self._term.concave

    def tangent(self, plan: Array) -> tuple[float, Array]:
        """Return its value and its gradient."""
        value, gradient = self._term.mean_and_gradient(plan)
        return value * self._share, gradient * self._share

    def most(self, high: Array) -> float:
        """Return what no plan up to another passes."""
        term = self._term if isinstance(self._term, Buyers) else self._term.buyers
        return float(term.most(0.0 * high, high).mean()) * self._share

    def over(self, low: Array, high: Array) -> Piece:
        """Return a concave piece that is nowhere below this one over a box."""
        if isinstance(self._term, Capped) or self.concave:
            return self
        return _Product(capped(self._term, low, high), self._share)

    def shares(self, above: Piece, plan: Array, width: Array) -> Array:
        """Return the distance to a majorant, on the lines that can make it smaller."""
        assert isinstance(self._term, Buyers)
        assert isinstance(above, _Product)
        assert isinstance(above._term, Capped)
        n_worlds = len(self._term.worth)
        alike = np.full(n_worlds, self._share / n_worlds)
        return attributed(self._term, above._term, plan, width, alike)


def on_lines(
    ridges: Ridges, above: Ridges, plan: Array, width: Array, weights: Array | None
) -> Array:
    """Return the distance of ridges and their envelopes, on lines by their part in the interval.

    Parameters
    ----------
    ridges, above : Ridges
    plan : ndarray, shape (n_lines,)
        Money.
    width : ndarray, shape (n_lines,)
        Of the box, in any unit.
    weights : ndarray, shape (n_worlds,), optional
        Of the worlds; all alike if left out.
    """
    u = ridges.arguments(plan)
    gap = ridges.weights * np.maximum(above.shape.value(u) - ridges.shape.value(u), 0.0)
    gap *= 1 / len(gap) if weights is None else weights[:, None]
    mine = width if ridges.lines is None else width[ridges.lines]
    part = ridges.rates * mine
    whole = part.sum(axis=2)
    ratio = np.divide(gap, whole, out=np.zeros_like(gap), where=whole > 0)
    found = np.zeros(plan.size)
    found[slice(None) if ridges.lines is None else ridges.lines] = np.einsum(
        "wt,wtl->l", ratio, part
    )
    return found
