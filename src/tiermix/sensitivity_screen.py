"""What people see of what would change the answer, at 80 columns."""

from __future__ import annotations

from math import isfinite

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from optimize.risk import Attainment, MeanWorst
from sim.metrics import METRICS
from sim.statistics import T90
from tiermix.choices_screen import firmness, firmness_said, inputs_do, tips_said
from tiermix.scenario import Scenario
from tiermix.sensitivity import Sensitivity, Swing
from tiermix.terminal import blank_table, say, section
from tiermix.what_if import WhatIf
from tiermix.words import NOTHING as NOT_DEFINED
from tiermix.words import brief_money, listing, money, number, round_figures, share

#: Inputs that a table shows at most.
SHOWN = 10

#: Characters of a name on one line.
NAME = 27

#: Characters of the longest bar.
BAR = 8

#: A move or a gain below this share of the best is none.
TRIFLE = 1e-6

#: Parts of a character that a bar ends with.
_EIGHTHS = " ▏▎▍▌▋▊▉"


def show_sensitivity(out: Console, found: Sensitivity) -> None:
    """Print what moves the result, what is worth knowing, where it tips and how firm it is."""
    scenario = found.scenario
    title = Text(scenario.name, style="bold")
    title.append(f"  {money(scenario.budget, scenario.currency)}: sensitivity", style="not bold")
    title.append(f"  ({scenario.worlds:,} worlds, seed {scenario.seed})", style="dim")
    out.print(title)
    section(out, "What moves the result")
    if moving(found):
        out.print(_swings(found))
        out.print()
    say(out, swings_said(found))
    if found.information is not None:
        section(out, "What it is worth to know")
        if _worth_showing(found):
            out.print(_worths(found))
            out.print()
        say(out, information_said(found))
    section(out, "Where the choice tips")
    say(out, tips_said(found))
    section(out, "How firm the split is")
    if found.nearly is not None or found.foresight is not None:
        out.print(firmness(found))
        out.print()
    say(out, firmness_said(found))


def objective_value(scenario: Scenario, x: float) -> str:
    """Return a value of the objective without words."""
    terms = scenario.objective
    if isinstance(scenario.risk, Attainment) or len(terms) > 1:
        return share(x)
    if METRICS[terms[0][0]].unit == "money":
        return brief_money(abs(x) if terms[0][0] == "spend" else x, scenario.currency)
    return number(x)


def objective_name(scenario: Scenario) -> str:
    """Return the objective in a sentence."""
    terms = scenario.objective
    name = METRICS[terms[0][0]].label.lower() if len(terms) == 1 else "blended score"
    if isinstance(scenario.risk, Attainment):
        return f"share of the target of {name}"
    if isinstance(scenario.risk, MeanWorst) and scenario.risk.weight > 0:
        return f"{name}, with weight on the worst {share(scenario.risk.worst)} of worlds"
    return name


def moving(found: Sensitivity) -> list[Swing]:
    """Return the swings that can be told from none."""
    least = TRIFLE * _size(found)
    return [s for s in found.swings if not s.size <= least or _lost(s) > least]


def _size(found: Sensitivity) -> float:
    """Return the size of the best, that of the largest swing if it is near nothing."""
    sizes = [s.size for s in found.swings if isfinite(s.size)]
    return max([abs(found.solution.value), *sizes])


def _swings(found: Sensitivity) -> Table:
    table = blank_table("Input", ("5 % to 95 %", "Best brings"), ("Swing",))
    table.add_column("Loses", justify="right", no_wrap=True)
    shown = moving(found)[:SHOWN]
    longest = max((s.size for s in shown if isfinite(s.size)), default=0.0)
    for swing in shown:
        table.add_row(
            _folded(swing.given.short),
            swing.given.shown_range(swing.low.value, swing.high.value),
            f"{_best(found, swing.low)} to {_best(found, swing.high)}",
            bar(swing.size / longest) if longest and isfinite(swing.size) else NOT_DEFINED,
            _most_lost(found, swing),
        )
    return table


def _folded(name: str) -> str:
    """Return a name on lines of at most `NAME` characters, broken after a dot or an underscore."""
    if len(name) <= NAME:
        return name
    cut = max(name.rfind(mark, 0, NAME) for mark in "._") + 1 or NAME
    return f"{name[:cut]}\n  {_folded(name[cut:])}"


def bar(part: float) -> str:
    """Return a bar of a share of `BAR` characters, to an eighth of one."""
    eighths = round(8 * BAR * part)
    whole, rest = divmod(eighths, 8)
    return ("█" * whole + (_EIGHTHS[rest] if rest else "")) or "▏"


def _best(found: Sensitivity, answer: WhatIf) -> str:
    if answer.solution is None:
        return "no plan"
    return objective_value(found.scenario, answer.solution.value)


def _lost(swing: Swing) -> float:
    """Return the most that the base plan loses at an end."""
    return max((end.lost for end in swing.ends if end.lost is not None), default=0.0)


def _most_lost(found: Sensitivity, swing: Swing) -> str:
    if any(end.breaks for end in swing.ends):
        return "breaks"
    lost = _lost(swing)
    return objective_value(found.scenario, lost if lost > TRIFLE * _size(found) else 0.0)


def swings_said(found: Sensitivity) -> list[str]:
    """Return how to read the swings, and which inputs are not among them.

    Parameters
    ----------
    found : Sensitivity
    """
    shown = moving(found)
    if not (found.swings or found.idle):
        return ["Every input is known exactly."]
    if not shown:
        return ["No uncertain input moves the best plan's result."]
    said = [
        f"Best brings: {objective_name(found.scenario)} of the best plan if the input were "
        "known to lie there. Loses: what today's split of the money misses of it at the worse end "
        "(money that its creators can not take is left)."
    ]
    broken = {name for s in shown for end in s.ends for name in end.breaks}
    if broken:
        said.append(f"Breaks: today's split then breaks {listing(sorted(broken))}.")
    more, idle = len(shown) - SHOWN, len(found.swings) - len(shown) + len(found.idle)
    if more > 0:
        said.append(f"{inputs_do(more, 'move')} it by less.")
    if idle:
        said.append(f"{inputs_do(idle, 'change')} nothing here.")
    return said


def _worth_showing(found: Sensitivity) -> list[int]:
    """Return the inputs that are worth knowing or explain the spread, best first."""
    assert found.information is not None
    worth = [max(found.information.inputs[s.given.name].value, 0.0) for s in found.swings]
    total = found.indices.total if found.indices else np.zeros(len(worth))
    order = sorted(range(len(worth)), key=lambda i: (-worth[i], -total[i]))
    least = TRIFLE * _size(found)
    return [i for i in order if worth[i] > least or total[i] >= 0.005][:SHOWN]


def _worths(found: Sensitivity) -> Table:
    assert found.information is not None
    table = blank_table("Input", ("Worth up to", "Alone", "In all"), ("From",))
    for i in _worth_showing(found):
        given = found.swings[i].given
        worth = found.information.inputs[given.name]
        table.add_row(
            _folded(given.short),
            f"{_valued(found, worth.value)} ± {_valued(found, T90 * worth.se)}",
            *_explained(found, i),
            given.origin.removeprefix("preset "),
        )
    return table


def _valued(found: Sensitivity, gain: float) -> str:
    """Return a gain in money where it has a price; else in units of the objective."""
    gain = max(gain, 0.0) if gain > TRIFLE * _size(found) else 0.0
    amount = found.worth(gain)
    if amount is None:
        return objective_value(found.scenario, gain)
    return brief_money(amount, found.scenario.currency)


def _explained(found: Sensitivity, i: int) -> list[str]:
    """Return both indices of an input with their 90 % half-widths."""
    if found.indices is None:
        return [NOT_DEFINED] * 2
    of, told = found.indices, []
    for index, error in ((of.first[i], of.first_se[i]), (of.total[i], of.total_se[i])):
        told.append(f"{100 * max(index, 0.0):.0f} ± {100 * T90 * error:.0f} %")
    return told


def information_said(found: Sensitivity) -> list[str]:
    """Return what it is worth to know everything and the best single input, and how it is known.

    Parameters
    ----------
    found : Sensitivity
    """
    known = found.information
    assert known is not None
    said = _worth_said(found)
    if _worth_showing(found):
        said.append(
            "Alone, in all: share of the spread of what the best plan brings that the input "
            "explains by itself, and with others. Worth: by regression over "
            f"{known.n_plans} plan{'s' if known.n_plans > 1 else ''}; more of them could only "
            "add to it. ±: with 90 % confidence."
        )
    if found.scenario.demands:
        said.append("Floors and ceilings are asked on average over all worlds, as of the plan.")
    if found.problem.prices is not None:
        said.append("Here, money buys parts of creators at the prices of every world.")
    return said


def _worth_said(found: Sensitivity) -> list[str]:
    """Return what it is worth to know all, and the input that is most worth a pilot."""
    known = found.information
    assert known is not None
    if known.everything_bound <= TRIFLE * _size(found):
        assert found.foresight is not None
        if np.ptp(found.foresight.plans, axis=0).max() <= TRIFLE * found.scenario.budget:
            return ["Nothing: the same plan is best in every world, whatever a pilot may find."]
        return ["Nothing: where it counts, no plan is better than this one in any world."]
    said = [f"To know all of it before spending would be worth {_worth_of_all(found)}."]
    best = max(found.swings, key=lambda swing: known.inputs[swing.given.name].value)
    worth = known.inputs[best.given.name]
    if worth.value > max(T90 * worth.se, TRIFLE * _size(found)):
        said.append(
            f"A pilot that pinned down {best.given.phrase} would be worth up to "
            f"{_rounded(found, worth.value)}."
        )
    else:
        said.append("No single input is worth a pilot that can be told from nothing.")
    return said if found.in_money else [*said, _price_said(found)]


def _rounded(found: Sensitivity, gain: float) -> str:
    """Return a gain with two figures."""
    amount = found.worth(gain)
    if amount is None:
        return objective_value(found.scenario, gain)
    return money(round_figures(amount), found.scenario.currency)


def _worth_of_all(found: Sensitivity) -> str:
    known = found.information
    assert known is not None
    error = T90 * known.everything_se
    spread = f" (± {_rounded(found, error)}, with 90 % confidence)" if error > 0 else ""
    return f"{_rounded(found, known.everything)}{spread}"


def _price_said(found: Sensitivity) -> str:
    if found.price is None:
        return "More money would bring no more, so that it has no price in money."
    step = 1000 if found.scenario.budget >= 20_000 else 100
    brought = objective_value(found.scenario, found.price * step)
    return (
        "In money: the budget that would bring as much, at the rate of the next "
        f"{money(step, found.scenario.currency)} ({brought} of {objective_name(found.scenario)})."
    )
