"""The linear master problem: the only place that speaks to PuLP and HiGHS.

PuLP states the structure once (spends, budget, limits, whole creators); the solver's model
behind it stays alive, and every round adds rows to it.

Spends are in shares of the budget and the objective in shares of its own size, so that units
of money and of metrics change nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np
import pulp
from numpy.typing import NDArray

from optimize.errors import InfeasibleError, SolverError
from optimize.problem import Problem

Array = NDArray[np.float64]

#: The solver's tolerances: its defaults (1e-7) stall cuts near a gap of 1e-6.
TOLERANCE = 1e-9

#: Where the search over whole creators and deals stops, relative to the objective.
INTEGER_GAP = 1e-8


@dataclass(frozen=True, slots=True)
class MasterSolution:
    """An optimum of the master problem.

    Parameters
    ----------
    spends : ndarray, shape (n_lines,)
        Shares of the budget.
    bound : float
        No plan has a larger objective.
    budget_price : float
        What one more budget of the same size would add to the objective at the current rate;
        NaN where integers were in force.
    """

    spends: Array
    bound: float
    budget_price: float


class Master:
    """Maximises a linear function plus pieces that cuts bound from above.

    Parameters
    ----------
    problem : Problem
    slopes : ndarray, shape (n_lines,)
        Objective per budget spent on each line.
    ceilings : ndarray, shape (n_pieces,)
        What each piece can be at most.
    """

    def __init__(self, problem: Problem, slopes: Array, ceilings: Array) -> None:
        self._problem = problem
        self._whole = problem.prices is not None
        self._integers = self._whole or any(problem.minimum_deals)
        self._unit = np.array(problem.prices or np.full(problem.n_lines, float(problem.budget)))
        self._unit /= problem.budget
        model = _state(problem, self._unit, slopes * self._unit, ceilings)
        model.solve(pulp.HiGHS(msg=False, mip=True, threads=1))
        if model.status == pulp.LpStatusInfeasible:
            raise InfeasibleError(_conflict(problem))
        self._columns = [v.index for v in model.variables() if v.name.startswith("spend")]
        self._pieces = [v.index for v in model.variables() if v.name.startswith("piece")]
        self._budget_row = model.get_constraint_by_name("budget").index
        self._solver: highspy.Highs = model.solverModel
        for option in ("primal_feasibility_tolerance", "dual_feasibility_tolerance"):
            self._solver.setOptionValue(option, TOLERANCE)
        self._solver.setOptionValue("mip_rel_gap", INTEGER_GAP)
        self._solver.setOptionValue("mip_abs_gap", 0.0)
        self._solver.setOptionValue("mip_feasibility_tolerance", TOLERANCE)

    def add_cuts(self, spends: Array, values: Array, gradients: Array) -> None:
        """Bound every piece by its tangent.

        Parameters
        ----------
        spends : ndarray, shape (n_lines,)
            Where the tangents touch, in shares of the budget.
        values : ndarray, shape (n_pieces,)
        gradients : ndarray, shape (n_pieces, n_lines)
        """
        n_pieces, n_lines = gradients.shape
        entries = np.column_stack([np.ones(n_pieces), -gradients * self._unit])
        columns = np.empty((n_pieces, n_lines + 1), np.int32)
        columns[:, 0] = self._pieces
        columns[:, 1:] = self._columns
        self._solver.addRows(
            n_pieces,
            np.full(n_pieces, -highspy.kHighsInf),
            values - gradients @ spends,
            entries.size,
            np.arange(n_pieces, dtype=np.int32) * (n_lines + 1),
            columns.ravel(),
            entries.ravel(),
        )

    def solve(self, *, relaxed: bool) -> MasterSolution:
        """Solve the master with the cuts it has.

        Parameters
        ----------
        relaxed : bool
            Whether parts of creators are allowed, and spends below the minimum deal.

        Raises
        ------
        InfeasibleError
            If no plan satisfies all limits.
        SolverError
            If the solver stops without an optimum.
        """
        integer = self._integers and not relaxed
        self._solver.setOptionValue("solve_relaxation", not integer)
        self._solver.setOptionValue("presolve", "choose" if integer else "off")
        self._solver.run()
        status = self._solver.getModelStatus()
        if status == highspy.HighsModelStatus.kInfeasible:
            raise InfeasibleError(_conflict(self._problem))
        if status != highspy.HighsModelStatus.kOptimal:
            raise SolverError(f"the solver stopped: {self._solver.modelStatusToString(status)}")
        solution, info = self._solver.getSolution(), self._solver.getInfo()
        bound = info.mip_dual_bound if integer else info.objective_function_value
        units = np.maximum(np.array(solution.col_value)[self._columns], 0.0)
        if integer and self._whole:
            units = np.round(units)
        price = float("nan") if integer else -solution.row_dual[self._budget_row]
        return MasterSolution(units * self._unit, -bound, price)


def _state(problem: Problem, unit: Array, slopes: Array, ceilings: Array) -> pulp.LpProblem:
    """Return the structural model: spends, budget, limits, integers."""
    model = pulp.LpProblem("plan", pulp.LpMaximize)
    category = pulp.LpContinuous if problem.prices is None else pulp.LpInteger
    most = problem.upper / problem.budget
    if problem.prices is not None:
        most = np.floor(most / unit * (1 + 1e-12)) * unit
    spends = [
        model.add_variable(f"spend{i:06d}", 0, _finite(most[i] / unit[i]), category)
        for i in range(problem.n_lines)
    ]
    pieces = [model.add_variable(f"piece{i:06d}", None, float(c)) for i, c in enumerate(ceilings)]
    model += pulp.LpAffineExpression(
        [*zip(spends, slopes.tolist(), strict=True), *((piece, 1.0) for piece in pieces)]
    )

    def total(lines: range | tuple[int, ...]) -> pulp.LpAffineExpression:
        return pulp.LpAffineExpression([(spends[i], float(unit[i])) for i in lines])

    model += total(range(problem.n_lines)) <= 1, "budget"
    for j, limit in enumerate(problem.limits):
        if limit.lower > 0:
            model += total(limit.lines) >= limit.lower / problem.budget, f"floor{j}"
        if limit.upper < np.inf:
            model += total(limit.lines) <= limit.upper / problem.budget, f"ceiling{j}"
    for i, deal in enumerate(problem.minimum_deals):
        if deal > 0:
            chosen = model.add_variable(f"deal{i:06d}", 0, 1, pulp.LpInteger)
            model += total((i,)) >= deal / problem.budget * chosen, f"least{i}"
            model += total((i,)) <= float(min(most[i], 1.0)) * chosen, f"most{i}"
    return model


def _conflict(problem: Problem) -> str:
    """Say which limits no plan satisfies together."""
    stated = [f"a budget of {problem.budget:,.0f}"]
    stated += [f"{x.name} at least {x.lower:,.0f}" for x in problem.limits if x.lower > 0]
    stated += [f"{x.name} at most {x.upper:,.0f}" for x in problem.limits if x.upper < np.inf]
    if problem.prices is not None:
        prices = zip(problem.lines, problem.prices, strict=True)
        stated.append(f"whole creators ({', '.join(f'{n} at {p:,.0f}' for n, p in prices)})")
    return f"no plan satisfies all limits together: {'; '.join(stated)}"


def _finite(bound: float) -> float | None:
    """Return a bound as PuLP wants it: None where there is none."""
    return float(bound) if bound < np.inf else None
