"""When enough worlds are drawn: looks at doubled numbers of worlds, each at a level of its own.

Who looks at an interval again and again, and stops when it is short, stops too often at a spread
that is underestimated by chance: the interval then holds the truth less often than it says. Here
look k has the error α / (k (k + 1)), and these add up to α: with probability 1 − α *all* intervals
hold, the one at which the drawing stops among them, whatever made it stop. That needs no more than
that each interval is right by itself: Student's t for the means of the 16 independent replicates.
Worlds are doubled because Sobol points are even at powers of two, and few looks cost little.

References
----------
Robbins (1970), "Statistical methods related to the law of the iterated logarithm" (levels that add
up); Glynn and Whitt (1992), "The asymptotic validity of sequential stopping rules for stochastic
simulations"; Hickernell, Jiang, Liu and Owen (2013), "Guaranteed conservative fixed width
confidence intervals via Monte Carlo sampling"; L'Ecuyer, Nakayama, Owen and Tuffin (2023),
"Confidence intervals for randomized quasi-Monte Carlo estimators".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from sim.worlds import BLOCK, REPLICATES

Array = NDArray[np.float64]

#: Probability that an interval at which the drawing stops misses the truth.
ERROR = 0.1

#: Worlds of the first look: 64 points of every replicate, so that their means are about normal.
FIRST = 1024

#: No more worlds than these are drawn.
MOST = 2**18

#: No mean is smaller than this when widths are divided by it.
TINY = 1e-300

#: A difference smaller than this, relative to the leader, is none.
ALIKE = 1e-9


@dataclass(frozen=True, slots=True)
class Estimated:
    """A mean and half the width of its interval at one look."""

    mean: float
    half: float


@dataclass(frozen=True, slots=True)
class Look:
    """What is known after some worlds.

    Parameters
    ----------
    worlds : int
    leader : int
        Position of the plan with the largest mean.
    rival : int or None
        Of the next best one that does not bring the same in every world.
    mean : Estimated
        Of the leader.
    lead : Estimated or None
        Of the leader over its rival.
    """

    worlds: int
    leader: int
    rival: int | None
    mean: Estimated
    lead: Estimated | None

    @property
    def precision(self) -> float:
        """Return the wider half of both intervals, relative to the leader's mean."""
        widest = max(self.mean.half, self.lead.half if self.lead else 0.0)
        return 0.0 if widest == 0 else widest / max(abs(self.mean.mean), TINY)


def quantile(number: int) -> float:
    """Return Student's t of a look, counted from 1: the levels of all looks add up to `ERROR`."""
    return float(stdtrit(REPLICATES - 1, 1 - ERROR / (number * (number + 1)) / 2))


def look(values: Array, number: int) -> Look:
    """Say what is known of plans.

    Parameters
    ----------
    values : ndarray, shape (n_plans, n_worlds)
        What plans bring in the first worlds; their number is a multiple of `REPLICATES`.
    number : int
        Of the look, from 1.
    """
    means = values.mean(axis=1)
    leader = int(means.argmax())
    apart = np.abs(values - values[leader]).max(axis=1) > ALIKE * abs(means[leader])
    rival = int(np.where(apart, means, -np.inf).argmax()) if apart.any() else None
    t = quantile(number)
    return Look(
        values.shape[1],
        leader,
        rival,
        _estimated(values[leader], t),
        None if rival is None else _estimated(values[leader] - values[rival], t),
    )


def _estimated(values: Array, t: float) -> Estimated:
    means = values.reshape(-1, REPLICATES).mean(axis=0)
    return Estimated(float(values.mean()), t * float(means.std(ddof=1)) / sqrt(REPLICATES))


@dataclass(frozen=True, slots=True)
class Precision:
    """How precise means were asked to be, and are.

    Parameters
    ----------
    asked : float
        Half of an interval, relative to the mean of the best plan.
    looks : tuple of Look
    """

    asked: float
    looks: tuple[Look, ...]

    @property
    def reached(self) -> bool:
        """Whether the last look is as precise as asked."""
        return self.looks[-1].precision <= self.asked


def first_look(most: int) -> int:
    """Return the worlds of the first look where no more than so many are drawn."""
    few = most // REPLICATES * REPLICATES if most < BLOCK else most // BLOCK * BLOCK
    return min(FIRST, max(few, REPLICATES))


def grow(
    draw: Callable[[int, int], Array],
    asked: float,
    *,
    judge: Callable[[Array], Array] = lambda values: values,
    most: int = MOST,
) -> Precision:
    """Draw worlds until means are as precise as asked.

    Parameters
    ----------
    draw : callable
        Returns what plans bring in so many worlds from the first given on, shape
        (n_plans, n_worlds).
    asked : float
        Half of an interval, relative to the mean of the best plan.
    judge : callable
        Turns what plans bring in all worlds into values whose mean they are judged by.
    most : int
        Worlds to draw at most, at least `REPLICATES`.

    Returns
    -------
    Precision
        Reached, unless the last look holds about as many worlds as are allowed.
    """
    values, looks = draw(0, first_look(most)), list[Look]()
    while True:
        looks.append(look(judge(values), len(looks) + 1))
        n = values.shape[1]
        if looks[-1].precision <= asked or 2 * n > most:
            return Precision(asked, tuple(looks))
        values = np.concatenate([values, draw(n, n)], axis=1)
