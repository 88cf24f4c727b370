"""The curves of a scenario file, as lines of the campaign."""

from __future__ import annotations

import re
from functools import cache
from math import inf
from pathlib import Path

from optimize.problem import Limit
from sim.response_curves import ExponentialCurve, HillCurve, Kind, PointsCurve, ResponseCurve
from tiermix.building import Build
from tiermix.curve_tables import points_curve
from tiermix.errors import TableError
from tiermix.file_format import Curve, Exponential, Hill
from tiermix.layers import inputs
from tiermix.reading import Path as Place
from tiermix.tables import read_table

KINDS = ("hill", "exponential", "points")

#: How the limit of a curve is named, before the line's name.
CURVE = "curve "


def build_curves(build: Build, folder: Path) -> tuple[ResponseCurve, ...]:
    """Return the curves, noting what is wrong with them.

    Parameters
    ----------
    build : Build
        Takes the inputs and the problems.
    folder : Path
        What the paths of tables start from.

    Returns
    -------
    tuple of ResponseCurve
        Those that are right.
    """
    file, findings = build.file.block, build.findings
    if file.curves == {} and not findings.touched(("curves",)):
        findings.value(("curves",), "empty; expected at least one curve")
    if file.curves and file.whole_creators:
        message = "not yet supported beside curves, whose money hires nobody; expected false"
        findings.value(("whole_creators",), message)
    read, curves = cache(read_table), []
    for name, block in (file.curves or {}).items():
        place = ("curves", name)
        if name in (file.tiers or {}):
            findings.key(place, "a tier has this name too; choose another")
        kind = _kind(build, place, block)
        if kind is None and block.points is not None and not findings.touched(place):
            try:
                table = read(found(folder, block.points))
                build.tables[kept_as(block.points)] = table.data
                kind = points_curve(table, block.channel)
            except TableError as error:
                where = "channel" if block.channel and not error.line else "points"
                findings.value((*place, where), str(error))
        if kind is not None and not findings.touched(place):
            build.inputs += inputs(place, Curve.model_fields, [build.file.inner(block, *place)])
            curves.append(ResponseCurve(name, kind, block.metric or "response"))
    return _joint(build, curves)


def kept_as(path: str) -> str:
    """Return where a table is kept beside the copy of a scenario, given its path in there."""
    return f"tables/{re.sub(r'[^A-Za-z0-9_.+-]', '_', path)}"


def found(folder: Path, path: str) -> Path:
    """Return where a table is: where the file says, or kept with a copy of the file."""
    kept = folder / kept_as(path)
    return kept if kept.is_file() and not (folder / path).exists() else folder / path


def _kind(build: Build, place: Place, block: Curve) -> Kind | None:
    """Return the curve if it is a formula; note if it is not one curve."""
    given = [key for key in KINDS if key in build.file.tree["curves"][place[-1]]]
    if len(given) != 1 and not build.findings.touched(place):
        build.findings.value(
            place, f"expected one of {', '.join(KINDS)}, got {len(given) or 'none'}"
        )
    if block.channel is not None and block.points is None and not build.findings.touched(place):
        build.findings.key((*place, "channel"), "means nothing without points; remove the key")
    if build.findings.touched(place):
        return None
    match block:
        case Curve(hill=Hill(max=most, half=half, slope=slope)) if most and half and slope:
            return HillCurve(most.uncertain(), half.uncertain(), slope.uncertain())
        case Curve(exponential=Exponential(max=most, scale=scale)) if most and scale:
            return ExponentialCurve(most.uncertain(), scale.uncertain())
        case _:
            return None


def _joint(build: Build, curves: list[ResponseCurve]) -> tuple[ResponseCurve, ...]:
    """Return the curves whose tables have as many draws as the first that has any."""
    first: ResponseCurve | None = None
    kept = []
    for curve in curves:
        if isinstance(curve.kind, PointsCurve) and curve.kind.n_draws > 1:
            first = first or curve
            if curve.kind.n_draws != first.kind.n_draws:
                build.findings.value(
                    ("curves", curve.name, "points"),
                    f"{curve.kind.n_draws} draws, but {first.kind.n_draws} of {first.name}; "
                    "draws are joint, so every table needs the same",
                )
                continue
        kept.append(curve)
    return tuple(kept)


def curve_limits(build: Build, lines: list[str]) -> tuple[Limit, ...]:
    """Return the most that every curve may take, where it says so.

    Parameters
    ----------
    build : Build
    lines : list of str
        Names of the lines.
    """
    return tuple(
        Limit(f"{CURVE}{name}", (lines.index(name),), 0.0, block.max_spend or inf)
        for name, block in (build.file.block.curves or {}).items()
        if block.max_spend is not None
    )
