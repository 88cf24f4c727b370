"""The lottery of creators, averaged exactly: what one creator of a tier is worth in a world.

Given the world, creators are independent and alike in law, so that the mean of e^(−θ·contacts)
over one creator is a small integral, and n creators multiply it. With φ that mean, the share of
people that n creators leave unreached is φ^n = e^(−nψ), ψ = −log φ: a plan's expected reach is
a sum of exponential curves, and nothing is flattered by putting mean contacts into a concave
curve.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cache
from hashlib import blake2b
from math import inf

import numpy as np
from numpy.polynomial.hermite_e import hermegauss
from numpy.polynomial.legendre import leggauss
from numpy.typing import NDArray
from scipy.special import logit

from sim.campaign import Tier
from sim.curves import expit, exposure, gamma_nodes, seen_share
from sim.uncertain import Uncertain
from sim.worlds import Worlds, typical_value

Array = NDArray[np.float64]

#: Nodes for the followers of a creator, and for each other way in which creators differ.
FOLLOWER_NODES, OTHER_NODES = 24, 8

#: Nodes for followers whose law is cut to an interval.
CUT_NODES = 40

#: Standard deviations beyond which a cut normal law is taken to have no mass.
EDGE = 8.0

#: The largest probability below one: that a creator reaches somebody for sure.
CERTAIN = 1 - 2.0**-53

#: Worlds averaged at a time: keeps the nodes in cache.
CHUNK = 16


@dataclass(frozen=True, slots=True)
class Lottery:
    """A quadrature over the creators of one tier, in some worlds.

    A creator brings (followers) x (authentic share) x (what a follower brings).

    Parameters
    ----------
    followers, weights : ndarray, shape (n_worlds, n_followers)
        Nodes and their probabilities (or one row of these for all worlds).
    per_follower : ndarray, shape (n_worlds, n_followers or 1, n_others)
    other_weights : ndarray, shape (n_others,)
    authentic : ndarray, shape (n_worlds, n_authentic)
    authentic_weights : ndarray, shape (n_authentic,)
    delivery_rate : ndarray, shape (n_worlds,)
        Probability that a creator posts.
    """

    followers: Array
    weights: Array
    per_follower: Array
    other_weights: Array
    authentic: Array
    authentic_weights: Array
    delivery_rate: Array

    def mean(self) -> Array:
        """Return what one hired creator brings on average, shape (n_worlds,)."""
        brought = weighed(self.per_follower, self.other_weights)
        people = (self.followers * self.weights * brought).sum(axis=1)
        return np.asarray(
            self.delivery_rate * people * weighed(self.authentic, self.authentic_weights)
        )

    def exponents(self, rates: Array) -> Array:
        """Return ψ = −log E[e^(−rate · value)] of one hired creator.

        Parameters
        ----------
        rates : ndarray, shape (n_worlds, n_rates)

        Returns
        -------
        ndarray, shape (n_worlds, n_rates)
        """
        weights = self.weights[:, :, None, None] * self.other_weights[:, None]
        weights = (weights * self.authentic_weights).reshape(len(weights), -1)
        missed = np.empty_like(rates)
        for start in range(0, len(rates), CHUNK):
            part = slice(start, start + CHUNK)
            decay = np.expm1(-rates[part, :, None] * self._values(part)[:, None, :])
            mine = weights[part] if len(weights) > 1 else weights
            missed[part] = (decay @ mine[:, :, None])[:, :, 0]
        reached = np.maximum(self.delivery_rate[:, None] * missed, -CERTAIN)
        return np.asarray(-np.log1p(reached))

    def distinct(self, per_value: Array, heterogeneity: float) -> Array:
        """Return ψ of one creator whose value is distinct people: e^(−ψ) of them are missed.

        Parameters
        ----------
        per_value : ndarray, shape (n_worlds,)
            Share of the people that one unit of her value is.
        heterogeneity : float
            Shape κ of the gamma law; the nodes are those of `gamma_nodes`.

        Returns
        -------
        ndarray, shape (n_worlds, n_nodes)
        """
        if heterogeneity == inf:
            return -np.log1p(-np.minimum(self.mean() * per_value, CERTAIN))[:, None]
        nodes, _ = gamma_nodes(heterogeneity)
        weights = self.weights[:, :, None, None] * self.other_weights[:, None]
        weights = (weights * self.authentic_weights).reshape(len(weights), -1)
        missed = np.empty((len(per_value), nodes.size))
        for start in range(0, len(per_value), CHUNK):
            part = slice(start, start + CHUNK)
            reached = np.minimum(self._values(part) * per_value[part, None], CERTAIN)
            seen = exposure(reached, heterogeneity)
            decay = np.expm1(-nodes[:, None] * seen[:, None, :])
            mine = weights[part] if len(weights) > 1 else weights
            missed[part] = (decay @ mine[:, :, None])[:, :, 0]
        return np.asarray(-np.log1p(np.maximum(self.delivery_rate[:, None] * missed, -CERTAIN)))

    def _values(self, part: slice) -> Array:
        """Return what the creator of every node brings, shape (n_worlds, n_nodes)."""
        brought = self.followers[part, :, None] * self.per_follower[part]
        values = brought[..., None] * self.authentic[part, None, None, :]
        return values.reshape(len(values), -1)


def weighed(values: Array, weights: Array) -> Array:
    """Return weighted sums over the last axis, the same of a world whatever stands beside it."""
    return np.asarray(np.einsum("...n,n->...", values, weights))


def remembered_exponents(worlds: Worlds, lottery: Lottery, rates: Array) -> Array:
    """Return the exponents of a lottery, from the memory of the worlds if they are there.

    Parameters
    ----------
    worlds : Worlds
    lottery : Lottery
    rates : ndarray, shape (n_worlds, n_rates)
    """
    if worlds.memory is None:
        return lottery.exponents(rates)
    digest = blake2b(digest_size=16)
    for values in (*(getattr(lottery, part.name) for part in fields(lottery)), rates):
        digest.update(f"{values.shape}".encode() + np.ascontiguousarray(values).tobytes())
    key = digest.digest()
    if key not in worlds.memory:
        worlds.memory[key] = lottery.exponents(rates)
    return worlds.memory[key]


def contacts_lottery(worlds: Worlds, tier: Tier) -> Lottery:
    """Return the law of one creator's contacts: distinct authentic people who see a post."""
    view = _share_nodes(worlds, tier, "view_rate")
    return _lottery(worlds, tier, seen_share(view, tier.posts), tier.view_rate.creators_sd)


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
    return _lottery(worlds, tier, tier.posts * rate, tier.engagement_residual_sd)


def averages(worlds: Worlds, tier: Tier) -> dict[str, Array]:
    """Return what one hired creator brings on average, each of shape (n_worlds,).

    Followings, authentic shares and view rates are independent, so that their means multiply.

    Returns
    -------
    dict of ndarray
        ``followers`` (authentic, by the probability of delivery), ``contacts``, ``impressions``,
        ``engagements``.
    """
    z, weights = _follower_normals(worlds, tier)
    size = (weights * np.exp(tier.followers.creators_sd * z)).sum(axis=1)
    followers = worlds.tier(tier, "followers") * worlds.tier(tier, "delivery_rate") * size
    followers = followers * _averaged(worlds, tier, "authentic_share", lambda share: share)
    seen = _averaged(worlds, tier, "view_rate", lambda view: seen_share(view, tier.posts))
    viewed = _averaged(worlds, tier, "view_rate", lambda view: view)
    return {
        "followers": followers,
        "contacts": followers * seen,
        "impressions": followers * tier.posts * viewed,
        "engagements": _mean_engagements(worlds, tier, followers),
    }


def _averaged(worlds: Worlds, tier: Tier, key: str, of: Callable[[Array], Array]) -> Array:
    """Return the mean over the creators of a function of a share in which they may differ."""
    spread, typical = getattr(tier, key).creators_sd, worlds.tier(tier, key)
    return of(typical) if spread == 0 else _mean_share(logit(typical), spread, OTHER_NODES, of)


def _mean_share(
    log_odds: Array, spread: float, nodes: int, of: Callable[[Array], Array] = lambda share: share
) -> Array:
    """Return the mean of a function of a share over normal log odds, shape (n_worlds,)."""
    z, weights = _hermite(nodes)
    shares = np.add.outer(log_odds, spread * z)
    return weighed(of(expit(shares, out=shares)), weights)


def _mean_engagements(worlds: Worlds, tier: Tier, followers: Array) -> Array:
    """Return the mean engagements of one hired creator, given her mean followers.

    Where followings are not cut, weighting creators by their followers moves the normal law of the
    followers by its own spread (the lognormal law is closed under powers), and one quadrature over
    the log odds is enough.
    """
    law, spread = tier.followers, tier.engagement_rate.creators_sd
    if law.truncated or spread == 0:
        return engagements_lottery(worlds, tier).mean()
    log_odds = logit(worlds.tier(tier, "engagement_rate")) + np.log(worlds.values["resonance"])
    log_odds += tier.engagement_elasticity * law.creators_sd**2
    return np.asarray(followers * tier.posts * _mean_share(log_odds, spread, FOLLOWER_NODES))


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
    planned, and which turns available creators into money. A named creator's fee is promised:
    it counts whole.
    """
    followers, weights = _typical_nodes(tier.followers)
    moved = (followers / tier.followers.median) ** tier.fee_elasticity
    fee = _typical_mean(tier.fee) * float((weights * moved * _fee_factor(tier, followers)).sum())
    overhead = _typical_mean(tier.overhead)
    delivery = 1.0 if tier.pool else _typical_mean(tier.delivery_rate)
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
    z, weights = _hermite(FOLLOWER_NODES if law.typical_sd > 0 else 1)
    return typical_value(law, z), weights


def _normal_nodes(sd: float) -> tuple[Array, Array]:
    """Return a quadrature of the standard normal law: one node where nothing varies."""
    return _hermite(OTHER_NODES if sd > 0 else 1)


@cache
def _hermite(n: int) -> tuple[Array, Array]:
    """Return the nodes and probabilities of Gauss-Hermite quadrature."""
    z, weights = hermegauss(n)
    return z, weights / weights.sum()


@cache
def _legendre(n: int) -> tuple[Array, Array]:
    """Return the nodes and weights of Gauss-Legendre quadrature on (-1, 1)."""
    nodes, weights = leggauss(n)
    return nodes, weights


def _cut_normal(law: Uncertain, typical: Array) -> tuple[Array, Array]:
    """Return a quadrature of the normal law behind a positive value that may be cut.

    Returns
    -------
    z, weights : ndarray, shape (n_worlds or 1, n_nodes)
    """
    if law.creators_sd == 0 or not law.truncated:
        z, weights = _hermite(FOLLOWER_NODES if law.creators_sd > 0 else 1)
        return z[None, :], weights[None, :]
    low, high = cut_normals(law, typical if law.typical_sd > 0 else typical[:1])
    nodes, weights = _legendre(CUT_NODES)
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


def _lottery(worlds: Worlds, tier: Tier, per_follower: Array, other_sd: float) -> Lottery:
    """Put what a follower brings together with the followers.

    Parameters
    ----------
    per_follower : ndarray, shape (n_worlds, n_followers or 1, n_others)
    other_sd : float
        Spread of the creators along the last axis.
    """
    z, weights = _follower_normals(worlds, tier)
    return Lottery(
        worlds.tier(tier, "followers")[:, None] * np.exp(tier.followers.creators_sd * z),
        weights,
        per_follower,
        _normal_nodes(other_sd)[1],
        _share_nodes(worlds, tier, "authentic_share")[:, 0, :],
        _normal_nodes(tier.authentic_share.creators_sd)[1],
        worlds.tier(tier, "delivery_rate"),
    )
