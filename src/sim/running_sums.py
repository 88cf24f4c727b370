"""Running sums over creators in draw order, read at any number of creators."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Floats = NDArray[np.float32]

#: Creators who are added up in float32; longer sums are in float64.
GROUP = 8

#: Sums that are read at a time: keeps the arrays in cache.
READ = 8192


class RunningSums:
    """What the creators bring before every group of them, and inside it.

    Parameters
    ----------
    groups : int
        The most that are held at a time.
    n_quantities, n_worlds : int
    """

    def __init__(self, groups: int, n_quantities: int, n_worlds: int) -> None:
        self._inside = np.zeros((GROUP + 1, n_quantities, groups, n_worlds), np.float32)
        self._before = np.zeros((groups + 1, n_quantities, n_worlds))
        self._groups = 0

    def restart(self) -> None:
        """Begin anew: with the creators of another block of as many worlds, or fewer."""
        self._groups = 0
        self._before[0] = 0

    def go_on(self, rows: Sequence[Floats]) -> None:
        """Let the next groups of creators follow those that are held.

        Parameters
        ----------
        rows : sequence of ndarray, shape (n_creators, n_worlds)
            One a quantity; a multiple of `GROUP` creators.
        """
        self._before[0] = self._before[self._groups]
        self._groups = len(rows[0]) // GROUP
        for q, values in enumerate(rows):
            groups = values.reshape(self._groups, GROUP, -1)
            self._inside[1:, q, : self._groups, : groups.shape[2]] = groups.swapaxes(0, 1)
        for above, row in pairwise(self._inside):
            np.add(row, above, out=row)
        for g in range(self._groups):
            np.add(self._before[g], self._inside[-1, :, g], out=self._before[g + 1])

    def read(self, counts: Array, first: int, ends: NDArray[np.intp], sums: Array) -> None:
        """Read the sums of the counts that end among the creators held.

        Parameters
        ----------
        counts : ndarray, shape (n_counts, n_worlds)
            Of creators; a part of a creator counts by its part.
        first : int
            Creators before those held.
        ends : ndarray of int
            Which counts end here, of all in a row.
        sums : ndarray, shape (n_quantities, n_counts * n_worlds)
            Is filled there.
        """
        _, n_quantities, groups, n_worlds = self._inside.shape
        group, row = np.divmod(np.arange(self._groups * GROUP), GROUP)
        of_row = (row * n_quantities * groups + group) * n_worlds
        of_group = group * n_quantities * n_worlds
        inside, before, everything = self._inside.ravel(), self._before.ravel(), counts.ravel()
        for start in range(0, ends.size, READ):
            place = ends[start : start + READ]
            at, world = everything.take(place) - first, place % counts.shape[1]
            below = np.minimum(at.astype(np.intp), len(group) - 1)
            at -= below
            here, past = of_row.take(below) + world, of_group.take(below) + world
            for q, total in enumerate(sums):
                low = inside.take(here + q * groups * n_worlds).astype(float)
                high = inside.take(here + (n_quantities + q) * groups * n_worlds)
                total[place] = before.take(past + q * n_worlds) + low + at * (high - low)
