"""The strategies of a scenario file, as money per line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from optimize.baselines import RULES
from sim.campaign import Campaign
from sim.purchase import price_list
from tiermix.allotments import Allotment
from tiermix.building import Build
from tiermix.reading import Path
from tiermix.spending import TOLERANCE, is_known, line_names, money


@dataclass(frozen=True, slots=True)
class Told:
    """The strategies of a file.

    Parameters
    ----------
    plans : tuple of (str, tuple of float)
        Name and money per line, in file order.
    rules : tuple of (str, str)
        Name and rule of thumb, in file order.
    """

    plans: tuple[tuple[str, tuple[float, ...]], ...]
    rules: tuple[tuple[str, str], ...]


def build_strategies(build: Build, lines: Sequence[str], campaign: Campaign | None) -> Told:
    """Return the strategies, noting what is wrong with them.

    Parameters
    ----------
    build : Build
    lines : sequence of str
        Names of the lines.
    campaign : Campaign or None
        None where something is wrong with it.

    Returns
    -------
    Told
        Those that are right.
    """
    plans, rules, known = [], [], line_names(build, lines)
    if campaign is not None and len(campaign.lines) != len(lines):
        campaign = None  # some lines are wrong, so that positions would be
    for name, gets in (build.file.block.strategies or {}).items():
        path = ("strategies", name)
        rule = _rule(build, path, gets, known)
        if rule:
            rules.append((name, rule))
            continue
        for line in gets if not build.findings.touched(path) else ():
            _check_line(build, (*path, line), known)
        if not gets and not build.findings.touched(path):
            build.findings.value(path, "empty; expected at least one line, such as micro: 60%")
        spends = {
            line: _spend(build, (*path, line), got, known, campaign) for line, got in gets.items()
        }
        if campaign is None or build.file.block.budget is None or build.findings.touched(path):
            continue
        if not spends.keys() <= known.keys():
            continue  # it is told what is wrong with the line
        _check_total(build, path, gets, spends)
        plans.append((name, _placed(build, campaign, spends, known)))
    return Told(tuple(plans), tuple(rules))


def _rule(
    build: Build, path: Path, gets: Mapping[str, Allotment], known: Mapping[str, object]
) -> str:
    """Return the rule of thumb that a strategy names, if it is no line."""
    stated = build.file.tree["strategies"][path[-1]]
    if isinstance(stated, str) and len(gets) == 1:
        (word,) = gets
        if word in RULES and word not in known:
            return word
        if word not in known and word == stated.strip():
            where = f"unknown rule or line {word!r}; expected one of: {', '.join((*RULES, *known))}"
            build.findings.value(path, where)
    return ""


def _check_line(build: Build, path: Path, known: Mapping[str, object]) -> None:
    """Note a name that a strategy may not give anything to."""
    phases = build.file.block.phases or {}
    if path[-1] in phases:
        build.findings.key(path, f"a phase; name a line of it, such as tier@{path[-1]}")
    else:
        is_known(build, path, known)


def _spend(
    build: Build,
    path: Path,
    got: Allotment,
    known: Mapping[str, tuple[int, ...]],
    campaign: Campaign | None,
) -> float | None:
    """Return the money that a line or a tier gets; None for what is left."""
    if got.amount is None or not got.creators:
        return money(build, path, got.amount)
    if campaign is None or path[-1] not in known:
        return 0.0
    price = float(price_list(campaign)[known[path[-1]][0]])
    if price == 0:
        build.findings.value(path, "its money hires nobody; expected a share or money")
    return got.amount.low * price


def _check_total(
    build: Build, path: Path, gets: Mapping[str, Allotment], spends: Mapping[str, float | None]
) -> None:
    """Refuse a strategy that spends more than there is."""
    budget = build.file.block.budget
    assert budget is not None
    total = sum(spend or 0.0 for spend in spends.values())
    shares = [got.amount for got in gets.values() if got.amount is not None]
    if total <= budget * (1 + TOLERANCE):
        return
    if all(share.percent for share in shares):
        said = f"the shares add up to {total / budget * 100:.10g}%, more than 100%"
    else:
        said = f"spends {total:_.10g}, more than the budget of {budget:_.10g}"
    build.findings.value(path, said)


def _placed(
    build: Build,
    campaign: Campaign,
    spends: Mapping[str, float | None],
    known: Mapping[str, tuple[int, ...]],
) -> tuple[float, ...]:
    """Return money per line: a tier's is spread over the phases by their weeks."""
    budget = build.file.block.budget
    assert budget is not None
    left = max(budget - sum(spend or 0.0 for spend in spends.values()), 0.0)
    takers = [name for name, spend in spends.items() if spend is None]
    plan = np.zeros(len(campaign.lines))
    for name, spend in spends.items():
        amount = left / len(takers) if spend is None else spend
        mine = list(known[name])
        weeks = np.array([_weeks(campaign, line) for line in mine])
        plan[mine] += amount * weeks / weeks.sum()
    return tuple(plan.tolist())


def _weeks(campaign: Campaign, line: int) -> float:
    """Return the length of a line's phase."""
    planned = campaign.phases and line < len(campaign.items)
    return campaign.phases[campaign.items[line].phase].weeks if planned else 1.0
