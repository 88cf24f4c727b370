"""Goals: one metric, or a blend whose weights mean the same in any unit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from optimize.errors import InfeasibleError
from optimize.goal import Goal, goal
from optimize.optimum import GAP, maximise
from optimize.problem import problem, purchase
from sim.outcomes import evaluate
from sim.purchase import PARTS, WHOLE, price_list
from sim.response import Response, respond
from sim.worlds import draw_worlds
from specimens import KNOWN, card_like, few_unequal

CAMPAIGN, BUDGET = few_unequal(), 5e4
WORLDS = draw_worlds(CAMPAIGN, 64, 3)
TASK = problem(CAMPAIGN, BUDGET, whole_creators=False)
BLEND = (("reach", 2.0), ("conversions", 3.0))


def test_one_metric_is_its_own_goal() -> None:
    alone, response = goal(WORLDS, TASK, (("reach", 7.0),))
    assert alone == Goal((("reach", 1.0),))
    plan = np.array([2e4, 1e4])
    expected = respond(WORLDS, "reach", PARTS).values(plan)
    assert response.values(plan) == pytest.approx(expected, rel=1e-12)


def test_a_blend_measures_every_metric_by_the_most_it_can_be() -> None:
    blended, _ = goal(WORLDS, TASK, BLEND)
    for (metric, coefficient), (name, weight) in zip(blended.terms, BLEND, strict=True):
        most = maximise(TASK, respond(WORLDS, metric, PARTS)).value
        assert metric == name
        assert coefficient * most == pytest.approx(weight / 5.0, rel=1e-5)


def test_the_response_of_a_blend_is_its_weighted_sum() -> None:
    blended, response = goal(WORLDS, TASK, BLEND)
    plan = np.array([2e4, 1e4])
    by_hand = sum(
        (c * respond(WORLDS, metric, PARTS).values(plan) for metric, c in blended.terms),
        np.zeros(WORLDS.size),
    )
    assert response.values(plan) == pytest.approx(by_hand, rel=1e-12)


def test_a_blend_is_at_most_one_and_its_optimum_lies_between() -> None:
    _, response = goal(WORLDS, TASK, BLEND)
    solution = maximise(TASK, response)
    assert solution.value <= 1 + GAP
    for metric, weight in BLEND:
        best = maximise(TASK, respond(WORLDS, metric, PARTS))
        value = response.values(best.plan).mean()
        assert weight / 5 <= value <= solution.upper_bound * (1 + 1e-12)


def test_a_blend_does_not_depend_on_the_unit_of_money() -> None:
    weights = (("reach", 1.0), ("revenue", 1.0))
    plain = maximise(TASK, goal(WORLDS, TASK, weights)[1])
    orders = replace(CAMPAIGN.order_value, median=CAMPAIGN.order_value.median * 1e6)
    worlds = draw_worlds(replace(CAMPAIGN, order_value=orders), 64, 3)
    other = maximise(TASK, goal(worlds, TASK, weights)[1])
    assert other.plan == pytest.approx(plain.plan, abs=1e-3 * BUDGET)
    assert other.value == pytest.approx(plain.value, rel=1e-5)


def test_a_goal_reads_simulated_plans() -> None:
    outcomes = evaluate(WORLDS, [[2e4, 1e4], [0.0, 3e4]])
    mixed = Goal((("reach", 0.5), ("clicks", 2.0)))
    by_hand = 0.5 * outcomes.values["reach"] + 2.0 * outcomes.values["clicks"]
    assert mixed.of(outcomes) == pytest.approx(by_hand)
    steadier = 0.5 * outcomes.controlled["reach"] + 2.0 * outcomes.controlled["clicks"]
    assert mixed.controlled(outcomes) == pytest.approx(steadier)


def test_simulated_and_averaged_goals_agree() -> None:
    task = problem(CAMPAIGN, BUDGET, whole_creators=True)
    blended, response = goal(WORLDS, task, BLEND)
    plan = np.array([3, 10]) * price_list(CAMPAIGN)
    promised = response.values(plan).mean()
    played = np.array([blended.of(evaluate(replace(WORLDS, seed=s), [plan], WHOLE)).mean()
                       for s in range(100)])  # fmt: skip
    assert abs(promised - played.mean()) < 4 * played.std(ddof=1) / 10


def test_creators_are_bought_as_the_problem_says() -> None:
    assert purchase(TASK) is PARTS
    assert purchase(problem(CAMPAIGN, BUDGET, whole_creators=True)) is WHOLE


def test_a_metric_that_nothing_brings_is_named() -> None:
    unmoving = tuple(replace(tier, lift=KNOWN(0.0, "logit")) for tier in CAMPAIGN.tiers)
    still = replace(CAMPAIGN, tiers=unmoving)
    with pytest.raises(InfeasibleError, match="brand_lift"):
        goal(draw_worlds(still, 8, 3), TASK, (("reach", 1.0), ("brand_lift", 1.0)))
    unprofitable = card_like()
    task = problem(unprofitable, BUDGET, whole_creators=False)
    goal(draw_worlds(unprofitable, 8, 3), task, (("reach", 1.0), ("profit", 1.0)))


def test_profit_in_a_blend_is_measured_before_the_money_spent() -> None:
    """A best profit near nothing is no unit to measure in."""
    worlds = draw_worlds(CAMPAIGN, 8, 3)
    blended, _ = goal(worlds, TASK, (("reach", 1.0), ("profit", 1.0)))
    gross = respond(worlds, "profit", PARTS)
    most = maximise(TASK, Response(np.zeros_like(gross.slopes), gross.ridges)).value
    assert dict(blended.terms)["profit"] == pytest.approx(0.5 / most)
