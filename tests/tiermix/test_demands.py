"""Floors, ceilings and groups of lines: from the file to the plan and its sentences."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest

from briefs import MACRO, MICRO, analysed, brief
from optimize.errors import InfeasibleError
from optimize.floors import Demand
from optimize.risk import MEAN, Chance, MeanWorst
from tiermix import margins, story
from tiermix.analysing import analyse
from tiermix.analysis import OPTIMUM
from tiermix.result import document
from tiermix.scenario_file import parse

TIERS = {"micro": MICRO, "macro": MACRO}


def test_floors_and_ceilings_are_read_in_every_form() -> None:
    text = brief(
        TIERS,
        floors="{reach: 20_000, clicks: {at_least: 90, worst: 10%}, "
        "conversions: {at_least: 30, chance: 80%}}",
        ceilings="{cpa: 400, cpm: 90}",
    )
    assert parse(text, "f.yaml").demands == (
        Demand("the floor of reach", "reach", 20_000.0, MEAN),
        Demand("the floor of clicks", "clicks", 90.0, MeanWorst(0.1)),
        Demand("the floor of conversions", "conversions", 0.8, Chance(30.0)),
        Demand("the ceiling of cpa", "cpa", 400.0, MEAN),
        Demand("the ceiling of cpm", "cpm", 90.0, MEAN),
    )


def test_a_limit_can_bound_several_lines() -> None:
    text = brief(TIERS, limits="{paid: {lines: [macro, micro], max: 50%}, micro: {min: 1_000}}")
    paid, micro = parse(text, "f.yaml").limits
    assert (paid.name, paid.lines, paid.upper) == ("paid", (0, 1), 30_000.0)
    assert (micro.lines, micro.lower, micro.upper) == ((0,), 1_000.0, inf)


def test_a_floor_holds_in_the_best_plan_and_strategies_that_miss_it_are_told() -> None:
    free = analysed(brief(TIERS, objective="conversions"))
    reach = free.strategies[OPTIMUM].metrics["reach"].mean
    bound = analysed(
        brief(
            TIERS,
            objective="conversions",
            limits="{all: {lines: [micro, macro], max: 80%}}",
            floors=f"{{reach: {0.5 * reach:.0f}}}",
            strategies="{nothing_much: {micro: 1%}}",
        )
    )
    assert bound.strategies[OPTIMUM].violations == ()
    assert bound.strategies["nothing_much"].violations == ("floor of reach",)
    assert any("nothing_much breaks the floor of reach" in said for said in story.warnings(bound))
    said = margins.limits(bound)
    assert said[0].endswith("No more is allowed by the maximum of all.")
    assert any(one.startswith("Raising the maximum of all by $1,000 would add") for one in said)
    prices = document(bound)["optimum"]["shadow_price"]
    assert prices["the maximum of all"] > 0
    assert prices["budget"] == pytest.approx(0, abs=1e-9)


def test_the_least_spend_reaches_its_floors_and_says_so() -> None:
    text = brief(TIERS, objective="spend", floors="{conversions: 20}")
    analysis = analysed(text)
    plan = analysis.strategies[OPTIMUM].plan
    assert 0 < plan.sum() < analysis.scenario.budget
    assert analysis.optimum is not None
    assert analysis.optimum.solution.value == pytest.approx(-plan.sum())
    assert analysis.strategies[OPTIMUM].averaged == pytest.approx(-plan.sum())
    averaged = analysis.floors[0].response.values(plan).mean()
    assert averaged == pytest.approx(20, rel=1e-5)
    assert "conversions" in story.recommendation(analysis)
    assert "no plan that reaches the floors spends less" in story.certificate(analysis)
    assert margins.limits(analysis)[0].endswith("The floors ask for no more.")


def test_a_chance_is_reported_with_the_luck_of_the_draw() -> None:
    text = brief(TIERS, objective="spend", floors="{conversions: {at_least: 20, chance: 75%}}")
    analysis = analysed(text)
    best = analysis.strategies[OPTIMUM]
    reached = (analysis.floors[0].response.values(best.plan) >= 20 * (1 - 1e-6)).mean()
    assert reached >= 0.75
    assert np.isclose(document(analysis)["strategies"][OPTIMUM]["chances"]["conversions"],
                      best.chances["conversions"])  # fmt: skip
    assert any("in" in said and "of worlds" in said for said in story.warnings(analysis))


def test_what_can_not_be_kept_is_named_with_its_place_and_a_way_out() -> None:
    text = brief(TIERS, floors="{reach: 900_000_000}")
    with pytest.raises(InfeasibleError) as caught:
        analyse(parse(text, "f.yaml"))
    first, *_ = str(caught.value).splitlines()
    assert first.startswith("no plan")
    assert "floors.reach: at least 900,000,000" in str(caught.value)
    assert "can be had" in str(caught.value)


def test_effective_reach_is_an_objective_and_a_metric() -> None:
    analysis = analysed(brief(TIERS, objective="effective_reach", effective_frequency="2"))
    assert analysis.scenario.campaign.effective_frequency == 2
    best = analysis.strategies[OPTIMUM]
    twice, once = (best.metrics[name].mean for name in ("effective_reach", "reach"))
    assert 0 < twice < once
    for strategy in analysis.strategies.values():
        assert strategy.averaged <= analysis.optimum.solution.upper_bound * (1 + 1e-9)  # type: ignore[union-attr]
