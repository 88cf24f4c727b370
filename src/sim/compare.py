"""Plans against each other on common worlds.

A plan is best in a world if it has the largest expected value there: plans share their luck in
everything the world fixes and in who answers the call, and counting noise, which no decision
can foresee, is left out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Values this close, relative to the largest, are a tie.
TIE = 1e-12


def chance_best(values: Array) -> Array:
    """Return the share of worlds in which no plan is better; ties count for each.

    Parameters
    ----------
    values : ndarray, shape (n_plans, n_worlds)

    Returns
    -------
    ndarray, shape (n_plans,)
    """
    top = values.max(axis=0)
    best = values >= top - TIE * np.abs(top)
    return np.asarray(best.mean(axis=1))


def regret(values: Array) -> Array:
    """Return how much each plan loses to the best plan of every world.

    Parameters
    ----------
    values : ndarray, shape (n_plans, n_worlds)

    Returns
    -------
    ndarray, shape (n_plans, n_worlds)
    """
    return np.asarray(values.max(axis=0) - values)
