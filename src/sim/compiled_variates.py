"""Compiled random variates: imported only where numba is installed and asked for.

Everything is made of IEEE sums, products and bit moves in a fixed order (no fastmath), so that
results do not depend on the processor's vector width.

Numba keeps what is compiled by the file of the kernel alone: after a change here in a source tree,
save `sim.compiled_kernel` too (``touch``), or the old code runs on. An installation writes both.

References
----------
Salmon, Moraes, Dror and Shaw (2011), "Parallel random numbers: as easy as 1, 2, 3" (Philox);
Blackman and Vigna (2021), "Scrambled linear pseudorandom number generators" (xoshiro128++);
Box and Muller (1958); Cody and Waite (1980) (argument reduction), Moshier's Cephes (polynomials).
"""

# mypy: disable-error-code="misc, untyped-decorator, no-any-return"

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit
from numba.extending import intrinsic

F, U = np.float32, np.uint32
F0, F1, HALF = F(0), F(1), F(0.5)
LOG2E, LN2_HIGH, LN2_LOW = F(1.44269504), F(0.693359375), F(-2.12194440e-4)
ROUND, FAR = F(12582912.0), F(87.0)
TURN, UNIT = F(math.pi / 2**33), F(2.0**-32)
SQRT_HALF, MINUS_TWO = F(0.70710678), F(-2)
ROOT_TWO, DENSITY = math.sqrt(2), 1 / math.sqrt(2 * math.pi)


@intrinsic
def _fused(context: Any, a: Any, b: Any, c: Any) -> Any:
    """Return a b + c, rounded once: the same on every machine, unlike a contraction."""

    def build(_: Any, builder: Any, __: Any, values: Any) -> Any:
        return builder.fma(*values)

    return a(a, b, c), build


@njit(inline="always", error_model="numpy")
def fused(a: Any, b: Any, c: Any) -> Any:
    """Return a b + c in float32, rounded once."""
    return _fused(F(a), F(b), F(c))


@njit(inline="always", error_model="numpy")
def exp(x: Any) -> Any:
    """Return e^x in float32, to 2 units in the last place."""
    x = max(min(x, FAR), -FAR)
    shifted = fused(x, LOG2E, ROUND)
    n = shifted - ROUND
    r = fused(-n, LN2_LOW, fused(-n, LN2_HIGH, x))
    p = fused(F(1.9875691500e-4), r, F(1.3981999507e-3))
    p = fused(p, r, F(8.3334519073e-3))
    p = fused(p, r, F(4.1665795894e-2))
    p = fused(p, r, F(1.6666665459e-1))
    p = fused(p, r, F(5.0000001201e-1))
    p = fused(p, r * r, r) + F1
    return p * U((np.int32(n) + 127) << 23).view(np.float32)


@njit(inline="always", error_model="numpy")
def _log(x: Any) -> Any:
    """Return log x of a positive float32."""
    bits = np.int32(F(x).view(np.int32))
    e = F((bits >> 23) - 126)
    m = np.int32((bits & 0x007FFFFF) | 0x3F000000).view(np.float32)
    small = m < SQRT_HALF
    e = e - (F1 if small else F0)
    m = (m + m if small else m) - F1
    z = m * m
    p = fused(F(7.0376836292e-2), m, F(-1.1514610310e-1))
    p = fused(p, m, F(1.1676998740e-1))
    p = fused(p, m, F(-1.2420140846e-1))
    p = fused(p, m, F(1.4249322787e-1))
    p = fused(p, m, F(-1.6668057665e-1))
    p = fused(p, m, F(2.0000714765e-1))
    p = fused(p, m, F(-2.4999993993e-1))
    p = fused(p, m, F(3.3333331174e-1))
    y = fused(-HALF, z, fused(LN2_LOW, e, p * m * z))
    return fused(LN2_HIGH, e, m + y)


@njit(inline="always", error_model="numpy")
def expit(x: Any) -> Any:
    """Return the share with log odds x."""
    return F1 / (F1 + exp(-x))


@njit(inline="always", error_model="numpy")
def philox(world: Any, creator: Any, slot: Any, more: Any, k0: Any, k1: Any) -> Any:
    """Return four words of Philox 4x32-10 at a counter under a key."""
    a, b, c, d = U(world), U(creator), U(slot), U(more)
    for _ in range(10):
        one = np.uint64(0xD2511F53) * np.uint64(a)
        two = np.uint64(0xCD9E8D57) * np.uint64(c)
        a, b, c, d = (
            U(U(two >> np.uint64(32)) ^ b ^ k0),
            U(two),
            U(U(one >> np.uint64(32)) ^ d ^ k1),
            U(one),
        )
        k0, k1 = U(k0 + U(0x9E3779B9)), U(k1 + U(0xBB67AE85))
    return a, b, c, d


@njit(inline="always", error_model="numpy")
def normals(radius: Any, angle: Any) -> Any:
    """Return two standard normal deviates of 32 random bits each."""
    u = (F(radius) + HALF) * UNIT
    r = F(math.sqrt(MINUS_TWO * _log(u)))
    x = F(np.int32(U(angle << U(2)))) * TURN
    z = x * x
    s = fused(fused(F(-1.9515295891e-4), z, F(8.3321608736e-3)), z, F(-1.6666654611e-1))
    s = fused(s * z, x, x)
    c = fused(F(2.443315711809948e-5), z, F(-1.388731625493765e-3))
    c = fused(fused(c, z, F(4.166664568298827e-2)), z * z, fused(-HALF, z, F1))
    quarter = U(angle >> U(30))
    swap = (quarter & U(1)) == U(1)
    sign = r if quarter < U(2) else -r
    return (s if swap else c) * sign, (-c if swap else s) * sign


@njit(inline="always", error_model="numpy")
def uniform(high: Any, low: Any) -> Any:
    """Return a float64 inside 0 and 1 of 53 random bits."""
    return ((high >> U(5)) * 67108864.0 + (low >> U(6)) + 0.5) / 9007199254740992.0


@njit(nogil=True, cache=True, error_model="numpy")
def quantile(share: Any, low: Any, high: Any) -> Any:
    """Return the deviate with a share of a normal law cut to an interval below it."""
    if low > 0:  # in the lower tail probabilities keep their figures
        return -quantile(1 - share, -high, -low)
    below = 0.5 * math.erfc(-low / ROOT_TWO)
    wanted = below + share * (0.5 * math.erfc(-high / ROOT_TWO) - below)
    z = low + share * (high - low)
    for _ in range(200):
        off = 0.5 * math.erfc(-z / ROOT_TWO) - wanted
        if off > 0:
            high = z
        else:
            low = z
        step = z - off / (DENSITY * math.exp(-0.5 * z * z))
        step = step if low < step < high else 0.5 * (low + high)
        if abs(step - z) < 1e-12 * (1 + abs(z)):
            return step
        z = step
    return z


@njit(inline="always", error_model="numpy")
def _turned(x: Any, n: Any) -> Any:
    """Return a word with its bits rotated to the left."""
    return U(U(x << U(n)) | U(x >> U(32 - n)))


@njit(inline="always", error_model="numpy")
def step(a: Any, b: Any, c: Any, d: Any) -> Any:
    """Return the next word of xoshiro128++, and its next state."""
    word = U(_turned(U(a + d), 7) + a)
    c, d = U(c ^ a), U(d ^ b)
    return word, U(a ^ d), U(b ^ c), U(c ^ U(b << U(9))), _turned(d, 11)
