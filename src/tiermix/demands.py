"""Floors and ceilings of a scenario file, as demands on a plan."""

from __future__ import annotations

from optimize.floors import Demand
from optimize.risk import MEAN, Chance, MeanWorst, Risk
from tiermix.building import Build
from tiermix.file_format import Floor


def build_demands(build: Build) -> tuple[Demand, ...]:
    """Return what a plan must reach, noting what is wrong with it.

    Parameters
    ----------
    build : Build

    Returns
    -------
    tuple of Demand
        Those that are right, floors first, in file order.
    """
    file, demands = build.file.block, []
    for metric, floor in (file.floors or {}).items():
        if floor.at_least is None or build.findings.touched(("floors", metric)):
            continue
        risk = _risk(build, metric, floor)
        level = (floor.chance or 0.0) if isinstance(risk, Chance) else floor.at_least
        demands.append(Demand(f"the floor of {metric}", metric, level, risk))
    ceilings = (file.ceilings or {}).items()
    demands += [Demand(f"the ceiling of {metric}", metric, most) for metric, most in ceilings]
    return tuple(demands)


def _risk(build: Build, metric: str, floor: Floor) -> Risk:
    """Return what a floor is about: the mean, the worst worlds or a chance."""
    path, stated = ("floors", metric), [floor.worst, floor.chance]
    if metric == "roas" and any(stated):
        build.findings.value(path, "roas has a floor in the mean only: it is a ratio of means")
    elif all(stated):
        build.findings.value(path, "both worst and chance; expected one of them")
    elif floor.worst:
        return MeanWorst(floor.worst)
    elif floor.chance:
        assert floor.at_least is not None
        return Chance(floor.at_least)
    return MEAN
