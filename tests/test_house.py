"""The rules of the house: types, style, who may import whom, and a README that keeps its word."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    "command",
    [
        ["ruff", "check", "."],
        ["ruff", "format", "--check", "."],
        ["mypy"],
        ["lint-imports"],
    ],
    ids=" ".join,
)
def test_the_house_is_clean(command: list[str]) -> None:
    tool = Path(sys.executable).with_name(command[0])
    done = subprocess.run([tool, *command[1:]], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_ci_finds_exactly_one_test_command_in_the_readme() -> None:
    pattern = re.search(r"grep -E '([^']+)' README.md", (ROOT / ".ci/run").read_text())
    assert pattern
    commands = re.findall(f"(?m){pattern[1]}.*$", (ROOT / "README.md").read_text())
    assert len(commands) == 1


def test_the_readme_runs_a_scenario_that_exists() -> None:
    runs = re.findall(r"tiermix run (\S+\.yaml)", (ROOT / "README.md").read_text())
    assert runs
    assert all((ROOT / path).is_file() for path in runs)


def test_the_constraints_name_no_address() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    assert lines
    assert all(re.fullmatch(r"[A-Za-z0-9_.\-]+==[\w.]+", line) for line in lines)


def test_the_readme_shows_what_the_main_job_prints(tmp_path: Path) -> None:
    shown = re.search(r"(?s)```text\n(.*?)\n```", (ROOT / "README.md").read_text())
    assert shown
    tiermix = Path(sys.executable).with_name("tiermix")
    done = subprocess.run(
        [tiermix, "run", "scenarios/skincare.yaml", "--out", tmp_path],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert [line.rstrip() for line in done.stdout.rstrip().splitlines()] == shown[1].splitlines()


def test_the_readme_lists_every_scenario() -> None:
    text = (ROOT / "README.md").read_text()
    assert all(f"(scenarios/{path.name})" in text for path in (ROOT / "scenarios").glob("*.yaml"))
