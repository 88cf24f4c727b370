"""A scenario whose creators are named: every quote is a line that is bought once or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf, log
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from optimize.dealing import MOST
from optimize.errors import InfeasibleError
from optimize.problem import FEASIBILITY, Limit, Problem
from sim.campaign import Campaign, Classes, Segment, Tier
from sim.lottery import expected_price
from sim.overlap import Kinds, kinds_of_people
from sim.uncertain import Link, Uncertain
from tiermix.errors import UsageError
from tiermix.roster_tables import Quote, Roster
from tiermix.scenario import Scenario

Array = NDArray[np.float64]

#: How the limit that holds a must-have begins.
MUST_HAVE = "must-have "

#: Relative distance from which on an overlap counts as missed.
NEAR = 0.005

_LINKS: dict[str, Link] = {
    "view_rate": "logit",
    "engagement_rate": "logit",
    "conversion_rate": "logit",
    "clicks_per_engagement": "log",
}


@dataclass(frozen=True, slots=True)
class Named:
    """A scenario with named creators, as the simulator and the optimizer take it.

    Parameters
    ----------
    scenario : Scenario
        As read.
    roster : Roster
    quotes : tuple of Quote or None
        Of every line; None for a tier that is no roster.
    campaign : Campaign
    problem : Problem
    quoted : tuple of float
        Money that every line's creator asks for, without what she costs beside that.
    misses : tuple of (str, str, float, float)
        Pairs whose overlap could not be met: names, people given, people in the model.
    """

    scenario: Scenario
    roster: Roster
    quotes: tuple[Quote | None, ...]
    campaign: Campaign
    problem: Problem
    quoted: tuple[float, ...]
    misses: tuple[tuple[str, str, float, float], ...]


def named(scenario: Scenario) -> Named:
    """Put the named creators of a scenario in the place of their tiers.

    Parameters
    ----------
    scenario : Scenario
        With a roster.

    Raises
    ------
    UsageError
        If the scenario holds what can not be planned with named creators.
    InfeasibleError
        If the must-haves alone are too dear.
    """
    roster = scenario.roster
    assert roster is not None
    _refuse(scenario, roster)
    tiers, quotes, children = _lines(scenario, roster)
    classes, misses = _classes(scenario, roster, tiers)
    campaign = replace(scenario.campaign, tiers=tuple(tiers), classes=classes)
    problem = _problem(scenario, campaign, quotes, children)
    quoted = tuple(
        tier.fee.median * tier.posts * (1 - tier.multi_post_discount) if tier.pool else price
        for tier, price in zip(tiers, problem.steps, strict=True)
    )
    return Named(scenario, roster, tuple(quotes), campaign, problem, quoted, misses)


def _refuse(scenario: Scenario, roster: Roster) -> None:
    where = f"{scenario.path}: a roster"
    if scenario.campaign.curves:
        raise UsageError(
            f"{where} can not stand beside curves: a creator is hired whole, a curve takes any "
            "amount. Plan the two in scenarios of their own"
        )
    asked = {metric for metric, _ in scenario.objective} | {d.metric for d in scenario.demands}
    if "effective_reach" in asked:
        raise UsageError(
            f"{where} can not be planned for effective_reach: who is seen by several creators "
            "gains from the second one, and the proof rests on gains that fall. Plan for reach; "
            "effective reach is told beside it"
        )
    for tier in scenario.campaign.tiers:
        if tier.minimum_deal and tier.name in {quote.tier for quote in roster.quotes}:
            raise UsageError(f"{where}: the minimum deal of {tier.name} means nothing to quotes")
    deals = [tier.name for tier in scenario.campaign.tiers if tier.minimum_deal]
    if len(deals) > MOST:
        raise UsageError(f"{where} can stand beside {MOST} minimum deals, not {len(deals)}")
    if not any(quote.available for quote in roster.quotes):
        raise InfeasibleError(f"{roster.source}: none of the creators is available")


def _lines(
    scenario: Scenario, roster: Roster
) -> tuple[list[Tier], list[Quote | None], list[tuple[int, ...]]]:
    """Return the lines, their quotes, and which lines every tier of the scenario became."""
    segments = [segment.name for segment in scenario.campaign.segments]
    tiers: list[Tier] = []
    quotes: list[Quote | None] = []
    children: list[tuple[int, ...]] = []
    for tier in scenario.campaign.tiers:
        mine = [q for q in roster.quotes if q.tier == tier.name and q.available]
        first = len(tiers)
        if tier.name in scenario.roster_tiers:
            tiers += [_creator(tier, quote, segments) for quote in mine]
            quotes += mine
        else:
            tiers.append(tier)
            quotes.append(None)
        children.append(tuple(range(first, len(tiers))))
    return tiers, quotes, children


def _creator(tier: Tier, quote: Quote, segments: Sequence[str]) -> Tier:
    """Return a named creator as a tier of one: what the quote does not state is her tier's."""
    stated = {
        key: Uncertain.known(value, _LINKS[key])
        for key, value in quote.stated.items()
        if key != "posts"
    }
    posts = quote.stated.get("posts", tier.posts)
    audience = tier.audience
    if quote.shares:
        audience = tuple(quote.shares.get(name, 0.0) for name in segments)
    laws: dict[str, Any] = {"engagement_rate": _engagement(tier, quote.followers)} | stated
    return replace(
        tier,
        name=quote.name,
        pool=tier.name,
        followers=Uncertain.known(quote.followers),
        fee=Uncertain.known(quote.fee / posts if quote.package else quote.fee),
        fee_elasticity=0.0,
        engagement_elasticity=0.0,
        posts=posts,
        multi_post_discount=0.0 if quote.package else tier.multi_post_discount,
        audience=audience,
        available=1.0,
        **laws,
    )


def _engagement(tier: Tier, followers: float) -> Uncertain:
    """Return the law of her engagement rate, given her followers."""
    law, usual = tier.engagement_rate, tier.followers
    if not law.varies or tier.engagement_elasticity == 0:
        return law
    away = tier.engagement_elasticity * log(followers / usual.median)
    median = float(expit(logit(law.median) + away))
    return replace(law, median=median, creators_sd=tier.engagement_residual_sd)


def _problem(
    scenario: Scenario,
    campaign: Campaign,
    quotes: Sequence[Quote | None],
    children: Sequence[tuple[int, ...]],
) -> Problem:
    prices = [expected_price(tier) for tier in campaign.tiers]
    free = [tier.name for tier, price in zip(campaign.tiers, prices, strict=True) if price <= 0]
    if free:
        raise UsageError(f"{free[0]} costs nothing: say what she costs, at least in overhead")
    limits = [
        replace(limit, lines=tuple(line for i in limit.lines for line in children[i]))
        for limit in scenario.limits
    ]
    empty = [limit.name for limit in limits if not limit.lines and limit.lower > 0]
    if empty:
        raise InfeasibleError(f"the minimum of {empty[0]}: no creator of it is available")
    must = [i for i, quote in enumerate(quotes) if quote is not None and quote.must_have]
    limits += [Limit(f"{MUST_HAVE}{campaign.tiers[i].name}", (i,), prices[i]) for i in must]
    total = sum(prices[i] for i in must)
    if total > scenario.budget * (1 + FEASIBILITY):
        raise InfeasibleError(
            f"the must-haves alone cost {total:,.0f}, more than the budget of "
            f"{scenario.budget:,.0f}"
        )
    exclusive = _exclusive(quotes)
    for group in exclusive:
        both = [campaign.tiers[i].name for i in group if i in must]
        if len(both) > 1:
            raise InfeasibleError(f"{' and '.join(both)} are must-haves that exclude each other")
    return Problem(
        campaign.lines,
        scenario.budget,
        tuple(
            inf if tier.available == inf else tier.available * price
            for tier, price in zip(campaign.tiers, prices, strict=True)
        ),
        tuple(tier.minimum_deal for tier in campaign.tiers),
        tuple(limit for limit in limits if limit.lines),
        tuple(prices),
        exclusive,
    )


def _exclusive(quotes: Sequence[Quote | None]) -> tuple[tuple[int, ...], ...]:
    """Return the sets of lines of which at most one is hired."""
    groups: dict[str, list[int]] = {}
    at = {quote.name: i for i, quote in enumerate(quotes) if quote is not None}
    pairs = set()
    for i, quote in enumerate(quotes):
        if quote is None:
            continue
        if quote.group:
            groups.setdefault(quote.group, []).append(i)
        pairs |= {tuple(sorted((i, at[name]))) for name in quote.not_with if name in at}
    found = [tuple(lines) for lines in groups.values() if len(lines) > 1]
    return (*found, *sorted(pair for pair in pairs if len(set(pair)) > 1))


def _classes(
    scenario: Scenario, roster: Roster, tiers: Sequence[Tier]
) -> tuple[Classes | None, tuple[tuple[str, str, float, float], ...]]:
    """Return the kinds of people behind a table of overlaps, if there is one.

    In every segment a pair shares the same part of the smaller of its two audiences there.
    """
    if not roster.overlaps:
        return None, ()
    followers = {q.name: q.followers for q in roster.quotes}
    parts = {
        (a, b): value if part else value / min(followers[a], followers[b])
        for a, b, value, part in roster.overlaps
    }
    sizes, shares = [], []
    given: dict[tuple[str, str], float] = {}
    made: dict[tuple[str, str], float] = {}
    for s, segment in enumerate(scenario.campaign.segments):
        kinds, mine, theirs = _kinds(segment, s, tiers, parts)
        sizes.append(kinds.sizes)
        shares.append(_shares(segment, s, tiers, kinds))
        for pair, people in mine.items():
            given[pair] = given.get(pair, 0.0) + people
            made[pair] = made.get(pair, 0.0) + theirs[pair]
    misses = tuple(
        (*pair, people, made[pair])
        for pair, people in given.items()
        if abs(made[pair] - people) > NEAR * max(people, 1.0)
    )
    whole = np.concatenate(sizes)
    kept = whole > 0
    return Classes(whole[kept], np.hstack(shares)[:, kept]), misses


def _kinds(
    segment: Segment, s: int, tiers: Sequence[Tier], parts: Mapping[tuple[str, str], float]
) -> tuple[Kinds, dict[tuple[str, str], float], dict[tuple[str, str], float]]:
    """Return the kinds of people of a segment, and the overlaps asked for and made there."""
    there = [i for i, tier in enumerate(tiers) if tier.pool and tier.audience[s] > 0]
    place = {tiers[i].name: k for k, i in enumerate(there)}
    audiences = np.array([tiers[i].followers.median * tiers[i].audience[s] for i in there])
    for i, people in zip(there, audiences.tolist(), strict=True):
        if people > segment.size:
            raise UsageError(
                f"{tiers[i].name} has {people:,.0f} followers in {segment.name}, which has "
                f"{segment.size:,.0f} people: expected a smaller share or a larger segment"
            )
    asked = {
        (a, b): part * float(min(audiences[place[a]], audiences[place[b]]))
        for (a, b), part in parts.items()
        if a in place and b in place
    }
    at = {pair: (place[pair[0]], place[pair[1]]) for pair in asked}
    try:
        kinds = kinds_of_people(
            audiences, {at[pair]: people for pair, people in asked.items()}, segment.size
        )
    except ValueError as error:
        raise UsageError(f"{segment.name}: {error}") from error
    shared = kinds.shared()
    follows = np.zeros((len(tiers), kinds.sizes.size), bool)
    follows[there] = kinds.follows
    made = {pair: float(shared[where]) for pair, where in at.items()}
    return Kinds(kinds.sizes, follows), asked, made


def _shares(segment: Segment, s: int, tiers: Sequence[Tier], kinds: Kinds) -> Array:
    """Return which share of every line's contacts each kind takes."""
    shares = np.zeros(kinds.follows.shape)
    for i, tier in enumerate(tiers):
        mine = kinds.sizes * kinds.follows[i] if tier.pool else kinds.sizes
        total = mine.sum()
        shares[i] = tier.audience[s] * mine / total if total > 0 else 0.0
    return shares


def only(campaign: Campaign, lines: Sequence[int]) -> Campaign:
    """Return a campaign with some of its lines, and no finer classes than they need.

    Parameters
    ----------
    campaign : Campaign
    lines : sequence of int
    """
    tiers, classes = tuple(campaign.tiers[i] for i in lines), campaign.classes
    if classes is not None:
        shares = classes.shares[list(lines)]
        with np.errstate(divide="ignore"):
            density = np.round(np.log(shares / classes.sizes), 9)
        _, first, where = np.unique(density, axis=1, return_index=True, return_inverse=True)
        merged = np.zeros((len(lines), first.size))
        np.add.at(merged.T, where.ravel(), shares.T)
        sizes = np.asarray(np.bincount(where.ravel(), classes.sizes, first.size), float)
        classes = Classes(sizes, merged)
    return replace(campaign, tiers=tiers, classes=classes)
