"""Shapes of response against the laws and formulas they stand for."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest
from scipy import stats

from sim.shapes import EXPONENTIAL, AtLeast, Bend, Hill, Points

CONTACTS = np.concatenate([[0.0], np.geomspace(1e-4, 100.0, 300)])
KAPPAS = [0.3, 0.8, 1.0, 5.0]
STEEPNESS = np.array([[0.5], [1.0], [1.7], [4.0]])
BENDS: list[Bend] = [
    EXPONENTIAL,
    AtLeast(1, 0.8),
    *(AtLeast(k, kappa) for k in (2, 3, 10) for kappa in (0.3, 2.0, inf)),
    Hill(STEEPNESS),
]


@pytest.mark.parametrize("k", [1, 2, 3, 10])
@pytest.mark.parametrize("kappa", KAPPAS)
def test_people_with_enough_contacts_are_the_negative_binomial_tail(k: int, kappa: float) -> None:
    tail = stats.nbinom(kappa, kappa / (kappa + CONTACTS)).sf(k - 1)
    assert AtLeast(k, kappa).value(CONTACTS) == pytest.approx(tail, rel=1e-7, abs=1e-12)


@pytest.mark.parametrize("k", [1, 2, 3, 10])
def test_alike_people_with_enough_contacts_are_the_poisson_tail(k: int) -> None:
    tail = stats.poisson(CONTACTS).sf(k - 1)
    assert AtLeast(k, inf).value(CONTACTS) == pytest.approx(tail, rel=1e-9, abs=1e-15)


def test_one_random_contact_reaches_as_the_poisson_law_says() -> None:
    assert EXPONENTIAL.value(CONTACTS) == pytest.approx(stats.poisson(CONTACTS).sf(0))


def test_hill_is_its_formula() -> None:
    u = np.array([[0.25, 1.0, 3.0]])
    by_hand = [[0.25**s / (1 + 0.25**s), 0.5, 3.0**s / (1 + 3.0**s)] for s in STEEPNESS[:, 0]]
    assert Hill(STEEPNESS).value(u) == pytest.approx(np.array(by_hand))


def test_hill_begins_at_nothing_as_steeply_as_its_parameter_says() -> None:
    nothing = np.zeros((1, 1))
    assert (Hill(STEEPNESS).value(nothing) == 0).all()
    assert Hill(STEEPNESS).slope(nothing)[:, 0].tolist() == [inf, 1.0, 0.0, 0.0]


@pytest.mark.parametrize("shape", BENDS, ids=str)
def test_slopes_are_finite_differences(shape: Bend) -> None:
    u = np.geomspace(0.05, 30.0, 60)[None, :]
    step = 1e-5 * u
    difference = (shape.value(u + step) - shape.value(u - step)) / (2 * step)
    assert shape.slope(u) == pytest.approx(difference, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("shape", BENDS, ids=str)
def test_slopes_rise_up_to_the_turn_and_fall_after(shape: Bend) -> None:
    u = np.linspace(0.0, 20.0, 4001)[None, 1:]
    slope = np.atleast_2d(shape.slope(u))
    turn = np.broadcast_to(shape.turn, (len(slope), 1))
    change = np.diff(slope, axis=1)
    for row, at in zip(change, turn[:, 0], strict=True):
        assert (row[u[0, 1:] <= at] >= -1e-15).all()
        assert (row[u[0, :-1] >= at] <= 1e-15).all()


@pytest.mark.parametrize("shape", BENDS, ids=str)
def test_only_a_shape_without_a_convex_start_is_concave(shape: Bend) -> None:
    steep = np.isfinite(shape.slope(np.zeros((1, 1)))).all()
    assert shape.concave == bool((shape.turn == 0).all() and steep)


@pytest.mark.parametrize(("k", "kappa"), [(0, 1.0), (-1, 1.0), (2, 0.0), (2, -1.0)])
def test_impossible_frequencies_are_refused(k: int, kappa: float) -> None:
    with pytest.raises(ValueError, match=r"k\(="):
        AtLeast(k, kappa)


@pytest.mark.parametrize("steepness", [np.array([[0.0]]), np.array([[-1.0]]), np.array([1.0])])
def test_impossible_steepness_is_refused(steepness: np.ndarray) -> None:
    with pytest.raises(ValueError, match="steepness"):
        Hill(steepness)


def points() -> Points:
    """Return two draws over three worlds: one concave, one not."""
    table = np.array([[0.0, 2.0, 3.0], [0.0, 1.0, 5.0]])
    return Points(np.array([0.0, 1.0, 3.0]), table, np.array([0, 1, 1]))


def test_points_are_joined_by_straight_lines_and_level_after_the_last() -> None:
    curve = points()
    for at in (0.0, 0.5, 1.0, 2.2, 3.0, 7.0):
        expected = [np.interp(at, curve.at, curve.table[d]) for d in curve.draw]
        assert curve.value(np.array([[at]]))[:, 0] == pytest.approx(expected)


def test_every_world_may_have_its_own_place_on_the_points() -> None:
    assert points().value(np.array([[0.5], [0.5], [2.0]]))[:, 0] == pytest.approx([1.0, 0.5, 3.0])


@pytest.mark.parametrize(
    ("at", "slopes"), [(0.0, [2, 1, 1]), (1.0, [0.5, 2, 2]), (2.0, [0.5, 2, 2]), (3.0, [0, 0, 0])]
)
def test_the_slope_of_points_is_the_one_to_the_right(at: float, slopes: list[float]) -> None:
    assert points().slope(np.array([[at]]))[:, 0].tolist() == slopes


def test_points_are_concave_where_every_draw_is() -> None:
    curve = points()
    assert not curve.concave
    assert Points(curve.at, curve.table[:1], np.zeros(3, int)).concave
    falling = np.array([[0.0, 2.0, 1.0]])
    assert not Points(curve.at, falling, np.zeros(3, int)).concave


@pytest.mark.parametrize(
    ("at", "table"),
    [([0.5, 1.0], [[0.0, 1.0]]), ([0.0, 0.0], [[0.0, 1.0]]), ([0.0, 1.0, 0.5], [[0.0, 1.0, 2.0]]),
     ([0.0, 1.0], [[0.0, 1.0, 2.0]]), ([0.0, 1.0], [[0.0, np.nan]])],
)  # fmt: skip
def test_impossible_points_are_refused(at: list[float], table: list[list[float]]) -> None:
    with pytest.raises(ValueError, match="point"):
        Points(np.array(at), np.array(table), np.zeros(1, int))


def test_a_part_of_the_worlds_keeps_its_own_curves() -> None:
    u, some = np.array([[0.7]]), np.array([2, 0])
    for shape in (Hill(STEEPNESS), points()):
        assert (shape.part(some).value(u) == shape.value(u)[some]).all()
    alike = Hill(STEEPNESS[:1])
    assert (alike.part(some).value(u) == alike.value(u)).all()
    for same in (EXPONENTIAL, AtLeast(3, 0.8)):
        assert same.part(some) == same
