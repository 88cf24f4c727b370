"""The master problem against closed forms and another linear solver."""

from __future__ import annotations

from math import inf

import highspy
import numpy as np
import pytest
from scipy.optimize import linprog

from optimize.errors import InfeasibleError, OptimizeError, SolverError
from optimize.master import Master, MasterSolution, Part
from optimize.problem import Limit, Problem


def task(n: int = 2, **change: object) -> Problem:
    fields: dict[str, object] = {
        "lines": tuple(f"line{i}" for i in range(n)),
        "budget": 1000.0,
        "caps": (inf,) * n,
        "minimum_deals": (0.0,) * n,
    }
    return Problem(**(fields | change))  # type: ignore[arg-type]


def stated(problem: Problem, slopes: np.ndarray, ceilings: np.ndarray) -> Master:
    return Master(problem, [Part(slopes, ceilings)])


def solved(master: Master, *, relaxed: bool = True) -> MasterSolution:
    solution = master.solve(relaxed=relaxed)
    assert solution is not None
    return solution


def test_a_linear_objective_buys_the_best_line() -> None:
    master = stated(task(caps=(600.0, inf)), np.array([3.0, 1.0]), np.zeros(0))
    solution = solved(master)
    assert solution.spends == pytest.approx([0.6, 0.4])
    assert solution.bound == pytest.approx(2.2)
    assert master.prices()["budget"] == pytest.approx(1.0)


def test_the_budget_has_its_price_when_one_line_takes_it_all() -> None:
    master = stated(task(), np.array([3.0, 1.0]), np.zeros(0))
    solution = solved(master)
    assert solution.spends == pytest.approx([1.0, 0.0])
    assert master.prices()["budget"] == pytest.approx(3.0)


def test_a_piece_is_at_most_its_ceiling_and_its_cuts() -> None:
    master = stated(task(), np.zeros(2), np.array([5.0]))
    assert solved(master).bound == pytest.approx(5.0)
    master.add_cuts(0, np.array([0.5, 0.0]), np.array([2.0]), np.array([[1.0, 0.5]]))
    solution = solved(master)
    assert solution.bound == pytest.approx(2.5)
    assert solution.spends == pytest.approx([1.0, 0.0])


@pytest.mark.parametrize("seed", range(20))
def test_random_masters_agree_with_another_solver(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, pieces, cuts = 4, 3, 6
    limits = (Limit("a", (0, 1), 100.0, 500.0), Limit("b", (3,), 50.0, inf))
    slopes, ceilings = rng.normal(size=n), rng.uniform(1, 5, pieces)
    master = stated(task(n, caps=(400.0, inf, 300.0, inf), limits=limits), slopes, ceilings)
    rows, right = [[1.0] * n + [0.0] * pieces], [1.0]
    rows += [[1, 1, 0, 0] + [0.0] * pieces, [-1, -1, 0, 0] + [0.0] * pieces]
    right += [0.5, -0.1]
    rows.append([0, 0, 0, -1] + [0.0] * pieces)
    right.append(-0.05)
    for _ in range(cuts):
        at, value = rng.dirichlet(np.ones(n)), rng.uniform(0, 1, pieces)
        gradient = rng.uniform(0, 2, (pieces, n))
        master.add_cuts(0, at, value, gradient)
        for j in range(pieces):
            rows.append([*(-gradient[j]), *np.eye(pieces)[j]])
            right.append(float(value[j] - gradient[j] @ at))
    bounds = [(0, 0.4), (0, 1), (0, 0.3), (0, 1), *((None, c) for c in ceilings)]
    other = linprog(-np.concatenate([slopes, np.ones(pieces)]), rows, right, bounds=bounds)
    if other.status == 2:
        assert master.solve(relaxed=True) is None
        return
    assert other.fun is not None
    assert solved(master).bound == pytest.approx(-other.fun, abs=1e-9)


def test_whole_creators_are_counted_in_their_prices() -> None:
    whole = task(prices=(300.0, 220.0), caps=(inf, 440.0))
    master = stated(whole, np.array([3.0, 3.0]), np.zeros(0))
    solution = solved(master, relaxed=False)
    assert solution.spends == pytest.approx([0.3, 0.44]) or solution.spends == pytest.approx(
        [0.9, 0.0]
    )
    assert solution.bound == pytest.approx(2.7, rel=1e-6)
    relaxed = solved(master)
    assert relaxed.bound == pytest.approx(3.0)
    assert master.prices()["budget"] == pytest.approx(3.0)


def test_whole_creators_are_as_many_as_are_available() -> None:
    whole = task(prices=(300.0, 220.0), caps=(350.0, 0.1))
    solution = solved(stated(whole, np.array([3.0, 3.0]), np.zeros(0)), relaxed=False)
    assert solution.spends == pytest.approx([0.3, 0.0])


def test_a_line_spends_nothing_or_the_minimum_deal() -> None:
    deal = task(minimum_deals=(700.0, 0.0), limits=(Limit("b", (1,), 400.0),))
    master = stated(deal, np.array([3.0, 1.0]), np.zeros(0))
    assert solved(master, relaxed=False).spends == pytest.approx([0.0, 1.0])
    assert solved(master).spends == pytest.approx([0.6, 0.4])


def test_the_same_master_can_be_solved_either_way_in_turn() -> None:
    master = stated(task(prices=(300.0, 220.0)), np.array([3.0, 2.9]), np.array([1.0]))
    bounds = [solved(master, relaxed=r).bound for r in (True, False, True, False)]
    assert bounds[0] == pytest.approx(bounds[2])
    assert bounds[1] == pytest.approx(bounds[3])
    assert bounds[0] > bounds[1]


def test_conflicts_are_found_before_any_cut() -> None:
    with pytest.raises(InfeasibleError, match="no plan satisfies"):
        stated(task(limits=(Limit("a", (0,), 2000.0),)), np.ones(2), np.zeros(0))


def test_a_solver_that_stops_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    master = stated(task(), np.ones(2), np.zeros(0))
    stopped = highspy.HighsModelStatus.kTimeLimit
    monkeypatch.setattr(highspy.Highs, "getModelStatus", lambda _: stopped)
    with pytest.raises(SolverError, match="the solver stopped"):
        solved(master)
    infeasible = highspy.HighsModelStatus.kInfeasible
    monkeypatch.setattr(highspy.Highs, "getModelStatus", lambda _: infeasible)
    assert master.solve(relaxed=True) is None


def test_errors_share_a_base() -> None:
    assert issubclass(InfeasibleError, OptimizeError)
    assert issubclass(SolverError, OptimizeError)
