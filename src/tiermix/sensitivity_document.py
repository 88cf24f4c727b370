"""What would change the answer, as plain data for charts and spreadsheets."""

from __future__ import annotations

from math import isfinite
from typing import Any

import numpy as np

from sim.information import Worth
from sim.pinning import input_value
from sim.worlds import Worlds
from tiermix.heading import heading
from tiermix.knowing import FORESEEN, SAMPLED
from tiermix.sensitivity import Sensitivity, Swing
from tiermix.tipping import FARTHEST, Tip
from tiermix.uncertain_inputs import UncertainInput
from tiermix.what_if import WhatIf

#: Quantiles of a line's spend over the best plans of single worlds.
QUANTILES = {"p5": 0.05, "p50": 0.5, "p95": 0.95}


def document(found: Sensitivity) -> dict[str, Any]:
    """Return everything as plain data; what is not defined is None.

    Parameters
    ----------
    found : Sensitivity
    """
    scenario, solution = found.scenario, found.solution
    terms = scenario.objective
    return {
        **heading(scenario),
        "objective": terms[0][0] if len(terms) == 1 else dict(terms),
        "base": {
            "plan": _spends(found, solution.plan),
            "value": solution.value,
            "upper_bound": solution.upper_bound,
            "relative_gap": solution.relative_gap,
        },
        "what_if": {"worlds": found.n_asked, "here": _answer(found, found.here)},
        "inputs": [_input(found, i, swing) for i, swing in enumerate(found.swings)],
        "idle": [_name(given) for given in found.idle],
        "sobol_worlds": min(SAMPLED, scenario.worlds) if found.indices else None,
        "information": _information(found),
        "stability": {"nearly_best": nearly_document(found), "single_worlds": _single(found)},
    }


def _spends(found: Sensitivity, plan: Any) -> dict[str, float]:
    return dict(zip(found.scenario.lines, np.asarray(plan).tolist(), strict=True))


def _name(given: UncertainInput) -> dict[str, Any]:
    return {"path": given.path, "name": given.short, "origin": given.origin}


def _answer(found: Sensitivity, answer: WhatIf) -> dict[str, Any]:
    solution = answer.solution
    return {
        "value": answer.value if isfinite(answer.value) else None,
        "best": solution.value if solution else None,
        "upper_bound": solution.upper_bound if solution else None,
        "plan": _spends(found, solution.plan) if solution else None,
        "lead": answer.lead,
        "base_plan": answer.base,
        "base_plan_loses": answer.lost,
        "base_plan_breaks": list(answer.breaks),
        "strategies": dict(answer.strategies),
    }


def _input(found: Sensitivity, i: int, swing: Swing) -> dict[str, Any]:
    given = swing.given
    return {
        **_name(given),
        "plausible": plausible(found.worlds, given),
        "p5": _answer(found, swing.low),
        "p95": _answer(found, swing.high),
        "swing": swing.size if isfinite(swing.size) else None,
        "sobol": _indices(found, i),
        "evppi": _worth(found, given),
        "tipping": [_tip(found, tip) for tip in found.tips if tip.given == given],
    }


def plausible(worlds: Worlds, given: UncertainInput) -> list[float] | None:
    """Return the 0.5 % and the 99.5 % quantile of an input; None for draws, without an order."""
    if not given.ordered:
        return None
    return [input_value(worlds, given.name, z) for z in (-FARTHEST, FARTHEST)]


def _indices(found: Sensitivity, i: int) -> dict[str, float] | None:
    if found.indices is None:
        return None
    return {
        key: float(getattr(found.indices, key)[i])
        for key in ("first", "first_se", "total", "total_se")
    }


def _worth(found: Sensitivity, given: UncertainInput) -> dict[str, float | None] | None:
    if found.information is None:
        return None
    worth: Worth = found.information.inputs[given.name]
    return {
        "value": worth.value,
        "se": worth.se if isfinite(worth.se) else None,
        "kept_apart": worth.kept_apart,
        "fitted": worth.fitted,
        **_money(found, worth.value, worth.se),
    }


def _money(found: Sensitivity, value: float, se: float) -> dict[str, float | None]:
    """Return a gain in money, never below nothing, with its standard error."""
    money, error = found.worth(max(value, 0.0)), found.worth(se)
    return {"money": money, "money_se": error if error is not None and isfinite(error) else None}


def _tip(found: Sensitivity, tip: Tip) -> dict[str, Any]:
    below, above = tip.sides
    return {
        "choice": tip.choice,
        "value": tip.value,
        "from": below,
        "to": above,
        "below": _answer(found, tip.below),
        "above": _answer(found, tip.above),
    }


def _information(found: Sensitivity) -> dict[str, Any] | None:
    known = found.information
    if known is None:
        return None
    return {
        "evpi": known.everything,
        "evpi_se": known.everything_se if isfinite(known.everything_se) else None,
        "evpi_upper_bound": known.everything_bound,
        **_money(found, known.everything, known.everything_se),
        "worlds": min(FORESEEN, found.scenario.worlds),
        "plans": known.n_plans,
        "unit": "money" if found.in_money else "objective",
        "budget_price": found.price,
    }


def nearly_document(found: Sensitivity) -> dict[str, Any] | None:
    """Return what every line can take in plans that are about as good."""
    nearly = found.nearly
    if nearly is None:
        return None
    return {
        "missed": nearly.missed,
        "least": _spends(found, nearly.least),
        "most": _spends(found, nearly.most),
        "surely_least": _spends(found, nearly.surely_least),
        "surely_most": _spends(found, nearly.surely_most),
    }


def _single(found: Sensitivity) -> dict[str, Any] | None:
    """Return how the best plan varies from world to world."""
    if found.foresight is None:
        return None
    plans = found.foresight.plans
    return {
        "worlds": len(plans),
        **{
            key: _spends(found, np.quantile(plans, level, axis=0))
            for key, level in QUANTILES.items()
        },
    }


def rows(found: Sensitivity) -> list[dict[str, Any]]:
    """Return one row an input, the one that moves the best most first.

    Parameters
    ----------
    found : Sensitivity
    """
    return [_row(found, i, swing) for i, swing in enumerate(found.swings)]


def _row(found: Sensitivity, i: int, swing: Swing) -> dict[str, Any]:
    data = _input(found, i, swing)
    ends = {
        f"{key}_{end}": data[end][key]
        for end in ("p5", "p95")
        for key in ("value", "best", "base_plan_loses", "lead")
    }
    sobol = data["sobol"] or dict.fromkeys(("first", "first_se", "total", "total_se"))
    worth = data["evppi"] or dict.fromkeys(("value", "se", "money", "money_se"))
    tipping = {choice: _tipped(found, swing, choice) for choice in ("lead", "strategy")}
    return {
        "input": data["path"],
        "origin": data["origin"],
        **ends,
        "swing": data["swing"],
        **{f"sobol_{key}": sobol[key] for key in ("first", "first_se", "total", "total_se")},
        "evppi": worth["value"],
        "evppi_se": worth["se"],
        f"evppi_{found.scenario.currency}": worth["money"],
        f"evppi_se_{found.scenario.currency}": worth["money_se"],
        **{f"{choice}_tips_at": value for choice, value in tipping.items()},
    }


def _tipped(found: Sensitivity, swing: Swing, choice: str) -> float | None:
    """Return where an input first tips a choice, if it does."""
    values = [t.value for t in found.tips if t.given == swing.given and t.choice == choice]
    return values[0] if values else None
