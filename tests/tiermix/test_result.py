"""The result document keeps its keys, its schema and its promises."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from briefs import ODD, analysed, brief
from sim.metrics import METRICS
from tiermix.analysing import analyse
from tiermix.analysis import OPTIMUM
from tiermix.result import document
from tiermix.result_schema import result_schema
from tiermix.scenario_file import parse

odd = pytest.mark.parametrize("name", ODD)


@cache
def result(name: str) -> Any:
    """Return the result of an odd scenario as a reader of `result.json` has it."""
    return json.loads(json.dumps(document(analysed(ODD[name])), allow_nan=False))


def validator() -> Draft202012Validator:
    return Draft202012Validator(result_schema())


def test_the_keys_that_others_rely_on_are_there() -> None:
    found = result("too few creators")
    assert list(found) == [
        "tiermix", "version", "scenario", "seed", "worlds", "budget", "currency",
        "optimum", "strategies", "comparisons",
    ]  # fmt: skip
    assert found["tiermix"] == 1
    assert set(found["scenario"]) == {"name", "sha256"}
    assert set(found["optimum"]) >= {
        "objective", "risk", "status", "plan", "creators", "value", "upper_bound",
        "relative_gap", "out_of_sample", "shadow_price",
    }  # fmt: skip
    assert found["optimum"]["status"] == "optimal"
    assert set(found["optimum"]["out_of_sample"]) == {"mean", "se"}
    assert "budget" in found["optimum"]["shadow_price"]
    assert list(found["strategies"]) == ["micro_only", "half", OPTIMUM]
    for strategy in found["strategies"].values():
        assert set(strategy) >= {"plan", "p_best", "expected_regret", "metrics"}
        assert list(strategy["metrics"]) == list(METRICS)
        for metric in strategy["metrics"].values():
            assert set(metric) >= {"mean", "se", "p5", "p25", "p50", "p75", "p95", "cvar5"}


def test_the_schema_is_a_valid_schema_of_draft_2020_12() -> None:
    schema = result_schema()
    assert schema["$schema"].endswith("2020-12/schema")
    Draft202012Validator.check_schema(schema)


@odd
def test_every_result_satisfies_the_schema(name: str) -> None:
    assert [error.message for error in validator().iter_errors(result(name))] == []


def test_a_simulation_without_an_optimum_satisfies_the_schema() -> None:
    found = document(analyse(parse(brief(simulation="{worlds: 64}"), "f"), optimise=False))
    assert "optimum" not in found
    assert validator().is_valid(found)


@pytest.mark.parametrize("key", ["tiermix", "version", "scenario", "seed", "strategies"])
def test_a_result_without_a_key_does_not_satisfy_the_schema(key: str) -> None:
    cut = {k: v for k, v in result("one tier").items() if k != key}
    assert not validator().is_valid(cut)


@odd
def test_plans_name_every_line_and_stay_within_the_budget(name: str) -> None:
    found, lines = result(name), list(analysed(ODD[name]).scenario.lines)
    for strategy in found["strategies"].values():
        assert list(strategy["plan"]) == list(strategy["creators"]) == lines
        assert sum(strategy["plan"].values()) <= found["budget"] * (1 + 1e-9)


@odd
def test_the_optimum_is_the_same_among_the_strategies(name: str) -> None:
    found = result(name)
    assert found["strategies"][OPTIMUM]["plan"] == found["optimum"]["plan"]
    assert found["optimum"]["value"] <= found["optimum"]["upper_bound"]


def test_an_objective_stands_as_the_file_writes_it() -> None:
    assert result("one tier")["optimum"]["objective"] == "conversions"
    assert result("a blend")["optimum"]["objective"] == {"reach": 0.4, "conversions": 0.6}


def test_whole_creators_are_counted_in_whole_numbers() -> None:
    creators = result("too few creators")["optimum"]["creators"].values()
    assert all(count == round(count) for count in creators)


def test_what_is_not_defined_is_null() -> None:
    metrics = result("nothing to gain")["strategies"][OPTIMUM]["metrics"]
    assert metrics["cpa"]["mean"] is None
    assert metrics["spend"]["mean"] == 0
