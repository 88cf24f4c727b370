"""The law of one metric: given each world it is known, over the worlds it is a mixture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, ndtri, pdtr

Array = NDArray[np.float64]

#: Below this chance per person the binomial law is Poisson to 1e-6 in total variation.
POISSON = 1e-6

#: How far, in counts, a value may be off the count that it stands for.
ROUNDING = 1e-9

#: Beyond so many standard deviations (and counts) a count has no mass that a float can hold.
FAR_DEVIATIONS, FAR_COUNTS = 10.0, 60.0


class Law(Protocol):
    """A metric in every world."""

    @property
    def lattice(self) -> tuple[float, float]:
        """One value the metric can take, and the distance to the next (0: any value)."""

    def sample(self) -> Array:
        """Return one value a world that lies about as the metric does, shape (n_worlds,)."""

    def draw(self, rng: np.random.Generator) -> Array:
        """Return one draw of the metric in every world, shape (n_worlds,)."""

    def cdf(self, y: float) -> Array:
        """Return P(Y ≤ y) in every world, shape (n_worlds,)."""

    def at_least(self, y: float) -> Array:
        """Return P(Y ≥ y) in every world, shape (n_worlds,)."""

    def below(self, y: float) -> Array:
        """Return E[Y; Y ≤ y] in every world, shape (n_worlds,)."""


@dataclass(frozen=True, slots=True)
class Known:
    """A metric that a world fixes.

    Parameters
    ----------
    values : ndarray, shape (n_worlds,)
    """

    values: Array
    lattice: tuple[float, float] = (0.0, 0.0)

    def sample(self) -> Array:
        """Return the values."""
        return self.values

    def draw(self, rng: np.random.Generator) -> Array:
        """Return the values."""
        return self.values

    def cdf(self, y: float) -> Array:
        """Return 1 where the value is at most `y`, else 0."""
        return (self.values <= y).astype(float)

    def at_least(self, y: float) -> Array:
        """Return 1 where the value is at least `y`, else 0."""
        return (self.values >= y).astype(float)

    def below(self, y: float) -> Array:
        """Return the values that are at most `y`, else 0."""
        return np.where(self.values <= y, self.values, 0.0)


@dataclass(frozen=True, slots=True)
class Counted:
    """A count, binomial or Poisson given the world, times a factor, plus a constant.

    Parameters
    ----------
    expected : ndarray, shape (n_worlds,)
        Mean of the count.
    chance : ndarray, shape (n_worlds,)
        Probability of the binomial law with that mean; 0 for the Poisson law.
    factor, constant : ndarray, shape (n_worlds,)
    """

    expected: Array
    chance: Array
    factor: Array
    constant: Array

    @property
    def lattice(self) -> tuple[float, float]:
        """Return constant and factor where they are the same in every world."""
        same = np.ptp(self.factor) == 0 and np.ptp(self.constant) == 0
        return (float(self.constant[0]), float(self.factor[0])) if same else (0.0, 0.0)

    def sample(self) -> Array:
        """Return values at evenly spread quantiles of a normal law: where to start looking."""
        golden = (np.arange(self.expected.size) * 0.6180339887498949 + 0.5) % 1
        z = ndtri(np.clip(golden, 1e-9, 1 - 1e-9))
        count = self.expected + z * np.sqrt(self.expected * (1 - self.chance))
        return np.asarray(self.constant + self.factor * np.maximum(np.round(count), 0))

    def draw(self, rng: np.random.Generator) -> Array:
        """Return one draw of the count in every world, times the factor, plus the constant.

        A number of trials that is not whole is one of its two neighbours, by its distance.
        """
        counts = np.empty(self.expected.size)
        poisson = self.chance < POISSON
        counts[poisson] = rng.poisson(self.expected[poisson])
        trials = self.expected[~poisson] / self.chance[~poisson]
        whole = np.floor(trials + rng.random(trials.size)).astype(np.int64)
        counts[~poisson] = rng.binomial(whole, np.minimum(self.chance[~poisson], 1.0))
        return np.asarray(self.constant + self.factor * counts)

    def cdf(self, y: float) -> Array:
        """Return P(Y ≤ y) in every world."""
        return self._count_cdf(self._counts(y), 0)

    def at_least(self, y: float) -> Array:
        """Return P(Y ≥ y) in every world."""
        fewest = np.ceil((y - self.constant) / self.factor - ROUNDING)
        return 1 - self._count_cdf(fewest - 1, 0)

    def below(self, y: float) -> Array:
        """Return E[Y; Y ≤ y] in every world; E[N; N ≤ k] = E[N] P(N' ≤ k − 1)."""
        k = self._counts(y)
        counted = self.expected * self._count_cdf(k - 1, 1)
        return np.asarray(self.constant * self._count_cdf(k, 0) + self.factor * counted)

    def _counts(self, y: float) -> Array:
        """Return the largest count whose value is at most `y`."""
        return np.floor((y - self.constant) / self.factor + ROUNDING)

    def _count_cdf(self, k: Array, fewer: int) -> Array:
        """Return P(N ≤ k), with that many trials fewer than the law has."""
        spread = FAR_DEVIATIONS * np.sqrt(np.maximum(self.expected, k)) + FAR_COUNTS
        probability = (k >= self.expected).astype(float)
        near = (np.abs(k - self.expected) < spread) & (k >= 0)
        probability[k < 0] = 0.0
        probability[near] = _cdf(k[near], self.expected[near], self.chance[near], fewer)
        return probability


def _cdf(k: Array, expected: Array, chance: Array, fewer: int) -> Array:
    """Return P(N ≤ k) of binomial counts (Poisson where the chance vanishes)."""
    probability = np.empty_like(k)
    poisson = chance < POISSON
    probability[poisson] = pdtr(k[poisson], expected[poisson])
    k, p = k[~poisson], chance[~poisson]
    trials_left = expected[~poisson] / p - fewer - k
    some = trials_left > 0
    inside = np.ones_like(k)
    inside[some] = betainc(trials_left[some], k[some] + 1, 1 - p[some])
    probability[~poisson] = inside
    return probability
