"""Making a report: what a run leaves for it, and the files that come of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tiermix.analysis import Analysis
from tiermix.errors import UsageError, not_written
from tiermix.report.contents import Contents, read_contents
from tiermix.report.facts import facts
from tiermix.whole_files import drafted

#: Libraries that draw and write a report.
LIBRARIES = ("altair", "jinja2", "vl_convert")

#: What to do where they are missing.
NEEDED = "the report needs more libraries: pip install 'tiermix[report]'"


def possible() -> bool:
    """Return whether the libraries of a report are installed."""
    return all(find_spec(library) for library in LIBRARIES)


def complete(analysis: Analysis, folder: Path, *, report: bool) -> None:
    """Write into a run folder what a report is made of, and the report if it is asked for."""
    finish(facts(analysis), folder, report=report)


def finish(told: Mapping[str, Any], folder: Path, *, report: bool) -> None:
    """Write what a report is made of, and the report if it is asked for."""
    text = json.dumps(told, indent=1, allow_nan=False)
    (folder / "report.json").write_text(f"{text}\n", encoding="utf-8")
    if report:
        write_html(read_contents(folder), folder / "report.html")


def write_html(contents: Contents, out: Path) -> None:
    """Write a report.

    Raises
    ------
    UsageError
        If libraries are missing, or the file cannot be written.
    """
    require()
    from tiermix.report.page import html

    write_page(html(contents), out)


def write_page(text: str, out: Path) -> None:
    """Write the text of a report.

    Raises
    ------
    UsageError
        If the file cannot be written.
    """
    try:
        with drafted(out) as draft:
            draft.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise not_written(out, error) from error


def write_charts(contents: Contents, folder: Path) -> list[Path]:
    """Write every chart of a report as PNG, SVG and PDF; return the files.

    Raises
    ------
    UsageError
        If libraries are missing, or the folder cannot be written.
    """
    require()
    from tiermix.report.page import sections
    from tiermix.report.pictures import export

    return export([f for section in sections(contents) for f in section.figures], folder)


def require() -> None:
    """Say what is missing where a report can not be drawn.

    Raises
    ------
    UsageError
        If libraries are missing.
    """
    if not possible():
        raise UsageError(NEEDED)
