"""Why no plan is allowed: the smallest set of demands in conflict, and what would mend it.

References
----------
Chinneck and Dravnieks (1991), "Locating minimal infeasible constraint sets in linear programs"
(the deletion filter).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Literal

import numpy as np

from optimize.errors import InfeasibleError
from optimize.floors import Floor
from optimize.optimum import maximise
from optimize.problem import Problem
from optimize.risk import MEAN
from sim.response import Response

#: A budget that stands in no plan's way, in budgets.
AMPLE = 1e3

Kind = Literal["budget", "lower", "upper", "available", "deal", "whole", "floor"]


@dataclass(frozen=True, slots=True)
class Demanded:
    """One thing that is asked of a plan.

    Parameters
    ----------
    kind : {"budget", "lower", "upper", "available", "deal", "whole", "floor"}
    index : int
        Of the limit, line or floor.
    """

    kind: Kind
    index: int = 0


@dataclass(frozen=True, slots=True)
class Conflict:
    """Demands that no plan satisfies together, while it could any without one of them.

    Parameters
    ----------
    demands : tuple of Demanded
    mends : tuple of float
        For every one, the level it would have to be moved to if it alone gave way (NaN where
        that is not a matter of a level, or would not be told exactly).
    """

    demands: tuple[Demanded, ...]
    mends: tuple[float, ...]


def conflict(problem: Problem, floors: Sequence[Floor]) -> Conflict:
    """Find a smallest set of demands that no plan satisfies together.

    Parameters
    ----------
    problem : Problem
    floors : sequence of Floor
        Together with the problem infeasible.
    """
    kept = _all(problem, floors)
    for one in list(kept):
        fewer = [other for other in kept if other != one]
        if not _feasible(problem, floors, fewer):
            kept = fewer
    return Conflict(tuple(kept), tuple(_mend(problem, floors, kept, one) for one in kept))


def _all(problem: Problem, floors: Sequence[Floor]) -> list[Demanded]:
    """Return everything that is asked, what people would give up last first."""
    lines = range(problem.n_lines)
    found = [Demanded("whole")] if problem.prices is not None else []
    found += [Demanded("deal", i) for i in lines if problem.minimum_deals[i] > 0]
    found += [Demanded("available", i) for i in lines if problem.caps[i] < inf]
    found += [Demanded("upper", j) for j, x in enumerate(problem.limits) if x.upper < inf]
    found += [Demanded("lower", j) for j, x in enumerate(problem.limits) if x.lower > 0]
    return [*found, *(Demanded("floor", j) for j in range(len(floors))), Demanded("budget")]


def _part(
    problem: Problem, floors: Sequence[Floor], kept: Sequence[Demanded]
) -> tuple[Problem, list[Floor]]:
    """Return the problem with some of its demands only."""
    asked = set(kept)
    limits = tuple(
        replace(
            limit,
            lower=limit.lower if Demanded("lower", j) in asked else 0.0,
            upper=limit.upper if Demanded("upper", j) in asked else inf,
        )
        for j, limit in enumerate(problem.limits)
    )
    lines = range(problem.n_lines)
    less = replace(
        problem,
        budget=problem.budget * (1.0 if Demanded("budget") in asked else AMPLE),
        limits=limits,
        caps=tuple(problem.caps[i] if Demanded("available", i) in asked else inf for i in lines),
        minimum_deals=tuple(
            problem.minimum_deals[i] if Demanded("deal", i) in asked else 0.0 for i in lines
        ),
        prices=problem.prices if Demanded("whole") in asked else None,
    )
    return less, [floor for j, floor in enumerate(floors) if Demanded("floor", j) in asked]


def _feasible(problem: Problem, floors: Sequence[Floor], kept: Sequence[Demanded]) -> bool:
    """Return whether some plan satisfies some of the demands."""
    less, fewer = _part(problem, floors, kept)
    n_worlds = len(floors[0].response.slopes) if floors else 1
    try:
        maximise(less, Response(np.zeros((n_worlds, problem.n_lines)), ()), MEAN, fewer)
    except InfeasibleError:
        return False
    return True


def _mend(
    problem: Problem, floors: Sequence[Floor], kept: Sequence[Demanded], one: Demanded
) -> float:
    """Return the nearest level of one demand at which the others can be satisfied with it."""
    less, fewer = _part(problem, floors, [other for other in kept if other != one])
    if one.kind == "floor":
        floor = floors[one.index]
        response, risk, sign = floor.response, floor.risk, 1.0
    elif one.kind in ("budget", "lower", "upper"):
        whole = range(problem.n_lines)
        lines = whole if one.kind == "budget" else problem.limits[one.index].lines
        sign = 1.0 if one.kind == "lower" else -1.0
        row = np.zeros((len(floors[0].response.slopes) if floors else 1, problem.n_lines))
        row[:, list(lines)] = sign
        response, risk = Response(row, ()), MEAN
    else:
        return float("nan")
    level = sign * maximise(less, response, risk, fewer).value
    if one.kind == "budget" and level > 0:  # nearer to it, tolerances are finer
        less = replace(less, budget=2 * level)
        level = sign * maximise(less, response, risk, fewer).value
    return level
