"""Plans against each other, two by two: by how much, how often, at which luck."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import ceil
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from optimize.goal import Goal
from sim.compare import share_interval, wins
from sim.dominance import Dominance, dominance
from sim.laws import Known, Law
from sim.outcomes import Outcomes
from sim.selection import Selection
from sim.statistics import T90, law, standard_error
from sim.worlds import REPLICATES, Worlds

Array = NDArray[np.float64]

#: Worlds of one stage of a selection: `REPLICATES` independent observations.
STAGE = 256

#: To which order one plan dominates another.
Order = Literal["first", "second"]


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its 90 % interval.

    Parameters
    ----------
    mean, se, low, high : float
    """

    mean: float
    se: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Pair:
    """One plan against another on common worlds.

    Parameters
    ----------
    better, worse : str
        Names of the strategies; the first brings more on average, or they are alike.
    difference : Interval
        Of the objective, world by world.
    beats : Interval
        Share of worlds in which the better one brings more; a tie counts for half.
    ties : float
        Share of worlds in which they bring the same.
    dominant : str or None
        Which one dominates the other on the sampled worlds, counting noise and all.
    order : {"first", "second"} or None
        And to which order.
    """

    better: str
    worse: str
    difference: Interval
    beats: Interval
    ties: float
    dominant: str | None
    order: Order | None


@dataclass(frozen=True, slots=True)
class Sampled:
    """What every strategy of a scenario brought in every world: what is compared later on.

    Parameters
    ----------
    worlds : Worlds
    values : ndarray, shape (n_strategies, n_worlds)
        The objective.
    judged : ndarray, shape (n_strategies, n_worlds)
        Values whose mean every strategy is judged by.
    controlled : mapping of str to ndarray, shape (n_strategies, n_worlds)
        Metrics, with the creators' lottery out of the way.
    """

    worlds: Worlds
    values: Array
    judged: Array
    controlled: Mapping[str, Array]


@dataclass(frozen=True, slots=True)
class Selected:
    """The best strategy, and what it took to tell.

    Parameters
    ----------
    confidence, indifference : float
    zone : float
        The indifference zone in units of the objective.
    names : tuple of str
        Of the strategies that were compared, by position: allowed and different ones.
    same : mapping of str to str
        Strategies of the same plan as one of these.
    found : Selection
    """

    confidence: float
    indifference: float
    zone: float
    names: tuple[str, ...]
    same: Mapping[str, str]
    found: Selection

    @property
    def best(self) -> str:
        """Name of the best strategy."""
        return self.names[self.found.best]

    def worlds(self, observations: int) -> int:
        """Return the worlds of whole stages that hold so many observations."""
        return ceil(observations / REPLICATES) * STAGE


def interval(worlds: Worlds, values: Array) -> Interval:
    """Return the mean of a value per world with its interval."""
    mean, se = float(values.mean()), standard_error(worlds, values)
    return Interval(mean, se, mean - T90 * se, mean + T90 * se)


def chance(worlds: Worlds, happens: Array) -> Interval:
    """Return the chance of something with its interval."""
    return Interval(
        float(happens.mean()), standard_error(worlds, happens), *share_interval(worlds, happens)
    )


def pairs(outcomes: Outcomes, goal: Goal, judged: Array, names: Sequence[str]) -> tuple[Pair, ...]:
    """Set every two plans against each other.

    Parameters
    ----------
    outcomes : Outcomes
    goal : Goal
    judged : ndarray, shape (n_plans, n_worlds)
        Values whose mean every plan is judged by.
    names : sequence of str, shape (n_plans,)
        Of the strategies.
    """
    if len(names) < 2:
        return ()
    values = goal.of(outcomes)
    dominates = dominance(objective_laws(outcomes, goal))
    means = judged.mean(axis=1)
    found = []
    for i, j in combinations(range(len(names)), 2):
        a, b = (i, j) if means[i] >= means[j] else (j, i)
        won = wins(values[a], values[b])
        winner, order = _dominant(dominates, a, b)
        found.append(
            Pair(
                names[a],
                names[b],
                interval(outcomes.worlds, judged[a] - judged[b]),
                chance(outcomes.worlds, won),
                float((won == 0.5).mean()),
                None if winner is None else names[winner],
                order,
            )
        )
    return tuple(found)


def objective_laws(outcomes: Outcomes, goal: Goal) -> list[Law]:
    """Return the law of the goal under every plan; more is better.

    Counts of people and events keep their noise. A sum of several metrics has none that is known:
    there it is left out.
    """
    values = goal.of(outcomes)
    (metric, sign), *others = goal.terms
    if others or sign < 0:
        return [Known(x) for x in values]
    return [law(outcomes, metric, i) for i in range(len(values))]


def _dominant(dominates: Dominance, a: int, b: int) -> tuple[int | None, Order | None]:
    """Return which of two plans dominates the other, and to which order."""
    for winner, loser in ((a, b), (b, a)):
        if dominates.first[winner, loser]:
            return winner, "first"
        if dominates.second[winner, loser]:
            return winner, "second"
    return None, None
