"""Creators, hired in draw order: one path of prefix sums serves every plan.

A creator is a pure function of (seed, sample, world, tier, input, place in the queue): every
input in which the creators of a tier differ has a stream of its own per block of worlds, read
creator by creator, so that a longer queue only adds to a shorter one.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit, ndtr, ndtri

from sim.campaign import Tier
from sim.curves import expit, seen_share
from sim.lottery import cut_normals
from sim.worlds import BLOCK, Worlds

Array = NDArray[np.float64]
Floats = NDArray[np.float32]
Quantity = Literal["followers", "contacts", "impressions", "engagements", "fees", "posting"]

#: Creators drawn at a time: keeps the arrays in cache.
CHUNK = 128


def hire(
    worlds: Worlds, tier: Tier, counts: Array, quantities: Collection[Quantity]
) -> dict[Quantity, Array]:
    """Add up what the first creators of a tier bring; a part of a creator counts by its part.

    Parameters
    ----------
    worlds : Worlds
        One block: at most `BLOCK` worlds from the block's first one.
    tier : Tier
    counts : ndarray, shape (n_counts, n_worlds)
        Numbers of creators, at least 0.
    quantities : collection of str
        ``followers`` (authentic, of creators who deliver), ``contacts`` (those who see a
        post), ``impressions``, ``engagements``, ``fees`` (money for all posts, after the
        discount), ``posting`` (creators who deliver).

    Returns
    -------
    dict of ndarray, shape (n_counts, n_worlds)
    """
    queue = Queue(worlds, tier)
    summed = list(dict.fromkeys(queue.stands_for(q) for q in quantities))
    sums = np.zeros((len(summed), *counts.shape))
    carry = np.zeros((len(summed), worlds.size))
    longest = int(np.ceil(counts.max(initial=0.0)))
    for start in range(0, longest, CHUNK):
        path = _prefix_sums(queue.draw(min(CHUNK, longest - start), summed), carry)
        _read(path, counts - start, sums)
        carry = path[-1]
    totals = {q: queue.scale(q) * total for q, total in zip(summed, sums, strict=True)}
    return {q: totals[queue.stands_for(q)] for q in quantities}


def _prefix_sums(rows: Sequence[Floats], carry: Array) -> Array:
    """Return running sums over creators, shape (n_creators + 1, n_quantities, n_worlds)."""
    path = np.empty((len(rows[0]) + 1, *carry.shape))
    path[0] = carry
    for q, values in enumerate(rows):
        path[1:, q] = values
    above, *below = path
    for row in below:
        np.add(row, above, out=row)
        above = row
    return path


def _read(path: Array, counts: Array, sums: Array) -> None:
    """Read the path at the counts that end inside it, into `sums`."""
    last, stride = len(path) - 1, path[0].size
    inside = (counts > 0) & (counts <= last)
    at = counts[inside]
    below = np.minimum(at.astype(np.int64), last - 1)
    first = below * stride + np.nonzero(inside)[1]
    part = at - below
    for q, total in enumerate(sums):
        here = first + q * path.shape[2]
        low, high = path.ravel().take(here), path.ravel().take(here + stride)
        total[inside] = low + part * (high - low)


class Queue:
    """The creators of a tier in one block of worlds, in the order in which they are hired.

    What all creators of a world share stays in float64 (`scale`); only how they differ from
    each other is drawn (`draw`), so that a tier without spread is exact.
    """

    def __init__(self, worlds: Worlds, tier: Tier) -> None:
        self._worlds, self._tier = worlds, tier
        self._streams: dict[str, np.random.Generator] = {}

    def stands_for(self, quantity: Quantity) -> Quantity:
        """Return the quantity to add up instead: with one post, impressions are contacts."""
        return "contacts" if quantity == "impressions" and self._tier.posts == 1 else quantity

    def scale(self, quantity: Quantity) -> Array:
        """Return the factor that all creators of a world share, shape (n_worlds,)."""
        if quantity == "posting":
            return np.ones(self._worlds.size)
        if quantity == "fees":
            return self._typical("fee") * self._tier.posts * (1 - self._tier.multi_post_discount)
        return self._typical("followers") * self._fixed("authentic_share") * self._rate(quantity)

    def draw(self, length: int, quantities: Collection[Quantity]) -> list[Floats]:
        """Draw the next creators of the queue, each array of shape (length, n_worlds)."""
        tier = self._tier
        posting = self._posting(length)
        deviates = self._follower_deviates(length)
        people = posting * _exp(tier.followers.creators_sd, deviates)
        if tier.authentic_share.creators_sd > 0:
            people = people * self._share("authentic_share", length)
        drawn = {"posting": posting}
        drawn |= dict.fromkeys(("followers", "contacts", "impressions"), people)
        if "fees" in quantities:
            drawn["fees"] = posting * self._fee(length, deviates)
        if "engagements" in quantities:
            drawn["engagements"] = people * self._engagement(length, deviates)
        if tier.view_rate.creators_sd > 0:
            view = self._share("view_rate", length)
            drawn["contacts"] = people * seen_share(view, tier.posts)
            drawn["impressions"] = people * view
        return [drawn[q] for q in quantities]

    def _rate(self, quantity: Quantity) -> Array:
        """Return what a follower brings, as far as all creators of a world share it."""
        view, posts = self._fixed("view_rate"), self._tier.posts
        match quantity:
            case "contacts":
                return view if self._tier.view_rate.creators_sd > 0 else seen_share(view, posts)
            case "impressions":
                return view * posts
            case "engagements" if self._tier.engagement_rate.creators_sd == 0:
                return np.asarray(posts * expit(self._engagement_log_odds()))
            case "engagements":
                return np.full(self._worlds.size, posts)
            case _:
                return np.ones(self._worlds.size)

    def _typical(self, key: str) -> Array:
        return self._worlds.tier(self._tier, key)

    def _fixed(self, key: str) -> Array:
        """Return a typical share, or ones where creators differ in it."""
        differs = getattr(self._tier, key).creators_sd > 0
        return np.ones(self._worlds.size) if differs else self._typical(key)

    def _engagement_log_odds(self) -> Array:
        typical = self._typical("engagement_rate")
        with np.errstate(divide="ignore"):
            return np.asarray(logit(typical) + np.log(self._worlds.values["resonance"]))

    def _stream(self, key: str) -> np.random.Generator:
        """Return the stream of an input, where the last draw left it."""
        if key not in self._streams:
            self._streams[key] = self._worlds.stream(self._tier, key)
        return self._streams[key]

    def _normals(self, key: str, length: int) -> Floats:
        """Return the next standard normal deviates of an input's stream."""
        z = self._stream(key).standard_normal((length, BLOCK), dtype=np.float32)
        return z[:, : self._worlds.size]

    def _follower_deviates(self, length: int) -> Floats:
        """Return the normal deviates behind the followings, inside the tier's interval."""
        law = self._tier.followers
        if law.creators_sd == 0:
            return np.zeros((length, self._worlds.size), np.float32)
        if not law.truncated:
            return self._normals("followers", length)
        low, high = (ndtr(end) for end in cut_normals(law, self._typical("followers")))
        uniform = self._stream("followers").random((length, BLOCK))[:, : self._worlds.size]
        return np.asarray(ndtri(low + (high - low) * uniform), np.float32)

    def _posting(self, length: int) -> Floats:
        """Return 1 for creators who deliver, else 0."""
        rate = self._typical("delivery_rate")
        if (rate == 1).all():
            return np.ones((length, self._worlds.size), np.float32)
        uniform = self._stream("delivery_rate").random((length, BLOCK), dtype=np.float32)
        return (uniform[:, : self._worlds.size] < rate).astype(np.float32)

    def _share(self, key: str, length: int) -> Floats:
        """Return a share in which creators differ."""
        log_odds = logit(self._typical(key)).astype(np.float32)
        sd = np.float32(getattr(self._tier, key).creators_sd)
        return expit(log_odds + sd * self._normals(key, length))

    def _engagement(self, length: int, followers: Floats) -> Floats | np.float32:
        """Return engagement rates where creators differ in them, else 1."""
        tier = self._tier
        if tier.engagement_rate.creators_sd == 0:
            return np.float32(1)
        log_odds = self._engagement_log_odds().astype(np.float32)
        if tier.engagement_elasticity != 0:
            slope = np.float32(tier.engagement_elasticity * tier.followers.creators_sd)
            log_odds = log_odds + slope * followers
        residual = np.float32(tier.engagement_residual_sd)
        return expit(log_odds + residual * self._normals("engagement_rate", length))

    def _fee(self, length: int, followers: Floats) -> Floats:
        """Return fees over the tier's typical fee."""
        tier = self._tier
        explained = _exp(tier.fee_elasticity * tier.followers.creators_sd, followers)
        if tier.fee_residual_sd == 0:
            return explained
        return explained * _exp(tier.fee_residual_sd, self._normals("fee", length))


def _exp(sd: float, z: Floats) -> Floats:
    """Return e^(sd · z), exactly 1 where nothing varies."""
    return np.exp(np.float32(sd) * z) if sd else np.ones_like(z)
