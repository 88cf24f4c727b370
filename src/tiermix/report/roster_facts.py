"""What the report of a choice of named creators tells beyond its result document."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from optimize.problem import purchase
from sim.outcomes import evaluate
from sim.worlds import draw_worlds
from tiermix import choice_story, media_plan, story
from tiermix.choices import Shortlist
from tiermix.report.facts import CURVE_WORLDS, REACHED, STEPS, curve_metric, plain, reached, step
from tiermix.result_schema import FORMAT

Array = NDArray[np.float64]

#: How the axis of the money that is spent is titled.
ORDER = "Spent, in the order of the shortlist"


def facts(found: Shortlist) -> dict[str, Any]:
    """Return what the report tells beyond the result document, as plain data.

    Parameters
    ----------
    found : Shortlist
    """
    analysis, asked = found.analysis, found.named.scenario
    n_worlds = min(analysis.scenario.worlds, CURVE_WORLDS)
    told = {
        "tiermix": FORMAT,
        "said": _said(found),
        "terms": [metric for metric, _ in asked.objective],
        "demands": [demand.metric for demand in asked.demands],
        "lines": list(analysis.scenario.lines),
        "media_plan": list(media_plan.rows(analysis)),
        "curve_metric": curve_metric(analysis),
        "curve_worlds": n_worlds,
        "step": step(asked.budget),
        "whole_creators": True,
        "curves": [],
        "build_up": _build_up(found, n_worlds),
        "spent": ORDER,
        "effective_frequency": asked.campaign.effective_frequency,
        "audience": sum(segment.size for segment in asked.campaign.segments),
        "phases": [],
        "inputs": [
            {"path": given.path, "value": given.value, "origin": given.origin}
            for given in asked.inputs
        ],
        "declined": [choice_story.if_declined(found, member) for member in found.members],
        "amounts": {
            "adds": [choice_story.amount(found, m.adds) for m in found.members],
            "loses": [choice_story.amount(found, m.loses) for m in found.members],
            "would_add": [choice_story.amount(found, o.adds) for o in found.outsiders],
        },
    }
    return {key: plain(value) for key, value in told.items()}


def _said(found: Shortlist) -> dict[str, Any]:
    """Return what the terminal says, word for word."""
    return {
        "objective": story.objective_label(found.analysis),
        "recommendation": choice_story.recommendation(found),
        "members": choice_story.members_said(found),
        "outsiders": choice_story.outsiders_said(found),
        "certificate": choice_story.certificate(found),
        "limits": choice_story.limits(found),
        "warnings": choice_story.warnings(found),
    }


def _build_up(found: Shortlist, n_worlds: int) -> list[dict[str, float]]:
    """Return reach and frequency while the creators join in the order of the shortlist."""
    analysis = found.analysis
    assert analysis.optimum is not None
    plan, scenario = analysis.optimum.solution.plan, analysis.scenario
    hired = len(found.members)
    if not hired:
        return []
    joined = np.unique(np.linspace(0, hired, min(hired, 2 * STEPS) + 1).round().astype(int))
    plans = np.array([np.where(np.arange(plan.size) < n, plan, 0.0) for n in joined])
    order = analysis.sampled.worlds.order
    worlds = draw_worlds(scenario.campaign, n_worlds, scenario.seed, order=order)
    people = reached(evaluate(worlds, plans, purchase(analysis.problem), metrics=REACHED), "")
    return [
        {"spend": float(one.sum()), **row} for one, row in zip(plans, people, strict=True)
    ]  # fmt: skip
