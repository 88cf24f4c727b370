"""What is maximised: the mean of a response over the worlds, and its tangents."""

from __future__ import annotations

from copy import copy

import numpy as np
from numpy.typing import NDArray

from sim.response import Response, Ridges

Array = NDArray[np.float64]

#: Lines for which one piece a segment is enough; more lines want more, smaller pieces.
LINES_PER_PIECE = 8


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
