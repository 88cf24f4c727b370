"""Tables that are written as CSV files, for spreadsheets."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from io import StringIO
from pathlib import Path
from typing import Any

from tiermix.errors import not_written
from tiermix.whole_files import drafted

#: What text begins with that a spreadsheet would run.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_csv(path: Path, table: Iterable[dict[str, Any]]) -> None:
    """Write a table with one header row; text that a spreadsheet would run is quoted."""
    path.write_text(csv_text(table), encoding="utf-8", newline="")


def write_rows(path: Path | None, rows: list[dict[str, Any]]) -> None:
    """Write a table to a CSV file, if one is asked for.

    Raises
    ------
    UsageError
        If it cannot be written.
    """
    if path is None:
        return
    try:
        with drafted(path) as draft:
            write_csv(draft, rows)
    except OSError as error:
        raise not_written(path, error) from error


def csv_text(table: Iterable[dict[str, Any]]) -> str:
    """Return a table as CSV with one header row; text that a spreadsheet would run is quoted."""
    listed, text = list(table), StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(inert(key) for key in listed[0])
    writer.writerows([inert(value) for value in row.values()] for row in listed)
    return text.getvalue()


def inert(value: Any) -> Any:
    """Return text with a leading quote where it would start a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
