"""The lottery of creators, averaged exactly: what one creator of a tier is worth in a world.

Given the world, creators are independent and alike in law, so that the mean of e^(−θ·contacts)
over one creator is a small integral, and n creators multiply it. With φ that mean, the share of
people that n creators leave unreached is φ^n = e^(−nψ), ψ = −log φ: a plan's expected reach is
a sum of exponential curves, and nothing is flattered by putting mean contacts into a concave
curve.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.polynomial.hermite_e import hermegauss
from numpy.polynomial.legendre import leggauss
from numpy.typing import NDArray
from scipy.special import expit, logit

from sim.campaign import Tier
from sim.curves import seen_share
from sim.uncertain import Uncertain
from sim.worlds import Worlds, typical_value

Array = NDArray[np.float64]

#: Nodes for the followers of a creator, and for each other way in which creators differ.
FOLLOWER_NODES, OTHER_NODES = 24, 8

#: Standard deviations beyond which a cut normal law is taken to have no mass.
EDGE = 8.0

#: Worlds averaged at a time: keeps the nodes in cache.
CHUNK = 16


@dataclass(frozen=True, slots=True)
class Lottery:
    """A quadrature over the creators of one tier, in some worlds.

    Parameters
    ----------
    weights : ndarray, shape (n_worlds or 1, n_nodes)
        Probabilities of the nodes, given that the creator posts.
    values : ndarray, shape (n_worlds, n_nodes)
        What the creator of each node brings.
    delivery_rate : ndarray, shape (n_worlds,)
        Probability that a creator posts.
    """

    weights: Array
    values: Array
    delivery_rate: Array

    def mean(self) -> Array:
        """Return what one hired creator brings on average, shape (n_worlds,)."""
        return np.asarray(self.delivery_rate * (self.weights * self.values).sum(axis=1))

    def exponents(self, rates: Array) -> Array:
        """Return ψ = −log E[e^(−rate · value)] of one hired creator.

        Parameters
        ----------
        rates : ndarray, shape (n_worlds, n_rates)

        Returns
        -------
        ndarray, shape (n_worlds, n_rates)
        """
        missed = np.empty_like(rates)
        for start in range(0, len(rates), CHUNK):
            part = slice(start, start + CHUNK)
            weights = self.weights[part if len(self.weights) > 1 else slice(None)]
            decay = np.expm1(-rates[part, :, None] * self.values[part, None, :])
            missed[part] = (decay @ weights[:, :, None])[:, :, 0]
        return np.asarray(-np.log1p(self.delivery_rate[:, None] * missed))


def contacts_lottery(worlds: Worlds, tier: Tier) -> Lottery:
    """Return the law of one creator's contacts: distinct authentic people who see a post."""
    view = _share_nodes(worlds, tier, "view_rate")
    return _product(worlds, tier, seen_share(view, tier.posts), tier.view_rate.creators_sd)


def impressions_lottery(worlds: Worlds, tier: Tier) -> Lottery:
    """Return the law of one creator's impressions."""
    view = _share_nodes(worlds, tier, "view_rate")
    return _product(worlds, tier, tier.posts * view, tier.view_rate.creators_sd)


def engagements_lottery(worlds: Worlds, tier: Tier) -> Lottery:
    """Return the law of one creator's engagements."""
    z, _ = _follower_normals(worlds, tier)
    residual, _ = _normal_nodes(tier.engagement_residual_sd)
    log_odds = logit(worlds.tier(tier, "engagement_rate")) + np.log(worlds.values["resonance"])
    explained = tier.engagement_elasticity * tier.followers.creators_sd * z
    rate = expit(
        log_odds[:, None, None]
        + explained[:, :, None]
        + tier.engagement_residual_sd * residual[None, None, :]
    )
    return _product(worlds, tier, tier.posts * rate, tier.engagement_residual_sd)


def mean_cost(worlds: Worlds, tier: Tier) -> Array:
    """Return the mean all-in cost of one hired creator in every world, in money.

    Returns
    -------
    ndarray, shape (n_worlds,)
    """
    return np.asarray(
        _cost(
            tier,
            worlds.tier(tier, "fee") * _fee_factor(tier, worlds.tier(tier, "followers")),
            worlds.tier(tier, "delivery_rate"),
            worlds.tier(tier, "overhead"),
        )
    )


def expected_price(tier: Tier) -> float:
    """Return the mean all-in cost of one hired creator over all worlds, in money.

    It comes from the laws, not from a sample of worlds: the price at which whole creators are
    planned, and which turns available creators into money.
    """
    followers, weights = _typical_nodes(tier.followers)
    fee = _typical_mean(tier.fee) * float(weights @ _fee_factor(tier, followers))
    overhead, delivery = _typical_mean(tier.overhead), _typical_mean(tier.delivery_rate)
    return float(_cost(tier, np.array(fee), np.array(delivery), np.array(overhead)))


def _cost(tier: Tier, fee: Array, delivery_rate: Array, overhead: Array) -> Array:
    """Return the all-in cost c = D·p·f·(1 − discount) + overhead at given means."""
    return delivery_rate * tier.posts * fee * (1 - tier.multi_post_discount) + overhead


def _fee_factor(tier: Tier, followers: Array) -> Array:
    """Return the mean fee of the tier's creators over its typical fee."""
    z, weights = _cut_normal(tier.followers, followers)
    explained = np.exp(tier.fee_elasticity * tier.followers.creators_sd * z)
    return np.asarray((weights * explained).sum(axis=1) * np.exp(tier.fee_residual_sd**2 / 2))


def _typical_mean(law: Uncertain) -> float:
    """Return the mean of a typical value over all worlds."""
    values, weights = _typical_nodes(law)
    return float(weights @ values)


def _typical_nodes(law: Uncertain) -> tuple[Array, Array]:
    """Return a quadrature over the typical value of an input."""
    z, weights = hermegauss(FOLLOWER_NODES if law.typical_sd > 0 else 1)
    return typical_value(law, z), weights / weights.sum()


@cache
def _normal_nodes(sd: float) -> tuple[Array, Array]:
    """Return a quadrature of the standard normal law: one node where nothing varies."""
    z, weights = hermegauss(OTHER_NODES if sd > 0 else 1)
    return z, weights / weights.sum()


def _cut_normal(law: Uncertain, typical: Array) -> tuple[Array, Array]:
    """Return a quadrature of the normal law behind a positive value that may be cut.

    Returns
    -------
    z, weights : ndarray, shape (n_worlds or 1, n_nodes)
    """
    if law.creators_sd == 0 or not law.truncated:
        z, weights = hermegauss(FOLLOWER_NODES if law.creators_sd > 0 else 1)
        return z[None, :], (weights / weights.sum())[None, :]
    low, high = cut_normals(law, typical if law.typical_sd > 0 else typical[:1])
    nodes, weights = leggauss(FOLLOWER_NODES)
    half = (high - low)[:, None] / 2
    z = low[:, None] + half * (1 + nodes)
    density = weights * np.exp(-(z**2) / 2)
    return z, density / density.sum(axis=1, keepdims=True)


def cut_normals(law: Uncertain, typical: Array) -> tuple[Array, Array]:
    """Return the ends, in standard deviations, of the interval a positive value is cut to.

    Returns
    -------
    low, high : ndarray, shape (n_worlds,)
    """
    with np.errstate(divide="ignore"):
        low, high = ((np.log(x) - np.log(typical)) / law.creators_sd for x in (law.low, law.high))
    return np.clip(low, -EDGE, EDGE - 1), np.clip(high, 1 - EDGE, EDGE)


def _follower_normals(worlds: Worlds, tier: Tier) -> tuple[Array, Array]:
    return _cut_normal(tier.followers, worlds.tier(tier, "followers"))


def _share_nodes(worlds: Worlds, tier: Tier, key: str) -> Array:
    """Return a share of the creators at its nodes, shape (n_worlds, 1, n_nodes)."""
    law: Uncertain = getattr(tier, key)
    typical = worlds.tier(tier, key)
    if law.creators_sd == 0:
        return typical[:, None, None]
    z, _ = _normal_nodes(law.creators_sd)
    return np.asarray(expit(logit(typical)[:, None, None] + law.creators_sd * z))


def _product(worlds: Worlds, tier: Tier, per_follower: Array, other_sd: float) -> Lottery:
    """Multiply what a follower brings by authentic followers, over all nodes.

    Parameters
    ----------
    per_follower : ndarray, shape (n_worlds, n_follower_nodes or 1, n_other_nodes)
    other_sd : float
        Spread of the creators along the last axis.
    """
    z, weights = _follower_normals(worlds, tier)
    _, other_weights = _normal_nodes(other_sd)
    _, authentic_weights = _normal_nodes(tier.authentic_share.creators_sd)
    followers = worlds.tier(tier, "followers")[:, None] * np.exp(tier.followers.creators_sd * z)
    authentic = _share_nodes(worlds, tier, "authentic_share")
    values = (followers[:, :, None] * per_follower)[..., None] * authentic[:, :, None, :]
    shares = weights[:, :, None, None] * other_weights[:, None] * authentic_weights
    return Lottery(
        shares.reshape(len(shares), -1),
        values.reshape(len(values), -1),
        worlds.tier(tier, "delivery_rate"),
    )
