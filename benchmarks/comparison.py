"""Ten strategies compared to 0.5 %, against simulating each: ``python benchmarks/comparison.py``.

What is asked for is the expected number of conversions of ten splits of one budget, each to
± 0.5 % with 90 % confidence. `naive` plays every split by itself, draw by draw in plain numpy, for
as many draws as its spread asks for (the time of a draw is measured, and multiplied by their
number). tiermix plays all of them on common worlds and stops by its own rule. Both are measured in
seconds of one core, and how often the intervals hold the truth is counted over many seeds.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from statistics import median

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from reference import per_draw, reference_campaign
from sim.campaign import Campaign
from sim.mapping import one_by_one
from sim.outcomes import evaluate
from sim.purchase import WHOLE, price_list
from sim.statistics import standard_error
from sim.stopping import Look, look
from sim.worlds import draw_worlds

FloatArray = npt.NDArray[np.float64]

#: Half of a 90 % interval, relative to the mean.
ASKED = 0.005

#: Worlds of the first look; doubled until every strategy is as precise as asked.
FIRST = 512

STRATEGIES, METRIC = 10, "conversions"

#: Seeds that no measured run uses.
TRUTH, PILOT = 10**6, 10**7


@dataclass(frozen=True, slots=True)
class Size:
    """How much is run: draws of the pilot, seeds timed, seeds for coverage, worlds of the truth."""

    pilot: int
    timed: int
    seeds: int
    true_worlds: int


FULL, SMOKE = Size(256, 11, 400, 2**17), Size(16, 1, 8, 2**12)


@dataclass(frozen=True, slots=True)
class Naive:
    """What plain simulation takes: draws, core-seconds, and the pilot's means with errors."""

    draws: float
    seconds: float
    means: FloatArray
    errors: FloatArray


def splits(campaign: Campaign) -> FloatArray:
    """Return ten plans, from all money on micros to four fifths on macros, in whole creators."""
    budget = float(np.dot(reference_campaign()[1], (1.0, 1.0)))
    prices = price_list(campaign)
    macro = np.round(np.linspace(0, 0.8, STRATEGIES) * budget / prices[1])
    micro = np.floor((budget - macro * prices[1]) / prices[0])
    return np.column_stack([micro, macro]) * prices * (1 + 1e-9)


def core_seconds(work: Callable[[], object]) -> float:
    """Return the processor time of one call."""
    start = time.process_time()
    work()
    return time.process_time() - start


def naive(campaign: Campaign, plans: FloatArray, pilot: int) -> Naive:
    """Measure plain simulation of every strategy by itself."""
    draws, seconds, means, errors = 0.0, 0.0, [], []
    for i, plan in enumerate(plans):
        start = time.process_time()
        found = per_draw(campaign, tuple(plan.tolist()), pilot, PILOT + i).conversions
        each = (time.process_time() - start) / pilot
        spread = found.std(ddof=1) / found.mean()
        needed = (float(ndtri(0.95)) * spread / ASKED) ** 2
        draws, seconds = draws + needed, seconds + needed * each
        means.append(found.mean())
        errors.append(found.std(ddof=1) / pilot**0.5)
    return Naive(draws, seconds, np.array(means), np.array(errors))


def ours(campaign: Campaign, plans: FloatArray, seed: int) -> list[Look]:
    """Play all strategies on common worlds until each is as precise as asked; the last looks."""
    values, number = np.empty((len(plans), 0)), 0
    while True:
        n, number = values.shape[1], number + 1
        worlds = draw_worlds(campaign, max(n, FIRST), seed, first=n)
        more = evaluate(worlds, plans, WHOLE, mapper=one_by_one).controlled[METRIC]
        values = np.concatenate([values, more], axis=1)
        looks = [look(values[[i]], number) for i in range(len(plans))]
        if all(x.precision <= ASKED for x in looks):
            return looks


def coverage(campaign: Campaign, plans: FloatArray, size: Size) -> tuple[float, float, float]:
    """Return how often intervals hold the truth: of the means, of the lead, and mean worlds."""
    worlds = draw_worlds(campaign, size.true_worlds, TRUTH)
    true = evaluate(worlds, plans, WHOLE).controlled[METRIC]
    truth, error = true.mean(axis=1), [standard_error(worlds, x) for x in true]
    assert max(error / truth) < ASKED / 5
    held, drawn = np.empty((size.seeds, len(plans))), np.empty(size.seeds)
    for seed in range(size.seeds):
        found = ours(campaign, plans, seed)
        held[seed] = [
            abs(x.mean.mean - t) <= x.mean.half for x, t in zip(found, truth, strict=True)
        ]
        drawn[seed] = found[0].worlds
    return float(held.mean()), float(held.mean(axis=0).min()), float(drawn.mean())


def lines(size: Size) -> Iterator[str]:
    """Yield the figures, one a line."""
    campaign, _ = reference_campaign()
    plans = splits(campaign)
    ours(campaign, plans, PILOT)  # whatever the first call prepares
    plain = naive(campaign, plans, size.pilot)
    took = median(
        core_seconds(partial(ours, campaign, plans, PILOT + s)) for s in range(size.timed)
    )
    check = [x.mean.mean for x in ours(campaign, plans, PILOT)]
    apart = float(np.abs((plain.means - check) / plain.errors).max())
    held, least, worlds = coverage(campaign, plans, size)
    yield f"naive: {plain.draws:,.0f} draws of a strategy, {plain.seconds:.1f} core-seconds"
    yield f"tiermix: {worlds:,.0f} worlds of all strategies, {took:.3f} core-seconds"
    yield f"farthest means of both: {apart:.1f} standard errors of the pilot"
    yield f"intervals that hold the truth: {held:.3f} (the least of a strategy: {least:.3f})"
    yield f"ratio: {plain.seconds / took:.0f}x  goal >= 100x"


def main() -> None:
    """Print the figures; with ``--smoke``, of a small run that shows that all works."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true")
    for line in lines(SMOKE if parser.parse_args().smoke else FULL):
        print(line, flush=True)


if __name__ == "__main__":
    main()
