"""The feasible plans as linear inequalities, and what bounds any linear function on them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from optimize.problem import FEASIBILITY, Problem

Array = NDArray[np.float64]


class Polytope:
    """The plans x with rows · x <= limits, x between 0 and `most`.

    Money is in units of `unit`, about what a plan can spend. The rows are the budget, the upper
    and the lower sides of limits, and the caps of lines; what the budget implies is left out.

    Parameters
    ----------
    problem : Problem
        With parts of creators and no minimum deals.

    Raises
    ------
    ValueError
        If the problem has integers.
    """

    def __init__(self, problem: Problem) -> None:
        if problem.prices is not None or any(problem.minimum_deals):
            raise ValueError("whole creators and minimum deals have no linear dual")
        upper = np.maximum(problem.upper, 0.0)
        self.unit = min(problem.budget, float(upper.sum())) or problem.budget
        self.most: Array = np.minimum(upper, problem.budget) / self.unit
        capped = [i for i, cap in enumerate(problem.caps) if cap < problem.budget]
        self._n_limits = len(problem.limits)
        self._tops = [j for j, x in enumerate(problem.limits) if x.upper < problem.budget]
        self._bottoms = [j for j, x in enumerate(problem.limits) if x.lower > 0]
        groups = np.zeros((len(problem.limits), problem.n_lines))
        for group, limit in zip(groups, problem.limits, strict=True):
            group[list(limit.lines)] = 1.0
        whole, lines = np.ones((1, problem.n_lines)), np.eye(problem.n_lines)
        self.rows: Array = np.vstack(
            [whole, groups[self._tops], -groups[self._bottoms], lines[capped]]
        )
        money = [problem.budget]
        money += [problem.limits[j].upper for j in self._tops]
        money += [-problem.limits[j].lower for j in self._bottoms]
        money += [problem.caps[i] for i in capped]
        self.limits: Array = np.array(money) / self.unit

    def ceiling(self, slopes: Array, prices: Array) -> float:
        """Return what slopes · x is at most, by weak duality: true whatever the prices.

        Parameters
        ----------
        slopes : ndarray, shape (n_lines,)
        prices : ndarray, shape (n_rows,)
            Of the rows, >= 0.
        """
        return float(self.limits @ prices + self.most @ np.maximum(slopes - prices @ self.rows, 0))

    def allows(self, spends: Array) -> bool:
        """Return whether a plan within its caps keeps to every limit."""
        return bool((self.rows @ spends <= self.limits + FEASIBILITY).all())

    def limit_prices(self, prices: Array) -> Array:
        """Return what moving each limit up by one brings, shape (n_limits,)."""
        brings = np.zeros(self._n_limits)
        split = 1 + len(self._tops)
        brings[self._tops] += prices[1:split]
        brings[self._bottoms] -= prices[split : split + len(self._bottoms)]
        return brings
