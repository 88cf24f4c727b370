"""A kill at any moment leaves the old run folder or the new one, and holds nobody up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from briefs import brief
from tiermix import cli, swapping
from tiermix.errors import RunFolderError
from tiermix.folder_lock import locked
from tiermix.swapping import put_in_place, swept

NAME = "run-0123456789"

#: What a process does that is killed at the n-th time it asks the system for something.
SWAPPING = """
import ctypes, os, shutil, signal, sys
from pathlib import Path
from tiermix import swapping
left = [int(sys.argv[1])]
def counted(of):
    def call(*words, **named):
        for _ in range(2):  # before, and (once it is done) after
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            if _ == 0:
                found = of(*words, **named)
        return found
    return call
Path.rename = counted(Path.rename)
os.fsync = counted(os.fsync)
os.unlink = counted(os.unlink)
shutil.rmtree = counted(shutil.rmtree)
exchanged = swapping._exchanged
swapping._exchanged = counted(exchanged if sys.argv[2] == "exchange" else lambda *_: False)
swapping.put_in_place(Path("draft").rename(".{name}-01234567"), Path("{name}"))
print("done")
"""


def folder(at: Path, text: str) -> None:
    """Make a folder with two files of one text."""
    at.mkdir()
    for name in ("a", "b"):
        (at / name).write_text(text)


def texts(at: Path) -> list[str]:
    """Return the texts of the files in a folder."""
    return [(at / name).read_text() for name in sorted(os.listdir(at))]


@pytest.mark.parametrize("way", ["exchange", "aside"])
def test_a_kill_at_any_moment_leaves_the_old_folder_or_the_new_one(
    tmp_path: Path, way: str
) -> None:
    ends = set()
    for step in range(1, 40):
        under = tmp_path / str(step)
        under.mkdir()
        folder(under / NAME, "old")
        folder(under / "draft", "new")
        done = subprocess.run(
            [sys.executable, "-S", "-c", SWAPPING.replace("{name}", NAME), str(step), way],
            cwd=under,
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )
        if way == "exchange":
            assert texts(under / NAME) in (["old"] * 2, ["new"] * 2), step
        swept(under, NAME)
        assert texts(under / NAME) in (["old"] * 2, ["new"] * 2), (step, done.stderr)
        ends.add(texts(under / NAME)[0])
        if "done" in done.stdout:
            break
        assert done.returncode == -signal.SIGKILL, done.stderr
        assert [p.name for p in under.iterdir() if p.name != "draft"] == [NAME]
    assert "done" in done.stdout
    assert ends == {"old", "new"}


def test_where_names_cannot_be_exchanged_the_old_folder_is_set_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(swapping, "_exchanged", lambda *_: False)
    folder(tmp_path / NAME, "old")
    folder(tmp_path / "draft", "new")
    put_in_place(tmp_path / "draft", tmp_path / NAME)
    assert texts(tmp_path / NAME) == ["new", "new"]
    assert os.listdir(tmp_path) == [NAME]


def test_only_what_is_left_of_this_run_is_swept(tmp_path: Path) -> None:
    for name in (f".{NAME}-01234567", f".{NAME}-01234567-old", ".run-9876543210-01234567", "mine"):
        folder(tmp_path / name, name)
    swept(tmp_path, NAME)
    assert sorted(os.listdir(tmp_path)) == [".run-9876543210-01234567", "mine", NAME]
    assert texts(tmp_path / NAME) == [f".{NAME}-01234567-old"] * 2


HOLDING = """
import sys, time
from pathlib import Path
from tiermix.folder_lock import locked
with locked(Path(sys.argv[1]), sys.argv[2]):
    print("held", flush=True)
    time.sleep(60)
"""


def holder(under: Path) -> subprocess.Popen[str]:
    """Start a process that holds the lock."""
    command = [sys.executable, "-c", HOLDING, str(under), NAME]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_process_is_refused_until_the_first_is_dead(tmp_path: Path) -> None:
    with holder(tmp_path) as first:
        with pytest.raises(RunFolderError) as refused, locked(tmp_path, NAME):
            pass
        said = f"{NAME}: process {first.pid} on "
        assert said in str(refused.value)
        assert time.strftime("at this run since %Y-") in str(refused.value)
        with locked(tmp_path, "another"):
            pass
        first.kill()
    assert (tmp_path / f".{NAME}.lock").exists()
    with locked(tmp_path, NAME), pytest.raises(RunFolderError, match=f"process {os.getpid()} "):
        locked(tmp_path, NAME).__enter__()
    assert os.listdir(tmp_path) == []


def test_the_command_line_refuses_a_run_that_is_under_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "brief.yaml").write_text(brief())
    monkeypatch.chdir(tmp_path)
    words = ["tiermix", "run", "brief.yaml", "--no-report"]
    monkeypatch.setattr("sys.argv", words)
    with pytest.raises(SystemExit, match="0"):
        cli.main()
    (made,) = Path("runs").iterdir()
    with locked(Path("runs"), made.name), pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    assert f"process {os.getpid()} on" in capsys.readouterr().err
