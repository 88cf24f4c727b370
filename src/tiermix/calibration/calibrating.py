"""A history and what is believed beforehand become ranges for every tier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from tiermix.calibration.estimates import Estimate
from tiermix.calibration.history import History
from tiermix.calibration.learning import TierFit, fit_tier
from tiermix.calibration.tiers import Assigned, Setting, assign
from tiermix.words import listing

Array = NDArray[np.float64]

#: Creators with conversions that an order value rests on at least.
FEWEST_BUYERS = 3

#: What the columns of each input are called.
NEEDED = {
    "followers": "followers",
    "fee": "a fee",
    "view_rate": "reach or impressions beside followers",
    "engagement_rate": "engagements beside followers",
    "clicks_per_engagement": "clicks beside engagements",
    "conversion_rate": "conversions beside clicks",
    "delivery_rate": "creators who did not post (posts: 0)",
}


@dataclass(frozen=True)
class Calibration:
    """What a history says.

    Parameters
    ----------
    history : History
    setting : Setting
    assigned : Assigned
    tiers : tuple of TierFit
    order_value : Estimate or None
        Money per conversion, of all tiers.
    notes : tuple of str
        What a reader should know of the whole table.
    """

    history: History
    setting: Setting
    assigned: Assigned
    tiers: tuple[TierFit, ...]
    order_value: Estimate | None
    notes: tuple[str, ...]

    @property
    def currency(self) -> str:
        """Three-letter code of the money."""
        return self.setting.currency


def calibrate(history: History, setting: Setting) -> Calibration:
    """Learn every tier from its posts.

    Parameters
    ----------
    history : History
    setting : Setting
        The tiers as they are believed to be beforehand.

    Raises
    ------
    TableError
        If no post belongs to a tier.
    """
    assigned = assign(history, setting.tiers)
    tiers = tuple(fit_tier(history, assigned.rows[t.name], t) for t in assigned.tiers)
    return Calibration(
        history,
        setting,
        assigned,
        tiers,
        _order_value(history),
        (*assigned.notes, *_notes(history)),
    )


def silent(fit: TierFit) -> list[str]:
    """Return the inputs that the posts of a tier say nothing about, and why, in words."""
    missing = [e.key for e in fit.estimates if not e.learned and e.key != "delivery_rate"]
    if not fit.posts:
        return [f"{fit.prior.name}: no posts; all of it stays as the preset says."]
    return [
        f"{fit.prior.name}: the posts say nothing about {key} (that takes {NEEDED[key]}); "
        "the preset's range stays."
        for key in missing
    ]


def _order_value(history: History) -> Estimate | None:
    """Return money per conversion: a ratio of sums, with creators as what varies."""
    known = np.isfinite(history.revenue) & np.isfinite(history.conversions)
    known &= history.conversions > 0
    creator = np.unique(history.creator[known], return_inverse=True)[1]
    if not known.any() or creator.max() + 1 < FEWEST_BUYERS:
        return None
    money = np.bincount(creator, history.revenue[known])
    bought = np.bincount(creator, history.conversions[known])
    ratio, n = money.sum() / bought.sum(), money.size
    if ratio <= 0:
        return None
    error = sqrt(float(((money - ratio * bought) ** 2).sum()) * n / (n - 1)) / money.sum()
    reach = float(stdtrit(n - 1, 0.95)) * error
    typical = (float(ratio * exp(-reach)), float(ratio * exp(reach)))
    return Estimate("order_value", "log", int(known.sum()), n, typical)


def _notes(history: History) -> list[str]:
    notes = []
    if not history.creators:
        notes.append("No column for the creator: each row counts as a creator of her own.")
    if history.platform is not None and len(history.platform.names) > 1:
        pooled = listing(list(history.platform.names[:5]))
        notes.append(
            f"Posts on {pooled} are pooled; make them tiers (column tier) to keep them apart."
        )
    if history.unused:
        shown = ", ".join(history.unused[:8]) + (", …" if len(history.unused) > 8 else "")
        notes.append(f"Columns not used: {shown}. Name one with --columns role=HEADER.")
    return notes


def subset(calibration: Calibration, rows: NDArray[np.intp] | NDArray[np.bool_]) -> Calibration:
    """Calibrate on some of the rows, with the tiers and limits of the whole."""
    setting = replace(calibration.setting, tiers=calibration.assigned.tiers)
    return calibrate(calibration.history.where(rows), setting)


def spends(calibration: Calibration, rows: Sequence[int] | NDArray[np.intp]) -> Array:
    """Return the money paid in some rows, by tier, shape (n_tiers,)."""
    fee = np.nan_to_num(calibration.history.fee)
    chosen = np.zeros(calibration.history.size, bool)
    chosen[rows] = True
    return np.array([fee[mine][chosen[mine]].sum() for mine in calibration.assigned.rows.values()])
