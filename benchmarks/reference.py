"""Two honest engines to measure the simulator against, in speed and in numbers.

Both play one media plan in many worlds with numpy's own samplers, as a competent data
scientist writes it: `per_draw` world by world, `whole_array` with every world at once. They
share the draws of the world layer and the price of a creator; the play itself is written
twice, so that each also checks the other.

Reach, impressions and cost follow from the creators drawn; engagements, clicks and
conversions are random counts. Every creator's intents are counted first; of the intents
that fall on a segment each is then a first purchase with the probability that the curve
gives. (Drawing conversions around the curve from counted intents *as if* nothing had been
counted yet would count chance twice: variance 2 for 1.)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import ceil, hypot, isfinite
from typing import Generic, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit, ndtr, ndtri

from sim.campaign import Campaign, Segment, Tier
from sim.uncertain import Uncertain

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Number = TypeVar("Number", float, FloatArray)

#: Worlds that `whole_array` holds at once: more were no faster, and need more memory.
CHUNK = 128

#: Standard deviations beyond which a cut normal law is taken to have no mass.
EDGE = 8.0


@dataclass(frozen=True, slots=True)
class Totals:
    """What one plan yields, one value a world: every array has shape (worlds,).

    Attributes
    ----------
    reach : ndarray
        People reached in all segments (mean given the creators).
    impressions : ndarray
        Views of posts, off target included (mean given the creators).
    engagements, clicks, conversions : ndarray
        Random counts.
    cost : ndarray
        Money the creators drawn really cost; its mean is the plan's spend.
    """

    reach: FloatArray
    impressions: FloatArray
    engagements: FloatArray
    clicks: FloatArray
    conversions: FloatArray
    cost: FloatArray


class Typical(NamedTuple, Generic[Number]):
    """A tier's typical values: one world's numbers, or arrays over worlds."""

    ln_followers: Number
    ln_fee: Number
    view_logit: Number
    engagement_logit: Number
    clicks: Number
    conversion: Number
    authentic_logit: Number
    delivery: Number
    overhead: Number
    mean_cost: Number


def per_draw(campaign: Campaign, plan: tuple[float, ...], worlds: int, seed: int) -> Totals:
    """Play a plan world by world.

    Parameters
    ----------
    campaign : Campaign
    plan : tuple of float
        Money per tier; it buys money ÷ mean cost creators, the last one a fraction.
    worlds : int
    seed : int

    Returns
    -------
    Totals
    """
    rng = np.random.default_rng(seed)
    tiers = _tier_worlds(campaign, worlds, rng)
    buyers = _buyers(campaign, worlds, rng)
    rows = zip(*(_each_world(tier) for tier in tiers), strict=True)
    played = [
        play_one(campaign, plan, row, could_buy, rng)
        for row, could_buy in zip(rows, buyers, strict=True)
    ]
    return Totals(*np.array(played, dtype=np.float64).T)


def whole_array(campaign: Campaign, plan: tuple[float, ...], worlds: int, seed: int) -> Totals:
    """Play a plan with arrays of shape (worlds, creators), a few worlds at a time.

    Parameters
    ----------
    campaign : Campaign
    plan : tuple of float
        Money per tier, as for `per_draw`.
    worlds : int
    seed : int

    Returns
    -------
    Totals
    """
    rng = np.random.default_rng(seed)
    chunks = []
    for start in range(0, worlds, CHUNK):
        size = min(CHUNK, worlds - start)
        tiers = _tier_worlds(campaign, size, rng)
        buyers = _buyers(campaign, size, rng)
        chunks.append(_play_many(campaign, plan, tiers, buyers, rng))
    return Totals(*np.concatenate(chunks, axis=1))


def constants(campaign: Campaign) -> tuple[list[Typical[float]], FloatArray]:
    """Return the typical values of every tier where nothing is uncertain, and the buyers."""
    laws = ("view_rate", "engagement_rate", "clicks_per_engagement", "conversion_rate")
    known = [
        replace(tier, **{key: replace(getattr(tier, key), typical_sd=0.0) for key in laws})
        for tier in campaign.tiers
    ]
    rng, sure = np.random.default_rng(0), replace(campaign, tiers=tuple(known))
    tiers = [next(_each_world(tier)) for tier in _tier_worlds(sure, 1, rng)]
    return tiers, _buyers(sure, 1, rng)[0]


def reference_campaign() -> tuple[Campaign, tuple[float, ...]]:
    """Return the campaign of the benchmarks and its plan: 492 micro and 10 macro creators."""
    segments = (
        Segment("enthusiasts", 600_000, Uncertain.known(0.12, "logit")),
        Segment("everyone_else", 9_000_000, Uncertain.known(0.02, "logit")),
    )
    micro = _reference_tier("micro", (1e3, 1e5), 225.0, (0.70, 0.10), overhead=150.0)
    macro = _reference_tier("macro", (1e5, 1e6), 3_300.0, (0.15, 0.60), overhead=500.0)
    campaign = Campaign(segments, (micro, macro), heterogeneity=0.8)
    hired = zip((492, 10), _tier_worlds(campaign, 1, np.random.default_rng(0)), strict=True)
    return campaign, tuple(round(n * float(tier.mean_cost[0])) for n, tier in hired)


def _reference_tier(
    name: str,
    followers: tuple[float, float],
    fee: float,
    audience: tuple[float, float],
    *,
    overhead: float,
) -> Tier:
    """Return a tier in which all rates are uncertain and creators differ in everything."""
    small = name == "micro"
    following = Uncertain.stated("log", creators=followers)
    elasticity = 0.78
    fee_sd = hypot(elasticity * following.creators_sd, 0.6)
    return Tier(
        name=name,
        followers=following,
        fee=Uncertain("log", fee, creators_sd=fee_sd),
        fee_elasticity=elasticity,
        view_rate=Uncertain.stated("logit", (0.20, 0.38) if small else (0.08, 0.23), (0.10, 0.50)),
        engagement_rate=Uncertain.stated(
            "logit", (0.025, 0.060) if small else (0.012, 0.022), (0.01, 0.12)
        ),
        engagement_elasticity=-0.1,
        clicks_per_engagement=Uncertain.stated("log", (0.008, 0.020)),
        conversion_rate=Uncertain.stated("logit", (0.016, 0.028) if small else (0.010, 0.019)),
        authentic_share=Uncertain.known(0.75, "logit"),
        delivery_rate=Uncertain.known(0.95, "logit"),
        overhead=Uncertain.known(overhead),
        audience=audience,
        posts=2,
        multi_post_discount=0.1,
    )


def mean_creator_cost(
    tier: Tier,
    ln_followers: FloatArray,
    fee: FloatArray,
    delivery: FloatArray,
    overhead: FloatArray,
) -> FloatArray:
    """Return the mean all-in cost of a creator given the typical values of a world.

    Parameters
    ----------
    tier : Tier
    ln_followers, fee, delivery, overhead : ndarray, shape (worlds,)
        Typical values: log of followers, money per post, share, money.

    Returns
    -------
    ndarray, shape (worlds,)
        Money per creator hired.
    """
    law, elasticity = tier.followers, tier.fee_elasticity
    spread = elasticity * law.creators_sd
    with np.errstate(divide="ignore"):
        low, high = np.log(law.low) - ln_followers, np.log(law.high) - ln_followers
    if law.creators_sd == 0:
        size = np.exp(elasticity * np.clip(0.0, low, high))
    else:
        low, high = low / law.creators_sd, high / law.creators_sd
        kept = _between(low - spread, high - spread) / _between(low, high)
        size = np.exp(spread**2 / 2) * kept
    mean_fee = fee * size * np.exp(tier.fee_residual_sd**2 / 2)
    cost: FloatArray = delivery * tier.posts * mean_fee * (1 - tier.multi_post_discount) + overhead
    return cost


def _between(low: FloatArray, high: FloatArray) -> FloatArray:
    """Return P(low < z < high) of a standard normal z."""
    probability: FloatArray = ndtr(high) - ndtr(low)
    return probability


def _tier_worlds(
    campaign: Campaign, worlds: int, rng: np.random.Generator
) -> list[Typical[FloatArray]]:
    """Draw the typical values of every tier."""
    resonance = np.log(_typical(campaign.resonance, worlds, rng))
    drawn = []
    for tier in campaign.tiers:
        ln_followers = np.log(_typical(tier.followers, worlds, rng))
        moved = ln_followers - np.log(tier.followers.median)
        fee = _typical(tier.fee, worlds, rng) * np.exp(tier.fee_elasticity * moved)
        engagement_logit = logit(_typical(tier.engagement_rate, worlds, rng)) + resonance
        delivery = _typical(tier.delivery_rate, worlds, rng)
        overhead = _typical(tier.overhead, worlds, rng)
        drawn.append(
            Typical(
                ln_followers=ln_followers,
                ln_fee=np.log(fee),
                view_logit=logit(_typical(tier.view_rate, worlds, rng)),
                engagement_logit=engagement_logit + tier.engagement_elasticity * moved,
                clicks=_typical(tier.clicks_per_engagement, worlds, rng),
                conversion=_typical(tier.conversion_rate, worlds, rng),
                authentic_logit=logit(_typical(tier.authentic_share, worlds, rng)),
                delivery=delivery,
                overhead=overhead,
                mean_cost=mean_creator_cost(tier, ln_followers, fee, delivery, overhead),
            )
        )
    return drawn


def _typical(law: Uncertain, worlds: int, rng: np.random.Generator) -> FloatArray:
    """Draw one typical value a world."""
    if law.typical_sd == 0:
        return np.full(worlds, law.median)
    z = law.typical_sd * rng.standard_normal(worlds)
    values: FloatArray = (
        law.median * np.exp(z) if law.link == "log" else expit(logit(law.median) + z)
    )
    return values


def _buyers(campaign: Campaign, worlds: int, rng: np.random.Generator) -> FloatArray:
    """Draw the people in market, shape (worlds, segments)."""
    return np.stack(
        [s.size * _typical(s.in_market, worlds, rng) for s in campaign.segments], axis=1
    )


def _each_world(tier: Typical[FloatArray]) -> Iterator[Typical[float]]:
    """Turn arrays over worlds into one tuple of numbers a world."""
    for row in zip(*(column.tolist() for column in tier), strict=True):
        yield Typical(*row)


def _curve(u: FloatArray, heterogeneity: float) -> FloatArray:
    """Return the share of people with at least one contact when the mean is `u`."""
    if not isfinite(heterogeneity):
        return -np.expm1(-u)
    return 1 - (1 + u / heterogeneity) ** -heterogeneity


def play_one(
    campaign: Campaign,
    plan: tuple[float, ...],
    row: tuple[Typical[float], ...],
    buyers: FloatArray,
    rng: np.random.Generator,
) -> tuple[float, ...]:
    """Play one world, as `Totals` by its fields; `buyers` has shape (segments,)."""
    people = np.array([segment.size for segment in campaign.segments])
    contacts, intents = np.zeros(people.size), np.zeros(people.size, dtype=np.int64)
    sums = np.zeros(4)
    for tier, spend, world in zip(campaign.tiers, plan, row, strict=True):
        if spend > 0:
            contacted, intended, *rest = _hire_one(tier, spend / world.mean_cost, world, rng)
            contacts += contacted * np.array(tier.audience)
            intents += rng.multinomial(intended, _with_rest(tier.audience))[:-1]
            sums += rest
    reach = (people * _curve(contacts / people, campaign.heterogeneity)).sum()
    tried = np.maximum(intents, 1)
    first = buyers * _curve(tried / buyers, campaign.heterogeneity) / tried
    conversions = rng.binomial(intents, np.minimum(first, 1.0)).sum()
    impressions, engagements, clicks, cost = sums
    return reach, impressions, engagements, clicks, conversions, cost


def _hire_one(
    tier: Tier, number: float, world: Typical[float], rng: np.random.Generator
) -> tuple[float, int, float, int, int, float]:
    """Return contacts, intents, impressions, engagements, clicks and cost of one tier."""
    size = ceil(number)
    part = np.ones(size)
    part[-1] = number - (size - 1)
    ln_size = _ln_sizes(tier.followers, world.ln_followers, (size,), rng)
    fee = np.exp(
        world.ln_fee + tier.fee_elasticity * ln_size + rng.normal(0.0, tier.fee_residual_sd, size)
    )
    view = expit(rng.normal(world.view_logit, tier.view_rate.creators_sd, size))
    rate = expit(
        rng.normal(world.engagement_logit, tier.engagement_residual_sd, size)
        + tier.engagement_elasticity * ln_size
    )
    authentic_logit = np.full(size, world.authentic_logit)
    if tier.authentic_share.creators_sd > 0:
        authentic_logit += rng.normal(0.0, tier.authentic_share.creators_sd, size)
    delivered = part * (rng.random(size) < world.delivery)
    accounts = delivered * expit(authentic_logit) * np.exp(world.ln_followers + ln_size)
    engagements = rng.binomial(np.rint(accounts * tier.posts).astype(np.int64), rate)
    clicks = rng.binomial(engagements, world.clicks)
    intents = rng.binomial(clicks, world.conversion)
    price = tier.posts * (1 - tier.multi_post_discount)
    return (
        (accounts * (1 - (1 - view) ** tier.posts)).sum(),
        intents.sum(),
        (accounts * view).sum() * tier.posts,
        engagements.sum(),
        clicks.sum(),
        (delivered * fee).sum() * price + world.overhead * number,
    )


def _play_many(
    campaign: Campaign,
    plan: tuple[float, ...],
    tiers: list[Typical[FloatArray]],
    buyers: FloatArray,
    rng: np.random.Generator,
) -> FloatArray:
    """Play some worlds at once, shape (fields of Totals, worlds)."""
    people = np.array([[segment.size for segment in campaign.segments]])
    contacts = np.zeros(buyers.shape)
    intents = np.zeros(buyers.shape, dtype=np.int64)
    sums = np.zeros((4, len(buyers)))
    for tier, spend, worlds in zip(campaign.tiers, plan, tiers, strict=True):
        if spend > 0:
            contacted, intended, *rest = _hire_many(tier, spend, worlds, rng)
            contacts += np.outer(contacted, tier.audience)
            intents += rng.multinomial(intended, _with_rest(tier.audience))[:, :-1]
            sums += rest
    reach = (people * _curve(contacts / people, campaign.heterogeneity)).sum(axis=1)
    tried = np.maximum(intents, 1)
    first = _curve(tried / buyers, campaign.heterogeneity) * buyers / tried
    conversions = rng.binomial(intents, np.minimum(first, 1.0)).sum(axis=1)
    impressions, engagements, clicks, cost = sums
    return np.stack([reach, impressions, engagements, clicks, conversions, cost])


def _hire_many(
    tier: Tier, spend: float, worlds: Typical[FloatArray], rng: np.random.Generator
) -> tuple[FloatArray, IntArray, FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return contacts, intents, impressions, engagements, clicks and cost, (worlds,) each."""
    at = Typical(*(column[:, np.newaxis] for column in worlds))
    number = spend / at.mean_cost
    part = np.clip(number - np.arange(ceil(number.max())), 0.0, 1.0)
    shape = part.shape
    ln_size = _ln_sizes(tier.followers, at.ln_followers, shape, rng)
    z_fee, z_view, z_rate = rng.standard_normal((3, *shape))
    fee = np.exp(at.ln_fee + tier.fee_elasticity * ln_size + tier.fee_residual_sd * z_fee)
    view = expit(at.view_logit + tier.view_rate.creators_sd * z_view)
    rate = expit(
        at.engagement_logit
        + tier.engagement_elasticity * ln_size
        + tier.engagement_residual_sd * z_rate
    )
    authentic_logit = at.authentic_logit
    if tier.authentic_share.creators_sd > 0:
        spread = tier.authentic_share.creators_sd * rng.standard_normal(shape)
        authentic_logit = authentic_logit + spread
    delivered = part * (rng.random(shape) < at.delivery)
    accounts = delivered * expit(authentic_logit) * np.exp(at.ln_followers + ln_size)
    engagements = rng.binomial(np.rint(accounts * tier.posts).astype(np.int64), rate)
    clicks = rng.binomial(engagements, at.clicks)
    intents = rng.binomial(clicks, at.conversion)
    paid = (delivered * fee).sum(axis=1) * tier.posts * (1 - tier.multi_post_discount)
    return (
        (accounts * (1 - (1 - view) ** tier.posts)).sum(axis=1),
        intents.sum(axis=1),
        (accounts * view).sum(axis=1) * tier.posts,
        engagements.sum(axis=1, dtype=np.float64),
        clicks.sum(axis=1, dtype=np.float64),
        paid + (at.overhead * number)[:, 0],
    )


def _ln_sizes(
    law: Uncertain,
    ln_typical: FloatArray | float,
    shape: tuple[int, ...],
    rng: np.random.Generator,
) -> FloatArray:
    """Draw log(followers ÷ typical followers), by the quantiles of a cut normal law."""
    if not law.truncated:
        return rng.normal(0.0, law.creators_sd, shape)
    with np.errstate(divide="ignore"):
        low = np.broadcast_to(np.log(law.low) - ln_typical, shape)
        high = np.broadcast_to(np.log(law.high) - ln_typical, shape)
    if law.creators_sd == 0:
        return np.clip(np.zeros(shape), low, high)
    low = np.clip(low / law.creators_sd, -EDGE, EDGE - 1)
    high = np.clip(high / law.creators_sd, 1 - EDGE, EDGE)
    side = np.where(low > 0, -1.0, 1.0)  # in the lower tail quantiles keep their figures
    below, above = (ndtr(side * end) for end in (low, high))
    return np.asarray(side * law.creators_sd * ndtri(below + rng.random(shape) * (above - below)))


def _with_rest(audience: tuple[float, ...]) -> FloatArray:
    """Append the share that is off target."""
    shares = np.array([*audience, max(1 - sum(audience), 0.0)])
    shares /= shares.sum()
    return shares
