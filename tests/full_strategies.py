"""Random campaigns with every feature there is, and plans for them."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from sim.campaign import Campaign, Classes, Halo, Phase, Tier
from sim.purchase import price_list
from sim.response_curves import (
    CURVE_METRICS,
    ExponentialCurve,
    HillCurve,
    Kind,
    PointsCurve,
    ResponseCurve,
)
from sim.uncertain import Uncertain
from strategies import bare_campaigns, campaigns

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

#: Phases of random campaigns, one after the other.
PHASES = (Phase("tease", 1.0), Phase("launch", 2.0), Phase("remind", 4.0))


def full_campaigns() -> st.SearchStrategy[Campaign]:
    """Campaigns with phases, halos, curves, kinds of people, named creators and limits."""
    return _full_campaigns()


def full_bare_campaigns() -> st.SearchStrategy[Campaign]:
    """Campaigns of tiers in which every number is known, with phases, halos or kinds of people."""
    known = bare_campaigns()
    return st.one_of(known, known.flatmap(_phased), known.flatmap(_kinds))


def named(campaign: Campaign) -> bool:
    """Return whether creators are known by name: then they are hired whole, once at most."""
    return any(tier.pool for tier in campaign.tiers)


@st.composite
def money(draw: st.DrawFn, campaign: Campaign, *, whole: bool, most: float = 40.0) -> Array:
    """Return money per line, for nobody up to about `most` creators each; nothing at all is rare.

    Parameters
    ----------
    campaign : Campaign
    whole : bool
        Whether it buys whole creators at the expected price.
    most : float
        Creators of a line; of named ones, one.
    """
    prices, spent = price_list(campaign), []
    for item, price in zip(campaign.items, prices, strict=False):
        n = draw(st.one_of(st.just(0.0), st.floats(0.3, 1.0 if item.tier.pool else most)))
        spent.append(float(price) * (np.ceil(n) if whole else n))
    spent += [draw(st.one_of(st.just(0.0), st.floats(10.0, 20_000.0))) for _ in campaign.curves]
    return np.array(spent)


@st.composite
def _full_campaigns(draw: st.DrawFn) -> Campaign:
    campaign = replace(draw(campaigns()), effective_frequency=draw(st.integers(1, 5)))
    tiers = tuple(draw(_limited(tier)) for tier in campaign.tiers)
    campaign = replace(campaign, tiers=tiers)
    kind = draw(st.sampled_from(("plain", "phased", "curved", "classes", "named")))
    if kind == "named":
        return draw(_named(campaign))
    if kind == "classes":
        return draw(_kinds(campaign))
    if kind == "phased":
        campaign = draw(_phased(campaign))
    if kind == "curved" or draw(st.booleans()):
        curves = draw(st.lists(_curves(), min_size=1, max_size=2))
        lines = (ResponseCurve(f"curve{i}", *curve) for i, curve in enumerate(curves))
        campaign = replace(campaign, curves=tuple(lines))
    return campaign


@st.composite
def _limited(draw: st.DrawFn, tier: Tier) -> Tier:
    """Return the tier with few creators, or a minimum deal, or neither."""
    price = tier.posts * tier.fee.median + tier.overhead.median
    return replace(
        tier,
        available=draw(st.one_of(st.just(inf), st.floats(1.0, 60.0))),
        onboarding=draw(st.one_of(st.just(inf), st.floats(1.0, 20.0))),
        minimum_deal=price * draw(st.one_of(st.just(0.0), st.just(0.0), st.floats(0.5, 5.0))),
    )


@st.composite
def _phased(draw: st.DrawFn, campaign: Campaign) -> Campaign:
    phases = PHASES[: draw(st.integers(1, 3))]
    campaign = replace(campaign, phases=phases)
    halos: list[Halo] = []
    for i in range(draw(st.integers(0, 2)) if len(phases) > 1 else 0):
        first = draw(st.integers(0, len(phases) - 2))
        last = draw(st.integers(first + 1, len(phases) - 1))
        lines = [
            tuple(k for k, item in enumerate(campaign.items) if item.phase == phase)
            for phase in (first, last)
        ]
        sources, targets = (
            draw(st.one_of(st.just(all_), st.sampled_from(all_).map(lambda k: (k,))))
            for all_ in lines
        )
        spread = draw(st.sampled_from((0.0, 0.2)))
        lift = Uncertain("log", draw(st.floats(0.4, 3.0)), spread)
        halos.append(Halo(f"halo{i}", sources, targets, lift, draw(st.floats(0.1, 1.0))))
    return replace(campaign, halos=tuple(halos))


@st.composite
def _curves(draw: st.DrawFn) -> tuple[Kind, str]:
    """Return a curve and its metric."""
    one, other = (
        Uncertain("log", draw(st.floats(50.0, 5_000.0)), draw(st.sampled_from((0.0, 0.3))))
        for _ in range(2)
    )
    kind: Kind = ExponentialCurve(one, other)
    match draw(st.sampled_from(("exponential", "hill", "points"))):
        case "hill":
            kind = HillCurve(one, other, Uncertain.known(draw(st.floats(0.4, 3.0))))
        case "points":
            draws = draw(st.sampled_from((1, 3)))
            steps = st.lists(st.integers(0, 500).map(float), min_size=4, max_size=4)
            rows = [[0.0, *np.cumsum(draw(steps))] for _ in range(draws)]
            spends = np.cumsum([0.0, *draw(st.lists(st.floats(50, 5e3), min_size=4, max_size=4))])
            kind = PointsCurve(spends, np.array(rows))
    return kind, draw(st.sampled_from(CURVE_METRICS))


@st.composite
def _split(draw: st.DrawFn, campaign: Campaign) -> tuple[Array, NDArray[np.intp]]:
    """Return the sizes of one to three kinds of people a segment, and their segments."""
    sizes, where = [], []
    for s, segment in enumerate(campaign.segments):
        parts = draw(st.lists(st.floats(0.1, 1.0), min_size=1, max_size=3))
        sizes += [segment.size * part / sum(parts) for part in parts]
        where += [s] * len(parts)
    return np.array(sizes), np.array(where)


@st.composite
def _kinds(draw: st.DrawFn, campaign: Campaign) -> Campaign:
    """Return the campaign with kinds of people, on whom tiers fall unevenly."""
    sizes, where = draw(_split(campaign))
    weights = st.one_of(st.just(0.0), st.floats(0.1, 1.0))
    rows = []
    for tier in campaign.tiers:
        mine = np.array([draw(weights) for _ in sizes])
        rows.append(_spread(mine, where, tier.audience))
    return replace(campaign, classes=Classes(sizes, np.array(rows)))


def _spread(weights: Array, where: NDArray[np.intp], audience: tuple[float, ...]) -> Array:
    """Return how contacts fall on the kinds, in every segment its share of them."""
    found = np.zeros(weights.size)
    for s, share in enumerate(audience):
        mine = where == s
        total = weights[mine].sum()
        found[mine] = share * (weights[mine] / total if total > 0 else 1 / mine.sum())
    return found


@st.composite
def _named(draw: st.DrawFn, campaign: Campaign) -> Campaign:
    """Return the campaign with one to four creators known by name, with kinds of people or not."""
    sizes, where = draw(_split(campaign))
    rows = [_spread(sizes, where, tier.audience) for tier in campaign.tiers]
    creators = []
    for i in range(draw(st.integers(1, 4))):
        pool = draw(st.sampled_from(campaign.tiers))
        follows = np.array([draw(st.booleans()) for _ in sizes])
        rows.append(_spread(follows * sizes, where, pool.audience))
        room = (sizes[rows[-1] > 0] / rows[-1][rows[-1] > 0]).min()
        creators.append(replace(
            pool, name=f"creator{i}", pool=pool.name,
            followers=Uncertain.known(float(room) * draw(st.floats(0.01, 0.95))),
            fee=Uncertain.known(draw(st.floats(50.0, 5_000.0))), fee_elasticity=0.0,
            engagement_elasticity=0.0, available=1.0, onboarding=inf, minimum_deal=0.0,
        ))  # fmt: skip
    classes = Classes(sizes, np.array(rows)) if draw(st.booleans()) else None
    return replace(campaign, tiers=(*campaign.tiers, *creators), classes=classes)
