"""Creators are pure functions of their place, and differ from each other as stated."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from math import log

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats
from scipy.special import expit, logit

import sim.creators
import sim.mapping
from sim.campaign import Campaign, Segment, Tier
from sim.creators import Quantity, hire
from sim.outcomes import evaluate
from sim.purchase import PARTS, WHOLE
from sim.uncertain import Uncertain
from sim.worlds import BLOCK, Worlds, draw_worlds
from specimens import EVERYTHING, KNOWN, PLAIN, STATED, card_like

FloatArray = npt.NDArray[np.float64]

CAMPAIGN = card_like()
PLANS = [(30_000.0, 30_000.0), (60_000.0, 0.0), (12_345.6, 41_000.0), (400.0, 15_000.0)]


def campaign(*tiers: Tier) -> Campaign:
    return Campaign((Segment("all", 1e6, KNOWN(0.1, "logit")),), tiers)


def one_by_one(tier: Tier, quantity: Quantity, length: int = 100, worlds: int = 256) -> FloatArray:
    """Return what single creators bring, shape (length, n_worlds)."""
    bank = draw_worlds(campaign(tier), worlds, 5)
    counts = np.repeat(np.arange(length + 1.0)[:, None], worlds, axis=1)
    return np.diff(hire(bank, tier, counts, [quantity])[quantity], axis=0)


def holds(share: float, expected: float, n: int) -> bool:
    return bool(abs(share - expected) < 4 * (expected * (1 - expected) / n) ** 0.5)


def all_bytes(
    worlds: Worlds, plans: object = PLANS, mapper: sim.mapping.Mapper = sim.mapping.one_by_one
) -> dict[str, bytes]:
    outcomes = [evaluate(worlds, np.array(plans), way, mapper=mapper) for way in (PARTS, WHOLE)]
    return {
        f"{i} {name}": value.tobytes()
        for i, outcome in enumerate(outcomes)
        for name, value in (*outcome.values.items(), *outcome.chances.items())
    }


@pytest.mark.parametrize("chunk", [8, 56])
def test_the_result_does_not_depend_on_the_chunk(
    chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    worlds = draw_worlds(CAMPAIGN, 300, 5)
    monkeypatch.setattr(sim.creators, "CHUNK", 128)
    expected = all_bytes(worlds)
    monkeypatch.setattr(sim.creators, "CHUNK", chunk)
    assert all_bytes(worlds) == expected


def test_whole_counts_at_the_end_of_a_chunk_are_read_exactly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wild = replace(PLAIN, followers=Uncertain("log", 1e4, creators_sd=4.0), fee_elasticity=0.0,
                   engagement_elasticity=0.0)  # fmt: skip
    bank = draw_worlds(campaign(wild), 256, 5)
    counts = np.repeat(np.arange(1.0, 41.0)[:, None], 256, axis=1)
    expected = hire(bank, wild, counts, EVERYTHING)
    for chunk in (8, 24, 40):
        monkeypatch.setattr(sim.creators, "CHUNK", chunk)
        got = hire(bank, wild, counts, EVERYTHING)
        for quantity in EVERYTHING:
            assert np.array_equal(got[quantity], expected[quantity]), (chunk, quantity)


@pytest.mark.parametrize("cores", [2, 5])
def test_the_result_does_not_depend_on_the_threads(
    cores: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sim.mapping, "cores", lambda: cores)
    worlds = draw_worlds(CAMPAIGN, 1100, 5)
    assert all_bytes(worlds, mapper=sim.mapping.threads) == all_bytes(worlds)


def test_a_plan_does_not_depend_on_the_plans_beside_it() -> None:
    worlds = draw_worlds(CAMPAIGN, 300, 5)
    together = evaluate(worlds, PLANS)
    for i, plan in enumerate(PLANS):
        alone = evaluate(worlds, [plan])
        for name, value in alone.values.items():
            assert value[0].tobytes() == together.values[name][i].tobytes(), name


def test_outcomes_of_the_first_worlds_stay_when_more_are_drawn() -> None:
    few, many = (evaluate(draw_worlds(CAMPAIGN, n, 5), PLANS) for n in (300, 700))
    for name, value in few.values.items():
        assert value.tobytes() == many.values[name][:, :300].tobytes(), name


def test_a_longer_queue_begins_with_the_shorter_one() -> None:
    worlds = draw_worlds(CAMPAIGN, 256, 5)
    for tier in CAMPAIGN.tiers:
        short = hire(worlds, tier, np.full((1, 256), 10.0), EVERYTHING)
        long = hire(worlds, tier, np.array([[10.0], [20.0]]).repeat(256, axis=1), EVERYTHING)
        for quantity in EVERYTHING:
            assert np.array_equal(short[quantity][0], long[quantity][0])
            assert (long[quantity][1] > long[quantity][0]).all()


def test_a_tier_does_not_depend_on_the_tiers_beside_it() -> None:
    micro = CAMPAIGN.tiers[0]
    alone = draw_worlds(replace(CAMPAIGN, tiers=(micro,)), 256, 5)
    beside = draw_worlds(CAMPAIGN, 256, 5)
    values = {**alone.values, **{k: beside.values[k] for k in alone.values}}
    counts = np.full((1, 256), 15.0)
    one = hire(replace(alone, values=values), micro, counts, EVERYTHING)
    other = hire(beside, micro, counts, EVERYTHING)
    assert all(np.array_equal(one[q], other[q]) for q in EVERYTHING)


def test_parts_of_a_creator_lie_on_the_line_between_whole_ones() -> None:
    worlds = draw_worlds(CAMPAIGN, 256, 5)
    counts = np.repeat(np.array([[3.0], [3.25], [4.0], [0.0], [0.5], [1.0]]), 256, axis=1)
    for tier in CAMPAIGN.tiers:
        for value in hire(worlds, tier, counts, EVERYTHING).values():
            assert value[1] == pytest.approx(0.75 * value[0] + 0.25 * value[2], rel=1e-12)
            assert (value[3] == 0).all()
            assert value[4] == pytest.approx(value[5] / 2, rel=1e-12)


def test_counts_may_differ_from_world_to_world() -> None:
    worlds = draw_worlds(CAMPAIGN, 256, 5)
    tier = CAMPAIGN.tiers[0]
    rising = np.linspace(0.0, 300.0, 256)
    mixed = hire(worlds, tier, rising[None, :], EVERYTHING)
    for at in (0, 17, 255):
        alone = hire(worlds, tier, np.full((1, 256), rising[at]), EVERYTHING)
        for quantity in EVERYTHING:
            assert mixed[quantity][0, at] == alone[quantity][0, at]


def test_nine_tenths_of_followings_and_fees_lie_in_the_stated_range() -> None:
    followers, fees = (one_by_one(PLAIN, quantity) for quantity in ("followers", "fees"))
    assert holds((followers < 1e3).mean(), 0.05, followers.size)
    assert holds((followers > 1e5).mean(), 0.05, followers.size)
    assert holds((fees < 100).mean(), 0.05, fees.size)
    assert holds((fees > 1000).mean(), 0.05, fees.size)


def test_nine_tenths_of_rates_lie_in_the_stated_range() -> None:
    rates = one_by_one(PLAIN, "engagements") / one_by_one(PLAIN, "followers")
    middle = logit(0.1)
    half = (logit(0.25) - logit(0.03)) / 2
    assert holds((rates < expit(middle - half)).mean(), 0.05, rates.size)
    assert holds((rates > expit(middle + half)).mean(), 0.05, rates.size)
    differs = replace(PLAIN, view_rate=STATED("logit", creators=(0.1, 0.5)))
    views = one_by_one(differs, "impressions") / one_by_one(differs, "followers")
    assert holds((views < 0.1).mean(), 0.05, views.size)
    assert holds((views > 0.5).mean(), 0.05, views.size)
    part_fake = replace(PLAIN, authentic_share=STATED("logit", creators=(0.4, 0.9)))
    share = one_by_one(part_fake, "followers") / one_by_one(PLAIN, "followers")
    assert holds((share < 0.4).mean(), 0.05, share.size)
    assert holds((share > 0.9).mean(), 0.05, share.size)


def test_fees_and_engagement_follow_followings_as_stated() -> None:
    followers = one_by_one(PLAIN, "followers")
    size = np.log(followers / PLAIN.followers.median).ravel()
    fee = np.log(one_by_one(PLAIN, "fees") / PLAIN.fee.median).ravel()
    odds = logit(one_by_one(PLAIN, "engagements") / followers).ravel() - logit(0.1)
    for values, elasticity, residual in (
        (fee, 0.3, PLAIN.fee_residual_sd),
        (odds, -0.2, PLAIN.engagement_residual_sd),
    ):
        fit = stats.linregress(size, values)
        assert abs(fit.slope - elasticity) < 4 * fit.stderr
        assert abs(fit.intercept) < 4 * fit.intercept_stderr
        left = values - elasticity * size
        assert left.std() == pytest.approx(residual, rel=4 / (2 * size.size) ** 0.5)


def test_the_spread_of_fees_is_the_whole_spread() -> None:
    fee = np.log(one_by_one(PLAIN, "fees"))
    assert fee.std() == pytest.approx(PLAIN.fee.creators_sd, rel=4 / (2 * fee.size) ** 0.5)
    fee = one_by_one(replace(PLAIN, posts=3, multi_post_discount=0.2), "fees")
    middle = PLAIN.fee.median * 3 * 0.8
    assert holds((fee < middle).mean(), 0.5, fee.size)


@pytest.mark.parametrize(
    ("low", "high", "typical_sd"),
    [(2e3, 5e4, 0.0), (0.0, 1.2e4, 0.4), (9e3, np.inf, 0.4), (1e5, 3e5, 0.0), (10.0, 100.0, 0.0)],
)
def test_cut_followings_stay_in_their_interval_and_keep_their_shape(
    low: float, high: float, typical_sd: float
) -> None:
    law = Uncertain("log", 1e4, typical_sd, 1.0, low, high)
    tier = replace(PLAIN, followers=law, fee_elasticity=0.3, engagement_elasticity=0.0)
    followers = one_by_one(tier, "followers")
    assert followers.min() >= low * (1 - 1e-6)
    assert followers.max() <= high * (1 + 1e-6)
    typical = draw_worlds(campaign(tier), 256, 5).tier(tier, "followers")
    ends = (np.log(max(x, 1e-300) / typical) for x in (low, min(high, 1e300)))
    inside = stats.truncnorm(*ends).cdf(np.log(followers / typical))
    assert stats.kstest(inside.ravel(), "uniform").pvalue > 1e-3


def test_cut_followings_stay_in_an_interval_that_their_typical_value_leaves() -> None:
    law = Uncertain("log", 1e4, 1.0, 0.05, 9e3, 1.1e4)
    tier = replace(PLAIN, followers=law, fee_elasticity=0.0, engagement_elasticity=0.0)
    followers = one_by_one(tier, "followers", length=20)
    assert followers.min() >= 9e3 * (1 - 1e-6)
    assert followers.max() <= 1.1e4 * (1 + 1e-6)


def test_cut_followings_stay_in_their_interval_where_creators_are_alike() -> None:
    law = Uncertain("log", 1e4, 0.5, 0.0, 8e3, 1.5e4)
    tier = replace(PLAIN, followers=law, fee_elasticity=0.0, engagement_elasticity=0.0)
    followers = one_by_one(tier, "followers", length=3)
    assert followers.min() >= 8e3 * (1 - 1e-6)
    assert followers.max() <= 1.5e4 * (1 + 1e-6)


def test_who_does_not_deliver_brings_nothing_and_is_paid_nothing() -> None:
    tier = replace(PLAIN, delivery_rate=KNOWN(0.7, "logit"))
    posting = one_by_one(tier, "posting")
    assert set(np.unique(posting)) == {0.0, 1.0}
    assert holds(posting.mean(), 0.7, posting.size)
    for quantity in EVERYTHING:
        brought = one_by_one(tier, quantity)
        assert ((brought > 0) == (posting == 1)).all(), quantity


def test_what_creators_bring_follows_the_formulas() -> None:
    tier = replace(
        PLAIN,
        view_rate=STATED("logit", creators=(0.1, 0.5)),
        authentic_share=KNOWN(0.8, "logit"),
        posts=3,
    )
    followers = one_by_one(tier, "followers")
    view = one_by_one(tier, "impressions") / followers / 3
    contacts = one_by_one(tier, "contacts")
    expected = followers * (1 - (1 - view) ** 3)
    rounding = 2e-6 * expected.max(axis=0)  # of the sums that single creators are told apart in
    assert (np.abs(contacts - expected) < 1e-5 * expected + rounding).all()
    whole = replace(tier, authentic_share=KNOWN(1.0, "logit"))
    assert followers == pytest.approx(0.8 * one_by_one(whole, "followers"), rel=1e-10)


def test_inputs_of_creators_are_independent() -> None:
    tier = replace(
        PLAIN,
        view_rate=STATED("logit", creators=(0.1, 0.5)),
        fee_elasticity=0.0,
        engagement_elasticity=0.0,
        delivery_rate=KNOWN(0.999, "logit"),
    )
    followers = one_by_one(tier, "followers")
    posted = followers > 0
    drawn = [
        np.log(followers[posted]),
        np.log(one_by_one(tier, "fees")[posted]),
        logit(one_by_one(tier, "impressions")[posted] / followers[posted]),
        logit(one_by_one(tier, "engagements")[posted] / followers[posted]),
    ]
    correlation = np.corrcoef(drawn) - np.eye(4)
    assert np.abs(correlation).max() < 4 / posted.sum() ** 0.5


def test_neighbours_in_the_queue_and_in_the_worlds_are_independent() -> None:
    size = np.log(one_by_one(PLAIN, "followers", worlds=BLOCK) / PLAIN.followers.median)
    for other in (np.roll(size, 1, axis=0), np.roll(size, 1, axis=1)):
        correlation = np.corrcoef(size.ravel(), other.ravel())[0, 1]
        assert abs(correlation) < 4 / size.size**0.5
    bank = draw_worlds(campaign(PLAIN), 3 * BLOCK, 5)
    first = [
        hire(block, PLAIN, np.ones((1, BLOCK)), ["followers"])["followers"][0]
        for block in bank.blocks()
    ]
    for one, next_ in pairwise(first):
        assert abs(np.corrcoef(np.log([one, next_]))[0, 1]) < 4 / BLOCK**0.5


def test_a_tier_without_spread_is_exact() -> None:
    tier = replace(PLAIN, followers=KNOWN(5e3), fee=KNOWN(100.0), fee_elasticity=0.0,
                   engagement_rate=KNOWN(0.1, "logit"), engagement_elasticity=0.0)  # fmt: skip
    exact = {"followers": 5e3, "contacts": 1.5e3, "engagements": 500.0, "fees": 100.0}
    bank = draw_worlds(campaign(tier), 256, 5)
    got = hire(bank, tier, np.full((1, 256), 7.5), list(EVERYTHING))
    for quantity, value in got.items():
        if quantity in exact:
            assert value == pytest.approx(7.5 * exact[quantity], rel=1e-14)


def test_resonance_moves_the_engagement_odds_of_every_tier() -> None:
    tiers = PLAIN, replace(PLAIN, name="other", engagement_rate=KNOWN(0.2, "logit"),
                           engagement_elasticity=0.0)  # fmt: skip
    for resonance in (1.0, 1.5):
        bank = draw_worlds(replace(campaign(*tiers), resonance=KNOWN(resonance)), 256, 5)
        ones = np.ones((1, 256))
        for tier in tiers:
            got = hire(bank, tier, ones, ["engagements", "followers"])
            odds = logit(got["engagements"] / got["followers"])
            plain = hire(draw_worlds(campaign(*tiers), 256, 5), tier, ones, ["engagements"])
            before = logit(plain["engagements"] / got["followers"])
            assert odds - before == pytest.approx(np.full((1, 256), log(resonance)), abs=1e-4)
