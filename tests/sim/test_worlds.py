"""Worlds are drawn once, can be added to, and spread as people stated."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from sim.campaign import Campaign
from sim.direction_numbers import DIMENSIONS
from sim.uncertain import Uncertain
from sim.worlds import BLOCK, REPLICATES, TIER_INPUTS, Worlds, draw_worlds
from specimens import KNOWN, card_like

CAMPAIGN = card_like()
STATED = {
    "micro.followers": (8e3, 12e3),
    "micro.fee": (250.0, 400.0),
    "micro.engagement_rate": (0.08, 0.12),
    "micro.conversion_rate": (0.03, 0.06),
    "macro.view_rate": (0.15, 0.35),
    "macro.delivery_rate": (0.95, 0.99),
    "macro.overhead": (200.0, 1000.0),
    "order_value": (38.0, 55.0),
    "margin": (0.5, 0.6),
    "resonance": (0.8, 1.25),
    "in_market.fans": (0.08, 0.16),
}


FLAT = replace(
    CAMPAIGN,
    tiers=tuple(
        replace(tier, fee_elasticity=0.0, engagement_elasticity=0.0) for tier in CAMPAIGN.tiers
    ),
)


def wide(tiers: int) -> Campaign:
    """Return a campaign with more uncertain inputs than the Sobol table has dimensions."""
    return replace(FLAT, tiers=tuple(replace(FLAT.tiers[0], name=f"t{i}") for i in range(tiers)))


def same(one: Worlds, other: Worlds) -> bool:
    return one.values.keys() == other.values.keys() and all(
        value.tobytes() == other.values[name].tobytes() for name, value in one.values.items()
    )


def uncertain_values(worlds: Worlds) -> npt.NDArray[np.float64]:
    return np.array([v for v in worlds.values.values() if np.ptp(v) > 0])


def test_the_same_seed_draws_the_same_bytes() -> None:
    assert same(draw_worlds(CAMPAIGN, 500, 7), draw_worlds(CAMPAIGN, 500, 7))


def test_another_seed_or_sample_draws_other_worlds() -> None:
    worlds = draw_worlds(CAMPAIGN, 500, 7)
    for other in (draw_worlds(CAMPAIGN, 500, 8), draw_worlds(CAMPAIGN, 500, 7, sample=1)):
        assert (uncertain_values(worlds) != uncertain_values(other)).mean() > 0.99


@pytest.mark.parametrize("campaign", [CAMPAIGN, wide(14)], ids=["card", "wide"])
def test_the_first_worlds_stay_when_more_are_drawn(campaign: Campaign) -> None:
    few, many = draw_worlds(campaign, 300, 3), draw_worlds(campaign, 1000, 3)
    assert same(few, many.part(0, 300))


@pytest.mark.parametrize("campaign", [CAMPAIGN, wide(14)], ids=["card", "wide"])
def test_worlds_can_be_added_later(campaign: Campaign) -> None:
    added = draw_worlds(campaign, 400, 3, first=BLOCK)
    many = draw_worlds(campaign, 2 * BLOCK, 3)
    assert same(added, many.part(BLOCK, BLOCK + 400))
    assert np.array_equal(added.replicate(), many.part(BLOCK, BLOCK + 400).replicate())


def test_blocks_are_the_worlds_in_order() -> None:
    worlds = draw_worlds(CAMPAIGN, 2 * BLOCK + 188, 3)
    blocks = list(worlds.blocks())
    assert [block.size for block in blocks] == [BLOCK, BLOCK, 188]
    assert [block.first for block in blocks] == [0, BLOCK, 2 * BLOCK]
    joined = np.concatenate([block.values["resonance"] for block in blocks])
    assert np.array_equal(joined, worlds.values["resonance"])


def test_every_input_has_a_value_in_every_world() -> None:
    worlds = draw_worlds(CAMPAIGN, 300, 3)
    for tier in CAMPAIGN.tiers:
        for key in TIER_INPUTS:
            assert worlds.tier(tier, key).shape == (300,)
    assert worlds.values["in_market.others"].shape == (300,)


def test_what_is_known_is_the_same_in_every_world() -> None:
    campaign = replace(CAMPAIGN, order_value=KNOWN(40.0))
    assert (draw_worlds(campaign, 300, 3).values["order_value"] == 40.0).all()


@pytest.mark.parametrize("name", STATED)
def test_a_twentieth_of_typical_values_lies_beyond_either_end(name: str) -> None:
    worlds = draw_worlds(FLAT, 4096, 11)
    low, high = STATED[name]
    values = worlds.values[name]
    assert (values < low).mean() == pytest.approx(0.05, abs=0.003)
    assert (values > high).mean() == pytest.approx(0.05, abs=0.003)


def test_plain_draws_beyond_the_sobol_table_spread_as_stated() -> None:
    campaign = wide(14)
    worlds = draw_worlds(campaign, 2048, 5)
    assert len(uncertain_values(worlds)) > DIMENSIONS
    error = (0.05 * 0.95 / 2048) ** 0.5
    for tier in campaign.tiers[-2:]:
        values = worlds.tier(tier, "overhead")
        assert abs((values < 50.0).mean() - 0.05) < 4 * error
        assert abs((values > 300.0).mean() - 0.05) < 4 * error


def first_points(campaign: Campaign, sample: int, seeds: int) -> npt.NDArray[np.float64]:
    """Return independent points: the first of every replicate, under many seeds."""
    banks = [draw_worlds(campaign, REPLICATES, seed, sample=sample) for seed in range(seeds)]
    return np.asarray(
        np.log(np.concatenate([uncertain_values(worlds) for worlds in banks], axis=1))
    )


def test_fees_and_engagement_follow_the_middle_following_of_the_world() -> None:
    tier = CAMPAIGN.tiers[0]
    flat, tied = (draw_worlds(campaign, 512, 3) for campaign in (FLAT, CAMPAIGN))
    moved = flat.tier(tier, "followers") / tier.followers.median
    assert np.ptp(moved) > 0
    assert tier.fee_elasticity != 0 != tier.engagement_elasticity
    fees = flat.tier(tier, "fee") * moved**tier.fee_elasticity
    assert tied.tier(tier, "fee") == pytest.approx(fees, rel=1e-12)
    odds = [w.tier(tier, "engagement_rate") for w in (flat, tied)]
    before, after = (rate / (1 - rate) for rate in odds)
    assert after == pytest.approx(before * moved**tier.engagement_elasticity, rel=1e-12)


@pytest.mark.parametrize("campaign", [FLAT, wide(14)], ids=["card", "wide"])
def test_inputs_are_independent_of_each_other(campaign: Campaign) -> None:
    points = first_points(campaign, 0, seeds=30)
    correlation = np.corrcoef(points) - np.eye(len(points))
    assert np.abs(correlation).max() < 5 / points.shape[1] ** 0.5


def test_the_two_samples_are_independent() -> None:
    planned, checked = (first_points(CAMPAIGN, sample, seeds=60) for sample in (0, 1))
    between = np.corrcoef(planned, checked)[: len(planned), len(planned) :]
    assert np.abs(between).max() < 4.5 / planned.shape[1] ** 0.5


def test_an_input_is_drawn_alike_whatever_else_is_uncertain() -> None:
    alone = replace(CAMPAIGN, tiers=CAMPAIGN.tiers[:1])
    one, both = draw_worlds(alone, 300, 3), draw_worlds(CAMPAIGN, 300, 3)
    sure = replace(CAMPAIGN.tiers[0], fee=Uncertain("log", 300.0, creators_sd=0.7))
    other = draw_worlds(replace(alone, tiers=(sure,)), 300, 3)
    assert np.array_equal(one.values["resonance"], both.values["resonance"])
    assert np.array_equal(one.values["resonance"], other.values["resonance"])


def test_campaigns_in_one_order_share_what_they_have_in_common() -> None:
    """Whatever comes before it in its own order, an input has the same luck."""
    micro, macro = CAMPAIGN.tiers
    sure = replace(micro, delivery_rate=KNOWN(0.9, "logit"), overhead=KNOWN(80.0))
    other = replace(
        CAMPAIGN, tiers=(replace(micro, name="nano"), sure, macro), order_value=KNOWN(4)
    )
    mine = draw_worlds(CAMPAIGN, 600, 3)
    theirs = draw_worlds(other, 600, 3, order=mine.order)
    assert theirs.order[: len(mine.order)] == mine.order
    shared = [key for key in mine.order if np.ptp(theirs.values.get(key, np.zeros(1))) > 0]
    assert {"macro.fee", "micro.conversion_rate", "resonance", "in_market.fans"} <= set(shared)
    for key in shared:
        assert np.array_equal(theirs.values[key], mine.values[key]), key
    alone = draw_worlds(other, 600, 3)
    assert not np.array_equal(alone.values["macro.fee"], mine.values["macro.fee"])


def test_an_order_of_its_own_changes_nothing_and_can_be_added_to() -> None:
    mine = draw_worlds(CAMPAIGN, 600, 3)
    assert same(mine, draw_worlds(CAMPAIGN, 600, 3, order=mine.order))
    part = draw_worlds(CAMPAIGN, 300, 3, order=("a stranger", *mine.order), first=BLOCK)
    whole = draw_worlds(CAMPAIGN, 2 * BLOCK, 3, order=("a stranger", *mine.order))
    assert same(part, whole.part(BLOCK, BLOCK + 300))
    assert part.order == whole.order == ("a stranger", *mine.order)


def test_replicates_take_turns() -> None:
    worlds = draw_worlds(CAMPAIGN, 512, 3)
    assert np.array_equal(np.bincount(worlds.replicate()), np.full(REPLICATES, 32))


def test_creators_of_a_tier_have_a_stream_for_every_input_and_block() -> None:
    worlds = draw_worlds(CAMPAIGN, 300, 3)
    micro, macro = CAMPAIGN.tiers
    second = worlds.part(BLOCK, 300)
    streams = [
        worlds.stream(micro, "fee"),
        worlds.stream(micro, "followers"),
        worlds.stream(macro, "fee"),
        second.stream(micro, "fee"),
        draw_worlds(CAMPAIGN, 1, 3, sample=1).stream(micro, "fee"),
        draw_worlds(CAMPAIGN, 1, 4).stream(micro, "fee"),
    ]
    assert len({stream.random() for stream in streams}) == len(streams)
    assert worlds.stream(micro, "fee").random() == worlds.stream(micro, "fee").random()


@pytest.mark.parametrize(("n", "seed", "first"), [(0, 1, 0), (5, -1, 0), (5, 1, 100), (5, 1, -256)])
def test_impossible_draws_are_refused(n: int, seed: int, first: int) -> None:
    with pytest.raises(ValueError, match="out of range"):
        draw_worlds(CAMPAIGN, n, seed, first=first)
