"""The mix holds where it is said to hold, and moves outside."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from optimize.floors import Floor
from optimize.optimum import maximise
from optimize.problem import Limit, Problem, problem
from optimize.risk import MEAN, Chance
from optimize.steady import FARTHEST, MOVED, steady_range
from sim.purchase import PARTS
from sim.response import Response, respond
from sim.ridges import Ridges
from sim.shapes import Hill
from sim.worlds import draw_worlds
from specimens import few_unequal

CAMPAIGN = few_unequal()
RESPONSE = respond(draw_worlds(CAMPAIGN, 64, 4), "reach", PARTS)
TASK = problem(CAMPAIGN, 5e4, (Limit("nano", (1,), 0.0, 2e4),), whole_creators=False)


def shares(task: Problem, budget: float) -> np.ndarray:
    plan = maximise(replace(task, budget=budget), RESPONSE).plan
    return np.asarray(plan / plan.sum())


def test_the_mix_is_the_same_inside_and_another_outside() -> None:
    found = steady_range(TASK, RESPONSE, MEAN, ())
    assert found is not None
    low, high = found
    assert low < 5e4 < high
    here = shares(TASK, 5e4)
    for inside in (low, high, (low * high) ** 0.5):
        assert np.abs(shares(TASK, inside) - here).max() <= MOVED
    outside = [b for b in (low / 1.05, high * 1.05) if 5e4 / FARTHEST < b < 5e4 * FARTHEST]
    assert outside
    for budget in outside:
        assert np.abs(shares(TASK, budget) - here).max() > MOVED


def test_a_mix_of_one_line_holds_as_far_as_is_looked() -> None:
    linear = Response(np.array([[1.0, 3.0]]), ())
    found = steady_range(Problem(("a", "b"), 10.0, (1e9,) * 2, (0.0,) * 2), linear, MEAN, ())
    assert found == pytest.approx((10 / FARTHEST, 10 * FARTHEST))


def test_where_nothing_is_spent_there_is_no_mix() -> None:
    loss = Response(np.array([[-1.0, -3.0]]), ())
    task = Problem(("a", "b"), 10.0, (1e9,) * 2, (0.0,) * 2)
    assert steady_range(task, loss, MEAN, ()) is None


def test_no_range_is_looked_for_where_the_aim_is_not_concave() -> None:
    bent = Ridges(np.ones((1, 1, 1)), np.ones((1, 1)), Hill(np.full((1, 1), 2.0)), np.array([0]))
    curve, plain = Response(np.zeros((1, 2)), (bent,)), Response(np.array([[1.0, 3.0]]), ())
    task = Problem(("a", "b"), 10.0, (1e9,) * 2, (0.0,) * 2)
    for response, risk in ((plain, Chance(5.0)), (curve, MEAN)):
        assert steady_range(task, response, risk, ()) is None
    assert steady_range(task, plain, MEAN, (Floor("curve", curve, 0.0),)) is None
