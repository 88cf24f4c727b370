"""What it is worth to know an input before choosing between plans.

References
----------
Raiffa and Schlaifer (1961) (value of information); Strong, Oakley and Brennan (2014),
"Estimating multiparameter partial expected value of perfect information from a probabilistic
sensitivity analysis sample: a nonparametric regression approach"; Mallows (1973) (a fit looks as
much too good on its own sample as it does too bad on another).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Quantiles at which the natural cubic spline of the regression has its knots (Harrell 2001).
KNOTS = (0.05, 0.275, 0.5, 0.725, 0.95)

#: Parts of the sample that are left out of the fit in turn.
FOLDS = 8


@dataclass(frozen=True, slots=True)
class Worth:
    """An expected gain.

    Parameters
    ----------
    value, se : float
        Corrected for bias to first order: the middle of the other two. Its standard error.
    kept_apart : float
        Plans chosen by a fit that did not see the worlds they are judged in: too low on average.
    fitted : float
        Plans chosen and judged by the same fit: too high on average.
    """

    value: float
    se: float
    kept_apart: float
    fitted: float


#: Foresees values of shape (n_worlds, n_plans) from an input: fits them where the mask is true
#: and returns what is expected in every world.
Smoother = Callable[[Array, NDArray[np.bool_]], Array]


def by_spline(x: Array) -> Smoother:
    """Return a regression on a natural cubic spline of an input, shape (n_worlds,)."""
    basis, _ = np.linalg.qr(spline(x))

    def foreseen(values: Array, seen: NDArray[np.bool_]) -> Array:
        mine = basis[seen]
        return np.asarray(basis @ np.linalg.solve(mine.T @ mine, mine.T @ values[seen]))

    return foreseen


def spline(x: Array) -> Array:
    """Return the basis of a natural cubic spline, constant first, shape (n, 5 at most).

    Parameters
    ----------
    x : ndarray, shape (n,)

    References
    ----------
    Hastie, Tibshirani and Friedman (2009), equations 5.4 and 5.5.
    """
    t = (x - x.mean()) / (x.std() or 1.0)
    knots = np.unique(np.quantile(t, KNOTS))
    if len(knots) < 3:
        return np.stack([np.ones_like(t), t], axis=1)
    cubes = np.maximum(t[:, None] - knots, 0.0) ** 3
    bends = (cubes[:, :-1] - cubes[:, -1:]) / (knots[-1] - knots[:-1])
    return np.column_stack([np.ones_like(t), t, bends[:, :-1] - bends[:, -1:]])


def by_category(x: NDArray[np.intp]) -> Smoother:
    """Return a mean per category, shape (n_worlds,); the mean of all for one not seen."""

    def foreseen(values: Array, seen: NDArray[np.bool_]) -> Array:
        size = int(x.max()) + 1
        counts = np.bincount(x[seen], minlength=size)[:, None]
        sums = np.stack([np.bincount(x[seen], v, size) for v in values[seen].T], axis=1)
        means = np.broadcast_to(values[seen].mean(axis=0), sums.shape).copy()
        np.divide(sums, counts, out=means, where=counts > 0)
        return np.asarray(means[x])

    return foreseen


def partial_information(
    values: Array, base: int, foresee: Smoother, replicate: NDArray[np.int64]
) -> Worth:
    """Estimate what it is worth to know one input (EVPPI), over the plans given.

    The plans are finitely many, so that it is no more than over all plans.

    Parameters
    ----------
    values : ndarray, shape (n_plans, n_worlds)
        What every plan brings, on common worlds.
    base : int
        The plan that is chosen without knowing more.
    foresee : Smoother
        Of the input.
    replicate : ndarray of int, shape (n_worlds,)
        Which independent replicate a world belongs to.
    """
    more = (values - values[base]).T
    at, everywhere = np.arange(len(more)), np.ones(len(more), bool)
    foreseen = foresee(more, everywhere)
    chosen = foreseen.argmax(axis=1)
    apart = np.zeros(len(more))
    for fold in np.unique(replicate % FOLDS):
        out = replicate % FOLDS == fold
        guess = foresee(more, ~out)[out]
        apart[out] = more[out, guess.argmax(axis=1)]
    low, high = float(apart.mean()), float(foreseen[at, chosen].mean())
    return Worth((low + high) / 2, _error((apart + more[at, chosen]) / 2, replicate), low, high)


def _error(values: Array, replicate: NDArray[np.int64]) -> float:
    """Return the standard error of a mean, from the means of independent replicates."""
    groups = np.unique(replicate)
    means = [float(values[replicate == g].mean()) for g in groups]
    return float(np.std(means, ddof=1) / sqrt(len(groups))) if len(groups) > 1 else float("nan")
