"""Where work is done changes nothing: on threads, in processes, on a cluster, workers lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import count, islice
from pathlib import Path

import numpy as np
import pytest
from distributed import LocalCluster

import far_tasks
from briefs import brief
from optimize.errors import InfeasibleError
from sim.mapping import Mapper, one_by_one, threads
from sim.outcomes import evaluate
from sim.purchase import PARTS, WHOLE, Purchase
from sim.worlds import draw_worlds
from tiermix import cli, cluster, commands, mixes, questions, suites, trade_off
from tiermix.crew import Raised, work
from tiermix.errors import ScenarioError, SchedulerError, UsageError
from tiermix.fingerprint import fingerprint
from tiermix.scenario_file import parse
from tiermix.schedulers import scheduled
from tiermix.sure import Sure

PHASES = brief(
    phases="{tease: {weeks: 2}, launch: {weeks: 4}}",
    halo="{tease: {on: launch, lift: -10% to 40%}}",
    strategies="{layered: {macro@tease: 40%, micro@launch: 60%}}",
    simulation="{worlds: 600, seed: 3}",
)


@pytest.fixture(scope="session")
def local() -> Iterator[LocalCluster]:
    """Yield a cluster of two workers, at which the first lost worker is one too many."""
    with LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=50
    ) as found:
        found.scheduler.allowed_failures = 0
        yield found


@pytest.fixture(scope="session")
def address(local: LocalCluster) -> str:
    """Return the address of the cluster."""
    return str(local.scheduler_address)


@pytest.fixture
def cluster_forgives(local: LocalCluster) -> Iterator[None]:
    """Let the cluster repeat what is lost, as clusters do unless told otherwise."""
    local.scheduler.allowed_failures = 3
    yield
    local.scheduler.allowed_failures = 0


@pytest.fixture(scope="module", params=["processes", "cluster"])
def mapper(request: pytest.FixtureRequest) -> Iterator[Mapper]:
    """Yield the workers of a scheduler."""
    name = request.getfixturevalue("address") if request.param == "cluster" else "processes"
    with scheduled(name) as found:
        yield found


def told(step: str) -> None:
    """Hear a step."""


def test_work_is_done_in_other_processes(mapper: Mapper) -> None:
    assert os.getpid() not in set(mapper(far_tasks.of_which_process, range(50)))


def test_results_come_in_order(mapper: Mapper) -> None:
    assert list(mapper(far_tasks.squared, range(1000))) == [x * x for x in range(1000)]


@pytest.mark.parametrize("name", ["threads", "processes"])
def test_no_more_items_are_taken_than_are_under_way(name: str) -> None:
    taken = count()
    with scheduled(name) as found:
        assert list(islice(found(far_tasks.squared, taken), 5)) == [0, 1, 4, 9, 16]
    assert next(taken) < 1000


@pytest.mark.parametrize("way", [PARTS, WHOLE], ids=["parts", "whole"])
def test_worlds_are_the_same_to_the_bit(mapper: Mapper, way: Purchase) -> None:
    scenario = parse(PHASES, "test.yaml")
    worlds = draw_worlds(scenario.campaign, 1100, 5)
    plans = np.random.default_rng(1).dirichlet(np.ones(4), 3) * scenario.budget
    alone = evaluate(worlds, plans, way, mapper=one_by_one)
    found = evaluate(worlds, plans, way, mapper=mapper)
    for part in ("values", "controlled", "chances"):
        mine, other = getattr(found, part), getattr(alone, part)
        assert {k: v.tobytes() for k, v in mine.items()} == {
            k: v.tobytes() for k, v in other.items()
        }


def text(found: object) -> str:
    return json.dumps(found, sort_keys=True)


@pytest.mark.parametrize("where", ["threads", "away"])
def test_replications_are_the_same_to_the_bit(where: str, mapper: Mapper) -> None:
    asked = suites.Wanted(optimise=True, compare="nothing", certify=True)
    scenario = parse(brief(simulation="{worlds: 256}"), "test.yaml")
    there = threads if where == "threads" else mapper
    found, alone = (asked.answer(scenario, told, m) for m in (there, one_by_one))
    assert text(commands.documents([found])) == text(commands.documents([alone]))


@pytest.mark.parametrize("worlds", [64, 256])
def test_more_worlds_and_choices_are_the_same_to_the_bit(worlds: int, mapper: Mapper) -> None:
    asked = suites.Wanted(False, "baselines", asked=Sure(0.02, 2048, (0.9, 0.05)))
    scenario = replace(parse(brief(), "test.yaml"), worlds=worlds)
    found, alone = (asked.answer(scenario, told, m) for m in (mapper, one_by_one))
    assert text(commands.documents([found])) == text(commands.documents([alone]))


@pytest.mark.parametrize(("file", "points"), [(brief(), 40), (PHASES, 3)], ids=["walked", "alone"])
def test_frontiers_are_the_same_to_the_bit(file: str, points: int, mapper: Mapper) -> None:
    scenario = replace(parse(file, "test.yaml"), worlds=64)
    documents = [
        text(
            trade_off.document(
                questions.trade(scenario, None, None, points, told, risk=False, mapper=m)
            )
        )
        for m in (mapper, threads, one_by_one)
    ]
    assert documents[0] == documents[1] == documents[2]


def test_maps_of_mixes_are_the_same_to_the_bit(mapper: Mapper) -> None:
    scenario = parse(brief(simulation="{worlds: 64}"), "test.yaml")
    documents = [
        text(mixes.document(questions.cross(scenario, None, None, told, all_worlds=True, mapper=m)))
        for m in (mapper, threads, one_by_one)
    ]
    assert documents[0] == documents[1] == documents[2]


def test_suites_are_the_same_to_the_bit(mapper: Mapper) -> None:
    scenarios = [parse(brief(name=f"Launch {i}"), "test.yaml") for i in range(3)]
    asked, steps = suites.Wanted(True, "baselines"), list[str]()
    found = suites.answers(scenarios, asked, steps.append, mapper)
    alone = suites.answers(scenarios, asked, told, threads)
    assert text(commands.documents(found)) == text(commands.documents(alone))
    assert steps == ["answering scenarios"] * 4


def test_a_killed_worker_changes_nothing(
    mapper: Mapper, cluster_forgives: None, tmp_path: Path
) -> None:
    task = partial(far_tasks.squared_after_a_death, tmp_path)
    assert list(mapper(task, range(25))) == [x * x for x in range(25)]
    assert [path.name for path in tmp_path.iterdir()] == ["13"]


def test_what_kills_every_worker_is_given_up(mapper: Mapper) -> None:
    with pytest.raises(SchedulerError, match="enough memory"):
        list(mapper(far_tasks.deadly, [1]))
    assert list(mapper(far_tasks.squared, range(3))) == [0, 1, 4]


def test_errors_come_home_as_they_are_after_the_results_before_them(mapper: Mapper) -> None:
    found = mapper(far_tasks.failing, range(10))
    assert list(islice(found, 3)) == [0, 1, 2]
    with pytest.raises(InfeasibleError, match="three is too many"):
        next(found)
    with pytest.raises(ScenarioError, match=r"file\.yaml:1:2: budget: none"):
        list(mapper(far_tasks.failing, [4, 5]))


@pytest.mark.parametrize("name", sorted(fingerprint()))
def test_a_worker_that_would_give_other_bytes_is_refused(name: str) -> None:
    done = work(far_tasks.squared, [1], fingerprint() | {name: "other"})
    assert isinstance(done.results[0], Raised)
    assert isinstance(done.results[0].error, SchedulerError)
    assert "would not give the same bytes" in str(done.results[0].error)


def test_the_threads_of_matrix_products_are_noticed() -> None:
    code = "from tiermix.fingerprint import fingerprint; print(fingerprint()['digits'])"
    with_threads = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"OPENBLAS_NUM_THREADS": "2"},
        capture_output=True,
        text=True,
        check=True,
    )
    if np.show_config("dicts")["Build Dependencies"]["blas"]["name"] != "scipy-openblas":
        pytest.skip("another library of products")
    assert with_threads.stdout.strip() != fingerprint()["digits"]


def test_a_cluster_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "PATIENCE", 0.2)
    with (
        pytest.raises(SchedulerError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9"),
        scheduled("tcp://127.0.0.1:9"),
    ):
        pass


def test_without_dask_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(SchedulerError, match=r"pip install 'tiermix\[cluster\]'"),
        scheduled("tcp://127.0.0.1:9"),
    ):
        pass


@pytest.mark.parametrize(
    "name",
    ["", "thread", "8", "dask://here", "processes ", "tcp://", "tcp://here", "tcp://:8786",
     "tcp://here:0", "tcp://here:port", "tls://here:99999", "tcp://[::1"],
)  # fmt: skip
def test_another_scheduler_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="expected threads, processes or"), scheduled(name):
        pass


def test_folders_are_the_scenarios_in_them(tmp_path: Path) -> None:
    for name in ("b.yaml", "a.yaml", "roster_c.yaml", "d.csv"):
        (tmp_path / name).touch()
    inside = [str(tmp_path / "a.yaml"), str(tmp_path / "b.yaml")]
    assert suites.listed(["x.yaml", str(tmp_path), "-"]) == ["x.yaml", *inside, "-"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="empty"):
        suites.listed([str(tmp_path / "empty")])


def test_the_command_line_takes_a_folder_to_a_cluster(
    address: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for i in range(2):
        (tmp_path / f"{i}.yaml").write_text(brief(name=f"Launch {i}"))
    shown = []
    for where in ("threads", address):
        words = ["tiermix", "benchmark", str(tmp_path), "--scheduler", where]
        monkeypatch.setattr("sys.argv", words)
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert ended.value.code == 0
        shown.append(capsys.readouterr().out)
    assert shown[0] == shown[1]
    assert "Launch 0" in shown[0]
    assert "Launch 1" in shown[0]
