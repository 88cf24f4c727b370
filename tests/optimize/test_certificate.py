"""The interval on fresh banks holds the true distance from the best as often as it says."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from optimize.certificate import Candidate, bank_gap, candidate, replications
from optimize.optimum import maximise
from optimize.problem import Problem, problem
from optimize.risk import MEAN, Attainment, MeanWorst, Risk
from sim.purchase import PARTS
from sim.response import Response, respond
from sim.worlds import draw_worlds
from specimens import card_like

Array = NDArray[np.float64]

#: Money for which the best mix lies inside and depends on the worlds.
BUDGET = 300_000.0

BANKS, WORLDS, HUGE = 16, 64, 4_096


def feasible() -> Problem:
    return problem(card_like(), BUDGET, whole_creators=False)


@cache
def bank(n: int, seed: int, sample: int) -> Response:
    return respond(draw_worlds(card_like(), n, seed, sample=sample), "reach", PARTS)


def gaps(chosen: Candidate, seed: int, risk: Risk) -> Array:
    return np.array(
        [bank_gap(feasible(), bank(WORLDS, seed, 2 + g), chosen, risk) for g in range(BANKS)]
    )


def test_it_is_the_one_sided_t_interval() -> None:
    found = np.array([0.3, 0.1, 0.0, 0.5, 0.2])
    interval = replications(found, 64)
    law = stats.t(4, found.mean(), found.std(ddof=1) / np.sqrt(5))
    assert interval.gap_upper == pytest.approx(law.ppf(0.95), rel=1e-12)
    assert interval.gap_mean == pytest.approx(0.22, rel=1e-12)
    assert (interval.banks, interval.worlds, interval.confidence) == (5, 64, 0.95)


def test_two_banks_are_enough() -> None:
    interval = replications(np.array([1.0, 3.0]), 64)
    assert interval.gap_mean == 2.0
    assert interval.gap_upper == pytest.approx(2 + stats.t.ppf(0.95, 1))


def test_banks_that_agree_leave_the_mean_alone() -> None:
    assert replications(np.full(16, 0.25), 64).gap_upper == 0.25
    assert replications(np.zeros(16), 64).gap_upper == 0.0


def test_one_bank_has_no_spread() -> None:
    with pytest.raises(ValueError, match=r"banks\(=1\) must be >= 2"):
        replications(np.zeros(1), 64)


@pytest.mark.parametrize("risk", [MEAN, MeanWorst(0.2), Attainment(2e6)], ids=str)
def test_no_plan_is_better_than_the_best_of_a_bank(risk: Risk) -> None:
    plan = np.array([150_000.0, 100_000.0])
    chosen = candidate(plan, bank(WORLDS, 1, 1), risk)
    found = gaps(chosen, 1, risk)
    assert (found >= 0).all()
    own = maximise(feasible(), bank(WORLDS, 1, 2), risk).plan
    assert bank_gap(feasible(), bank(WORLDS, 1, 2), Candidate(own), MEAN) >= 0


def test_a_level_of_its_own_does_not_flatter_a_plan() -> None:
    risk, plan = MeanWorst(0.1), np.array([150_000.0, 100_000.0])
    truth = risk.value(bank(HUGE, 1, 1).values(plan))
    chosen = candidate(plan, bank(HUGE, 1, 1), risk)
    banks = [bank(WORLDS, 1, 2 + g) for g in range(64)]
    fair = np.array([chosen.value(response, risk) for response in banks])
    flattered = np.array([risk.value(response.values(plan)) for response in banks])
    assert (fair <= flattered + 1e-9).all()
    assert abs(fair.mean() - truth) < 3 * fair.std(ddof=1) / 8


def test_a_poor_plan_is_known_by_its_interval() -> None:
    poor = Candidate(np.array([0.0, BUDGET]))
    best = maximise(feasible(), bank(HUGE, 7, 0))
    true_gap = best.value - poor.value(bank(HUGE, 7, 0), MEAN)
    interval = replications(gaps(poor, 1, MEAN), WORLDS)
    assert interval.gap_upper > true_gap * 0.9
    assert interval.gap_mean == pytest.approx(true_gap, rel=0.2)


@pytest.mark.slow
@pytest.mark.parametrize("risk", [MEAN, MeanWorst(0.2)], ids=str)
def test_the_true_gap_lies_inside_in_nine_of_ten_runs(risk: Risk) -> None:
    truth = bank(HUGE, 999, 0)
    best = maximise(feasible(), truth, risk).value
    runs, covered, apart = 60, 0, 0
    for seed in range(runs):
        plan = maximise(feasible(), bank(16, seed, 0), risk).plan
        chosen = candidate(plan, bank(WORLDS, seed, 1), risk)
        interval = replications(gaps(chosen, seed, risk), WORLDS)
        gap = best - risk.value(truth.values(plan))
        covered += gap <= interval.gap_upper + 1e-6 * best
        apart += gap > 1e-5 * best
    assert apart >= 0.5 * runs
    assert covered >= 0.9 * runs
