"""The lottery's averages, held against brute-force integration and crowds of creators."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import exp, inf

import numpy as np
import numpy.typing as npt
import pytest
from scipy.special import expit, logit

from agents import hire
from reference import mean_creator_cost
from sim.campaign import Campaign, Segment, Tier
from sim.lottery import (
    Lottery,
    averages,
    contacts_lottery,
    engagements_lottery,
    expected_price,
    mean_cost,
)
from sim.uncertain import Uncertain
from sim.worlds import Worlds, draw_worlds
from specimens import KNOWN, STATED, card_like

FloatArray = npt.NDArray[np.float64]

EVERYTHING = Tier(
    name="everything",
    followers=Uncertain("log", 9_000.0, 0.2, 1.2),
    fee=Uncertain("log", 300.0, 0.2, 1.0),
    fee_elasticity=0.6,
    view_rate=Uncertain("logit", 0.3, 0.3, 0.8),
    engagement_rate=Uncertain("logit", 0.08, 0.3, 0.8),
    engagement_elasticity=-0.3,
    clicks_per_engagement=Uncertain("log", 0.02, 0.3),
    conversion_rate=Uncertain("logit", 0.03, 0.3),
    authentic_share=Uncertain("logit", 0.75, 0.3, 0.6),
    delivery_rate=Uncertain("logit", 0.9, 0.5),
    overhead=Uncertain("log", 60.0, 0.4),
    audience=(1.0,),
    posts=2,
    multi_post_discount=0.1,
)
TIERS = {
    "everything": EVERYTHING,
    "known": replace(
        EVERYTHING,
        followers=KNOWN(9_000.0),
        fee=KNOWN(300.0),
        fee_elasticity=0.0,
        view_rate=KNOWN(0.3, "logit"),
        engagement_rate=KNOWN(0.08, "logit"),
        engagement_elasticity=0.0,
        authentic_share=KNOWN(0.75, "logit"),
    ),
    "one post": replace(EVERYTHING, posts=1),
    "followers alone": replace(
        EVERYTHING,
        view_rate=KNOWN(0.3, "logit"),
        engagement_rate=Uncertain("logit", 0.08, 0.3, 0.36),
        authentic_share=KNOWN(1.0, "logit"),
        delivery_rate=KNOWN(1.0, "logit"),
    ),
    "cut": replace(EVERYTHING, followers=Uncertain("log", 9_000.0, 0.2, 1.2, 1e3, 1e5)),
    "cut short": replace(EVERYTHING, followers=Uncertain("log", 9_000.0, 0.4, 1.2, 2e4, 4e4)),
    "cut above": replace(EVERYTHING, followers=Uncertain("log", 9_000.0, 0.2, 1.2, 0.0, 6e3)),
    "rates alone": replace(
        EVERYTHING,
        followers=Uncertain("log", 9_000.0, 0.2),
        fee_elasticity=0.0,
        engagement_elasticity=0.0,
    ),
}
LOTTERIES: dict[str, Callable[[Worlds, Tier], Lottery]] = {
    "contacts": contacts_lottery,
    "engagements": engagements_lottery,
}


def bank(tier: Tier, n: int = 4, resonance: float = 1.2) -> Worlds:
    segment = Segment("all", 50_000, KNOWN(0.1, "logit"))
    return draw_worlds(Campaign((segment,), (tier,), resonance=KNOWN(resonance)), n, 3)


def grid(law: Uncertain, typical: float, n: int) -> tuple[FloatArray, FloatArray]:
    """Return deviates and probabilities of a fine rule for a (cut) normal law."""
    if law.creators_sd == 0:
        return np.zeros(1), np.ones(1)
    ends = [np.log(max(x, 1e-300) / typical) / law.creators_sd for x in (law.low, law.high)]
    low, high = max(ends[0], -9.0), min(ends[1], 9.0)
    nodes, weights = np.polynomial.legendre.leggauss(n)
    z = (low + high) / 2 + (high - low) / 2 * nodes
    density = weights * np.exp(-(z**2) / 2)
    return z, density / density.sum()


def brute(
    worlds: Worlds, tier: Tier, what: str, world: int
) -> tuple[FloatArray, FloatArray, float]:
    """Return values and probabilities of what a creator who posts brings, and delivery."""
    at = {key: float(worlds.tier(tier, key)[world]) for key in ("followers", "view_rate",
          "engagement_rate", "authentic_share", "delivery_rate")}  # fmt: skip
    z, pz = grid(tier.followers, at["followers"], 160)
    a, pa = grid(tier.authentic_share, 1.0, 60)
    other = tier.engagement_rate if what == "engagements" else tier.view_rate
    spread = tier.engagement_residual_sd if what == "engagements" else other.creators_sd
    o, po = grid(replace(other, creators_sd=spread, typical_sd=0.0), 1.0, 80)
    size = tier.followers.creators_sd * z[:, None, None]
    authentic = _share(at["authentic_share"], tier.authentic_share.creators_sd * a)
    people = at["followers"] * np.exp(size) * authentic
    deviate = spread * o[:, None]
    if what == "engagements":
        resonance = np.log(worlds.values["resonance"][world])
        lean = tier.engagement_elasticity * size + resonance
        rate = tier.posts * expit(logit(at["engagement_rate"]) + lean + deviate)
    else:
        view = expit(logit(at["view_rate"]) + deviate)
        rate = tier.posts * view if what == "impressions" else 1 - (1 - view) ** tier.posts
    chance = pz[:, None, None] * po[:, None] * pa
    values = np.broadcast_to(people * rate, chance.shape)
    return values.ravel(), chance.ravel(), at["delivery_rate"]


def _share(typical: float, deviate: FloatArray) -> FloatArray:
    return np.ones_like(deviate) if typical == 1 else np.asarray(expit(logit(typical) + deviate))


@pytest.mark.parametrize("what", ["contacts", "impressions", "engagements"])
@pytest.mark.parametrize("name", TIERS)
def test_means_are_those_of_brute_force_integration(name: str, what: str) -> None:
    tier = TIERS[name]
    worlds = bank(tier)
    means = averages(worlds, tier)[what]
    for world in range(worlds.size):
        values, chance, delivery = brute(worlds, tier, what, world)
        assert means[world] == pytest.approx(delivery * (values @ chance), rel=5e-6)


@pytest.mark.parametrize("what", LOTTERIES)
@pytest.mark.parametrize("name", TIERS)
def test_a_lottery_has_the_mean_of_its_creators(name: str, what: str) -> None:
    worlds = bank(TIERS[name])
    mean = averages(worlds, TIERS[name])[what]
    assert LOTTERIES[what](worlds, TIERS[name]).mean() == pytest.approx(mean, rel=2e-5)


@pytest.mark.parametrize("what", LOTTERIES)
@pytest.mark.parametrize("name", TIERS)
def test_exponents_are_those_of_brute_force_integration(name: str, what: str) -> None:
    tier = TIERS[name]
    worlds = bank(tier)
    lottery = LOTTERIES[what](worlds, tier)
    rates = np.array([1e-3, 0.1, 1.0, 5.0]) / lottery.mean()[:, None]
    exponents = lottery.exponents(rates)
    for world in range(worlds.size):
        values, chance, delivery = brute(worlds, tier, what, world)
        for rate, exponent in zip(rates[world], exponents[world], strict=True):
            missed = 1 - delivery * (-np.expm1(-rate * values) @ chance)
            assert exponent == pytest.approx(-np.log(missed), rel=2e-4), rate


def test_a_very_wide_tier_is_accurate_to_half_a_thousandth_of_people() -> None:
    tier = replace(TIERS["followers alone"], followers=Uncertain("log", 9_000.0, 0.0, 2.0),
                   fee=Uncertain("log", 300.0, 0.0, 1.3), engagement_elasticity=0.0)  # fmt: skip
    worlds = bank(tier, 1)
    rates = np.geomspace(1e-7, 1e-2, 12)[None, :]
    exponents = contacts_lottery(worlds, tier).exponents(rates)[0]
    values, chance, delivery = brute(worlds, tier, "contacts", 0)
    missed = [1 - delivery * (-np.expm1(-rate * values) @ chance) for rate in rates[0]]
    assert np.exp(-exponents) == pytest.approx(np.array(missed), abs=5e-4)


def test_a_creator_without_spread_has_the_closed_form() -> None:
    tier = TIERS["known"]
    worlds = bank(tier)
    delivery = worlds.tier(tier, "delivery_rate")
    contacts = 9_000 * 0.75 * (1 - 0.7**2)
    rates = np.full((worlds.size, 1), 1e-4)
    exponents = contacts_lottery(worlds, tier).exponents(rates)[:, 0]
    closed = -np.log(1 - delivery * (1 - exp(-1e-4 * contacts)))
    assert exponents == pytest.approx(closed, rel=1e-12)


def test_mean_engagements_of_a_lognormal_following_have_the_closed_form() -> None:
    tier = replace(EVERYTHING, engagement_rate=KNOWN(0.08, "logit"), engagement_elasticity=0.0,
                   authentic_share=KNOWN(0.75, "logit"))  # fmt: skip
    worlds = bank(tier, resonance=1.0)
    closed = (
        worlds.tier(tier, "delivery_rate")
        * worlds.tier(tier, "followers")
        * exp(1.2**2 / 2)
        * 0.75 * 2 * 0.08
    )  # fmt: skip
    assert engagements_lottery(worlds, tier).mean() == pytest.approx(closed, rel=1e-9)


def test_small_rates_give_the_mean() -> None:
    worlds = bank(EVERYTHING)
    lottery = contacts_lottery(worlds, EVERYTHING)
    rates = np.full((worlds.size, 1), 1e-14)
    assert lottery.exponents(rates)[:, 0] == pytest.approx(1e-14 * lottery.mean(), rel=1e-6)


def test_exponents_lie_below_what_mean_contacts_promise() -> None:
    worlds = bank(EVERYTHING, 40)
    lottery = contacts_lottery(worlds, EVERYTHING)
    rates = np.geomspace(1e-6, 1e-2, 9) * np.ones((40, 1))
    assert (lottery.exponents(rates) < rates * lottery.mean()[:, None]).all()


@pytest.mark.parametrize("name", TIERS)
def test_the_mean_cost_agrees_with_the_reference_engine(name: str) -> None:
    tier = TIERS[name]
    worlds = bank(tier, 64)
    keys = ("fee", "delivery_rate", "overhead")
    typical = (np.log(worlds.tier(tier, "followers")), *(worlds.tier(tier, k) for k in keys))
    assert mean_cost(worlds, tier) == pytest.approx(mean_creator_cost(tier, *typical), rel=1e-6)


@pytest.mark.parametrize("name", ["everything", "cut", "cut short"])
def test_the_mean_cost_is_what_a_crowd_costs(name: str) -> None:
    tier = TIERS[name]
    keys = ("followers", "fee", "delivery_rate", "overhead")
    sure = replace(tier, **{key: replace(getattr(tier, key), typical_sd=0.0) for key in keys})
    cost = hire(sure, 400_000, 1.0, np.random.default_rng(4)).cost
    mean = mean_cost(bank(sure, 1), sure)[0]
    assert abs(cost.mean() - mean) < 4 * cost.std() / cost.size**0.5


def price_of_worlds(tier: Tier) -> tuple[float, float]:
    """Return the mean cost over many worlds and its standard error."""
    costs = mean_cost(bank(tier, 2**14), tier)
    means = np.array([costs[r::16].mean() for r in range(16)])
    return float(means.mean()), float(means.std(ddof=1) / 4)


@pytest.mark.parametrize("name", TIERS)
def test_the_expected_price_is_the_mean_cost_over_worlds(name: str) -> None:
    mean, se = price_of_worlds(TIERS[name])
    assert abs(expected_price(TIERS[name]) - mean) <= 4 * se + 1e-9 * mean


def test_the_expected_price_of_lognormal_fees_has_the_closed_form() -> None:
    tier = replace(EVERYTHING, delivery_rate=KNOWN(0.9, "logit"))
    fee = 300 * exp((0.2**2 + 1.0**2 + (0.6 * 0.2) ** 2) / 2)
    closed = 0.9 * 2 * fee * 0.9 + 60 * exp(0.4**2 / 2)
    assert expected_price(tier) == pytest.approx(closed, rel=1e-9)


def test_bare_numbers_cost_what_they_say() -> None:
    tier = replace(TIERS["known"], delivery_rate=KNOWN(0.9, "logit"), overhead=KNOWN(60.0))
    assert expected_price(tier) == pytest.approx(0.9 * 2 * 300 * 0.9 + 60, rel=1e-14)
    assert mean_cost(bank(tier), tier) == pytest.approx(expected_price(tier), rel=1e-14)


def test_the_price_does_not_depend_on_the_worlds_drawn() -> None:
    for tier in (replace(tier, audience=(0.5,)) for tier in card_like().tiers):
        mean, se = price_of_worlds(tier)
        assert abs(expected_price(tier) - mean) <= 4 * se


def test_a_cut_that_cuts_nothing_changes_nothing() -> None:
    tier = TIERS["followers alone"]
    loose = replace(tier, followers=replace(tier.followers, low=1e-6, high=1e15))
    tight, uncut = bank(loose), bank(tier)
    rates = np.array([1e-6, 1e-4]) * np.ones((4, 1))
    assert expected_price(loose) == pytest.approx(expected_price(tier), rel=1e-6)
    one, other = contacts_lottery(tight, loose), contacts_lottery(uncut, tier)
    assert one.mean() == pytest.approx(other.mean(), rel=1e-4)
    assert one.exponents(rates) == pytest.approx(other.exponents(rates), rel=2e-4)


def test_typical_followers_beyond_the_cut_count_as_the_cut() -> None:
    law = Uncertain("log", 1e4, 1.0, 0.05, 9e3, 1.1e4)
    tier = replace(TIERS["followers alone"], followers=law, fee_elasticity=0.0,
                   engagement_elasticity=0.0)  # fmt: skip
    followers = averages(bank(tier, 64), tier)["impressions"]
    followers /= 2 * bank(tier, 64).tier(tier, "view_rate")
    assert (followers >= 9e3).all()
    assert (followers <= 1.1e4).all()


def test_followers_that_are_alike_are_cut_too() -> None:
    law = Uncertain("log", 1e4, 0.5, 0.0, 8e3, 1.5e4)
    tier = replace(
        EVERYTHING,
        followers=law,
        view_rate=KNOWN(0.3, "logit"),
        fee_elasticity=0.0,
        engagement_elasticity=0.0,
        authentic_share=KNOWN(1.0, "logit"),
        delivery_rate=KNOWN(1.0, "logit"),
    )
    followers = averages(bank(tier, 64), tier)["impressions"] / (0.3 * 2)
    assert followers.min() >= 8e3 * (1 - 1e-9)
    assert followers.max() <= 1.5e4 * (1 + 1e-9)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_shares_of_none_and_all_are_exact(share: float) -> None:
    tier = replace(EVERYTHING, engagement_rate=KNOWN(share, "logit"), engagement_elasticity=0.0,
                   view_rate=KNOWN(share, "logit"))  # fmt: skip
    half = replace(tier, view_rate=KNOWN(0.5, "logit"))
    worlds, followers = bank(tier), averages(bank(half), half)["impressions"]
    for what in ("engagements", "impressions"):
        expected = followers * 2 * share
        assert averages(worlds, tier)[what] == pytest.approx(expected, rel=1e-12)
    assert (contacts_lottery(worlds, tier).mean() > 0).all() == bool(share)


def test_the_quadrature_knows_creators_stated_as_ranges() -> None:
    tier = replace(EVERYTHING, followers=STATED("log", creators=(1e3, 1e5), high=inf))
    worlds = bank(tier, 1)
    crew = hire(
        replace(tier, **{key: replace(getattr(tier, key), typical_sd=0.0, median=float(
                worlds.tier(tier, key)[0])) for key in ("view_rate", "authentic_share",
                "delivery_rate")}),
        400_000, 1.0, np.random.default_rng(6),
    )  # fmt: skip
    contacts = crew.followers * (1 - (1 - crew.view) ** 2)
    mean = contacts_lottery(worlds, tier).mean()[0]
    assert abs(contacts.mean() - mean) < 4 * contacts.std() / contacts.size**0.5
