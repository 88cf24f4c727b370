"""Kinds of people: the figures that are given hold, and unions behave as unions do."""

from __future__ import annotations

import csv
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sim.overlap import Kinds, kinds_of_people

Array = NDArray[np.float64]
DATA = Path(__file__).parents[2] / "../shared/data"


def counted(seed: int, n: int, people: int = 4000) -> tuple[Array, dict[tuple[int, int], float]]:
    """Return the audiences and pairs of people who were drawn one by one: they are consistent."""
    rng = np.random.default_rng(seed)
    taste = rng.integers(0, 3, people)
    chance = rng.beta(0.4, 1.6, (n, 3))
    follows = rng.random((n, people)) < chance[:, taste]
    follows[:, 0] = True
    shared = follows.astype(float) @ follows.T
    pairs = {(i, j): float(shared[i, j]) for i, j in combinations(range(n), 2)}
    return follows.sum(axis=1).astype(float), pairs


@pytest.mark.parametrize("seed", range(6))
def test_counted_figures_are_reproduced(seed: int) -> None:
    audiences, pairs = counted(seed, 3 + seed)
    kinds = kinds_of_people(audiences, pairs, 4000.0)
    assert kinds.sizes.sum() == pytest.approx(4000, rel=1e-12)
    np.testing.assert_allclose(kinds.singles(), audiences, rtol=1e-9)
    shared = kinds.shared()
    for pair, people in pairs.items():
        assert shared[pair] == pytest.approx(people, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_triples_lie_within_the_bounds_of_bonferroni(seed: int) -> None:
    audiences, pairs = counted(seed, 6)
    kinds = kinds_of_people(audiences, pairs, 4000.0)
    for i, j, k in combinations(range(6), 3):
        singles, twos = audiences[[i, j, k]].sum(), [pairs[i, j], pairs[i, k], pairs[j, k]]
        assert singles - sum(twos) - 1e-6 <= kinds.union([i, j, k]) <= singles - sum(twos) + min(
            twos
        ) + 1e-6  # fmt: skip


def test_pairs_that_are_not_given_overlap_at_random() -> None:
    audiences = np.array([300.0, 500.0, 800.0])
    kinds = kinds_of_people(audiences, {(0, 1): 200.0}, 2000.0)
    shared = kinds.shared()
    assert shared[0, 1] == pytest.approx(200)
    assert shared[0, 2] == pytest.approx(300 * 800 / 2000)
    assert shared[1, 2] == pytest.approx(500 * 800 / 2000)


@pytest.mark.parametrize("share", [0.02, 0.5, 0.95, 1.0])
def test_many_creators_without_pairs_overlap_at_random_in_few_kinds_of_people(
    share: float,
) -> None:
    n, universe = 150, 1000.0
    audiences = share * universe * np.linspace(0.8, 1.0, n)
    kinds = kinds_of_people(audiences, {(0, 1): 0.9 * audiences[0]}, universe)
    assert kinds.sizes.size < 30 * n
    assert kinds.sizes.sum() == pytest.approx(universe)
    np.testing.assert_allclose(kinds.singles(), audiences, rtol=1e-7)
    shared, at_random = kinds.shared(), np.outer(audiences, audiences) / universe
    assert shared[0, 1] == pytest.approx(0.9 * audiences[0], rel=1e-6)
    pairs = np.triu_indices(n, 1)
    assert shared[pairs].mean() == pytest.approx(at_random[pairs].mean(), rel=0.03)


def test_pairs_that_are_not_given_stay_below_the_share_that_is_said() -> None:
    n, universe = 70, 2000.0
    audiences = np.random.default_rng(3).uniform(50, 100, n)
    smaller = np.minimum.outer(audiences, audiences)
    chain = {(i, i + 1): 0.6 * smaller[i, i + 1] for i in range(n - 1)}
    free = np.triu(np.ones((n, n), bool), 2)
    most = {}
    for at_most in (None, 0.2):
        shared = kinds_of_people(audiences, chain, universe, at_most).shared() / smaller
        most[at_most] = shared[free].max()
        found = [shared[pair] * smaller[pair] for pair in chain]
        assert np.mean(found) == pytest.approx(np.mean(list(chain.values())), rel=0.03)
    assert most[None] > 0.4
    assert most[0.2] < 0.25  # what falls together at random comes on top


def test_figures_that_contradict_each_other_are_missed_by_as_little_as_can_be() -> None:
    # two audiences of 60 and 50 in the third's 100 must share 10 people at least
    audiences = np.array([50.0, 60.0, 100.0])
    kinds = kinds_of_people(audiences, {(0, 2): 50, (1, 2): 60, (0, 1): 0}, 1000.0)
    shared = kinds.shared()
    missed = abs(shared[0, 1]) + abs(shared[0, 2] - 50) + abs(shared[1, 2] - 60)
    assert missed == pytest.approx(10, abs=1e-6)
    np.testing.assert_allclose(kinds.singles(), audiences, rtol=1e-9)


def test_an_audience_larger_than_the_universe_is_refused() -> None:
    with pytest.raises(ValueError, match="at most the universe"):
        kinds_of_people(np.array([11.0]), {}, 10.0)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_unions_are_monotone_submodular_and_never_above_the_universe(data: st.DataObject) -> None:
    n = data.draw(st.integers(2, 6))
    audiences = np.array(data.draw(st.lists(st.floats(1, 900), min_size=n, max_size=n)))
    shares = st.one_of(st.none(), st.floats(0, 1))
    pairs = {}
    for i, j in combinations(range(n), 2):
        part = data.draw(shares)
        if part is not None:
            pairs[i, j] = part * min(audiences[i], audiences[j])
    kinds = kinds_of_people(audiences, pairs, 1000.0)
    small = data.draw(st.sets(st.integers(0, n - 1)))
    large = small | data.draw(st.sets(st.integers(0, n - 1)))
    one = data.draw(st.integers(0, n - 1))

    def union(chosen: set[int]) -> float:
        return kinds.union(sorted(chosen))

    assert union(small) <= union(large) + 1e-6
    assert union(large | {one}) - union(large) <= union(small | {one}) - union(small) + 1e-6
    assert union(large) <= 1000 + 1e-6
    np.testing.assert_allclose(kinds.singles(), audiences, rtol=1e-6)


def channels() -> tuple[Array, dict[tuple[int, int], float]]:
    """Return real channels, where they are at hand."""
    if not (DATA / "overlap_pairs.csv").is_file():
        pytest.skip("the table of real channels is not here")
    with (DATA / "overlap_creators.csv").open() as file:
        rows = list(csv.DictReader(file))
    at = {row["creator"]: i for i, row in enumerate(rows)}
    with (DATA / "overlap_pairs.csv").open() as file:
        pairs = {
            (at[row["creator_a"]], at[row["creator_b"]]): float(row["shared_viewers"])
            for row in csv.DictReader(file)
        }
    return np.array([float(row["unique_viewers"]) for row in rows]), pairs


@pytest.mark.slow
def test_real_channels_are_reproduced_and_their_unions_possible() -> None:
    audiences, pairs = channels()
    kinds = kinds_of_people(audiences, pairs, 1e6, at_most=0.1)
    shared = kinds.shared()
    np.testing.assert_allclose(kinds.singles(), audiences, rtol=1e-9)
    for pair, people in pairs.items():
        assert shared[pair] == pytest.approx(people, rel=1e-6)
    check_unions(audiences, pairs, kinds)


def check_unions(audiences: Array, pairs: dict[tuple[int, int], float], kinds: Kinds) -> None:
    """Hold triples whose three pairs are given, and large sets, against what the pairs imply."""
    both = {frozenset(pair): people for pair, people in pairs.items()}
    near: dict[int, set[int]] = {}
    for i, j in pairs:
        near.setdefault(i, set()).add(j)
        near.setdefault(j, set()).add(i)
    triples = [(i, j, k) for i, j in pairs for k in near[i] & near[j] if k > max(i, j)]
    assert len(triples) > 1000
    exact = 0
    for i, j, k in triples:
        singles = audiences[[i, j, k]].sum()
        twos = [both[frozenset(p)] for p in ((i, j), (i, k), (j, k))]
        low = max(singles - sum(twos), audiences[[i, j, k]].max())
        high = singles - sum(twos) + min(twos)
        union = kinds.union([i, j, k])
        assert low * (1 - 1e-9) <= union <= high * (1 + 1e-9)
        exact += high - low < 0.005 * high
    assert exact > 0  # some unions are known nearly exactly by the pairs alone
    rng = np.random.default_rng(0)
    for size in (5, 20, 100):
        for _ in range(50):
            chosen = rng.choice(audiences.size, size, replace=False)
            first = audiences[chosen].sum()
            inner = kinds.shared()[np.ix_(chosen, chosen)] if size == 5 else None
            union = kinds.union(chosen)
            assert audiences[chosen].max() <= union <= first * (1 + 1e-9)
            if inner is not None:
                assert union >= first - np.triu(inner, 1).sum() - 1e-6
