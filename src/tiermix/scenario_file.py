"""Reading scenario files."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

from optimize.risk import MEAN, Attainment, MeanWorst, Risk
from sim.metrics import OBJECTIVES
from tiermix.building import Build, build_campaign, tier_layers
from tiermix.curve_lines import build_curves, curve_limits
from tiermix.demands import build_demands
from tiermix.errors import Problem, ScenarioError
from tiermix.file_format import File
from tiermix.intake import STDIN, read_bytes
from tiermix.layers import Layer, overlay, shipped
from tiermix.phase_lines import build_halos, build_phases, check_by_phase, item_names
from tiermix.quantity import shown
from tiermix.reading import MAX_BYTES, read_document
from tiermix.roster_lines import build_roster
from tiermix.scenario import Scenario
from tiermix.spending import build_limits
from tiermix.strategies import build_strategies
from tiermix.validation import Findings, require, validated

#: What every measure of risk needs to know.
RISK_KEYS: dict[str, tuple[str, ...]] = {
    "mean": (),
    "cvar": ("worst",),
    "mean_cvar": ("worst", "weight"),
    "attainment": ("target",),
}


def read(path: str) -> Scenario:
    """Read a scenario file.

    Parameters
    ----------
    path : str
        Where it is; ``-`` is standard input.

    Returns
    -------
    Scenario

    Raises
    ------
    ScenarioError
        If it cannot be read, or anything in it is wrong; it holds every problem.
    """
    try:
        data = read_bytes(path, MAX_BYTES)
    except ValueError as error:
        raise _unreadable(path, str(error)) from error
    return _scenario(data, path)


def parse(text: str, path: str) -> Scenario:
    """Read the text of a scenario file.

    Parameters
    ----------
    text : str
    path : str
        Name of the file, for messages.

    Returns
    -------
    Scenario

    Raises
    ------
    ScenarioError
        If anything in it is wrong; it holds every problem.
    """
    return _scenario(text.encode("utf-8", "surrogatepass"), path)


def _scenario(data: bytes, path: str) -> Scenario:
    if len(data) > MAX_BYTES:
        raise _unreadable(path, f"larger than {MAX_BYTES // 1_000_000} MB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _not_text(data, error.start, path) from error
    if not text.strip():
        raise _unreadable(path, "empty; `tiermix init` writes a scenario to start from")
    return _build(text, path, sha256(text.encode()).hexdigest())


def _build(text: str, path: str, digest: str) -> Scenario:
    document = read_document(text, _source(path))
    findings = Findings(document)
    build = Build(Layer("file", validated(document, File, findings), document.root), findings)
    require(build.file.block, (), findings)
    _check_objective(build)
    tiers = tier_layers(build)
    phases = build_phases(build)
    halos = build_halos(build, list(tiers), phases)
    campaign = build_campaign(build, tiers, build_curves(build, _folder(path)), phases, halos)
    risk = _risk(build)
    deals = {
        name: overlay(tiers[tier]).minimum_deal or 0.0
        for name, tier in item_names(list(tiers), phases)
    }
    deals |= dict.fromkeys(build.file.block.curves or {}, 0.0)
    limits = build_limits(build, deals) + curve_limits(build, list(deals))
    demands = build_demands(build)
    told = build_strategies(build, list(deals), campaign)
    named = build_roster(build, _folder(path), campaign) if campaign else (None, ())
    findings.raise_if_any()
    assert campaign is not None  # or there would have been a finding
    return Scenario(
        risk=risk,
        campaign=campaign,
        limits=limits,
        demands=demands,
        strategies=told.plans,
        rules=told.rules,
        inputs=tuple(build.inputs),
        tables=build.tables,
        path=path,
        text=text,
        sha256=digest,
        roster=named[0],
        roster_tiers=named[1],
        **_settings(build),
    )


def _settings(build: Build) -> dict[str, Any]:
    """Return the plain values of a file without problems."""
    top = overlay([build.file, shipped("defaults")])
    simulation = overlay(
        [
            layer.inner(layer.block.simulation, "simulation")
            for layer in (build.file, shipped("defaults"))
            if layer.block.simulation is not None
        ]
    )
    return {
        "name": top.name,
        "currency": top.currency,
        "budget": top.budget,
        "objective": tuple((top.objective or {}).items()),
        "whole_creators": top.whole_creators,
        "worlds": int(simulation.worlds),
        "seed": int(simulation.seed),
    }


def _risk(build: Build) -> Risk:
    """Return what the objective of many worlds comes to; say what the measure lacks."""
    stated, findings = build.file.block.risk, build.findings
    if stated is None or stated.measure is None:
        return MEAN
    wanted = RISK_KEYS[stated.measure]
    for key in sorted(stated.model_fields_set - {"measure", *wanted}):
        findings.key(
            ("risk", key), f"means nothing to the measure {stated.measure}; remove the key"
        )
    lacking = [key for key in wanted if getattr(stated, key) is None]
    for key in lacking:
        findings.missing(("risk", key), f"missing; the measure {stated.measure} needs it")
    if lacking or stated.measure == "mean":
        return MEAN
    if stated.measure == "attainment":
        return Attainment(float(stated.target or 0))
    weight = 1.0 if stated.measure == "cvar" else float(stated.weight or 0)
    return MeanWorst(float(stated.worst or 0), weight)


def _check_objective(build: Build) -> None:
    file, findings = build.file.block, build.findings
    metrics = file.objective or {}
    if file.objective == {} and not findings.touched(("objective",)):
        findings.value(("objective",), "expected at least one metric and its weight")
    check_by_phase(build)
    _check_bringers(build)
    if "spend" in metrics and len(metrics) > 1:
        findings.value(("objective",), "spend can not be blended: it is an objective of its own")
    elif "spend" in metrics and not file.floors:
        findings.missing(("floors",), "missing; the objective spend needs to know what to reach")
    if "spend" in metrics and "risk" in build.file.tree:
        findings.key(("risk",), "means nothing to the objective spend; say it in `floors`")
    wanted_by = [metric.partition("@")[0] for metric in (*metrics, *(file.floors or {}))]
    for key, users in (("order_value", ("revenue", "profit", "roas")), ("margin", ("profit",))):
        wanted = [metric for metric in users if metric in wanted_by]
        if key == "order_value" and build.curves_only and not _sells(file):
            continue  # revenue comes as such
        if wanted and key not in build.file.tree:
            description = File.model_fields[key].description
            findings.missing((key,), f"missing; {wanted[0]} needs it: {description}")


def _check_bringers(build: Build) -> None:
    """Refuse an objective that no line can bring."""
    file, findings = build.file.block, build.findings
    brought: set[str] = {curve.metric or "response" for curve in (file.curves or {}).values()}
    if brought & {"conversions", "revenue"}:
        brought |= {"revenue", "profit"}
    if not build.curves_only:
        brought |= set(OBJECTIVES) - {"response"}
    for metric in file.objective or {}:
        if metric.partition("@")[0] not in (*brought, "spend") and not findings.touched(
            ("curves",)
        ):
            message = f"no line brings any {metric}; expected one of {', '.join(sorted(brought))}"
            findings.key(("objective", metric), message)


def _sells(file: File) -> bool:
    """Whether a curve brings conversions, which an order value turns into revenue."""
    return any(curve.metric == "conversions" for curve in (file.curves or {}).values())


def _folder(path: str) -> Path:
    """Return what the paths in a scenario file start from: its folder, or where we are."""
    return Path() if path == STDIN else Path(path).parent


def _source(path: str) -> str:
    if path == STDIN:
        return "<stdin>"
    return path if path.isprintable() else shown(path)


def _not_text(data: bytes, byte: int, path: str) -> ScenarioError:
    """Return what is wrong with bytes that are no UTF-8 text, and where."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return _unreadable(path, "UTF-16 or UTF-32 text; save it as UTF-8")
    before = data[:byte].decode("utf-8", "replace").splitlines(keepends=True) or [""]
    whole = before[-1].endswith(("\n", "\r"))
    place = (len(before) + whole, 1 if whole else len(before[-1]) + 1)
    told = f"not UTF-8 text: byte {byte} is wrong; save the file as UTF-8"
    return ScenarioError(_source(path), [Problem(*place, "", told)])


def _unreadable(path: str, message: str) -> ScenarioError:
    return ScenarioError(_source(path), [Problem(0, 0, "", message)])
