"""Followers of the creators of a tier: lognormal, cut to the tier's limits."""

from __future__ import annotations

from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr

from tiermix.calibration.mixed import SPREAD_SD
from tiermix.calibration.posterior import Belief, Prior, log_normal

Array = NDArray[np.float64]

#: Grid of medians, and of spreads around the prior's in its standard deviations.
MEDIANS, SPREADS = 801, 61


@dataclass(frozen=True, slots=True)
class SizeFit:
    """The law of followers before the cut.

    Parameters
    ----------
    belief : Belief
        Of the log of its median.
    creators_sd : float
        Root mean square of its log spread.
    """

    belief: Belief
    creators_sd: float


def fit_sizes(logs: Array, low: float, high: float, prior: Prior, creators_sd: float) -> SizeFit:
    """Fit the law that the followers of a tier are a cut of.

    Parameters
    ----------
    logs : ndarray, shape (n_creators,)
        Logs of followers, one a creator.
    low, high : float
        The tier holds followers between these only; 0 and infinity for no cut.
    prior : Prior
        Of the log of the median before the cut.
    creators_sd : float
        What the preset says about the spread.

    References
    ----------
    Cohen (1959), "Simplified estimators for the normal distribution when samples are singly
    censored or truncated" (the likelihood; the prior settles what the cut leaves open).
    """
    n, mean, square = logs.size, logs.mean(), logs.var()
    step = creators_sd * np.exp(float(SPREAD_SD[0]) * np.linspace(-4, 4, SPREADS))[:, None]
    reach = 4 * creators_sd + abs(mean - prior.centre)
    x = np.linspace(prior.centre - reach, prior.centre + reach, MEDIANS)
    told = -n * np.log(step) - n * (square + (mean - x) ** 2) / (2 * step**2)
    told = told - n * _log_inside(x, step, low, high)
    told = told + log_normal(np.log(step / creators_sd), float(SPREAD_SD[0]) ** 2)
    told = told + prior.log_vague(x)
    weights = np.exp(told - told.max())
    belief = Belief(x, weights.sum(axis=0) / weights.sum())
    spread = np.sqrt((weights.sum(axis=1) @ step[:, 0] ** 2) / weights.sum())
    return SizeFit(belief, float(spread))


def _log_inside(median: Array, sd: Array, low: float, high: float) -> Array | float:
    """Return the log of the share of a law that lies inside the limits."""
    if low <= 0 and high == np.inf:
        return 0.0
    below = log_ndtr((log(low) - median) / sd) if low > 0 else np.full_like(median * sd, -np.inf)
    above = log_ndtr((log(high) - median) / sd) if high < np.inf else np.zeros_like(median * sd)
    flipped_below = log_ndtr((median - log(high)) / sd) if high < np.inf else below * 0 - np.inf
    flipped_above = log_ndtr((median - log(low)) / sd) if low > 0 else above * 0
    right = median > (log(low) if low > 0 else log(high))
    return np.where(right, _less(flipped_above, flipped_below), _less(above, below))


def _less(larger: Array, smaller: Array) -> Array:
    """Return log(e^larger − e^smaller)."""
    gap = np.minimum(smaller - larger, -1e-300)
    return np.asarray(larger + np.log(-np.expm1(gap)))
