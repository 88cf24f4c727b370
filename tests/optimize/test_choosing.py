"""Choices of whole creators, against every subset."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from optimize.choosing import EXACT_GAP, choose
from optimize.coverage import Extended
from optimize.errors import InfeasibleError
from optimize.floors import Floor
from optimize.picking import Picker
from optimize.problem import Limit, Problem
from optimize.quotes import members, outsiders
from optimize.risk import MEAN, Attainment, MeanWorst, Risk
from sim.response import Response
from sim.ridges import Ridges
from sim.shapes import AtLeast

Array = NDArray[np.float64]


def response(seed: int, n: int, worlds: int = 3, kinds: int = 8, *, sure: bool = False) -> Response:
    """Return people of some kinds whom creators reach at prices of `prices`."""
    rng = np.random.default_rng(seed)
    reached = rng.random((worlds, kinds, n)) * (rng.random((1, kinds, n)) < 0.5)
    depths = np.where(reached > 0, 36.0, 0.0) if sure else -np.log1p(-0.8 * reached)
    weights = np.tile(rng.lognormal(0, 1, kinds), (worlds, 1)) * 1e4
    return Response(np.zeros((worlds, n)), (Ridges(depths / prices(seed, n), weights),))


def prices(seed: int, n: int) -> Array:
    return np.random.default_rng(seed + 999).uniform(0.6, 2.5, n) * 1000


def task(seed: int, n: int, **more: object) -> Problem:
    mine = tuple(prices(seed, n).tolist())
    names = tuple(f"c{i}" for i in range(n))
    return replace(Problem(names, 5000.0, mine, (0.0,) * n, (), mine), **more)  # type: ignore[arg-type]


def best_subset(
    problem: Problem, goal: Response, risk: Risk = MEAN, floors: tuple[Floor, ...] = ()
) -> float:
    """Return the value of the best allowed subset, looking at all of them."""
    best = -np.inf
    for flags in product((0.0, 1.0), repeat=problem.n_lines):
        plan = np.array(flags) * np.array(problem.prices)
        if problem.violations(plan) or any(floor.missed_by(plan) > 0 for floor in floors):
            continue
        best = max(best, risk.value(goal.values(plan)))
    return best


RISKS: list[Risk] = [MEAN, MeanWorst(0.4), MeanWorst(0.5, 0.5), Attainment(3e4)]


@pytest.mark.parametrize("risk", RISKS, ids=str)
@pytest.mark.parametrize("seed", range(4))
def test_the_choice_is_the_best_subset(seed: int, risk: Risk) -> None:
    problem, goal = task(seed, 10), response(seed, 10)
    truth = best_subset(problem, goal, risk)
    choice = choose(problem, goal, risk)
    assert not problem.violations(choice.plan)
    assert choice.value == pytest.approx(truth, rel=1e-9)
    assert truth * (1 - 1e-9) <= choice.upper_bound <= truth * (1 + 2 * EXACT_GAP)
    assert choice.greedy_value >= (1 - np.exp(-1)) / 2 * truth


@pytest.mark.parametrize("seed", range(4))
def test_kinds_that_are_reached_for_sure(seed: int) -> None:
    problem, goal = task(seed, 12), response(seed, 12, worlds=1, kinds=30, sure=True)
    truth = best_subset(problem, goal)
    choice = choose(problem, goal)
    assert choice.value == pytest.approx(truth, rel=1e-9)
    assert truth * (1 - 1e-9) <= choice.upper_bound


@pytest.mark.parametrize("seed", range(6))
def test_groups_limits_and_must_haves_hold(seed: int) -> None:
    price = prices(seed, 10)
    limits = (
        Limit("must-have c3", (3,), float(price[3])),
        Limit("some", (0, 1, 2), 0.0, 2200.0),
        Limit("others", (7, 8, 9), 1000.0),
    )
    problem = task(seed, 10, limits=limits, exclusive=((4, 5), (5, 6)))
    goal = response(seed, 10)
    truth = best_subset(problem, goal)
    choice = choose(problem, goal)
    assert not problem.violations(choice.plan)
    assert choice.counts[3] == 1
    assert choice.value == pytest.approx(truth, rel=1e-3)
    assert choice.upper_bound >= truth * (1 - 1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_floors_hold(seed: int) -> None:
    problem, goal, other = task(seed, 10), response(seed, 10), response(seed + 50, 10)
    rates = other.ridges[0].rates * prices(seed + 50, 10) / prices(seed, 10)
    other = Response(other.slopes, (replace(other.ridges[0], rates=rates),))
    most = best_subset(problem, other)
    floors = (Floor("another metric", other, 0.9 * most),)
    truth = best_subset(problem, goal, floors=floors)
    choice = choose(problem, goal, floors=floors)
    assert floors[0].missed_by(choice.plan) == 0
    assert choice.value == pytest.approx(truth, rel=2e-2)
    assert choice.upper_bound >= truth * (1 - 1e-9)


def test_what_can_not_be_kept_is_said() -> None:
    problem, goal = task(0, 8), response(0, 8)
    floor = Floor("too much", goal, 10 * float(goal.ridges[0].weights.sum()))
    with pytest.raises(InfeasibleError):
        choose(problem, goal, floors=(floor,))


def test_metrics_that_are_no_coverage_are_refused() -> None:
    goal = response(0, 4)
    bent = replace(goal.ridges[0], shape=AtLeast(2, 1.0))
    with pytest.raises(ValueError, match="exponential"):
        choose(task(0, 4), Response(goal.slopes, (bent,)))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.booleans(), st.data())
def test_the_extension_is_the_metric_at_subsets_and_concave_between(
    seed: int, sure: bool, data: st.DataObject
) -> None:
    n = 6
    problem = task(seed, n)
    picker = Picker(problem, response(seed, n, sure=sure))
    above = Extended(picker.metric, picker.prices, problem.budget)
    unit = picker.prices / problem.budget
    flags = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)), float)
    assert above.value(flags * unit) * above.size == pytest.approx(
        picker.value(flags), rel=1e-9, abs=1e-6
    )
    parts = st.lists(st.floats(0, 1), min_size=n, max_size=n)
    at, to = (np.array(data.draw(parts)) * unit for _ in range(2))
    values, gradients = above.tangents(at)
    tangent = above.slopes @ to + values.sum() + gradients.sum(axis=0) @ (to - at)
    assert above.value(to) <= tangent + 1e-9


@pytest.mark.parametrize("seed", range(3))
def test_what_creators_add_and_who_replaces_them(seed: int) -> None:
    problem, goal = task(seed, 9), response(seed, 9)
    picker = Picker(problem, goal)
    choice = choose(problem, goal, picker=picker)
    chosen = np.flatnonzero(choice.counts)
    found = members(picker, choice.counts, replaced=99)
    assert sorted(m.line for m in found) == chosen.tolist()
    assert [m.adds for m in found] == sorted((m.adds for m in found), reverse=True)
    for member in found:
        rest = choice.plan.copy()
        rest[member.line] = 0.0
        adds = goal.values(choice.plan).mean() - goal.values(rest).mean()
        assert member.adds == pytest.approx(adds)
        caps = list(problem.caps)
        caps[member.line] = 0.0
        without = best_subset(replace(problem, caps=tuple(caps)), goal)
        assert choice.value - member.loses == pytest.approx(without, rel=1e-2)
        assert choice.value - member.loses <= without * (1 + 1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_the_price_at_which_an_outsider_enters(seed: int) -> None:
    n = 8
    problem, goal = task(seed, n), response(seed, n)
    picker = Picker(problem, goal)
    choice = choose(problem, goal, picker=picker)
    for outsider in outsiders(picker, choice.counts, np.zeros((1, n)), shown=99):
        j, price = outsider.line, outsider.enters_at
        assert 0 <= price < problem.steps[j]
        # at that price the best subset is no better without her; a little above, it is
        assert with_price(problem, goal, j, max(price, 1.0), inside=True) >= choice.value * (
            1 - 1e-9
        )  # fmt: skip
        dearer = price + 0.02 * problem.steps[j]
        if dearer < problem.steps[j]:
            assert with_price(problem, goal, j, dearer, inside=True) < choice.value * (1 + 5e-3)


def with_price(problem: Problem, goal: Response, j: int, price: float, *, inside: bool) -> float:
    """Return the best subset with a creator at another price."""
    mine = np.array(problem.prices)
    factor = np.ones(mine.size)
    factor[j] = mine[j] / price
    mine[j] = price
    rates = goal.ridges[0].rates * factor
    priced = replace(
        problem,
        prices=tuple(mine.tolist()),
        caps=tuple(mine.tolist()),
        limits=(Limit("in", (j,), price),) if inside else (),
    )
    return best_subset(priced, Response(goal.slopes, (replace(goal.ridges[0], rates=rates),)))
