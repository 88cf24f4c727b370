"""What plans yield: the full lottery, creator by creator, on common worlds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from os import cpu_count

import numpy as np
from numpy.typing import NDArray

from sim.campaign import Tier
from sim.creators import Quantity, hire
from sim.curves import reached_share
from sim.metrics import METRICS
from sim.purchase import PARTS, Purchase
from sim.worlds import Worlds

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Every metric of some plans in every world, given the creators who were drawn.

    Parameters
    ----------
    worlds : Worlds
    values : mapping of str to ndarray, shape (n_plans, n_worlds)
        Every metric of `sim.metrics`, before counting noise: what is expected in that world.
    chances : mapping of str to ndarray, shape (n_plans, n_worlds)
        For people who are counted (reach, conversions): the probability p of the binomial law
        of the count with that expected value. Events are Poisson (p = 0).
    """

    worlds: Worlds
    values: Mapping[str, Array]
    chances: Mapping[str, Array]


def evaluate(
    worlds: Worlds,
    plans: Array | Sequence[Sequence[float] | Array],
    purchase: Purchase = PARTS,
    *,
    threads: int | None = None,
) -> Outcomes:
    """Simulate plans on common worlds.

    Parameters
    ----------
    worlds : Worlds
    plans : array_like, shape (n_plans, n_lines)
        Money per line.
    purchase : Purchase
        `PARTS`, or `WHOLE`: then the spend metric is what the creators drawn really cost.
    threads : int, optional
        Default: one per processor. The result does not depend on it.

    Raises
    ------
    ValueError
        If a plan has another number of lines than the campaign, or spends less than nothing.
    """
    spends = np.asarray(plans, dtype=float)
    if spends.ndim != 2 or spends.shape[1] != len(worlds.campaign.tiers):
        raise ValueError(f"plans have shape {spends.shape}, not (n, {len(worlds.campaign.tiers)})")
    if not (np.isfinite(spends).all() and (spends >= 0).all()):
        raise ValueError("plans must spend finite amounts of at least 0")

    def block(part: Worlds) -> tuple[dict[str, Array], dict[str, Array]]:
        return _block(part, spends, purchase)

    with ThreadPoolExecutor(threads or cpu_count()) as pool:
        done = list(pool.map(block, worlds.blocks()))
    values = {name: np.concatenate([b[0][name] for b in done], axis=1) for name in done[0][0]}
    chances = {name: np.concatenate([b[1][name] for b in done], axis=1) for name in done[0][1]}
    return Outcomes(worlds, values, chances)


def _block(
    worlds: Worlds, spends: Array, purchase: Purchase
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Return the values and chances of one block of worlds."""
    campaign = worlds.campaign
    lines = [_line(worlds, t, spends[:, i], purchase) for i, t in enumerate(campaign.tiers)]
    total = {key: sum((line[key] for line in lines), np.zeros(1)) for key in _SUMMED}
    values = {key: total[key] for key in _SUMMED}
    values["reach"], reach_chance = _people(worlds, lines, "contacts")
    values["conversions"], conversion_chance = _people(worlds, lines, "intent")
    values["brand_lift"], _ = _people(worlds, lines, "lifted")
    values["revenue"] = values["conversions"] * worlds.values["order_value"]
    values["profit"] = values["revenue"] * worlds.values["margin"] - values["spend"]
    with np.errstate(divide="ignore", invalid="ignore"):
        for name, metric in METRICS.items():
            if metric.over:
                top, bottom = metric.over
                values[name] = metric.times * values[top] / values[bottom]
    return values, {"reach": reach_chance, "conversions": conversion_chance}


_SUMMED = (
    "spend",
    "impressions",
    "engagements",
    "clicks",
    "follower_posts",
    "on_target_impressions",
)


def _line(worlds: Worlds, tier: Tier, spend: Array, purchase: Purchase) -> dict[str, Array]:
    """Return what one line brings by itself, each of shape (n_plans, n_worlds)."""
    levels, where = np.unique(spend, return_inverse=True)
    counts = purchase.counts(worlds, tier, levels)
    wanted: list[Quantity] = ["followers", "contacts", "impressions", "engagements"]
    if purchase.pays_fees():
        wanted.append("fees")
    got: dict[str, Array] = {str(q): x for q, x in hire(worlds, tier, counts, wanted).items()}
    paid = levels[:, None]
    if purchase.pays_fees():
        paid = got.pop("fees") + counts * worlds.tier(tier, "overhead")
    got["spend"] = np.broadcast_to(paid, counts.shape)
    got["follower_posts"] = got["followers"] * tier.posts
    got["on_target_impressions"] = got["impressions"] * sum(tier.audience)
    got["clicks"] = got["engagements"] * worlds.tier(tier, "clicks_per_engagement")
    got["intent"] = got["clicks"] * worlds.tier(tier, "conversion_rate")
    got["lifted"] = got["contacts"] * worlds.tier(tier, "lift")
    return {key: value[where] for key, value in got.items()}


def _people(worlds: Worlds, lines: list[dict[str, Array]], key: str) -> tuple[Array, Array]:
    """Return how many distinct people a mass of contacts or intents becomes.

    Returns
    -------
    expected : ndarray, shape (n_plans, n_worlds)
        Sum over segments of (people) x g(mass / people).
    chance : ndarray, shape (n_plans, n_worlds)
        The p of the one binomial law that has the mean and the variance of the sum of the
        segments' binomial counts (exact for one segment; Ehm 1991 bounds the rest).
    """
    campaign = worlds.campaign
    expected, squares = np.zeros(lines[0][key].shape), np.zeros(lines[0][key].shape)
    for s, segment in enumerate(campaign.segments):
        people = np.full(worlds.size, segment.size)
        if key == "intent":
            people = people * worlds.values[f"in_market.{segment.name}"]
        mass = sum(
            (x[key] * t.audience[s] for x, t in zip(lines, campaign.tiers, strict=True)),
            np.zeros(1),
        )
        share = reached_share(mass / people, campaign.heterogeneity)
        expected += people * share
        squares += people * share**2
    chance = np.divide(squares, expected, out=np.zeros_like(squares), where=expected > 0)
    return expected, chance
