"""The optimizer's objective is the mean response, however it is cut in pieces."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from optimize.objective import LINES_PER_PIECE, Mean
from sim.metrics import OBJECTIVES
from sim.purchase import PARTS
from sim.response import Response, respond
from sim.worlds import draw_worlds
from specimens import few_unequal

FloatArray = npt.NDArray[np.float64]


def response(lines: int, metric: str = "reach") -> Response:
    base = few_unequal()
    tiers = tuple(replace(base.tiers[i % 2], name=f"tier{i}") for i in range(lines))
    return respond(draw_worlds(replace(base, tiers=tiers), 30, 4), metric, PARTS)


@pytest.mark.parametrize("lines", [1, 2, LINES_PER_PIECE, LINES_PER_PIECE + 1, 40])
@pytest.mark.parametrize("metric", ["reach", "profit", "clicks"])
def test_pieces_add_up_to_the_mean_response(lines: int, metric: str) -> None:
    answer, budget = response(lines, metric), 7e4
    objective = Mean(answer, budget)
    shares = np.random.default_rng(1).dirichlet(np.ones(lines))
    exact = answer.values(shares * budget).mean()
    assert objective.value(shares) * objective.size == pytest.approx(exact, rel=1e-9)
    values, gradients = objective.tangents(shares)
    batches = -(-lines // LINES_PER_PIECE)
    pieces = 0 if metric == "clicks" else 2 * batches
    assert values.shape == (pieces,)
    assert gradients.shape == (pieces, lines)


def test_more_pieces_than_worlds_are_not_made() -> None:
    answer = response(40)
    few = Response(answer.slopes[:2], tuple(replace(r, rates=r.rates[:2], weights=r.weights[:2])
                                            for r in answer.ridges))  # fmt: skip
    assert Mean(few, 1e4).tangents(np.zeros(40))[0].shape == (4,)


@pytest.mark.parametrize("metric", OBJECTIVES)
def test_tangents_touch_and_lie_above(metric: str) -> None:
    objective = Mean(response(3, metric), 6e4)
    rng = np.random.default_rng(3)
    for at in rng.dirichlet(np.ones(4), 5)[:, :3]:
        values, gradients = objective.tangents(at)
        for other in rng.dirichlet(np.ones(4), 20)[:, :3]:
            above = values + gradients @ (other - at)
            assert (objective.tangents(other)[0] <= above + 1e-12).all()


def test_pieces_never_pass_their_ceilings() -> None:
    objective = Mean(response(2), 6e4)
    for shares in (np.array([0.5, 0.5]), np.array([1e3, 1e3]), np.array([1e12, 1e12])):
        assert (objective.tangents(shares)[0] <= objective.ceilings * (1 + 1e-12)).all()


@pytest.mark.parametrize("metric", OBJECTIVES)
def test_values_are_of_ordinary_size_whatever_the_units(metric: str) -> None:
    objective = Mean(response(2, metric), 6e4)
    assert 1e-9 < objective.size < 1e12
    assert abs(objective.value(np.array([0.5, 0.5]))) <= 1


def test_a_response_of_nothing_has_a_size() -> None:
    nothing = Response(np.zeros((5, 2)), ())
    objective = Mean(nothing, 100.0)
    assert objective.size == 1.0
    assert objective.value(np.array([0.3, 0.3])) == 0.0
    assert objective.ceilings.size == 0
