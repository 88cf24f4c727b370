"""As many worlds as a precision takes: `--until`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from optimize.problem import purchase
from optimize.risk import MEAN
from sim.mapping import Mapper, threads
from sim.outcomes import evaluate
from sim.stopping import ERROR, MOST, Precision, first_look, grow, look
from sim.worlds import draw_worlds
from tiermix import result_schema, story
from tiermix.analysis import Analysis, Progress
from tiermix.errors import UsageError
from tiermix.quantity import parse_number, shown
from tiermix.scenario import Scenario
from tiermix.sizes import most_worlds
from tiermix.words import number, share

Array = NDArray[np.float64]

#: The finest and the coarsest precision that can be asked for.
FINEST, COARSEST = 1e-5, 0.5


def precision(text: str | None) -> float | None:
    """Return a precision such as 0.5%.

    Raises
    ------
    UsageError
        If it is none.
    """
    if text is None:
        return None
    try:
        value = parse_number(text.strip()).low
    except ValueError as error:
        raise UsageError(f"--until: {error}") from None
    if not FINEST <= value <= COARSEST:
        raise UsageError(
            f"--until: {shown(text)}; expected a precision between {share(FINEST)} and "
            f"{share(COARSEST)}, such as 0.5%"
        )
    return value


def until(
    scenario: Scenario,
    asked: float,
    answer: Callable[[Scenario], Analysis],
    progress: Progress,
    most: int | None = None,
    mapper: Mapper = threads,
) -> Analysis:
    """Answer a scenario on as many worlds as a precision of its objective takes.

    Worlds are drawn for the plans of a first answer, and then the scenario is answered on all of
    them, as it would be with so many worlds from the start. If the new plans are not known as
    precisely, more are drawn.

    Parameters
    ----------
    scenario : Scenario
        Its number of worlds does not count.
    asked : float
    answer : callable
        Answers a scenario on its worlds.
    progress : callable
    most : int, optional
        Worlds to draw at most.
    mapper : Mapper, optional
        What plays the worlds that are added.
    """
    most = int(min(MOST, most_worlds(scenario), most or MOST))
    few = answer(replace(scenario, worlds=first_look(most)))
    looks = list(_drawn(few, asked, most, progress, mapper).looks)
    if len(looks) == 1:
        return replace(few, precision=Precision(asked, tuple(looks)))
    while True:
        worlds = looks[-1].worlds
        progress(f"answering on {worlds:,} worlds")
        analysis = answer(replace(scenario, worlds=worlds))
        looks[-1] = look(analysis.sampled.judged, len(looks))
        if looks[-1].precision <= asked or 2 * worlds > most:
            return replace(analysis, precision=Precision(asked, tuple(looks)))
        looks.append(replace(looks[-1], worlds=2 * worlds))


def _drawn(few: Analysis, asked: float, most: int, progress: Progress, mapper: Mapper) -> Precision:
    """Look at the plans of an answer on few worlds, in more and more of them."""
    scenario, goal, way = few.scenario, few.goal, purchase(few.problem)
    risk, plans = scenario.risk, [strategy.plan for strategy in few.strategies.values()]
    known = few.sampled.judged if risk == MEAN else few.sampled.values
    order = few.sampled.worlds.order

    def draw(first: int, n: int) -> Array:
        if first == 0:
            return known
        progress(f"drawing {first + n:,} worlds to know the answer to {share(asked)}")
        worlds = draw_worlds(scenario.campaign, n, scenario.seed, first=first, order=order)
        outcomes = evaluate(worlds, plans, way, metrics=goal.metrics, mapper=mapper)
        return goal.controlled(outcomes) if risk == MEAN else goal.of(outcomes)

    def judge(values: Array) -> Array:
        return values if risk == MEAN else np.stack([risk.contributions(x) for x in values])

    return grow(draw, asked, judge=judge, most=most)


def document(analysis: Analysis, found: Precision) -> result_schema.Precision:
    """Return the precision as plain data."""
    names, last = list(analysis.strategies), found.looks[-1]
    return {
        "asked": found.asked,
        "reached": found.reached,
        "confidence": 1 - ERROR,
        "leader": names[last.leader],
        "rival": None if last.rival is None else names[last.rival],
        "mean": last.mean.mean,
        "mean_half_width": last.mean.half,
        "lead": last.lead.mean if last.lead else None,
        "lead_half_width": last.lead.half if last.lead else None,
        "looks": [{"worlds": x.worlds, "precision": x.precision} for x in found.looks],
    }


def lines(analysis: Analysis, found: Precision) -> list[str]:
    """Return the precision in sentences."""
    names, last = list(analysis.strategies), found.looks[-1]
    scale = abs(last.mean.mean)
    leader = f"{names[last.leader]} brings {story.amount(analysis, last.mean.mean)}"
    said = f"{leader} (± {_share(last.mean.half, scale)})"
    if last.rival is not None and last.lead is not None:
        said += (
            f", {story.value(analysis, last.lead.mean)} more than {names[last.rival]} (± "
            f"{_share(last.lead.half, scale)} of what {names[last.leader]} brings)"
        )
    looks = len(found.looks)
    told = (
        f"{said}: known with {share(1 - ERROR)} confidence, {looks} "
        f"{'looks' if looks > 1 else 'look'} at {last.worlds:,} worlds taken into account."
    )
    if found.reached:
        return [told]
    return [
        told,
        f"That is less than the {share(found.asked)} asked for, which would take more than the "
        f"{number(last.worlds)} worlds that can be drawn.",
    ]


def _share(half: float, scale: float) -> str:
    return share(half / scale) if scale else share(float("nan"))
