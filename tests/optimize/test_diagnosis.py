"""What stands in the way of every plan is named, and no more than that."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import pytest

from optimize.diagnosis import Conflict, Demanded, conflict
from optimize.errors import InfeasibleError
from optimize.floors import Demand, Floor
from optimize.optimum import maximise
from optimize.problem import Limit, Problem, problem
from sim.purchase import PARTS
from sim.response import respond
from sim.worlds import draw_worlds
from specimens import few_unequal

CAMPAIGN = few_unequal()
WORLDS = draw_worlds(CAMPAIGN, 32, 4)
TASK = problem(CAMPAIGN, 5e4, whole_creators=False)
REACH = respond(WORLDS, "reach", PARTS)


def found(task: Problem, *floors: Floor) -> dict[Demanded, float]:
    with pytest.raises(InfeasibleError):
        maximise(task, REACH, floors=floors)
    why: Conflict = conflict(task, floors)
    return dict(zip(why.demands, why.mends, strict=True))


def test_minima_beyond_the_budget_name_both_sides_and_leave_out_what_is_innocent() -> None:
    limits = (
        Limit("a", (0,), 3e4),
        Limit("b", (1,), 3e4),
        Limit("innocent", (0, 1), 10.0, 9e4),
    )
    why = found(replace(TASK, limits=limits))
    assert why == pytest.approx(
        {Demanded("lower", 0): 2e4, Demanded("lower", 1): 2e4, Demanded("budget"): 6e4}, rel=1e-6
    )


def test_a_floor_out_of_reach_says_what_can_be_had_and_what_it_would_cost() -> None:
    most = maximise(TASK, REACH).value
    floor = Demand("the floor of reach", "reach", 1.1 * most).floor(WORLDS, TASK)
    why = found(TASK, floor)
    assert set(why) == {Demanded("floor", 0), Demanded("budget")}
    assert why[Demanded("floor", 0)] == pytest.approx(most, rel=1e-5)
    enough = replace(TASK, budget=why[Demanded("budget")] * (1 + 1e-5))
    assert maximise(enough, REACH).value >= 1.1 * most * (1 - 1e-6)


def test_every_mend_alone_makes_a_plan_possible() -> None:
    limits = (Limit("cap", (0, 1), 0.0, 2e4), Limit("a", (0,), 1.5e4), Limit("b", (1,), 1e4))
    task = replace(TASK, limits=limits)
    why = found(task)
    assert set(why) == {Demanded("upper", 0), Demanded("lower", 1), Demanded("lower", 2)}
    for one, level in why.items():
        changed = limits[one.index]
        changed = (
            replace(changed, upper=level) if one.kind == "upper" else replace(changed, lower=level)
        )
        mended = tuple(changed if j == one.index else x for j, x in enumerate(limits))
        assert maximise(replace(task, limits=mended), REACH).status == "optimal"


def test_whole_creators_that_do_not_fit_are_named() -> None:
    task = Problem(("a", "b"), 6e4, (inf, inf), (0.0, 0.0), (Limit("a", (0,), 1.1e4, 1.9e4),),
                   (1e4, 1e3))  # fmt: skip
    why = conflict(task, ())
    assert Demanded("whole") in why.demands
    assert Demanded("budget") not in why.demands


def test_too_few_creators_are_named() -> None:
    task = replace(TASK, caps=(1e4, inf), limits=(Limit("a", (0,), 2e4),))
    why = found(task)
    assert set(why) == {Demanded("available", 0), Demanded("lower", 0)}
    assert why[Demanded("lower", 0)] == pytest.approx(1e4)
