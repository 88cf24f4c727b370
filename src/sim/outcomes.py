"""What plans yield: the full lottery, creator by creator, on common worlds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from sim.campaign import Tier
from sim.creators import Quantity, hire
from sim.distinct import Line, people_won
from sim.lottery import averages, mean_cost
from sim.mapping import Mapper, threads
from sim.metrics import METRICS
from sim.purchase import PARTS, Purchase
from sim.response import ridge
from sim.worlds import BLOCK, Worlds

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Every metric of some plans in every world, given the creators who were drawn.

    Parameters
    ----------
    worlds : Worlds
    values : mapping of str to ndarray, shape (n_plans, n_worlds)
        Every metric of `sim.metrics`, before counting noise: what is expected in that world; with
        phases also what is reached by the end of each, as ``reach@tease``.
    controlled : mapping of str to ndarray, shape (n_plans, n_worlds)
        The metrics that add up (no ratios), less what the creators drawn add to them to first
        order: the same means with a smaller error, and of no other use.
    chances : mapping of str to ndarray, shape (n_plans, n_worlds)
        For people who are counted (reach, conversions): the probability p of the binomial law
        of the count with that expected value. Events are Poisson (p = 0).
    """

    worlds: Worlds
    values: Mapping[str, Array]
    controlled: Mapping[str, Array]
    chances: Mapping[str, Array]


def evaluate(
    worlds: Worlds,
    plans: Array | Sequence[Sequence[float] | Array],
    purchase: Purchase = PARTS,
    *,
    mapper: Mapper = threads,
    told: Callable[[int], None] = lambda done: None,
) -> Outcomes:
    """Simulate plans on common worlds.

    Parameters
    ----------
    worlds : Worlds
    plans : array_like, shape (n_plans, n_lines)
        Money per line.
    purchase : Purchase
        `PARTS`, or `WHOLE`: then the spend metric is what the creators drawn really cost.
    mapper : Mapper, optional
        What plays the blocks of worlds. The result does not depend on it.
    told : callable, optional
        Told after every block how many worlds are done.

    Raises
    ------
    ValueError
        If a plan has another number of lines than the campaign, or spends less than nothing.
    """
    spends = np.asarray(plans, dtype=float)
    if spends.ndim != 2 or spends.shape[1] != len(worlds.campaign.lines):
        raise ValueError(f"plans have shape {spends.shape}, not (n, {len(worlds.campaign.lines)})")
    if not (np.isfinite(spends).all() and (spends >= 0).all()):
        raise ValueError("plans must spend finite amounts of at least 0")

    plays = partial(_played, replace(worlds, values={}, memory=None), spends, purchase)
    blocks = []
    for block in mapper(plays, ((part.first, part.values) for part in worlds.blocks())):
        blocks.append(block)
        told(min(len(blocks) * BLOCK, worlds.size))
    return Outcomes(worlds, *(_joined(parts) for parts in zip(*blocks, strict=True)))


def _played(
    bank: Worlds, spends: Array, purchase: Purchase, drawn: tuple[int, Mapping[str, Array]]
) -> tuple[Mapping[str, Array], Mapping[str, Array], Mapping[str, Array]]:
    """Return the outcomes of a block of worlds: `values`, `controlled` and `chances`.

    Parameters
    ----------
    bank : Worlds
        What the worlds of all blocks share, without their values.
    spends : ndarray, shape (n_plans, n_lines)
    purchase : Purchase
    drawn : tuple of int and mapping of str to ndarray, shape (n_worlds,)
        Index of the first world, and the values of the worlds.
    """
    block = _block(replace(bank, first=drawn[0], values=drawn[1]), spends, purchase)
    return block.values, block.controlled, block.chances


def _joined(blocks: Sequence[Mapping[str, Array]]) -> dict[str, Array]:
    """Put the worlds of all blocks behind each other."""
    return {name: np.concatenate([b[name] for b in blocks], axis=1) for name in blocks[0]}


def _block(worlds: Worlds, spends: Array, purchase: Purchase) -> Outcomes:
    """Return the outcomes of one block of worlds, of the whole campaign and by every phase."""
    lines = _lines(worlds, spends, purchase)
    found = _totals(worlds, spends, lines)
    parts = [dict(part) for part in found]
    for phase in worlds.campaign.phases:
        counted = worlds.campaign.horizon(phase.name)
        early = [line for line in lines if counted[line.position]]
        totals = found if counted.all() else _totals(worlds, spends * counted, early)
        for part, total in zip(parts, totals, strict=True):
            part |= {f"{name}@{phase.name}": values for name, values in total.items()}
    return Outcomes(worlds, *parts)


def _totals(
    worlds: Worlds, spends: Array, lines: Sequence[Line]
) -> tuple[dict[str, Array], dict[str, Array], dict[str, Array]]:
    """Return every metric of some lines together: `Outcomes.values`, `controlled`, `chances`."""
    nothing = np.zeros((len(spends), worlds.size))
    drawn = {name: sum((line.drawn[name] for line in lines), nothing) for name in ADDED}
    mean = {name: sum((line.mean[name] for line in lines), nothing) for name in ADDED}
    chances = {}
    for name, mass in PEOPLE.items():
        times = worlds.campaign.effective_frequency if name == "effective_reach" else 1
        drawn[name], mean[name], chances[name] = people_won(
            worlds, lines, mass, times, nothing.shape
        )
    curves = _curves(worlds, spends)
    for name, chance in chances.items():
        whole = drawn[name] + curves.get(name, nothing)
        shares = np.divide(drawn[name], whole, out=np.ones_like(whole), where=whole > 0)
        chances[name] = chance * shares  # what a curve brings are events
    for values in (drawn, mean):
        for name, more in curves.items():
            values[name] = values.get(name, nothing) + more
        sold = values["conversions"] * worlds.values["order_value"]
        values["revenue"] = sold + values.get("revenue", nothing)
        values["profit"] = values["revenue"] * worlds.values["margin"] - values["spend"]
    with np.errstate(divide="ignore", invalid="ignore"):
        for name, metric in METRICS.items():
            if metric.over:
                drawn[name] = metric.times * drawn[metric.over[0]] / drawn[metric.over[1]]
    return drawn, mean, chances


def _curves(worlds: Worlds, spends: Array) -> dict[str, Array]:
    """Return what the response curves add to every metric, each of shape (n_plans, n_worlds)."""
    first = len(worlds.campaign.items)
    paid = np.repeat(spends[:, first:].sum(axis=1)[:, None], worlds.size, axis=1)
    found = {"spend": paid, "response": np.zeros_like(paid)}
    for line, curve in enumerate(worlds.campaign.curves, start=first):
        ridges = ridge(worlds, curve, line)
        brought = np.stack([ridges.values(plan) for plan in spends])
        found[curve.metric] = found.get(curve.metric, 0.0) + brought
    return found


#: Metrics that are sums over lines.
ADDED = (
    "spend",
    "impressions",
    "engagements",
    "clicks",
    "follower_posts",
    "on_target_impressions",
)

#: Metrics that count distinct people, and what wins them over.
PEOPLE = {
    "reach": "contacts",
    "effective_reach": "contacts",
    "conversions": "intent",
    "brand_lift": "lifted",
}


def _lines(worlds: Worlds, spends: Array, purchase: Purchase) -> list[Line]:
    """Return what every line that hires creators brings by itself."""
    items, found = worlds.campaign.items, []
    for tier in worlds.campaign.tiers:
        mine = [i for i, item in enumerate(items) if item.tier is tier]
        pairs = _hired(worlds, tier, spends[:, mine], purchase)
        found += [Line(i, tier, *pair) for i, pair in zip(mine, pairs, strict=True)]
    return sorted(found, key=lambda line: line.position)


def _hired(
    worlds: Worlds, tier: Tier, spends: Array, purchase: Purchase
) -> list[tuple[dict[str, Array], dict[str, Array]]]:
    """Return what the lines of one tier bring, phase by phase: every creator is hired once.

    Parameters
    ----------
    spends : ndarray, shape (n_plans, n_phases)

    Returns
    -------
    list of pairs of dict of ndarray, shape (n_plans, n_worlds)
        With the creators who were drawn, and on average over the lottery of creators.
    """
    rows, where = np.unique(spends, axis=0, return_inverse=True)
    counts = np.stack([purchase.counts(worlds, tier, row) for row in rows.T])
    wanted: list[Quantity] = ["followers", "contacts", "impressions", "engagements"]
    if purchase.pays_fees():
        wanted.append("fees")
    path = counts.cumsum(axis=0).reshape(-1, worlds.size)
    sums = {
        str(q): np.diff(x.reshape(counts.shape), axis=0, prepend=0.0)
        for q, x in hire(worlds, tier, path, wanted).items()
    }
    return [
        _placed(worlds, tier, purchase, spent, n, {q: x[p] for q, x in sums.items()}, where.ravel())
        for p, (spent, n) in enumerate(zip(rows.T, counts, strict=True))
    ]


def _placed(
    worlds: Worlds,
    tier: Tier,
    purchase: Purchase,
    spent: Array,
    counts: Array,
    got: dict[str, Array],
    where: NDArray[np.intp],
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Return what the creators of one line bring, drawn and on average, plan by plan.

    Parameters
    ----------
    spent : ndarray, shape (n_rows,)
    counts : ndarray, shape (n_rows, n_worlds)
    got : dict of ndarray, shape (n_rows, n_worlds)
        What the creators drawn bring; it is completed.
    where : ndarray of int, shape (n_plans,)
        Row of every plan.
    """
    mean = {key: counts * brought for key, brought in averages(worlds, tier).items()}
    got["spend"] = mean["spend"] = np.broadcast_to(spent[:, None], counts.shape)
    if purchase.pays_fees():
        got["spend"] = got.pop("fees") + counts * worlds.tier(tier, "overhead")
        mean["spend"] = counts * mean_cost(worlds, tier)
    for values in (got, mean):
        _complete(worlds, tier, values)
    drawn = {key: x.take(where, axis=0) for key, x in got.items()}
    return drawn, {key: x.take(where, axis=0) for key, x in mean.items()}


def _complete(worlds: Worlds, tier: Tier, values: dict[str, Array]) -> None:
    """Add what follows from followers, contacts, impressions and engagements."""
    values["follower_posts"] = values["followers"] * tier.posts
    values["on_target_impressions"] = values["impressions"] * sum(tier.audience)
    values["clicks"] = values["engagements"] * worlds.tier(tier, "clicks_per_engagement")
    values["intent"] = values["clicks"] * worlds.tier(tier, "conversion_rate")
    values["lifted"] = values["contacts"] * worlds.tier(tier, "lift")
