"""Defaults, presets and the file, one over the other: the topmost that has a key wins."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Generic, TypeVar

from tiermix.fields import Block
from tiermix.file_format import File, Segment, Tier
from tiermix.reading import Path, dotted, leaves, read_document
from tiermix.scenario import Input
from tiermix.validation import Findings, validated

B = TypeVar("B", bound=Block)

_ANY = "any"


@dataclass(frozen=True, slots=True)
class Layer(Generic[B]):
    """A block of the scenario file, from one origin.

    Parameters
    ----------
    origin : str
        ``file``, ``preset card: micro`` or ``default``.
    block : Block
        The values.
    tree : dict
        The values as written.
    """

    origin: str
    block: B
    tree: dict[str, Any]

    def inner(self, block: Any, key: str, *keys: str, origin: str = "") -> Layer[Any]:
        """Return the layer of a block inside this one, given the way to it."""
        tree = self.tree[key]
        for step in keys:
            tree = tree[step]
        return Layer(origin or self.origin, block, tree)


@cache
def shipped(name: str) -> Layer[File]:
    """Return a file of defaults or presets that comes with tiermix.

    Parameters
    ----------
    name : str
        ``defaults``, ``card`` or ``evidence``.
    """
    text = files("tiermix").joinpath("presets", f"{name}.yaml").read_text(encoding="utf-8")
    document = read_document(text, f"presets/{name}.yaml")
    findings = Findings(document)
    file = validated(document, File, findings)
    findings.raise_if_any()
    return Layer("default" if name == "defaults" else f"preset {name}", file, document.root)


def default_tier() -> Layer[Tier]:
    """Return what the keys of a tier mean when they are left out."""
    defaults = shipped("defaults")
    return defaults.inner((defaults.block.tiers or {})[_ANY], "tiers", _ANY)


def default_segment() -> Layer[Segment]:
    """Return what the keys of a segment mean when they are left out."""
    defaults = shipped("defaults")
    assert defaults.block.audience is not None
    block = (defaults.block.audience.segments or {})[_ANY]
    return defaults.inner(block, "audience", "segments", _ANY)


def preset_tier(family: str, name: str) -> Layer[Tier]:
    """Return the preset of a family that a tier asks for."""
    preset = shipped(family)
    block = (preset.block.tiers or {})[name]
    return preset.inner(block, "tiers", name, origin=f"{preset.origin}: {name}")


def overlay(layers: Sequence[Layer[B]]) -> B:
    """Return one block: for every key the value of the first layer that has it."""
    values: dict[str, Any] = {}
    for layer in reversed(layers):
        values |= {key: getattr(layer.block, key) for key in layer.block.model_fields_set}
    return layers[0].block.model_copy(update=values)


def inputs(path: Path, keys: Iterable[str], layers: Sequence[Layer[B]]) -> Iterator[Input]:
    """Yield what is written for some keys of a block, from the first layer that has each."""
    for key in keys:
        for layer in layers:
            if key in layer.tree:
                for leaf, value in leaves(layer.tree[key], (*path, key)):
                    yield Input(dotted(leaf), str(value), layer.origin)
                break
