"""The ground truth: a campaign played person by person, account by account, post by post.

The simulator never sees people, only curves. This file knows no curve: it gives every
person an appetite for social media, hands every follower's account to a person, lets every
account meet every post or miss it, and counts who saw and who bought. Where curve and count
disagree, the curve is wrong.

Two things are finite here that the formulas take to the limit: appetites are divided by
their own sum, and people in market are whole. Both move a mean by about one person.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

from sim.campaign import Campaign, Tier
from sim.uncertain import Uncertain

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

#: People are counted by how many contacts they had: at least 1, 2 … this many.
MOST_CONTACTS = 5


@dataclass(frozen=True, slots=True)
class AgentTotals:
    """What was counted, one row a replication.

    Attributes
    ----------
    contacted : ndarray, shape (replications, segments, MOST_CONTACTS)
        People of the segment with at least 1, 2 … contacts.
    lifted : ndarray, shape (replications, segments)
        People of the segment whom at least one contact moved (the tier's `lift`).
    conversions : ndarray, shape (replications, segments)
        People of the segment who bought.
    on_target : ndarray, shape (replications,)
        Impressions inside the segments.
    impressions, engagements, clicks : ndarray, shape (replications,)
        Counts, off target included.
    cost : ndarray, shape (replications,)
        Money.
    """

    contacted: IntArray
    lifted: IntArray
    conversions: IntArray
    on_target: IntArray
    impressions: IntArray
    engagements: IntArray
    clicks: IntArray
    cost: FloatArray

    @property
    def reach(self) -> IntArray:
        """People of each segment who saw any post, shape (replications, segments)."""
        return self.contacted[:, :, 0]

    @property
    def frequency(self) -> FloatArray:
        """On-target impressions per person reached, shape (replications,); 0 without reach."""
        frequency: FloatArray = self.on_target / np.maximum(self.reach.sum(axis=1), 1)
        return frequency


def simulate(
    campaign: Campaign,
    creators_per_tier: tuple[int, ...],
    rng: np.random.Generator,
    replications: int,
) -> AgentTotals:
    """Play the campaign `replications` times with fresh worlds, creators and people.

    Posts per creator must be whole and clicks per engagement at most 1.
    """
    if any(tier.posts != round(tier.posts) for tier in campaign.tiers):
        raise ValueError("an agent sees whole posts")
    runs = [_play(campaign, creators_per_tier, rng) for _ in range(replications)]
    return AgentTotals(*(np.array(column) for column in zip(*runs, strict=True)))


class Crew(NamedTuple):
    """The creators of one world, all tiers in a row; every array has shape (creators, …)."""

    followers: FloatArray  # authentic people who follow, 0 for who did not deliver
    view: FloatArray
    engagement: FloatArray
    clicks: FloatArray
    conversion: FloatArray
    lift: FloatArray
    posts: FloatArray
    cost: FloatArray
    audience: FloatArray  # (creators, segments)


class Met(NamedTuple):
    """What happened in one segment."""

    contacted: IntArray
    lifted: int
    conversions: int
    impressions: int
    engagements: int
    clicks: int


def _play(
    campaign: Campaign, creators_per_tier: tuple[int, ...], rng: np.random.Generator
) -> tuple[object, ...]:
    """Play one campaign; the tuple follows the fields of `AgentTotals`."""
    resonance = _typical(campaign.resonance, rng)
    hired = [
        hire(tier, number, resonance, rng)
        for tier, number in zip(campaign.tiers, creators_per_tier, strict=True)
    ]
    crew = Crew(*(np.concatenate(column) for column in zip(*hired, strict=True)))
    met = []
    for s, segment in enumerate(campaign.segments):
        gamma = people(round(segment.size), campaign.heterogeneity, rng)
        in_market = int(_typical(segment.in_market, rng) * segment.size + rng.random())
        accounts = rng.poisson(crew.followers * crew.audience[:, s])
        met.append(_meet(crew, accounts, gamma, min(in_market, gamma.size), rng))
    outside = np.maximum(1 - crew.audience.sum(axis=1), 0)
    strangers = _strangers(crew, rng.poisson(crew.followers * outside), rng)
    on_target = sum(m.impressions for m in met)
    return (
        [m.contacted for m in met],
        [m.lifted for m in met],
        [m.conversions for m in met],
        on_target,
        on_target + strangers[0],
        sum(m.engagements for m in met) + strangers[1],
        sum(m.clicks for m in met) + strangers[2],
        crew.cost.sum(),
    )


def people(size: int, heterogeneity: float, rng: np.random.Generator) -> FloatArray:
    """Return every person's appetite for social media, mean 1, shape (size,)."""
    if not isfinite(heterogeneity):
        return np.ones(size)
    return rng.gamma(heterogeneity, 1 / heterogeneity, size)


def hire(tier: Tier, number: int, resonance: float, rng: np.random.Generator) -> Crew:
    """Draw the tier's typical values for one world, then its creators."""
    z_fee, z_view, z_engagement, z_authentic = rng.standard_normal((4, number))
    typical_followers = _typical(tier.followers, rng)
    followers = _followings(tier.followers, typical_followers, number, rng)
    size = np.log(followers / tier.followers.median)
    delivered = rng.random(number) < _typical(tier.delivery_rate, rng)
    authentic = _spread(tier.authentic_share, z_authentic, rng)
    engagement_logit = (
        logit(_typical(tier.engagement_rate, rng))
        + np.log(resonance)
        + tier.engagement_elasticity * size
        + tier.engagement_residual_sd * z_engagement
    )
    fee = _typical(tier.fee, rng) * np.exp(
        tier.fee_elasticity * size + tier.fee_residual_sd * z_fee
    )
    paid = delivered * tier.posts * fee * (1 - tier.multi_post_discount)
    same = np.ones(number)
    return Crew(
        followers=delivered * authentic * followers,
        view=_spread(tier.view_rate, z_view, rng),
        engagement=expit(engagement_logit),
        clicks=same * _typical(tier.clicks_per_engagement, rng),
        conversion=same * _typical(tier.conversion_rate, rng),
        lift=same * _typical(tier.lift, rng),
        posts=same * tier.posts,
        cost=paid + _typical(tier.overhead, rng),
        audience=np.tile(tier.audience, (number, 1)),
    )


def _meet(
    crew: Crew, accounts: IntArray, gamma: FloatArray, in_market: int, rng: np.random.Generator
) -> Met:
    """Let the followers of every creator inside one segment meet her posts.

    `accounts` has shape (creators,): how many followers each creator has in the segment.
    """
    posts, view, lift = (np.repeat(of, accounts) for of in (crew.posts, crew.view, crew.lift))
    person = _owners(gamma, posts.size, rng)
    views = np.zeros(posts.size, dtype=np.int64)
    for post in range(round(crew.posts.max(initial=0))):
        views += (post < posts) & (rng.random(posts.size) < view)
    saw = views > 0
    moved = saw & (rng.random(posts.size) < lift)
    contacts = np.bincount(person[saw], minlength=gamma.size)
    engagements, clicks = _engage(crew, accounts, rng)
    intents = int(rng.binomial(clicks, crew.conversion).sum()) if in_market else 0
    return Met(
        contacted=np.array([np.sum(contacts >= k) for k in range(1, MOST_CONTACTS + 1)]),
        lifted=np.unique(person[moved]).size,
        conversions=np.unique(_owners(gamma[:in_market], intents, rng)).size,
        impressions=int(views.sum()),
        engagements=int(engagements.sum()),
        clicks=int(clicks.sum()),
    )


def _strangers(crew: Crew, accounts: IntArray, rng: np.random.Generator) -> tuple[int, int, int]:
    """Return impressions, engagements and clicks of followers outside every segment."""
    posts = crew.posts.astype(np.int64)
    engagements, clicks = _engage(crew, accounts, rng)
    impressions = rng.binomial(accounts * posts, crew.view)
    return int(impressions.sum()), int(engagements.sum()), int(clicks.sum())


def _engage(crew: Crew, accounts: IntArray, rng: np.random.Generator) -> tuple[IntArray, IntArray]:
    """Return engagements and clicks of each creator's accounts, shape (creators,) each."""
    engagements = rng.poisson(accounts * crew.posts * crew.engagement)
    return engagements, rng.binomial(engagements, crew.clicks)


def _owners(gamma: FloatArray, number: int, rng: np.random.Generator) -> IntArray:
    """Hand `number` accounts to people, each with probability proportional to gamma."""
    if number == 0:
        return np.zeros(0, dtype=np.int64)
    upto = np.cumsum(gamma)
    place = np.searchsorted(upto, rng.random(number) * upto[-1], side="right")
    owners: IntArray = np.minimum(place, gamma.size - 1)
    return owners


def _typical(law: Uncertain, rng: np.random.Generator) -> float:
    """Draw the typical value of one world."""
    if law.typical_sd == 0:
        return law.median
    z = law.typical_sd * rng.standard_normal()
    if law.link == "log":
        return float(law.median * np.exp(z))
    return float(expit(logit(law.median) + z))


def _spread(share: Uncertain, z: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Draw a share's typical value, then one value a creator."""
    spread: FloatArray = expit(logit(_typical(share, rng)) + share.creators_sd * z)
    return spread


def _followings(
    law: Uncertain, typical: float, number: int, rng: np.random.Generator
) -> FloatArray:
    """Draw followings; who falls outside the interval is drawn again."""
    if law.creators_sd == 0:
        return np.full(number, min(max(typical, law.low), law.high))
    followers = np.zeros(0)
    while followers.size < number:
        drawn = typical * np.exp(law.creators_sd * rng.standard_normal(number))
        followers = np.append(followers, drawn[(drawn >= law.low) & (drawn <= law.high)])
    return followers[:number]
