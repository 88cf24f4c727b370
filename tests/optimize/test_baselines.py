"""Rules of thumb do what they are named for and never more than is allowed."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimize.baselines import baselines, fitted, whole_spends
from optimize.optimum import GAP, maximise
from optimize.problem import WHOLE_GAP, Limit, Problem, problem
from sim.purchase import PARTS, WHOLE, price_list
from sim.response import Response, respond
from sim.ridges import Ridges
from sim.shapes import EXPONENTIAL
from sim.worlds import draw_worlds
from specimens import card_like, few_unequal

CAMPAIGN, BUDGET = few_unequal(), 5e4
WORLDS = draw_worlds(CAMPAIGN, 64, 3)
REACH = respond(WORLDS, "reach", PARTS)
FREE = problem(CAMPAIGN, BUDGET, whole_creators=False)


def test_the_rules_split_the_budget_as_named() -> None:
    plans = baselines(CAMPAIGN, FREE, REACH)
    macro, nano = (tier.followers.median for tier in CAMPAIGN.tiers)
    assert plans["all_macro"] == pytest.approx([BUDGET, 0])
    assert plans["all_nano"] == pytest.approx([0, BUDGET])
    assert plans["even"] == pytest.approx([BUDGET / 2] * 2)
    assert plans["by_followers"] == pytest.approx(
        [BUDGET * macro / (macro + nano), BUDGET * nano / (macro + nano)]
    )
    assert plans["pyramid"] == pytest.approx([0.2 * BUDGET, 0.8 * BUDGET])
    assert set(plans) == {"all_macro", "all_nano", "even", "by_followers", "pyramid", "greedy"}


def test_greed_takes_the_steepest_line_first() -> None:
    steps = 1e-6 * BUDGET * np.eye(2)
    first = [REACH.values(step).mean() for step in steps]
    capped = replace(FREE, caps=(0.6 * BUDGET, 0.7 * BUDGET))
    plan = baselines(CAMPAIGN, capped, REACH)["greedy"]
    best = int(np.argmax(first))
    assert plan[best] == pytest.approx(capped.caps[best])
    assert plan.sum() == pytest.approx(BUDGET)


def test_greed_buys_nothing_that_loses() -> None:
    campaign = card_like()
    response = respond(draw_worlds(campaign, 16, 3), "profit", PARTS)
    task = problem(campaign, BUDGET, whole_creators=False)
    assert baselines(campaign, task, response)["greedy"] == pytest.approx([0, 0])


def test_one_tier_has_no_pyramid() -> None:
    alone = replace(CAMPAIGN, tiers=CAMPAIGN.tiers[:1])
    response = respond(draw_worlds(alone, 8, 3), "reach", PARTS)
    plans = baselines(alone, problem(alone, BUDGET, whole_creators=False), response)
    assert set(plans) == {"all_macro", "even", "by_followers", "greedy"}


@pytest.mark.parametrize("metric", ["reach", "conversions", "brand_lift"])
@pytest.mark.parametrize("whole", [False, True])
def test_no_rule_of_thumb_beats_the_bound(metric: str, *, whole: bool) -> None:
    task = problem(CAMPAIGN, BUDGET, (Limit("macro", (0,), 0.0, 3e4),), whole_creators=whole)
    response = respond(WORLDS, metric, WHOLE if whole else PARTS)
    solution = maximise(task, response)
    for name, plan in baselines(CAMPAIGN, task, response).items():
        assert task.violations(plan) == (), name
        value = response.values(plan).mean()
        assert value <= solution.upper_bound * (1 + 1e-9), name
        assert value <= solution.value * (1 + (WHOLE_GAP if whole else GAP)), name


amounts = st.floats(0.0, 2.0)


@settings(max_examples=300, derandomize=True, deadline=None)
@given(
    wish=st.tuples(amounts, amounts, amounts),
    caps=st.tuples(*[st.one_of(st.just(inf), st.floats(0.05, 1.0))] * 3),
    deal=st.sampled_from((0.0, 0.1, 0.4)),
    tops=st.tuples(*[st.one_of(st.just(inf), st.floats(0.1, 1.0))] * 2),
    least=st.sampled_from((0.0, 0.05, 0.2)),
    prices=st.one_of(st.none(), st.tuples(*[st.floats(0.02, 0.3)] * 3)),
)
def test_what_is_fitted_can_be_bought(
    wish: tuple[float, ...],
    caps: tuple[float, ...],
    deal: float,
    tops: tuple[float, float],
    least: float,
    prices: tuple[float, ...] | None,
) -> None:
    """Upper limits, caps, deals and the budget always hold; what lines must spend is spent."""
    floor_ = min(least, caps[0] * 0.9, tops[0] * 0.9)
    limits = (Limit("pair", (0, 1), 0.0, tops[0]), Limit("one", (0,), floor_, tops[1]))
    deals = (0.0, deal, 0.0)
    task = Problem(("a", "b", "c"), 1.0, caps, deals, limits, prices)
    if floor_ > tops[1]:
        return
    plan = fitted(task, wish)
    if prices is not None and np.ceil(floor_ / prices[0]) * prices[0] > min(caps[0], *tops, 1.0):
        return
    assert task.violations(plan) == (), plan


def test_what_already_fits_is_left_alone() -> None:
    assert fitted(FREE, [1e4, 2e4]) == pytest.approx([1e4, 2e4])


def test_too_much_is_shrunk_in_proportion() -> None:
    assert fitted(FREE, [6e4, 2e4]) == pytest.approx(np.array([5e4, 2e4]) * BUDGET / 7e4)


def test_whole_creators_are_rounded_down() -> None:
    task = problem(CAMPAIGN, BUDGET, whole_creators=True)
    prices = price_list(CAMPAIGN)
    assert whole_spends(task, np.array([2.7, 9.0]) * prices) == pytest.approx([2, 9] * prices)
    assert fitted(task, np.array([2.7, 9.99]) * prices) == pytest.approx([2, 9] * prices)


def test_a_creator_of_two_phases_is_hired_where_no_limit_forbids_it() -> None:
    names, prices = ("micro@one", "micro@two", "macro"), (100.0, 100.0, 500.0)
    wish = np.array([170.0, 150.0, 500.0])  # three micros in all, two of them whole
    free = Problem(names, 1000.0, (inf,) * 3, (0.0,) * 3, (), prices)
    assert whole_spends(free, wish).tolist() == [200.0, 100.0, 500.0]
    for most in (199.0, 150.0):
        task = replace(free, limits=(Limit("one", (0,), 0.0, most),))
        assert whole_spends(task, wish).tolist() == [100.0, 100.0, 500.0]


def test_greed_holds_what_is_linear_against_what_bends() -> None:
    """A first dollar brings 1 on the line, 2 on the curve, in each of many worlds."""
    n = 64
    curve = Ridges(np.full((n, 1, 1), 0.02), np.full((n, 1), 100.0), EXPONENTIAL, np.array([1]))
    response = Response(np.tile([1.0, 0.0], (n, 1)), (curve,))
    task = replace(FREE, budget=100.0, caps=(60.0, 70.0))
    assert baselines(CAMPAIGN, task, response)["greedy"] == pytest.approx([30.0, 70.0])


def test_a_line_below_its_minimum_deal_is_dropped() -> None:
    task = replace(FREE, minimum_deals=(2e4, 0.0))
    assert fitted(task, [1.9e4, 1e4]) == pytest.approx([0.0, 1e4])
    assert fitted(task, [2e4, 1e4]) == pytest.approx([2e4, 1e4])
