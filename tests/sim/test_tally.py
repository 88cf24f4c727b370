"""Tallies of stretches say what the statistics of all worlds at once say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sim.compare import best, regret
from sim.outcomes import Outcomes, evaluate
from sim.purchase import WHOLE
from sim.statistics import Summary, summarise
from sim.tally import Tally, grids, tally, total, worst_mean
from sim.tally import summarise as summarise_tally
from sim.worlds import BLOCK, Worlds, draw_worlds
from specimens import STATED, card_like

CAMPAIGN = replace(card_like(), order_value=STATED("log", typical=(30.0, 60.0)))
METRICS = ("reach", "conversions", "revenue", "profit", "roas", "cpa", "spend", "engagements")
PLANS = np.array([[40_000.0, 20_000.0], [60_000.0, 0.0], [0.0, 60_000.0]])
N = 16 * BLOCK


def played(worlds: Worlds) -> Outcomes:
    return evaluate(worlds, PLANS, WHOLE)


WORLDS = draw_worlds(CAMPAIGN, N, 5)
OUTCOMES = played(WORLDS)
GRIDS = grids(played(WORLDS.part(0, BLOCK)), METRICS)


def counted(first: int, size: int) -> Tally:
    outcomes = played(draw_worlds(CAMPAIGN, size, 5, first=first))
    values = outcomes.values["profit"]
    others = {"best": best(values), "regret": regret(values)}
    return tally(outcomes, GRIDS, others, {"goal": (values, GRIDS["profit"])})


STRETCHES = [counted(first, 4 * BLOCK) for first in range(0, N, 4 * BLOCK)]
FOUND = total(STRETCHES)


@pytest.mark.parametrize("plan", range(3))
@pytest.mark.parametrize("metric", METRICS)
def test_statistics_are_those_of_all_worlds_within_their_errors(metric: str, plan: int) -> None:
    exact = summarise(OUTCOMES, metric, plan)
    found = summarise_tally(FOUND, metric, plan)
    assert found.mean == pytest.approx(exact.mean, rel=1e-9)
    assert found.se == pytest.approx(exact.se, rel=1e-6, abs=1e-9 * abs(exact.mean))
    for name, value in exact.statistics.items():
        if name == "mean" or not np.isfinite(value):
            continue
        noise = _counting_noise(exact, name, found)
        assert abs(found.statistics[name] - value) <= noise, name


def _counting_noise(exact: Summary, name: str, found: Summary) -> float:
    """Return how far a statistic of drawn counts may be from that of their laws."""
    spread = exact.statistics["p95"] - exact.statistics["p5"]
    errors = [e for e in (exact.errors[name], found.errors[name]) if np.isfinite(e)]
    return 4 * max(errors, default=0.0) + 0.02 * spread + 1.0


def test_what_is_not_counted_has_the_quantiles_of_the_sorted_worlds() -> None:
    for plan in range(3):
        values, spread = OUTCOMES.values["profit"][plan], FOUND.spreads["goal"][plan]
        wide = float(np.ptp(values))
        for level in (0.05, 0.5, 0.95):
            assert abs(spread.quantile(level) - np.quantile(values, level)) < 2e-3 * wide
        ordered = np.sort(values)
        for share in (0.05, 0.2):
            tail = ordered[: round(share * N)].mean()
            found = worst_mean(FOUND, spread, share)[0]
            assert found == pytest.approx(tail, abs=1e-3 * wide)


def test_the_order_of_stretches_changes_no_histogram() -> None:
    back = total(reversed(STRETCHES))
    for name, spreads in FOUND.spreads.items():
        for one, other in zip(spreads, back.spreads[name], strict=True):
            assert all(np.array_equal(x, other.arrays()[key]) for key, x in one.arrays().items())


def test_means_of_other_values_come_with_their_errors() -> None:
    for i in range(3):
        share, se = FOUND.mean("best", i)
        assert share == pytest.approx(float(best(OUTCOMES.values["profit"])[i].mean()), abs=1e-12)
        assert 0 <= se < 0.1
    told: list[int] = []
    total(STRETCHES, told.append)
    assert told[-1] == N
