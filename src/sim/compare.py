"""Plans against each other on common worlds.

A plan is best in a world if it has the largest expected value there: plans share their luck in
everything the world fixes and in who answers the call, and counting noise, which no decision
can foresee, is left out.

References
----------
Wilson (1927), "Probable inference, the law of succession, and statistical inference".
"""

from __future__ import annotations

from math import sqrt

import numpy as np
from numpy.typing import NDArray

from sim.statistics import T90, standard_error
from sim.worlds import Worlds

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
    return np.asarray(best(values).mean(axis=1))


def best(values: Array) -> Array:
    """Return in which worlds no plan is better: 1 or 0; ties count for each.

    Parameters
    ----------
    values : ndarray, shape (n_plans, n_worlds)

    Returns
    -------
    ndarray, shape (n_plans, n_worlds)
    """
    top = values.max(axis=0)
    return np.asarray(values >= top - TIE * np.abs(top), dtype=float)


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


def wins(values: Array, others: Array) -> Array:
    """Return in which worlds one plan brings more than another: 1, or 0, or 1/2 for a tie.

    Parameters
    ----------
    values, others : ndarray, shape (n_worlds,)
    """
    tie = TIE * np.maximum(np.abs(values), np.abs(others))
    ahead = np.where(np.abs(values - others) <= tie, 0.0, np.sign(values - others))
    return np.asarray((1 + ahead) / 2)


def share_interval(worlds: Worlds, happens: Array) -> tuple[float, float]:
    """Return a 90 % interval for the chance of something, that ends inside 0 and 1.

    It is Wilson's, with as many worlds as plain random ones with that standard error; where it
    happened in all worlds or in none, with the worlds that there are.

    Parameters
    ----------
    worlds : Worlds
    happens : ndarray, shape (n_worlds,)
        Whether it does, or how likely it does, in every world.
    """
    share, se = float(happens.mean()), standard_error(worlds, happens)
    return interval_of_share(share, se, worlds.size)


def interval_of_share(share: float, se: float, n_worlds: int) -> tuple[float, float]:
    """Return what `share_interval` does, from a share and its standard error.

    Parameters
    ----------
    share, se : float
    n_worlds : int
    """
    spread = share * (1 - share)
    n = spread / se**2 if se > 0 and spread > 0 else float(n_worlds)
    pull = T90**2 / n
    middle = (share + pull / 2) / (1 + pull)
    half = T90 * sqrt(spread / n + pull / (4 * n)) / (1 + pull)
    return middle - half if share > 0 else 0.0, middle + half if share < 1 else 1.0
