"""From a table of response curves, as media-mix tools export them, to a scenario that runs."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from math import isfinite
from pathlib import Path

from sim.response_curves import PointsCurve
from tiermix.curve_tables import channels, points_curve
from tiermix.errors import (
    ScenarioError,
    TableError,
    UsageError,
)
from tiermix.scenario_file import parse
from tiermix.tables import Table, read_table
from tiermix.whole_files import write_new
from tiermix.words import round_figures

#: The name of the one curve of a table without channels.
ONLY = "channel"

#: Share of the largest spends in the table that the budget is, if none is given.
COVERED = 0.5

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_WORDS = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}


def import_curves(table: Path, out: Path, budget: float | None = None) -> tuple[str, ...]:
    """Write a scenario with one curve for every channel of a table.

    Parameters
    ----------
    table : Path
        CSV file with columns for spend and response and, where it holds several, for the
        channel and the draw; they may be named as media-mix tools do.
    out : Path
        Scenario file to write; nothing is overwritten.
    budget : float, optional
        Money; half of what the curves cover if left out.

    Returns
    -------
    tuple of str
        The channels.

    Raises
    ------
    TableError
        If the table is wrong, with row and column, or does not make a scenario.
    FileExistsAlreadyError, UsageError
        If the scenario cannot be written, or the budget is no money.
    """
    if budget is not None and not (isfinite(budget) and budget > 0):
        raise UsageError(f"budget {budget:.10g}: expected an amount of money above 0")
    read = read_table(table)
    names = channels(read)
    curves = [points_curve(read, name) for name in names] or [points_curve(read)]
    text = _scenario(read, names, curves, budget, os.path.relpath(table, out.parent))
    lines = _lines(text, table, out, budget)
    write_new(out, text, "choose another name with --out")
    return lines


def _lines(text: str, table: Path, out: Path, budget: float | None) -> tuple[str, ...]:
    """Return the lines of a scenario that is not written yet: its table is named instead of it."""
    try:
        return parse(text, str(out)).lines
    except ScenarioError as error:
        path, message = error.problems[0].path, error.problems[0].message
    if path == "budget" and budget is not None:
        raise UsageError(f"--budget: {message}")
    remedy = "; name another one with --budget" if path == "budget" else ""
    raise TableError(str(table), 0, "", f"makes no scenario: {path}: {message}{remedy}")


def _scenario(
    table: Table,
    names: Sequence[str],
    curves: Sequence[PointsCurve],
    budget: float | None,
    path: str,
) -> str:
    """Return the text of a scenario."""
    covered = sum(float(curve.spends[-1]) for curve in curves)
    money = round_figures(COVERED * covered) if budget is None else budget
    chosen = "half of what the curves cover, for a start" if budget is None else "as asked for"
    file = _quoted(Path(path).as_posix())
    lines = [
        f"  {_quoted(name)}: {{points: {file}, channel: {_quoted(name)}}}" for name in names
    ] or [f"  {ONLY}: {{points: {file}}}"]
    return "\n".join(
        [
            f"# Response curves of {Path(path).name}. Channels: {len(curves)}; draws of each: "
            f"{max(curve.n_draws for curve in curves)}.",
            "",
            "tiermix: 1",
            f"name: {json.dumps(_title(Path(path).stem), ensure_ascii=False)}",
            "currency: USD",
            f"budget: {money:.10g}    # {chosen}",
            "objective: response",
            "",
            "curves:",
            *lines,
            "",
        ]
    )


def _title(stem: str) -> str:
    """Return the name of a table as the name of a scenario."""
    words = "".join(c if c.isprintable() else " " for c in stem.replace("_", " ")).split()
    return " ".join(words).lstrip(".")[:60].strip() or ONLY


def _quoted(text: str) -> str:
    """Return text as YAML reads it back."""
    plain = _PLAIN.fullmatch(text) and text.lower() not in _WORDS
    return text if plain else json.dumps(text, ensure_ascii=False)
