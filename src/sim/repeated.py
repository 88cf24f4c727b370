"""How many people see at least so many named creators: each of them reaches a person or does not.

Given how heavily a person uses social media, creators reach her independently: the number of those
who do is a sum of unlike coin flips (Poisson-binomial), to which a tier that is no list of names
adds a Poisson number.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import factorial, inf

import numpy as np
from numpy.typing import NDArray

from sim.campaign import Classes
from sim.curves import exposure, gamma_nodes
from sim.lottery import CERTAIN

Array = NDArray[np.float64]

#: Classes of people that are counted at a time.
CLASSES = 128


def at_least(parts: Iterable[tuple[Array, bool]], times: int, heterogeneity: float) -> Array:
    """Return the share of people who see at least so many.

    Parameters
    ----------
    parts : iterable of (ndarray, bool)
        Of every line: the share of people whom a named creator reaches (True), or the contacts a
        head that another line brings; all of one shape.
    times : int
        At least 1.
    heterogeneity : float
        Shape κ of the gamma law of how heavily people use social media; may be infinite.
    """
    lines = [
        (exposure(np.minimum(x, CERTAIN), heterogeneity) if named else x, named)
        for x, named in parts
        if x.any()
    ]
    if not lines:
        return np.zeros(1)
    total = np.zeros(lines[0][0].shape)
    for node, weight in zip(*gamma_nodes(heterogeneity), strict=True):
        total += weight * (1 - _below([(node * u, named) for u, named in lines], times))
    return np.clip(total, 0.0, 1.0)


def _below(lines: Sequence[tuple[Array, bool]], times: int) -> Array:
    """Return the chance of fewer than so many, given contacts a head of every line."""
    shape = lines[0][0].shape
    counts = [np.ones(shape), *(np.zeros(shape) for _ in range(times - 1))]
    for u, named in lines:
        none = np.exp(-u)
        steps = [none, 1 - none] if named else [none * u**j / factorial(j) for j in range(times)]
        for n in reversed(range(times)):
            counts[n] = sum(
                (counts[n - j] * step for j, step in enumerate(steps[: n + 1])), np.zeros(shape)
            )
    return np.asarray(sum(counts))


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
        a_head = (
            (contacts[..., None] * (classes.shares[row, part] / people), named)
            for contacts, row, named in lines
        )
        share = np.broadcast_to(at_least(a_head, times, inf), (*size, people.size))
        expected += share @ people
        squares += share**2 @ people
    return expected, squares
