"""The result document: what `result.json` holds and `--json` prints."""

from __future__ import annotations

from math import isfinite
from typing import Any, cast

from optimize.certificate import Replications
from optimize.nearly_best import NearlyBest
from optimize.prices import shadow_prices
from optimize.problem import binding
from optimize.risk import Attainment, MeanWorst, Risk
from optimize.streamed import Proof
from sim.purchase import hired
from sim.statistics import Summary
from tiermix import result_schema, selecting, until
from tiermix.analysis import Analysis, Estimate, Optimum, Strategy
from tiermix.comparing import Interval, Pair
from tiermix.heading import heading
from tiermix.result_schema import Document


def document(analysis: Analysis) -> Document:
    """Return an analysis as plain data.

    Values that are not defined (a cost per conversion without conversions) are None.

    Parameters
    ----------
    analysis : Analysis
    """
    scenario = analysis.scenario
    optimum = analysis.optimum
    result: dict[str, Any] = {
        **heading(scenario),
        **({"worlds": analysis.worlds, "bank": scenario.worlds} if analysis.stream else {}),
        **({"optimum": _optimum(analysis, optimum)} if optimum else {}),
        "strategies": {
            name: _strategy(analysis, strategy) for name, strategy in analysis.strategies.items()
        },
        "comparisons": [_pair(pair) for pair in analysis.pairs],
    }
    if analysis.precision is not None:
        result["precision"] = until.document(analysis, analysis.precision)
    if analysis.selected is not None:
        result["selection"] = selecting.document(analysis.selected)
    return cast(Document, _plain(result))


def objective_name(analysis: Analysis) -> str | dict[str, float]:
    """Return the objective as the scenario file writes it."""
    terms = analysis.scenario.objective
    return terms[0][0] if len(terms) == 1 else dict(terms)


def risk_document(risk: Risk) -> result_schema.Risk:
    """Return the risk measure as the scenario file writes it."""
    match risk:
        case Attainment(target=target):
            return {"measure": "attainment", "target": target}
        case MeanWorst(worst=worst, weight=1.0):
            return {"measure": "cvar", "worst": worst}
        case MeanWorst(worst=worst, weight=weight) if weight > 0:
            return {"measure": "mean_cvar", "worst": worst, "weight": weight}
        case _:
            return {"measure": "mean"}


def creators(analysis: Analysis, plan: Any) -> dict[str, float]:
    """Return how many creators each tier of a plan hires at the expected price."""
    scenario = analysis.scenario
    counts = hired(scenario.campaign, plan)
    if scenario.whole_creators:
        counts = counts.round()
    named = zip(scenario.lines, counts.tolist(), strict=True)
    return dict(list(named)[: len(scenario.campaign.items)])


def _optimum(analysis: Analysis, optimum: Optimum) -> result_schema.Optimum:
    solution = optimum.solution
    found: result_schema.Optimum = {
        "objective": objective_name(analysis),
        "risk": risk_document(analysis.scenario.risk),
        "status": solution.status,
        "plan": _spends(analysis, solution.plan),
        "creators": creators(analysis, solution.plan),
        "value": solution.value,
        "upper_bound": solution.upper_bound,
        "relative_gap": solution.relative_gap,
        "out_of_sample": _estimate(optimum.out_of_sample),
        "shadow_price": shadow_prices(analysis.problem, analysis.floors, solution),
        "boxes": solution.boxes,
        "binding": list(binding(analysis.problem, solution.plan)),
        "unspent": analysis.problem.budget - float(solution.plan.sum()),
        "runner_up": optimum.runner_up,
        "lead": _estimate(optimum.lead) if optimum.lead else None,
        "steady_budget": list(optimum.steady) if optimum.steady else None,
        "nearly_best": _nearly_best(analysis, optimum.nearly) if optimum.nearly else None,
    }
    if optimum.replications is not None:
        found["replications"] = _replications(optimum.replications)
    if analysis.stream and analysis.stream.proof:
        found["all_worlds"] = _proof(analysis.stream.proof)
    return found


def _proof(proof: Proof) -> result_schema.AllWorlds:
    return {
        "value": proof.value,
        "upper_bound": proof.upper_bound,
        "relative_gap": proof.relative_gap,
        "passes": proof.passes,
    }


def _nearly_best(analysis: Analysis, nearly: NearlyBest) -> result_schema.NearlyBest:
    return {
        "missed": nearly.missed,
        "least": _spends(analysis, nearly.least),
        "most": _spends(analysis, nearly.most),
    }


def _replications(interval: Replications) -> result_schema.Replications:
    return {
        "banks": interval.banks,
        "worlds": interval.worlds,
        "gap_mean": interval.gap_mean,
        "gap_upper": interval.gap_upper,
        "confidence": interval.confidence,
    }


def _strategy(analysis: Analysis, strategy: Strategy) -> result_schema.Strategy:
    return {
        "plan": _spends(analysis, strategy.plan),
        "creators": creators(analysis, strategy.plan),
        "unspent": strategy.unspent,
        "breaks": list(strategy.violations),
        "objective": {
            "mean": strategy.objective.mean,
            "se": strategy.objective.se,
            "averaged": strategy.averaged,
        },
        "p_best": strategy.p_best,
        "p_best_interval": list(strategy.best_interval),
        "expected_regret": strategy.regret.mean,
        "expected_regret_se": strategy.regret.se,
        "over_budget": strategy.over_budget,
        "p_target": strategy.p_target,
        "chances": dict(strategy.chances),
        "metrics": {name: _summary(strategy.metrics[name]) for name in analysis.scenario.metrics},
    }


def _pair(pair: Pair) -> result_schema.Pair:
    return {
        "better": pair.better,
        "worse": pair.worse,
        "difference": interval_document(pair.difference),
        "beats": interval_document(pair.beats),
        "ties": pair.ties,
        "dominance": {"by": pair.dominant, "order": pair.order}
        if pair.dominant is not None and pair.order is not None
        else None,
    }


def interval_document(interval: Interval) -> result_schema.Interval:
    """Return an estimate with the ends of its interval."""
    return {
        "mean": interval.mean,
        "se": interval.se,
        "low": interval.low,
        "high": interval.high,
    }


def _spends(analysis: Analysis, plan: Any) -> dict[str, float]:
    return dict(zip(analysis.scenario.lines, plan.tolist(), strict=True))


def _estimate(estimate: Estimate) -> result_schema.Estimate:
    return {"mean": estimate.mean, "se": estimate.se}


def _summary(summary: Summary) -> result_schema.Statistics:
    """Return the statistics of one metric; errors are standard errors."""
    errors = {name: x for name, x in summary.errors.items() if name != "mean"}
    statistics = {**summary.statistics, "se": summary.se, "errors": errors}
    return cast(result_schema.Statistics, statistics)


def _plain(value: Any) -> Any:
    """Return plain data with None for what is not a finite number."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, float):
        return float(value) if isfinite(value) else None
    return value
