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
def _generators() -> NDArray[np.float32]:
    """Return the generator matrices as bits, shape (DIMENSIONS, BITS row, BITS column)."""
    columns = np.zeros((DIMENSIONS, BITS), np.uint32)
    columns[0] = [1 << (BITS - 1 - j) for j in range(BITS)]
    for d, row in enumerate(ROWS.split("\n")[1:-1], start=1):
        polynomial, *initial = map(int, row.split())
        columns[d] = _direction_vectors(polynomial, initial)
    rows = np.arange(BITS - 1, -1, -1, dtype=np.uint32)
    return ((columns[:, None, :] >> rows[None, :, None]) & 1).astype(np.float32)


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


class Scramble:
    """One independent randomisation of the Sobol sequence for each stream given.

    Parameters
    ----------
    streams : sequence of numpy.random.SeedSequence, shape (n_dimensions,)
        The randomness of each dimension; at most `DIMENSIONS` of them.
    """

    def __init__(self, streams: Sequence[np.random.SeedSequence]) -> None:
        words = np.array([s.generate_state(BITS + 1, np.uint32) for s in streams], np.uint32)
        words = words.reshape(len(streams), BITS + 1)
        shifts = np.arange(BITS - 1, -1, -1, dtype=np.uint32)
        lower = ((words[:, :BITS, None] >> shifts) & 1).astype(np.float32)
        lower = np.tril(lower, -1) + np.eye(BITS, dtype=np.float32)
        product = (lower @ _generators()[: len(streams)]).astype(np.int64) & 1
        self._columns: Bits = (product.astype(np.uint32) << shifts[None, :, None]).sum(
            axis=1, dtype=np.uint32
        )
        self._shift: Bits = words[:, BITS]

    def uniforms(self, index: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the points of the given indices, inside (0, 1), shape (n_dimensions, n)."""
        points = np.repeat(self._shift[:, None], index.size, axis=1)
        for bit in range(int(index.max(initial=0)).bit_length()):
            chosen = ((index >> bit) & 1).astype(np.uint32)
            points ^= self._columns[:, bit, None] * chosen
        return (points.astype(np.float64) + 0.5) / 2.0**BITS
