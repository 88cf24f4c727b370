"""The optimum is the best plan there is, and its bound is never below any plan's value."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from math import floor, inf
from typing import Any

import numpy as np
import numpy.typing as npt
import pulp
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import LinearConstraint, minimize

import optimize.cutting
from optimize.errors import InfeasibleError
from optimize.optimum import GAP, Solution, maximise
from optimize.problem import WHOLE_GAP, Limit, Problem, problem
from sim.campaign import Campaign
from sim.purchase import PARTS, WHOLE, Purchase, price_list
from sim.response import Response, respond
from sim.ridges import Ridges
from sim.uncertain import Uncertain
from sim.worlds import draw_worlds
from specimens import CONCAVE, card_like, few_unequal
from strategies import campaigns

FloatArray = npt.NDArray[np.float64]

FUZZ = settings(
    max_examples=110,
    derandomize=True,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),  # to shrink an optimisation takes minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
WORLDS = 48


def answer(campaign: Campaign, metric: str, way: Purchase, n: int = WORLDS) -> Response:
    return respond(draw_worlds(campaign, n, 4), metric, way)


def means(response: Response, plans: FloatArray) -> FloatArray:
    """Return the mean response of every plan, written without the optimizer's own code."""
    values = plans @ response.slopes.mean(axis=0)
    for ridges in response.ridges:
        exponents = np.einsum("wtl,pl->pwt", ridges.rates, plans)
        values = values + (ridges.weights * (1 - np.exp(-exponents))).sum(axis=2).mean(axis=1)
    return np.asarray(values)


def grid(task: Problem, steps: int) -> FloatArray:
    """Return feasible plans on a fine grid of the budget, and the corners of the limits."""
    n = task.n_lines
    amounts = np.linspace(0, task.budget, steps + 1)
    edges = [task.caps, task.minimum_deals, [limit.upper for limit in task.limits]]
    extra = [x for edge in edges for x in edge if 0 < x < task.budget]
    extra += [task.budget - x for x in extra] + [x.lower for x in task.limits]
    axis = np.unique(np.concatenate([amounts, extra]))
    plans = np.array(list(product(axis, repeat=n)))
    plans = plans[plans.sum(axis=1) <= task.budget * (1 + 1e-12)]
    return np.array([plan for plan in plans if not task.violations(plan)])


@st.composite
def tasks(draw: st.DrawFn, *, whole: bool) -> tuple[Campaign, Problem, str]:
    """Campaigns of two or three lines with limits, caps and minimum deals, and an objective."""
    campaign = draw(campaigns())
    prices = price_list(campaign)
    n = len(prices)
    creators = draw(st.floats(1.5, 8.0) if whole else st.floats(2.0, 150.0))
    budget = float(prices.max() * creators)
    tiers = tuple(
        replace(
            tier,
            available=draw(st.one_of(st.just(inf), st.floats(0.3, 1.2)))
            * (budget / price if not whole else max(floor(budget / price), 1)),
            minimum_deal=draw(st.sampled_from((0.0, 0.0, 0.1, 0.3))) * budget,
        )
        for tier, price in zip(campaign.tiers, prices, strict=True)
    )
    limits = []
    for j in range(draw(st.integers(0, 2))):
        lines = draw(st.lists(st.integers(0, n - 1), min_size=1, max_size=n - 1, unique=True))
        lower = draw(st.sampled_from((0.0, 0.0, 0.05, 0.2)))
        upper = draw(st.sampled_from((inf, 0.4, 0.75)))
        limits.append(Limit(f"limit{j}", tuple(lines), lower * budget, upper * budget))
    campaign = replace(campaign, tiers=tiers)
    task = problem(campaign, budget, tuple(limits), whole_creators=whole)
    return campaign, task, draw(st.sampled_from(CONCAVE))


def proven(solution: Solution, task: Problem, response: Response, gap: float) -> None:
    """Check that a solution is what it says: feasible, valued rightly, close to its bound."""
    assert task.violations(solution.plan) == ()
    assert (solution.plan >= 0).all()
    value = means(response, solution.plan[None])[0]
    size = abs(solution.upper_bound) + 1e-12
    assert solution.value == pytest.approx(value, rel=1e-9, abs=1e-8 * turnover(response, task))
    assert solution.status == "optimal"
    assert 0 <= solution.relative_gap <= gap
    assert solution.upper_bound >= solution.value
    assert solution.upper_bound - solution.value <= gap * size + 1e-9 * turnover(response, task)


def turnover(response: Response, task: Problem) -> float:
    """Return the size of the terms that a value is the sum of."""
    linear = np.abs(response.slopes).mean(axis=0).max() * task.budget
    first = [r.mean_and_gradient(np.zeros(task.n_lines))[1].max() for r in response.ridges]
    return float(linear + sum(first) * task.budget)


@FUZZ
@given(tasks(whole=False))
def test_no_grid_point_is_better_than_the_optimum(case: tuple[Campaign, Problem, str]) -> None:
    campaign, task, metric = case
    plans = grid(task, 40 if task.n_lines == 2 else 14)
    response = answer(campaign, metric, PARTS)
    try:
        solution = maximise(task, response)
    except InfeasibleError:
        assert plans.size == 0
        return
    proven(solution, task, response, GAP)
    assume(plans.size)
    best = means(response, plans).max()
    slack = 1e-9 * turnover(response, task)
    assert solution.upper_bound >= best - slack
    assert solution.value >= best - GAP * abs(solution.upper_bound) - slack


@FUZZ
@given(tasks(whole=True))
def test_no_whole_counts_are_better_than_the_optimum(case: tuple[Campaign, Problem, str]) -> None:
    campaign, task, metric = case
    plans = np.array([p for p in every_count(task) if not task.violations(p)])
    response = answer(campaign, metric, WHOLE)
    try:
        solution = maximise(task, response)
    except InfeasibleError:
        assert plans.size == 0
        return
    proven(solution, task, response, WHOLE_GAP)
    counts = solution.plan / np.array(task.prices)
    assert counts == pytest.approx(np.round(counts), abs=1e-9)
    best = means(response, plans).max()
    slack = 1e-9 * turnover(response, task)
    assert solution.upper_bound >= best - slack
    assert solution.value >= best - WHOLE_GAP * abs(solution.upper_bound) - slack


def every_count(task: Problem, most: int = 60_000) -> Iterator[FloatArray]:
    """Yield every plan of whole creators that the budget allows."""
    prices = np.array(task.prices)
    ranges = [range(floor(min(task.budget, cap) / p * (1 + 1e-12)) + 1)
              for p, cap in zip(prices, task.caps, strict=True)]  # fmt: skip
    assume(np.prod([len(r) for r in ranges]) <= most)
    for counts in product(*ranges):
        yield np.array(counts) * prices


UNITS = [(1e-6, 1.0), (1e6, 1.0), (1.0, 1e-3), (1.0, 1e3), (1e-6, 1e3), (1e6, 1e-3)]


@pytest.mark.parametrize(("money", "people"), UNITS)
@pytest.mark.parametrize("metric", ["reach", "conversions", "profit"])
def test_units_of_money_and_people_do_not_move_the_split(
    metric: str, money: float, people: float
) -> None:
    campaign = profitable()
    plain = maximise(constrained(campaign, 1.0), answer(campaign, metric, PARTS))
    other = rescaled(campaign, money, people)
    scaled = maximise(constrained(other, money), answer(other, metric, PARTS))
    assert scaled.plan / (6e4 * money) == pytest.approx(plain.plan / 6e4, abs=1e-6)
    unit = money if metric == "profit" else people
    assert scaled.value == pytest.approx(plain.value * unit, rel=1e-6)
    assert scaled.upper_bound == pytest.approx(plain.upper_bound * unit, rel=1e-6)
    assert scaled.budget_price == pytest.approx(plain.budget_price * unit / money, rel=1e-3)


@pytest.mark.parametrize(("money", "people"), UNITS)
def test_units_do_not_move_whole_creators(money: float, people: float) -> None:
    campaign = few_unequal()
    plain = maximise(problem(campaign, 6e4, whole_creators=True), answer(campaign, "reach", WHOLE))
    other = rescaled(campaign, money, people)
    scaled = maximise(
        problem(other, 6e4 * money, whole_creators=True), answer(other, "reach", WHOLE)
    )
    assert scaled.plan / price_list(other) == pytest.approx(plain.plan / price_list(campaign))


def profitable() -> Campaign:
    """Return a campaign that is worth its money, up to a point."""
    campaign = few_unequal()
    return replace(campaign, order_value=Uncertain("log", 400.0, 0.1))


def constrained(campaign: Campaign, money: float) -> Problem:
    limits = (Limit("macro", (0,), 5e3 * money, 5e4 * money),)
    return problem(campaign, 6e4 * money, limits, whole_creators=False)


def rescaled(campaign: Campaign, money: float, people: float) -> Campaign:
    """Return the campaign in other units of money and of people."""

    def times(law: Uncertain, unit: float) -> Uncertain:
        return replace(law, median=law.median * unit, low=law.low * unit, high=law.high * unit)

    tiers = tuple(
        replace(tier, followers=times(tier.followers, people), fee=times(tier.fee, money),
                overhead=times(tier.overhead, money))
        for tier in campaign.tiers
    )  # fmt: skip
    segments = tuple(replace(s, size=s.size * people) for s in campaign.segments)
    order_value = times(campaign.order_value, money / people)
    return replace(campaign, tiers=tiers, segments=segments, order_value=order_value)


def permuted(response: Response, task: Problem, order: list[int]) -> tuple[Problem, Response]:
    """Return the same problem with its lines in another order."""
    place = {line: i for i, line in enumerate(order)}
    limits = tuple(replace(x, lines=tuple(place[i] for i in x.lines)) for x in task.limits)

    def pick(values: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(values[i] for i in order)

    other = replace(task, caps=pick(task.caps), minimum_deals=pick(task.minimum_deals),
                    limits=limits, prices=pick(task.prices) if task.prices else None)  # fmt: skip
    ridges = tuple(Ridges(r.rates[:, :, order], r.weights) for r in response.ridges)
    return other, Response(response.slopes[:, order], ridges)


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("metric", ["reach", "conversions"])
def test_the_order_of_lines_does_not_matter(metric: str, *, whole: bool) -> None:
    campaign = few_unequal()
    campaign = replace(campaign, tiers=(*campaign.tiers, replace(campaign.tiers[0], name="big")))
    task = problem(campaign, 5e4, (Limit("macro", (0,), 0.0, 2e4),), whole_creators=whole)
    response = answer(campaign, metric, WHOLE if whole else PARTS)
    one, other = maximise(task, response), maximise(*permuted(response, task, [2, 0, 1]))
    gap = WHOLE_GAP if whole else GAP
    assert other.value == pytest.approx(one.value, rel=2 * gap)


def test_a_tier_named_twice_adds_nothing() -> None:
    campaign = few_unequal()
    response = answer(campaign, "reach", PARTS)
    ridges = tuple(Ridges(np.tile(r.rates, 2), r.weights) for r in response.ridges)
    twice = Response(np.tile(response.slopes, 2), ridges)
    task = problem(campaign, 5e4, whole_creators=False)
    doubled = replace(task, caps=task.caps * 2, minimum_deals=task.minimum_deals * 2,
                      lines=("macro", "nano", "macro again", "nano again"))  # fmt: skip
    one, other = maximise(task, response), maximise(doubled, twice)
    assert other.value == pytest.approx(one.value, rel=2 * GAP)
    assert other.plan[:2] + other.plan[2:] == pytest.approx(one.plan, abs=0.02 * 5e4)


@pytest.mark.parametrize("metric", ["reach", "conversions", "brand_lift", "engagements"])
def test_the_price_of_the_budget_is_what_the_next_money_brings(metric: str) -> None:
    campaign = few_unequal()
    response, step = answer(campaign, metric, PARTS), 100.0
    up, at, down = (maximise(problem(campaign, 5e4 + d, whole_creators=False), response)
                    for d in (step, 0.0, -step))  # fmt: skip
    difference = (up.value - down.value) / (2 * step)
    assert at.budget_price == pytest.approx(difference, rel=0.02)


def test_the_price_of_a_budget_that_is_left_over_is_nothing() -> None:
    campaign = card_like()
    solution = maximise(
        problem(campaign, 1e9, whole_creators=False), answer(campaign, "reach", PARTS)
    )
    assert solution.plan == pytest.approx(problem(campaign, 1e9, whole_creators=False).caps)
    assert solution.budget_price == pytest.approx(0, abs=1e-12)


def test_scipy_finds_no_better_plan() -> None:
    campaign = few_unequal()
    for metric in ("reach", "conversions", "brand_lift"):
        response, task = answer(campaign, metric, PARTS), problem(campaign, 5e4,
                                                                  whole_creators=False)  # fmt: skip
        solution = maximise(task, response)
        size = solution.value

        def lost(shares: FloatArray, response: Response = response, size: float = size) -> float:
            return float(-means(response, shares[None] * 5e4)[0] / size)

        found = minimize(
            lost, np.array([0.4, 0.4]), method="SLSQP", bounds=[(0.0, 1.0)] * 2,
            options={"ftol": 1e-12}, constraints=LinearConstraint(np.ones((1, 2)), -inf, 1.0),
        )  # fmt: skip
        assert -found.fun * size <= solution.upper_bound * (1 + 1e-9)
        assert solution.value >= -found.fun * size * (1 - 2 * GAP)


def test_another_linear_solver_agrees_on_a_piecewise_linear_problem() -> None:
    """CBC maximises under tangents on a fine grid: a bound from above that comes close."""
    campaign = few_unequal()
    response = answer(campaign, "reach", PARTS)
    task = problem(campaign, 5e4, (Limit("macro", (0,), 1e4),), whole_creators=False)
    solution = maximise(task, response)
    model = pulp.LpProblem("cbc", pulp.LpMaximize)
    x = [model.add_variable(f"x{i}", 0, task.caps[i] / 5e4 if task.caps[i] < inf else None)
         for i in range(2)]  # fmt: skip
    top = model.add_variable("top", None, None)
    model += top
    model += x[0] + x[1] <= 1
    model += x[0] >= 0.2
    for a in np.linspace(0, 1, 81):
        plan = np.array([a, 1 - a]) * 5e4
        value = means(response, plan[None])[0]
        gradient = sum((r.mean_and_gradient(plan)[1] for r in response.ridges), np.zeros(2))
        tangent = pulp.LpAffineExpression(
            [(x[i], float(gradient[i] * 5e4 / solution.value)) for i in range(2)]
        )
        model += top <= float((value - gradient @ plan) / solution.value) + tangent
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of PuLP's own bundled CBC
        assert model.solve(pulp.PULP_CBC_CMD(msg=False)) == pulp.LpStatusOptimal
    theirs = pulp.value(model.objective) * solution.value
    assert theirs >= solution.value * (1 - 1e-7)
    assert theirs == pytest.approx(solution.upper_bound, rel=1e-4)


@pytest.mark.parametrize("whole", [False, True])
def test_the_model_is_stated_once_and_cuts_go_into_it(
    monkeypatch: pytest.MonkeyPatch, *, whole: bool
) -> None:
    calls = []
    solve = pulp.LpProblem.solve

    def counted(self: pulp.LpProblem, *args: object, **kwargs: object) -> object:
        calls.append(self)
        return solve(self, *args, **kwargs)

    monkeypatch.setattr(pulp.LpProblem, "solve", counted)
    campaign = few_unequal()
    task = problem(campaign, 5e4, whole_creators=whole)
    solution = maximise(task, answer(campaign, "reach", WHOLE if whole else PARTS))
    assert len(calls) == 1
    assert solution.rounds > 3


MANY: list[tuple[tuple[Limit, ...], dict[str, Any], str]] = [
    ((Limit("all", (0, 1), 7e4),), {}, "more than the budget"),
    ((Limit("a", (0,), 4e4), Limit("b", (1,), 4e4)), {}, "together more than the budget"),
    ((Limit("a", (0,), 3e4), Limit("b", (0, 1), 0.0, 2e4)), {}, "two limits"),
    ((Limit("a", (0,), 3e4, 2e4),), {}, "upside down"),
    ((Limit("a", (0,), 3e4),), {"caps": (1e4, inf)}, "too few creators"),
    ((Limit("a", (0,), 1e3, 2e4),), {"minimum_deals": (3e4, 0.0)}, "minimum deal above limit"),
    ((Limit("a", (0,), 1.1e4, 1.9e4),), {"prices": (1e4, 1e3)}, "no whole count"),
    ((Limit("a", (0,), 1e3),), {"caps": (9e3, inf), "prices": (1e4, 1e3)}, "not one creator"),
]


@pytest.mark.parametrize(("limits", "change", "why"), MANY, ids=[case[2] for case in MANY])
def test_limits_in_conflict_are_infeasible(
    limits: tuple[Limit, ...], change: dict[str, Any], why: str
) -> None:
    task = replace(Problem(("a", "b"), 6e4, (inf, inf), (0.0, 0.0), limits), **change)
    response = answer(few_unequal(), "reach", WHOLE if task.prices else PARTS, n=8)
    with pytest.raises(InfeasibleError):
        maximise(task, response)


@pytest.mark.parametrize("whole", [False, True])
def test_where_nothing_pays_nothing_is_spent(*, whole: bool) -> None:
    campaign = card_like()
    solution = maximise(
        problem(campaign, 6e4, whole_creators=whole),
        answer(campaign, "profit", WHOLE if whole else PARTS),
    )
    assert (solution.plan == 0).all()
    assert solution.value == 0
    assert solution.upper_bound == pytest.approx(0, abs=1e-3)
    assert solution.status == "optimal"


def test_what_pays_up_to_a_point_stops_there() -> None:
    campaign = profitable()
    response = answer(campaign, "profit", PARTS)
    rich = maximise(problem(campaign, 1e7, whole_creators=False), response)
    assert 0 < rich.plan.sum() < 1e6
    assert rich.status == "optimal"
    richer = maximise(problem(campaign, 2e7, whole_creators=False), response)
    assert richer.value == pytest.approx(rich.value, rel=1e-5)


def test_a_loss_that_limits_force_is_the_smallest() -> None:
    campaign = card_like()
    limits = (Limit("macro", (0,), 2e4),)
    solution = maximise(
        problem(campaign, 6e4, limits, whole_creators=False), answer(campaign, "profit", PARTS)
    )
    assert solution.plan == pytest.approx([2e4, 0.0], abs=1e-3)
    assert solution.value < 0
    assert solution.upper_bound >= solution.value


def test_more_budget_is_never_worth_less() -> None:
    campaign = few_unequal()
    for metric, whole in (("reach", False), ("conversions", True)):
        response = answer(campaign, metric, WHOLE if whole else PARTS)
        values = [maximise(problem(campaign, b, whole_creators=whole), response).value
                  for b in np.linspace(1e4, 2e5, 8)]  # fmt: skip
        assert (np.diff(values) >= -1e-4 * values[-1]).all()


def test_whole_creators_are_never_worth_more_than_parts() -> None:
    campaign = few_unequal()
    for budget in (1.5e4, 4e4, 9e4):
        whole, parts = (problem(campaign, budget, whole_creators=w) for w in (True, False))
        response = answer(campaign, "reach", WHOLE)
        assert maximise(whole, response).value <= maximise(parts, response).upper_bound


def test_many_lines_are_solved_too() -> None:
    base = few_unequal()
    rng = np.random.default_rng(2)
    tiers = tuple(
        replace(
            base.tiers[i % 2],
            name=f"tier{i}",
            followers=replace(base.tiers[i % 2].followers, low=0.0, high=inf,
                              median=base.tiers[i % 2].followers.median * rng.uniform(0.5, 2)),
            available=200,
            audience=tuple(rng.dirichlet((1.0, 1.0, 1.0))[:2]),
        )
        for i in range(20)
    )  # fmt: skip
    campaign = replace(base, tiers=tiers)
    response = answer(campaign, "reach", PARTS, n=32)
    task = problem(campaign, 1e5, whole_creators=False)
    solution = maximise(task, response)
    proven(solution, task, response, GAP)
    shares = rng.dirichlet(np.full(20, 0.3), 500) * 1e5
    allowed = np.array([plan for plan in shares if not task.violations(plan)])
    assert len(allowed) > 50
    assert means(response, allowed).max() <= solution.upper_bound


def test_the_same_problem_has_the_same_bytes() -> None:
    campaign = few_unequal()
    task, response = problem(campaign, 5e4, whole_creators=True), answer(campaign, "reach", WHOLE)
    one, other = maximise(task, response), maximise(task, response)
    assert one.plan.tobytes() == other.plan.tobytes()
    assert (one.value, one.upper_bound, one.rounds) == (
        other.value, other.upper_bound, other.rounds,
    )  # fmt: skip


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("rounds", [0, 1])
def test_an_optimisation_that_is_stopped_says_how_far_it_came(
    rounds: int, monkeypatch: pytest.MonkeyPatch, *, whole: bool
) -> None:
    campaign = few_unequal()
    task = problem(campaign, 5e4, whole_creators=whole)
    response = answer(campaign, "reach", WHOLE if whole else PARTS)
    best = maximise(task, response)
    monkeypatch.setattr(optimize.cutting, "ROUNDS", rounds)
    early = maximise(task, response)
    promise = WHOLE_GAP if whole else GAP
    assert early.status == ("optimal" if early.relative_gap <= promise else "stopped")
    assert rounds or early.status == "stopped"
    assert task.violations(early.plan) == ()
    if task.prices:
        counts = early.plan / np.array(task.prices)
        assert counts == pytest.approx(np.round(counts), abs=1e-9)
    assert early.value == pytest.approx(means(response, early.plan[None])[0])
    assert early.value <= best.upper_bound
    assert early.upper_bound >= best.value
    gap = (early.upper_bound - early.value) / early.upper_bound
    assert early.relative_gap == pytest.approx(gap)


@pytest.mark.parametrize("scale", [1.0, 0.1, 0.01])
def test_minimum_deals_are_solved_to_the_gap_that_is_promised(scale: float) -> None:
    """The solver's own gaps, relative and absolute, must be finer than the promise.

    The fewer the people, the smaller a share of what its first slopes promise is the objective,
    and so is whatever the solver takes for nothing.
    """
    campaign = few_unequal()
    segments = tuple(replace(s, size=s.size * scale) for s in campaign.segments)
    response = answer(replace(campaign, segments=segments), "reach", PARTS, n=16)
    for budget in (2e4, 1e5, 5e5):
        deals = (0.3 * budget, 0.1 * budget)
        task = Problem(("a", "b"), budget, (0.7 * budget, 0.75 * budget), deals)
        solution = maximise(task, response)
        assert solution.status == "optimal"
        assert solution.rounds < 100
