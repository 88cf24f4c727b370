"""Local search keeps plans allowed and never makes them worse."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from math import inf

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from optimize.functional import Mean
from optimize.neighbours import improve
from optimize.problem import Limit, Problem
from sim.metrics import OBJECTIVES
from sim.purchase import WHOLE, price_list
from sim.response import respond
from sim.worlds import draw_worlds
from specimens import few_unequal
from strategies import campaigns

FUZZ = settings(
    max_examples=50,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


@FUZZ
@given(st.data(), st.sampled_from(OBJECTIVES))
def test_the_plan_stays_allowed_and_never_loses(data: st.DataObject, metric: str) -> None:
    campaign = data.draw(campaigns())
    prices = price_list(campaign)
    n, budget = len(prices), float(prices.max() * data.draw(st.floats(1.5, 9.0)))
    task = Problem(
        tuple(tier.name for tier in campaign.tiers),
        budget,
        tuple(data.draw(st.sampled_from((inf, 0.5))) * budget for _ in range(n)),
        tuple(data.draw(st.sampled_from((0.0, 0.25))) * budget for _ in range(n)),
        (Limit("first", (0,), 0.0, 0.7 * budget),),
        tuple(prices),
    )
    objective = Mean(respond(draw_worlds(campaign, 16, 4), metric, WHOLE), budget)
    weights = data.draw(st.lists(st.floats(0.0, 1.0), min_size=n, max_size=n))
    start = np.array(weights) / max(sum(weights), 1.0)
    unit = prices / budget
    rounded = np.floor(start / unit + 1e-9) * unit
    found = improve(objective, task, start)
    if task.violations(rounded * budget):
        assert found is None
        return
    assert found is not None
    assert task.violations(found * budget) == ()
    counts = found / unit
    assert counts == pytest.approx(np.round(counts), abs=1e-9)
    assert objective.value(found) >= objective.value(rounded) - 1e-12


def test_no_single_hire_helps_any_more() -> None:
    campaign = few_unequal()
    prices, budget = price_list(campaign), 6e4
    task = Problem(("a", "b"), budget, (inf, inf), (0.0, 0.0), (), tuple(prices))
    objective = Mean(respond(draw_worlds(campaign, 64, 4), "reach", WHOLE), budget)
    found = improve(objective, task, np.array([0.5, 0.3]))
    assert found is not None
    value, unit = objective.value(found), prices / budget
    for step in product((-1, 0, 1), repeat=2):
        tried = found + np.array(step) * unit
        if (tried >= -1e-12).all() and not task.violations(np.maximum(tried, 0) * budget):
            assert objective.value(np.maximum(tried, 0)) <= value + 1e-9, step


def test_a_start_that_rounding_breaks_is_given_up() -> None:
    campaign = few_unequal()
    prices, budget = price_list(campaign), 6e4
    limit = Limit("macro", (0,), 0.9 * prices[0], inf)
    task = Problem(("a", "b"), budget, (inf, inf), (0.0, 0.0), (limit,), tuple(prices))
    objective = Mean(respond(draw_worlds(campaign, 8, 4), "reach", WHOLE), budget)
    assert improve(objective, task, np.array([0.95 * prices[0] / budget, 0.0])) is None


def test_a_loss_is_not_bought() -> None:
    campaign = few_unequal()
    cheap = replace(campaign, order_value=replace(campaign.order_value, median=0.01))
    prices, budget = price_list(cheap), 6e4
    task = Problem(("a", "b"), budget, (inf, inf), (0.0, 0.0), (), tuple(prices))
    objective = Mean(respond(draw_worlds(cheap, 8, 4), "profit", WHOLE), budget)
    assert improve(objective, task, np.zeros(2)) == pytest.approx([0.0, 0.0])
