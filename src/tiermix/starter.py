"""The scenario that ``tiermix init`` writes."""

from __future__ import annotations

from importlib.resources import files


def starter_text() -> str:
    """Return a commented scenario that runs as it stands."""
    return files("tiermix").joinpath("starter.yaml").read_text(encoding="utf-8")
