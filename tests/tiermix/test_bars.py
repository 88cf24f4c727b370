"""Ranges in characters: ends and means in their places, on one scale."""

from __future__ import annotations

from math import nan

from hypothesis import given
from hypothesis import strategies as st

from tiermix.bars import WIDTH, ranges

values = st.floats(-1e9, 1e9)


def test_ends_and_means_stand_where_they_are() -> None:
    (line,) = ranges({"a": (0.0, 49.0, 98.0)})
    assert (line[3], line[3 + WIDTH - 1]) == ("├", "┤")
    assert line.index("●") in (27, 28)


def test_the_scale_is_shared_and_begins_at_nothing() -> None:
    small, large = ranges({"small": (10, 20, 25), "large": (50, 60, 100)})
    assert small.index("┤") < large.index("├")
    assert large.rindex("┤") == len("large  ") + WIDTH - 1


@given(st.lists(st.lists(values, min_size=3, max_size=3).map(sorted), min_size=1, max_size=6))
def test_no_line_is_too_long_and_every_mean_is_drawn(found: list[list[float]]) -> None:
    drawn = ranges({f"strategy {i}": (a, b, c) for i, (a, b, c) in enumerate(found)})
    assert all(len(line) <= 78 for line in drawn)
    assert all(line.count("●") == 1 for line in drawn)


def test_what_is_not_defined_is_not_drawn() -> None:
    assert ranges({"a": (nan, nan, nan), "b": (0, 0, 0)}) == []
    assert len(ranges({"a": (nan, 1, 2), "b": (0, 1, 2)})) == 1
