"""The best blend of the mean and the worst worlds, found on a band of worlds, proved on all.

Only worlds near the quantile of the best plan decide its tail: the others are worst worlds, or
are not. The live dual holds columns for a band of such worlds; a pass over all worlds finds those
that rest on the wrong side, and they join the band. The weights of the worlds, put in order by
hand, bound every plan by weak duality, whatever the solver did.

Money is in units of what can be spent and returns in units of their own size, so that units
change nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil, inf, isfinite

import numpy as np
from numpy.typing import NDArray

from optimize.banded_lp import BandedDual, DualSolution
from optimize.errors import SolverError
from optimize.polytope import Polytope
from optimize.risk import MeanWorst

Array = NDArray[np.float64]

#: Value, in units of its size, below which it counts as nothing.
TRIFLE = 1e-9

#: Relative gap at which a blend is solved, of values no smaller than this share of their size.
BLEND_GAP, SMALL = 1e-12, 1e-3

#: Worlds that a band starts with, that join it in a pass, that it may hold before it is renewed.
START, JOINING, LARGE = 400, 250, 2000

#: The fewest worlds of a sample, and the most worlds of which it holds one.
SAMPLE, STRIDE = 1000, 10

#: Passes after which a blend is left with the gap it has.
PASSES = 200

#: Worlds whose returns are measured at once.
CHUNK = 4096


@dataclass(frozen=True, slots=True)
class Point:
    """The best plan of a blend, in scaled units, and what bounds every plan.

    Parameters
    ----------
    spends : ndarray, shape (n_lines,)
    outcomes : ndarray, shape (n_worlds,)
    mean, tail : float
        Of the outcomes: over all worlds, over the worst.
    bound : float
        No plan has a better blend.
    prices : ndarray, shape (n_rows,)
        Of the rows of the polytope.
    """

    spends: Array
    outcomes: Array
    mean: float
    tail: float
    bound: float
    prices: Array


def size_of(returns: Array) -> float:
    """Return the mean size of returns; 1 where they are all 0.

    Raises
    ------
    ValueError
        If returns are not finite.
    """
    starts = range(0, len(returns), CHUNK)
    total = float(sum(np.abs(returns[i : i + CHUNK]).sum() for i in starts))
    if not isfinite(total):
        raise ValueError("returns must be finite")
    return total / max(returns.size, 1) or 1.0


class Band:
    """All worlds, and the live dual over a band of them.

    Parameters
    ----------
    polytope : Polytope
    returns : ndarray, shape (n_worlds, n_lines)
        Metric per unit of money.
    means : ndarray, shape (n_lines,)
        Of the returns, in units of `size`; a sample keeps those of all worlds.
    worst : float
        Share of worlds that counts as the worst, in (0, 1].
    size : float
        Metric per unit of money that counts as one.
    """

    def __init__(
        self, polytope: Polytope, returns: Array, means: Array, worst: float, size: float
    ) -> None:
        self.polytope, self.size, self._returns = polytope, size, returns
        self._risk, self._n_worlds = MeanWorst(worst), len(returns)
        self._share = 1 / (worst * self._n_worlds)
        self._means = means
        self._dual = BandedDual(polytope, self._share**0.5)
        self._members = np.zeros(0, np.intp)
        self._at_most = np.zeros(self._n_worlds, bool)
        self._at_rest: Array = np.zeros_like(self._means)
        self._outcomes: Array | None = None
        self.passes = 0

    @property
    def worst(self) -> float:
        """Share of worlds that counts as the worst."""
        return self._risk.worst

    @property
    def unit(self) -> float:
        """Metric that an outcome of one stands for."""
        return self.size * self.polytope.unit

    @cached_property
    def sample(self) -> Band | None:
        """The same task with the tail of a part of the worlds, where there are many."""
        stride = min(self._n_worlds // SAMPLE, STRIDE)
        if stride < 2:
            return None
        return Band(
            self.polytope, self._returns[::stride], self._means, self._risk.worst, self.size
        )

    def outcomes(self, spends: Array) -> Array:
        """Play a plan in all worlds."""
        self.passes += 1
        return np.asarray(self._returns @ (spends / self.size))

    def tail(self, outcomes: Array) -> float:
        """Return the mean of the worst worlds."""
        return float(self._risk.contributions(outcomes).mean())

    def best(self, mean_weight: float, tail_weight: float) -> Point:
        """Find the plan with the best mean_weight · mean + tail_weight · tail.

        Raises
        ------
        InfeasibleError
            If no plan satisfies all limits.
        SolverError
            If the solver does not do its work.
        """
        if tail_weight:
            self._prepare(mean_weight, tail_weight)
        best, value, bound = None, -inf, inf
        for _ in range(PASSES):
            solution = self._solve(mean_weight, tail_weight)
            point = self._look(solution, mean_weight, tail_weight)
            bound = min(bound, point.bound)
            reached = mean_weight * point.mean + tail_weight * point.tail
            if reached > value and self.polytope.allows(point.spends):
                best, value = point, reached
            if not tail_weight or bound - value <= BLEND_GAP * max(abs(bound), SMALL):
                break
            if not self._join(point.outcomes, solution.threshold):
                break
        if best is None:
            raise SolverError("the solver found no plan that keeps to the limits")
        return replace(best, bound=bound, prices=point.prices)

    def _solve(self, mean_weight: float, tail_weight: float) -> DualSolution:
        """Solve the dual over the band."""
        most = tail_weight * self._share
        slopes = mean_weight * self._means + most * self._at_rest
        return self._dual.solve(slopes, most, tail_weight - most * self._at_most.sum())

    def _look(self, solution: DualSolution, mean_weight: float, tail_weight: float) -> Point:
        """Play a plan in all worlds, and bound every plan."""
        outcomes = self.outcomes(solution.spends)
        if tail_weight:
            self._outcomes = outcomes
        slopes = mean_weight * self._means + self._weighted(solution.shifts, tail_weight)
        return Point(
            solution.spends,
            outcomes,
            float(self._means @ solution.spends),
            self.tail(outcomes),
            self.polytope.ceiling(slopes, solution.prices),
            solution.prices,
        )

    def _weighted(self, shifts: Array, tail_weight: float) -> Array:
        """Return the lines' returns under weights between 0 and the most that add up exactly."""
        most, signs = tail_weight * self._share, self._signs(self._members)
        missing = tail_weight - most * self._at_most.sum() - signs @ shifts
        room = np.where(signs * missing > 0, most, 0.0) - shifts
        available = np.abs(room).sum()
        if available:
            shifts = shifts + room * min(abs(missing) / available, 1.0)
        moved = (signs * shifts) @ self._returns[self._members] / self.size
        return np.asarray(most * self._at_rest + moved)

    def _signs(self, worlds: NDArray[np.intp]) -> Array:
        """Return where weights go from their rest: up from 0, down from the most."""
        return np.where(self._at_most[worlds], -1.0, 1.0)

    def _join(self, outcomes: Array, threshold: float) -> int:
        """Let the worlds join that rest on the wrong side of the threshold; return how many."""
        wrong = np.where(self._at_most, outcomes - threshold, threshold - outcomes)
        wrong[self._members] = 0.0
        found = np.flatnonzero(wrong > 0)
        if found.size > JOINING:
            found = found[np.argpartition(-wrong[found], JOINING)[:JOINING]]
        self._admit(found)
        return found.size

    def _admit(self, worlds: NDArray[np.intp]) -> None:
        """Let worlds join the band."""
        self._members = np.concatenate([self._members, worlds])
        self._dual.free(self._returns[worlds] / self.size, self._signs(worlds))

    def _prepare(self, mean_weight: float, tail_weight: float) -> None:
        """See to it that there is a band, and that it is not too large."""
        if self._outcomes is None:
            start = self.sample.best(mean_weight, tail_weight) if self.sample else self.best(1, 0)
            self._settle(self.outcomes(start.spends), self._members)
        elif self._members.size > LARGE:
            basis, basic = self._dual.basis()
            self._dual = BandedDual(self.polytope, self._share**0.5)
            kept = self._members[basic]
            self._settle(self._outcomes, kept)
            self._dual.resume(basis, kept.size)

    def _settle(self, outcomes: Array, first: NDArray[np.intp]) -> None:
        """Begin a band around the quantile of outcomes, with these worlds first."""
        counted = self._risk.worst * self._n_worlds
        low = max(int(counted) - START // 2, 0)
        high = min(ceil(counted) + START // 2, self._n_worlds)
        order = np.argpartition(outcomes, [low, high - 1])
        self._at_most[:] = False
        self._at_most[order[:low]] = True
        self._at_rest = self._at_most.astype(float) @ self._returns / self.size
        near = order[low:high]
        self._members = np.zeros(0, np.intp)
        self._admit(np.concatenate([first, near[~np.isin(near, first)]]))
