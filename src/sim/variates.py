"""Random variates in bulk: rows of a block of worlds, made of the raw bits of a generator.

Every 64 bits of a generator make two normal deviates, so that generating the bits is a large
part of the time.

References
----------
Box and Muller (1958), "A note on the generation of random normal deviates".
"""

from __future__ import annotations

from math import log, pi

import numpy as np
from numpy.typing import NDArray

from sim.worlds import BLOCK

Array = NDArray[np.float64]
Floats = NDArray[np.float32]

#: Values that 32 bits can take.
VALUES = 2.0**32

#: Half the worlds of a block: 64 bits of a row serve one world of either half.
HALF = BLOCK // 2


class Variates:
    """Fills rows with variates; keeps the memory that this takes.

    A row takes as many bits of its generator whatever is drawn with it, so that rows can be drawn
    in any portions.

    Parameters
    ----------
    most : int
        Rows that are drawn at a time.
    """

    def __init__(self, most: int) -> None:
        self._room = np.empty((3, most, HALF), np.float32)

    def normals(self, rng: np.random.Generator, out: Floats) -> Floats:
        """Fill rows of shape (n_rows, BLOCK) with standard normal deviates.

        Radius and polar angle of a pair are 32 bits each: deviates reach 6.7 standard deviations,
        and their law is the normal one to the precision of float32.
        """
        bits = _bits(rng, len(out))
        radius, angle, across = self._room[:, : len(out)]
        radius[:] = bits[:, :HALF]
        radius += np.float32(0.5)
        radius *= np.float32(1 / VALUES)
        np.log2(radius, out=radius)
        radius *= np.float32(-2 * log(2))
        np.sqrt(radius, out=radius)
        angle[:] = bits[:, HALF:].view(np.int32)
        angle *= np.float32(2 * pi / VALUES)
        np.multiply(np.cos(angle, out=across), radius, out=out[:, :HALF])
        np.multiply(np.sin(angle, out=angle), radius, out=out[:, HALF:])
        return out

    def happens(self, rng: np.random.Generator, chance: Array, out: Floats) -> Floats:
        """Fill rows of shape (n_rows, n_worlds) with ones where something happens, else zeros.

        Parameters
        ----------
        rng : Generator
        chance : ndarray, shape (n_worlds,)
            Of at most `BLOCK` worlds; it holds to 1 in 2^32.
        out : ndarray
        """
        below = np.minimum(chance * VALUES, VALUES - 1).astype(np.uint32)
        out[:] = _bits(rng, len(out))[:, : chance.size] < below
        return out


def _bits(rng: np.random.Generator, n_rows: int) -> NDArray[np.uint32]:
    """Return raw bits, shape (n_rows, BLOCK)."""
    return np.asarray(rng.bit_generator.random_raw((n_rows, HALF)), np.uint64).view(np.uint32)
