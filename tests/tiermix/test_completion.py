"""Tab completes scenario files, run folders and objectives in every shell."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sim.metrics import OBJECTIVES
from tiermix.cli.completion import objectives, run_folders, scenario_files


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("launch.yaml", "late.yml", "notes.txt", ".hidden.yaml"):
        (tmp_path / name).touch()
    for name in ("plans", "runs/launch-12", "runs/other"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "plans/spring.yaml").touch()
    (tmp_path / "runs/launch-12/result.json").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("here")
def test_scenarios_and_folders_are_offered() -> None:
    assert set(scenario_files("")) == {"late.yml", "launch.yaml", "plans/", "runs/"}
    assert scenario_files("plans/s") == ["plans/spring.yaml"]
    assert scenario_files("nowhere/") == []


@pytest.mark.usefixtures("here")
def test_run_folders_are_offered() -> None:
    assert run_folders("runs/") == ["runs/launch-12", "runs/other/"]


def test_objectives_complete_the_last_of_a_list() -> None:
    assert objectives("") == list(OBJECTIVES)
    assert objectives("reach,con") == ["reach,conversions"]


def asked(shell: str, line: str) -> str:
    """Return what the command line prints when a shell asks it to complete a line."""
    words = line.split(" ")
    env = os.environ | {
        "_TIERMIX_COMPLETE": f"complete_{shell}",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
        "_TYPER_COMPLETE_ARGS": line,
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        "_TYPER_COMPLETE_WORD_TO_COMPLETE": words[-1],
    }
    code = "import sys; sys.argv[0] = 'tiermix'; from tiermix import cli; cli.main()"
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_every_shell_gets_an_answer(shell: str) -> None:
    assert "launch.yaml" in asked(shell, "tiermix run lau")
    assert "reach,conversions" in asked(
        shell, "tiermix crossover launch.yaml --objectives reach,con"
    )
    assert "crossover" in asked(shell, "tiermix cro")
