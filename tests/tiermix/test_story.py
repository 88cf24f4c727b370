"""What tiermix says follows from the numbers, and never flatters them."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefs import MACRO, MICRO, ODD, analysed, brief
from sim.statistics import T90
from tiermix import margins, story
from tiermix.analysis import OPTIMUM, Analysis, Estimate
from tiermix.words import money, number, share

BRIEF = brief(strategies="{macro_only: {macro: 100%}}")


def with_solution(analysis: Analysis, **changes: object) -> Analysis:
    """Return an analysis whose solution is another one."""
    assert analysis.optimum is not None
    solution = replace(analysis.optimum.solution, **changes)  # type: ignore[arg-type]
    return replace(analysis, optimum=replace(analysis.optimum, solution=solution))


def with_lead(analysis: Analysis, mean: float, se: float) -> Analysis:
    """Return an analysis whose optimum leads by this much."""
    assert analysis.optimum is not None
    return replace(analysis, optimum=replace(analysis.optimum, lead=Estimate(mean, se)))


@pytest.mark.parametrize("name", ODD)
def test_everything_has_a_story(name: str) -> None:
    analysis = analysed(ODD[name])
    said = [story.recommendation(analysis), story.certificate(analysis)]
    said += [*margins.limits(analysis), *story.warnings(analysis)]
    assert margins.limits(analysis)
    for sentence in said:
        assert sentence.endswith(".")
        assert not re.search(r"\bnan\b|\binf\b|\bNone\b|--|  |\(\)", sentence)


def test_a_recommendation_names_every_spend_what_it_brings_and_what_it_beats() -> None:
    analysis = analysed(BRIEF)
    said = story.recommendation(analysis)
    assert said.startswith("Spend $60,000 on micro (100 %): expect ")
    best, rival = analysis.strategies[OPTIMUM], analysis.strategies["macro_only"]
    statistics = best.metrics["conversions"].statistics
    assert f"{number(best.objective.mean)} conversions" in said
    low, high = number(statistics["p5"]), number(statistics["p95"])
    assert f"({low} to {high} in 9 of 10 worlds)" in said
    lead = best.objective.mean / rival.objective.mean - 1
    assert f", {share(lead)} (± " in said
    assert said.endswith(" more than macro_only.")


def test_a_blend_is_told_metric_by_metric() -> None:
    said = story.recommendation(analysed(ODD["a blend"]))
    assert re.search(r"expect \S+ people reached \(.*\) and \S+ conversions \(", said)
    assert re.search(r", \d+ % of a blended score", said)


def test_a_plan_that_does_not_pay_is_not_recommended() -> None:
    said = story.recommendation(analysed(ODD["nothing to gain"]))
    assert said == "Spend nothing: no allowed plan brings more than it costs."


@pytest.mark.parametrize("name", ["no conversions", "no spending allowed"])
def test_nothing_to_spend_on_is_no_question_of_cost(name: str) -> None:
    said = story.recommendation(analysed(ODD[name]))
    assert said == "Spend nothing: no allowed plan brings any conversions."


def test_a_loss_is_called_a_loss() -> None:
    assert "expect a loss of $" in story.recommendation(analysed(ODD["a loss at least"]))


def test_the_same_plan_is_no_lead() -> None:
    said = story.recommendation(analysed(brief(strategies="{all_in: {micro: 100%}}")))
    assert said.endswith(", the same plan as all_in.")


def test_a_lead_within_its_error_is_no_lead() -> None:
    said = story.recommendation(with_lead(analysed(BRIEF), 1.0, 1.0))
    assert said.endswith(", no better than macro_only as far as these worlds can tell.")


def test_rounding_is_no_lead() -> None:
    said = story.recommendation(with_lead(analysed(BRIEF), 1e-12, 0.0))
    assert said.endswith(", no better than macro_only as far as these worlds can tell.")


def test_a_strategy_that_breaks_the_limits_is_said_to_bring_more_and_why_not() -> None:
    said = story.recommendation(analysed(ODD["a strategy beyond the limits"]))
    assert re.search(r" less than micro_only, which breaks the limit micro\.$", said)


def test_a_lead_over_a_loss_is_told_in_money() -> None:
    analysis = analysed(
        brief(
            {"micro": MICRO.replace("preset: micro", "preset: micro, conversion_rate: 50%")},
            objective="profit",
            strategies="{half: {micro: 50%}}",
        )
    )
    rival = replace(analysis.strategies["half"], objective=Estimate(-50.0, 0.0))
    loss = replace(analysis, strategies={**analysis.strategies, "half": rival})
    said = story.recommendation(with_lead(loss, 500.0, 0.0))
    assert said.endswith(", $500 (± $0) more than half.")


@given(st.floats(0, 5, allow_subnormal=False))
def test_a_gap_is_never_rounded_down(gap: float) -> None:
    analysis = with_solution(analysed(BRIEF), relative_gap=gap)
    found = re.search(r"by more than (\S+) %", story.certificate(analysis))
    assert found
    assert Decimal(found[1]) >= Decimal(str(gap)) * 100
    assert float(found[1]) <= max(2 * 100 * gap, 1e-4) * (1 + 1e-12)
    assert "E" not in found[1]


@pytest.mark.parametrize(
    ("gap", "text"),
    [(0.0, "0.0001 %"), (1e-6, "0.0001 %"), (1.01e-6, "0.0002 %"), (0.02, "2 %"), (1.5, "200 %")],
)
def test_a_gap_has_one_figure(gap: float, text: str) -> None:
    assert f"by more than {text}." in story.certificate(
        with_solution(analysed(BRIEF), relative_gap=gap)
    )


def test_a_search_that_was_stopped_is_not_called_finished() -> None:
    stopped = with_solution(analysed(BRIEF), status="stopped")
    assert "stopped early" in story.certificate(stopped)
    assert "stopped early" not in story.certificate(analysed(BRIEF))


def test_a_certificate_tells_the_plan_on_fresh_worlds_with_its_error() -> None:
    analysis = analysed(BRIEF)
    assert analysis.optimum is not None
    check = analysis.optimum.out_of_sample
    said = story.certificate(analysis)
    assert f"On 64 fresh worlds it brings {number(check.mean)} conversions" in said
    assert f"(± {number(T90 * check.se)}, with 90 % confidence)" in said


def test_a_spent_budget_says_what_more_of_it_would_bring() -> None:
    said = margins.limits(analysed(BRIEF))
    assert re.fullmatch(
        r"The whole budget is spent\. The next \$1,000 would add about \S+ conversions\.", said[0]
    )


def test_money_is_left_where_creators_run_out() -> None:
    analysis = analysed(ODD["too few creators"])
    left = analysis.scenario.budget - float(analysis.strategies[OPTIMUM].plan.sum())
    first, second, *more = margins.limits(analysis)
    assert first == f"{money(left, 'USD')} of the budget is left. No line may take more."
    assert second == "At the limit: every available micro and macro."
    assert [re.sub(r"about \S+", "about N", one) for one in more[:2]] == [
        "One more micro would add about N conversions, at the rate of parts of creators.",
        "One more macro would add about N conversions, at the rate of parts of creators.",
    ]


def test_money_that_pays_for_no_whole_creator_is_told() -> None:
    analysis = analysed(brief({"micro": MICRO}, whole_creators="true"))
    left = analysis.scenario.budget - float(analysis.strategies[OPTIMUM].plan.sum())
    said = margins.limits(analysis)
    start = f"{money(left, 'USD')} of the budget is left: it pays for no more creators. The next"
    assert said[0].startswith(start)


def test_money_is_left_where_it_pays_for_no_deal() -> None:
    deal = MICRO.replace("preset: micro", "preset: micro, minimum_deal: 70_000")
    said = margins.limits(
        analysed(brief({"micro": deal, "macro": MACRO}, limits="{macro: {max: 0}}"))
    )
    assert "of the budget is left. It does not pay for one more deal." in said[0]


def test_money_is_left_where_more_would_lose_it() -> None:
    lost = "$60,000 of the budget is left. More spending would cost more than it brings."
    assert margins.limits(analysed(ODD["nothing to gain"])) == [lost]
    first, second, third, *_ = margins.limits(analysed(ODD["a loss at least"]))
    assert first.endswith("More spending would cost more than it brings.")
    assert second == "At the limit: the minimum of micro."
    assert third.startswith("Lowering the minimum of micro by $1,000 would add about $")


def test_a_strategy_that_cannot_place_its_money_says_why() -> None:
    said = story.warnings(analysed(ODD["too few creators"]))
    assert any(
        re.fullmatch(r"micro_only leaves \$\S+: it hires every available micro\.", x) for x in said
    )


def test_a_plan_that_may_cost_more_than_the_budget_says_how_often() -> None:
    analysis = analysed(ODD["too few creators"])
    dear = replace(analysis.strategies[OPTIMUM], over_budget=0.12)
    said = story.warnings(replace(analysis, strategies={OPTIMUM: dear}))
    spend = dear.metrics["spend"].statistics
    low, high = (money(spend[level], "USD") for level in ("p5", "p95"))
    assert said == [
        f"Fees vary: optimum may cost {low} to {high} in 9 of 10 worlds, and more than the budget "
        "in 12 % of them."
    ]


def test_a_broken_limit_is_named() -> None:
    said = story.warnings(analysed(ODD["a strategy beyond the limits"]))
    assert "micro_only breaks the limit micro." in said


@pytest.mark.parametrize(
    ("objective", "unit"),
    [
        ("reach", "people reached"), ("brand_lift", "people with brand lift"),
        ("impressions", "impressions"), ("engagements", "engagements"), ("clicks", "clicks"),
        ("revenue", "of revenue"),
    ],
)  # fmt: skip
def test_every_objective_has_its_unit(objective: str, unit: str) -> None:
    said = story.recommendation(analysed(brief({"micro": MICRO}, objective=objective)))
    assert re.search(rf"expect \S+ {unit} \(", said)
