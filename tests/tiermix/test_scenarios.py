"""The scenario library runs, is solved to proof, and says in its headers what it then shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from optimize.optimum import BRANCH_GAP, GAP
from optimize.problem import WHOLE_GAP
from scenario_runs import LIBRARY, Run
from sim.outcomes import evaluate
from sim.purchase import WHOLE, price_list
from sim.response import respond
from sim.worlds import draw_worlds
from tiermix.analysing import analyse
from tiermix.analysis import OPTIMUM, Analysis
from tiermix.scenario_file import read

every = pytest.mark.parametrize("name", LIBRARY)


@cache
def analysed(name: str) -> Analysis:
    """Return a scenario of the library on few worlds."""
    return analyse(replace(read(str(LIBRARY[name])), worlds=512, seed=20))


def header(name: str) -> str:
    """Return the comment a scenario starts with."""
    lines = LIBRARY[name].read_text(encoding="utf-8").splitlines()
    until = next(i for i, line in enumerate(lines) if not line.startswith("#"))
    return "\n".join(lines[:until])


def test_the_library_holds_a_scenario_for_every_question() -> None:
    assert len(LIBRARY) >= 10


@every
def test_a_header_asks_the_question_and_gives_the_answer(name: str) -> None:
    text = header(name)
    assert text.startswith("# yaml-language-server: $schema=tiermix.schema.json\n")
    assert "# Question: " in text
    assert "# Answer: " in text


@every
def test_the_best_plan_is_allowed_and_proven(name: str) -> None:
    analysis = analysed(name)
    assert analysis.optimum is not None
    solution = analysis.optimum.solution
    assert solution.status == "optimal"
    promise = WHOLE_GAP if analysis.scenario.whole_creators else GAP
    curved = name == "mmm_channels" or analysis.scenario.campaign.halos
    assert solution.relative_gap <= (BRANCH_GAP if curved else promise)
    assert analysis.problem.violations(solution.plan) == ()


@every
def test_no_allowed_strategy_is_better_than_the_best_plan(name: str) -> None:
    analysis = analysed(name)
    best = analysis.strategies[OPTIMUM].objective
    for strategy in analysis.strategies.values():
        if not strategy.violations:
            error = np.hypot(best.se, strategy.objective.se)
            assert strategy.objective.mean <= best.mean + 4 * error


@every
def test_the_lottery_brings_what_the_optimizer_counts_on_at_whole_creators(name: str) -> None:
    run = Run(read(str(LIBRARY[name])), 2048, 20)
    prices, plan = price_list(run.scenario.campaign), run.best.plan
    tiers = prices > 0
    plan[tiers] = np.round(plan[tiers] / prices[tiers]) * prices[tiers]
    worlds = draw_worlds(run.scenario.campaign, 8192, 20)
    played = evaluate(worlds, [plan], WHOLE)
    for metric, _ in run.scenario.objective:
        counted_on = respond(worlds, metric, WHOLE).values(plan)
        difference = played.values[metric][0] - counted_on
        assert abs(difference.mean()) <= 4 * difference.std() / worlds.size**0.5


# What the headers claim


def share(analysis: Analysis, line: str, strategy: str = OPTIMUM) -> float:
    """Return the share of the budget that a plan gives to a line."""
    spends = dict(zip(analysis.scenario.lines, analysis.strategies[strategy].plan, strict=True))
    return float(spends[line]) / analysis.scenario.budget


def mean(analysis: Analysis, metric: str, strategy: str = OPTIMUM) -> float:
    """Return the mean of a metric under a strategy."""
    return analysis.strategies[strategy].metrics[metric].mean


def ahead(analysis: Analysis, factor: float, *others: str) -> bool:
    """Whether the best plan brings some times what each of others does, clear of the errors."""
    best = analysis.strategies[OPTIMUM].objective
    losers = [analysis.strategies[name].objective for name in others]
    return all(
        best.mean > factor * one.mean + 4 * (best.se + abs(factor) * one.se) for one in losers
    )


def skincare(a: Analysis) -> bool:
    rate = mean(a, "engagement_rate") / mean(a, "engagement_rate", "macro_only")
    return (
        share(a, "micro") > 0.9
        and ahead(a, 10, "macro_only")
        and ahead(a, 1.3, "layered")
        and 2.8 < rate < 4.2
    )


def apparel(a: Analysis) -> bool:
    impressions = a.strategies["athletes"].metrics["impressions"].statistics
    return (
        impressions["p5"] > 5e6
        and share(a, "macro_youtube") > 0.4 > share(a, "micro") > 0.09
        and ahead(a, 1.05, "athletes", "instagram_only")
    )


def small_brand(a: Analysis) -> bool:
    return share(a, "micro") > 0.9 and ahead(a, 1.5, "one_macro")


def national_awareness(a: Analysis) -> bool:
    return 0.65 < share(a, "macro") < 0.9 and ahead(a, 1.05, "all_macro", "all_micro")


def niche_ecommerce(a: Analysis) -> bool:
    unspent = 1 - share(a, "micro") - share(a, "macro")
    return (
        share(a, "macro") < 0.01
        and 0.3 < unspent < 0.5
        and mean(a, "profit") > 5_000
        and mean(a, "profit", "one_star") < -10_000
    )


def luxury_prestige(a: Analysis) -> bool:
    return share(a, "macro") > 0.9 and ahead(a, 3, "micro_only")


def pyramid(a: Analysis) -> bool:
    mixed = all(0.05 < share(a, line) < 0.5 for line in a.scenario.lines)
    return mixed and ahead(a, 1.05, "pyramid") and ahead(a, 1.15, "small_only", "large_only")


def gifting_wave(a: Analysis) -> bool:
    mixed = 0.3 < share(a, "gifting") < 0.6 < share(a, "gifting") + share(a, "micro")
    return mixed and ahead(a, 1.05, "paid_only") and ahead(a, 1.5, "gifts_only")


def ambassadors(a: Analysis) -> bool:
    reach = mean(a, "reach", "one_offs") / mean(a, "reach")
    return share(a, "ambassadors") > 0.7 and ahead(a, 1.3, "one_offs") and reach > 1.15


def launch_card(a: Analysis) -> bool:
    return share(a, "micro") > 0.9 and ahead(a, 2.5, "macro_only")


def launch_evidence(a: Analysis) -> bool:
    return share(a, "macro") > 0.9 and ahead(a, 1.25, "micro_only")


def mmm_channels(a: Analysis) -> bool:
    bet = 0.6 < share(a, "video") < 0.7 and share(a, "search") + share(a, "social") > 0.3
    small = analyse(replace(a.scenario, budget=145_000.0), compare="nothing")
    large = analyse(replace(a.scenario, budget=165_000.0), compare="nothing")
    turns = share(small, "video") < 1e-6 and share(large, "video") > 0.5
    return bet and turns and ahead(a, 1.15, "without_video") and ahead(a, 1.25, "even")


def conversions(analysis: Analysis, strategy: str) -> float:
    """Return the expected conversions of a strategy."""
    return analysis.strategies[strategy].metrics["conversions"].mean


def approx(told: float) -> Any:
    """Return what a header tells, to its rounding on fewer worlds."""
    return pytest.approx(told, rel=0.01)


def layered_lift(analysis: Analysis) -> bool:
    shares = {line: share(analysis, line) for line in analysis.scenario.lines}
    macro_first, micro_first = (conversions(analysis, f"{x}_first") for x in ("macro", "micro"))
    return (
        round(shares["macro@tease"], 2) == 0.32
        and shares["micro@launch"] > 0.67
        and macro_first == approx(275)
        and micro_first == approx(243)
        and conversions(analysis, "at_once") == approx(255)
    )


def layered_fatigue(analysis: Analysis) -> bool:
    teased = share(analysis, "macro@tease") + share(analysis, "micro@tease")
    macro_first, micro_first = (conversions(analysis, f"{x}_first") for x in ("macro", "micro"))
    return teased < 0.001 and micro_first == approx(242) and macro_first == approx(221)


ANSWERS: dict[str, Callable[[Analysis], bool]] = {
    answer.__name__: answer
    for answer in (
        skincare,
        apparel,
        small_brand,
        national_awareness,
        niche_ecommerce,
        luxury_prestige,
        pyramid,
        gifting_wave,
        ambassadors,
        launch_card,
        launch_evidence,
        mmm_channels,
        layered_lift,
        layered_fatigue,
    )
}


@every
def test_a_scenario_shows_what_its_header_answers(name: str) -> None:
    assert ANSWERS[name](analysed(name))
