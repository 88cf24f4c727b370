"""YAML text becomes a tree whose positions are right, or one clear refusal."""

from __future__ import annotations

import pytest

from tiermix.errors import ScenarioError
from tiermix.reading import MAX_DEPTH, MAX_VALUES, read_document


def refusal(text: str) -> str:
    with pytest.raises(ScenarioError) as error:
        read_document(text, "f.yaml")
    assert len(error.value.problems) == 1
    return str(error.value)


def test_keys_and_values_know_where_they_stand() -> None:
    document = read_document("a: 1\nb:\n  c: {d: 60_000}\n", "f.yaml")
    assert document.root == {"a": "1", "b": {"c": {"d": "60_000"}}}
    assert document.keys[("b", "c", "d")] == (3, 7)
    assert document.values[("b", "c", "d")] == (3, 10)
    assert document.value_place(("b", "x", "y")) == (3, 3)


def test_only_true_false_and_nothing_are_more_than_text() -> None:
    text = "[true, False, null, ~, yes, 'true', 0x10, 1e3, .inf, 12:30]"
    assert read_document(text, "f").root == [
        True, False, None, None, "yes", "true", "0x10", "1e3", ".inf", "12:30",
    ]  # fmt: skip


def test_two_halves_of_a_character_are_one() -> None:
    assert read_document('{"\\ud83d\\ude00": "\\ud835\\udfd9"}', "f").root == {"😀": "𝟙"}


def test_a_repeated_key_is_found_and_the_first_one_counts() -> None:
    document = read_document("a: {b: 1}\na: {b: 2}\n", "f")
    assert document.root == {"a": {"b": "1"}}
    assert document.repeated == [(("a",), (2, 1))]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1", "f.yaml:1:6: not YAML: while parsing a flow sequence"),
        ("a: 'x", "f.yaml:1:6: not YAML: while scanning a quoted scalar"),
        ("a: 1\n\t- b", "f.yaml:2:1: not YAML"),
        ("a: b: c", "f.yaml:1:5: not YAML: mapping values are not allowed here"),
        ("a: 1\nb: \x07", "f.yaml:2:4: not YAML: special characters are not allowed"),
        ("a: \ud800", "f.yaml:1:4: not YAML"),
        ("%YAML " + "9" * 5000 + ".1\n---\na: 1", "f.yaml:1:1: not YAML"),
        ("a: &x 1", "f.yaml:1:4: anchors and aliases"),
        ("a: *x", "f.yaml:1:4: anchors and aliases"),
        ("a: !!python/object x", "f.yaml:1:4: tags"),
        ("? [a]\n: 1", "f.yaml:1:3: a mapping or list as a key"),
        ("a: 1\n---\nb: 1", "f.yaml:2:1: a second document"),
        ('a: "\\ud83d"', "f.yaml:1:4: half a character"),
        ("[" * 100_000, f"f.yaml:1:{MAX_DEPTH + 1}: nested deeper than"),
        ("a: [" + "1," * (MAX_VALUES + 5) + "]", f"more than {MAX_VALUES} values"),
    ],
)
def test_what_no_scenario_needs_is_refused_where_it_stands(text: str, message: str) -> None:
    assert message in refusal(text)
