"""Laws of counts, held against scipy's and against plain draws."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats

from sim.laws import FAR_COUNTS, FAR_DEVIATIONS, Counted, Known

FloatArray = npt.NDArray[np.float64]


def counted(expected: float, chance: float, factor: float = 1.0, constant: float = 0.0) -> Counted:
    return Counted(*(np.array([x]) for x in (expected, chance, factor, constant)))


@pytest.mark.parametrize("expected", [0.0, 0.3, 7.0, 130.0, 2.5e4, 3e7])
def test_events_are_poisson(expected: float) -> None:
    law, exact = counted(expected, 0.0), stats.poisson(expected)
    spread = 4 * expected**0.5 + 3
    for y in np.unique(np.round(np.linspace(max(expected - spread, -1), expected + spread, 25))):
        assert law.cdf(y)[0] == pytest.approx(exact.cdf(y), rel=1e-9, abs=1e-15)
        partial = expected * exact.cdf(y - 1)
        assert law.below(y)[0] == pytest.approx(partial, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(("people", "chance"), [(1, 0.4), (20, 0.05), (900, 0.37), (10**6, 0.2),
                                                (50, 1.0), (10**7, 1e-5)])  # fmt: skip
def test_people_are_binomial(people: int, chance: float) -> None:
    mean = people * chance
    law, exact = counted(mean, chance), stats.binom(people, chance)
    spread = 4 * exact.std() + 3
    for y in np.unique(np.round(np.linspace(max(mean - spread, -1), mean + spread, 25))):
        assert law.cdf(y)[0] == pytest.approx(exact.cdf(y), rel=1e-8, abs=1e-15)
        partial = mean * stats.binom(people - 1, chance).cdf(y - 1)
        assert law.below(y)[0] == pytest.approx(partial, rel=1e-8, abs=1e-12)


def test_partial_means_are_sums_over_counts() -> None:
    for law, exact in ((counted(6.0, 0.3), stats.binom(20, 0.3)),
                       (counted(6.0, 0.0), stats.poisson(6.0))):  # fmt: skip
        for y in range(15):
            by_sum = sum(k * exact.pmf(k) for k in range(y + 1))
            assert law.below(float(y))[0] == pytest.approx(by_sum, rel=1e-10)


def test_at_least_is_what_less_than_is_not() -> None:
    law, exact = counted(4.0, 0.2, factor=30.0, constant=-100.0), stats.binom(20, 0.2)
    for k in range(10):
        for y in (-100.0 + 30.0 * k, -100.0 + 30.0 * k - 7.0):
            assert law.at_least(y)[0] == pytest.approx(exact.sf(k - 1), rel=1e-9)
    assert Known(np.array([1.0, 2.0, np.nan, np.inf])).at_least(2.0).tolist() == [0, 1, 0, 1]


def test_between_counts_nothing_happens() -> None:
    law = counted(4.0, 0.2, factor=30.0, constant=-100.0)
    assert law.cdf(-100.0 + 3 * 30.0) == law.cdf(-100.0 + 3.9 * 30.0)
    assert law.cdf(-100.0 + 3 * 30.0) > law.cdf(-100.0 + 2.9 * 30.0)


def test_a_factor_and_a_constant_move_the_law() -> None:
    law, exact = counted(4.0, 0.2, factor=30.0, constant=-100.0), stats.binom(20, 0.2)
    for k in range(10):
        y = -100.0 + 30.0 * k
        by_sum = sum((-100.0 + 30.0 * j) * exact.pmf(j) for j in range(k + 1))
        assert law.cdf(y)[0] == pytest.approx(exact.cdf(k), rel=1e-10)
        assert law.below(y)[0] == pytest.approx(by_sum, rel=1e-9)


def test_all_of_the_law_has_the_mean() -> None:
    for law in (counted(6.0, 0.3), counted(1234.5, 0.0), counted(6.0, 0.3, 9.0, -2.0)):
        mean = law.constant + law.factor * law.expected
        assert law.cdf(1e12) == 1.0
        assert law.below(1e12) == pytest.approx(mean, rel=1e-9)


@pytest.mark.parametrize(("expected", "chance"), [(4.0, 0.0), (1e4, 0.0), (1e4, 0.5), (3e6, 0.3)])
def test_what_is_called_far_has_no_mass(expected: float, chance: float) -> None:
    away = FAR_DEVIATIONS * expected**0.5 + FAR_COUNTS
    exact = stats.binom(round(expected / chance), chance) if chance else stats.poisson(expected)
    assert exact.cdf(expected - away) < 1e-15
    assert exact.sf(expected + away) < 1e-15


def test_many_worlds_are_many_laws() -> None:
    means, chances = np.array([0.0, 3.0, 50.0, 2e4]), np.array([0.0, 0.0, 0.1, 0.4])
    law = Counted(means, chances, np.ones(4), np.zeros(4))
    single = [counted(m, c) for m, c in zip(means, chances, strict=True)]
    for y in (-1.0, 0.0, 2.0, 48.0, 19_900.0):
        assert law.cdf(y) == pytest.approx(np.concatenate([one.cdf(y) for one in single]))
        assert law.below(y) == pytest.approx(np.concatenate([one.below(y) for one in single]))


def test_the_lattice_is_that_of_all_worlds() -> None:
    ones = np.ones(3)
    assert Counted(ones, ones * 0, ones * 5, ones * -7).lattice == (-7.0, 5.0)
    assert Counted(ones, ones * 0, np.array([5.0, 6.0, 5.0]), ones).lattice == (0.0, 0.0)
    assert Known(ones).lattice == (0.0, 0.0)


def test_a_sample_lies_about_as_the_law_does() -> None:
    n = 4000
    law = Counted(np.full(n, 39.0), np.full(n, 0.3), np.full(n, 2.0), np.full(n, -10.0))
    exact = stats.binom(130, 0.3)
    assert law.sample().mean() == pytest.approx(-10 + 2 * 39, abs=0.5)
    assert law.sample().std() == pytest.approx(2 * exact.std(), rel=0.05)


def test_what_a_world_fixes_is_a_step() -> None:
    law = Known(np.array([1.0, 2.0, np.nan, np.inf]))
    assert law.cdf(1.5).tolist() == [1, 0, 0, 0]
    assert law.cdf(np.inf).tolist() == [1, 1, 0, 1]
    assert law.below(2.0).tolist() == [1, 2, 0, 0]


def segments_apart(sizes: tuple[int, int], shares: tuple[float, float]) -> float:
    """Return the largest distance between the matched binomial and the true sum's law."""
    one, other = (
        stats.binom(n, p).pmf(np.arange(n + 1)) for n, p in zip(sizes, shares, strict=True)
    )
    exact = np.convolve(one, other).cumsum()
    mean = float(np.dot(sizes, shares))
    chance = float(np.dot(sizes, np.square(shares))) / mean
    law = counted(mean, chance)
    mine = np.array([law.cdf(float(y))[0] for y in range(sum(sizes) + 1)])
    return float(np.abs(mine - exact).max())


@pytest.mark.parametrize(
    ("sizes", "shares", "most"),
    [
        ((400, 2_000), (0.3, 0.1), 1.5e-3),
        ((400, 2_000), (0.6, 0.02), 6e-3),
        ((60, 60), (0.9, 0.05), 1.5e-2),
        ((500, 5_000), (0.2, 0.2), 1e-12),
        ((3_000, 20_000), (0.5, 0.1), 1e-3),
    ],
)
def test_two_segments_are_within_a_percent_or_so_of_one_binomial(
    sizes: tuple[int, int], shares: tuple[float, float], most: float
) -> None:
    assert segments_apart(sizes, shares) < most
