"""Which plans are allowed, in money and in words."""

from __future__ import annotations

from dataclasses import replace
from math import inf, nan

import numpy as np
import pytest

from optimize.problem import Limit, Problem, binding, problem
from sim.purchase import price_list
from specimens import card_like

TASK = Problem(
    ("micro", "macro"),
    100.0,
    (80.0, 60.0),
    (0.0, 20.0),
    (Limit("macro", (1,), 0.0, 50.0), Limit("both", (0, 1), 10.0, 90.0)),
)


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        ((40.0, 30.0), ()),
        ((80.0, 0.0), ()),
        ((60.0, 45.0), ("budget", "limit both")),
        ((85.0, 0.0), ("available creators of micro",)),
        ((0.0, 55.0), ("limit macro",)),
        ((0.0, 65.0), ("available creators of macro", "limit macro")),
        ((40.0, 5.0), ("minimum deal of macro",)),
        ((5.0, 0.0), ("limit both",)),
    ],
)
def test_what_a_plan_breaks_is_said_in_words(
    plan: tuple[float, float], words: tuple[str, ...]
) -> None:
    assert TASK.violations(np.array(plan)) == words


def test_rounding_breaks_nothing() -> None:
    assert TASK.violations(np.array([40.0, 50.0 + 5e-8])) == ()
    assert TASK.violations(np.array([40.0, 20.0 - 5e-8])) == ()
    assert TASK.violations(np.array([30.0, 50.0 + 5e-7])) == ("limit macro",)


def test_a_line_spends_at_most_what_every_limit_on_it_allows() -> None:
    assert TASK.upper == pytest.approx([80.0, 50.0])
    assert replace(TASK, caps=(inf, inf), limits=()).upper == pytest.approx([inf, inf])


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        ((40.0, 30.0), ()),
        ((50.0, 40.0), ("the maximum of both",)),
        ((40.0, 50.0), ("the maximum of macro", "the maximum of both")),
        ((80.0, 0.0), ("available creators of micro",)),
        ((10.0, 0.0), ("the minimum of both",)),
    ],
)
def test_what_stops_a_plan_is_said_in_words(
    plan: tuple[float, float], words: tuple[str, ...]
) -> None:
    assert binding(TASK, np.array(plan)) == words


def test_the_budget_stops_a_plan_that_spends_it() -> None:
    free = replace(TASK, limits=(), caps=(inf, inf))
    assert binding(free, np.array([60.0, 40.0])) == ("budget",)
    assert binding(free, np.array([60.0, 39.0])) == ()


def test_whole_creators_are_stopped_when_one_more_does_not_fit() -> None:
    whole = replace(TASK, prices=(12.0, 8.0), limits=(Limit("macro", (1,), 0.0, 50.0),))
    assert "available creators of micro" in binding(whole, np.array([72.0, 0.0]))
    assert "the maximum of macro" in binding(whole, np.array([0.0, 48.0]))
    assert binding(whole, np.array([24.0, 24.0])) == ()
    assert "budget" in binding(whole, np.array([60.0, 40.0]))
    assert "budget" in binding(whole, np.array([60.0, 34.0])), "6 left buy neither creator"


def test_a_campaign_states_its_own_limits() -> None:
    campaign = card_like()
    prices = price_list(campaign)
    campaign = replace(
        campaign, tiers=(replace(campaign.tiers[0], minimum_deal=500.0), campaign.tiers[1])
    )
    parts = problem(campaign, 6e4, whole_creators=False)
    assert parts.lines == ("micro", "macro")
    assert parts.caps == pytest.approx((250 * prices[0], 15 * prices[1]))
    assert parts.minimum_deals == (500.0, 0.0)
    assert parts.prices is None
    assert parts.steps == (0.0, 0.0)
    whole = problem(campaign, 6e4, whole_creators=True)
    assert whole.prices == pytest.approx(tuple(prices))
    assert whole.steps == whole.prices
    assert whole.n_lines == 2


@pytest.mark.parametrize("budget", [0.0, -5.0, inf, nan])
def test_impossible_budgets_are_refused(budget: float) -> None:
    with pytest.raises(ValueError, match=r"budget\(="):
        replace(TASK, budget=budget)
