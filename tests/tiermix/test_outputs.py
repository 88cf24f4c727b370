"""Full disks, readers who have gone, and odd targets: no half a file, and the right exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from briefs import brief
from tiermix.errors import DamagedRunError, FileExistsAlreadyError
from tiermix.saved import document_text
from tiermix.whole_files import drafted, write_new

TIERMIX = str(Path(sys.executable).with_name("tiermix"))
CURVES = "spend,response\n0,0\n1000,5\n5000,9\n"

#: A process that may write no file of more than 20 bytes, as on a full disk.
FULL = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (20, 20))
sys.argv[0] = "tiermix"
from tiermix.start import main
main()
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "curves.csv").write_text(CURVES)
    (tmp_path / "f.yaml").write_text(brief())
    return tmp_path / "f.yaml"


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits of POSIX")
@pytest.mark.parametrize(
    "words",
    [["run", "f.yaml", "-w", "64", "--no-report", "--out", "."],
     ["init", "out"], ["import", "curves.csv", "--out", "out"],
     ["frontier", "f.yaml", "-w", "64", "--points", "2", "--csv", "out"]],
    ids=lambda words: words[0],
)  # fmt: skip
def test_a_full_disk_leaves_no_half_a_file(file: Path, words: list[str]) -> None:
    before = sorted(os.listdir(file.parent))
    done = subprocess.run(
        [sys.executable, "-c", FULL, *words], cwd=file.parent, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "cannot be written (File too large)" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert sorted(os.listdir(file.parent)) == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_device_that_takes_nothing_is_not_removed(file: Path) -> None:
    pytest.importorskip("pyarrow")
    link = file.parent / "link"  # a link, so that no mistake can cost the device
    link.symlink_to("/dev/full")
    words = ["run", "f.yaml", "-w", "64", "--no-report", "--save-worlds", "link"]
    done = subprocess.run([TIERMIX, *words], cwd=file.parent, capture_output=True, text=True)
    assert done.returncode == 2
    assert "link: cannot be written" in done.stderr
    assert link.is_symlink()


@pytest.mark.parametrize("target", ["old", "new"])
def test_a_file_takes_its_place_as_a_whole(tmp_path: Path, target: str) -> None:
    (tmp_path / "old").write_text("before")
    (tmp_path / "old").chmod(0o640)
    with drafted(tmp_path / target) as draft:
        draft.write_text("after")
        assert (tmp_path / "old").read_text() == "before"
        assert not (tmp_path / "new").exists()
    assert (tmp_path / target).read_text() == "after"
    assert (tmp_path / "old").stat().st_mode & 0o777 == 0o640
    assert sorted(os.listdir(tmp_path)) == sorted({"old", target})


def test_what_fails_leaves_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("before")
    (tmp_path / "link").symlink_to("old")
    with suppress(ZeroDivisionError), drafted(tmp_path / "link") as draft:
        draft.write_text("half")
        raise ZeroDivisionError
    assert (tmp_path / "link").read_text() == "before"
    assert sorted(os.listdir(tmp_path)) == ["link", "old"]
    with pytest.raises(UnicodeEncodeError):
        write_new(tmp_path / "new", "half \ud800", "choose another name")
    assert not (tmp_path / "new").exists()
    with pytest.raises(FileExistsAlreadyError, match="left as it is: choose another name"):
        write_new(tmp_path / "old", "after", "choose another name")
    assert (tmp_path / "old").read_text() == "before"


@pytest.mark.parametrize(
    ("words", "code"),
    [(["validate", "f.yaml"], 0), (["validate", "none.yaml"], 1), (["run", "--bogus"], 2),
     (["simulate", "none.yaml"], 1), (["init", "new.yaml"], 0), (["verify", "none"], 1)],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("kind", ["left", "full"])
def test_the_exit_code_does_not_depend_on_who_hears_the_errors(
    file: Path, words: list[str], code: int, kind: str
) -> None:
    if kind == "full" and not Path("/dev/full").exists():
        pytest.skip("needs a device that is always full")
    ours, theirs = os.pipe() if kind == "left" else (-1, os.open("/dev/full", os.O_WRONLY))
    if ours >= 0:
        os.close(ours)
    done = subprocess.run(
        [TIERMIX, *words], cwd=file.parent, stdout=subprocess.PIPE, stderr=theirs, text=True
    )
    os.close(theirs)
    assert done.returncode == code
    assert "Traceback" not in done.stdout


def test_a_name_that_no_folder_can_have_is_no_run() -> None:
    with pytest.raises(DamagedRunError, match="name a folder that tiermix run wrote"):
        document_text(Path("x" * 5_000) / "result.json")


def test_digits_of_every_script_are_digits(file: Path) -> None:
    """Options take them, and the answer shows the number in plain ones."""
    done = subprocess.run(
        [TIERMIX, "simulate", "f.yaml", "--worlds", "\uff11\uff12\uff18"],
        cwd=file.parent, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "(128 worlds" in done.stdout
