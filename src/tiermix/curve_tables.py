"""Response curves in tables: spend and response, for one or several channels and draws."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from sim.response_curves import PointsCurve
from tiermix.quantity import shown
from tiermix.tables import Table, known_name

Array = NDArray[np.float64]

#: How the columns of such tables are named.
ROLES = {
    "spend": ("spend", "cost", "budget", "investment", "spending", "spends"),
    "response": (
        "response", "contribution", "reach", "sales", "revenue", "conversions", "outcome",
        "incremental", "kpi", "responses",
    ),
    "draw": ("draw", "sample", "draws", "samples", "iteration"),
    "channel": (
        "channel", "variable", "media", "line", "platform", "bucket", "channels", "medium",
    ),
}  # fmt: skip

#: Points of a curve at most; a finer grid is thinned.
MOST_POINTS = 500

#: A fall smaller than this, as a share of the largest response, is noise: it is levelled.
NOISE = 0.01


def channels(table: Table) -> list[str]:
    """Return the channels of a table in its order; none where it has no such column.

    Raises
    ------
    TableError
        If the columns are not clear, or a channel has no name.
    """
    columns = table.columns(ROLES, ("spend", "response"))
    return list(dict.fromkeys(table.texts(columns["channel"]))) if "channel" in columns else []


def points_curve(table: Table, channel: str | None = None) -> PointsCurve:
    """Return the curve of one channel of a table.

    Every draw starts at no response for no spend. Noise that makes it fall is levelled by
    isotonic regression; draws on different spends are put on all of them together.

    Parameters
    ----------
    table : Table
    channel : str, optional
        Which rows; all of them if left out.

    Raises
    ------
    TableError
        If a cell is wrong, a curve falls, or the channel is not clear.
    """
    columns = table.columns(ROLES, ("spend", "response"))
    spends, responses = table.numbers(columns["spend"], columns["response"])
    mine = _rows_of(table, columns, channel)
    labels = table.texts(columns["draw"]) if "draw" in columns else [""] * len(table.rows)
    draws = []
    for label in _ordered(dict.fromkeys(labels[i] for i in mine)):
        rows = sorted((i for i in mine if labels[i] == label), key=lambda i: spends[i])
        _check(table, columns, rows, spends, responses)
        draws.append(_from_zero([spends[i] for i in rows], [responses[i] for i in rows]))
    return PointsCurve(*_together(draws))


def _rows_of(table: Table, columns: dict[str, int], channel: str | None) -> list[int]:
    """Return the positions of the rows of a channel."""
    names = table.texts(columns["channel"]) if "channel" in columns else None
    if names is None and channel is not None:
        raise table.error(1, "", f"no column for the channel, so no row is {shown(channel)}'s")
    if names is None:
        return list(range(len(table.rows)))
    known, column = list(dict.fromkeys(names)), table.header[columns["channel"]]
    if channel is None and len(known) > 1:
        message = f"holds several curves; say which with `channel`: {', '.join(known[:12])}"
        raise table.error(0, column, message)
    wanted = known[0] if channel is None else known_name(table, channel, known, 0, column)
    return [i for i, name in enumerate(names) if name == wanted]


def _ordered(labels: dict[str, None]) -> list[str]:
    """Return the names of draws in order, numbers by their value: the same in every table."""
    numbered = all(label.isdecimal() for label in labels)
    return sorted(labels, key=(lambda label: (int(label), label)) if numbered else None)


def _check(
    table: Table,
    columns: dict[str, int],
    rows: Sequence[int],
    spends: Sequence[float],
    responses: Sequence[float],
) -> None:
    """Refuse a curve that does not start at nothing, or falls."""
    spend, response = (table.header[columns[role]] for role in ("spend", "response"))
    least = NOISE * max(abs(responses[i]) for i in rows)
    if spends[rows[-1]] <= 0 and spends[rows[0]] >= 0:
        line = table.rows[rows[-1]].line
        raise table.error(line, spend, "no spend above 0; expected more points of this curve")
    before: int | None = None
    for i in rows:
        line = table.rows[i].line
        if spends[i] < 0:
            raise table.error(line, spend, f"{spends[i]:.10g} is negative; expected 0 or more")
        if responses[i] < 0:
            raise table.error(
                line, response, f"{responses[i]:.10g} is negative; expected 0 or more"
            )
        if spends[i] == 0 and responses[i] > 0:
            message = f"{responses[i]:.10g} for no spend; expected what the spend adds, from 0"
            raise table.error(line, response, message)
        if before is not None and spends[i] == spends[before] and responses[i] != responses[before]:
            message = f"a second response to the spend of row {table.rows[before].line}"
            raise table.error(
                line, spend, f"{message}; expected one (is a draw or channel missing?)"
            )
        if before is not None and responses[i] < responses[before] - least:
            message = (
                f"{responses[i]:.10g} is less than {responses[before]:.10g} at a smaller spend"
            )
            raise table.error(line, response, f"{message}; a curve may not fall")
        before = i


def _from_zero(spends: Sequence[float], responses: Sequence[float]) -> tuple[Array, Array]:
    """Return a curve with a first point at no spend, no point twice, and no fall."""
    at, first = np.unique([0.0, *spends], return_index=True)
    curve = np.array([0.0, *responses])[first]
    return at, isotonic_regression(curve).x if (np.diff(curve) < 0).any() else curve


def _together(draws: Sequence[tuple[Array, Array]]) -> tuple[Array, Array]:
    """Return all draws on the spends of all of them, shapes (n_points,), (n_draws, n_points)."""
    grid = np.unique(np.concatenate([at for at, _ in draws]))
    if grid.size > MOST_POINTS:
        grid = grid[np.round(np.linspace(0, grid.size - 1, MOST_POINTS)).astype(int)]
    return grid, np.stack([np.interp(grid, at, y) for at, y in draws])
