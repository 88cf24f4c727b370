"""Attempts to refute a bound where no short proof of it exists: other plans are tried.

Local searches from many seeded starts, by steps that add money to a line, take it away or move
it to another. What they find is a plan; that they find nothing proves nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from optimize.outer import Outer
from optimize.problem import FEASIBILITY
from optimize.recheck import Bounds, Question

Array = NDArray[np.float64]

#: Searches, beside the one from the plan that is claimed to be best.
STARTS = 12

#: First and last step of a search, as shares of the budget.
FIRST, LAST = 0.25, 1e-3

#: Plans tried in one search.
TRIALS = 400


def searched(asked: Question, plan: Array, seed: int) -> Bounds:
    """Return the best plan that local searches find; it bounds from below alone.

    Parameters
    ----------
    asked : Question
    plan : ndarray, shape (n_lines,)
        Money; where the first search starts.
    seed : int
        Of the other starts.
    """
    best, value, made = plan, -np.inf, 0
    for start in _starts(asked, plan, np.random.default_rng(seed)):
        made += 1
        found, brings = _climbed(asked, start)
        if brings > value:
            best, value = found, brings
    return Bounds(value, np.inf, best, made)


def _starts(asked: Question, plan: Array, random: np.random.Generator) -> Iterator[Array]:
    """Yield allowed plans: the given one, then corners of what is allowed and mixtures of them."""
    if not asked.broken(plan):
        yield plan
    outer, corner = Outer(asked.problem), plan
    for turn in range(STARTS):
        spends = outer.towards(random.normal(size=plan.size))
        if spends is None:
            continue
        last, corner = corner, spends * asked.problem.budget
        part = random.random()
        mixed = part * corner + (1 - part) * last
        start = corner if outer.integer or turn % 2 else mixed
        if not asked.broken(start):
            yield start


def _climbed(asked: Question, start: Array) -> tuple[Array, float]:
    """Return the plan that steps lead to while each brings more, and what it brings."""
    plan, value, step, tried = start, asked.value(start), FIRST, 0
    while step >= LAST and tried < TRIALS:
        for move in _moves(asked, plan, step):
            tried += 1
            there = plan + move
            brings = asked.value(there)
            if brings > value and not asked.broken(there):
                plan, value = there, brings
                break
        else:
            step /= 2
    return plan, value


def _moves(asked: Question, plan: Array, step: float) -> Iterator[Array]:
    """Yield steps of about a share of the budget: more, less, or from one line to another."""
    problem = asked.problem
    size = np.full(plan.size, step * problem.budget)
    whole = np.array(problem.steps) > 0
    if problem.prices is not None:
        price = np.array(problem.prices)
        many = np.divide(size, price, out=np.ones(plan.size), where=price > 0)
        size = np.where(price > 0, np.maximum(np.round(many), 1.0) * price, size)
    one, room = np.eye(plan.size), problem.budget * (1 + FEASIBILITY) - plan.sum()
    for i in range(plan.size):
        if size[i] <= room:
            yield size[i] * one[i]
        if plan[i] <= 0:
            continue
        less = min(size[i], plan[i])
        yield -less * one[i]
        for j in np.flatnonzero(np.arange(plan.size) != i):
            more = size[j] if whole[j] else less
            yield more * one[j] - less * one[i]
