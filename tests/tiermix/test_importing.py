"""A table of curves becomes a scenario that runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from tiermix.analysing import analyse
from tiermix.cli import app
from tiermix.errors import FileExistsAlreadyError, TableError, UsageError
from tiermix.importing import import_curves
from tiermix.scenario_file import read

SHARED = Path(__file__).parents[2] / "../shared/data/reach_frequency_curves.csv"
TABLE = """\
Channel,Draw,Media spend,Incremental
TV,1,1000,10
TV,1,2000,30
TV,2,1000,12
TV,2,2000,20
yes: no,1,500,5
yes: no,2,500,6
"""


def table(folder: Path, text: str = TABLE, name: str = "a table.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_every_channel_becomes_a_curve(tmp_path: Path) -> None:
    out = tmp_path / "s.yaml"
    assert import_curves(table(tmp_path), out) == ("TV", "yes: no")
    scenario = read(str(out))
    assert scenario.budget == 1200  # half of 2,000 + 500, in two figures
    assert [curve.kind.n_draws for curve in scenario.campaign.curves] == [2, 2]
    assert analyse(scenario).optimum is not None


def test_a_table_of_one_curve_needs_no_channel(tmp_path: Path) -> None:
    out = tmp_path / "s.yaml"
    one = table(tmp_path, "cost;reach\n1000;20\n")
    assert import_curves(one, out, budget=700.0) == ("channel",)
    assert read(str(out)).budget == 700


def test_the_table_may_lie_in_another_folder(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "plans").mkdir()
    out = tmp_path / "plans" / "s.yaml"
    import_curves(table(tmp_path / "data"), out)
    assert read(str(out)).lines == ("TV", "yes: no")


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    out = tmp_path / "s.yaml"
    out.write_text("mine", encoding="utf-8")
    with pytest.raises(FileExistsAlreadyError, match="left as it is"):
        import_curves(table(tmp_path), out)
    assert out.read_text(encoding="utf-8") == "mine"


def test_what_is_wrong_leaves_no_scenario(tmp_path: Path) -> None:
    out = tmp_path / "s.yaml"
    with pytest.raises(TableError, match="column Incremental: 10 is less than 90"):
        import_curves(
            table(tmp_path, TABLE.replace("1000,10\nTV,1,2000,30", "100,90\nTV,1,200,10")), out
        )
    with pytest.raises(UsageError, match="budget"):
        import_curves(table(tmp_path), out, budget=-1.0)
    assert not out.exists()


def test_a_scenario_that_is_not_written_is_not_named(tmp_path: Path) -> None:
    out = tmp_path / "out.yaml"
    text = "spend,response\n0,0\n9e12,10\n"
    with pytest.raises(TableError, match=r"a table.csv: makes no scenario: budget: .* --budget"):
        import_curves(table(tmp_path, text), out)
    with pytest.raises(UsageError, match=r"--budget: .* is no budget; expected 0.01 to"):
        import_curves(table(tmp_path), out, budget=1e13)
    assert not out.exists()


def test_the_command_says_what_to_do_next(tmp_path: Path) -> None:
    out = tmp_path / "s.yaml"
    done = CliRunner().invoke(app, ["import", str(table(tmp_path)), "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert f"Now: tiermix run {out}" in done.stderr.replace("\n", "")


@pytest.mark.skipif(not SHARED.exists(), reason="needs the shared data")
def test_curves_of_a_media_mix_tool_are_read_as_they_are(tmp_path: Path) -> None:
    out = tmp_path / "s.yaml"
    lines = import_curves(SHARED, out)
    assert lines == tuple(f"reach {k}+" for k in range(1, 11))
    analysis = analyse(read(str(out)))
    assert analysis.optimum is not None
    assert analysis.optimum.solution.status == "optimal"
