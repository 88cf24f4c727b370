"""Which whole creators: greedy steps, swaps, and what no choice can pass.

References
----------
Nemhauser, Wolsey and Fisher (1978): greedy steps reach 1 − 1/e of the best where all prices are
equal; Khuller, Moss and Naor (1999), Leskovec et al. (2007): the better of greedy steps by gain and
by gain per money reaches half of that with prices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from optimize.coverage import Coverage, coverage
from optimize.floors import MISSED, Floor
from optimize.problem import FEASIBILITY, Problem
from optimize.risk import MEAN, Chance, Risk
from sim.response import Response

Array = NDArray[np.float64]

#: Gain, relative to what is won, below which a step is not taken.
TRIFLE = 1e-10

#: Steps that are tried exactly, where a promise is only an upper bound.
TRIED = 20

#: Creators of a choice up to whom one at a time, and two, are left out.
REFILLED, PAIRED = 60, 12

#: What coming nearer to a target counts beside reaching it in more worlds.
NEARER = 1e-3

#: Rounds after which a search ends.
ROUNDS = 2000


@dataclass(frozen=True, slots=True)
class Wanted:
    """A floor on a metric of whole creators."""

    metric: Coverage
    risk: Risk
    at_least: float

    def short(self, counts: Array) -> float:
        """Return how far the floor is missed, relative to it; 0 where it holds."""
        values = self.metric.values(counts)
        scale = max(abs(self.at_least), 1e-300)
        missed = (self.at_least - self.risk.value(values)) / scale
        if missed > MISSED and isinstance(self.risk, Chance):  # worlds that come nearer count
            target = self.risk.target
            missed += (
                NEARER * float(np.maximum(target - values, 0.0).mean()) / max(abs(target), 1e-300)
            )
        return missed if missed > MISSED else 0.0


class Picker:
    """Searches among sets of creators.

    Parameters
    ----------
    problem : Problem
        With prices.
    response : Response
        Whose ridges are exponential.
    risk : Risk
        Concave.
    floors : sequence of Floor
    """

    def __init__(
        self, problem: Problem, response: Response, risk: Risk = MEAN, floors: Sequence[Floor] = ()
    ) -> None:
        assert problem.prices is not None
        self.problem, self._risk = problem, risk
        self.prices = np.array(problem.prices)
        self.metric = coverage(response, self.prices, risk)
        self._floors = [
            Wanted(coverage(f.response, self.prices, f.risk), f.risk, f.at_least) for f in floors
        ]
        most = problem.upper / self.prices * (1 + 1e-12)
        self.most = np.floor(np.minimum(most, problem.budget / self.prices * (1 + FEASIBILITY)))
        self.least = np.zeros(self.prices.size)
        for limit in problem.limits:
            if len(limit.lines) == 1 and limit.lower > 0:
                line = limit.lines[0]
                self.least[line] = max(
                    self.least[line], np.ceil(limit.lower / self.prices[line] * (1 - 1e-12))
                )

    def value(self, counts: Array) -> float:
        """Return what a choice comes to."""
        return self._risk.value(self.metric.values(counts))

    def short(self, counts: Array) -> float:
        """Return how far a choice misses its floors and minima; 0 where it keeps them."""
        spent = counts * self.prices
        room = FEASIBILITY * self.problem.budget
        missed = sum(
            max(limit.lower - float(spent[list(limit.lines)].sum()) - room, 0.0)
            for limit in self.problem.limits
        )
        return missed / self.problem.budget + sum(f.short(counts) for f in self._floors)

    def over(self, counts: Array) -> Sequence[str]:
        """Return the limits that a choice passes; what it falls short of does not count."""
        upper = tuple(replace(limit, lower=0.0) for limit in self.problem.limits)
        return replace(self.problem, limits=upper).violations(counts * self.prices)

    def addable(self, counts: Array) -> NDArray[np.bool_]:
        """Return who can be added without passing a limit, shape (n_lines,)."""
        problem, spent = self.problem, counts * self.prices
        slack = FEASIBILITY * problem.budget
        fits = (self.prices <= problem.budget - spent.sum() + slack) & (counts < self.most)
        for limit in problem.limits:
            if np.isfinite(limit.upper):
                lines = list(limit.lines)
                fits[lines] &= self.prices[lines] <= limit.upper - spent[lines].sum() + slack
        for group in problem.exclusive:
            if counts[list(group)].sum() >= 1:
                fits[list(group)] = False
        return np.asarray(fits)

    def _weights(self, counts: Array) -> Array:
        return self._risk.weights(self.metric.values(counts))

    def gains(self, counts: Array) -> Array:
        """Return the most that each creator would add to a choice, shape (n_lines,).

        Exact for the mean.
        """
        return self.metric.gains(self.metric.missed(counts), self._weights(counts))

    def fill(self, counts: Array, *, per_money: bool) -> Array:
        """Add creators while one fits and helps, always the one with the largest gain."""
        counts, metric = counts.copy(), self.metric
        missed = metric.missed(counts)
        while (fits := self.addable(counts)).any():
            values = metric.from_missed(missed, counts)
            gains = np.where(fits, metric.gains(missed, self._risk.weights(values)), -np.inf)
            rank = gains / self.prices if per_money else gains
            best = int(rank.argmax())
            if not gains[best] > TRIFLE * max(abs(self._risk.value(values)), 1e-300):
                return counts
            counts[best] += 1
            metric.join(missed, best)
        return counts

    def greedy(self) -> Array:
        """Return the better of greedy steps by gain and by gain per money."""
        filled = [self.fill(self.least, per_money=way) for way in (True, False)]
        return max(filled, key=self.rank)

    def rank(self, counts: Array) -> tuple[float, float]:
        """Return what choices are compared by: floors and minima first, then the value."""
        return -self.short(counts), self.value(counts)

    def improved(self, counts: Array, *, brief: bool = False) -> Array:
        """Return a choice after all steps that help.

        Parameters
        ----------
        counts : ndarray, shape (n_lines,)
        brief : bool
            Whether to try swaps of one for one alone, and not to leave one out for several.
        """
        for _ in range(ROUNDS):
            better = self._mended(counts) if self.short(counts) > 0 else None
            for step in (self.filled, self._swapped, self._refilled)[: 2 if brief else 3]:
                better = step(counts) if better is None else better
            if better is None:
                return counts
            counts = better
        return counts

    def filled(self, counts: Array) -> Array | None:
        """Return a choice filled up, or None where that does not help."""
        after = self.fill(counts, per_money=True)
        return after if self.better(after, counts) else None

    def better(self, one: Array, other: Array) -> bool:
        """Return whether one choice is really better than another."""
        (short, value), (short_before, value_before) = self.rank(one), self.rank(other)
        if short != short_before:
            return short > short_before
        return value > value_before + TRIFLE * abs(value_before)

    def losses(self, counts: Array) -> list[tuple[float, int]]:
        """Return about what a choice loses with each creator who may go, and her line."""
        lines = self._removable(counts)
        lost = self.metric.losses(self.metric.missed(counts), self._weights(counts), lines)
        return list(zip(lost.tolist(), lines, strict=True))

    def _removable(self, counts: Array) -> list[int]:
        return np.flatnonzero(counts > self.least).tolist()

    def _swapped(self, counts: Array) -> Array | None:
        """Return the choice after swaps of one for one that help, or None if none does."""
        missed, weights = self.metric.missed(counts), self._weights(counts)
        lines, steps = self._removable(counts), []
        lost = self.metric.losses(missed, weights, lines)
        gained = self.metric.swaps(missed, weights, lines) - lost
        for place, i in enumerate(lines):
            rest = counts.copy()
            rest[i] -= 1
            gains = gained[:, place]
            gains[~self.addable(rest)] = -np.inf
            gains[i] = -np.inf
            steps += [(float(gains[j]), i, int(j)) for j in np.argsort(-gains)[:2]]
        best = counts
        for gain, i, j in sorted(steps, reverse=True)[:TRIED]:
            if gain <= 0:
                break
            after = best.copy()
            after[i] -= 1
            if after[i] >= self.least[i] and self.addable(after)[j]:
                after[j] += 1
                best = after if self.better(after, best) else best
        return None if best is counts else best

    def _refilled(self, counts: Array) -> Array | None:
        """Return the choice without one creator, or two, filled up anew, if that is better."""
        lines = self._removable(counts)
        if len(lines) > REFILLED:
            return None  # each is a small part: swaps of one for one are enough
        gone: list[tuple[int, ...]] = [(i,) for i in lines]
        if len(lines) <= PAIRED:
            gone += combinations(lines, 2)
        for leaving in map(list, gone):
            rest = counts.copy()
            rest[leaving] -= 1
            held = self.most[leaving]
            for per_money in (True, False):
                self.most[leaving] = rest[leaving]
                after = self.fill(rest, per_money=per_money)
                self.most[leaving] = held
                if self.better(after, counts):
                    return after
        return None

    def _mended(self, counts: Array) -> Array | None:
        """Return the choice after the step that brings floors and minima nearest, or None."""
        best, best_rank = None, self.rank(counts)
        for i in [None, *self._removable(counts)]:
            rest = counts.copy()
            if i is not None:
                rest[i] -= 1
            for j in [None, *np.flatnonzero(self.addable(rest)).tolist()]:
                after = rest.copy()
                if j is not None:
                    after[j] += 1
                rank = self.rank(after)
                if rank > best_rank:
                    best, best_rank = after, rank
        return best
