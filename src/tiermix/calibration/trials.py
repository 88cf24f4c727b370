"""What people see of the checks of a fit and of a backtest, and the same as data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.special import bdtr

from sim.metrics import METRICS
from tiermix.calibration.backtest import Backtest, Score
from tiermix.calibration.checks import LEVELS, Check
from tiermix.calibration.forecasting import Forecast, coverage
from tiermix.calibration.showing import LABELS
from tiermix.calibration.writing import PERCENT
from tiermix.terminal import blank_table, say, section
from tiermix.words import listing, number, share

Json = dict[str, Any]

#: Quantiles that the table shows, by position in `LEVELS`; the share of zeros comes last.
SHOWN = (0, 2, 4)

#: Columns of the chart, and the fewest that a line of it needs.
CHART_WIDTH, SHORTEST = 78, 20

#: How unlikely as few ranges would hold by chance, where a reader is warned.
LOW = 0.025


def show_checks(out: Console, checks: Sequence[Check], left_out: Sequence[Forecast]) -> None:
    """Print whether simulated posts look like the observed ones."""
    section(out, "Checks: observed posts, and simulated ones in brackets (90 % of simulations)")
    table = blank_table("", [f"{100 * LEVELS[i]:.0f} %" for i in SHOWN] + ["zeros"])
    for check in checks:
        cells = [_cell(check, i) for i in (*SHOWN, len(LEVELS))]
        table.add_row(f"{check.tier}\n{LABELS[check.key]}", *cells)
    out.print(table)
    out.print()
    for line in chart(checks):
        out.print(line)
    say(out, checks_said(checks))
    say(out, left_out_said(left_out))


def chart(checks: Sequence[Check]) -> list[str]:
    """Return a chart: where simulations put three quantiles, and where the observed ones lie.

    Each line has a scale of its own, in logs where nothing is zero.
    """
    width = max((len(f"{c.tier} {LABELS[c.key]}") for c in checks), default=0)
    room = CHART_WIDTH - width - 4
    lines = [
        f"  {f'{check.tier} {LABELS[check.key]}':{width}}  {_strip(check, room)}"
        for check in checks
        if room >= SHORTEST
    ]
    legend = "  ● observed 5 %, 50 %, 95 %   ── where 90 % of simulations put them"
    return [*lines, legend, ""] if lines else []


def _strip(check: Check, room: int) -> str:
    """Return one line of the chart."""
    at = list(SHOWN)
    told = np.stack([check.observed[at], check.low[at], check.high[at]])
    if told.min() > 0:
        told = np.log(told)
    span = float(np.ptp(told)) or 1.0
    observed, low, high = np.round((told - told.min()) / span * (room - 1)).astype(int)
    cells = [" "] * room
    for a, b in zip(low, high, strict=True):
        cells[a : b + 1] = "─" * (b - a + 1)
    for i in observed:
        cells[i] = "●"
    return "".join(cells).rstrip()


def _cell(check: Check, i: int) -> str:
    percent = check.key in PERCENT or i == len(LEVELS)
    scale, mark = (100, " %") if percent else (1, "")
    observed, low, high = (
        number(float(x[i]) * scale, 2) for x in (check.observed, check.low, check.high)
    )
    return f"{observed}{mark}{' !' if check.differs[i] else ''}\n({low}–{high})"


def checks_said(checks: Sequence[Check]) -> list[str]:
    """Return what the checks come to."""
    names = [f"{c.tier} {LABELS[c.key]}" for c in checks if c.differs.any()]
    if not names:
        return ["Simulated posts look like the observed ones."]
    return [
        f"! marks what hardly any simulation shows: {listing(names)}. There the fitted laws do "
        "not describe the posts well; look for mixed kinds of creators or wrong rows."
    ]


def left_out_said(found: Sequence[Forecast]) -> list[str]:
    """Return how often ranges held campaigns that they did not know."""
    if not found:
        return []
    told = coverage(found)
    held = [f"{_label(metric)} {k} of {n}" for metric, (k, n) in told.items()]
    said = [
        "Each campaign forecast from the others, given its spend: the 90 % range held "
        f"{listing(held)}."
    ]
    worst = [metric for metric, (k, n) in told.items() if _too_few(k, n)]
    if worst:
        said.append(
            f"That is few for {listing([_label(metric) for metric in worst])}: campaigns differ "
            "by more than their creators; state `resonance` as a range, or plan with care."
        )
    return said


def _too_few(held: int, of: int) -> bool:
    """Whether so few of some 90 % ranges hold by bad luck alone hardly ever."""
    return bool(bdtr(held, of, 0.9) < LOW)


def _label(metric: str) -> str:
    """Return the name of a metric inside a sentence."""
    return METRICS[metric].label.lower()


def checks_document(checks: Sequence[Check], left_out: Sequence[Forecast]) -> Json:
    """Return the checks as data, to draw charts from."""
    return {
        "predictive": [
            {
                "tier": check.tier,
                "input": check.key,
                "posts": check.posts,
                "levels": list(LEVELS),
                "observed": check.observed[:-1].tolist(),
                "simulated_p5": check.low[:-1].tolist(),
                "simulated_p50": check.middle[:-1].tolist(),
                "simulated_p95": check.high[:-1].tolist(),
                "zeros": {
                    "observed": float(check.observed[-1]),
                    "simulated_p5": float(check.low[-1]),
                    "simulated_p50": float(check.middle[-1]),
                    "simulated_p95": float(check.high[-1]),
                },
                "differs": bool(check.differs.any()),
            }
            for check in checks
        ],
        "left_out": [_forecast(one) for one in left_out],
    }


def _forecast(one: Forecast) -> Json:
    return {
        "campaign": one.campaign,
        "metric": one.metric,
        "spend": one.spend,
        "actual": one.actual,
        "mean": one.mean,
        "quantiles": {f"p{100 * level:.0f}": q for level, q in one.quantiles.items()},
        "held": one.held,
    }


def show_backtest(out: Console, found: Backtest) -> None:
    """Print how forecasts of later campaigns fared against naive ones."""
    campaigns = len({one.campaign for one in found.forecasts})
    posts = found.learned.history.size
    out.print(
        f"{found.learned.history.source}: {posts:,} posts before {found.start}, "
        f"{campaigns} campaigns from then on"
    )
    out.print()
    out.print(_scores(found.scores))
    out.print()
    say(
        out,
        [
            "Held: how many 90 % ranges held what came. Loss: mean pinball loss over five "
            "quantiles, of what came. Bias: forecast less what came, of what came. Naive: the "
            "campaign before, its results per money times the spend.",
            *backtest_said(found),
        ],
    )


def _scores(scores: Sequence[Score]) -> Table:
    table = blank_table("Metric", ["Held", "Loss", "naive", "Bias", "naive"])
    for score in scores:
        table.add_row(
            METRICS[score.metric].label,
            f"{round(score.held * score.campaigns)} of {score.campaigns}",
            share(score.pinball),
            share(score.naive_pinball),
            share(score.bias),
            share(score.naive_bias),
        )
    return table


def backtest_said(found: Backtest) -> list[str]:
    """Return what a backtest comes to."""
    better = [s.metric for s in found.scores if s.pinball < s.naive_pinball]
    worse = [s.metric for s in found.scores if s.pinball >= s.naive_pinball]
    said = []
    if better:
        said.append(f"Better than naive for {listing([_label(m) for m in better])}.")
    if worse:
        said.append(f"No better than naive for {listing([_label(m) for m in worse])}.")
    low = [s.metric for s in found.scores if _too_few(round(s.held * s.campaigns), s.campaigns)]
    if low:
        said.append(
            f"Ranges held too rarely for {listing([_label(m) for m in low])}: later campaigns "
            "differ by more than the earlier creators explain."
        )
    return said


def backtest_document(found: Backtest) -> Json:
    """Return a backtest as data."""
    return {
        "tiermix": 1,
        "history": {"source": found.learned.history.source, "rows": found.learned.history.size},
        "from": found.start,
        "scores": [
            {
                "metric": score.metric,
                "campaigns": score.campaigns,
                "held": score.held,
                "pinball": _number(score.pinball),
                "naive_pinball": _number(score.naive_pinball),
                "bias": _number(score.bias),
                "naive_bias": _number(score.naive_bias),
            }
            for score in found.scores
        ],
        "forecasts": [
            _forecast(one) | {"naive": naive}
            for one, naive in zip(found.forecasts, found.naive, strict=True)
        ],
    }


def _number(value: float) -> float | None:
    return value if value == value else None
