"""Answers that are as sure as asked: enough worlds, and the best strategy with a guarantee."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from briefs import brief
from tiermix import sure
from tiermix.analysis import Analysis
from tiermix.commands import answer
from tiermix.errors import TooLargeError, UsageError
from tiermix.result import document
from tiermix.result_schema import result_schema
from tiermix.scenario import Scenario
from tiermix.scenario_file import parse
from tiermix.sure import Sure

MIXED = "{small: {micro: 100%}, large: {macro: 100%}, half: {micro: 50%, macro: 50%}}"
CVAR = "{measure: cvar, worst: 20%}"


def scenario(risk: str = "{measure: mean}", limits: str = "{}") -> Scenario:
    text = brief(objective="reach", strategies=MIXED, risk=risk, limits=limits)
    return parse(text, "test.yaml")


@cache
def answered(asked: Sure, risk: str = "{measure: mean}", worlds: int = 256) -> Analysis:
    stated = replace(scenario(risk=risk), worlds=worlds)
    return answer(stated, lambda _: None, optimise=True, compare="strategies", asked=asked)


@pytest.mark.parametrize(("asked", "risk"), [(0.0025, "{measure: mean}"), (0.02, CVAR)])
def test_drawn_until_precise_is_drawn_at_once(asked: float, risk: str) -> None:
    found = answered(Sure(precision=asked), risk)
    assert found.precision is not None
    assert found.precision.reached
    assert found.precision.looks[-1].worlds == found.scenario.worlds
    told = document(found)
    del told["precision"]
    assert told == document(answered(Sure(), risk, found.scenario.worlds))


def test_a_finer_precision_takes_more_worlds_up_to_what_is_allowed() -> None:
    coarse, fine = (answered(Sure(precision=x)) for x in (0.01, 0.0025))
    assert coarse.scenario.worlds < fine.scenario.worlds
    capped = answered(Sure(precision=0.0001, most=512))
    assert capped.precision is not None
    assert not capped.precision.reached
    assert capped.scenario.worlds <= 512
    assert "less than the 0.010 % asked for" in " ".join(sure.lines(capped)["Precision"])


def test_the_precision_is_told_with_its_interval() -> None:
    found = answered(Sure(precision=0.0025))
    assert found.precision is not None
    last = found.precision.looks[-1]
    names = list(found.strategies)
    assert found.strategies[names[last.leader]].objective.mean == pytest.approx(last.mean.mean)
    assert last.mean.half <= 0.0025 * last.mean.mean
    assert names[last.leader] in sure.lines(found)["Precision"][0]


def test_the_best_is_chosen_on_banks_of_its_own() -> None:
    found = answered(Sure(selection=(0.95, 0.01)))
    assert found.selected is not None
    means = {name: found.strategies[name].objective.mean for name in found.selected.names}
    assert means[found.selected.best] >= 0.99 * max(means.values())
    told = document(found)["selection"]
    assert set(told["screened_out"]) | {told["best"]} == set(told["worlds"])
    assert told["worlds_in_all"] == sum(told["worlds"].values())
    assert told["indifference_zone"] == pytest.approx(0.01 * max(means.values()))
    drawn = dict(zip(found.selected.names, found.selected.found.means, strict=True))
    assert all(drawn[name] == pytest.approx(means[name], rel=0.1) for name in means)
    assert all(drawn[name] != means[name] for name in means)


def test_worst_worlds_are_chosen_by_too() -> None:
    found = answered(Sure(selection=(0.9, 0.05)), CVAR, 1024)
    assert found.selected is not None
    of_its_own = found.selected.found
    for name, drawn, n in zip(
        found.selected.names, of_its_own.means, of_its_own.observations, strict=True
    ):
        worst = found.strategies[name].objective
        noise = worst.se * (1 + 1024 / found.selected.worlds(n)) ** 0.5
        assert drawn == pytest.approx(worst.mean, abs=4 * noise)
        assert 4 * noise < 0.25 * worst.mean


def test_the_same_plan_is_one_candidate_and_what_breaks_limits_is_none() -> None:
    stated = replace(
        scenario(limits="{macro: {max: 60%}}"),
        worlds=128,
        strategies=(("a", (3e4, 3e4)), ("b", (3e4, 3e4)), ("c", (0.0, 6e4))),
    )
    found = answer(stated, lambda _: None, optimise=False, compare="strategies",
                   asked=Sure(selection=(0.9, 0.01)))  # fmt: skip
    assert found.selected is not None
    assert found.selected.names == ("a",)
    assert found.selected.same == {"b": "a"}
    assert sure.lines(found)["Best strategy"] == ["a is the only allowed plan."]


def test_the_document_fits_its_schema() -> None:
    found = answered(Sure(precision=0.01, selection=(0.95, 0.01)))
    Draft202012Validator(result_schema()).validate(document(found))
    assert list(sure.lines(found)) == ["Precision", "Best strategy"]


def test_strategies_too_close_to_tell_apart_are_refused() -> None:
    stated = replace(scenario(), worlds=64, strategies=(("a", (6e4, 0.0)), ("b", (3e4, 3e4))))
    with pytest.raises(TooLargeError, match="widen the zone with --indifference"):
        answer(stated, lambda _: None, optimise=False, compare="strategies",
               asked=Sure(selection=(0.999, 0.0002)))  # fmt: skip


@pytest.mark.parametrize(
    ("until", "confidence", "indifference", "message"),
    [
        ("0", None, None, "--until: '0'; expected a precision between"),
        ("90%", None, None, "--until: '90%'"),
        ("much", None, None, "--until"),
        (None, "30%", None, "--confidence: '30%'; expected a share between"),
        (None, "sure", None, "--confidence"),
        (None, None, "1%", "--indifference goes with --confidence"),
        (None, "95%", "0", "--indifference: '0'"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    until: str | None, confidence: str | None, indifference: str | None, message: str
) -> None:
    with pytest.raises(UsageError, match=message.replace("'", ".")):
        sure.sure(until, None, confidence, indifference)


def test_options_are_shares() -> None:
    assert sure.sure("0.5%", 9_000, "95%", None) == Sure(0.005, 9_000, (0.95, 0.01))
    assert np.isclose(sure.sure("0.01", None, None, None).precision or 0, 0.01)
