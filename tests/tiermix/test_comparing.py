"""Strategies two by two: as brute force over the worlds says, and in words that say the same."""

from __future__ import annotations

import pytest

from briefs import ODD, analysed, brief
from optimize.problem import purchase
from sim.outcomes import evaluate
from sim.statistics import T90, standard_error
from tiermix import standing
from tiermix.analysis import Analysis
from tiermix.comparing import Pair
from tiermix.errors import UsageError
from tiermix.words import number

MIXED = brief(
    objective="reach",
    strategies="{small: {micro: 100%}, large: {macro: 100%}, half: {micro: 50%, macro: 50%}}",
)


def pair(analysis: Analysis, one: str, other: str) -> Pair:
    return next(p for p in analysis.pairs if {p.better, p.worse} == {one, other})


@pytest.mark.parametrize("name", ODD)
def test_every_two_strategies_are_compared_once(name: str) -> None:
    analysis = analysed(ODD[name])
    found = [frozenset((p.better, p.worse)) for p in analysis.pairs]
    n = len(analysis.strategies)
    assert len(found) == len(set(found)) == n * (n - 1) / 2
    for p in analysis.pairs:
        d = p.difference
        assert d.mean >= 0
        assert d.high - d.mean == pytest.approx(d.mean - d.low) == pytest.approx(T90 * d.se)
        assert 0 <= p.beats.low <= p.beats.mean <= p.beats.high <= 1
        assert (p.order is None) == (p.dominant is None)
        assert p.dominant in (None, p.better, p.worse)


def test_pairs_are_what_brute_force_over_the_worlds_says() -> None:
    analysis = analysed(MIXED, 512)
    plans = [analysis.strategies[name].plan for name in ("small", "large")]
    outcomes = evaluate(analysis.sampled.worlds, plans, purchase(analysis.problem))
    found = pair(analysis, "small", "large")
    small, large = outcomes.values["reach"]
    ahead, behind = (small, large) if found.better == "small" else (large, small)
    assert found.beats.mean == pytest.approx((ahead > behind).mean())
    assert found.ties == 0
    one, two = outcomes.controlled["reach"]
    difference = one - two if found.better == "small" else two - one
    assert found.difference.mean == pytest.approx(difference.mean())
    assert found.difference.se == pytest.approx(standard_error(outcomes.worlds, difference))
    unpaired = sum(standard_error(outcomes.worlds, x) ** 2 for x in (one, two)) ** 0.5
    assert found.difference.se < unpaired


def test_a_dominated_strategy_is_no_better_at_any_share_of_luck() -> None:
    less = brief(objective="reach", strategies="{all: {micro: 100%}, most: {micro: 80%}}")
    analysis = analysed(less, 512)
    for p in analysis.pairs:
        if p.order != "first" or p.dominant is None:
            continue
        loser = p.worse if p.dominant == p.better else p.better
        best, worst = (analysis.strategies[n].metrics["reach"].statistics for n in
                       (p.dominant, loser))  # fmt: skip
        assert all(best[key] >= worst[key] for key in ("p5", "p25", "p50", "p75", "p95", "cvar5"))
    found = pair(analysis, "all", "most")
    assert (found.dominant, found.order) == ("all", "first")
    assert "better at every level of luck" in standing.against(analysis, "most")[0]


def test_the_words_say_what_the_numbers_say() -> None:
    analysis = analysed(MIXED, 512)
    said = standing.against(analysis, "large")
    assert len([s for s in said if " beats large in " in s]) == 3
    assert "half " + number(analysis.strategies["half"].regret.mean) in said[-1]
    found = pair(analysis, "small", "large")
    sentence = next(s for s in said if s.startswith("small beats large"))
    share = found.beats.mean if found.better == "small" else 1 - found.beats.mean
    assert f"in {100 * share:.0f} % of worlds" in sentence
    way = "more" if found.better == "small" else "less"
    assert f"{way} reach on average" in sentence
    assert ("dominance)" in sentence) == (found.order is not None) or "no dominance" in sentence


def test_the_same_plan_brings_the_same_and_less_spend_is_better() -> None:
    twins = analysed(brief(strategies="{a: {micro: 100%}, b: {micro: 100%}}"))
    assert any("b brings the same as a in every" in s for s in standing.against(twins, "a"))
    saves = analysed(
        brief(objective="spend", floors="{reach: 20_000}", strategies="{a: {micro: 50%}}"), 256
    )
    assert any("optimum beats a in 100 %" in s and "less spend" in s
               for s in standing.against(saves, "a"))  # fmt: skip


def test_the_baseline_is_the_first_strategy_or_the_one_asked_for() -> None:
    analysis = analysed(MIXED, 512)
    assert standing.baseline(analysis, None) == "small"
    assert standing.baseline(analysis, "half") == "half"
    with pytest.raises(UsageError, match="did you mean 'large'"):
        standing.baseline(analysis, "lrge")
