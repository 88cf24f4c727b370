"""The rosters that a scenario file names, read and put together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from sim.campaign import Campaign
from tiermix.building import Build
from tiermix.curve_lines import found, kept_as
from tiermix.errors import TableError, UsageError
from tiermix.reading import Path as Place
from tiermix.roster_tables import Roster, roster, with_overlaps
from tiermix.scenario import Scenario
from tiermix.tables import Table, read_table


def build_roster(
    build: Build, folder: Path, campaign: Campaign
) -> tuple[Roster | None, tuple[str, ...]]:
    """Return the named creators of a file and the tiers they take the place of.

    Parameters
    ----------
    build : Build
        Takes the problems and the tables.
    folder : Path
        What the paths of tables start from.
    campaign : Campaign
    """
    file = build.file.block
    tiers = [tier.name for tier in campaign.tiers]
    segments = [segment.name for segment in campaign.segments]
    parts: list[Roster] = []
    inside = [name for name, block in (file.tiers or {}).items() if block.roster is not None]
    if file.phases and (inside or file.roster is not None):
        place = ("tiers", inside[0], "roster") if inside else ("roster",)
        build.findings.value(place, "not yet supported beside `phases`; expected one of the two")
        return None, ()
    for name in inside:
        place, path = ("tiers", name, "roster"), (file.tiers or {})[name].roster
        named = partial(roster, tiers=tiers, segments=segments, only=name)
        mine = _read(build, folder, place, path, named)
        parts += [mine] if mine else []
    if file.roster is not None and inside:
        build.findings.key(("roster",), f"the tier {inside[0]} has one of its own; keep one")
    elif file.roster is not None:
        named = partial(roster, tiers=tiers, segments=segments)
        mine = _read(build, folder, ("roster",), file.roster, named)
        parts += [mine] if mine else []
    if not parts:
        if file.overlap is not None and not build.findings.touched(("roster",)):
            build.findings.key(("overlap",), "means nothing without a roster")
        return None, ()
    whole = _joined(build, parts, inside)
    if file.overlap is not None:
        shared = partial(with_overlaps, whole)
        whole = _read(build, folder, ("overlap",), file.overlap, shared) or whole
    return whole, tuple(inside or tiers)


def _read(
    build: Build, folder: Path, place: Place, path: str | None, made: Callable[[Table], Roster]
) -> Roster | None:
    """Return what a table holds, or note what is wrong with it."""
    assert path is not None
    try:
        table = read_table(found(folder, path))
        build.tables[kept_as(path)] = table.data
        return made(table)
    except TableError as error:
        build.findings.value(place, str(error))
        return None


def _joined(build: Build, parts: Sequence[Roster], inside: Sequence[str]) -> Roster:
    """Return the rosters of several tiers as one."""
    quotes = [quote for part in parts for quote in part.quotes]
    names = [quote.name for quote in quotes]
    twice = sorted({name for name in names if names.count(name) > 1}) if len(parts) > 1 else []
    if twice:
        build.findings.value(("tiers", inside[-1], "roster"), f"{twice[0]} stands in two rosters")
    unused = tuple(dict.fromkeys(name for part in parts for name in part.unused))
    misspelt = tuple(dict.fromkeys(pair for part in parts for pair in part.misspelt))
    return replace(parts[0], quotes=tuple(quotes), unused=unused, misspelt=misspelt)


def with_roster(scenario: Scenario, creators: Path | None, overlap: Path | None) -> Scenario:
    """Return a scenario with the named creators of a table, instead of its own.

    Raises
    ------
    TableError
        If a table is wrong, with row and column.
    UsageError
        If the campaign runs in phases.
    """
    campaign = scenario.campaign
    if campaign.phases and creators is not None:
        raise UsageError(f"{scenario.path}: named creators are not yet supported beside `phases`")
    tiers = [tier.name for tier in campaign.tiers]
    if creators is not None:
        segments = [segment.name for segment in campaign.segments]
        quotes = roster(read_table(creators), tiers, segments)
        scenario = replace(scenario, roster=quotes, roster_tiers=tuple(tiers))
    if overlap is not None and scenario.roster is not None:
        quotes = with_overlaps(replace(scenario.roster, overlaps=()), read_table(overlap))
        scenario = replace(scenario, roster=quotes)
    return scenario
