"""A second opinion on a certificate, by a path of its own.

A plain loop of Kelley's cuts over `scipy.optimize.milp`, with values and tangents written out
once more: nothing is shared with the search that made the certificate but the problem and the
response it is about. Where curves are not concave there is no short proof; then other plans are
tried, which can refute a bound and never prove it.

References
----------
Kelley (1960), "The cutting-plane method for solving convex programs"; Rockafellar and Uryasev
(2000), "Optimization of conditional value-at-risk".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, inf

import numpy as np
from numpy.typing import NDArray

from optimize.floors import Floor
from optimize.outer import Outer
from optimize.problem import Problem
from optimize.risk import Attainment, Chance, MeanWorst, Risk
from sim.halo import Buyers
from sim.response import Response
from sim.ridges import Ridges
from sim.shapes import Exponential

Array = NDArray[np.float64]

#: How far a floor may be missed, and a count may be off a whole number.
MISSED, WHOLE = 1e-7, 1e-9

#: Distance of the bounds, in units of the claim, at which they count as one.
TIGHT = 1e-8

#: Rounds after which the bounds are left as they are.
ROUNDS = 400


@dataclass(frozen=True, slots=True)
class Question:
    """What was optimised.

    Parameters
    ----------
    problem : Problem
    response : Response
    risk : Risk
    floors : sequence of Floor
    """

    problem: Problem
    response: Response
    risk: Risk
    floors: Sequence[Floor] = ()

    @property
    def concave(self) -> bool:
        """Whether objective and floors are concave, so that cuts prove a bound."""
        return all(
            response.concave and risk.concave
            for response, risk in [
                (self.response, self.risk),
                *((floor.response, floor.risk) for floor in self.floors),
            ]
        )

    def value(self, plan: Array) -> float:
        """Return what a plan comes to, shape of `plan` (n_lines,), in money."""
        return summed(self.risk, outcomes(self.response, plan))

    def broken(self, plan: Array) -> tuple[str, ...]:
        """Return what a plan breaks, in words; nothing where it is allowed."""
        if not np.isfinite(plan).all():
            return ("plan: a spend is no number",)
        found = [
            f"{line}: less than nothing"
            for line, spend in zip(self.problem.lines, plan, strict=True)
            if spend < 0
        ]
        if self.problem.prices is not None:
            prices = np.array(self.problem.prices)
            counts = np.divide(plan, prices, out=np.zeros(plan.size), where=prices > 0)
            parts = np.abs(counts - np.round(counts)) > WHOLE * np.maximum(counts, 1.0)
            found += [f"whole creators of {self.problem.lines[i]}" for i in np.flatnonzero(parts)]
        missed = [floor.name for floor in self.floors if not _reached(floor, plan)]
        return (*found, *self.problem.violations(plan), *missed)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the best plan brings, from below and from above.

    Parameters
    ----------
    lower, upper : float
        Of the objective; `upper` is infinite where nothing is proved.
    plan : ndarray, shape (n_lines,)
        That brings `lower`, in money.
    rounds : int
        Tangents taken, or searches made.
    """

    lower: float
    upper: float
    plan: Array
    rounds: int


def outcomes(response: Response, plan: Array) -> Array:
    """Return the response in every world, written out, shape (n_worlds,)."""
    total = np.einsum("wl,l->w", response.slopes, plan)
    for ridges in response.ridges:
        u = _arguments(ridges, plan)
        height = 1 - np.exp(-u) if isinstance(ridges.shape, Exponential) else ridges.shape.value(u)
        total = total + np.einsum("wt,wt->w", ridges.weights, height)
    return np.asarray(sum((_bought(product, plan) for product in response.products), total))


def _bought(product: Buyers, plan: Array) -> Array:
    """Return what buyers bring: worth · g(Σ intent · (1 + Σ strength · g(contacts))), line by line.

    Shape (n_worlds,); g(u) = 1 − (1 + u/κ)^(−κ).
    """
    intent = np.zeros(len(product.worth))
    for line, spend in enumerate(plan.tolist()):
        factor = np.ones(len(intent))
        for one in product.influences:
            if one.targets[line]:
                factor += one.strength * _seen(one.contacts @ plan, product.seen.heterogeneity)
        intent += product.intents[:, line] * spend * factor
    return np.asarray(product.worth * _seen(intent, product.shape.heterogeneity))


def _seen(u: Array, kappa: float) -> Array:
    """Return the share of people with at least one of u contacts a head."""
    return np.asarray(1 - np.exp(-u) if kappa == inf else 1 - (1 + u / kappa) ** -kappa)


def summed(risk: Risk, found: Array) -> float:
    """Return what outcomes come to, shape (n_worlds,): the formulas of the measures of risk."""
    match risk:
        case Attainment(target=target):
            return float(np.minimum(found, target).sum() / (target * found.size))
        case Chance():
            return risk.value(found)
        case MeanWorst(worst=worst, weight=weight):
            level = _level(found, worst)
            tail = level - np.maximum(level - found, 0.0).sum() / (worst * found.size)
            return float((1 - weight) * found.mean() + weight * tail)
        case _:
            raise TypeError(f"no formula for {type(risk).__name__}")


def _level(found: Array, worst: float) -> float:
    """Return the outcome that ends the worst share of worlds."""
    return float(np.sort(found)[min(ceil(worst * found.size - 1e-9), found.size) - 1])


def _counted(risk: Risk, found: Array) -> Array:
    """Return a supergradient of a concave risk, shape (n_worlds,)."""
    n = found.size
    if isinstance(risk, Attainment):
        return np.where(found < risk.target, 1 / (risk.target * n), 0.0)
    assert isinstance(risk, MeanWorst)
    level = _level(found, risk.worst)
    below, at = found < level, found == level
    share = 1 / (risk.worst * n)
    tail = np.where(below, share, 0.0) + np.where(at, (1 - below.sum() * share) / at.sum(), 0.0)
    return np.asarray((1 - risk.weight) / n + risk.weight * tail)


def tangent(response: Response, risk: Risk, plan: Array) -> tuple[float, Array]:
    """Return a concave objective at a plan, and its gradient per unit of money (n_lines,)."""
    found = outcomes(response, plan)
    counted = _counted(risk, found)
    gradient = np.einsum("w,wl->l", counted, response.slopes)
    for ridges in response.ridges:
        u = _arguments(ridges, plan)
        steep = np.exp(-u) if isinstance(ridges.shape, Exponential) else ridges.shape.slope(u)
        pull = counted[:, None] * ridges.weights * steep
        mine = slice(None) if ridges.lines is None else ridges.lines
        gradient[mine] += np.tensordot(pull, ridges.rates, axes=([0, 1], [0, 1]))
    return summed(risk, found), gradient


def _arguments(ridges: Ridges, plan: Array) -> Array:
    mine = plan if ridges.lines is None else plan[ridges.lines]
    return np.tensordot(ridges.rates, mine, axes=1)


def _reached(floor: Floor, plan: Array) -> bool:
    """Return whether a plan reaches a floor, up to rounding of what it is measured against."""
    found = outcomes(floor.response, plan)
    linear = float(np.abs(floor.response.slopes).max()) * plan.sum()
    slack = MISSED * 10 * max(abs(floor.at_least), linear)
    return summed(floor.risk, found) >= float(floor.at_least - slack)


def bounds(asked: Question, plan: Array, enough: float) -> Bounds:
    """Bound the best plan of a concave question from below and from above.

    Parameters
    ----------
    asked : Question
    plan : ndarray, shape (n_lines,)
        Money; where to cut first.
    enough : float
        An upper bound that is low enough to stop at.
    """
    return _Kelley(asked, plan).run(enough)


class _Kelley:
    """Cuts above objective and floors, and what the plans under them promise.

    Parameters
    ----------
    asked : Question
    plan : ndarray, shape (n_lines,)
        Money.
    """

    def __init__(self, asked: Question, plan: Array) -> None:
        self._asked, self._budget = asked, asked.problem.budget
        value, gradient = tangent(asked.response, asked.risk, plan)
        self._size = abs(value) or float(np.abs(gradient).sum()) * self._budget or 1.0
        self._outer = Outer(asked.problem)
        self._best, self._lower, self._upper = plan, -inf, inf
        self._rounds = 0
        self._cut(plan)

    def run(self, enough: float) -> Bounds:
        """Cut, first with parts of creators, then with whole ones."""
        for relaxed in (True, False) if self._outer.integer else (False,):
            self._climb(enough, relaxed=relaxed)
        return Bounds(self._lower, self._upper, self._best, self._rounds)

    def _climb(self, enough: float, *, relaxed: bool) -> None:
        last = self._rounds + ROUNDS
        while self._rounds < last:
            found = self._outer.best(relaxed=relaxed)
            if found is None:
                return
            spends, promise = found
            self._upper = min(self._upper, promise * self._size)
            done = self._upper <= enough or self._outer.late
            closed = self._upper - self._lower <= TIGHT * self._size
            if done or closed or not self._cut(spends * self._budget):
                return

    def _cut(self, plan: Array) -> bool:
        """Cut at a plan; return whether any cut says something new."""
        asked = self._asked
        self._rounds += 1
        value, gradient = tangent(asked.response, asked.risk, plan)
        if value > self._lower and not asked.broken(plan):
            self._best, self._lower = plan, value
        slopes = gradient * self._budget / self._size
        new = self._outer.cut(slopes, value / self._size - float(slopes @ plan) / self._budget)
        for floor in asked.floors:
            value, gradient = tangent(floor.response, floor.risk, plan)
            size = float(np.abs(gradient).sum()) * self._budget or 1.0
            slopes = gradient * self._budget / size
            short = (floor.at_least - value) / size + float(slopes @ plan) / self._budget
            new |= self._outer.require(slopes, short)
        return new
