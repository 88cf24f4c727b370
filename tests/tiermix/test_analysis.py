"""An analysis compares plans fairly: on common worlds, with a check on fresh ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from briefs import MACRO, MICRO, ODD, analysed, brief
from tiermix.analysing import analyse
from tiermix.analysis import OPTIMUM, Analysis
from tiermix.scenario_file import parse

odd = pytest.mark.parametrize("name", ODD)

RULES = ["all_micro", "all_macro", "even", "by_followers", "greedy", "pyramid"]


def value(budget: float) -> float:
    """Return what the best plan for a budget brings."""
    scenario = replace(parse(brief(simulation="{worlds: 64}"), "f"), budget=budget)
    optimum = analyse(scenario, compare="nothing").optimum
    assert optimum is not None
    return optimum.solution.value


@odd
def test_some_strategy_is_best_in_every_world(name: str) -> None:
    strategies = analysed(ODD[name]).strategies.values()
    assert sum(strategy.p_best for strategy in strategies) >= 1 - 1e-12
    assert all(strategy.regret.mean >= 0 for strategy in strategies)


@odd
def test_no_allowed_strategy_passes_the_bound(name: str) -> None:
    analysis = analysed(ODD[name])
    assert analysis.optimum is not None
    bound = analysis.optimum.solution.upper_bound
    for strategy in analysis.strategies.values():
        if not strategy.violations:
            assert strategy.averaged <= bound + 1e-9 * abs(bound)


@odd
def test_the_optimum_is_allowed(name: str) -> None:
    assert analysed(ODD[name]).strategies[OPTIMUM].violations == ()


@odd
def test_the_lines_of_the_optimum_spend_what_it_spends(name: str) -> None:
    analysis = analysed(ODD[name])
    assert analysis.optimum is not None
    spends = analysis.optimum.lines.values["spend"]
    assert spends.shape == (len(analysis.scenario.lines), analysis.scenario.worlds)
    if not analysis.scenario.whole_creators:
        assert spends.mean(axis=1) == pytest.approx(analysis.optimum.solution.plan)


def test_the_strategies_of_the_file_come_first_in_its_order() -> None:
    analysis = analysed(brief(strategies="{b: {macro: 50%}, a: {micro: 10_000}}"))
    assert list(analysis.strategies) == ["b", "a", OPTIMUM]
    assert analysis.strategies["a"].plan.tolist() == [10_000, 0]


def test_a_file_without_strategies_is_set_against_the_rules_of_thumb() -> None:
    assert list(analysed(brief()).strategies) == [*RULES, OPTIMUM]


def test_a_benchmark_leaves_the_strategies_of_the_file_out() -> None:
    scenario = parse(brief(strategies="{a: {micro: 50%}}", simulation="{worlds: 64}"), "f")
    assert list(analyse(scenario, compare="baselines").strategies) == [*RULES, OPTIMUM]


def test_an_optimum_alone_has_no_runner_up() -> None:
    analysis = analyse(parse(brief(), "f"), compare="nothing")
    assert list(analysis.strategies) == [OPTIMUM]
    assert analysis.optimum is not None
    assert analysis.optimum.runner_up is None
    assert analysis.optimum.lead is None


def test_a_simulation_does_not_look_for_a_better_plan() -> None:
    analysis = analyse(parse(brief(), "f"), optimise=False)
    assert analysis.optimum is None
    assert list(analysis.strategies) == RULES


def test_the_lead_is_over_the_best_of_the_others() -> None:
    analysis = analysed(brief(strategies="{a: {macro: 100%}, b: {micro: 50%}}"))
    optimum = analysis.optimum
    assert optimum is not None
    assert optimum.lead is not None
    best, second = (analysis.strategies[name].objective.mean for name in (OPTIMUM, "b"))
    assert optimum.runner_up == "b"
    assert optimum.lead.mean == pytest.approx(best - second)


def test_fresh_worlds_are_other_worlds_and_agree_within_their_error() -> None:
    analysis = analysed(brief(), worlds=256)
    assert analysis.optimum is not None
    check, seen = analysis.optimum.out_of_sample, analysis.strategies[OPTIMUM].objective
    assert check.mean != seen.mean
    assert abs(check.mean - seen.mean) < 6 * np.hypot(check.se, seen.se)


def test_money_that_creators_cannot_take_is_unspent() -> None:
    analysis = analysed(ODD["too few creators"])
    strategy = analysis.strategies["micro_only"]
    assert strategy.plan.sum() + strategy.unspent == pytest.approx(analysis.scenario.budget)
    assert strategy.unspent > 0


def test_a_strategy_beyond_the_limits_is_named() -> None:
    strategies = analysed(ODD["a strategy beyond the limits"]).strategies
    assert strategies["micro_only"].violations == ("limit micro",)


def test_every_step_is_told_before_it_is_taken() -> None:
    steps: list[str] = []
    analyse(parse(brief(), "f"), progress=steps.append)
    assert len(steps) == len(set(steps)) >= 4
    assert "optimising" in steps


def test_a_blend_weighs_shares_of_the_most_of_each_metric() -> None:
    analysis: Analysis = analysed(ODD["a blend"])
    assert dict(analysis.goal.terms).keys() == {"reach", "conversions"}
    assert 0 < analysis.strategies[OPTIMUM].averaged <= 1


@pytest.mark.parametrize("budget", [60_000.0, 300_000.0])
def test_the_price_of_the_budget_is_what_a_little_more_of_it_brings(budget: float) -> None:
    scenario = replace(parse(brief(simulation="{worlds: 64}"), "f"), budget=budget)
    optimum = analyse(scenario, compare="nothing").optimum
    assert optimum is not None
    gain = (value(budget * 1.01) - value(budget)) / (budget * 0.01)
    assert optimum.solution.budget_price == pytest.approx(gain, rel=0.05)


def test_an_answer_does_not_depend_on_the_unit_of_money() -> None:
    own = {"micro": "fee: {0}, overhead: {1}, ", "macro": "fee: {2}, overhead: {3}, "}

    def split(unit: float) -> list[float]:
        fees = [f"{amount * unit:.0f}" for amount in (300, 50, 10_000, 500)]
        tiers = {
            name: tier.replace("preset", own[name].format(*fees) + "preset")
            for name, tier in (("micro", MICRO), ("macro", MACRO))
        }
        text = brief(tiers, budget=f"{60_000 * unit:.0f}", objective="reach")
        return [x / unit for x in analysed(text).strategies[OPTIMUM].plan.tolist()]

    assert split(1000) == pytest.approx(split(1), rel=1e-3, abs=60)
