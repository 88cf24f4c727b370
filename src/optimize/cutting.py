"""Cutting planes: the best plan of a box, and a bound that no plan of it can pass.

Every tangent of a concave function lies above it. The master maximises under all tangents
found so far: its value bounds every plan, its plan is where the next tangent touches. A function
that is not concave is bounded by its concave envelope over the box.

References
----------
Kelley (1960), "The cutting-plane method for solving convex programs"; Duran and Grossmann
(1986) (outer approximation with integers).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, inf

import numpy as np
from numpy.typing import NDArray

from optimize.envelope import STEEP
from optimize.floors import MISSED, Floor
from optimize.functional import Functional, functional
from optimize.master import Cuts, Master, Part
from optimize.neighbours import improve
from optimize.problem import Problem

Array = NDArray[np.float64]

#: Objective, in units of its size, below which it counts as nothing.
TRIFLE = 1e-9

#: Distance of bound and value, in units of the objective's size, that sums of floats leave.
ROUNDING = 1e-13

#: How far, in steps, a level may be past one that can be taken.
STEP = 1e-6

#: Floors below this, in units of the size of their function, are held to a miss of its size.
SIZABLE = 0.1

#: How far a count may be off a whole number of creators.
WHOLE = 1e-9

#: Rounds after which a phase of an optimisation stops with the gap it has.
ROUNDS = 1000


@dataclass(frozen=True, slots=True)
class Box:
    """A part of the plans.

    Parameters
    ----------
    low, high : ndarray, shape (n_lines,)
        Shares of the budget.
    bound : float
        No plan in it has a larger objective.
    start : ndarray, shape (n_lines,)
        Where to cut first.
    cuts : tuple of Cuts
        That hold in it.
    """

    low: Array
    high: Array
    bound: float
    start: Array
    cuts: tuple[Cuts, ...] = ()

    @property
    def width(self) -> Array:
        """What every line may spend more than its least."""
        return np.asarray(self.high - self.low)


class Search:
    """The state of one optimisation, in scaled units: the live master and the best plan so far.

    Parameters
    ----------
    problem : Problem
    objective : Functional
    floors : sequence of Floor
    """

    def __init__(
        self, problem: Problem, objective: Functional, floors: Sequence[Floor] = ()
    ) -> None:
        self._problem, self.objective = problem, objective
        floored = [functional(floor.response, problem.budget, floor.risk) for floor in floors]
        self._functions = [objective, *floored]
        self.sizes = [f.size for f in floored]
        levels = [
            _up(floor.at_least / f.size, f.steps) for floor, f in zip(floors, floored, strict=True)
        ]
        self._levels = np.array([-inf, *levels])
        self._missed = MISSED * np.maximum(np.abs(self._levels), SIZABLE)
        self.concave = all(f.concave for f in self._functions)
        n_lines = problem.n_lines
        self.root = Box(
            np.zeros(n_lines), np.minimum(problem.upper / problem.budget, 1.0), inf,
            np.zeros(n_lines),
        )  # fmt: skip
        parts = zip(self._functions, self._levels, strict=True)
        self.master = Master(problem, [Part(f.slopes, f.ceilings, level) for f, level in parts])
        self.best, self.value, self.bound = np.zeros(n_lines), -inf, inf
        self.rounds = 0
        self._reached(self.best)

    def demand(self, floor: int, at_least: float) -> None:
        """Move the level of a floor and begin anew; all cuts of what is concave still hold.

        Parameters
        ----------
        floor : int
            Its position among the floors.
        at_least : float
            In units of the floor.
        """
        f = self._functions[floor + 1]
        self._levels[floor + 1] = _up(at_least / f.size, f.steps)
        self._missed = MISSED * np.maximum(np.abs(self._levels), SIZABLE)
        self.master.demand(floor, float(self._levels[floor + 1]))
        self.value, self.bound = -inf, inf

    def offer(self, spends: Array, *, relaxed: bool = False) -> Array:
        """Take a plan if it is allowed and the best so far; cut there what is concave.

        Parameters
        ----------
        spends : ndarray, shape (n_lines,)
        relaxed : bool
            Whether parts of creators are allowed, and spends below the minimum deal.

        Returns
        -------
        ndarray, shape (n_functions,)
            What the plan reaches of the objective and of every floor.
        """
        reached = self._reached(spends)
        if reached[0] > self.value and self._holds(reached) and (relaxed or self._allowed(spends)):
            self.best, self.value = spends, float(reached[0])
        return reached

    def _reached(self, spends: Array) -> Array:
        """Return what all functions come to at a plan, and cut there those that are concave."""
        self.rounds += 1
        return np.array(
            [
                self._cut(j, f, spends, local=False) if f.concave else f.value(spends)
                for j, f in enumerate(self._functions)
            ]
        )

    def _holds(self, reached: Array) -> bool:
        """Return whether all floors are reached."""
        return bool((reached >= self._levels - self._missed)[1:].all())

    def _allowed(self, spends: Array) -> bool:
        """Return whether a plan satisfies all limits, in whole creators where these are asked."""
        plan = spends * self._problem.budget
        if self._problem.prices is not None:
            counts = plan / self._problem.prices
            if (np.abs(counts - np.round(counts)) > WHOLE).any():
                return False
        return not self._problem.violations(plan)

    def _cut(self, function: int, above: Functional, spends: Array, *, local: bool) -> float:
        """Cut a function by the tangents of a concave one above it; return that one's value."""
        values, gradients = above.tangents(spends)
        self.master.add_cuts(function, spends, values, gradients, local=local)
        return float(above.slopes @ spends + values.sum())

    def climb(self, gap: float, *, relaxed: bool, rounds: int | None = None) -> None:
        """Cut until the gap is closed, where everything is concave.

        A bound on parts of creators holds for whole ones too.

        Parameters
        ----------
        gap : float
            Relative.
        relaxed : bool
            Whether parts of creators are allowed, and spends below the minimum deal.
        rounds : int, optional
            Tangents at most; `ROUNDS` if left out.
        """
        last, last_spends = self.rounds + (rounds or ROUNDS), np.full(self.best.size, np.nan)
        self.value = self.value if relaxed else -inf
        if self._problem.prices is not None and not relaxed:
            self.round_off(self.best)
        while not self.gap <= gap and (self.rounds < last or self.value == -inf):
            solution = self.master.solve(relaxed=relaxed)
            if solution is None:
                self.bound = -inf
                return
            self.bound = min(self.bound, solution.bound)
            if np.array_equal(solution.spends, last_spends):
                return  # the solver's tolerances allow no more
            last_spends = solution.spends
            if not self.gap <= gap:
                self.offer(solution.spends, relaxed=relaxed)

    def settle(self, box: Box, gap: float) -> Box:
        """Bound the plans of a box, cutting the envelopes of what is not concave.

        Parameters
        ----------
        box : Box
        gap : float
            Relative: a box that promises no more than the best plan and this is left early.

        Returns
        -------
        Box
            The same with its bound (−∞ where it holds no plan), the plan that promises it and
            the cuts around that plan.
        """
        self.master.enter(box.low, box.high, box.cuts)
        majorants = [f if f.concave else f.over(box.low, box.high) for f in self._functions]
        bound, spends = box.bound, np.clip(box.start, box.low, box.high)
        self._bridge(majorants, spends)
        for _ in range(ROUNDS):
            solution = self.master.solve(relaxed=True)
            if solution is None:
                return replace(box, bound=-inf)
            bound = min(bound, -_up(-solution.bound, self.objective.steps))
            spends = solution.spends
            reached = np.maximum(self.offer(spends), self._bridge(majorants, spends))
            near = self._holds(reached) and bound - reached[0] <= gap / 4 * self._scale(bound)
            if near or not self.promising(bound, gap):
                break
        return replace(box, bound=bound, start=spends, cuts=self.master.tight_cuts())

    def _bridge(self, majorants: Sequence[Functional], spends: Array) -> Array:
        """Cut the envelopes of what is not concave; return what these reach, −∞ for the others."""
        return np.array(
            [
                -inf if self._functions[j].concave else self._cut(j, above, spends, local=True)
                for j, above in enumerate(majorants)
            ]
        )

    def doubt(self, box: Box) -> Array:
        """Return what splitting each line would do for the bound of a box, shape (n_lines,).

        The distance between the functions and their envelopes at the plan that promises the
        bound; for a floor that is missed there, as far as it is missed.
        """
        total = np.zeros(box.start.size)
        for j, f in enumerate(self._functions):
            if not f.concave:
                found = f.doubt(f.over(box.low, box.high), box.start, box.width)
                short = self._levels[j] - f.value(box.start) if j else inf
                total += found if short > 0 else 0.0 * found
        return total

    def linearised(self) -> list[Part]:
        """Return all functions as linear ones: their tangents at the best plan.

        A floor that the best plan misses by a rounding is set to what it reaches. Slopes are
        taken right beside nothing, where a curve may be infinitely steep.
        """
        parts, beside = [], np.maximum(self.best, STEEP)
        for f, level in zip(self._functions, self._levels, strict=True):
            gradient = f.slopes + f.tangents(beside)[1].sum(axis=0)
            room = min(level - f.value(self.best), 0.0) + float(gradient @ self.best)
            parts.append(Part(gradient, np.zeros(0), room))
        return parts

    def stakes(self, box: Box) -> Array:
        """Return what rounding each line of a box's plan to nothing may cost, shape (n_lines,)."""
        gradient = self.objective.slopes + self.objective.over(box.low, box.high).tangents(
            box.start
        )[1].sum(axis=0)
        return np.asarray(np.abs(gradient) * box.width)

    def round_off(self, spends: Array) -> None:
        """Offer whole creators near a plan."""
        rounded = improve(self.objective, self._problem, spends, self._floors_hold)
        if rounded is not None:
            self.offer(rounded)

    def _floors_hold(self, spends: Array) -> bool:
        """Return whether a plan reaches all floors."""
        return self._holds(np.array([-inf, *(f.value(spends) for f in self._functions[1:])]))

    def promising(self, bound: float, gap: float) -> bool:
        """Return whether a bound leaves room for a better plan."""
        if bound == -inf or self.value == -inf:
            return bound > -inf
        return bound - self.value > max(gap * self._scale(bound), ROUNDING)

    def _scale(self, bound: float) -> float:
        value = abs(self.value) if self.value > -inf else 0.0
        return max(value, abs(bound), TRIFLE)

    @property
    def gap(self) -> float:
        """Distance of bound and value, relative to the larger of them."""
        if self.value == -inf:
            return inf
        distance = self.bound - self.value
        return distance / self._scale(self.bound) if abs(distance) > ROUNDING else 0.0


def _up(level: float, steps: float) -> float:
    """Return the first value that can be taken from a level on, where values come in steps."""
    return ceil(level / steps - STEP) * steps if steps > 0 else level
