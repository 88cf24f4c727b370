"""The trade-off between two aims: certified at every level, whatever the way through them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from optimize.errors import InfeasibleError
from optimize.floors import Floor
from optimize.frontier import Aim, Point, ends, frontier, sweep
from optimize.optimum import GAP, maximise
from optimize.problem import WHOLE_GAP, Limit, problem
from optimize.risk import MeanWorst
from sim.purchase import PARTS, WHOLE
from sim.response import Response, respond
from sim.worlds import draw_worlds
from specimens import card_like

CAMPAIGN = card_like()
BUDGET = 2e5
WORLDS = draw_worlds(CAMPAIGN, 64, 4)
TASK = problem(CAMPAIGN, BUDGET, whole_creators=False)
REACH = Aim(respond(WORLDS, "reach", PARTS))
CONVERSIONS = Aim(respond(WORLDS, "conversions", PARTS))
WORST = Aim(REACH.response, MeanWorst(0.1))
PAIRS = {
    "metrics": (REACH, CONVERSIONS),
    "the other way": (CONVERSIONS, REACH),
    "mean and worst": (REACH, WORST),
    "worst of one, mean of the other": (WORST, CONVERSIONS),
}


def splits(n: int = 200) -> list[np.ndarray]:
    """Return allowed plans of all splits that spend the budget, and some that do not."""
    share = np.linspace(0, 1, n + 1)
    totals = [total * BUDGET * np.column_stack([share, 1 - share]) for total in (0.5, 0.8, 1.0)]
    return [plan for plan in np.concatenate(totals) if not TASK.violations(plan)]


def points(pair: str, n: int = 6) -> tuple[Point, ...]:
    return frontier(TASK, *PAIRS[pair], n_points=n)


@pytest.mark.parametrize("pair", PAIRS)
def test_one_search_through_all_levels_finds_what_fresh_ones_find(pair: str) -> None:
    first, second = PAIRS[pair]
    levels = np.linspace(*ends(TASK, first, second, ()), 6)
    for found, level in zip(sweep(TASK, first, second, (), levels), levels.tolist(), strict=True):
        fresh = maximise(TASK, first.response, first.risk, [second.floor(level)])
        assert found.relative_gap <= GAP
        assert found.value <= fresh.upper_bound * (1 + 1e-5)
        assert fresh.value <= found.upper_bound * (1 + 1e-5)


@pytest.mark.parametrize("pair", PAIRS)
def test_no_plan_of_a_grid_passes_a_bound(pair: str) -> None:
    first, second = PAIRS[pair]
    values = np.array([[first.value(plan), second.value(plan)] for plan in splits()])
    for point in points(pair):
        allowed = values[values[:, 1] >= point.level, 0]
        assert allowed.max(initial=-np.inf) <= point.solution.upper_bound * (1 + 1e-9)


@pytest.mark.parametrize("pair", PAIRS)
def test_every_plan_is_allowed_and_reaches_its_level(pair: str) -> None:
    for point in points(pair):
        assert not TASK.violations(point.solution.plan)
        assert point.second >= point.level * (1 - 1e-6)
        assert PAIRS[pair][0].value(point.solution.plan) == pytest.approx(point.solution.value)


@pytest.mark.parametrize("pair", PAIRS)
def test_more_of_one_aim_is_less_of_the_other(pair: str) -> None:
    found = points(pair)
    firsts = np.array([point.solution.value for point in found])
    assert len(found) == 6
    assert (np.diff([point.level for point in found]) > 0).all()
    assert (np.diff(firsts) < 0).all()
    assert (np.diff(firsts, 2) <= 1e-6 * firsts[0]).all()  # concave


@pytest.mark.parametrize("pair", PAIRS)
def test_the_ends_are_the_best_of_each_aim(pair: str) -> None:
    first, second = PAIRS[pair]
    found = points(pair)
    assert found[0].solution.value == pytest.approx(
        maximise(TASK, first.response, first.risk).value, rel=3e-6
    )
    assert found[-1].second == pytest.approx(
        maximise(TASK, second.response, second.risk).value, rel=3e-6
    )


def test_the_later_points_of_one_search_take_few_rounds() -> None:
    first, second = PAIRS["mean and worst"]
    levels = np.linspace(*ends(TASK, first, second, ()), 21)
    warm = sum(s.rounds for s in list(sweep(TASK, first, second, (), levels))[1:])
    fresh = sum(
        maximise(TASK, first.response, first.risk, [second.floor(level)]).rounds
        for level in levels[1:].tolist()
    )
    assert warm < 0.7 * fresh


def test_floors_and_limits_hold_along_the_way() -> None:
    task = replace(TASK, limits=(Limit("macro", (1,), lower=6e4),))
    level = 0.99 * maximise(task, CONVERSIONS.response).value
    floor = Floor("conversions", CONVERSIONS.response, level)
    for point in frontier(task, REACH, WORST, [floor], 4):
        assert not task.violations(point.solution.plan)
        assert CONVERSIONS.value(point.solution.plan) >= level * (1 - 1e-6)


def test_whole_creators_get_a_search_a_level() -> None:
    task = problem(CAMPAIGN, BUDGET, whole_creators=True)
    aims = [Aim(respond(WORLDS, metric, WHOLE)) for metric in ("reach", "conversions")]
    found = frontier(task, aims[0], aims[1], n_points=4)
    for point in found:
        assert not task.violations(point.solution.plan)
        assert point.second >= point.level * (1 - 1e-6)
        assert point.solution.relative_gap <= WHOLE_GAP
    firsts = [point.solution.value for point in found]
    assert (np.diff(firsts) <= WHOLE_GAP * firsts[0]).all()


def test_one_plan_that_is_best_for_both_aims_is_the_only_point() -> None:
    twice = Aim(Response(2 * REACH.response.slopes, REACH.response.ridges))
    (point,) = frontier(TASK, REACH, twice)
    assert point.solution.value == pytest.approx(maximise(TASK, REACH.response).value)


def test_a_floor_on_a_mean_is_no_floor_on_the_worst_worlds() -> None:
    slopes = np.random.default_rng(3).lognormal(0, 0.5, (64, 2)) * [1.0, 1.1]
    mean, worst = Aim(Response(slopes, ())), Aim(Response(slopes, ()), MeanWorst(0.2))
    level = 0.99 * maximise(TASK, mean.response).value
    found = maximise(TASK, worst.response, worst.risk, [mean.floor(level)])
    allowed = [worst.value(plan) for plan in splits() if mean.value(plan) >= level]
    assert found.upper_bound >= max(allowed)
    assert mean.value(found.plan) >= level * (1 - 1e-6)


def test_linear_aims_are_traded_too() -> None:
    slopes = np.random.default_rng(3).lognormal(0, 0.5, (64, 2)) * [1.0, 1.1]
    mean, worst = Aim(Response(slopes, ())), Aim(Response(slopes, ()), MeanWorst(0.2))
    task = replace(TASK, caps=(1.5e5, 1.2e5))
    for point in frontier(task, mean, worst, n_points=4):
        assert point.solution.relative_gap <= GAP
        assert point.second >= point.level * (1 - 1e-6)


def test_what_no_plan_satisfies_is_said() -> None:
    floor = Floor("reach", REACH.response, 1e12)
    with pytest.raises(InfeasibleError):
        frontier(TASK, REACH, CONVERSIONS, [floor])


def test_a_frontier_has_two_ends() -> None:
    with pytest.raises(ValueError, match="at least 2"):
        frontier(TASK, REACH, CONVERSIONS, n_points=1)
    two = frontier(TASK, REACH, CONVERSIONS, n_points=2)
    assert [point.level for point in two] == pytest.approx(ends(TASK, REACH, CONVERSIONS, ()))
    assert two[0].solution.value > two[1].solution.value
