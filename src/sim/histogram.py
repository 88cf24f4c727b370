"""Distributions of any number of values in little memory: counts and sums in logarithmic bins.

A bin is a stretch of floats with the same leading bits; the bits that follow say where in its bin
a value lies. Both are whole numbers, so that the histograms of parts add up to that of the whole
in any order and to the last bit, whatever the parts.

References
----------
Masson, Rim and Lee (2019), "DDSketch" (logarithmic bins that merge exactly); Rockafellar and
Uryasev (2000) (CVaR).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, frexp, ldexp
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.worlds import REPLICATES

Array = NDArray[np.float64]
Counts = NDArray[np.int64]

#: Bits of the mantissa that tell bins apart (512 bins an octave), and that say where in its bin a
#: value lies.
BIN_BITS, PLACE_BITS = 9, 20
SHIFT = 52 - BIN_BITS

#: Parts of a bin that places are measured in.
PLACES = 2.0**PLACE_BITS


@dataclass(frozen=True, slots=True)
class Grid:
    """What values are measured in, so that little memory tells them well apart.

    Parameters
    ----------
    origin, step : float
        One value that can be taken and the distance to the next; any value where the step is 0.
        Then values are kept in steps, each in the middle of its own.
    room : float
        Added to the size of every value: bins are about as wide as a part 1 / 512 of the larger of
        the two. A power of two.
    """

    origin: float = 0.0
    step: float = 0.0
    room: float = 1.0

    @classmethod
    def fitted(cls, values: Array, lattice: tuple[float, float] = (0.0, 0.0)) -> Grid:
        """Return the grid for values like some that are known.

        Parameters
        ----------
        values : ndarray, shape (n,)
        lattice : tuple of float
            Origin and step.
        """
        origin, step = lattice
        known = values[np.isfinite(values)]
        spread = float(known.std()) if known.size else 0.0
        spread = spread / step if step else spread
        return cls(origin, step, ldexp(0.125, frexp(spread)[1]) if spread > 0 else 1.0)

    def measured(self, values: Array) -> Array:
        """Return values in the units of the grid."""
        return np.round((values - self.origin) / self.step) + 0.5 if self.step else values

    def value(self, measured: float) -> float:
        """Return the value that a place on the grid stands for."""
        if not self.step or not np.isfinite(measured):
            return measured
        return self.origin + self.step * float(np.floor(measured))


@dataclass(slots=True)
class Histogram:
    """How values are distributed, replicate by replicate.

    Parameters
    ----------
    grid : Grid
        What they are measured in.
    first : int
        Number of the first bin that is kept.
    counts : ndarray of int, shape (REPLICATES, n_bins)
    places : ndarray of int, shape (REPLICATES, n_bins)
        Sum of the places of the values in their bins.
    beyond : ndarray of int, shape (REPLICATES, 3)
        Values that are −∞, +∞ and not defined.
    ends : ndarray, shape (2,)
        The least and the largest finite value; +∞ and −∞ without any.
    """

    grid: Grid
    first: int
    counts: Counts
    places: Counts
    beyond: Counts
    ends: Array

    @classmethod
    def of(cls, values: Array, replicate: NDArray[np.int64], grid: Grid) -> Histogram:
        """Return the histogram of some values.

        Parameters
        ----------
        values : ndarray, shape (n,)
        replicate : ndarray of int, shape (n,)
        grid : Grid
        """
        odd = [np.isneginf(values), np.isposinf(values), np.isnan(values)]
        beyond = np.stack([np.bincount(replicate[x], minlength=REPLICATES) for x in odd], axis=1)
        if beyond.any():
            kept = ~np.logical_or.reduce(odd)
            values, replicate = values[kept], replicate[kept]
        if values.size == 0:
            empty = np.zeros((REPLICATES, 0), np.int64)
            return cls(grid, 0, empty, empty, beyond, np.array([np.inf, -np.inf]))
        bin_, place = _binned(grid.measured(values), grid.room)
        first, n_bins = int(bin_.min()), int(np.ptp(bin_)) + 1
        where, size = replicate * n_bins + (bin_ - first), REPLICATES * n_bins
        counts = np.bincount(where, minlength=size).reshape(REPLICATES, n_bins)
        places = np.bincount(where, place, size).astype(np.int64).reshape(REPLICATES, n_bins)
        ends = np.array([values.min(), values.max()])
        return cls(grid, first, counts, places, beyond, ends)

    def __add__(self, other: Histogram) -> Histogram:
        """Return the histogram of the values of both."""
        filled = [h for h in (self, other) if h.counts.shape[1]]
        first = min((h.first for h in filled), default=0)
        last = max((h.first + h.counts.shape[1] for h in filled), default=0)
        counts, places = np.zeros((2, REPLICATES, last - first), np.int64)
        for h in filled:
            mine = slice(h.first - first, h.first - first + h.counts.shape[1])
            counts[:, mine] += h.counts
            places[:, mine] += h.places
        ends = np.minimum(self.ends * [1, -1], other.ends * [1, -1]) * [1, -1]
        return Histogram(self.grid, first, counts, places, self.beyond + other.beyond, ends)

    @property
    def size(self) -> int:
        """Number of values that are defined."""
        return int(self.sizes().sum())

    def quantile(self, level: float) -> float:
        """Return the least value that a share of the values does not pass; NaN of none."""
        if self.size == 0:
            return float("nan")
        wanted = max(ceil(level * self.size - 1e-9), 1) - int(self.beyond[:, 0].sum())
        reached = self.counts.sum(axis=0).cumsum()
        if wanted <= 0:
            return -np.inf
        if reached.size == 0 or wanted > reached[-1]:
            return np.inf
        b = int(np.searchsorted(reached, wanted))
        count = int(self.counts[:, b].sum())
        share = (wanted - 0.5 - (reached[b] - count)) / count
        low, high = _lowest(np.array([self.first + b, self.first + b + 1]), self.grid.room)
        tilt = _tilt(np.array(self.places[:, b].sum() / PLACES / count))
        found = self.grid.value(float(low + (high - low) * _inverse(share, float(tilt))))
        return float(np.clip(found, *self.ends))

    def upto(self, y: float) -> tuple[Array, Array]:
        """Return how many values are at most y, and the sum of those, replicate by replicate.

        Parameters
        ----------
        y : float
            Finite.

        Returns
        -------
        counts, sums : ndarray, shape (REPLICATES,)
            Sums of the finite values.
        """
        grid = self.grid
        end = np.round((y - grid.origin) / grid.step) + 1 if grid.step else y
        end = np.inf if y >= self.ends[1] else end
        low, width = self._edges()
        mean = np.divide(self.places, PLACES * self.counts, out=np.zeros(self.counts.shape),
                         where=self.counts > 0)  # fmt: skip
        t = np.clip((end - low) / width, 0.0, 1.0)
        tilt = _tilt(mean)
        share = t + tilt * (t**2 - t)
        moment = np.where(t == 1, mean, t**2 / 2 + tilt * (2 * t**3 / 3 - t**2 / 2))
        counts = (self.counts * share).sum(axis=1)
        sums = (self.counts * (low * share + width * moment)).sum(axis=1)
        return counts + self.beyond[:, 0], self._in_units(counts, sums)

    def sums(self) -> Array:
        """Return the sum of the finite values, replicate by replicate."""
        low, width = self._edges()
        sums = (self.counts * low + self.places * (width / PLACES)).sum(axis=1)
        return self._in_units(self.counts.sum(axis=1), sums)

    def _edges(self) -> tuple[Array, Array]:
        """Return the lower end and the width of every bin."""
        n_bins = self.counts.shape[1]
        edges = _lowest(np.arange(self.first, self.first + n_bins + 1), self.grid.room)
        return edges[:-1], np.diff(edges)

    def _in_units(self, counts: Array | Counts, sums: Array) -> Array:
        """Return sums of values whose sums on the grid are given."""
        grid = self.grid
        return grid.origin * counts + grid.step * (sums - counts / 2) if grid.step else sums

    def sizes(self) -> Counts:
        """Return how many values are defined, replicate by replicate."""
        return np.asarray(self.counts.sum(axis=1) + self.beyond[:, :2].sum(axis=1))

    def infinite(self, better: str) -> bool:
        """Return whether some values are infinitely bad, where better is ``up`` or ``down``."""
        return bool(self.beyond[:, 0 if better == "up" else 1].any())

    def arrays(self) -> dict[str, NDArray[np.int64] | Array]:
        """Return all that is kept, as arrays."""
        return {
            "first": np.array([self.first]),
            "counts": self.counts,
            "places": self.places,
            "beyond": self.beyond,
            "ends": self.ends,
        }

    @classmethod
    def restored(cls, arrays: Mapping[str, Any], grid: Grid) -> Histogram:
        """Return the histogram of some `arrays`."""
        kept = (arrays[key] for key in ("counts", "places", "beyond", "ends"))
        return cls(grid, int(arrays["first"][0]), *kept)


def _binned(values: Array, room: float) -> tuple[Counts, Counts]:
    """Return the bin of every value and its place in it: bins rise with the values.

    Bins of values from 0 on are counted from 0, those of negative values, mirror images of these,
    down from −1.
    """
    bits = (np.abs(values) + room).view(np.int64) - np.float64(room).view(np.int64)
    bin_, place = bits >> SHIFT, (bits >> (SHIFT - PLACE_BITS)) & np.int64(PLACES - 1)
    negative = values < 0
    if negative.any():
        bin_ = np.where(negative, -1 - bin_, bin_)
        place = np.where(negative, np.int64(PLACES) - 1 - place, place)
    return bin_, place


def _lowest(bins: Counts, room: float) -> Array:
    """Return the lower end of every bin."""
    bits = (np.abs(bins) << SHIFT) + np.float64(room).view(np.int64)
    return np.asarray(np.sign(bins) * (bits.view(np.float64) - room))


def _tilt(mean: Array) -> Array:
    """Return the slope a of the density 1 + a (2t − 1) on (0, 1) that has a mean (if there is)."""
    return np.clip(6 * (mean - 0.5), -1.0, 1.0)


def _inverse(share: float, a: float) -> float:
    """Return t with t + a (t² − t) = share."""
    root = np.sqrt((1 - a) ** 2 + 4 * a * share)
    return float(2 * share / (1 - a + root))
