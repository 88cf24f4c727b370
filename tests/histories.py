"""Past posts with known truth: what a tier's creators did, post by post."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import inf, log
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.polynomial.hermite_e import hermegauss
from scipy.special import expit, logit, ndtr, ndtri

from sim.uncertain import Uncertain
from tiermix.calibration.history import History, Labels
from tiermix.calibration.tiers import TierPrior

Array = npt.NDArray[np.float64]

#: How posts of one creator differ, and how creators differ in what the format holds for equal.
POSTS_SD = {"fee": 0.1, "view_rate": 0.25, "engagement_rate": 0.35}
VARIATION = 0.4

#: How far the middle following lies off the preset's, which states it as known.
SIZES_SD = 0.5

ORDER_VALUE = 45.0


def drawn_truth(prior: TierPrior, rng: np.random.Generator) -> TierPrior:
    """Return a tier whose middles are drawn as the preset believes."""
    laws: dict[str, Uncertain] = {}
    slopes = {"fee": prior.fee_elasticity, "engagement_rate": prior.engagement_elasticity}
    for key, law in prior.laws.items():
        link = np.log if law.link == "log" else logit
        spread = SIZES_SD if key == "followers" else law.typical_sd
        middle = link(law.median) + spread * rng.standard_normal()
        if key in slopes:  # the preset is a curve: it holds at the preset's following
            moved = laws["followers"].median / prior.laws["followers"].median
            middle += slopes[key] * log(moved)
        median = float(np.exp(middle) if law.link == "log" else expit(middle))
        laws[key] = replace(law, median=median, typical_sd=0.0)
    return replace(prior, laws=laws)


def moved_truth(prior: TierPrior) -> TierPrior:
    """Return a tier well away from the preset."""
    factors = {
        "followers": 0.7, "fee": 1.6, "view_rate": 0.6, "engagement_rate": 0.55,
        "clicks_per_engagement": 0.5, "conversion_rate": 0.6,
    }  # fmt: skip
    laws = {
        key: replace(law, median=law.median * factors.get(key, 1.0), typical_sd=0.0)
        for key, law in prior.laws.items()
    }
    return replace(prior, laws=laws)


def simulated(
    truth: TierPrior,
    n_posts: int,
    rng: np.random.Generator,
    *,
    each: float = 2.5,
    campaigns: int = 0,
    missing: Sequence[str] = (),
) -> History:
    """Return posts of a tier, about `each` of every creator."""
    n_creators = n_posts if each == 1 else max(round(n_posts / each), 1)
    creator = np.arange(n_posts) if each == 1 else rng.integers(0, n_creators, n_posts)
    followers, size = _followers(truth, n_creators, rng)
    fee = _by_post(truth, "fee", truth.fee_elasticity * size, creator, rng)
    views = expit(_by_post(truth, "view_rate", 0.0 * size, creator, rng))
    engaged = _by_post(truth, "engagement_rate", truth.engagement_elasticity * size, creator, rng)
    engagements = rng.binomial(followers[creator], expit(engaged))
    ratio = rng.gamma(VARIATION**-2, VARIATION**2, n_creators)[creator]
    clicks = rng.poisson(engagements * truth.laws["clicks_per_engagement"].median * ratio)
    mean = truth.laws["conversion_rate"].median
    total = (1 - mean) / (mean * VARIATION**2)
    rate = rng.beta(mean * total, (1 - mean) * total, n_creators)[creator]
    conversions = rng.binomial(clicks, rate)
    columns: dict[str, Any] = {
        "followers": followers[creator].astype(float),
        "fee": np.exp(fee),
        "impressions": rng.binomial(followers[creator], views).astype(float),
        "reach": np.full(n_posts, np.nan),
        "engagements": engagements.astype(float),
        "clicks": clicks.astype(float),
        "conversions": conversions.astype(float),
        "revenue": conversions * ORDER_VALUE * rng.lognormal(0, 0.1, n_posts),
    }
    for role in missing:
        columns[role] = np.full(n_posts, np.nan)
    days = rng.integers(0, 700, n_posts)
    numbered = (days * campaigns // 700).astype(np.int32) if campaigns else None
    return History(
        source="history.csv",
        lines=np.arange(n_posts) + 2,
        creator=creator.astype(np.intp),
        creators=tuple(f"c{i}" for i in range(n_creators)),
        tier=Labels((truth.name,), np.zeros(n_posts, np.int32)),
        platform=None,
        campaign=None
        if numbered is None
        else Labels(tuple(f"k{i}" for i in range(campaigns)), numbered),
        date=np.datetime64("2024-01-01") + days,
        posts=np.ones(n_posts),
        **columns,
    )


def true_middle(truth: TierPrior, key: str, reference: float) -> float:
    """Return, on the link scale, what the typical range of an input should hold.

    Of rates in which creators differ: the rate of the mean post of the middle creator, at a
    following of e^reference.
    """
    law = truth.laws[key]
    middle = log(law.median) if law.link == "log" else float(logit(law.median))
    moved = reference - log(truth.laws["followers"].median)
    if key == "fee":
        return middle + truth.fee_elasticity * moved + POSTS_SD[key] ** 2 / 2
    if key not in POSTS_SD:
        return middle
    slope = truth.engagement_elasticity if key == "engagement_rate" else 0.0
    z, w = hermegauss(31)
    mean = expit(middle + slope * moved + POSTS_SD[key] * z) @ w / w.sum()
    return float(logit(mean))


def _followers(
    truth: TierPrior, n: int, rng: np.random.Generator
) -> tuple[npt.NDArray[np.int64], Array]:
    """Return followers inside the tier's limits, and their log over the middle of the law."""
    law = truth.laws["followers"]
    ends = [
        float(ndtr((log(end) - log(law.median)) / law.creators_sd)) if 0 < end < inf else at
        for end, at in ((truth.low, 0.0), (truth.high, 1.0))
    ]
    z = ndtri(ends[0] + (ends[1] - ends[0]) * rng.random(n))
    followers = np.maximum(np.round(law.median * np.exp(law.creators_sd * z)), 1).astype(np.int64)
    return followers, np.log(followers / law.median)


def _by_post(
    truth: TierPrior,
    key: str,
    explained: Array,
    creator: npt.NDArray[np.int64],
    rng: np.random.Generator,
) -> Array:
    """Return values on the link scale, post by post."""
    law = truth.laws[key]
    middle = log(law.median) if law.link == "log" else float(logit(law.median))
    spread = law.creators_sd
    slope = {"fee": truth.fee_elasticity, "engagement_rate": truth.engagement_elasticity}.get(key)
    if slope is not None:
        explained_sd = slope * truth.laws["followers"].creators_sd
        spread = max(spread**2 - explained_sd**2, 0.0) ** 0.5
    mine = middle + explained + spread * rng.standard_normal(explained.size)
    return np.asarray(mine[creator] + POSTS_SD[key] * rng.standard_normal(creator.size))
