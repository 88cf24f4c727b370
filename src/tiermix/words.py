"""Numbers as people read them."""

from __future__ import annotations

from math import floor, isfinite, log10

#: Signs of currencies; others stand as their code before the amount.
SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}

#: Where thousands, millions and billions begin, and what they end with.
_STEPS = ((1e9, "B"), (1e6, "M"), (1e4, "k"))

NOTHING = "–"


def number(value: float, digits: int = 3) -> str:
    """Return a number with about `digits` figures: 0.0123, 4.56, 7, 212, 8,140, 41.2k, 1.05M."""
    if not isfinite(value):
        return NOTHING
    if value == 0:
        return "0"
    for step, suffix in _STEPS:
        if abs(value) >= step * (1 - 10.0**-digits / 2):
            scale = 1e3 if suffix == "k" else step
            return f"{_figures(value / scale, digits)}{suffix}"
    return f"{value:,.0f}" if value == round(value) else _figures(value, digits)


def _figures(value: float, digits: int) -> str:
    magnitude = floor(log10(abs(value)))
    decimals = max(digits - 1 - magnitude, 0)
    rounded = round(value, digits - 1 - magnitude)
    return f"{rounded:,.{decimals}f}"


def money(value: float, currency: str) -> str:
    """Return an amount of money, whole from 1,000 on: $0.42, $18.30, $21,800."""
    if not isfinite(value):
        return NOTHING
    sign = SIGNS.get(currency, f"{currency} ")
    size = abs(value)
    if 0 < size < 0.01 or size >= 1e9:
        text = number(size)
    else:
        text = f"{size:,.0f}" if size >= 1000 or size == round(size) else f"{size:,.2f}"
    return f"{'-' if value < 0 else ''}{sign}{text}"


def share(value: float) -> str:
    """Return a share as a percentage: 64 %, 3.1 %, 0.04 %."""
    if not isfinite(value):
        return NOTHING
    return f"{number(100 * value, 2) if abs(value) < 0.1 else f'{100 * value:.0f}'} %"


def listing(items: list[str]) -> str:
    """Return items as a phrase: a, b and c."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"
