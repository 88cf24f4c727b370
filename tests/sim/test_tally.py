"""Tallies of stretches say what the statistics of all worlds at once say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from sim.compare import best, regret
from sim.outcomes import Outcomes, evaluate
from sim.purchase import WHOLE
from sim.statistics import Summary, slope_window, summarise
from sim.tally import Tally, grids, tally, total, worst_mean
from sim.tally import quantile as quantile_with_error
from sim.tally import summarise as summarise_tally
from sim.worlds import BLOCK, REPLICATES, Worlds, draw_worlds
from specimens import STATED, card_like

Array = NDArray[np.float64]

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
    goals = {
        "goal": (values, GRIDS["profit"]),
        "goal of reach": (outcomes.values["reach"], GRIDS["reach"]),
    }
    return tally(outcomes, GRIDS, others, goals)


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


def error_by_hand(by_world: Array) -> float:
    """Return the standard error of a mean over worlds, from the means of the replicates."""
    means = [by_world[WORLDS.replicate() == r].mean() for r in range(REPLICATES)]
    return float(np.std(means, ddof=1) / len(means) ** 0.5)


@pytest.mark.parametrize("plan", range(3))
def test_errors_of_quantiles_and_of_the_worst_worlds_are_those_by_hand(plan: int) -> None:
    values, spread = OUTCOMES.values["reach"][plan], FOUND.spreads["goal of reach"][plan]
    for level in (0.25, 0.5, 0.75):
        q, width = np.quantile(values, level), slope_window(level, N)
        rise = np.quantile(values, level + width) - np.quantile(values, level - width)
        by_hand = error_by_hand(values <= q) * rise / (2 * width)
        assert quantile_with_error(FOUND, spread, level)[1] == pytest.approx(by_hand, rel=0.1)
    for share, better in ((0.05, "up"), (0.2, "up"), (0.05, "down")):
        good = values if better == "up" else -values
        q = np.quantile(good, share)
        by_hand = error_by_hand(q - np.maximum(q - good, 0.0) / share)
        found = worst_mean(FOUND, spread, share, better)
        assert found[1] == pytest.approx(by_hand, rel=0.05)


@pytest.mark.parametrize("level", [0.001, 0.999])
def test_quantiles_at_the_ends_have_errors_too(level: float) -> None:
    q, error = quantile_with_error(FOUND, FOUND.spreads["goal"][0], level)
    assert 0 < error < abs(q) + np.ptp(OUTCOMES.values["profit"][0])


def test_infinitely_bad_worlds_are_infinitely_bad_on_average() -> None:
    values = OUTCOMES.values["profit"].copy()
    values[:, ::4] = -np.inf
    found = tally(OUTCOMES, GRIDS, {}, {"lost": (values, GRIDS["profit"])})
    spread = found.spreads["lost"][0]
    for share in (0.05, 0.5):
        mean, error = worst_mean(found, spread, share)
        assert mean == -np.inf
        assert np.isnan(error)
    assert np.isfinite(worst_mean(found, spread, 0.05, "down")).all()
    q, error = quantile_with_error(found, spread, 0.1)
    assert q == -np.inf
    assert np.isnan(error)
    worse = tally(OUTCOMES, GRIDS, {}, {"lost": (-values, GRIDS["profit"])}).spreads["lost"][0]
    assert worst_mean(found, worse, 0.5, "down")[0] == np.inf


def test_a_ratio_of_nothing_to_nothing_is_undefined() -> None:
    nothing = evaluate(draw_worlds(CAMPAIGN, BLOCK, 5), [[0.0, 0.0]], WHOLE)
    summary = summarise_tally(tally(nothing, grids(nothing, ("cpa",)), {}, {}), "cpa", 0)
    assert all(np.isnan([*summary.statistics.values(), *summary.errors.values()]))


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
