"""The plans as a small linear program over scipy, under cuts: an outer approximation.

It is for second opinions; the optimizer's own programs are in `optimize.master`.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp

from optimize.problem import Problem
from sim.mapping import aside

Array = NDArray[np.float64]

#: Distance, in units of a row, at which two cuts are one.
SAME = 1e-12

#: Relative gap of one integer program, and the seconds that it may take.
CLOSE, PATIENCE = 1e-7, 30.0

#: Status of a program that was solved, and of one that time ran out for.
SOLVED, LATE = 0, 1


class Outer:
    """The feasible plans and what cuts promise of them.

    The variables are the amounts (shares of the budget, or whole creators), a switch for the
    minimum deal of every line, and what the plan is promised to bring.

    Parameters
    ----------
    problem : Problem
    """

    def __init__(self, problem: Problem) -> None:
        n, budget = problem.n_lines, problem.budget
        prices = np.zeros(n) if problem.prices is None else np.array(problem.prices)
        self._n, self._whole = n, prices > 0
        self._unit = np.where(self._whole, prices / budget, 1.0)
        self._deals = np.array(problem.minimum_deals) / budget
        self._top = np.minimum(problem.upper / budget, 1.0)
        self.late = False  # whether time ran out for the last program: its bound is a loose one
        self._rows: list[Array] = []
        self._least: list[float] = []
        self._most: list[float] = []
        self._row(self._unit, most=1.0)
        for limit in problem.limits:
            chosen = np.zeros(n)
            chosen[list(limit.lines)] = self._unit[list(limit.lines)]
            self._row(chosen, least=limit.lower / budget, most=limit.upper / budget)
        self._switch()

    @property
    def integer(self) -> bool:
        """Whether there are whole creators or minimum deals."""
        return bool(self._whole.any() or self._deals.any())

    def _switch(self) -> None:
        """Tie the lines with a minimum deal to their switches."""
        one = np.eye(self._n)
        for i in np.flatnonzero(self._deals):
            self._row(one[i] * self._unit, switch=-one[i] * self._deals[i], least=0.0)
            self._row(one[i] * self._unit, switch=-one[i] * self._top[i], most=0.0)

    def _row(
        self,
        amounts: Array,
        switch: Array | None = None,
        promise: float = 0.0,
        *,
        least: float = -np.inf,
        most: float = np.inf,
    ) -> bool:
        """Add a row; return whether it is a new one."""
        row = np.concatenate([amounts, np.zeros(self._n) if switch is None else switch, [promise]])
        new = not any(
            np.abs(row - old).max() <= SAME and abs(low - least) <= SAME
            for old, low in zip(self._rows, self._least, strict=True)
            if np.isfinite(low) and np.isfinite(least)
        )
        self._rows.append(row)
        self._least.append(least)
        self._most.append(most)
        return new

    def cut(self, slopes: Array, level: float) -> bool:
        """Promise no plan more than `slopes` · spends + `level`; return whether that is new.

        Spends are shares of the budget.
        """
        return self._row(slopes * self._unit, promise=-1.0, least=-level)

    def require(self, slopes: Array, level: float) -> bool:
        """Allow only plans with `slopes` · spends >= `level`; return whether that is new."""
        return self._row(slopes * self._unit, least=level)

    def best(self, *, relaxed: bool) -> tuple[Array, float] | None:
        """Return the plan that is promised most, in shares of the budget, and what.

        None where there is no such plan, or none was found in time.
        """
        aim = np.zeros(2 * self._n + 1)
        aim[-1] = -1.0
        return self._solved(aim, promise=np.inf, relaxed=relaxed)

    def towards(self, direction: Array) -> Array | None:
        """Return the feasible plan farthest in a direction, cuts or no cuts."""
        aim = np.concatenate([-direction * self._unit, np.zeros(self._n + 1)])
        found = self._solved(aim, promise=0.0, relaxed=False)
        return None if found is None else found[0]

    def _solved(self, aim: Array, *, promise: float, relaxed: bool) -> tuple[Array, float] | None:
        n = self._n
        top = self._top / self._unit
        counted = self._whole & (not relaxed)
        high = np.concatenate([np.where(counted, np.floor(top + 1e-9), top), np.ones(n), [promise]])
        low = np.concatenate([np.zeros(2 * n), [-promise]])
        kinds = np.concatenate([counted, np.full(n, not relaxed), [False]])
        kinds[n:-1] &= self._deals > 0
        rows = LinearConstraint(np.array(self._rows), self._least, self._most)
        found = aside(partial(
            milp, aim, integrality=kinds.astype(int), bounds=Bounds(low, high), constraints=rows,
            options={"mip_rel_gap": CLOSE, "time_limit": PATIENCE},
        ))  # fmt: skip
        self.late = found.status == LATE
        if found.status not in (SOLVED, LATE) or found.x is None:
            return None
        amounts = np.clip(np.where(counted, np.round(found.x[:n]), found.x[:n]), 0.0, high[:n])
        bound = found.mip_dual_bound if kinds.any() else found.fun
        return amounts * self._unit, -float(bound)
