"""Ranges drawn in characters, so that they can be compared at a glance."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite

from rich.cells import cell_len, set_cell_size

#: Columns of the longest name and of the drawing.
NAME, WIDTH = 22, 50


def ranges(found: Mapping[str, tuple[float, float, float]]) -> list[str]:
    """Return one line a name: a bar from the low to the high end of its range, a dot at the mean.

    All share one scale, which begins at 0 (or below, where a range does).

    Parameters
    ----------
    found : mapping of str to tuple of float
        Low end, mean and high end, by name.
    """
    known = {name: ends for name, ends in found.items() if all(map(isfinite, ends))}
    low = min((ends[0] for ends in known.values()), default=0.0)
    high = max((max(ends) for ends in known.values()), default=0.0)
    low = min(low, 0.0)
    if not high > low:
        return []
    longest = min(max(map(cell_len, known)), NAME)
    step = (high - low) / (WIDTH - 1)
    lines = []
    for name, ends in known.items():
        start, mean, end = (round((x - low) / step) for x in ends)
        bar = [" "] * WIDTH
        bar[start : end + 1] = "─" * (end + 1 - start)
        bar[start], bar[end], bar[mean] = "├", "┤", "●"
        lines.append(f"{set_cell_size(name, longest)}  {''.join(bar).rstrip()}")
    return lines
