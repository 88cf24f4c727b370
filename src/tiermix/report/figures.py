"""A figure of the report: what it shows, what it says, and the data behind it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sim.metrics import METRICS
from tiermix.report.facts import SCORE
from tiermix.words import NOTHING, brief_money, number, share

#: Characters of a name that are shown; longer ones end in an ellipsis.
LONGEST = 40


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart with its words and its data.

    Parameters
    ----------
    name : str
        Of the file it is exported to; small letters, digits and dashes.
    title : str
    takeaway : str
        One sentence, computed from the numbers.
    spec : mapping
        The Vega-Lite specification.
    rows : sequence of mapping
        The data behind it: one header (with units) for all rows.
    """

    name: str
    title: str
    takeaway: str
    spec: dict[str, Any]
    rows: Sequence[dict[str, Any]]


def slug(text: str) -> str:
    """Return text as a part of a file name."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40] or "line"


def called(name: str) -> str:
    """Return a name as a chart shows it: short, and without marks that turn the text around."""
    kept = "".join(c for c in name if unicodedata.category(c) not in ("Cc", "Cf", "Zl", "Zp"))
    return kept if len(kept) <= LONGEST else f"{kept[: LONGEST - 1]}…"


def apart(names: Sequence[str]) -> dict[str, str]:
    """Return what charts call each name, so that no two look the same."""
    found: dict[str, str] = {}
    for name in names:
        label, n = called(name), 2
        while label in found.values():
            label, n = f"{called(name)} ({n})", n + 1
        found[name] = label
    return found


def unit_of(metric: str) -> str:
    """Return the kind of unit of a metric or of a blend's score."""
    return "share" if metric == SCORE else METRICS[metric].unit


def label_of(metric: str) -> str:
    """Return a metric as people read it."""
    return "Blended score" if metric == SCORE else METRICS[metric].label


def titled(metric: str, currency: str) -> str:
    """Return a metric with its unit, for the title of an axis or of a column."""
    label = label_of(metric)
    match unit_of(metric):
        case "money":
            return f"{label} ({currency})" if currency else label
        case "share":
            return f"{label} (%)"
        case "people" if metric != "conversions":
            return f"{label} (people)"
        case "factor" if metric == "frequency":
            return f"{label} (contacts per person)"
        case _:
            return label


def shown(metric: str, value: float | None, currency: str) -> str:
    """Return a value of a metric as people read it."""
    if value is None:
        return NOTHING
    unit = unit_of(metric)
    if unit == "money":
        return brief_money(value, currency)
    return share(value) if unit == "share" else number(value)


def within(metric: str, low: float | None, high: float | None, currency: str) -> str:
    """Return a range of a metric."""
    return f"{shown(metric, low, currency)} to {shown(metric, high, currency)}"
