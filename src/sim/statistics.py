"""Statistics of one metric over the worlds, with the error each of them carries.

What is counted (people, events) is not averaged over fake draws: given the world its law is
known, and tails and probabilities are exact mixtures of those laws over the worlds. Errors come
from the independent replicates of the world-level points.

References
----------
Blackwell (1947) (conditioning); Woodruff (1952) (errors of quantiles); Hall and Sheather (1988),
"On the distribution of a Studentized quantile"; Rockafellar and Uryasev (2000) (CVaR); Stein
(1981), "Estimation of the mean of a multivariate normal distribution" (the slope of a mean);
Lavenberg and Welch (1981), "A perspective on the use of control variables".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, exp, inf, isfinite, pi, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri, stdtrit

from sim.laws import Counted, Known, Law
from sim.metrics import METRICS
from sim.outcomes import Outcomes
from sim.worlds import REPLICATES, Worlds

Array = NDArray[np.float64]

#: Quantiles that are reported, and the share of worst worlds whose mean is.
LEVELS = {"p5": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95}
WORST = 0.05

#: Metrics of which only whole numbers can happen.
COUNTED = ("reach", "effective_reach", "engagements", "clicks", "conversions")

#: What a law of money is the law of a count of.
COUNTS_OF = dict.fromkeys(("revenue", "profit", "roas"), "conversions")

#: Half-width, in standard errors, of a 90 % interval from that many replicates.
T90 = float(stdtrit(REPLICATES - 1, 0.95))

#: Deviation that ends the interval for which the window of a slope is chosen (90 %).
Z90 = float(ndtri(0.95))

#: Error of a probability that no sample of worlds can tell from none: where a law steps more
#: finely than this, its quantiles are solved to this and no further.
NEGLIGIBLE = 1e-5

#: How finely a quantile of a continuous law is solved for, relative to its spread.
RESOLUTION = 1e-7


@dataclass(frozen=True, slots=True)
class Summary:
    """One metric of one plan over the worlds; NaN where it is not defined.

    Parameters
    ----------
    statistics : dict of str to float
        ``mean`` (for a ratio: the ratio of the means), the quantiles of `LEVELS`, ``cvar5``
        (mean of the worst 5 % of worlds).
    errors : dict of str to float
        The standard error of each.
    """

    statistics: dict[str, float]
    errors: dict[str, float]

    @property
    def mean(self) -> float:
        """Return the mean."""
        return self.statistics["mean"]

    @property
    def se(self) -> float:
        """Return the standard error of the mean."""
        return self.errors["mean"]


def standard_error(worlds: Worlds, values: Array) -> float:
    """Return the standard error of the mean of a value per world.

    It is the spread of the means of the independent Sobol replicates (NaN with fewer worlds
    than replicates).
    """
    if worlds.size < REPLICATES:
        return float("nan")
    replicate = worlds.replicate()
    means = np.bincount(replicate, values, REPLICATES) / np.bincount(replicate, None, REPLICATES)
    return float(means.std(ddof=1) / sqrt(REPLICATES))


def law(outcomes: Outcomes, metric: str, plan: int) -> Law:
    """Return the law of a metric under one plan."""
    metric, at, phase = metric.partition("@")
    end, worlds = at + phase, outcomes.worlds

    def values(name: str) -> Array:
        return np.asarray(outcomes.values[name + end][plan])

    factor, constant = np.ones(worlds.size), np.zeros(worlds.size)
    count = COUNTS_OF.get(metric, metric)
    if metric != count:
        factor = worlds.values["order_value"]
        constant = values("revenue") - values(count) * factor  # of curves: not counted
    if metric == "profit":
        factor, constant = (x * worlds.values["margin"] for x in (factor, constant))
        constant = constant - values("spend")
    if metric == "roas":
        paid = (values("spend") > 0).all()
        factor, constant = (x / values("spend") if paid else 0 * x for x in (factor, constant))
    if metric != count and not values(count).any():
        return Known(values(metric))
    if count not in COUNTED or not (factor > 0).all():
        return Known(values(metric))
    counted = count + end in outcomes.chances
    chance = outcomes.chances[count + end][plan] if counted else np.zeros(worlds.size)
    return Counted(values(count), chance, factor, constant)


def summarise(outcomes: Outcomes, metric: str, plan: int) -> Summary:
    """Return mean, quantiles and CVaR of a metric under one plan, with standard errors."""
    mean, se = _mean(outcomes, metric, plan)
    statistics, errors = {"mean": mean}, {"mean": se}
    y = law(outcomes, metric, plan)
    solver = _Quantiles(outcomes.worlds, y)
    for name, level in LEVELS.items():
        statistics[name], errors[name] = solver.quantile(level)
    better, luck = METRICS[metric].better, _Luck.of(outcomes, metric, plan)
    worst = _worst_mean(outcomes.worlds, y, solver, better, luck)
    statistics["cvar5"], errors["cvar5"] = worst
    return Summary(statistics, errors)


def probability_at_least(outcomes: Outcomes, metric: str, plan: int, target: float) -> Array:
    """Return the probability that a metric reaches a target, in every world."""
    return law(outcomes, metric, plan).at_least(target)


def _mean(outcomes: Outcomes, metric: str, plan: int) -> tuple[float, float]:
    """Return a mean and its standard error (for a ratio by linearisation)."""
    worlds, over = outcomes.worlds, METRICS[metric].over
    if over is None:
        values = outcomes.controlled[metric][plan]
        return float(values.mean()), standard_error(worlds, values)
    top, bottom = (outcomes.controlled[name][plan] for name in over)
    if bottom.mean() == 0:
        return (inf if top.mean() > 0 else float("nan")), float("nan")
    ratio = top.mean() / bottom.mean()
    se = standard_error(worlds, (top - ratio * bottom) / bottom.mean())
    return METRICS[metric].times * float(ratio), METRICS[metric].times * se


@dataclass(frozen=True, slots=True)
class _Luck:
    """How the creators drawn move a metric.

    Parameters
    ----------
    usual : ndarray, shape (n_worlds,)
        The metric with every creator at her mean: a function of the world.
    more : ndarray, shape (n_worlds,)
        What those drawn add to it, to first order: 0 on average in every world.
    """

    usual: Array
    more: Array

    @classmethod
    def of(cls, outcomes: Outcomes, metric: str, plan: int) -> _Luck | None:
        """Return it for a metric under one plan, if it is known."""
        if metric not in outcomes.controlled:
            return None
        controlled = outcomes.controlled[metric]
        usual = outcomes.usual.get(metric, controlled)
        return cls(usual[plan], outcomes.values[metric][plan] - controlled[plan])

    def __neg__(self) -> _Luck:
        return _Luck(-self.usual, -self.more)

    def of_shortfall(self, q: float) -> Array:
        """Return how luck moves the shortfall below a level, to first order: 0 on average.

        Luck that is normal with spread s moves (q - Y)+ by its slope there times luck; the mean
        slope is -Φ((q - usual) / s) (Stein 1981). Any other function of the world would do
        instead, and take less of the error away.
        """
        size = float((self.usual**2).mean())
        spread = sqrt(float((self.more**2).mean()) / size) * np.abs(self.usual) if size > 0 else 0.0
        with np.errstate(divide="ignore", invalid="ignore"):
            below = ndtr((q - self.usual) / spread)
        return np.asarray(-self.more * np.where(np.isnan(below), 0.0, below))


def _worst_mean(
    worlds: Worlds, y: Law, solver: _Quantiles, better: str, luck: _Luck | None
) -> tuple[float, float]:
    """Return the mean of the worst worlds and its standard error."""
    if better == "down":
        y = Known(-y.sample())
        mean, se = _worst_mean(worlds, y, _Quantiles(worlds, y), "up", -luck if luck else None)
        return -mean, se
    q, _ = solver.quantile(WORST)
    if not (isfinite(q) and isfinite(y.below(q).sum())):
        return (-inf if q == q else q), float("nan")
    shortfall = (q * y.cdf(q) - y.below(q)) / solver.defined
    if luck is not None:
        shortfall = _controlled(worlds, shortfall, luck.of_shortfall(q))
    return q - max(float(shortfall.mean()), 0.0) / WORST, standard_error(worlds, shortfall) / WORST


def _controlled(worlds: Worlds, values: Array, control: Array) -> Array:
    """Return values less the part of them that a control of mean 0 in every world explains.

    The coefficient is that of least variance (Lavenberg and Welch 1981), for each replicate from
    the other ones: it does not depend on what it multiplies, so the mean stays unbiased.
    """
    if worlds.size < REPLICATES:
        return values
    replicate = worlds.replicate()
    together, alone = (np.bincount(replicate, x * control, REPLICATES) for x in (values, control))
    together, alone = together.sum() - together, alone.sum() - alone
    slope = np.divide(together, alone, out=np.zeros(REPLICATES), where=alone > 0)
    return np.asarray(values - slope[replicate] * control)


class _Quantiles:
    """Solves for quantiles of a mixture over the worlds in which the metric is defined."""

    def __init__(self, worlds: Worlds, y: Law) -> None:
        self._worlds, self._law = worlds, y
        sample = np.sort(y.sample())
        self._sorted = sample[: np.count_nonzero(~np.isnan(sample))]
        self.defined = self._sorted.size / sample.size

    def quantile(self, level: float) -> tuple[float, float]:
        """Return the smallest y with P(Y ≤ y) ≥ level, and its standard error."""
        if self._sorted.size == 0:
            return float("nan"), float("nan")
        density = self._density(level)
        q = self._sample_quantile(level)
        if not isinstance(self._law, Known) and 0 < density < inf:
            q = self._solve(level, q, density)
        few = isinstance(self._law, Known) and q == self._sorted[-1] and density < inf
        if few or not (isfinite(q) and density > 0):  # nothing is known of what lies beyond
            return q, float("nan")
        return q, standard_error(self._worlds, self._law.cdf(q)) / density

    def _sample_quantile(self, level: float) -> float:
        """Return the order statistic of the sample."""
        rank = min(max(ceil(level * self._sorted.size - 1e-9), 1), self._sorted.size)
        return float(self._sorted[rank - 1])

    def _density(self, level: float) -> float:
        """Return the slope of the sample's distribution function around a quantile."""
        window = slope_window(level, self._sorted.size)
        low, high = max(level - window, 0.0), min(level + window, 1.0)
        rise = self._sample_quantile(high) - self._sample_quantile(low)
        if not rise > 0:
            rise = self._law.lattice[1]
        return (high - low) / rise if rise > 0 else inf

    def _solve(self, level: float, guess: float, density: float) -> float:
        """Solve for a quantile on the lattice of the law (a fine grid if it has none)."""
        origin, step = self._law.lattice
        if step == 0:
            origin, step = guess, float(np.ptp(self._sorted)) * RESOLUTION

        def excess(j: int) -> float:
            return float(self._law.cdf(origin + step * j).mean()) - level

        start = round((guess - origin) / step)
        return origin + step * _first_at_least_zero(excess, start, density * step)


def slope_window(level: float, n: int) -> float:
    """Return the probability to either side over which the slope around a quantile is taken.

    The rule of Hall and Sheather (1988) for intervals of quantiles, at a normal law: narrow in
    the tails, where the slope changes fast.
    """
    z = float(ndtri(level))
    density = exp(-(z**2) / 2) / sqrt(2 * pi)
    return float((Z90**2 * 1.5 * density**2 / ((2 * z**2 + 1) * n)) ** (1 / 3))


def _first_at_least_zero(excess: Callable[[int], float], start: int, slope: float) -> int:
    """Return the smallest integer with excess ≥ 0 of a rising function.

    Steps with the given slope until the zero is bracketed, then false position by the Illinois
    rule (Dowell and Jarratt 1971).
    """
    enough = NEGLIGIBLE if slope < NEGLIGIBLE else 0.0
    low, high, below, above = -inf, inf, 0.0, 0.0
    j, stride = start, 1
    while high - low > 1:
        value = excess(j)
        if abs(value) < enough:
            return j
        if value < 0:
            low, below, above = j, value, above / 2
        else:
            high, above, below = j, value, below / 2
        if high - low == inf:
            j -= stride * (round(value / slope) or (1 if value > 0 else -1))
            stride *= 2
        else:
            guess = low + (high - low) * below / (below - above) if below < above else low
            j = int(min(max(round(guess), low + 1), high - 1))
    return int(high)
