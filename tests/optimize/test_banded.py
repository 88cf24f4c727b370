"""The banded dual against the full Rockafellar-Uryasev program, stated and solved independently."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import inf, nan

import numpy as np
import pytest
from scipy.optimize import linprog

from optimize import band
from optimize.banded import TailPlan, frontier, maximise_blend, maximise_mean
from optimize.banded_lp import BandedDual, DualSolution
from optimize.errors import InfeasibleError
from optimize.problem import Limit, Problem
from optimize.risk import MeanWorst

SEEDS = range(60)
PROMISE = 1e-6

KINDS = ("normal", "heavy", "integers", "twins", "losses", "zeros", "lognormal")


@dataclass(frozen=True)
class Task:
    """One random instance."""

    problem: Problem
    returns: np.ndarray
    worst: float
    weight: float

    @property
    def scale(self) -> float:
        """What a budget spent on typical returns comes to."""
        return float(np.abs(self.returns).mean() or 1.0) * self.problem.budget


def drawn_returns(rng: np.random.Generator, kind: str, shape: tuple[int, int]) -> np.ndarray:
    normal = rng.normal(0.3, 1.0, shape)
    if kind == "heavy":
        return normal * np.sqrt(2 / rng.chisquare(2, (shape[0], 1)))
    if kind == "integers":
        return np.asarray(rng.integers(-2, 4, shape).astype(float))
    if kind == "twins":
        return normal[rng.integers(0, max(shape[0] // 4, 1), shape[0])]
    if kind == "losses":
        return -np.abs(normal)
    if kind == "zeros":
        return normal * (rng.random(shape[1]) < 0.5)
    if kind == "lognormal":
        return np.asarray(rng.lognormal(0, 1.5, shape) - rng.random(shape[1]))
    return normal


def drawn(seed: int) -> Task:
    """Draw an instance with plans that keep to every limit, in units of any size."""
    rng = np.random.default_rng(seed)
    n_lines = int(rng.integers(1, 21))
    n_worlds = int(rng.choice([7, 40, 173, 260]))
    money, metric = 10.0 ** rng.integers(-3, 6, 2)
    budget = money * rng.uniform(0.5, 2)
    caps = np.where(rng.random(n_lines) < 0.5, inf, budget * rng.uniform(0.05, 1.2, n_lines))
    inside = np.minimum(rng.dirichlet(np.ones(n_lines + 1))[:-1] * budget, caps)
    limits = []
    for j in range(int(rng.integers(0, 4))):
        lines = tuple(np.flatnonzero(rng.random(n_lines) < 0.6).tolist()) or (0,)
        spent = inside[list(lines)].sum()
        lower = spent * rng.choice([0.0, 0.5, 1.0])
        upper = rng.choice([inf, spent, spent * 1.3, budget])
        limits.append(Limit(f"group {j}", lines, float(lower), float(max(upper, lower))))
    names = tuple(f"line {i}" for i in range(n_lines))
    problem = Problem(names, float(budget), tuple(caps.tolist()), (0.0,) * n_lines, tuple(limits))
    returns = drawn_returns(rng, KINDS[seed % len(KINDS)], (n_worlds, n_lines)) * metric
    worst = float(rng.choice([0.01, 0.033, 0.05, 0.1, 0.2, 0.77, 1.0]))
    return Task(problem, returns, worst, float(rng.choice([0.0, 0.3, 0.9, 1.0])))


def oracle(task: Task, mean_weight: float, tail_weight: float, floor: float | None = None) -> float:
    """Return the optimum of the full program: a row and a column for every world.

    Variables are the spends in shares of the budget, the quantile, and every world's shortfall.
    """
    problem = task.problem
    returns = task.returns * (problem.budget / task.scale)
    n, k = returns.shape
    counted = task.worst * n
    tail = np.concatenate([np.zeros(k), [1.0], np.full(n, -1 / counted)])
    mean = np.concatenate([returns.mean(axis=0), np.zeros(n + 1)])
    rows = [np.hstack([-returns, np.ones((n, 1)), -np.eye(n)])]
    most = [np.zeros(n)]

    def at_most(lines: list[int], sign: float, limit: float) -> None:
        row = np.zeros((1, n + k + 1))
        row[0, lines] = sign
        rows.append(row)
        most.append(np.array([sign * limit / problem.budget]))

    at_most(list(range(k)), 1.0, problem.budget)
    for limit in problem.limits:
        at_most(list(limit.lines), -1.0, limit.lower)
        if limit.upper < inf:
            at_most(list(limit.lines), 1.0, limit.upper)
    if floor is not None:
        rows.append(-tail[None, :])
        most.append(np.array([-floor / task.scale]))
    lows = [0.0] * k + [-inf] + [0.0] * n
    highs = [cap / problem.budget for cap in problem.caps] + [inf] * (n + 1)
    found = linprog(
        -(mean_weight * mean + tail_weight * tail),
        np.vstack(rows),
        np.concatenate(most),
        bounds=list(zip(lows, highs, strict=True)),
        method="highs-ds",
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    assert found.fun is not None, found.message
    return -float(found.fun) * task.scale


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let bands, what joins them and samples be so small that small tasks need them all."""
    for name, size in {"START": 6, "JOINING": 4, "LARGE": 24, "SAMPLE": 20, "STRIDE": 4}.items():
        monkeypatch.setattr(band, name, size)


def is_honest(task: Task, found: TailPlan, optimum: float) -> None:
    """Check a plan against the optimum: allowed, certified, as good, and not better."""
    assert not task.problem.violations(found.plan)
    assert found.upper_bound >= optimum - 1e-9 * task.scale
    assert found.value <= optimum + 1e-8 * task.scale
    assert found.value == pytest.approx(optimum, rel=PROMISE, abs=1e-8 * task.scale)
    assert found.upper_bound - found.value <= PROMISE * max(abs(found.value), 0.01 * task.scale)


def blend_is_honest(seed: int) -> None:
    task = drawn(seed)
    risk = MeanWorst(task.worst, task.weight)
    found = maximise_blend(task.problem, task.returns, risk)
    is_honest(task, found, oracle(task, 1 - task.weight, task.weight))
    outcomes = task.returns @ found.plan
    assert found.value == pytest.approx(risk.value(outcomes), rel=1e-12, abs=1e-14 * task.scale)


def floors_of(task: Task) -> list[float]:
    """Return floors from below the boldest plan's tail to the best that there is."""
    bold, safe = (
        maximise_blend(task.problem, task.returns, MeanWorst(task.worst, weight)).tail
        for weight in (0.0, 1.0)
    )
    shares = (-0.1, 0.3, 0.9, 0.9999, 1.0)
    return [bold + share * (safe - bold) for share in shares] if safe > bold else [safe]


def floors_are_honest(seed: int) -> None:
    """Check plans above floors; the program may miss a floor by its tolerance, at a price."""
    task = drawn(seed)
    for floor in floors_of(task):
        found = maximise_mean(task.problem, task.returns, task.worst, floor)
        optimum = oracle(task, 1.0, 0.0, floor - 1e-9 * task.scale)
        dear = 1 + 2e-3 * min(found.tail_price, 1e6)
        assert found.tail >= floor - 1e-9 * task.scale
        assert found.upper_bound >= optimum - 1e-6 * dear * task.scale
        assert optimum - PROMISE * dear * task.scale <= found.value
        assert found.value <= optimum + 1e-9 * task.scale
        assert found.upper_bound - found.value <= PROMISE * dear * task.scale
        assert not task.problem.violations(found.plan)


@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize("seed", SEEDS)
def test_a_blend_reaches_the_optimum_of_the_full_program(seed: int) -> None:
    blend_is_honest(seed)


@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize("seed", SEEDS)
def test_a_floor_reaches_the_optimum_of_the_full_program(seed: int) -> None:
    floors_are_honest(seed)


@pytest.mark.slow
@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize("block", range(20))
def test_no_instance_of_a_campaign_breaks_the_promise(block: int) -> None:
    for seed in range(1000 + 50 * block, 1050 + 50 * block):
        blend_is_honest(seed)
        floors_are_honest(seed)


def heavy(n_worlds: int, n_lines: int, seed: int = 3) -> np.ndarray:
    """Return t returns with a common factor."""
    rng = np.random.default_rng(seed)
    shock = np.sqrt(4 / rng.chisquare(4, (n_worlds, 1)))
    noise = rng.standard_normal((n_worlds, n_lines)) + rng.standard_normal((n_worlds, 1))
    return np.asarray(0.05 * rng.random(n_lines) + noise * shock * rng.uniform(0.5, 2, n_lines))


def whole_budget(n_lines: int, unit: float = 1.0) -> Problem:
    """Return a budget that is spent in full, half of it at most on the first two lines."""
    limits = (
        Limit("all", tuple(range(n_lines)), unit, unit),
        Limit("two", (0, 1), 0.1 * unit, 0.5 * unit),
    )
    names = tuple(f"line {i}" for i in range(n_lines))
    return Problem(names, unit, (0.6 * unit,) * n_lines, (0.0,) * n_lines, limits)


def test_the_random_tasks_are_of_every_kind() -> None:
    """Else the comparisons with the full program would prove less than they say."""
    tasks = [drawn(seed) for seed in SEEDS]
    assert {task.problem.n_lines for task in tasks} >= {1, 2, 20}
    assert sum(len(task.problem.limits) > 1 for task in tasks) > 10
    assert sum((task.worst * len(task.returns)) % 1 > 0 for task in tasks) > 20
    assert any((task.returns == 0).all(axis=0).any() for task in tasks)
    assert any(len(np.unique(task.returns, axis=0)) < len(task.returns) for task in tasks)
    plans = [maximise_blend(t.problem, t.returns, MeanWorst(t.worst, t.weight)) for t in tasks]
    assert sum(np.count_nonzero(found.plan) > 1 for found in plans) > 20
    assert (
        sum(abs(found.value) > 0.01 * t.scale for found, t in zip(plans, tasks, strict=True)) > 40
    )


def test_many_worlds_need_few_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    joined: list[int] = []
    free = BandedDual.free

    def counting(dual: BandedDual, returns: np.ndarray, signs: np.ndarray) -> None:
        joined.append(signs.size)
        free(dual, returns, signs)

    monkeypatch.setattr(BandedDual, "free", counting)
    found = maximise_blend(whole_budget(8), heavy(40_000, 8), MeanWorst(0.05, 0.5))
    assert found.relative_gap < 1e-9
    assert 0 < sum(joined) < 8_000


@pytest.mark.parametrize("weight", [0.3, 1.0])
def test_a_bank_of_many_worlds_is_as_good_as_its_full_program(weight: float) -> None:
    task = Task(whole_budget(5), heavy(4_000, 5), 0.0333, weight)
    found = maximise_blend(task.problem, task.returns, MeanWorst(task.worst, weight))
    is_honest(task, found, oracle(task, 1 - weight, weight))


def shy_of_worlds(truth: DualSolution, most: float) -> DualSolution:
    return replace(truth, shifts=0.5 * truth.shifts)


def bold_about_worlds(truth: DualSolution, most: float) -> DualSolution:
    return replace(truth, shifts=np.full_like(truth.shifts, most))


def shy_of_prices(truth: DualSolution, most: float) -> DualSolution:
    return replace(truth, prices=0.9 * truth.prices)


def bold_about_prices(truth: DualSolution, most: float) -> DualSolution:
    return replace(truth, prices=1.1 * truth.prices + 0.01)


@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize("sign", [-1.0, 1.0])
@pytest.mark.parametrize(
    "lie", [shy_of_worlds, bold_about_worlds, shy_of_prices, bold_about_prices]
)
def test_the_bound_holds_whatever_the_solver_says(
    monkeypatch: pytest.MonkeyPatch,
    lie: Callable[[DualSolution, float], DualSolution],
    sign: float,
) -> None:
    solve = BandedDual.solve

    def lying(dual: BandedDual, slopes: np.ndarray, most: float, mass: float) -> DualSolution:
        return lie(solve(dual, slopes, most, mass), most)

    returns, risk = heavy(200, 6) + 9.0 * sign, MeanWorst(0.07, 0.9)
    truth = maximise_blend(whole_budget(6), returns, risk)
    monkeypatch.setattr(BandedDual, "solve", lying)
    lied_to = maximise_blend(whole_budget(6), returns, risk)
    assert lied_to.upper_bound > truth.upper_bound + 1e-6
    assert lied_to.value <= truth.value + 1e-9


def test_a_frontier_is_exact_at_every_point() -> None:
    task = Task(whole_budget(6), heavy(300, 6), 0.1, 1.0)
    plans = frontier(task.problem, task.returns, task.worst, 9)
    tails, means = np.array([p.tail for p in plans]), np.array([p.mean for p in plans])
    assert len(plans) == 9
    assert (np.diff(tails) > 0).all()
    assert (np.diff(means) < 0).all()
    assert means[0] == pytest.approx(oracle(task, 1.0, 0.0), rel=1e-9)
    assert tails[-1] == pytest.approx(oracle(task, 0.0, 1.0), rel=1e-4)
    assert np.diff(tails).max() < 0.4 * (tails[-1] - tails[0])
    for found in plans:
        assert found.value == pytest.approx(oracle(task, 1.0, 0.0, found.tail), rel=1e-6)
        assert found.relative_gap <= PROMISE
        assert not task.problem.violations(found.plan)


def test_a_frontier_without_a_choice_is_one_plan() -> None:
    plans = frontier(Problem(("only",), 2.0, (inf,), (0.0,)), np.ones((30, 1)), 0.1, 3)
    assert [(float(p.plan[0]), p.mean, p.tail) for p in plans] == [(2.0, 2.0, 2.0)] * 3


@pytest.mark.usefixtures("narrow")
def test_units_change_no_plan() -> None:
    returns = heavy(250, 7)
    risk = MeanWorst(0.06, 0.7)
    blend = maximise_blend(whole_budget(7), returns, risk)
    floor = (blend.tail + maximise_blend(whole_budget(7), returns, MeanWorst(0.06)).tail) / 2
    careful = maximise_mean(whole_budget(7), returns, 0.06, floor)
    for money, metric in [(1e6, 1.0), (1e-6, 1.0), (1.0, 1e6), (1.0, 1e-6), (1e6, 1e6)]:
        problem, scaled = whole_budget(7, money), returns * metric
        same = maximise_blend(problem, scaled, risk)
        assert same.plan / money == pytest.approx(blend.plan, abs=1e-9)
        assert same.value == pytest.approx(blend.value * money * metric, rel=1e-9)
        assert same.budget_price + same.limit_prices.sum() == pytest.approx(
            (blend.budget_price + blend.limit_prices.sum()) * metric, rel=1e-6
        )
        again = maximise_mean(problem, scaled, 0.06, floor * money * metric)
        assert again.value == pytest.approx(careful.value * money * metric, rel=1e-7)
        assert again.tail_price == pytest.approx(careful.tail_price, rel=1e-2)


@pytest.mark.usefixtures("narrow")
def test_the_order_of_worlds_and_lines_changes_no_value() -> None:
    returns, risk = heavy(230, 6), MeanWorst(0.09, 0.8)
    rng = np.random.default_rng(1)
    whole = (Limit("all", tuple(range(6)), 1.0, 1.0),)
    problem = Problem(tuple("abcdef"), 1.0, (0.4,) * 6, (0.0,) * 6, whole)
    orders = (returns, rng.permutation(returns), returns[:, rng.permutation(6)])
    values = [maximise_blend(problem, order, risk).value for order in orders]
    assert abs(values[0]) > 0.1
    assert values == pytest.approx([values[0]] * 3, rel=1e-9)


def test_prices_are_what_one_more_unit_brings() -> None:
    returns, step = heavy(400, 5) + 2.0, 1e-3
    pair, last = Limit("pair", (0, 1), 0.0, 15.0), Limit("last", (4,), 12.5, inf)
    problem = Problem(tuple("abcde"), 50.0, (25.0,) * 5, (0.0,) * 5, (pair, last))
    risk = MeanWorst(0.1, 0.4)
    found = maximise_blend(problem, returns, risk)

    def slope(changed: Callable[[float], Problem]) -> float:
        more, less = (maximise_blend(changed(d), returns, risk).value for d in (step, -step))
        return (more - less) / (2 * step)

    by_limit = [
        slope(lambda d: replace(problem, limits=(replace(pair, upper=15.0 + d), last))),
        slope(lambda d: replace(problem, limits=(pair, replace(last, lower=12.5 + d)))),
    ]
    by_budget = slope(lambda d: replace(problem, budget=50.0 + d))
    assert found.budget_price == pytest.approx(by_budget, rel=1e-5)
    assert found.limit_prices == pytest.approx(by_limit, rel=1e-5)
    assert found.budget_price > 0
    assert found.limit_prices[0] > 0 > found.limit_prices[1]


def test_the_price_of_tail_is_what_a_higher_floor_costs() -> None:
    returns, problem = heavy(400, 5), whole_budget(5)
    floor = maximise_blend(problem, returns, MeanWorst(0.1, 0.1)).tail + 1e-3
    step = 1e-6 * abs(floor)
    up, here, down = (maximise_mean(problem, returns, 0.1, floor + d) for d in (step, 0.0, -step))
    assert here.tail_price > 0
    assert here.tail_price == pytest.approx((down.value - up.value) / (2 * step), rel=1e-3)


def test_at_its_price_of_tail_no_other_blend_is_better() -> None:
    mean = np.linspace(0.0, 2.0, 8)
    returns = np.random.default_rng(5).normal(mean, 0.1 + mean**2, (400, 8))
    weights = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8)
    found = [maximise_blend(whole_budget(8), returns, MeanWorst(0.1, w)) for w in weights]
    assert len({round(plan.tail, 3) for plan in found}) > 4
    for one in found:
        at_price = [other.mean + one.tail_price * other.tail for other in found]
        assert one.mean + one.tail_price * one.tail >= max(at_price) - 1e-6


def test_conflicting_limits_are_infeasible() -> None:
    limits = (Limit("one", (0, 1), 0.8, inf), Limit("other", (1, 2), 0.0, 0.1))
    problem = Problem(tuple("abc"), 1.0, (0.5,) * 3, (0.0,) * 3, limits)
    for solve in (
        lambda: maximise_blend(problem, heavy(50, 3), MeanWorst(0.1)),
        lambda: maximise_mean(problem, heavy(50, 3), 0.1, -9.0),
        lambda: frontier(problem, heavy(50, 3), 0.1, 3),
    ):
        with pytest.raises(InfeasibleError, match="no plan satisfies all limits"):
            solve()


def test_a_floor_out_of_reach_says_what_is_in_reach() -> None:
    returns, problem = heavy(300, 4), whole_budget(4)
    most = maximise_blend(problem, returns, MeanWorst(0.05)).value
    with pytest.raises(InfeasibleError, match=rf"5 % of worlds average {most:,.6g} at most"):
        maximise_mean(problem, returns, 0.05, most + 1e-6 * abs(most))
    assert maximise_mean(problem, returns, 0.05, most).tail == pytest.approx(most, rel=1e-9)


def test_nothing_to_win_is_a_plan_of_nothing() -> None:
    problem = Problem(tuple("ab"), 5.0, (inf, inf), (0.0, 0.0))
    found = maximise_blend(problem, -np.ones((40, 2)), MeanWorst(0.1))
    assert (found.plan.tolist(), found.value, found.relative_gap) == ([0.0, 0.0], 0.0, 0.0)


@pytest.mark.parametrize("change", [{"prices": (1.0, 1.0)}, {"minimum_deals": (0.0, 0.5)}])
def test_integers_are_refused(change: dict[str, tuple[float, float]]) -> None:
    problem = replace(Problem(tuple("ab"), 1.0, (1.0, 1.0), (0.0, 0.0)), **change)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no linear dual"):
        maximise_blend(problem, np.ones((5, 2)), MeanWorst(0.1))


@pytest.mark.parametrize("odd", [nan, inf, -inf])
def test_returns_and_floors_are_finite(odd: float) -> None:
    problem, returns = Problem(tuple("ab"), 1.0, (1.0, 1.0), (0.0, 0.0)), np.ones((5, 2))
    with pytest.raises(ValueError, match="floor"):
        maximise_mean(problem, returns, 0.1, odd)
    returns[3, 1] = odd
    with pytest.raises(ValueError, match="returns must be finite"):
        maximise_blend(problem, returns, MeanWorst(0.1))


@pytest.mark.parametrize("shape", [(5, 3), (0, 2)])
def test_returns_of_another_shape_are_refused(shape: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="returns of shape"):
        maximise_blend(whole_budget(2), np.ones(shape), MeanWorst(0.1))


def test_a_frontier_has_two_points_at_least() -> None:
    with pytest.raises(ValueError, match="n_points"):
        frontier(whole_budget(2), np.ones((5, 2)), 0.1, 1)
