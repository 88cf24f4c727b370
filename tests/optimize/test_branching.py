"""Branch and bound where curves bend or chances step: against brute force and integer programs."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import inf

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

import optimize.branching
from optimize.errors import InfeasibleError
from optimize.floors import Floor
from optimize.optimum import BRANCH_GAP, CHANCE_GAP, maximise
from optimize.problem import Limit, Problem
from optimize.risk import MEAN, Attainment, Chance, MeanWorst, Risk
from sim.response import Response
from sim.ridges import Ridges
from sim.shapes import EXPONENTIAL, AtLeast, Hill, Points

Array = np.ndarray

RISKS: tuple[Risk, ...] = (
    MEAN,
    MeanWorst(0.3),
    MeanWorst(0.2, 0.5),
    Attainment(0.8),
    Chance(1.0),
)
CURVES = ("exponential", "at least 3", "linear", "hill", "points")
FLOORS: tuple[tuple[str, Risk] | None, ...] = (
    None,
    ("exponential", MEAN),
    ("linear", MeanWorst(0.4)),
    ("at least 3", MEAN),
    ("hill", MeanWorst(0.4)),
    ("exponential", Chance(0.5)),
)
#: Repeats of every combination in the long campaign; boxes a search may take in the short one.
REPEATS, QUICK = 8, 120


def curves(rng: np.random.Generator, n: int, k: int, kind: str) -> Response:
    """Return a random response of k lines in n worlds."""
    none = np.zeros((n, k))
    match kind:
        case "linear":
            return Response(rng.lognormal(0, 0.6, (n, k)), ())
        case "exponential" | "at least 3":
            shape, scale = (EXPONENTIAL, 1) if kind == "exponential" else (AtLeast(3, 0.8), 4)
            return Response(none, tuple(
                Ridges(scale * rng.lognormal(0, 0.5, (n, 1, k)) * rng.random((1, 1, k)),
                       rng.lognormal(0, 0.4, (n, 1)), shape)
                for _ in range(2)
            ))  # fmt: skip
        case "hill":
            return Response(none, tuple(
                Ridges(3 * rng.lognormal(0, 0.4, (n, 1, 1)), rng.lognormal(0, 0.5, (n, 1)),
                       Hill(rng.uniform(0.7, 3.5, (n, 1))), np.array([i]))
                for i in range(k)
            ))  # fmt: skip
    table = np.cumsum(np.column_stack([np.zeros(5), rng.random((5, 6))]), axis=1)
    return Response(none, tuple(
        Ridges(np.ones((n, 1, 1)), np.ones((n, 1)),
               Points(np.linspace(0, 1, 7), table * rng.lognormal(0, 0.3), rng.integers(0, 5, n)),
               np.array([i]))
        for i in range(k)
    ))  # fmt: skip


def outcomes(response: Response, plans: Array) -> Array:
    """Return every world of every plan, shape (n_worlds, n_plans), by the curves' definitions."""
    total = response.slopes @ plans.T
    for ridges in response.ridges:
        mine = plans if ridges.lines is None else plans[:, ridges.lines]
        u = ridges.rates[:, 0] @ mine.T
        if isinstance(ridges.shape, Points):
            rows = [np.interp(mine[:, 0], ridges.shape.at, row) for row in ridges.shape.table]
            values = np.array(rows)[ridges.shape.draw]
        else:
            values = ridges.shape.value(u)
        total = total + ridges.weights * values
    return np.asarray(total)


def judged(risk: Risk, worlds: Array) -> Array:
    """Return the functional of every plan, shape (n_plans,), by its definition."""
    match risk:
        case MeanWorst(worst, weight):
            counted = worst * len(worlds)
            share = np.clip(counted - np.arange(len(worlds)), 0, 1) / counted
            tail = share @ np.sort(worlds, axis=0)
            return np.asarray((1 - weight) * worlds.mean(axis=0) + weight * tail)
        case Attainment(target):
            return np.asarray(np.minimum(worlds / target, 1).mean(axis=0))
        case Chance(target):
            return np.asarray((worlds >= target).mean(axis=0))
    raise AssertionError(risk)


@dataclass(frozen=True)
class Case:
    """A problem with few lines and few worlds."""

    task: Problem
    response: Response
    risk: Risk
    floors: tuple[Floor, ...]

    def plans(self) -> Array:
        """Return the plans of a grid, or of all whole counts, that keep limits and floors."""
        task = self.task
        if task.prices:
            axes = [np.arange(int(1 / price) + 1) * price for price in task.prices]
        else:
            steps = np.linspace(0, 1, 41 if task.n_lines == 2 else 21)
            axes = [np.unique(np.append(steps, deal)) for deal in task.minimum_deals]
        plans = np.array(list(product(*axes)))
        kept = (plans.sum(axis=1) <= 1) & (plans <= np.array(task.caps)).all(axis=1)
        kept &= ((plans == 0) | (plans >= np.array(task.minimum_deals))).all(axis=1)
        for limit in task.limits:
            spent = plans[:, limit.lines].sum(axis=1)
            kept &= (spent >= limit.lower) & (spent <= limit.upper)
        plans = plans[kept]
        for floor in self.floors:
            plans = plans[judged(floor.risk, outcomes(floor.response, plans)) >= floor.at_least]
        return np.asarray(plans)


def case(
    seed: int, risk: Risk, kind: str, whole: bool, deals: bool, floor: tuple[str, Risk] | None
) -> Case:
    rng = np.random.default_rng(seed)
    k, n = int(rng.integers(2, 4)), int(rng.integers(3, 12))
    response = curves(rng, n, k, kind)
    limits = (
        Limit("one", (0,), float(rng.choice([0, 0.1])), float(rng.choice([0.5, inf]))),
        Limit("two", (0, 1), 0.0, float(rng.choice([0.8, inf]))),
    )
    task = Problem(
        tuple("abc"[:k]), 1.0, tuple(rng.choice([0.6, inf], k).tolist()),
        tuple(rng.choice([0.2, 0.35], k).tolist()) if deals else (0.0,) * k, limits,
        tuple(rng.uniform(0.04, 0.2, k).tolist()) if whole else None,
    )  # fmt: skip
    floors: tuple[Floor, ...] = ()
    if floor:
        of, judge = floor
        other = curves(rng, n, k, of)
        even = judge.value(other.values(np.full(k, 1 / k)))
        level = 0.4 if isinstance(judge, Chance) else even * float(rng.choice([0.6, 0.95, 1.05]))
        floors = (Floor("other", other, level, judge),)
    return Case(task, response, risk, floors)


def reached(risk: Risk, response: Response, plan: Array) -> float:
    """Return the functional of a plan; a world that is short by a rounding has its target."""
    worlds = outcomes(response, plan[None, :])
    if isinstance(risk, Chance):
        return float(judged(Chance(risk.target - 2e-9 * abs(risk.target)), worlds)[0])
    return float(judged(risk, worlds)[0])


def check(it: Case) -> bool:
    """Compare the optimum with brute force; return whether there is one."""
    plans = it.plans()
    values = judged(it.risk, outcomes(it.response, plans))
    best = float(values.max(initial=-inf))
    try:
        found = maximise(it.task, it.response, it.risk, it.floors)
    except InfeasibleError:
        assert best == -inf
        return False
    steps = [it.risk, *(floor.risk for floor in it.floors)]
    promise = CHANCE_GAP if any(isinstance(r, Chance) for r in steps) else BRANCH_GAP
    assert found.upper_bound >= best - 1e-9 * abs(best)
    assert found.upper_bound >= found.value
    assert found.value >= found.upper_bound - (found.relative_gap + 1e-9) * found.upper_bound
    assert not it.task.violations(found.plan)
    assert found.value == pytest.approx(reached(it.risk, it.response, found.plan), rel=1e-9)
    if found.status == "optimal":
        assert found.relative_gap <= promise
        if best > -inf:
            assert found.value >= best - promise * abs(found.upper_bound) - 1e-9
    else:
        assert promise == CHANCE_GAP
    for floor in it.floors:
        level = reached(floor.risk, floor.response, found.plan)
        assert level >= floor.at_least - 1e-6 * abs(floor.at_least)
    if it.task.prices:
        counts = found.plan / np.array(it.task.prices)
        assert counts == pytest.approx(np.round(counts), abs=1e-8)
    return True


def campaign_of_cases(first: int, repeats: int, risk: Risk, kind: str) -> list[bool]:
    ways = list(product((False, True), (False, True), FLOORS)) * repeats
    start = 100_000 * RISKS.index(risk) + 10_000 * CURVES.index(kind) + first
    return [check(case(start + j, risk, kind, *way)) for j, way in enumerate(ways)]


@pytest.mark.parametrize("risk", RISKS, ids=str)
@pytest.mark.parametrize("kind", CURVES)
def test_no_plan_of_a_grid_is_better(
    monkeypatch: pytest.MonkeyPatch, risk: Risk, kind: str
) -> None:
    monkeypatch.setattr(optimize.branching, "BOXES", QUICK)  # chances may stop: their bound holds
    solved = campaign_of_cases(0, 1, risk, kind)
    assert sum(solved) > len(solved) / 2


@pytest.mark.slow
@pytest.mark.parametrize("risk", RISKS, ids=str)
@pytest.mark.parametrize("kind", CURVES)
def test_no_plan_of_many_grids_is_better(risk: Risk, kind: str) -> None:
    solved = campaign_of_cases(1_000, REPEATS, risk, kind)
    assert sum(solved) > len(solved) / 2


def s_curves(seed: int, k: int = 10, unit: float = 1.0) -> Response:
    """Return one S-curve a line, in one world."""
    rng = np.random.default_rng(seed)
    half, most, steep = rng.uniform(0.05, 0.3, k), rng.uniform(0.5, 2, k), rng.uniform(1.5, 4, k)
    return Response(np.zeros((1, k)), tuple(
        Ridges(np.full((1, 1, 1), 1 / (half[i] * unit)), np.full((1, 1), most[i]),
               Hill(np.full((1, 1), steep[i])), np.array([i]))
        for i in range(k)
    ))  # fmt: skip


def choose(costs: Array, gains: Array) -> float:
    """Return the most that one choice a line brings within a budget of 1, by integer program."""
    k, n = gains.shape
    one = np.kron(np.eye(k), np.ones(n))
    limits = [LinearConstraint(one, 1, 1), LinearConstraint(np.tile(costs, k)[None, :], 0, 1)]
    found = milp(-gains.ravel(), integrality=np.ones(k * n), bounds=Bounds(0, 1),
                 constraints=limits, options={"mip_rel_gap": 1e-6})  # fmt: skip
    assert found.success
    return -float(found.fun)


@pytest.mark.parametrize("seed", range(3))
def test_s_curves_lie_between_integer_programs(seed: int) -> None:
    response, steps = s_curves(seed), 100
    task = Problem(tuple("abcdefghij"), 1.0, (inf,) * 10, (0.0,) * 10)
    grid = np.linspace(0, 1, steps + 1)
    curve = np.array([[r.values(np.full(10, at))[0] for at in grid] for r in response.ridges])
    below = choose(grid, curve)
    above = choose(grid[:-1], curve[:, 1:])  # pay for the lower end of a step, win the upper
    found = maximise(task, response)
    assert found.status == "optimal"
    assert found.upper_bound >= below * (1 - 1e-6)
    assert found.value >= below * (1 - BRANCH_GAP)
    assert found.value <= above * (1 + 1e-6)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("n", [8, 24])
def test_the_best_chance_is_the_integer_program_over_worlds(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    k, target = 4, 1.1
    slopes = rng.lognormal(0, 0.7, (n, k))
    task = Problem(tuple("abcd"), 1.0, (0.6,) * k, (0.0,) * k)
    rows = np.hstack([slopes, -target * np.eye(n)])
    money = np.concatenate([np.ones(k), np.zeros(n)])
    exact = milp(
        np.concatenate([np.zeros(k), np.full(n, -1 / n)]),
        integrality=np.concatenate([np.zeros(k), np.ones(n)]),
        bounds=Bounds(0, np.concatenate([np.full(k, 0.6), np.ones(n)])),
        constraints=[LinearConstraint(rows, 0, inf), LinearConstraint(money[None, :], 0, 1)],
    )
    assert exact.fun is not None
    most = -float(exact.fun)
    found = maximise(task, Response(slopes, ()), Chance(target))
    assert found.upper_bound >= most - 1e-9
    assert found.value <= most + 1e-9
    assert found.value >= most - 1 / n - 1e-9  # within one world, even of a stopped search
    if found.status == "optimal":
        assert found.value == pytest.approx(most, abs=1e-9)


@pytest.mark.parametrize("unit", [1e-6, 1e6])
def test_units_change_no_split(unit: float) -> None:
    split = maximise(Problem(tuple("abcd"), 1.0, (inf,) * 4, (0.0,) * 4), s_curves(5, 4)).plan
    task = Problem(tuple("abcd"), unit, (inf,) * 4, (0.0,) * 4)
    scaled = maximise(task, s_curves(5, 4, unit)).plan
    assert split.max() > 0.1
    assert scaled / unit == pytest.approx(split, abs=1e-5)


def test_the_order_of_lines_changes_no_value() -> None:
    response, task = s_curves(6, 5), Problem(tuple("abcde"), 1.0, (inf,) * 5, (0.0,) * 5)
    order = [3, 0, 4, 1, 2]
    moved = Response(response.slopes, tuple(
        Ridges(r.rates, r.weights, r.shape, np.array([i]))
        for i, r in enumerate(response.ridges[j] for j in order)
    ))  # fmt: skip
    one, other = maximise(task, response), maximise(task, moved)
    assert other.value == pytest.approx(one.value, rel=BRANCH_GAP)
    assert other.upper_bound >= one.value
    assert one.upper_bound >= other.value


@pytest.mark.parametrize("seed", range(5))
def test_a_stopped_search_has_a_bound_that_holds(
    monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    response, task = s_curves(seed), Problem(tuple("abcdefghij"), 1.0, (inf,) * 10, (0.0,) * 10)
    best = maximise(task, response)
    monkeypatch.setattr(optimize.branching, "BOXES", 1)
    stopped = maximise(task, response)
    assert stopped.boxes == 1
    assert best.boxes > 1
    assert stopped.upper_bound >= best.value
    assert stopped.value <= best.upper_bound
    assert stopped.status == ("optimal" if stopped.relative_gap <= BRANCH_GAP else "stopped")
