"""Stochastic dominance: whether one plan is better than another whatever the luck.

What is compared are the distributions of two plans over the worlds that were drawn, with the laws
of counts mixed in: no world is matched with another. Plan A dominates plan B

- to the first order if no outcome is more likely to be missed by A than by B: at every level of
  luck A brings at least as much, and at one it brings more;
- to the second order if no shortfall below any outcome is larger under A than under B: the worst
  share of luck, however large it is taken, is on average no worse under A. Everybody who dislikes
  risk and likes more prefers A.

What a world fixes is compared exactly, by order statistics. Counts are compared at every value if
there are few, otherwise at the values that every plan takes at some levels of luck, far into both
tails.

References
----------
Hadar and Russell (1969), "Rules for ordering uncertain prospects"; Rothschild and Stiglitz (1970),
"Increasing risk"; Levy (1992) (quantiles).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from sim.compare import TIE
from sim.laws import Known, Law
from sim.mapping import threads

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

#: Values at which counts are compared: in all, and of every plan at least.
VALUES, FEWEST = 128, 24

#: Counts beyond the largest of the sample that are looked at where counts are few.
BEYOND = 8

#: How far beyond the samples' ends, relative to their span, laws are looked at too; at the far end
#: they are all but certain, and mean shortfalls differ by the means.
TAIL = np.array([0.03, 0.1, 0.3, 1.0])

#: Differences of probabilities smaller than this are rounding.
ROUNDING = 1e-10


@dataclass(frozen=True, slots=True)
class Dominance:
    """Which plan dominates which.

    Parameters
    ----------
    first, second : ndarray of bool, shape (n_plans, n_plans)
        Whether the plan of the row dominates that of the column, to the first and to the second
        order. The first implies the second.
    """

    first: Flags
    second: Flags


def dominance(laws: Sequence[Law]) -> Dominance:
    """Compare the laws of one metric under several plans, on common worlds.

    Parameters
    ----------
    laws : sequence of Law, shape (n_plans,)
        More is better. No value may be undefined.
    """
    if all(isinstance(law, Known) for law in laws):
        return _of_samples(np.sort([law.sample() for law in laws], axis=1))
    return _of_laws(laws)


def _of_samples(rising: Array) -> Dominance:
    """Compare equally many sorted values of every plan, shape (n_plans, n_worlds)."""
    tie = TIE * np.abs(rising).max()
    sums, ties = np.cumsum(rising, axis=1), tie * np.arange(1, rising.shape[1] + 1)
    first = _above(rising, np.full(rising.shape[1], tie))
    return Dominance(first, first | _above(sums, ties))


def _above(curves: Array, tie: Array) -> Flags:
    """Return which curve is nowhere below which and somewhere above, shape (n, n)."""
    more = curves[:, None] - curves[None, :]
    return np.asarray((more >= -tie).all(axis=2) & (more > tie).any(axis=2))


def _of_laws(laws: Sequence[Law]) -> Dominance:
    """Compare distribution functions and mean shortfalls at common values."""
    values = _values(laws)
    missed = np.array(list(threads(lambda law: [law.cdf(y).mean() for y in values], laws)))
    first = _above(-missed, np.full(values.size, ROUNDING))
    second = first.copy()
    # Second order takes more work, and follows from the first where that holds.
    for i in range(len(laws)):
        rest = [j for j in range(i) if not (first[i, j] or first[j, i])]
        if rest:
            pairs = [i, *rest]
            short = _shortfalls([laws[j] for j in pairs], values, missed[pairs])
            above = _above(-short, ROUNDING * (values - values[0] + np.ptp(values)))
            second[i, rest], second[rest, i] = above[0, 1:], above[1:, 0]
    return Dominance(first, second)


def _shortfalls(laws: Sequence[Law], values: Array, missed: Array) -> Array:
    """Return E[(y − Y)+] of every law at the given values, shape (n_laws, n_values)."""
    below = np.array([[law.below(y).mean() for y in values] for law in laws])
    return np.asarray(values * missed - below)


def _values(laws: Sequence[Law]) -> Array:
    """Return rising values at which laws are compared.

    Where counts take few values, all of them; otherwise quantiles of every law, at levels of luck
    that are evenly spread on the scale of a normal deviate, and so reach into the tails.
    """
    samples = [np.sort(law.sample()) for law in laws]
    origin = laws[0].lattice[0]
    ends = min(x[0] for x in samples), max(x[-1] for x in samples)
    step = max(law.lattice[1] for law in laws)
    if step > 0 and all(law.lattice == (origin, step) for law in laws):
        few = np.arange(np.floor((ends[0] - origin) / step), (ends[1] - origin) / step + BEYOND)
        if few.size <= VALUES:
            return np.asarray(origin + step * few)
    farthest = ndtri(0.5 / samples[0].size)
    levels = ndtr(np.linspace(farthest, -farthest, max(VALUES // len(laws), FEWEST)))
    found = [np.quantile(x, [0.0, *levels, 1.0], method="inverted_cdf") for x in samples]
    span = ends[1] - ends[0] + BEYOND * step
    found += [ends[0] - span * TAIL, ends[1] + span * TAIL]
    return np.unique(np.concatenate(found))
