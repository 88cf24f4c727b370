"""What people see of a trade-off and of a map of mixes, at 80 columns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import nan
from textwrap import fill

from rich.console import Console
from rich.table import Table
from rich.text import Text

from optimize.frontier import Point
from optimize.optimum import GAP
from tiermix.crossing import limits_at
from tiermix.mixes import ALONE, LAYERED, NO_PLAN, NOTHING, Crossover, Mix, Row, Switch
from tiermix.scenario import Scenario
from tiermix.terminal import blank_table, say, section
from tiermix.trade_off import Measure, TradeOff
from tiermix.words import NOTHING as NOT_DEFINED
from tiermix.words import listing, money, round_figures, share

#: Columns that a budget and another number take, and that lie between two cells.
BUDGET_WIDTH, NUMBER_WIDTH, GUTTER = 11, 7, 2

#: Stands for a space that no line ends at.
TIE = "\N{NO-BREAK SPACE}"

#: Share of a line below which it is left out of a cell.
TRACE = 0.005

#: Gaps below the one that is promised are told as that one.
PROMISED = GAP

#: Share of the most of both aims from which on, all along, there is little to trade.
AGREED = 0.99

#: Share of the budget from which money that the best plan leaves is told.
UNSPENT = 0.01


def show_trade_off(out: Console, found: TradeOff) -> None:
    """Print the plans between two aims, and what they say."""
    scenario = found.scenario
    title = f"{found.first.label} against {found.second.label}"
    _title(out, scenario, f"{money(scenario.budget, scenario.currency)}: {title}")
    section(out, "Trade-off")
    out.print(_points(found, out.width))
    out.print()
    say(out, trade_off_said(found))


def _title(out: Console, scenario: Scenario, what: str) -> None:
    title = Text(scenario.name, style="bold")
    title.append(f"  {what}", style="not bold")
    title.append(f"  ({scenario.worlds:,} worlds, seed {scenario.seed})", style="dim")
    out.print(title)


def _points(found: TradeOff, width: int) -> Table:
    """Return one row a plan: both aims, alone and of their best, the gap and the split."""
    heads = [_head(found.first), "of best", _head(found.second), "of best", "Gap"]
    wide = width - BUDGET_WIDTH // 2 - sum(max(len(h), NUMBER_WIDTH) + GUTTER for h in heads)
    table = blank_table("#", heads, ("Split of the budget",))
    for i, point in enumerate(found.points):
        table.add_row(
            Text(str(i + 1), style="bold" if i == found.knee else ""),
            found.first.shown(point.solution.value, found.scenario.currency),
            _percent(_of_best(found, i)[0]),
            found.second.shown(point.second, found.scenario.currency),
            _percent(_of_best(found, i)[1]),
            f"≤ {max(point.solution.relative_gap, PROMISED):.0e}",
            _wrapped(_split(found.scenario, point), wide),
        )
    return table


def _head(measure: Measure) -> str:
    return {"mean": "Mean", "cvar": "Worst"}.get(measure.name, measure.label.capitalize())


def _percent(part: float) -> str:
    """Return a share of the best; of a loss, or a loss itself, there is none."""
    return f"{100 * part:.1f} %" if part >= 0 else NOT_DEFINED


def _of_best(found: TradeOff, point: int) -> tuple[float, float]:
    """Return both aims as shares of the most of each, NaN where that is nothing or a loss."""
    first, second = found.points[0].solution.value, found.points[-1].second
    chosen = found.points[point]
    return (
        chosen.solution.value / first if first > 0 else nan,
        chosen.second / second if second > 0 else nan,
    )


def _split(scenario: Scenario, point: Point) -> str:
    shares = point.solution.plan / scenario.budget
    return _listed(dict(zip(scenario.lines, shares.tolist(), strict=True))) or "no spend"


def _listed(shares: Mapping[str, float]) -> str:
    """Return lines with their shares, such as "micro 61 %, macro 39 %"."""
    return ", ".join(f"{line} {share(x)}" for line, x in shares.items() if x >= TRACE)


def trade_off_said(found: TradeOff) -> list[str]:
    """Return what a trade-off comes to, in sentences computed from the points.

    Parameters
    ----------
    found : TradeOff
    """
    first, second, n = found.first.label, found.second.label, len(found.points)
    if n == 1:
        split = _split(found.scenario, found.points[0])
        return [f"There is nothing to trade: {split} is best for {first} and for {second}."]
    said = [f"From the most {first} to the most {second}: {_step(found, 0, n - 1)}."]
    if n > 2:
        said.append(
            f"Of these, the first step gives {_traded(found, 0, 1)}, the last one "
            f"{_traded(found, n - 2, n - 1)}."
        )
        said.append(_knee_said(found))
    gap = max(point.solution.relative_gap for point in found.points)
    said.append(
        f"Every plan is certified: none with its level of {second} brings over "
        f"{100 * max(gap, PROMISED):.1g} % more {first}."
    )
    return said


def _changes(found: TradeOff, start: int, end: int) -> tuple[float, float]:
    """Return what the first aim loses and the second gains from one point to another."""
    one, other = found.points[start], found.points[end]
    return one.solution.value - other.solution.value, other.second - one.second


def _step(found: TradeOff, start: int, end: int) -> str:
    """Return what the first aim loses and the second gains, relative to where they start."""
    lost, won = _changes(found, start, end)
    one, currency = found.points[start], found.scenario.currency
    return listing(
        [
            measure.shown(change, currency)
            + (f" ({share(change / base)})" if base > 0 else "")
            + f" {which} {measure.label}"
            for measure, which, change, base in (
                (found.first, "less", lost, one.solution.value),
                (found.second, "more", won, one.second),
            )
        ]
    )


def _traded(found: TradeOff, start: int, end: int) -> str:
    """Return what a step costs and brings, in units of the aims."""
    lost, won = _changes(found, start, end)
    currency = found.scenario.currency
    return f"{found.first.shown(lost, currency)} for {found.second.shown(won, currency)}"


def _knee_said(found: TradeOff) -> str:
    """Return where the trade-off bends, or that it does not or hardly matters."""
    worst = min(_of_best(found, len(found.points) - 1)[0], _of_best(found, 0)[1])
    if worst > AGREED:
        return f"The two all but agree: no plan misses over {share(1 - worst)} of either."
    if found.knee is None:
        return "There is no knee: every step costs about as much as the one before."
    a, b = _of_best(found, found.knee)
    return (
        f"The knee is plan {found.knee + 1} ({_split(found.scenario, found.points[found.knee])}): "
        f"{_percent(a)} of the most {found.first.label}, {_percent(b)} of the most "
        f"{found.second.label}."
    )


def show_crossover(out: Console, found: Crossover) -> None:
    """Print the best mix by budget and objective, and where it flips."""
    scenario, budgets = found.scenario, [mix.budget for mix in found.rows[0].mixes]
    low, high = (money(round_figures(x, 3), scenario.currency) for x in (budgets[0], budgets[-1]))
    _title(out, scenario, f"best mix, {low} to {high}")
    section(out, "Best mix")
    out.print(_map(found, out.width))
    section(out, "Where it flips")
    say(out, [row_said(found, row) for row in found.rows])
    notes = _notes(found)
    if notes:
        section(out, "Good to know")
        say(out, notes)


def _map(found: Crossover, width: int) -> Table:
    """Return one row a budget, one column an objective."""
    currency = found.scenario.currency
    heads = [f"For {row.label}" for row in found.rows]
    wide = (width - BUDGET_WIDTH) // len(heads) - GUTTER
    table = blank_table("Budget", (), heads)
    for mixes in zip(*(row.mixes for row in found.rows), strict=True):
        budget = money(round_figures(mixes[0].budget, 3), currency)
        table.add_row(budget, *(_wrapped(_cell(mix), wide) for mix in mixes))
    return table


def _wrapped(cell: str, width: int) -> str:
    """Return a cell on as many lines as it takes, no share broken off its line."""
    tied = re.sub(r"(?<=[^,]) (?=[^(])", TIE, cell)
    return fill(
        tied, max(width, NUMBER_WIDTH), break_long_words=False, break_on_hyphens=False
    ).replace(TIE, " ")


def _cell(mix: Mix) -> str:
    """Return a mix: its one line, or its shares, and what of the budget it leaves."""
    left = _left(mix)
    return f"{_named(mix)} ({share(left)} left)" if left > UNSPENT else _named(mix)


def _left(mix: Mix) -> float:
    """Return the share of the budget that a mix does not spend; of no mix, none."""
    return 1 - mix.spent / mix.budget if mix.spent else 0.0


def _named(mix: Mix) -> str:
    if mix.kind == LAYERED:
        return _listed(mix.shares)
    return (
        mix.kind if mix.kind in (NOTHING, NO_PLAN) else f"{mix.kind} {share(mix.shares[mix.kind])}"
    )


def row_said(found: Crossover, row: Row) -> str:
    """Return where the best mix of an objective flips, in one sentence.

    Parameters
    ----------
    found : Crossover
    row : Row
    """
    start, end = row.mixes[0], row.mixes[-1]
    currency = found.scenario.currency
    if not row.switches:
        whole = f" ({_listed(start.shares)} to {_listed(end.shares)})"
        throughout = f"{start.kind} throughout{whole if start.kind == LAYERED else ''}"
        return f"For {row.label}: {throughout}.{_enough(end, currency)}"
    stretches = [f"{start.kind} up to {_at(row.switches[0], currency)}"]
    ends = [*(switch.below for switch in row.switches[1:]), end]
    for switch, last in zip(row.switches, ends, strict=True):
        stretches.append(_stretch(switch, last, currency))
    return f"For {row.label}: {', '.join(stretches)}.{_enough(end, currency)}"


def _enough(last: Mix, currency: str) -> str:
    """Return how much can be spent, where the largest budget leaves money."""
    if _left(last) <= UNSPENT:
        return ""
    return f" Past {money(round_figures(last.spent, 3), currency)} more money changes nothing."


def _stretch(switch: Switch, last: Mix, currency: str) -> str:
    """Return one stretch of budgets, from a switch to the last budget of its kind."""
    mix = switch.above
    start = f"{mix.kind} from {_at(switch, currency)}"
    if mix.kind != LAYERED:
        return start
    until = money(round_figures(min(last.budget, last.spent), 3), currency)
    return f"{start} ({_listed(mix.shares)}) to {until} ({_listed(last.shares)})"


def _at(switch: Switch, currency: str) -> str:
    return money(round_figures(switch.budget, 3), currency)


def _in_money(scenario: Scenario) -> bool:
    """Return whether any limit stays as it is at another budget."""
    moved = limits_at(scenario, 2 * scenario.budget)
    return any(there == here for there, here in zip(moved, scenario.limits, strict=True))


def _notes(found: Crossover) -> list[str]:
    """Return what a reader should know of the map, if anything."""
    scenario, notes = found.scenario, []
    kinds = {mix.kind for row in found.rows for mix in row.mixes}
    if LAYERED in kinds:
        notes.append(f"A line stands for the mix from {share(ALONE)} of the spend on.")
    if any(_left(mix) > UNSPENT for row in found.rows for mix in row.mixes):
        notes.append("Left: money that no more creators can be hired for, or that brings no more.")
    kept = [
        *(["limits in money"] if _in_money(scenario) else []),
        *(["floors and ceilings"] if scenario.demands else []),
    ]
    if kept:
        notes.append(f"{listing(kept).capitalize()} stay as the file states them at every budget.")
    return notes
