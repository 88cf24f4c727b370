"""The benchmarks run, and their contestants solve the same task."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import tail

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def test_the_textbook_program_and_tiermix_agree() -> None:
    command = [sys.executable, str(BENCHMARKS / "tail.py"), "limit-20x100k", "--smoke"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    objective = re.search(r"PuLP textbook.*objective ([+-]\S+)", done.stdout)
    assert objective, done.stdout
    assert abs(float(objective[1])) < 1e-6


def test_a_row_that_does_not_exist_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        tail.main(["limit-3x3"])
    assert "no row limit-3x3" in capsys.readouterr().err


def test_every_row_names_contestants_that_exist() -> None:
    named = {name for row in tail.ROWS.values() for name in (row.ours, *row.goals)}
    assert named == set(tail.CONTESTANTS)


def test_the_peers_of_the_benchmarks_come_with_no_address() -> None:
    lines = (BENCHMARKS / "requirements.txt").read_text().splitlines()
    assert lines
    assert all(re.fullmatch(r"[a-z]+>=[\d.]+", line) for line in lines)


def test_every_answer_of_the_quality_table_comes_with_its_gap() -> None:
    command = [sys.executable, str(BENCHMARKS / "quality.py"), "--smoke"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    gaps = re.findall(r"gap +(\S+)", done.stdout)
    assert len(gaps) == len(done.stdout.splitlines()) == 8
    assert all(0 <= float(gap) <= 1e-4 for gap in gaps)


def test_both_ways_to_compare_ten_strategies_find_the_same_means() -> None:
    command = [sys.executable, str(BENCHMARKS / "comparison.py"), "--smoke"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = re.findall(r"(?m)^(.*?): +([\d.,]+)", done.stdout)
    assert [name for name, _ in found] == [
        "naive",
        "tiermix",
        "farthest means of both",
        "intervals that hold the truth",
        "ratio",
    ]
    assert float(found[2][1]) < 5
    assert float(found[3][1]) > 0.8


def test_the_roster_benchmark_sets_three_contestants_side_by_side() -> None:
    command = [sys.executable, str(BENCHMARKS / "roster.py"), "--smoke"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    value, bound = (
        float(re.search(rf"tiermix .*?{word}\s*([\d,.]+)", done.stdout)[1].replace(",", ""))  # type: ignore[index]
        for word in ("", "bound")
    )
    plain = re.search(r"plain program +([\d,.]+)", done.stdout)
    assert plain, done.stdout
    assert float(plain[1].replace(",", "")) <= bound * (1 + 1e-9)
    assert value <= bound <= 1.01 * value


def test_the_scale_benchmark_finds_the_same_bytes_wherever_work_is_done() -> None:
    command = [sys.executable, str(BENCHMARKS / "scale.py"), "--smoke"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    different = re.search(r"different bytes, killed workers included +(\d+)", done.stdout)
    assert different, done.stdout
    assert different[1] == "0"
    assert len(done.stdout.splitlines()) == 12
