"""What an analysis says, in sentences: computed from the numbers, never canned."""

from __future__ import annotations

from decimal import ROUND_CEILING, Context, Decimal

import numpy as np
from numpy.typing import NDArray

from optimize.problem import AVAILABLE, BINDING, binding
from optimize.risk import MEAN, Attainment, Chance, MeanWorst
from sim.metrics import METRICS, OBJECTIVES
from sim.purchase import hired
from sim.statistics import T90
from tiermix.analysis import OPTIMUM, Analysis, Optimum, Strategy, Stream
from tiermix.words import listing, money, number, share

#: Share of the budget from which money that a strategy leaves is worth a word.
UNSPENT = 0.01

#: A lead smaller than this, relative to what the runner-up brings, is none.
TRIFLE = 1e-6

#: Creators of a line below which a part of one makes a difference.
FEW = 3

#: Smallest gap that is told.
SMALLEST_GAP = Decimal("1e-6")


def objective_label(analysis: Analysis) -> str:
    """Return the objective in words."""
    terms = analysis.scenario.objective
    if saves(analysis):
        return listing([demand.name for demand in analysis.scenario.demands])
    total = sum(weight for _, weight in terms)
    blend = " + ".join(f"{share(w / total)} {METRICS[m].label.lower()}" for m, w in terms)
    label = METRICS[terms[0][0]].label.lower() if len(terms) == 1 else blend
    return f"{label}{_where(analysis)}"


def _where(analysis: Analysis) -> str:
    """Return in which worlds the objective is judged; nothing where all count alike."""
    match analysis.scenario.risk:
        case Attainment(target=target):
            return f", up to {_plain_value(analysis, target)}"
        case MeanWorst(worst=worst, weight=1.0):
            return f" in the worst {share(worst)} of worlds"
        case MeanWorst(worst=worst, weight=weight) if weight > 0:
            return f", {share(weight)} of the weight on the worst {share(worst)} of worlds"
        case _:
            return ""


def value(analysis: Analysis, x: float) -> str:
    """Return a value of the objective without words, such as "212", "$21,800" or "92 %"."""
    if isinstance(analysis.scenario.risk, Attainment):
        return share(x)
    return _plain_value(analysis, x)


def saves(analysis: Analysis) -> bool:
    """Return whether the objective is to spend as little as can be."""
    return analysis.scenario.objective[0][0] == "spend"


def _plain_value(analysis: Analysis, x: float) -> str:
    terms = analysis.scenario.objective
    if len(terms) > 1:
        return share(x)
    if METRICS[terms[0][0]].unit == "money":
        return money(x, analysis.scenario.currency)
    return number(x)


def amount(analysis: Analysis, x: float) -> str:
    """Return a value of the objective with its unit, such as "212 conversions"."""
    terms, risk = analysis.scenario.objective, analysis.scenario.risk
    if isinstance(risk, Attainment):
        target = _plain_value(analysis, risk.target)
        return f"{share(x)} of the {objective_label(analysis).split(',')[0]} aimed at ({target})"
    if len(terms) > 1:
        return f"{share(x)} of a blended score{_where(analysis)}"
    return f"{quantity(analysis, terms[0][0], x)}{_where(analysis)}"


def quantity(analysis: Analysis, metric: str, x: float) -> str:
    """Return a value of a metric with its unit, such as "52.7k people reached"."""
    metric, at, phase = metric.partition("@")
    if at:
        return f"{quantity(analysis, metric, x)} by the end of {phase}"
    currency, label = analysis.scenario.currency, METRICS[metric].label.lower()
    if metric == "spend":
        return f"{money(abs(x), currency)} of spend"
    if metric == "profit" and x < 0:
        return f"a loss of {money(-x, currency)}"
    if METRICS[metric].unit == "money":
        return f"{money(x, currency)} of {label}"
    said = {
        "reach": "people reached",
        "brand_lift": "people with brand lift",
        "response": "of response",
    }
    return f"{number(x)} {said.get(metric, label)}"


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
        return f"Spend nothing: {_nothing_to_gain(analysis)}."
    told = f"expect {expectation(analysis, best)}{led_by(analysis, analysis.optimum)}"
    return f"Spend {listing(parts)}: {told}."


def _nothing_to_gain(analysis: Analysis) -> str:
    if analysis.scenario.objective[0][0] == "profit":
        return "no allowed plan brings more than it costs"
    prices = analysis.problem.prices
    if prices is not None and min(prices) > analysis.scenario.budget:
        return f"the cheapest creator costs {money(min(prices), analysis.scenario.currency)}"
    return f"no allowed plan brings any {objective_label(analysis)}"


def expectation(analysis: Analysis, best: Strategy) -> str:
    """Return what the optimum brings of every metric of the objective, with 90 % ranges."""
    terms = analysis.scenario.objective
    told = [metric for metric, _ in terms]
    if saves(analysis):  # what the money must bring
        told = [d.metric for d in analysis.scenario.demands if d.metric in OBJECTIVES]
    said = []
    for metric in told:
        summary = best.metrics[metric]
        low, high = summary.statistics["p5"], summary.statistics["p95"]
        within = f"{interval(analysis, metric, low, high)} in 9 of 10 worlds"
        said.append(f"{quantity(analysis, metric, summary.mean)} ({within})")
    judged = len(terms) > 1 or analysis.scenario.risk != MEAN
    if saves(analysis):
        return listing(said)
    score = f", {amount(analysis, best.objective.mean)}" if judged else ""
    chance = "" if best.p_target is None else f", a {share(best.p_target)} chance of reaching it"
    return f"{listing(said)}{score}{chance}"


def interval(analysis: Analysis, metric: str, low: float, high: float) -> str:
    """Return a range of a metric."""
    if METRICS[metric].unit == "money":
        currency = analysis.scenario.currency
        return f"{money(low, currency)} to {money(high, currency)}"
    if METRICS[metric].unit == "share":
        return f"{share(low)} to {share(high)}"
    return f"{number(low)} to {number(high)}"


def led_by(analysis: Analysis, optimum: Optimum) -> str:
    """Return by how much the optimum beats the next best strategy, and how sure that is."""
    if optimum.lead is None or optimum.runner_up is None:
        return ""
    name, rival = optimum.runner_up, analysis.strategies[optimum.runner_up]
    lead, error, second = optimum.lead.mean, T90 * optimum.lead.se, rival.objective.mean
    if _same(analysis, optimum.solution.plan, rival.plan):
        return f", the same plan as {name}"
    if abs(lead) <= max(error, TRIFLE * abs(second)):
        return f", no better than {name} as far as these worlds can tell"
    if saves(analysis) and lead > 0:
        return f"; {name} spends {money(lead, analysis.scenario.currency)} more"
    if lead < 0:
        broken = f", which breaks the {listing(list(rival.violations))}" * bool(rival.violations)
        return f", {value(analysis, -lead)} less than {name}{broken}"
    if second <= 0:
        return f", {value(analysis, lead)} (± {value(analysis, error)}) more than {name}"
    more = f"{share(lead / second)} (± {share(error / second)}) more than {name}"
    twins = [
        other
        for other, strategy in analysis.strategies.items()
        if other != OPTIMUM and _same(analysis, optimum.solution.plan, strategy.plan)
    ]
    return f", the same plan as {listing(twins)} and {more}" if twins else f", {more}"


def _same(analysis: Analysis, plan: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    return float(np.abs(plan - other).max()) <= BINDING * analysis.scenario.budget


def certificate(analysis: Analysis) -> str:
    """Return the proof of optimality, and what the plan brings on worlds it has not seen."""
    assert analysis.optimum is not None
    solution, check = analysis.optimum.solution, analysis.optimum.out_of_sample
    worlds = f"{analysis.scenario.worlds:,}"
    early = "" if solution.status == "optimal" else " (the search was stopped early)"
    if saves(analysis):
        return (
            f"On these {worlds} worlds no plan that reaches the floors spends less by more than "
            f"{gap(solution.relative_gap)}{early}."
        )
    these = "these" if analysis.stream is None else "the first"
    return (
        f"On {these} {worlds} worlds no allowed plan can beat this one by more than "
        f"{gap(solution.relative_gap)}{early}.{_on_all(analysis.stream)} On {worlds} fresh worlds "
        f"it brings {amount(analysis, check.mean)} (± {value(analysis, T90 * check.se)}, "
        "with 90 % confidence)."
    )


def _on_all(stream: Stream | None) -> str:
    """Return what is proven of the plan for all worlds of a stream."""
    if stream is None or stream.proof is None:
        return ""
    return f" On all {stream.worlds:,} it is within {gap(stream.proof.relative_gap)} of the best."


def gap(gap: float) -> str:
    """Return a gap as a percentage with one figure, rounded up."""
    up = Context(prec=1, rounding=ROUND_CEILING)
    return f"{up.multiply(max(Decimal(str(gap)), SMALLEST_GAP), Decimal(100)):f} %"


def warnings(analysis: Analysis) -> list[str]:
    """Return what a reader should know before trusting a strategy's numbers."""
    said = []
    currency = analysis.scenario.currency
    for name, strategy in analysis.strategies.items():
        if name != OPTIMUM and strategy.unspent > UNSPENT * analysis.scenario.budget:
            reason = _why_unspent(analysis, strategy)
            said.append(f"{name} leaves {money(strategy.unspent, currency)}: {reason}.")
        if strategy.violations:
            said.append(f"{name} breaks the {listing(list(strategy.violations))}.")
    return said + chances(analysis) + overruns(analysis) + _parts(analysis)


def chances(analysis: Analysis) -> list[str]:
    """Return with what chance the best plan reaches the floors, luck of the draw and all."""
    if analysis.optimum is None:
        return []
    found = analysis.strategies[OPTIMUM].chances
    return [
        f"With the luck of who is hired and of every count, the best plan reaches "
        f"{quantity(analysis, d.metric, d.risk.target)} in {share(found[d.metric])} of worlds: "
        "the floor counts every creator at her average."
        for d in analysis.scenario.demands
        if isinstance(d.risk, Chance)
    ]


def overruns(analysis: Analysis) -> list[str]:
    """Return what the best plan of whole creators may really cost, and who else overruns."""
    over = {n: s for n, s in analysis.strategies.items() if s.over_budget > 0}
    if not over:
        return []
    first = OPTIMUM if OPTIMUM in over else next(iter(over))
    spend = over[first].metrics["spend"].statistics
    within = interval(analysis, "spend", spend["p5"], spend["p95"])
    others = ", ".join(f"{n} {share(s.over_budget)}" for n, s in over.items() if n != first)
    return [
        f"Fees vary: {first} may cost {within} in 9 of 10 worlds, and more than the budget in "
        f"{share(over[first].over_budget)} of them{f' ({others})' if others else ''}."
    ]


def _parts(analysis: Analysis) -> list[str]:
    """Return a caution where a line of the best plan holds but a few creators, and a part."""
    if analysis.optimum is None or analysis.problem.prices is not None:
        return []
    counts = hired(analysis.scenario.campaign, analysis.optimum.solution.plan)
    few = [
        f"{number(n)} {line}"
        for line, n in zip(analysis.scenario.lines, counts.tolist(), strict=True)
        if 0 < n < FEW
    ]
    if not few:
        return []
    exact = (
        "" if analysis.scenario.campaign.curves else " With whole_creators: true both are exact."
    )
    return [
        f"The best plan holds {listing(few)}: the proof counts a part of a creator for a little "
        f"less than a smaller package brings.{exact}"
    ]


def _why_unspent(analysis: Analysis, strategy: Strategy) -> str:
    """Return why a strategy could not place all its money."""
    bound = binding(analysis.problem, strategy.plan)
    gone = [name for name in bound if name.startswith(AVAILABLE)]
    if gone:
        return f"it hires {listing(grouped(gone))}"
    full = [name for name in bound if name != "budget"]
    return f"it takes {listing(full)}" if full else "it does not pay for one more creator"


def grouped(bound: list[str]) -> list[str]:
    """Return limits in words, those of available creators as one."""
    gone = [name.removeprefix(AVAILABLE) for name in bound if name.startswith(AVAILABLE)]
    others = [name for name in bound if not name.startswith(AVAILABLE)]
    late = [name for name in gone if "@" in name]
    there = [name for name in gone if "@" not in name]
    told = [f"every available {listing(there)}"] * bool(there)
    return told + [f"all {listing(late)} that can start in time"] * bool(late) + others


def creators(line: str) -> str:
    """Return the creators that a line can hire, in words."""
    return f"{line} that can start in time" if "@" in line else f"the available {line}"
