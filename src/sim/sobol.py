"""Scrambled Sobol points that can be drawn at any index.

Every replicate is the same Sobol sequence under an independent random linear matrix scramble
and digital shift, so that each point is uniform and the replicates are independent: the spread
of their means is an honest standard error.

References
----------
Sobol (1967); Matoušek (1998), "On the L2-discrepancy for anchored boxes" (linear matrix
scramble); L'Ecuyer and Lemieux (2002) (standard errors from independent randomisations).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from sim.direction_numbers import DIMENSIONS, ROWS

BITS = 32

Bits = NDArray[np.uint32]


@cache
def _generators() -> Bits:
    """Return the columns of the generator matrices, row 0 the highest bit, (DIMENSIONS, BITS)."""
    columns = np.zeros((DIMENSIONS, BITS), np.uint32)
    columns[0] = [1 << (BITS - 1 - j) for j in range(BITS)]
    for d, row in enumerate(ROWS.split("\n")[1:-1], start=1):
        polynomial, *initial = map(int, row.split())
        columns[d] = _direction_vectors(polynomial, initial)
    return columns


def _direction_vectors(polynomial: int, initial: Sequence[int]) -> list[int]:
    """Return the BITS direction vectors of one dimension (Bratley and Fox 1988)."""
    degree = polynomial.bit_length() - 1
    vectors = [m << (BITS - 1 - j) for j, m in enumerate(initial)]
    for j in range(degree, BITS):
        new = vectors[j - degree] ^ (vectors[j - degree] >> degree)
        for k in range(1, degree):
            if (polynomial >> (degree - k)) & 1:
                new ^= vectors[j - k]
        vectors.append(new)
    return vectors


#: The place of the diagonal in every row of a matrix, and the columns before it.
DIAGONAL = np.uint32(1) << np.arange(BITS - 1, -1, -1, dtype=np.uint32)
BEFORE = ~(2 * DIAGONAL - np.uint32(1))


class Scramble:
    """Independent randomisations of the Sobol sequence.

    Parameters
    ----------
    streams : sequence of numpy.random.SeedSequence, shape (n_dimensions,)
        The randomness of each dimension; at most `DIMENSIONS` of them.
    replicates : int
        Number of randomisations.
    """

    def __init__(self, streams: Sequence[np.random.SeedSequence], replicates: int = 1) -> None:
        words = [s.generate_state(replicates * (BITS + 1), np.uint32) for s in streams]
        bits = np.array(words, np.uint32).reshape(len(streams), replicates, BITS + 1)
        self._rows: Bits = (bits[..., :BITS] & BEFORE) | DIAGONAL
        self._shift: Bits = bits[..., BITS]

    def uniforms(self, index: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return points inside (0, 1).

        Parameters
        ----------
        index : ndarray of int, shape (n,)

        Returns
        -------
        ndarray, shape (n_dimensions, n * n_replicates)
            The replicates of a point follow each other.
        """
        points = np.repeat(self._shift[:, None], index.size, axis=1)
        for bit in range(int(index.max(initial=0)).bit_length()):
            chosen = ((index >> bit) & 1).astype(np.uint32)
            points ^= self._column(bit)[:, None] * chosen[:, None]
        shape = len(points), index.size * self._shift.shape[1]
        return np.asarray((points + 0.5) / 2.0**BITS).reshape(shape)

    def _column(self, j: int) -> Bits:
        """Return a column of the scrambled matrices, shape (n_dimensions, n_replicates)."""
        products = self._rows & _generators()[: len(self._rows), j, None, None]
        odd = (np.bitwise_count(products) & 1).astype(np.uint32)
        return np.asarray(odd @ DIAGONAL, np.uint32)
