"""Shadow prices are what a little more of every limit really brings."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import numpy as np
import pytest

from optimize.floors import Floor
from optimize.optimum import maximise
from optimize.prices import shadow_prices
from optimize.problem import AVAILABLE, Limit, Problem, problem
from optimize.risk import MeanWorst
from sim.purchase import PARTS
from sim.response import Response, respond
from sim.ridges import Ridges
from sim.shapes import Hill
from sim.worlds import draw_worlds
from specimens import few_unequal

CAMPAIGN = few_unequal()
WORLDS = draw_worlds(CAMPAIGN, 64, 4)
TASK = problem(CAMPAIGN, 5e4, whole_creators=False)
CONVERSIONS = respond(WORLDS, "conversions", PARTS)


def worth(task: Problem, floors: tuple[Floor, ...] = ()) -> dict[str, float]:
    return shadow_prices(task, floors, maximise(task, CONVERSIONS, floors=floors))


def best(task: Problem, floors: tuple[Floor, ...] = ()) -> float:
    return maximise(task, CONVERSIONS, floors=floors).value


@pytest.mark.parametrize("side", ["lower", "upper"])
def test_a_binding_limit_is_worth_what_moving_it_brings(side: str) -> None:
    share = {"lower": (0.9 * 5e4, inf), "upper": (0.0, 0.3 * 5e4)}[side]
    free = maximise(TASK, CONVERSIONS).plan.argmax()
    lines = (int(free),) if side == "upper" else (1 - int(free),)
    limit = Limit("x", lines, *share)
    moved = [
        best(replace(TASK, limits=(replace(limit, **{side: getattr(limit, side) + step}),)))
        for step in (-100.0, 100.0)
    ]
    name = f"the {'minimum' if side == 'lower' else 'maximum'} of x"
    difference = (moved[1] - moved[0]) / 200
    assert difference != 0
    assert worth(replace(TASK, limits=(limit,)))[name] == pytest.approx(difference, rel=0.02)


def test_a_group_of_lines_has_one_price() -> None:
    limit = Limit("all", (0, 1), 0.0, 3e4)
    task = replace(TASK, limits=(limit,))
    up, down = (best(replace(task, limits=(replace(limit, upper=3e4 + d),))) for d in (100, -100))
    found = worth(task)
    assert found["the maximum of all"] == pytest.approx((up - down) / 200, rel=0.02)
    assert found["budget"] == pytest.approx(0, abs=1e-9)


def test_creators_who_are_all_hired_are_worth_what_more_would_bring() -> None:
    line = int(maximise(TASK, CONVERSIONS).plan.argmax())

    def capped(most: float) -> Problem:
        caps = [inf, inf]
        caps[line] = most
        return replace(TASK, caps=tuple(caps))

    difference = (best(capped(1.01e4)) - best(capped(0.99e4))) / 200
    name = f"available creators of {TASK.lines[line]}"
    assert worth(capped(1e4))[name] == pytest.approx(difference, rel=0.02)


def test_a_floor_costs_what_asking_less_would_bring() -> None:
    mirrored = Response(
        CONVERSIONS.slopes[:, ::-1],
        tuple(replace(r, rates=r.rates[:, :, ::-1]) for r in CONVERSIONS.ridges),
    )
    most = maximise(TASK, mirrored).value
    free = mirrored.values(maximise(TASK, CONVERSIONS).plan).mean()
    assert free < 0.99 * most
    step = (most - free) / 100
    floors = [(Floor("the floor", mirrored, (most + free) / 2 + d),) for d in (-step, 0.0, step)]
    price = worth(TASK, floors[1])["the floor"]
    assert price < 0
    assert price == pytest.approx(
        (best(TASK, floors[2]) - best(TASK, floors[0])) / (2 * step), rel=0.05
    )


def test_limits_that_do_not_bind_are_worth_nothing() -> None:
    task = replace(TASK, limits=(Limit("loose", (0, 1), 10.0, 9e4),))
    assert list(worth(task)) == ["budget"]


def test_creators_without_end_are_worth_nothing_where_all_money_is_on_them() -> None:
    alone = int(maximise(TASK, CONVERSIONS).plan.argmax())
    caps = tuple(inf if i == alone else 0.0 for i in range(2))
    task = replace(TASK, caps=caps)
    solution = maximise(task, CONVERSIONS)
    assert solution.plan[alone] == pytest.approx(5e4)
    found = worth(task)
    assert f"{AVAILABLE}{TASK.lines[alone]}" not in found
    step = replace(task, budget=5e4 + 100)
    assert found["budget"] == pytest.approx((best(step) - solution.value) / 100, rel=0.02)


def test_prices_around_a_plan_on_s_curves_are_finite_differences() -> None:
    ridges = tuple(
        Ridges(np.full((1, 1, 1), rate), np.full((1, 1), top), Hill(np.full((1, 1), slope)),
               np.array([i]))
        for i, (rate, top, slope) in enumerate([(0.02, 50.0, 2.0), (0.05, 20.0, 1.6)])
    )  # fmt: skip
    response = Response(np.zeros((1, 2)), ridges)

    def answer(budget: float) -> float:
        return maximise(Problem(("a", "b"), budget, (inf,) * 2, (0.0,) * 2), response).value

    solution = maximise(Problem(("a", "b"), 120.0, (inf,) * 2, (0.0,) * 2), response)
    assert solution.budget_price == pytest.approx((answer(122.0) - answer(118.0)) / 4, rel=0.05)


@pytest.mark.parametrize("worst", [0.1, 0.3])
def test_a_linear_tail_has_the_prices_of_the_exact_program(worst: float) -> None:
    rng = np.random.default_rng(5)
    response = Response(rng.lognormal(0, 0.6, (300, 3)), ())
    task = Problem(tuple("abc"), 10.0, (4.0, inf, inf), (0.0,) * 3, (Limit("b", (1,), 0.0, 2.5),))

    def answer(change: Problem) -> float:
        return maximise(change, response, MeanWorst(worst)).value

    found = shadow_prices(task, (), maximise(task, response, MeanWorst(worst)))
    step = 1e-3
    grown = answer(replace(task, budget=10.0 + step)) - answer(task)
    assert found["budget"] == pytest.approx(grown / step, rel=0.05)
