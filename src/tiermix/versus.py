"""Scenarios against each other, on the same worlds where they have inputs in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from optimize.risk import MEAN
from sim.campaign import Tier
from sim.metrics import METRICS
from sim.response_curves import ResponseCurve
from sim.statistics import T90
from tiermix import story
from tiermix.analysis import Analysis
from tiermix.comparing import Interval, interval
from tiermix.result import document as result_document
from tiermix.result import interval_document
from tiermix.result_schema import FORMAT
from tiermix.scenario import Scenario
from tiermix.standing import difference, way
from tiermix.words import listing, share

#: Stands for the objective, as the risk measure judges it, among the metrics that are compared.
OBJECTIVE = "objective"


@dataclass(frozen=True, slots=True)
class Versus:
    """One scenario against another.

    Parameters
    ----------
    first, second : Analysis
    same : tuple of str
        Lines that are the same in both, worlds and creators and all.
    alike : tuple of str
        Lines of one name that are stated otherwise: the luck is the same, what it means is not.
    differences : mapping of str to mapping of str to Interval
        What the second brings more than the first, by strategy that both have and by metric
        (`OBJECTIVE` too where both have the same one and it is more than a metric's mean).
    """

    first: Analysis
    second: Analysis
    same: tuple[str, ...]
    alike: tuple[str, ...]
    differences: Mapping[str, Mapping[str, Interval]]


def on_common_worlds(
    scenarios: Sequence[Scenario], answer: Callable[[Scenario, Sequence[str]], Analysis]
) -> list[Analysis]:
    """Answer scenarios on as many worlds, of the same seed, as the first one.

    Parameters
    ----------
    scenarios : sequence of Scenario
    answer : callable
        Answers a scenario, its inputs drawn in the order of those before it.
    """
    found = [answer(scenarios[0], ())]
    first = found[0].scenario
    for scenario in scenarios[1:]:
        common = replace(scenario, worlds=found[0].worlds, seed=first.seed)
        found.append(answer(common, found[-1].sampled.worlds.order))
    return found


def versus(first: Analysis, second: Analysis) -> Versus:
    """Set one scenario against another that was answered on common worlds.

    Raises
    ------
    ValueError
        If they were not.
    """
    one, two = first.sampled.worlds, second.sampled.worlds
    if (one.seed, one.size) != (two.seed, two.size) or two.order[: len(one.order)] != one.order:
        raise ValueError("the scenarios were not drawn in a common order")
    mine, theirs = _lines(first), _lines(second)
    both = [name for name in mine if name in theirs]
    same = [name for name in both if mine[name] == theirs[name]]
    at = [{name: i for i, name in enumerate(x.strategies)} for x in (first, second)]
    return Versus(
        first,
        second,
        tuple(same),
        tuple(name for name in both if name not in same),
        {
            name: _differences(first, second, at[0][name], at[1][name])
            for name in at[0]
            if name in at[1]
        },
    )


def _lines(analysis: Analysis) -> dict[str, Tier | ResponseCurve]:
    """Return the tiers and curves of a scenario by name."""
    campaign = analysis.scenario.campaign
    lines: list[Tier | ResponseCurve] = [*campaign.tiers, *campaign.curves]
    return {line.name: line for line in lines}


def _differences(first: Analysis, second: Analysis, i: int, j: int) -> dict[str, Interval]:
    """Return the differences of one strategy by metric."""
    one, two = first.sampled, second.sampled
    found = {}
    if _same_aim(first, second):
        found[OBJECTIVE] = interval(one.worlds, two.judged[j] - one.judged[i])
    for metric in _metrics(first, second):
        more = two.controlled[metric][j] - one.controlled[metric][i]
        found[metric] = interval(one.worlds, more)
    return found


def _same_aim(first: Analysis, second: Analysis) -> bool:
    """Return whether both scenarios judge plans alike, by more than the mean of one metric.

    Blends have a scale of their own in every scenario.
    """
    one, two = first.scenario, second.scenario
    metric = one.objective[0][0]
    plain = one.risk == MEAN and metric != "spend"
    same = one.objective == two.objective and one.risk == two.risk and len(one.objective) == 1
    return same and not plain and _in_one_currency(first, second, metric)


def _in_one_currency(first: Analysis, second: Analysis, metric: str) -> bool:
    money = metric == "spend" or METRICS[metric].unit == "money"
    return not money or first.scenario.currency == second.scenario.currency


def _metrics(first: Analysis, second: Analysis) -> list[str]:
    """Return the metrics of both objectives, in the order in which people read them."""
    asked = {metric for x in (first, second) for metric, _ in x.scenario.objective} - {"spend"}
    both = [m for m in first.sampled.controlled if m in second.sampled.controlled and m in asked]
    return [m for m in both if _in_one_currency(first, second, m)]


def document(found: Versus) -> dict[str, object]:
    """Return one scenario against another as plain data."""
    return {
        "first": found.first.scenario.path,
        "second": found.second.scenario.path,
        "same_lines": list(found.same),
        "differences": {
            name: {metric: interval_document(x) for metric, x in row.items()}
            for name, row in found.differences.items()
        },
    }


def documents(analyses: Sequence[Analysis], between: Sequence[Versus]) -> Mapping[str, object]:
    """Return the document of one scenario, or those of several and how they stand."""
    results = [result_document(analysis) for analysis in analyses]
    if len(results) == 1:
        return results[0]
    told = [document(x) for x in between]
    return {"tiermix": FORMAT, "scenarios": results, "between": told}


def lines(found: Versus) -> list[str]:
    """Return how one scenario stands against another, in sentences."""
    one, two = found.first.scenario.name, found.second.scenario.name
    two = two if two != one else f"{two} ({found.second.scenario.path})"
    said = [f"{two} against {one}: {_common(found)}."]
    for name, row in found.differences.items():
        told = [_difference(found, name, metric, x) for metric, x in row.items()]
        if told:
            said.append(f"{name}: {listing(told)}.")
    return said


def _common(found: Versus) -> str:
    """Return what two scenarios have in common."""
    if not found.same and not found.alike:
        return "no line of one name, so that only what all lines share has the same luck"
    told = []
    if found.same:
        told.append(f"{listing(list(found.same))} the same in every world")
    if found.alike:
        told.append(f"{listing(list(found.alike))} with the same luck")
    return listing(told)


def _difference(found: Versus, strategy: str, metric: str, more: Interval) -> str:
    """Return what the second scenario brings more of one metric."""
    base = found.first.strategies[strategy]
    if metric == OBJECTIVE:
        return difference(found.first, more, base.objective.mean)
    mean, label = base.metrics[metric].mean, METRICS[metric].label.lower()
    error = T90 * more.se
    if abs(more.mean) <= max(error, story.TRIFLE * abs(mean)):
        return f"no difference in {label} that these worlds can tell"
    by, give = (
        share(x / mean) if mean > 0 else story.quantity(found.first, metric, x)
        for x in (abs(more.mean), error)
    )
    return f"{by} (± {give}) {way(label, more.mean > 0)} {label}"
