"""Why no plan is allowed, in the words and at the places of the scenario file."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, floor, isfinite, log10

from optimize.diagnosis import Demanded, conflict
from optimize.errors import InfeasibleError
from optimize.floors import RATIOS
from optimize.optimum import Solution
from optimize.problem import AVAILABLE
from optimize.risk import Chance, MeanWorst
from tiermix.curve_lines import CURVE
from tiermix.reading import Path, dotted, read_document
from tiermix.scenario import Scenario
from tiermix.task import Task
from tiermix.words import share

#: Significant digits of what would mend a conflict, rounded to the side that does.
DIGITS = 4


def solved(
    scenario: Scenario, task: Task, told: Callable[[float], None] = lambda gap: None
) -> Solution:
    """Find the best plan of a scenario, or say what stands in the way of any.

    Parameters
    ----------
    scenario : Scenario
    task : Task
        The scenario on its worlds.
    told : callable, optional
        Told the gap that is left, where that takes branch and bound.

    Raises
    ------
    InfeasibleError
        If no plan is allowed: with the smallest set of what can not hold together, where it
        stands in the file, and what would mend it.
    """
    try:
        return task.solve(told)
    except InfeasibleError as error:
        raise InfeasibleError(explained(scenario, task)) from error


def explained(scenario: Scenario, task: Task) -> str:
    """Return the smallest conflict of an infeasible task, one demand a line."""
    found = conflict(task.problem, task.floors)
    document = read_document(scenario.text, scenario.path)
    said = []
    for one, mend in zip(found.demands, found.mends, strict=True):
        path, demand = _place(scenario, task, one), _said(scenario, task, one)
        line, column = document.key_place(path)
        said.append(f"  {line}:{column}: {dotted(path)}: {demand}{_mended(scenario, one, mend)}")
    if len(said) == 1:
        return "\n".join(["no plan does what is asked:", *said])
    advice = "Together they can not be kept; each in brackets would do if the others stay."
    return "\n".join(["no plan satisfies all that is asked:", *said, advice])


def _place(scenario: Scenario, task: Task, one: Demanded) -> Path:
    """Return where a demand stands in the scenario file."""
    limits, items = task.problem.limits, scenario.campaign.items
    match one.kind:
        case "budget":
            return ("budget",)
        case "whole":
            return ("whole_creators",)
        case "available":
            key = "onboarding" if scenario.campaign.phases else "available"
            return ("tiers", items[one.index].tier.name, key)
        case "deal":
            return ("tiers", items[one.index].tier.name, "minimum_deal")
        case "floor":
            demand = scenario.demands[one.index]
            section = "ceilings" if demand.name.startswith("the ceiling") else "floors"
            return (section, demand.metric)
        case _ if limits[one.index].name.startswith(CURVE):
            return ("curves", limits[one.index].name.removeprefix(CURVE), "max_spend")
        case _ if limits[one.index].hires:
            return ("tiers", limits[one.index].name.removeprefix(AVAILABLE), "available")
        case side:
            return ("limits", limits[one.index].name, _SIDES[side])


_SIDES = {"lower": "min", "upper": "max"}


def _said(scenario: Scenario, task: Task, one: Demanded) -> str:
    """Return a demand in words."""
    problem = task.problem
    match one.kind:
        case "budget":
            return f"at most {problem.budget:,.10g} in all"
        case "whole":
            return "whole creators only"
        case "available":
            there = "can start in time" if scenario.campaign.phases else "there are"
            return f"no more creators than {there}, {problem.caps[one.index]:,.4g} of money"
        case "deal":
            return f"nothing, or at least {problem.minimum_deals[one.index]:,.10g}"
        case "lower":
            return f"at least {problem.limits[one.index].lower:,.10g}"
        case "upper":
            return f"at most {problem.limits[one.index].upper:,.10g}"
        case _:
            return _floor_said(scenario, one)


def _floor_said(scenario: Scenario, one: Demanded) -> str:
    """Return a floor or a ceiling in words."""
    demand = scenario.demands[one.index]
    match demand.risk:
        case Chance(target=target):
            return f"at least {target:,.10g} in {share(demand.level)} of worlds"
        case MeanWorst(worst=worst, weight=weight) if weight > 0:
            return f"at least {demand.level:,.10g} in the worst {share(worst)} of worlds"
        case _:
            least = "most" if demand.name.startswith("the ceiling") else "least"
            return f"at {least} {demand.level:,.10g}"


def _mended(scenario: Scenario, one: Demanded, mend: float) -> str:
    """Return what level of a demand the others leave room for, in brackets."""
    if not isfinite(mend):
        return ""
    if one.kind == "floor":
        demand = scenario.demands[one.index]
        if demand.metric in RATIOS:
            return ""
        if isinstance(demand.risk, Chance):
            return f" ({share(mend)} can be had)"
        return f" ({_rounded(mend, up=False)} can be had)"
    return f" ({_rounded(mend, up=one.kind != 'lower')} would do)"


def _rounded(value: float, *, up: bool) -> str:
    """Return a level with a few significant digits, rounded to the side that is possible."""
    if value == 0:
        return "0"
    unit = 10.0 ** (floor(log10(abs(value))) + 1 - DIGITS)
    return f"{(ceil if up else floor)(value / unit) * unit:,.10g}"
