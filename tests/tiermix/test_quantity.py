"""Numbers and ranges mean what people mean by them."""

from __future__ import annotations

from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiermix.quantity import parse_number, parse_quantity

amounts = st.floats(1e-12, 1e12, allow_subnormal=False)


@pytest.mark.parametrize(
    ("text", "value", "percent"),
    [
        ("60_000", 60_000, False),
        ("60000", 60_000, False),
        ("1e6", 1e6, False),
        ("55%", 0.55, True),
        ("8.5 %", 0.085, True),
        ("10k", 10_000, False),
        ("1.1M", 1_100_000, False),
        ("-10%", -0.1, True),
        (".5", 0.5, False),
        ("+3", 3, False),
        (" 7 ", 7, False),
        (42, 42, False),
        (0.25, 0.25, False),
    ],
)
def test_a_number_is_read_as_written(text: object, value: float, percent: bool) -> None:
    quantity = parse_quantity(text)
    assert (quantity.low, quantity.high, quantity.percent) == (value, value, percent)


@pytest.mark.parametrize(
    ("text", "low", "high", "percent"),
    [
        ("8% to 12%", 0.08, 0.12, True),
        ("38 to 55", 38, 55, False),
        ("-10% to 40%", -0.1, 0.4, True),
        ("1_000 to 100_000", 1000, 100_000, False),
        ("10k to 1.5M", 10_000, 1_500_000, False),
        ("38   to\t55", 38, 55, False),
    ],
)
def test_a_range_is_read_as_written(text: str, low: float, high: float, percent: bool) -> None:
    quantity = parse_quantity(text)
    assert (quantity.low, quantity.high, quantity.percent) == (low, high, percent)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ("nan", "not a finite number"),
        (".NaN", "not a finite number"),
        ("-.inf", "not a finite number"),
        (float("nan"), "not a finite number"),
        (float("inf"), "not a finite number"),
        ("1e400", "too large"),
        ("9" * 60, "too large"),
        (10**500, "too large"),
        ("1e-400", "too small"),
        ("1e-30", "too small"),
        ("9" * 10_000, "too long"),
        ("12% to 8%", "runs backwards; write 8% to 12%"),
        ("8 to 12%", "percent sign at both ends"),
        ("5 to 5", "no width"),
        ("1 to 2 to 3", "more than two ends"),
        ("60,000", "write thousands as 60_000"),
        ("$1,500", "write thousands as 1_500"),
        ("lots", "'lots' is no number"),
        ("1__0", "no number"),
        ("", "no number"),
        ("\u0663", "no number"),
        (True, "true is no number"),
        (None, "none is no number"),
        ([1], "a list is no number"),
        ({}, "a mapping is no number"),
    ],
)
def test_what_is_no_quantity_says_why(raw: object, message: str) -> None:
    with pytest.raises(ValueError, match=message) as error:
        parse_quantity(raw)
    assert len(str(error.value)) < 150


def test_a_range_is_no_number() -> None:
    with pytest.raises(ValueError, match="is a range"):
        parse_number("1 to 2")


@given(amounts)
def test_a_number_survives_being_written(value: float) -> None:
    assert parse_number(repr(value)).low == value
    assert isclose(parse_number(f"{value * 100!r}%").low, value, rel_tol=1e-15)


@given(st.integers(0, 10**15))
def test_grouping_changes_nothing(value: int) -> None:
    assert parse_number(f"{value:_}").low == value


@given(amounts, amounts)
def test_a_range_survives_being_written(a: float, b: float) -> None:
    if a == b or max(a, b) > 1e6 * min(a, b):
        return
    quantity = parse_quantity(f"{min(a, b)!r} to {max(a, b)!r}")
    assert (quantity.low, quantity.high) == (min(a, b), max(a, b))


@given(st.text(max_size=80))
def test_any_text_is_a_quantity_or_a_value_error(text: str) -> None:
    try:
        quantity = parse_quantity(text)
    except ValueError:
        return
    assert quantity.low <= quantity.high
