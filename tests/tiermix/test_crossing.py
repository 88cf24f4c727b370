"""The crossover command: which mix is best for which budget, and where that flips."""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO

import numpy as np
import pytest
from rich.console import Console

from briefs import MACRO, MICRO, ODD, brief
from sim.worlds import draw_worlds
from tiermix import questions, screens
from tiermix.crossing import PINNED, limits_at, switched
from tiermix.errors import UsageError
from tiermix.mixes import ALONE, LAYERED, NO_PLAN, Crossover, Mix, document, rows
from tiermix.scenario_file import parse
from tiermix.task import state


def crossed(
    text: str, budgets: str | None = None, objectives: str | None = None, worlds: int = 64
) -> Crossover:
    scenario = replace(parse(text, "test.yaml"), worlds=worlds)
    return questions.cross(scenario, budgets, objectives, lambda step: None, all_worlds=True)


def screen(found: Crossover) -> str:
    out = Console(file=StringIO(), width=80, highlight=False, emoji=False, markup=False)
    screens.show_crossover(out, found)
    assert isinstance(out.file, StringIO)
    return out.file.getvalue()


def solved_afresh(text: str, objective: str, budget: float) -> float:
    """Return the largest share of the spend of one line, by the scenario at that budget."""
    scenario = replace(parse(text, "test.yaml"), worlds=64, budget=budget)
    scenario = replace(scenario, objective=((objective, 1.0),), limits=limits_at(scenario, budget))
    plan = state(scenario, draw_worlds(scenario.campaign, 64, scenario.seed)).solve().plan
    return float(plan.max() / plan.sum())


@pytest.mark.parametrize("objective", ["reach", "conversions"])
def test_the_best_mix_really_flips_where_it_is_said_to(objective: str) -> None:
    (row,) = crossed(brief(), None, objective).rows
    assert row.switches
    for switch in row.switches:
        assert switch.below.budget < switch.above.budget <= switch.below.budget * (1 + PINNED)
        assert switch.below.kind != switch.above.kind
        for side in (switch.below, switch.above):
            most = solved_afresh(brief(), objective, side.budget)
            assert (most >= ALONE) == (side.kind != LAYERED)


def test_every_change_between_budgets_is_pinned_down() -> None:
    for row in crossed(brief()).rows:
        kinds = [row.mixes[0].kind]
        for switch in row.switches:
            assert switch.below.kind == kinds[-1]
            kinds.append(switch.above.kind)
        assert kinds[-1] == row.mixes[-1].kind


def test_a_switch_within_a_switch_is_found() -> None:
    def solve(budget: float) -> Mix:
        kind = "micro" if budget < 20 else LAYERED if budget < 25 else "macro"
        return Mix(budget, kind, {}, budget, None)

    found = switched(solve, solve(10), solve(100))
    assert [(s.below.kind, s.above.kind) for s in found] == [("micro", LAYERED), (LAYERED, "macro")]
    assert [s.budget for s in found] == pytest.approx([20, 25], rel=PINNED)


def test_a_limited_budget_goes_to_micros_for_reach_too() -> None:
    for row in crossed(brief(), "2k:10k", "reach,conversions").rows:
        assert {mix.kind for mix in row.mixes} == {"micro"}


def test_a_sizeable_budget_for_wide_awareness_goes_to_macros() -> None:
    (row,) = crossed(brief(), "5k:1M", "reach").rows
    assert row.mixes[0].kind == "micro"
    assert row.mixes[-1].shares["macro"] > 0.5


def test_every_mix_is_certified_and_more_money_brings_no_less() -> None:
    for row in crossed(brief()).rows:
        solutions = [mix.solution for mix in row.mixes if mix.solution]
        assert all(solution.relative_gap <= 1e-6 for solution in solutions)
        values = [solution.value for solution in solutions]
        assert (np.diff(values) >= -1e-6 * max(values)).all()


def test_limits_in_shares_move_with_the_budget_and_limits_in_money_do_not() -> None:
    text = brief(limits="{micro: {max: 50%, min: 3_000}, macro: {max: 20_000}}")
    scenario = parse(text, "test.yaml")
    micro, macro = limits_at(scenario, 2 * scenario.budget)
    assert (micro.lower, micro.upper, macro.upper) == (3_000, 60_000, 20_000)
    assert "Limits in money stay" in screen(crossed(text))
    shares = brief(limits="{micro: {max: 50%}}")
    assert "Limits in money" not in screen(crossed(shares))


def test_a_budget_without_an_allowed_plan_is_said_to_have_none() -> None:
    text = brief(limits="{micro: {min: 20_000}}")
    (row,) = crossed(text, "5k:100k", "reach").rows
    assert row.mixes[0].kind == NO_PLAN
    assert row.switches[0].budget == pytest.approx(20_000, rel=PINNED)
    assert NO_PLAN in screen(crossed(text, "5k:100k", "reach"))


def test_whole_creators_flip_where_the_first_macro_can_be_paid() -> None:
    text = brief({"micro": MICRO.replace("250", "5"), "macro": MACRO}, whole_creators="true")
    (row,) = crossed(text, "2k:60k", "reach").rows
    assert row.mixes[0].kind == "micro"
    assert row.mixes[-1].kind == "macro"


@pytest.mark.parametrize(
    ("budgets", "objectives", "said"),
    [
        ("5k", None, "LOW:HIGH"),
        ("10k:5k", None, "the lower one first"),
        ("0:5k", None, "the lower one first"),
        ("a:b", None, "--budgets"),
        (None, "reech", "unknown metric reech"),
        (None, "response", "no line brings any response"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    budgets: str | None, objectives: str | None, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        crossed(brief(), budgets, objectives)


def test_the_numbers_are_there_as_data() -> None:
    found = crossed(brief())
    told = json.loads(json.dumps(document(found), allow_nan=False))
    assert list(told["objectives"]) == ["reach", "conversions"]
    for row in found.rows:
        switches = told["objectives"][row.name]["switches"]
        assert [switch["budget"] for switch in switches] == [s.budget for s in row.switches]
    assert {row["at"] for row in rows(found)} == {"budget", "below switch", "above switch"}


def test_the_sentence_names_the_budget_of_every_switch() -> None:
    found = crossed(brief())
    for row in found.rows:
        said = screens.row_said(found, row)
        for switch in row.switches:
            assert f"${float(f'{switch.budget:.2e}'):,.0f}" in said


@pytest.mark.parametrize("name", ODD)
def test_an_odd_scenario_fits_the_screen(name: str) -> None:
    found = crossed(ODD[name])
    json.dumps(document(found), allow_nan=False)
    shown = screen(found)
    assert "nan" not in shown
    assert max(map(len, shown.splitlines())) <= 80
