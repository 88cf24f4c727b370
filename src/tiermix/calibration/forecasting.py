"""Forecasts of campaigns from what was learned, by the simulator itself, and how they fared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.campaign import Campaign, Segment, Tier
from sim.outcomes import evaluate
from sim.statistics import LEVELS, summarise
from sim.uncertain import Uncertain
from sim.worlds import draw_worlds
from tiermix.calibration.calibrating import Calibration, spends
from tiermix.calibration.learning import TierFit

Array = NDArray[np.float64]
Rows = NDArray[np.intp]

#: People of the one segment: so many that nobody is reached or buys twice.
EVERYBODY = 1e15

#: Metrics of a history, and the inputs that each takes beside followers and fee.
METRICS = {
    "impressions": ("view_rate",),
    "reach": ("view_rate",),
    "engagements": ("engagement_rate",),
    "clicks": ("engagement_rate", "clicks_per_engagement"),
    "conversions": ("engagement_rate", "clicks_per_engagement", "conversion_rate"),
    "revenue": ("engagement_rate", "clicks_per_engagement", "conversion_rate"),
}

#: Worlds of a forecast.
WORLDS = 1024


@dataclass(frozen=True, slots=True)
class Forecast:
    """A metric of a campaign, forecast from its spend, and what it came to.

    Parameters
    ----------
    campaign, metric : str
    spend, actual, mean : float
    quantiles : dict of float to float
        By level.
    """

    campaign: str
    metric: str
    spend: float
    actual: float
    mean: float
    quantiles: dict[float, float]

    @property
    def held(self) -> bool:
        """Whether the 90 % range holds what came."""
        return self.quantiles[0.05] <= self.actual <= self.quantiles[0.95]

    @property
    def pinball(self) -> float:
        """Return the mean pinball loss over the levels (Koenker and Bassett 1978)."""
        return pinball(self.actual, self.quantiles)


def pinball(actual: float, quantiles: dict[float, float]) -> float:
    """Return the mean over levels τ of (y − q)·τ above and (q − y)·(1 − τ) below."""
    losses = [
        max(level * (actual - q), (level - 1) * (actual - q)) for level, q in quantiles.items()
    ]
    return float(np.mean(losses))


def metrics_of(calibration: Calibration) -> list[str]:
    """Return the metrics that can be forecast: their inputs and the fee were learned."""
    fits = [fit for fit in calibration.tiers if fit.posts]
    views = calibration.history.views
    found = []
    for metric, inputs in METRICS.items():
        wanted = ("followers", "fee", *inputs)
        learned = all(fit.fits[key].estimate.learned for fit in fits for key in wanted)
        if metric in ("impressions", "reach") and metric != views:
            continue
        if metric == "revenue" and calibration.order_value is None:
            continue
        if learned and fits:
            found.append(metric)
    return found


def forecasts(
    learned: Calibration, whole: Calibration, campaigns: Sequence[tuple[str, Rows]], seed: int
) -> list[Forecast]:
    """Forecast campaigns from the money that each tier got in them.

    Parameters
    ----------
    learned : Calibration
        On other posts.
    whole : Calibration
        On all posts: its history holds the campaigns.
    campaigns : sequence of (name, rows)
    seed : int
    """
    asked = []
    for name, rows in campaigns:
        for metric in metrics_of(learned):
            values = getattr(whole.history, metric)[rows]
            known = rows[np.isfinite(values) & np.isfinite(whole.history.fee[rows])]
            plan = spends(whole, known)
            if plan.sum() > 0:
                actual = float(_assigned_sum(whole, metric, known))
                asked.append((name, metric, plan, actual))
    if not asked:
        return []
    worlds = draw_worlds(_campaign(learned), WORLDS, seed)
    outcomes = evaluate(worlds, [plan for _, _, plan, _ in asked], metrics=metrics_of(learned))
    found = []
    for i, (name, metric, plan, actual) in enumerate(asked):
        told = summarise(outcomes, metric, i).statistics
        quantiles = {level: told[key] for key, level in LEVELS.items()}
        found.append(Forecast(name, metric, float(plan.sum()), actual, told["mean"], quantiles))
    return found


def _assigned_sum(whole: Calibration, metric: str, rows: Rows) -> float:
    """Return the sum of a metric over the rows that belong to a tier."""
    mine = np.concatenate(list(whole.assigned.rows.values()))
    return float(getattr(whole.history, metric)[np.intersect1d(rows, mine)].sum())


def _campaign(learned: Calibration) -> Campaign:
    """Return a campaign in which nothing saturates: history counts nobody twice either."""
    segments = (Segment("all", EVERYBODY, Uncertain.known(1.0, "logit")),)
    value = learned.order_value.law if learned.order_value is not None else Uncertain.known(1.0)
    tiers = tuple(_tier(fit) for fit in learned.tiers)
    return Campaign(segments, tiers, order_value=value)


def _tier(fit: TierFit) -> Tier:
    """Return a tier whose spend is fees alone, and whose creators all post."""
    laws: dict[str, Any] = {
        estimate.key: estimate.law for estimate in fit.estimates if estimate.key != "delivery_rate"
    }
    slopes = {key: fit.fits[key].estimate.elasticity or 0.0 for key in ("fee", "engagement_rate")}
    authentic = 1.0 if fit.authentic is not None else fit.prior.laws["authentic_share"].median
    return Tier(
        name=fit.prior.name,
        audience=(1.0,),
        posts=fit.posts_each,
        authentic_share=Uncertain.known(authentic, "logit"),
        fee_elasticity=slopes["fee"],
        engagement_elasticity=slopes["engagement_rate"],
        **laws,
    )


def campaigns_of(calibration: Calibration) -> list[tuple[str, Rows]]:
    """Return the campaigns of a history in order of their first post.

    Where no column names them, each calendar month is one; without dates there are none.
    """
    history = calibration.history
    if history.campaign is not None:
        codes, names = history.campaign.codes, history.campaign.names
    elif history.date is not None:
        months = history.date.astype("datetime64[M]")
        different = np.unique(months[~np.isnat(months)])
        codes = np.where(np.isnat(months), -1, np.searchsorted(different, months)).astype(np.int32)
        names = tuple(str(month) for month in different)
    else:
        return []
    order = np.argsort(codes, kind="stable")
    ends = np.searchsorted(codes[order], np.arange(len(names) + 1))
    found = [(name, order[ends[i] : ends[i + 1]]) for i, name in enumerate(names)]
    days = history.date
    if days is None:
        return found
    return sorted(found, key=lambda one: (str(np.fmin.reduce(days[one[1]])), one[0]))


def coverage(found: Iterable[Forecast]) -> dict[str, tuple[int, int]]:
    """Return, for every metric, how many 90 % ranges held what came, of how many."""
    told: dict[str, tuple[int, int]] = {}
    for one in found:
        held, of = told.get(one.metric, (0, 0))
        told[one.metric] = (held + one.held, of + 1)
    return told
