"""Rates and fees of posts by creators: what is typical, how creators differ, how posts do.

The value of post i of creator c is, on the link scale,

    y = β₀ + β₁ x + creator + post + sampling noise,    creator ~ N(0, σ_c²), post ~ N(0, σ_p²)

with x the log of followers over a reference. Given σ_c and σ_p everything is linear and
normal; these two are integrated out by quadrature, which widens what few posts leave open
as a t-law would.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import ceil

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from tiermix.calibration.posterior import (
    PLENTY,
    VAGUE,
    Belief,
    Nuisance,
    log_normal,
    mixture,
    quadrature,
)

Array = NDArray[np.float64]

#: Spread of the prior of a log standard deviation.
SPREAD_SD = np.array([0.5, 0.5])

#: Spread of the prior of an elasticity.
SLOPE_SD = 0.3

#: Variance that a post has at least, so that equal numbers are no contradiction.
LEAST = 1e-8

#: Rounds in which counts and the law behind them are fitted to each other.
ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Beliefs:
    """Priors of a fit, on the link scale.

    Parameters
    ----------
    centre : float
        Of the typical value.
    slope : float or None
        Of the elasticity in followers; None for no elasticity.
    creators_sd, posts_sd : float
        Between creators at a given following, and between posts of one creator.
    """

    centre: float
    slope: float | None
    creators_sd: float
    posts_sd: float


@dataclass(frozen=True)
class MixedFit:
    """The posterior of a fit.

    Parameters
    ----------
    nuisance : Nuisance
        Of (ln σ_c, ln σ_p).
    means : ndarray, shape (n_nodes, q)
        Of (β₀, β₁) at every node.
    variances : ndarray, shape (n_nodes, q)
    """

    nuisance: Nuisance
    means: Array
    variances: Array

    @cached_property
    def creators_sd(self) -> float:
        """Root mean square of σ_c."""
        return float(np.sqrt(self.nuisance.weights @ np.exp(2 * self.nuisance.nodes[:, 0])))

    @cached_property
    def posts_sd(self) -> float:
        """Root mean square of σ_p."""
        return float(np.sqrt(self.nuisance.weights @ np.exp(2 * self.nuisance.nodes[:, 1])))

    @cached_property
    def coefficients(self) -> Array:
        """Posterior means of (β₀, β₁)."""
        return np.asarray(self.nuisance.weights @ self.means)

    def slope_sd(self) -> float:
        """Return the posterior standard deviation of β₁."""
        w, m = self.nuisance.weights, self.means[:, 1]
        return float(np.sqrt(w @ (self.variances[:, 1] + m**2) - (w @ m) ** 2))

    def typical(self, shifts: Array) -> Belief:
        """Return what is known about β₀ plus a shift a node."""
        sds = np.sqrt(self.variances[:, 0])
        return mixture(self.nuisance.weights, self.means[:, 0] + shifts, sds)


@dataclass(frozen=True)
class _Rows:
    """Rows sorted by creator.

    Parameters
    ----------
    y, noise : ndarray, shape (n,)
        Values, and the variance of their sampling noise.
    x : ndarray, shape (n, q)
    starts : ndarray of int, shape (n_creators,)
    """

    y: Array
    noise: Array
    x: Array
    starts: NDArray[np.intp]

    def sums(self, values: Array) -> Array:
        """Return sums by creator."""
        return np.add.reduceat(values, self.starts, axis=0)

    def thinned(self) -> _Rows:
        """Return every so-maniest creator with all her rows, about `PLENTY` rows in all."""
        step = ceil(self.y.size / PLENTY)
        if step == 1:
            return self
        lengths = np.diff(np.append(self.starts, self.y.size))
        chosen = np.arange(lengths.size) % step == 0
        mine = np.repeat(chosen, lengths)
        starts = np.concatenate([[0], np.cumsum(lengths[chosen])[:-1]])
        return _Rows(self.y[mine], self.noise[mine], self.x[mine], starts)


def fit_normal(y: Array, x: Array | None, creator: NDArray[np.intp], beliefs: Beliefs) -> MixedFit:
    """Fit values without sampling noise, such as log fees.

    Parameters
    ----------
    y : ndarray, shape (n,)
    x : ndarray, shape (n,), optional
        Log of followers over a reference.
    creator : ndarray of int, shape (n,)
    beliefs : Beliefs
    """
    order, starts = _grouped(creator)
    return _fit(_Rows(y[order], np.zeros(y.size), _design(x, order), starts), beliefs)


def fit_shares(
    counts: Array, trials: Array, x: Array | None, creator: NDArray[np.intp], beliefs: Beliefs
) -> MixedFit:
    """Fit binomial counts with logit-normal shares.

    Each count is replaced by the normal value and variance that its likelihood has at the most
    likely log odds of its post, and these are found anew after each fit.

    Parameters
    ----------
    counts, trials : ndarray, shape (n,)
        Counts of at most their trials, of more than 0.
    x, creator, beliefs
        As for `fit_normal`.

    References
    ----------
    Breslow and Clayton (1993), "Approximate inference in generalized linear mixed models".
    """
    order, starts = _grouped(creator)
    k, n, design = counts[order], trials[order], _design(x, order)
    expected = np.full(k.size, beliefs.centre)
    if beliefs.slope is not None and x is not None:
        expected += beliefs.slope * design[:, 1]
    fit, spread = None, np.hypot(beliefs.creators_sd, beliefs.posts_sd)
    for _ in range(ROUNDS):
        eta = _modes(k, n, expected, float(spread))
        p = expit(eta)
        information = np.maximum(n * p * (1 - p), 1e-12)
        rows = _Rows(eta + (k - n * p) / information, 1 / information, design, starts)
        fit = _fit(rows, beliefs)
        expected, spread = _expected(rows, fit), fit.posts_sd
        if information.min() > 1 / (1e-3 * spread**2):
            break  # every count speaks for itself
    assert fit is not None
    return fit


def mean_share_shifts(fit: MixedFit, at: float | None = None) -> Array:
    """Return, for every node, how far the log odds of the mean post lie from the middle one's.

    Parameters
    ----------
    fit : MixedFit
    at : float, optional
        Log odds of the middle post; the typical one if left out.
    """
    z, w = np.polynomial.hermite_e.hermegauss(21)
    middle = fit.means[:, 0] if at is None else np.full(len(fit.means), at)
    spread = np.exp(fit.nuisance.nodes[:, 1])
    means = expit(middle[:, None] + spread[:, None] * z) @ w / w.sum()
    return np.asarray(logit(means) - middle)


def mean_log_shifts(fit: MixedFit) -> Array:
    """Return, for every node, how far the log of the mean post lies from the middle one's."""
    return np.asarray(np.exp(2 * fit.nuisance.nodes[:, 1]) / 2)


def _grouped(creator: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return an order that keeps the rows of a creator together, and where each begins."""
    order = np.argsort(creator, kind="stable")
    mine = creator[order]
    return order, np.flatnonzero(np.concatenate([[True], mine[1:] != mine[:-1]]))


def _design(x: Array | None, order: NDArray[np.intp]) -> Array:
    columns = [np.ones(order.size)] + ([] if x is None else [x[order]])
    return np.stack(columns, axis=1)


def _fit(rows: _Rows, beliefs: Beliefs) -> MixedFit:
    """Integrate both spreads out."""
    centre = np.array([beliefs.centre, *([] if beliefs.slope is None else [beliefs.slope])])
    precision = np.diag(np.array([VAGUE, SLOPE_SD])[: centre.size] ** -2.0)
    start = np.log([beliefs.creators_sd, beliefs.posts_sd])

    some = rows.thinned()

    def log_posterior(spreads: Array) -> float:
        prior = sum(log_normal(spreads - start, float(SPREAD_SD[0]) ** 2))
        return float(_given(some, spreads, centre, precision)[0] + prior)

    nuisance = quadrature(log_posterior, start, SPREAD_SD)
    if some is not rows:
        nuisance = nuisance.collapsed()
    solved = [_given(rows, node, centre, precision) for node in nuisance.nodes]
    return MixedFit(
        nuisance,
        np.array([mean for _, mean, _ in solved]),
        np.array([variance for _, _, variance in solved]),
    )


def _given(
    rows: _Rows, spreads: Array, centre: Array, precision: Array
) -> tuple[float, Array, Array]:
    """Return the log marginal likelihood, and mean and variance of β, given both spreads.

    The covariance of a creator's rows is diagonal plus a constant; its inverse and
    determinant are sums over the rows (Sherman and Morrison 1950).
    """
    between, within = np.exp(2 * spreads)
    variance = rows.noise + max(within, LEAST)
    w = 1 / variance
    wx = w[:, None] * rows.x
    n, u, s = rows.sums(w), rows.sums(wx), rows.sums(w * rows.y)
    shrink = between / (1 + between * n)
    normal = _cross(rows.x, wx) - _cross(u, shrink[:, None] * u) + precision
    right = wx.T @ rows.y - u.T @ (shrink * s) + precision @ centre
    squares = w @ rows.y**2 - shrink @ s**2 + centre @ precision @ centre
    mean = np.linalg.solve(normal, right)
    logs = np.log(variance).sum() + np.log1p(between * n).sum() + np.linalg.slogdet(normal)[1]
    value = -(squares - right @ mean + logs) / 2
    return float(value), mean, np.diag(np.linalg.inv(normal))


def _cross(a: Array, b: Array) -> Array:
    """Return aᵀ b of long narrow matrices, without threads that cost more than they save."""
    return np.asarray(np.einsum("ni,nj->ij", a, b))


def _expected(rows: _Rows, fit: MixedFit) -> Array:
    """Return the log odds expected of every post of its creator, shape (n,)."""
    fixed = rows.x @ fit.coefficients
    w = 1 / (rows.noise + max(fit.posts_sd**2, LEAST))
    weight = rows.sums(w)
    creator = rows.sums(w * (rows.y - fixed)) / (weight + fit.creators_sd**-2)
    lengths = np.diff(np.append(rows.starts, rows.y.size))
    return np.asarray(fixed + np.repeat(creator, lengths))


def _modes(k: Array, n: Array, expected: Array, spread: float) -> Array:
    """Return the most likely log odds of every post, by Newton's method, shape (n,)."""
    eta = logit((k + 0.5) / (n + 1))
    precision = 1 / max(spread**2, 1e-4)
    for _ in range(20):
        p = expit(eta)
        slope = k - n * p - precision * (eta - expected)
        step = slope / (n * p * (1 - p) + precision)
        eta = eta + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-6:
            break
    return np.asarray(eta)
