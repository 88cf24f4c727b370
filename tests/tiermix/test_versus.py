"""Scenarios on common worlds: what they share is the same, and differences are paired."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from briefs import MACRO, MICRO, brief
from sim.statistics import standard_error
from tiermix import versus
from tiermix.analysing import analyse
from tiermix.analysis import OPTIMUM, Analysis
from tiermix.commands import compare
from tiermix.scenario_file import parse
from tiermix.versus import OBJECTIVE

SURE = MICRO.replace(
    "preset: micro", "preset: micro, engagement_rate: 10%, fee: {creators: 100 to 900}"
)
PLANS = "{small: {micro: 100%}, half: {micro: 50%, macro: 50%}}"


def compared(*texts: str, worlds: int = 512) -> list[Analysis]:
    scenarios = [replace(parse(text, f"{i}.yaml"), worlds=worlds) for i, text in enumerate(texts)]
    return compare(scenarios, lambda _: None)


def stated(tiers: dict[str, str] | None = None, **keys: str) -> str:
    return brief(tiers, strategies=PLANS, objective="reach", **keys)


def test_a_scenario_differs_from_itself_in_nothing() -> None:
    one, two = compared(stated(), stated())
    found = versus.versus(one, two)
    assert found.same == ("micro", "macro")
    assert set(found.differences) == {"small", "half", OPTIMUM}
    for row in found.differences.values():
        assert all((x.mean, x.se) == (0, 0) for x in row.values())
    assert "no difference" in versus.lines(found)[1]


def test_tiers_of_both_have_the_same_worlds_whatever_else_differs() -> None:
    nano = MICRO.replace("available: 250", "available: 900")
    one, two = compared(stated(), stated({"nano": nano, "micro": SURE, "macro": MACRO}))
    worlds, other = one.sampled.worlds, two.sampled.worlds
    same = [k for k in worlds.values if k.startswith("macro.") or k == "resonance"]
    assert len(same) > 10
    for key in same:
        assert np.array_equal(worlds.values[key], other.values[key]), key
    found = versus.versus(one, two)
    assert (found.same, found.alike) == (("macro",), ("micro",))
    assert "macro the same in every world and micro with the same luck" in versus.lines(found)[0]


def test_an_answer_does_not_depend_on_what_it_is_compared_with() -> None:
    one, _ = compared(stated(), stated({"micro": SURE, "macro": MACRO}))
    alone = analyse(replace(parse(stated(), "0.yaml"), worlds=512))
    assert np.array_equal(one.sampled.judged, alone.sampled.judged)


def test_differences_are_paired() -> None:
    dear = MICRO.replace("preset: micro", "preset: micro, posts: 2")
    one, two = compared(stated(), stated({"micro": dear, "macro": MACRO}))
    found = versus.versus(one, two).differences["half"]["reach"]
    place = list(one.strategies).index("half")
    mine, theirs = (x.sampled.controlled["reach"][place] for x in (one, two))
    assert found.mean == pytest.approx(theirs.mean() - mine.mean())
    worlds = one.sampled.worlds
    unpaired = np.hypot(standard_error(worlds, mine), standard_error(worlds, theirs))
    assert found.se == pytest.approx(standard_error(worlds, theirs - mine))
    assert found.se < unpaired


def test_the_first_scenario_says_which_worlds() -> None:
    first = replace(parse(stated(), "a.yaml"), worlds=512, seed=7)
    second = replace(first, worlds=64, seed=1, path="b.yaml")
    found = compare([first, second], lambda _: None)
    assert [(x.scenario.seed, x.scenario.worlds) for x in found] == [(7, 512)] * 2


@pytest.mark.parametrize(
    ("keys", "metrics"),
    [
        ({}, {"reach"}),
        ({"objective": "conversions"}, {"reach", "conversions"}),
        ({"objective": "{reach: 1, clicks: 1}"}, {"reach", "clicks"}),
        ({"objective": "revenue", "currency": "CHF"}, {"reach"}),
        ({"objective": "spend", "floors": "{reach: 10_000}"}, {"reach"}),
    ],
)
def test_what_both_are_judged_by_is_compared(keys: dict[str, str], metrics: set[str]) -> None:
    own = MICRO.replace("preset: micro", "fee: 300, overhead: 50, preset: micro")
    macro = MACRO.replace("preset: macro", "fee: 9_000, overhead: 500, preset: macro")
    tiers = {"micro": own, "macro": macro}
    other = brief(tiers, **({"strategies": PLANS, "objective": "reach"} | keys))
    one, two = compared(stated(tiers), other, worlds=64)
    for row in versus.versus(one, two).differences.values():
        assert set(row) == metrics


def test_one_risk_measure_is_compared_as_such() -> None:
    risk = "{measure: cvar, worst: 20%}"
    one, two = compared(stated(risk=risk), stated(risk=risk, budget="30_000"), worlds=256)
    found = versus.versus(one, two)
    row = found.differences[OPTIMUM]
    assert set(row) == {OBJECTIVE, "reach"}
    values = [x.strategies[OPTIMUM].objective.mean for x in (one, two)]
    assert row[OBJECTIVE].mean == pytest.approx(values[1] - values[0])
    assert "less reach in the worst 20 % of worlds" in " ".join(versus.lines(found))


def test_answers_of_different_worlds_are_not_compared() -> None:
    def alone(seed: int) -> Analysis:
        return analyse(replace(parse(stated(), "a.yaml"), worlds=64, seed=seed))

    with pytest.raises(ValueError, match="common order"):
        versus.versus(alone(1), alone(2))


def test_scenarios_without_a_common_line_say_so() -> None:
    def other(names: Sequence[str]) -> str:
        return brief(dict(zip(names, (MICRO, MACRO), strict=True)), objective="reach")

    one, two = compared(other(("a", "b")), other(("c", "d")), worlds=64)
    said = versus.lines(versus.versus(one, two))
    assert "no line of one name" in said[0]
    assert said[1].startswith(("optimum", "all a")) or len(said) > 1
