"""Curves against people: what the simulator expects is what agents count, person by person.

The agents' own limits are finite (a market of whole people, appetites that share one sum), which
moves a mean by about one person; a few hundred replications do not see that.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from math import inf

import numpy as np
import numpy.typing as npt
import pytest

from agents import AgentTotals, simulate
from sim.campaign import Campaign, Segment, Tier
from sim.outcomes import Outcomes, evaluate
from sim.purchase import WHOLE, price_list
from sim.statistics import standard_error
from sim.uncertain import Uncertain
from sim.worlds import draw_worlds
from specimens import KNOWN

FloatArray = npt.NDArray[np.float64]

BARE_SMALL = Tier(
    name="micro",
    followers=KNOWN(600.0),
    fee=KNOWN(60.0),
    view_rate=KNOWN(0.35, "logit"),
    engagement_rate=KNOWN(0.10, "logit"),
    clicks_per_engagement=KNOWN(0.3),
    conversion_rate=KNOWN(0.3, "logit"),
    authentic_share=KNOWN(0.8, "logit"),
    overhead=KNOWN(15.0),
    lift=KNOWN(0.15, "logit"),
    audience=(0.6, 0.2),
)
BARE_LARGE = replace(
    BARE_SMALL,
    name="macro",
    followers=KNOWN(6_000.0),
    fee=KNOWN(700.0),
    view_rate=KNOWN(0.25, "logit"),
    engagement_rate=KNOWN(0.03, "logit"),
    audience=(0.2, 0.7),
)


def with_spread(tier: Tier) -> Tier:
    """Return the tier with creators who differ in everything in which they can."""
    return replace(
        tier,
        followers=Uncertain("log", tier.followers.median, creators_sd=0.9),
        fee=Uncertain("log", tier.fee.median, creators_sd=0.8),
        fee_elasticity=0.6,
        view_rate=Uncertain("logit", tier.view_rate.median, creators_sd=0.5),
        engagement_rate=Uncertain("logit", tier.engagement_rate.median, creators_sd=0.5),
        engagement_elasticity=-0.2,
        authentic_share=Uncertain("logit", 0.8, creators_sd=0.4),
    )


def campaign(small: Tier, large: Tier, kappa: float, sizes: tuple[int, int]) -> Campaign:
    fans, others = sizes
    return Campaign(
        segments=(
            Segment("fans", fans, KNOWN(0.3, "logit")),
            Segment("others", others, KNOWN(0.1, "logit")),
        ),
        tiers=(small, large),
        heterogeneity=kappa,
    )


@dataclass(frozen=True)
class Case:
    """A campaign, how many creators of each tier, and how often the agents play it."""

    campaign: Campaign
    counts: tuple[int, int]
    replications: int = 300


SPREAD_SMALL, SPREAD_LARGE = with_spread(BARE_SMALL), with_spread(BARE_LARGE)
SLOW = (
    replace(SPREAD_SMALL, delivery_rate=KNOWN(0.6, "logit")),
    replace(SPREAD_LARGE, delivery_rate=KNOWN(0.75, "logit"), posts=3),
)
CUT = replace(SPREAD_SMALL, followers=replace(SPREAD_SMALL.followers, low=300.0, high=1_500.0))
UNSURE = (
    replace(SPREAD_SMALL, engagement_rate=Uncertain("logit", 0.1, 0.3, 0.5), posts=2),
    replace(SPREAD_LARGE, followers=Uncertain("log", 6_000.0, 0.3, 0.9)),
)
CASES = {
    "bare, alike": Case(campaign(BARE_SMALL, BARE_LARGE, inf, (4_000, 12_000)), (12, 3)),
    "bare, unlike, three posts": Case(
        campaign(replace(BARE_SMALL, posts=3), BARE_LARGE, 0.6, (4_000, 12_000)), (12, 3)
    ),
    "spread, alike": Case(campaign(SPREAD_SMALL, SPREAD_LARGE, inf, (3_000, 8_000)), (10, 2), 500),
    "spread, unlike, who may not deliver": Case(campaign(*SLOW, 0.8, (3_000, 8_000)), (10, 3), 500),
    "spread, unlike, cut": Case(campaign(CUT, SPREAD_LARGE, 2.0, (2_000, 20_000)), (20, 1), 500),
    "typical values unknown": Case(campaign(*UNSURE, 0.8, (3_000, 8_000)), (10, 2), 500),
    "one macro": Case(campaign(SPREAD_SMALL, SPREAD_LARGE, 0.8, (2_000, 3_000)), (0, 1), 500),
}


@pytest.fixture(scope="module", params=CASES, ids=list(CASES))
def played(request: pytest.FixtureRequest) -> tuple[AgentTotals, Outcomes]:
    return play(request.param)


@cache
def play(name: str) -> tuple[AgentTotals, Outcomes]:
    """Return what agents count and what is expected of them."""
    case = CASES[name]
    counted = simulate(case.campaign, case.counts, np.random.default_rng(17), case.replications)
    plan = np.array(case.counts) * price_list(case.campaign)
    expected = evaluate(draw_worlds(case.campaign, 4096, 3), [plan], WHOLE)
    return counted, expected


def apart(counted: npt.ArrayLike, outcomes: Outcomes, expected: FloatArray) -> float:
    """Return how many standard errors two means are apart."""
    sample = np.asarray(counted, dtype=float)
    own = sample.std(ddof=1) / sample.size**0.5
    return float(
        abs(sample.mean() - expected.mean())
        / max(np.hypot(own, standard_error(outcomes.worlds, expected)), 1e-9 * expected.mean())
    )


def test_repeated_contacts_are_what_agents_count(
    played: tuple[AgentTotals, Outcomes],
) -> None:
    counted, outcomes = played
    k = outcomes.worlds.campaign.effective_frequency
    people = counted.contacted[:, :, k - 1].sum(axis=1)
    assert apart(people, outcomes, outcomes.values["effective_reach"][0]) < 3.5


def test_reach_is_what_agents_count(played: tuple[AgentTotals, Outcomes]) -> None:
    counted, outcomes = played
    assert apart(counted.reach.sum(axis=1), outcomes, outcomes.values["reach"][0]) < 3


def test_conversions_are_what_agents_count(played: tuple[AgentTotals, Outcomes]) -> None:
    counted, outcomes = played
    assert apart(counted.conversions.sum(axis=1), outcomes, outcomes.values["conversions"][0]) < 3


def test_brand_lift_is_what_agents_count(played: tuple[AgentTotals, Outcomes]) -> None:
    counted, outcomes = played
    assert apart(counted.lifted.sum(axis=1), outcomes, outcomes.values["brand_lift"][0]) < 3


@pytest.mark.parametrize(
    ("of_agents", "metric"),
    [
        ("on_target", "on_target_impressions"),
        ("impressions", "impressions"),
        ("engagements", "engagements"),
        ("clicks", "clicks"),
        ("cost", "spend"),
    ],
)
def test_events_and_money_are_what_agents_count(
    played: tuple[AgentTotals, Outcomes], of_agents: str, metric: str
) -> None:
    counted, outcomes = played
    assert apart(getattr(counted, of_agents), outcomes, outcomes.values[metric][0]) < 3.5


def test_frequency_is_what_agents_count(played: tuple[AgentTotals, Outcomes]) -> None:
    counted, outcomes = played
    reach, seen = counted.reach.sum(axis=1), counted.on_target
    ratio = seen.mean() / reach.mean()
    error = (seen - ratio * reach).std(ddof=1) / reach.mean() / reach.size**0.5
    values = outcomes.values
    expected = values["on_target_impressions"][0].mean() / values["reach"][0].mean()
    left = values["on_target_impressions"][0] - expected * values["reach"][0]
    own = standard_error(outcomes.worlds, left / values["reach"][0].mean())
    assert abs(ratio - expected) < 3 * np.hypot(error, own)


@pytest.mark.parametrize("name", ["bare, alike", "bare, unlike, three posts"])
def test_counts_vary_as_much_as_agents_do(name: str) -> None:
    """Where creators are alike: their own lottery would drown the luck of counting."""
    counted, outcomes = play(name)
    for metric, people in (("reach", counted.reach), ("conversions", counted.conversions)):
        mean, chance = outcomes.values[metric][0], outcomes.chances[metric][0]
        sample = people.sum(axis=1)
        squares = (sample - sample.mean()) ** 2
        error = squares.std(ddof=1) / sample.size**0.5
        assert abs(squares.mean() - (mean * (1 - chance)).mean()) < 4 * error, metric
