"""Floors and ceilings hold, cost what they must, and mean what they say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from optimize.floors import RATIOS, Demand
from optimize.goal import goal
from optimize.optimum import GAP, maximise
from optimize.problem import Problem, problem, purchase
from optimize.risk import Chance, MeanWorst
from sim.metrics import METRICS
from sim.outcomes import evaluate
from sim.purchase import PARTS, WHOLE
from sim.response import cost, respond
from sim.uncertain import Uncertain
from sim.worlds import draw_worlds
from specimens import few_unequal

CAMPAIGN = replace(few_unequal(), order_value=Uncertain("log", 400.0, 0.1))
WORLDS = draw_worlds(CAMPAIGN, 64, 4)
TASK = problem(CAMPAIGN, 5e4, whole_creators=False)
CONVERSIONS = respond(WORLDS, "conversions", PARTS)


def edge(n: int = 400) -> np.ndarray:
    """Return plans of all splits and of several totals."""
    share = np.linspace(0, 1, n + 1)
    return np.concatenate(
        [total * np.column_stack([share, 1 - share]) * 5e4 for total in np.linspace(0.05, 1, 20)]
    )


@pytest.mark.parametrize(
    ("metric", "part"), [("reach", 0.97), ("brand_lift", 0.9), ("impressions", 0.8)]
)
def test_the_best_plan_under_a_floor_is_the_best_that_reaches_it(metric: str, part: float) -> None:
    response = respond(WORLDS, metric, PARTS)
    level = part * maximise(TASK, response).value
    floor = Demand("floor", metric, level).floor(WORLDS, TASK)
    solution = maximise(TASK, CONVERSIONS, floors=[floor])
    assert response.values(solution.plan).mean() >= level * (1 - 1e-6)
    allowed = [p for p in edge() if response.values(p).mean() >= level]
    assert allowed
    best = max(CONVERSIONS.values(p).mean() for p in allowed)
    assert solution.upper_bound >= best * (1 - 1e-9)
    assert solution.value >= best * (1 - GAP)


@pytest.mark.parametrize("metric", RATIOS)
@pytest.mark.parametrize("whole", [False, True])
def test_a_ratio_is_the_ratio_of_means_that_is_reported(metric: str, *, whole: bool) -> None:
    task = problem(CAMPAIGN, 5e4, whole_creators=whole)
    prices = np.array(task.prices or (1e4, 1e3))
    plan = np.array([2, 20]) * prices
    outcomes = evaluate(WORLDS, [plan], purchase(task))
    over = METRICS[metric].over
    assert over is not None
    top, bottom = (outcomes.controlled[name].mean() for name in over)
    ratio = METRICS[metric].times * float(top / bottom)
    better, worse = (0.98, 1.02) if METRICS[metric].better == "up" else (1.02, 0.98)
    assert Demand("x", metric, ratio * better).floor(WORLDS, task).missed_by(plan) == 0
    assert Demand("x", metric, ratio * worse).floor(WORLDS, task).missed_by(plan) > 0


def test_most_conversions_at_a_roas_stop_where_it_is_met() -> None:
    free = maximise(TASK, CONVERSIONS)
    revenue = respond(WORLDS, "revenue", PARTS)
    level = 1.2 * revenue.values(free.plan).mean() / free.plan.sum()
    solution = maximise(
        TASK, CONVERSIONS, floors=[Demand("roas", "roas", level).floor(WORLDS, TASK)]
    )
    earned, spent = revenue.values(solution.plan).mean(), solution.plan.sum()
    assert 0 < spent < 5e4 * (1 - 1e-3)
    assert earned / spent == pytest.approx(level, rel=1e-4)
    allowed = [p for p in edge() if revenue.values(p).mean() >= level * p.sum()]
    assert solution.upper_bound >= max(CONVERSIONS.values(p).mean() for p in allowed)


def test_the_worst_worlds_can_have_a_floor() -> None:
    risk = MeanWorst(0.1)
    level = 0.95 * maximise(TASK, CONVERSIONS, risk).value
    reach = respond(WORLDS, "reach", PARTS)
    floor = Demand("tail", "conversions", level, risk).floor(WORLDS, TASK)
    solution = maximise(TASK, reach, floors=[floor])
    assert risk.value(CONVERSIONS.values(solution.plan)) >= level * (1 - 1e-6)
    allowed = [p for p in edge() if risk.value(CONVERSIONS.values(p)) >= level]
    assert solution.upper_bound >= max(reach.values(p).mean() for p in allowed) * (1 - 1e-9)


@pytest.mark.parametrize("chance", [0.5, 0.9])
def test_the_least_spend_for_a_target_is_the_least_there_is(chance: float) -> None:
    target = 0.5 * maximise(TASK, CONVERSIONS).value
    aim, response = goal(WORLDS, TASK, (("spend", 1.0),))
    floor = Demand("target", "conversions", chance, Chance(target)).floor(WORLDS, TASK)
    solution = maximise(TASK, response, floors=[floor])
    assert aim.terms == (("spend", -1.0),)
    assert -solution.value == pytest.approx(solution.plan.sum())
    assert Chance(target).value(CONVERSIONS.values(solution.plan)) >= chance
    share = np.linspace(0, 1, 201)
    plans = np.concatenate([t * np.column_stack([share, 1 - share])
                            for t in np.linspace(0.2, 1, 161) * 5e4])  # fmt: skip
    least = min(p.sum() for p in plans if Chance(target).value(CONVERSIONS.values(p)) >= chance)
    assert -solution.upper_bound <= least * (1 + 1e-9)
    assert -solution.value <= least * 1.002


def test_what_is_spent_is_the_plan_or_what_its_creators_cost() -> None:
    plan = np.array([2e4, 1e4])
    assert cost(WORLDS, PARTS).values(plan) == pytest.approx(np.full(64, 3e4))
    whole: Problem = problem(CAMPAIGN, 5e4, whole_creators=True)
    bought = np.array([2, 9]) * np.array(whole.prices)
    spent = evaluate(WORLDS, [bought], WHOLE).controlled["spend"][0].mean()
    assert cost(WORLDS, WHOLE).values(bought).mean() == pytest.approx(spent, rel=1e-9)
