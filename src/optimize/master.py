"""The linear master problem: the only place that speaks to PuLP, and to HiGHS behind it.

PuLP states the structure once (spends, budget, limits, floors, whole creators); the solver's
model behind it stays alive, and every round adds rows to it.

Spends are in shares of the budget and every function in units of its own size, so that units
of money and of metrics change nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import highspy
import numpy as np
import pulp
from numpy.typing import NDArray

from optimize.errors import InfeasibleError, SolverError
from optimize.problem import WHOLE_GAP, Problem
from sim.mapping import aside

Array = NDArray[np.float64]

#: The solver's tolerances: its defaults (1e-7) stall cuts near a gap of 1e-6.
TOLERANCE = 1e-9

#: Where the search over whole creators stops, as a share of the gap promised; over deals,
#: relative to the objective.
SHARE, DEAL_GAP = 0.2, 1e-8

#: A row with less room than this holds the solution where it is.
TIGHT = 1e-7


@dataclass(frozen=True, slots=True)
class Part:
    """What the master knows of a function: a linear part plus pieces that cuts bound.

    Parameters
    ----------
    slopes : ndarray, shape (n_lines,)
        Per budget spent on each line.
    ceilings : ndarray, shape (n_pieces,)
        What each piece can be at most.
    at_least : float
        What the function must reach (of the objective: nothing, −∞).
    """

    slopes: Array
    ceilings: Array
    at_least: float = -np.inf


@dataclass(frozen=True, slots=True)
class Cuts:
    """Rows that hold in a box of plans: piece − gradient · spends <= right.

    Parameters
    ----------
    pieces : ndarray of int, shape (n_rows,)
        Positions among the pieces of all functions.
    gradients : ndarray, shape (n_rows, n_lines)
    right : ndarray, shape (n_rows,)
    """

    pieces: NDArray[np.intp]
    gradients: Array
    right: Array

    def chosen(self, rows: NDArray[np.bool_]) -> Cuts:
        """Return some of the rows."""
        return Cuts(self.pieces[rows], self.gradients[rows], self.right[rows])


@dataclass(frozen=True, slots=True)
class MasterSolution:
    """An optimum of the master problem.

    Parameters
    ----------
    spends : ndarray, shape (n_lines,)
        Shares of the budget.
    bound : float
        No plan has a larger objective.
    """

    spends: Array
    bound: float


#: What is wrong where the solver gives up.
TOO_FAR = "the numbers of the scenario lie too far apart; are prices and budget in one unit?"
REFUSED = f"the solver refused the problem: {TOO_FAR}"


class Master:
    """Maximises a function subject to floors on others, each bounded from above by cuts.

    Parameters
    ----------
    problem : Problem
    parts : sequence of Part
        The objective, then the functions that have floors.

    Raises
    ------
    InfeasibleError
        If no plan satisfies the limits.
    SolverError
        If the solver can not work with the numbers.
    """

    def __init__(self, problem: Problem, parts: Sequence[Part]) -> None:
        self._whole = problem.prices is not None
        self._integers = self._whole or any(problem.minimum_deals)
        self._unit = np.array(problem.prices or np.full(problem.n_lines, float(problem.budget)))
        self._unit /= problem.budget
        model, names = _state(problem, self._unit, parts)
        try:
            aside(partial(model.solve, pulp.HiGHS(msg=False, mip=True, threads=1)))
        except IndexError as error:  # HiGHS refused the model, and PuLP looked for its answer
            raise SolverError(REFUSED) from error
        if model.status == pulp.LpStatusInfeasible:
            raise InfeasibleError("no plan satisfies all limits together")
        variables = model.variables()
        self._columns = [v.index for v in variables if v.name.startswith("spend")]
        self._pieces = np.array([v.index for v in variables if v.name.startswith("piece")], int)
        self._first = np.cumsum([0, *(part.ceilings.size for part in parts)])
        self._rows = {name: model.get_constraint_by_name(name).index for name in names}
        self._solver: highspy.Highs = model.solverModel
        self._local: list[Cuts] = []
        self._local_rows: list[int] = []
        for option in ("primal_feasibility_tolerance", "dual_feasibility_tolerance"):
            self._solver.setOptionValue(option, TOLERANCE)
        self._solver.setOptionValue("mip_rel_gap", SHARE * WHOLE_GAP if self._whole else DEAL_GAP)
        self._solver.setOptionValue("mip_abs_gap", 0.0)
        self._solver.setOptionValue("mip_feasibility_tolerance", TOLERANCE)

    def add_cuts(
        self, function: int, spends: Array, values: Array, gradients: Array, *, local: bool = False
    ) -> None:
        """Bound every piece of a function by its tangent.

        Parameters
        ----------
        function : int
            0 is the objective, then the floors.
        spends : ndarray, shape (n_lines,)
            Where the tangents touch, in shares of the budget.
        values : ndarray, shape (n_pieces,)
        gradients : ndarray, shape (n_pieces, n_lines)
        local : bool
            Whether they hold in the current box only.
        """
        pieces = np.arange(self._first[function], self._first[function + 1])
        cuts = Cuts(pieces, gradients, values - gradients @ spends)
        if local:
            self._add_local(cuts)
        else:
            self._add(cuts)

    def enter(self, low: Array, high: Array, cuts: Sequence[Cuts] = ()) -> None:
        """Move to a box of plans, with cuts that hold in it; those of the last box are left.

        Parameters
        ----------
        low, high : ndarray, shape (n_lines,)
            Shares of the budget.
        cuts : sequence of Cuts
        """
        if self._local_rows:
            rows = np.array(self._local_rows, np.int32)
            self._solver.deleteRows(rows.size, rows)
            self._local, self._local_rows = [], []
        columns = np.array(self._columns, np.int32)
        ends = low / self._unit, high / self._unit
        if self._whole:
            ends = np.ceil(ends[0] - 1e-7), np.floor(ends[1] + 1e-7)
        self._solver.changeColsBounds(columns.size, columns, *ends)
        for batch in cuts:
            self._add_local(batch)

    def demand(self, floor: int, at_least: float) -> None:
        """Move the level that a floor must reach.

        Parameters
        ----------
        floor : int
            Its position among the floors.
        at_least : float
            In the unit of its function.
        """
        self._solver.changeRowBounds(self._rows[f"floor{floor}"], at_least, highspy.kHighsInf)

    def tight_cuts(self) -> tuple[Cuts, ...]:
        """Return the cuts of the current box that hold the last solution where it is."""
        values = np.array(self._solver.getSolution().row_value)[self._local_rows]
        kept, first = [], 0
        for batch in self._local:
            mine = values[first : first + batch.right.size]
            first += batch.right.size
            tight = mine > batch.right - TIGHT
            if tight.any():
                kept.append(batch.chosen(tight))
        return tuple(kept)

    def solve(self, *, relaxed: bool) -> MasterSolution | None:
        """Solve the master with the cuts it has.

        Parameters
        ----------
        relaxed : bool
            Whether parts of creators are allowed, and spends below the minimum deal.

        Returns
        -------
        MasterSolution or None
            None if no plan in the box satisfies all limits and floors.

        Raises
        ------
        SolverError
            If the solver stops without an optimum.
        """
        integer = self._integers and not relaxed
        self._solver.setOptionValue("solve_relaxation", not integer)
        self._solver.setOptionValue("presolve", "choose" if integer else "off")
        run = partial(aside, self._solver.run) if integer else self._solver.run
        run()
        if self._solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            self._solver.clearSolver()  # believe no other answer of a warm start
            self._solver.setOptionValue("presolve", "choose")
            run()
        status = self._solver.getModelStatus()
        if status == highspy.HighsModelStatus.kInfeasible:
            return None
        if status != highspy.HighsModelStatus.kOptimal:
            stopped = self._solver.modelStatusToString(status)
            raise SolverError(f"the solver stopped ({stopped}): {TOO_FAR}")
        solution, info = self._solver.getSolution(), self._solver.getInfo()
        bound = info.mip_dual_bound if integer else info.objective_function_value
        units = np.maximum(np.array(solution.col_value)[self._columns], 0.0)
        if integer and self._whole:
            units = np.round(units)
        return MasterSolution(units * self._unit, -bound)

    def prices(self) -> dict[str, float]:
        """Return what one more unit of every limit adds to the objective, at the last solution.

        Of a solution without integers. The budget and limits are per budget; a floor is per
        unit of its function and not above 0.
        """
        duals = self._solver.getSolution().row_dual
        return {name: -duals[row] + 0.0 for name, row in self._rows.items()}

    def reduced_costs(self) -> Array:
        """Return what one more budget on each line adds to the objective, shape (n_lines,).

        Above 0 where a line is at the most it may take, below 0 where it is at its least.
        """
        duals = np.array(self._solver.getSolution().col_dual)[self._columns]
        return np.asarray(-duals / self._unit)

    def _add_local(self, cuts: Cuts) -> None:
        first = self._solver.getNumRow()
        self._add(cuts)
        self._local.append(cuts)
        self._local_rows += range(first, first + cuts.right.size)

    def _add(self, cuts: Cuts) -> None:
        """Add rows, leaving out what is zero."""
        entries = np.column_stack([np.ones(cuts.right.size), -cuts.gradients * self._unit])
        columns = np.empty(entries.shape, np.int32)
        columns[:, 0] = self._pieces[cuts.pieces]
        columns[:, 1:] = self._columns
        there = entries != 0
        starts = np.concatenate([[0], np.cumsum(there.sum(axis=1))[:-1]])
        self._solver.addRows(
            cuts.right.size,
            np.full(cuts.right.size, -highspy.kHighsInf),
            cuts.right,
            int(there.sum()),
            starts.astype(np.int32),
            columns[there],
            entries[there],
        )


def _state(
    problem: Problem, unit: Array, parts: Sequence[Part]
) -> tuple[pulp.LpProblem, list[str]]:
    """Return the structural model (spends, budget, limits, floors, integers) and its rows."""
    names: list[str] = []
    model = pulp.LpProblem("plan", pulp.LpMaximize)
    category = pulp.LpContinuous if problem.prices is None else pulp.LpInteger
    most = problem.upper / problem.budget
    if problem.prices is not None:
        most = np.floor(most / unit * (1 + 1e-12)) * unit
    spends = [
        model.add_variable(f"spend{i:06d}", 0, _finite(most[i] / unit[i]), category)
        for i in range(problem.n_lines)
    ]
    ceilings = np.concatenate([part.ceilings for part in parts])
    pieces = iter(
        [model.add_variable(f"piece{i:06d}", None, float(c)) for i, c in enumerate(ceilings)]
    )

    def total(lines: range | tuple[int, ...]) -> pulp.LpAffineExpression:
        return pulp.LpAffineExpression([(spends[i], float(unit[i])) for i in lines])

    def function(part: Part) -> pulp.LpAffineExpression:
        linear = zip(spends, (part.slopes * unit).tolist(), strict=True)
        return pulp.LpAffineExpression([*linear, *((next(pieces), 1.0) for _ in part.ceilings)])

    def state(row: pulp.LpConstraint, name: str) -> None:
        model.addConstraint(row, name)
        names.append(name)

    model += function(parts[0])
    state(total(range(problem.n_lines)) <= 1, "budget")
    for j, limit in enumerate(problem.limits):
        if limit.lower > 0:
            state(total(limit.lines) >= limit.lower / problem.budget, f"lower{j}")
        if limit.upper < np.inf:
            state(total(limit.lines) <= limit.upper / problem.budget, f"upper{j}")
    for j, group in enumerate(problem.exclusive):
        state(pulp.LpAffineExpression([(spends[i], 1.0) for i in group]) <= 1, f"one{j}")
    for j, part in enumerate(parts[1:]):
        state(function(part) >= part.at_least, f"floor{j}")
    for i, deal in enumerate(problem.minimum_deals):
        if deal > 0:
            chosen = model.add_variable(f"deal{i:06d}", 0, 1, pulp.LpInteger)
            model += total((i,)) >= deal / problem.budget * chosen, f"least{i}"
            model += total((i,)) <= float(min(most[i], 1.0)) * chosen, f"most{i}"
    return model, names


def _finite(bound: float) -> float | None:
    """Return a bound as PuLP wants it: None where there is none."""
    return float(bound) if bound < np.inf else None
