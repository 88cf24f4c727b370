"""Progress: what is done, how fast, and how long it will take; nothing where nobody looks."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import numpy as np
import pytest
from rich.console import Console
from rich.progress import Progress

from briefs import analysed, brief
from tiermix import progress
from tiermix.analysing import analyse
from tiermix.progress import shown_progress
from tiermix.scenario_file import parse
from tiermix.steps import Step


def test_a_step_reads_as_its_text() -> None:
    step = Step("simulating", 256, 1024, "worlds")
    assert step == "simulating"
    assert (step.done, step.total, step.unit) == (256, 1024, "worlds")


def test_every_world_and_every_proof_is_told() -> None:
    told: list[str] = []
    curve = "{hill: {max: 9_000, half: 20_000, slope: 3}, metric: conversions}"
    scenario = parse(brief(curves=f"{{video: {curve}}}"), "test.yaml")
    analyse(replace(scenario, worlds=2500), progress=told.append)
    played = [step for step in told if isinstance(step, Step)]
    assert [step.done for step in played] == [1024, 2048, 2500]
    assert {step.total for step in played} == {2500}


def test_what_is_told_changes_nothing() -> None:
    text = brief()
    again = analyse(replace(parse(text, "test.yaml"), worlds=64), progress=lambda step: None)
    for name, strategy in analysed(text).strategies.items():
        assert np.array_equal(strategy.plan, again.strategies[name].plan)


def test_on_a_terminal_it_shows_how_much_is_done_and_left(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = StringIO()
    console = Console(file=seen, force_terminal=True, width=100, legacy_windows=False)
    monkeypatch.setattr(progress, "PlainConsole", lambda stderr: console)
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    with shown_progress() as tell:
        tell("drawing worlds")
        for done in (256, 512):
            tell(Step("simulating", done, 1024, "worlds"))
        console.print(_bar(tell))
    text = seen.getvalue()
    assert "simulating" in text
    assert "512 of 1,024 worlds" in text
    assert "left" in text


def _bar(tell: object) -> Progress:
    """Return the bar behind a function that is told steps."""
    cells = [cell.cell_contents for cell in tell.__closure__]  # type: ignore[attr-defined]
    return next(cell for cell in cells if isinstance(cell, Progress))
