"""The starter runs as it stands, and nothing one does to it ends in a traceback."""

from __future__ import annotations

import random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tiermix.errors import ScenarioError
from tiermix.scenario_file import parse
from tiermix.starter import starter_text

STARTER = starter_text()
LINES = STARTER.splitlines(keepends=True)
WORDS = sorted(
    {"-1", "0", "1e9", "150%", "8% to 2%", ".nan", "null", "[", "{", "}", ":", "- ", "&a", "*a",
     "!!x", "\t", "'", '"', "%YAML 9", "---\n", "\x00", "é", "1_000 to 2_000", "none", "true",
     "phases", "limits", "creators", "typical", "preset", "99% to 99.9999999999999999%", "1e-18",
     "1e18", "{}", "{typical: 0, creators: 1 to 2}", "1e-18 to 1e18"}
    | {word for word in STARTER.split() if word != "#"}
)  # fmt: skip


def survives(text: str) -> None:
    """Check that a text is a scenario, or an error that says where."""
    found = None
    try:
        parse(text, "f.yaml")
    except ScenarioError as error:
        found = error
    if found is not None:
        assert all(problem.message for problem in found.problems)
        assert all(line.startswith("f.yaml:") for line in str(found).split("\n"))


def test_the_starter_is_a_scenario() -> None:
    scenario = parse(STARTER, "starter.yaml")
    assert scenario.lines == ("micro", "macro")
    assert [name for name, _ in scenario.strategies] == ["micro_only", "macro_only", "layered"]
    assert STARTER.startswith("# yaml-language-server: $schema=tiermix.schema.json")
    assert len(LINES) <= 60


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.randoms(use_true_random=False), st.integers(1, 6))
def test_replacing_words_never_ends_in_a_traceback(pick: random.Random, times: int) -> None:
    text = STARTER
    for _ in range(times):
        words = [word for word in text.split() if word]
        text = text.replace(pick.choice(words), pick.choice(WORDS), pick.choice([1, -1]))
    survives(text)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(STARTER)), st.integers(0, 30), st.text(max_size=8))
def test_changing_characters_never_ends_in_a_traceback(at: int, gone: int, new: str) -> None:
    survives(STARTER[:at] + new + STARTER[at + gone :])


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(LINES), max_size=45))
def test_shuffling_lines_never_ends_in_a_traceback(lines: list[str]) -> None:
    survives("".join(lines))


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(LINES) - 1), st.sampled_from(WORDS))
def test_changing_one_value_never_ends_in_a_traceback(at: int, word: str) -> None:
    lines = list(LINES)
    lines[at] = f"{lines[at].split(':')[0]}: {word}\n"
    survives("".join(lines))
