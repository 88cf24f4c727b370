"""Local search over whole creators: a good plan to start the exact search from.

References
----------
Nemhauser, Wolsey and Fisher (1978) (greedy steps for submodular objectives), with swaps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from optimize.functional import Functional
from optimize.problem import Problem

Array = NDArray[np.float64]

#: Promised gain, in units of the objective's size, below which a step is not tried.
TRIFLE = 1e-12

#: The largest slope that is told from a larger one.
STEEPEST = 1e12


def improve(
    objective: Functional,
    problem: Problem,
    spends: Array,
    allowed: Callable[[Array], bool] = lambda spends: True,
) -> Array | None:
    """Round a plan down to whole creators and improve it while one step helps.

    A step hires one creator, or lets one go and hires as many of another line as the money
    allows. Where the objective is concave, a step that its tangent does not promise a gain from
    has none and is not tried.

    Parameters
    ----------
    objective : Functional
    problem : Problem
        With prices.
    spends : ndarray, shape (n_lines,)
        Shares of the budget.
    allowed : callable
        Whether a plan that satisfies the limits is allowed.

    Returns
    -------
    ndarray, shape (n_lines,), or None
        None where rounding down breaks a limit.
    """
    unit = np.array(problem.prices) / problem.budget

    def broken(counts: Array) -> bool:
        plan = counts * unit
        return bool(problem.violations(plan * problem.budget)) or not allowed(plan)

    counts = np.floor(spends / unit + 1e-9)
    if broken(counts):
        return None
    value = objective.value(counts * unit)
    while True:
        gradient = objective.slopes + objective.tangents(counts * unit)[1].sum(axis=0)
        gradient = np.minimum(gradient, STEEPEST)  # a curve may start infinitely steep
        for step, promise in _steps(gradient * unit, counts, unit):
            if promise <= TRIFLE and objective.concave:
                return np.asarray(counts * unit)
            if broken(counts + step):
                continue
            gained = objective.value((counts + step) * unit)
            if gained > value + TRIFLE:
                counts, value = counts + step, gained
                break
        else:
            return np.asarray(counts * unit)


def _steps(gradient: Array, counts: Array, unit: Array) -> Iterator[tuple[Array, float]]:
    """Yield steps and the gain that their tangent promises, the largest first."""
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
        yield steps[at], float(promise[at])
