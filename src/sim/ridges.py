"""Terms of a response: functions of the plan, world by world, that add up to a metric."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sim.shapes import EXPONENTIAL, Exponential, Shape

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ridges:
    """A sum of weight · shape(rate · plan) in every world.

    Parameters
    ----------
    rates : ndarray, shape (n_worlds, n_terms, n_lines)
        Per unit of money; the lines are all lines, or those of `lines`.
    weights : ndarray, shape (n_worlds, n_terms)
        In units of the metric, at least 0.
    shape : Shape
        1 − e^(−u) if left out.
    lines : ndarray of int, optional
        Positions of the lines that the terms depend on; all lines if left out.
    """

    rates: Array
    weights: Array
    shape: Shape = EXPONENTIAL
    lines: NDArray[np.intp] | None = None

    @property
    def concave(self) -> bool:
        """Whether the sum is concave in every world."""
        return self.shape.concave

    @property
    def breadth(self) -> int:
        """Number of lines that it depends on."""
        return int(self.rates.shape[2])

    def arguments(self, plan: Array) -> Array:
        """Return rate · plan of every term, shape (n_worlds, n_terms)."""
        return np.asarray(self.rates @ (plan if self.lines is None else plan[self.lines]))

    def values(self, plan: Array) -> Array:
        """Return the sum in every world, shape (n_worlds,)."""
        return np.asarray((self.weights * self.shape.value(self.arguments(plan))).sum(axis=1))

    def mean_and_gradient(self, plan: Array) -> tuple[float, Array]:
        """Return the mean over worlds and its gradient, shape (n_lines,)."""
        n_worlds = len(self.weights)
        u = self.arguments(plan)
        if isinstance(self.shape, Exponential):
            missed = np.exp(-u)
            np.multiply(missed, self.weights, out=missed)
            value, pull = self.weights.sum() - missed.sum(), missed
        else:
            value = (self.weights * self.shape.value(u)).sum()
            pull = self.weights * self.shape.slope(u)
        return float(value) / n_worlds, self._spread(pull, self.rates, plan.size) / n_worlds

    def gradient(self, plan: Array, weights: Array) -> Array:
        """Return the gradient of a weighted sum of worlds, shape (n_lines,).

        Parameters
        ----------
        plan : ndarray, shape (n_lines,)
        weights : ndarray, shape (n_worlds,)
            At least 0.
        """
        heard = np.flatnonzero(weights)
        mine = self.part(heard)
        pull = weights[heard, None] * mine.weights * mine.shape.slope(mine.arguments(plan))
        return mine._spread(pull, mine.rates, plan.size)

    def _spread(self, pull: Array, rates: Array, n_lines: int) -> Array:
        """Return Σ pull · rate over worlds and terms on the lines they belong to."""
        mine = pull.ravel() @ rates.reshape(-1, rates.shape[2])
        if self.lines is None:
            return np.asarray(mine)
        gradient = np.zeros(n_lines)
        gradient[self.lines] = mine
        return gradient

    def part(self, worlds: slice | NDArray[np.intp]) -> Ridges:
        """Return the ridges of some of the worlds."""
        return Ridges(self.rates[worlds], self.weights[worlds], self.shape.part(worlds), self.lines)

    def scaled(self, factor: float) -> Ridges:
        """Return the ridges in other units of the metric."""
        return replace(self, weights=self.weights * factor)

    def least(self, low: Array, high: Array) -> Array:
        """Return what no plan between two others falls below: ridges rise in every spend."""
        return self.values(low)

    def most(self, low: Array, high: Array) -> Array:
        """Return what no plan between two others passes: ridges rise in every spend."""
        return self.values(high)
