"""Shapes of response: scalar curves that rise with what is put in.

Every shape is rising, and its slope first rises (up to `turn`) and then falls: convex up to
there, concave after. A shape without a convex start (`turn` = 0) is concave.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import inf
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betaln, gammainc, gammaln

from sim.curves import reached_share, reached_slope

Array = NDArray[np.float64]


class Shape(Protocol):
    """A rising curve of one variable, u >= 0.

    Arrays of parameters have one row a world and broadcast against u, shape (n_worlds, n_terms).
    """

    @property
    def concave(self) -> bool:
        """Whether it is concave, with a finite slope at 0."""

    def value(self, u: Array) -> Array:
        """Return the curve at `u`, shape of `u`."""

    def slope(self, u: Array) -> Array:
        """Return its derivative, shape of `u`."""

    def part(self, worlds: slice | NDArray[np.intp]) -> Shape:
        """Return the curve of some of the worlds."""


class Bend(Shape, Protocol):
    """A smooth shape that is convex up to `turn` and concave after."""

    @property
    def turn(self) -> Array:
        """Return where the slope is largest, an array that broadcasts against u."""


@dataclass(frozen=True, slots=True)
class Exponential:
    """1 − e^(−u): people reached at random, one contact each."""

    @property
    def concave(self) -> bool:
        """Whether it is concave: always."""
        return True

    @property
    def turn(self) -> Array:
        """Return where the slope is largest: at 0."""
        return np.zeros(())

    def value(self, u: Array) -> Array:
        """Return the curve at `u`, shape of `u`."""
        return -np.expm1(-u)

    def slope(self, u: Array) -> Array:
        """Return its derivative, shape of `u`."""
        return np.exp(-u)

    def part(self, worlds: slice | NDArray[np.intp]) -> Exponential:
        """Return the curve of some of the worlds: the same."""
        return self


EXPONENTIAL = Exponential()

#: Share of people below which it is not found as what is left of one.
RARE = 1e-3


@dataclass(frozen=True, slots=True)
class AtLeast:
    """Share of people with at least k contacts, u contacts a head.

    The upper tail of a negative-binomial law with mean u and shape κ; of a Poisson law where κ
    is infinite. S-shaped for k >= 2.

    Parameters
    ----------
    k : int
        Contacts that make a person count, >= 1 (the effective frequency).
    heterogeneity : float
        Shape κ of the gamma law of how heavily people use social media.

    References
    ----------
    Goodhardt and Ehrenberg (1969), "Duplication of viewing between and within channels";
    Naples (1979), "Effective Frequency".
    """

    k: int
    heterogeneity: float

    def __post_init__(self) -> None:
        if not (self.k >= 1 and self.heterogeneity > 0):
            raise ValueError(f"k(={self.k}) must be >= 1, heterogeneity > 0")

    @property
    def concave(self) -> bool:
        """Whether it is concave: one contact is enough."""
        return self.k == 1

    @property
    def turn(self) -> Array:
        """Return where the slope is largest: (k − 1) κ / (κ + 1)."""
        kappa = self.heterogeneity
        return np.asarray((self.k - 1) * (1.0 if kappa == inf else kappa / (kappa + 1)))

    def value(self, u: Array) -> Array:
        """Return the curve at `u`, shape of `u`."""
        if self.k == 1:
            return reached_share(u, self.heterogeneity)
        if self.heterogeneity == inf:
            return np.asarray(gammainc(self.k, u))
        return self._tail(np.asarray(u, float))

    def _tail(self, u: Array) -> Array:
        """Return the upper tail of the negative-binomial law.

        One less the chances of fewer contacts, several times as fast as the incomplete beta
        function, but where that would cancel.
        """
        kappa = self.heterogeneity
        heavy, chance = u / (u + kappa), np.exp(-kappa * np.log1p(u / kappa))
        fewer = chance.copy()
        for j in range(1, self.k):
            chance *= (kappa + j - 1) / j * heavy
            fewer += chance
        tail = np.asarray(1 - fewer)
        rare = tail < RARE
        tail[rare] = betainc(self.k, kappa, heavy[rare])
        return tail

    def both(self, u: Array) -> tuple[Array, Array]:
        """Return the curve and its derivative at `u`, each of its shape.

        Where one contact is enough the derivative is what the curve leaves: it is accurate to the
        precision of the curve.
        """
        value = self.value(u)
        if self.k > 1:
            return value, self.slope(u)
        slope = 1 - value
        if self.heterogeneity < inf:
            slope /= 1 + u * (1 / self.heterogeneity)
        return value, slope

    def slope(self, u: Array) -> Array:
        """Return its derivative, shape of `u`."""
        k, kappa = self.k, self.heterogeneity
        if k == 1:
            return reached_slope(u, kappa)
        if kappa == inf:
            return np.asarray(u ** (k - 1) * np.exp(-u - gammaln(k)))
        heavy = u / (u + kappa)
        return np.asarray(
            heavy ** (k - 1) * (kappa / (u + kappa)) ** (kappa + 1) * np.exp(-betaln(k, kappa))
            / kappa
        )  # fmt: skip

    def part(self, worlds: slice | NDArray[np.intp]) -> AtLeast:
        """Return the curve of some of the worlds: the same."""
        return self


@dataclass(frozen=True)
class Hill:
    """u^s / (1 + u^s): S-shaped for slopes s > 1.

    Parameters
    ----------
    steepness : ndarray, shape (n_worlds, 1)
        The slope parameter s > 0 of every world.

    References
    ----------
    Hill (1910); Jin et al. (2017), "Bayesian methods for media mix modeling with carryover and
    shape effects".
    """

    steepness: Array

    def __post_init__(self) -> None:
        if self.steepness.ndim != 2 or not (self.steepness > 0).all():
            raise ValueError("steepness must be > 0, of shape (n_worlds, 1)")

    @cached_property
    def concave(self) -> bool:
        """Whether it is concave with a finite slope at 0: the slope parameter is 1."""
        return bool((self.steepness == 1).all())

    @cached_property
    def turn(self) -> Array:
        """Return where the slope is largest: ((s − 1) / (s + 1))^(1/s), 0 for s <= 1."""
        s = self.steepness
        return np.asarray((np.maximum(s - 1, 0.0) / (s + 1)) ** (1 / s))

    def value(self, u: Array) -> Array:
        """Return the curve at `u`, shape of `u`."""
        with np.errstate(divide="ignore", over="ignore"):
            return np.asarray(1 / (1 + u**-self.steepness))

    def slope(self, u: Array) -> Array:
        """Return its derivative, shape of `u`; infinite at 0 for s < 1."""
        s = self.steepness
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            inner = s * u ** (s - 1) / (1 + u**s) ** 2
        return np.asarray(np.where(np.isnan(inner), 0.0, inner))

    def part(self, worlds: slice | NDArray[np.intp]) -> Hill:
        """Return the curve of some of the worlds."""
        return Hill(self.steepness[worlds] if len(self.steepness) > 1 else self.steepness)


@dataclass(frozen=True, slots=True)
class Points:
    """A curve through points, straight between them and level after the last.

    Parameters
    ----------
    at : ndarray, shape (n_points,)
        Rising, from 0.
    table : ndarray, shape (n_draws, n_points)
        Values at these points, one row a draw of the curve.
    draw : ndarray of int, shape (n_worlds,)
        Which draw holds in every world.
    """

    at: Array
    table: Array
    draw: NDArray[np.intp]

    def __post_init__(self) -> None:
        if self.at[0] != 0 or not (np.diff(self.at) > 0).all():
            raise ValueError("points must rise from 0")
        if self.table.shape[1] != self.at.size or not np.isfinite(self.table).all():
            raise ValueError("every point needs a value")

    @property
    def concave(self) -> bool:
        """Whether every draw is concave (level after the last point included)."""
        steepness = np.diff(self.table, axis=1) / np.diff(self.at)
        return bool((np.diff(steepness, axis=1) <= 0).all() and (steepness[:, -1] >= 0).all())

    def value(self, u: Array) -> Array:
        """Return the curve at `u`, shape (n_worlds, 1) or (1, 1)."""
        at, rows, inside = self._segment(u)
        left, steepness = self.table[rows, at], self._steepness(rows, at)
        return np.asarray(left + np.where(inside, steepness * (u[:, 0] - self.at[at]), 0.0))[
            :, None
        ]

    def slope(self, u: Array) -> Array:
        """Return its derivative to the right, shape (n_worlds, 1)."""
        at, rows, inside = self._segment(u)
        return np.asarray(np.where(inside, self._steepness(rows, at), 0.0))[:, None]

    def part(self, worlds: slice | NDArray[np.intp]) -> Points:
        """Return the curve of some of the worlds."""
        return Points(self.at, self.table, self.draw[worlds])

    def _segment(self, u: Array) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.bool_]]:
        """Return the point to the left of every u, the draws, and whether a point follows."""
        at = np.clip(np.searchsorted(self.at, u[:, 0], side="right") - 1, 0, self.at.size - 1)
        at = np.broadcast_to(at, self.draw.shape)
        return at, self.draw, at < self.at.size - 1

    def _steepness(self, rows: NDArray[np.intp], at: NDArray[np.intp]) -> Array:
        """Return the slope of the segment that begins at a point."""
        right = np.minimum(at + 1, self.at.size - 1)
        width = np.where(right > at, self.at[right] - self.at[at], 1.0)
        return np.asarray((self.table[rows, right] - self.table[rows, at]) / width)
