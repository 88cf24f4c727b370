"""Halos: what awareness from one phase does to purchase intent in a later one."""

from __future__ import annotations

from dataclasses import replace
from math import exp, inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sim.campaign import Campaign, Halo, Phase, Segment, Tier
from sim.halo import Buyers, familiar, strengths
from sim.metrics import METRICS
from sim.outcomes import evaluate
from sim.purchase import PARTS
from sim.response import respond
from sim.statistics import standard_error
from sim.uncertain import Uncertain
from sim.worlds import draw_worlds
from strategies import campaigns, plans

Array = NDArray[np.float64]

PHASES = (Phase("tease", 2.0), Phase("launch", 4.0))
FEW = settings(max_examples=15)


def halo(campaign: Campaign, low: float, high: float, left: float = 1.0) -> Campaign:
    """Return a campaign of two phases, the first of which changes intent in the second."""
    n = len(campaign.tiers)
    lift = Uncertain.stated("log", low if low == high else (low, high))
    one = Halo("tease on launch", tuple(range(n)), tuple(range(n, 2 * n)), lift, left)
    return replace(campaign, phases=PHASES, halos=(one,))


def bare(value: float, link: str = "log") -> Uncertain:
    return Uncertain.known(value, link)  # type: ignore[arg-type]


def known(heterogeneity: float) -> Campaign:
    """Return one tier, one segment, every number known: 200 contacts and 6 intents a creator."""
    tier = Tier(
        "micro", bare(1000), bare(100), bare(0.2, "logit"), bare(0.1, "logit"), bare(0.3),
        bare(0.2, "logit"), (1.0,),
    )  # fmt: skip
    return Campaign((Segment("all", 5000, bare(0.1, "logit")),), (tier,), heterogeneity)


@pytest.mark.parametrize("lift", [0.4, 1.0, 1.5])
@pytest.mark.parametrize("kappa", [0.8, inf])
def test_the_formula_by_hand(lift: float, kappa: float) -> None:
    campaign = halo(known(kappa), lift, lift, left=0.7)
    plan = [1000.0, 2000.0]  # 10 and 20 creators: 2,000 and 4,000 contacts, 60 and 120 intents
    u = 2000 / 5000
    aware = 1 - exp(-u) if kappa == inf else 1 - (1 + u / kappa) ** (-kappa - 1)
    intent = (60 + 120 * (1 + (lift - 1) * 0.7 * aware)) / 500
    bought = 500 * (1 - exp(-intent) if kappa == inf else 1 - (1 + intent / kappa) ** -kappa)
    worlds = draw_worlds(campaign, 64, 1)
    outcomes = evaluate(worlds, [plan])
    assert outcomes.values["conversions"] == pytest.approx(bought, rel=1e-6)
    assert outcomes.controlled["conversions"] == pytest.approx(bought, rel=1e-6)
    response = respond(worlds, "conversions", PARTS)
    assert response.values(np.array(plan)) == pytest.approx(bought, rel=1e-9)


def missed(theta: float, kappa: float) -> float:
    """Return E[e^(-γ θ)] over how heavily people use social media."""
    return exp(-theta) if kappa == inf else (1 + theta / kappa) ** -kappa


def buyers(u: float, v: float, lift: float, kappa: float) -> float:
    """Return the share of people who buy when everyone aware is moved, person by person."""
    moved = v * (1 + lift)
    return 1 - missed(moved, kappa) - missed(v + u, kappa) + missed(moved + u, kappa)


def told(u: float, v: float, lift: float, kappa: float) -> float:
    """Return the intent a head that the model holds."""
    seen, factor = familiar(kappa)
    return v * (1 + lift * float(seen.value(np.array(u * factor))))


@pytest.mark.parametrize("kappa", [0.5, 0.8, 5.0, inf])
def test_people_one_by_one_agree(kappa: float) -> None:
    """Every person sees, is moved or not, and buys: intents as the model has them."""
    rng, n, u, v, lift = np.random.default_rng(5), 400_000, 0.6, 0.15, 0.5
    appetite = np.ones(n) if kappa == inf else rng.gamma(kappa, 1 / kappa, n)
    aware = rng.poisson(u * appetite) > 0
    intents = rng.poisson(v * appetite * (1 + lift * aware))
    error = intents.std() / np.sqrt(n)
    assert intents.mean() == pytest.approx(told(u, v, lift, kappa), abs=4 * error)
    share = buyers(u, v, lift, kappa)
    assert (intents > 0).mean() == pytest.approx(share, abs=4 * np.sqrt(share / n))


@pytest.mark.parametrize(("v", "off"), [(0.02, 0.006), (0.15, 0.04)])
@pytest.mark.parametrize("kappa", [0.5, 0.8, 5.0, inf])
@pytest.mark.parametrize("lift", [-0.4, 0.5])
def test_buyers_are_near_those_of_people_one_by_one(
    lift: float, kappa: float, v: float, off: float
) -> None:
    """Spreading a lift over all of a segment's intent leaves out who has bought already."""
    for u in (0.1, 0.6, 2.0):
        model = 1 - missed(told(u, v, lift, kappa), kappa)
        assert model == pytest.approx(buyers(u, v, lift, kappa), rel=off)


@FEW
@given(st.data())
def test_no_lift_is_no_halo(data: st.DataObject) -> None:
    campaign = data.draw(campaigns())
    plan = [*data.draw(plans(campaign)), *data.draw(plans(campaign))]
    without = evaluate(draw_worlds(replace(campaign, phases=PHASES), 64, 1), [plan])
    with_one = evaluate(draw_worlds(halo(campaign, 1.0, 1.0), 64, 1), [plan])
    for name in METRICS:
        assert np.array_equal(without.values[name], with_one.values[name], equal_nan=True), name


@FEW
@given(st.data(), st.sampled_from([(0.4, 0.8), (1.2, 1.8)]))
def test_a_halo_moves_conversions_its_way_and_nothing_else(
    data: st.DataObject, lift: tuple[float, float]
) -> None:
    campaign = data.draw(campaigns())
    plan = [*data.draw(plans(campaign)), *data.draw(plans(campaign))]
    without = evaluate(draw_worlds(halo(campaign, 1.0, 1.0), 64, 1), [plan]).values
    moved = evaluate(draw_worlds(halo(campaign, *lift), 64, 1), [plan]).values
    sign = 1 if lift[0] > 1 else -1
    worlds = draw_worlds(halo(campaign, *lift), 64, 1)
    right = sign * (worlds.values["halo.tease on launch"] - 1) > 0
    change = sign * (moved["conversions"] - without["conversions"])[0]
    assert (change[right] >= -1e-9 * without["conversions"][0][right]).all()
    assert np.array_equal(moved["reach"], without["reach"])
    assert np.array_equal(moved["conversions@tease"], without["conversions@tease"])


@FEW
@given(st.data())
def test_controlled_means_are_right(data: st.DataObject) -> None:
    campaign = halo(data.draw(campaigns()), 0.8, 1.9)
    plan = [*data.draw(plans(campaign)), *data.draw(plans(campaign))]
    outcomes = evaluate(draw_worlds(campaign, 1024, 3), [plan])
    off = (outcomes.controlled["conversions"] - outcomes.values["conversions"])[0]
    error = standard_error(outcomes.worlds, off)
    assert abs(off.mean()) <= 6 * error + 1e-9 * outcomes.values["conversions"].mean()


def products(campaign: Campaign) -> tuple[Buyers, ...]:
    return respond(draw_worlds(campaign, 64, 1), "profit", PARTS).products


@FEW
@given(st.data())
def test_gradients_are_slopes(data: st.DataObject) -> None:
    campaign = halo(data.draw(campaigns()), 0.5, 2.0)
    plan = np.array([*data.draw(plans(campaign)), *data.draw(plans(campaign))]) + 1.0
    weights = np.random.default_rng(0).random(64)
    for product in products(campaign):
        gradient = product.gradient(plan, weights)
        for line, spend in enumerate(plan):
            step = np.eye(plan.size)[line] * spend * 1e-4
            rise = weights @ (product.values(plan + step) - product.values(plan - step))
            near = 1e-6 * (np.abs(gradient).max() + 1e-12)
            assert gradient[line] == pytest.approx(rise / (2 * spend * 1e-4), rel=1e-4, abs=near)
        mean, of_mean = product.mean_and_gradient(plan)
        assert mean == pytest.approx(product.values(plan).mean(), rel=1e-12)
        assert of_mean == pytest.approx(product.gradient(plan, np.full(64, 1 / 64)), rel=1e-9)


@FEW
@given(st.data())
def test_no_plan_of_a_box_passes_its_extremes(data: st.DataObject) -> None:
    campaign = halo(data.draw(campaigns()), 0.5, 2.0)
    low = np.array([*data.draw(plans(campaign)), *data.draw(plans(campaign))])
    width = np.array([*data.draw(plans(campaign)), *data.draw(plans(campaign))])
    parts = data.draw(st.lists(st.floats(0, 1), min_size=low.size, max_size=low.size))
    for product in products(campaign):
        found = product.values(low + np.array(parts) * width)
        slack = 1e-12 * product.worth
        assert (found >= product.least(low, low + width) - slack).all()
        assert (found <= product.most(low, low + width) + slack).all()


def test_losses_of_one_line_never_take_more_than_its_intent() -> None:
    lift = Uncertain.known(0.3)
    both = tuple(Halo(f"{i}", (i,), (2,), lift) for i in range(2))
    tiers = known(inf).tiers
    campaign = replace(known(inf), tiers=(tiers[0],), phases=(*PHASES, Phase("after", 1.0)))
    campaign = replace(campaign, halos=both)
    assert strengths(draw_worlds(campaign, 64, 1)) == pytest.approx(-0.5)


@pytest.mark.parametrize(
    ("sources", "targets"), [((1,), (0,)), ((0,), (0,)), ((0, 1), (1,)), ((), (1,))]
)
def test_a_halo_leads_from_one_phase_to_a_later_one(
    sources: tuple[int, ...], targets: tuple[int, ...]
) -> None:
    with pytest.raises(ValueError, match="one phase to one later phase"):
        replace(
            known(inf), phases=PHASES, halos=(Halo("x", sources, targets, Uncertain.known(1.1)),)
        )
