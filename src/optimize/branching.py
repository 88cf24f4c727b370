"""Branch and bound: the best plan where a response is not concave.

A box of plans is bounded by the concave envelopes of all curves over it. Where that is not
tight enough the box is split at the plan that promises the bound, on the line whose curves are
furthest below their envelopes there; the most promising box comes first.

References
----------
Falk and Soland (1969), "An algorithm for separable nonconvex programming problems"; Land and
Doig (1960).
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from math import inf

import numpy as np
from numpy.typing import NDArray

from optimize.cutting import WHOLE, Box, Search
from optimize.problem import Problem

Array = NDArray[np.float64]

#: Boxes after which the search stops with the gap it has.
BOXES = 3000

#: A box is split no closer to its sides than this share of its width.
MARGIN = 0.05

#: Width, as a share of the budget, of a line that is not split any more.
NARROW = 1e-10


def branch(
    search: Search,
    problem: Problem,
    root: Box,
    gap: float,
    told: Callable[[float], None] = lambda gap: None,
) -> int:
    """Split boxes until the gap is closed or too many have been looked at.

    Parameters
    ----------
    search : Search
        Takes the best plan and the bound.
    problem : Problem
    root : Box
        As `Search.settle` returns it.
    gap : float
        Relative.
    told : callable, optional
        Told the gap that is left after every box that was split.

    Returns
    -------
    int
        Boxes that were looked at.
    """
    order, looked, closed = count(), 1, -inf
    root = replace(root, high=_in_creators(problem, root.low, root.high)[1])
    queue = [(-root.bound, next(order), root)]
    while queue and looked < BOXES and search.promising(max(-queue[0][0], closed), gap):
        _, _, box = heapq.heappop(queue)
        for half in _halves(search, problem, box):
            settled = search.settle(half, gap)
            looked += 1
            if search.promising(settled.bound, gap):
                heapq.heappush(queue, (-settled.bound, next(order), settled))
            else:
                closed = max(closed, settled.bound)
        search.bound = max(search.value, closed, *(-bound for bound, _, _ in queue[:1]))
        told(search.gap)
    search.bound = max(search.value, closed, *(-bound for bound, _, _ in queue[:1]))
    return looked


def _halves(search: Search, problem: Problem, box: Box) -> Iterator[Box]:
    """Yield the two parts of a box."""
    doubt = search.doubt(box)
    indivisible = _indivisible(problem, box)
    doubt = np.where(box.width > NARROW, np.maximum(doubt, 0.0), -inf)
    doubt = np.where(indivisible, doubt + search.stakes(box), doubt)
    line = int(np.argmax(doubt)) if doubt.max() > 0 else int(np.argmax(box.width))
    below, above = _cleft(problem, box, line)
    for low, high in ((box.low[line], below), (above, box.high[line])):
        ends = box.low.copy(), box.high.copy()
        ends[0][line], ends[1][line] = low, high
        if low <= high:
            yield Box(*_in_creators(problem, *ends), box.bound, box.start, box.cuts)


def _in_creators(problem: Problem, low: Array, high: Array) -> tuple[Array, Array]:
    """Shrink a box to whole creators, so that every split leaves a smaller one."""
    if problem.prices is None:
        return low, high
    unit = np.array(problem.prices) / problem.budget
    least, most = np.ceil(low / unit - WHOLE) * unit, np.floor(high / unit + WHOLE) * unit
    return np.minimum(least, most), most


def _indivisible(problem: Problem, box: Box) -> NDArray[np.bool_]:
    """Return which lines spend what cannot be spent: parts of a creator, less than a deal."""
    plan = box.start * problem.budget
    deals = np.array(problem.minimum_deals)
    found = (plan > WHOLE * problem.budget) & (plan < deals * (1 - WHOLE))
    if problem.prices is not None:
        counts = plan / problem.prices
        found |= np.abs(counts - np.round(counts)) > WHOLE
    return np.asarray(found)


def _cleft(problem: Problem, box: Box, line: int) -> tuple[float, float]:
    """Return where a line is split: the most of the lower part, the least of the upper."""
    low, high, at = box.low[line], box.high[line], box.start[line]
    deal = problem.minimum_deals[line] / problem.budget
    if low < deal and 0 < at < deal:
        return 0.0, deal
    margin = MARGIN * (high - low)
    at = float(np.clip(at, low + margin, high - margin))
    if problem.prices is None:
        return at, at
    unit = problem.prices[line] / problem.budget
    below = np.floor(at / unit + WHOLE)
    below = min(below, np.floor(high / unit + WHOLE) - 1)
    return float(below * unit), float((below + 1) * unit)
