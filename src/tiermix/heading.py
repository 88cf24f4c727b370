"""How every document that tiermix prints begins."""

from __future__ import annotations

from typing import Any

from tiermix import __version__
from tiermix.result_schema import FORMAT
from tiermix.scenario import Scenario


def heading(scenario: Scenario) -> dict[str, Any]:
    """Return what a document was made with, and of what."""
    return {
        "tiermix": FORMAT,
        "version": __version__,
        "scenario": {"name": scenario.name, "sha256": scenario.sha256},
        "seed": scenario.seed,
        "worlds": scenario.worlds,
        "budget": scenario.budget,
        "currency": scenario.currency,
    }
