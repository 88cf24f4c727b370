"""What perfect information chooses and adds, against grids and brute force."""

from __future__ import annotations

import numpy as np
import pytest

from optimize.floors import Floor
from optimize.information import foresee, utilities
from optimize.optimum import maximise
from optimize.problem import problem
from optimize.risk import MEAN, Attainment, Chance, MeanWorst, Risk
from sim.purchase import PARTS
from sim.response import respond
from sim.worlds import draw_worlds
from specimens import card_like

CAMPAIGN = card_like()
BUDGET = 2e5
N = 48
WORLDS = draw_worlds(CAMPAIGN, N, 4)
TASK = problem(CAMPAIGN, BUDGET, whole_creators=False)
REACH = respond(WORLDS, "reach", PARTS)
CONVERSIONS = respond(WORLDS, "conversions", PARTS)
SPLITS = np.linspace(0, 1, 401)
PLANS = np.array(
    [p for p in BUDGET * np.column_stack([SPLITS, 1 - SPLITS]) if not TASK.violations(p)]
)
VALUES = np.stack([REACH.values(plan) for plan in PLANS])


def test_no_plan_of_a_grid_is_better_in_any_world() -> None:
    found = foresee(TASK, REACH, (), range(N))
    assert (found.values >= VALUES.max(axis=0) * (1 - 1e-6)).all()
    assert (found.bounds * (1 + 1e-9) >= VALUES).all()
    assert (found.bounds <= found.values * (1 + 2e-6)).all()
    own = [REACH.values(plan)[world] for world, plan in enumerate(found.plans)]
    assert own == pytest.approx(found.values, rel=1e-9)


@pytest.mark.parametrize(
    "risk",
    [MEAN, MeanWorst(0.25), MeanWorst(0.25, 0.5), Attainment(9e5), Chance(9e5)],
    ids=["mean", "worst", "blend", "target", "chance"],
)
def test_perfect_information_adds_what_a_grid_says(risk: Risk) -> None:
    found = foresee(TASK, REACH, (), range(N))
    best = max(VALUES, key=risk.value)
    value, bound = found.gains(risk, best)
    brute = risk.value(VALUES.max(axis=0)) - risk.value(best)
    assert value == pytest.approx(brute, abs=2e-3 * risk.value(best))
    assert brute - 1e-9 * risk.value(best) <= bound
    assert value <= bound <= value + 1e-5 * risk.value(best)


def test_floors_are_asked_over_all_worlds() -> None:
    level = float(CONVERSIONS.values(maximise(TASK, CONVERSIONS).plan).mean()) * 0.8
    floor = Floor("conversions", CONVERSIONS, level)
    found = foresee(TASK, REACH, [floor], range(8))
    assert all(not floor.missed_by(plan) for plan in found.plans)
    free = foresee(TASK, REACH, (), range(8))
    assert (found.values <= free.bounds * (1 + 1e-9)).all()
    kept = [row for row, plan in zip(VALUES, PLANS, strict=True) if not floor.missed_by(plan)]
    assert (found.values >= np.array(kept).max(axis=0)[:8] * (1 - 1e-6)).all()


@pytest.mark.parametrize("worst", [0.1, 0.25, 1.0])
@pytest.mark.parametrize("weight", [0.0, 0.4, 1.0])
def test_utilities_are_exact_for_the_base_plan_and_never_too_high(
    worst: float, weight: float
) -> None:
    risk = MeanWorst(worst, weight)
    found = utilities(risk, VALUES, 100)
    assert found[100].mean() == pytest.approx(risk.value(VALUES[100]), rel=1e-12)
    choice = np.random.default_rng(1).integers(0, len(VALUES), N)
    chosen = VALUES[choice, np.arange(N)]
    assert found[choice, np.arange(N)].mean() <= risk.value(chosen) * (1 + 1e-12)


def test_utilities_of_targets_are_what_each_world_attains() -> None:
    for risk in (Attainment(9e5), Chance(9e5)):
        found = utilities(risk, VALUES[:5], 0)
        assert found.mean(axis=1) == pytest.approx([risk.value(row) for row in VALUES[:5]])
