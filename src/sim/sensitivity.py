"""How much of an outcome's variance each input explains.

References
----------
Sobol' (1993) (first-order indices); Homma and Saltelli (1996) (total indices); Saltelli et al.
(2010), "Variance based sensitivity analysis of model output" (design, and estimator of the
first order); Jansen (1999) (estimator of the total); Efron and Stein (1981) (jackknife).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Indices:
    """Sobol' indices of every input, as shares of the variance, with standard errors.

    Parameters
    ----------
    first, first_se : ndarray, shape (n_inputs,)
        What the input explains alone.
    total, total_se : ndarray, shape (n_inputs,)
        What is left unexplained when all others are known: alone and together with others.
    """

    first: Array
    first_se: Array
    total: Array
    total_se: Array


def sobol_indices(a: Array, b: Array, mixed: Array, replicate: NDArray[np.int64]) -> Indices:
    """Estimate Sobol' indices from two independent samples and their mixtures.

    Parameters
    ----------
    a, b : ndarray, shape (n,)
        Outcomes at the points of two independent samples.
    mixed : ndarray, shape (n_inputs, n)
        Outcomes at the points of the first with one input from the second.
    replicate : ndarray of int, shape (n,)
        Which independent replicate a point belongs to; standard errors come from leaving out
        one at a time.

    Raises
    ------
    ValueError
        If the outcome does not vary, or there is one replicate only.
    """
    groups = np.unique(replicate)
    middle = (a.mean() + b.mean()) / 2
    a, b, mixed = a - middle, b - middle, mixed - middle
    if len(groups) < 2 or not (a.any() or b.any()):
        raise ValueError("the outcome does not vary, or there is one replicate only")
    member = (replicate == groups[:, None]).astype(float)
    sums = {
        "points": member.sum(axis=1),
        "level": member @ (a + b) / 2,
        "square": member @ (a**2 + b**2) / 2,
        "shift": (mixed - a) @ member.T,
        "first": (b * (mixed - a)) @ member.T,
        "total": ((mixed - a) ** 2 / 2) @ member.T,
    }
    whole = _ratios({name: x.sum(axis=-1) for name, x in sums.items()})
    without = [
        _ratios({name: x.sum(axis=-1) - x[..., g] for name, x in sums.items()})
        for g in range(len(groups))
    ]
    spread = sqrt(len(groups) - 1) * np.std(without, axis=0)
    return Indices(whole[0], spread[0], whole[1], spread[1])


def _ratios(sums: dict[str, Array]) -> Array:
    """Return first-order and total indices from sums over points, shape (2, n_inputs)."""
    level = sums["level"] / sums["points"]
    variance = sums["square"] / sums["points"] - level**2
    first = (sums["first"] - level * sums["shift"]) / sums["points"]
    return np.stack([first, sums["total"] / sums["points"]]) / variance
