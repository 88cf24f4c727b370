"""How charts look: one set of names for colours, which a page or a picture fills."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tiermix.words import SIGNS

#: Width of a chart, in pixels: it fits a phone, and a slide at twice the scale.
WIDTH = 300

#: Fonts of charts, of about the same widths, so that what is laid out here fits there.
FONT = "Arial, 'Liberation Sans', Helvetica, sans-serif"

#: Colours by role, on white and on black. The series are those of Okabe and Ito (2008), which
#: people with any colour vision tell apart, darkened where text or thin lines need it.
LIGHT: Mapping[str, str] = {
    "ink": "#1b1f24",
    "muted": "#57606a",
    "grid": "#e3e6ea",
    "paper": "#ffffff",
    "accent": "#0b62a8",
    "band": "#9cc7ea",
    "other": "#6e7781",
    "c0": "#0b62a8",
    "c1": "#d98200",
    "c2": "#00876a",
    "c3": "#b8558f",
    "c4": "#c14a00",
    "c5": "#4c9fd1",
    "c6": "#8a7a00",
    "c7": "#5b5f97",
    "c8": "#7a4b2b",
    "c9": "#8b949e",
}
DARK: Mapping[str, str] = {
    "ink": "#f0f3f6",
    "muted": "#b1bac4",
    "grid": "#30363d",
    "paper": "#0d1117",
    "accent": "#6cb6ff",
    "band": "#2f6ca3",
    "other": "#8b949e",
    "c0": "#6cb6ff",
    "c1": "#f0a93b",
    "c2": "#3fc9a5",
    "c3": "#e39ac6",
    "c4": "#f08a4b",
    "c5": "#9ad7f5",
    "c6": "#d9c84a",
    "c7": "#a5a9e6",
    "c8": "#c99a74",
    "c9": "#8b949e",
}

#: How many series have a colour of their own; the last colour is for all others together.
SERIES = 10


def colour(role: str) -> str:
    """Return the name of a colour, as specifications hold it: a variable of the page."""
    return f"var(--{role})"


def filled(spec: Any, palette: Mapping[str, str]) -> Any:
    """Return a specification with the colours of a palette, for pictures outside a page."""
    if isinstance(spec, dict):
        return {key: filled(value, palette) for key, value in spec.items()}
    if isinstance(spec, list):
        return [filled(value, palette) for value in spec]
    if isinstance(spec, str) and spec.startswith("var(--") and spec.endswith(")"):
        return palette[spec[6:-1]]
    return spec


def config() -> dict[str, Any]:
    """Return the Vega-Lite configuration of every chart."""
    ink, muted, grid = colour("ink"), colour("muted"), colour("grid")
    return {
        "background": "transparent",
        "font": FONT,
        "padding": {"left": 12, "right": 12, "top": 6, "bottom": 4},
        "view": {"stroke": None},
        "axis": {
            "labelColor": muted,
            "titleColor": muted,
            "gridColor": grid,
            "domainColor": grid,
            "tickColor": grid,
            "labelFontSize": 11,
            "titleFontSize": 11,
            "titleFontWeight": "normal",
            "labelLimit": 110,
            "titleLimit": WIDTH,
            "labelOverlap": "greedy",
            "labelSeparation": 14,
        },
        "axisYDiscrete": {"labelOverlap": False},
        "legend": {
            "labelColor": ink,
            "titleColor": muted,
            "labelFontSize": 11,
            "titleFontSize": 11,
            "labelLimit": 130,
            "orient": "bottom",
            "columns": 2,
            "title": None,
        },
        "text": {"color": ink, "fontSize": 11},
    }


def label_expression(unit: str, currency: str) -> str:
    """Return the Vega expression that writes the labels of an axis, with their unit."""
    if unit == "share":
        return "format(datum.value * 100, '.3~g') + ' %'"
    sign = SIGNS.get(currency, f"{currency} ") if unit == "money" else ""
    size = (
        "(abs(datum.value) < 1 ? format(abs(datum.value), '.2~g') "
        ": replace(format(abs(datum.value), '.3~s'), 'G', 'B'))"
    )
    return f"(datum.value < 0 ? '−' : '') + '{sign}' + {size}"


def palettes() -> str:
    """Return the colours of light and dark as variables; paper is always light."""
    light, dark = (
        "".join(f"--{role}:{value};" for role, value in palette.items())
        for palette in (LIGHT, DARK)
    )
    return (
        f":root{{color-scheme:light;{light}}}"
        f"@media screen and (prefers-color-scheme:dark)"
        f"{{:root:not([data-theme=light]){{color-scheme:dark;{dark}}}}}"
        f"@media screen{{:root[data-theme=dark]{{color-scheme:dark;{dark}}}}}"
    )
