"""The best plan for the mean and the worst worlds when responses are linear, with a proof.

A blend of mean and tail is one exact program (`optimize.band`); floors under the tail and the
frontier are found from blends (`optimize.tail_curve`).

References
----------
Rockafellar and Uryasev (2000), "Optimization of conditional value-at-risk"; Krokhmal, Palmquist
and Uryasev (2002), "Portfolio optimization with conditional value-at-risk objective and
constraints".
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite

import numpy as np
from numpy.typing import NDArray

from optimize.band import TRIFLE, Band, size_of
from optimize.polytope import Polytope
from optimize.problem import Problem
from optimize.risk import MeanWorst
from optimize.tail_curve import Choice, TailCurve

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TailPlan:
    """A plan, and the proof of how good it is.

    Parameters
    ----------
    plan : ndarray, shape (n_lines,)
        Money.
    value, upper_bound : float
        Of the objective, in units of the metric: the plan's, and one that no plan passes.
    relative_gap : float
        Their distance, relative to the larger of them.
    mean, tail : float
        Of the metric: the plan's over all worlds, and over the worst.
    budget_price : float
        Objective per unit of money, at the margin.
    limit_prices : ndarray, shape (n_limits,)
        Objective per unit of money that each limit moves up.
    tail_price : float
        Mean that one unit of tail costs, at the margin.
    passes : int
        Passes over all worlds.
    """

    plan: Array
    value: float
    upper_bound: float
    relative_gap: float
    mean: float
    tail: float
    budget_price: float
    limit_prices: Array
    tail_price: float
    passes: int


def maximise_blend(problem: Problem, returns: Array, risk: MeanWorst) -> TailPlan:
    """Find the plan with the best blend of the mean and the worst worlds.

    Parameters
    ----------
    problem : Problem
        With parts of creators and no minimum deals.
    returns : ndarray, shape (n_worlds, n_lines)
        Metric per unit of money.
    risk : MeanWorst

    Raises
    ------
    InfeasibleError
        If no plan satisfies all limits.
    ValueError
        If the problem has integers, or returns are not finite.
    """
    band = _band(problem, returns, risk.worst)
    point = band.best(1 - risk.weight, risk.weight)
    price = risk.weight / (1 - risk.weight) if risk.weight < 1 else inf
    choice = Choice(point.spends, point.mean, point.bound, point.prices, price)
    return _told(band, returns, risk, choice)


def maximise_mean(problem: Problem, returns: Array, worst: float, floor: float) -> TailPlan:
    """Find the plan with the largest mean of those whose worst worlds average `floor` or more.

    Parameters
    ----------
    problem : Problem
        With parts of creators and no minimum deals.
    returns : ndarray, shape (n_worlds, n_lines)
        Metric per unit of money.
    worst : float
        Share of worlds that counts as the worst, in (0, 1].
    floor : float
        Units of the metric.

    Raises
    ------
    InfeasibleError
        If no plan satisfies all limits, or none reaches the floor.
    ValueError
        If the problem has integers, or returns or the floor are not finite.
    """
    if not isfinite(floor):
        raise ValueError(f"floor(={floor}) must be finite")
    band = _band(problem, returns, worst)
    choice = TailCurve(band).above(floor / band.unit)
    return _told(band, returns, MeanWorst(worst, 0.0), choice)


def frontier(problem: Problem, returns: Array, worst: float, n_points: int) -> list[TailPlan]:
    """Find the best means for tails that rise from the boldest plan's to next to the best.

    Every plan has the largest mean of all plans with its tail; the next one is found where the
    tails of two neighbours lie furthest apart.

    Parameters
    ----------
    problem : Problem
        With parts of creators and no minimum deals.
    returns : ndarray, shape (n_worlds, n_lines)
        Metric per unit of money.
    worst : float
        Share of worlds that counts as the worst, in (0, 1].
    n_points : int
        At least 2.

    Raises
    ------
    InfeasibleError
        If no plan satisfies all limits.
    ValueError
        If the problem has integers, returns are not finite, or there are too few points.
    """
    if n_points < 2:
        raise ValueError(f"n_points(={n_points}) must be at least 2")
    band = _band(problem, returns, worst)
    curve, risk = TailCurve(band), MeanWorst(worst, 0.0)
    return [_told(band, returns, risk, choice) for choice in curve.spread(n_points)]


def _band(problem: Problem, returns: Array, worst: float) -> Band:
    """Return the worlds of a task, in its own units."""
    n_worlds, n_lines = returns.shape
    if n_lines != problem.n_lines or not n_worlds:
        raise ValueError(f"returns of shape {returns.shape} for {problem.n_lines} lines")
    returns = np.ascontiguousarray(returns, float)
    size = size_of(returns)
    return Band(Polytope(problem), returns, returns.mean(axis=0) / size, worst, size)


def _told(band: Band, returns: Array, risk: MeanWorst, choice: Choice) -> TailPlan:
    """Return a choice in money and in units of the metric, its plan played anew."""
    plan = choice.spends * band.polytope.unit
    outcomes = returns @ plan
    mean, tail = float(outcomes.mean()), band.tail(outcomes)
    value = (1 - risk.weight) * mean + risk.weight * tail
    bound = max(choice.bound * band.unit, value)
    return TailPlan(
        plan,
        value + 0.0,
        bound + 0.0,
        (bound - value) / max(abs(bound), abs(value), TRIFLE * band.unit),
        mean,
        tail,
        float(choice.prices[0]) * band.size,
        band.polytope.limit_prices(choice.prices) * band.size,
        choice.tail_price,
        band.passes,
    )
