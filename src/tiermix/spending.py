"""Limits of a scenario file, as money per line, and the names that lines go by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import inf

from optimize.problem import Limit
from tiermix.building import Build
from tiermix.quantity import Quantity
from tiermix.reading import Path
from tiermix.validation import suggestion

TOLERANCE = 1e-9


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
        lower = money(build, (*path, "min"), block.min)
        upper = money(build, (*path, "max"), block.max)
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
    known = line_names(build, lines)
    if named is None:
        return known[path[-1]] if is_known(build, path, known) else ()
    unknown = [name for name in named if name not in known]
    if unknown:
        where = (*path, "lines")
        build.findings.value(where, f"unknown line {unknown[0]}, {suggestion(unknown[0], known)}")
        return ()
    if not named:
        build.findings.value((*path, "lines"), "empty; expected at least one line")
    return tuple(sorted({line for name in named for line in known[name]}))


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
    if budget is not None and limit.lower > budget * (1 + TOLERANCE):
        build.findings.value((*path, "min"), f"more than the budget of {budget:_.10g}")


def _check_minima(build: Build, limits: Sequence[Limit]) -> None:
    budget = build.file.block.budget
    total = sum(limit.lower for limit in limits if len(limit.lines) == 1)
    if build.findings.touched(("limits",)):
        return
    if budget is not None and total > budget * (1 + TOLERANCE):
        build.findings.value(
            ("limits",),
            f"the minima add up to {total:_.10g}, more than the budget of {budget:_.10g}",
        )


def money(build: Build, path: Path, portion: Quantity | None) -> float | None:
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


def line_names(build: Build, lines: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Return what lines go by, and their positions: line, tier in all phases, phase, `curves`.

    Parameters
    ----------
    build : Build
    lines : sequence of str
        Names of all lines.
    """
    found: dict[str, tuple[int, ...]] = {line: (i,) for i, line in enumerate(lines)}
    file = build.file.block
    for name in (*file.phases, *(file.tiers or ())) if file.phases else ():
        mine = [i for i, line in enumerate(lines) if name in line.split("@")]
        found.setdefault(name, tuple(mine))
    return found


def is_known(build: Build, path: Path, known: Iterable[str]) -> bool:
    """Whether the last name of a path is known; note it where it is not."""
    name = path[-1]
    whole = name.partition("@")[0]
    if name not in known and not build.findings.touched(("tiers", whole)):
        build.findings.key(path, f"unknown line, {suggestion(name, known)}")
    return name in known
