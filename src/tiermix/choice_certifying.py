"""How far a choice of named creators is from the best for the truth, on fresh banks of worlds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from optimize.certificate import candidate, replications
from optimize.dealing import choose_with_deals
from sim.purchase import WHOLE
from sim.response import Response, blend, respond
from sim.worlds import draw_worlds
from tiermix.analysis import Progress
from tiermix.certifying import BANKS, CHECKED, FIRST
from tiermix.choices import Shortlist
from tiermix.steps import Step


def certified(found: Shortlist, progress: Progress) -> Shortlist:
    """Return an answer with the interval for the choice's distance from the best.

    On every bank creators are chosen anew; the bank's bound counts, so that the interval is on the
    safe side. A bank has as many worlds as the choice was made on.

    Parameters
    ----------
    found : Shortlist
        Of a scenario without floors and ceilings.
    progress : callable
        Told every bank before it is drawn.
    """
    optimum, risk = found.analysis.optimum, found.named.scenario.risk
    assert optimum is not None
    chosen = candidate(found.choice.plan, _response(found, CHECKED), risk)
    gaps = np.zeros(BANKS)
    for g in range(BANKS):
        progress(Step("choosing on fresh banks", g, BANKS, "banks"))
        bank = _response(found, FIRST + g)
        best, _ = choose_with_deals(found.named.problem, bank, risk)
        gaps[g] = max(best.upper_bound - chosen.value(bank, risk), 0.0)
    interval = replications(gaps, found.worlds)
    return replace(
        found, analysis=replace(found.analysis, optimum=replace(optimum, replications=interval))
    )


def _response(found: Shortlist, sample: int) -> Response:
    """Return the goal as a function of the plan on a bank; a blend on the scale of the run."""
    campaign, seed = found.named.campaign, found.named.scenario.seed
    bank = draw_worlds(campaign, found.worlds, seed, sample=sample)
    terms = found.analysis.goal.terms
    return blend([(respond(bank, metric, WHOLE), c) for metric, c in terms])
