"""What is known about one number after the data: priors that give way, quadrature, quantiles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import log, pi, sqrt

import numpy as np
from numpy.polynomial.hermite_e import hermegauss
from numpy.typing import NDArray
from scipy.optimize import minimize

Array = NDArray[np.float64]

#: Spread, on the link scale, of a prior that says next to nothing: 9 of 10 within a factor 5.
VAGUE = 1.0

#: How many priors are tried between a preset's and the vague one, and the gain in log marginal
#: likelihood from which on a looser one is believed: the data are 1.3 deviations off.
TRIED, GAIN = 30, 0.1

#: Points of a density, and how many standard deviations they reach.
POINTS, REACH = 2001, 7.0

#: Rows from which on two nuisance parameters are as good as known from a part of the creators.
PLENTY = 10_000

#: Nodes of the quadrature over the first and the second nuisance parameter.
NODES = (7, 5)

#: How far, in prior standard deviations, a nuisance parameter is looked for.
FARTHEST = 8.0


@dataclass(frozen=True, slots=True)
class Prior:
    """What is believed before the data, on the link scale: a normal law.

    Parameters
    ----------
    centre : float
    sd : float
        Of the preset's range; 0 where it gives none, which says next to nothing.
    """

    centre: float
    sd: float

    def log_vague(self, x: Array) -> Array:
        """Return the log density of a law around the same centre that says next to nothing."""
        return log_normal(x - self.centre, VAGUE**2)


@dataclass(frozen=True, slots=True)
class Belief:
    """A density on a grid.

    Parameters
    ----------
    x : ndarray, shape (n,)
        Evenly spaced.
    density : ndarray, shape (n,)
        Sums to 1.
    """

    x: Array
    density: Array

    @classmethod
    def of(cls, x: Array, log_density: Array) -> Belief:
        """Return the belief with a density known up to a factor."""
        density = np.exp(log_density - log_density.max())
        return cls(x, density / density.sum())

    @property
    def mean(self) -> float:
        """Mean."""
        return float(self.x @ self.density)

    @property
    def sd(self) -> float:
        """Standard deviation."""
        return sqrt(float((self.x - self.mean) ** 2 @ self.density))

    def quantile(self, p: float) -> float:
        """Return a quantile."""
        cumulative = np.cumsum(self.density) - self.density / 2
        return float(np.interp(p, cumulative, self.x))

    def under(self, prior: Prior) -> Belief:
        """Return the belief under a prior, if this is the one under its vague law.

        Where the data contradict the prior, it is loosened until they are likeliest: its
        spread is the one of largest marginal likelihood, and its own at least.

        References
        ----------
        Berger (1985), "Statistical Decision Theory and Bayesian Analysis", section 3.5.4 (type
        II maximum likelihood).
        """
        if prior.sd == 0:
            return self
        with np.errstate(divide="ignore"):
            likelihood = np.log(self.density) - prior.log_vague(self.x)
        spreads = np.geomspace(prior.sd, max(VAGUE, prior.sd), TRIED)
        candidates = [likelihood + log_normal(self.x - prior.centre, sd**2) for sd in spreads]
        marginals = [np.logaddexp.reduce(candidate) for candidate in candidates]
        best = int(np.argmax(marginals))
        gains = marginals[best] - marginals[0] > GAIN
        return Belief.of(self.x, candidates[best if gains else 0])


def mixture(weights: Array, means: Array, sds: Array) -> Belief:
    """Return a mixture of normal laws.

    Parameters
    ----------
    weights, means, sds : ndarray, shape (n,)
    """
    x = np.linspace(np.min(means - REACH * sds), np.max(means + REACH * sds), POINTS)
    parts = np.exp(-(((x[:, None] - means) / sds) ** 2) / 2) / sds
    with np.errstate(divide="ignore"):
        return Belief.of(x, np.log(parts @ weights))


def log_normal(deviation: Array, variance: float) -> Array:
    """Return the log density of a normal law at a deviation from its mean."""
    return np.asarray(-(deviation**2) / (2 * variance) - log(2 * pi * variance) / 2)


@dataclass(frozen=True, slots=True)
class Nuisance:
    """Nodes and weights that stand for the posterior of two parameters.

    Parameters
    ----------
    nodes : ndarray, shape (n, 2)
    weights : ndarray, shape (n,)
        Sum to 1.
    """

    nodes: Array
    weights: Array

    def collapsed(self) -> Nuisance:
        """Return the mean alone, for data that leave nothing open."""
        return Nuisance((self.weights @ self.nodes)[None, :], np.ones(1))


def quadrature(log_posterior: Callable[[Array], float], start: Array, sd: Array) -> Nuisance:
    """Return nodes for a posterior of two parameters.

    Gauss-Hermite nodes around the mode, stretched by the curvature there; weights correct
    for what is not normal.

    Parameters
    ----------
    log_posterior : callable
        Of an array of shape (2,), up to a constant.
    start, sd : ndarray, shape (2,)
        Where the prior stands and how wide it is.

    References
    ----------
    Rue, Martino and Chopin (2009), "Approximate Bayesian inference for latent Gaussian models".
    """

    def inside(z: Array) -> float:
        if np.abs(z).max() > FARTHEST:
            return 1e12
        return -log_posterior(start + sd * z)

    mode = minimize(
        inside,
        np.zeros(2),
        method="Nelder-Mead",
        options={"xatol": 1e-3, "fatol": 1e-3, "maxfev": 400},
    ).x
    root = _root(inside, mode)
    (a, wa), (b, wb) = (hermegauss(n) for n in NODES)
    z = np.stack(np.meshgrid(a, b, indexing="ij"), axis=-1).reshape(-1, 2)
    points = mode + z @ root.T
    told = np.array([-inside(point) for point in points])
    logs = told + (z**2).sum(axis=1) / 2 + np.log(np.outer(wa, wb).ravel())
    weights = np.exp(logs - logs.max())
    return Nuisance(start + sd * points, weights / weights.sum())


def _root(function: Callable[[Array], float], mode: Array, step: float = 0.1) -> Array:
    """Return a square root of the inverse curvature at a minimum, no wider than the prior."""
    e = np.eye(2) * step
    curvature = np.empty((2, 2))
    for i in range(2):
        for j in range(2):
            corners = [
                function(mode + s * e[i] + t * e[j]) * s * t for s in (1, -1) for t in (1, -1)
            ]
            curvature[i, j] = sum(corners) / (4 * step**2)
    values, vectors = np.linalg.eigh((curvature + curvature.T) / 2)
    return np.asarray(vectors / np.sqrt(np.maximum(values, 1.0)))
