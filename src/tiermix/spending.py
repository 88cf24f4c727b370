"""Limits and strategies of a scenario file, as money per line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf

from optimize.problem import Limit
from tiermix.building import Build
from tiermix.quantity import Quantity
from tiermix.reading import Path
from tiermix.validation import suggestion

_TOLERANCE = 1e-9


def build_limits(build: Build, deals: Mapping[str, float]) -> tuple[Limit, ...]:
    """Return the limits, noting what is wrong with them.

    Parameters
    ----------
    build : Build
    deals : mapping
        The lines and their minimum deals (money), in order.

    Returns
    -------
    tuple of Limit
        Those that are right.
    """
    lines, limits = list(deals), []
    for name, block in (build.file.block.limits or {}).items():
        path = ("limits", name)
        bounded = _bounded(build, path, block.lines, lines)
        lower = _money(build, (*path, "min"), block.min)
        upper = _money(build, (*path, "max"), block.max)
        if block.min is None and block.max is None and not build.findings.touched(path):
            build.findings.value(path, "empty; expected min, max or both")
        if bounded and not build.findings.touched(path):
            limit = Limit(name, bounded, lower or 0.0, inf if upper is None else upper)
            _check_limit(build, path, limit, min(list(deals.values())[i] for i in bounded))
            limits.append(limit)
    _check_minima(build, limits)
    return tuple(limits)


def _bounded(
    build: Build, path: Path, named: Sequence[str] | None, lines: Sequence[str]
) -> tuple[int, ...]:
    """Return the positions of the lines that a limit bounds; none where one is unknown."""
    if named is None:
        return (lines.index(path[-1]),) if _known_line(build, path, lines) else ()
    unknown = [name for name in named if name not in lines]
    if unknown:
        where = (*path, "lines")
        build.findings.value(where, f"unknown line {unknown[0]}, {suggestion(unknown[0], lines)}")
        return ()
    if not named:
        build.findings.value((*path, "lines"), "empty; expected at least one line")
    return tuple(sorted({lines.index(name) for name in named}))


def _check_limit(build: Build, path: Path, limit: Limit, deal: float) -> None:
    budget = build.file.block.budget
    if limit.lower > limit.upper:
        build.findings.value(
            (*path, "min"), f"min ({limit.lower:_.10g}) is more than max ({limit.upper:_.10g})"
        )
    if 0 < limit.upper < deal:
        build.findings.value(
            (*path, "max"),
            f"{limit.upper:_.10g} is less than the minimum deal of {deal:_.10g}; "
            "expected more, or 0 to leave the tier out",
        )
    if budget is not None and limit.lower > budget * (1 + _TOLERANCE):
        build.findings.value((*path, "min"), f"more than the budget of {budget:_.10g}")


def _check_minima(build: Build, limits: Sequence[Limit]) -> None:
    budget = build.file.block.budget
    total = sum(limit.lower for limit in limits if len(limit.lines) == 1)
    if build.findings.touched(("limits",)):
        return
    if budget is not None and total > budget * (1 + _TOLERANCE):
        build.findings.value(
            ("limits",),
            f"the minima add up to {total:_.10g}, more than the budget of {budget:_.10g}",
        )


def build_strategies(
    build: Build, lines: Sequence[str]
) -> tuple[tuple[str, tuple[float, ...]], ...]:
    """Return the strategies as money per line, noting what is wrong with them.

    Parameters
    ----------
    build : Build
    lines : sequence of str
        Names of the lines.

    Returns
    -------
    tuple of (str, tuple of float)
        Those that are right, in file order.
    """
    strategies = []
    for name, shares in (build.file.block.strategies or {}).items():
        path = ("strategies", name)
        spends = {line: _money(build, (*path, line), share) for line, share in shares.items()}
        for line in shares:
            _known_line(build, (*path, line), lines)
        if not shares and not build.findings.touched(path):
            build.findings.value(path, "empty; expected at least one line, such as micro: 60%")
        if build.findings.touched(path):
            continue
        _check_total(build, path, shares)
        strategies.append((name, tuple(spends.get(line) or 0.0 for line in lines)))
    return tuple(strategies)


def _check_total(build: Build, path: Path, shares: Mapping[str, Quantity]) -> None:
    budget = build.file.block.budget
    portion = sum(share.low for share in shares.values() if share.percent)
    money = sum(share.low for share in shares.values() if not share.percent)
    if not money and portion > 1 + _TOLERANCE:
        build.findings.value(path, f"the shares add up to {portion * 100:.10g}%, more than 100%")
    elif budget is not None and money + portion * budget > budget * (1 + _TOLERANCE):
        total = money + portion * budget
        build.findings.value(path, f"spends {total:_.10g}, more than the budget of {budget:_.10g}")


def _money(build: Build, path: Path, portion: Quantity | None) -> float | None:
    """Return a share of the budget or an amount as money."""
    budget = build.file.block.budget
    if portion is None:
        return None
    if portion.percent:
        return None if budget is None else portion.low * budget
    if 0 < portion.low <= 1 and budget is not None and budget >= 100:
        build.findings.value(
            path,
            f"{portion} would be money; for a share of the budget write {portion.low * 100:.10g}%",
        )
    return portion.low


def _known_line(build: Build, path: Path, lines: Sequence[str]) -> bool:
    """Whether the last name of a path is a line; a line of a refused phase is no news."""
    name, phases = path[-1], build.file.block.phases or {}
    planned = {f"{line}@{phase}" for line in lines for phase in phases} | set(phases)
    if name not in lines and name not in planned and not build.findings.touched(("tiers", name)):
        build.findings.key(path, f"unknown line, {suggestion(name, lines)}")
    return name in lines
