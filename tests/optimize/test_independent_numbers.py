"""Answers that other tests let pass when single operators were changed."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest

from optimize.functional import functional
from optimize.problem import Problem, binding
from optimize.risk import MEAN, Attainment, MeanWorst
from sim.response import Response
from sim.ridges import Ridges
from sim.shapes import EXPONENTIAL, Hill, Shape


def curve(shape: Shape, line: int) -> Ridges:
    return Ridges(np.ones((3, 1, 1)), np.ones((3, 1)), shape, np.array([line]))


def curve_of(worlds: int, line: int) -> Ridges:
    return Ridges(np.ones((worlds, 1, 1)), np.ones((worlds, 1)), EXPONENTIAL, np.array([line]))


def test_one_s_curve_is_enough_not_to_be_concave() -> None:
    bent, round_ = curve(Hill(np.full((3, 1), 2.0)), 0), curve(EXPONENTIAL, 1)
    for ridges in ((bent, round_), (round_, bent)):
        assert not functional(Response(np.zeros((3, 2)), ridges), 1.0, MEAN).concave
    both = (round_, curve(EXPONENTIAL, 0))
    assert functional(Response(np.zeros((3, 2)), both), 1.0, MEAN).concave


def test_no_plan_passes_the_ceiling_of_a_functional_that_is_no_sum() -> None:
    rng = np.random.default_rng(3)
    response = Response(rng.normal(size=(50, 3)), (curve_of(50, 0), curve_of(50, 2)))
    plans = rng.random((400, 3)) * 2.0 * (rng.random((400, 3)) < 0.5)
    for risk in (MeanWorst(0.1), Attainment(0.5)):
        whole = functional(response, 2.0, risk)
        (ceiling,) = whole.ceilings
        values = [whole.value(plan / 2.0) for plan in plans]
        assert max(values) <= ceiling
        by_hand = risk.value(response.most(np.zeros(3), np.full(3, 2.0)))
        assert ceiling * whole.size == pytest.approx(by_hand)


def test_a_target_may_be_smaller_than_one() -> None:
    assert Attainment(0.5).value(np.array([0.25, 2.0])) == pytest.approx(0.75)


def test_money_left_for_the_cheaper_creator_is_no_budget_that_stops() -> None:
    names, prices = ("cheap", "dear"), (100.0, 500.0)
    problem = Problem(names, 1000.0, (inf, inf), (0.0, 0.0), (), prices)
    assert "budget" not in binding(problem, np.array([300.0, 500.0]))
    assert "budget" in binding(problem, np.array([450.0, 500.0]))
