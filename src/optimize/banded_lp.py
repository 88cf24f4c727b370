"""The dual of a tail problem over a band of worlds, as a live linear program.

Maximising a · mean + b · (mean of the worst worlds) has as its dual a price for every limit and a
weight for every world. Its rows are the lines, and the row duals are the plan. Only the worlds
of the band are columns: every other world rests at the weight 0 or at the most that a world can
weigh, and stands in the right-hand side.

References
----------
Rockafellar and Uryasev (2000), "Optimization of conditional value-at-risk"; Espinoza and Moreno
(2014), "A primal-dual aggregation algorithm for minimizing conditional value-at-risk in linear
programs".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray

from optimize.errors import InfeasibleError, SolverError
from optimize.polytope import Polytope

Array = NDArray[np.float64]

#: The solver; it states no types.
Highs: Any = highspy.Highs

#: One thread, tight tolerances, and no presolve: every solve but the first starts warm.
OPTIONS: dict[str, bool | int | float | str] = {
    "output_flag": False,
    "threads": 1,
    "solver": "simplex",
    "presolve": "off",
    "primal_feasibility_tolerance": 1e-9,
    "dual_feasibility_tolerance": 1e-9,
}


@dataclass(frozen=True, slots=True)
class DualSolution:
    """An optimum of the dual over the band.

    Parameters
    ----------
    spends : ndarray, shape (n_lines,)
        The plan, in units of the polytope.
    threshold : float
        The outcome that parts the worst worlds from the others.
    prices : ndarray, shape (n_rows,)
        Of the rows of the polytope.
    shifts : ndarray, shape (n_band,)
        How far the weight of each world of the band is from where it rests.
    """

    spends: Array
    threshold: float
    prices: Array
    shifts: Array


class BandedDual:
    """The live program: a row for each line and one for the sum of weights.

    Parameters
    ----------
    polytope : Polytope
    scale : float
        Weight of a world that one unit of its column stands for.
    """

    def __init__(self, polytope: Polytope, scale: float) -> None:
        self._polytope, self._scale = polytope, scale
        self._n_prices, self._n_lines = polytope.rows.shape
        self._n_worlds, self._most = 0, 0.0
        self._solver = Highs()
        for option, value in OPTIONS.items():
            self._solver.setOptionValue(option, value)
        model = highspy.HighsLp()
        model.num_row_ = self._n_lines + 1
        model.row_lower_ = model.row_upper_ = np.zeros(self._n_lines + 1)
        self._solver.passModel(model)
        columns = np.column_stack([polytope.rows, np.zeros(self._n_prices)])
        self._add(polytope.limits, highspy.kHighsInf, columns)

    def free(self, returns: Array, signs: Array) -> None:
        """Let worlds leave their rest: they join the band.

        Parameters
        ----------
        returns : ndarray, shape (n_joining, n_lines)
        signs : ndarray, shape (n_joining,)
            1 for a world that rests at the weight 0, -1 at the most.
        """
        columns = np.column_stack([-returns, np.ones(signs.size)])
        columns *= self._scale * signs[:, None]
        self._add(np.zeros(signs.size), self._most / self._scale, columns)
        self._n_worlds += signs.size

    def _add(self, costs: Array, upper: float, columns: Array) -> None:
        """Add columns, shape (n_columns, n_lines + 1), between 0 and `upper`."""
        column, row = np.nonzero(columns)
        self._solver.addCols(
            costs.size,
            costs,
            np.zeros(costs.size),
            np.full(costs.size, upper),
            row.size,
            np.searchsorted(column, np.arange(costs.size)).astype(np.int32),
            row.astype(np.int32),
            columns[column, row],
        )

    def solve(self, slopes: Array, most: float, mass: float) -> DualSolution:
        """Solve, from where the last solve ended.

        Parameters
        ----------
        slopes : ndarray, shape (n_lines,)
            Objective per unit spent on each line while every world rests.
        most : float
            What a world can weigh.
        mass : float
            What the band adds to the weights at rest.

        Raises
        ------
        InfeasibleError
            If no plan satisfies all limits.
        SolverError
            If the solver stops without an optimum.
        """
        self._limit_weights(most)
        rows = np.arange(self._n_lines + 1, dtype=np.int32)
        least = np.append(slopes, mass)
        upper = np.append(np.full(self._n_lines, highspy.kHighsInf), mass)
        self._solver.changeRowsBounds(rows.size, rows, least, upper)
        self._run()
        solution = self._solver.getSolution()
        duals, values = np.array(solution.row_dual), np.array(solution.col_value)
        return DualSolution(
            np.clip(duals[:-1], 0.0, self._polytope.most),
            float(duals[-1]),
            np.maximum(values[: self._n_prices], 0.0),
            np.clip(values[self._n_prices :] * self._scale, 0.0, most),
        )

    def _limit_weights(self, most: float) -> None:
        """Change what a world can weigh."""
        if most == self._most:
            return
        columns = np.arange(self._n_worlds, dtype=np.int32) + self._n_prices
        upper = np.full(columns.size, most / self._scale)
        if columns.size:
            self._solver.changeColsBounds(columns.size, columns, np.zeros(columns.size), upper)
        self._most = most

    def _run(self) -> None:
        """Run the solver; where it fails, once more from scratch."""
        statuses = highspy.HighsModelStatus
        self._solver.run()
        if self._solver.getModelStatus() != statuses.kOptimal:
            self._solver.clearSolver()
            self._solver.run()
        status = self._solver.getModelStatus()
        if status in (statuses.kUnbounded, statuses.kUnboundedOrInfeasible):
            raise InfeasibleError("no plan satisfies all limits together")
        if status != statuses.kOptimal:
            raise SolverError(f"the solver stopped: {self._solver.modelStatusToString(status)}")

    def basis(self) -> tuple[Any, NDArray[np.bool_]]:
        """Return the solver's basis, and which worlds of the band are in it."""
        basis = self._solver.getBasis()
        worlds = basis.col_status[self._n_prices :]
        return basis, np.array([x == highspy.HighsBasisStatus.kBasic for x in worlds], bool)

    def resume(self, basis: Any, n_basic: int) -> None:
        """Start from another band's basis; its worlds are the first of this band.

        Parameters
        ----------
        basis : highspy.HighsBasis
        n_basic : int
            Number of worlds in it.
        """
        statuses = highspy.HighsBasisStatus
        worlds = [statuses.kBasic] * n_basic
        worlds += [statuses.kLower] * (self._n_worlds - n_basic)
        basis.col_status = list(basis.col_status[: self._n_prices]) + worlds
        self._solver.setBasis(basis)
