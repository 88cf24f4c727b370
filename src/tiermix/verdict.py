"""What was checked of a saved run, and the checks that every kind of run shares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from optimize.floors import Floor
from optimize.problem import Problem
from optimize.recheck import Question
from tiermix import result_schema
from tiermix.words import listing

Array = NDArray[np.float64]

#: How far a value may be off the saved one, relative to it; and a bound off its proof.
ROUNDING, TOLERANCE = 1e-9, 1e-6

#: Columns before the figures.
INDENT = 15


@dataclass(frozen=True, slots=True)
class Verdict:
    """One thing that was checked.

    Parameters
    ----------
    what : str
        In a word or two.
    holds : bool
    figures : str
        What was found, in words and numbers.
    """

    what: str
    holds: bool
    figures: str

    def __str__(self) -> str:
        return f"{'ok' if self.holds else 'FAIL':<5}{self.what:<{INDENT - 5}}{self.figures}"


def kept(problem: Problem, floors: Sequence[Floor], broken: tuple[str, ...]) -> str:
    """Return what a plan keeps or breaks."""
    if broken:
        return f"breaks the {listing(list(broken))}"
    deals = sum(deal > 0 for deal in problem.minimum_deals)
    counted = [(len(problem.limits), "limit"), (deals, "minimum deal"), (len(floors), "floor")]
    found = ["budget", "available creators", *(several(n, what) for n, what in counted if n)]
    whole = ["whole creators"] if problem.prices is not None else []
    return f"keeps {listing([*found, *whole])}"


def several(n: int, what: str) -> str:
    """Return a number of things in words."""
    return f"{n:,} {what}{'s' if n > 1 else ''}"


def money(budget: float, plan: Array, unspent: float) -> Verdict:
    """Hold the money that is left against the plan."""
    left = budget - float(plan.sum())
    figures = f"{left:,.2f} of {budget:,.10g} left, saved {unspent:,.2f}"
    return Verdict("money", abs(left - unspent) <= ROUNDING * budget, figures)


def value(asked: Question, plan: Array, saved: result_schema.Optimum) -> Verdict:
    """Hold the saved value against the plan's."""
    found, told = asked.value(plan), saved["value"]
    # what a profit nets out of its gross is rounded by the gross
    scale = max(abs(told), float(np.abs(asked.response.slopes).mean(axis=0) @ np.abs(plan)))
    holds = abs(found - told) <= ROUNDING * scale
    return Verdict("value", bool(holds), f"{found:,.9g}, saved {told:,.9g}")


def gap(saved: result_schema.Optimum, promise: float) -> Verdict:
    """Hold the saved gap against the value and the bound that it lies between."""
    value, bound, gap = saved["value"], saved["upper_bound"], saved["relative_gap"]
    distance, size = bound - value, max(abs(bound), abs(value))
    holds = 0 <= distance <= gap * size + ROUNDING * size and isfinite(distance)
    figures = f"{distance / (size or 1.0):.2g}, saved {gap:.2g}"
    if saved["status"] == "optimal" and gap > promise:
        return Verdict("gap", False, f"{figures}: too much to be called optimal")
    return Verdict("gap", holds, figures)
