"""The value of knowing an input, against closed forms and nested Monte Carlo."""

from math import erf, exp, pi, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from sim.information import Worth, by_category, by_spline, partial_information
from sim.worlds import REPLICATES

Array = NDArray[np.float64]


def gain_of_two(mean: float, sd: float) -> float:
    """Return E[max(X, 0)] - max(mean, 0) of a normal X (unit normal linear loss)."""
    z = mean / sd
    density, mass = exp(-(z**2) / 2) / sqrt(2 * pi), (1 + erf(z / sqrt(2))) / 2
    return sd * density + mean * mass - max(mean, 0.0)


def replicates(n: int) -> NDArray[np.int64]:
    return np.arange(n) % REPLICATES


def two_options(seed: int, n: int, mean: float = -0.5) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    x, noise = rng.standard_normal((2, n))
    common = 10 * rng.standard_normal(n)
    return np.stack([common, common + mean + x + 2 * noise]), x


@pytest.mark.parametrize("mean", [-2.0, -0.5, 0.0, 0.3])
def test_two_options_that_differ_by_a_line_are_worth_the_closed_form(mean: float) -> None:
    values, x = two_options(1, 65_536, mean)
    base = int(mean > 0)
    found = partial_information(values, base, by_spline(x), replicates(x.size))
    assert abs(found.value - gain_of_two(mean, 1.0)) < 4 * found.se
    assert found.se < 0.02


def look_alikes(seed: int, n: int = 256) -> tuple[Array, Array, float]:
    """Return four plans that hardly differ, an input, and what the right choices bring."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(n)
    expected = np.stack([0 * x, 0.1 * x, 0.2 * x - 0.1, 0.15 - 0.3 * x])
    values = expected + 2 * rng.standard_normal(expected.shape)
    values[0] = 0.0
    return values, x, float(values[expected.argmax(axis=0), np.arange(n)].mean())


def test_the_two_biases_point_apart_and_their_middle_is_small() -> None:
    off: dict[str, list[float]] = {"kept_apart": [], "value": [], "fitted": []}
    for seed in range(1000):
        values, x, right = look_alikes(seed)
        found = partial_information(values, 0, by_spline(x), replicates(256))
        for key, misses in off.items():
            misses.append(getattr(found, key) - right)
    low, middle, high = (float(np.mean(misses)) for misses in off.values())
    error = max(float(np.std(misses)) / sqrt(1000) for misses in off.values())
    assert low < -4 * error
    assert high > 4 * error
    assert abs(middle) < 0.25 * min(-low, high)


def test_the_errors_of_a_worth_are_what_they_say() -> None:
    runs: list[Worth] = []
    for seed in range(200):
        values, x = two_options(seed, 2048)
        runs.append(partial_information(values, 0, by_spline(x), replicates(2048)))
    spread = np.std([run.value for run in runs])
    told = sqrt(np.mean([run.se**2 for run in runs]))
    assert told == pytest.approx(spread, rel=0.3)


def curved(x: Array, y: Array) -> Array:
    """Return what three plans bring: nothing, a hump in x, a rise in x times y."""
    return np.stack([0 * x, 1.2 - x**2 + y, np.exp(0.8 * x) * (1 + y) - 1.6])


def test_three_curved_plans_are_worth_what_nested_monte_carlo_says() -> None:
    rng = np.random.default_rng(4)
    x, y = rng.standard_normal((2, 65_536))
    values = curved(x, y)
    base = int(values.mean(axis=1).argmax())
    found = partial_information(values, base, by_spline(x), replicates(x.size))
    outer, inner = rng.standard_normal(4000), rng.standard_normal(1000)
    means = np.array([curved(np.full(1000, at), inner).mean(axis=1) for at in outer])
    best = means.max(axis=1)
    nested = float(best.mean() - means.mean(axis=0).max())
    error = float((best - means[:, base]).std() / sqrt(len(outer)))
    assert abs(found.value - nested) < 4 * (found.se + error)
    assert nested > 10 * found.se


def test_categories_are_worth_the_best_of_each() -> None:
    rng = np.random.default_rng(2)
    kind = rng.integers(0, 3, 8192)
    brought = np.array([[0.0, 0.0, 0.0], [1.0, -2.0, 0.5]])
    values = brought[:, kind] + rng.standard_normal(8192)
    found = partial_information(values, 0, by_category(kind), replicates(8192))
    shares = np.bincount(kind) / 8192
    assert found.value == pytest.approx(shares @ np.maximum(brought[1], 0.0), abs=4 * found.se)


def test_a_category_that_was_not_seen_is_foreseen_as_the_mean() -> None:
    kind = np.array([0, 0, 1, 2])
    seen = np.array([True, True, True, False])
    foreseen = by_category(kind)(np.array([[1.0], [3.0], [8.0], [100.0]]), seen)
    assert foreseen[:, 0] == pytest.approx([2.0, 2.0, 8.0, 4.0])


@given(st.integers(0, 10_000))
def test_one_plan_alone_is_worth_no_pilot(seed: int) -> None:
    values, x = two_options(seed, 256)
    found = partial_information(values[:1], 0, by_spline(x), replicates(256))
    assert (found.value, found.se) == (0.0, 0.0)


@given(st.integers(0, 10_000), st.floats(0.01, 100.0))
def test_worth_is_in_the_units_of_the_plans(seed: int, scale: float) -> None:
    values, x = two_options(seed, 256)
    one, other = (
        partial_information(v, 0, by_spline(5 - 3 * x), replicates(256))
        for v in (values, scale * values)
    )
    assert other.value == pytest.approx(scale * one.value, rel=1e-6, abs=1e-9 * scale)


def test_an_input_that_decides_nothing_is_worth_nothing() -> None:
    rng = np.random.default_rng(9)
    values, _ = two_options(3, 65_536)
    found = partial_information(
        values, 0, by_spline(rng.standard_normal(65_536)), replicates(65536)
    )
    assert abs(found.value) < 4 * found.se + 1e-3
