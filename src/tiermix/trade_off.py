"""How much of one aim another costs: two metrics, or the mean against the worst worlds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from optimize.errors import InfeasibleError
from optimize.frontier import Aim, Point, frontier
from optimize.problem import Problem, purchase
from optimize.risk import MeanWorst
from sim.mapping import Mapper, one_by_one
from sim.metrics import METRICS, OBJECTIVES
from sim.response import Response, respond
from sim.worlds import Worlds, draw_worlds
from tiermix.analysis import Progress
from tiermix.errors import UsageError
from tiermix.heading import heading
from tiermix.infeasible import explained
from tiermix.scenario import Scenario
from tiermix.steps import Step
from tiermix.task import Task, state
from tiermix.validation import suggestion
from tiermix.words import money, number, share

#: Share of worlds that counts as the worst where the file names none.
WORST = 0.1

#: How far the knee must bend out of the straight line between the ends, as a share of both.
BEND = 0.05


@dataclass(frozen=True, slots=True)
class Measure:
    """One of the two aims, as people read it.

    Parameters
    ----------
    name : str
        As in results, such as ``reach`` or ``mean``.
    label : str
        In a sentence.
    unit : str
        ``money``, ``share`` or anything that is counted.
    """

    name: str
    label: str
    unit: str

    def shown(self, value: float, currency: str) -> str:
        """Return a value as people read it."""
        if self.unit == "money":
            return money(value, currency)
        return f"{100 * value:.2f} %" if self.unit == "share" else number(value, 4)


@dataclass(frozen=True, slots=True)
class TradeOff:
    """Plans from the best of one aim to the best of another.

    Parameters
    ----------
    scenario : Scenario
    first, second : Measure
    points : tuple of Point
        From the best of the first to the best of the second.
    """

    scenario: Scenario
    first: Measure
    second: Measure
    points: tuple[Point, ...]

    @property
    def knee(self) -> int | None:
        """The point furthest out of the straight line between the ends; None if none bends."""
        values = np.array([[p.solution.value, p.second] for p in self.points])
        span = np.ptp(values, axis=0)
        if len(values) < 3 or not span.all():
            return None
        out = ((values - values.min(axis=0)) / span).sum(axis=1) - 1
        return int(out.argmax()) if out.max() > BEND else None


def metric_trade_off(
    scenario: Scenario,
    metrics: tuple[str, str] | None,
    n_points: int,
    progress: Progress,
    mapper: Mapper = one_by_one,
) -> TradeOff:
    """Return the trade-off between the means of two metrics.

    Parameters
    ----------
    scenario : Scenario
    metrics : tuple of (str, str) or None
        If None: the first two of a blend; else the objective, and reach (for the objective
        reach: conversions).
    n_points : int
    progress : callable
    mapper : Mapper, optional
        What finds the plans.

    Raises
    ------
    UsageError
        If a metric can not be traded.
    InfeasibleError
        If no plan satisfies all limits and floors.
    """
    first, second = metrics or default_metrics(scenario)
    check_metrics(scenario, (first, second))
    if first == second:
        raise UsageError(f"--metrics: {first} twice; expected two different metrics")
    task = _stated(scenario, progress)
    aims = [Aim(brought(task.worlds, task.problem, metric)) for metric in (first, second)]
    points = _swept(scenario, task, aims, n_points, progress, mapper)
    return TradeOff(scenario, _measure(first), _measure(second), points)


def risk_trade_off(
    scenario: Scenario,
    worst: float | None,
    n_points: int,
    progress: Progress,
    mapper: Mapper = one_by_one,
) -> TradeOff:
    """Return the trade-off between the objective's mean and its mean over the worst worlds.

    Parameters
    ----------
    scenario : Scenario
    worst : float or None
        Share of worlds that counts as the worst; if None the file's, or `WORST`.
    n_points : int
    progress : callable
    mapper : Mapper, optional
        What finds the plans.

    Raises
    ------
    UsageError
        If the objective is to save money.
    InfeasibleError
        If no plan satisfies all limits and floors.
    """
    if scenario.objective[0][0] == "spend":
        raise UsageError("--risk: the objective spend has no worst worlds; name --metrics")
    risk = scenario.risk
    stated = risk.worst if isinstance(risk, MeanWorst) and risk.weight > 0 else WORST
    tail = stated if worst is None else worst
    task = _stated(scenario, progress)
    aims = [Aim(task.response), Aim(task.response, MeanWorst(tail))]
    points = _swept(scenario, task, aims, n_points, progress, mapper)
    blend = len(scenario.objective) > 1
    metric = METRICS[scenario.objective[0][0]]
    label = "blended score" if blend else metric.label.lower()
    unit = "share" if blend else metric.unit
    return TradeOff(
        scenario,
        Measure("mean", f"mean {label}", unit),
        Measure("cvar", f"{label} in the worst {share(tail)}", unit),
        points,
    )


def default_metrics(scenario: Scenario) -> tuple[str, str]:
    """Return two metrics that a scenario is about."""
    named = [metric for metric, _ in scenario.objective]
    if len(named) > 1:
        return named[0], named[1]
    if named[0] in ("spend", "reach"):
        return "reach", "conversions"
    return named[0], "reach"


def check_metrics(scenario: Scenario, metrics: Sequence[str]) -> None:
    """Refuse metrics that no plan can be optimised for.

    Raises
    ------
    UsageError
        If one is unknown, or needs what the file does not say.
    """
    for metric in metrics:
        whole, at, phase = metric.partition("@")
        phases = [one.name for one in scenario.campaign.phases]
        if whole not in OBJECTIVES:
            raise UsageError(f"unknown metric {metric}, {suggestion(metric, list(OBJECTIVES))}")
        if at and phase not in phases:
            raise UsageError(f"{metric}: unknown phase {phase!r}, {suggestion(phase, phases)}")
        defaulted = {i.path for i in scenario.inputs if i.origin == "default"}
        needs = {"revenue": ("order_value",), "profit": ("order_value", "margin")}
        for key in needs.get(whole, ()):
            if key in defaulted and scenario.campaign.tiers:
                raise UsageError(f"{metric} needs {key}: say it in {scenario.path}")


def brings(response: Response) -> bool:
    """Return whether any line can bring anything of a response."""
    return bool(response.terms) or bool(response.slopes.any())


def brought(worlds: Worlds, problem: Problem, metric: str) -> Response:
    """Return the response of a metric.

    Raises
    ------
    UsageError
        If no line brings any of it.
    """
    response = respond(worlds, metric, purchase(problem))
    if not brings(response):
        raise UsageError(f"no line brings any {metric}: name other metrics, --metrics A,B")
    return response


def _measure(metric: str) -> Measure:
    return Measure(metric, METRICS[metric].label.lower(), METRICS[metric].unit)


def _stated(scenario: Scenario, progress: Progress) -> Task:
    progress("drawing worlds")
    worlds = draw_worlds(scenario.campaign, scenario.worlds, scenario.seed)
    progress("averaging the lottery of creators")
    try:
        return state(scenario, worlds)
    except InfeasibleError as error:
        raise InfeasibleError(f"{scenario.path}: {error}") from error


def _swept(
    scenario: Scenario,
    task: Task,
    aims: list[Aim],
    n_points: int,
    progress: Progress,
    mapper: Mapper,
) -> tuple[Point, ...]:
    def told(done: int) -> None:
        progress(Step("optimising", done, n_points, "plans"))

    told(0)
    try:
        return frontier(task.problem, aims[0], aims[1], task.floors, n_points, told, mapper)
    except InfeasibleError as error:
        raise InfeasibleError(f"{scenario.path}: {explained(scenario, task)}") from error


def rows(found: TradeOff) -> list[dict[str, Any]]:
    """Return one row a point: what is asked, both aims, the gap, the spend per line."""
    return [
        {
            "point": i,
            "level": point.level,
            found.first.name: point.solution.value,
            found.second.name: point.second,
            "upper_bound": point.solution.upper_bound,
            "relative_gap": point.solution.relative_gap,
            **{
                f"spend_{line}": x
                for line, x in zip(found.scenario.lines, point.solution.plan.tolist(), strict=True)
            },
        }
        for i, point in enumerate(found.points, start=1)
    ]


def document(found: TradeOff) -> dict[str, Any]:
    """Return a trade-off as plain data."""
    scenario = found.scenario
    return {
        **heading(scenario),
        "first": {"name": found.first.name, "label": found.first.label},
        "second": {"name": found.second.name, "label": found.second.label},
        "knee": None if found.knee is None else found.knee + 1,
        "points": [_point(found, point) for point in found.points],
    }


def _point(found: TradeOff, point: Point) -> dict[str, Any]:
    solution = point.solution
    return {
        "level": point.level,
        "first": solution.value,
        "second": point.second,
        "upper_bound": solution.upper_bound,
        "relative_gap": solution.relative_gap,
        "status": solution.status,
        "plan": dict(zip(found.scenario.lines, solution.plan.tolist(), strict=True)),
    }
