"""Every fitted law against brute force."""

from __future__ import annotations

from math import log

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit, logit

from tiermix.calibration.counts import (
    VARIATION,
    VARIATION_SD,
    beta_parameters,
    fit_ratio,
    fit_share,
)
from tiermix.calibration.mixed import (
    LEAST,
    SLOPE_SD,
    Beliefs,
    _given,
    _Rows,
    fit_normal,
    fit_shares,
    mean_share_shifts,
)
from tiermix.calibration.posterior import VAGUE, Belief, Prior, mixture
from tiermix.calibration.sizes import fit_sizes

RNG = np.random.default_rng(5)


def test_the_likelihood_of_creators_and_posts_is_that_of_their_joint_normal_law() -> None:
    creator = np.array([0, 0, 0, 1, 2, 2])
    x = np.stack([np.ones(6), RNG.normal(size=6)], axis=1)
    y, noise = RNG.normal(size=6), RNG.random(6)
    centre, prior = np.array([0.3, -0.2]), np.array([VAGUE, SLOPE_SD])
    rows = _Rows(y, noise, x, np.array([0, 3, 4]))
    same = creator[:, None] == creator

    def brute(between: float, within: float) -> float:
        covariance = np.diag(noise + within**2) + between**2 * same
        covariance = covariance + (x * prior**2) @ x.T
        return float(stats.multivariate_normal(x @ centre, covariance).logpdf(y))

    def ours(between: float, within: float) -> float:
        return _given(rows, np.log([between, within]), centre, np.diag(prior**-2.0))[0]

    for spreads in ((0.5, 0.1), (2.0, 1.0), (0.01, 3.0)):
        gap = brute(*spreads) - brute(1.0, 1.0)
        assert ours(*spreads) - ours(1.0, 1.0) == pytest.approx(gap, rel=1e-9)
    assert LEAST < 1e-6


def test_two_spreads_are_integrated_out_as_a_fine_grid_does() -> None:
    creator = np.repeat(np.arange(6), 2)
    y = 1.0 + np.repeat(RNG.normal(size=6), 2) * 0.8 + 0.3 * RNG.normal(size=12)
    beliefs = Beliefs(0.8, None, 0.6, 0.3)
    ours = fit_normal(y, None, creator, beliefs).typical(np.zeros(35))
    x = np.linspace(-3, 5, 601)
    density = np.zeros(x.size)
    same = creator[:, None] == creator
    for between in 0.6 * np.exp(0.5 * np.linspace(-4, 4, 41)):
        for within in 0.3 * np.exp(0.5 * np.linspace(-4, 4, 41)):
            inverse = np.linalg.inv(np.eye(12) * within**2 + between**2 * same)
            off = y[:, None] - x
            logs = -np.einsum("ij,ik,kj->j", off, inverse, off) / 2
            logs += np.linalg.slogdet(inverse)[1] / 2 - ((x - 0.8) / VAGUE) ** 2 / 2
            logs -= (log(between / 0.6) ** 2 + log(within / 0.3) ** 2) / (2 * 0.5**2)
            density += np.exp(logs)
    brute = Belief(x, density / density.sum())
    for p in (0.05, 0.5, 0.95):
        assert ours.quantile(p) == pytest.approx(brute.quantile(p), abs=0.02 * brute.sd)


def test_large_counts_are_as_good_as_the_shares_themselves() -> None:
    creator = np.repeat(np.arange(15), 3)
    odds = -2 + 0.6 * np.repeat(RNG.normal(size=15), 3) + 0.3 * RNG.normal(size=45)
    trials = np.full(45, 1e9)
    beliefs = Beliefs(-2.0, None, 0.5, 0.3)
    counted = fit_shares(np.round(expit(odds) * trials), trials, None, creator, beliefs)
    known = fit_normal(odds, None, creator, beliefs)
    assert counted.coefficients[0] == pytest.approx(known.coefficients[0], abs=1e-4)
    assert counted.creators_sd == pytest.approx(known.creators_sd, rel=1e-3)
    assert counted.posts_sd == pytest.approx(known.posts_sd, rel=1e-3)


def test_the_mean_post_lies_above_the_middle_one_as_a_sample_says() -> None:
    beliefs = Beliefs(-3.0, None, 0.5, 0.4)
    fit = fit_normal(RNG.normal(-3, 0.6, 40), None, np.repeat(np.arange(20), 2), beliefs)
    shift = mean_share_shifts(fit, -3.0)[0]
    sd = float(np.exp(fit.nuisance.nodes[0, 1]))
    posts = expit(-3.0 + sd * RNG.standard_normal(400_000))
    error = posts.std() / posts.size**0.5 / (posts.mean() * (1 - posts.mean()))
    assert -3.0 + shift == pytest.approx(float(logit(posts.mean())), abs=4 * error)


@pytest.mark.parametrize(
    ("counts", "trials"),
    [([0], [400]), ([0, 1, 4, 2], [10, 40, 90, 200]), ([5, 9, 30], [20, 50, 60])],
)
def test_a_share_from_counts_is_what_a_fine_grid_says(counts: list[int], trials: list[int]) -> None:
    k, n = np.array(counts, float), np.array(trials, float)
    prior = Prior(float(logit(0.03)), 0.0)
    ours = fit_share(k, n, prior).belief
    x = np.linspace(-9, 2, 551)
    density = np.zeros(x.size)
    for variation in VARIATION * np.exp(VARIATION_SD * np.linspace(-4, 4, 41)):
        pairs = [beta_parameters(float(expit(m)), variation) for m in x]
        a, b = np.array(pairs).T[:, :, None]
        logs = np.asarray(stats.betabinom.logpmf(k, n, a, b)).sum(axis=1)
        logs -= ((x - prior.centre) / VAGUE) ** 2 / 2
        density += np.exp(logs - log(variation / VARIATION) ** 2 / (2 * VARIATION_SD**2))
    brute = Belief(x, density / density.sum())
    for p in (0.05, 0.5, 0.95):
        assert ours.quantile(p) == pytest.approx(brute.quantile(p), abs=0.05 * brute.sd)


def test_a_ratio_from_counts_is_what_a_fine_grid_says() -> None:
    k, n = np.array([3.0, 0.0, 11.0]), np.array([100.0, 30.0, 160.0])
    prior = Prior(log(0.04), 0.0)
    ours = fit_ratio(k, n, prior).belief
    x = np.linspace(-7, 0, 701)
    density = np.zeros(x.size)
    for variation in VARIATION * np.exp(VARIATION_SD * np.linspace(-4, 4, 41)):
        shape = variation**-2
        p = shape / (shape + n * np.exp(x)[:, None])
        logs = np.asarray(stats.nbinom.logpmf(k, shape, p)).sum(axis=1)
        logs -= ((x - prior.centre) / VAGUE) ** 2 / 2
        density += np.exp(logs - log(variation / VARIATION) ** 2 / (2 * VARIATION_SD**2))
    brute = Belief(x, density / density.sum())
    for p in (0.05, 0.5, 0.95):
        assert ours.quantile(p) == pytest.approx(brute.quantile(p), abs=0.05 * brute.sd)


def test_no_conversion_in_many_clicks_says_that_they_are_rare() -> None:
    prior = Prior(float(logit(0.03)), 0.2)
    few, many = (fit_share(np.zeros(10), np.full(10, n), prior).belief for n in (1.0, 400.0))
    assert expit(few.quantile(0.95)) > 0.03
    assert expit(many.quantile(0.95)) < 0.01


@pytest.mark.parametrize(
    ("low", "high"), [(0.0, np.inf), (3_000.0, 40_000.0), (0.0, 9_000.0), (9_000.0, np.inf)]
)
def test_cut_followers_are_fitted_as_a_fine_grid_does(low: float, high: float) -> None:
    logs = np.log(RNG.lognormal(9.2, 1.0, 200))
    logs = logs[(np.exp(logs) > low) & (np.exp(logs) < high)][:25]
    prior = Prior(9.26, 0.0)
    ours = fit_sizes(logs, low, high, prior, 1.25)
    x, spreads = np.linspace(5, 14, 301), 1.25 * np.exp(0.5 * np.linspace(-4, 4, 41))
    with np.errstate(divide="ignore"):
        ends = np.log(low), np.log(high)
    told = np.zeros((spreads.size, x.size))
    for i, sd in enumerate(spreads):
        law = stats.truncnorm((ends[0] - x) / sd, (ends[1] - x) / sd, x, sd)
        told[i] = law.logpdf(logs[:, None]).sum(axis=0) - ((x - 9.26) / VAGUE) ** 2 / 2
        told[i] -= log(sd / 1.25) ** 2 / (2 * 0.5**2)
    weights = np.exp(told - told.max())
    brute = Belief(x, weights.sum(axis=0) / weights.sum())
    for p in (0.05, 0.5, 0.95):
        assert ours.belief.quantile(p) == pytest.approx(brute.quantile(p), abs=0.03)


def test_a_prior_that_the_data_bear_out_is_weighed_by_precision() -> None:
    prior = Prior(0.0, 0.2)
    vague = mixture(np.ones(1), np.array([0.1 / (1 + 0.1**2)]), np.array([0.1 / (1.01) ** 0.5]))
    told = vague.under(prior)  # data: 0.1 with a standard error of 0.1
    assert told.mean == pytest.approx(0.1 * 0.2**2 / (0.2**2 + 0.1**2), abs=1e-4)
    assert told.sd == pytest.approx((1 / (1 / 0.2**2 + 1 / 0.1**2)) ** 0.5, rel=1e-3)


def test_a_prior_that_the_data_contradict_gives_way() -> None:
    prior = Prior(0.0, 0.1)
    data, se = 0.8, 0.1
    vague = mixture(np.ones(1), np.array([data / (1 + se**2)]), np.array([se / (1 + se**2) ** 0.5]))
    assert vague.under(prior).mean == pytest.approx(data, abs=0.02)
