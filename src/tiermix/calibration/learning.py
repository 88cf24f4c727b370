"""From the posts of a tier to its ranges, input by input."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from math import log

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from sim.uncertain import Z95, Link
from tiermix.calibration.counts import fit_ratio, fit_share
from tiermix.calibration.estimates import (
    Estimate,
    Fitted,
    Outlier,
    Spread,
    around,
    far_off,
    from_link,
    interval,
    to_link,
)
from tiermix.calibration.history import History
from tiermix.calibration.mixed import (
    Beliefs,
    MixedFit,
    fit_normal,
    fit_shares,
    mean_log_shifts,
    mean_share_shifts,
)
from tiermix.calibration.posterior import Prior
from tiermix.calibration.sizes import fit_sizes
from tiermix.calibration.tiers import LEARNED, TierPrior

Array = NDArray[np.float64]
Rows = NDArray[np.intp]

#: Spread between posts of one creator, on the link scale, before there are any: rates of
#: public profiles (own computation); of fees, a guess.
POSTS_SD = {"view_rate": 0.34, "engagement_rate": 0.34, "fee": 0.15}

#: Creators with several posts from which on posts and creators are told apart by the data.
TELLING = 3

#: A share that is not passed: more engagements than followers count as this.
MOST = 0.99

#: Spread of creators where the preset gives none.
CREATORS_SD = 0.5


@dataclass
class TierFit:
    """A tier after its posts.

    Parameters
    ----------
    prior : TierPrior
    posts, creators : int
        Of the tier.
    fits : dict of str to Fitted
        By input, learned or not.
    posts_each : float
        Posts of a creator in one campaign, on average.
    authentic : float or None
        The authentic share to write, where the rates learned contain it.
    notes : list of str
        What a reader should know.
    """

    prior: TierPrior
    posts: int
    creators: int
    fits: dict[str, Fitted]
    posts_each: float = 1.0
    authentic: float | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def estimates(self) -> list[Estimate]:
        """The estimates in the order of the file format."""
        return [self.fits[key].estimate for key in LEARNED if key in self.fits]

    @property
    def outliers(self) -> list[Outlier]:
        """The outliers of all inputs."""
        return [outlier for fitted in self.fits.values() for outlier in fitted.outliers]


def fit_tier(history: History, rows: Rows, prior: TierPrior) -> TierFit:
    """Learn what the posts of a tier say.

    Parameters
    ----------
    history : History
    rows : ndarray of int
        The tier's rows.
    prior : TierPrior
    """
    posted = rows[history.posts[rows] > 0]
    tier = _Tier(history, posted, prior)
    fits = {"followers": tier.followers()}
    fits |= {"fee": tier.fee(), "view_rate": tier.view_rate()}
    fits |= {"engagement_rate": tier.engagement_rate()}
    fits |= {"clicks_per_engagement": tier.clicks(), "conversion_rate": tier.conversions()}
    fits |= {"delivery_rate": _delivery(history, rows, prior)}
    found = TierFit(prior, rows.size, _distinct(history, rows), fits, _posts_each(history, posted))
    found.notes += _apart(history, posted)
    _account_for_fakes(found)
    return found


@dataclass
class _Tier:
    """The posts of a tier; every method learns one input."""

    history: History
    rows: Rows
    prior: TierPrior
    reference: float = 0.0
    sizes_sd: float = 0.0

    def followers(self) -> Fitted:
        """Learn the law of followers before the tier's limits cut it; sets the reference."""
        law, prior = self.prior.laws["followers"], self.prior
        self.reference, self.sizes_sd = log(law.median), law.creators_sd
        rows = self.rows[np.isfinite(self.history.followers[self.rows])]
        inside = (self.history.followers[rows] >= prior.low) & (
            self.history.followers[rows] <= prior.high
        )
        rows = rows[inside]
        if not rows.size:
            return _from_preset("followers", prior)
        creator, logs = self.history.creator[rows], np.log(self.history.followers[rows])
        mean = _by_creator(creator, logs) / _by_creator(creator, np.ones(rows.size))
        fit = fit_sizes(mean, prior.low, prior.high, Prior(log(law.median), 0.0), law.creators_sd)
        typical = interval(fit.belief, "log")
        self.reference, self.sizes_sd = (log(typical[0]) + log(typical[1])) / 2, fit.creators_sd
        estimate = Estimate(
            "followers", "log", rows.size, mean.size, typical,
            around(typical, fit.creators_sd, "log"), law, low=prior.low, high=prior.high,
        )  # fmt: skip
        spread = Spread(self.reference, 0.0, fit.creators_sd, 0.0, self.reference)
        return Fitted(estimate, rows, spread, 0.0, self._outliers("followers", "log", rows, logs))

    def fee(self) -> Fitted:
        """Learn the fee of a post at the middle following, and its elasticity."""
        paid = self.history.fee[self.rows]
        rows = self.rows[np.isfinite(paid) & (paid > 0)]
        if not rows.size:
            return _from_preset("fee", self.prior)
        rows, x = self._beside_followers(rows)
        y = np.log(self.history.fee[rows] / self.history.posts[rows])
        beliefs = self._beliefs("fee", self.prior.fee_elasticity, sloped=x is not None)
        fit = fit_normal(y, x, self.history.creator[rows], beliefs)
        found = self._mixed("fee", "log", rows, fit, x, y, mean_log_shifts(fit))
        free = int((paid == 0).sum())
        if free:
            found.estimate = _noted(found.estimate, f"{free:,} posts without a fee left out")
        return found

    def view_rate(self) -> Fitted:
        """Learn how many followers see a post."""
        views = self.history.reach if self.history.views == "reach" else self.history.impressions
        rows = self._known(views, self.history.followers)
        if not rows.size:
            return _from_preset("view_rate", self.prior)
        seen, posts = views[rows] / self.history.followers[rows], self.history.posts[rows]
        if self.history.views == "reach":  # of several posts: 1 − (1 − v)^posts
            seen = (1 - (1 - np.minimum(seen, MOST)) ** (1 / posts)) * posts
        counts = seen * self.history.followers[rows]
        return self._share("view_rate", rows, counts, None)

    def engagement_rate(self) -> Fitted:
        """Learn engagements for every follower, at the middle following, and the elasticity."""
        rows = self._known(self.history.engagements, self.history.followers)
        if not rows.size:
            return _from_preset("engagement_rate", self.prior)
        rows, x = self._beside_followers(rows)
        return self._share("engagement_rate", rows, self.history.engagements[rows], x)

    def clicks(self) -> Fitted:
        """Learn clicks for every engagement."""
        return self._rate(
            "clicks_per_engagement", "log", self.history.clicks, self.history.engagements, fit_ratio
        )

    def conversions(self) -> Fitted:
        """Learn conversions for every click."""
        return self._rate(
            "conversion_rate", "logit", self.history.conversions, self.history.clicks, fit_share
        )

    def _known(self, *columns: Array) -> Rows:
        """Return the rows in which all columns hold something."""
        known = np.all([np.isfinite(column[self.rows]) for column in columns], axis=0)
        return self.rows[known]

    def _beside_followers(self, rows: Rows) -> tuple[Rows, Array | None]:
        """Return rows whose followers are known, if most are, and their log over the reference."""
        known = np.isfinite(self.history.followers[rows])
        if known.mean() < 0.5:
            return rows, None
        return rows[known], np.log(self.history.followers[rows[known]]) - self.reference

    def _beliefs(self, key: str, elasticity: float, *, sloped: bool) -> Beliefs:
        """Return the priors of a fit."""
        law = self.prior.laws[key]
        spread = self.prior.residual_sd(key, elasticity) if sloped else law.creators_sd
        centre = to_link(law.link, law.median) + sloped * elasticity * self._moved()
        slope = elasticity if sloped else None
        return Beliefs(centre, slope, spread or CREATORS_SD, POSTS_SD[key])

    def _moved(self) -> float:
        """Return by how much the middle following lies off the preset's, in logs."""
        return self.reference - log(self.prior.laws["followers"].median)

    def _share(self, key: str, rows: Rows, counts: Array, x: Array | None) -> Fitted:
        """Learn a share of followers in which creators differ."""
        trials = self.history.followers[rows] * self.history.posts[rows]
        over = int((counts > trials).sum())
        counts = np.minimum(counts, MOST * trials)
        elasticity = self.prior.engagement_elasticity if key == "engagement_rate" else 0.0
        beliefs = self._beliefs(key, elasticity, sloped=x is not None)
        fit = fit_shares(counts, trials, x, self.history.creator[rows], beliefs)
        y = logit((counts + 0.5) / (trials + 1))
        found = self._mixed(key, "logit", rows, fit, x, y, mean_share_shifts(fit))
        if over:
            told = f"{over:,} posts with more of it than followers count as {MOST:.0%}"
            found.estimate = _noted(found.estimate, told)
        return found

    def _mixed(
        self, key: str, link: Link, rows: Rows, fit: MixedFit, x: Array | None, y: Array,
        shifts: Array,
    ) -> Fitted:  # fmt: skip
        """Return what a fit of creators and posts comes to."""
        law, slope = self.prior.laws[key], float(fit.coefficients[1]) if x is not None else 0.0
        elasticity = (
            0.0 if x is None
            else self.prior.fee_elasticity if key == "fee" else self.prior.engagement_elasticity
        )  # fmt: skip
        stated = law.typical_sd if key != "fee" or x is not None else 0.0  # of a following
        prior = Prior(to_link(link, law.median) + elasticity * self._moved(), stated)
        belief = fit.typical(shifts).under(prior)
        whole = float(np.hypot(fit.creators_sd, slope * self.sizes_sd))
        shrink = _mean_spread(fit, whole) / whole if link == "logit" else 1.0
        typical = interval(belief, link)
        creators = self.history.creator[rows]
        estimate = Estimate(
            key, link, rows.size, np.unique(creators).size, typical,
            around(typical, whole * shrink, link), law, fit.posts_sd,
            slope * shrink if x is not None else None,
            fit.slope_sd() if x is not None else None,
        )  # fmt: skip
        middle = float(fit.coefficients[0])
        spread = Spread(middle, slope, fit.creators_sd, fit.posts_sd, self.reference)
        residuals = y - middle - (slope * x if x is not None else 0.0)
        return Fitted(estimate, rows, spread, 0.0, self._outliers(key, link, rows, y, residuals))

    def _rate(
        self, key: str, link: Link, counts: Array, trials: Array, fit: Callable[..., object]
    ) -> Fitted:
        """Learn a rate that is one number for all creators."""
        law, rows = self.prior.laws[key], self._known(counts, trials)
        creator = self.history.creator[rows]
        n, k = _by_creator(creator, trials[rows]), _by_creator(creator, counts[rows])
        over = k > n
        used = (n > 0) | (k > 0)
        if not used.any():
            return _from_preset(key, self.prior)
        prior = Prior(to_link(link, law.median), law.typical_sd)
        n = np.maximum(n, k) if link == "logit" else np.maximum(n, 0.5)
        found = (fit_share if link == "logit" else fit_ratio)(k[used], n[used], prior)
        note = f"{int(k.sum()):,} in {int(n.sum()):,}"
        if link == "logit" and over.any():
            note += f"; {int(over.sum()):,} creators with more than one a click count as 100%"
        estimate = Estimate(
            key, link, rows.size, int(used.sum()), interval(found.belief, link), None, law,
            note=note,
        )  # fmt: skip
        spread = Spread(found.belief.mean, 0.0, 0.0, 0.0, 0.0)
        return Fitted(estimate, rows, spread, found.variation)

    def _outliers(
        self, key: str, link: Link, rows: Rows, y: Array, residuals: Array | None = None
    ) -> list[Outlier]:
        """Return posts that lie far from all others."""
        middle = from_link(link, float(np.median(y)))
        return [
            Outlier(
                int(self.history.lines[rows[i]]),
                self.history.creator_name(int(rows[i])),
                key,
                from_link(link, float(y[i])),
                middle,
            )
            for i in far_off(y if residuals is None else residuals)
        ]


def _delivery(history: History, rows: Rows, prior: TierPrior) -> Fitted:
    """Learn how many of those hired post: only where some did not."""
    posted = history.posts[rows] > 0
    if posted.all():
        return _from_preset("delivery_rate", prior)
    creator, law = history.creator[rows], prior.laws["delivery_rate"]
    k, n = _by_creator(creator, posted.astype(float)), _by_creator(creator, np.ones(rows.size))
    fit = fit_share(k, n, Prior(float(logit(law.median)), law.typical_sd))
    estimate = Estimate(
        "delivery_rate", "logit", rows.size, n.size, interval(fit.belief, "logit"), None, law,
        note=f"{int(k.sum()):,} of {rows.size:,} posted",
    )  # fmt: skip
    spread = Spread(fit.belief.mean, 0.0, 0.0, 0.0, 0.0)
    return Fitted(estimate, rows, spread, fit.variation)


def _from_preset(key: str, prior: TierPrior) -> Fitted:
    """Return what the preset says, marked so."""
    law = prior.laws[key]
    middle = to_link(law.link, law.median)
    sd = law.typical_sd
    typical = from_link(law.link, middle - Z95 * sd), from_link(law.link, middle + Z95 * sd)
    spread = around(typical, law.creators_sd, law.link) if law.creators_sd > 0 else None
    estimate = Estimate(
        key, law.link, 0, 0, typical, spread, law, low=law.low, high=law.high
    )  # fmt: skip
    return Fitted(estimate, np.empty(0, np.intp))


def _account_for_fakes(found: TierFit) -> None:
    """Make rates that were measured on all followers into rates of authentic ones.

    The model multiplies view and engagement rates by the authentic share. Where both rates are
    learned, that share is already in them and is written as 100 %; where only one is, it is
    divided by the middle of the preset's.
    """
    rates = [found.fits[key] for key in ("view_rate", "engagement_rate")]
    learned = [fitted for fitted in rates if fitted.estimate.learned]
    if len(learned) == 2:
        found.authentic = 1.0
    share = found.prior.laws["authentic_share"].median
    if len(learned) == 1 and share < 1:
        learned[0].estimate = _divided(learned[0].estimate, share)


def _divided(estimate: Estimate, share: float) -> Estimate:
    """Return a share of all followers as one of the authentic ones."""
    low, high = (min(end / share, MOST) for end in estimate.typical)
    law = estimate.law
    changed = _noted(estimate, f"divided by the authentic share, {share:.0%}")
    typical = (min(low, high * 0.999), high)
    return replace(changed, typical=typical, spread=around(typical, law.creators_sd, "logit"))


def _noted(estimate: Estimate, note: str) -> Estimate:
    return replace(estimate, note="; ".join(part for part in (estimate.note, note) if part))


def _mean_spread(fit: MixedFit, whole: float) -> float:
    """Return the spread of creators' mean shares, given that of their middle ones."""
    middle, w = float(fit.coefficients[0]), fit.nuisance.weights
    ends = [middle + sign * Z95 * whole for sign in (-1, 1)]
    low, high = (float(w @ (end + mean_share_shifts(fit, end))) for end in ends)
    return (high - low) / (2 * Z95)


def _apart(history: History, rows: Rows) -> list[str]:
    """Say so where posts cannot be told apart from creators."""
    if (
        not rows.size
        or (_by_creator(history.creator[rows], np.ones(rows.size)) > 1).sum() >= TELLING
    ):
        return []
    return [
        "Too few creators with several posts: how posts of one creator differ is assumed, as "
        "public profiles do."
    ]


def _by_creator(creator: NDArray[np.intp], values: Array) -> Array:
    """Return sums by creator, in the order of their numbers."""
    if not creator.size:
        return np.empty(0)
    where = np.unique(creator, return_inverse=True)[1]
    return np.asarray(np.bincount(where, values), float)


def _distinct(history: History, rows: Rows) -> int:
    return int(np.unique(history.creator[rows]).size)


def _posts_each(history: History, rows: Rows) -> float:
    """Return the mean number of posts of a creator in a campaign."""
    if not rows.size:
        return 1.0
    campaign = history.campaign.codes[rows] if history.campaign else np.zeros(rows.size, int)
    deals = np.unique(history.creator[rows] * (1 + campaign.max()) + campaign).size
    return float(history.posts[rows].sum() / deals)
