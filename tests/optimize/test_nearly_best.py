"""Plans that are about as good as the best: as wide as a grid finds them, and no wider."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimize.floors import Floor
from optimize.nearly_best import NEARLY, nearly_best
from optimize.optimum import maximise
from optimize.problem import Limit, Problem, problem
from optimize.risk import MEAN, Attainment, Chance, MeanWorst, Risk
from sim.purchase import PARTS
from sim.response import Response, respond
from sim.ridges import Ridges
from sim.worlds import draw_worlds
from specimens import card_like

CAMPAIGN = card_like()
BUDGET = 2e5
WORLDS = draw_worlds(CAMPAIGN, 64, 4)
TASK = problem(CAMPAIGN, BUDGET, whole_creators=False)
REACH = respond(WORLDS, "reach", PARTS)
CONVERSIONS = respond(WORLDS, "conversions", PARTS)


def grid(task: Problem, n: int) -> np.ndarray:
    """Return allowed plans of two lines in steps of the budget."""
    steps = np.linspace(0, task.budget, n + 1)
    plans = np.array([(a, b) for a in steps for b in steps if a + b <= task.budget * (1 + 1e-12)])
    return np.array([plan for plan in plans if not task.violations(plan)])


@pytest.mark.parametrize(
    "risk", [MEAN, MeanWorst(0.1), Attainment(8e5)], ids=["mean", "worst", "target"]
)
@pytest.mark.parametrize("missed", [0.01, 0.05])
def test_a_grid_finds_the_same_band(risk: Risk, missed: float) -> None:
    found = nearly_best(TASK, REACH, risk, missed=missed)
    assert found is not None
    plans, step = grid(TASK, 200), BUDGET / 200
    values = np.array([risk.value(REACH.values(plan)) for plan in plans])
    good = plans[values >= found.at_least]
    assert (good >= found.surely_least - 1e-6 * BUDGET).all()
    assert (good <= found.surely_most + 1e-6 * BUDGET).all()
    assert good.min(axis=0) == pytest.approx(found.least, abs=2 * step)
    assert good.max(axis=0) == pytest.approx(found.most, abs=2 * step)


@pytest.mark.parametrize("risk", [MEAN, MeanWorst(0.2, 0.5)], ids=["mean", "blend"])
def test_every_plan_at_an_end_is_allowed_and_as_good(risk: Risk) -> None:
    floor = Floor("conversions", CONVERSIONS, 100.0)
    limited = problem(CAMPAIGN, BUDGET, (Limit("macro", (1,), 3e4, 1.5e5),), whole_creators=False)
    found = nearly_best(limited, REACH, risk, [floor])
    assert found is not None
    best = maximise(limited, REACH, risk, [floor])
    assert found.value == pytest.approx(best.value, rel=1e-5)
    for i, plan in enumerate(found.plans):
        assert not limited.violations(plan)
        assert not floor.missed_by(plan)
        assert risk.value(REACH.values(plan)) >= (1 - NEARLY) * best.upper_bound * (1 - 1e-5)
        end = (found.least, found.most)[i // 2][i % 2]
        assert plan[i % 2] == end
    slack = 1e-5 * BUDGET
    assert (found.surely_least <= found.least).all()
    assert (found.least <= found.surely_least + slack).all()
    assert (found.surely_most <= found.most + slack).all()
    assert (best.plan >= found.least - slack).all()
    assert (best.plan <= found.most + slack).all()


@given(
    st.lists(st.floats(0.1, 10.0), min_size=3, max_size=3),
    st.lists(st.floats(0.1, 5.0), min_size=3, max_size=3),
)
@settings(deadline=None, max_examples=20)
def test_random_plans_that_are_as_good_lie_in_the_band(
    heights: list[float], rates: list[float]
) -> None:
    ridges = tuple(
        Ridges(np.full((1, 1, 1), rate), np.full((1, 1), height), lines=np.array([line]))
        for line, (height, rate) in enumerate(zip(heights, rates, strict=True))
    )
    response = Response(np.zeros((1, 3)), ridges)
    task = Problem(("a", "b", "c"), 1.0, (1.0, 0.5, 2.0), (0.0,) * 3)
    found = nearly_best(task, response, missed=0.1)
    assert found is not None
    plans = np.random.default_rng(1).dirichlet(np.ones(4), 3000)[:, :3]
    good = [
        plan
        for plan in plans
        if not task.violations(plan) and response.values(plan)[0] >= found.at_least
    ]
    for plan in good:
        assert (plan >= found.surely_least - 1e-6).all()
        assert (plan <= found.surely_most + 1e-6).all()


def test_nothing_is_as_good_as_the_only_plan_that_brings_anything() -> None:
    linear = Response(np.array([[1.0, 0.0]]), ())
    found = nearly_best(Problem(("a", "b"), 10.0, (10.0, 10.0), (0.0, 0.0)), linear)
    assert found is not None
    assert found.least == pytest.approx([9.9, 0.0], abs=1e-5)
    assert found.most == pytest.approx([10.0, 0.1], abs=1e-5)


def test_of_nothing_or_what_is_not_concave_there_is_no_band() -> None:
    loss = Response(np.array([[-1.0, -3.0]]), ())
    two = Problem(("a", "b"), 10.0, (10.0, 10.0), (0.0, 0.0))
    assert nearly_best(two, loss) is None
    assert nearly_best(TASK, respond(WORLDS, "effective_reach", PARTS)) is None
    assert nearly_best(TASK, REACH, MEAN, [Floor("c", CONVERSIONS, 0.5, Chance(10.0))]) is None
