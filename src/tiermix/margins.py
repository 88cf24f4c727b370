"""What limits the best plan, and what more of every limit would bring."""

from __future__ import annotations

from math import floor, log10

import numpy as np

from optimize.prices import shadow_prices
from optimize.problem import AVAILABLE, BINDING, binding
from optimize.risk import Chance
from optimize.steady import FARTHEST, FINENESS
from sim.metrics import OBJECTIVES
from sim.purchase import price_list
from tiermix.analysing import FEW_LINES
from tiermix.analysis import Analysis
from tiermix.story import amount, creators, grouped, quantity, saves
from tiermix.words import listing, money, round_figures, share

#: Share of the budget below which a line is left out of a sentence.
TRACE = 0.005


def limits(analysis: Analysis) -> list[str]:
    """Return what binds, what money is left and what more of it would bring."""
    assert analysis.optimum is not None
    plan, currency = analysis.optimum.solution.plan, analysis.scenario.currency
    bound = binding(analysis.problem, plan)
    left = analysis.scenario.budget - float(plan.sum())
    said = []
    if "budget" in bound and left <= BINDING * analysis.scenario.budget:
        said.append(f"The whole budget is spent. {next_money(analysis)}")
    elif "budget" in bound:
        little = f"{money(left, currency)} of the budget is left"
        said.append(f"{little}: it pays for no more creators. {next_money(analysis)}")
    elif left > 0:
        said.append(f"{money(left, currency)} of the budget is left. {_why_left(analysis, left)}")
    others = [name for name in bound if name != "budget"]
    if others:
        said.append(f"At the limit: {listing(grouped(others))}.")
    return said + other_prices(analysis) + _steadiness(analysis) + _nearly_best(analysis)


def _nearly_best(analysis: Analysis) -> list[str]:
    """Return what every line can take in plans that are about as good as the best."""
    assert analysis.optimum is not None
    nearly, budget = analysis.optimum.nearly, analysis.scenario.budget
    if nearly is None:
        return _not_looked_for(analysis)
    bands = [
        f"{band(low / budget, high / budget)} on {line}"
        for line, low, high in zip(analysis.scenario.lines, nearly.least, nearly.most, strict=True)
        if high >= budget * TRACE
    ]
    if not bands:
        return []
    parts = ", in parts of creators" if analysis.problem.prices is not None else ""
    missed = share(nearly.missed)
    return [f"Plans within {missed} of the best spend {listing(bands)} (of the budget{parts})."]


def _not_looked_for(analysis: Analysis) -> list[str]:
    """Return why plans that are about as good were not looked for, if there may be any."""
    assert analysis.optimum is not None
    if saves(analysis) or analysis.optimum.solution.value == 0:
        return []
    if analysis.problem.n_lines > FEW_LINES:
        return ["Of many lines, tiermix sensitivity says which splits are about as good."]
    return [
        "Other splits that are about as good were not looked for: with halos, S-shaped curves or "
        "chances it would take long."
    ]


def band(low: float, high: float) -> str:
    """Return a range of shares in whole percent, such as "55 % to 80 %"."""
    first, last = (f"{100 * x:.0f} %" for x in (low, high))
    return first if first == last else f"{first} to {last}"


def _steadiness(analysis: Analysis) -> list[str]:
    """Return between which budgets the best mix holds."""
    assert analysis.optimum is not None
    if analysis.optimum.steady is None or saves(analysis):
        return []
    (low, high), budget = analysis.optimum.steady, analysis.scenario.budget
    least, most = (money(round_figures(x), analysis.scenario.currency) for x in (low, high))
    ends = f"about {least} to {most}"
    if high >= budget * FARTHEST * (1 - FINENESS):
        ends = f"about {least} to more than {most}"
    if low <= budget / FARTHEST * (1 + FINENESS):
        ends = ends.replace("about", "less than", 1)
    return [f"The mix holds for budgets from {ends}: no share moves by more than 5 points."]


def next_money(analysis: Analysis) -> str:
    """Return what a little more budget would bring, at the rate of parts of creators."""
    assert analysis.optimum is not None
    step = _step(analysis.scenario.budget)
    gain = analysis.optimum.solution.budget_price * step
    much = money(step, analysis.scenario.currency)
    return f"The next {much} would add about {amount(analysis, gain)}{_rate(analysis)}."


def _why_left(analysis: Analysis, left: float) -> str:
    """Return why money is left."""
    assert analysis.optimum is not None
    problem, plan = analysis.problem, analysis.optimum.solution.plan
    deals = np.where(plan > 0, 0.0, problem.minimum_deals)
    more = np.maximum(np.maximum(problem.steps, deals), BINDING * problem.budget)
    takers = more[plan + more <= problem.upper]
    if not takers.size:
        return "No line may take more."
    if left < takers.min():
        what = "whole creator" if analysis.scenario.whole_creators else "deal"
        return f"It does not pay for one more {what}. {next_money(analysis)}"
    if names := _stopping(analysis):
        return f"No more is allowed by {listing(names)}."
    if saves(analysis):
        return "The floors ask for no more."
    if analysis.scenario.objective[0][0] == "profit":
        return "More spending would cost more than it brings."
    return "More spending would bring nothing."


def _stopping(analysis: Analysis) -> list[str]:
    """Return the limits and ceilings that keep the best plan from spending more."""
    assert analysis.optimum is not None
    solution = analysis.optimum.solution
    prices = shadow_prices(analysis.problem, analysis.floors, solution)
    return [
        creators(name.removeprefix(AVAILABLE)) if name.startswith(AVAILABLE) else name
        for name in prices
        if name.startswith(("the maximum of", "the ceiling of", "the floor of roas", AVAILABLE))
    ]


def other_prices(analysis: Analysis) -> list[str]:
    """Return what moving every other limit that matters would bring, a sentence each."""
    assert analysis.optimum is not None
    if saves(analysis):
        return []
    prices = shadow_prices(analysis.problem, analysis.floors, analysis.optimum.solution)
    return [_worth(analysis, name, price) for name, price in prices.items() if name != "budget"]


def _worth(analysis: Analysis, name: str, price: float) -> str:
    """Return what one step of a limit is worth."""
    scenario = analysis.scenario
    if name.startswith(AVAILABLE):
        line = name.removeprefix(AVAILABLE)
        mine = [line in (other, other.partition("@")[0]) for other in scenario.lines]
        one = price_list(scenario.campaign)[mine.index(True)]
        return f"One more {line} would add about {amount(analysis, price * one)}{_rate(analysis)}."
    if name in (demand.name for demand in scenario.demands):
        return _floor_worth(analysis, name, price)
    step = _step(scenario.budget)
    change = "Raising" if price > 0 else "Lowering"
    gain = amount(analysis, abs(price) * step)
    much = money(step, scenario.currency)
    return f"{change} {name} by {much} would add about {gain}{_rate(analysis)}."


def _floor_worth(analysis: Analysis, name: str, price: float) -> str:
    """Return what a floor or a ceiling costs."""
    demand = next(d for d in analysis.scenario.demands if d.name == name)
    if demand.metric not in OBJECTIVES or demand.level <= 0:
        return f"Without {name} the plan could bring more."
    step = _step(demand.level) if not isinstance(demand.risk, Chance) else 0.01
    cost = amount(analysis, abs(price) * step)
    if isinstance(demand.risk, Chance):
        return f"One percentage point less of {name} would add about {cost}."
    less = quantity(analysis, demand.metric, step)
    return f"Asking {less} less of {name} would add about {cost}{_rate(analysis)}."


def _step(level: float) -> float:
    """Return a round step of about a twentieth of a level."""
    return float(10.0 ** floor(log10(level / 20)))


def _rate(analysis: Analysis) -> str:
    """Return at which rate a price holds, where that is not the plan's own."""
    return ", at the rate of parts of creators" if analysis.problem.prices is not None else ""
