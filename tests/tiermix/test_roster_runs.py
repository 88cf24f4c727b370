"""Run folders of named creators: what they hold, whether it is right, whether tampering shows."""

from __future__ import annotations

import csv
import json
import shutil
from itertools import product
from pathlib import Path
from typing import Any

import altair as alt
import numpy as np
import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from optimize import recheck_choice
from optimize.choosing import PROMISE
from rosters import CREATORS, PAIRS, written
from sim.purchase import WHOLE
from sim.response import respond
from sim.worlds import draw_worlds
from tiermix import choice_runs, commands
from tiermix.choices import Shortlist, question, simulated
from tiermix.cli import app
from tiermix.report.contents import read_contents
from tiermix.report.page import html, sections
from tiermix.result_schema import result_schema
from tiermix.roster import only
from tiermix.scenario_file import read
from tiermix.verifying import verify

WITH_PAIRS = "roster: creators.csv\noverlap: pairs.csv"


def run(path: Path, out: Path) -> tuple[Shortlist, dict[str, Any], Path]:
    scenario = commands.load(str(path), None, None, named=True)
    found, result, folder = choice_runs.run(scenario, out, lambda step: None, report=True)
    return found, dict(result), folder


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Shortlist, dict[str, Any], Path]:
    under = tmp_path_factory.mktemp("roster")
    return run(written(under, WITH_PAIRS, pairs=PAIRS), under / "runs")


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_folder_holds_what_every_run_leaves_and_a_shortlist(
    done: tuple[Shortlist, dict[str, Any], Path],
) -> None:
    found, result, folder = done
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert files == {
        "result.json", "manifest.json", "scenario.yaml", "plan.csv", "outcomes.csv",
        "shortlist.csv", "report.json", "report.html", "tables/creators.csv", "tables/pairs.csv",
    }  # fmt: skip
    assert json.loads((folder / "result.json").read_text()) == result
    Draft202012Validator(result_schema()).validate(result)
    hired = {one["creator"]: one for one in result["roster"]["chosen"]}
    spent = {name: x for name, x in result["optimum"]["plan"].items() if x}
    assert set(spent) == set(hired)
    for name, one in hired.items():
        assert spent[name] == pytest.approx(one["count"] * one["cost"])
    assert list(result["strategies"]) == ["greedy", "most_followers", "cheapest", "optimum"]
    assert result["worlds"] == 64
    *lines, total = rows(folder / "plan.csv")
    assert [row["line"] for row in lines] == list(hired)
    assert float(total["spend_USD"]) == pytest.approx(sum(spent.values()))
    short = rows(folder / "shortlist.csv")
    assert [row["creator"] for row in short if row["chosen"] != "0"] == list(hired)
    nexts = [one["creator"] for one in result["roster"]["next"]]
    assert [row["creator"] for row in short if row["chosen"] == "0"] == nexts
    assert found.named.misses == ()


def test_a_row_of_the_plan_is_what_the_creator_brings_alone(
    done: tuple[Shortlist, dict[str, Any], Path],
) -> None:
    found, _, folder = done
    *lines, total = rows(folder / "plan.csv")
    campaign = found.named.campaign
    worlds = draw_worlds(campaign, 64, 1)
    plan = np.zeros(len(campaign.lines))
    for row in lines:
        i = campaign.lines.index(row["line"])
        alone = np.zeros(plan.size)
        alone[i] = plan[i] = float(row["spend_USD"])
        expected = respond(worlds, "reach", WHOLE).values(alone).mean()
        assert float(row["reach"]) == pytest.approx(expected, rel=1e-3)
    everybody = respond(worlds, "reach", WHOLE).values(plan).mean()
    assert float(total["reach"]) == pytest.approx(everybody, rel=1e-2)
    assert everybody < sum(float(row["reach"]) for row in lines)


def test_the_folder_makes_the_same_run_again(
    done: tuple[Shortlist, dict[str, Any], Path], tmp_path: Path
) -> None:
    _, _, folder = done
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    _, _, again = run(copy / "scenario.yaml", tmp_path / "runs")
    assert again.name == folder.name
    for name in ("result.json", "plan.csv", "shortlist.csv", "outcomes.csv", "report.json"):
        assert (again / name).read_bytes() == (folder / name).read_bytes()


def test_another_table_makes_another_folder(tmp_path: Path) -> None:
    first = run(written(tmp_path), tmp_path / "runs")[2]
    dearer = CREATORS.replace("1.200", "1.300")
    second = run(written(tmp_path, creators=dearer), tmp_path / "runs")[2]
    assert first != second
    assert (first / "tables/creators.csv").read_text() == CREATORS


def test_a_part_of_the_creators_keeps_overlaps_and_luck(
    done: tuple[Shortlist, dict[str, Any], Path],
) -> None:
    found, _, _ = done
    whole = found.named.campaign
    lines = [whole.lines.index(name) for name in ("emil", "anna")]
    worlds = draw_worlds(whole, 32, 1)
    part = draw_worlds(only(whole, lines), 32, 1, order=worlds.order)
    plan = np.zeros(len(whole.lines))
    plan[lines] = np.array(found.named.problem.steps)[lines]
    np.testing.assert_allclose(
        respond(part, "reach", WHOLE).values(plan[lines]),
        respond(worlds, "reach", WHOLE).values(plan),
        rtol=1e-9,
    )


def test_the_report_names_who_is_hired_and_who_is_next(
    done: tuple[Shortlist, dict[str, Any], Path],
) -> None:
    _, result, folder = done
    contents = read_contents(folder)
    page = html(contents)
    assert (folder / "report.html").read_text(encoding="utf-8") == page
    for one in result["roster"]["chosen"] + result["roster"]["next"]:
        assert one["creator"] in page
    found = {figure.name: figure for part in sections(contents) for figure in part.figures}
    assert {"what-each-adds", "next-in-line", "reach-build-up", "budget-split"} <= found.keys()
    for figure in found.values():
        spec = {key: x for key, x in figure.spec.items() if key != "$schema"}
        alt.Chart.from_dict(spec).to_dict(validate=True)
    adds = [row["adds (Reach (people))"] for row in found["what-each-adds"].rows]
    assert adds == [one["adds"] for one in result["roster"]["chosen"]]
    last = contents.facts["build_up"][-1]
    assert last["reach"] == pytest.approx(
        result["strategies"]["optimum"]["metrics"]["reach"]["mean"], rel=1e-9
    )
    assert last["effective_reach"] < last["reach"]


def test_a_run_is_verified(done: tuple[Shortlist, dict[str, Any], Path]) -> None:
    _, _, folder = done
    verdicts = verify(folder)
    assert all(verdict.holds for verdict in verdicts), [str(v) for v in verdicts]
    assert [v.what for v in verdicts] == [
        "folder", "files", "scenario", "tables", "lines", "worlds", "plan", "money", "creators",
        "value", "gap", "bound",
    ]  # fmt: skip


def tampered(folder: Path, into: Path, **changes: Any) -> list[str]:
    """Return which checks fail once the optimum of a run is changed."""
    shutil.copytree(folder, into)
    result = json.loads((into / "result.json").read_text())
    result["optimum"] |= changes
    if "plan" in changes:
        result["strategies"]["optimum"]["plan"] = changes["plan"]
    (into / "result.json").write_text(json.dumps(result))
    return [verdict.what for verdict in verify(into) if not verdict.holds]


def test_tampering_shows(done: tuple[Shortlist, dict[str, Any], Path], tmp_path: Path) -> None:
    _, result, folder = done
    best = result["optimum"]
    first, *_ = result["roster"]["chosen"]
    none = best["plan"] | {first["creator"]: 0.0}
    half = best["plan"] | {first["creator"]: 0.5 * first["cost"]}
    assert "value" in tampered(folder, tmp_path / "a", value=1.01 * best["value"])
    assert "bound" in tampered(
        folder, tmp_path / "b", upper_bound=0.9 * best["value"], value=0.9 * best["value"]
    )
    assert {"creators", "value"} <= set(tampered(folder, tmp_path / "c", plan=none))
    assert tampered(folder, tmp_path / "d", plan=half) == ["files", "plan"]
    assert "gap" in tampered(folder, tmp_path / "e", relative_gap=0.5)
    shutil.copytree(folder, tmp_path / "f")
    table = tmp_path / "f/tables/creators.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("1.200", "1.100"), encoding="utf-8")
    assert [v.what for v in verify(tmp_path / "f") if not v.holds] == ["tables"]


def test_a_choice_that_is_not_the_best_is_not_confirmed(
    done: tuple[Shortlist, dict[str, Any], Path], tmp_path: Path
) -> None:
    """The rule of thumb `cheapest`, with a bound as if it were the best."""
    _, result, folder = done
    shutil.copytree(folder, tmp_path / "run")
    plan = result["strategies"]["cheapest"]["plan"]
    value = result["strategies"]["cheapest"]["objective"]["averaged"]
    assert value < result["optimum"]["value"] * (1 - PROMISE)
    changed = json.loads((folder / "result.json").read_text())
    changed["optimum"] |= {"plan": plan, "value": value, "upper_bound": value, "relative_gap": 0.0}
    (tmp_path / "run/result.json").write_text(json.dumps(changed))
    assert "bound" in [v.what for v in verify(tmp_path / "run") if not v.holds]


@pytest.mark.parametrize("more", ["roster: creators.csv", WITH_PAIRS])
def test_the_second_bound_is_above_every_subset_and_tight(tmp_path: Path, more: str) -> None:
    asked = question(read(str(written(tmp_path, more, pairs=PAIRS))))
    metric = recheck_choice.kinds(asked.response, asked.picker.prices)
    best, kept = 0.0, np.zeros(asked.problem.n_lines)
    for flags in product((0.0, 1.0), repeat=asked.problem.n_lines):
        plan = np.array(flags) * asked.picker.prices
        value = float(asked.response.values(plan).mean())
        assert metric.value(np.array(flags)) == pytest.approx(value, rel=1e-12, abs=1e-9)
        if value > best and not asked.problem.violations(plan):
            best, kept = value, np.array(flags)
    found, _ = recheck_choice.bound(metric, asked.problem, kept, best * (1 + 1e-9))
    assert best * (1 - 1e-9) <= found <= best * (1 + 1e-6)


def test_with_risk_a_floor_and_profit_a_run_is_verified(tmp_path: Path) -> None:
    more = (
        "roster: creators.csv\nrisk: {measure: cvar, worst: 20%}\nfloors: {conversions: 3}\n"
        "limits: {macro: {max: 70%}}"
    )
    for objective in ("reach", "profit"):
        path = written(tmp_path, more, objective=objective)
        _, _, folder = run(path, tmp_path / objective)
        verdicts = verify(folder)
        assert all(verdict.holds for verdict in verdicts), [str(v) for v in verdicts]


def test_nobody_is_hired_where_nobody_is_worth_her_price(tmp_path: Path) -> None:
    free = CREATORS.replace(";yes;", ";;")
    text = "roster: creators.csv"
    path = written(tmp_path, text, objective="profit", creators=free)
    path.write_text(path.read_text().replace("order_value: 60", "order_value: 1"))
    found, result, folder = run(path, tmp_path / "runs")
    assert result["roster"]["chosen"] == []
    assert not found.choice.counts.any()
    assert [row["line"] for row in rows(folder / "plan.csv")] == ["total"]
    assert all(verdict.holds for verdict in verify(folder))


def test_simulate_sets_rules_of_thumb_side_by_side(tmp_path: Path) -> None:
    path = written(tmp_path)
    analysis = simulated(read(str(path)))
    assert list(analysis.strategies) == ["greedy", "most_followers", "cheapest"]
    assert analysis.optimum is None
    done = CliRunner().invoke(app, ["simulate", str(path)])
    assert done.exit_code == 0
    assert "most_followers" in done.output
    assert max(map(len, done.output.splitlines())) <= 80
    printed = CliRunner().invoke(app, ["simulate", str(path), "--json"])
    assert list(json.loads(printed.output)["strategies"]) == list(analysis.strategies)


def test_the_command_writes_the_folder_and_says_so(tmp_path: Path) -> None:
    path = written(tmp_path)
    done = CliRunner().invoke(
        app, ["run", str(path), "--out", str(tmp_path / "runs"), "--no-report", "--json"]
    )
    assert done.exit_code == 0
    (folder,) = (tmp_path / "runs").iterdir()
    assert json.loads(done.stdout) == json.loads((folder / "result.json").read_text())
    assert not (folder / "report.html").exists()
    again = CliRunner().invoke(app, ["report", str(folder)])
    assert again.exit_code == 0
    assert (folder / "report.html").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "--until", "1%"], "--until can not be used with a roster"),
        (["simulate", "--confidence", "95%"], "--confidence can not be used with a roster"),
        (["frontier"], "use `tiermix run`"),
        (["sensitivity"], "use `tiermix run`"),
        (["crossover"], "use `tiermix run`"),
        (["benchmark"], "use `tiermix run`"),
        (["compare"], "use `tiermix run`"),
    ],
)  # fmt: skip
def test_what_can_not_be_done_says_so_with_the_remedy(
    tmp_path: Path, arguments: list[str], said: str
) -> None:
    command, *options = arguments
    done = CliRunner().invoke(app, [command, str(written(tmp_path)), *options])
    assert done.exit_code != 0
    assert said in " ".join(str(done.exception).split())


def test_what_if_is_refused_with_a_reason(done: tuple[Shortlist, dict[str, Any], Path]) -> None:
    asked = CliRunner().invoke(app, ["explore", str(done[2]), "--no-browser"])
    assert asked.exit_code != 0
    assert "names its creators" in str(asked.exception)


def test_certify_holds_the_choice_against_fresh_banks(tmp_path: Path) -> None:
    path = written(tmp_path, WITH_PAIRS, pairs=PAIRS)
    done = CliRunner().invoke(app, ["optimize", str(path), "--certify", "--json"])
    assert done.exit_code == 0
    result = json.loads(done.stdout)
    Draft202012Validator(result_schema()).validate(result)
    interval = result["optimum"]["replications"]
    assert interval["banks"] == 16
    assert interval["worlds"] == result["roster"]["worlds"]
    assert 0 <= interval["gap_mean"] <= interval["gap_upper"] < 0.05 * result["optimum"]["value"]
    floored = written(tmp_path, "roster: creators.csv\nfloors: {conversions: 3}")
    again = CliRunner().invoke(app, ["optimize", str(floored), "--certify"])
    assert "--certify is for scenarios without floors" in str(again.exception)


def test_a_floor_with_a_chance_is_kept_and_told(tmp_path: Path) -> None:
    floor = "floors: {conversions: {at_least: 4, chance: 80%}}"
    path = written(tmp_path, f"roster: creators.csv\n{floor}")
    free, _, _ = run(written(tmp_path), tmp_path / "free")
    path = written(tmp_path, f"roster: creators.csv\n{floor}")
    found, result, folder = run(path, tmp_path / "runs")
    assert found.analysis.floors[0].missed_by(found.choice.plan) == 0
    assert found.choice.value <= free.choice.value * (1 + 1e-9)
    assert 0.6 < result["strategies"]["optimum"]["chances"]["conversions"] <= 1
    assert all(v.holds for v in verify(folder) if v.what != "bound")
    done = CliRunner().invoke(app, ["optimize", str(path)])
    said = " ".join(done.output.split())
    assert "The proof leaves floors with a chance out" in said
    assert "the best plan reaches 4 conversions in" in said


@pytest.mark.parametrize("deal", [900, 2_500])
def test_a_tier_beside_the_roster_may_have_a_minimum_deal(tmp_path: Path, deal: int) -> None:
    path = written(tmp_path, "", creators=CREATORS.replace("emil;macro", "emil;micro"))
    text = path.read_text().replace("preset: micro,", "preset: micro, roster: creators.csv,")
    few = "{preset: macro, followers: 90_000, fee: 400, available: 20, minimum_deal: DEAL,".replace(
        "DEAL", str(deal)
    )
    path.write_text(text.replace("{preset: macro,", few))
    found, result, folder = run(path, tmp_path / "runs")
    spent = result["optimum"]["plan"].get("macro", 0.0)
    assert spent == 0 or spent >= deal * (1 - 1e-9)
    assert found.choice.kept
    assert all(verdict.holds for verdict in verify(folder))


def test_what_needs_another_algorithm_is_refused_with_a_reason(tmp_path: Path) -> None:
    path = written(tmp_path, objective="effective_reach")
    done = CliRunner().invoke(app, ["optimize", str(path)])
    assert "Plan for reach; effective reach is told beside it" in str(done.exception)


def test_a_file_from_standard_input_is_read_once(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "scenarios/skincare.yaml").read_text(encoding="utf-8")
    for command in ("optimize", "simulate"):
        done = CliRunner().invoke(app, [command, "-", "--worlds", "64", "--json"], input=text)
        assert done.exit_code == 0, done.exception
