"""A functional of a response over the worlds, as a function of the plan: values and tangents.

It is what is maximised, and what a floor is about. Spends are in shares of the budget; values
are in units of `size`, so that units of money and of metrics change nothing.
"""

from __future__ import annotations

from collections import Counter
from copy import copy
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from optimize.envelope import Majorant, concave_over
from optimize.halo_envelope import attributed
from optimize.pieces import Piece, on_lines, piece_of
from optimize.risk import MEAN, Risk
from sim.response import Response

Array = NDArray[np.float64]

#: Lines a piece: where there are more for every segment, its worlds are cut in batches.
LINES_PER_PIECE = 16

#: Largest slope that a size is taken from, relative to what the piece can be at most.
STEEPEST = 1e3


class Functional(Protocol):
    """A function of the plan: a linear part plus pieces.

    Spends are in shares of the budget; values are in units of `size`.
    """

    size: float
    slopes: Array

    @property
    def steps(self) -> float:
        """Distance between values that it can take; 0 if it takes all."""

    @property
    def concave(self) -> bool:
        """Whether all pieces are concave."""

    @property
    def ceilings(self) -> Array:
        """The most that each piece can be, shape (n_pieces,)."""

    def measured_in(self, factor: float) -> Functional:
        """Return the same functional in units of `factor` times its size."""

    def value(self, spends: Array) -> float:
        """Return the functional of a plan."""

    def tangents(self, spends: Array) -> tuple[Array, Array]:
        """Return the pieces, shape (n_pieces,), and their gradients, (n_pieces, n_lines)."""

    def over(self, low: Array, high: Array) -> Functional:
        """Return a concave functional that is nowhere below this one over a box of plans."""

    def doubt(self, majorant: Functional, spends: Array, width: Array) -> Array:
        """Return what each line has to do with the distance to the majorant at a plan."""


def functional(response: Response, budget: float, risk: Risk = MEAN) -> Functional:
    """Return the functional `risk` of a response, as a function of the plan.

    Parameters
    ----------
    response : Response
    budget : float
        Money.
    risk : Risk
    """
    made: Mean | Tail = Mean(response, budget) if risk == MEAN else Tail(response, budget, risk)
    return made.measured_in(_size(made))


def _size(made: Mean | Tail) -> float:
    """Return what the first unit of money promises on all lines together, or 1 for nothing."""
    n_lines = made.slopes.size
    start = made.over(np.zeros(n_lines), np.ones(n_lines))
    _, gradients = start.tangents(np.zeros(n_lines))
    steep = np.minimum(np.abs(gradients), STEEPEST * np.abs(made.ceilings)[:, None])
    return float(np.abs(made.slopes).sum() + steep.sum()) or 1.0


class Mean:
    """The mean over worlds, as a linear part plus pieces.

    A piece is one segment in a batch of worlds: with many lines, several tangents a round
    tell the master more than their sum does (Birge and Louveaux 1988). A curve of one line is a
    piece of its own.

    Parameters
    ----------
    response : Response
    budget : float
        Money.
    """

    def __init__(self, response: Response, budget: float) -> None:
        n_worlds = len(response.slopes)
        self.size = 1.0
        self.slopes: Array = response.slopes.mean(axis=0) * budget
        self._budget = budget
        self._pieces: list[Piece] = []
        terms = Counter(term.breadth for term in response.terms)
        for term in response.terms:
            batches = min(-(-term.breadth // (LINES_PER_PIECE * terms[term.breadth])), n_worlds)
            for b in range(batches):
                part = range(n_worlds)[b * n_worlds // batches : (b + 1) * n_worlds // batches]
                mine = term.part(slice(part.start, part.stop)) if batches > 1 else term
                self._pieces.append(piece_of(mine, len(part) / n_worlds))

    def measured_in(self, factor: float) -> Mean:
        """Return the same functional in units of `factor` times its size."""
        other = copy(self)
        other.size, other.slopes = self.size * factor, self.slopes / factor
        return other

    @property
    def steps(self) -> float:
        """Distance between values that it can take: none."""
        return 0.0

    @property
    def concave(self) -> bool:
        """Whether all pieces are concave."""
        return all(piece.concave for piece in self._pieces)

    @property
    def ceilings(self) -> Array:
        """The most that each piece can be, shape (n_pieces,)."""
        most = np.full(self.slopes.size, self._budget)
        return np.array([piece.most(most) for piece in self._pieces]) / self.size

    def value(self, spends: Array) -> float:
        """Return the functional of a plan."""
        plan = spends * self._budget
        return float(
            self.slopes @ spends + sum(piece.tangent(plan)[0] for piece in self._pieces) / self.size
        )

    def tangents(self, spends: Array) -> tuple[Array, Array]:
        """Return the pieces and their gradients.

        Returns
        -------
        values : ndarray, shape (n_pieces,)
        gradients : ndarray, shape (n_pieces, n_lines)
        """
        values, gradients = np.zeros(len(self._pieces)), np.zeros((len(self._pieces), spends.size))
        for j, piece in enumerate(self._pieces):
            values[j], gradients[j] = piece.tangent(spends * self._budget)
        return values / self.size, gradients * (self._budget / self.size)

    def over(self, low: Array, high: Array) -> Mean:
        """Return a concave functional that is nowhere below this one over a box of plans."""
        other = copy(self)
        ends = low * self._budget, high * self._budget
        other._pieces = [piece.over(*ends) for piece in self._pieces]
        return other

    def doubt(self, majorant: Functional, spends: Array, width: Array) -> Array:
        """Return what each line has to do with the distance to the majorant at a plan."""
        assert isinstance(majorant, Mean)
        plan, total = spends * self._budget, np.zeros(spends.size)
        for piece, above in zip(self._pieces, majorant._pieces, strict=True):
            if not piece.concave:
                total += piece.shares(above, plan, width)
        return total / self.size


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
        self._above: Majorant | None = None
        self.size = 1.0
        self.slopes: Array = np.zeros(response.slopes.shape[1])

    def measured_in(self, factor: float) -> Tail:
        """Return the same functional in units of `factor` times its size."""
        other = copy(self)
        other.size = self.size * factor
        return other

    @property
    def steps(self) -> float:
        """Distance between values that it can take; 0 if it takes all."""
        return self._risk.steps(len(self._response.slopes)) / self.size

    @property
    def concave(self) -> bool:
        """Whether the functional of the responses is concave."""
        return (self._above is not None or self._response.concave) and self._risk.concave

    @property
    def ceilings(self) -> Array:
        """The most that the functional can be when every world has all money on every line."""
        every = np.full(self.slopes.size, self._budget)
        return np.array([self._risk.value(self._response.most(0.0 * every, every)) / self.size])

    def value(self, spends: Array) -> float:
        """Return the functional of a plan."""
        return self._risk.value(self._seen.values(spends * self._budget)) / self.size

    def tangents(self, spends: Array) -> tuple[Array, Array]:
        """Return the functional, shape (1,), and its gradient, shape (1, n_lines)."""
        outcomes = self._seen.values(spends * self._budget)
        gradient = self._seen.gradient(spends * self._budget, self._risk.weights(outcomes))
        scale = self._budget / self.size
        return np.array([self._risk.value(outcomes) / self.size]), gradient[None, :] * scale

    def over(self, low: Array, high: Array) -> Tail:
        """Return a concave functional that is nowhere below this one over a box of plans."""
        if self.concave:
            return self
        other = copy(self)
        ends = low * self._budget, high * self._budget
        other._above = concave_over(self._response, *ends)
        other._risk = self._risk.over(self._response.least(*ends))
        return other

    @property
    def _seen(self) -> Response | Majorant:
        """What is summed up: the response, or what is above it over a box."""
        return self._above or self._response

    def doubt(self, majorant: Functional, spends: Array, width: Array) -> Array:
        """Return what each line has to do with the distance to the majorant at a plan."""
        assert isinstance(majorant, Tail)
        above, plan = majorant._above, spends * self._budget
        if above is None:
            return np.zeros(spends.size)  # nothing is hidden where all is concave
        outcomes = above.values(plan)
        weights = majorant._risk.weights(outcomes)
        total = np.zeros(spends.size)
        for ridges, bridge in zip(self._response.ridges, above.response.ridges, strict=True):
            if not ridges.concave:
                total += on_lines(ridges, bridge, plan, width, weights)
        for j, cap in above.caps:
            total += attributed(self._response.products[j], cap, plan, width, weights)
        total /= self.size
        if not self._risk.concave:
            missed = majorant._risk.value(outcomes) - self._risk.value(outcomes)
            pull = np.abs(majorant.tangents(spends)[1][0]) * width
            total += missed / self.size * pull / (pull.sum() or 1.0)
        return total
