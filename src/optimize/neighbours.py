"""Local search over whole creators: a good plan to start the exact search from.

References
----------
Nemhauser, Wolsey and Fisher (1978) (greedy steps for submodular objectives), with swaps.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from optimize.objective import Objective
from optimize.problem import Problem

Array = NDArray[np.float64]

#: Promised gain, in units of the objective's size, below which a step is not tried.
TRIFLE = 1e-12


def improve(objective: Objective, problem: Problem, spends: Array) -> Array | None:
    """Round a plan down to whole creators and improve it while one step helps.

    A step hires one creator, or lets one go and hires as many of another line as the money
    allows. The objective is concave, so a step that its tangent does not promise a gain from
    has none and is not tried.

    Parameters
    ----------
    objective : Objective
    problem : Problem
        With prices.
    spends : ndarray, shape (n_lines,)
        Shares of the budget.

    Returns
    -------
    ndarray, shape (n_lines,), or None
        None where rounding down breaks a limit.
    """
    unit = np.array(problem.prices) / problem.budget
    counts = np.floor(spends / unit + 1e-9)
    if problem.violations(counts * unit * problem.budget):
        return None
    value = objective.value(counts * unit)
    while True:
        gradient = objective.slopes + objective.tangents(counts * unit)[1].sum(axis=0)
        for step in _promising(gradient * unit, counts, unit):
            tried = counts + step
            if problem.violations(tried * unit * problem.budget):
                continue
            gained = objective.value(tried * unit)
            if gained > value + TRIFLE:
                counts, value = tried, gained
                break
        else:
            return np.asarray(counts * unit)


def _promising(gradient: Array, counts: Array, unit: Array) -> Iterator[Array]:
    """Yield steps in the order of the gain their tangent promises, while it promises any."""
    one = np.eye(counts.size)
    steps = [one[i] for i in range(counts.size)]
    left = max(1 - counts @ unit, 0.0)
    for i in np.flatnonzero(counts):
        for j in range(counts.size):
            many = np.floor((left + unit[i]) / unit[j] + 1e-9)
            if i != j and many >= 1:
                steps += [one[j] - one[i], many * one[j] - one[i]]
    promise = np.array([gradient @ step for step in steps])
    for at in np.argsort(-promise, kind="stable"):
        if promise[at] <= TRIFLE:
            return
        yield steps[at]
