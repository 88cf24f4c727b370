"""How a choice of named creators is shown in a terminal, at 80 columns."""

from __future__ import annotations

from math import floor

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sim.metrics import METRICS
from sim.purchase import hired
from tiermix import choice_story, story
from tiermix.analysis import OPTIMUM, Analysis, Strategy
from tiermix.choices import Shortlist, discount, entry_quote
from tiermix.terminal import blank_table, say, section
from tiermix.words import NOTHING, brief_money, money, number, share


def show(out: Console, found: Shortlist) -> None:
    """Print whom to hire, who would be next, what else there is, and the proof."""
    more, asked = f", {len(found.named.quotes):,} creators to choose from", found.named.scenario
    show_title(out, found.analysis, more, asked.worlds)
    section(out, "Recommendation")
    say(out, [choice_story.recommendation(found)])
    if found.members:
        section(out, "Shortlist")
        out.print(_members(found))
        say(out, choice_story.members_said(found))
    if found.outsiders:
        section(out, "Next in line")
        out.print(_outsiders(found))
        say(out, choice_story.outsiders_said(found))
    section(out, "Other choices")
    out.print(_choices(found.analysis, choice_story.unit(found)))
    section(out, "Certificate")
    say(out, choice_story.certificate(found))
    section(out, "What limits the plan")
    say(out, choice_story.limits(found))
    notes = choice_story.warnings(found)
    if notes:
        section(out, "Good to know")
        say(out, notes)


def show_title(out: Console, analysis: Analysis, more: str = "", worlds: int | None = None) -> None:
    """Print what is answered: name, budget, objective and worlds asked for."""
    scenario = analysis.scenario
    title = Text(scenario.name, style="bold")
    budget = money(scenario.budget, scenario.currency)
    title.append(f"  {budget} for {story.objective_label(analysis)}{more}", style="not bold")
    title.append(f"  ({worlds or scenario.worlds:,} worlds, seed {scenario.seed})", style="dim")
    out.print(title)


def _members(found: Shortlist) -> Table:
    table = blank_table("Creator", ("Quote", "Adds", "Loss"), ("If she declines",))
    for member in found.members:
        counts = int(found.choice.counts[member.line])
        name = found.named.problem.lines[member.line]
        table.add_row(
            name if counts == 1 else f"{name} × {counts}",
            money(round(found.named.quoted[member.line] * counts), choice_story.unit(found)),
            choice_story.amount(found, member.adds),
            choice_story.amount(found, member.loses) if member.possible else NOTHING,
            choice_story.if_declined(found, member),
        )
    return table


def _outsiders(found: Shortlist) -> Table:
    unit, named = choice_story.unit(found), found.named
    table = blank_table("Creator", ("Quote", "Would add", "Enters at", "Discount"))
    for outsider in found.outsiders:
        enters = entry_quote(named, outsider)
        table.add_row(
            named.problem.lines[outsider.line],
            money(round(named.quoted[outsider.line]), unit),
            choice_story.amount(found, outsider.adds),
            money(floor(enters), unit) if enters >= 1 else "not even free",
            share(discount(named, outsider)) if enters >= 1 else NOTHING,
        )
    return table


def _choices(analysis: Analysis, unit: str) -> Table:
    """Return the best choice and the rules of thumb side by side, the best first."""
    metrics = [m for m, _ in analysis.scenario.objective if m != "spend"]
    metrics = list(dict.fromkeys([*metrics, "reach", "conversions"]))[:2]
    table = blank_table(
        "Choice", ("Creators", "Price", "Best", *(METRICS[m].label for m in metrics))
    )
    ranked = sorted(
        analysis.strategies.items(), key=lambda one: (-one[1].averaged, one[0] != OPTIMUM)
    )
    for name, strategy in ranked:
        table.add_row(
            Text(name, style="bold" if name == OPTIMUM else ""),
            f"{np.round(hired(analysis.scenario.campaign, strategy.plan)).sum():.0f}",
            money(float(strategy.plan.sum()), unit),
            share(strategy.p_best),
            *(_cell(strategy, metric, unit) for metric in metrics),
        )
    return table


def _cell(strategy: Strategy, metric: str, unit: str) -> str:
    statistics = strategy.metrics[metric].statistics
    mean = statistics["mean"]
    told = brief_money(mean, unit) if METRICS[metric].unit == "money" else number(mean)
    return f"{told} ({number(statistics['p5'])}–{number(statistics['p95'])})"


def show_simulation(out: Console, analysis: Analysis) -> None:
    """Print the rules of thumb of a roster, without a best choice."""
    show_title(out, analysis)
    section(out, "Rules of thumb")
    unit = analysis.scenario.currency
    out.print(_choices(analysis, unit))
    say(
        out,
        [
            "greedy: always who adds most for her money; most_followers: by followings; cheapest: "
            "by price. In brackets: 9 of 10 worlds. tiermix run finds the best choice."
        ],
    )
