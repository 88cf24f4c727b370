"""Numbers that other tests let pass when single operators were changed, found in other ways."""

from __future__ import annotations

from dataclasses import replace
from math import exp, sqrt

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.interpolate import CubicSpline

from full_strategies import full_bare_campaigns, money
from sim.campaign import Campaign, Classes, Halo, Phase
from sim.compare import interval_of_share
from sim.halo import strengths
from sim.information import KNOTS, spline
from sim.laws import Counted
from sim.lottery import averages
from sim.mapping import one_by_one
from sim.metrics import OBJECTIVES
from sim.outcomes import evaluate
from sim.pinning import inputs
from sim.purchase import PARTS, hired, price_list
from sim.repeated import in_classes
from sim.response import Response, respond
from sim.response_curves import ExponentialCurve, HillCurve, Kind, PointsCurve, ResponseCurve
from sim.statistics import T90, slope_window
from sim.uncertain import Uncertain
from sim.worlds import DRAW, draw_worlds
from specimens import card_like

KNOWN = Uncertain.known


def bare(kappa: float) -> Campaign:
    """Return a campaign of one tier and one segment, all known."""
    base = card_like()
    tier = replace(
        base.tiers[0], followers=KNOWN(5e4), fee=KNOWN(100.0), fee_elasticity=0.0,
        engagement_rate=KNOWN(0.05, "logit"), engagement_elasticity=0.0, audience=(1.0,),
        view_rate=KNOWN(0.4, "logit"), authentic_share=KNOWN(0.8, "logit"),
        delivery_rate=KNOWN(1.0, "logit"), overhead=KNOWN(0.0), posts=1.0, multi_post_discount=0.0,
    )  # fmt: skip
    segment = replace(base.segments[0], size=1e5)
    return replace(
        base, segments=(segment,), tiers=(tier,), heterogeneity=kappa, resonance=KNOWN(1)
    )


@pytest.mark.parametrize("kappa", [0.6, 2.0])
def test_heavy_users_take_their_part_off_the_variance(kappa: float) -> None:
    found = evaluate(draw_worlds(bare(kappa), 1, 1), [[500.0]], mapper=one_by_one)
    u = 5 * 5e4 * 0.8 * 0.4 / 1e5
    g = stats.nbinom.sf(0, kappa, kappa / (kappa + u))
    slope = (1 + u / kappa) ** (-kappa - 1)
    a_head = g * (1 - g) - (u * slope) ** 2 / kappa
    mean, chance = found.values["reach"][0, 0], found.chances["reach"][0, 0]
    assert mean == pytest.approx(1e5 * g, rel=1e-9)
    assert mean * (1 - chance) == pytest.approx(1e5 * a_head, rel=1e-9)


@pytest.mark.parametrize("sd", [0.2, 0.5, 0.9])
def test_mean_followers_are_those_of_a_lognormal_law(sd: float) -> None:
    campaign = bare(1.0)
    tier = replace(campaign.tiers[0], followers=Uncertain("log", 5e4, 0.0, sd))
    worlds = draw_worlds(replace(campaign, tiers=(tier,)), 2, 1)
    assert averages(worlds, tier)["followers"] == pytest.approx(
        0.8 * 5e4 * exp(sd**2 / 2), rel=1e-9
    )


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_where_nothing_varies_everyone_is_at_her_mean(data: st.DataObject) -> None:
    campaign = data.draw(full_bare_campaigns())
    campaign = replace(campaign, halos=tuple(known(halo) for halo in campaign.halos))
    plan = data.draw(money(campaign, whole=False))
    played = evaluate(draw_worlds(campaign, 2, 1), [plan], mapper=one_by_one)
    for metric, controlled in played.controlled.items():
        told = (played.usual.get(metric, controlled), controlled)
        for values in told:
            assert values == pytest.approx(played.values[metric], rel=1e-5, abs=1e-6), metric


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_where_nothing_varies_the_optimizer_sees_what_is_played(data: st.DataObject) -> None:
    campaign = data.draw(full_bare_campaigns())
    campaign = replace(campaign, halos=tuple(known(halo) for halo in campaign.halos))
    plan = data.draw(money(campaign, whole=False))
    worlds = draw_worlds(campaign, 2, 1)
    played = evaluate(worlds, [plan], mapper=one_by_one).values
    people = sum(segment.size for segment in campaign.segments)
    for metric in OBJECTIVES:
        if metric == "effective_reach" and campaign.classes is not None:
            continue  # refused for the optimizer
        worth = campaign.order_value.median if metric in ("revenue", "profit") else 1.0
        seen = respond(worlds, metric, PARTS).values(plan)
        assert seen == pytest.approx(played[metric][0], rel=1e-6, abs=2e-5 * people * worth), metric


def test_where_nothing_varies_the_optimizer_sees_what_is_played_by_the_end_of_a_phase() -> None:
    base = replace(bare(0.7), phases=(Phase("one", 1.0), Phase("two", 1.0)))
    kinds: tuple[Kind, ...] = (
        HillCurve(KNOWN(900.0), KNOWN(400.0), KNOWN(1.7)),
        ExponentialCurve(KNOWN(5e3), KNOWN(700.0)),
        PointsCurve(np.array([0.0, 100.0, 500.0]), np.array([[0.0, 9.0, 30.0]])),
    )
    metrics = ("conversions", "response", "revenue")
    curves = (ResponseCurve(m, kind, m) for m, kind in zip(metrics, kinds, strict=True))
    campaign = replace(base, curves=tuple(curves))
    plan = np.array([500.0, 200.0, 300.0, 100.0, 250.0])
    worlds = draw_worlds(campaign, 2, 1)
    played = evaluate(worlds, [plan], mapper=one_by_one).values
    for at in ("", "@one", "@two"):
        for metric in OBJECTIVES:
            seen = respond(worlds, f"{metric}{at}", PARTS).values(plan)
            assert seen == pytest.approx(played[f"{metric}{at}"][0], rel=1e-6), (metric, at)
    assert played["profit@one"][0, 0] != pytest.approx(played["profit@two"][0, 0], rel=0.01)


def known(halo: Halo) -> Halo:
    return replace(halo, lift=KNOWN(halo.lift.median))


def test_only_losses_are_shrunk_and_to_no_more_than_all_intent() -> None:
    base = replace(card_like(), phases=(Phase("one", 1.0), Phase("two", 1.0)))
    lifts = {"up": 1.5, "down": 0.2, "out": 0.3, "else": 0.1}
    n = len(base.tiers)
    halos = [Halo(name, (0,), (n + (name == "else"),), KNOWN(lift)) for name, lift in lifts.items()]
    found = strengths(draw_worlds(replace(base, halos=tuple(halos)), 1, 1))[:, 0]
    assert found == pytest.approx([0.5, -0.8 / 1.5, -0.7 / 1.5, -0.9])


def test_half_widths_are_students() -> None:
    assert pytest.approx(stats.t.ppf(0.95, 15)) == T90


@pytest.mark.parametrize(("share", "n"), [(0.3, 400), (0.02, 1000), (0.9, 64)])
def test_the_interval_of_a_share_is_wilsons(share: float, n: int) -> None:
    se = sqrt(share * (1 - share) / n)
    for end in interval_of_share(share, se, 10 * n):
        assert (share - end) ** 2 == pytest.approx(T90**2 * end * (1 - end) / n)


@pytest.mark.parametrize(("level", "n"), [(0.05, 1024), (0.5, 256), (0.95, 4096)])
def test_the_window_of_a_slope_is_hall_and_sheathers(level: float, n: int) -> None:
    z = stats.norm.ppf(level)
    term = 1.5 * stats.norm.pdf(z) ** 2 / (2 * z**2 + 1)
    width = n ** (-1 / 3) * stats.norm.ppf(0.95) ** (2 / 3) * term ** (1 / 3)
    assert slope_window(level, n) == pytest.approx(width)


def test_the_spline_spans_the_natural_splines() -> None:
    x = np.random.default_rng(1).gamma(2.0, 3.0, 500)
    knots = np.quantile(x, KNOTS)
    wanted = CubicSpline(knots, [1.0, -2.0, 0.5, 3.0, 1.0][: knots.size], bc_type="natural")
    y = wanted(np.clip(x, knots[0], knots[-1]))
    y += wanted(knots[0], 1) * np.minimum(x - knots[0], 0.0)
    y += wanted(knots[-1], 1) * np.maximum(x - knots[-1], 0.0)
    basis = spline(x)
    fitted = basis @ np.linalg.lstsq(basis, y, rcond=None)[0]
    assert fitted == pytest.approx(y, abs=1e-8)


def test_the_spline_of_an_input_of_three_values_goes_through_all_means() -> None:
    x = np.repeat([1.0, 3.0, 4.0], [10, 30, 20])
    basis = spline(x)
    assert basis.shape == (60, 3)
    assert np.linalg.matrix_rank(np.column_stack([basis, x == 1, x == 3])) == 3


def test_an_input_of_two_values_has_a_line_for_a_spline() -> None:
    x = np.repeat([1.0, 3.0], [10, 30])
    basis = spline(x)
    assert basis.shape == (40, 2)
    assert np.linalg.matrix_rank(np.column_stack([basis, x])) == 2


def test_a_curve_hires_nobody_and_prices_may_be_below_one() -> None:
    curve = ResponseCurve("search", ExponentialCurve(KNOWN(100.0), KNOWN(50.0)))
    campaign = bare(1.0)
    cheap = replace(campaign.tiers[0], fee=KNOWN(0.5))
    campaign = replace(campaign, tiers=(cheap,), curves=(curve,))
    assert price_list(campaign) == pytest.approx([0.5, 0.0])
    assert hired(campaign, np.array([4.0, 30.0])) == pytest.approx([8.0, 0.0])


def test_joint_draws_of_curves_are_an_input_where_there_are_some() -> None:
    drawn = PointsCurve(np.array([0.0, 1.0]), np.array([[0.0, 1.0], [0.0, 2.0]]))
    for curves, there in (((), False), ((ResponseCurve("search", drawn),), True)):
        worlds = draw_worlds(replace(bare(1.0), curves=curves), 32, 1)
        assert (DRAW in inputs(worlds)) == there


def test_least_and_most_hold_between_two_plans_whatever_the_signs() -> None:
    rng = np.random.default_rng(2)
    response = Response(rng.normal(size=(50, 4)), ())
    low, width = rng.random(4), rng.random(4)
    corners = np.array(np.meshgrid(*[[0.0, 1.0]] * 4)).reshape(4, -1).T
    values = np.array([response.values(low + width * corner) for corner in corners])
    assert response.least(low, low + width) == pytest.approx(values.min(axis=0))
    assert response.most(low, low + width) == pytest.approx(values.max(axis=0))


def test_one_named_creator_is_seen_twice_by_nobody_in_any_class() -> None:
    classes = Classes(np.array([100.0, 300.0]), np.array([[0.5, 0.5]]))
    expected, squares = in_classes([(np.full((1, 1), 80.0), 0, True)], classes, 2)
    assert expected[0, 0] == pytest.approx(0, abs=1e-9)
    assert squares[0, 0] == pytest.approx(0, abs=1e-9)


def test_effective_reach_of_kinds_of_people_counts_contacts_without_named_creators_too() -> None:
    sizes, shares = np.array([2e4, 8e4]), np.array([[0.7, 0.3]])
    campaign = replace(bare(np.inf), classes=Classes(sizes, shares), effective_frequency=2)
    found = evaluate(draw_worlds(campaign, 1, 1), [[500.0]], mapper=one_by_one).values
    contacts = 5 * 5e4 * 0.8 * 0.4
    often = sizes @ stats.poisson.sf(1, contacts * shares[0] / sizes)
    assert found["effective_reach"][0, 0] == pytest.approx(often, rel=1e-9)


def test_a_tier_brings_further_contacts_to_those_whom_a_named_creator_reaches() -> None:
    base = bare(np.inf)
    named = replace(
        base.tiers[0], name="ana", pool=base.tiers[0].name, followers=KNOWN(8e4), available=1.0
    )
    campaign = replace(base, tiers=(*base.tiers, named), effective_frequency=2)
    found = evaluate(draw_worlds(campaign, 1, 1), [[500.0, 100.0]], mapper=one_by_one).values
    by_tier, by_ana = 5 * 5e4 * 0.8 * 0.4 / 1e5, 8e4 * 0.8 * 0.4 / 1e5
    once, twice = (stats.poisson.sf(seen, by_tier) for seen in (0, 1))
    often = 1e5 * (by_ana * once + (1 - by_ana) * twice)
    assert found["effective_reach"][0, 0] == pytest.approx(often, rel=1e-9)


@pytest.mark.parametrize("chance", [0.0, 0.2])
def test_no_count_at_all_has_its_probability(chance: float) -> None:
    mean = 2.0
    none = exp(-mean) if chance == 0 else (1 - chance) ** (mean / chance)
    law = Counted(*(np.array([x]) for x in (mean, chance, 1.0, 0.0)))
    assert law.cdf(0.0) == pytest.approx([none])


def test_what_can_be_stated_and_what_can_not() -> None:
    assert Halo("gone", (0,), (1,), KNOWN(1.2), left=0.0).left == 0
    for low, high in ((1e6, 1e7), (1e-3, 1e-2)):
        with pytest.raises(ValueError, match="next to no creators"):
            Uncertain("log", 100.0, 0.0, 0.5, low, high)
    for law in (Uncertain("log", 5.0, 0.0, 0.5), Uncertain("log", 5.0, 0.0, 0.0, 1.0, 9.0)):
        with pytest.raises(ValueError, match="one value"):
            ExponentialCurve(law, KNOWN(1.0))
    with pytest.raises(ValueError, match="rise from 0"):
        PointsCurve(np.array([0.0, 1.0]), np.array([[0.0, 1.0], [1.0, 2.0]]))
