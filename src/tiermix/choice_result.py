"""The result document of a choice of named creators, and its shortlist as rows."""

from __future__ import annotations

from hashlib import sha256
from math import isfinite
from typing import Any

from optimize.choosing import PROMISE
from optimize.quotes import Member, Outsider
from tiermix import choice_story
from tiermix.choices import Shortlist, entry_quote
from tiermix.result import document as plain_document
from tiermix.result_schema import Document
from tiermix.roster_schema import Chosen, Next, RosterAnswer


def document(found: Shortlist) -> Document:
    """Return the answer as plain data: the usual keys, and the roster's under `roster`.

    Plans name the creators that any strategy hires.

    Parameters
    ----------
    found : Shortlist
    """
    result = plain_document(found.analysis)
    result["optimum"]["binding"] = choice_story.binding(found)
    result["roster"] = _roster(found)
    return result


def _roster(found: Shortlist) -> RosterAnswer:
    named = found.named
    return {
        "worlds": found.worlds,
        "asked_worlds": named.scenario.worlds,
        "creators": len(named.quotes),
        "promised_gap": PROMISE,
        "greedy_value": found.choice.greedy_value,
        "chosen": [_member(found, member) for member in found.members],
        "next": [_outsider(found, outsider) for outsider in found.outsiders],
        "overlaps": {
            "given": len(named.roster.overlaps),
            "missed": [
                {"creators": [a, b], "given": people, "nearest": made}
                for a, b, people, made in named.misses
            ],
        },
        "not_available": [q.name for q in named.roster.quotes if not q.available],
        "unused_columns": list(named.roster.unused),
        "tables": {
            name: sha256(data).hexdigest() for name, data in sorted(named.scenario.tables.items())
        },
    }


def _member(found: Shortlist, m: Member) -> Chosen:
    named = found.named
    lines, tier = named.problem.lines, named.campaign.tiers[m.line]
    return {
        "creator": lines[m.line],
        "tier": tier.pool or tier.name,
        "count": int(found.choice.counts[m.line]),
        "quote": named.quoted[m.line],
        "cost": named.problem.steps[m.line],
        "adds": m.adds,
        "if_declined": {
            "possible": m.possible,
            "leaving": [lines[i] for i in m.leaving],
            "joining": [lines[i] for i in m.joining],
            "loses": m.loses,
        }
        if isfinite(m.loses)
        else None,
    }


def _outsider(found: Shortlist, o: Outsider) -> Next:
    named = found.named
    tier = named.campaign.tiers[o.line]
    return {
        "creator": named.problem.lines[o.line],
        "tier": tier.pool or tier.name,
        "quote": named.quoted[o.line],
        "cost": named.problem.steps[o.line],
        "would_add": o.adds,
        "enters_at_quote": entry_quote(named, o),
    }


def rows(found: Shortlist) -> list[dict[str, Any]]:
    """Return one row for every creator who was chosen or asked about."""
    answer, unit = _roster(found), found.named.scenario.currency
    chosen = [
        _row(one["creator"], one["tier"], one["count"], one["quote"], one["cost"], one["adds"],
             None, one["if_declined"]["loses"] if one["if_declined"] else None,
             choice_story.if_declined(found, member), unit)
        for one, member in zip(answer["chosen"], found.members, strict=True)
    ]  # fmt: skip
    return chosen + [
        _row(one["creator"], one["tier"], 0, one["quote"], one["cost"], one["would_add"],
             one["enters_at_quote"], None, None, unit)
        for one in answer["next"]
    ]  # fmt: skip


def _row(
    creator: str, tier: str, count: int, quote: float, cost: float, adds: float,
    enters_at: float | None, loses: float | None, declined: str | None, unit: str,
) -> dict[str, Any]:  # fmt: skip
    return {
        "creator": creator,
        "tier": tier,
        "chosen": count,
        f"quote_{unit}": quote,
        f"cost_{unit}": cost,
        "adds": adds,
        f"enters_at_{unit}": enters_at,
        "loses_if_declined": loses,
        "if_declined": declined,
    }
