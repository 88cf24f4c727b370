"""A second opinion agrees with the optimizer, and catches what is not so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import approx_fprime

from optimize.errors import InfeasibleError
from optimize.floors import Floor
from optimize.optimum import Solution, maximise
from optimize.problem import Limit, Problem, problem
from optimize.recheck import Question, bounds, outcomes, summed, tangent
from optimize.refute import searched
from optimize.risk import MEAN, Attainment, Chance, MeanWorst, Risk
from sim.campaign import Campaign
from sim.metrics import OBJECTIVES
from sim.purchase import PARTS, WHOLE, price_list
from sim.response import Response, respond
from sim.ridges import Ridges
from sim.shapes import AtLeast
from sim.worlds import draw_worlds
from specimens import card_like, few_unequal
from strategies import campaigns

Array = NDArray[np.float64]

FUZZ = settings(
    max_examples=40,
    derandomize=True,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
CONCAVE = [metric for metric in OBJECTIVES if metric not in ("effective_reach", "spend")]
RISKS = (MEAN, MeanWorst(0.1), MeanWorst(0.25, 0.5))


def ask(
    campaign: Campaign,
    metric: str = "reach",
    risk: Risk = MEAN,
    *,
    budget: float = 60_000.0,
    whole: bool = False,
    **changes: Any,
) -> Question:
    feasible = problem(campaign, budget, whole_creators=whole)
    response = respond(draw_worlds(campaign, 48, 4), metric, WHOLE if whole else PARTS)
    return Question(replace(feasible, **changes), response, risk)


def best(asked: Question) -> Solution:
    return maximise(asked.problem, asked.response, asked.risk, asked.floors)


def agree(asked: Question, found: Solution) -> None:
    """Hold the two bounds and values against each other.

    Where the best is to spend nothing, both are 0 but for rounding of what is at stake.
    """
    alone = np.diag(np.full(len(found.plan), asked.problem.budget))
    at_stake = max(abs(asked.value(plan)) for plan in alone)
    size = max(abs(found.value), abs(found.upper_bound), 1e-6 * at_stake) or 1.0
    assert asked.broken(found.plan) == ()
    assert asked.value(found.plan) == pytest.approx(found.value, rel=1e-9, abs=1e-9 * size)
    own = bounds(asked, found.plan, found.value + (found.relative_gap + 1e-6) * size)
    assert own.lower <= found.upper_bound + 1e-6 * size
    assert own.upper <= found.value + (found.relative_gap + 1e-6) * size
    assert own.upper >= found.value - 1e-6 * size


@FUZZ
@given(st.data())
def test_it_agrees_on_random_campaigns(data: st.DataObject) -> None:
    campaign = data.draw(campaigns())
    prices = price_list(campaign)
    asked = ask(
        campaign,
        data.draw(st.sampled_from(CONCAVE)),
        data.draw(st.sampled_from(RISKS)),
        budget=float(prices.max() * data.draw(st.floats(0.5, 30.0))),
        whole=data.draw(st.booleans()),
        minimum_deals=(0.0, float(3 * prices[1]), *(0.0 for _ in prices[2:])),
        limits=(Limit("all", tuple(range(prices.size)), 0.0, float(prices.max() * 20)),),
    )
    agree(asked, best(asked))


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("campaign", [card_like(), few_unequal()], ids=["card", "few"])
def test_it_agrees_on_a_target(campaign: Campaign, *, whole: bool) -> None:
    asked = ask(campaign, "reach", MEAN, whole=whole)
    target = best(asked).value
    asked = replace(asked, risk=Attainment(target))
    agree(asked, best(asked))


def test_it_agrees_under_floors() -> None:
    asked = ask(card_like(), "conversions")
    reach = ask(card_like(), "reach").response
    most = maximise(asked.problem, reach).value
    least = (most + MEAN.value(reach.values(best(asked).plan))) / 2
    asked = replace(asked, floors=(Floor("the floor of reach", reach, least),))
    agree(asked, best(asked))


def test_it_finds_the_best_plan_from_any_start() -> None:
    asked = ask(card_like(), "conversions", limits=(Limit("macro", (1,), 6_000.0, 50_000.0),))
    found = best(asked)
    own = bounds(asked, np.array([0.0, 6_000.0]), -np.inf)
    assert own.lower == pytest.approx(found.value, rel=1e-6)
    assert own.upper == pytest.approx(found.value, rel=1e-6)
    assert own.plan == pytest.approx(found.plan, abs=60.0)


@pytest.mark.parametrize("risk", [*RISKS, Attainment(40_000.0)], ids=str)
def test_tangents_are_the_slopes_of_the_value(risk: Risk) -> None:
    asked, plan = ask(card_like(), "profit", risk), np.array([20_000.0, 30_000.0])
    value, gradient = tangent(asked.response, risk, plan)
    assert value == pytest.approx(asked.value(plan), rel=1e-12)
    assert gradient == pytest.approx(approx_fprime(plan, asked.value, 1e-2), rel=1e-4)


@pytest.mark.parametrize("risk", [*RISKS, Attainment(40_000.0), Chance(40_000.0)], ids=str)
def test_values_are_those_of_the_optimizer(risk: Risk) -> None:
    asked, plan = ask(card_like(), "reach", risk), np.array([20_000.0, 30_000.0])
    assert outcomes(asked.response, plan) == pytest.approx(asked.response.values(plan), rel=1e-12)
    assert asked.value(plan) == pytest.approx(risk.value(asked.response.values(plan)), rel=1e-12)


def test_a_measure_without_a_formula_is_refused() -> None:
    with pytest.raises(TypeError, match="no formula for Approach"):
        summed(Chance(1.0).over(np.zeros(2)), np.ones(2))


@pytest.mark.parametrize("risk", RISKS, ids=str)
@pytest.mark.parametrize("whole", [False, True])
def test_a_plan_made_worse_is_caught(risk: Risk, *, whole: bool) -> None:
    asked = ask(card_like(), "reach", risk, whole=whole)
    worse = best(asked).plan.copy()
    step = asked.problem.prices[0] if asked.problem.prices else 0.01 * asked.problem.budget
    worse[int(worse.argmax())] -= step
    value = asked.value(worse)
    own = bounds(asked, worse, value * (1 + 2e-6))
    assert own.upper > value * (1 + 2e-6)


def test_a_lowered_bound_is_caught_by_a_plan_above_it() -> None:
    asked = ask(card_like(), "reach")
    found = best(asked)
    lowered = found.value * (1 - 1e-4)
    own = bounds(asked, 0.9 * found.plan, asked.value(0.9 * found.plan))
    assert own.lower > lowered
    assert asked.broken(own.plan) == ()


def test_everything_that_is_broken_is_named() -> None:
    asked = ask(
        card_like(),
        whole=True,
        limits=(Limit("macro", (1,), 0.0, 10_000.0),),
        minimum_deals=(5_000.0, 0.0),
    )
    asked = replace(asked, floors=(Floor("the floor of reach", asked.response, 1e9),))
    assert asked.problem.prices is not None
    one, two = asked.problem.prices
    assert asked.broken(np.array([one * 50, two * 4])) == (
        "budget", "limit macro", "the floor of reach",
    )  # fmt: skip
    assert "minimum deal of micro" in asked.broken(np.array([one, 0.0]))
    assert "whole creators of micro" in asked.broken(np.array([one * 20.5, 0.0]))
    assert "micro: less than nothing" in asked.broken(np.array([-one, 0.0]))
    assert asked.broken(np.array([np.nan, 0.0])) == ("plan: a spend is no number",)


def curved(budget: float = 100.0) -> Question:
    """Two lines of a curve that is S-shaped: all money on the second is best."""
    rates, weights = np.array([[[0.05, 0.0], [0.0, 0.06]]]), np.ones((1, 2))
    response = Response(np.zeros((1, 2)), (Ridges(rates, weights, AtLeast(3, np.inf)),))
    lines = Problem(("a", "b"), budget, (budget, budget), (0.0, 0.0))
    return Question(lines, response, MEAN)


def test_searches_find_a_plan_above_a_bound_that_does_not_hold() -> None:
    asked = curved(60.0)
    found, poor = best(asked), np.array([60.0, 0.0])
    assert not asked.concave
    own = searched(asked, poor, 1)
    assert asked.value(poor) < 0.9 * found.value
    assert own.lower == pytest.approx(found.value, rel=1e-3)
    assert own.lower <= found.upper_bound * (1 + 1e-9)
    assert own.upper == np.inf
    assert asked.broken(own.plan) == ()


@pytest.mark.parametrize("whole", [False, True])
def test_searches_keep_to_what_is_allowed(*, whole: bool) -> None:
    asked = ask(
        card_like(), "effective_reach", whole=whole,
        limits=(Limit("macro", (1,), 0.0, 30_000.0),), minimum_deals=(5_000.0, 0.0),
    )  # fmt: skip
    found = best(asked)
    own = searched(asked, found.plan, 3)
    assert found.value * (1 - 1e-12) <= own.lower <= found.upper_bound * (1 + 1e-9)
    assert asked.broken(own.plan) == ()
    assert (own.plan == searched(asked, found.plan, 3).plan).all()


def test_an_impossible_question_has_no_bound_to_offer() -> None:
    asked = ask(card_like(), limits=(Limit("macro", (1,), 70_000.0),))
    with pytest.raises(InfeasibleError):
        best(asked)
    own = bounds(asked, np.zeros(2), 0.0)
    assert (own.lower, own.upper) == (-np.inf, np.inf)
    assert searched(asked, np.zeros(2), 1).rounds == 0
