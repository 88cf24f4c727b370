"""Risk functionals: what many worlds come to, as one number that a plan is judged by.

Every functional here rises in the outcomes. All but the chance of a target are concave, so that
a concave response stays concave under them; given the outcomes, each is a weighted mean of the
worlds (its supergradient). The chance is bounded from above by a concave one over a box of plans.

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

#: Share of a target from which a world that can not miss it by more is taken to reach it.
NEARLY = 1e-6

#: How close to a target, relative to it, an outcome counts as having reached it.
ROUNDING = 1e-9


class Risk(Protocol):
    """A rising functional of outcomes."""

    @property
    def concave(self) -> bool:
        """Whether it is a concave function of the outcomes."""

    def steps(self, n_worlds: int) -> float:
        """Return the distance between values that the functional can take, 0 if it takes all."""

    def over(self, least: Array) -> Risk:
        """Return a concave functional nowhere below this one where no outcome is below `least`.

        Parameters
        ----------
        least : ndarray, shape (n_worlds,)
        """

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

    @property
    def concave(self) -> bool:
        """Whether it is a concave function of the outcomes: always."""
        return True

    def steps(self, n_worlds: int) -> float:
        """Return the distance between values that the functional can take: none."""
        return 0.0

    def over(self, least: Array) -> MeanWorst:
        """Return a concave functional nowhere below this one: itself."""
        return self

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
        return self.measured(outcomes, float(np.partition(outcomes, rank)[rank]))

    def measured(self, outcomes: Array, level: float) -> Array:
        """Return the outcomes, those below a level measured from there, shape (n_worlds,).

        Their mean is the functional where the level ends the worst worlds, and less elsewhere.
        """
        tail = level - np.maximum(level - outcomes, 0.0) / self.worst
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

    @property
    def concave(self) -> bool:
        """Whether it is a concave function of the outcomes: always."""
        return True

    def steps(self, n_worlds: int) -> float:
        """Return the distance between values that the functional can take: none."""
        return 0.0

    def over(self, least: Array) -> Attainment:
        """Return a concave functional nowhere below this one: itself."""
        return self

    def value(self, outcomes: Array) -> float:
        """Return the functional of outcomes, shape (n_worlds,)."""
        return float(self.contributions(outcomes).mean())

    def weights(self, outcomes: Array) -> Array:
        """Return the weights of the worlds: none where the target is reached."""
        return (outcomes < self.target) / (self.target * outcomes.size)

    def contributions(self, outcomes: Array) -> Array:
        """Return how much of the target every world attains."""
        return np.minimum(outcomes / self.target, 1.0)


@dataclass(frozen=True, slots=True)
class Chance:
    """The chance of reaching a target, P(Y >= target).

    Parameters
    ----------
    target : float
        In units of the metric.
    """

    target: float

    def __post_init__(self) -> None:
        if not -inf < self.target < inf:
            raise ValueError(f"target(={self.target}) must be finite")

    @property
    def concave(self) -> bool:
        """Whether it is a concave function of the outcomes: it is a step."""
        return False

    def steps(self, n_worlds: int) -> float:
        """Return the distance between values that the functional can take: one world."""
        return 1 / n_worlds

    def over(self, least: Array) -> Approach:
        """Return a concave functional nowhere below this one where no outcome is below `least`."""
        return Approach(self.target, least)

    def value(self, outcomes: Array) -> float:
        """Return the functional of outcomes, shape (n_worlds,)."""
        return float(self.contributions(outcomes).mean())

    def weights(self, outcomes: Array) -> Array:
        """Return the slope of every world: none, on either side of the step."""
        return np.zeros(outcomes.size)

    def contributions(self, outcomes: Array) -> Array:
        """Return 1 for every world that reaches the target, to rounding; 0 for the others."""
        return (outcomes >= self.target - ROUNDING * abs(self.target)).astype(float)


@dataclass(frozen=True, slots=True)
class Approach:
    """How much of the way from the least outcome to a target every world has come.

    The lowest concave function that is nowhere below the chance of the target.

    Parameters
    ----------
    target : float
    least : ndarray, shape (n_worlds,)
        No outcome is below it.
    """

    target: float
    least: Array

    @property
    def concave(self) -> bool:
        """Whether it is a concave function of the outcomes: always."""
        return True

    def steps(self, n_worlds: int) -> float:
        """Return the distance between values that the functional can take: none."""
        return 0.0

    def over(self, least: Array) -> Approach:
        """Return the same where no outcome is below `least`."""
        return Approach(self.target, np.maximum(self.least, least))

    def value(self, outcomes: Array) -> float:
        """Return the functional of outcomes, shape (n_worlds,)."""
        return float(self.contributions(outcomes).mean())

    def weights(self, outcomes: Array) -> Array:
        """Return the slope of every world: none where the target is reached."""
        way, open_ = self._way
        rising = open_ & (outcomes < self.least + way)
        return np.divide(1.0, way * outcomes.size, out=np.zeros(outcomes.size), where=rising)

    def contributions(self, outcomes: Array) -> Array:
        """Return the share of the way, shape (n_worlds,); 1 from the target on."""
        way, open_ = self._way
        come = np.divide(outcomes - self.least, way, out=np.ones(outcomes.size), where=open_)
        return np.minimum(come, 1.0)

    @property
    def _way(self) -> tuple[Array, NDArray[np.bool_]]:
        """Return what is left to the target from the least outcome, and where that is something."""
        way = self.target - ROUNDING * abs(self.target) - self.least
        return way, way > NEARLY * abs(self.target)
