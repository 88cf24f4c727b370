"""The reference campaign as a user of monaco writes it.

Uncertain inputs are its variables; what a case plays is the play of `reference.per_draw`.
"""

from __future__ import annotations

import monaco
import numpy as np
from scipy import stats
from scipy.special import expit, logit

from reference import Totals, Typical, constants, play_one
from sim.campaign import Campaign, Tier

#: What is uncertain of a tier, and what a case yields.
RATES = ("view_rate", "engagement_rate", "clicks_per_engagement", "conversion_rate")
NAMES = ("reach", "impressions", "engagements", "clicks", "conversions", "cost")


def monaco_cases(campaign: Campaign, plan: tuple[float, ...], worlds: int, seed: int) -> Totals:
    """Play a plan in cases of monaco, on one thread.

    Parameters
    ----------
    campaign : Campaign
        Whose rates alone are uncertain, as in the reference campaign.
    plan : tuple of float
        Money per tier.
    worlds, seed : int
    """
    known, buyers = constants(campaign)
    rng = np.random.default_rng(seed)

    def preprocess(case: monaco.Case) -> tuple[tuple[Typical[float], ...]]:
        z = {name: variable.val for name, variable in case.invals.items()}
        return (tuple(_typical(t, k, z) for t, k in zip(campaign.tiers, known, strict=True)),)

    def run(row: tuple[Typical[float], ...]) -> tuple[float, ...]:
        return play_one(campaign, plan, row, buyers, rng)

    def postprocess(case: monaco.Case, *totals: float) -> None:
        for name, value in zip(NAMES, totals, strict=True):
            case.addOutVal(name, value)

    functions = {"preprocess": preprocess, "run": run, "postprocess": postprocess}
    sim = monaco.Sim("reference", worlds, functions, seed=seed, verbose=False)
    for tier in campaign.tiers:
        for key in RATES:
            sim.addInVar(f"{tier.name}.{key}", stats.norm, {"loc": 0, "scale": 1})
    sim.runSim()
    return Totals(*(np.array(sim.outvars[name].vals, float) for name in NAMES))


def _typical(tier: Tier, known: Typical[float], z: dict[str, float]) -> Typical[float]:
    """Return a tier's typical values in a case, from its normal deviates."""
    view, rate, clicks, buys = (z[f"{tier.name}.{key}"] for key in RATES)
    laws = tier.clicks_per_engagement, tier.conversion_rate
    return known._replace(
        view_logit=known.view_logit + tier.view_rate.typical_sd * view,
        engagement_logit=known.engagement_logit + tier.engagement_rate.typical_sd * rate,
        clicks=laws[0].median * np.exp(laws[0].typical_sd * clicks),
        conversion=float(expit(logit(laws[1].median) + laws[1].typical_sd * buys)),
    )
