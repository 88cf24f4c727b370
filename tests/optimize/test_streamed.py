"""A stream proves of a plan what all its worlds at once prove."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from optimize.optimum import maximise
from optimize.problem import Limit, problem, purchase
from optimize.streamed import Tangents, proven, tangents
from sim.response import Response, respond
from sim.worlds import draw_worlds
from specimens import card_like

Array = NDArray[np.float64]
CAMPAIGN = card_like()


def halves(response: Response) -> list[Response]:
    middle = len(response.slopes) // 3
    return [response.part(slice(middle)), response.part(slice(middle, None))]


@pytest.mark.parametrize("metric", ["reach", "conversions", "profit", "impressions"])
@pytest.mark.parametrize("whole", [False, True])
def test_the_bound_of_a_stream_is_that_of_all_worlds(metric: str, whole: bool) -> None:
    limits = (Limit("macro", (1,), 0.0, 40_000.0),)
    task = problem(CAMPAIGN, 90_000.0, limits, whole_creators=whole)
    worlds = draw_worlds(CAMPAIGN, 3000, 3)
    response = respond(worlds, metric, purchase(task))
    start = maximise(task, response.part(slice(300))).plan
    exact = maximise(task, response)
    seen: list[int] = []

    def over(plans: Array) -> Iterator[Tangents]:
        seen.append(len(plans))
        return (tangents(part, plans) for part in halves(response))

    found = proven(task, start, over)
    assert found.worlds == 3000
    assert found.passes == len(seen)
    value = float(response.values(start).mean())
    assert found.value == pytest.approx(value, rel=1e-9)
    assert found.upper_bound >= exact.value - 1e-9 * abs(exact.value)
    close = 1e-4 if not whole else 2e-3
    assert found.upper_bound <= exact.upper_bound + close * abs(exact.value)
    size = max(abs(found.upper_bound), 1e-9)
    assert found.relative_gap == pytest.approx((found.upper_bound - value) / size, abs=1e-12)


@pytest.mark.parametrize("poor", [(500.0, 0.0), (0.0, 40_000.0), (0.0, 0.0)])
@pytest.mark.parametrize("metric", ["reach", "conversions", "profit"])
def test_no_plan_passes_the_bound_that_a_poor_plan_gets(
    metric: str, poor: tuple[float, float]
) -> None:
    task = problem(CAMPAIGN, 90_000.0, whole_creators=False)
    response = respond(draw_worlds(CAMPAIGN, 600, 3), metric, purchase(task))
    found = proven(
        task, np.array(poor), lambda plans: [tangents(p, plans) for p in halves(response)]
    )
    exact = maximise(task, response)
    assert found.value < exact.value or not any(exact.plan)
    assert found.upper_bound >= exact.value * (1 - 1e-9)


def test_tangents_add_up_whatever_the_parts() -> None:
    worlds = draw_worlds(CAMPAIGN, 512, 3)
    response = respond(worlds, "profit", purchase(problem(CAMPAIGN, 1e5, whole_creators=False)))
    plans = np.array([[3e4, 2e4], [0.0, 1e5]])
    whole = tangents(response, plans)
    one, other = (tangents(part, plans) for part in halves(response))
    joined = one + other
    assert joined.worlds == whole.worlds
    assert joined.values == pytest.approx(whole.values, rel=1e-10)
    assert joined.gradients == pytest.approx(whole.gradients, rel=1e-9)
    expected = [float(response.values(plan).mean()) for plan in plans]
    assert whole.means(plans) == pytest.approx(expected, rel=1e-12)


def test_to_spend_nothing_is_proven_where_every_plan_loses_money() -> None:
    poor = replace(CAMPAIGN, margin=replace(CAMPAIGN.margin, median=1e-6))
    task = problem(poor, 1e5, whole_creators=False)
    response = respond(draw_worlds(poor, 512, 3), "profit", purchase(task))
    found = proven(task, np.zeros(2), lambda plans: [tangents(response, plans)])
    assert found.value == 0
    assert 0 <= found.upper_bound < 1e-3
