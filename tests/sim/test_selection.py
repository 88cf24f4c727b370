"""Selection against the procedure as its authors wrote it, and against its promise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from math import ceil, floor

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats

from sim.selection import Selection, TooManyObservationsError, select

FloatArray = npt.NDArray[np.float64]

STAGE = 16


def normals(
    means: Sequence[float], seed: int, spread: float = 1.0, shared: float = 0.0
) -> Callable[[int, Sequence[int]], FloatArray]:
    """Return a source of normal observations, part of whose luck the plans share."""
    at = np.array(means)

    def draw(stage: int, left: Sequence[int]) -> FloatArray:
        rng = np.random.default_rng([seed, stage])
        common = rng.standard_normal(STAGE)
        own = rng.standard_normal((at.size, STAGE))
        luck = shared**0.5 * common + (1 - shared) ** 0.5 * own
        return np.asarray((at[:, None] + spread * luck)[list(left)])

    return draw


def as_published(
    draw: Callable[[int, Sequence[int]], FloatArray], k: int, delta: float, alpha: float
) -> tuple[int, list[int]]:
    """Return best plan and observations of every plan: Kim and Nelson (2001), c = 1, by stages."""
    x = {i: list(draw(0, [i])[0]) for i in range(k)}
    n0 = STAGE
    eta = 0.5 * ((2 * alpha / (k - 1)) ** (-2 / (n0 - 1)) - 1)
    h2 = 2 * eta * (n0 - 1)
    s2 = {
        (i, j): float(np.var(np.array(x[i][:n0]) - np.array(x[j][:n0]), ddof=1))
        for i in range(k)
        for j in range(k)
    }
    most = max(floor(h2 * v / delta**2) for v in s2.values())
    alive, r, stage = set(range(k)), n0, 0
    while True:
        mean = {i: float(np.mean(x[i])) for i in alive}
        alive = {
            i
            for i in alive
            if all(
                mean[i] >= mean[j] - max(0.0, delta / (2 * r) * (h2 * s2[i, j] / delta**2 - r))
                for j in alive
                if j != i
            )
        }
        if len(alive) == 1 or r > most:
            return max(alive, key=lambda i: np.mean(x[i])), [len(x[i]) for i in range(k)]
        stage, r = stage + 1, r + STAGE
        for i in alive:
            x[i].extend(draw(stage, [i])[0])


@pytest.mark.parametrize("seed", range(25))
def test_it_is_the_published_procedure(seed: int) -> None:
    draw = normals([0.0, 0.3, 0.5, 0.9, 1.0], seed, spread=2.0, shared=0.4)
    found = select(draw, 5, 0.25, 0.95)
    assert (found.best, list(found.observations)) == as_published(draw, 5, 0.25, 0.05)


@pytest.mark.parametrize("zone", [0.05, 0.25, 50.0])
def test_equal_allocation_takes_as_many_as_students_law_asks_for(zone: float) -> None:
    draw = normals([0.0, 0.3, 1.0], 3, spread=2.0)
    first = draw(0, range(3))
    worst = max(np.var(a - b, ddof=1) for a, b in combinations(first, 2))
    t = stats.t.ppf(1 - 0.05 / 2, STAGE - 1)  # two comparisons with the best
    wanted = max(STAGE, ceil(t**2 * worst / zone**2))
    assert select(draw, 3, zone, 0.95).equal == wanted


def right(
    means: Sequence[float], delta: float, confidence: float, shared: float, repetitions: int = 400
) -> tuple[float, list[Selection]]:
    """Return how often the best plan is chosen."""
    found = [
        select(normals(means, seed, shared=shared), len(means), delta, confidence)
        for seed in range(repetitions)
    ]
    best = int(np.argmax(means))
    return float(np.mean([x.best == best for x in found])), found


@pytest.mark.parametrize("shared", [0.0, 0.8])
@pytest.mark.parametrize("k", [2, 5, 10])
def test_the_promise_holds_in_the_least_favourable_case(k: int, shared: float) -> None:
    """All others are exactly the indifference zone below the best."""
    share, _ = right([0.0] * (k - 1) + [0.25], 0.25, 0.95, shared)
    assert share >= 0.95 - 2 * (0.95 * 0.05 / 400) ** 0.5


def test_what_is_clear_takes_less_than_as_many_for_each() -> None:
    share, found = right([0.0, 0.5, 1.0, 1.5, 2.0, 3.0], 0.25, 0.95, 0.5, 100)
    assert share == 1
    used = float(np.mean([sum(x.observations) for x in found]))
    assert used < 0.6 * float(np.mean([x.equal * 6 for x in found]))


def test_plans_are_screened_out_worst_first() -> None:
    found = select(normals([0.0, 50.0, 100.0], 1), 3, 1.0, 0.95)
    assert found.best == 2
    assert found.screened == (0, 1)
    assert found.observations == (STAGE,) * 3
    assert found.means == pytest.approx([0, 50, 100], abs=2)


def test_equals_end_with_one_of_them() -> None:
    def draw(stage: int, left: Sequence[int]) -> FloatArray:
        return np.ones((len(left), STAGE))

    found = select(draw, 4, 0.1, 0.95)
    assert found.best == 0
    assert found.screened == ()
    assert found.observations == (STAGE,) * 4


def test_one_plan_is_the_best_of_all() -> None:
    assert select(normals([1.0], 1), 1, 0.1, 0.9).best == 0


def test_too_fine_a_zone_is_refused_before_it_is_drawn() -> None:
    stages = []

    def draw(stage: int, left: Sequence[int]) -> FloatArray:
        stages.append(stage)
        return normals([0.0, 0.01], 3)(stage, left)

    with pytest.raises(TooManyObservationsError, match="may be needed") as caught:
        select(draw, 2, 1e-3, 0.95, most=1000)
    assert caught.value.needed > 1000
    assert stages == [0]


@pytest.mark.parametrize(
    ("plans", "zone", "confidence"),
    [(0, 0.1, 0.9), (2, 0.0, 0.9), (2, float("inf"), 0.9), (2, 0.1, 0.5), (2, 0.1, 1.0)],
)
def test_impossible_wishes_are_refused(plans: int, zone: float, confidence: float) -> None:
    with pytest.raises(ValueError, match="out of range"):
        select(normals([0.0, 1.0], 1), plans, zone, confidence)
