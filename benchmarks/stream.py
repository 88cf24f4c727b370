"""Streams of worlds: memory, quantiles and tails, and how optimising scales.

``python benchmarks/stream.py [memory|tails|lines] [--worlds N]``; `lines` is also drawn, into
``docs/scaling.svg``.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from quality import reach, simplex, timed
from reference import reference_campaign
from sim.histogram import Grid, Histogram
from sim.mapping import threads
from sim.outcomes import evaluate
from sim.purchase import WHOLE
from sim.worlds import BLOCK, REPLICATES, draw_worlds

Array = NDArray[np.float64]

#: Worlds of one stretch.
STRETCH = 4 * BLOCK
#: Segments of the audience where lines are many.
SEGMENTS = 4

METRICS = ("conversions", "profit", "reach")
ROOT = Path(__file__).parents[1]
SCENARIO = ROOT / "scenarios" / "skincare.yaml"
CHART = ROOT / "docs" / "scaling.svg"

#: Random problems of one size; told are their mean time and their largest gap.
INSTANCES = 7


def memory(worlds: int) -> Iterator[str]:
    """Return the largest memory of one plan simulated in more and more worlds."""
    tiermix = str(Path(sys.executable).with_name("tiermix"))
    for n in (4096, worlds // 100, worlds // 10, worlds):
        start = time.perf_counter()
        command = [tiermix, "simulate", str(SCENARIO), "--worlds", str(max(n, 64))]
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, used = os.wait4(child.pid, 0)
        took = time.perf_counter() - start
        assert status == 0
        yield f"{n:>13,} worlds: {used.ru_maxrss / 1024:4.0f} MB, {1e6 * took / n:6.1f} µs a world"


def _values(first: int) -> Array:
    """Return the metrics of one plan in a stretch of worlds, shape (n_metrics, n_worlds)."""
    campaign, plan = reference_campaign()
    worlds = draw_worlds(campaign, STRETCH, 1, first=first)
    outcomes = evaluate(worlds, [plan], WHOLE)
    return np.stack([outcomes.values[metric][0] for metric in METRICS])


def tails(worlds: int) -> Iterator[str]:
    """Hold quantiles and CVaR of a histogram against those of the sorted values."""
    stretches = range(0, worlds, STRETCH)
    kept = np.concatenate(list(threads(_values, stretches)), axis=1)
    replicate = np.arange(kept.shape[1]) % REPLICATES
    for metric, values in zip(METRICS, kept, strict=True):
        grid = Grid.fitted(values[:BLOCK])
        start = time.perf_counter()
        found = Histogram.of(values[:STRETCH], replicate[:STRETCH], grid)
        for first in stretches[1:]:
            part = slice(first, first + STRETCH)
            found = found + Histogram.of(values[part], replicate[part], grid)
        nanoseconds = 1e9 * (time.perf_counter() - start) / values.size
        ordered = np.sort(values)
        off = []
        for level in (0.05, 0.25, 0.5, 0.75, 0.95):
            exact = float(ordered[int(np.ceil(level * values.size)) - 1])
            off.append(abs(found.quantile(level) / exact - 1))
        exact = float(ordered[: values.size // 20].mean())
        count, total = found.upto(q := found.quantile(0.05))
        cvar = q - (q * count - total) / (0.05 * values.size)
        size = sum(kept.nbytes for kept in found.arrays().values())
        yield (
            f"{metric:12} {values.size:,} values: quantiles off by {max(off):.1e} at most, CVaR by "
            f"{abs(cvar / exact - 1):.1e}; {size / 1e6:.2f} MB, "
            f"{nanoseconds:.0f} ns a value"
        )


def lines(worlds: int) -> Iterator[str]:
    """Yield the time to optimise reach over more lines and worlds, and its growth; draw it."""
    took: dict[tuple[int, int], float] = {}
    for n in (25, 50, 100, 200):
        for w in (worlds // 100, worlds // 10, worlds):
            runs = [timed(simplex(n), reach(n, w, SEGMENTS, seed)) for seed in range(INSTANCES)]
            took[n, w] = fmean(seconds for _, seconds in runs)
            half = took.get((n // 2, w))
            growth = f"x{took[n, w] / half:.1f} for twice the lines" if half else ""
            gap = max(solution.relative_gap for solution, _ in runs)
            yield f"{n:4} lines x {w:6,} worlds: {took[n, w]:7.3f} s, gap {gap:.0e}  {growth}"
    CHART.parent.mkdir(parents=True, exist_ok=True)
    CHART.write_text(drawn(took), encoding="utf-8")


def drawn(took: Mapping[tuple[int, int], float]) -> str:
    """Return seconds by lines and worlds as a chart in SVG, with what linear growth would be."""
    import altair as alt
    import vl_convert

    rows = [{"lines": n, "worlds": f"{w:,}", "seconds": s} for (n, w), s in took.items()]
    least = {w: min(n for n, other in took if other == w) for _, w in took}
    linear = [{"lines": n, "worlds": f"{w:,}", "seconds": took[least[w], w] * n / least[w]}
              for n, w in took]  # fmt: skip
    log = alt.Scale(type="log", nice=False)
    x = alt.X("lines:Q", title="lines", scale=log, axis=alt.Axis(values=[25, 50, 100, 200]))
    y = alt.Y("seconds:Q", title="seconds to a proven gap of 1e-6", scale=alt.Scale(type="log"))
    colour = alt.Color("worlds:N", title="worlds", sort=None, legend=alt.Legend(symbolOpacity=1))
    measured = alt.Chart({"values": rows}).encode(x, y, colour).mark_line(point=True)
    in_line = alt.Chart({"values": linear}).encode(x, y, colour)
    chart = (in_line.mark_line(strokeDash=[3, 3], opacity=0.5) + measured).properties(
        width=420, height=280, title="Optimising reach (dashed: twice the lines, twice the time)"
    )
    return str(vl_convert.vegalite_to_svg(chart.to_dict()))


CASES: dict[str, tuple[Callable[[int], Iterator[str]], int]] = {
    "memory": (memory, 4_000_000),
    "tails": (tails, 10_000_000),
    "lines": (lines, 10_000),
}


def main() -> None:
    """Run the cases named on the command line, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", default=list(CASES))
    parser.add_argument("--worlds", type=int)
    asked = parser.parse_args()
    for name in asked.cases:
        case, usual = CASES[name]
        for line in case(asked.worlds or usual):
            print(f"{name}: {line}", flush=True)


if __name__ == "__main__":
    main()
