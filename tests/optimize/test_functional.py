"""The optimizer's objective is the mean response, however it is cut in pieces."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from optimize.functional import LINES_PER_PIECE, Mean, functional
from optimize.risk import MEAN, Attainment, Chance, MeanWorst, Risk
from sim.metrics import OBJECTIVES
from sim.purchase import PARTS
from sim.response import Response, respond
from sim.ridges import Ridges
from sim.shapes import AtLeast, Hill
from sim.worlds import draw_worlds
from specimens import CONCAVE, few_unequal

FloatArray = npt.NDArray[np.float64]


def response(lines: int, metric: str = "reach") -> Response:
    base = few_unequal()
    tiers = tuple(replace(base.tiers[i % 2], name=f"tier{i}") for i in range(lines))
    return respond(draw_worlds(replace(base, tiers=tiers), 30, 4), metric, PARTS)


@pytest.mark.parametrize("lines", [1, 2, 2 * LINES_PER_PIECE, 2 * LINES_PER_PIECE + 1, 80])
@pytest.mark.parametrize("metric", ["reach", "profit", "clicks"])
def test_pieces_add_up_to_the_mean_response(lines: int, metric: str) -> None:
    answer, budget = response(lines, metric), 7e4
    objective = Mean(answer, budget)
    shares = np.random.default_rng(1).dirichlet(np.ones(lines))
    exact = answer.values(shares * budget).mean()
    assert objective.value(shares) * objective.size == pytest.approx(exact, rel=1e-9)
    values, gradients = objective.tangents(shares)
    batches = -(-lines // (2 * LINES_PER_PIECE))
    pieces = 0 if metric == "clicks" else 2 * batches
    assert values.shape == (pieces,)
    assert gradients.shape == (pieces, lines)


def test_more_pieces_than_worlds_are_not_made() -> None:
    answer = response(200)
    few = Response(answer.slopes[:2], tuple(replace(r, rates=r.rates[:2], weights=r.weights[:2])
                                            for r in answer.ridges))  # fmt: skip
    assert Mean(few, 1e4).tangents(np.zeros(200))[0].shape == (4,)


@pytest.mark.parametrize("metric", CONCAVE)
def test_tangents_touch_and_lie_above(metric: str) -> None:
    objective = Mean(response(3, metric), 6e4)
    rng = np.random.default_rng(3)
    for at in rng.dirichlet(np.ones(4), 5)[:, :3]:
        values, gradients = objective.tangents(at)
        for other in rng.dirichlet(np.ones(4), 20)[:, :3]:
            above = values + gradients @ (other - at)
            assert (objective.tangents(other)[0] <= above + 1e-12).all()


def bent(kind: str) -> Response:
    """Return three lines in 20 worlds with curves that are not concave."""
    rng, n = np.random.default_rng(2), 20
    if kind == "shared":
        rates = 4 * rng.lognormal(0, 0.5, (n, 1, 3))
        return Response(np.zeros((n, 3)), (Ridges(rates, np.ones((n, 1)), AtLeast(3, 0.8)),))
    return Response(
        rng.normal(0, 0.3, (n, 3)),
        tuple(
            Ridges(
                4 * rng.lognormal(0, 0.3, (n, 1, 1)),
                np.ones((n, 1)),
                Hill(rng.uniform(1.2, 4, (n, 1))),
                np.array([i]),
            )
            for i in range(3)
        ),
    )


@pytest.mark.parametrize("kind", ["shared", "own"])
@pytest.mark.parametrize("risk", [MEAN, MeanWorst(0.3), Attainment(0.9), Chance(0.9)], ids=str)
def test_tangents_over_a_box_lie_above_and_no_doubt_is_negative(kind: str, risk: Risk) -> None:
    exact = functional(bent(kind), 1.0, risk)
    rng = np.random.default_rng(5)
    for _ in range(30):
        low = rng.random(3) * 0.5
        high = low + rng.random(3) * 0.5
        above = exact.over(low, high)
        inside = low + (high - low) * rng.random((12, 3))
        assert above.concave
        for at in inside[:4]:
            values, gradients = above.tangents(at)
            for other in inside:
                bound = above.slopes @ other + values.sum() + gradients.sum(axis=0) @ (other - at)
                assert exact.value(other) <= bound + 1e-9
            doubt = exact.doubt(above, at, high - low)
            apart = above.slopes @ at + values.sum() - exact.value(at)
            assert (doubt >= 0).all()
            if risk == MEAN:
                assert doubt.sum() == pytest.approx(apart, abs=1e-9)


@pytest.mark.parametrize("risk", [MEAN, MeanWorst(0.3), Attainment(1e5)], ids=str)
def test_nothing_concave_is_in_doubt(risk: Risk) -> None:
    exact = functional(response(3), 6e4, risk)
    low, high = np.zeros(3), np.ones(3)
    at = np.full(3, 0.2)
    assert (exact.doubt(exact.over(low, high), at, high - low) == 0).all()


def test_pieces_never_pass_their_ceilings() -> None:
    objective = Mean(response(2), 6e4)
    for shares in (np.array([0.5, 0.5]), np.array([0.0, 1.0]), np.array([1.0, 1.0])):
        assert (objective.tangents(shares)[0] <= objective.ceilings * (1 + 1e-12)).all()


@pytest.mark.parametrize("metric", OBJECTIVES)
def test_values_are_of_ordinary_size_whatever_the_units(metric: str) -> None:
    objective = functional(response(2, metric), 6e4)
    assert 1e-9 < objective.size < 1e12
    assert abs(objective.value(np.array([0.5, 0.5]))) <= 1


def test_a_response_of_nothing_has_a_size() -> None:
    nothing = Response(np.zeros((5, 2)), ())
    objective = functional(nothing, 100.0)
    assert objective.size == 1.0
    assert objective.value(np.array([0.3, 0.3])) == 0.0
    assert objective.ceilings.size == 0


BOX = np.array([0.1, 0.0, 0.2]), np.array([0.6, 0.3, 0.5])


@pytest.mark.parametrize("risk", [MEAN, MeanWorst(0.2), MeanWorst(0.3, 0.5)])
def test_effective_reach_lies_below_its_majorant_over_a_box(risk: Risk) -> None:
    objective = functional(response(3, "effective_reach"), 6e4, risk)
    above = objective.over(*BOX)
    assert not objective.concave
    assert above.concave
    rng = np.random.default_rng(7)
    plans = BOX[0] + (BOX[1] - BOX[0]) * rng.random((30, 3))
    for at in plans[:6]:
        values, gradients = above.tangents(at)
        assert above.value(at) >= objective.value(at) - 1e-12
        for other in plans:
            bound = above.slopes @ other + (values + gradients @ (other - at)).sum()
            assert objective.value(other) <= bound + 1e-12


def test_a_small_box_has_a_tight_majorant() -> None:
    objective = functional(response(3, "effective_reach"), 6e4)
    at = np.array([0.3, 0.1, 0.3])
    gaps = [objective.over(at - d, at + d).value(at) - objective.value(at) for d in (0.1, 0.01)]
    assert 0 <= gaps[1] <= gaps[0] / 20


def test_what_a_chance_comes_to_lies_below_its_majorant() -> None:
    reach = response(3, "reach")
    target = float(np.median(reach.values(np.array([0.3, 0.1, 0.3]) * 6e4)))
    objective = functional(reach, 6e4, Chance(target))
    above = objective.over(*BOX)
    rng = np.random.default_rng(8)
    plans = BOX[0] + (BOX[1] - BOX[0]) * rng.random((40, 3))
    assert len({objective.value(plan) for plan in plans}) > 3
    for plan in plans:
        assert objective.value(plan) <= above.value(plan) + 1e-12
    assert objective.steps * objective.size == pytest.approx(1 / 30)


@pytest.mark.parametrize("metric", ["reach", "effective_reach"])
def test_doubt_is_the_distance_to_the_majorant(metric: str) -> None:
    objective = functional(response(3, metric), 6e4)
    above, at = objective.over(*BOX), np.array([0.3, 0.1, 0.4])
    doubt = objective.doubt(above, at, BOX[1] - BOX[0])
    assert (doubt >= 0).all()
    assert doubt.sum() == pytest.approx(above.value(at) - objective.value(at), abs=1e-12)
