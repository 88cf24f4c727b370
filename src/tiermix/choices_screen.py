"""What people see of where a choice tips and of how firm a split is, at 80 columns."""

from __future__ import annotations

import numpy as np
from rich.table import Table

from tiermix.margins import band
from tiermix.sensitivity import Sensitivity
from tiermix.terminal import blank_table
from tiermix.tipping import Tip, best
from tiermix.what_if import NO_PLAN, NOTHING
from tiermix.words import NOTHING as NOT_DEFINED
from tiermix.words import share

#: Tipping points that are told.
TOLD = 8


def tips_said(found: Sensitivity) -> list[str]:
    """Return where the leading line and the best strategy change, a sentence each.

    Parameters
    ----------
    found : Sensitivity
    """
    told: dict[str, list[str]] = {}
    for tip in sorted(found.tips, key=lambda tip: tip.choice)[:TOLD]:
        what, where = _tip(found, tip)
        told.setdefault(what, []).append(where)
    said = [f"{what} where {_either(wheres)}." for what, wheres in told.items()]
    if len(found.tips) > TOLD:
        said.append(f"More tipping points ({len(found.tips) - TOLD}) are in the JSON document.")
    choices = "the lead" + (" or the best strategy" if len(found.contests) > 1 else "")
    tipping = {tip.given.name for tip in found.tips}
    firm = sum(s.given.name not in tipping for s in found.swings) + len(found.idle)
    if not (found.swings or found.idle):
        return ["Every input is known exactly."]
    if firm:
        never = inputs_do(firm, "never tip") if said else f"None of {firm} inputs tips"
        said.append(
            f"{never} {choices} within the plausible range (0.5 % to 99.5 %), all else as "
            "uncertain as it is."
        )
    return said


def _tip(found: Sensitivity, tip: Tip) -> tuple[str, str]:
    """Return what a tipping point changes, seen from the base case, and where it lies."""
    below, above = tip.sides
    here = best(found.here, tip.choice)
    old, new, verb = (above, below, "falls below") if here == above else (below, above, "passes")
    where = f"{tip.given.phrase} {verb} {tip.given.shown(tip.value)}"
    if tip.choice == "strategy":
        return f"Among the file's strategies, {new} beats {old}", where
    if new == NOTHING:
        return "Spending does not pay", where
    if new == NO_PLAN:
        return "No plan is allowed", where
    if old in (NOTHING, NO_PLAN):
        return f"{new} leads, instead of {old},", where
    return f"{new} takes the lead from {old}", where


def _either(items: list[str]) -> str:
    """Return items as a phrase: a, b or c."""
    return " or ".join([*([", ".join(items[:-1])] if len(items) > 1 else []), items[-1]])


def firmness(found: Sensitivity) -> Table:
    """Return every line's share of the budget: in the plan, in others as good, world by world."""
    table = blank_table("Line", ("Best plan", "As good", "Best of single worlds"))
    budget = found.scenario.budget
    for i, line in enumerate(found.scenario.lines):
        as_good = single = NOT_DEFINED
        if found.nearly is not None:
            as_good = band(found.nearly.least[i] / budget, found.nearly.most[i] / budget)
        if found.foresight is not None:
            low, high = np.quantile(found.foresight.plans[:, i], (0.05, 0.95)) / budget
            single = band(low, high)
        table.add_row(line, share(found.solution.plan[i] / budget), as_good, single)
    return table


def firmness_said(found: Sensitivity) -> list[str]:
    """Return how to read the bands, or why there are none.

    Parameters
    ----------
    found : Sensitivity
    """
    said = []
    if found.nearly is not None:
        said.append(
            f"As good: what a line can take in plans that bring at least "
            f"{100 * (1 - found.nearly.missed):.0f} % of the best, the other lines at their best."
        )
    elif found.solution.value == 0:
        said.append("As good: the best plan brings nothing, and 99 % of that is nothing too.")
    elif found.foresight is None:
        said.append("The objective is to save money: there is one least amount.")
    else:
        said.append(
            "As good: not looked for; with halos, S-shaped curves or chances it would take long."
        )
    if found.foresight is not None:
        said.append(
            f"Best of single worlds: the best plan of one world, for 9 of 10 of "
            f"{len(found.foresight.plans)} worlds."
        )
    return said


def inputs_do(count: int, verb: str) -> str:
    """Return a number of inputs with what they do: 1 input moves, 2 inputs move."""
    return f"1 input {verb}s" if count == 1 else f"{count} inputs {verb}"
