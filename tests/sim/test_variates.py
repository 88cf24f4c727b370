"""Variates made of raw bits follow their laws, and do not depend on how they are drawn."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

from sim.variates import HALF, Floats, Variates
from sim.worlds import BLOCK


def rng(seed: int = 7) -> np.random.Generator:
    return np.random.Generator(np.random.SFC64(seed))


def rows(n: int) -> Floats:
    return np.empty((n, BLOCK), np.float32)


@pytest.fixture(scope="module")
def deviates() -> Floats:
    return Variates(4096).normals(rng(), rows(4096))


def test_normals_are_normal(deviates: Floats) -> None:
    counts, edges = np.histogram(deviates, np.linspace(-4.5, 4.5, 181))
    expected = np.diff(stats.norm.cdf(edges)) * deviates.size
    assert stats.chi2(counts.size - 1).sf(((counts - expected) ** 2 / expected).sum()) > 1e-3
    sample = deviates.ravel()[:: deviates.size // 200_000]
    assert stats.kstest(sample, "norm").pvalue > 1e-3


def test_normals_reach_far_into_their_tails(deviates: Floats) -> None:
    for end in (4.0, 4.75):
        expected = 2 * stats.norm.sf(end) * deviates.size
        beyond = int((np.abs(deviates) > end).sum())
        assert abs(beyond - expected) < 4 * expected**0.5


def test_the_two_normals_of_a_pair_are_independent(deviates: Floats) -> None:
    left, right = deviates[:, :HALF].ravel(), deviates[:, HALF:].ravel()
    for one, other in ((left, right), (left**2, right**2), (left, right**2), (left**2, right)):
        assert abs(np.corrcoef(one, other)[0, 1]) < 4 / left.size**0.5


def test_rows_can_be_drawn_in_any_portions() -> None:
    variates, together, parts = Variates(24), rows(24), rows(24)
    variates.normals(rng(), together)
    stream = rng()
    for low, high in pairwise((0, 1, 9, 16, 24)):
        variates.normals(stream, parts[low:high])
    assert np.array_equal(parts, together)


def test_what_happens_happens_as_often_as_stated() -> None:
    chance = np.linspace(0, 1, 64)
    out = np.empty((4096, 64), np.float32)
    Variates(1).happens(rng(), chance, out)
    assert set(np.unique(out)) == {0.0, 1.0}
    assert not out[:, 0].any()
    error = np.sqrt(chance * (1 - chance) / len(out))
    assert (np.abs(out.mean(axis=0) - chance) <= 4 * error + 1e-9).all()
