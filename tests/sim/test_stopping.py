"""Looks at more and more worlds: their levels add up, and intervals hold whatever made it stop."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats

from sim.stopping import ERROR, FIRST, grow, look, quantile
from sim.worlds import REPLICATES

FloatArray = npt.NDArray[np.float64]


def test_the_errors_of_all_looks_add_up_to_one_in_ten() -> None:
    errors = [2 * stats.t.sf(quantile(k), REPLICATES - 1) for k in range(1, 2001)]
    assert sum(errors) == pytest.approx(ERROR * 2000 / 2001)
    assert errors == sorted(errors, reverse=True)


def test_a_look_tells_the_best_two_plans_apart() -> None:
    rng = np.random.default_rng(2)
    luck = rng.standard_normal(256)
    values = np.array([luck + 2, luck + 3, 2 * luck + 2.5, luck + 3])
    found = look(values, 2)
    assert (found.leader, found.rival, found.worlds) == (1, 2, 256)
    assert found.mean.mean == pytest.approx(luck.mean() + 3)
    means = [luck[r::16].mean() for r in range(16)]
    assert found.mean.half == pytest.approx(quantile(2) * np.std(means, ddof=1) / 4)
    assert found.lead is not None
    assert found.lead.mean == pytest.approx((values[1] - values[2]).mean())
    assert found.precision == pytest.approx(max(found.mean.half, found.lead.half) / found.mean.mean)


def test_plans_that_bring_the_same_have_no_rival() -> None:
    found = look(np.ones((3, 64)), 1)
    assert (found.rival, found.lead, found.precision) == (None, None, 0.0)


def test_nothing_brought_is_known_exactly_and_a_mean_of_zero_never() -> None:
    assert look(np.zeros((1, 64)), 1).precision == 0
    around = np.random.default_rng(1).integers(-9, 10, 64).astype(float)
    around[-1] -= around.sum()
    assert look(around[None], 1).precision > 1e6


class Source:
    """Worlds of independent values, drawn by index."""

    def __init__(self, seed: int, spread: float = 1.0) -> None:
        self._values = 1 + spread * np.random.default_rng(seed).standard_normal((2, 2**15))
        self.asked: list[tuple[int, int]] = []

    def draw(self, first: int, n: int) -> FloatArray:
        assert first + n <= self._values.shape[1]
        self.asked.append((first, n))
        return self._values[:, first : first + n]


def test_worlds_are_added_in_doublings_until_it_is_enough() -> None:
    source = Source(1)
    found = grow(source.draw, 0.06)
    assert found.reached
    assert source.asked[0] == (0, FIRST)
    assert all(first == n for first, n in source.asked[1:])
    assert [x.worlds for x in found.looks] == [FIRST * 2**k for k in range(len(found.looks))]
    assert all(x.precision > 0.06 for x in found.looks[:-1])


@pytest.mark.parametrize("most", [100, 700, 5000])
def test_no_more_worlds_are_drawn_than_allowed(most: int) -> None:
    found = grow(Source(1).draw, 1e-6, most=most)
    assert not found.reached
    assert most / 2 - 16 < found.looks[-1].worlds <= most


def test_values_are_judged_together() -> None:
    sizes = []

    def judge(values: FloatArray) -> FloatArray:
        sizes.append(values.shape[1])
        return values

    found = grow(Source(3).draw, 0.1, judge=judge)
    assert sizes == [x.worlds for x in found.looks]


def held(asked: float, level_of_first: bool, repetitions: int = 3000) -> float:
    """Return how often the interval at which the drawing stops holds the truth, 1.

    Replicate means of independent normal worlds are drawn straight away: of the first worlds, then
    of as many new ones as there are.
    """
    rng = np.random.default_rng(5)
    means = rng.standard_normal((repetitions, REPLICATES)) / (FIRST / REPLICATES) ** 0.5
    going = np.ones(repetitions, bool)
    hits, number = np.zeros(repetitions, bool), 0
    while going.any() and number < 12:
        number += 1
        t = quantile(1) if level_of_first else quantile(number)
        t = float(stats.t.ppf(0.95, REPLICATES - 1)) if level_of_first else t
        half = t * means.std(axis=1, ddof=1) / REPLICATES**0.5
        middle = means.mean(axis=1)
        ends = going & (half <= asked)
        hits[ends] = np.abs(middle[ends]) <= half[ends]
        going &= ~ends
        n = FIRST / REPLICATES * 2 ** (number - 1)
        means = (means + rng.standard_normal(means.shape) / n**0.5) / 2
    assert not going.any()
    return float(hits.mean())


@pytest.mark.parametrize("asked", [0.045, 0.02, 0.01, 0.007])
def test_stopping_when_it_is_precise_keeps_nine_in_ten(asked: float) -> None:
    noise = (0.9 * 0.1 / 3000) ** 0.5
    assert held(asked, level_of_first=False) > 0.9 - 3 * noise


def test_stopping_at_plain_intervals_would_not() -> None:
    noise = (0.9 * 0.1 / 3000) ** 0.5
    worst = min(held(asked, level_of_first=True) for asked in (0.04, 0.03, 0.02))
    assert worst < 0.9 - 3 * noise
