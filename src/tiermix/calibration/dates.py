"""Dates in three styles: year first, day first, month first."""

from __future__ import annotations

import re
from datetime import date
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tiermix.calibration.columns import NOTHING, LongTable
from tiermix.quantity import shown

Style = Literal["day-first", "month-first"]

_ISO = re.compile(r"(\d{4})[-/.]?(\d{2})[-/.]?(\d{2})(?:[T ].*)?")
_PARTS = re.compile(r"(\d{1,2})([-/. ])(\d{1,2})\2(\d{4}|\d{2})(?:[T ,].*)?")
_CENTURY = 2000
_EXPECTED = "expected a date such as 2026-03-14"


def read_dates(table: LongTable, role: str, style: Style | None) -> NDArray[np.datetime64]:
    """Return the dates of a column, not-a-time where nothing is known.

    Which of two numbers is the day is settled by the column as a whole: by any date in which
    one of them is more than 12, or by points between them (then the day comes first).

    Parameters
    ----------
    table : LongTable
    role : str
    style : {"day-first", "month-first"}, optional
        What the user says about dates that do not start with the year.

    Raises
    ------
    TableError
        If a cell is no date, two contradict each other, or it stays open which is the day.
    """
    style = style or _settled(table, role)

    def days(text: str) -> float:
        found = _date(text, style)
        return np.nan if found is None else found.toordinal()

    ordinals = table.converted(role, days)
    epoch = date(1970, 1, 1).toordinal()
    known = np.isfinite(ordinals)
    dates = np.full(ordinals.size, np.datetime64("NaT"), "datetime64[D]")
    dates[known] = (ordinals[known] - epoch).astype(np.int64).astype("datetime64[D]")
    return dates


def _settled(table: LongTable, role: str) -> Style:
    """Return which of day and month comes first in a column."""
    column = table.columns[role]
    told: dict[Style, int] = {}
    doubtful: int | None = None
    for code, text in enumerate(column.texts):
        match = _PARTS.fullmatch(text)
        if match is None:
            continue
        first, second = int(match[1]), int(match[3])
        if first > 12 or match[2] == ".":
            told.setdefault("day-first", code)
        elif second > 12:
            told.setdefault("month-first", code)
        elif first != second:
            doubtful = code if doubtful is None else doubtful
    if len(told) == 2:
        later, other = sorted(told.values(), reverse=True)
        message = (
            f"{shown(column.texts[later])} has day and month the other way round than "
            f"{shown(column.texts[other])}; write 2026-03-14"
        )
        raise table.error(role, column.row_of(later), message)
    if not told and doubtful is not None:
        message = (
            f"{shown(column.texts[doubtful])}: day or month first? Write 2026-03-14, "
            "or say --dates day-first or --dates month-first"
        )
        raise table.error(role, column.row_of(doubtful), message)
    return next(iter(told), "day-first")


def _date(text: str, style: Style) -> date | None:
    """Return a date, or None for nothing."""
    if text.lower() in NOTHING:
        return None
    iso, parts = _ISO.fullmatch(text), _PARTS.fullmatch(text)
    if iso is None and parts is None:
        raise ValueError(f"{shown(text)}; {_EXPECTED}")
    if iso is not None:
        year, month, day = (int(part) for part in iso.groups())
    else:
        assert parts is not None
        day, month, year = int(parts[1]), int(parts[3]), int(parts[4])
        if style == "month-first":
            day, month = month, day
        year += _CENTURY if year < 100 else 0
    try:
        return date(year, month, day)
    except ValueError:
        how = "" if iso else f" ({style.replace('-', ' ')})"
        raise ValueError(f"{shown(text)}{how} is no day of the calendar; {_EXPECTED}") from None
