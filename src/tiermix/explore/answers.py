"""What the page is told: plans and their outcomes as data, in words where people read them."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

import numpy as np

from sim.metrics import METRICS
from tiermix import story
from tiermix.explore.bench import OWN, Bench, Weighed
from tiermix.words import NOTHING, brief_money, listing, money, number, share


def settings(bench: Bench) -> dict[str, Any]:
    """Return what the page starts with."""
    optimum = bench.result["optimum"]
    budget = bench.scenario.budget
    return {
        "name": bench.scenario.name,
        "currency": bench.scenario.currency,
        "worlds": bench.scenario.worlds,
        "seed": bench.scenario.seed,
        "budget": int(budget) if budget == int(budget) else budget,
        "objectives": [{"name": o, "label": objective_label(o)} for o in bench.objectives()],
        "lines": [
            {"name": line, "share": optimum["plan"][line] / budget} for line in bench.scenario.lines
        ],
    }


def objective_label(objective: str) -> str:
    """Return an objective as people read it."""
    return objective if objective == OWN else METRICS[objective].label


def told(bench: Bench, weighed: Weighed) -> dict[str, Any]:
    """Return a plan and what it yields."""
    currency = bench.scenario.currency
    return {
        "plan": weighed.plan,
        "said": {line: money(x, currency) for line, x in weighed.plan.items()},
        "spent": money(sum(weighed.plan.values()), currency),
        "value": weighed.value,
        "breaks": list(weighed.breaks),
        "metrics": [
            _metric(metric, statistics, currency) for metric, statistics in weighed.metrics.items()
        ],
    }


def _metric(metric: str, statistics: Mapping[str, float], currency: str) -> dict[str, Any]:
    found = {key: statistics[key] for key in ("mean", "p5", "p95")}
    return {
        "name": metric,
        "label": METRICS[metric].label,
        "said": shown(metric, found["mean"], currency),
        "range": f"{shown(metric, found['p5'], currency)} to "
        f"{shown(metric, found['p95'], currency)}",
        **{key: x if isfinite(x) else None for key, x in found.items()},
    }


def shown(metric: str, value: float, currency: str) -> str:
    """Return a value of a metric as people read it."""
    if not isfinite(value):
        return NOTHING
    match METRICS[metric].unit:
        case "money":
            return brief_money(value, currency)
        case "share":
            return share(value)
        case _:
            return number(value)


def advice(bench: Bench, budget: float, objective: str, yours: Weighed) -> dict[str, Any]:
    """Return the best plan of a budget and an objective, and how a plan stands beside it."""
    best, solution = bench.best(budget, objective)
    return {
        "best": told(bench, best),
        "recommendation": _recommendation(bench, budget, best),
        "comparison": _comparison(yours, best),
        "proof": f"No allowed plan beats it by more than {story.gap(solution.relative_gap)} on "
        f"these {bench.scenario.worlds:,} worlds.",
    }


def _recommendation(bench: Bench, budget: float, best: Weighed) -> str:
    currency = bench.scenario.currency
    used = [(line, x) for line, x in best.plan.items() if x > 0]
    if not used:
        return "Best is to spend nothing."
    parts = [f"{money(x, currency)} on {line} ({share(x / budget)})" for line, x in used]
    metric, statistics = next(iter(best.metrics.items()))
    mean, low, high = (shown(metric, statistics[key], currency) for key in ("mean", "p5", "p95"))
    label = METRICS[metric].label.lower()
    return f"Best: {listing(parts)}. Expected {label}: {mean} ({low} to {high} in 9 of 10 worlds)."


def _comparison(yours: Weighed, best: Weighed) -> str:
    """Return how much of the best a plan brings, and how often it does better."""
    ahead = share(float(np.mean(yours.worlds > best.worlds * (1 + 1e-12))))
    if best.value > 0:
        part = share(yours.value / best.value)
        return f"Your split brings {part} of the best, and more than it in {ahead} of worlds."
    return f"Your split brings more than the best plan in {ahead} of worlds."
