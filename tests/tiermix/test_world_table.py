"""Every metric in every world, for other tools."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyarrow import parquet
from typer.testing import CliRunner

from briefs import brief
from sim.metrics import METRICS
from tiermix import world_table
from tiermix.cli import app


def saved(tmp_path: Path) -> tuple[Any, Any]:
    """Return the table of a run and its result."""
    file, out = tmp_path / "brief.yaml", tmp_path / "worlds.parquet"
    nothing = "{micro_only: {micro: 100%}, nothing: {micro: 0%}}"
    file.write_text(brief(strategies=nothing), encoding="utf-8")
    words = ["run", str(file), "--out", str(tmp_path), "--no-report", "--json"]
    done = CliRunner().invoke(app, [*words, "--save-worlds", str(out)])
    assert done.exit_code == 0, done.stderr
    return parquet.read_table(out), json.loads(done.stdout)


def test_it_holds_every_strategy_world_and_metric_with_units(tmp_path: Path) -> None:
    table, result = saved(tmp_path)
    assert table.num_rows == len(result["strategies"]) * result["worlds"]
    money = [name for name, metric in METRICS.items() if metric.unit == "money"]
    columns = [f"{name}_USD" if name in money else name for name in METRICS]
    assert table.column_names == ["strategy", "world", *columns]
    names, worlds = table["strategy"].to_pylist(), table["world"].to_numpy()
    for name in result["strategies"]:
        mine = np.array([x == name for x in names])
        assert worlds[mine].tolist() == list(range(result["worlds"]))


def test_its_spread_is_that_of_the_result(tmp_path: Path) -> None:
    table, result = saved(tmp_path)
    mine = np.array([x == "micro_only" for x in table["strategy"].to_pylist()])
    for metric in ("impressions", "revenue_USD", "cpm_USD"):
        statistics = result["strategies"]["micro_only"]["metrics"][metric.removesuffix("_USD")]
        values = np.sort(table[metric].to_numpy()[mine])
        if metric != "revenue_USD":  # nothing of these is counted
            assert values[31] == pytest.approx(statistics["p50"])
        assert values[0] <= statistics["p25"] <= values[-1]


def test_what_is_not_defined_is_null(tmp_path: Path) -> None:
    table, _ = saved(tmp_path)
    nothing = np.array([x == "nothing" for x in table["strategy"].to_pylist()])
    for metric in ("cpa_USD", "cpm_USD", "roas"):
        assert table[metric].is_null().to_numpy()[nothing].all()
        assert not table[metric].is_null().to_numpy()[~nothing].any()


def test_a_file_that_cannot_be_written_or_a_missing_library_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "brief.yaml"
    file.write_text(brief(), encoding="utf-8")
    words = ["run", str(file), "--out", str(tmp_path), "--no-report", "--save-worlds"]
    done = CliRunner().invoke(app, [*words, str(tmp_path / "no" / "such.parquet")])
    assert "cannot be written" in str(done.exception)
    monkeypatch.setattr(world_table, "find_spec", lambda name: None)
    done = CliRunner().invoke(app, [*words, str(tmp_path / "x.parquet")])
    assert "tiermix[worlds]" in str(done.exception)
