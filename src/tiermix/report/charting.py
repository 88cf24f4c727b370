"""What every chart shares: axes with units, and the finish."""

from __future__ import annotations

from typing import Any

import altair as alt

from tiermix.report.theme import config, label_expression


def valued(unit: str, currency: str, ticks: int = 4) -> alt.Axis:
    """Return an axis whose labels carry their unit."""
    return alt.Axis(labelExpr=label_expression(unit, currency), tickCount=ticks)


def finished(chart: alt.LayerChart | alt.Chart) -> dict[str, Any]:
    """Return the Vega-Lite specification of a chart, in the look of the report."""
    return dict(chart.configure(**config()).to_dict())
