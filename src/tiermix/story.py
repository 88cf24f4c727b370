"""What an analysis says, in sentences: computed from the numbers, never canned."""

from __future__ import annotations

from math import floor, log10

from optimize.problem import binding
from sim.metrics import METRICS
from sim.statistics import T90
from tiermix.analysis import OPTIMUM, Analysis, Optimum
from tiermix.words import listing, money, number, share

#: Share of the budget from which money that a strategy leaves is worth a word.
UNSPENT = 0.01


def objective_label(analysis: Analysis) -> str:
    """Return the objective in words."""
    terms = analysis.scenario.objective
    if len(terms) == 1:
        return METRICS[terms[0][0]].label.lower()
    total = sum(weight for _, weight in terms)
    return " + ".join(f"{share(w / total)} {METRICS[m].label.lower()}" for m, w in terms)


def amount(analysis: Analysis, value: float) -> str:
    """Return a value of the objective with its unit, such as "212 conversions"."""
    terms = analysis.scenario.objective
    if len(terms) > 1:
        return f"{share(value)} of the best possible"
    metric = METRICS[terms[0][0]]
    if metric.unit == "money":
        return f"{money(value, analysis.scenario.currency)} {metric.label.lower()}"
    if metric.name in ("reach", "brand_lift"):
        return f"{number(value)} people {'reached' if metric.name == 'reach' else 'moved'}"
    return f"{number(value)} {metric.label.lower()}"


def recommendation(analysis: Analysis) -> str:
    """Return the plan to choose, what it brings and what it beats."""
    assert analysis.optimum is not None
    best = analysis.strategies[OPTIMUM]
    parts = [
        f"{money(spend, analysis.scenario.currency)} on {line} "
        f"({share(spend / analysis.scenario.budget)})"
        for line, spend in zip(analysis.scenario.lines, best.plan.tolist(), strict=True)
        if spend > 0
    ]
    if not parts:
        return "Spend nothing: no plan brings more than it costs."
    expected = f"expect {amount(analysis, best.objective.mean)}{_range(analysis)}"
    return f"Spend {listing(parts)}: {expected}{_lead(analysis, analysis.optimum)}."


def _range(analysis: Analysis) -> str:
    """Return the 90 % range of the optimum's objective."""
    terms = analysis.scenario.objective
    if len(terms) > 1:
        return ""
    statistics = analysis.strategies[OPTIMUM].metrics[terms[0][0]].statistics
    low_high = interval(analysis, terms[0][0], statistics["p5"], statistics["p95"])
    return f" ({low_high} in 9 of 10 worlds)"


def interval(analysis: Analysis, metric: str, low: float, high: float) -> str:
    """Return a range of a metric."""
    if METRICS[metric].unit == "money":
        currency = analysis.scenario.currency
        return f"{money(low, currency)} to {money(high, currency)}"
    if METRICS[metric].unit == "share":
        return f"{share(low)} to {share(high)}"
    return f"{number(low)} to {number(high)}"


def _lead(analysis: Analysis, optimum: Optimum) -> str:
    """Return by how much the optimum beats the next best strategy, and how sure that is."""
    if optimum.lead is None or optimum.runner_up is None:
        return ""
    lead, error = optimum.lead.mean, T90 * optimum.lead.se
    second = analysis.strategies[optimum.runner_up].objective.mean
    if abs(lead) <= error or second <= 0:
        return f", as good as {optimum.runner_up}" if abs(lead) <= error else ""
    return f", {share(lead / second)} (± {share(error / second)}) more than {optimum.runner_up}"


def certificate(analysis: Analysis) -> str:
    """Return the proof of optimality in one plain line."""
    assert analysis.optimum is not None
    solution, check = analysis.optimum.solution, analysis.optimum.out_of_sample
    proof = f"No allowed plan can beat this one by more than {_gap(solution.relative_gap)}"
    if solution.status != "optimal":
        proof += " (stopped before the gap that is promised)"
    spread = f"± {number(T90 * check.se, 2)}"
    if len(analysis.scenario.objective) > 1:
        spread = f"± {share(T90 * check.se)}"
    return f"{proof}; on fresh worlds it brings {amount(analysis, check.mean)} ({spread})."


def _gap(gap: float) -> str:
    """Return a gap as a percentage, rounded up."""
    percent = max(100 * gap, 1e-6)
    power = floor(log10(percent))
    return f"{-(-percent // 10.0**power) * 10.0**power:.{max(-power, 0)}f} %"


def limits(analysis: Analysis) -> list[str]:
    """Return what binds, what money is left and what more of it would bring."""
    assert analysis.optimum is not None
    plan, currency = analysis.optimum.solution.plan, analysis.scenario.currency
    bound = binding(analysis.problem, plan)
    left = analysis.scenario.budget - float(plan.sum())
    said = []
    if "budget" in bound:
        said.append(f"The whole budget is spent. {_next_money(analysis)}")
    elif left > 0:
        said.append(f"{money(left, currency)} of the budget is left. {_why_left(analysis, bound)}")
    others = [name for name in bound if name != "budget"]
    if others:
        said.append(f"At the limit: {listing(others)}.")
    return said


def _next_money(analysis: Analysis) -> str:
    """Return what a little more budget would bring."""
    assert analysis.optimum is not None
    step = 10.0 ** floor(log10(analysis.scenario.budget / 20))
    gain = analysis.optimum.solution.budget_price * step
    much = money(step, analysis.scenario.currency)
    return f"The next {much} would bring about {amount(analysis, gain)}."


def _why_left(analysis: Analysis, bound: tuple[str, ...]) -> str:
    """Return why money is left."""
    if analysis.scenario.whole_creators and not bound:
        return f"It does not pay for one more whole creator. {_next_money(analysis)}"
    if bound:
        return "No line may take more."
    return "More spending would cost more than it brings."


def warnings(analysis: Analysis) -> list[str]:
    """Return what a reader should know before trusting a strategy's numbers."""
    said = []
    currency = analysis.scenario.currency
    for name, strategy in analysis.strategies.items():
        if strategy.unspent > UNSPENT * analysis.scenario.budget:
            said.append(
                f"{name} leaves {money(strategy.unspent, currency)}: the creators it asks for "
                "are too few, or the money does not pay for one more."
            )
        if strategy.violations:
            said.append(f"{name} breaks the {listing(list(strategy.violations))}.")
        if name == OPTIMUM and strategy.over_budget > 0:
            said.append(
                f"Fees vary: the plan costs more than the budget in {share(strategy.over_budget)} "
                "of worlds."
            )
    return said
