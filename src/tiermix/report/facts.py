"""What the report tells beyond the result document: kept in the run folder as `report.json`.

It is computed while the analysis is at hand, so that a report can be made later without
simulating again. No report library is needed here.
"""

from __future__ import annotations

from math import floor, isfinite, log10
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optimize.problem import AVAILABLE, Problem, purchase
from sim.metrics import METRICS, OBJECTIVES
from sim.outcomes import Outcomes, evaluate
from sim.statistics import standard_error
from sim.worlds import Worlds, draw_worlds
from tiermix import certifying, margins, media_plan, story
from tiermix.analysis import Analysis
from tiermix.result_schema import FORMAT

Array = NDArray[np.float64]

#: Worlds that curves are drawn from, at most: a picture needs no more.
CURVE_WORLDS = 1024

#: Points of a response curve, and of the build-up of reach.
POINTS, STEPS = 13, 10

#: The score of a blend, which is no metric.
SCORE = "score"

#: What it takes to tell who is reached and how often.
REACHED = ("reach", "effective_reach", "on_target_impressions")


def facts(analysis: Analysis) -> dict[str, Any]:
    """Return what the report tells beyond the result document, as plain data.

    Parameters
    ----------
    analysis : Analysis
        With an optimum.
    """
    scenario = analysis.scenario
    n_worlds = min(scenario.worlds, CURVE_WORLDS)
    worlds = draw_worlds(scenario.campaign, n_worlds, scenario.seed)
    found = {
        "tiermix": FORMAT,
        "said": _said(analysis),
        "terms": [metric for metric, _ in scenario.objective],
        "demands": [demand.metric for demand in scenario.demands],
        "lines": list(scenario.lines),
        "media_plan": list(media_plan.rows(analysis)),
        "curve_metric": curve_metric(analysis),
        "curve_worlds": n_worlds,
        "step": step(scenario.budget),
        "whole_creators": scenario.whole_creators,
        "curves": [_curve(analysis, worlds, line) for line in range(len(scenario.lines))],
        "build_up": _build_up(analysis, worlds) if scenario.campaign.tiers else [],
        "effective_frequency": scenario.campaign.effective_frequency,
        "audience": sum(segment.size for segment in scenario.campaign.segments),
        "phases": _phases(analysis, worlds),
        "inputs": [
            {"path": given.path, "value": given.value, "origin": given.origin}
            for given in scenario.inputs
        ],
    }
    return {key: plain(value) for key, value in found.items()}


def _said(analysis: Analysis) -> dict[str, Any]:
    """Return what the terminal says, word for word."""
    return {
        "objective": story.objective_label(analysis),
        "recommendation": story.recommendation(analysis),
        "certificate": [story.certificate(analysis), *certifying.said(analysis)],
        "limits": margins.limits(analysis),
        "warnings": story.warnings(analysis),
    }


def curve_metric(analysis: Analysis) -> str:
    """Return what the response curves show: the objective, or what the money must bring."""
    terms = analysis.scenario.objective
    if story.saves(analysis):
        asked = [d.metric for d in analysis.scenario.demands if d.metric in OBJECTIVES]
        return asked[0] if asked else "reach"
    return terms[0][0] if len(terms) == 1 else SCORE


def step(budget: float) -> float:
    """Return a round amount of money of about a twentieth of the budget."""
    return float(10.0 ** floor(log10(budget / 20)))


def _values(analysis: Analysis, outcomes: Outcomes) -> tuple[Array, Array]:
    """Return what the curves show, as drawn and of the same mean with a smaller error."""
    metric = curve_metric(analysis)
    if metric == SCORE:
        return analysis.goal.of(outcomes), analysis.goal.controlled(outcomes)
    return outcomes.values[metric], outcomes.controlled[metric]


def _curve(analysis: Analysis, worlds: Worlds, line: int) -> dict[str, Any]:
    """Return what money on one line adds to a plan that keeps its other lines."""
    assert analysis.optimum is not None
    plan, problem = analysis.optimum.solution.plan, analysis.problem
    spent = float(plan[line])
    levels = _levels(problem, line, plan)
    more = _more(problem, line, plan)
    spends = [*levels.tolist(), *([spent + more] if more else [])]
    plans = np.tile(plan, (len(spends), 1))
    plans[:, line] = spends
    metric = curve_metric(analysis)
    asked = analysis.goal.metrics if metric == SCORE else (metric,)
    outcomes = evaluate(worlds, plans, purchase(problem), metrics=asked)
    drawn, smooth = _values(analysis, outcomes)
    points = [
        _point(level, drawn[k] - drawn[0], smooth[k] - smooth[0]) for k, level in enumerate(levels)
    ]
    here = int(np.argmin(np.abs(levels - spent)))
    gain = (smooth[-1] - smooth[here]) * (step(problem.budget) / more) if more else None
    return {
        "line": analysis.scenario.lines[line],
        "here": here,
        "most": float(levels[-1]),
        "next": float(gain.mean()) if gain is not None else None,
        "next_se": standard_error(worlds, gain) if gain is not None else None,
        "points": points,
    }


def _point(spend: float, drawn: Array, smooth: Array) -> dict[str, float]:
    low, high = np.quantile(drawn, (0.05, 0.95))
    return {
        "spend": float(spend),
        "mean": float(smooth.mean()),
        "p5": float(low),
        "p95": float(high),
    }


def _top(problem: Problem, line: int, plan: Array) -> float:
    """Return the most money that a line can take while the others keep theirs."""
    shared = [
        limit.upper - float(plan[list(limit.lines)].sum() - plan[line])
        for limit in problem.limits
        if line in limit.lines and limit.name.startswith(AVAILABLE)
    ]
    return max(min(problem.caps[line], problem.budget, *shared), float(plan[line]))


def _levels(problem: Problem, line: int, plan: Array) -> Array:
    """Return spends of a line from nothing to its most, the plan's own among them."""
    top, spent = _top(problem, line, plan), float(plan[line])
    levels = np.linspace(0.0, top, POINTS)
    if problem.prices is not None and problem.prices[line] > 0:
        price = problem.prices[line]
        levels = np.unique((levels / price).round()) * price
        levels = levels[levels <= top * (1 + 1e-9)]
    apart = np.abs(levels - spent) > 1e-6 * problem.budget
    return np.sort(np.append(levels[apart], spent))


def _more(problem: Problem, line: int, plan: Array) -> float:
    """Return a small amount that the line could take more of a larger budget; 0 if none."""
    more = step(problem.budget)
    if problem.prices is not None and problem.prices[line] > 0:
        more = float(np.ceil(more / problem.prices[line]) * problem.prices[line])
    larger = plan.copy()
    larger[line] += more
    broken = set(problem.violations(larger)) - set(problem.violations(plan)) - {"budget"}
    return 0.0 if broken else more


def _build_up(analysis: Analysis, worlds: Worlds) -> list[dict[str, float]]:
    """Return reach and frequency while the money of the plan is spent in its mix."""
    assert analysis.optimum is not None
    plan = analysis.optimum.solution.plan
    parts = np.linspace(0.0, 1.0, STEPS + 1)
    way = purchase(analysis.problem)
    outcomes = evaluate(worlds, parts[:, None] * plan, way, metrics=REACHED)
    people = reached(outcomes, "")
    return [
        {"spend": float(part * plan.sum()), **row} for part, row in zip(parts, people, strict=True)
    ]


def reached(outcomes: Outcomes, suffix: str) -> list[dict[str, float]]:
    """Return who is reached and how often, by plan."""
    low, high = np.quantile(outcomes.values[f"reach{suffix}"], (0.05, 0.95), axis=1)
    reach, effective, seen = (
        outcomes.controlled[f"{metric}{suffix}"].mean(axis=1) for metric in REACHED
    )
    return [
        {
            "reach": float(reach[i]),
            "p5": float(low[i]),
            "p95": float(high[i]),
            "effective_reach": float(effective[i]),
            "frequency": float(seen[i] / reach[i]) if reach[i] > 0 else 0.0,
        }
        for i in range(len(reach))
    ]


def _phases(analysis: Analysis, worlds: Worlds) -> list[dict[str, Any]]:
    """Return who is reached by the end of every phase."""
    assert analysis.optimum is not None
    campaign = analysis.scenario.campaign
    if not campaign.phases or not campaign.tiers:
        return []
    plan = analysis.optimum.solution.plan
    asked = [f"{metric}@{phase.name}" for phase in campaign.phases for metric in REACHED]
    outcomes = evaluate(worlds, [plan], purchase(analysis.problem), metrics=asked)
    return [
        {
            "phase": phase.name,
            "weeks": phase.weeks,
            "spend": float(plan[campaign.horizon(phase.name)].sum()),
            **reached(outcomes, f"@{phase.name}")[0],
        }
        for phase in campaign.phases
    ]


def unit(metric: str) -> str:
    """Return the kind of unit of what the curves show."""
    return "share" if metric == SCORE else METRICS[metric].unit


def plain(value: Any) -> Any:
    """Return plain data with None for what is not a finite number."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return None if isinstance(value, float) and not isfinite(value) else value
