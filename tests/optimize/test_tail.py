"""Optimisation of what the worst worlds, or a target, come to: against exact programs and grids."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from optimize.functional import functional
from optimize.optimum import GAP, maximise
from optimize.problem import WHOLE_GAP, Limit, Problem, problem
from optimize.risk import Attainment, MeanWorst, Risk
from sim.purchase import PARTS, WHOLE, price_list
from sim.response import Response, respond
from sim.worlds import draw_worlds
from specimens import CONCAVE, card_like
from strategies import campaigns

RISKS: list[Risk] = [MeanWorst(0.1), MeanWorst(0.3, 0.5), MeanWorst(0.05)]


def linear(n_worlds: int, n_lines: int, seed: int) -> Response:
    """Return heavy-tailed returns per unit of money, some of them losses."""
    rng = np.random.default_rng(seed)
    return Response(rng.lognormal(0, 1, (n_worlds, n_lines)) - rng.random(n_lines), ())


def rockafellar_uryasev(slopes: np.ndarray, worst: float, weight: float, cap: float) -> float:
    """Return the largest (1 - weight) mean + weight CVaR by the full linear program."""
    n, k = slopes.shape
    cost = np.concatenate(
        [-(1 - weight) * slopes.mean(axis=0), [-weight], np.full(n, weight / (worst * n))]
    )
    rows = np.hstack([-slopes, np.ones((n, 1)), -np.eye(n)])
    budget = np.concatenate([np.ones(k), np.zeros(n + 1)])
    bounds = [(0, cap)] * k + [(None, None)] + [(0, None)] * n
    found = linprog(cost, np.vstack([rows, budget]), np.append(np.zeros(n), 1.0), bounds=bounds)
    assert found.fun is not None
    return -float(found.fun)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("risk", [MeanWorst(0.05), MeanWorst(0.2), MeanWorst(0.1, 0.4)])
def test_linear_responses_reach_the_rockafellar_uryasev_optimum(risk: MeanWorst, seed: int) -> None:
    response = linear(300, 6, seed)
    task = Problem(tuple("abcdef"), 1.0, (0.4,) * 6, (0.0,) * 6)
    solution = maximise(task, response, risk)
    exact = rockafellar_uryasev(response.slopes, risk.worst, risk.weight, 0.4)
    assert solution.status == "optimal"
    assert solution.value == pytest.approx(exact, rel=2e-6, abs=1e-9)
    assert solution.upper_bound >= exact - 1e-9


@settings(max_examples=60, derandomize=True, deadline=None)
@given(campaign=campaigns(), data=st.data())
def test_no_grid_point_is_better_in_the_worst_worlds(campaign: object, data: st.DataObject) -> None:
    risk = data.draw(st.sampled_from(RISKS))
    metric = data.draw(st.sampled_from(CONCAVE))
    prices = price_list(campaign)  # type: ignore[arg-type]
    budget = float(prices.sum() * data.draw(st.floats(0.5, 20)))
    limits = (Limit("first", (0,), 0.0, 0.7 * budget),)
    task = problem(campaign, budget, limits, whole_creators=False)  # type: ignore[arg-type]
    response = respond(draw_worlds(campaign, 64, 2), metric, PARTS)  # type: ignore[arg-type]
    solution = maximise(task, response, risk)
    shares = np.random.default_rng(3).dirichlet(np.ones(task.n_lines + 1), 300)[:, :-1]
    allowed = [p for p in np.vstack([shares, np.eye(task.n_lines)]) * budget
               if not task.violations(p)]  # fmt: skip
    best = max(risk.value(response.values(plan)) for plan in allowed)
    size = functional(response, budget, risk).size
    assert not task.violations(solution.plan)
    assert solution.relative_gap <= GAP
    assert solution.upper_bound >= best - 1e-9 * size
    assert solution.value >= best - GAP * abs(solution.upper_bound) - 1e-9 * size
    assert solution.value == pytest.approx(
        risk.value(response.values(solution.plan)), abs=1e-9 * size
    )


@pytest.mark.parametrize("risk", [*RISKS, Attainment(3e5), Attainment(8e5)])
def test_no_whole_counts_are_better_in_the_worst_worlds(risk: Risk) -> None:
    campaign = card_like()
    campaign = replace(campaign, tiers=tuple(replace(t, available=12.0) for t in campaign.tiers))
    task = problem(campaign, 60_000.0, whole_creators=True)
    response = respond(draw_worlds(campaign, 128, 2), "reach", WHOLE)
    solution = maximise(task, response, risk)
    prices = np.array(task.prices)
    counts = np.stack(np.meshgrid(np.arange(13), np.arange(13)), axis=-1).reshape(-1, 2)
    plans = [c * prices for c in counts if not task.violations(c * prices)]
    best = max(risk.value(response.values(plan)) for plan in plans)
    assert solution.upper_bound >= best * (1 - 1e-9)
    assert solution.value >= best * (1 - WHOLE_GAP)


def test_caution_buys_a_better_tail_and_a_worse_mean() -> None:
    response = linear(400, 5, 9)
    task = Problem(tuple("abcde"), 1.0, (inf,) * 5, (0.0,) * 5)
    bold, careful = maximise(task, response), maximise(task, response, MeanWorst(0.05))
    tails = [MeanWorst(0.05).value(response.values(s.plan)) for s in (bold, careful)]
    means = [response.values(s.plan).mean() for s in (bold, careful)]
    assert tails[1] > tails[0]
    assert means[1] < means[0]


def test_units_change_no_split_of_a_careful_plan() -> None:
    response = linear(200, 4, 5)
    split = maximise(Problem(tuple("abcd"), 1.0, (0.6,) * 4, (0.0,) * 4), response, RISKS[0]).plan
    for unit in (1e-6, 1e6):
        scaled = Response(response.slopes / unit, ())
        task = Problem(tuple("abcd"), unit, (0.6 * unit,) * 4, (0.0,) * 4)
        assert maximise(task, scaled, RISKS[0]).plan / unit == pytest.approx(split, abs=1e-6)


@pytest.mark.parametrize("risk", [*RISKS, Attainment(4e5)])
def test_contributions_average_to_the_functional(risk: Risk) -> None:
    values = np.random.default_rng(1).lognormal(13, 0.5, 1000)
    assert risk.contributions(values).mean() == pytest.approx(risk.value(values), rel=1e-9)
