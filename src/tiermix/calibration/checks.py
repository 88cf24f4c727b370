"""Whether simulated posts look like the observed ones, and forecasts hold what is left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, ndtr, ndtri

from tiermix.calibration.calibrating import Calibration, subset
from tiermix.calibration.counts import beta_parameters
from tiermix.calibration.estimates import Fitted
from tiermix.calibration.forecasting import Forecast, campaigns_of, forecasts
from tiermix.calibration.history import History
from tiermix.calibration.learning import MOST, TierFit

Array = NDArray[np.float64]
Rows = NDArray[np.intp]

#: Quantiles that are compared, and how often posts are simulated.
LEVELS, REPLICATIONS = (0.05, 0.25, 0.5, 0.75, 0.95), 200

#: Posts of a tier that are simulated at most.
LARGEST = 4_000

#: Probability to either side beyond which observed and simulated posts differ.
RARE = 0.005

#: Campaigns that are left out in turn at most, also of a history with many rows.
CAMPAIGNS, MANY_ROWS, FEW_CAMPAIGNS = 20, 20_000, 4


@dataclass(frozen=True, slots=True)
class Check:
    """One quantity of a tier's posts, observed and simulated.

    Parameters
    ----------
    tier, key : str
    posts : int
    observed : ndarray, shape (6,)
        Quantiles at `LEVELS`, and the share of zeros.
    low, middle, high : ndarray, shape (6,)
        5 %, 50 % and 95 % of the same of simulated posts.
    differs : ndarray of bool, shape (6,)
        Whether the observed figure is one that hardly any simulation shows.
    """

    tier: str
    key: str
    posts: int
    observed: Array
    low: Array
    middle: Array
    high: Array
    differs: NDArray[np.bool_]


def predictive_checks(found: Calibration, seed: int) -> list[Check]:
    """Simulate the posts that were learned from anew and compare.

    Creators and posts are as many as observed; followers, engagements and clicks are the
    observed ones where they are what a count is out of.

    Parameters
    ----------
    found : Calibration
    seed : int

    References
    ----------
    Gelman, Meng and Stern (1996), "Posterior predictive assessment of model fitness".
    """
    return [check for fit in found.tiers for check in _of_tier(found.history, fit, seed)]


def _of_tier(history: History, fit: TierFit, seed: int) -> Iterator[Check]:
    for number, (key, fitted) in enumerate(fit.fits.items()):
        if not fitted.estimate.learned or fitted.spread is None or key == "delivery_rate":
            continue
        rng = np.random.default_rng([seed, number])
        rows = _some(history, key, fitted.rows, rng)
        if not rows.size:
            continue
        observed = _figures(_observed(history, key, rows))
        simulated = np.array(
            [_figures(_simulated(history, fit, key, rows, rng)) for _ in range(REPLICATIONS)]
        )
        low, middle, high = np.quantile(simulated, [0.05, 0.5, 0.95], axis=0)
        least, most = np.quantile(simulated, [RARE, 1 - RARE], axis=0)
        slack = 1e-9 * np.abs(observed)
        differs = (observed < least - slack) | (observed > most + slack)
        yield Check(fit.prior.name, key, rows.size, observed, low, middle, high, differs)


def _some(history: History, key: str, rows: Rows, rng: np.random.Generator) -> Rows:
    """Return the rows to compare: one a creator for followers, and not too many."""
    if key == "followers":
        rows = rows[np.unique(history.creator[rows], return_index=True)[1]]
    if key == "clicks_per_engagement":
        rows = rows[history.engagements[rows] > 0]
    if key == "conversion_rate":
        rows = rows[history.clicks[rows] > 0]
    return np.sort(rng.permutation(rows)[:LARGEST])


def _trials(history: History, key: str, rows: Rows) -> Array:
    """Return what a count of every post is out of."""
    match key:
        case "view_rate" | "engagement_rate":
            return np.asarray(history.followers[rows] * history.posts[rows])
        case "clicks_per_engagement":
            return history.engagements[rows]
        case "conversion_rate":
            return history.clicks[rows]
        case _:
            return np.ones(rows.size)


def _observed(history: History, key: str, rows: Rows) -> Array:
    columns = {
        "followers": history.followers,
        "fee": history.fee / np.maximum(history.posts, 1e-9),
        "view_rate": history.reach if history.views == "reach" else history.impressions,
        "engagement_rate": history.engagements,
        "clicks_per_engagement": history.clicks,
        "conversion_rate": history.conversions,
    }
    return np.asarray(columns[key][rows] / _trials(history, key, rows))


def _simulated(
    history: History, fit: TierFit, key: str, rows: Rows, rng: np.random.Generator
) -> Array:
    """Return the values of as many posts of as many creators as observed."""
    fitted = fit.fits[key]
    creator = np.unique(history.creator[rows], return_inverse=True)[1]
    typical = _typical(fitted, rng)
    if key == "followers":
        return _sizes(fitted, typical, rows.size, rng)
    if key in ("clicks_per_engagement", "conversion_rate"):
        return _counted(fitted, key, typical, creator, _trials(history, key, rows), rng)
    spread = fitted.spread
    assert spread is not None
    sizes = np.log(history.followers[rows]) - spread.reference if spread.slope else 0.0
    mine = spread.creators_sd * rng.standard_normal(creator.max() + 1)
    value = typical + spread.slope * sizes + mine[creator]
    value = value + spread.posts_sd * rng.standard_normal(rows.size)
    if key == "fee":
        return np.asarray(np.exp(value))
    trials = _trials(history, key, rows).astype(np.int64)
    return np.asarray(rng.binomial(trials, np.minimum(expit(value), MOST)) / trials)


def _typical(fitted: Fitted, rng: np.random.Generator) -> float:
    """Draw the centre of the middle post from what is known about it."""
    assert fitted.spread is not None
    return fitted.spread.centre + fitted.estimate.law.typical_sd * float(rng.standard_normal())


def _sizes(fitted: Fitted, typical: float, n: int, rng: np.random.Generator) -> Array:
    """Draw followers inside the limits of the tier."""
    sd, estimate = fitted.estimate.law.creators_sd, fitted.estimate
    with np.errstate(divide="ignore"):
        low, high = (ndtr((np.log(x) - typical) / sd) for x in (estimate.low, estimate.high))
    return np.asarray(np.exp(typical + sd * ndtri(low + (high - low) * rng.random(n))))


def _counted(
    fitted: Fitted,
    key: str,
    typical: float,
    creator: NDArray[np.intp],
    trials: Array,
    rng: np.random.Generator,
) -> Array:
    """Draw counts at rates that vary between creators."""
    n = creator.max() + 1
    if key == "conversion_rate":
        rates = rng.beta(*beta_parameters(float(expit(typical)), fitted.variation), n)
        whole = trials.astype(np.int64)
        return np.asarray(rng.binomial(whole, rates[creator]) / whole)
    shape = fitted.variation**-2
    rates = np.exp(typical) * rng.gamma(shape, 1 / shape, n)
    return np.asarray(rng.poisson(trials * rates[creator]) / trials)


def _figures(values: Array) -> Array:
    """Return quantiles and the share of zeros."""
    return np.append(np.quantile(values, LEVELS), (values == 0).mean())


def left_out(found: Calibration, seed: int) -> list[Forecast]:
    """Forecast campaigns from all the others, one after the other.

    Where there are more than `CAMPAIGNS`, as many are taken, evenly over time; fewer of a long
    history, in which all but one campaign leave little open.

    Parameters
    ----------
    found : Calibration
    seed : int
    """
    if found.history.campaign is None:
        return []
    campaigns = [one for one in campaigns_of(found) if one[1].size]
    if len(campaigns) < 3:
        return []
    most = min(CAMPAIGNS if found.history.size <= MANY_ROWS else FEW_CAMPAIGNS, len(campaigns))
    chosen = np.unique(np.linspace(0, len(campaigns) - 1, most).round())
    told: list[Forecast] = []
    for i in chosen.astype(int):
        name, rows = campaigns[i]
        others = np.ones(found.history.size, bool)
        others[rows] = False
        told += forecasts(subset(found, others), found, [(name, rows)], seed)
    return told
