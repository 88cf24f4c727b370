"""The sensitivity command: held against scenario files that state what was asked."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from functools import cache
from io import StringIO
from math import isfinite
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from rich.cells import cell_len
from rich.console import Console
from scipy.special import ndtri

from briefs import MACRO, MICRO, ODD, analysed, brief
from optimize.baselines import placed
from optimize.nearly_best import NEARLY
from optimize.optimum import Solution
from sim.pinning import input_value, remembering
from sim.uncertain import Z95
from sim.worlds import draw_worlds
from tiermix import commands, margins, questions, result, sensitivity_screen
from tiermix.scenario_file import parse
from tiermix.sensitivity import Sensitivity, Swing
from tiermix.sensitivity_document import document, plausible, rows
from tiermix.task import Task, state
from tiermix.tipping import PINNED, best, tips
from tiermix.uncertain_inputs import named
from tiermix.what_if import Questions, WhatIf, leader

STRATEGIES = (
    "{micro_only: {micro: 100%}, macro_only: {macro: 100%}, half: {micro: 50%, macro: 50%}}"
)

#: A scenario whose best plan holds both tiers, so that much can tip.
MIXED = {"objective": "reach", "budget": "100_000", "strategies": STRATEGIES}


@cache
def asked(text: str, worlds: int = 64) -> Sensitivity:
    scenario = replace(parse(text, "test.yaml"), worlds=worlds)
    return questions.ask(scenario, lambda step: None)


def swing_of(found: Sensitivity, name: str) -> Swing:
    return next(swing for swing in found.swings if swing.given.short == name)


def screen(found: Sensitivity) -> str:
    out = Console(file=StringIO(), width=80, highlight=False, emoji=False, markup=False)
    sensitivity_screen.show_sensitivity(out, found)
    assert isinstance(out.file, StringIO)
    return out.file.getvalue()


def stated(tier: str, key: str, value: str) -> Task:
    """Return the mixed scenario with a value stated in the file, on worlds of its own."""
    tiers = {"micro": MICRO, "macro": MACRO}
    tiers[tier] = tiers[tier].replace("{preset", f"{{{key}: {value}, preset")
    scenario = parse(brief(tiers, **MIXED), "test.yaml")
    return state(scenario, draw_worlds(scenario.campaign, 1024, 3))


@pytest.mark.parametrize(
    ("key", "low", "high", "state_as"),
    [
        ("view_rate", 0.30, 0.40, "{{typical: {:.17g}, creators: 15% to 62%}}"),
        ("overhead", 50.0, 300.0, "{:.17g}"),
        ("authentic_share", 0.80, 0.92, "{:.17g}"),
    ],
)
def test_a_swing_is_what_a_file_that_states_the_value_brings(
    key: str, low: float, high: float, state_as: str
) -> None:
    found = asked(brief(None, **MIXED), 256)
    swing = swing_of(found, f"micro.{key}")
    for end, value in zip(swing.ends, (low, high), strict=True):
        assert end.value == pytest.approx(value, rel=1e-6)
        task = stated("micro", key, state_as.format(value))
        solved = task.solve()
        assert end.solution is not None
        assert end.solution.value == pytest.approx(solved.value, rel=0.01)
        base = task.judged(placed(task.problem, found.solution.plan))
        assert end.base == pytest.approx(base, rel=0.01)
        assert end.lost == pytest.approx(solved.value - base, abs=0.005 * solved.value)
        assert end.lead == leader(found.scenario.lines, solved)


def test_what_if_answers_are_the_best_of_a_grid_on_worlds_pinned_by_hand() -> None:
    found = asked(brief(None, **MIXED), 64)
    swing = swing_of(found, "macro.view_rate")
    worlds = draw_worlds(found.scenario.campaign, 64, found.scenario.seed)
    for end, z in zip(swing.ends, (-Z95, Z95), strict=True):
        values = {**worlds.values, "macro.view_rate": np.full(64, end.value)}
        task = state(found.scenario, replace(worlds, values=values))
        assert end.value == input_value(worlds, "macro.view_rate", z)
        plans = [
            np.array([a, found.scenario.budget - a])
            for a in np.linspace(0, found.scenario.budget, 501)
        ]
        brute = max(task.judged(plan) for plan in plans if not task.violations(plan))
        assert end.solution is not None
        assert brute <= end.solution.upper_bound * (1 + 1e-9)
        assert end.solution.value == pytest.approx(brute, rel=1e-4)
        assert end.base == pytest.approx(task.judged(found.solution.plan), rel=1e-12)


def test_swings_fall_and_idle_inputs_are_those_of_other_metrics() -> None:
    found = asked(brief(None, **MIXED))
    sizes = [swing.size for swing in found.swings]
    assert sizes == sorted(sizes, reverse=True)
    idle = {given.key for given in found.idle}
    assert idle == {"engagement_rate", "conversion_rate", "clicks_per_engagement", "lift"}


@pytest.mark.parametrize("choice", ["lead", "strategy"])
def test_the_choice_differs_on_both_sides_of_a_tipping_point(choice: str) -> None:
    """Both sides are worked out again from the file with the value stated in it."""
    found = asked(brief(None, **MIXED), 256)
    mine = [t for t in found.tips if t.choice == choice and t.given.short == "macro.fee"]
    assert mine
    for tip in mine:
        low, high = tip.below.value, tip.above.value
        law = found.scenario.campaign.tiers[1].fee
        assert 0 < np.log(high / low) <= PINNED * law.typical_sd * (1 + 1e-9)
        assert tip.sides[0] != tip.sides[1]
        for value, side in ((low * 0.97, tip.sides[0]), (high * 1.03, tip.sides[1])):
            task = stated("macro", "fee", f"{{typical: {value:.17g}, creators: 5_000 to 50_000}}")
            assert chosen(found, task, choice) == side


def chosen(found: Sensitivity, task: Task, choice: str) -> str:
    """Return the line that leads the best plan of a task, or the best of the strategies."""
    if choice == "lead":
        return leader(found.scenario.lines, task.solve())
    wishes = dict(found.scenario.strategies)
    judged = {
        name: task.judged(placed(task.problem, np.array(wishes[name]))) for name in found.contests
    }
    return max(judged, key=lambda name: judged[name])


def test_without_a_tipping_point_the_choice_is_the_same_all_over() -> None:
    found = asked(brief(None, **MIXED), 256)
    tipping = {(tip.given.name, tip.choice) for tip in found.tips}
    firm = [s.given for s in found.swings if (s.given.name, "lead") not in tipping]
    assert firm
    worlds = remembering(found.worlds)
    for given in firm[:4]:
        ends = plausible(found.worlds, given)
        assert ends is not None
        for value in np.linspace(ends[0], ends[1], 3).tolist():
            values = {**worlds.values, given.name: np.full(256, value)}
            task = state(found.scenario, replace(worlds, values=values))
            if given.key in ("view_rate", "authentic_share"):  # what is allowed stays the same
                assert leader(found.scenario.lines, task.solve()) == best(found.here, "lead")


class Answers:
    """What-if answers of a made-up input: line a leads below its middle, line b above."""

    def __init__(self, found: Sensitivity, missed: float) -> None:
        self.task = state(found.scenario, found.worlds)
        self.here, self._missed = found.here, missed
        law = found.scenario.campaign.tiers[0].overhead
        self._middle = law.median

    def answer(self, name: str, value: float) -> WhatIf:
        plan = np.array([1.0, 0.0]) if value < self._middle else np.array([0.0, 1.0])
        solution = Solution("optimal", plan, 100.0, 100.0, 0.0)
        return WhatIf(value, solution, "ab"[int(plan[1])], 100.0, (), {})

    def judged(self, name: str, value: float, plan: np.ndarray) -> float:
        solution = self.answer(name, value).solution
        assert solution is not None
        return 100.0 - self._missed * float(not np.array_equal(plan, solution.plan))


@pytest.mark.parametrize(("missed", "number"), [(1.0, 1), (0.05, 1), (0.01, 0), (0.0, 0)])
def test_a_lead_by_chance_is_no_tipping_point(missed: float, number: int) -> None:
    found = asked(brief(None, **MIXED))
    given = swing_of(found, "micro.overhead").given
    told = list(tips(cast(Questions, Answers(found, missed)), given, "lead"))
    assert len(told) == number
    middle = found.scenario.campaign.tiers[0].overhead.median
    assert all(tip.below.value < middle <= tip.above.value for tip in told)


def nested_worth(found: Sensitivity, name: str) -> float:
    """Return EVPPI of an input by optimising again for each of many values of it."""
    worlds, gains = remembering(found.worlds), []
    for z in ndtri((np.arange(20) + 0.5) / 20):
        value = input_value(worlds, name, float(z))
        pinned = replace(worlds, values={**worlds.values, name: np.full(worlds.size, value)})
        task = state(found.scenario, pinned)
        gains.append(task.solve().value - task.judged(found.solution.plan))
    return float(np.mean(gains))


def test_the_worth_of_an_input_is_what_optimising_for_each_value_brings() -> None:
    found = asked(brief(None, **MIXED), 512)
    known = found.information
    assert known is not None
    for name in ("macro.fee", "micro.overhead", "macro.delivery_rate"):
        worth, nested = known.inputs[name], nested_worth(found, name)
        assert worth.value == pytest.approx(nested, abs=0.1 * nested + 3 * worth.se)
        assert worth.se < 0.002 * found.solution.value
    assert nested_worth(found, "macro.fee") > 5 * known.inputs["macro.fee"].se


def test_knowing_all_is_worth_at_least_any_one_input() -> None:
    found = asked(brief(None, **MIXED), 512)
    known = found.information
    assert known is not None
    slack = 3 * known.everything_se
    assert 0 < known.everything <= known.everything_bound
    assert all(w.value <= known.everything_bound + slack for w in known.inputs.values())


def test_gains_in_money_are_the_budget_that_brings_the_same() -> None:
    reach, profit = asked(brief(None, **MIXED)), asked(brief(objective="profit", order_value="400"))
    assert reach.price is not None
    assert reach.worth(reach.price * 1000) == pytest.approx(1000)
    scenario = replace(reach.scenario, budget=reach.scenario.budget + 1000)
    more = state(scenario, reach.worlds).solve().value - reach.solution.value
    assert reach.worth(more) == pytest.approx(1000, rel=0.02)
    assert profit.in_money
    assert profit.worth(123.0) == 123.0
    flooded = asked(ODD["a large budget"])
    assert flooded.worth(1.0) is None


def test_plans_as_good_really_are_and_the_best_is_among_them() -> None:
    found = asked(brief(None, **MIXED), 256)
    assert found.nearly is not None
    task = state(found.scenario, found.worlds)
    for plan in found.nearly.plans:
        assert not task.violations(plan)
        assert task.judged(plan) >= (1 - NEARLY) * found.solution.value * (1 - 1e-5)
    slack = 1e-4 * found.scenario.budget
    assert (found.nearly.least <= found.solution.plan + slack).all()
    assert (found.solution.plan <= found.nearly.most + slack).all()


CASES = {
    **ODD,
    "the least spend": brief(objective="spend", floors="{reach: 100_000}"),
    "a ceiling": brief(ceilings="{cpa: 400}"),
    "the worst worlds": brief(risk="{measure: cvar, worst: 10%}"),
    "a loss in the worst worlds": brief(
        objective="profit", order_value="400", risk="{measure: cvar, worst: 10%}"
    ),
    "a target": brief(risk="{measure: attainment, target: 300}"),
    "all known": brief(
        {
            "micro": "{preset: micro, available: 250, audience: {fans: 60%}, followers: 5000, "
            "fee: 100, overhead: 10, view_rate: 20%, engagement_rate: 5%, lift: 1%, "
            "clicks_per_engagement: 3%, conversion_rate: 2%, authentic_share: 80%, "
            "delivery_rate: 90%}"
        }
    ),
}


@pytest.mark.parametrize("name", [n for n in CASES if n not in ("five tiers", "long names")])
def test_every_scenario_has_a_screen_of_80_columns_and_a_plain_document(name: str) -> None:
    found = asked(CASES[name])
    said = screen(found)
    assert max(cell_len(line) for line in said.splitlines()) <= 80
    assert "nan" not in said.lower().replace("nano", "")
    told = json.loads(json.dumps(document(found), allow_nan=False))
    assert [given["path"] for given in told["inputs"]] == [s.given.path for s in found.swings]
    assert len(rows(found)) == len(found.swings)
    assert all(end["best"] is None or isfinite(end["best"]) for end in ends(told))


def ends(told: dict[str, Any]) -> list[dict[str, Any]]:
    return [given[end] for given in told["inputs"] for end in ("p5", "p95")]


def test_a_run_says_which_splits_are_as_good_or_why_not() -> None:
    analysis = analysed(brief(None, **MIXED))
    assert analysis.optimum is not None
    nearly = analysis.optimum.nearly
    assert nearly is not None
    (said,) = [x for x in margins.limits(analysis) if x.startswith("Plans within 1 % of the best")]
    for line, low, high in zip(analysis.scenario.lines, nearly.least, nearly.most, strict=True):
        assert (
            f"{low / 1e5:.0%}"[:-1] + " % to " + f"{high / 1e5:.0%}"[:-1] + f" % on {line}" in said
        )
    told = result.document(analysis)["optimum"]["nearly_best"]
    assert told is not None
    assert list(told["most"].values()) == nearly.most.tolist()
    curved = analysed(brief(objective="effective_reach"))
    assert any("not looked for" in said for said in margins.limits(curved))


def test_inputs_are_named_by_their_place_in_the_file() -> None:
    found = asked(brief(resonance="75% to 135%", order_value="30 to 50", objective="profit"))
    known = {given.path for given in found.scenario.inputs}
    assert {s.given.path for s in found.swings} <= known
    assert {given.path for given in found.idle} <= known
    assert "tiers.micro.fee.typical" in {s.given.path for s in found.swings}
    assert all(s.given.origin for s in found.swings)


def test_draws_of_curves_are_one_input(tmp_path: Path) -> None:
    with (tmp_path / "curves.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["channel", "draw", "spend", "response"])
        for draw in range(8):
            for spend in (0, 20_000, 40_000, 80_000):
                table.writerow(["Search", draw, spend, (10 + draw) * spend**0.5])
                table.writerow(["Video", draw, spend, (20 - draw) * spend**0.5])
    file_text = (
        "tiermix: 1\nname: Channels\nbudget: 60_000\nobjective: response\n"
        "curves:\n  search: {points: curves.csv, channel: Search}\n"
        "  video: {points: curves.csv, channel: Video}\n"
        "simulation: {worlds: 512}\n"
    )
    path = tmp_path / "channels.yaml"
    path.write_text(file_text, encoding="utf-8")
    found = questions.ask(commands.load(str(path), None, None), lambda step: None)
    (swing,) = found.swings
    assert swing.given.path == "curves"
    assert swing.given.shown(swing.low.value) in screen(found)
    assert found.indices is not None
    assert found.indices.first[0] == pytest.approx(1.0, abs=4 * found.indices.first_se[0])
    known = found.information
    assert known is not None
    worth = known.inputs[swing.given.name]
    assert worth.value == pytest.approx(known.everything, rel=1e-3)


def test_the_same_seed_gives_the_same_bytes() -> None:
    scenario = replace(parse(brief(None, **MIXED), "test.yaml"), worlds=64)
    one, other = (
        json.dumps(document(questions.ask(scenario, lambda step: None))) for _ in range(2)
    )
    assert one == other


def test_the_lift_of_a_halo_is_told_as_it_stands_in_the_file() -> None:
    phases = "{tease: {weeks: 2}, launch: {weeks: 4}}"
    halo = "{tease: [{on: launch, lift: -30% to 40%}, {on: micro@launch, lift: 5% to 9%}]}"
    given = {"phases": phases, "halo": halo, "budget": "100_000", "objective": "conversions"}
    scenario = parse(brief({"micro": MICRO, "macro": MACRO}, **given), "test.yaml")
    lifts = [g for g in named(scenario, draw_worlds(scenario.campaign, 64, 1)) if g.key == "lift"]
    first, second = (g for g in lifts if g.path.startswith("halo."))
    assert (first.path, second.path) == ("halo.tease.0.lift", "halo.tease.1.lift")
    assert first.phrase == "the lift of tease on launch"
    assert first.shown(0.7) == "-30 %"
