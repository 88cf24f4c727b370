"""Named creators: distinct people, typical values shared with their pool, kinds of people."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import numpy as np
import pytest

from sim.campaign import Campaign, Classes, Segment, Tier
from sim.lottery import expected_price
from sim.outcomes import evaluate
from sim.purchase import WHOLE, price_list
from sim.response import respond
from sim.uncertain import Uncertain
from sim.worlds import draw_worlds


def creator(name: str, followers: float, **more: object) -> Tier:
    tier = Tier(
        name,
        Uncertain.known(followers),
        Uncertain.known(1000.0),
        Uncertain.stated("logit", (0.2, 0.4)),
        Uncertain.known(0.05, "logit"),
        Uncertain.known(0.05),
        Uncertain.known(0.05, "logit"),
        (0.5, 0.3),
        available=1.0,
        pool="micro",
    )
    return replace(tier, **more)  # type: ignore[arg-type]


def campaign(heterogeneity: float = inf, classes: Classes | None = None, n: int = 3) -> Campaign:
    segments = (
        Segment("a", 100_000.0, Uncertain.known(0.1, "logit")),
        Segment("b", 80_000.0, Uncertain.known(0.1, "logit")),
    )
    tiers = tuple(creator(f"c{i}", 40_000.0 * (i + 1)) for i in range(n))
    return Campaign(segments, tiers, heterogeneity, classes=classes)


@pytest.mark.parametrize("heterogeneity", [inf, 0.8])
def test_one_alone_reaches_as_many_people_as_see_her(heterogeneity: float) -> None:
    worlds = draw_worlds(campaign(heterogeneity), 64, 1)
    prices = price_list(worlds.campaign)
    for i, tier in enumerate(worlds.campaign.tiers):
        plan = np.where(np.arange(3) == i, prices, 0.0)
        seen = tier.followers.median * worlds.tier(tier, "view_rate") * 0.8
        simulated = evaluate(worlds, [plan], WHOLE).values["reach"][0]
        np.testing.assert_allclose(simulated, seen, rtol=1e-9)
        np.testing.assert_allclose(respond(worlds, "reach", WHOLE).values(plan), seen, rtol=1e-5)


def test_creators_of_a_pool_share_what_is_uncertain_about_it() -> None:
    worlds = draw_worlds(campaign(), 256, 1)
    first, second, _ = worlds.campaign.tiers
    rates = worlds.tier(first, "view_rate")
    assert rates.std() > 0.01
    np.testing.assert_array_equal(rates, worlds.tier(second, "view_rate"))


def test_a_known_rate_is_hers_alone() -> None:
    base = campaign()
    known = replace(base.tiers[0], view_rate=Uncertain.known(0.5, "logit"))
    worlds = draw_worlds(replace(base, tiers=(known, *base.tiers[1:])), 64, 1)
    assert (worlds.tier(known, "view_rate") == 0.5).all()


def test_a_quote_is_promised_whole() -> None:
    tier = creator("c", 1e4, delivery_rate=Uncertain.known(0.9, "logit"))
    assert expected_price(tier) == pytest.approx(1000)
    assert expected_price(replace(tier, pool="")) == pytest.approx(900)


def overlapping() -> Campaign:
    """Return two creators who share a kind of people, and a pool that reaches everybody."""
    base = campaign(n=2)
    sizes = np.array([30_000.0, 10_000.0, 60_000.0, 80_000.0])
    shares = np.array([[0.375, 0.125, 0.0, 0.3], [0.0, 0.125, 0.375, 0.3], [0.15, 0.05, 0.3, 0.3]])
    pool = creator("others", 20_000.0, pool="", available=50.0, audience=(0.5, 0.3))
    return replace(base, tiers=(*base.tiers, pool), classes=Classes(sizes, shares))


def test_kinds_of_people_are_counted_as_people_would_be() -> None:
    base = overlapping()
    worlds = draw_worlds(base, 64, 1)
    prices = price_list(base)
    assert base.classes is not None
    views = worlds.tier(base.tiers[0], "view_rate")
    reach = evaluate(worlds, [prices * [1, 1, 0]], WHOLE).values["reach"][0]
    rng, drawn = np.random.default_rng(0), []
    for view in views[:8]:
        seen = 0.0
        for size, shares in zip(base.classes.sizes, base.classes.shares.T, strict=True):
            people = int(size)
            chances = [view * 40_000 * shares[0] / size, view * 80_000 * shares[1] / size]
            mine = np.zeros(people, bool)
            for chance in chances:
                mine |= rng.random(people) < chance
            seen += mine.sum()
        drawn.append(seen)
    np.testing.assert_allclose(reach[:8], drawn, rtol=0.02)


def test_the_optimizer_sees_what_the_simulator_plays() -> None:
    base = overlapping()
    spread = Uncertain.stated("logit", (0.2, 0.4), (0.1, 0.6))
    base = replace(base, tiers=tuple(replace(t, view_rate=spread) for t in base.tiers))
    worlds = draw_worlds(base, 4096, 1)
    for counts in ([1, 0, 0], [1, 1, 0], [1, 1, 4]):
        plan = price_list(base) * counts
        outcomes = evaluate(worlds, [plan], WHOLE)
        for metric in ("reach", "conversions"):
            mean = respond(worlds, metric, WHOLE).values(plan).mean()
            played = outcomes.values[metric][0]
            error = played.std() / 64
            assert played.mean() == pytest.approx(mean, abs=4 * error, rel=1e-9)
            assert outcomes.controlled[metric][0].mean() == pytest.approx(
                mean, abs=3 * error, rel=1e-9
            )


def test_distinct_people_of_a_heterogeneous_audience() -> None:
    spread = Uncertain.stated("logit", (0.2, 0.4), (0.1, 0.6))
    base = campaign(0.8)
    base = replace(base, tiers=tuple(replace(t, view_rate=spread) for t in base.tiers))
    worlds = draw_worlds(base, 4096, 1)
    plan = price_list(base)
    mean = respond(worlds, "reach", WHOLE).values(plan).mean()
    played = evaluate(worlds, [plan], WHOLE)
    error = played.values["reach"][0].std() / 64
    assert played.values["reach"][0].mean() == pytest.approx(mean, abs=4 * error)
    assert played.controlled["reach"][0].mean() == pytest.approx(mean, abs=2 * error)
