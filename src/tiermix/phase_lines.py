"""Phases and halos of a scenario file."""

from __future__ import annotations

from collections.abc import Sequence

from sim.campaign import Halo, Phase
from sim.uncertain import Uncertain
from tiermix.building import Build
from tiermix.file_format import Halo as Block
from tiermix.layers import Layer, inputs
from tiermix.reading import Path
from tiermix.validation import suggestion


def item_names(tiers: Sequence[str], phases: Sequence[Phase]) -> list[tuple[str, str]]:
    """Return the lines that hire creators, and the tier of each, in the campaign's order."""
    if not phases:
        return [(tier, tier) for tier in tiers]
    return [(f"{tier}@{phase.name}", tier) for phase in phases for tier in tiers]


def build_phases(build: Build) -> tuple[Phase, ...]:
    """Return the phases, noting what is wrong with them.

    Parameters
    ----------
    build : Build
        Takes the inputs and the problems.

    Returns
    -------
    tuple of Phase
        In order; none where anything is wrong with them.
    """
    file, findings = build.file.block, build.findings
    if file.phases == {} and not findings.touched(("phases",)):
        findings.value(("phases",), "empty; expected at least one phase and its weeks")
    for name, tier in (file.tiers or {}).items():
        if tier.onboarding is not None and not file.phases:
            findings.key(
                ("tiers", name, "onboarding"),
                "means nothing without `phases`, which say how many weeks there are",
            )
    if file.phases and not file.tiers and not findings.touched(("tiers",)):
        findings.key(("phases",), "means nothing without tiers; remove the key")
    phases = []
    for name, block in (file.phases or {}).items():
        path = ("phases", name)
        if name in (*(file.tiers or {}), *(file.curves or {})):
            findings.key(path, "a line has this name too; choose another")
        build.inputs += inputs(path, ["weeks"], [build.file.inner(block, *path)])
        if block.weeks is not None:
            phases.append(Phase(name, block.weeks))
    return () if findings.touched(("phases",)) else tuple(phases)


def build_halos(build: Build, tiers: Sequence[str], phases: Sequence[Phase]) -> tuple[Halo, ...]:
    """Return the halos, noting what is wrong with them.

    Parameters
    ----------
    build : Build
        Takes the inputs and the problems.
    tiers : sequence of str
    phases : sequence of Phase
        None where something is wrong with them.
    """
    findings = build.findings
    found: list[Halo] = []
    if build.file.block.halo and not phases and not findings.touched(("phases",)):
        findings.key(("halo",), "means nothing without `phases`; remove the key")
    for source, blocks in (build.file.block.halo or {}).items():
        if not phases:
            continue
        for i, block in enumerate(blocks):
            halo = _halo(build, source, i, block, item_names(tiers, phases), phases)
            if halo is not None and halo.name in [one.name for one in found]:
                findings.value(("halo", source), f"{halo.name}: stands here twice; keep one")
            elif halo is not None:
                found.append(halo)
    return tuple(found)


def _halo(
    build: Build,
    source: str,
    number: int,
    block: Block,
    items: Sequence[tuple[str, str]],
    phases: Sequence[Phase],
) -> Halo | None:
    path, findings = ("halo", source), build.findings
    listed = isinstance(build.file.tree["halo"][source], list)
    here = (*path, str(number)) if listed else path
    if block.on is None or block.lift is None or findings.touched(path):
        return None
    sources = _lines(build, path, source, items, phases, key=True)
    targets = _lines(build, (*here, "on"), block.on, items, phases, key=False)
    if not sources or not targets:
        return None
    n_tiers = len(items) // len(phases)
    first, last = sources[0] // n_tiers, targets[0] // n_tiers
    if first >= last:
        findings.value(
            (*here, "on"), f"{block.on} does not come after {source}; expected a later phase"
        )
        return None
    if not block.lift.low > -1 and not (block.lift.exact and block.lift.low == -1):
        findings.value(
            (*here, "lift"),
            f"{block.lift} takes more than all intent away; expected more than -100%",
        )
        return None
    middles = [phase.weeks / 2 for phase in (phases[first], phases[last])]
    weeks = sum(middles) + sum(phase.weeks for phase in phases[first + 1 : last])
    tree = build.file.tree["halo"][source]
    layer = Layer("file", block, tree[number] if listed else tree)
    build.inputs += inputs(here, ("lift", "carry_over"), [layer])
    kept = 1.0 if block.carry_over is None else block.carry_over
    return Halo(f"{source} on {block.on}", sources, targets, _factor(block), kept**weeks)


def _factor(block: Block) -> Uncertain:
    """Return the law of the factor on intent, 1 + lift."""
    assert block.lift is not None
    low, high = 1 + block.lift.low, 1 + block.lift.high
    return Uncertain.stated("log", low if block.lift.exact else (low, high))


def _lines(
    build: Build,
    path: Path,
    name: str,
    items: Sequence[tuple[str, str]],
    phases: Sequence[Phase],
    *,
    key: bool,
) -> tuple[int, ...]:
    """Return the positions of a line, or of all lines of a phase; none where it is unknown."""
    lines = [line for line, _ in items]
    found = [i for i, line in enumerate(lines) if name in (line, line.partition("@")[2])]
    if not found:
        known = [*(phase.name for phase in phases), *lines]
        where = build.findings.key if key else build.findings.value
        where(path, f"unknown phase or line {name!r}, {suggestion(name, known)}")
    return tuple(found)


def check_by_phase(build: Build) -> None:
    """Refuse metrics by the end of a phase that does not exist."""
    file, phases = build.file.block, build.file.block.phases or {}
    for place, named in (("objective", file.objective), ("floors", file.floors)):
        for metric in named or {}:
            whole, at, phase = metric.partition("@")
            if at and phase not in phases and not build.findings.touched((place, metric)):
                ending = suggestion(phase, phases) if phases else "there are no `phases`"
                build.findings.key(
                    (place, metric), f"{whole} by an unknown phase {phase!r}, {ending}"
                )
