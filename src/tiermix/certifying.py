"""How far the best plan of a scenario is from the best for the truth, on fresh banks of worlds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import ROUND_CEILING, Context, Decimal
from functools import partial

import numpy as np

from optimize.certificate import Candidate, bank_gap, candidate, replications
from optimize.problem import Problem, purchase
from optimize.risk import MEAN, Attainment
from sim.mapping import Mapper, threads
from sim.response import Response, blend, respond
from sim.worlds import draw_worlds
from tiermix import story
from tiermix.analysis import OPTIMUM, Analysis, Progress
from tiermix.errors import UsageError
from tiermix.scenario import Scenario
from tiermix.steps import Step
from tiermix.words import share

#: Banks of worlds; the worlds of a bank, as a part of the scenario's, and at least.
BANKS, PART, LEAST = 16, 4, 256

#: Smallest distance that is told, relative to what the plan brings.
SMALLEST = 1e-6

#: Numbers of the bank that the plan was checked on and of the first bank that is new.
CHECKED, FIRST = 1, 2


def refuse_floors(scenario: Scenario) -> None:
    """Refuse a scenario whose allowed plans differ from bank to bank.

    Raises
    ------
    UsageError
        If it has floors or ceilings.
    """
    if scenario.demands:
        raise UsageError(
            f"{scenario.path}: --certify is for scenarios without floors and ceilings: which plans "
            f"keep {scenario.demands[0].name} differs from bank to bank"
        )


def certified(analysis: Analysis, progress: Progress, mapper: Mapper = threads) -> Analysis:
    """Return an analysis with the interval for its best plan's distance from the best.

    Parameters
    ----------
    analysis : Analysis
        With an optimum; its scenario without floors and ceilings.
    progress : callable
        Told after every bank how many are done.
    mapper : Mapper, optional
        What optimises on the banks.
    """
    scenario, optimum = analysis.scenario, analysis.optimum
    assert optimum is not None
    plan, risk = optimum.solution.plan, scenario.risk
    chosen = Candidate(plan)
    if risk != MEAN:
        checked = _response(
            scenario, analysis.goal.terms, analysis.problem, scenario.worlds, CHECKED
        )
        chosen = candidate(plan, checked, risk)
    worlds, gaps = max(scenario.worlds // PART, LEAST), np.zeros(BANKS)
    gap = partial(_gap, scenario, analysis.goal.terms, analysis.problem, worlds, chosen)
    progress(Step("optimising on fresh banks", 0, BANKS, "banks"))
    for g, found in enumerate(mapper(gap, range(FIRST, FIRST + BANKS))):
        gaps[g] = found
        progress(Step("optimising on fresh banks", g + 1, BANKS, "banks"))
    interval = replications(gaps, worlds)
    return replace(analysis, optimum=replace(optimum, replications=interval))


def _gap(
    scenario: Scenario,
    terms: Sequence[tuple[str, float]],
    allowed: Problem,
    worlds: int,
    chosen: Candidate,
    sample: int,
) -> float:
    """Return how far a plan is from what no plan can pass on a bank."""
    bank = _response(scenario, terms, allowed, worlds, sample)
    return bank_gap(allowed, bank, chosen, scenario.risk)


def _response(
    scenario: Scenario,
    terms: Sequence[tuple[str, float]],
    allowed: Problem,
    worlds: int,
    sample: int,
) -> Response:
    """Return the goal as a function of the plan on a bank; a blend on the scale of the run."""
    bank = draw_worlds(scenario.campaign, worlds, scenario.seed, sample=sample)
    way = purchase(allowed)
    return blend([(respond(bank, metric, way), c) for metric, c in terms])


def said(analysis: Analysis) -> list[str]:
    """Return the interval as a sentence, if there is one."""
    optimum = analysis.optimum
    found = optimum.replications if optimum else None
    if found is None:
        return []
    brings = abs(analysis.strategies[OPTIMUM].averaged)
    gap = max(found.gap_upper, SMALLEST * brings)
    relative = f" ({share(_up(gap / brings))})" if brings else ""
    truth = "the true averages" if analysis.scenario.risk == MEAN else "all worlds there could be"
    return [
        f"With {share(found.confidence)} confidence the plan is within "
        f"{_distance(analysis, _up(gap))}{relative} of the best plan for {truth} "
        f"({found.banks} fresh banks of {found.worlds:,} worlds)."
    ]


def _distance(analysis: Analysis, gap: float) -> str:
    """Return a distance of two values of the objective in words."""
    if isinstance(analysis.scenario.risk, Attainment):
        return f"{share(gap)} of the target"
    terms = analysis.scenario.objective
    if len(terms) > 1:
        return f"a blended score of {share(gap)}"
    return story.quantity(analysis, terms[0][0], gap)


def _up(value: float) -> float:
    """Return a number with two figures, rounded up."""
    return float(Context(prec=2, rounding=ROUND_CEILING).create_decimal(Decimal(repr(value))))
