"""A run folder is checked again from its scenario; whatever was changed is named."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from briefs import MACRO, MICRO, analysed, brief
from tiermix import cli
from tiermix.result import document
from tiermix.runs import save
from tiermix.verdict import Verdict
from tiermix.verifying import as_data, lines, verify

#: Scenarios of every kind that can be certified.
KINDS = {
    "parts": brief(),
    "whole creators": brief(whole_creators="true"),
    "whole creators and limits": brief(
        whole_creators="true", limits="{macro: {min: 20%, max: 60%}}"
    ),
    "minimum deals": brief(
        {"micro": MICRO, "macro": MACRO.replace("available", "minimum_deal: 20_000, available")}
    ),
    "a floor": brief(floors="{reach: 5_000}"),
    "a ceiling": brief(ceilings="{cpa: 500}"),
    "least spend": brief(objective="spend", floors="{reach: 5_000}"),
    "worst worlds": brief(risk="{measure: cvar, worst: 10%}"),
    "a target": brief(risk="{measure: attainment, target: 500}"),
    "a blend": brief(objective="{reach: 0.4, conversions: 0.6}"),
    "profit": brief(objective="profit", order_value="400"),
    "nothing to gain": brief(objective="profit", order_value="1"),
    "effective reach": brief(objective="effective_reach"),
}


Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Return a function that runs the command line here."""

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["tiermix", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return run


def saved(under: Path, kind: str = "whole creators and limits") -> Path:
    analysis = analysed(KINDS[kind])
    return save(analysis, document(analysis), under, elapsed=1.0)


def failed(folder: Path) -> dict[str, str]:
    """Return the checks that fail, and their figures."""
    return {v.what: v.figures for v in verify(folder) if not v.holds}


def tampered(folder: Path, change: Callable[[Any], None]) -> Path:
    """Change the saved result."""
    path = folder / "result.json"
    result = json.loads(path.read_text())
    change(result)
    path.write_text(json.dumps(result))
    return folder


@pytest.mark.parametrize("kind", KINDS)
def test_every_check_of_a_run_holds(tmp_path: Path, kind: str) -> None:
    verdicts = verify(saved(tmp_path, kind))
    assert [v for v in verdicts if not v.holds] == []
    assert [v.what for v in verdicts] == [
        "folder", "files", "scenario", "lines", "worlds", "plan",
        "money", "creators", "value", "gap", "bound",
    ]  # fmt: skip


def test_a_search_is_not_called_a_proof(tmp_path: Path) -> None:
    proof = verify(saved(tmp_path / "a", "parts"))[-1].figures
    search = verify(saved(tmp_path / "b", "effective reach"))[-1].figures
    assert "no plan brings more" in proof
    assert "no proof" in search


def move(result: Any, amount: float) -> None:
    """Take money of macro out of the plan, wherever it is told."""
    for plan in (result["optimum"]["plan"], result["strategies"]["optimum"]["plan"]):
        plan["macro"] -= amount


def test_an_edited_plan_breaks_what_it_breaks(tmp_path: Path) -> None:
    found = failed(tampered(saved(tmp_path), lambda r: move(r, 100.0)))
    assert "whole creators of macro" in found["plan"]
    found = failed(tampered(saved(tmp_path), lambda r: move(r, -1e6)))
    assert "budget" in found["plan"]
    assert "limit macro" in found["plan"]
    nan = failed(tampered(saved(tmp_path), lambda r: move(r, float("nan"))))
    assert "no JSON of finite numbers" in nan["folder"]


def test_an_edited_plan_does_not_bring_the_saved_value(tmp_path: Path) -> None:
    found = failed(tampered(saved(tmp_path, "parts"), lambda r: _shrink(r, 0.9)))
    assert set(found) == {"files", "money", "creators", "value", "bound"}
    assert re.fullmatch(r"[\d,.]+, saved [\d,.]+", found["value"])


def _shrink(result: Any, factor: float) -> None:
    for plan in (result["optimum"]["plan"], result["strategies"]["optimum"]["plan"]):
        for line in plan:
            plan[line] *= factor


def test_a_worse_plan_with_a_story_that_fits_is_caught_by_the_bound(tmp_path: Path) -> None:
    folder = saved(tmp_path, "parts")
    told = {v.what: v for v in verify(tampered(folder, lambda r: _shrink(r, 0.9)))}
    value = float(told["value"].figures.split(",")[0].replace(",", ""))

    def adapt(result: Any) -> None:
        best = result["optimum"]
        best["unspent"] = result["budget"] - sum(best["plan"].values())
        for line in best["creators"]:
            best["creators"][line] *= 0.9
        best["value"], best["upper_bound"], best["relative_gap"] = value, value * 1.0000005, 1e-6

    found = failed(tampered(folder, adapt))
    assert "more than the saved bound" in found.pop("bound")
    assert set(found) <= {"files", "value"}  # the figures are told with nine digits


@pytest.mark.parametrize(
    ("key", "value", "what"),
    [
        ("value", 1.0, {"value", "gap"}),
        ("upper_bound", 1.0, {"gap", "bound"}),
        ("upper_bound", 1e308, {"gap"}),
        ("upper_bound", float("inf"), {"folder"}),
        ("upper_bound", float("nan"), {"folder"}),
        ("relative_gap", 0.5, {"gap"}),
        ("creators", {"micro": 1.0, "macro": 1.0}, {"creators"}),
        ("objective", "reach", {"scenario"}),
        ("risk", {"measure": "cvar", "worst": 0.1}, {"scenario"}),
        ("unspent", 1.0, {"money"}),
        ("plan", {"micro": 1.0}, {"files", "lines"}),
        ("plan", {"micro": "a lot"}, {"folder"}),
    ],
)
def test_every_number_of_the_certificate_is_held(
    tmp_path: Path, key: str, value: Any, what: set[str]
) -> None:
    folder = tampered(saved(tmp_path), lambda r: r["optimum"].__setitem__(key, value))
    assert set(failed(folder)) == what


def test_another_plan_among_the_strategies_is_named(tmp_path: Path) -> None:
    def change(result: Any) -> None:
        result["strategies"]["optimum"]["plan"]["micro"] += 1

    assert "among the strategies" in failed(tampered(saved(tmp_path), change))["creators"]


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("tiermix", 2, "no result document of format 1"),
        ("version", "0.0.1", "saved by tiermix 0.0.1"),
        ("worlds", 10**15, "can not have been drawn"),
        ("seed", -1, "can not have been drawn"),
        ("seed", "one", "is damaged: seed"),
        ("optimum", {}, "is damaged: optimum"),
    ],
)
def test_a_result_of_another_kind_is_named(tmp_path: Path, key: str, value: Any, said: str) -> None:
    folder = tampered(saved(tmp_path), lambda r: r.__setitem__(key, value))
    assert said in failed(folder)["folder"]


def test_other_worlds_do_not_bring_the_saved_value(tmp_path: Path) -> None:
    folder = tampered(saved(tmp_path), lambda r: r.__setitem__("seed", 2))
    assert "value" in failed(folder)


def test_an_edited_scenario_is_named(tmp_path: Path) -> None:
    folder = saved(tmp_path)
    path = folder / "scenario.yaml"
    path.write_text(path.read_text() + "# a remark\n")
    assert "edited after the run" in failed(folder)["scenario"]
    path.write_text("budget: [")
    assert "scenario.yaml:" in failed(folder)["folder"]
    path.write_bytes(b"\xff\xfe\x00")
    assert "is no UTF-8 text" in failed(folder)["folder"]


@pytest.mark.parametrize("name", ["scenario.yaml", "result.json"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    folder = saved(tmp_path)
    (folder / name).unlink()
    assert f"{name}: cannot be read: No such file" in failed(folder)["folder"]


@pytest.mark.parametrize("name", ["plan.csv", "outcomes.csv", "manifest.json"])
def test_a_table_that_is_missing_or_damaged_is_named(tmp_path: Path, name: str) -> None:
    path = saved(tmp_path) / name
    for damage in (b"", b"\xff", b"[" * 100_000, b"line\nmicro\n", b'a,"' + b"1" * 200_000):
        path.write_bytes(damage)
        assert name in failed(path.parent)["files"]
    path.unlink()
    assert f"{name}: cannot be read: No such file" in failed(path.parent)["files"]
    path.mkdir()
    assert f"{name}: cannot be read" in failed(path.parent)["files"]


@pytest.mark.parametrize("name", ["plan.csv", "outcomes.csv", "manifest.json"])
def test_a_table_with_one_other_figure_is_named(tmp_path: Path, name: str) -> None:
    path = saved(tmp_path) / name
    text = path.read_text()
    figures = list(re.finditer(r"(?<=,)[1-9]\d+\.\d|(?<=\"seed\": )\d|(?<=\"worlds\": )\d+", text))
    place = figures[0]
    path.write_text(f"{text[: place.start()]}7{text[place.start() :]}")
    assert failed(path.parent) == {"files": f"{name} says something else than result.json"}


@pytest.mark.parametrize("text", ["", "[1, 2]", "{", "null", "[" * 100_000])
def test_a_damaged_result_is_named(tmp_path: Path, text: str) -> None:
    folder = saved(tmp_path)
    (folder / "result.json").write_text(text)
    assert "result.json: is" in failed(folder)["folder"]


def test_a_folder_that_is_none_is_named(tmp_path: Path) -> None:
    assert "cannot be read" in failed(tmp_path / "nowhere")["folder"]


def test_a_result_without_a_best_plan_is_named(tmp_path: Path) -> None:
    folder = tampered(saved(tmp_path), lambda r: r.pop("optimum"))
    assert "holds no best plan" in failed(folder)["folder"]


def test_lines_keep_to_80_columns_and_count_what_fails() -> None:
    verdicts = [Verdict("folder", True, "as saved"), Verdict("bound", False, "words " * 40)]
    told = lines(verdicts)
    assert max(map(len, told)) <= 80
    assert told[0].startswith("ok ")
    assert told[-1] == "1 of 2 checks fail: bound."
    assert lines(verdicts[:1])[1].startswith("All checks hold.")
    assert as_data(Path("runs"), verdicts)["holds"] is False


def test_the_command_says_what_it_checked(call: Call, tmp_path: Path) -> None:
    folder = saved(tmp_path / "runs")
    code, out, err = call("verify", str(folder))
    assert (code, err) == (0, "")
    assert "\nAll checks hold." in out
    shutil.rmtree(folder)
    code, out, _ = call("verify", str(folder))
    assert code == 1
    assert "FAIL folder" in out


def test_the_command_prints_data(call: Call, tmp_path: Path) -> None:
    folder = tampered(saved(tmp_path / "runs"), lambda r: r["optimum"].__setitem__("value", 1.0))
    code, out, _ = call("verify", str(folder), "--json")
    found = json.loads(out)
    assert code == 1
    assert found["holds"] is False
    assert {c["what"] for c in found["checks"] if not c["holds"]} == {"value", "gap"}
