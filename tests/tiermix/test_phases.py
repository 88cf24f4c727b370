"""Phases and halos from the file to what people read."""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from pyarrow import parquet
from rich.console import Console
from typer.testing import CliRunner

from briefs import MACRO, MICRO, analysed, brief
from optimize.errors import InfeasibleError
from sim.lottery import expected_price
from tiermix import margins, story, terminal
from tiermix.analysing import analyse
from tiermix.analysis import OPTIMUM, Analysis
from tiermix.cli import app
from tiermix.result import document
from tiermix.scenario_file import parse
from tiermix.versus import versus
from tiermix.world_table import write_worlds

#: Small creators who start slowly, in two phases.
TIERS = {
    "micro": MICRO.replace("available: 250", "onboarding: 10, available: 45"),
    "macro": MACRO.replace("{", "{onboarding: 1, ", 1),
}
PHASES = "{tease: {weeks: 2}, launch: {weeks: 4}}"


def layered(**keys: str) -> str:
    given = {"phases": PHASES, "budget": "100_000", "objective": "conversions"} | keys
    return brief(TIERS, **given)


def screen(analysis: Analysis) -> str:
    out = Console(file=StringIO(), width=80, highlight=False, emoji=False, markup=False)
    terminal.show_run(out, analysis)
    assert isinstance(out.file, StringIO)
    return out.file.getvalue()


def test_a_metric_by_the_end_of_a_phase_is_maximised_and_told() -> None:
    found = analysed(layered(objective="reach@tease"))
    assert "people reached by the end of tease" in story.recommendation(found)
    told = document(found)["strategies"][OPTIMUM]["metrics"]
    for metric in ("reach", "spend"):
        early, whole = told[f"{metric}@tease"]["mean"], told[metric]["mean"]
        assert early is not None
        assert whole is not None
        assert 0 < early <= whole
    assert max(map(len, screen(found).splitlines())) <= 80


def test_creators_start_by_the_week_and_are_hired_once() -> None:
    found = analysed(layered())
    assert found.optimum is not None
    plan = dict(zip(found.scenario.lines, found.optimum.solution.plan, strict=True))
    price = expected_price(found.scenario.campaign.tiers[0])
    assert plan["micro@tease"] <= 20 * price * (1 + 1e-9)
    assert plan["micro@tease"] + plan["micro@launch"] == pytest.approx(45 * price)
    assert any("every available micro" in said for said in margins.limits(found))
    assert any("One more micro would add" in said for said in margins.limits(found))


def test_what_can_not_start_in_time_is_told() -> None:
    found = analysed(layered(strategies="{all_at_once: {micro@tease: 100%}}"))
    warned = " ".join(story.warnings(found))
    assert "it hires all micro@tease that can start in time" in warned


def test_strategies_never_place_more_creators_than_there_are() -> None:
    found = analysed(layered(strategies="{small: {micro: 100%}}"))
    price = expected_price(found.scenario.campaign.tiers[0])
    assert found.strategies["small"].plan.sum() == pytest.approx(45 * price)


def test_rules_of_thumb_stand_beside_plans() -> None:
    found = analysed(layered(strategies="{mine: {micro@launch: 50%}, usual: pyramid}"))
    assert list(found.strategies) == ["mine", "usual", OPTIMUM]
    plan = found.strategies["usual"].plan
    assert plan[0] > 0
    assert plan[2] > 0


def test_a_floor_by_a_phase_that_can_not_be_reached_is_explained() -> None:
    scenario = parse(layered(floors="{reach@tease: 50M}"), "test.yaml")
    with pytest.raises(InfeasibleError, match=r"floors\.reach@tease: at least 50,000,000 \("):
        analyse(replace(scenario, worlds=64))


def test_too_few_that_can_start_are_named_in_their_place() -> None:
    scenario = parse(layered(limits="{micro@tease: {min: 15_000}}"), "test.yaml")
    with pytest.raises(InfeasibleError, match=r"tiers\.micro\.onboarding: no more creators than c"):
        analyse(replace(scenario, worlds=64))


def test_too_few_that_are_there_are_named_in_their_place() -> None:
    scenario = parse(layered(limits="{micro: {min: 90_000}}"), "test.yaml")
    with pytest.raises(InfeasibleError, match=r"tiers\.micro\.available: at most"):
        analyse(replace(scenario, worlds=64))


def test_a_halo_decides_who_comes_first() -> None:
    def best(lift: str) -> dict[str, float]:
        halo = f"{{macro@tease: {{on: micro@launch, lift: {lift}}}}}"
        more = {"halo": halo, "limits": "{macro: {min: 30%}}", "objective": "conversions"}
        found = analysed(brief(replaced(), phases=PHASES, budget="100_000", **more))
        assert found.optimum is not None
        return dict(zip(found.scenario.lines, found.optimum.solution.plan.tolist(), strict=True))

    lifted, tired = best("40% to 90%"), best("-60% to -20%")
    assert min(lifted["macro@tease"], lifted["micro@launch"]) > 20_000
    assert min(tired["macro@tease"], tired["micro@launch"]) == pytest.approx(0, abs=1)


def replaced() -> dict[str, str]:
    """Return tiers without limits, so that only the halo decides on the order."""
    return {"micro": MICRO, "macro": MACRO}


def test_a_halo_is_certified_and_bounds_what_is_simulated() -> None:
    found = analysed(layered(halo="{tease: {on: launch, lift: -20% to 60%, carry_over: 90%}}"))
    assert found.optimum is not None
    solution = found.optimum.solution
    assert solution.status == "optimal"
    assert solution.relative_gap <= 1e-4
    means = [s.averaged for s in found.strategies.values() if not s.violations]
    assert max(means) <= solution.upper_bound * (1 + 1e-9)
    assert np.isfinite([s.objective.mean for s in found.strategies.values()]).all()


def test_two_creators_are_two_however_they_are_spread_over_phases() -> None:
    tiers = {"micro": MICRO, "macro": MACRO}
    more = {"phases": "{tease: {weeks: 3}, launch: {weeks: 6}}", "whole_creators": "true"}
    text = brief(tiers, budget="100_000", strategies="{two: 2 macro}", **more)
    found = analysed(text)
    price = expected_price(found.scenario.campaign.tiers[1])
    assert found.strategies["two"].plan.sum() == pytest.approx(2 * price)


def test_a_limit_named_like_creators_is_a_limit() -> None:
    limit = '{"available creators of x": {lines: [micro, macro], max: 20%}}'
    found = analysed(brief(limits=limit, strategies="{all: {micro: 90%}}"))
    assert found.strategies["all"].plan.sum() == pytest.approx(54_000)
    assert found.strategies["all"].violations


def test_scenarios_are_compared_by_the_end_of_a_phase() -> None:
    first, second = (analysed(layered(objective=o)) for o in ("reach@tease", "conversions"))
    told = versus(first, second).differences[OPTIMUM]
    assert set(told) == {"reach@tease", "conversions"}


def test_a_whole_plan_that_pays_for_nobody_of_a_tier_is_found_at_once() -> None:
    more = {"objective": "effective_reach", "whole_creators": "true", "budget": "4_474"}
    found = analysed(brief(TIERS, phases=PHASES, **more))
    assert found.optimum is not None
    assert found.optimum.solution.status == "optimal"
    assert found.optimum.solution.boxes < 100


def test_the_best_plan_alone_is_found_in_phases(tmp_path: Path) -> None:
    file = tmp_path / "phases.yaml"
    file.write_text(layered(), encoding="utf-8")
    done = CliRunner().invoke(app, ["optimize", str(file), "--worlds", "64", "--json"])
    assert done.exit_code == 0
    assert "micro@launch" in json.loads(done.stdout)["optimum"]["plan"]


def test_every_metric_by_a_phase_is_kept_world_by_world(tmp_path: Path) -> None:
    write_worlds(analysed(layered(objective="reach@tease")), tmp_path / "worlds.parquet")
    columns = parquet.read_table(tmp_path / "worlds.parquet").column_names
    assert {"reach@tease", "spend@tease_USD"} <= set(columns)
