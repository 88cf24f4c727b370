"""What every chart shares: axes with units, and the finish."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from tiermix.report.theme import config, label_expression


def plotted(rows: Sequence[Mapping[str, Any]]) -> alt.Chart:
    """Return a chart of some rows, yet without marks."""
    return alt.Chart({"values": list(rows)})


def valued(unit: str, currency: str, values: Sequence[float] | None = None) -> alt.Axis:
    """Return an axis whose labels carry their unit, at about four values or at given ones."""
    labels = label_expression(unit, currency)
    if values is not None:
        return alt.Axis(labelExpr=labels, values=list(values))
    return alt.Axis(labelExpr=labels, tickCount=4)


def finished(chart: alt.Chart | alt.LayerChart | alt.FacetChart) -> dict[str, Any]:
    """Return the Vega-Lite specification of a chart, in the look of the report.

    It is not checked against the schema here, which would take most of a report's time: tests do.
    """
    spec = dict(chart.to_dict(validate=False))
    return spec | {"config": config()}
