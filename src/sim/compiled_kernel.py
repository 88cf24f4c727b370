"""The compiled draw of creators: imported only where numba is installed and asked for.

Every creator is a function of (seed, sample, tier, world, place in the queue) alone: each world
has generators of its own, which start from a hash of these. `LANES` worlds are played side by side,
`GROUP` creators at a time, so that every step is a loop of fixed length over numbers that follow
each other in memory (creator by creator, the worlds of one beside each other).
"""

# mypy: disable-error-code="misc, untyped-decorator, no-any-return"

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from sim.compiled_variates import (
    F0,
    F1,
    F,
    U,
    exp,
    expit,
    normals,
    philox,
    quantile,
    step,
    uniform,
)

#: Worlds side by side; creators who are added up in float32; numbers of these.
LANES, GROUP = 64, 8
SIZE = GROUP * LANES

#: Where a quantity begins in the memory of a group, in this order: `sim.compiled.ORDER`.
FOLLOWERS, CONTACTS, IMPRESSIONS, ENGAGEMENTS, FEES, POSTING = (SIZE * i for i in range(6))
ROWS = 6

#: Where normal deviates begin: of the following, engagement, fee and views.
OF_SIZE, OF_RATE, OF_FEE, OF_VIEW = (SIZE * i for i in range(4))

#: Where what a world's creators share begins: log odds, and 1 where all deliver.
OF_AUTHENTIC, OF_VIEWS, OF_RATES, SURE = (LANES * i for i in range(4))


@njit(nogil=True, cache=True, error_model="numpy")
def _seed(state: Any, slot: Any, worlds: Any, k0: Any, k1: Any) -> None:
    """Start the generator of every world."""
    for j in range(LANES):
        lo, hi = U(worlds[j] & 0xFFFFFFFF), U(worlds[j] >> 32)
        a, b, c, d = philox(lo, 0, slot, hi, k0, k1)
        state[j], state[LANES + j] = a, b
        state[2 * LANES + j], state[3 * LANES + j] = c, d


@njit(nogil=True, cache=True, error_model="numpy")
def _bits(state: Any, words: Any) -> None:
    """Draw five words a creator."""
    for r in range(GROUP):
        at = r * LANES
        for j in range(LANES):
            a, b, c, d = state[j], state[LANES + j], state[2 * LANES + j], state[3 * LANES + j]
            words[at + j], a, b, c, d = step(a, b, c, d)
            words[SIZE + at + j], a, b, c, d = step(a, b, c, d)
            words[2 * SIZE + at + j], a, b, c, d = step(a, b, c, d)
            words[3 * SIZE + at + j], a, b, c, d = step(a, b, c, d)
            words[4 * SIZE + at + j], a, b, c, d = step(a, b, c, d)
            state[j], state[LANES + j], state[2 * LANES + j], state[3 * LANES + j] = a, b, c, d


@njit(nogil=True, cache=True, error_model="numpy")
def _cut(z: Any, start: Any, worlds: Any, k0: Any, k1: Any, at: Any) -> None:
    """Draw again, by quantiles, the deviates of followings outside the interval."""
    for j in range(LANES):
        low, high = F(at[j, 5]), F(at[j, 6])
        lo, hi = U(worlds[j] & 0xFFFFFFFF), U(worlds[j] >> 32)
        for r in range(GROUP):
            i = OF_SIZE + r * LANES + j
            if z[i] < low or z[i] > high:
                a, b, _, _ = philox(lo, start + r, 2, hi, k0, k1)
                z[i] = max(min(F(quantile(uniform(a, b), at[j, 5], at[j, 6])), high), low)


@njit(nogil=True, cache=True, error_model="numpy")
def _people(rows: Any, z: Any, words: Any, share: Any, below: Any, sd: Any) -> None:
    """Fill who delivers, and the followings of these."""
    for r in range(GROUP):
        for j in range(LANES):
            i = r * LANES + j
            rows[POSTING + i] = F1 if words[4 * SIZE + i] < below[j] else share[SURE + j]
            rows[FOLLOWERS + i] = exp(z[OF_SIZE + i] * sd) * rows[POSTING + i]


@njit(nogil=True, cache=True, error_model="numpy")
def _authentic(rows: Any, words: Any, share: Any, sd: Any) -> None:
    """Leave the authentic followers of every creator."""
    for r in range(GROUP):
        for j in range(LANES):
            i = r * LANES + j
            z, _ = normals(words[i], words[SIZE + i])
            rows[FOLLOWERS + i] *= expit(z * sd + share[OF_AUTHENTIC + j])


@njit(nogil=True, cache=True, error_model="numpy")
def _views(rows: Any, z: Any, share: Any, sd: Any, posts: Any, few: Any) -> None:
    """Fill contacts and impressions."""
    if sd == 0:
        for i in range(SIZE):
            rows[CONTACTS + i] = rows[IMPRESSIONS + i] = rows[FOLLOWERS + i]
        return
    for r in range(GROUP):
        for j in range(LANES):
            i = r * LANES + j
            rows[IMPRESSIONS + i] = expit(z[OF_VIEW + i] * sd + share[OF_VIEWS + j])
    if few == 0:
        for i in range(SIZE):
            view = float(rows[IMPRESSIONS + i])
            rows[CONTACTS + i] = F(-math.expm1(posts * math.log1p(-view)))
    else:
        for i in range(SIZE):
            rows[CONTACTS + i] = rows[IMPRESSIONS + i]
        for _ in range(few - 1):
            for i in range(SIZE):
                rows[CONTACTS + i] += rows[IMPRESSIONS + i] * (F1 - rows[CONTACTS + i])
    for i in range(SIZE):
        rows[CONTACTS + i] *= rows[FOLLOWERS + i]
        rows[IMPRESSIONS + i] *= rows[FOLLOWERS + i]


@njit(nogil=True, cache=True, error_model="numpy")
def _rates(rows: Any, z: Any, share: Any, slope: Any, sd: Any, differ: Any) -> None:
    """Fill engagements."""
    if differ == 0:
        for i in range(SIZE):
            rows[ENGAGEMENTS + i] = rows[FOLLOWERS + i]
        return
    for r in range(GROUP):
        for j in range(LANES):
            i = r * LANES + j
            odds = z[OF_SIZE + i] * slope + (z[OF_RATE + i] * sd + share[OF_RATES + j])
            rows[ENGAGEMENTS + i] = expit(odds) * rows[FOLLOWERS + i]


@njit(nogil=True, cache=True, error_model="numpy")
def _fees(rows: Any, z: Any, slope: Any, sd: Any) -> None:
    """Fill fees."""
    for i in range(SIZE):
        fee = exp(z[OF_SIZE + i] * slope + z[OF_FEE + i] * sd)
        rows[FEES + i] = fee * rows[POSTING + i]


@njit(nogil=True, cache=True, error_model="numpy")
def _draw(
    rows: Any, z: Any, words: Any, states: Any, start: Any, worlds: Any, key: Any,
    law: Any, at: Any, share: Any, below: Any, needs: Any,
) -> None:  # fmt: skip
    """Fill the rows of the next creators of some worlds."""
    _bits(states[0], words)
    for i in range(SIZE):
        z[OF_SIZE + i], z[OF_RATE + i] = normals(words[i], words[SIZE + i])
    views, fees, rates = needs
    if views or fees:
        for i in range(SIZE):
            z[OF_FEE + i], z[OF_VIEW + i] = normals(words[2 * SIZE + i], words[3 * SIZE + i])
    if at[0, 4] == 0:
        z[OF_SIZE : OF_SIZE + SIZE] = F0
    elif at[0, 4] == 2:
        _cut(z, start, worlds, key[0], key[1], at)
    _people(rows, z, words, share, below, law[0])
    if fees:
        _fees(rows, z, law[1], law[2])
    if law[6] > 0:
        _bits(states[1], words)
        _authentic(rows, words, share, law[6])
    if views:
        _views(rows, z, share, law[5], float(law[8]), np.int64(law[9]))
    if rates:
        _rates(rows, z, share, law[3], law[4], law[7])


@njit(nogil=True, cache=True, error_model="numpy")
def _share(at: Any, share: Any, below: Any) -> None:
    """Gather what the creators of the worlds side by side share."""
    for j in range(LANES):
        chance = at[j, 0]
        share[OF_AUTHENTIC + j], share[OF_VIEWS + j] = at[j, 1], at[j, 2]
        share[OF_RATES + j], share[SURE + j] = at[j, 3], chance >= 1
        below[j] = U(min(chance * 4294967296.0, 4294967295.0))


@njit(nogil=True, cache=True, error_model="numpy")
def _ends(counts: Any, here: Any, n: Any, ends: Any, head: Any, after: Any) -> None:
    """Copy the counts of the worlds side by side, and list them by the group in which they end."""
    head[:] = -1
    for c in range(counts.shape[0]):
        for j in range(n):
            i, count = c * LANES + j, counts[c, here[j]]
            ends[i] = count
            if count > 0:
                group = math.ceil(count / GROUP) - 1
                after[i] = head[group]
                head[group] = i


@njit(nogil=True, cache=True, error_model="numpy")
def _run(row: Any) -> None:
    """Add up the creators of a group, one after the other."""
    for i in range(LANES, SIZE):
        row[i] += row[i - LANES]


@njit(nogil=True, cache=True, error_model="numpy")
def _read(row: Any, before: Any, j: Any, end: Any) -> Any:
    """Return the sum at a number of creators that ends in a group."""
    rest = math.ceil(end) - 1
    high = np.float64(row[rest * LANES + j])
    low = np.float64(row[(rest - 1) * LANES + j]) if rest > 0 else 0.0
    return before[j] + (high + (end - rest - 1) * (high - low))


@njit(nogil=True, cache=True, error_model="numpy")
def _write(found: Any, ends: Any, here: Any, n: Any, sums: Any) -> None:
    """Put what was found of the worlds side by side at their places."""
    for q in range(sums.shape[0]):
        for c in range(sums.shape[1]):
            for j in range(n):
                i = c * LANES + j
                sums[q, c, here[j]] = found[q, i] if ends[i] > 0 else 0.0


@njit(nogil=True, cache=True, error_model="numpy")
def _wants(wanted: Any) -> Any:
    """Return whether views, fees and engagements are asked for."""
    views, fees, rates = False, False, False
    for q in wanted:
        views |= q in (CONTACTS // SIZE, IMPRESSIONS // SIZE)
        fees |= q == FEES // SIZE
        rates |= q == ENGAGEMENTS // SIZE
    return views, fees, rates


@njit(nogil=True, cache=True, error_model="numpy")
def _longest(counts: Any) -> Any:
    """Return the largest count of every world."""
    longest = np.zeros(counts.shape[1])
    for c in range(counts.shape[0]):
        for w in range(longest.size):
            longest[w] = max(longest[w], counts[c, w])
    return longest


@njit(nogil=True, cache=True, error_model="numpy")
def add_up(counts: Any, first: Any, key: Any, law: Any, at: Any, wanted: Any, sums: Any) -> None:
    """Read the running sums over creators at the counts of every world.

    Parameters
    ----------
    counts : float64 ndarray, shape (n_counts, n_worlds)
        Of at least one world.
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
    sums : float64 ndarray, shape (n_quantities, n_counts, n_worlds)
        Is filled where counts are positive.
    """
    n_counts, n_worlds = counts.shape
    rows, z = np.empty(ROWS * SIZE, np.float32), np.empty(4 * SIZE, np.float32)
    words, states = np.empty(5 * SIZE, np.uint32), np.empty((2, 4 * LANES), np.uint32)
    share, below = np.empty(4 * LANES, np.float32), np.empty(LANES, np.uint32)
    before, needs, longest = np.empty((wanted.size, LANES)), _wants(wanted), _longest(counts)
    order = np.argsort(longest)  # worlds side by side have queues of about one length
    head = np.empty(math.ceil(longest[order[-1]] / GROUP), np.int64)
    after, here = np.empty(LANES * n_counts, np.int64), np.empty(LANES, np.int64)
    ends, found = np.empty(LANES * n_counts), np.zeros((wanted.size, LANES * n_counts))
    for w in range(0, n_worlds, LANES):
        n = min(LANES, n_worlds - w)
        here[:n], here[n:] = order[w : w + n], order[w]
        worlds, typical = first + here, at[here]
        _share(typical, share, below)
        _seed(states[0], 0, worlds, key[0], key[1])
        if law[6] > 0:
            _seed(states[1], 1, worlds, key[0], key[1])
        _ends(counts, here, n, ends, head, after)
        before[:] = 0.0
        for group in range(math.ceil(longest[here[n - 1]] / GROUP)):
            start = group * GROUP
            _draw(
                rows, z, words, states, start, worlds, key, law, typical, share, below, needs
            )  # fmt: skip
            for q in range(wanted.size):
                row = rows[wanted[q] * SIZE : (wanted[q] + 1) * SIZE]
                _run(row)
                i = head[group]
                while i >= 0:
                    found[q, i] = _read(row, before[q], i % LANES, ends[i] - start)
                    i = after[i]
                for j in range(LANES):
                    before[q, j] += np.float64(row[SIZE - LANES + j])
        _write(found, ends, here, n, sums)
