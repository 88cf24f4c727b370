"""How a choice of named creators is shown: tables and sentences, rows, a document."""

from __future__ import annotations

from importlib.metadata import version
from math import floor, isfinite, log10
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from optimize.choosing import PROMISE
from optimize.quotes import HUGE, Member, Outsider
from optimize.risk import MEAN
from sim.metrics import METRICS
from tiermix.analysis import OPTIMUM
from tiermix.choices import REPLACED, Rated, Shortlist
from tiermix.terminal import blank_table, say, section
from tiermix.words import NOTHING, SIGNS, brief_money, listing, money, number, share

#: Creators named in a sentence or a cell before the rest is counted.
NAMED = 3

#: Pairs that could not be met which are told one by one.
TOLD = 5


def show(out: Console, found: Shortlist) -> None:
    """Print whom to hire, who would be next, what else there is, and the proof."""
    scenario = found.named.scenario
    title = Text(scenario.name, style="bold")
    title.append(f"  {money(scenario.budget, scenario.currency)} for {_aim(found)}, ")
    title.append(f"{len(found.named.quotes)} lines on offer")
    title.append(f"  ({found.worlds:,} worlds, seed {scenario.seed})", style="dim")
    out.print(title)
    section(out, "Recommendation")
    say(out, [recommendation(found)])
    section(out, "Shortlist")
    out.print(_members(found))
    say(out, ["Adds: what the plan would lose with nobody in her place. Loss: what it loses with "
              "the best replacement."])  # fmt: skip
    if found.outsiders:
        section(out, "Next in line")
        out.print(_outsiders(found))
        say(out, ["Enters at: the plan with her was chosen anew at this quote, and is as good."])
    section(out, "Other choices")
    out.print(_strategies(found))
    section(out, "Certificate")
    say(out, certificate(found))
    notes = warnings(found)
    if notes:
        section(out, "Good to know")
        say(out, notes)


def _aim(found: Shortlist) -> str:
    terms = [METRICS[metric].label.lower() for metric, _ in found.named.scenario.objective]
    return listing(terms)


def _unit(found: Shortlist) -> str:
    currency = found.named.scenario.currency
    return currency if currency in SIGNS else ""


def _amount(found: Shortlist, value: float) -> str:
    """Return a value of the objective."""
    metrics = [metric for metric, _ in found.named.scenario.objective]
    if len(metrics) > 1 or not isfinite(value):
        return number(value) if isfinite(value) else NOTHING
    if METRICS[metrics[0]].unit == "money":
        return brief_money(value, _unit(found))
    return number(value)


def _spent(found: Shortlist) -> float:
    return float(found.choice.plan.sum())


def recommendation(found: Shortlist) -> str:
    """Return whom to hire, in a sentence."""
    currency, best = found.named.scenario.currency, found.strategies[OPTIMUM]
    hired = int(found.choice.counts.sum())
    if not hired:
        return "Hire nobody: no creator is worth her price."
    risk = "" if found.named.scenario.risk == MEAN else " by the measure of risk"
    return (
        f"Hire {hired} creator{'s' if hired > 1 else ''} for "
        f"{money(_spent(found), currency)} of {money(found.named.scenario.budget, currency)}, "
        f"fees and overhead: {_amount(found, best.objective.mean)} {_aim(found)}{risk}."
    )


def certificate(found: Shortlist) -> list[str]:
    """Return how good the choice is, in sentences."""
    choice, worlds = found.choice, found.worlds
    gap = _up(100 * choice.relative_gap)
    close = f"by more than {gap:g} %" if gap >= 1e-4 else "at all (to 0.0001 %)"
    greedy = 1 - choice.greedy_value / choice.value if choice.value > 0 else 0.0
    ahead = f"bring {share(greedy)} less" if greedy > 5e-5 else "come to the same"
    said = [
        f"On these {worlds:,} worlds no allowed choice can beat this one {close}.",
        f"Greedy steps {ahead}.",
        f"On fresh worlds it brings {_amount(found, found.fresh.mean)} "
        f"(± {_amount(found, 1.645 * found.fresh.se)}, with 90 % confidence).",
    ]
    if not choice.kept:
        said.append(f"That is more than the {share(PROMISE)} that is promised.")
    return said


def _up(percent: float) -> float:
    """Return a percentage with two figures, rounded up."""
    if percent <= 0:
        return 0.0
    unit = 10.0 ** (floor(log10(percent)) - 1)
    return float(f"{np.ceil(percent / unit * (1 - 1e-12)) * unit:.3g}")


def warnings(found: Shortlist) -> list[str]:
    """Return what a reader should know."""
    named, said = found.named, []
    if named.roster.overlaps and not named.misses:
        said.append(f"The {len(named.roster.overlaps):,} overlaps that are given hold as given.")
    for a, b, people, made in named.misses[:TOLD]:
        said.append(
            f"{a} and {b} can not share {number(people)} people beside the other overlaps; "
            f"the nearest is {number(made)}."
        )
    if len(named.misses) > TOLD:
        said.append(f"So it is with {len(named.misses) - TOLD} more pairs (see --json).")
    gone = [q.name for q in named.roster.quotes if not q.available]
    if gone:
        said.append(f"Not available or excluded: {listing(gone[:20])}.")
    if named.scenario.worlds > found.worlds:
        said.append(
            f"Chosen on {found.worlds:,} of {named.scenario.worlds:,} worlds: more would not fit "
            "beside so many creators and kinds of people."
        )
    if named.roster.unused:
        said.append(f"Columns that were not used: {listing(list(named.roster.unused))}.")
    if named.scenario.strategies:
        said.append("The strategies of the file are plans of tiers and are left out here.")
    if len(named.quotes) > HUGE:
        said.append(
            "With so many creators on offer, replacements and quotes to enter are sought by "
            "filling the plan up: others may lose less, or enter at higher quotes."
        )
    if len(found.members) > REPLACED:
        said.append(f"Replacements were looked for for the first {REPLACED} creators.")
    return said


def _names(found: Shortlist, lines: tuple[int, ...]) -> str:
    names = [found.named.problem.lines[i] for i in lines]
    more = len(names) - NAMED
    return listing([*names[:NAMED], f"{more} more"] if more > 0 else names)


def _if_declined(found: Shortlist, member: Member) -> str:
    """Return who comes in her place."""
    if not isfinite(member.loses):
        return NOTHING
    if not member.possible:
        return "no choice keeps the floors"
    came, left = _names(found, member.joining), _names(found, member.leaving)
    text = f"take {came}" if came else "nobody"
    return f"{text}, drop {left}" if left else text


def _members(found: Shortlist) -> Table:
    table = blank_table("Creator", ("Quote", "Adds", "Loss"), ("If she declines",))
    for member in found.members:
        counts = int(found.choice.counts[member.line])
        name = found.named.problem.lines[member.line]
        table.add_row(
            name if counts == 1 else f"{name} × {counts}",
            money(round(found.named.quoted[member.line] * counts), _unit(found)),
            _amount(found, member.adds),
            _amount(found, member.loses) if member.possible else NOTHING,
            _if_declined(found, member),
        )
    return table


def _outsiders(found: Shortlist) -> Table:
    table = blank_table("Creator", ("Quote", "Would add", "Enters at", "Discount"))
    for outsider in found.outsiders:
        price, enters = found.named.quoted[outsider.line], entry_quote(found, outsider)
        table.add_row(
            found.named.problem.lines[outsider.line],
            money(round(price), _unit(found)),
            _amount(found, outsider.adds),
            money(floor(enters), _unit(found)) if enters >= 1 else "not even free",
            share(1 - floor(enters) / price) if enters >= 1 else NOTHING,
        )
    return table


def entry_quote(found: Shortlist, outsider: Outsider) -> float:
    """Return the largest quote with which a creator enters, in money; not above 0 for none."""
    beside = found.named.problem.steps[outsider.line] - found.named.quoted[outsider.line]
    return outsider.enters_at - beside


def _strategies(found: Shortlist) -> Table:
    metrics = [m for m, _ in found.named.scenario.objective if m != "spend"]
    metrics = list(dict.fromkeys([*metrics, "reach", "conversions"]))[:3]
    table = blank_table("Choice", ("Creators", "Price", *(METRICS[m].label for m in metrics)))
    for name, rated in found.strategies.items():
        prices = np.array(found.named.problem.steps)
        table.add_row(
            Text(name, style="bold" if name == OPTIMUM else ""),
            f"{rated.counts.sum():.0f}",
            money(float(rated.counts @ prices), _unit(found)),
            *(_cell(found, rated, metric) for metric in metrics),
        )
    return table


def _cell(found: Shortlist, rated: Rated, metric: str) -> str:
    statistics = rated.metrics[metric].statistics
    mean = statistics["mean"]
    told = brief_money(mean, _unit(found)) if METRICS[metric].unit == "money" else number(mean)
    return f"{told} ({number(statistics['p5'])}–{number(statistics['p95'])})"


def rows(found: Shortlist) -> list[dict[str, Any]]:
    """Return one row for every creator who was chosen or asked about."""
    lines, quoted = found.named.problem.lines, found.named.quoted
    currency = found.named.scenario.currency
    chosen = [
        {
            "creator": lines[m.line],
            "chosen": int(found.choice.counts[m.line]),
            f"quote_{currency}": quoted[m.line],
            "adds": m.adds,
            f"enters_at_{currency}": None,
            "if_declined": _if_declined(found, m),
        }
        for m in found.members
    ]
    return chosen + [
        {
            "creator": lines[o.line],
            "chosen": 0,
            f"quote_{currency}": quoted[o.line],
            "adds": o.adds,
            f"enters_at_{currency}": entry_quote(found, o),
            "if_declined": None,
        }
        for o in found.outsiders
    ]


def document(found: Shortlist) -> dict[str, Any]:
    """Return the answer as plain data."""
    scenario, choice, named = found.named.scenario, found.choice, found.named
    lines = named.problem.lines

    def names(of: tuple[int, ...]) -> list[str]:
        return [lines[i] for i in of]

    def member(m: Member) -> dict[str, Any]:
        return {
            "creator": lines[m.line],
            "count": int(choice.counts[m.line]),
            "quote": named.quoted[m.line],
            "cost": named.problem.steps[m.line],
            "adds": m.adds,
            "if_declined": {
                "possible": m.possible,
                "leaving": names(m.leaving),
                "joining": names(m.joining),
                "loses": m.loses,
            }
            if isfinite(m.loses)
            else None,
        }

    def outsider(o: Outsider) -> dict[str, Any]:
        return {
            "creator": lines[o.line],
            "quote": named.quoted[o.line],
            "cost": named.problem.steps[o.line],
            "would_add": o.adds,
            "enters_at_quote": entry_quote(found, o),
        }

    def rated(one: Rated) -> dict[str, Any]:
        return {
            "creators": {lines[i]: int(one.counts[i]) for i in np.flatnonzero(one.counts)},
            "objective": {"mean": one.objective.mean, "se": one.objective.se},
            "metrics": {
                metric: {k: v if isfinite(v) else None for k, v in summary.statistics.items()}
                for metric, summary in one.metrics.items()
            },
        }

    return {
        "tiermix": version("tiermix"),
        "scenario": {"name": scenario.name, "sha256": scenario.sha256, "seed": scenario.seed},
        "currency": scenario.currency,
        "budget": scenario.budget,
        "spend": _spent(found),
        "objective": dict(scenario.objective),
        "chosen": [member(m) for m in found.members],
        "next": [outsider(o) for o in found.outsiders],
        "strategies": {name: rated(one) for name, one in found.strategies.items()},
        "certificate": {
            "worlds": found.worlds,
            "value": choice.value,
            "upper_bound": choice.upper_bound,
            "relative_gap": choice.relative_gap,
            "promised_gap": PROMISE,
            "greedy_value": choice.greedy_value,
            "fresh_worlds": {"mean": found.fresh.mean, "se": found.fresh.se},
        },
        "overlaps": {
            "given": len(named.roster.overlaps),
            "missed": [
                {"creators": [a, b], "given": people, "nearest": made}
                for a, b, people, made in named.misses
            ],
        },
        "not_used": list(named.roster.unused),
    }
