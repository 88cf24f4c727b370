"""Choosing the best plan with a guarantee: ranking and selection on independent observations.

The fully sequential procedure KN: after a first stage every plan whose mean lies too far below
another one is screened out, then the rest is observed on. If the best plan leads by at least the
indifference zone, it is chosen with the probability asked for, whatever the other means are and
however the plans share their luck (common random numbers help, and need not be known). That is
proved for normal observations; here each is the mean of one independent randomisation of some Sobol
points. Looking after every stage, and not after every observation, errs no more often (Jennison,
Johnstone and Turnbull 1982).

References
----------
Kim and Nelson (2001), "A fully sequential procedure for indifference-zone selection in simulation";
Clark and Yang (1986), "A Bonferroni selection procedure when using common random numbers with
unknown variances" (equal allocation).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, floor, inf

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

Array = NDArray[np.float64]


class TooManyObservationsError(ValueError):
    """Plans are too close to each other, or too uncertain, for the indifference zone."""

    def __init__(self, needed: float) -> None:
        super().__init__(f"up to {needed:.3g} observations of a plan may be needed")
        self.needed = needed


@dataclass(frozen=True, slots=True)
class Selection:
    """The plan that was chosen, and what that took.

    Parameters
    ----------
    best : int
        Position of the plan.
    observations : tuple of int, shape (n_plans,)
        Of every plan.
    means : tuple of float, shape (n_plans,)
        Of its observations.
    screened : tuple of int
        Plans in the order in which they were screened out.
    equal : int
        Observations of every plan that a procedure with equal allocation asks for.
    """

    best: int
    observations: tuple[int, ...]
    means: tuple[float, ...]
    screened: tuple[int, ...]
    equal: int


def select(
    draw: Callable[[int, Sequence[int]], Array],
    n_plans: int,
    indifference: float,
    confidence: float,
    *,
    most: float = inf,
) -> Selection:
    """Choose the plan with the largest mean.

    Parameters
    ----------
    draw : callable
        Returns new observations of the given plans in a stage (0, 1, …), as many in every one,
        shape (n_given, n_observations): independent of each other and of other stages, plans
        beside each other.
    n_plans : int
        At least 1.
    indifference : float
        Lead of the best plan from which on it must be found, > 0.
    confidence : float
        Probability of finding it, in (0.5, 1).
    most : float
        Observations of a plan at most.

    Raises
    ------
    ValueError
        If `n_plans`, `indifference` or `confidence` is out of range.
    TooManyObservationsError
        If more may be needed.
    """
    if n_plans < 1 or not (0 < indifference < inf and 0.5 < confidence < 1):
        raise ValueError(
            f"n_plans(={n_plans}), indifference(={indifference}) or confidence(={confidence}) "
            "out of range"
        )
    seen = draw(0, range(n_plans))
    first = seen.shape[1]
    spread = np.var(seen[:, None] - seen[None, :], axis=2, ddof=1)
    error = (1 - confidence) / max(n_plans - 1, 1)
    reach = ((2 * error) ** (-2 / (first - 1)) - 1) * (first - 1) * spread / indifference
    longest = floor(float(reach.max()) / indifference) + 1
    if longest > most:
        raise TooManyObservationsError(longest)

    totals, counts = seen.sum(axis=1), np.full(n_plans, first)
    left, out, stage = list(range(n_plans)), list[int](), 0
    while True:
        means = totals[left] / counts[left]
        slack = np.maximum(reach[np.ix_(left, left)] / counts[left[0]] - indifference, 0.0) / 2
        keep = (means[:, None] >= means[None, :] - slack).all(axis=1)
        worst_first = sorted(range(len(left)), key=lambda at: float(means[at]))
        out += [left[at] for at in worst_first if not keep[at]]
        left = [i for i, kept in zip(left, keep, strict=True) if kept]
        if len(left) == 1 or counts[left[0]] >= longest:
            break
        stage += 1
        new = draw(stage, left)
        totals[left] += new.sum(axis=1)
        counts[left] += new.shape[1]
    best = max(left, key=lambda i: float(totals[i]))
    t = float(stdtrit(first - 1, 1 - error))
    return Selection(
        best,
        tuple(counts.tolist()),
        tuple((totals / counts).tolist()),
        tuple(out),
        max(first, ceil(t**2 * float(spread.max()) / indifference**2)),
    )
