"""From the models of a scenario file to the campaign, with what must hold between values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import copysign, floor, inf

import sim.campaign as campaign
from sim.response_curves import ResponseCurve
from sim.uncertain import Uncertain
from tiermix.file_format import File, Tier
from tiermix.layers import (
    Layer,
    default_segment,
    default_tier,
    inputs,
    overlay,
    preset_tier,
    shipped,
)
from tiermix.reading import Path, dotted
from tiermix.scenario import Input
from tiermix.validation import Findings, suggestion

_OWN = ("order_value", "margin", "resonance", "effective_frequency")
_NEEDED = (
    "followers",
    "fee",
    "view_rate",
    "engagement_rate",
    "clicks_per_engagement",
    "conversion_rate",
)
_LAWS = (*_NEEDED, "authentic_share", "delivery_rate", "overhead", "lift")
_NO_INPUT = {"preset", "roster"}
_MONEY = ("fee", "overhead")
_ELASTICITIES = {"fee_elasticity": "fee", "engagement_elasticity": "engagement_rate"}


@dataclass(slots=True)
class Build:
    """A scenario file on its way to a campaign.

    Parameters
    ----------
    file : Layer of File
        What the file says; wrong values are left out.
    findings : Findings
        Takes the problems.
    tables : dict
        The tables that it names, by where copies of them are kept.
    """

    file: Layer[File]
    findings: Findings
    inputs: list[Input] = field(default_factory=list)
    tables: dict[str, bytes] = field(default_factory=dict)

    @property
    def family(self) -> str:
        """The family of presets, ``none`` for none."""
        return overlay([self.file, shipped("defaults")]).presets or "none"

    @property
    def curves_only(self) -> bool:
        """Whether the file states curves and no tiers: then nobody's audience matters."""
        return "curves" in self.file.tree and "tiers" not in self.file.tree

    @property
    def base(self) -> list[Layer[File]]:
        """The whole file over its presets over the defaults."""
        presets = [] if self.family == "none" else [shipped(self.family)]
        return [self.file, *presets, shipped("defaults")]


def tier_layers(build: Build) -> dict[str, list[Layer[Tier]]]:
    """Return every tier of the file over its preset over the defaults."""
    layers = {}
    for name, block in (build.file.block.tiers or {}).items():
        layers[name] = [Layer("file", block, build.file.tree["tiers"][name])]
        if block.preset is not None and build.family == "none":
            build.findings.value(
                ("tiers", name, "preset"), "there are no presets under `presets: none`"
            )
        elif block.preset is not None:
            layers[name].append(preset_tier(build.family, block.preset))
        layers[name].append(default_tier())
    return layers


def build_campaign(
    build: Build,
    tiers: dict[str, list[Layer[Tier]]],
    curves: tuple[ResponseCurve, ...] = (),
    phases: tuple[campaign.Phase, ...] = (),
    halos: tuple[campaign.Halo, ...] = (),
) -> campaign.Campaign | None:
    """Return the campaign, or None if a problem was found.

    Parameters
    ----------
    build : Build
        Takes the inputs and the problems.
    tiers : dict
        As `tier_layers` returns them.
    curves : tuple of ResponseCurve
        Lines beside them.
    phases : tuple of Phase
    halos : tuple of Halo

    Returns
    -------
    Campaign or None
    """
    build.inputs += inputs((), _OWN, build.base)
    heterogeneity = inf if build.curves_only else _heterogeneity(build)
    segments = _segments(build)
    built = [_tier(build, name, layers, segments) for name, layers in tiers.items()]
    _check_currency(build, tiers)
    _check_not_empty(build)
    whole = tuple(tier for tier in built if tier is not None)
    if not (whole or curves) or (whole and not segments) or len(whole) < len(built):
        return None
    top = overlay(build.base)
    assert top.order_value is not None
    assert top.margin is not None
    assert top.resonance is not None
    assert top.effective_frequency is not None
    return campaign.Campaign(
        segments,
        whole,
        heterogeneity,
        order_value=top.order_value.uncertain(),
        margin=top.margin.uncertain(),
        resonance=top.resonance.uncertain(),
        effective_frequency=int(top.effective_frequency),
        curves=curves,
        phases=phases,
        halos=halos,
    )


def _check_not_empty(build: Build) -> None:
    file, findings = build.file.block, build.findings
    for key in ("audience", "tiers"):
        alone = "curves" in build.file.tree if key == "tiers" else build.curves_only
        if getattr(file, key) is None and not alone:
            findings.missing((key,), f"missing; expected: {File.model_fields[key].description}")
    segments = None if file.audience is None else file.audience.segments
    for path, found in ((("tiers",), file.tiers), (("audience", "segments"), segments)):
        if found == {} and not findings.touched(path):
            findings.value(path, f"empty; expected at least one of the {path[-1]}")


def _heterogeneity(build: Build) -> float:
    layers = [
        Layer(layer.origin, layer.block.audience, layer.tree["audience"])
        for layer in build.base
        if layer.block.audience is not None
    ]
    build.inputs += inputs(("audience",), ["heterogeneity"], layers)
    for layer in layers:
        if layer.block.heterogeneity is not None:
            return layer.block.heterogeneity
    build.findings.missing(
        ("audience", "heterogeneity"), "missing; expected a positive number such as 0.8, or none"
    )
    return inf


def _segments(build: Build) -> tuple[campaign.Segment, ...]:
    audience = build.file.block.audience
    segments = []
    for name, block in ((audience and audience.segments) or {}).items():
        path = ("audience", "segments", name)
        layers = [build.file.inner(block, *path), default_segment()]
        build.inputs += inputs(path, ("size", "in_market"), layers)
        merged = overlay(layers)
        if not build.findings.touched(path):
            assert merged.size is not None
            assert merged.in_market is not None
            segments.append(campaign.Segment(name, merged.size, merged.in_market.uncertain()))
    return tuple(segments)


def _tier(
    build: Build, name: str, layers: Sequence[Layer[Tier]], segments: Sequence[campaign.Segment]
) -> campaign.Tier | None:
    path, merged, findings = ("tiers", name), overlay(layers), build.findings
    for key in _NEEDED:
        if getattr(merged, key) is None and not findings.touched((*path, "preset")):
            description = Tier.model_fields[key].description
            findings.missing((*path, key), f"missing; expected a preset, or: {description}")
    audience = _audience(build, path, merged, segments)
    stated = {key: getattr(merged, key) for key in _LAWS}
    if None in stated.values():
        return None
    laws = {key: law.uncertain() for key, law in stated.items()}
    elasticities = _elasticities(build, path, merged, laws)
    _check_sizes(build, path, laws["followers"], audience, segments)
    _check_cost(build, path, merged, laws)
    _note_inputs(build, path, layers, elasticities)
    if findings.touched(path):
        return None
    return campaign.Tier(
        name=name,
        audience=audience,
        posts=_given(merged.posts),
        multi_post_discount=_given(merged.multi_post_discount),
        available=inf if merged.available is None else merged.available,
        onboarding=inf if merged.onboarding is None else merged.onboarding,
        minimum_deal=_given(merged.minimum_deal),
        fee_elasticity=elasticities["fee_elasticity"],
        engagement_elasticity=elasticities["engagement_elasticity"],
        **laws,
    )


def _given(value: float | None) -> float:
    assert value is not None  # the defaults give it
    return value


def _audience(
    build: Build, path: Path, merged: Tier, segments: Sequence[campaign.Segment]
) -> tuple[float, ...]:
    path, shares = (*path, "audience"), merged.audience or {}
    names = [segment.name for segment in segments]
    known = (build.file.block.audience and build.file.block.audience.segments) or {}
    for name in shares:
        if name not in known and not build.findings.touched(("audience", "segments", name)):
            build.findings.key((*path, name), f"unknown segment, {suggestion(name, known)}")
    total = sum(shares.values())
    if total > 1 + 1e-9:
        build.findings.value(path, f"the shares add up to {total * 100:.10g}%, more than 100%")
    if merged.audience is not None and total == 0 and not build.findings.touched(path):
        build.findings.value(path, "reaches nobody; expected a share of a segment")
    return tuple(shares.get(name, 0.0) for name in names)


def _elasticities(
    build: Build, path: Path, merged: Tier, laws: dict[str, Uncertain]
) -> dict[str, float]:
    """Return the elasticities: a preset's gives way to the ranges, the file's is an error."""
    own = build.file.tree["tiers"][path[1]]
    spread = laws["followers"].creators_sd
    found = {}
    for key, explained in _ELASTICITIES.items():
        elasticity = _given(getattr(merged, key))
        largest = laws[explained].creators_sd / spread if spread > 0 else inf
        if abs(elasticity) > largest * (1 + 1e-9):
            if key in own and _sound(build, path, "followers", explained):
                fits = floor(largest * 1000 * (1 + 1e-9)) / 1000
                build.findings.value(
                    (*path, key),
                    f"followers then spread the {explained} more than its own range says; "
                    f"at most {fits:g} fits, or widen that range",
                )
            elasticity = copysign(largest, elasticity)
        found[key] = elasticity
    return found


def _sound(build: Build, path: Path, *keys: str) -> bool:
    """Whether nothing is known to be wrong about some keys of a tier."""
    return not any(build.findings.touched((*path, key)) for key in keys)


def _check_sizes(
    build: Build,
    path: Path,
    followers: Uncertain,
    audience: Sequence[float],
    segments: Sequence[campaign.Segment],
) -> None:
    if not _sound(build, path, "followers", "audience"):
        return
    for share, segment in zip(audience, segments, strict=True):
        people = followers.median * share
        if people > segment.size:
            build.findings.value(
                (*path, "audience", segment.name),
                f"a typical creator then has {people:_.0f} followers in this segment "
                f"of {segment.size:_.0f} people; expected a smaller share or a larger segment",
            )


def _check_cost(build: Build, path: Path, merged: Tier, laws: dict[str, Uncertain]) -> None:
    fees = laws["fee"].median * laws["delivery_rate"].median
    sound = _sound(build, path, "fee", "overhead", "delivery_rate", "multi_post_discount")
    if sound and fees * (1 - _given(merged.multi_post_discount)) + laws["overhead"].median <= 0:
        build.findings.value(
            (*path, "fee"), "a creator of this tier costs nothing; expected a fee or an overhead"
        )


def _check_currency(build: Build, tiers: dict[str, list[Layer[Tier]]]) -> None:
    """Refuse to mix the money of the presets with another currency."""
    currency = build.file.block.currency
    for name, layers in tiers.items():
        if currency is None or len(layers) < 3 or currency == shipped(build.family).block.currency:
            continue
        borrowed = [key for key in _MONEY if key not in layers[0].tree]
        if borrowed:
            build.findings.value(
                ("currency",),
                f"presets are in {shipped(build.family).block.currency}; "
                f"give {' and '.join(borrowed)} of tier {name!r} in {currency}",
            )


def _note_inputs(
    build: Build, path: Path, layers: Sequence[Layer[Tier]], elasticities: dict[str, float]
) -> None:
    keys = [key for key in Tier.model_fields if key not in _NO_INPUT]
    lowered = {
        dotted((*path, key)): value
        for key, value in elasticities.items()
        if value != getattr(overlay(layers), key)
    }
    for one in inputs(path, keys, layers):
        if one.path in lowered:
            one = replace(
                one, value=f"{lowered[one.path]:.4g}", origin=f"{one.origin}, lowered to fit"
            )
        build.inputs.append(one)
    if not any("available" in layer.tree for layer in layers):
        build.inputs.append(Input(dotted((*path, "available")), "no limit", "default"))
