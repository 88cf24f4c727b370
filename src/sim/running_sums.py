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
            self._inside[1:, q, : self._groups] = groups.swapaxes(0, 1)
        for above, row in pairwise(self._inside):
            np.add(row, above, out=row)
        for g in range(self._groups):
            np.add(self._before[g], self._inside[-1, :, g], out=self._before[g + 1])

    def read(self, counts: Array, sums: Array) -> None:
        """Read the sums of the counts that end among the creators held.

        Parameters
        ----------
        counts : ndarray, shape (n_counts, n_worlds)
            Of creators, from the first one held; a part of a creator counts by its part.
        sums : ndarray, shape (n_quantities, n_counts, n_worlds)
            Is filled where counts end here.
        """
        _, n_quantities, groups, n_worlds = self._inside.shape
        last, stride = self._groups * GROUP, groups * n_worlds
        ends = (counts > 0) & (counts <= last)
        if not ends.any():
            return
        at = counts[ends]
        below = np.minimum(at.astype(np.int64), last - 1)
        part, world = at - below, np.nonzero(ends)[1]
        group, row = np.divmod(below, GROUP)
        here = (row * n_quantities * groups + group) * n_worlds + world
        past = group * n_quantities * n_worlds + world
        for q, total in enumerate(sums):
            low = self._inside.take(here + q * stride).astype(float)
            high = self._inside.take(here + (n_quantities + q) * stride)
            total[ends] = self._before.take(past + q * n_worlds) + low + part * (high - low)
