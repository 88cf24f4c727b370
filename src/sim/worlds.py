"""The bank of worlds: one joint draw each of everything that is uncertain about the tiers.

World ``w`` is point ``w // REPLICATES`` of scrambled Sobol replicate ``w % REPLICATES``, so that
any stretch of worlds can be drawn by itself: more worlds can be added later and none of the
first ones changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, exp
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit, ndtri

from sim.campaign import Campaign, Tier
from sim.direction_numbers import DIMENSIONS
from sim.response_curves import ResponseCurve, common_draws
from sim.sobol import Scramble
from sim.uncertain import FARTHEST, Uncertain

#: Independent randomisations of the Sobol sequence; standard errors come from their means.
REPLICATES = 16

#: Worlds that share one stream of creators.
BLOCK = 1024

#: What a tier draws once a world, most important first (the first Sobol dimensions are the
#: most even).
TIER_INPUTS = (
    "engagement_rate",
    "conversion_rate",
    "clicks_per_engagement",
    "view_rate",
    "fee",
    "followers",
    "authentic_share",
    "delivery_rate",
    "overhead",
    "lift",
)

#: Which joint draw of the curves that are tables of draws holds in a world.
DRAW = "curve_draw"

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Worlds:
    """Worlds ``first`` to ``first + size`` of a campaign.

    Parameters
    ----------
    campaign : Campaign
    seed : int
        At least 0.
    sample : int
        Which independent bank of the seed this is (0 to plan with, 1 to check the plan).
    first : int
        Index of the first world; a multiple of `BLOCK`.
    values : mapping of str to ndarray, shape (n_worlds,)
        Typical value of every input, by its name (``micro.fee``, ``search.max``, ``resonance``).
    order : tuple of str
        Uncertain inputs by Sobol dimension.
    memory : dict or None
        What was averaged over creators before, for worlds that differ from others in few inputs.
    """

    campaign: Campaign
    seed: int
    sample: int
    first: int
    values: Mapping[str, Array]
    order: tuple[str, ...] = ()
    memory: dict[bytes, Array] | None = field(default=None, compare=False, repr=False)

    @property
    def size(self) -> int:
        """Number of worlds."""
        return len(self.values["resonance"])

    def tier(self, tier: Tier, key: str) -> Array:
        """Return the typical values of one of a tier's inputs, shape (n_worlds,)."""
        return self.values[f"{tier.name}.{key}"]

    def curve(self, curve: ResponseCurve) -> dict[str, Array]:
        """Return the parameters of a curve by name, each of shape (n_worlds,)."""
        return {key: self.values[f"{curve.name}.{key}"] for key in curve.kind.laws}

    @property
    def draw(self) -> NDArray[np.intp]:
        """Which joint draw of the curves holds, shape (n_worlds,)."""
        return self.values.get(DRAW, np.zeros(self.size)).astype(np.intp)

    def stream(self, tier: Tier, key: str) -> np.random.Generator:
        """Return the generator of one creator-level input for the block of the first world."""
        return self._stream(f"{tier.name}.{key}")

    def luck(self, metric: str) -> np.random.Generator:
        """Return the generator of what is counted, for the block of the first world."""
        return self._stream(f"count of {metric}")

    def _stream(self, name: str) -> np.random.Generator:
        spawn_key = (self.sample, crc32(name.encode()), self.first // BLOCK)
        return np.random.Generator(
            np.random.SFC64(np.random.SeedSequence(self.seed, spawn_key=spawn_key))
        )

    def blocks(self, n: int = 1) -> Iterator[Worlds]:
        """Yield the worlds in blocks of `BLOCK`, or some blocks at a time."""
        for start in range(0, self.size, n * BLOCK):
            yield self.part(start, start + n * BLOCK)

    def part(self, start: int, stop: int) -> Worlds:
        """Return the worlds of the given positions; `start` is a multiple of `BLOCK`."""
        values = {name: value[start:stop] for name, value in self.values.items()}
        return Worlds(self.campaign, self.seed, self.sample, self.first + start, values, self.order)

    def replicate(self) -> NDArray[np.int64]:
        """Return the Sobol replicate of every world, shape (n_worlds,)."""
        return np.arange(self.first, self.first + self.size) % REPLICATES


def draw_worlds(
    campaign: Campaign,
    n_worlds: int,
    seed: int,
    *,
    sample: int = 0,
    first: int = 0,
    order: Sequence[str] = (),
) -> Worlds:
    """Draw worlds.

    An input is a function of seed, sample, world, its name and its Sobol dimension. Campaigns that
    are drawn in the `order` of one of them share what they have in common: an input of the same
    name has the same luck in every world, and so have the creators of a tier.

    Parameters
    ----------
    campaign : Campaign
    n_worlds : int
        At least 1.
    seed : int
        At least 0.
    sample : int
        Number of the independent bank.
    first : int
        Index of the first world; a multiple of `BLOCK`.
    order : sequence of str
        Uncertain inputs that take the first Sobol dimensions, whether this campaign has them or
        not (`Worlds.order` of another one); its others follow, the most important first.

    Raises
    ------
    ValueError
        If `n_worlds`, `seed` or `first` is out of range.
    """
    if n_worlds < 1 or seed < 0 or first < 0 or first % BLOCK:
        raise ValueError(f"n_worlds(={n_worlds}), seed(={seed}) or first(={first}) out of range")
    laws = _inputs(campaign)
    count = 3 + len(campaign.segments) + len(TIER_INPUTS) * len(campaign.tiers)
    count += len(campaign.halos)
    if len(laws) < count + sum(len(curve.kind.laws) for curve in campaign.curves):
        raise ValueError("a line may not be named in_market beside a segment named as an input")
    pools = _pools(campaign)
    varies = {name: pools.get(name, name) for name, law in laws.items() if law.typical_sd > 0}
    uncertain = list(dict.fromkeys(varies.values()))
    n_draws = common_draws(campaign.curves)
    uncertain += [DRAW] * (n_draws > 1)
    uncertain = list(dict.fromkeys([*order, *uncertain]))
    uniforms = dict(
        zip(uncertain, _uniforms(uncertain, n_worlds, seed, sample, first), strict=True)
    )
    values = {
        name: typical_value(law, ndtri(uniforms[varies[name]]))
        if name in varies
        else np.full(n_worlds, law.median)
        for name, law in laws.items()
    }
    if n_draws > 1:
        values[DRAW] = np.floor(uniforms[DRAW] * n_draws)
    return Worlds(campaign, seed, sample, first, followed(values, campaign), tuple(uncertain))


def _inputs(campaign: Campaign) -> dict[str, Uncertain]:
    """Return every input of a campaign by name."""
    laws = {"resonance": campaign.resonance}
    for key in TIER_INPUTS:
        laws.update({f"{tier.name}.{key}": getattr(tier, key) for tier in campaign.tiers})
    laws["order_value"] = campaign.order_value
    laws["margin"] = campaign.margin
    laws.update({f"in_market.{s.name}": s.in_market for s in campaign.segments})
    laws.update({f"halo.{halo.name}": halo.lift for halo in campaign.halos})
    for curve in campaign.curves:
        laws.update({f"{curve.name}.{key}": law for key, law in curve.kind.laws.items()})
    return laws


def uncertain_laws(campaign: Campaign) -> dict[str, Uncertain]:
    """Return the inputs that differ from world to world, by name; no draws of tables of curves."""
    return {name: law for name, law in _inputs(campaign).items() if law.typical_sd > 0}


def stated_values(worlds: Worlds) -> dict[str, Array]:
    """Return the typical values as the laws state them: at the middle of the followers' range."""
    values = dict(worlds.values)
    for tier in worlds.campaign.tiers:
        _follow(values, tier, -1.0)
    return values


def followed(values: dict[str, Array], campaign: Campaign) -> dict[str, Array]:
    """Return typical values with fees and engagement rates at each world's typical following."""
    for tier in campaign.tiers:
        _follow(values, tier, 1.0)
    return values


def _follow(values: dict[str, Array], tier: Tier, way: float) -> None:
    """Let the typical fee and engagement rate be those of the world's following, or undo it.

    They are stated for the middle of the followers' range; elasticities carry them on.
    """
    if tier.followers.typical_sd == 0:
        return
    moved = way * np.log(values[f"{tier.name}.followers"] / tier.followers.median)
    fee, rate = f"{tier.name}.fee", f"{tier.name}.engagement_rate"
    values[fee] = values[fee] * np.exp(tier.fee_elasticity * moved)
    if tier.engagement_elasticity != 0:
        values[rate] = expit(logit(values[rate]) + tier.engagement_elasticity * moved)


def _pools(campaign: Campaign) -> dict[str, str]:
    """Return whose draw an input shares, for named creators and classes of people."""
    creators = [tier for tier in campaign.tiers if tier.pool]
    shared = {f"{t.name}.{key}": f"{t.pool}.{key}" for t in creators for key in TIER_INPUTS}
    return shared | {f"in_market.{s.name}": f"in_market.{s.pool}" for s in campaign.segments
                     if s.pool}  # fmt: skip


def typical_value(law: Uncertain, z: Array) -> Array:
    """Return the typical value at a standard normal deviate, shape of `z`."""
    if law.typical_sd == 0:
        return np.full(np.shape(z), law.median)
    if law.link == "log":
        reach = exp(FARTHEST * law.creators_sd)
        return np.clip(law.median * np.exp(law.typical_sd * z), law.low / reach, law.high * reach)
    return np.asarray(expit(logit(law.median) + law.typical_sd * z))


def _uniforms(names: list[str], n: int, seed: int, sample: int, first: int) -> Array:
    """Return uniforms of all uncertain inputs, shape (n_inputs, n).

    Inputs beyond the dimensions of the Sobol table are plain random draws.
    """
    points = np.empty((len(names), n))
    sobol, plain = names[:DIMENSIONS], names[DIMENSIONS:]
    scramble = Scramble([_sequence(seed, sample, name, 0) for name in sobol], REPLICATES)
    index = np.arange(first // REPLICATES, ceil((first + n) / REPLICATES))
    points[: len(sobol)] = scramble.uniforms(index)[:, :n]
    for row, name in enumerate(plain, start=len(sobol)):
        for block in range(first // BLOCK, (first + n - 1) // BLOCK + 1):
            at = block * BLOCK - first
            draws = np.random.Generator(
                np.random.SFC64(_sequence(seed, sample, name, 1 + block))
            ).random(BLOCK)
            points[row, at : at + BLOCK] = draws[: n - at]
    return points


def _sequence(seed: int, sample: int, name: str, number: int) -> np.random.SeedSequence:
    """Return the seed sequence of one world-level input."""
    return np.random.SeedSequence(seed, spawn_key=(sample, crc32(name.encode()), number, 0))
