"""The command line, as marketers, pipes and the impatient use it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from briefs import brief
from tiermix import cli
from tiermix.result_schema import result_schema

ROOT = Path(__file__).parents[2]
TIERMIX = str(Path(sys.executable).with_name("tiermix"))

COMMANDS = (
    "run", "simulate", "optimize", "compare", "benchmark", "frontier", "crossover", "sensitivity",
    "verify",
    "validate", "init", "schema", "report", "explore",
)  # fmt: skip

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Call:
    """Return a function that runs the command line here, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("TIERMIX_SEED", "TIERMIX_WORLDS", "TIERMIX_OUT", "TIERMIX_DEBUG"):
        monkeypatch.delenv(name, raising=False)

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["tiermix", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return int(ended.value.code or 0), out, err

    return run


@pytest.fixture
def file(tmp_path: Path) -> str:
    """Return the path of a scenario file that is quick to run."""
    path = tmp_path / "brief.yaml"
    path.write_text(brief(simulation="{worlds: 64, seed: 5}"), encoding="utf-8")
    return str(path)


def python(code: str, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run Python code, then the command line, in a process of its own."""
    script = (
        "import signal, sys\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # may be ignored at first
        f"from tiermix import cli\n{code}\nsys.argv[0] = 'tiermix'\ncli.main()\n"
    )
    return subprocess.run(
        [sys.executable, "-c", script, *words],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | env,
    )


# Help


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_every_command_has_an_example(call: Call, command: str) -> None:
    code, out, _ = call(command, "--help")
    assert code == 0
    assert f"Example: tiermix {command}" in out
    assert max(map(len, out.splitlines())) <= 80


def test_the_help_names_every_command(call: Call) -> None:
    code, out, _ = call("--help")
    assert code == 0
    assert all(re.search(rf"(?m)^  {command} ", out) for command in COMMANDS)


@pytest.mark.parametrize(
    ("command", "heavy"),
    [
        ([], ("numpy", "pydantic")),
        (["run"], ("numpy", "scipy", "pulp", "pydantic", "ruamel", "rich")),
    ],
    ids=["tiermix", "tiermix run"],
)
def test_help_loads_nothing_heavy(command: list[str], heavy: tuple[str, ...]) -> None:
    code = (
        "import atexit\n"
        f"loaded = lambda: [name for name in {heavy!r} if name in sys.modules]\n"
        "atexit.register(lambda: sys.stderr.write(repr(loaded())))"
    )
    assert python(code, *command, "--help").stderr == "[]"


# Exit codes


@pytest.mark.parametrize(
    "words",
    [["bogus"], ["run"], ["run", "a", "b"], ["run", "a", "--worlds", "3"], ["run", "a", "--no"],
     ["simulate", "a", "--seed", "-1"], ["compare"]],
    ids=" ".join,
)  # fmt: skip
def test_wrong_usage_is_2_and_says_where_help_is(call: Call, words: list[str]) -> None:
    code, out, err = call(*words)
    assert (code, out) == (2, "")
    assert "--help" in err or "-h" in err


@pytest.mark.parametrize(
    ("worlds", "memory"),
    [("1_000_000_000_001", "400,000 GB"), ("9" * 600, "400,000,000 GB")],
    ids=["a trillion", "600 digits"],
)
@pytest.mark.parametrize("command", ["run", "compare", "benchmark", "sensitivity"])
def test_absurdly_many_worlds_are_refused_with_the_memory_they_take(
    call: Call, file: str, command: str, worlds: str, memory: str
) -> None:
    code, out, err = call(command, file, "--worlds", worlds)
    assert (code, out) == (2, "")
    assert f"takes at least {memory} of memory for each plan" in " ".join(err.split())
    assert len(err) < 500


@pytest.mark.parametrize("name", ["missing.yaml", "."])
def test_a_file_that_cannot_be_read_is_1(call: Call, name: str) -> None:
    code, out, err = call("run", name)
    assert (code, out) == (1, "")
    assert err.startswith(f"{name}: cannot be read: ")


def test_limits_in_conflict_are_1_and_name_the_file(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "conflict.yaml"
    tiers = {"micro": "{preset: micro, available: 1, audience: {fans: 60%}}"}
    path.write_text(brief(tiers, limits="{micro: {min: 90%}}"), encoding="utf-8")
    code, out, err = call("run", str(path))
    assert (code, out) == (1, "")
    first, available, least, advice = err.splitlines()
    assert first == f"{path}: no plan satisfies all that is asked:"
    assert re.match(r"  \d+:\d+: tiers\.micro\.available: no more creators than there", available)
    assert re.match(r"  \d+:\d+: limits\.micro\.min: at least 54,000 \(\S+ would do\)", least)
    assert advice.startswith("Together they can not be kept")


def test_a_folder_that_cannot_be_written_is_2(call: Call, file: str) -> None:
    code, out, err = call("run", file, "--out", file)
    assert (code, out) == (2, "")
    assert "something else has that name" in err
    assert "choose another folder with --out" in err


def test_a_bug_is_2_and_asks_for_a_report(
    call: Call, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("tiermix.commands.analyse", broken)
    code, out, err = call("optimize", file)
    assert (code, out) == (2, "")
    assert err.startswith("tiermix: internal error: ZeroDivisionError: division by zero\n")
    monkeypatch.setenv("TIERMIX_DEBUG", "1")
    monkeypatch.setattr("sys.argv", ["tiermix", "optimize", file])
    with pytest.raises(ZeroDivisionError):
        cli.main()


# Pipes and interruptions


@pytest.mark.parametrize("words", [["simulate"], ["simulate", "--json"]], ids=" ".join)
def test_a_reader_who_leaves_is_no_error(file: str, words: list[str]) -> None:
    process = subprocess.Popen(
        [TIERMIX, *words, file], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == b""
    assert process.wait() == 0
    process.stderr.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_said_plainly(file: str) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [TIERMIX, "simulate", file], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 2
    told = "tiermix: standard output: cannot be written (No space left on device)\n"
    assert done.stderr == told


def test_a_closed_output_is_no_bug(file: str) -> None:
    done = subprocess.run(f"{TIERMIX} simulate {file} >&-", shell=True, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_pipe_gets_plain_text_and_no_progress(file: str) -> None:
    done = subprocess.run(
        [TIERMIX, "simulate", file],
        capture_output=True,
        text=True,
        env=os.environ | {"TERM": "xterm"},
    )
    assert done.stderr == ""
    assert "\x1b" not in done.stdout
    assert done.stdout.startswith("Test  $60,000 for conversions  (64 worlds, seed 5)\n")


STOPPED_WHILE_WRITING = (
    "import os, signal, time\n"
    "from tiermix import runs\n"
    "def stop(*_):\n"
    "    os.kill(os.getpid(), signal.{})\n"
    "    time.sleep(10)\n"
    "runs.write_csv = stop"
)


def test_an_interruption_is_130_and_leaves_nothing(file: str, tmp_path: Path) -> None:
    done = python(STOPPED_WHILE_WRITING.format("SIGINT"), "run", file, "--out", f"{tmp_path}/runs")
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "Interrupted.\n")
    assert list((tmp_path / "runs").iterdir()) == []


def test_a_kill_leaves_no_half_folder_and_the_old_one_whole(file: str, tmp_path: Path) -> None:
    words, runs = ("run", file, "--out", f"{tmp_path}/runs"), tmp_path / "runs"
    killed = python(STOPPED_WHILE_WRITING.format("SIGKILL"), *words)
    assert killed.returncode == -signal.SIGKILL
    assert [path for path in runs.iterdir() if not path.name.startswith(".")] == []
    assert python("", *words).returncode == 0
    (folder,) = [path for path in runs.iterdir() if not path.name.startswith(".")]
    before = (folder / "result.json").read_bytes()
    assert python(STOPPED_WHILE_WRITING.format("SIGKILL"), *words).returncode == -signal.SIGKILL
    assert (folder / "result.json").read_bytes() == before
    assert len(list(folder.iterdir())) == 7


def test_an_interruption_mid_simulation_is_130(file: str) -> None:
    code = (
        "import os, signal, threading\n"
        "from tiermix import analysing\n"
        "whole = analysing.evaluate\n"
        "def interrupted(*words, **more):\n"
        "    threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
        "    return whole(*words, **more)\n"
        "analysing.evaluate = interrupted"
    )
    done = python(code, "simulate", file, "--worlds", "8192")
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "Interrupted.\n")


# Results


def test_the_same_seed_gives_the_same_bytes_whatever_the_threads(file: str, tmp_path: Path) -> None:
    folders = []
    for threads in ("1", "7"):
        done = python(
            f"import os\nos.cpu_count = lambda: {threads}",
            "run", file, "--worlds", "600", "--out", f"{tmp_path}/{threads}",
            PYTHONHASHSEED=threads, OPENBLAS_NUM_THREADS=threads,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        folders += list((tmp_path / threads).iterdir())
    first, second = folders
    assert first.name == second.name
    for name in ("result.json", "plan.csv", "outcomes.csv", "scenario.yaml"):
        assert (first / name).read_bytes() == (second / name).read_bytes()


def test_json_alone_is_printed_and_is_the_file(call: Call, file: str, tmp_path: Path) -> None:
    code, out, err = call("run", file, "--json")
    assert code == 0
    (folder,) = (tmp_path / "runs").iterdir()
    assert out == (folder / "result.json").read_text()
    assert err == f"\nWritten to {Path('runs') / folder.name}\n"


@pytest.mark.parametrize("command", ["simulate", "optimize", "compare", "benchmark"])
def test_every_command_prints_a_document_that_satisfies_the_schema(
    call: Call, file: str, command: str
) -> None:
    code, out, err = call(command, file, "--json")
    assert (code, err) == (0, "")
    Draft202012Validator(result_schema()).validate(json.loads(out))


def test_commands_agree_on_the_optimum(call: Call, file: str) -> None:
    optima = [
        json.loads(call(command, file, "--json")[1])["optimum"]
        for command in ("optimize", "compare", "benchmark")
    ]
    assert optima[0]["plan"] == optima[1]["plan"] == optima[2]["plan"]
    assert optima[0]["value"] == optima[1]["value"] == optima[2]["value"]


def test_several_scenarios_are_several_documents(call: Call, file: str) -> None:
    code, out, _ = call("compare", file, file, "--json")
    found = json.loads(out)
    assert code == 0
    assert found["tiermix"] == 1
    assert found["scenarios"][0] == found["scenarios"][1]
    Draft202012Validator(result_schema()).validate(found["scenarios"][0])


def test_a_comparison_of_several_ends_with_the_best_plans(call: Call, file: str) -> None:
    assert "Best plans" in call("compare", file, file)[1]
    assert "Best plans" not in call("compare", file)[1]


def test_flags_beat_the_environment_beats_the_file_beats_defaults(
    call: Call, file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = tmp_path / "plain.yaml"
    plain.write_text(re.sub("(?m)^simulation.*\n", "", brief()), encoding="utf-8")

    def used(*words: str) -> tuple[int, int]:
        found = json.loads(call("simulate", *words, "--json")[1])
        return found["seed"], found["worlds"]

    assert used(str(plain)) == (1, 4096)
    assert used(file) == (5, 64)
    monkeypatch.setenv("TIERMIX_SEED", "6")
    monkeypatch.setenv("TIERMIX_WORLDS", "96")
    assert used(file) == (6, 96)
    assert used(file, "--seed", "7", "--worlds", "80") == (7, 80)


def test_the_environment_says_where_runs_go(
    call: Call, file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIERMIX_OUT", "elsewhere")
    assert call("run", file)[0] == 0
    assert len(list((tmp_path / "elsewhere").iterdir())) == 1
    assert not (tmp_path / "runs").exists()


def test_a_dash_reads_standard_input(tmp_path: Path) -> None:
    done = subprocess.run(
        [TIERMIX, "simulate", "-", "--json"],
        input=brief(name="From a pipe"),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0
    assert json.loads(done.stdout)["scenario"]["name"] == "From a pipe"


# Benchmark


def test_a_benchmark_takes_the_folder_of_scenarios(call: Call, tmp_path: Path) -> None:
    code, out, err = call("benchmark")
    assert (code, out) == (2, "")
    assert "name the scenario files" in err
    (tmp_path / "scenarios").mkdir()
    for name in ("b", "a"):
        (tmp_path / "scenarios" / f"{name}.yaml").write_text(brief(name=name), encoding="utf-8")
    code, out, _ = call("benchmark")
    assert code == 0
    assert out.index("a  $60,000") < out.index("b  $60,000")


def test_a_benchmark_never_passes_the_bound(call: Call, file: str) -> None:
    shares = re.findall(r"(?m)^(\w+) +([\d.]+) %", call("benchmark", file)[1])
    assert shares[0][0] == "optimum"
    assert all(float(share) <= 100 for _, share in shares)


# Files


def test_validation_names_every_problem_of_every_file(
    call: Call, file: str, tmp_path: Path
) -> None:
    for name, text in (("a", brief(budget="-5", oops="1")), ("b", "tiermix: 1\n")):
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    code, out, err = call("validate", "a.yaml", file, "b.yaml")
    assert code == 1
    assert out == f"{file}: valid (Test)\n"
    places = [line.split(":")[0] for line in err.splitlines()]
    assert set(places) == {"a.yaml", "b.yaml"}
    assert places.count("a.yaml") == 2
    assert places.count("b.yaml") > 2


def test_valid_files_are_0(call: Call, file: str) -> None:
    code, out, err = call("validate", file, file)
    assert (code, out.count("valid (Test)"), err) == (0, 2, "")


def test_what_init_writes_runs(call: Call, tmp_path: Path) -> None:
    assert call("init", "new.yaml")[0] == 0
    code, out, _ = call("run", "new.yaml", "--worlds", "64")
    assert code == 0
    assert out.startswith("Skincare launch  $60,000 for conversions")


def test_init_overwrites_nothing(call: Call, file: str, tmp_path: Path) -> None:
    before = Path(file).read_bytes()
    code, _, err = call("init", file)
    assert code == 2
    assert "left as it is" in err
    assert Path(file).read_bytes() == before
    assert call("init", str(tmp_path / "no" / "folder.yaml"))[0] == 2


@pytest.mark.parametrize("words", [["schema"], ["schema", "--result"]], ids=" ".join)
def test_schemas_are_valid_and_speak_of_themselves(call: Call, words: list[str]) -> None:
    code, out, err = call(*words)
    assert (code, err) == (0, "")
    schema = json.loads(out)
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"].endswith("2020-12/schema")
    assert schema["title"] == ("tiermix result" if "--result" in words else "tiermix scenario")


def test_the_examples_of_the_help_name_scenarios_that_exist() -> None:
    shell = Path(cli.__file__).parent.glob("*.py")
    text = "".join(module.read_text(encoding="utf-8") for module in shell)
    named = re.findall(r"scenarios/\w+\.yaml", text)
    assert named
    assert all((ROOT / name).is_file() for name in named)


@pytest.mark.parametrize("command", ["frontier", "crossover", "sensitivity"])
def test_a_map_is_read_by_people_and_by_tools(call: Call, file: str, command: str) -> None:
    code, out, _ = call(command, file)
    assert code == 0
    assert max(map(len, out.splitlines())) <= 80
    code, out, _ = call(command, file, "--json", "--csv", "map.csv")
    assert code == 0
    assert json.loads(out)["scenario"]["name"] == "Test"
    assert len(Path("map.csv").read_text(encoding="utf-8").splitlines()) > 1
    assert call(command, file, "--csv", "nowhere/map.csv")[0] == cli.FAILED
