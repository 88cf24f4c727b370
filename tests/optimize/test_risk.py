"""Risk functionals against their definitions, and what makes them fit for cuts."""

from __future__ import annotations

from math import inf, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import linprog

from optimize.risk import Approach, Attainment, Chance, MeanWorst, Risk

RISKS: list[Risk] = [
    MeanWorst(0.05),
    MeanWorst(0.37),
    MeanWorst(1.0),
    MeanWorst(0.1, 0.3),
    MeanWorst(0.2, 0.0),
    Attainment(2.5),
    Approach(2.5, np.full(23, -10.0)),
    Approach(2.5, np.linspace(-30.0, -10.0, 23)),
]
OUTCOMES = arrays(float, 23, elements=st.floats(-10, 10))
FUZZ = settings(max_examples=100, derandomize=True, deadline=None)


def drawn(n: int = 57) -> np.ndarray:
    return np.random.default_rng(8).gamma(2.0, 1.0, n)


def test_the_chance_is_the_share_of_worlds_at_the_target_or_above() -> None:
    outcomes = np.array([1.0, 2.0, 2.0 * (1 - 1e-12), 1.999, 5.0])
    assert Chance(2.0).value(outcomes) == pytest.approx(3 / 5)
    assert Chance(-1.0).value(-outcomes) == pytest.approx(1 / 5)


@pytest.mark.parametrize("n", [1, 7, 23])
def test_a_chance_steps_from_world_to_world_and_nothing_else_does(n: int) -> None:
    assert Chance(2.5).steps(n) == pytest.approx(1 / n)
    worlds = Chance(2.5).value(np.random.default_rng(n).normal(2.5, 1.0, n)) / Chance(2.5).steps(n)
    assert worlds == pytest.approx(round(worlds))
    assert [risk.steps(n) for risk in RISKS] == [0.0] * len(RISKS)


def test_all_but_a_chance_are_concave() -> None:
    assert not Chance(2.5).concave
    assert all(risk.concave for risk in RISKS)


@FUZZ
@given(
    least=OUTCOMES,
    one=arrays(float, 23, elements=st.floats(0, 15)),
    other=arrays(float, 23, elements=st.floats(0, 15)),
    target=st.floats(-8, 8),
)
def test_the_approach_is_concave_and_nowhere_below_the_chance(
    least: np.ndarray, one: np.ndarray, other: np.ndarray, target: float
) -> None:
    above, chance = Chance(target).over(least), Chance(target)
    tangent = above.value(least + one) + above.weights(least + one) @ (other - one)
    assert above.value(least + one) >= chance.value(least + one) - 1e-12
    assert tangent >= chance.value(least + other) - 1e-9
    assert tangent >= above.value(least + other) - 1e-9


def test_the_approach_is_the_chance_at_the_least_and_from_the_target_on() -> None:
    least, target = np.array([0.0, 1.0, 1.5, 3.0, 2.0]), 2.0
    above, chance = Chance(target).over(least), Chance(target)
    for outcomes in (least, np.maximum(least, target)):
        assert above.value(outcomes) == pytest.approx(chance.value(outcomes))
    halfway = (least + np.maximum(least, target)) / 2
    assert above.contributions(halfway) == pytest.approx([0.5, 0.5, 0.5, 1.0, 1.0])


def test_the_approach_is_tighter_where_more_is_sure() -> None:
    less, more = np.zeros(5), np.array([0.0, 0.5, 1.0, 1.5, 3.0])
    outcomes = more + 0.2
    tight = Chance(2.0).over(less).over(more)
    assert tight.value(outcomes) < Chance(2.0).over(less).value(outcomes)
    assert tight.value(outcomes) == Chance(2.0).over(more).value(outcomes)
    assert tight.over(less).value(outcomes) == tight.value(outcomes)


@pytest.mark.parametrize("target", [inf, -inf, nan])
def test_a_chance_of_no_finite_target_is_refused(target: float) -> None:
    with pytest.raises(ValueError, match=r"target\(="):
        Chance(target)


@pytest.mark.parametrize("worst", [0.01, 0.05, 0.1, 0.5, 0.999, 1.0])
def test_the_worst_mean_is_the_value_of_its_linear_program(worst: float) -> None:
    """The smallest mean under weights of at most 1 / (worst x n) each (the dual of CVaR)."""
    outcomes = drawn()
    n = outcomes.size
    program = linprog(outcomes, A_eq=np.ones((1, n)), b_eq=[1.0], bounds=(0, 1 / (worst * n)))
    assert MeanWorst(worst).value(outcomes) == pytest.approx(program.fun)


def test_a_whole_number_of_worst_worlds_is_averaged() -> None:
    outcomes = drawn(40)
    assert MeanWorst(0.1).value(outcomes) == pytest.approx(np.sort(outcomes)[:4].mean())


def test_a_part_of_a_world_counts_by_its_part() -> None:
    outcomes = np.array([5.0, 1.0, 3.0, 9.0])
    assert MeanWorst(0.375).value(outcomes) == pytest.approx((1.0 + 0.5 * 3.0) / 1.5)


def test_less_than_one_world_is_the_worst_world() -> None:
    assert MeanWorst(0.01).value(np.array([5.0, 1.0, 3.0])) == pytest.approx(1.0)


def test_without_weight_it_is_the_mean() -> None:
    outcomes = drawn()
    for neutral in (MeanWorst(0.1, 0.0), MeanWorst(1.0)):
        assert neutral.value(outcomes) == pytest.approx(outcomes.mean())


def test_a_blend_lies_between_mean_and_worst() -> None:
    outcomes = drawn()
    worst, mean = MeanWorst(0.1).value(outcomes), outcomes.mean()
    assert MeanWorst(0.1, 0.3).value(outcomes) == pytest.approx(0.7 * mean + 0.3 * worst)


def test_attainment_is_the_mean_share_of_the_target() -> None:
    outcomes = np.array([0.0, 1.0, 2.0, 8.0])
    assert Attainment(2.0).value(outcomes) == pytest.approx((0 + 0.5 + 1 + 1) / 4)


@pytest.mark.parametrize("risk", RISKS, ids=str)
@FUZZ
@given(one=OUTCOMES, other=OUTCOMES)
def test_tangents_lie_above(risk: Risk, one: np.ndarray, other: np.ndarray) -> None:
    bound = risk.value(one) + risk.weights(one) @ (other - one)
    assert risk.value(other) <= bound + 1e-9


@pytest.mark.parametrize("risk", RISKS, ids=str)
@FUZZ
@given(one=OUTCOMES, more=arrays(float, 23, elements=st.floats(0, 10)))
def test_better_outcomes_are_never_worse(risk: Risk, one: np.ndarray, more: np.ndarray) -> None:
    assert risk.value(one + more) >= risk.value(one) - 1e-9
    assert (risk.weights(one) >= 0).all()


@pytest.mark.parametrize("risk", RISKS[:5], ids=str)
def test_weights_are_a_law_over_the_worlds(risk: Risk) -> None:
    assert risk.weights(drawn()).sum() == pytest.approx(1.0)


@pytest.mark.parametrize(("worst", "weight"), [(0.0, 1.0), (1.1, 1.0), (0.1, -0.1), (0.1, 1.1),
                                               (nan, 1.0), (0.1, nan)])  # fmt: skip
def test_impossible_shares_are_refused(worst: float, weight: float) -> None:
    with pytest.raises(ValueError, match=r"worst\(="):
        MeanWorst(worst, weight)


@pytest.mark.parametrize("target", [0.0, -1.0, inf, nan])
def test_impossible_targets_are_refused(target: float) -> None:
    with pytest.raises(ValueError, match=r"target\(="):
        Attainment(target)
