"""Histograms add up to the last bit, and tell quantiles and tails as the sorted values do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy.integrate import quad

from sim.histogram import Grid, Histogram, _inverse
from sim.worlds import REPLICATES

Array = NDArray[np.float64]

N = 400_000
RNG = np.random.default_rng(5)
SAMPLES: dict[str, tuple[Array, tuple[float, float]]] = {
    "lognormal": (np.exp(RNG.normal(5, 0.5, N)), (0.0, 0.0)),
    "profit": (RNG.normal(3, 10, N), (0.0, 0.0)),
    "long tail": (np.exp(RNG.normal(5, 1.5, N)), (0.0, 0.0)),
    "few": (RNG.poisson(3, N).astype(float), (0.0, 1.0)),
    "many": (RNG.poisson(np.exp(RNG.normal(8, 0.8, N))).astype(float), (0.0, 1.0)),
    "money for each": (np.asarray(RNG.poisson(40, N) * 30.0 - 700.0), (-700.0, 30.0)),
    "alike": (np.full(1000, 7.25), (0.0, 0.0)),
}


def replicate(n: int) -> NDArray[np.int64]:
    return np.arange(n) % REPLICATES


def of(values: Array, lattice: tuple[float, float] = (0.0, 0.0)) -> Histogram:
    return Histogram.of(values, replicate(values.size), Grid.fitted(values[:2048], lattice))


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("level", [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99])
def test_quantiles_are_those_of_the_sorted_values(name: str, level: float) -> None:
    values, lattice = SAMPLES[name]
    ordered, found = np.sort(values), of(values, lattice).quantile(level)
    rank = int(np.ceil(level * values.size)) - 1
    if name in ("few", "money for each", "alike"):
        assert found == pytest.approx(ordered[rank], abs=1e-9)
    else:  # as close as a few neighbours in the order are to each other
        low, high = ordered[max(rank - 40, 0)], ordered[min(rank + 40, values.size - 1)]
        assert low <= found <= high


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("level", [0.01, 0.05, 0.5])
def test_sums_below_a_quantile_are_those_of_the_values(name: str, level: float) -> None:
    values, lattice = SAMPLES[name]
    y = float(np.sort(values)[int(np.ceil(level * values.size)) - 1])
    counts, sums = of(values, lattice).upto(y)
    shortfall = float(np.maximum(y - values, 0).mean())
    assert (y * counts - sums) / values.size == pytest.approx(
        shortfall, rel=1e-5, abs=1e-6 * abs(y)
    )


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("level", [0.05, 0.5, 0.95])
def test_replicates_differ_as_their_values_do(name: str, level: float) -> None:
    """Coarse bins do for errors: the spread of 16 replicates is itself only known to 18 %."""
    values, lattice = SAMPLES[name]
    y = float(np.sort(values)[int(np.ceil(level * values.size)) - 1])
    found = of(values, lattice).upto_by_replicate(y)
    low = values <= y
    for mine, weights in zip(found, (low, values * low), strict=True):
        exact = np.bincount(replicate(values.size), weights, REPLICATES)
        assert mine.std() == pytest.approx(exact.std(), rel=0.15, abs=1e-9 * np.abs(exact).max())
        assert mine.sum() == pytest.approx(exact.sum(), rel=2e-3)


@pytest.mark.parametrize("name", SAMPLES)
def test_sums_of_all_values_are_kept(name: str) -> None:
    values, lattice = SAMPLES[name]
    expected = np.bincount(replicate(values.size), values, REPLICATES)
    found = of(values, lattice)
    assert found.sums() == pytest.approx(expected, rel=1e-8)
    assert found.sum() == pytest.approx(values.sum(), rel=1e-8)


FLOATS = arrays(np.float64, st.integers(1, 60), elements=st.floats(-1e12, 1e12) | st.sampled_from(
    [np.inf, -np.inf, np.nan, 0.0, -0.0, 1e-300]))  # fmt: skip


@given(FLOATS, st.integers(0, 60), st.sampled_from([0.125, 1.0, 4096.0]))
def test_parts_add_up_to_the_whole_to_the_last_bit(values: Array, cut: int, room: float) -> None:
    grid, who = Grid(room=room), replicate(values.size)
    whole = Histogram.of(values, who, grid).arrays()
    one, other = (Histogram.of(values[p], who[p], grid) for p in (slice(cut), slice(cut, None)))
    for joined in (one + other, other + one):
        assert all(np.array_equal(x, whole[key]) for key, x in joined.arrays().items())


@given(FLOATS, st.floats(0, 1))
def test_quantiles_rise_and_stay_near_the_values(values: Array, level: float) -> None:
    histogram = Histogram.of(values, replicate(values.size), Grid())
    defined = np.sort(values[~np.isnan(values)])
    assert histogram.size == defined.size
    if not defined.size:
        assert np.isnan(histogram.quantile(level))
        return
    assert histogram.quantile(level) <= histogram.quantile(min(level + 0.2, 1.0))
    exact = defined[max(int(np.ceil(level * defined.size - 1e-9)), 1) - 1]
    if np.isfinite(exact):
        assert histogram.quantile(level) == pytest.approx(exact, rel=1 / 256, abs=1 / 256)
    else:
        assert histogram.quantile(level) == exact


def test_a_histogram_is_restored_from_its_arrays() -> None:
    values, lattice = SAMPLES["many"]
    kept = of(values, lattice)
    again = Histogram.restored(kept.arrays(), kept.grid)
    assert again.quantile(0.3) == kept.quantile(0.3)
    assert np.array_equal(again.upto(900.0), kept.upto(900.0))


@pytest.mark.parametrize("tilt", [-0.9, 0.0, 0.6])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_within_a_bin_the_density_is_linear(tilt: float, share: float) -> None:
    """All values lie in one coarse bin, from 0 to 1/64, where their density is 1 + a (2t - 1)."""
    ranks = (np.arange(160_000) + 0.5) / 160_000
    inside = 2 * ranks / (1 - tilt + np.sqrt((1 - tilt) ** 2 + 4 * tilt * ranks))
    values = inside / 64
    found = Histogram.of(values, replicate(values.size), Grid(room=1.0))
    assert found.coarse.counts.shape == (REPLICATES, 1)
    counts, sums = found.upto_by_replicate(share / 64)
    low = values <= share / 64
    assert counts.sum() == pytest.approx(low.sum(), rel=1e-3)
    assert sums.sum() == pytest.approx(values[low].sum(), rel=1e-3)


@pytest.mark.parametrize("tilt", [-1.0, -0.3, 0.4, 0.99])
@pytest.mark.parametrize("share", [1e-6, 0.3, 0.9, 1.0])
def test_a_share_of_a_bin_ends_where_the_integral_of_its_density_is_that(
    tilt: float, share: float
) -> None:
    end = _inverse(share, tilt)
    assert 0 <= end <= 1
    assert quad(lambda t: 1 + tilt * (2 * t - 1), 0, end)[0] == pytest.approx(share, rel=1e-9)


@pytest.mark.parametrize(("value", "bad"), [(np.inf, "down"), (-np.inf, "up"), (np.nan, "")])
def test_infinitely_bad_is_told_from_infinitely_good(value: float, bad: str) -> None:
    found = Histogram.of(np.array([1.0, 2.0, value]), replicate(3), Grid())
    assert [better for better in ("up", "down") if found.infinite(better)] == [bad] * bool(bad)
