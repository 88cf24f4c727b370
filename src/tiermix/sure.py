"""How sure an answer is to be: what the options ask for, and an answer that is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from sim.mapping import Mapper, threads
from tiermix import selecting, until
from tiermix.analysis import Analysis, Progress
from tiermix.scenario import Scenario


@dataclass(frozen=True, slots=True)
class Sure:
    """What an answer is to be sure of.

    Parameters
    ----------
    precision : float or None
        Half of the interval of the objective, relative to it; None for the scenario's worlds.
    most : int or None
        Worlds to draw at most for that.
    selection : tuple of float or None
        Confidence and indifference zone of the best strategy.
    """

    precision: float | None = None
    most: int | None = None
    selection: tuple[float, float] | None = None


#: Nothing beyond the worlds that the scenario states.
AS_STATED = Sure()


def sure(
    precision: str | None, most: int | None, confidence: str | None, indifference: str | None
) -> Sure:
    """Return what the options ask for.

    Raises
    ------
    UsageError
        If one can not be understood.
    """
    return Sure(until.precision(precision), most, selecting.options(confidence, indifference))


def answered(
    scenario: Scenario,
    asked: Sure,
    answer: Callable[[Scenario], Analysis],
    progress: Progress,
    mapper: Mapper = threads,
) -> Analysis:
    """Answer a scenario as surely as asked.

    Parameters
    ----------
    scenario : Scenario
    asked : Sure
    answer : callable
        Answers a scenario on its worlds.
    progress : callable
    mapper : Mapper, optional
        What plays the worlds that are drawn beside those of the answer.
    """
    if asked.precision is None:
        analysis = answer(scenario)
    else:
        analysis = until.until(scenario, asked.precision, answer, progress, asked.most, mapper)
    if asked.selection is None:
        return analysis
    found = selecting.selected(analysis, *asked.selection, progress, mapper)
    return replace(analysis, selected=found)


def lines(analysis: Analysis) -> dict[str, list[str]]:
    """Return what an analysis is sure of, in sentences by section."""
    said = {}
    if analysis.precision is not None:
        said["Precision"] = until.lines(analysis, analysis.precision)
    if analysis.selected is not None:
        said["Best strategy"] = selecting.lines(analysis.selected)
    return said
