"""Two cores against one, and what a cluster costs: ``python benchmarks/scale.py``.

All contestants play the same worlds in turn, round after round; printed are medians of the ratios
of the rounds, so that a machine whose speed drifts does not decide. Where others use the machine
too, processor time tells more: that of all processes of a contestant. Every result must have the
same bytes.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from hashlib import sha256
from multiprocessing import active_children
from pathlib import Path
from statistics import median
from threading import Timer
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))
from tiermix.one_thread import ONE_THREAD

os.environ.update(ONE_THREAD)  # as the command line does, before numpy is imported

import psutil

from reference import reference_campaign
from sim.mapping import Mapper, one_by_one, threads
from sim.outcomes import evaluate
from sim.purchase import WHOLE
from sim.worlds import draw_worlds
from tiermix.crew import WORTH
from tiermix.schedulers import scheduled

#: Worlds of a round (some seconds of work on one core), rounds, and items of no work.
WORLDS, ROUNDS, ITEMS = 131_072, 7, 4_000

#: For a smoke test.
FEW = 1_024, 1, 100

#: Names of the contestants.
ONE, THREADS, PROCESSES, DASK = "one core", "threads", "processes", "Dask"


def two_cores() -> None:
    """Leave this process, and those that it starts, two processors."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])


def contestants(stack: ExitStack) -> tuple[dict[str, Mapper], Callable[[], list[int]]]:
    """Return mappers by name, and what returns the processes of the cluster."""
    from distributed import Client, LocalCluster

    local = LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=50)
    stack.enter_context(local)
    client = stack.enter_context(Client(local, set_as_default=False))
    crews = {
        ONE: one_by_one,
        THREADS: threads,
        PROCESSES: stack.enter_context(scheduled("processes")),
        DASK: stack.enter_context(scheduled(local.scheduler_address)),
    }
    return crews, lambda: list(client.run(os.getpid).values())


def nothing(item: int) -> int:
    """Return an item: a task that takes no time."""
    return item


def figures(n_worlds: int, rounds: int, items: int) -> Iterator[tuple[str, str, str, bool]]:
    """Yield what was measured: its name, the figure, the goal, and whether it is reached."""
    campaign, plan = reference_campaign()
    worlds = draw_worlds(campaign, n_worlds, 1)

    def played(mapper: Mapper) -> str:
        values = evaluate(worlds, [plan], WHOLE, mapper=mapper).values
        return sha256(b"".join(values[name].tobytes() for name in sorted(values))).hexdigest()

    with ExitStack() as stack:
        crews, workers = contestants(stack)
        seen = {played(mapper) for mapper in crews.values()}
        took: dict[str, list[float]] = {name: [] for name in crews}
        used: dict[str, list[float]] = {name: [] for name in crews}
        for _ in range(rounds):
            for name, mapper in crews.items():
                start, before = time.perf_counter(), processor_time()
                seen.add(played(mapper))
                took[name].append(time.perf_counter() - start)
                used[name].append(processor_time() - before)
        for name in (THREADS, PROCESSES, DASK):
            gain = ratio(took[ONE], took[name])
            yield f"two cores against one: {name}", f"{gain:.2f}x", ">= 1.7x", gain >= 1.7
        cost = ratio(took[DASK], took[THREADS]) - 1
        yield f"Dask beyond threads, {WORTH} s a task", f"{cost:+.1%}", "< 3%", cost < 0.03
        for name in (THREADS, PROCESSES, DASK):
            more = ratio(used[name], used[ONE]) - 1
            yield f"processor time beyond one core: {name}", f"{more:+.1%}", "-", True
        seen.add(dying(lambda: played(crews[PROCESSES]), pools, median(took[PROCESSES]) / 2))
        seen.add(dying(lambda: played(crews[DASK]), workers, median(took[DASK]) / 2))
        yield "different bytes, killed workers included", f"{len(seen) - 1}", "0", len(seen) == 1
        for name, mapper in crews.items():
            start = time.perf_counter()
            assert list(mapper(nothing, range(items))) == list(range(items))
            each = (time.perf_counter() - start) / items
            yield f"time an item of no work: {name}", f"{1e6 * each:.1f} µs", "-", True


def processor_time() -> float:
    """Return the seconds that this process and those below it have used."""
    mine = psutil.Process()
    times = [process.cpu_times() for process in (mine, *mine.children(recursive=True))]
    return float(sum(t.user + t.system for t in times))


def ratio(slow: list[float], fast: list[float]) -> float:
    """Return how many times longer the first takes, the median over rounds."""
    return median(s / f for s, f in zip(slow, fast, strict=True))


def pools() -> list[int]:
    """Return the processes that do work on this machine, without those of Dask."""
    return [p.pid for p in active_children() if p.pid and "Dask" not in p.name]


def dying(play: Callable[[], Any], workers: Callable[[], list[int]], after: float) -> str:
    """Return what comes of work of which a worker is killed in the middle."""
    timer = Timer(after, lambda: os.kill(max(workers()), 9))
    timer.start()
    try:
        return str(play())
    finally:
        timer.join()


def main() -> None:
    """Print the figures."""
    two_cores()
    chosen = FEW if "--smoke" in sys.argv[1:] else (WORLDS, ROUNDS, ITEMS)
    for what, figure, goal, reached in figures(*chosen):
        verdict = "reached" if reached else "MISSED"
        print(f"{what:50s} {figure:>10s}  goal {goal:10s} {verdict}", flush=True)


if __name__ == "__main__":
    main()
