"""The points are Sobol's, evenly spread after scrambling, and can be drawn at any index."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats
from scipy.special import ndtri

from sim.direction_numbers import DIMENSIONS
from sim.sobol import BITS, Scramble

FloatArray = npt.NDArray[np.float64]


class Plain(np.random.SeedSequence):
    """A stream of zeros: with it nothing is scrambled and nothing shifted."""

    def generate_state(self, n_words: int, dtype: object = np.uint32) -> npt.NDArray[np.uint32]:
        return np.zeros(n_words, np.uint32)


def scramble(dimensions: int, seed: int) -> Scramble:
    return Scramble([np.random.SeedSequence(seed, spawn_key=(d,)) for d in range(dimensions)])


def in_cells(points: FloatArray, bits: int) -> npt.NDArray[np.int64]:
    return np.asarray(np.floor(points * 2**bits), np.int64)


def test_without_scrambling_the_points_are_those_of_scipy() -> None:
    mine = Scramble([Plain()] * DIMENSIONS).uniforms(np.arange(256)).T
    theirs = stats.qmc.Sobol(DIMENSIONS, scramble=False, bits=BITS).random(256)
    same_order = np.lexsort(mine.T), np.lexsort(theirs.T)
    assert np.array_equal(mine[same_order[0]] - 0.5 / 2**BITS, theirs[same_order[1]])


@pytest.mark.parametrize("seed", [1, 2])
def test_every_dyadic_interval_holds_its_share_of_every_aligned_stretch(seed: int) -> None:
    points = scramble(DIMENSIONS, seed)
    for bits in range(1, 9):
        for start in (0, 3 * 2**bits):
            cells = in_cells(points.uniforms(np.arange(start, start + 2**bits)), bits)
            assert (np.sort(cells, axis=1) == np.arange(2**bits)).all()


def test_the_first_two_dimensions_fill_every_elementary_rectangle() -> None:
    points = scramble(2, 5).uniforms(np.arange(64))
    for bits in range(7):
        cells = in_cells(points[0], bits) * 2 ** (6 - bits) + in_cells(points[1], 6 - bits)
        assert np.array_equal(np.sort(cells), np.arange(64))


def test_points_lie_inside_the_unit_interval() -> None:
    points = scramble(DIMENSIONS, 3).uniforms(np.arange(2**12))
    assert points.min() > 0
    assert points.max() < 1


def test_a_scrambled_point_is_uniform() -> None:
    for index in (0, 1, 77):
        drawn = np.array([scramble(2, seed).uniforms(np.array([index])) for seed in range(2000)])
        for values in (drawn[:, 0, 0], drawn[:, 1, 0]):
            assert stats.kstest(values, "uniform").pvalue > 1e-3
        correlation = np.corrcoef(drawn[:, 0, 0], drawn[:, 1, 0])[0, 1]
        assert abs(correlation) < 4 / 2000**0.5


def test_any_stretch_of_indices_is_the_same_stretch_of_a_longer_draw() -> None:
    points = scramble(20, 4)
    longer = points.uniforms(np.arange(5_000))
    for start, stop in ((0, 1), (0, 300), (255, 257), (4_095, 5_000)):
        assert np.array_equal(points.uniforms(np.arange(start, stop)), longer[:, start:stop])


def test_indices_far_out_can_be_drawn() -> None:
    points = scramble(3, 4).uniforms(2**31 + np.arange(2**10))
    assert (np.sort(in_cells(points, 10), axis=1) == np.arange(2**10)).all()


def smooth(z: FloatArray) -> FloatArray:
    """Return a smooth function of three normal deviates, shape (3, n) to (n,), with mean 1."""
    return np.asarray(np.exp(0.6 * z[0] - 0.3 * z[1] + 0.2 * z[2] - (0.36 + 0.09 + 0.04) / 2))


def test_the_spread_of_replicate_means_is_an_honest_standard_error() -> None:
    replicates, points, repetitions = 16, 64, 300
    quantile = stats.t.ppf(0.95, replicates - 1)
    covered, errors = 0, np.empty(repetitions)
    for repetition in range(repetitions):
        means = np.array(
            [
                smooth(ndtri(scramble(3, 1000 * repetition + r).uniforms(np.arange(points)))).mean()
                for r in range(replicates)
            ]
        )
        se = means.std(ddof=1) / replicates**0.5
        errors[repetition] = means.mean() - 1
        covered += abs(errors[repetition]) <= quantile * se
    assert abs(covered / repetitions - 0.9) < 4 * (0.9 * 0.1 / repetitions) ** 0.5
    assert abs(errors.mean()) < 4 * errors.std() / repetitions**0.5


def test_points_know_a_smooth_mean_better_than_random_draws() -> None:
    index = np.arange(1024)
    sobol = [smooth(ndtri(scramble(3, seed).uniforms(index))).mean() for seed in range(40)]
    variance_of_one = np.exp(0.36 + 0.09 + 0.04) - 1
    assert np.var(sobol) < 0.05 * variance_of_one / 1024
