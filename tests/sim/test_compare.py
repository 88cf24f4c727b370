"""Plans against each other: shares of worlds add up, and regret is never negative."""

from __future__ import annotations

import numpy as np
import pytest

from sim.compare import chance_best, regret
from sim.outcomes import evaluate
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
