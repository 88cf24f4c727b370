"""The trade-off between two aims: the most of one for every level of the other.

Between the best plans of each aim alone, the level asked of the second rises in equal steps
(epsilon-constraint). Where everything is concave and nothing is whole, one search walks through
all levels: a tangent of a concave function holds whatever the level of its floor.

References
----------
Haimes, Lasdon and Wismer (1971) (the epsilon-constraint method); Mavrotas (2009) (its ends:
the best of one aim first, then the most of the other).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from math import inf

import numpy as np
from numpy.typing import NDArray

from optimize.cutting import Search
from optimize.errors import InfeasibleError
from optimize.floors import Floor
from optimize.functional import functional
from optimize.optimum import GAP, SMALL, Solution, maximise, priced, started, told
from optimize.problem import Problem
from optimize.risk import MEAN, Risk
from sim.mapping import Mapper, one_by_one
from sim.response import Response

Array = NDArray[np.float64]

#: What an end gives up of its own aim, relative to the best, so that there are plans around it.
END = 1e-6

#: Levels that one search walks through before another begins.
WALK = 16

#: Distance of the ends, relative to the larger, below which one plan is best for both aims.
SAME = 1e-5


@dataclass(frozen=True, slots=True)
class Aim:
    """A functional of a response that more is better of.

    Parameters
    ----------
    response : Response
    risk : Risk
        What the response of many worlds comes to; the mean if left out.
    """

    response: Response
    risk: Risk = MEAN

    def value(self, plan: Array) -> float:
        """Return what a plan brings of it."""
        return self.risk.value(self.response.values(plan))

    def floor(self, at_least: float) -> Floor:
        """Return the demand of a level of it."""
        return Floor("the other aim", self.response, at_least, self.risk)


@dataclass(frozen=True, slots=True)
class Point:
    """The best plan of the first aim for one level of the second.

    Parameters
    ----------
    level : float
        Asked of the second aim.
    second : float
        What the plan brings of it.
    solution : Solution
        The plan, what it brings of the first aim, and the bound on every plan's that reaches
        the level.
    """

    level: float
    second: float
    solution: Solution


def frontier(
    problem: Problem,
    first: Aim,
    second: Aim,
    floors: Sequence[Floor] = (),
    n_points: int = 11,
    told: Callable[[int], None] = lambda done: None,
    mapper: Mapper = one_by_one,
) -> tuple[Point, ...]:
    """Find the most of one aim for levels of another that rise in equal steps.

    Parameters
    ----------
    problem : Problem
    first, second : Aim
    floors : sequence of Floor
        What every plan must reach beside them.
    n_points : int
        At least 2.
    told : callable, optional
        Told after every point how many are done.
    mapper : Mapper, optional
        What finds the points.

    Returns
    -------
    tuple of Point
        From the best of the first aim to the best of the second; one point where one plan is
        best for both.

    Raises
    ------
    InfeasibleError
        If no plan satisfies all limits and floors.
    ValueError
        If there are too few points.
    """
    if n_points < 2:
        raise ValueError(f"n_points(={n_points}) must be at least 2")
    low, high = ends(problem, first, second, floors)
    if high - low <= SAME * max(abs(low), abs(high)):
        levels = np.array([high])
    else:
        levels = np.linspace(low, high, n_points)
    points: list[Point] = []
    found = sweep(problem, first, second, floors, levels, mapper)
    for level, solution in zip(levels.tolist(), found, strict=True):
        points.append(Point(level, second.value(solution.plan), solution))
        told(len(points))
    return tuple(points)


def ends(problem: Problem, first: Aim, second: Aim, floors: Sequence[Floor]) -> tuple[float, float]:
    """Return the second aim at the best of the first, and at its own best."""
    best = maximise(problem, first.response, first.risk, floors).value
    kept = first.floor(best - END * abs(best))
    low = maximise(problem, second.response, second.risk, [*floors, kept]).value
    high = maximise(problem, second.response, second.risk, floors).value
    return low, max(low, high - END * abs(high))


def sweep(
    problem: Problem,
    first: Aim,
    second: Aim,
    floors: Sequence[Floor],
    levels: Array,
    mapper: Mapper = one_by_one,
) -> Iterator[Solution]:
    """Yield the best plan of the first aim for every level of the second.

    Parameters
    ----------
    problem : Problem
    first, second : Aim
    floors : sequence of Floor
    levels : ndarray, shape (n_points,)
        Of the second aim, each of which some plan reaches.
    mapper : Mapper, optional
        What finds the plans, as many at a time as one search is worth.
    """
    asked = [*floors, second.floor(float(levels[0]))]
    if not _cuts_last(problem, first, asked):
        yield from mapper(partial(_alone, problem, first, second, tuple(floors)), levels.tolist())
        return
    walks = [levels[i : i + WALK] for i in range(0, len(levels), WALK)]
    walk = partial(_walked, problem, first, second, tuple(floors))
    yield from chain.from_iterable(mapper(walk, walks))


def _walked(
    problem: Problem, first: Aim, second: Aim, floors: Sequence[Floor], levels: Array
) -> list[Solution]:
    """Return the best plans of some levels, of one search that walks through them."""
    asked = [*floors, second.floor(float(levels[0]))]
    search = started(problem, functional(first.response, problem.budget, first.risk), asked)
    return [
        _moved(search, problem, len(floors), level) or _alone(problem, first, second, floors, level)
        for level in levels.tolist()
    ]


def _cuts_last(problem: Problem, first: Aim, asked: Sequence[Floor]) -> bool:
    """Return whether one search serves all levels, and no faster way serves each."""
    aims = [first, *(Aim(floor.response, floor.risk) for floor in asked)]
    concave = all(functional(a.response, problem.budget, a.risk).concave for a in aims)
    whole = problem.prices is not None or any(problem.minimum_deals)
    curved = any(aim.response.terms for aim in aims)
    return concave and not whole and (curved or all(aim.risk == MEAN for aim in aims))


def _moved(search: Search, problem: Problem, floor: int, level: float) -> Solution | None:
    """Return the best plan at another level; None where that wants a search of its own."""
    search.demand(floor, level)
    search.climb(GAP, relaxed=True)
    if search.value == -inf or abs(search.value) < SMALL or search.gap > GAP:
        return None
    rounds, search.rounds = search.rounds, 0
    return replace(
        told(search, problem, GAP, priced(search, problem, search.master)), rounds=rounds
    )


def _alone(
    problem: Problem, first: Aim, second: Aim, floors: Sequence[Floor], level: float
) -> Solution:
    """Return the best plan at a level, by a search of its own."""
    asked = second.floor(level)
    try:
        return maximise(problem, first.response, first.risk, [*floors, asked])
    except InfeasibleError:
        room = replace(asked, at_least=level - END * abs(level))
        return maximise(problem, first.response, first.risk, [*floors, room])
