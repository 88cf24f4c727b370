"""Concave envelopes: nowhere below the curve, concave, and no higher than they need be."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest

from optimize.envelope import Bridge, bridge, bridged, mean_hull, upper_hull
from sim.ridges import Ridges
from sim.shapes import AtLeast, Bend, Hill, Points, Shape

N = 400
STEEPNESS = np.random.default_rng(1).uniform(0.5, 4.0, (N, 1))
SHAPES: list[Bend] = [
    AtLeast(2, inf),
    AtLeast(3, 0.8),
    AtLeast(10, 2.0),
    Hill(np.full((N, 1), 2.5)),
    Hill(STEEPNESS),
]
SMOOTH = SHAPES[:4]


def intervals() -> tuple[np.ndarray, np.ndarray]:
    """Return intervals, a third of them from 0, wide and narrow."""
    rng = np.random.default_rng(0)
    low = rng.uniform(0, 3, (N, 1)) * (rng.random((N, 1)) > 0.3)
    return low, low + rng.exponential(3, (N, 1)) * 10.0 ** rng.uniform(-3, 1, (N, 1))


def within(low: np.ndarray, high: np.ndarray, points: int) -> np.ndarray:
    """Return points from the low to the high end, shape (points, n, 1)."""
    return np.asarray(low + (high - low) * np.linspace(0, 1, points)[:, None, None])


@pytest.mark.parametrize("shape", SHAPES, ids=lambda s: type(s).__name__)
def test_every_tangent_of_a_bridge_lies_above_the_curve(shape: Bend) -> None:
    low, high = intervals()
    above = bridge(shape, low, high)
    inside = within(low, high, 41)
    for at in within(low, high, 15):
        for u in inside:
            tangent = above.value(at) + above.slope(at) * (u - at)
            assert (tangent >= shape.value(u) - 1e-9).all()
            assert (tangent >= above.value(u) - 1e-9).all()


@pytest.mark.parametrize("shape", SHAPES, ids=lambda s: type(s).__name__)
def test_a_bridge_touches_both_ends(shape: Bend) -> None:
    low, high = intervals()
    above = bridge(shape, low, high)
    assert above.value(high) == pytest.approx(shape.value(high), abs=1e-12)
    steep = ~np.isfinite(np.broadcast_to(shape.slope(low), low.shape))
    assert above.value(low)[~steep] == pytest.approx(shape.value(low)[~steep], abs=1e-12)
    assert above.value(low)[steep] == pytest.approx(shape.value(low)[steep], abs=1e-4)


@pytest.mark.parametrize("shape", SMOOTH, ids=lambda s: type(s).__name__)
def test_a_bridge_is_no_higher_than_the_hull_of_the_curve(shape: Bend) -> None:
    low, high = intervals()
    above = bridge(shape, low, high)
    x = within(low, high, 2001)
    curve, bridged_ = shape.value(x), above.value(x)
    for w in range(0, N, 10):
        hull = np.interp(x[:, w, 0], *upper_hull(x[:, w, 0], curve[:, w, 0]))
        rise = curve[-1, w, 0] - curve[0, w, 0]
        assert bridged_[:, w, 0] == pytest.approx(hull, abs=1e-4 * rise + 1e-12)


@pytest.mark.parametrize("shape", SMOOTH, ids=lambda s: type(s).__name__)
def test_ten_times_narrower_is_a_hundred_times_tighter(shape: Bend) -> None:
    low = np.full((N, 1), 0.2)
    apart = []
    for width in (0.1, 0.01, 0.001):
        u = within(low, low + width, 101)
        above = bridge(shape, low, low + width)
        apart.append(float((above.value(u) - shape.value(u)).max()))
    assert apart[0] > 0
    assert apart[1] < apart[0] / 50
    assert apart[2] < apart[1] / 50


@pytest.mark.parametrize("shape", SHAPES, ids=lambda s: type(s).__name__)
def test_an_interval_of_one_point_is_the_curve_there(shape: Bend) -> None:
    low = intervals()[0]
    above = bridge(shape, low, low)
    assert above.value(low) == pytest.approx(shape.value(low), abs=1e-12)
    assert np.isfinite(above.slope(low)).all()


def test_an_infinite_slope_at_nothing_is_tamed() -> None:
    shape = Hill(np.full((1, 1), 0.6))
    low, high = np.zeros((1, 1)), np.full((1, 1), 5.0)
    above = bridge(shape, low, high)
    assert np.isfinite(above.slope(low)).all()
    for u in np.concatenate([[0.0], np.geomspace(1e-13, 5.0, 300)]):
        at = np.full((1, 1), u)
        assert above.value(at) >= shape.value(at) - 1e-12


def test_a_part_of_the_worlds_keeps_its_envelopes() -> None:
    low, high = intervals()
    above, some = bridge(Hill(STEEPNESS), low, high), np.array([5, 2, 300])
    middle = (low + high) / 2
    assert isinstance(above.part(some), Bridge)
    assert (above.part(some).value(middle[some]) == above.value(middle)[some]).all()


def test_what_is_concave_is_its_own_envelope() -> None:
    ridges = Ridges(np.ones((2, 1, 1)), np.ones((2, 1)), AtLeast(1, 0.8))
    assert bridged(ridges, np.zeros(1), np.ones(1)) is ridges


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (0.0, 0.35), (0.3, 0.9), (0.25, 3.0),
                                           (0.4, 0.45), (0.5, 0.5)])  # fmt: skip
def test_points_are_bounded_by_their_hull(low: float, high: float) -> None:
    rng = np.random.default_rng(4)
    table = np.cumsum(np.column_stack([np.zeros(5), rng.random((5, 8))]), axis=1)
    curve = Points(np.linspace(0, 1, 9), table, np.arange(5))
    ridges = Ridges(np.ones((5, 1, 1)), np.ones((5, 1)), curve, np.array([0]))
    above = bridged(ridges, np.array([low]), np.array([high]))
    x = np.linspace(low, high, 1601)
    for d in range(5):
        row = np.interp(x, curve.at, table[d])
        hull = np.interp(x, *upper_hull(x, row))
        found = np.array([above.shape.value(np.array([[u]]))[d, 0] for u in x[::40]])
        assert (found >= row[::40] - 1e-12).all()
        assert found == pytest.approx(hull[::40], abs=2e-3)


def lines(shape: Shape, n: int) -> Ridges:
    rng = np.random.default_rng(7)
    return Ridges(
        rng.lognormal(0, 0.5, (n, 1, 1)), rng.lognormal(0, 0.5, (n, 1)), shape, np.array([0])
    )


@pytest.mark.parametrize("n", [1, 50])
@pytest.mark.parametrize("steepness", [0.6, 1.5, 2.5, 8.0])
@pytest.mark.parametrize(("low", "high"), [(0.0, 100.0), (0.0, 2.0), (1.0, 3.0), (0.3, 0.31)])
def test_the_hull_of_a_mean_is_above_it_and_close(
    n: int, steepness: float, low: float, high: float
) -> None:
    ridges = lines(Hill(np.full((n, 1), steepness)), n)
    x, y = mean_hull(ridges, low, high)
    fine = low + (high - low) * np.unique(
        np.concatenate([np.linspace(0, 1, 1501), np.geomspace(1e-6, 1, 1500)])
    )
    mean = np.array([ridges.values(np.array([at])).mean() for at in fine])
    bound = np.interp(fine, x, y)
    hull = np.interp(fine, *upper_hull(fine, mean))
    assert (bound >= mean - 1e-12).all()
    assert (np.diff(np.diff(y) / np.diff(x)) <= 1e-9).all()
    assert (x[0], x[-1]) == (low, high)
    assert y[-1] == pytest.approx(mean[-1], abs=1e-12)
    steep = steepness < 1 and low == 0  # an infinite slope: the bound begins just above the mean
    assert y[0] == pytest.approx(mean[0], abs=1e-5 if steep else 1e-12)
    assert (bound - hull).max() <= 1e-4 * (mean[-1] - mean[0])


@pytest.mark.parametrize("shape", [Hill(np.full((3, 1), 2.5)), AtLeast(3, 0.8)])
def test_the_hull_over_one_spend_is_the_mean_there(shape: Shape) -> None:
    ridges = lines(shape, 3)
    x, y = mean_hull(ridges, 0.7, 0.7)
    assert x.tolist() == [0.7, 0.7]
    assert y == pytest.approx(np.full(2, ridges.values(np.array([0.7])).mean()))


def test_the_upper_hull_leaves_out_what_lies_below() -> None:
    x = np.array([0.0, 1.0, 1.0, 2.0, 3.0])
    y = np.array([0.0, 0.5, 2.0, 1.0, 3.0])
    hull = upper_hull(x, y)
    assert hull[0].tolist() == [0.0, 1.0, 3.0]
    assert hull[1].tolist() == [0.0, 2.0, 3.0]
