"""Distributions of any number of values in little memory: counts and sums in logarithmic bins.

A bin is a stretch of floats with the same leading bits; the bits that follow say where in its bin
a value lies. Both are whole numbers, so that the histograms of parts add up to that of the whole
in any order and to the last bit, whatever the parts. Within a bin the density is linear, with the
mean that is kept.

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

#: Bits of the mantissa that say where a value lies.
BITS = 29

#: Bits of these that tell bins apart: 512 an octave for all values, which quantiles and tails are
#: told from; 64 for those of every replicate, which their errors are told from.
FINE, COARSE = 9, 6


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


@dataclass(frozen=True, slots=True)
class Bins:
    """How many values lie in every bin and where in it, each row of other values.

    Parameters
    ----------
    bits : int
        Leading bits that tell bins apart.
    room : float
        As of `Grid`.
    first : int
        Number of the first bin that is kept.
    counts : ndarray of int, shape (n_rows, n_bins)
    places : ndarray of int, shape (n_rows, n_bins)
        Sum of the places of the values in their bins, in parts 2^(`bits` - `BITS`) of these.
    """

    bits: int
    room: float
    first: int
    counts: Counts
    places: Counts

    @classmethod
    def of(cls, positions: Counts, row: Counts, n_rows: int, bits: int, room: float) -> Bins:
        """Return the bins of values whose positions (see `_positions`) and rows are given."""
        if positions.size == 0:
            empty = np.zeros((n_rows, 0), np.int64)
            return cls(bits, room, 0, empty, empty)
        bin_, place = positions >> (BITS - bits), positions & ((1 << (BITS - bits)) - 1)
        first, n_bins = int(bin_.min()), int(np.ptp(bin_)) + 1
        where, size = row * n_bins + (bin_ - first), n_rows * n_bins
        counts = np.bincount(where, minlength=size).reshape(n_rows, n_bins)
        places = np.bincount(where, place, size).astype(np.int64).reshape(n_rows, n_bins)
        return cls(bits, room, first, counts, places)

    def __add__(self, other: Bins) -> Bins:
        """Return the bins of the values of both."""
        filled = [bins for bins in (self, other) if bins.counts.shape[1]]
        first = min((bins.first for bins in filled), default=0)
        last = max((bins.first + bins.counts.shape[1] for bins in filled), default=0)
        counts, places = np.zeros((2, len(self.counts), last - first), np.int64)
        for bins in filled:
            mine = slice(bins.first - first, bins.first - first + bins.counts.shape[1])
            counts[:, mine] += bins.counts
            places[:, mine] += bins.places
        return Bins(self.bits, self.room, first, counts, places)

    def quantile(self, rank: float) -> float:
        """Return where as many of the values of the only row lie below, a rank or half of one."""
        reached = self.counts[0].cumsum()
        b = int(np.searchsorted(reached, rank))
        count = int(self.counts[0, b])
        low, width = (float(x[b]) for x in self._edges())
        tilt = float(_tilt(self._mean()[0, b]))
        return low + width * _inverse((rank - (reached[b] - count)) / count, tilt)

    def upto(self, end: float) -> tuple[Array, Array]:
        """Return how many values lie below an end, and their sum, each of shape (n_rows,)."""
        (low, width), mean = self._edges(), self._mean()
        t = np.clip((end - low) / width, 0.0, 1.0)
        tilt = _tilt(mean)
        share = t + tilt * (t**2 - t)
        moment = np.where(t == 1, mean, t**2 / 2 + tilt * (2 * t**3 / 3 - t**2 / 2))
        counts = self.counts * share
        return counts.sum(axis=1), (counts * low + self.counts * width * moment).sum(axis=1)

    def _mean(self) -> Array:
        """Return the mean place of the values of every bin, as a share of it."""
        whole = 2.0 ** (BITS - self.bits) * self.counts
        found = np.divide(self.places, whole, out=np.zeros(whole.shape), where=whole > 0)
        return np.asarray(found)

    def _edges(self) -> tuple[Array, Array]:
        """Return the lower end and the width of every bin."""
        bins = np.arange(self.first, self.first + self.counts.shape[1] + 1)
        bits = (np.abs(bins) << (52 - self.bits)) + np.float64(self.room).view(np.int64)
        edges = np.sign(bins) * (bits.view(np.float64) - self.room)
        return edges[:-1], np.diff(edges)


@dataclass(frozen=True, slots=True)
class Histogram:
    """How values are distributed: all of them finely, those of every replicate coarsely.

    Parameters
    ----------
    grid : Grid
        What they are measured in.
    fine, coarse : Bins
        Of all finite values, one row; of those of each replicate, a row each.
    beyond : ndarray of int, shape (REPLICATES, 3)
        Values that are −∞, +∞ and not defined.
    ends : ndarray, shape (2,)
        The least and the largest finite value; +∞ and −∞ without any.
    """

    grid: Grid
    fine: Bins
    coarse: Bins
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
        positions = _positions(grid.measured(values), grid.room)
        fine = Bins.of(positions, np.zeros_like(replicate), 1, FINE, grid.room)
        coarse = Bins.of(positions, replicate, REPLICATES, COARSE, grid.room)
        ends = np.array([values.min(initial=np.inf), values.max(initial=-np.inf)])
        return cls(grid, fine, coarse, beyond, ends)

    def __add__(self, other: Histogram) -> Histogram:
        """Return the histogram of the values of both."""
        ends = np.minimum(self.ends * [1, -1], other.ends * [1, -1]) * [1, -1]
        fine, coarse = self.fine + other.fine, self.coarse + other.coarse
        return Histogram(self.grid, fine, coarse, self.beyond + other.beyond, ends)

    @property
    def size(self) -> int:
        """Number of values that are defined."""
        return int(self.sizes().sum())

    def sizes(self) -> Counts:
        """Return how many values are defined, replicate by replicate."""
        return np.asarray(self.coarse.counts.sum(axis=1) + self.beyond[:, :2].sum(axis=1))

    def quantile(self, level: float) -> float:
        """Return the least value that a share of the values does not pass; NaN of none."""
        if self.size == 0:
            return float("nan")
        wanted = max(ceil(level * self.size - 1e-9), 1) - int(self.beyond[:, 0].sum())
        if wanted <= 0:
            return -np.inf
        if wanted > self.fine.counts.sum():
            return np.inf
        return float(np.clip(self.grid.value(self.fine.quantile(wanted - 0.5)), *self.ends))

    def upto(self, y: float) -> tuple[float, float]:
        """Return how many values are at most y (finite), and the sum of the finite ones of them."""
        counts, sums = self._upto(self.fine, y)
        return float(counts.sum()) + float(self.beyond[:, 0].sum()), float(sums.sum())

    def upto_by_replicate(self, y: float) -> tuple[Array, Array]:
        """Return the same replicate by replicate, each of shape (REPLICATES,): for errors."""
        counts, sums = self._upto(self.coarse, y)
        return counts + self.beyond[:, 0], sums

    def sum(self) -> float:
        """Return the sum of the finite values."""
        return float(self._upto(self.fine, np.inf)[1].sum())

    def sums(self) -> Array:
        """Return the sum of the finite values, replicate by replicate."""
        return self._upto(self.coarse, np.inf)[1]

    def _upto(self, bins: Bins, y: float) -> tuple[Array, Array]:
        """Return how many finite values are at most y, and their sum, row by row."""
        grid = self.grid
        end = np.round((y - grid.origin) / grid.step) + 1 if grid.step and y < np.inf else y
        counts, sums = bins.upto(np.inf if y >= self.ends[1] else end)
        if grid.step:
            sums = grid.origin * counts + grid.step * (sums - counts / 2)
        return counts, sums

    def infinite(self, better: str) -> bool:
        """Return whether some values are infinitely bad, where better is ``up`` or ``down``."""
        return bool(self.beyond[:, 0 if better == "up" else 1].any())

    def arrays(self) -> dict[str, NDArray[np.int64] | Array]:
        """Return all that is kept, as arrays."""
        return {
            "first": np.array([self.fine.first, self.coarse.first]),
            "counts": self.fine.counts,
            "places": self.fine.places,
            "counts by replicate": self.coarse.counts,
            "places by replicate": self.coarse.places,
            "beyond": self.beyond,
            "ends": self.ends,
        }

    @classmethod
    def restored(cls, arrays: Mapping[str, Any], grid: Grid) -> Histogram:
        """Return the histogram of some `arrays`."""
        fine, coarse = (
            Bins(bits, grid.room, int(first), arrays[f"counts{whose}"], arrays[f"places{whose}"])
            for bits, first, whose in zip(
                (FINE, COARSE), arrays["first"], ("", " by replicate"), strict=True
            )
        )
        return cls(grid, fine, coarse, arrays["beyond"], arrays["ends"])


def _positions(values: Array, room: float) -> Counts:
    """Return the leading bits of values, as whole numbers that rise with them.

    Positions of values from 0 on are counted from 0, those of negative values, mirror images of
    these, down from −1.
    """
    bits = (np.abs(values) + room).view(np.int64) - np.float64(room).view(np.int64)
    positions = np.asarray(bits >> (52 - BITS))
    return np.where(values < 0, -1 - positions, positions)


def _tilt(mean: Array) -> Array:
    """Return the slope a of the density 1 + a (2t − 1) on (0, 1) that has a mean (if there is)."""
    return np.clip(6 * (mean - 0.5), -1.0, 1.0)


def _inverse(share: float, a: float) -> float:
    """Return t with t + a (t² − t) = share."""
    root = np.sqrt((1 - a) ** 2 + 4 * a * share)
    return float(2 * share / (1 - a + root))
