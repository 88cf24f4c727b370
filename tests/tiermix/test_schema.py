"""The JSON Schema is a schema, accepts what tiermix accepts and refuses what it can."""

from __future__ import annotations

import io
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from sim import metrics
from tiermix.file_format import File
from tiermix.schema import json_schema
from tiermix.starter import starter_text


def loaded(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(io.StringIO(text))


def as_text(value: Any) -> Any:
    """Return a document with every number written as text."""
    if isinstance(value, dict):
        return {key: as_text(inner) for key, inner in value.items()}
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def errors(document: Any) -> list[str]:
    return [error.message for error in Draft202012Validator(json_schema()).iter_errors(document)]


def test_it_is_a_valid_schema_of_draft_2020_12() -> None:
    schema = json_schema()
    assert schema["$schema"].endswith("2020-12/schema")
    Draft202012Validator.check_schema(schema)


def test_it_accepts_the_starter_with_numbers_or_text() -> None:
    document = loaded(starter_text())
    assert errors(document) == []
    assert errors(as_text(document)) == []


def test_every_key_says_what_it_means() -> None:
    schema = json_schema()
    blocks = [schema, *schema["$defs"].values()]
    for block in blocks:
        for key, inner in block.get("properties", {}).items():
            described = inner | schema["$defs"].get(inner.get("$ref", "").split("/")[-1], {})
            assert described.get("description"), f"{block.get('title')}.{key}"


@pytest.mark.parametrize(
    ("key", "value"),
    [("budget", "lots"), ("budget", None), ("budget", -1), ("objective", "sales"), ("wat", 1),
     ("tiers", {"a": {"audience": {}, "fee": {"typcal": 1}}})],
)  # fmt: skip
def test_it_refuses_what_tiermix_refuses(key: str, value: object) -> None:
    assert errors(loaded(starter_text()) | {key: value})


def test_it_asks_for_what_is_needed() -> None:
    assert len(errors({})) == len(File.needed)


@pytest.mark.parametrize("metric", [*metrics.OBJECTIVES, "reach@tease"])
def test_the_metrics_of_the_simulator_can_be_objectives(metric: str) -> None:
    for objective in (metric, {metric: 1}):
        assert not errors(loaded(starter_text()) | {"objective": objective})
    assert errors(loaded(starter_text()) | {"objective": f"x{metric}"})
