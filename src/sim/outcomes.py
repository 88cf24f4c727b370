"""What plans yield: the full lottery, creator by creator, on common worlds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from sim.distinct import people_won
from sim.lines import PEOPLE, Line, Order, bought, brought_for, orders
from sim.mapping import Mapper, lanes, threads
from sim.metrics import METRICS
from sim.purchase import PARTS, Purchase
from sim.response import ridge
from sim.worlds import BLOCK, Worlds

Array = NDArray[np.float64]

#: Metrics that are sums over lines.
ADDED = (
    "spend",
    "impressions",
    "engagements",
    "clicks",
    "follower_posts",
    "on_target_impressions",
)


#: Blocks that are played at a time, over all plans; tasks that everybody at work gets at least.
STRETCH, SHARES = 8, 2

#: Metrics that are made of others, and of which.
MADE_OF = {
    **{name: metric.over for name, metric in METRICS.items() if metric.over},
    "revenue": ("conversions",),
    "profit": ("spend", "revenue", "conversions"),
    "roas": ("spend", "revenue", "conversions"),
}


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Metrics of some plans in every world, given the creators who were drawn.

    Those that were asked for, and those that they are made of.

    Parameters
    ----------
    worlds : Worlds
    values : mapping of str to ndarray, shape (n_plans, n_worlds)
        Metrics of `sim.metrics`, before counting noise: what is expected in that world; with
        phases also what is reached by the end of each, as ``reach@tease``.
    usual : mapping of str to ndarray, shape (n_plans, n_worlds)
        The metrics that add up (no ratios), with every creator at her mean: a function of the
        world. Left out where it is the same as `controlled`.
    controlled : mapping of str to ndarray, shape (n_plans, n_worlds)
        The same metrics, less what the creators drawn add to them to first order, which is 0 on
        average in every world: the same means with a smaller error, and of no other use.
    chances : mapping of str to ndarray, shape (n_plans, n_worlds)
        For people who are counted (reach, conversions): the probability p of the binomial law
        of the count with that expected value. Events are Poisson (p = 0).
    """

    worlds: Worlds
    values: Mapping[str, Array]
    usual: Mapping[str, Array]
    controlled: Mapping[str, Array]
    chances: Mapping[str, Array]


def evaluate(
    worlds: Worlds,
    plans: Array | Sequence[Sequence[float] | Array],
    purchase: Purchase = PARTS,
    *,
    metrics: Collection[str] | None = None,
    values_only: bool = False,
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
    metrics : collection of str, optional
        What is asked for, of `sim.metrics` and by phase (``reach@tease``); by default everything.
        What is not needed is not drawn; it does not change the rest.
    values_only : bool
        Leave out everything but `Outcomes.values`: for many plans.
    mapper : Mapper, optional
        What plays the worlds, some blocks at a time. The result does not depend on it.
    told : callable, optional
        Told after every part how many worlds are done.

    Raises
    ------
    ValueError
        If a plan has another number of lines than the campaign, or spends less than nothing; if
        there is no such metric or phase.
    """
    campaign, spends = worlds.campaign, np.asarray(plans, dtype=float)
    if spends.ndim != 2 or spends.shape[1] != len(campaign.lines):
        raise ValueError(f"plans have shape {spends.shape}, not (n, {len(campaign.lines)})")
    if not (np.isfinite(spends).all() and (spends >= 0).all()):
        raise ValueError("plans must spend finite amounts of at least 0")

    bank = replace(worlds, values={}, memory=None)
    play = _Play(
        bank, spends, purchase, orders(campaign, spends), _asked(worlds, metrics), not values_only
    )
    n = _stretch(worlds.size, len(spends), lanes(mapper))
    parts = mapper(play, ((part.first, part.values) for part in worlds.blocks(n)))
    return Outcomes(worlds, *_joined(parts, worlds.size, told))


def _stretch(n_worlds: int, n_plans: int, side_by_side: int) -> int:
    """Return how many blocks are played at a time: for few plans many, but all have work to do."""
    few = max(STRETCH // n_plans, 1)
    if side_by_side == 1:
        return few
    return max(min(n_worlds // (SHARES * side_by_side * BLOCK), few), 1)


def _asked(worlds: Worlds, metrics: Collection[str] | None) -> dict[str, tuple[str, ...]]:
    """Return what is needed of the whole campaign (no name) and by the end of every phase."""
    phases = ("", *(phase.name for phase in worlds.campaign.phases))
    if metrics is None:
        return dict.fromkeys(phases, tuple(METRICS))
    known = {_named(metric, phase): (metric, phase) for phase in phases for metric in METRICS}
    found: dict[str, set[str]] = defaultdict(set)
    for name in metrics:
        if name not in known:
            raise ValueError(f"there is no metric {name}")
        metric, phase = known[name]
        found[phase].update((metric, *MADE_OF.get(metric, ())))
    return {phase: tuple(sorted(asked)) for phase, asked in found.items()}


def _named(metric: str, phase: str) -> str:
    """Return the name of a metric by the end of a phase."""
    return f"{metric}@{phase}" if phase else metric


#: What `Outcomes` holds of some worlds, in its order.
_Part = tuple[dict[str, Array], dict[str, Array], dict[str, Array], dict[str, Array]]


def _joined(parts: Iterable[_Part], n_worlds: int, told: Callable[[int], None]) -> _Part:
    """Put the worlds of all parts behind each other."""
    found: _Part = ({}, {}, {}, {})
    done = size = 0
    for some in parts:
        for whole, part in zip(found, some, strict=True):
            for name, values in part.items():
                size = values.shape[1]
                if size == n_worlds:
                    whole[name] = values
                    continue
                if name not in whole:
                    whole[name] = np.empty((len(values), n_worlds))
                whole[name][:, done : done + size] = values
        done += size
        told(done)
    return found


@dataclass(frozen=True, slots=True)
class _Play:
    """Plays some blocks of worlds: a pure function of these.

    Parameters
    ----------
    bank : Worlds
        What the worlds of all parts share, without their values.
    spends : ndarray, shape (n_plans, n_lines)
    purchase : Purchase
    orders : tuple of Order
        The spends on every tier.
    needs : dict of str to tuple of str
        By phase, or for the whole campaign (no name). Plain data: a checkpoint makes a key of
        it.
    luck : bool
        Whether more is asked for than values.
    """

    bank: Worlds
    spends: Array
    purchase: Purchase
    orders: tuple[Order, ...]
    needs: dict[str, tuple[str, ...]]
    luck: bool

    def __call__(self, drawn: tuple[int, Mapping[str, Array]]) -> _Part:
        """Return the outcomes of worlds: the first one's number, and the values of all."""
        worlds = replace(self.bank, first=drawn[0], values=drawn[1])
        every = brought_for(worlds.campaign, {*chain.from_iterable(self.needs.values())})
        lines = [
            line
            for order in self.orders
            for line in bought(worlds, order, self.purchase, every, luck=self.luck)
        ]
        lines.sort(key=lambda line: line.position)
        found: _Part = ({}, {}, {}, {})
        for phase, needs in self.needs.items():
            for whole, part in zip(found, self._by(worlds, lines, phase, needs), strict=True):
                whole |= {_named(name, phase): x for name, x in part.items()}
        return found

    def _by(self, worlds: Worlds, lines: list[Line], phase: str, needs: tuple[str, ...]) -> _Part:
        """Return what is needed by the end of a phase."""
        spends = self.spends
        if phase:
            counted = worlds.campaign.horizon(phase)
            lines = [line for line in lines if counted[line.position]]
            spends = spends * counted
        return _totals(worlds, spends, lines, needs, luck=self.luck)


def _totals(
    worlds: Worlds, spends: Array, lines: Sequence[Line], needs: tuple[str, ...], *, luck: bool
) -> _Part:
    """Return the metrics of some lines together, as `Outcomes` holds them."""
    size = (len(spends), worlds.size)
    drawn, usual, controlled, chances = {}, {}, {}, {}
    for name in filter(needs.__contains__, ADDED):
        drawn[name] = _sum([line.brought(name) for line in lines], size)
        if luck:
            usual[name] = controlled[name] = _sum([line.usual(name) for line in lines], size)
    for name in filter(needs.__contains__, PEOPLE):
        times = worlds.campaign.effective_frequency if name == "effective_reach" else 1
        won = people_won(worlds, lines, PEOPLE[name], times, len(spends), luck=luck)
        drawn[name] = won.expected
        if won.usual is not None and won.controlled is not None and won.chance is not None:
            usual[name], controlled[name] = won.usual, won.controlled
            chances[name] = won.chance
    curves = _curves(worlds, spends, needs)
    for name, chance in chances.items():
        if name in curves:  # what a curve brings are events
            whole = drawn[name] + curves[name]
            shares = np.divide(drawn[name], whole, out=np.ones_like(whole), where=whole > 0)
            chances[name] = chance * shares
    for values in (drawn, usual, controlled) if luck else (drawn,):
        _complete(worlds, values, curves, needs)
    with np.errstate(divide="ignore", invalid="ignore"):
        for name in filter(needs.__contains__, METRICS):
            metric = METRICS[name]
            if metric.over:
                drawn[name] = metric.times * drawn[metric.over[0]] / drawn[metric.over[1]]
    differ = {name: x for name, x in usual.items() if x is not controlled[name]}
    return drawn, differ, controlled, chances


def _sum(parts: Sequence[Array], size: tuple[int, int]) -> Array:
    """Return the sum of what lines bring."""
    total = np.zeros(size)
    for part in parts:
        total += part
    return total


def _complete(
    worlds: Worlds, values: dict[str, Array], curves: Mapping[str, Array], needs: tuple[str, ...]
) -> None:
    """Add what curves bring, and money."""
    for name, more in curves.items():
        values[name] = values[name] + more if name in values else more
    if "revenue" in needs:
        sold = values["conversions"] * worlds.values["order_value"]
        values["revenue"] = sold + values["revenue"] if "revenue" in values else sold
    if "profit" in needs:
        values["profit"] = values["revenue"] * worlds.values["margin"] - values["spend"]


def _curves(worlds: Worlds, spends: Array, needs: tuple[str, ...]) -> dict[str, Array]:
    """Return what the response curves add to what is needed, each of shape (n_plans, n_worlds)."""
    first, found = len(worlds.campaign.items), {}
    if "spend" in needs and worlds.campaign.curves:
        paid = spends[:, first:].sum(axis=1)[:, None]
        found["spend"] = np.repeat(paid, worlds.size, axis=1)
    if "response" in needs:
        found["response"] = np.zeros((len(spends), worlds.size))
    for line, curve in enumerate(worlds.campaign.curves, start=first):
        if curve.metric in needs:
            ridges = ridge(worlds, curve, line)
            brought = np.stack([ridges.values(plan) for plan in spends])
            found[curve.metric] = found.get(curve.metric, 0.0) + brought
    return found
