"""Nothing that anybody feeds tiermix hurts it: refused in one line, at its place, at once."""

from __future__ import annotations

import ast
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from briefs import brief
from campaigns import kills, tables
from campaigns.forked import ROOT, Ended
from tiermix.consoles import PlainConsole
from tiermix.errors import DamagedRunError, ScenarioError, TooLargeError
from tiermix.intake import read_bytes
from tiermix.plain import INSTEAD, LONGEST, MOST_LINES, plain
from tiermix.plain import brief as cut
from tiermix.quantity import parse_quantity
from tiermix.saved import document_text
from tiermix.scenario_file import parse, read
from tiermix.sizes import Size, refuse

TIERMIX = str(Path(sys.executable).with_name("tiermix"))


def tiermix(*words: str | Path, **more: object) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [TIERMIX, *map(str, words)], capture_output=True, text=True, timeout=120, check=False,
        **more,  # type: ignore[call-overload]
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    assert "internal error" not in done.stderr
    assert done.stderr.replace("\n", "").isprintable()
    return done  # type: ignore[no-any-return]


# Files


def test_a_pipe_that_nobody_writes_to_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ScenarioError, match="pipe: cannot be read: a pipe that nobody writes to"):
        read(str(tmp_path / "pipe"))


def test_a_pipe_with_a_writer_is_read() -> None:
    ours, theirs = os.pipe()
    os.write(theirs, b"a: 1")
    os.close(theirs)
    try:
        assert read_bytes(f"/dev/fd/{ours}", 100) == b"a: 1"
    finally:
        os.close(ours)


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs a device without end")
def test_no_more_is_read_than_there_is_room_for(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="larger than 1 MB"):
        read_bytes("/dev/zero", 1_000_000)
    (tmp_path / "result.json").symlink_to("/dev/zero")
    with pytest.raises(DamagedRunError, match=r"result\.json: larger than 100 MB"):
        document_text(tmp_path / "result.json")


def test_a_socket_and_a_folder_are_no_files(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(tmp_path / "socket"))
        for path in (tmp_path / "socket", tmp_path):
            with pytest.raises(ScenarioError, match="cannot be read"):
                read(str(path))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_other_encodings_are_named_with_the_remedy(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "f.yaml").write_bytes(brief().encode(encoding))
    with pytest.raises(ScenarioError, match="UTF-16 or UTF-32 text; save it as UTF-8"):
        read(str(tmp_path / "f.yaml"))


def test_a_wrong_byte_is_told_at_its_line(tmp_path: Path) -> None:
    (tmp_path / "f.yaml").write_bytes(b"tiermix: 1\nname: caf\xe9\n")
    with pytest.raises(ScenarioError, match=r"f\.yaml:2:10: not UTF-8 text: byte 20"):
        read(str(tmp_path / "f.yaml"))


# Numbers


@pytest.mark.parametrize(
    ("budget", "fine"), [("0.01", True), ("1e12", True), ("0.009", False), ("1.1e12", False)]
)
def test_a_budget_is_money_that_a_plan_can_be_made_of(budget: str, fine: bool) -> None:
    if fine:
        assert parse(brief(budget=budget), "f.yaml").budget == float(budget)
    else:
        with pytest.raises(ScenarioError, match=r"f\.yaml:3:9: budget: .* is no budget"):
            parse(brief(budget=budget), "f.yaml")


def test_a_range_of_everything_says_nothing() -> None:
    assert parse_quantity("1 to 1e6").high == 1e6
    with pytest.raises(ValueError, match="spans more than a factor of 1,000,000; narrow it"):
        parse_quantity("1 to 1.1e6")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--budgets", "1e-12:1e14"), "--budgets: expected budgets from"),
        (("--objectives", " , "), "--objectives: expected at least one metric"),
        (("--objectives", "\x1b[31m"), f"unknown metric {INSTEAD}[31m"),
    ],
)
def test_options_out_of_all_proportion_are_refused(
    words: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    (tmp_path / "f.yaml").write_text(brief())
    done = tiermix("crossover", tmp_path / "f.yaml", "-w", "64", *words)
    assert done.returncode == 2
    assert said in done.stderr


# Names


def test_nothing_steers_a_terminal() -> None:
    assert plain("a\x1b[31m\u202eb\tc\n") == f"a{INSTEAD}[31m{INSTEAD}b{INSTEAD}c\n"
    console = PlainConsole(width=40, force_terminal=True, color_system=None)
    with console.capture() as shown:
        console.print("a\x1b]0;title b\u200f", markup=False, highlight=False)
    assert shown.get() == f"a{INSTEAD}]0;title b{INSTEAD}\n"


def test_no_message_floods_a_terminal() -> None:
    told = cut("x" * 1_000_000 + "\n" * 10_000)
    assert max(map(len, told.splitlines())) <= LONGEST + 3
    assert len(told.splitlines()) == MOST_LINES + 1
    assert told.endswith("and 9,801 more lines")


# Sizes


def test_what_has_no_room_is_refused_with_what_it_would_take() -> None:
    refuse("f.yaml", Size(plans=5, lines=4, segments=2, worlds=4096), most_memory=4e9)
    with pytest.raises(TooLargeError, match=r"f\.yaml: 10,000,000 worlds .* GB of memory"):
        refuse("f.yaml", Size(plans=5, lines=4, segments=2, worlds=10_000_000), most_memory=4e9)
    with pytest.raises(TooLargeError, match=r"9,000 plans .* about 11 hours"):
        refuse("f.yaml", Size(plans=9_000, lines=2, segments=2, worlds=64), most_memory=4e9)


# Run folders


def test_a_damaged_answer_to_another_question_is_left_out_and_told(tmp_path: Path) -> None:
    (tmp_path / "f.yaml").write_text(brief())
    assert (
        tiermix("run", tmp_path / "f.yaml", "-w", "64", "--out", tmp_path / "runs").returncode == 0
    )
    (folder,) = (tmp_path / "runs").iterdir()
    (folder / "sensitivity.json").write_text("{")
    scenario = json.loads((folder / "result.json").read_text())["scenario"]
    (folder / "frontier.json").write_text(json.dumps({"tiermix": 1, "scenario": scenario}))
    done = tiermix("report", folder)
    assert done.returncode == 0
    assert "Left out: " in done.stderr
    assert "sensitivity.json: is damaged: it is no JSON" in done.stderr
    assert "frontier.json: can not be drawn (KeyError" in done.stderr
    (folder / "report.json").write_text('{"tiermix": 1}')
    done = tiermix("report", folder)
    assert done.returncode == 1
    assert "run the scenario again" in done.stderr


def test_a_run_folder_that_is_a_link_elsewhere_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "f.yaml").write_text(brief())
    words = ("run", tmp_path / "f.yaml", "-w", "64", "--no-report", "--out", tmp_path / "runs")
    assert tiermix(*words).returncode == 0
    (folder,) = (tmp_path / "runs").iterdir()
    shutil.move(folder, tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    before = sorted(path.stat().st_mtime_ns for path in (tmp_path / "elsewhere").iterdir())
    done = tiermix(*words)
    assert done.returncode == 2
    assert "something else has the name of the run folder" in done.stderr
    assert before == sorted(path.stat().st_mtime_ns for path in (tmp_path / "elsewhere").iterdir())


# Campaigns, short


def campaign(name: str, *words: str) -> dict[str, int]:
    """Run a campaign in a process without threads, which may fork; return what it counted."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", f"campaigns.{name}", *words], cwd=ROOT,
        env=os.environ | {"PYTHONPATH": "tests"}, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    counts = done.stdout.splitlines()[-1].partition(": ")[2].rpartition("; ")[0]
    return defaultdict(int, ast.literal_eval(counts))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_fuzzed_scenario_files_are_read_or_refused_at_their_places() -> None:
    counts = campaign("scenarios", "--files", "150", "--runs", "4", "--seed", "11")
    assert counts["valid"] > 10
    assert counts["invalid"] > 50
    assert counts["runs"] == 4


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_fuzzed_tables_are_read_or_refused_at_their_places() -> None:
    counts = campaign("tables", "--files", "100", "--seed", "11")
    for kind in tables.KINDS:
        assert counts[f"{kind} read"] > 3
        assert counts[f"{kind} refused"] > 3


def test_a_campaign_notices_what_is_wrong() -> None:
    assert Ended(0, "fine\n", "").wrong() == ""
    assert Ended(1, "", "f.yaml:1:2: budget: is no number\n").wrong() == ""
    assert Ended(1, "", "Traceback (most recent call last):\n").wrong()
    assert Ended(2, "", "tiermix: internal error: KeyError: 1\n").wrong()
    assert Ended(1, "", "").wrong() == "fails without a word"
    assert Ended(-9, "", "").wrong() == "exit code -9"
    assert Ended(0, "a\x1b[31m", "").wrong() == "unprintable"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["SIGKILL", "SIGINT", "SIGTERM"])
def test_a_run_that_is_ended_at_any_moment_leaves_a_whole_folder(name: str) -> None:
    file = ROOT / "scenarios" / "small_brand.yaml"
    number = signal.Signals[name]
    found = kills.campaign(file, 30, number, 1, "--worlds", "256", "--no-report")
    assert not found.failures
