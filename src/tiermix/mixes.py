"""A map of best mixes by budget and objective, and what is told of it as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Any

from optimize.optimum import Solution
from tiermix.heading import heading
from tiermix.scenario import Scenario

#: Share of the spend from which one line is the whole plan.
ALONE = 0.9

#: Kinds of a mix that is no line's alone.
LAYERED, NOTHING, NO_PLAN = "layered", "no spend", "no allowed plan"


@dataclass(frozen=True, slots=True)
class Mix:
    """The best plan of a budget.

    Parameters
    ----------
    budget : float
    kind : str
        The line that takes at least `ALONE` of the spend; else ``layered``, ``no spend`` (none
        pays) or ``no allowed plan`` (none satisfies all limits and floors).
    shares : mapping of str to float
        Of the spend, by line, the largest first.
    spent : float
        Money.
    solution : Solution or None
    """

    budget: float
    kind: str
    shares: Mapping[str, float]
    spent: float
    solution: Solution | None


@dataclass(frozen=True, slots=True)
class Switch:
    """Two neighbouring budgets whose mixes are of different kinds."""

    below: Mix
    above: Mix

    @property
    def budget(self) -> float:
        """Where it is: between the two."""
        return sqrt(self.below.budget * self.above.budget)


@dataclass(frozen=True, slots=True)
class Row:
    """The best mixes of one objective.

    Parameters
    ----------
    name, label : str
        In results; in a sentence.
    mixes : tuple of Mix
        By budget.
    switches : tuple of Switch
        By budget.
    """

    name: str
    label: str
    mixes: tuple[Mix, ...]
    switches: tuple[Switch, ...]


@dataclass(frozen=True, slots=True)
class Crossover:
    """Which mix is best, by objective and budget."""

    scenario: Scenario
    rows: tuple[Row, ...]


def rows(found: Crossover) -> list[dict[str, Any]]:
    """Return one row a mix: those of the budgets looked at, and both sides of every switch."""
    return [
        {
            "objective": row.name,
            "budget": mix.budget,
            "best": mix.kind,
            "at": place,
            "value": mix.solution.value if mix.solution else None,
            "relative_gap": mix.solution.relative_gap if mix.solution else None,
            "spent": mix.spent,
            **{f"share_{line}": mix.shares.get(line, 0.0) for line in found.scenario.lines},
        }
        for row in found.rows
        for place, mix in _places(row)
    ]


def _places(row: Row) -> list[tuple[str, Mix]]:
    """Return all mixes of an objective by budget, with what they stand for."""
    places = [("budget", mix) for mix in row.mixes]
    for switch in row.switches:
        places += [("below switch", switch.below), ("above switch", switch.above)]
    return sorted(places, key=lambda place: place[1].budget)


def document(found: Crossover) -> dict[str, Any]:
    """Return the map as plain data."""
    scenario = found.scenario
    return {
        **heading(scenario),
        "objectives": {
            row.name: {
                "budgets": [_mix(mix) for mix in row.mixes],
                "switches": [
                    {"budget": s.budget, "below": _mix(s.below), "above": _mix(s.above)}
                    for s in row.switches
                ],
            }
            for row in found.rows
        },
    }


def _mix(mix: Mix) -> dict[str, Any]:
    solution = mix.solution
    return {
        "budget": mix.budget,
        "best": mix.kind,
        "shares": dict(mix.shares),
        "spent": mix.spent,
        "value": solution.value if solution else None,
        "upper_bound": solution.upper_bound if solution else None,
        "relative_gap": solution.relative_gap if solution else None,
    }
