"""Numbers as people read them."""

from __future__ import annotations

from math import floor, isfinite, log10

#: Signs of currencies; others stand as their code before the amount.
SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}

#: From where on numbers are shortened, what they are divided by and what they end with.
_STEPS = ((1e9, 1e9, "B"), (1e6, 1e6, "M"), (1e4, 1e3, "k"))

#: Below this a number is written with its power of ten.
_TINY = 1e-6

NOTHING = "–"


def number(value: float, digits: int = 3) -> str:
    """Return a number with about `digits` figures: 0.0123, 4.56, 7, 212, 8,140, 41.2k, 1.05M."""
    if not isfinite(value):
        return NOTHING
    if value == round(value) and abs(value) < _STEPS[-1][0]:
        return f"{value + 0:,.0f}"
    rounded = float(f"{value:.{digits - 1}e}")
    if abs(rounded) < _TINY:
        return f"{rounded:g}"
    scale, suffix = next(((by, s) for least, by, s in _STEPS if abs(rounded) >= least), (1, ""))
    shown = rounded / scale
    decimals = max(digits - 1 - floor(log10(abs(shown))), 0)
    return f"{shown:,.{decimals}f}{suffix}"


def round_figures(value: float, digits: int = 2) -> float:
    """Return a number with a few significant figures."""
    return float(f"{value:.{digits - 1}e}")


def money(value: float, currency: str) -> str:
    """Return an amount of money, whole from 1,000 on: $0.42, $18.30, $21,800.

    Parameters
    ----------
    value : float
    currency : str
        Three-letter code; empty for an amount without one.
    """
    size = abs(value)
    if 0 < size < 0.01 or size >= 1e9 or not isfinite(size):
        return brief_money(value, currency)
    whole = size >= 999.995 or size == round(size)
    return _signed(value, currency, f"{size:,.0f}" if whole else f"{size:,.2f}")


def brief_money(value: float, currency: str) -> str:
    """Return an amount of money with about three figures: $0.42, $64.8, $212, $21.8k."""
    if not isfinite(value):
        return NOTHING
    cents = 0.01 <= abs(value) < 9.995 and value != round(value)
    return _signed(value, currency, f"{abs(value):.2f}" if cents else number(abs(value)))


def _signed(value: float, currency: str, size: str) -> str:
    sign = SIGNS.get(currency, f"{currency} ".lstrip())
    return f"{'-' if value < 0 else ''}{sign}{size}"


def share(value: float) -> str:
    """Return a share as a percentage: 64 %, 3.1 %, 0.04 %."""
    if not isfinite(value):
        return NOTHING
    percent = 100 * value
    return f"{number(percent, 2) if abs(percent) < 9.95 else f'{percent:.0f}'} %"


def listing(items: list[str]) -> str:
    """Return items as a phrase: a, b and c."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"
