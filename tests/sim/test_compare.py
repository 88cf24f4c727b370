"""Plans against each other: shares of worlds add up, and regret is never negative."""

from __future__ import annotations

import numpy as np
import pytest

from sim.compare import best, chance_best, regret, share_interval, wins
from sim.outcomes import evaluate
from sim.statistics import T90, standard_error
from sim.worlds import draw_worlds
from specimens import card_like


def test_the_best_of_every_world_is_counted() -> None:
    values = np.array([[3.0, 1.0, 5.0, 2.0], [2.0, 4.0, 5.0, -1.0], [0.0, 4.0, 1.0, 1.0]])
    assert chance_best(values) == pytest.approx([3 / 4, 2 / 4, 1 / 4])


def test_a_tie_counts_for_each() -> None:
    assert chance_best(np.ones((4, 7))).tolist() == [1.0] * 4
    assert chance_best(np.zeros((2, 7))).tolist() == [1.0] * 2


def test_losses_are_compared_as_losses() -> None:
    assert chance_best(np.array([[-5.0, -1.0], [-4.0, -2.0]])) == pytest.approx([0.5, 0.5])


def test_rounding_does_not_decide() -> None:
    values = np.array([[1e6, 1e6], [1e6 * (1 + 1e-14), 1e6 * (1 - 1e-14)]])
    assert chance_best(values).tolist() == [1.0, 1.0]


def test_regret_is_what_the_best_would_have_brought_more() -> None:
    values = np.array([[3.0, 1.0], [2.0, 4.0]])
    assert regret(values).tolist() == [[0.0, 3.0], [1.0, 0.0]]


def test_simulated_plans_compare() -> None:
    plans = [(6e4, 0.0), (0.0, 6e4), (3e4, 3e4)]
    values = evaluate(draw_worlds(card_like(), 256, 1), plans).values["reach"]
    assert chance_best(values).sum() == pytest.approx(1)
    assert (regret(values) >= 0).all()
    assert (regret(values).min(axis=0) == 0).all()


def test_a_tie_is_half_a_win() -> None:
    one, other = np.array([1.0, 2.0, 3.0, 1e9]), np.array([2.0, 2.0, 1.0, 1e9 * (1 + 1e-15)])
    assert wins(one, other).tolist() == [0.0, 0.5, 1.0, 0.5]
    assert (wins(one, other) + wins(other, one) == 1).all()


def test_best_says_in_which_worlds() -> None:
    assert best(np.array([[3.0, 1.0], [2.0, 1.0]])).tolist() == [[1.0, 1.0], [0.0, 1.0]]


def test_the_interval_of_a_common_share_is_the_usual_one() -> None:
    worlds = draw_worlds(card_like(), 1024, 1)
    happens = (np.random.default_rng(1).random(1024) < 0.4).astype(float)
    low, high = share_interval(worlds, happens)
    half = T90 * standard_error(worlds, happens)
    assert (low, high) == pytest.approx((happens.mean() - half, happens.mean() + half), abs=1e-3)


@pytest.mark.parametrize("n", [8, 64, 1024])
def test_what_never_happened_may_happen(n: int) -> None:
    worlds = draw_worlds(card_like(), n, 1)
    low, high = share_interval(worlds, np.zeros(n))
    assert low == 0
    assert 0.5 * -np.log(0.05) / n < high < 1.5 * -np.log(0.05) / n
    low, high = share_interval(worlds, np.ones(n))
    assert (1 - high, 1 - low) == pytest.approx(share_interval(worlds, np.zeros(n)))


@pytest.mark.parametrize("chance", [0.002, 0.02, 0.2, 0.5, 0.97])
def test_the_interval_of_a_share_holds_the_truth_nine_times_in_ten(chance: float) -> None:
    worlds, rng = draw_worlds(card_like(), 1024, 1), np.random.default_rng(2)
    intervals = [
        share_interval(worlds, (rng.random(1024) < chance).astype(float)) for _ in range(1000)
    ]
    held = np.mean([low <= chance <= high for low, high in intervals])
    assert 0.87 < held < (0.94 if chance > 0.01 else 0.98)
