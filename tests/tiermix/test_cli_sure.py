"""`compare`, `--until` and `--confidence` at the command line."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from rich.cells import cell_len

from briefs import MACRO, MICRO, ODD, brief
from tiermix import cli
from tiermix.result_schema import result_schema

Call = Callable[..., tuple[int, str, str]]

STRATEGIES = "{small: {micro: 100%}, large: {macro: 100%}}"
WORLDS = "{worlds: 128, seed: 5}"


@pytest.fixture
def call(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Call:
    """Return a function that runs the command line in an empty folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("TIERMIX_SEED", "TIERMIX_WORLDS", "TIERMIX_OUT"):
        monkeypatch.delenv(name, raising=False)

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["tiermix", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return int(ended.value.code or 0), out, err

    return run


def write(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.fixture
def file(tmp_path: Path) -> str:
    """Return the path of a scenario file that is quick to run."""
    return write(tmp_path, "a.yaml", brief(strategies=STRATEGIES, simulation=WORLDS))


@pytest.fixture
def other(tmp_path: Path) -> str:
    """Return the path of the same scenario with dearer macros and another seed."""
    tiers = {"micro": MICRO, "macro": MACRO.replace("preset: macro", "preset: macro, posts: 2")}
    text = brief(tiers, strategies=STRATEGIES, name="Two posts", simulation="{worlds: 64, seed: 9}")
    return write(tmp_path, "b.yaml", text)


def test_strategies_are_held_against_a_baseline(call: Call, file: str) -> None:
    code, out, _ = call("compare", file)
    assert code == 0
    assert "\nAgainst small\n" in out
    assert "large beats small in" in out
    assert "\nAgainst large\n" in call("compare", file, "--baseline", "large")[1]
    code, _, err = call("compare", file, "--baseline", "lagre")
    assert code == 2
    assert "did you mean 'large'?" in err


def test_scenarios_are_set_beside_each_other_on_common_worlds(
    call: Call, file: str, other: str
) -> None:
    code, out, _ = call("compare", file, other)
    assert code == 0
    said = " ".join(out.split("On common worlds")[1].split())
    assert "Two posts against Test: micro the same in every world and macro with the same" in said
    assert "small: no difference in conversions" in said
    code, out, _ = call("compare", file, other, "--json")
    found = json.loads(out)
    assert [x["seed"] for x in found["scenarios"]] == [5, 5]
    (between,) = found["between"]
    assert between["same_lines"] == ["micro"]
    assert between["differences"]["small"]["conversions"]["mean"] == 0
    assert between["differences"]["large"]["conversions"]["se"] > 0


def test_a_run_until_a_precision_is_the_run_of_as_many_worlds(call: Call, file: str) -> None:
    code, out, _ = call("run", file, "--until", "2%", "--json")
    assert code == 0
    until = json.loads(out)
    assert until["precision"]["reached"]
    assert until["precision"]["looks"][-1]["worlds"] == until["worlds"] >= 1024
    Draft202012Validator(result_schema()).validate(until)
    plain = json.loads(call("run", file, "--worlds", str(until["worlds"]), "--json")[1])
    del until["precision"]
    assert until == plain


@pytest.mark.parametrize("command", ["run", "simulate", "compare"])
def test_the_best_strategy_is_chosen_on_request(call: Call, file: str, command: str) -> None:
    code, out, _ = call(command, file, "--confidence", "95%", "--indifference", "2%")
    assert code == 0
    assert "small" in out.split("\nBest strategy\n")[1]
    chosen = json.loads(call(command, file, "--confidence", "95%", "--json")[1])["selection"]
    assert chosen["best"] in ("small", "optimum")
    assert chosen["indifference"] == 0.01


def test_worlds_are_the_most_that_until_draws(call: Call, file: str) -> None:
    found = json.loads(call("simulate", file, "--until", "0.01%", "-w", "300", "--json")[1])
    assert found["worlds"] <= 300
    assert not found["precision"]["reached"]


@pytest.mark.parametrize("words", [["--until", "0%"], ["--confidence", "10%"], ["--until", "x"]])
def test_impossible_wishes_end_with_a_word(call: Call, file: str, words: list[str]) -> None:
    code, _, err = call("run", file, *words)
    assert code == 2
    assert words[0] in err


@pytest.mark.parametrize("name", ["a blend", "a loss at least", "no conversions", "wide letters"])
def test_odd_scenarios_are_compared_within_80_columns(
    call: Call, tmp_path: Path, name: str
) -> None:
    path = write(tmp_path, "odd.yaml", ODD[name].replace("{worlds: 64}", "{worlds: 128}"))
    code, out, _ = call("compare", path, path, "--until", "30%", "-w", "256")
    assert code == 0
    assert all(cell_len(line.rstrip()) <= 80 for line in out.splitlines())
    assert not re.search(r"\bnan\b", out)
    json.loads(call("compare", path, "--json")[1], parse_constant=pytest.fail)
