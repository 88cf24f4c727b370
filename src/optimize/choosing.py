"""The best choice of whole creators at named prices, and the proof of how good it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf

import numpy as np
from numpy.typing import NDArray

from optimize.coverage import Extended
from optimize.cutting import Search
from optimize.errors import UnfoundError
from optimize.floors import Floor
from optimize.functional import Functional, functional
from optimize.optimum import priced
from optimize.picking import Picker
from optimize.problem import Problem
from optimize.risk import MEAN, Risk
from sim.response import Response
from sim.shapes import Exponential

Array = NDArray[np.float64]

#: Relative gap that is promised; to which the bound on parts of creators is found.
PROMISE, RELAXED_GAP = 0.01, 1e-4

#: Lines up to which the integer program is asked, and up to which it is if the promise is not
#: kept; the gap it stops at, and its rounds.
FEW, MORE, EXACT_GAP, INTEGER_ROUNDS = 40, 120, 1e-4, 60

#: Gap, as if the budget were the only limit, at which the ascent ends.
NEAR = 1e-3

#: Tangents of the bound; steps of the ascent that says where to take the first.
ROUNDS, ASCENT, HALVINGS = 200, 300, 60


@dataclass(frozen=True, slots=True)
class Choice:
    """The best choice found, and the proof of how good it is.

    Parameters
    ----------
    counts : ndarray, shape (n_lines,)
        How many of each creator (0 or 1, for a named one).
    plan : ndarray, shape (n_lines,)
        Money.
    value, upper_bound : float
        Of the objective, on the worlds of the optimisation: the choice's, and one that no
        choice passes.
    relative_gap : float
        Their distance, relative to the larger of them.
    greedy : ndarray, shape (n_lines,)
        Counts of the better of greedy steps by gain and by gain per money.
    greedy_value : float
    rounds : int
        Tangents taken.
    prices : mapping of str to float
        What more of every limit adds, at the rate of parts of creators; as for `Solution`.
    """

    counts: Array
    plan: Array
    value: float
    upper_bound: float
    relative_gap: float
    greedy: Array
    greedy_value: float
    rounds: int
    prices: Mapping[str, float] = field(default_factory=dict)

    @property
    def kept(self) -> bool:
        """Whether the gap that is promised was reached."""
        return self.relative_gap <= PROMISE


def refuse_shapes(response: Response) -> None:
    """Refuse a metric that is no weighted coverage of people.

    Raises
    ------
    ValueError
        If one of its curves is not exponential.
    """
    if not all(isinstance(ridges.shape, Exponential) for ridges in response.ridges):
        raise ValueError("only metrics whose curves are exponential can be chosen for")


def choose(
    problem: Problem,
    response: Response,
    risk: Risk = MEAN,
    floors: Sequence[Floor] = (),
    *,
    picker: Picker | None = None,
) -> Choice:
    """Choose whole creators, and bound what any choice brings.

    The choice: greedy steps, the bound's own plan rounded, and swaps from both. The bound: parts
    of creators allowed, cut by tangents; for few lines the integer program as well.

    Parameters
    ----------
    problem : Problem
        With prices.
    response : Response
        Whose ridges are exponential.
    risk : Risk
        Concave.
    floors : sequence of Floor
        With exponential ridges. The choice keeps them all, the bound those that are concave.
    picker : Picker, optional
        Of the same task, where there is one.

    Raises
    ------
    InfeasibleError
        If no choice that keeps all limits and floors was found.
    ValueError
        If a curve is not exponential.
    """
    for one in (response, *(floor.response for floor in floors)):
        refuse_shapes(one)
    picker = picker or Picker(problem, response, risk, floors)
    greedy = picker.greedy()
    best = picker.improved(greedy)
    concave = [j for j, floor in enumerate(floors) if floor.risk.concave]
    proved = [floors[j] for j in concave]  # what is left out can only raise the bound
    search = _search(problem, response, risk, proved, picker, best)
    if risk == MEAN and problem.n_lines > FEW:
        search.offer(_ascent(search, problem, picker), relaxed=True)
    search.climb(RELAXED_GAP, relaxed=True, rounds=ROUNDS)
    prices, _ = priced(search, problem, search.master)
    of = {f"floor{k}": f"floor{j}" for k, j in enumerate(concave)}
    prices = {of.get(name, name): price for name, price in prices.items()}
    best = _rounded(search, picker, best)
    bound = search.bound * search.objective.size
    left = gap(picker.value(best), bound) if picker.short(best) == 0 else inf
    if left > (EXACT_GAP if problem.n_lines <= FEW else PROMISE) and problem.n_lines <= MORE:
        search.best, search.value = best * picker.prices / problem.budget, -inf
        search.climb(EXACT_GAP, relaxed=False, rounds=INTEGER_ROUNDS)
        bound = min(bound, search.bound * search.objective.size)
        if search.value > -inf:
            found = np.round(search.best * problem.budget / picker.prices)
            best = max(picker.improved(found), best, key=picker.rank)
    if picker.short(best) > 0:
        message = "no choice of creators was found that keeps all limits and floors"
        raise UnfoundError(message, bound)
    value = picker.value(best)
    bound = max(bound, value)
    return Choice(
        best, best * picker.prices, value, bound, gap(value, bound), greedy,
        picker.value(greedy), search.rounds, prices,
    )  # fmt: skip


def gap(value: float, bound: float) -> float:
    """Return the distance of a value and a bound, relative to the larger of them."""
    scale = max(abs(value), abs(bound))
    return max(bound - value, 0.0) / scale if scale > 0 else 0.0


def _search(
    problem: Problem,
    response: Response,
    risk: Risk,
    floors: Sequence[Floor],
    picker: Picker,
    best: Array,
) -> Search:
    """Return a search in units of what a good choice brings."""
    objective: Functional = (
        Extended(picker.metric, picker.prices, problem.budget)
        if risk == MEAN
        else functional(response, problem.budget, risk)
    )
    size = abs(picker.value(best))
    search = Search(problem, objective.measured_in(size / objective.size if size else 1.0), floors)
    search.offer(best * picker.prices / problem.budget, relaxed=True)
    return search


def _rounded(search: Search, picker: Picker, best: Array) -> Array:
    """Return the better of a choice and the bound's plan, rounded down and improved."""
    counts = np.floor(search.best * picker.problem.budget / picker.prices + 1e-6)
    counts = np.maximum(np.minimum(counts, picker.most), picker.least)
    if picker.problem.violations(counts * picker.prices) and picker.short(counts) == 0:
        return best
    return max(picker.improved(counts), best, key=picker.rank)


def _ascent(search: Search, problem: Problem, picker: Picker) -> Array:
    """Return a plan in parts of creators near the best, shape (n_lines,), shares of the budget.

    Accelerated projected gradient steps (Beck and Teboulle 2009) under the budget alone.
    """
    objective, unit = search.objective, picker.prices / problem.budget
    most = picker.most * unit
    x = y = search.best.copy()
    step, momentum = 1e-3, 1.0
    value, bound = objective.value(x), inf
    for _ in range(ASCENT):
        values, gradients = objective.tangents(y)
        slope = objective.slopes + gradients.sum(axis=0)
        here = float(objective.slopes @ y + values.sum())
        bound = min(bound, here - float(slope @ y) + _most(slope, most))
        if bound - value <= NEAR * abs(bound):
            return y if here > value else x
        while True:
            after = _projected(y + step * unit * slope, unit, most)
            move = after - y
            promised = here + slope @ move - (move**2 / unit).sum() / (2 * step)
            gained = objective.value(after)
            if gained >= promised - 1e-12 or step < 1e-9:
                break
            step /= 2
        following = (1 + (1 + 4 * momentum**2) ** 0.5) / 2
        y = np.clip(after + (momentum - 1) / following * (after - x), 0.0, most)
        if gained < value:
            y, following = x.copy(), 1.0
        else:
            x, value = after, gained
        momentum, step = following, step * 1.3
    return x


def _most(slope: Array, most: Array) -> float:
    """Return the largest value of a linear function of a plan within the budget alone."""
    order = np.argsort(-slope)
    room = np.concatenate([[0.0], np.minimum(np.cumsum(most[order]), 1.0)])
    return float(np.diff(room) @ np.maximum(slope[order], 0.0))


def _projected(y: Array, unit: Array, most: Array) -> Array:
    """Return the nearest plan that keeps to the budget, distances measured in creators."""
    x = np.clip(y, 0.0, most)
    if x.sum() <= 1:
        return x
    low, high = 0.0, float((y / unit).max())
    for _ in range(HALVINGS):
        price = (low + high) / 2
        if np.clip(y - price * unit, 0.0, most).sum() > 1:
            low = price
        else:
            high = price
    return np.clip(y - high * unit, 0.0, most)
