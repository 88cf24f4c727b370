"""Which strategy is best, with a guarantee: `--confidence`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimize.goal import Goal
from optimize.problem import purchase
from optimize.risk import MEAN, MeanWorst, Risk
from sim.mapping import Mapper, threads
from sim.outcomes import Outcomes, evaluate
from sim.selection import TooManyObservationsError, select
from sim.stopping import MOST
from sim.worlds import REPLICATES, draw_worlds
from tiermix import result_schema
from tiermix.analysis import Analysis, Progress
from tiermix.comparing import STAGE, Selected
from tiermix.errors import TooLargeError, UsageError
from tiermix.quantity import parse_number, shown
from tiermix.words import listing, share

Array = NDArray[np.float64]

#: Number of the first bank that a selection draws; others are for planning and checking.
FIRST_BANK = 1_000

#: Lead of the best strategy from which on it must be found, relative to what it brings.
INDIFFERENCE = 0.01


def options(confidence: str | None, indifference: str | None) -> tuple[float, float] | None:
    """Return confidence and indifference zone as shares; None where nothing is asked for.

    Raises
    ------
    UsageError
        If they are out of range, or a zone is given alone.
    """
    if confidence is None:
        if indifference is not None:
            raise UsageError("--indifference goes with --confidence")
        return None
    zone = INDIFFERENCE if indifference is None else _share("--indifference", indifference, 1e-4, 1)
    return _share("--confidence", confidence, 0.5, 0.9999), zone


def _share(option: str, text: str, low: float, high: float) -> float:
    try:
        value = parse_number(text.strip()).low
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from None
    if not low < value < high:
        raise UsageError(
            f"{option}: {shown(text)}; expected a share between {share(low)} and {share(high)}"
        )
    return value


def selected(
    analysis: Analysis,
    confidence: float,
    indifference: float,
    progress: Progress,
    mapper: Mapper = threads,
) -> Selected:
    """Choose the best strategy of an analysis on banks of worlds of their own.

    What the best one brings on the worlds of the analysis sets the size of the zone; the banks
    are independent of these, so that an optimum has no advantage from having been fitted to them.

    Raises
    ------
    UsageError
        If the best strategy brings nothing.
    TooLargeError
        If strategies are too close to be told apart.
    """
    scenario = analysis.scenario
    places, same = _candidates(analysis)
    names = list(analysis.strategies)
    scale = max(abs(analysis.strategies[names[i]].objective.mean) for i in places)
    if scale == 0:
        raise UsageError(f"{scenario.path}: --confidence: no strategy brings anything")
    judged = [_Judge.of(analysis, i) for i in places]
    plans, way = [analysis.strategies[names[i]].plan for i in places], purchase(analysis.problem)

    def draw(stage: int, left: Sequence[int]) -> Array:
        progress(f"choosing among {len(left)} strategies: bank {stage + 1}")
        bank = draw_worlds(scenario.campaign, STAGE, scenario.seed, sample=FIRST_BANK + stage)
        some = [plans[i] for i in left]
        outcomes = evaluate(bank, some, way, metrics=analysis.goal.metrics, mapper=mapper)
        worlds = np.stack([judged[i].values(outcomes, at) for at, i in enumerate(left)])
        means: Array = worlds.reshape(len(left), -1, REPLICATES).mean(axis=1)
        return means

    zone = indifference * scale
    try:
        found = select(draw, len(places), zone, confidence, most=MOST / STAGE * REPLICATES)
    except TooManyObservationsError as error:
        raise TooLargeError(
            f"{scenario.path}: --confidence: telling the strategies apart to {share(indifference)} "
            f"may take {error.needed / REPLICATES * STAGE:,.0f} worlds, more than {MOST:,}: widen "
            "the zone with --indifference"
        ) from error
    chosen = tuple(names[i] for i in places)
    return Selected(confidence, indifference, zone, chosen, same, found)


def _candidates(analysis: Analysis) -> tuple[list[int], dict[str, str]]:
    """Return the positions of the allowed strategies (of all if none is), one for every plan."""
    strategies = list(analysis.strategies.items())
    allowed = [i for i, (_, s) in enumerate(strategies) if not s.violations]
    places, same = list[int](), dict[str, str]()
    for i in allowed or range(len(strategies)):
        name, plan = strategies[i][0], strategies[i][1].plan
        twins = [strategies[j][0] for j in places if np.array_equal(strategies[j][1].plan, plan)]
        if twins:
            same[name] = twins[0]
        else:
            places.append(i)
    return places, same


@dataclass(frozen=True, slots=True)
class _Judge:
    """What a strategy is judged by, its worst worlds ended at a level of the analysis.

    A level of the bank's own would flatter the plan there.
    """

    goal: Goal
    risk: Risk
    level: float

    @classmethod
    def of(cls, analysis: Analysis, place: int) -> _Judge:
        risk = analysis.scenario.risk
        level = float("nan")
        if isinstance(risk, MeanWorst) and risk != MEAN:
            values = analysis.sampled.values[place]
            level = float(np.quantile(values, risk.worst, method="inverted_cdf"))
        return cls(analysis.goal, risk, level)

    def values(self, outcomes: Outcomes, plan: int) -> Array:
        """Return values of a plan whose mean it is judged by, shape (n_worlds,)."""
        if self.risk == MEAN:
            return np.asarray(self.goal.controlled(outcomes)[plan])
        values: Array = self.goal.of(outcomes)[plan]
        if isinstance(self.risk, MeanWorst):
            return self.risk.measured(values, self.level)
        return self.risk.contributions(values)


def document(found: Selected) -> result_schema.Selection:
    """Return the selection as plain data."""
    took = [found.worlds(n) for n in found.found.observations]
    return {
        "procedure": "Kim and Nelson (2001)",
        "confidence": found.confidence,
        "indifference": found.indifference,
        "indifference_zone": found.zone,
        "best": found.best,
        "worlds": dict(zip(found.names, took, strict=True)),
        "screened_out": [found.names[i] for i in found.found.screened],
        "same_plan_as": dict(found.same),
        "worlds_in_all": sum(took),
        "worlds_with_equal_allocation": found.worlds(found.found.equal) * len(found.names),
    }


def lines(found: Selected) -> list[str]:
    """Return the selection in sentences."""
    if len(found.names) == 1:
        return [f"{found.best} is the only allowed plan."]
    result = document(found)
    twins = [name for name, other in found.same.items() if other == found.best]
    same = f" (and {listing(twins)}, the same plan)" if twins else ""
    said = [
        f"{found.best}{same} is the best of {len(found.names)} strategies. If the best one leads "
        f"by {share(found.indifference)} or more, that is right with {share(found.confidence)} "
        "confidence; with a smaller lead the best are about as good."
    ]
    out = [f"{name} after {result['worlds'][name]:,}" for name in reversed(result["screened_out"])]
    if out:
        said.append(f"Screened out, in worlds of its own: {listing(out)}.")
    took, equal = result["worlds_in_all"], result["worlds_with_equal_allocation"]
    saved = f"; as many for every strategy would have been {equal:,}" if equal > took else ""
    return [*said, f"That took {took:,} worlds of a plan in all{saved}."]
