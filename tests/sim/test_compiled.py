"""Compiled code draws creators of the same law as numpy does."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats
from scipy.special import logit

from sim.campaign import Campaign, Segment, Tier
from sim.creators import Quantity, hire
from sim.engine import VARIABLE, engine
from sim.mapping import Mapper, threads
from sim.mapping import one_by_one as one_by_one_world
from sim.outcomes import evaluate
from sim.purchase import PARTS, WHOLE
from sim.uncertain import Uncertain
from sim.worlds import BLOCK, Worlds, draw_worlds
from specimens import EVERYTHING, KNOWN, PLAIN, STATED, card_like

pytest.importorskip("numba")

FloatArray = npt.NDArray[np.float64]

CAMPAIGN = card_like()
PLANS = [(30_000.0, 30_000.0), (60_000.0, 0.0), (12_345.6, 41_000.0), (400.0, 15_000.0)]
WIDE = replace(
    PLAIN,
    view_rate=STATED("logit", creators=(0.1, 0.5)),
    authentic_share=STATED("logit", creators=(0.4, 0.9)),
    delivery_rate=KNOWN(0.7, "logit"),
)
TIERS = {
    "plain": PLAIN,
    "wide": WIDE,
    "posts": replace(WIDE, posts=3, multi_post_discount=0.2),
    "part posts": replace(WIDE, posts=2.5),
    "cut": replace(WIDE, followers=Uncertain("log", 1e4, 0.4, 1.0, 2e3, 5e4)),
    "far cut": replace(PLAIN, followers=Uncertain("log", 1e4, 0.0, 1.0, 1e5, 3e5)),
    "far cut below": replace(PLAIN, followers=Uncertain("log", 1e4, 0.0, 1.0, 100.0, 300.0)),
}


@pytest.fixture(autouse=True)
def compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "compiled")


def campaign(tier: Tier) -> Campaign:
    return Campaign((Segment("all", 1e6, KNOWN(0.1, "logit")),), (tier,))


def one_by_one(tier: Tier, quantity: Quantity, length: int = 100, worlds: int = 256) -> FloatArray:
    """Return what single creators bring, shape (length, n_worlds)."""
    counts = np.repeat(np.arange(length + 1.0)[:, None], worlds, axis=1)
    return np.diff(
        hire(draw_worlds(campaign(tier), worlds, 5), tier, counts, [quantity])[quantity], axis=0
    )


def all_bytes(worlds: Worlds, mapper: Mapper) -> list[bytes]:
    outcomes = [evaluate(worlds, PLANS, way, mapper=mapper) for way in (PARTS, WHOLE)]
    return [value.tobytes() for outcome in outcomes for value in outcome.values.values()]


def by_numpy(tier: Tier, quantity: Quantity, monkeypatch: pytest.MonkeyPatch) -> FloatArray:
    with monkeypatch.context() as patch:
        patch.setenv(VARIABLE, "numpy")
        return one_by_one(tier, quantity)


@pytest.mark.parametrize("name", TIERS)
def test_single_creators_have_the_law_of_the_numpy_engine(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for quantity in EVERYTHING:
        ours = one_by_one(TIERS[name], quantity)
        theirs = by_numpy(TIERS[name], quantity, monkeypatch)
        assert not np.array_equal(ours, theirs) or (ours == 1).all()
        for a, b in ((ours, theirs), (ours**0.5, theirs**0.5)):
            error = np.hypot(a.std(), b.std()) / a.size**0.5
            assert abs(a.mean() - b.mean()) <= 4 * error + 1e-9
        if quantity != "posting":
            assert stats.ks_2samp(ours[ours > 0], theirs[theirs > 0]).pvalue > 1e-4, quantity


@pytest.mark.parametrize("tier", CAMPAIGN.tiers, ids=lambda tier: tier.name)
def test_sums_over_creators_have_the_law_of_the_numpy_engine(
    tier: Tier, monkeypatch: pytest.MonkeyPatch
) -> None:
    bank = draw_worlds(CAMPAIGN, BLOCK, 5)
    counts = np.full((1, BLOCK), 40.3)
    ours = hire(bank, tier, counts, EVERYTHING)
    monkeypatch.setenv(VARIABLE, "numpy")
    theirs = hire(bank, tier, counts, EVERYTHING)
    for quantity in EVERYTHING:
        a, b = ours[quantity][0], theirs[quantity][0]
        assert stats.ks_2samp(a, b).pvalue > 1e-4, quantity
        assert abs((a - b).mean()) <= 4 * (a - b).std() / BLOCK**0.5 + 1e-9


def test_deviates_are_normal_and_independent() -> None:
    tier = replace(WIDE, fee_elasticity=0.0, engagement_elasticity=0.0,
                   authentic_share=KNOWN(1.0, "logit"),
                   delivery_rate=KNOWN(1.0, "logit"))  # fmt: skip
    followers = one_by_one(tier, "followers")
    deviates = [
        np.log(followers / 1e4) / tier.followers.creators_sd,
        np.log(one_by_one(tier, "fees") / tier.fee.median) / tier.fee_residual_sd,
        (logit(one_by_one(tier, "impressions") / followers) - logit(tier.view_rate.median))
        / tier.view_rate.creators_sd,
        (logit(one_by_one(tier, "engagements") / followers) - logit(0.1))
        / tier.engagement_residual_sd,
    ]
    for z in deviates:
        assert stats.kstest(z.ravel(), "norm").pvalue > 1e-3
        for other in (np.roll(z, 1, axis=0), np.roll(z, 1, axis=1)):
            assert abs(np.corrcoef(z.ravel(), other.ravel())[0, 1]) < 4 / z.size**0.5
    for moved in (deviates, [z**2 for z in deviates]):
        correlation = np.corrcoef([z.ravel() for z in moved]) - np.eye(4)
        assert np.abs(correlation).max() < 4.5 / followers.size**0.5


def test_the_random_bits_are_those_of_philox() -> None:
    """The known answers of Random123 for Philox 4x32-10."""
    from sim.compiled_variates import philox

    ones = 0xFFFFFFFF
    for at, key, answer in (
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((ones,) * 4, (ones,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    ):
        got = philox(*(np.uint32(x) for x in (*at, *key)))
        assert tuple(int(x) for x in got) == answer


def test_the_words_are_those_of_xoshiro() -> None:
    """The first words of the reference implementation of xoshiro128++ from the state 1, 2, 3, 4."""
    from sim.compiled_variates import step

    state = tuple(np.uint32(x) for x in (1, 2, 3, 4))
    for answer in (641, 1573767, 3222811527, 3517856514, 836907274, 4247214768, 3867114732):
        word, *rest = step(*state)
        state = tuple(np.uint32(x) for x in rest)
        assert int(word) == answer


def test_the_result_does_not_depend_on_the_threads() -> None:
    worlds = draw_worlds(CAMPAIGN, 1100, 5)
    assert all_bytes(worlds, threads) == all_bytes(worlds, one_by_one_world)


def test_a_plan_and_a_world_do_not_depend_on_those_beside_them() -> None:
    worlds = draw_worlds(CAMPAIGN, 300, 5)
    together = evaluate(worlds, PLANS)
    many = evaluate(draw_worlds(CAMPAIGN, 700, 5), PLANS)
    for i, plan in enumerate(PLANS):
        alone = evaluate(worlds, [plan])
        for name, value in alone.values.items():
            assert value[0].tobytes() == together.values[name][i].tobytes(), name
            assert value[0].tobytes() == many.values[name][i, :300].tobytes(), name


def test_a_longer_queue_begins_with_the_shorter_one() -> None:
    worlds = draw_worlds(campaign(WIDE), 16, 5)
    counts = np.array([[0.0], [0.5], [255.0], [255.5], [256.0], [256.5], [257.0], [1030.25]])
    together = hire(worlds, WIDE, counts.repeat(16, axis=1), EVERYTHING)
    for i, count in enumerate(counts):
        alone = hire(worlds, WIDE, np.full((1, 16), count), EVERYTHING)
        for quantity in EVERYTHING:
            assert np.array_equal(alone[quantity][0], together[quantity][i]), (count, quantity)
    for value in together.values():
        assert (value[0] == 0).all()
        assert value[3] == pytest.approx((value[2] + value[4]) / 2, rel=1e-12)
        assert value[5] == pytest.approx((value[4] + value[6]) / 2, rel=1e-12)


def test_a_tier_without_spread_is_exact() -> None:
    tier = replace(PLAIN, followers=KNOWN(5e3), fee=KNOWN(100.0), fee_elasticity=0.0,
                   engagement_rate=KNOWN(0.1, "logit"), engagement_elasticity=0.0)  # fmt: skip
    exact = {"followers": 5e3, "contacts": 1.5e3, "engagements": 500.0, "fees": 100.0}
    got = hire(draw_worlds(campaign(tier), 256, 5), tier, np.full((1, 256), 7.5), [*exact])  # type: ignore[list-item]
    for quantity, value in got.items():
        assert value == pytest.approx(7.5 * exact[quantity], rel=1e-14)


def test_seed_sample_and_tier_have_creators_of_their_own() -> None:
    banks = [(5, 0, PLAIN), (6, 0, PLAIN), (5, 1, PLAIN), (5, 0, replace(PLAIN, name="other"))]
    sums = [
        hire(draw_worlds(campaign(tier), 64, seed, sample=sample), tier, np.ones((1, 64)),
             ["followers"])["followers"]
        for seed, sample, tier in banks
    ]  # fmt: skip
    for i, one in enumerate(sums):
        assert all((one != other).all() for other in sums[i + 1 :])


def test_an_unknown_engine_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "abacus")
    with pytest.raises(ValueError, match="must be numpy or compiled"):
        engine()


def test_the_simulator_loads_without_numba() -> None:
    code = "import sys, sim.outcomes; sys.exit('numba' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_cache_that_cannot_be_written_does_no_harm(tmp_path: Path) -> None:
    code = "\n".join(
        [
            "import tempfile, numba.core.caching as caching",
            "caching.CacheImpl._locator_classes = [caching.UserProvidedCacheLocator]",
            "from sim.compiled import ready; ready()",
            "from numba import config",
            "assert config.CACHE_DIR.startswith(tempfile.gettempdir())",
        ]
    )
    environment = {k: v for k, v in os.environ.items() if k != "NUMBA_CACHE_DIR"}
    subprocess.run(
        [sys.executable, "-c", code], check=True, env=environment | {"TMPDIR": str(tmp_path)}
    )
