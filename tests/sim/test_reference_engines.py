"""The two reference engines are each other's oracle, and the agents are theirs."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import numpy.typing as npt
import pytest

from agents import hire, simulate
from reference import Totals, mean_creator_cost, per_draw, reference_campaign, whole_array
from sim.campaign import Campaign, Segment, Tier
from sim.uncertain import Uncertain

KNOWN = Uncertain.known
METRICS = [field.name for field in fields(Totals)]

SMALL = Tier(
    name="small",
    followers=Uncertain("log", 1_500.0, 0.2, 0.8, low=400.0, high=6_000.0),
    fee=Uncertain("log", 90.0, 0.3, 0.9),
    fee_elasticity=0.8,
    view_rate=Uncertain("logit", 0.3, 0.2, 0.5),
    engagement_rate=Uncertain("logit", 0.1, 0.3, 0.6),
    engagement_elasticity=-0.2,
    clicks_per_engagement=Uncertain("log", 0.2, 0.2),
    conversion_rate=Uncertain("logit", 0.3, 0.2),
    authentic_share=Uncertain("logit", 0.8, 0.1, 0.4),
    delivery_rate=Uncertain("logit", 0.8, 0.2),
    overhead=Uncertain("log", 20.0, 0.2),
    audience=(0.6, 0.3),
    posts=2,
    multi_post_discount=0.1,
)
BIG = replace(
    SMALL,
    name="big",
    followers=Uncertain("log", 9_000.0, 0.1, 0.5),
    fee=Uncertain("log", 500.0, 0.2, 0.7),
    audience=(0.2, 0.8),
    posts=1,
)
MIXED = Campaign(
    segments=(
        Segment("fans", 8_000, Uncertain("logit", 0.3, 0.2)),
        Segment("others", 30_000, Uncertain("logit", 0.1, 0.2)),
    ),
    tiers=(SMALL, BIG),
    heterogeneity=0.8,
    resonance=Uncertain("log", 1.0, 0.2),
)

Sample = npt.NDArray[np.float64]


def errors_apart(one: Sample, other: Sample) -> float:
    """Return how many standard errors two means are apart."""
    se = np.hypot(one.std(ddof=1) / one.size**0.5, other.std(ddof=1) / other.size**0.5)
    return float(abs(one.mean() - other.mean()) / se)


@pytest.fixture(scope="module")
def reference_totals() -> tuple[Totals, Totals]:
    campaign, plan = reference_campaign()
    return per_draw(campaign, plan, 2_000, seed=1), whole_array(campaign, plan, 2_000, seed=2)


@pytest.fixture(scope="module")
def mixed_totals() -> tuple[Totals, Totals]:
    plan = (3_300.0, 2_900.0)
    return per_draw(MIXED, plan, 4_000, seed=3), whole_array(MIXED, plan, 4_000, seed=4)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("totals", ["reference_totals", "mixed_totals"])
def test_the_engines_agree(totals: str, metric: str, request: pytest.FixtureRequest) -> None:
    one, other = (getattr(total, metric) for total in request.getfixturevalue(totals))
    assert errors_apart(one, other) < 4
    assert errors_apart((one - one.mean()) ** 2, (other - other.mean()) ** 2) < 4


def test_a_plan_costs_on_average_what_it_spends(
    reference_totals: tuple[Totals, Totals], mixed_totals: tuple[Totals, Totals]
) -> None:
    spends = sum(reference_campaign()[1]), 6_200.0
    for spend, engines in zip(spends, (reference_totals, mixed_totals), strict=True):
        for totals in engines:
            assert errors_apart(totals.cost, np.full(totals.cost.size, spend)) < 4


def test_the_reference_campaign_has_the_size_it_is_known_for(
    reference_totals: tuple[Totals, Totals],
) -> None:
    assert reference_totals[1].conversions.mean() == pytest.approx(200, rel=0.05)


@pytest.mark.parametrize(
    "tier",
    [SMALL, BIG, replace(SMALL, followers=Uncertain("log", 5e3, high=6e3), fee_elasticity=1.0)],
)
def test_the_mean_cost_is_the_mean_of_creators_drawn(tier: Tier) -> None:
    sure = replace(
        tier,
        followers=replace(tier.followers, typical_sd=0.0),
        fee=replace(tier.fee, typical_sd=0.0),
        delivery_rate=KNOWN(0.8, "logit"),
        overhead=KNOWN(20.0),
    )
    typical = (np.log(tier.followers.median), tier.fee.median, 0.8, 20.0)
    mean = mean_creator_cost(sure, *(np.array([value]) for value in typical))
    cost = hire(sure, 200_000, 1.0, np.random.default_rng(5)).cost
    assert errors_apart(cost, mean.repeat(2)) < 4


def test_the_engines_count_what_the_agents_count() -> None:
    numbers = (12, 3)
    tiers = tuple(
        replace(tier, fee=KNOWN(100.0), fee_elasticity=0.0, multi_post_discount=0.0)
        for tier in (replace(t, delivery_rate=KNOWN(0.8, "logit")) for t in MIXED.tiers)
    )
    campaign = replace(MIXED, tiers=tuple(replace(tier, overhead=KNOWN(20.0)) for tier in tiers))
    plan = tuple(
        number * (0.8 * tier.posts * 100 + 20)
        for number, tier in zip(numbers, campaign.tiers, strict=True)
    )
    drawn = whole_array(campaign, plan, 10_000, seed=6)
    counted = simulate(campaign, numbers, np.random.default_rng(7), 200)
    assert errors_apart(drawn.reach, counted.reach.sum(axis=1)) < 4
    assert errors_apart(drawn.conversions, counted.conversions.sum(axis=1)) < 4
    for metric in ("impressions", "engagements", "clicks", "cost"):
        assert errors_apart(getattr(drawn, metric), getattr(counted, metric)) < 4, metric


def test_a_tier_without_money_yields_nothing() -> None:
    campaign, plan = reference_campaign()
    for engine in (per_draw, whole_array):
        totals = engine(campaign, (0.0, plan[1]), 50, 1)
        assert totals.cost.mean() < sum(plan) / 2
        nothing = engine(campaign, (0.0, 0.0), 5, 1)
        assert all((getattr(nothing, metric) == 0).all() for metric in METRICS)
