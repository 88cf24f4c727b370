"""What a choice of named creators says, in sentences: computed from the numbers."""

from __future__ import annotations

from decimal import ROUND_CEILING, Context, Decimal
from math import isfinite

import numpy as np

from optimize.choosing import PROMISE
from optimize.prices import shadow_prices
from optimize.problem import BINDING
from optimize.quotes import HUGE, Member
from optimize.risk import Attainment, Chance
from sim.statistics import T90
from tiermix import certifying, margins, story
from tiermix.analysis import OPTIMUM
from tiermix.choices import ASKED, REPLACED, Shortlist
from tiermix.roster_tables import Roster
from tiermix.words import NOTHING, SIGNS, brief_money, listing, money, number, share

#: Creators named in a sentence or a cell before the rest is counted.
NAMED = 3

#: Pairs that could not be met which are told one by one; creators who are away and named.
TOLD, AWAY = 5, 20

#: Smallest gap that is told, in percent.
SMALLEST = 1e-4


def unit(found: Shortlist) -> str:
    """Return the currency where a sign stands for it; tables leave codes to their title."""
    currency = found.named.scenario.currency
    return currency if currency in SIGNS else ""


def amount(found: Shortlist, value: float) -> str:
    """Return a value of the objective in a few characters; a blend's in percent of its score."""
    terms = found.named.scenario.objective
    if not isfinite(value):
        return NOTHING
    if len(terms) > 1 or isinstance(found.named.scenario.risk, Attainment):
        return share(value)
    if terms[0][0] in ("revenue", "profit", "spend"):
        return brief_money(value, unit(found))
    return number(value)


def recommendation(found: Shortlist) -> str:
    """Return whom to hire, what they bring and what that beats."""
    scenario, analysis = found.named.scenario, found.analysis
    hired, spent = int(found.choice.counts.sum()), float(found.choice.plan.sum())
    if not hired:
        return "Hire nobody: no creator is worth her price."
    assert analysis.optimum is not None
    expected = story.expectation(analysis, analysis.strategies[OPTIMUM])
    return (
        f"Hire {hired} creator{'s' if hired > 1 else ''} for {money(spent, scenario.currency)} of "
        f"{money(scenario.budget, scenario.currency)}, fees and overhead: expect "
        f"{expected}{story.led_by(analysis, analysis.optimum)}."
    )


def members_said(found: Shortlist) -> list[str]:
    """Return how to read the shortlist."""
    said = [
        "Adds: what the plan would lose with nobody in her place. Loss: what it loses with the "
        "best replacement."
    ]
    must = {q.name for q in found.named.quotes if q is not None and q.must_have}
    for member in found.members:
        name = found.named.problem.lines[member.line]
        if name in must and isfinite(member.loses) and member.loses < 0:
            said.append(
                f"{name} is a must-have. Not having to hire her would be worth "
                f"{story.amount(found.analysis, -member.loses)}: the loss is below nothing."
            )
    if len(found.members) > REPLACED:
        said.append(
            f"Replacements were looked for for the {REPLACED} creators who add most "
            f"({NOTHING}: not looked for)."
        )
    return said


def outsiders_said(found: Shortlist) -> list[str]:
    """Return who is listed as next in line, in which order, and what the quotes mean."""
    others = int((found.choice.counts == 0).sum())
    who = f"The {ASKED} of {others} others who would add most for their money"
    who = who if others > len(found.outsiders) else "All others"
    return [
        f"{who}, the smallest discount first. Enters at: the plan with her was chosen anew at "
        "this quote, and is as good."
    ]


def certificate(found: Shortlist) -> list[str]:
    """Return how good the choice is, in sentences."""
    choice, analysis = found.choice, found.analysis
    assert analysis.optimum is not None
    gap = _up(100 * choice.relative_gap)
    close = f"by more than {gap:g} %" if gap >= SMALLEST else f"at all (to {SMALLEST:.4f} %)"
    greedy = 1 - choice.greedy_value / choice.value if choice.value > 0 else 0.0
    ahead = f"bring {share(greedy)} less" if greedy > 5e-5 else "come to the same"
    fresh, error = analysis.optimum.out_of_sample, T90 * analysis.optimum.out_of_sample.se
    said = [
        f"On the {found.worlds:,} worlds of the choice no allowed choice can beat it {close}. "
        f"Greedy steps {ahead}.",
        f"On {analysis.scenario.worlds:,} fresh worlds it brings "
        f"{story.amount(analysis, fresh.mean)} (± {story.value(analysis, error)}, with 90 % "
        "confidence).",
    ]
    said += certifying.said(analysis)
    if not choice.kept:
        said.append(f"The distance is more than the {share(PROMISE)} that is promised.")
    if any(isinstance(d.risk, Chance) for d in found.named.scenario.demands):
        said.append("The proof leaves floors with a chance out: choices that miss them count too.")
    return said


def _up(percent: float) -> float:
    """Return a percentage with two figures, rounded up."""
    if percent <= 0:
        return 0.0
    rounded = Context(prec=2, rounding=ROUND_CEILING).create_decimal(Decimal(f"{percent:.9g}"))
    return float(rounded)


def limits(found: Shortlist) -> list[str]:
    """Return why money is left, and what more of every limit would bring."""
    analysis = found.analysis
    assert analysis.optimum is not None
    said = [_left(found)]
    if analysis.optimum.solution.budget_price > 0 and not story.saves(analysis):
        said.append(margins.next_money(analysis))
    return said + margins.other_prices(analysis)


def _left(found: Shortlist) -> str:
    """Return what of the budget is left, and why."""
    scenario, choice = found.named.scenario, found.choice
    left = scenario.budget - float(choice.plan.sum())
    if left <= BINDING * scenario.budget:
        return "The whole budget is spent."
    said = f"{money(left, scenario.currency)} of the budget is left: "
    prices = np.array(found.named.problem.steps)[choice.counts == 0]
    if prices.size == 0:
        return f"{said}everybody is hired."
    if left < prices.min():
        cheapest = money(float(prices.min()), scenario.currency)
        return f"{said}the cheapest of the others costs {cheapest}, fees and overhead."
    if not found.takers:
        return f"{said}whoever it would pay for is kept out by a limit, a group or a conflict."
    if story.saves(found.analysis):
        return f"{said}the floors ask for no more."
    if scenario.objective[0][0] == "profit":
        return f"{said}whoever it would pay for costs more than she brings."
    return f"{said}whoever it would pay for brings nothing more."


def binding(found: Shortlist) -> list[str]:
    """Return what keeps the plan from spending more, as the result document names it."""
    analysis = found.analysis
    assert analysis.optimum is not None
    left = found.named.scenario.budget - float(found.choice.plan.sum())
    others = np.array(found.named.problem.steps)[found.choice.counts == 0]
    short = left <= BINDING * found.named.scenario.budget or (others > left).all()
    prices = shadow_prices(analysis.problem, analysis.floors, analysis.optimum.solution)
    return ["budget"] * bool(short) + [name for name in prices if name != "budget"]


def warnings(found: Shortlist) -> list[str]:
    """Return what a reader should know."""
    named, analysis = found.named, found.analysis
    said = [*story.chances(analysis), *story.overruns(analysis)]
    said += [
        f"{name} breaks the {listing([b.removeprefix('limit ') for b in strategy.violations])}."
        for name, strategy in analysis.strategies.items()
        if strategy.violations
    ]
    said += _overlaps(found)
    gone = [q.name for q in named.roster.quotes if not q.available]
    if gone:
        more = [f"{len(gone) - AWAY} more"] if len(gone) > AWAY else []
        said.append(f"Not available or excluded: {listing([*gone[:AWAY], *more])}.")
    if named.scenario.worlds > found.worlds:
        said.append(
            f"Chosen on {found.worlds:,} of {named.scenario.worlds:,} worlds, which is what there "
            "is room for with so many creators and kinds of people; what the choice brings comes "
            f"from {analysis.scenario.worlds:,}."
        )
    said += misspelt(named.roster)
    told = {column for column, _ in named.roster.misspelt}
    plain = [column for column in named.roster.unused if column not in told]
    if plain:
        said.append(f"Columns that were not used: {listing(plain)}.")
    if named.scenario.strategies:
        said.append("The strategies of the file are plans of tiers and are left out here.")
    if len(named.quotes) > HUGE:
        said.append(
            "With so many creators to choose from, replacements and quotes to enter are sought by "
            "filling the plan up: others may lose less, or enter at higher quotes."
        )
    return said


def misspelt(roster: Roster) -> list[str]:
    """Return which columns are not used although they look as if they were meant to be."""
    return [
        f"The column {column} of {roster.source} is not used: did you mean {near}?"
        for column, near in roster.misspelt
    ]


def _overlaps(found: Shortlist) -> list[str]:
    """Return whether the overlaps that are given hold."""
    named = found.named
    if named.roster.overlaps and not named.misses:
        return [f"The {len(named.roster.overlaps):,} overlaps that are given hold as given."]
    said = [
        f"{a} and {b} can not share {number(people)} people beside the other overlaps; "
        f"the nearest is {number(made)}."
        for a, b, people, made in named.misses[:TOLD]
    ]
    if len(named.misses) > TOLD:
        said.append(f"So it is with {len(named.misses) - TOLD} more pairs (see --json).")
    return said


def names(found: Shortlist, lines: tuple[int, ...]) -> str:
    """Return a few creators by name, and how many more there are."""
    them = [found.named.problem.lines[i] for i in lines]
    more = len(them) - NAMED
    return listing([*them[:NAMED], f"{more} more"] if more > 0 else them)


def if_declined(found: Shortlist, member: Member) -> str:
    """Return who comes in her place."""
    if not isfinite(member.loses):
        return NOTHING
    if not member.possible:
        return "no choice keeps the floors"
    came, left = names(found, member.joining), names(found, member.leaving)
    text = f"take {came}" if came else "nobody"
    return f"{text}, drop {left}" if left else text
