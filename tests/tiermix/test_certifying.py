"""How far the plan is from the best for all worlds is said when it is asked for, and only then."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from briefs import analysed, brief
from tiermix.analysis import Analysis
from tiermix.certifying import BANKS, LEAST, certified, refuse_floors, said
from tiermix.commands import answer
from tiermix.errors import UsageError
from tiermix.result import document
from tiermix.result_schema import result_schema
from tiermix.scenario_file import parse


def sure(**keys: Any) -> Analysis:
    return certified(analysed(brief(**keys)), lambda step: None)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({}, r"conversions .* for the true averages"),
        ({"whole_creators": "true"}, r"conversions .* for the true averages"),
        ({"objective": "profit", "order_value": "400"}, r"\$[\d.]+ of profit"),
        ({"objective": "profit", "order_value": "1"}, r"within \$0 of profit of the best plan"),
        ({"risk": "{measure: cvar, worst: 20%}"}, r"best plan for all worlds there could be"),
        ({"risk": "{measure: attainment, target: 900}"}, r"within [\d.]+ % of the target"),
        ({"objective": "{reach: 1, conversions: 1}"}, r"within a blended score of [\d.]+ %"),
        ({"objective": "effective_reach"}, r"effective reach"),
    ],
)
def test_the_interval_is_told_in_the_objective_s_own_unit(keys: dict[str, Any], words: str) -> None:
    (sentence,) = said(sure(**keys))
    assert re.match(r"With 95 % confidence the plan is within ", sentence)
    assert re.search(words, sentence), sentence
    assert sentence.endswith(f"({BANKS} fresh banks of {LEAST} worlds).")


def test_the_result_holds_the_interval_when_it_is_asked_for() -> None:
    plain, asked = analysed(brief()), sure()
    assert said(plain) == []
    assert "replications" not in document(plain)["optimum"]
    found = document(asked)["optimum"]["replications"]
    assert 0 <= found["gap_mean"] <= found["gap_upper"]
    assert (found["banks"], found["worlds"], found["confidence"]) == (BANKS, LEAST, 0.95)
    assert document(asked)["strategies"] == document(plain)["strategies"]
    Draft202012Validator(result_schema()).validate(document(asked))


def test_the_same_seed_gives_the_same_interval() -> None:
    assert document(sure()) == document(sure())


def test_floors_are_refused_before_any_work() -> None:
    scenario = replace(parse(brief(floors="{reach: 5_000}"), "brief.yaml"), worlds=64)
    with pytest.raises(UsageError, match=r"brief.yaml: --certify .* the floor of reach differs"):
        answer(scenario, pytest.fail, optimise=True, compare="nothing", certify=True)
    refuse_floors(parse(brief(), "brief.yaml"))
