"""The media plan: one row a line, as planners keep it in a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from sim.metrics import METRICS
from sim.outcomes import Outcomes
from tiermix.analysis import OPTIMUM, Analysis
from tiermix.result import creators

#: What every row says beside spend, share and creators.
COLUMNS = ("reach", "impressions", "engagements", "conversions", "cpm", "cpe", "cpa")


def columns(analysis: Analysis) -> tuple[str, ...]:
    """Return what the rows of a plan say: `COLUMNS`, and what its curves bring beside."""
    brought = {curve.metric for curve in analysis.scenario.campaign.curves}
    return COLUMNS + tuple(m for m in METRICS if m in brought and m not in COLUMNS)


def rows(analysis: Analysis) -> Iterator[dict[str, Any]]:
    """Yield the optimum's lines, then the total; what is not defined is None.

    People reached by two lines count in both rows and once in the total.

    Parameters
    ----------
    analysis : Analysis
        With an optimum.
    """
    assert analysis.optimum is not None
    plan, unit = analysis.optimum.solution.plan, analysis.scenario.currency
    hired, told = creators(analysis, plan), columns(analysis)
    # of named creators, those who are hired come first and are told alone
    planned = zip(analysis.scenario.lines, plan.tolist(), strict=True)
    for i, (line, spend) in enumerate(islice(planned, len(analysis.optimum.lines.values["spend"]))):
        values = {key: _mean(analysis.optimum.lines, key, i) for key in told}
        yield _row(line, spend, spend / analysis.scenario.budget, hired.get(line), values, unit)
    total = analysis.strategies[OPTIMUM]
    values = {key: total.metrics[key].mean for key in told}
    share = float(plan.sum()) / analysis.scenario.budget
    people = sum(hired.values()) if hired else None
    yield _row("total", float(plan.sum()), share, people, values, unit)


def _row(
    line: str, spend: float, share: float, hired: float | None, values: dict[str, float], unit: str
) -> dict[str, Any]:
    """Return one row, its units in the names of the columns; a curve hires nobody."""
    row = {"line": line, f"spend_{unit}": spend, "share_of_budget": share, "creators": hired}
    for key, value in values.items():
        name = f"{key}_{unit}" if METRICS[key].unit == "money" else key
        row[name] = value if value == value and abs(value) != float("inf") else None
    return row


def _mean(lines: Outcomes, key: str, line: int) -> float:
    """Return the mean of a metric of one line alone (for a ratio, the ratio of means)."""
    over = METRICS[key].over
    if over is None:
        return float(lines.controlled[key][line].mean())
    top, bottom = (float(lines.controlled[name][line].mean()) for name in over)
    return METRICS[key].times * top / bottom if bottom > 0 else float("nan")
