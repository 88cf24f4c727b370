"""The compiled draw of creators: imported only where numba is installed and asked for.

Every creator is a function of (seed, sample, tier, world, place in the queue) alone: random bits
are a hash of these. Everything is made of IEEE sums, products and bit moves in a fixed order (no
fastmath), so that results do not depend on the processor's vector width.

References
----------
Salmon, Moraes, Dror and Shaw (2011), "Parallel random numbers: as easy as 1, 2, 3" (Philox);
Box and Muller (1958); Cody and Waite (1980) (argument reduction), Moshier's Cephes (polynomials).
"""

# mypy: disable-error-code="misc, untyped-decorator, no-any-return"

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

#: Creators drawn at a time: keeps the rows in the fastest cache.
CHUNK = 256

#: Rows of a chunk, in this order: `sim.compiled.ORDER`.
ROWS = 6

F, U = np.float32, np.uint32
F0, F1, HALF = F(0), F(1), F(0.5)
LOG2E, LN2_HIGH, LN2_LOW = F(1.44269504), F(0.693359375), F(-2.12194440e-4)
ROUND, FAR = F(12582912.0), F(87.0)
TURN, UNIT = F(math.pi / 2**33), F(2.0**-32)
SQRT_HALF, MINUS_TWO = F(0.70710678), F(-2)
ROOT_TWO, DENSITY = math.sqrt(2), 1 / math.sqrt(2 * math.pi)


@njit(inline="always", error_model="numpy")
def _exp(x: Any) -> Any:
    """Return e^x in float32, to 2 units in the last place."""
    x = max(min(x, FAR), -FAR)
    shifted = x * LOG2E + ROUND
    n = shifted - ROUND
    r = (x - n * LN2_HIGH) - n * LN2_LOW
    p = F(1.9875691500e-4)
    p = p * r + F(1.3981999507e-3)
    p = p * r + F(8.3334519073e-3)
    p = p * r + F(4.1665795894e-2)
    p = p * r + F(1.6666665459e-1)
    p = p * r + F(5.0000001201e-1)
    p = p * (r * r) + r + F1
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
    p = F(7.0376836292e-2)
    p = p * m + F(-1.1514610310e-1)
    p = p * m + F(1.1676998740e-1)
    p = p * m + F(-1.2420140846e-1)
    p = p * m + F(1.4249322787e-1)
    p = p * m + F(-1.6668057665e-1)
    p = p * m + F(2.0000714765e-1)
    p = p * m + F(-2.4999993993e-1)
    p = p * m + F(3.3333331174e-1)
    y = p * m * z + LN2_LOW * e - HALF * z
    return m + y + LN2_HIGH * e


@njit(inline="always", error_model="numpy")
def _expit(x: Any) -> Any:
    return F1 / (F1 + _exp(-x))


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
def _normals(radius: Any, angle: Any) -> Any:
    """Return two standard normal deviates of 32 random bits each."""
    u = (F(radius) + HALF) * UNIT
    r = F(math.sqrt(MINUS_TWO * _log(u)))
    x = F(np.int32(U(angle << U(2)))) * TURN
    z = x * x
    s = ((F(-1.9515295891e-4) * z + F(8.3321608736e-3)) * z + F(-1.6666654611e-1)) * z * x + x
    c = (F(2.443315711809948e-5) * z + F(-1.388731625493765e-3)) * z + F(4.166664568298827e-2)
    c = c * (z * z) - HALF * z + F1
    quarter = U(angle >> U(30))
    swap = (quarter & U(1)) == U(1)
    sign = r if quarter < U(2) else -r
    return (s if swap else c) * sign, (-c if swap else s) * sign


@njit(inline="always", error_model="numpy")
def _uniform(high: Any, low: Any) -> Any:
    """Return a float64 inside 0 and 1 of 53 random bits."""
    return ((high >> U(5)) * 67108864.0 + (low >> U(6)) + 0.5) / 9007199254740992.0


@njit(nogil=True, cache=True, error_model="numpy")
def _quantile(share: Any, low: Any, high: Any) -> Any:
    """Return the deviate with a share of a normal law cut to an interval below it."""
    if low > 0:  # in the lower tail probabilities keep their figures
        return -_quantile(1 - share, -high, -low)
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
def _seen(view: Any, posts: Any, few: Any) -> Any:
    """Return the share of followers who see at least one of the posts."""
    if few == 1:
        return view
    if few > 0:
        seen = view
        for _ in range(few - 1):
            seen = seen + view * (F1 - seen)
        return seen
    return F(-math.expm1(posts * math.log1p(-float(view))))


@njit(nogil=True, cache=True, error_model="numpy")
def _draw(
    rows: Any,
    words: Any,
    luck: Any,
    z: Any,
    start: Any,
    n: Any,
    world: Any,
    key: Any,
    law: Any,
    at: Any,
) -> None:
    """Fill the rows of the next creators of one world."""
    k0, k1 = key[0], key[1]
    lo, hi = U(world & 0xFFFFFFFF), U(world >> 32)
    for i in range(n):
        words[0, i], words[1, i], words[2, i], words[3, i] = philox(lo, start + i, 0, hi, k0, k1)
    for i in range(n):
        z[0, i], z[1, i] = _normals(words[0, i], words[1, i])
    for i in range(n):
        z[2, i], z[3, i] = _normals(words[2, i], words[3, i])
    size_sd, fee_slope, fee_sd, rate_slope, rate_sd = law[0], law[1], law[2], law[3], law[4]
    if at[4] == 0:  # followings are cut to an interval, or all alike
        for i in range(n):
            z[0, i] = F0
    elif at[4] == 2:
        low, high = F(at[5]), F(at[6])
        for i in range(n):
            if z[0, i] < low or z[0, i] > high:
                a, b, _, _ = philox(lo, start + i, 1, hi, k0, k1)
                z[0, i] = max(min(F(_quantile(_uniform(a, b), at[5], at[6])), high), low)
    for i in range(n):
        rows[0, i] = _exp(z[0, i] * size_sd)
        rows[4, i] = _exp(z[0, i] * fee_slope + z[1, i] * fee_sd)
        rows[5, i] = F1
    chance = at[0]
    if chance < 1:
        below = np.uint64(chance * 4294967296.0)
        for g in range(n // 4):  # every word serves one creator
            luck[g, 0], luck[g, 1], luck[g, 2], luck[g, 3] = philox(
                lo, start // 4 + g, 2, hi, k0, k1
            )
        flat = luck.reshape(-1)
        for i in range(n):
            rows[5, i] = F1 if flat[i] < below else F0
        for i in range(n):
            rows[0, i] *= rows[5, i]
            rows[4, i] *= rows[5, i]
    if law[6] > 0:
        odds, sd = F(at[1]), law[6]
        for i in range(n):
            _, _, a, b = philox(lo, start + i, 3, hi, k0, k1)
            rows[1, i] = _expit(_normals(a, b)[0] * sd + odds)
        for i in range(n):
            rows[0, i] *= rows[1, i]
    odds = F(at[3])
    if law[7] > 0:
        for i in range(n):
            rows[3, i] = _expit(z[0, i] * rate_slope + z[3, i] * rate_sd + odds) * rows[0, i]
    else:
        for i in range(n):
            rows[3, i] = rows[0, i]
    view_sd, odds, posts, few = law[5], F(at[2]), float(law[8]), np.int64(law[9])
    if view_sd > 0:
        for i in range(n):
            rows[2, i] = _expit(z[2, i] * view_sd + odds)
        if few == 1:
            for i in range(n):
                rows[2, i] *= rows[0, i]
                rows[1, i] = rows[2, i]
        else:
            for i in range(n):
                rows[1, i] = rows[0, i] * _seen(rows[2, i], posts, few)
                rows[2, i] *= rows[0, i]
    else:
        for i in range(n):
            rows[1, i] = rows[0, i]
            rows[2, i] = rows[0, i]


@njit(nogil=True, cache=True, error_model="numpy")
def _run_on(rows: Any, running: Any, n: Any) -> None:
    """Carry the running sums on; six at a time, as each addition waits for the one before."""
    a, b, c = running[0, 0], running[1, 0], running[2, 0]
    d, e, f = running[3, 0], running[4, 0], running[5, 0]
    for i in range(n):
        a, b, c = a + rows[0, i], b + rows[1, i], c + rows[2, i]
        d, e, f = d + rows[3, i], e + rows[4, i], f + rows[5, i]
        running[0, i + 1], running[1, i + 1], running[2, i + 1] = a, b, c
        running[3, i + 1], running[4, i + 1], running[5, i + 1] = d, e, f


@njit(nogil=True, cache=True, error_model="numpy")
def add_up(counts: Any, first: Any, key: Any, law: Any, at: Any, wanted: Any, sums: Any) -> None:
    """Read the running sums over creators at the counts of every world.

    Parameters
    ----------
    counts : float64 ndarray, shape (n_worlds, n_counts)
    first : int
        Index of the first world.
    key : uint32 ndarray, shape (2,)
        Of the seed, the sample and the tier.
    law : float32 ndarray, shape (10,)
        Spreads and slopes of the creators, and posts.
    at : float64 ndarray, shape (n_worlds, 7)
        Typical values of every world.
    wanted : int64 ndarray, shape (n_quantities,)
        Rows that are added up.
    sums : float64 ndarray, shape (n_worlds, n_quantities, n_counts)
        Is filled.
    """
    rows, z = np.empty((ROWS, CHUNK), np.float32), np.empty((4, CHUNK), np.float32)
    words, running = np.empty((4, CHUNK), np.uint32), np.zeros((ROWS, CHUNK + 1))
    luck = np.empty((CHUNK // 4, 4), np.uint32)
    n_counts, n_wanted = counts.shape[1], wanted.size
    for w in range(counts.shape[0]):
        longest = 0.0
        for c in range(n_counts):
            longest = max(longest, counts[w, c])
        running[:, 0] = 0.0
        for start in range(0, math.ceil(longest), CHUNK):
            left = min(CHUNK, math.ceil(longest) - start)
            n = (left + 7) // 8 * 8
            _draw(rows, words, luck, z, start, n, first + w, key, law, at[w])
            _run_on(rows, running, n)
            for c in range(n_counts):
                end = counts[w, c] - start
                if 0 < end <= n:
                    below = min(int(end), n - 1)
                    part = end - below
                    for q in range(n_wanted):
                        low = running[wanted[q], below]
                        sums[w, q, c] = low + part * (running[wanted[q], below + 1] - low)
            running[:, 0] = running[:, n]
