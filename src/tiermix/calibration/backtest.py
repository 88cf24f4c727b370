"""Calibrate on earlier campaigns, forecast later ones, and hold both against a naive forecast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from sim.statistics import LEVELS
from tiermix.calibration.calibrating import Calibration, calibrate, subset
from tiermix.calibration.forecasting import (
    METRICS,
    Forecast,
    campaigns_of,
    forecasts,
    pinball,
)
from tiermix.calibration.history import History
from tiermix.calibration.tiers import Setting
from tiermix.errors import TableError, UsageError
from tiermix.quantity import parse_number

Rows = NDArray[np.intp]

#: Share of the campaigns that is learned from where nothing is said.
SHARE = "70%"


@dataclass(frozen=True, slots=True)
class Score:
    """How forecasts of one metric fared.

    Parameters
    ----------
    metric : str
    campaigns : int
    held : float
        Share of the 90 % ranges that held what came.
    pinball, naive_pinball : float
        Summed over campaigns, over the sum of what came.
    bias, naive_bias : float
        Forecast less what came, summed, over the sum of what came.
    """

    metric: str
    campaigns: int
    held: float
    pinball: float
    naive_pinball: float
    bias: float
    naive_bias: float


@dataclass(frozen=True)
class Backtest:
    """Forecasts of later campaigns from earlier posts.

    Parameters
    ----------
    learned : Calibration
        On the earlier posts.
    start : str
        First day of what is forecast.
    forecasts : tuple of Forecast
    naive : tuple of float or None
        For each of them: what the campaign before brought for its money, times the spend.
    """

    learned: Calibration
    start: str
    forecasts: tuple[Forecast, ...]
    naive: tuple[float | None, ...]

    @property
    def scores(self) -> list[Score]:
        """One a metric, over the campaigns that have a naive forecast."""
        return [
            _score(metric, pairs)
            for metric in METRICS
            if (pairs := [
                (one, naive)
                for one, naive in zip(self.forecasts, self.naive, strict=True)
                if one.metric == metric and naive is not None
            ])
        ]  # fmt: skip


def backtest(history: History, setting: Setting, start: str | None, seed: int) -> Backtest:
    """Forecast the campaigns that start on a day or later from the posts before it.

    Parameters
    ----------
    history : History
    setting : Setting
    start : str, optional
        A day, or a share of the campaigns that is learned from.
    seed : int

    Raises
    ------
    TableError
        If posts have no dates, or either side of the day is empty.
    UsageError
        If `start` is neither a day nor a share.
    """
    if history.date is None:
        raise TableError(history.source, 1, "", "no column for the date; a backtest needs one")
    whole = calibrate(history, setting)
    campaigns = [(n, rows) for n, rows in campaigns_of(whole) if _dated(history, rows)]
    if start is None and len(campaigns) < 2:
        raise TableError(history.source, 0, "date", "a backtest needs two campaigns with a date")
    day = _day(history, campaigns, start)
    before = np.flatnonzero(history.date < day)
    later = [one for one in campaigns if _first(history, one[1]) >= day]
    if not before.size or not later:
        side = "before" if not before.size else "from"
        raise TableError(history.source, 0, "date", f"no campaign {side} {day}; choose another day")
    learned = subset(whole, before)
    found = forecasts(learned, whole, later, seed)
    if not found:
        message = "nothing to forecast: that takes followers, fees and a result in earlier posts"
        raise TableError(history.source, 0, "", message)
    naive = tuple(_naive(whole, campaigns, one) for one in found)
    return Backtest(learned, str(day), tuple(found), naive)


def _dated(history: History, rows: Rows) -> bool:
    assert history.date is not None
    return bool((~np.isnat(history.date[rows])).any())


def _first(history: History, rows: Rows) -> np.datetime64:
    assert history.date is not None
    days = history.date[rows]
    first: np.datetime64 = days[~np.isnat(days)].min()
    return first


def _day(
    history: History, campaigns: Sequence[tuple[str, Rows]], start: str | None
) -> np.datetime64:
    """Return the first day that is forecast."""
    text = start or SHARE
    try:
        if not text.endswith("%"):
            return np.datetime64(date.fromisoformat(text), "D")
        share = parse_number(text).low
    except ValueError as error:
        raise UsageError(
            f"--from {text}: expected a day such as 2026-03-14, or a share such as 70%"
        ) from error
    if not 0 < share < 1 or len(campaigns) < 2:
        message = "expected a share between 0% and 100% of at least two campaigns"
        raise UsageError(f"--from {text}: {message}")
    at = min(max(int(len(campaigns) * share), 1), len(campaigns) - 1)
    return _first(history, campaigns[at][1])


def _naive(
    whole: Calibration, campaigns: Sequence[tuple[str, Rows]], one: Forecast
) -> float | None:
    """Return what the campaign before brought for its money, times the spend."""
    names = [name for name, _ in campaigns]
    values, fee = getattr(whole.history, one.metric), whole.history.fee
    for _, rows in reversed(campaigns[: names.index(one.campaign)]):
        known = rows[np.isfinite(values[rows]) & np.isfinite(fee[rows])]
        if fee[known].sum() > 0:
            return float(values[known].sum() / fee[known].sum() * one.spend)
    return None


def _score(metric: str, pairs: Sequence[tuple[Forecast, float]]) -> Score:
    total = sum(one.actual for one, _ in pairs)
    scale = total if total > 0 else float("nan")
    levels = list(LEVELS.values())
    naive = [pinball(one.actual, dict.fromkeys(levels, guess)) for one, guess in pairs]
    return Score(
        metric,
        len(pairs),
        sum(one.held for one, _ in pairs) / len(pairs),
        sum(one.pinball for one, _ in pairs) / scale,
        sum(naive) / scale,
        (sum(one.mean for one, _ in pairs) - total) / scale,
        (sum(guess for _, guess in pairs) - total) / scale,
    )
