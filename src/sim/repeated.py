"""How many people see at least so many named creators: each of them reaches a person or does not.

Given how heavily a person uses social media, creators reach her independently: the number of those
who do is a sum of unlike coin flips (Poisson-binomial), to which a tier that is no list of names
adds a Poisson number.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import factorial, inf

import numpy as np
from numpy.typing import NDArray

from sim.campaign import Classes
from sim.curves import exposure, gamma_nodes
from sim.lottery import CERTAIN, weighed

Array = NDArray[np.float64]

#: Classes of people that are counted at a time.
CLASSES = 128


def at_least(parts: Sequence[tuple[Array, bool]], times: int, heterogeneity: float) -> Array:
    """Return the share of people who see at least so many.

    Parameters
    ----------
    parts : sequence of (ndarray, bool)
        Of every line: the share of people whom a named creator reaches (True), or the contacts a
        head that another line brings; all of one shape, the first axis for plans.
    times : int
        At least 1.
    heterogeneity : float
        Shape κ of the gamma law of how heavily people use social media; may be infinite.
    """
    lines = [
        (exposure(np.minimum(x[rows], CERTAIN), heterogeneity) if named else x[rows], rows, named)
        for x, named in parts
        for rows in [_rows(x)]
        if x.any()
    ]
    shape = np.broadcast_shapes(*(x.shape for x, _ in parts))
    total = np.zeros(shape)
    for node, weight in zip(*gamma_nodes(heterogeneity), strict=True):
        counts = np.zeros((times, *shape))  # the chance of exactly 0, 1 … so far
        counts[0] = 1.0
        for u, rows, named in lines:
            part = counts[:, rows]
            _join(part, np.exp(-node * u), None if named else node * u)
            counts[:, rows] = part
        total += weight * (1 - counts.sum(axis=0))
    return np.clip(total, 0.0, 1.0)


def _rows(x: Array) -> slice | NDArray[np.intp]:
    """Return the plans that a line has a part in: most creators are hired in few."""
    there = np.flatnonzero(x.reshape(len(x), -1).any(axis=1))
    return slice(None) if there.size == len(x) else there


def _join(counts: Array, none: Array, contacts: Array | None) -> None:
    """Let one more line bring its contacts.

    Parameters
    ----------
    counts : ndarray, shape (times, ...)
        The chance of exactly 0, 1 …; it is changed.
    none : ndarray
        The chance that the line brings none.
    contacts : ndarray or None
        How many it brings on average (Poisson); None where it brings none or one.
    """
    for n in reversed(range(len(counts))):
        kept = counts[n] * none
        if contacts is None:
            counts[n] = kept + counts[n - 1] * (1 - none) if n else kept
            continue
        for j in range(1, n + 1):
            kept += counts[n - j] * none * contacts**j / factorial(j)
        counts[n] = kept


def in_segment(
    lines: Sequence[tuple[Array, bool]], people: Array, times: int, heterogeneity: float
) -> tuple[Array, Array]:
    """Return the people of a segment who see at least so many, and the sum of squared chances.

    Parameters
    ----------
    lines : sequence of (ndarray, bool)
        Contacts a head of every line, shape (n_plans, n_worlds), and whether it is a named creator.
    people : ndarray, shape (n_worlds,)
    times : int
    heterogeneity : float
    """
    share = at_least(lines, times, heterogeneity)
    return people * share, people * share**2


def in_classes(
    lines: Sequence[tuple[Array, int, bool]], classes: Classes, times: int
) -> tuple[Array, Array]:
    """Return what `in_segment` does, of classes of people who are alike.

    Parameters
    ----------
    lines : sequence of (ndarray, int, bool)
        Contacts of every line, shape (n_plans, n_worlds), its row among the classes' shares, and
        whether it is a named creator.
    classes : Classes
    times : int
    """
    size = lines[0][0].shape
    expected, squares = np.zeros(size), np.zeros(size)
    for start in range(0, classes.sizes.size, CLASSES):
        part = slice(start, start + CLASSES)
        people = classes.sizes[part]
        a_head = [
            (contacts[..., None] * (classes.shares[row, part] / people), named)
            for contacts, row, named in lines
        ]
        share = at_least(a_head, times, inf)
        expected += weighed(share, people)
        squares += weighed(share**2, people)
    return expected, squares
