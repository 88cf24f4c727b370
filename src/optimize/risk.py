"""Risk functionals: what many worlds come to, as one number that a plan is judged by.

Every functional here is concave and rising in the outcomes, so that a concave response stays
concave under it. Given the outcomes, it is a weighted mean of the worlds (its supergradient).

References
----------
Rockafellar and Uryasev (2000), "Optimization of conditional value-at-risk"; Ogryczak and
Ruszczyński (2002) (mean-risk models consistent with stochastic dominance).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, inf
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Risk(Protocol):
    """A concave, rising functional of outcomes."""

    def value(self, outcomes: Array) -> float:
        """Return the functional of outcomes, shape (n_worlds,)."""

    def weights(self, outcomes: Array) -> Array:
        """Return a supergradient: what each world counts for, shape (n_worlds,)."""

    def contributions(self, outcomes: Array) -> Array:
        """Return values of the worlds whose mean is the functional, shape (n_worlds,).

        Their spread over worlds is that of the estimate.
        """


@dataclass(frozen=True, slots=True)
class MeanWorst:
    """A blend of the mean and of the mean of the worst worlds (CVaR).

    (1 − weight) · mean + weight · CVaR, that is mean − weight · (mean − CVaR).

    Parameters
    ----------
    worst : float
        Share of worlds that counts as the worst, in (0, 1].
    weight : float
        Of the worst worlds, in [0, 1]; 0 is the mean, 1 is CVaR.
    """

    worst: float
    weight: float = 1.0

    def __post_init__(self) -> None:
        if not (0 < self.worst <= 1 and 0 <= self.weight <= 1):
            raise ValueError(f"worst(={self.worst}) or weight(={self.weight}) is out of range")

    def value(self, outcomes: Array) -> float:
        """Return the functional of outcomes, shape (n_worlds,)."""
        return float(self.weights(outcomes) @ outcomes)

    def weights(self, outcomes: Array) -> Array:
        """Return the weights of the worlds: more for the worst."""
        n = outcomes.size
        counted = self.worst * n
        order = np.argsort(outcomes, kind="stable")
        tail = np.zeros(n)
        tail[order] = np.clip(counted - np.arange(n), 0.0, 1.0) / counted
        return (1 - self.weight) / n + self.weight * tail

    def contributions(self, outcomes: Array) -> Array:
        """Return the outcomes, the worst ones measured from the quantile they lie below."""
        rank = min(ceil(self.worst * outcomes.size - 1e-9), outcomes.size) - 1
        quantile = np.partition(outcomes, rank)[rank]
        tail = quantile - np.maximum(quantile - outcomes, 0.0) / self.worst
        return np.asarray((1 - self.weight) * outcomes + self.weight * tail)


#: The mean over all worlds.
MEAN = MeanWorst(1.0, 0.0)


@dataclass(frozen=True, slots=True)
class Attainment:
    """Expected attainment of a target, E[min(Y / target, 1)].

    Parameters
    ----------
    target : float
        In units of the metric, > 0.
    """

    target: float

    def __post_init__(self) -> None:
        if not 0 < self.target < inf:
            raise ValueError(f"target(={self.target}) must be > 0")

    def value(self, outcomes: Array) -> float:
        """Return the functional of outcomes, shape (n_worlds,)."""
        return float(self.contributions(outcomes).mean())

    def weights(self, outcomes: Array) -> Array:
        """Return the weights of the worlds: none where the target is reached."""
        return (outcomes < self.target) / (self.target * outcomes.size)

    def contributions(self, outcomes: Array) -> Array:
        """Return how much of the target every world attains."""
        return np.minimum(outcomes / self.target, 1.0)
