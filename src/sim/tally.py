"""Statistics of plans over any number of worlds, in memory that does not grow with them.

Stretches of worlds are played one by one; of each is kept, replicate by replicate, what adds up:
sums of what means are taken of, and histograms of what quantiles are taken of. Counts are drawn
once a world here, where `sim.statistics` averages over their laws: with so many worlds it makes no
difference that could be seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from math import inf, isfinite, sqrt
from operator import add
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from sim.histogram import Grid, Histogram
from sim.metrics import METRICS
from sim.outcomes import Outcomes
from sim.statistics import LEVELS, WORST, Summary, law, slope_window
from sim.worlds import REPLICATES, Worlds

Array = NDArray[np.float64]
F = TypeVar("F", float, NDArray[np.float64])

#: Grids of every metric, plan by plan.
Grids = Mapping[str, tuple[Grid, ...]]


#: A tally as plain data: worlds, sums, and the arrays of every histogram.
Arrays = tuple[Array, dict[str, Array], dict[str, list[dict[str, Any]]]]


@dataclass(frozen=True, slots=True)
class Tally:
    """What some plans brought in some worlds.

    Parameters
    ----------
    worlds : ndarray, shape (REPLICATES,)
        Number of worlds of every replicate.
    sums : mapping of str to ndarray, shape (n_plans, REPLICATES)
        Of values in every world, by what they are.
    spreads : mapping of str to tuple of Histogram
        Of what else is told than a mean, plan by plan.
    """

    worlds: Array
    sums: Mapping[str, Array]
    spreads: Mapping[str, tuple[Histogram, ...]]

    def __add__(self, other: Tally) -> Tally:
        """Return the tally of the worlds of both."""
        return Tally(
            self.worlds + other.worlds,
            {name: values + other.sums[name] for name, values in self.sums.items()},
            {
                name: tuple(map(add, found, other.spreads[name]))
                for name, found in self.spreads.items()
            },
        )

    @property
    def size(self) -> int:
        """Number of worlds."""
        return int(self.worlds.sum())

    def arrays(self) -> Arrays:
        """Return all that is kept, but for the grids, as plain data."""
        spreads = {name: [one.arrays() for one in found] for name, found in self.spreads.items()}
        return self.worlds, dict(self.sums), spreads

    @classmethod
    def restored(cls, arrays: Arrays, by: Grids) -> Tally:
        """Return the tally of some `arrays`, on grids by what is spread."""
        worlds, sums, spreads = arrays
        return cls(
            worlds,
            sums,
            {
                name: tuple(map(Histogram.restored, found, by[name]))
                for name, found in spreads.items()
            },
        )

    def mean(self, name: str, plan: int) -> tuple[float, float]:
        """Return the mean of what is summed, and its standard error."""
        sums = self.sums[name][plan]
        return float(sums.sum()) / self.size, self.error(sums)

    def error(self, sums: Array) -> float:
        """Return the standard error of a mean, from its sums by replicate."""
        return float((sums / self.worlds).std(ddof=1) / sqrt(REPLICATES))


def summed(values: Array, worlds: Worlds) -> Array:
    """Return the sums of values by replicate, shape (n_plans, REPLICATES).

    Parameters
    ----------
    values : ndarray, shape (n_plans, n_worlds)
    worlds : Worlds
    """
    replicate = worlds.replicate()
    return np.stack([np.bincount(replicate, row, REPLICATES) for row in values])


def grids(outcomes: Outcomes, metrics: Iterable[str]) -> dict[str, tuple[Grid, ...]]:
    """Return grids for metrics that are about as in outcomes that are known."""
    found = {}
    for metric in metrics:
        laws = [law(outcomes, metric, plan) for plan in range(len(outcomes.values[metric]))]
        found[metric] = tuple(Grid.fitted(y.sample(), y.lattice) for y in laws)
    return found


def tally(
    outcomes: Outcomes,
    by: Grids,
    others: Mapping[str, Array],
    spread: Mapping[str, tuple[Array, tuple[Grid, ...]]],
) -> Tally:
    """Return what plans brought in a stretch of worlds.

    Parameters
    ----------
    outcomes : Outcomes
    by : mapping of str to tuple of Grid
        Of every metric to tell of.
    others : mapping of str to ndarray, shape (n_plans, n_worlds)
        What else means are taken of.
    spread : mapping of str to (ndarray of shape (n_plans, n_worlds), grids)
        What else quantiles are taken of.
    """
    worlds, replicate = outcomes.worlds, outcomes.worlds.replicate()
    spreads = {
        name: tuple(map(lambda row, grid: Histogram.of(row, replicate, grid), values, its))
        for name, (values, its) in spread.items()
    }
    for metric, its in by.items():
        luck = worlds.luck(metric)
        spreads[metric] = tuple(
            Histogram.of(law(outcomes, metric, plan).draw(luck), replicate, grid)
            for plan, grid in enumerate(its)
        )
    means = {base: outcomes.controlled[base] for metric in by for base in _bases(metric)}
    return Tally(
        np.bincount(replicate, minlength=REPLICATES).astype(float),
        {name: summed(values, worlds) for name, values in (means | dict(others)).items()},
        spreads,
    )


def total(tallies: Iterable[Tally], told: Callable[[int], None] = lambda done: None) -> Tally:
    """Return the tally of all worlds.

    Parameters
    ----------
    tallies : iterable of Tally
        Of stretches of worlds, in their order.
    told : callable, optional
        Told how many worlds are done.
    """

    def both(so_far: Tally, more: Tally) -> Tally:
        found = so_far + more
        told(found.size)
        return found

    return reduce(both, tallies)


def _bases(metric: str) -> tuple[str, ...]:
    """Return the metrics whose means the mean of a metric is made from."""
    return METRICS[metric].over or (metric,)


def summarise(found: Tally, metric: str, plan: int) -> Summary:
    """Return mean, quantiles and CVaR of a metric under one plan, with standard errors."""
    spread = found.spreads[metric][plan]
    statistics, errors = {}, {}
    statistics["mean"], errors["mean"] = _mean(found, metric, plan)
    for name, level in LEVELS.items():
        statistics[name], errors[name] = quantile(found, spread, level)
    statistics["cvar5"], errors["cvar5"] = worst_mean(found, spread, WORST, METRICS[metric].better)
    return Summary(statistics, errors)


def _mean(found: Tally, metric: str, plan: int) -> tuple[float, float]:
    """Return a mean and its standard error (for a ratio by linearisation)."""
    over = METRICS[metric].over
    if over is None:
        return found.mean(metric, plan)
    top, bottom = (found.sums[name][plan] for name in over)
    if bottom.sum() == 0:
        return (inf if top.sum() > 0 else float("nan")), float("nan")
    ratio, times = float(top.sum() / bottom.sum()), METRICS[metric].times
    se = found.error(top - ratio * bottom) / (bottom.sum() / found.size)
    return times * ratio, float(times * se)


def quantile(found: Tally, spread: Histogram, level: float) -> tuple[float, float]:
    """Return a quantile of the values of all worlds and its standard error (Woodruff 1952).

    Parameters
    ----------
    found : Tally
    spread : Histogram
        Of the values.
    level : float
    """
    if spread.size == 0:
        return float("nan"), float("nan")
    q, window = spread.quantile(level), slope_window(level, spread.size)
    low, high = max(level - window, 0.0), min(level + window, 1.0)
    rise = spread.quantile(high) - spread.quantile(low) if isfinite(q) else inf
    rise = rise if rise > 0 else spread.grid.step
    if not (isfinite(rise) and rise > 0):
        return q, float("nan")
    return q, found.error(spread.upto_by_replicate(q)[0]) * rise / (high - low)


def worst_mean(
    found: Tally, spread: Histogram, worst: float, better: str = "up", *, weight: float = 1.0
) -> tuple[float, float]:
    """Return the mean of the worst worlds and its standard error, or its blend with the mean.

    Parameters
    ----------
    found : Tally
    spread : Histogram
        Of the values.
    worst : float
        Share of the worlds.
    better : {"up", "down"}
        At which end the best worlds are.
    weight : float
        Of the worst worlds in the blend.
    """
    q = spread.quantile(worst if better == "up" else 1 - worst)
    if not isfinite(q) or spread.infinite(better):
        return (q if q != q else -inf if better == "up" else inf), float("nan")
    share = worst * spread.size / found.size

    def measured(worlds: F, sizes: F, sums: F, counts_to: F, sums_to: F) -> F:
        if better == "down":
            counts_to, sums_to = sizes - counts_to, sums - sums_to
        return weight * (q * worlds - (q * counts_to - sums_to) / share) + (1 - weight) * sums

    mean = measured(float(found.size), float(spread.size), spread.sum(), *spread.upto(q))
    parts = found.worlds, spread.sizes().astype(float), spread.sums(), *spread.upto_by_replicate(q)
    return mean / found.size, found.error(measured(*parts))
