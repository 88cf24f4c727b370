"""Numbers are short, true to their figures, and never misread."""

from __future__ import annotations

from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiermix.words import NOTHING, brief_money, listing, money, number, share

SUFFIXES = {"k": 1e3, "M": 1e6, "B": 1e9}


def read_back(text: str) -> float:
    """Return the number that a text says."""
    digits = text.replace(",", "")
    return float(digits.rstrip("kMB")) * SUFFIXES.get(digits[-1], 1.0)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"), (-0.0, "0"), (7, "7"), (212, "212"), (8140, "8,140"), (9999, "9,999"),
        (4.56, "4.56"), (0.0123, "0.0123"), (9.996, "10.0"), (99.96, "100"), (999.6, "1,000"),
        (8143.7, "8,140"), (9999.6, "10.0k"), (10_000, "10.0k"), (41_234, "41.2k"),
        (999_499, "999k"), (999_600, "1.00M"), (1_049_000, "1.05M"), (999_999_999, "1.00B"),
        (-1234.5, "-1,230"), (2.5e-9, "2.5e-09"), (nan, NOTHING), (-inf, NOTHING),
    ],
)  # fmt: skip
def test_numbers_have_about_three_figures(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "currency", "text"),
    [
        (0, "USD", "$0"), (0.42, "USD", "$0.42"), (18.3, "EUR", "€18.30"), (18, "GBP", "£18"),
        (999.996, "USD", "$1,000"), (21_800.4, "JPY", "¥21,800"), (-5615, "USD", "-$5,615"),
        (60_000, "CHF", "CHF 60,000"), (-0.5, "CHF", "-CHF 0.50"), (0.004, "USD", "$0.00400"),
        (2.5e9, "USD", "$2.50B"), (1234.5, "", "1,234"), (nan, "USD", NOTHING),
        (inf, "USD", NOTHING),
    ],
)  # fmt: skip
def test_money_is_whole_from_a_thousand_on(value: float, currency: str, text: str) -> None:
    assert money(value, currency) == text


def test_brief_money_has_three_figures() -> None:
    assert brief_money(-10_764.3, "USD") == "-$10.8k"
    assert brief_money(nan, "USD") == NOTHING


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0 %"), (1, "100 %"), (0.64, "64 %"), (0.031, "3.1 %"), (0.0004, "0.040 %"),
        (0.0996, "10 %"), (8.83, "883 %"), (-0.12, "-12 %"), (nan, NOTHING),
    ],
)  # fmt: skip
def test_shares_are_percentages(value: float, text: str) -> None:
    assert share(value) == text


@pytest.mark.parametrize(
    ("items", "text"),
    [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")],
)
def test_listings_are_phrases(items: list[str], text: str) -> None:
    assert listing(items) == text


@given(st.floats(1e-6, 1e15), st.sampled_from((1.0, -1.0)))
def test_numbers_say_what_they_mean_within_their_figures(size: float, sign: float) -> None:
    value = sign * size
    assert read_back(number(value)) == pytest.approx(value, rel=5.001e-3)
    assert len(number(value).lstrip("-").rstrip("kMB").replace(",", "").lstrip("0.")) <= 7


@given(
    st.floats(-1e100, 1e100) | st.sampled_from((nan, inf, -inf)),
    st.sampled_from(("USD", "CHF", "")),
)
def test_any_float_can_be_said_in_short(value: float, currency: str) -> None:
    said = (number(value), money(value, currency), brief_money(value, currency), share(value))
    assert all(text and "nan" not in text and "inf" not in text for text in said)


@given(st.floats(0.01, 1e9, exclude_max=True))
def test_money_is_true_to_the_cent_or_the_unit(value: float) -> None:
    said = float(money(value, "USD").removeprefix("$").replace(",", ""))
    assert abs(said - value) <= (0.00501 if value < 1000 else 0.501)
