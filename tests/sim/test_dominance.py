"""Dominance against brute force, and what must hold of it whatever the numbers."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import pdtr

from sim.dominance import Dominance, dominance
from sim.laws import Counted, Known, Law
from sim.outcomes import evaluate
from sim.statistics import law
from sim.worlds import draw_worlds
from specimens import card_like

FloatArray = npt.NDArray[np.float64]

#: Samples of plans with few values, so that ties and touching curves are common.
SAMPLES = st.integers(2, 6).flatmap(
    lambda n: st.lists(st.lists(st.integers(-3, 3), min_size=n, max_size=n), min_size=2, max_size=4)
)


def of_values(*samples: object) -> Dominance:
    return dominance([Known(np.array(x, float)) for x in samples])


def by_thresholds(a: FloatArray, b: FloatArray, order: int) -> bool:
    """Whether `a` dominates `b`, straight from the definition at every value either takes."""
    at = np.union1d(a, b)
    if order == 1:
        mine, other = ([(x <= y).mean() for y in at] for x in (a, b))
    else:
        mine, other = ([np.maximum(y - x, 0).mean() for y in [*at, 9.0]] for x in (a, b))
    less = np.array(other) - np.array(mine)
    return bool((less >= -1e-12).all() and (less > 1e-12).any())


@given(SAMPLES)
def test_samples_dominate_as_the_definition_says(samples: list[list[int]]) -> None:
    found, values = of_values(*samples), np.array(samples, float)
    for i, j in permutations(range(len(samples)), 2):
        assert found.first[i, j] == by_thresholds(values[i], values[j], 1)
        assert found.second[i, j] == by_thresholds(values[i], values[j], 2)


@given(SAMPLES, st.floats(1e-6, 1e6), st.floats(-1e3, 1e3))
def test_dominance_is_an_order_whatever_the_units(
    samples: list[list[int]], scale: float, shift: float
) -> None:
    values = np.array(samples, float)
    found = of_values(*samples)
    assert (found.second | ~found.first).all()
    for order in (found.first, found.second):
        assert not (order & order.T).any()
        assert (order | ~(order.astype(int) @ order > 0)).all()
    means = values.mean(axis=1)
    assert (means[:, None] >= means[None, :] - 1e-12)[found.second].all()
    moved = of_values(*(scale * (values + shift / 1e3)))
    assert np.array_equal(moved.first, found.first)
    assert np.array_equal(moved.second, found.second)


def test_who_has_more_luck_in_every_world_need_not_be_matched_world_by_world() -> None:
    found = of_values([1, 2, 3], [2.5, 0.5, 1.5])
    assert found.first[0, 1]
    assert not found.second[1, 0]


def test_less_spread_at_the_same_mean_is_second_order_alone() -> None:
    found = of_values([2, 2, 2], [1, 2, 3])
    assert found.second[0, 1]
    assert not found.first[0, 1]


@pytest.mark.parametrize("size", [1e-9, 1.0, 1e9])
def test_rounding_is_no_dominance(size: float) -> None:
    values = size * np.array([1.0, 2.0, 4.0])
    noise = 1 + 1e-15 * np.array([1.0, -1.0, 2.0])
    found = of_values(values, values * noise, np.zeros(3), np.zeros(3))
    assert not found.second[0, 1]
    assert not found.second[1, 0]
    assert found.first[:2, 2:].all()
    assert not found.second[2:, 2:].any()


def poisson(*means: float) -> Counted:
    one = np.ones(len(means))
    return Counted(np.array(means), 0 * one, one, 0 * one)


def test_counts_dominate_with_their_noise() -> None:
    """World by world the second is larger or smaller, but in law it is the larger one."""
    found = dominance([poisson(1.0, 4.0), poisson(4.5, 1.5), poisson(1.0, 4.0)])
    assert found.first[1, 0]
    assert found.first[1, 2]
    assert not found.second[0, 2]
    assert not found.second[2, 0]


def test_a_mixture_of_the_same_mean_is_riskier() -> None:
    found = dominance([poisson(10.0, 10.0), poisson(5.0, 15.0)])
    assert found.second[0, 1]
    assert not found.first.any()


def test_noise_alone_can_break_dominance() -> None:
    """What is expected dominates, but a count of 0 is likelier with the plan of rare large luck."""
    sure, counted = Known(np.array([2.0, 2.0])), poisson(2.5, 2.5)
    assert of_values([2.5, 2.5], [2.0, 2.0]).first[0, 1]
    found = dominance([sure, counted])
    assert not found.first.any()
    assert not found.second[0, 1]


def exact(laws: list[Counted], order: int, i: int, j: int) -> bool:
    """Whether a law dominates another, at every count up to where nothing is left."""
    counts = np.arange(0, 400)
    missed = np.array([pdtr(counts[:, None], x.expected).mean(axis=1) for x in laws])
    curves = missed if order == 1 else np.cumsum(missed, axis=1)
    less = curves[j] - curves[i]
    return bool((less >= -1e-10 * (1 + counts)).all() and (less > 1e-9).any())


@pytest.mark.parametrize("size", [1.0, 8.0, 60.0])
def test_few_and_many_counts_dominate_as_every_single_value_says(size: float) -> None:
    rng = np.random.default_rng(round(size))
    seen = 0
    for _ in range(8):
        base = size * rng.gamma(4.0, 0.25, 30)
        shifts = rng.uniform(0.9, 1.2, 3)
        laws = [poisson(*np.sort(base * shift ** rng.uniform(0, 2))) for shift in shifts]
        laws.append(poisson(*(base.mean() + 0.7 * (base - base.mean()))))
        found = dominance(list[Law](laws))
        for i, j in permutations(range(4), 2):
            assert found.first[i, j] == exact(laws, 1, i, j)
            assert found.second[i, j] == exact(laws, 2, i, j)
            seen += int(found.first[i, j]) + 1000 * int(found.second[i, j] & ~found.first[i, j])
    assert seen > 1005


def test_more_money_on_the_same_creators_dominates() -> None:
    plans = [(3e4, 0.0), (6e4, 0.0), (0.0, 6e4)]
    outcomes = evaluate(draw_worlds(card_like(), 512, 3), plans)
    for metric in ("conversions", "reach", "brand_lift", "clicks"):
        found = dominance([law(outcomes, metric, i) for i in range(3)])
        assert found.first[1, 0], metric
        assert not found.second[0, 1], metric


def test_dominance_of_simulated_counts_is_that_of_many_fake_draws() -> None:
    plans = [(9e3, 0.0), (8e3, 4e3), (4e3, 0.0)]
    outcomes = evaluate(draw_worlds(card_like(), 256, 3), plans)
    found = dominance([law(outcomes, "conversions", i) for i in range(3)])
    rng = np.random.default_rng(1)
    drawn = np.sort([rng.poisson(outcomes.values["conversions"][i], (4000, 256)).ravel()
                     for i in range(3)], axis=1)  # fmt: skip
    counts = np.arange(drawn.max() + 1)
    missed = np.array([np.searchsorted(x, counts, side="right") / x.size for x in drawn])
    noise = 4 * 0.5 / drawn.shape[1] ** 0.5
    for i, j in permutations(range(3), 2):
        if found.first[i, j]:
            assert (missed[i] <= missed[j] + noise).all()
        elif (missed[i] < missed[j] - noise).any():
            assert (missed[i] > missed[j] - noise).any()
