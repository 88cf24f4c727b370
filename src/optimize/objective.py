"""What is maximised: a functional of a response over the worlds, and its tangents."""

from __future__ import annotations

from copy import copy
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from optimize.risk import MEAN, Risk
from sim.response import Response, Ridges

Array = NDArray[np.float64]

#: Lines for which one piece a segment is enough; more lines want more, smaller pieces.
LINES_PER_PIECE = 8


class Objective(Protocol):
    """A concave function of the plan: a linear part plus pieces.

    Spends are in shares of the budget; values are in units of `size`.
    """

    size: float
    slopes: Array

    def measured_in(self, factor: float) -> Objective:
        """Return the same objective in units of `factor` times its size."""

    @property
    def ceilings(self) -> Array:
        """The most that each piece can be, shape (n_pieces,)."""

    def value(self, spends: Array) -> float:
        """Return the objective of a plan."""

    def tangents(self, spends: Array) -> tuple[Array, Array]:
        """Return the pieces, shape (n_pieces,), and their gradients, (n_pieces, n_lines)."""


def objective_of(response: Response, budget: float, risk: Risk) -> Objective:
    """Return the functional `risk` of a response, as a function of the plan.

    Parameters
    ----------
    response : Response
    budget : float
        Money.
    risk : Risk
    """
    return Mean(response, budget) if risk == MEAN else Tail(response, budget, risk)


class Mean:
    """The mean over worlds, as a linear part plus concave pieces.

    A piece is one segment in a batch of worlds: with many lines, several tangents a round
    tell the master more than their sum does (Birge and Louveaux 1988).

    Spends are in shares of the budget; values are in units of `size`.

    Parameters
    ----------
    response : Response
    budget : float
        Money.
    """

    def __init__(self, response: Response, budget: float) -> None:
        n_worlds, n_lines = response.slopes.shape
        batches = min(-(-n_lines // LINES_PER_PIECE), n_worlds)
        self._budget = budget
        self._pieces = [
            (Ridges(r.rates[part], r.weights[part]), len(r.weights[part]) / n_worlds)
            for r in response.ridges
            for part in (
                slice(b * n_worlds // batches, (b + 1) * n_worlds // batches)
                for b in range(batches)
            )
        ]
        self.size = 1.0
        self.slopes: Array = response.slopes.mean(axis=0) * budget
        _, gradients = self.tangents(np.zeros(n_lines))
        self.size = float(np.abs(self.slopes).sum() + gradients.sum()) or 1.0
        self.slopes = self.slopes / self.size

    def measured_in(self, factor: float) -> Mean:
        """Return the same objective in units of `factor` times its size."""
        other = copy(self)
        other.size, other.slopes = self.size * factor, self.slopes / factor
        return other

    @property
    def ceilings(self) -> Array:
        """The most that each piece can be, shape (n_pieces,)."""
        return np.array(
            [p.weights.sum() / len(p.weights) * share / self.size for p, share in self._pieces]
        )

    def value(self, spends: Array) -> float:
        """Return the objective of a plan."""
        values, _ = self.tangents(spends)
        return float(self.slopes @ spends + values.sum())

    def tangents(self, spends: Array) -> tuple[Array, Array]:
        """Return the pieces and their gradients.

        Returns
        -------
        values : ndarray, shape (n_pieces,)
        gradients : ndarray, shape (n_pieces, n_lines)
        """
        values, gradients = np.zeros(len(self._pieces)), np.zeros((len(self._pieces), spends.size))
        for j, (piece, share) in enumerate(self._pieces):
            value, gradient = piece.mean_and_gradient(spends * self._budget)
            values[j] = value * share / self.size
            gradients[j] = gradient * (share * self._budget / self.size)
        return values, gradients


class Tail:
    """Any other functional of the outcomes: one piece, cut at the worlds that count.

    The tangent of a concave functional of concave responses is the weighted mean of the
    responses' tangents, with the functional's supergradient as weights.

    Parameters
    ----------
    response : Response
    budget : float
        Money.
    risk : Risk
    """

    def __init__(self, response: Response, budget: float, risk: Risk) -> None:
        self._response, self._budget, self._risk = response, budget, risk
        self.size = 1.0
        self.slopes: Array = np.zeros(response.slopes.shape[1])
        _, gradients = self.tangents(self.slopes)
        self.size = float(np.abs(gradients).sum()) or 1.0

    def measured_in(self, factor: float) -> Tail:
        """Return the same objective in units of `factor` times its size."""
        other = copy(self)
        other.size = self.size * factor
        return other

    @property
    def ceilings(self) -> Array:
        """The most that the functional can be when every world has the best of them."""
        response = self._response
        most = sum((ridge.weights.sum(axis=1).max() for ridge in response.ridges), 0.0)
        most += self._budget * float(np.maximum(response.slopes, 0.0).max())
        return np.array([self._risk.value(np.full(len(response.slopes), most)) / self.size])

    def value(self, spends: Array) -> float:
        """Return the objective of a plan."""
        return self._risk.value(self._response.values(spends * self._budget)) / self.size

    def tangents(self, spends: Array) -> tuple[Array, Array]:
        """Return the functional, shape (1,), and its gradient, shape (1, n_lines)."""
        outcomes = self._response.values(spends * self._budget)
        gradient = self._response.gradient(spends * self._budget, self._risk.weights(outcomes))
        scale = self._budget / self.size
        return np.array([self._risk.value(outcomes) / self.size]), gradient[None, :] * scale
