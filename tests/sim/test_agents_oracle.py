"""The agents are the ground truth, so they are held against what needs no simulator."""

from __future__ import annotations

from dataclasses import replace
from math import inf, log

import numpy as np
import pytest
from numpy.typing import ArrayLike
from scipy import stats

from agents import MOST_CONTACTS, AgentTotals, hire, people, simulate
from sim.campaign import Campaign, Segment, Tier
from sim.uncertain import Uncertain

KNOWN = Uncertain.known
PEOPLE, IN_MARKET = 20_000, 0.3

TIER = Tier(
    name="micro",
    followers=KNOWN(5_000.0),
    fee=KNOWN(100.0),
    view_rate=KNOWN(0.4, "logit"),
    engagement_rate=KNOWN(0.2, "logit"),
    clicks_per_engagement=KNOWN(0.5),
    conversion_rate=KNOWN(0.25, "logit"),
    authentic_share=KNOWN(0.8, "logit"),
    overhead=KNOWN(30.0),
    lift=KNOWN(0.25, "logit"),
    audience=(0.7,),
    posts=2,
    multi_post_discount=0.1,
)

FEW = Segment("few", 2_000, KNOWN(IN_MARKET, "logit"))


def campaign(tier: Tier = TIER, heterogeneity: float = inf) -> Campaign:
    segment = Segment("all", PEOPLE, KNOWN(IN_MARKET, "logit"))
    return Campaign((segment,), (tier,), heterogeneity)


def play(
    tier: Tier = TIER, heterogeneity: float = inf, creators: int = 1, replications: int = 300
) -> AgentTotals:
    rng = np.random.default_rng(11)
    return simulate(campaign(tier, heterogeneity), (creators,), rng, replications)


def agrees(sample: ArrayLike, expected: float, errors: float = 3.0) -> bool:
    values = np.asarray(sample, dtype=float)
    return bool(
        abs(values.mean() - expected) <= errors * values.std(ddof=1) / values.size**0.5 + 1e-9
    )


def contacts(creators: int) -> float:
    """Return mean on-target contacts of TIER's creators."""
    return creators * 0.8 * 5_000 * 0.7 * (1 - 0.6**2)


def test_counts_have_the_means_of_their_accounts() -> None:
    totals = play(creators=4)
    accounts = 4 * 0.8 * 5_000
    assert agrees(totals.impressions, accounts * 2 * 0.4)
    assert agrees(totals.on_target, 0.7 * accounts * 2 * 0.4)
    assert agrees(totals.engagements, accounts * 2 * 0.2)
    assert agrees(totals.clicks, accounts * 2 * 0.2 * 0.5)
    assert (totals.cost == 4 * (2 * 100 * 0.9 + 30)).all()


@pytest.mark.parametrize("heterogeneity", [0.3, 0.8, 5.0])
def test_appetites_follow_the_gamma_law(heterogeneity: float) -> None:
    gamma = people(50_000, heterogeneity, np.random.default_rng(1))
    law = stats.gamma(heterogeneity, scale=1 / heterogeneity)
    assert stats.kstest(gamma, law.cdf).pvalue > 0.001
    assert agrees(gamma, 1.0)


def test_without_heterogeneity_all_people_are_alike() -> None:
    assert (people(10, inf, np.random.default_rng(1)) == 1).all()


def test_nobody_is_reached_or_buys_twice() -> None:
    busy = replace(TIER, engagement_rate=KNOWN(0.9, "logit"), conversion_rate=KNOWN(1.0, "logit"))
    totals = play(busy, heterogeneity=0.5, creators=60, replications=20)
    assert (totals.reach <= PEOPLE).all()
    assert (totals.conversions <= PEOPLE * IN_MARKET).all()
    assert (totals.conversions > 0.5 * PEOPLE * IN_MARKET).all()
    assert (np.diff(totals.contacted, axis=2) <= 0).all()
    assert (totals.lifted <= totals.reach).all()
    assert (totals.frequency >= 1).all()


@pytest.mark.parametrize("creators", [1, 12])
def test_alike_people_are_reached_by_random_duplication(creators: int) -> None:
    totals = play(creators=creators)
    assert agrees(totals.reach, PEOPLE * (1 - np.exp(-contacts(creators) / PEOPLE)))


@pytest.mark.parametrize("heterogeneity", [0.3, 0.8, 5.0])
@pytest.mark.parametrize("creators", [1, 12])
def test_contacts_per_person_are_negative_binomial(heterogeneity: float, creators: int) -> None:
    totals = play(heterogeneity=heterogeneity, creators=creators)
    mean = contacts(creators) / PEOPLE
    law = stats.nbinom(heterogeneity, heterogeneity / (heterogeneity + mean))
    for k in range(1, MOST_CONTACTS + 1):
        if PEOPLE * law.sf(k - 1) < 1:
            break  # too rare for a normal error bar
        assert agrees(totals.contacted[:, 0, k - 1], PEOPLE * law.sf(k - 1), errors=4), k
    moved = stats.nbinom(heterogeneity, heterogeneity / (heterogeneity + 0.25 * mean))
    assert agrees(totals.lifted, PEOPLE * moved.sf(0), errors=4)


@pytest.mark.parametrize("heterogeneity", [0.8, inf])
def test_buyers_are_the_first_of_their_intents(heterogeneity: float) -> None:
    totals = play(heterogeneity=heterogeneity, creators=12)
    buyers = PEOPLE * IN_MARKET
    intents = 12 * 0.8 * 5_000 * 0.7 * 2 * 0.2 * 0.5 * 0.25
    u = intents / buyers
    stay = np.exp(-u) if heterogeneity == inf else (1 + u / heterogeneity) ** -heterogeneity
    assert agrees(totals.conversions, buyers * (1 - stay))


def test_buying_varies_like_the_occupancy_of_poisson_intents() -> None:
    few = replace(campaign(replace(TIER, followers=KNOWN(500.0))), segments=(FEW,))
    totals = simulate(few, (12,), np.random.default_rng(12), 1500)
    share = totals.conversions.mean() / (FEW.size * IN_MARKET)
    expected = FEW.size * IN_MARKET * share * (1 - share)
    assert totals.conversions.var(ddof=1) == pytest.approx(expected, rel=4 * (2 / 1500) ** 0.5)


def test_who_does_not_deliver_is_not_seen_but_costs_overhead() -> None:
    totals = play(replace(TIER, delivery_rate=KNOWN(0.3, "logit")), replications=600)
    silent = totals.impressions == 0
    assert agrees(silent, 0.7)
    assert (totals.cost[silent] == 30).all()
    assert (totals.cost[~silent] == 210).all()


def test_followings_stay_in_their_interval_and_keep_the_lognormal_shape() -> None:
    law = Uncertain("log", 2_000.0, creators_sd=1.0, low=1_000.0, high=9_000.0)
    crew = hire(replace(TIER, followers=law), 40_000, 1.0, np.random.default_rng(2))
    followers = crew.followers / 0.8
    low, high = log(0.5), log(4.5)
    assert stats.kstest(np.log(followers / 2_000), stats.truncnorm(low, high).cdf).pvalue > 0.001


def test_fees_and_engagement_follow_followings_and_keep_their_whole_spread() -> None:
    tier = replace(
        TIER,
        followers=Uncertain("log", 2_000.0, creators_sd=1.0),
        fee=Uncertain("log", 100.0, creators_sd=1.0),
        fee_elasticity=0.7,
        engagement_rate=Uncertain("logit", 0.05, creators_sd=0.5),
        engagement_elasticity=-0.3,
    )
    crew = hire(tier, 200_000, 1.5, np.random.default_rng(3))
    size = np.log(crew.followers / (0.8 * 2_000))
    fee = np.log((crew.cost - 30) / (2 * 0.9 * 100))
    engagement = np.log(crew.engagement / (1 - crew.engagement)) - log(1.5 * 0.05 / 0.95)
    for value, slope, spread in ((fee, 0.7, 1.0), (engagement, -0.3, 0.5)):
        assert np.polyfit(size, value, 1) == pytest.approx([slope, 0.0], abs=0.01)
        assert value.std() == pytest.approx(spread, rel=0.01)


def test_a_typical_value_is_drawn_once_a_replication() -> None:
    uncertain = replace(TIER, engagement_rate=Uncertain("logit", 0.2, typical_sd=0.4))
    sure, unsure = (play(tier, creators=4, replications=100) for tier in (TIER, uncertain))
    assert unsure.engagements.std() > 10 * sure.engagements.std()


def test_agents_refuse_half_a_post() -> None:
    with pytest.raises(ValueError, match="whole posts"):
        play(replace(TIER, posts=1.5))
