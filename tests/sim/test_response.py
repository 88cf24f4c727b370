"""The averaged response is the mean of the full lottery; mean contacts in the curve are not."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats

from sim.campaign import Campaign
from sim.curves import reached_share
from sim.lottery import contacts_lottery, mean_cost
from sim.mapping import one_by_one
from sim.metrics import OBJECTIVES
from sim.outcomes import evaluate
from sim.purchase import PARTS, WHOLE, Purchase, price_list
from sim.response import blend, respond
from sim.ridges import Ridges
from sim.worlds import Worlds, draw_worlds
from specimens import KNOWN, card_like, few_unequal
from strategies import bare_campaigns, campaigns, plans

FloatArray = npt.NDArray[np.float64]

WAYS: dict[str, Purchase] = {"parts": PARTS, "whole": WHOLE}

#: What the response gives as the mean of the lottery. Effective reach counts every creator at the
#: mean following instead (its own claims are below), and is not concave.
AVERAGED = tuple(metric for metric in OBJECTIVES if metric != "effective_reach")

#: Crews of creators that play the same worlds.
CREWS = 128


def sure_of_costs(campaign: Campaign) -> Campaign:
    """Return the campaign with the mean cost the same in every world: whole counts in parts."""
    keys = ("fee", "followers", "delivery_rate", "overhead")
    return replace(
        campaign,
        tiers=tuple(
            replace(tier, **{key: replace(getattr(tier, key), typical_sd=0.0) for key in keys})
            for tier in campaign.tiers
        ),
    )


def replayed(worlds: Worlds, plan: FloatArray, way: Purchase) -> dict[str, FloatArray]:
    """Return every metric's mean over the worlds, once for each of many crews of creators."""
    crews = (replace(worlds, seed=seed) for seed in range(CREWS))
    played = [evaluate(crew, [plan], way, mapper=one_by_one).values for crew in crews]
    return {name: np.array([p[name].mean() for p in played]) for name in OBJECTIVES}


def apart(promised: FloatArray, played: FloatArray) -> float:
    """Return how many standard errors the mean of many replays is from what was promised."""
    error = played.std(ddof=1) / played.size**0.5
    distance = abs(float(promised.mean() - played.mean()))
    return distance / max(float(error), 1e-9 * abs(float(played.mean())), 1e-300)


CASES: dict[str, tuple[Campaign, tuple[int, int]]] = {
    "two macros": (few_unequal(), (2, 0)),
    "three macros and some": (few_unequal(), (3, 20)),
    "one macro, alike people": (replace(few_unequal(), heterogeneity=inf), (1, 0)),
    "as briefs describe": (card_like(), (40, 2)),
}


@pytest.fixture(scope="module", params=CASES, ids=list(CASES))
def case(request: pytest.FixtureRequest) -> tuple[Worlds, FloatArray]:
    campaign, counts = CASES[request.param]
    campaign = sure_of_costs(campaign)
    return draw_worlds(campaign, 256, 9), np.array(counts) * price_list(campaign)


@pytest.fixture(scope="module")
def played(case: tuple[Worlds, FloatArray]) -> dict[str, dict[str, FloatArray]]:
    worlds, plan = case
    return {name: replayed(worlds, plan, way) for name, way in WAYS.items()}


@pytest.mark.parametrize("metric", AVERAGED)
@pytest.mark.parametrize("way", WAYS)
def test_the_response_is_the_mean_of_the_lottery(
    case: tuple[Worlds, FloatArray],
    played: dict[str, dict[str, FloatArray]],
    metric: str,
    way: str,
) -> None:
    worlds, plan = case
    promised = respond(worlds, metric, WAYS[way]).values(plan)
    assert apart(promised, played[way][metric]) < 3.3


def test_the_response_is_the_mean_at_whole_counts_when_costs_are_unsure() -> None:
    campaign = few_unequal()
    worlds = draw_worlds(campaign, 256, 9)
    plan = np.array([3, 11]) * price_list(campaign)
    played = replayed(worlds, plan, WHOLE)
    for metric in AVERAGED:
        assert apart(respond(worlds, metric, WHOLE).values(plan), played[metric]) < 3.3, metric


def test_mean_contacts_in_the_curve_would_flatter_a_few_unequal_macros() -> None:
    campaign = few_unequal()
    worlds = draw_worlds(campaign, 256, 9)
    macro, count = campaign.tiers[0], 3
    plan = np.array([count, 0]) * price_list(campaign)
    lottery = replayed(worlds, plan, WHOLE)["reach"]
    mean = count * contacts_lottery(worlds, macro).mean()
    naive = sum(
        (s.size * reached_share(mean * share / s.size, campaign.heterogeneity)
         for s, share in zip(campaign.segments, macro.audience, strict=True)),
        np.zeros(worlds.size),
    )  # fmt: skip
    assert (naive.mean() - lottery.mean()) / lottery.mean() > 0.1
    assert apart(naive, lottery) > 20
    assert apart(respond(worlds, "reach", WHOLE).values(plan), lottery) < 3.3


@settings(max_examples=25, derandomize=True, deadline=None,
          suppress_health_check=[HealthCheck.too_slow])  # fmt: skip
@given(st.data(), st.sampled_from(OBJECTIVES))
def test_many_alike_creators_give_the_curve_itself(data: st.DataObject, metric: str) -> None:
    """Without spread, the response lies below the curve and meets it when creators are small."""
    campaign = data.draw(bare_campaigns())
    tiny = tuple(
        replace(
            tier,
            followers=KNOWN(tier.followers.median * 1e-7),
            fee=KNOWN(tier.fee.median * 1e-7),
            overhead=KNOWN(tier.overhead.median * 1e-7),
        )
        for tier in campaign.tiers
    )
    plan = np.array(data.draw(plans(campaign)))
    worlds = draw_worlds(campaign, 2, 1)
    curve = evaluate(worlds, [plan], mapper=one_by_one).values[metric][0]
    fine = respond(draw_worlds(replace(campaign, tiers=tiny), 2, 1), metric, PARTS).values(plan)
    scale = curve + (plan.sum() * 2 if metric == "profit" else 0)
    assert np.abs(fine - curve).max() <= 2e-5 * np.abs(scale).max()


@settings(max_examples=25, derandomize=True, deadline=None,
          suppress_health_check=[HealthCheck.too_slow])  # fmt: skip
@given(st.data(), st.sampled_from(OBJECTIVES), st.sampled_from(list(WAYS)))
def test_gradients_are_finite_differences(data: st.DataObject, metric: str, way: str) -> None:
    campaign = data.draw(campaigns())
    plan = np.array(data.draw(plans(campaign)))
    response = respond(draw_worlds(campaign, 16, 1), metric, WAYS[way])
    gradient = response.slopes.mean(axis=0)
    for ridges in response.ridges:
        value, slope = ridges.mean_and_gradient(plan)
        assert value == pytest.approx(ridges.values(plan).mean(), rel=1e-9, abs=1e-9)
        gradient = gradient + slope
    step = 1e-5 * plan.sum()
    for line in range(len(campaign.tiers)):
        up, down = plan.copy(), plan.copy()
        up[line] += step
        down[line] -= step
        difference = (response.values(up) - response.values(down)).mean() / (2 * step)
        assert gradient[line] == pytest.approx(
            difference, rel=1e-5, abs=1e-7 * np.abs(gradient).max()
        )


@settings(max_examples=25, derandomize=True, deadline=None,
          suppress_health_check=[HealthCheck.too_slow])  # fmt: skip
@given(st.data(), st.sampled_from(AVERAGED), st.floats(0.1, 0.9))
def test_every_world_is_concave(data: st.DataObject, metric: str, mix: float) -> None:
    campaign = data.draw(campaigns())
    one, other = np.array(data.draw(plans(campaign))), np.array(data.draw(plans(campaign)))
    response = respond(draw_worlds(campaign, 16, 1), metric, PARTS)
    between = response.values(mix * one + (1 - mix) * other)
    chord = mix * response.values(one) + (1 - mix) * response.values(other)
    assert (between >= chord - 1e-9 * np.abs(chord).max()).all()
    assert (response.values(np.zeros_like(one)) == 0).all()


@settings(max_examples=25, derandomize=True, deadline=None,
          suppress_health_check=[HealthCheck.too_slow])  # fmt: skip
@given(st.data(), st.integers(1, 4))
def test_effective_reach_is_everyone_with_enough_contacts_at_mean_contacts(
    data: st.DataObject, k: int
) -> None:
    campaign = replace(data.draw(campaigns()), effective_frequency=k)
    plan = np.array(data.draw(plans(campaign)))
    worlds = draw_worlds(campaign, 16, 1)
    hired, kappa = plan / price_list(campaign), campaign.heterogeneity
    people = np.zeros(worlds.size)
    for s, segment in enumerate(campaign.segments):
        contacts = sum(
            n * contacts_lottery(worlds, tier).mean() * tier.audience[s]
            for n, tier in zip(hired, campaign.tiers, strict=True)
        )
        u = contacts / segment.size
        law = stats.poisson(u) if kappa == inf else stats.nbinom(kappa, kappa / (kappa + u))
        people += segment.size * law.sf(k - 1)
    found = respond(worlds, "effective_reach", WHOLE).values(plan)
    assert found == pytest.approx(people, rel=1e-6, abs=1e-9)


@settings(max_examples=25, derandomize=True, deadline=None,
          suppress_health_check=[HealthCheck.too_slow])  # fmt: skip
@given(st.data(), st.integers(1, 4))
def test_effective_reach_of_creators_alike_is_what_the_simulation_plays(
    data: st.DataObject, k: int
) -> None:
    campaign = replace(data.draw(bare_campaigns()), effective_frequency=k)
    plan = np.array(data.draw(plans(campaign)))
    worlds = draw_worlds(campaign, 2, 1)
    played = evaluate(worlds, [plan], mapper=one_by_one).values["effective_reach"][0]
    found = respond(worlds, "effective_reach", PARTS).values(plan)
    assert found == pytest.approx(played, rel=1e-5, abs=1e-6)


def test_profit_is_margin_times_revenue_less_spend() -> None:
    campaign = few_unequal()
    worlds, plan = draw_worlds(campaign, 64, 1), np.array([2e4, 1e4])
    revenue = respond(worlds, "revenue", PARTS).values(plan)
    profit = respond(worlds, "profit", PARTS).values(plan)
    assert profit == pytest.approx(revenue * worlds.values["margin"] - plan.sum(), rel=1e-9)
    costs = np.stack([mean_cost(worlds, tier) for tier in campaign.tiers], axis=1)
    whole = respond(worlds, "revenue", WHOLE).values(plan) * worlds.values["margin"]
    whole -= costs @ (plan / price_list(campaign))
    assert respond(worlds, "profit", WHOLE).values(plan) == pytest.approx(whole, rel=1e-9)


def test_revenue_is_conversions_at_the_order_value() -> None:
    worlds, plan = draw_worlds(few_unequal(), 64, 1), np.array([2e4, 1e4])
    conversions = respond(worlds, "conversions", PARTS).values(plan)
    revenue = respond(worlds, "revenue", PARTS).values(plan)
    assert revenue == pytest.approx(conversions * worlds.values["order_value"], rel=1e-12)


def test_a_blend_is_the_weighted_sum() -> None:
    worlds, plan = draw_worlds(few_unequal(), 64, 1), np.array([2e4, 1e4])
    reach, clicks = (respond(worlds, metric, PARTS) for metric in ("reach", "clicks"))
    mixed = blend([(reach, 0.4), (clicks, 2.0)]).values(plan)
    assert mixed == pytest.approx(0.4 * reach.values(plan) + 2.0 * clicks.values(plan), rel=1e-12)


def test_scaled_ridges_scale_their_values() -> None:
    ridges = Ridges(np.array([[[1.0, 2.0], [0.5, 0.0]]]), np.array([[3.0, 4.0]]))
    plan = np.array([0.3, 0.2])
    by_hand = 3 * (1 - np.exp(-0.7)) + 4 * (1 - np.exp(-0.15))
    assert ridges.values(plan) == pytest.approx([by_hand])
    assert ridges.scaled(5.0).values(plan) == pytest.approx([5 * by_hand])


def test_nobody_who_could_buy_means_no_conversions_and_no_trouble() -> None:
    campaign = few_unequal()
    closed = tuple(replace(s, in_market=KNOWN(0.0, "logit")) for s in campaign.segments)
    worlds = draw_worlds(replace(campaign, segments=closed), 8, 1)
    for metric in ("conversions", "revenue"):
        assert (respond(worlds, metric, PARTS).values(np.array([2e4, 1e4])) == 0).all()


@pytest.mark.parametrize("delivery", [1.0, 0.9])
def test_one_creator_may_reach_everyone_in_a_small_segment(delivery: float) -> None:
    campaign = few_unequal()
    giant = replace(
        campaign.tiers[0],
        followers=KNOWN(5e6),
        view_rate=KNOWN(0.3, "logit"),
        authentic_share=KNOWN(1.0, "logit"),
        delivery_rate=KNOWN(delivery, "logit"),
        fee_elasticity=0.0,
        engagement_elasticity=0.0,
    )
    small = replace(campaign.segments[0], size=1_000.0)
    campaign = replace(
        campaign,
        tiers=(giant, campaign.tiers[1]),
        segments=(small, campaign.segments[1]),
        heterogeneity=inf,
    )
    response = respond(draw_worlds(campaign, 4, 1), "reach", WHOLE)
    one = np.array([price_list(campaign)[0], 0.0])
    assert response.values(np.zeros(2)) == pytest.approx(np.zeros(4))
    assert response.values(one) == pytest.approx(np.full(4, delivery * 21_000.0), rel=1e-6)
    for ridges in response.ridges:
        value, gradient = ridges.mean_and_gradient(np.zeros(2))
        assert value == 0
        assert np.isfinite(gradient).all()


def test_people_who_are_nearly_alike_take_no_more_memory() -> None:
    campaign = few_unequal()
    for kappa in (1e6, 1e9):
        worlds = draw_worlds(replace(campaign, heterogeneity=kappa), 2, 1)
        assert respond(worlds, "reach", PARTS).ridges[0].weights.shape[1] <= 40


@pytest.mark.parametrize("metric", ["spend", "frequency", "nonsense"])
def test_what_is_no_objective_is_refused(metric: str) -> None:
    with pytest.raises(ValueError, match=rf"metric\(={metric}\)"):
        respond(draw_worlds(card_like(), 2, 1), metric, PARTS)
