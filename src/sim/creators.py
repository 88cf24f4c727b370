"""Creators, hired in draw order: one path of prefix sums serves every plan.

A creator is a pure function of (seed, sample, world, tier, input, place in the queue): every
input in which the creators of a tier differ has a stream of its own per block of worlds, read
creator by creator, so that a longer queue only adds to a shorter one.
"""

from __future__ import annotations

from collections.abc import Collection
from math import ceil
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit, ndtr, ndtri

from sim.campaign import Tier
from sim.compiled import running_sums
from sim.curves import expit, seen_share
from sim.engine import engine
from sim.lottery import cut_normals
from sim.running_sums import GROUP, RunningSums
from sim.variates import Variates
from sim.worlds import BLOCK, Worlds

Array = NDArray[np.float64]
Floats = NDArray[np.float32]
Quantity = Literal["followers", "contacts", "impressions", "engagements", "fees", "posting"]

#: Creators drawn at a time: keeps the arrays in cache. A multiple of `GROUP`.
CHUNK = 128


def hire(
    worlds: Worlds, tier: Tier, counts: Array, quantities: Collection[Quantity]
) -> dict[Quantity, Array]:
    """Add up what the first creators of a tier bring; a part of a creator counts by its part.

    Parameters
    ----------
    worlds : Worlds
        From the first one of a block.
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
    if engine() == "compiled":
        sums = running_sums(worlds, tier, counts, queue.engagement_log_odds(), summed)
    else:
        sums = _sums(worlds, tier, counts, summed)
    for q, total in zip(summed, sums, strict=True):
        total *= queue.scale(q)
    totals = dict(zip(summed, sums, strict=True))
    return {q: totals[queue.stands_for(q)] for q in quantities}


def _sums(worlds: Worlds, tier: Tier, counts: Array, summed: list[Quantity]) -> Array:
    """Draw creators block by block, chunk by chunk, and read their running sums at the counts."""
    most = min(CHUNK, _rounded(counts.max(initial=0.0)))
    rooms, running = Rooms(most), RunningSums(most // GROUP, len(summed), min(worlds.size, BLOCK))
    ends = range(BLOCK, worlds.size, BLOCK)
    found = [
        _sums_of_block(Queue(block, tier, rooms), n, summed, running)
        for block, n in zip(worlds.blocks(), np.split(counts, ends, axis=1), strict=True)
    ]
    return np.concatenate(found, axis=2) if len(found) > 1 else found[0]


def _sums_of_block(
    queue: Queue, counts: Array, summed: list[Quantity], running: RunningSums
) -> Array:
    """Draw the creators of a block chunk by chunk and read their running sums at the counts."""
    sums = np.zeros((len(summed), counts.size))
    longest = _rounded(counts.max(initial=0.0))
    n_chunks = ceil(longest / CHUNK)
    chunk = (counts.ravel() * (1 / CHUNK)).astype(np.int32)
    np.minimum(chunk, n_chunks - 1, out=chunk)
    running.restart()
    for k in range(n_chunks):
        running.go_on(queue.draw(min(CHUNK, longest - k * CHUNK), summed))
        running.read(counts, k * CHUNK, np.flatnonzero(chunk == k), sums)
    return sums.reshape(-1, *counts.shape)


def _rounded(count: float) -> int:
    """Return a number of creators in whole groups."""
    return GROUP * ceil(count / GROUP)


class Rooms:
    """Memory for creators, which one block after the other uses.

    Parameters
    ----------
    most : int
        Creators that are drawn at a time.
    """

    def __init__(self, most: int) -> None:
        self.variates, self._most = Variates(most), most
        self._kept: dict[str, Floats] = {}

    def of(self, key: str, length: int) -> Floats:
        """Return memory for a quantity of some creators, shape (length, BLOCK)."""
        if key not in self._kept:
            self._kept[key] = np.empty((self._most, BLOCK), np.float32)
        return self._kept[key][:length]


class Queue:
    """The creators of a tier, in the order in which they are hired.

    What all creators of a world share stays in float64 (`scale`); only how they differ from
    each other is drawn (`draw`), so that a tier without spread is exact.

    Parameters
    ----------
    worlds : Worlds
        To draw, one block: at most `BLOCK` worlds from its first one.
    tier : Tier
    rooms : Rooms, optional
        Where they are drawn into.
    """

    def __init__(self, worlds: Worlds, tier: Tier, rooms: Rooms | None = None) -> None:
        self._worlds, self._tier, self._rooms = worlds, tier, rooms or Rooms(0)
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
        """Draw the next creators of the queue, each array of shape (length, n_worlds).

        The arrays are good until the next draw.
        """
        tier = self._tier
        posting, deviates = self._posting(length), self._follower_deviates(length)
        people = np.multiply(deviates, tier.followers.creators_sd, out=self._room("people", length))
        np.exp(people, out=people)
        people *= posting
        if tier.authentic_share.creators_sd > 0:
            people *= self._share("authentic_share", length)
        drawn = {"posting": posting}
        drawn |= dict.fromkeys(("followers", "contacts", "impressions"), people)
        if "fees" in quantities:
            drawn["fees"] = self._fee(deviates)
            drawn["fees"] *= posting
        if "engagements" in quantities:
            drawn["engagements"] = self._engagement(deviates)
            drawn["engagements"] *= people
        if tier.view_rate.creators_sd > 0:
            view = self._share("view_rate", length)
            room = self._room("contacts", length)
            drawn["contacts"] = np.multiply(people, seen_share(view, tier.posts), out=room)
            drawn["impressions"] = view
            view *= people
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
                return np.asarray(posts * expit(self.engagement_log_odds()))
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

    def engagement_log_odds(self) -> Array:
        """Return the log odds of a typical creator's engagement, shape (n_worlds,)."""
        typical = self._typical("engagement_rate")
        with np.errstate(divide="ignore"):
            return np.asarray(logit(typical) + np.log(self._worlds.values["resonance"]))

    def _stream(self, key: str) -> np.random.Generator:
        """Return the stream of an input, where the last draw left it."""
        if key not in self._streams:
            self._streams[key] = self._worlds.stream(self._tier, key)
        return self._streams[key]

    def _room(self, key: str, length: int) -> Floats:
        """Return memory for a quantity of some creators, shape (length, n_worlds)."""
        return self._rooms.of(key, length)[:, : self._worlds.size]

    def _normals(self, key: str, length: int) -> Floats:
        """Return the next standard normal deviates of an input's stream."""
        room = self._rooms.of(key, length)
        self._rooms.variates.normals(self._stream(key), room)
        return room[:, : self._worlds.size]

    def _follower_deviates(self, length: int) -> Floats:
        """Return the normal deviates behind the followings, inside the tier's interval."""
        law = self._tier.followers
        if law.creators_sd == 0:
            return np.zeros((length, self._worlds.size), np.float32)
        z = self._normals("followers", length)
        return self._cut(z) if law.truncated else z

    def _cut(self, z: Floats) -> Floats:
        """Draw again, by quantiles, the deviates outside the interval: all follow its law then."""
        ends = cut_normals(self._tier.followers, self._typical("followers"))
        again = self._stream("followers_again").random((len(z), BLOCK))
        low, high = (end.astype(np.float32) for end in ends)
        creator, world = np.nonzero((z < low) | (z > high))
        below, above = (ndtr(end)[world] for end in ends)
        z[creator, world] = ndtri(below + (above - below) * again[creator, world])
        return z

    def _posting(self, length: int) -> Floats:
        """Return 1 for creators who deliver, else 0."""
        rate, room = self._typical("delivery_rate"), self._room("delivery_rate", length)
        if (rate == 1).all():
            room[:] = 1
            return room
        return self._rooms.variates.happens(self._stream("delivery_rate"), rate, room)

    def _share(self, key: str, length: int) -> Floats:
        """Return a share in which creators differ."""
        z = self._normals(key, length)
        z *= getattr(self._tier, key).creators_sd
        z += logit(self._typical(key)).astype(np.float32)
        return expit(z, out=z)

    def _engagement(self, followers: Floats) -> Floats:
        """Return engagement rates where creators differ in them, else 1."""
        tier = self._tier
        if tier.engagement_rate.creators_sd == 0:
            return np.ones_like(followers)
        slope = tier.engagement_elasticity * tier.followers.creators_sd
        z = self._moved("engagement_rate", slope, followers, tier.engagement_residual_sd)
        z += self.engagement_log_odds().astype(np.float32)
        return expit(z, out=z)

    def _fee(self, followers: Floats) -> Floats:
        """Return fees over the tier's typical fee."""
        tier = self._tier
        slope = tier.fee_elasticity * tier.followers.creators_sd
        z = self._moved("fee", slope, followers, tier.fee_residual_sd)
        return np.exp(z, out=z)

    def _moved(self, key: str, slope: float, followers: Floats, residual_sd: float) -> Floats:
        """Return deviates that follow those of the followers, but for a residual of their own."""
        room = self._room(f"explained {key}", len(followers))
        explained = np.multiply(followers, np.float32(slope), out=room)
        if residual_sd == 0:
            return explained
        z = self._normals(key, len(followers))
        z *= residual_sd
        z += explained
        return z
