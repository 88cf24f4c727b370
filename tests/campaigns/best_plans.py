"""What is promised of the best plan: that it is allowed, and that no other passes its bound."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from campaigns.case import Case
from full_strategies import named
from optimize.choosing import refuse_shapes
from optimize.dealing import choose_with_deals
from optimize.errors import InfeasibleError
from optimize.optimum import maximise
from optimize.problem import Limit, Problem, problem
from optimize.risk import MEAN, MeanWorst, Risk
from sim.campaign import Campaign
from sim.metrics import OBJECTIVES
from sim.purchase import PARTS, WHOLE
from sim.response import Response, respond

Array = NDArray[np.float64]


def optimal(case: Case) -> Iterator[str]:
    """The best plan is allowed, no plan passes its bound, and twice the money is no loss."""
    rng = np.random.default_rng(case.number)
    campaign, risk = case.campaign, (MEAN, MeanWorst(0.2, 0.5))[rng.integers(2)]
    budget = float(case.plans[:5].sum(axis=1).max())
    if budget == 0:
        return
    whole = named(campaign) or (not campaign.curves and bool(rng.integers(2)))
    metric = OBJECTIVES[rng.integers(len(OBJECTIVES))]
    response = respond(case.worlds, metric, WHOLE if whole else PARTS)
    limits = _limits(rng, len(campaign.lines), budget)
    stated = problem(campaign, budget, limits, whole_creators=whole)
    answers = [
        _answer(replace(stated, budget=stated.budget * times), response, risk, campaign)
        for times in (1, 2)
    ]
    if answers[0] is None or answers[1] is None:
        return  # refused: no plan is allowed, or the metric is no coverage
    plan, value, bound, promise = answers[0]
    size = abs(bound) + float(np.abs(response.slopes).max()) * budget
    if stated.violations(plan):
        yield f"{metric}: the plan breaks {stated.violations(plan)}"
    if abs(risk.value(response.values(plan)) - value) > 1e-7 * size:
        yield f"{metric}: the value is not the plan's"
    if value > bound + 1e-9 * size:
        yield f"{metric}: the plan passes its bound"
    if bound - value > promise * size:
        yield f"{metric}: the gap is {(bound - value) / size:.3g}"
    for other in _allowed(rng, stated):
        if risk.value(response.values(other)) > bound + 1e-7 * size:
            yield f"{metric}: a random plan passes the bound"
    if answers[1][2] < value - 1e-7 * size:
        yield f"{metric}: twice the money is bounded below one"


def _answer(
    stated: Problem, response: Response, risk: Risk, campaign: Campaign
) -> tuple[Array, float, float, float] | None:
    """Return the best plan, its value, the bound and the gap promised; None if refused."""
    try:
        if named(campaign):
            refuse_shapes(response)
            choice, _ = choose_with_deals(stated, response, risk)
            return choice.plan, choice.value, choice.upper_bound, 0.01
        found = maximise(stated, response, risk)
    except InfeasibleError:
        return None
    except ValueError as error:
        if "exponential" not in str(error):
            raise
        return None
    return found.plan, found.value, found.upper_bound, 1e-3 if found.status == "optimal" else 0.05


def _limits(rng: np.random.Generator, n: int, budget: float) -> tuple[Limit, ...]:
    """Return up to two limits on some lines."""
    limits = []
    for i in range(rng.integers(3)):
        lines = tuple(np.flatnonzero(rng.random(n) < 0.5).tolist()) or (0,)
        low, high = np.sort(rng.random(2)) * budget
        limits.append(Limit(f"limit{i}", lines, low * (rng.random() < 0.3), float(high)))
    return tuple(limits)


def _allowed(rng: np.random.Generator, stated: Problem) -> Iterator[Array]:
    """Yield some random plans that are allowed."""
    steps, n = np.array(stated.steps), stated.n_lines
    for _ in range(30):
        plan = rng.dirichlet(np.full(n, 0.7)) * stated.budget * rng.choice((1.0, rng.random()))
        plan = np.minimum(plan, stated.upper)
        if stated.prices is not None:
            plan = np.floor(plan / steps) * steps
        if not stated.violations(plan):
            yield plan
