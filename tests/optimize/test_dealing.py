"""Whole creators with minimum deals and chance floors, against every combination."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest

from optimize.choosing import Choice, choose
from optimize.dealing import MOST, choose_with_deals, ways
from optimize.errors import InfeasibleError, UnfoundError
from optimize.floors import Floor
from optimize.problem import Limit, Problem
from optimize.risk import Chance
from sim.response import Response
from sim.ridges import Ridges

PRICES = np.array([900.0, 700.0, 1200.0, 400.0, 300.0])


def response(seed: int, worlds: int = 20) -> Response:
    rng = np.random.default_rng(seed)
    depths = rng.exponential(0.3, (worlds, 4, 5)) * (rng.random((1, 4, 5)) < 0.6)
    weights = np.tile(rng.lognormal(0, 1, 4), (worlds, 1)) * 1e4
    return Response(np.zeros((worlds, 5)), (Ridges(depths / PRICES, weights),))


def task(deal: float = 0.0, **more: object) -> Problem:
    """Return four creators, and a line of many at 300 with a minimum deal."""
    problem = Problem(
        ("a", "b", "c", "d", "tier"), 3000.0, (900.0, 700.0, 1200.0, 400.0, 3000.0),
        (0.0, 0.0, 0.0, 0.0, deal), (), tuple(PRICES.tolist()),
    )  # fmt: skip
    return replace(problem, **more)  # type: ignore[arg-type]


def best(problem: Problem, goal: Response, floors: tuple[Floor, ...] = ()) -> float:
    found = -np.inf
    for counts in product((0, 1), (0, 1), (0, 1), (0, 1), range(11)):
        plan = np.array(counts) * PRICES
        if problem.violations(plan) or any(floor.missed_by(plan) > 0 for floor in floors):
            continue
        found = max(found, float(goal.values(plan).mean()))
    return found


@pytest.mark.parametrize("deal", [600.0, 1500.0, 2800.0])
@pytest.mark.parametrize("seed", range(4))
def test_the_choice_makes_a_deal_in_full_or_not_at_all(seed: int, deal: float) -> None:
    problem, goal = task(deal), response(seed)
    truth = best(problem, goal)
    choice, picker = choose_with_deals(problem, goal)
    assert not problem.violations(choice.plan)
    assert choice.value == pytest.approx(truth, rel=1e-3)
    assert truth * (1 - 1e-9) <= choice.upper_bound <= truth * 1.01
    assert picker.value(choice.counts) == choice.value


def test_without_deals_there_is_one_way() -> None:
    problem, goal = task(), response(0)
    assert list(ways(problem)) == [problem]
    assert choose_with_deals(problem, goal)[0].value == choose(problem, goal).value


def test_a_deal_that_limits_ask_for_is_made() -> None:
    problem = task(1500.0, limits=(Limit("tier", (4,), 300.0),))
    choice, _ = choose_with_deals(problem, response(1))
    assert choice.plan[4] >= 1500.0


def test_deals_that_can_not_be_are_said() -> None:
    limits = (Limit("tier", (4,), 300.0), Limit("c", (2,), 1200.0), Limit("a", (0,), 900.0))
    with pytest.raises(InfeasibleError):
        choose_with_deals(task(1500.0, limits=limits), response(1))
    many = replace(task(), minimum_deals=(100.0,) * 5)
    assert MOST < 5
    with pytest.raises(ValueError, match="minimum deals"):
        list(ways(many))


@pytest.mark.parametrize("seed", range(4))
def test_a_chance_is_kept_and_the_bound_holds(seed: int) -> None:
    problem, goal, other = task(), response(seed), response(seed + 50)
    most = max(
        float(np.quantile(other.values(np.array(counts) * PRICES), 0.2))
        for counts in product((0, 1), (0, 1), (0, 1), (0, 1), (0,))
        if not problem.violations(np.array(counts) * PRICES)
    )
    floors = (Floor("another metric", other, 0.8, Chance(0.95 * most)),)
    truth = best(problem, goal, floors)
    choice = choose(problem, goal, floors=floors)
    assert floors[0].missed_by(choice.plan) == 0
    assert choice.value == pytest.approx(truth, rel=3e-2)
    assert choice.upper_bound >= truth * (1 - 1e-9)


def test_a_chance_that_can_not_be_is_said() -> None:
    goal = response(0)
    everything = float(goal.ridges[0].weights[0].sum())
    with pytest.raises(InfeasibleError):
        choose(task(), goal, floors=(Floor("much", goal, 0.5, Chance(everything)),))


def hidden() -> tuple[Problem, Response, float]:
    """Return a task whose best choice is many steps away from greedy ones, and its value.

    A line that fills the budget must make room for three creators at once.
    """
    prices = np.array([230.0, 850.0, 7870.0, 6060.0, 4420.0])
    asked = Limit("asked for", (2, 3, 4), lower=15_200.0, upper=21_800.0)
    problem = Problem(
        ("cheap", "dear", "a", "b", "c"), 65_700.0, (np.inf, 50_400.0, *prices[2:].tolist()),
        (370.0, 0.0, 0.0, 0.0, 0.0), (asked,), tuple(prices.tolist()),
    )  # fmt: skip
    gains = np.array([76.0, 16.0, 7.0, 21.0, 8.0])
    # a, b and c cost 18,350, and any two of them less than what is asked for
    truth = max(
        (gains[0] * cheap + gains[1] * ((65_700 - 18_350 - 230 * cheap) // 850) + 36)
        for cheap in range(2, 206)
    )
    return problem, Response(np.tile(gains / prices, (5, 1)), ()), float(truth)


def test_a_deal_is_weighed_even_if_greedy_steps_do_not_find_its_choice() -> None:
    problem, goal, truth = hidden()
    choice, _ = choose_with_deals(problem, goal)
    assert not problem.violations(choice.plan)
    assert choice.value == pytest.approx(truth, rel=1e-9)


def test_a_deal_without_a_choice_still_counts_for_the_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    problem, goal, truth = hidden()

    def lost(way: Problem, *args: Any, **more: Any) -> Choice:
        found = choose(way, *args, **more)
        if len(way.limits) > len(problem.limits):
            raise UnfoundError("not found", found.upper_bound)
        return found

    monkeypatch.setattr("optimize.dealing.choose", lost)
    choice, _ = choose_with_deals(problem, goal)
    assert choice.value < truth / 2
    assert choice.upper_bound >= truth * (1 - 1e-9)
    assert choice.relative_gap > 0.5
