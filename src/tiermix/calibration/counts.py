"""Rates that are one number for all creators of a tier, from counts: zeros are information.

What the simulator multiplies by is the mean rate, so the mean is what is estimated. Creators
differ around it by a beta law (shares) or a gamma law (ratios), integrated out in closed form.

References
----------
Skellam (1948) (beta-binomial); Greenwood and Yule (1920) (gamma-Poisson).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, log

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.special import betaln, expit, gammaln

from tiermix.calibration.posterior import (
    PLENTY,
    POINTS,
    REACH,
    Belief,
    Prior,
    log_normal,
    quadrature,
)

Array = NDArray[np.float64]

#: Coefficient of variation of creators' rates: a guess, and the spread of its log. With a wider one
#: a creator without any result passes for a freak, and the tier's rate for a higher one.
VARIATION, VARIATION_SD = 0.5, 0.25

#: Values of the mean at which the likelihood is taken, and of the variation at each.
MEANS, VARIATIONS = 25, 7


@dataclass(frozen=True, slots=True)
class RateFit:
    """A mean rate and how creators vary around it.

    Parameters
    ----------
    belief : Belief
        Of the mean, on the link scale.
    variation : float
        Coefficient of variation between creators.
    """

    belief: Belief
    variation: float


def fit_share(counts: Array, trials: Array, prior: Prior) -> RateFit:
    """Fit a mean share, with beta-binomial counts.

    Parameters
    ----------
    counts, trials : ndarray, shape (n_creators,)
    prior : Prior
        Of the log odds of the mean.
    """
    return _fit(_beta_binomial, counts, trials, prior)


def fit_ratio(counts: Array, exposures: Array, prior: Prior) -> RateFit:
    """Fit a mean ratio, with gamma-Poisson counts.

    Parameters
    ----------
    counts, exposures : ndarray, shape (n_creators,)
        Exposures are above 0.
    prior : Prior
        Of the log of the mean.
    """
    return _fit(_gamma_poisson, counts, exposures, prior)


def _beta_binomial(counts: Array, trials: Array, mean: float, variation: float) -> float:
    a, b = beta_parameters(float(expit(mean)), variation)
    return float((betaln(counts + a, trials - counts + b) - betaln(a, b)).sum())


def _gamma_poisson(counts: Array, exposures: Array, mean: float, variation: float) -> float:
    shape = variation**-2.0
    expected = exposures * np.exp(mean)
    logs = gammaln(counts + shape) - gammaln(shape) - shape * np.log1p(expected / shape)
    return float((logs + counts * (mean - np.log(shape + expected))).sum())


def beta_parameters(mean: float, variation: float) -> tuple[float, float]:
    """Return both parameters of the beta law with about that coefficient of variation."""
    size = (1 - mean) / (mean * variation**2)
    return mean * size, (1 - mean) * size


def _fit(
    likelihood: Callable[[Array, Array, float, float], float],
    counts: Array,
    trials: Array,
    prior: Prior,
) -> RateFit:
    """Return the marginal law of the mean: a grid of it, nodes of the variation."""
    start, sd = np.array([prior.centre, log(VARIATION)]), np.array([1.0, VARIATION_SD])
    step = ceil(counts.size / PLENTY)

    def log_posterior(both: Array, step: int = 1) -> float:
        told = likelihood(counts[::step], trials[::step], float(both[0]), float(np.exp(both[1])))
        return told + float(log_normal((both - start) / sd, 1.0).sum())

    found = quadrature(lambda both: log_posterior(both, step), start, sd)
    w = found.weights
    middle, wide = w @ found.nodes, np.sqrt(w @ (found.nodes - w @ found.nodes) ** 2)
    coarse = middle[0] + np.linspace(-REACH, REACH, MEANS) * wide[0]
    variations = middle[1] + np.linspace(-3, 3, VARIATIONS) * wide[1]
    if step > 1:
        variations = middle[1:]
    told = np.array([[log_posterior(np.array([m, v])) for v in variations] for m in coarse])
    marginal = np.logaddexp.reduce(told, axis=1)
    x = np.linspace(coarse[0], coarse[-1], POINTS)
    belief = Belief.of(x, CubicSpline(coarse, marginal)(x)).under(prior)
    return RateFit(belief, float(np.sqrt(w @ np.exp(2 * found.nodes[:, 1]))))
