"""More worlds than memory holds: the same answer, stretch by stretch, whatever plays them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest

import tiermix.streaming
from briefs import MICRO, brief
from sim.mapping import one_by_one
from sim.tally import Tally, summarise
from tiermix import commands, questions
from tiermix.analysis import OPTIMUM, Analysis
from tiermix.errors import TooLargeError
from tiermix.plain_data import decoded, digest, encoded
from tiermix.result import document
from tiermix.scenario import Scenario
from tiermix.scenario_file import parse
from tiermix.verifying import verify

T = TypeVar("T")
R = TypeVar("R")
N = 4_500


def quiet(step: str) -> None:
    """Hear nothing."""


def backwards(task: Callable[[T], R], items: Iterable[T], /) -> Iterator[R]:
    """Run all tasks before the first result is taken, the last one first."""
    listed = list(items)
    done = [task(item) for item in reversed(listed)]
    return iter(done[::-1])


def scenario(text: str = "", n: int = N) -> Scenario:
    return replace(parse(brief() + text, "test.yaml"), worlds=n)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (tiermix.streaming, commands):
        monkeypatch.setattr(module, "HELD", 2048)
        monkeypatch.setattr(module, "BANK", 1024)
    monkeypatch.setattr(tiermix.streaming, "STRETCH", 1024)


def answer(asked: Scenario, **how: object) -> Analysis:
    return commands.answer(asked, quiet, optimise=True, compare="strategies", **how)  # type: ignore[arg-type]


@pytest.mark.usefixtures("small")
def test_a_stream_says_what_all_worlds_at_once_say(monkeypatch: pytest.MonkeyPatch) -> None:
    found = answer(scenario())
    assert found.stream is not None
    assert found.worlds == N
    monkeypatch.setattr(commands, "HELD", N)
    held = answer(scenario())
    assert held.stream is None
    for name in found.strategies:
        if name == OPTIMUM:
            continue
        one, other = found.strategies[name], held.strategies[name]
        assert one.objective.mean == pytest.approx(other.objective.mean, rel=1e-9)
        assert one.objective.se == pytest.approx(other.objective.se, rel=1e-6)
        assert one.p_best == pytest.approx(other.p_best, abs=0.02)  # beside another best plan
        for metric, summary in one.metrics.items():
            exact = other.metrics[metric]
            assert summary.mean == pytest.approx(exact.mean, rel=1e-9)
            count = {"revenue": 40, "profit": 20}.get(metric, 1)  # one order, more or less
            wide = exact.statistics["p95"] - exact.statistics["p5"]
            for level in ("p5", "p50", "p95", "cvar5"):
                errors = exact.errors[level], summary.errors[level]
                noise = 5 * max((e for e in errors if np.isfinite(e)), default=0.0)
                near = pytest.approx(
                    exact.statistics[level], abs=noise + 0.01 * wide + count, nan_ok=True
                )
                assert summary.statistics[level] == near
    assert held.optimum is not None
    proof = found.stream.proof
    assert proof is not None
    assert proof.worlds == N
    assert proof.upper_bound >= held.optimum.solution.value * (1 - 1e-9)
    assert proof.relative_gap < 1e-3


@pytest.mark.usefixtures("small")
def test_what_plays_the_stretches_changes_nothing() -> None:
    first = document(answer(scenario()))
    assert first["worlds"] == N
    assert first["bank"] == 1024
    for mapper in (one_by_one, backwards):
        assert document(answer(scenario(), mapper=mapper)) == first


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    "risk",
    [
        "{measure: cvar, worst: 20%}",
        "{measure: mean_cvar, worst: 20%, weight: 0.4}",
        "{measure: attainment, target: 300}",
    ],
)
def test_risk_is_that_of_all_worlds(risk: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = answer(scenario(f"\nrisk: {risk}\n"))
    monkeypatch.setattr(commands, "HELD", N)
    held = answer(scenario(f"\nrisk: {risk}\n"))
    for name, strategy in found.strategies.items():
        if name != OPTIMUM:
            mean = held.strategies[name].objective.mean
            assert strategy.objective.mean == pytest.approx(mean, rel=2e-3)
            error = held.strategies[name].objective.se
            assert strategy.objective.se == pytest.approx(error, rel=0.1)
            if strategy.p_target is not None:
                p = held.strategies[name].p_target
                assert strategy.p_target == pytest.approx(p, abs=1e-9)


def test_days_of_work_are_refused() -> None:
    tiers = {"micro": MICRO.replace("available: 250, ", "")}
    asked = replace(parse(brief(tiers, budget="100M"), "test.yaml"), worlds=10**9)
    with pytest.raises(TooLargeError, match=r"1,000,000,000 worlds, more than 1e\+12 in all"):
        answer(asked)


@pytest.mark.parametrize("n", [5_000, 50_000, 3_000_000, 60_000_000])
def test_portions_and_their_stretches_cover_all_worlds_once(n: int) -> None:
    found = [s for portion in tiermix.streaming._portions(n)
             for s in tiermix.streaming._stretches(*portion)]  # fmt: skip
    firsts, sizes = np.array(found).T
    assert sizes.sum() == n
    assert np.array_equal(firsts, np.cumsum([0, *sizes[:-1]]))
    assert len(list(tiermix.streaming._portions(n))) <= 128 * max(n / 60_000_000, 1)


def test_stretches_can_be_kept_and_gone_on_with() -> None:
    held = commands.answer(scenario(n=1024), quiet, optimise=True, compare="strategies")
    play = tiermix.streaming._play(held)
    by = {**play.by, tiermix.streaming.GOAL: play.goals}
    made = tiermix.streaming._tallied(play, (0, 1024))
    again = Tally.restored(decoded(encoded(made)), by)
    assert repr(summarise(again, "conversions", 0)) == repr(
        summarise(Tally.restored(made, by), "conversions", 0)
    )
    task = partial(tiermix.streaming._tallied, play)
    other = partial(tiermix.streaming._tallied, replace(play, seed=play.seed + 1))
    assert digest(task) == digest(partial(tiermix.streaming._tallied, replace(play)))
    assert digest(task) != digest(other)


@pytest.mark.parametrize("ask", [questions.ask, lambda s, p: questions.cross(
    s, None, None, p, all_worlds=True)])  # fmt: skip
def test_what_can_not_be_streamed_is_refused(ask: Callable[..., object]) -> None:
    with pytest.raises(TooLargeError, match="worlds"):
        ask(scenario(n=10**9), quiet)


@pytest.mark.usefixtures("small")
def test_a_streamed_run_is_verified_and_a_forged_proof_is_not(tmp_path: Path) -> None:
    _, _, folder = commands.run(scenario(), tmp_path, quiet)
    assert all(verdict.holds for verdict in verify(folder))
    path = folder / "result.json"
    result = json.loads(path.read_text())
    assert result["optimum"]["all_worlds"]["worlds"] == N
    result["optimum"]["all_worlds"]["relative_gap"] += 1e-3
    path.write_text(json.dumps(result))
    assert [v.what for v in verify(folder) if not v.holds] == ["stream"]
