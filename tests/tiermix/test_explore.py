"""What if: as exact as `tiermix simulate`, and closed to everybody but its own page."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from briefs import ODD, analysed, brief
from run_folders import run_folder
from tiermix.explore.bench import OWN, Bench
from tiermix.result import document
from tiermix.scenario_file import parse

TIERMIX = str(Path(sys.executable).with_name("tiermix"))

BRIEF = brief(
    limits="{macro: {max: 70%}}",
    floors="{reach: 1_000}",
    strategies="{paid: {micro: 5_000}, half: {micro: 50%, macro: rest}}  # as ever",
)

SHARES = {"micro": 0.3, "macro": 0.45}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_folder(BRIEF, tmp_path_factory.mktemp("runs"), report=False)


@pytest.fixture(scope="module")
def bench(folder: Path) -> Bench:
    return Bench(folder)


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    """Yield the address of a page that is served while the tests of this file run."""
    command = [TIERMIX, "explore", str(folder), "--no-browser"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as served:
        assert served.stderr is not None
        found = re.search(r"http://\S+", served.stderr.readline())
        assert found
        yield found[0]
        served.terminate()
        served.stderr.read()


def simulated(text: str, **changes: Any) -> Any:
    """Return the result document of a scenario file."""
    return document(analysed(text, **changes))


@pytest.fixture(scope="module")
def benches(tmp_path_factory: pytest.TempPathFactory) -> dict[bool, Bench]:
    """Return a bench for parts of creators, and one for whole ones."""
    texts = {
        whole: brief(whole_creators=str(whole).lower(), strategies="{a: {micro: 1%}}")
        for whole in (False, True)
    }
    return {
        whole: Bench(run_folder(text, tmp_path_factory.mktemp("run"), report=False))
        for whole, text in texts.items()
    }


@settings(max_examples=15)
@given(
    budget=st.floats(500, 300_000),
    micro=st.floats(0, 1),
    macro=st.floats(0, 1),
    whole=st.booleans(),
    objective=st.sampled_from(["conversions", "reach", "profit"]),
)
def test_every_number_is_what_simulating_the_downloaded_file_gives(
    benches: dict[bool, Bench],
    budget: float,
    micro: float,
    macro: float,
    whole: bool,
    objective: str,
) -> None:
    bench = benches[whole]
    part = max(micro + macro, 1.0)
    plan = bench.plan(budget, {"micro": micro / part, "macro": macro / part})
    found = bench.weigh(budget, objective, plan)
    downloaded = bench.text(budget, objective, plan)
    strategies = simulated(downloaded)["strategies"]
    if not any(plan.values()):
        return
    assert strategies["explored"]["plan"] == found.plan
    for metric, statistics in found.metrics.items():
        expected = strategies["explored"]["metrics"][metric]
        for name, value in statistics.items():
            if expected[name] is not None:
                assert value == pytest.approx(expected[name], rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("budget", [20_000, 60_000, 123_456])
@pytest.mark.parametrize("objective", ["conversions", "reach", "profit"])
def test_the_best_plan_is_what_optimising_the_downloaded_file_gives(
    bench: Bench, budget: float, objective: str
) -> None:
    best, solution = bench.best(budget, objective)
    text = bench.text(budget, objective, {"micro": budget / 2})
    optimum = simulated(text)["optimum"]
    assert best.value == pytest.approx(optimum["value"], rel=1e-6)
    assert solution.upper_bound == pytest.approx(optimum["upper_bound"], rel=1e-6)
    assert best.plan == pytest.approx(optimum["plan"], abs=budget * 1e-4)


@pytest.mark.parametrize("name", ["a blend", "a small budget", "one tier"])
def test_odd_scenarios_can_be_explored(name: str, tmp_path: Path) -> None:
    bench = Bench(run_folder(ODD[name], tmp_path, report=False))
    line = bench.scenario.lines[0]
    for objective in bench.objectives()[:3]:
        weighed = bench.weigh(bench.scenario.budget, objective, {line: bench.scenario.budget / 2})
        best, _ = bench.best(bench.scenario.budget, objective)
        assert best.value >= weighed.value or weighed.breaks


def test_a_blend_stays_the_file_s_own(tmp_path: Path) -> None:
    bench = Bench(run_folder(ODD["a blend"], tmp_path, report=False))
    assert bench.objectives()[0] == OWN
    read = parse(bench.text(60_000, OWN, {"micro": 1_000}), "x.yaml")
    assert read.objective == bench.scenario.objective


def test_the_downloaded_file_keeps_everything_else(bench: Bench) -> None:
    text = bench.text(50_000, "reach", {"micro": 12_345.678, "macro": 0.0})
    read = parse(text, "explored.yaml")
    assert (read.budget, read.objective, read.worlds) == (50_000, (("reach", 1.0),), 64)
    assert dict(read.strategies)["explored"] == (12_345.678, 0.0)
    assert "paid" not in dict(read.strategies)  # its money may not fit another budget
    assert read.campaign == bench.scenario.campaign
    assert read.limits[0].upper == 35_000


def ask(
    address: str, path: str, body: str | None = None, **headers: str
) -> tuple[int, str, dict[str, str]]:
    """Return status, text and headers of an answer."""
    parts = urlsplit(address)
    link = HTTPConnection(parts.hostname or "", parts.port or 0, timeout=30)
    link.request("GET" if body is None else "POST", path, body, headers)
    answer = link.getresponse()
    text = answer.read().decode()
    link.close()
    return answer.status, text, {k.lower(): v for k, v in answer.getheaders()}


def question(**changes: Any) -> str:
    return json.dumps({"budget": 60_000, "objective": "conversions", "shares": SHARES} | changes)


def test_it_answers_its_own_page(address: str, bench: Bench) -> None:
    path = urlsplit(address).path
    status, text, _ = ask(address, f"{path}plan", question())
    assert status == 200
    plan = bench.plan(60_000, SHARES)
    metrics = bench.weigh(60_000, "conversions", plan).metrics
    for metric in json.loads(text)["metrics"]:
        assert metric["mean"] == metrics[metric["name"]]["mean"]


def test_it_listens_on_this_machine_alone_and_loads_nothing_from_elsewhere(address: str) -> None:
    assert address.startswith("http://127.0.0.1:")
    status, text, headers = ask(address, urlsplit(address).path)
    assert status == 200
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["referrer-policy"] == "no-referrer"
    assert "access-control-allow-origin" not in headers
    assert not re.search(r"https?://", text)


@pytest.mark.parametrize("path", ["/", "/wrong/", "/wrong/plan", "/wrong/explore.js"])
def test_without_the_token_there_is_nothing(address: str, path: str) -> None:
    assert ask(address, path)[0] in (404, 405)
    assert ask(address, path, question())[0] in (404, 405)


def test_the_token_is_another_one_every_time(address: str) -> None:
    assert re.fullmatch(r"/[\w-]{20,}/", urlsplit(address).path)


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1"])
def test_another_origin_is_refused(address: str, origin: str) -> None:
    path = f"{urlsplit(address).path}plan"
    assert ask(address, path, question(), Origin=origin)[0] == 403
    own = address.rsplit("/", 2)[0]
    assert ask(address, path, question(), Origin=own)[0] == 200


def test_another_host_is_refused(address: str) -> None:
    assert ask(address, urlsplit(address).path, Host="evil.example")[0] == 400


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("{", "no JSON"),
        ("[]", "no JSON object"),
        (question(budget=-1), "budget"),
        (question(budget=True), "budget"),
        (question(budget="x"), "budget"),
        (question(objective="sales"), "objective"),
        (question(shares={"nobody": 0.5}), "lines"),
        (question(shares={"micro": -0.1}), "at least 0"),
        (question(shares={"micro": 0.9, "macro": 0.9}), "whole budget"),
        (question(shares=[1]), "lines"),
        (f'{{"budget": NaN, "objective": "reach", "shares": {{}}, "x": "{"x" * 9}"}}', "budget"),
        ('{"x": "' + "x" * 200_000 + '"}', "too long"),
    ],
)
def test_bad_questions_are_refused(address: str, body: str, said: str) -> None:
    status, text, _ = ask(address, f"{urlsplit(address).path}plan", body)
    assert status == 422
    assert said in json.loads(text)["error"]


def test_a_budget_that_meets_no_floor_is_told(address: str) -> None:
    status, text, _ = ask(address, f"{urlsplit(address).path}best", question(budget=1))
    assert status == 422
    place = BRIEF.splitlines().index("floors: {reach: 1_000}") + 1
    assert f"  {place}:10: floors.reach: at least 1,000" in json.loads(text)["error"]
