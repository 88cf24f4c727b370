"""A run folder holds everything, or is not there; nothing in it runs in a spreadsheet."""

from __future__ import annotations

import csv
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from briefs import FORMULAS, ODD, analysed
from sim.metrics import METRICS
from tiermix import csv_files, runs, swapping
from tiermix.errors import RunFolderError
from tiermix.result import document
from tiermix.runs import folder_name, prepare, save

FILES = ["manifest.json", "outcomes.csv", "plan.csv", "result.json", "scenario.yaml"]


def saved(under: Path, name: str = "one tier") -> Path:
    analysis = analysed(ODD[name])
    return save(analysis, document(analysis), under, elapsed=1.5)


def table(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def fail(*_: Any, **__: Any) -> None:
    raise OSError(28, "No space left on device")


def test_it_holds_the_result_the_tables_the_scenario_and_a_manifest(tmp_path: Path) -> None:
    folder, analysis = saved(tmp_path), analysed(ODD["one tier"])
    assert sorted(path.name for path in folder.iterdir()) == FILES
    assert json.loads((folder / "result.json").read_text()) == document(analysis)
    assert (folder / "scenario.yaml").read_text() == analysis.scenario.text
    manifest = json.loads((folder / "manifest.json").read_text())
    assert set(manifest["versions"]) == {"python", "tiermix", "numpy", "scipy", "pulp", "highspy"}
    assert (manifest["seed"], manifest["worlds"], manifest["solver"]) == (1, 64, "HiGHS")
    assert manifest["elapsed_seconds"] == 1.5
    text = (folder / "scenario.yaml").read_bytes()
    assert manifest["scenario_sha256"] == hashlib.sha256(text).hexdigest()


def test_nothing_but_the_manifest_holds_a_time(tmp_path: Path) -> None:
    analysis = analysed(ODD["one tier"])
    first = save(analysis, document(analysis), tmp_path / "a", elapsed=1)
    second = save(analysis, document(analysis), tmp_path / "b", elapsed=2)
    assert first.name == second.name
    for name in set(FILES) - {"manifest.json"}:
        assert (first / name).read_bytes() == (second / name).read_bytes()


def test_its_name_tells_scenario_seed_and_worlds_apart() -> None:
    result = document(analysed(ODD["one tier"]))
    names = {folder_name(result), folder_name({**result, "seed": 2})}
    names.add(folder_name({**result, "worlds": 128}))
    names.add(folder_name({**result, "scenario": {**result["scenario"], "sha256": "0" * 64}}))
    assert len(names) == 4
    assert all(name.startswith("test-") for name in names)


def test_a_name_without_latin_letters_still_names_a_folder(tmp_path: Path) -> None:
    assert saved(tmp_path, "wide letters").name.startswith("run-")


@pytest.mark.parametrize("name", ODD)
def test_tables_have_one_header_row_and_rows_of_its_length(tmp_path: Path, name: str) -> None:
    folder = saved(tmp_path, name)
    for file in ("plan.csv", "outcomes.csv"):
        header, *rows = table(folder / file)
        assert rows
        assert all(len(row) == len(header) for row in rows)
        assert not any(cell in header for row in rows for cell in row if cell)


@pytest.mark.parametrize("name", ODD)
def test_no_cell_starts_a_formula(tmp_path: Path, name: str) -> None:
    folder = saved(tmp_path, name)
    cells = [c for f in ("plan.csv", "outcomes.csv") for row in table(folder / f) for c in row]
    for cell in cells:
        assert not cell.startswith(csv_files.FORMULA) or float(cell) < 0


def test_names_that_look_like_formulas_are_still_readable(tmp_path: Path) -> None:
    rows = table(saved(tmp_path, "formulas") / "plan.csv")[1:]
    assert [row[0] for row in rows] == [*(f"'{name}" for name in FORMULAS), "total"]


def test_outcomes_are_one_row_per_strategy_metric_and_statistic(tmp_path: Path) -> None:
    header, *rows = table(saved(tmp_path) / "outcomes.csv")
    assert header == ["strategy", "metric", "statistic", "value"]
    assert len({tuple(row[:3]) for row in rows}) == len(rows)
    assert len(rows) == len(analysed(ODD["one tier"]).strategies) * len(METRICS) * 8


def test_a_second_run_replaces_the_first(tmp_path: Path) -> None:
    folder = saved(tmp_path)
    (folder / "result.json").write_text("old")
    (folder / "report.html").write_text("of the first run")
    assert saved(tmp_path) == folder
    assert sorted(path.name for path in folder.iterdir()) == FILES
    assert json.loads((folder / "result.json").read_text())
    assert list(tmp_path.iterdir()) == [folder]


@pytest.mark.parametrize("links", [True, False])
def test_a_second_run_keeps_what_others_put_into_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    folder = saved(tmp_path)
    (folder / "frontier.json").write_text("mine")
    (folder / "nowhere").symlink_to("nothing")
    (folder / "charts" / "old").mkdir(parents=True)
    (folder / "charts" / "old" / "split.svg").write_text("drawn")
    added = ["charts", "frontier.json", "nowhere"]
    if links:
        os.mkfifo(folder / "pipe")
        added.append("pipe")
    else:
        monkeypatch.setattr("os.link", fail)
    assert saved(tmp_path) == folder
    assert sorted(path.name for path in folder.iterdir()) == sorted([*FILES, *added])
    assert (folder / "frontier.json").read_text() == "mine"
    assert (folder / "nowhere").is_symlink()
    assert (folder / "charts" / "old" / "split.svg").read_text() == "drawn"
    assert list(tmp_path.iterdir()) == [folder]


@pytest.mark.parametrize("step", ["write_csv", "_write_json", "put_in_place"])
def test_a_run_that_cannot_be_written_leaves_the_old_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    folder = saved(tmp_path)
    (folder / "mark").touch()
    monkeypatch.setattr(runs, step, fail)
    with pytest.raises(RunFolderError, match="No space left on device"):
        saved(tmp_path)
    assert (folder / "mark").exists()
    assert list(tmp_path.iterdir()) == [folder]


def test_a_folder_that_cannot_be_renamed_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = saved(tmp_path)
    (folder / "mark").touch()
    rename = Path.rename

    def stuck(self: Path, target: Path) -> Path:
        if target == folder and not self.name.endswith("-old"):
            fail()
        return rename(self, target)

    monkeypatch.setattr(swapping, "_exchanged", lambda *_: False)
    monkeypatch.setattr(Path, "rename", stuck)
    with pytest.raises(RunFolderError):
        saved(tmp_path)
    assert (folder / "mark").exists()
    assert list(tmp_path.iterdir()) == [folder]


def test_a_first_run_that_cannot_be_written_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "write_csv", fail)
    with pytest.raises(RunFolderError, match="--out"):
        saved(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_takes_nothing_is_named_before_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RunFolderError, match=r"file.*--out"):
        prepare(tmp_path / "file")
    monkeypatch.setattr(runs, "access", lambda *_: False)
    with pytest.raises(RunFolderError, match="Permission denied"):
        prepare(tmp_path)


def test_the_folder_of_all_runs_is_made(tmp_path: Path) -> None:
    prepare(tmp_path / "deep" / "runs")
    assert (tmp_path / "deep" / "runs").is_dir()
