"""A run that is killed is gone on with, and comes to the same bytes; nothing foreign is used."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

import far_tasks
from briefs import brief
from optimize.errors import InfeasibleError
from sim.mapping import one_by_one
from sim.purchase import PARTS, WHOLE
from tiermix import checkpoint
from tiermix.checkpoint import about, kept, opened
from tiermix.errors import RunFolderError, SchedulerError
from tiermix.fingerprint import fingerprint
from tiermix.folder_lock import locked
from tiermix.forgotten import sweep
from tiermix.plain_data import decoded, digest, encoded
from tiermix.scenario_file import parse
from tiermix.stopping import Terminated

SMALL = brief(simulation="{worlds: 1100, seed: 4}")

numbers = st.sampled_from([np.dtype(kind) for kind in ("f8", "f4", "i8", "u1", "?")])
leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=5)
    | arrays(numbers, array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))
)
values = st.recursive(
    leaves,
    lambda part: (
        st.lists(part, max_size=3)
        | st.lists(part, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=4), part, max_size=3)
    ),
    max_leaves=8,
)


def same(one: object, other: object) -> bool:
    """Return whether two values are the same to the bit, kind and layout."""
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        alike = one.dtype == other.dtype and one.shape == other.shape
        return alike and one.tobytes() == other.tobytes() and one.flags.fnc == other.flags.fnc
    if type(one) is not type(other):
        return False
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other and repr(one) == repr(other)


@given(values)
def test_plain_data_come_back_to_the_bit(value: object) -> None:
    assert same(decoded(encoded(value)), value)


@given(arrays(np.float64, (3, 4)))
def test_the_layout_of_arrays_comes_back(array: np.ndarray) -> None:
    assert same(decoded(encoded(array.T)), array.T)


@given(st.binary(max_size=60), st.integers(0, 200), st.integers(0, 255))
def test_what_is_damaged_is_a_value_error_or_plain_data(data: bytes, at: int, byte: int) -> None:
    whole = bytearray(encoded({"a": np.arange(3.0), "b": (1, None)}))
    whole[at % len(whole)] = byte
    for bad in (data, bytes(whole)):
        with suppress(ValueError):
            decoded(bad)


def test_what_is_no_plain_data_is_refused() -> None:
    for value in (object(), {1: 2}, np.array([object()]), partial(int)):
        with pytest.raises(TypeError, match="no plain data"):
            encoded(value)


@given(values, values)
def test_different_content_has_different_hashes(one: object, other: object) -> None:
    assert (digest(one) == digest(other)) == (encoded(one) == encoded(other)) or same(one, other)


def test_hashes_depend_on_everything_in_a_task() -> None:
    scenario = parse(SMALL, "test.yaml")
    tasks = [
        partial(far_tasks.squared_after_a_death, Path("a")),
        partial(far_tasks.squared_after_a_death, Path("b")),
        partial(far_tasks.squared, 1),
        partial(far_tasks.squared, True),
        partial(far_tasks.squared, x=1),
        far_tasks.squared,
        scenario.campaign,
        parse(SMALL.replace("10%", "11%"), "test.yaml").campaign,
        PARTS,
        WHOLE,
    ]
    assert len({digest(task) for task in tasks}) == len(tasks)
    again = parse(SMALL, "test.yaml").campaign
    assert digest(again) == digest(scenario.campaign)
    with pytest.raises(TypeError, match="cannot be told"):
        digest(lambda x: x)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where a checkpoint is that keeps everything at once."""
    monkeypatch.setattr(checkpoint, "SHORT", -1)
    return tmp_path / ".run-0123456789.checkpoint"


def interrupted(path: Path, done: int, of: str = "this") -> list[str]:
    """Do some of the work of a run that is then interrupted; return what was said."""
    return interrupted_at(path, range(done), of)


def interrupted_at(path: Path, items: Iterable[int], of: str = "this") -> list[str]:
    """Do the work of some items, then interrupt the run; return what was said."""
    said = list[str]()
    with (
        suppress(KeyboardInterrupt),
        opened(path, lambda: of, said.append, resume=False) as store,
    ):
        list(kept(one_by_one, store)(far_tasks.squared, items))
        raise KeyboardInterrupt
    return said


@pytest.mark.parametrize(
    ("error", "goes_on"),
    [(InfeasibleError("no plan"), False), (KeyError("a bug"), False), (MemoryError(), True),
     (SchedulerError("a worker was lost"), True), (OSError(28, "full"), True),
     (RunFolderError("full"), True), (Terminated(), True)],
    ids=repr,
)  # fmt: skip
def test_only_what_may_pass_is_gone_on_with(
    path: Path, error: BaseException, goes_on: bool
) -> None:
    said = list[str]()
    with (
        suppress(type(error)),
        opened(path, lambda: "this", said.append, resume=False) as store,
    ):
        list(kept(one_by_one, store)(far_tasks.squared, range(3)))
        raise error
    assert path.exists() == goes_on
    assert len(said) == goes_on


def test_what_nobody_goes_on_with_is_swept_after_four_weeks(tmp_path: Path) -> None:
    old = [".run-0123456789.checkpoint", ".run-0123456789.checkpoint-wal"]
    used = [".run-9876543210.checkpoint", ".run-9876543210.checkpoint-wal"]
    others = [".run-aaaaaaaaaa.checkpoint", ".run-b-0123456789.checkpoint", "run-0123456789"]
    for name in (*old, *used, *others):
        (tmp_path / name).touch()
    for name in (*old, used[0], *others[1:]):
        os.utime(tmp_path / name, (0, 0))  # of `used`, the log was written to just now
    with locked(tmp_path, "run-0123456789"):
        sweep(tmp_path, "run-ffffffffff")
        assert (tmp_path / old[0]).exists()
    sweep(tmp_path, "run-ffffffffff")
    assert sorted(os.listdir(tmp_path)) == sorted([*used, *others])


def resumed(path: Path, items: int, of: str = "this") -> tuple[list[int], list[int], list[str]]:
    """Go on with a run; return the results, what was worked on, and what was said."""
    worked, said = list[int](), list[str]()

    def noted(task: object, left: Iterator[int], /) -> Iterator[int]:
        for item in left:
            worked.append(item)
            yield item * item

    with opened(path, lambda: of, said.append, resume=True) as store:
        results = list(kept(noted, store)(far_tasks.squared, range(items)))  # type: ignore[arg-type]
    return results, worked, said


def test_finished_work_is_not_done_again(path: Path) -> None:
    assert interrupted(path, 7) == [
        "What is finished is kept: the same command with --resume goes on from there."
    ]
    results, worked, said = resumed(path, 10)
    assert results == [x * x for x in range(10)]
    assert worked == [7, 8, 9]
    assert said == ["Going on with 7 finished pieces of work of an interrupted run."]
    assert list(path.parent.iterdir()) == []


def test_work_that_is_finished_in_the_middle_is_found_in_order(path: Path) -> None:
    interrupted_at(path, [2, 3, 7])
    results, worked, _ = resumed(path, 9)
    assert results == [x * x for x in range(9)]
    assert worked == [0, 1, 4, 5, 6, 8]


def test_a_short_run_keeps_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "SHORT", 60)
    assert interrupted(path, 5) == []
    assert list(path.parent.iterdir()) == []


def test_what_another_task_has_done_is_not_used(path: Path) -> None:
    interrupted(path, 5)
    with opened(path, lambda: "this", lambda line: None, resume=True) as store:
        task = partial(max, 3)
        assert list(kept(one_by_one, store)(task, range(5))) == [3, 3, 3, 3, 4]


def test_the_work_of_another_run_is_not_used_and_that_is_said(path: Path) -> None:
    scenario = parse(SMALL, "test.yaml")
    other = parse(SMALL + "# a word\n", "test.yaml")
    interrupted(path, 5, about(scenario, ""))
    _, worked, said = resumed(path, 5, about(other, ""))
    assert worked == [0, 1, 2, 3, 4]
    assert said == [f"{path}: the checkpoint is of another scenario file and is not used"]


def test_the_work_of_another_version_is_not_used(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = parse(SMALL, "test.yaml")
    interrupted(path, 5, about(scenario, ""))
    found = fingerprint() | {"numpy": "1.0"}
    monkeypatch.setattr(checkpoint, "fingerprint", lambda: found)
    _, worked, said = resumed(path, 5, about(scenario, ""))
    assert worked == [0, 1, 2, 3, 4]
    assert "another version (numpy)" in said[0]


def test_where_there_is_nothing_to_go_on_with_it_is_said(path: Path) -> None:
    assert resumed(path, 2)[2] == [
        "There is no interrupted run to go on with: starting from the beginning."
    ]
    other = path.with_name(".run-9876543210.checkpoint")
    other.touch()
    (said,) = resumed(path, 2)[2]
    assert str(other) in said
    assert "another scenario file" in said


@pytest.mark.parametrize("at", range(0, 12_000, 1_024))
def test_a_damaged_checkpoint_changes_no_result(path: Path, at: int) -> None:
    interrupted(path, 40)
    data = bytearray(path.read_bytes())
    if at >= len(data):
        data = data[: len(data) // 2]
    data[at % len(data) : at % len(data) + 300] = b"\xa5" * 300
    path.write_bytes(bytes(data))
    results, _, _ = resumed(path, 45)
    assert results == [x * x for x in range(45)]


def test_a_result_that_was_changed_is_worked_out_again(path: Path) -> None:
    interrupted(path, 3)
    with sqlite3.connect(path) as base:
        base.execute("UPDATE work SET result = ?", [encoded(5)])
    base.close()
    assert resumed(path, 3)[0] == [0, 1, 4]


def test_a_full_disk_is_told_with_the_remedy(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "TABLES", f"{checkpoint.TABLES}; PRAGMA max_page_count = 9")
    monkeypatch.setattr(checkpoint, "PACE", -1)
    said = list[str]()
    with (
        pytest.raises(RunFolderError, match=r"full.*--resume.*--out"),
        opened(path, lambda: "this", said.append, resume=False) as store,
    ):
        list(kept(one_by_one, store)(far_tasks.squared, range(1_000)))
    monkeypatch.undo()
    assert said == ["What is finished is kept: the same command with --resume goes on from there."]
    results, worked, _ = resumed(path, 1_000)
    assert results == [x * x for x in range(1_000)]
    assert 0 < len(worked) < 1_000


# Whole runs


DYING = """
from tiermix import checkpoint
checkpoint.SHORT, checkpoint.PACE = -1, -1
put, left = checkpoint.Checkpoint.put, [{after}]
def dying(self, key, result):
    put(self, key, result)
    left[0] -= 1
    if left[0] == 0:
        import os, signal
        os.kill(os.getpid(), signal.SIGKILL)
checkpoint.Checkpoint.put = dying
"""


def run(folder: Path, *words: str, after: int = -1) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process that is killed after some pieces of work."""
    code = f"{DYING.format(after=after)}\nimport sys\nfrom tiermix import cli\ncli.main()"
    command = [sys.executable, "-c", code, "run", "brief.yaml", "--no-report", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def results(folder: Path) -> dict[str, bytes]:
    """Return the files of the only run folder, the times of the manifest apart."""
    (found,) = (path for path in (folder / "runs").iterdir())
    files = {path.name: path.read_bytes() for path in found.iterdir()}
    files["manifest.json"] = re.sub(rb'"elapsed_seconds".*', b"", files["manifest.json"])
    return files


def test_a_killed_run_that_is_gone_on_with_comes_to_the_same_bytes(tmp_path: Path) -> None:
    for name in ("whole", "killed"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "brief.yaml").write_text(SMALL)
    assert run(tmp_path / "whole", "--certify").returncode == 0
    killed = run(tmp_path / "killed", "--certify", after=8)
    assert killed.returncode == -signal.SIGKILL
    gone_on = run(tmp_path / "killed", "--certify", "--resume")
    assert gone_on.returncode == 0
    assert "Going on with 8 finished" in gone_on.stderr
    assert results(tmp_path / "killed") == results(tmp_path / "whole")


def test_an_interrupted_run_says_how_to_go_on(tmp_path: Path) -> None:
    (tmp_path / "brief.yaml").write_text(SMALL)
    code = DYING.format(after=1).replace("SIGKILL", "SIGINT")
    code = f"import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n{code}"
    command = [sys.executable, "-c", f"{code}\nfrom tiermix import cli\ncli.main()"]
    done = subprocess.run(
        [*command, "run", "brief.yaml"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 130
    assert done.stderr.splitlines() == [
        "What is finished is kept: the same command with --resume goes on from there.",
        "Interrupted.",
    ]
    assert os.listdir(tmp_path / "runs") != []
