"""The same creators' law as `sim.creators`, drawn by compiled code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from tempfile import mkdtemp
from threading import Lock
from typing import TYPE_CHECKING, cast
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from sim.curves import FEW_POSTS
from sim.lottery import cut_normals

if TYPE_CHECKING:
    from sim.campaign import Tier
    from sim.worlds import Worlds

Array = NDArray[np.float64]

#: Rows of the kernel.
ORDER = ("followers", "contacts", "impressions", "engagements", "fees", "posting")

#: One thread compiles while the others wait.
_COMPILING = Lock()

#: How the kernel is called: the one signature that is compiled.
SIGNATURE = "void(f8[:, ::1], i8, u4[::1], f4[::1], f8[:, ::1], i8[::1], f8[:, :, ::1])"


def ready() -> None:
    """Load the kernel; the first time on a machine it is compiled, which takes seconds."""
    _kernel()


def running_sums(
    worlds: Worlds, tier: Tier, counts: Array, log_odds: Array, quantities: Sequence[str]
) -> Array:
    """Add up how the first creators differ from what all of a world share.

    Parameters
    ----------
    worlds : Worlds
    tier : Tier
    counts : ndarray, shape (n_counts, n_worlds)
    log_odds : ndarray, shape (n_worlds,)
        Of the engagement of a typical creator.
    quantities : sequence of str
        Names of `ORDER`.

    Returns
    -------
    ndarray, shape (n_quantities, n_counts, n_worlds)
    """
    wanted = np.array([ORDER.index(q) for q in quantities], np.int64)
    sums = np.zeros((len(wanted), *counts.shape))
    inputs = (
        np.ascontiguousarray(counts),
        worlds.first,
        _key(worlds, tier),
        _law(tier),
        _typical(worlds, tier, log_odds),
        wanted,
        sums,
    )
    _kernel()(*inputs)
    return sums


def _key(worlds: Worlds, tier: Tier) -> NDArray[np.uint32]:
    """Return the key of a tier's random bits."""
    spawn_key = (worlds.sample, crc32(tier.name.encode()))
    sequence = np.random.SeedSequence(worlds.seed, spawn_key=spawn_key)
    return sequence.generate_state(2, np.uint32).astype(np.uint32)


def _law(tier: Tier) -> NDArray[np.float32]:
    """Return how the creators of a tier differ from each other."""
    size_sd, posts = tier.followers.creators_sd, tier.posts
    return np.array(
        [
            size_sd,
            tier.fee_elasticity * size_sd,
            tier.fee_residual_sd,
            tier.engagement_elasticity * size_sd,
            tier.engagement_residual_sd,
            tier.view_rate.creators_sd,
            tier.authentic_share.creators_sd,
            tier.engagement_rate.creators_sd,
            posts,
            posts if posts in FEW_POSTS else 0,
        ],
        np.float32,
    )


def _typical(worlds: Worlds, tier: Tier, log_odds: Array) -> Array:
    """Return what a world's creators share, shape (n_worlds, 7)."""
    found, law = np.zeros((worlds.size, 7)), tier.followers
    found[:, 0] = worlds.tier(tier, "delivery_rate")
    for column, key in ((1, "authentic_share"), (2, "view_rate")):
        if getattr(tier, key).creators_sd > 0:
            found[:, column] = logit(worlds.tier(tier, key))
    found[:, 3] = log_odds
    found[:, 4] = 0 if law.creators_sd == 0 else 2 if law.truncated else 1
    if found[0, 4] == 2:
        found[:, 5], found[:, 6] = cut_normals(law, worlds.tier(tier, "followers"))
    return found


def _kernel() -> Callable[..., None]:
    """Return the kernel, compiled."""
    with _COMPILING:
        try:
            from sim.compiled_kernel import add_up
        except RuntimeError:  # no folder can be written to: this process keeps it to itself
            import numba

            numba.config.CACHE_DIR = mkdtemp()
            from sim.compiled_kernel import add_up
        if not add_up.signatures:
            add_up.compile(SIGNATURE)
    return cast("Callable[..., None]", add_up)
