"""Cutting planes: the best plan, and a bound that no plan can pass.

Every tangent of a concave objective lies above it. The master maximises under all tangents
found so far: its value bounds every plan, its plan is where the next tangent touches.

References
----------
Kelley (1960), "The cutting-plane method for solving convex programs"; Duran and Grossmann
(1986) (outer approximation with integers).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from optimize.master import Master
from optimize.neighbours import improve
from optimize.objective import Objective, objective_of
from optimize.problem import Problem
from optimize.risk import MEAN, Risk
from sim.response import Response

Array = NDArray[np.float64]

#: Relative gaps that are promised: parts of creators, whole creators.
GAP, WHOLE_GAP = 1e-6, 1e-4

#: Objective, in units of its size, below which it counts as nothing.
TRIFLE = 1e-9

#: Values smaller than this are measured in a unit of their own, found to a rough gap.
SMALL, ROUGH_GAP, RESCALINGS = 0.03, 0.1, 3

#: Rounds after which a phase of an optimisation stops with the gap it has.
ROUNDS = 1000


@dataclass(frozen=True, slots=True)
class Solution:
    """The best plan found, and the proof of how good it is.

    Parameters
    ----------
    status : {"optimal", "stopped"}
        Whether the gap promised was reached.
    plan : ndarray, shape (n_lines,)
        Money.
    value, upper_bound : float
        Of the objective, on the worlds of the optimisation: the plan's, and one that no
        plan passes.
    relative_gap : float
        Their distance, relative to the larger of them.
    budget_price : float
        Objective per unit of money, at the margin; where creators are whole or deals have a
        minimum, of the problem without these.
    rounds : int
        Tangents taken.
    """

    status: Literal["optimal", "stopped"]
    plan: Array
    value: float
    upper_bound: float
    relative_gap: float
    budget_price: float
    rounds: int


class _Climb:
    """The state of one optimisation, in scaled units."""

    def __init__(self, problem: Problem, objective: Objective) -> None:
        self._problem, self.objective = problem, objective
        self._master = Master(problem, objective.slopes, objective.ceilings)
        self.best, self.value, self.bound = np.zeros(problem.n_lines), -inf, inf
        self.price, self.rounds = 0.0, 0
        self._touch(self.best)

    def _touch(self, spends: Array) -> float:
        """Add the tangents at a plan; return its value."""
        values, gradients = self.objective.tangents(spends)
        self._master.add_cuts(spends, values, gradients)
        self.rounds += 1
        return float(self.objective.slopes @ spends + values.sum())

    def run(self, gap: float, *, relaxed: bool) -> None:
        """Cut until the gap is closed, over parts of creators or whole ones.

        A bound on parts of creators holds for whole ones too.
        """
        last = self.rounds + ROUNDS
        self.value = self.value if relaxed else -inf
        if self._problem.prices is not None and not relaxed:
            rounded = improve(self.objective, self._problem, self.best)
            if rounded is not None:
                self._offer(rounded)
        while not self.gap <= gap and (self.rounds < last or self.value == -inf):
            solution = self._master.solve(relaxed=relaxed)
            self.bound = min(self.bound, solution.bound)
            if relaxed:
                self.price = solution.budget_price
            if not self.gap <= gap:
                self._offer(solution.spends)

    def _offer(self, spends: Array) -> None:
        """Take a plan if it is the best so far, and cut there."""
        value = self._touch(spends)
        if value > self.value:
            self.best, self.value = spends, value

    @property
    def gap(self) -> float:
        """Distance of bound and value, relative to the larger of them."""
        return (self.bound - self.value) / max(abs(self.value), abs(self.bound), TRIFLE)


def maximise(problem: Problem, response: Response, risk: Risk = MEAN) -> Solution:
    """Find the plan with the largest response, and a bound on every plan's.

    Parameters
    ----------
    problem : Problem
    response : Response
    risk : Risk
        What the response of many worlds comes to; the mean if left out.

    Raises
    ------
    InfeasibleError
        If no plan satisfies all limits.
    """
    integer = problem.prices is not None or any(problem.minimum_deals)
    climb = _started(problem, objective_of(response, problem.budget, risk))
    climb.run(GAP, relaxed=True)
    if integer:
        climb.run(WHOLE_GAP if problem.prices else GAP, relaxed=False)
    size = climb.objective.size
    value, bound = climb.value * size + 0.0, max(climb.bound, climb.value) * size + 0.0
    return Solution(
        "optimal" if climb.gap <= (WHOLE_GAP if problem.prices else GAP) else "stopped",
        climb.best * problem.budget,
        value,
        bound,
        max(climb.gap, 0.0) + 0.0,
        climb.price * size / problem.budget,
        climb.rounds,
    )


def _started(problem: Problem, objective: Objective) -> _Climb:
    """Return a climb that has begun, in units of about what the best plan brings.

    The first slopes may promise far more than there is to win (a small audience, a thin profit);
    in their units the solver's tolerances would swallow the optimum.
    """
    climb = _Climb(problem, objective)
    climb.run(ROUGH_GAP, relaxed=True)
    for _ in range(RESCALINGS):
        if not TRIFLE < climb.value < SMALL:
            break
        climb = _Climb(problem, climb.objective.measured_in(climb.value))
        climb.run(ROUGH_GAP, relaxed=True)
    return climb
