"""Sobol' indices against closed forms and against SALib."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from SALib.analyze import sobol as salib

from sim.lottery import expected_price, mean_cost
from sim.pinning import crossed, input_value, inputs, pinned, remembering, shuffled
from sim.purchase import PARTS, price_list
from sim.response import respond
from sim.sensitivity import Indices, sobol_indices
from sim.uncertain import Z95, Uncertain
from sim.worlds import REPLICATES, Worlds, draw_worlds, stated_values
from specimens import card_like

Array = NDArray[np.float64]

#: Ishigami and Homma (1990), with the usual constants.
A, B = 7.0, 0.1


def ishigami(x: Array) -> Array:
    return np.asarray(np.sin(x[0]) + A * np.sin(x[1]) ** 2 + B * x[2] ** 4 * np.sin(x[0]))


def analytic() -> tuple[Array, Array]:
    first = np.array([(1 + B * np.pi**4 / 5) ** 2 / 2, A**2 / 8, 0.0])
    together = 8 * B**2 * np.pi**8 / 225
    total = first + np.array([together, 0.0, together])
    variance = first.sum() + together
    return first / variance, total / variance


def sampled(seed: int, n: int) -> tuple[Array, Array, Array, NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    a, b = (rng.uniform(-np.pi, np.pi, (3, n)) for _ in range(2))
    mixed = []
    for i in range(3):
        exchanged = a.copy()
        exchanged[i] = b[i]
        mixed.append(ishigami(exchanged))
    return ishigami(a), ishigami(b), np.array(mixed), np.arange(n) % REPLICATES


def estimated(seed: int, n: int) -> Indices:
    return sobol_indices(*sampled(seed, n))


def test_indices_are_ishigamis() -> None:
    found = estimated(1, 1 << 17)
    first, total = analytic()
    assert (np.r_[found.first_se, found.total_se] < 0.01).all()
    assert (np.abs(found.first - first) < 4 * found.first_se).all()
    assert (np.abs(found.total - total) < 4 * found.total_se + 1e-12).all()


def test_the_errors_of_indices_are_what_they_say() -> None:
    first, total = analytic()
    runs = [estimated(seed, 1024) for seed in range(200)]
    for truth, key in ((first, "first"), (total, "total")):
        values = np.array([getattr(run, key) for run in runs])
        errors = np.array([getattr(run, f"{key}_se") for run in runs])
        assert values.std(axis=0) == pytest.approx(np.sqrt((errors**2).mean(axis=0)), rel=0.2)
        inside = (np.abs(values - truth) <= 2.13 * errors).mean(axis=0)
        assert (inside > 0.89).all()


def test_salib_finds_the_same_from_the_same_points() -> None:
    a, b, mixed, replicate = sampled(2, 4096)
    found = sobol_indices(a, b, mixed, replicate)
    middle = np.r_[a, b].mean()
    for i in range(3):
        centred = a - middle, mixed[i] - middle, b - middle
        assert found.first[i] == pytest.approx(salib.first_order(*centred), rel=1e-10, abs=1e-12)
        assert found.total[i] == pytest.approx(salib.total_order(*centred), rel=1e-10, abs=1e-12)


@given(st.integers(0, 1000), st.floats(-1e6, 1e6), st.floats(1e-3, 1e3))
def test_indices_know_no_unit(seed: int, shift: float, scale: float) -> None:
    a, b, mixed, replicate = sampled(seed, 128)
    one = sobol_indices(a, b, mixed, replicate)
    other = sobol_indices(shift + scale * a, shift + scale * b, shift + scale * mixed, replicate)
    tolerance = 1e-8 * (1 + abs(shift) / scale)
    assert other.first == pytest.approx(one.first, rel=1e-5, abs=tolerance)
    assert other.total == pytest.approx(one.total, rel=1e-5, abs=tolerance)


def test_an_outcome_that_does_not_vary_has_no_indices() -> None:
    same = np.ones(32)
    with pytest.raises(ValueError, match="does not vary"):
        sobol_indices(same, same, np.ones((2, 32)), np.arange(32) % 2)


def test_worlds_give_the_indices_of_a_sum_of_logs() -> None:
    """The log of a product of lognormal inputs is a sum: its shares of variance are known."""
    campaign = card_like()
    a, b = (draw_worlds(campaign, 4096, 3, sample=sample) for sample in (7, 8))
    b = shuffled(b)
    names = ("micro.fee", "micro.overhead", "order_value", "macro.fee")

    def outcome(worlds: Worlds) -> Array:
        return np.asarray(sum(np.log(worlds.values[name]) for name in names[:3]))

    mixed = np.array([outcome(crossed(a, b, name)) for name in names])
    found = sobol_indices(outcome(a), outcome(b), mixed, a.replicate())
    laws = (campaign.tiers[0].fee, campaign.tiers[0].overhead, campaign.order_value)
    parts = np.array([*(law.typical_sd**2 for law in laws), 0.0])
    truth = parts / parts.sum()
    assert (np.abs(found.first - truth) < 4 * found.first_se + 1e-12).all()
    assert (np.abs(found.total - truth) < 4 * found.total_se + 1e-12).all()
    assert (found.first_se < 0.03).all()


def test_a_shuffle_keeps_every_replicates_points_and_nothing_of_their_order() -> None:
    worlds = draw_worlds(card_like(), 1024, 5)
    mixed = shuffled(worlds)
    for r in range(REPLICATES):
        one, other = (w.values["micro.fee"][w.replicate() == r] for w in (worlds, mixed))
        assert (np.sort(one) == np.sort(other)).all()
    twin = draw_worlds(card_like(), 1024, 5, sample=1)
    assert abs(np.corrcoef(twin.values["micro.fee"], mixed.values["micro.fee"])[0, 1]) < 0.15


def test_what_is_pinned_is_known_and_nothing_else_moves() -> None:
    worlds = draw_worlds(card_like(), 64, 1)
    high = input_value(worlds, "micro.fee", Z95)
    assert high == pytest.approx(400.0)  # the end of the range that was stated
    there = pinned(worlds, "micro.fee", high)
    before, after = stated_values(worlds), stated_values(there)
    assert after["micro.fee"] == pytest.approx(high)
    others = [name for name in worlds.values if name != "micro.fee"]
    assert all(np.allclose(after[name], before[name], rtol=1e-12) for name in others)
    assert "micro.fee" in inputs(worlds)
    assert "micro.fee" not in inputs(there)
    assert price_list(there.campaign)[0] > price_list(worlds.campaign)[0]
    assert price_list(there.campaign)[1] == price_list(worlds.campaign)[1]


def test_worlds_with_a_memory_give_the_same_response() -> None:
    worlds = draw_worlds(card_like(), 64, 1)
    keeping, plan = remembering(worlds), np.array([2e4, 4e4])
    for name in ("micro.view_rate", "macro.engagement_rate", "resonance", "in_market.fans"):
        for metric in ("reach", "conversions"):
            value = input_value(worlds, name, 1.0)
            one, other = (
                respond(pinned(w, name, value), metric, PARTS).values(plan)
                for w in (worlds, keeping)
            )
            assert (one == other).all()
    assert keeping.memory


def test_a_known_following_carries_fees_with_it() -> None:
    """Pinning and undoing agree with a campaign that states the value."""
    base = card_like()
    followers = Uncertain.stated("log", (8_000, 20_000), (3_000, 60_000))
    tier = replace(base.tiers[0], followers=followers, fee_elasticity=0.3)
    campaign = replace(base, tiers=(tier, *base.tiers[1:]))
    worlds = draw_worlds(campaign, 256, 3)
    fee, following = f"{tier.name}.fee", f"{tier.name}.followers"
    known = replace(tier, followers=replace(followers, median=9_000, typical_sd=0.0))
    told = replace(campaign, tiers=(known, *base.tiers[1:]))
    stated = draw_worlds(told, 256, 3, order=worlds.order)
    pin = pinned(worlds, following, 9_000)
    assert pin.values[fee] == pytest.approx(stated.values[fee], rel=1e-12)
    assert mean_cost(pin, pin.campaign.tiers[0]) == pytest.approx(
        mean_cost(stated, stated.campaign.tiers[0]), rel=1e-12
    )
    fixed = pinned(worlds, fee, 500.0)
    assert mean_cost(fixed, fixed.campaign.tiers[0]).mean() == pytest.approx(
        expected_price(fixed.campaign.tiers[0]), rel=0.01
    )
