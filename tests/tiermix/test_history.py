"""Histories are read right, or refused with row and column."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tiermix.calibration.history import History, read_history
from tiermix.calibration.options import named_columns
from tiermix.errors import TableError, TiermixError, UsageError

GOOD = """\
creator,followers,fee,impressions,engagements,clicks,conversions,date
ana,10000,250.5,3000,400,12,0,2026-01-31
ben,20500,,5200,610,20,1,2026-02-01
"""


@pytest.fixture
def read(tmp_path: Path):  # type: ignore[no-untyped-def]
    def reading(text: str | bytes, **named: str) -> History:
        path = tmp_path / "h.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        dates = named.pop("dates", None)
        return read_history(path, named, dates)  # type: ignore[arg-type]

    return reading


def test_a_plain_history(read) -> None:  # type: ignore[no-untyped-def]
    history = read(GOOD)
    assert history.followers.tolist() == [10_000, 20_500]
    assert history.fee[0] == 250.5
    assert np.isnan(history.fee[1])
    assert history.conversions.tolist() == [0, 1]
    assert [str(day) for day in history.date] == ["2026-01-31", "2026-02-01"]
    assert history.creators == ("ana", "ben")
    assert history.posts.tolist() == [1, 1]


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + GOOD,
        GOOD.encode("utf-16"),
        GOOD.replace(",", ";"),
        GOOD.replace(",", "\t"),
        "sep=,\n" + GOOD,
        GOOD.replace("\n", "\r\n"),
        GOOD.replace("\n", "\n\n \n"),
        GOOD.replace("10000", '"10,000"').replace("250.5", "$250.50"),
        GOOD.replace(",", ";").replace("250.5", "250,50 €").replace("20500", "20.500"),
        GOOD.replace("20500", "20.5k").replace("250.5", "USD 250.5"),
        GOOD.replace("10000", "10 000").replace("250.5", "250.5 $"),
        GOOD.replace("20500,,", "20500,n/a,"),
        GOOD.replace("followers", "Follower Count").replace("date", "Posted at"),
        GOOD.replace("2026-01-31", "31/01/2026").replace("2026-02-01", "01/02/2026"),
        GOOD.replace("2026-01-31", "1/31/2026").replace("2026-02-01", "2/1/2026"),
        GOOD.replace("2026-01-31", "31.1.26").replace("2026-02-01", "1.2.26"),
        GOOD.replace("2026-01-31", "2026-01-31T10:00:00Z").replace("2026-02-01", "20260201"),
    ],
)
def test_it_is_read_as_it_is_meant(read, text: str | bytes) -> None:  # type: ignore[no-untyped-def]
    history, plain = read(text), read(GOOD)
    for column in ("followers", "fee", "impressions", "engagements", "clicks", "conversions"):
        np.testing.assert_array_equal(getattr(history, column), getattr(plain, column))
    assert history.creators == plain.creators
    assert (history.date == plain.date).all()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "h.csv: empty"),
        (GOOD.split("\n")[0], "h.csv:1: no rows below the header"),
        (GOOD.replace("3000", "many"), "h.csv:2: column impressions: 'many'; expected a number"),
        (GOOD.replace("3000", "-1"), "h.csv:2: column impressions: -1 is negative"),
        (GOOD.replace("10000", "0"), "h.csv:2: column followers: less than 1 follower"),
        (GOOD.replace("ben,", ""), "h.csv:3: holds 7 cells; the header names 8"),
        (GOOD.replace("2026-02-01", "soon"), "h.csv:3: column date: 'soon'; expected a date"),
        (GOOD.replace("2026-02-01", "2026-02-30"), "h.csv:3: column date: '2026-02-30' is no day"),
        (
            GOOD.replace("2026-01-31", "3/4/2026").replace("2026-02-01", "5/6/2026"),
            "h.csv:2: column date: '3/4/2026': day or month first? Write 2026-03-14, or say",
        ),
        (
            GOOD.replace("2026-01-31", "31/1/2026").replace("2026-02-01", "1/31/2026"),
            "h.csv:3: column date: '1/31/2026' has day and month the other way round",
        ),
        (
            GOOD.replace(",", ";").replace("10000", "10.000").replace("250.5", "250"),
            "h.csv:2: column followers: '10.000' could be 10000 or",
        ),
        (GOOD.replace("clicks", "cost"), "several columns could be the fee: fee, cost"),
        ("caption,mood\nhi,good\n", "h.csv:1: no column that says something about posts"),
        (GOOD.encode() + b"jos\xe9,1,1,1,1,1,1,2026-01-01\n", "h.csv:4: not UTF-8 text"),
        (GOOD + 'x,"1', "not CSV"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_with_row_and_column(  # type: ignore[no-untyped-def]
    read, text: str | bytes, expected: str
) -> None:
    with pytest.raises(TableError) as caught:
        read(text)
    assert expected in str(caught.value)


def test_dates_that_stay_open_can_be_settled(read) -> None:  # type: ignore[no-untyped-def]
    text = GOOD.replace("2026-01-31", "3/4/2026").replace("2026-02-01", "5/6/2026")
    assert str(read(text, dates="day-first").date[0]) == "2026-04-03"
    assert str(read(text, dates="month-first").date[0]) == "2026-03-04"


def test_columns_are_named_by_hand(read, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    text = GOOD.replace("fee", "Honorar")
    assert read(text, fee="Honorar").fee[0] == 250.5
    assert "Honorar" in read(text).unused
    with pytest.raises(TableError, match="no column named 'Honrar', did you mean 'Honorar'"):
        read(text, fee="Honrar")
    mapping = tmp_path / "map.yaml"
    mapping.write_text("columns: {fee: Honorar}\n")
    assert named_columns([str(mapping), "date=Tag"]) == {"fee": "Honorar", "date": "Tag"}
    with pytest.raises(UsageError, match="unknown role 'fe'"):
        named_columns(["fe=Honorar"])
    with pytest.raises(UsageError, match=r"expected role=HEADER, or a YAML file"):
        named_columns(["nothing.yaml"])


def test_engagements_are_the_sum_of_their_parts(read) -> None:  # type: ignore[no-untyped-def]
    text = "followers,likes,comments,shares\n1000,50,4,\n2000,60,,1\n"
    assert read(text).engagements.tolist() == [54, 61]


def test_a_fee_per_post_is_paid_for_every_post(read) -> None:  # type: ignore[no-untyped-def]
    assert read("followers,posts,fee_per_post\n1000,3,100\n").fee.tolist() == [300]


def test_rows_without_a_creator_are_creators_of_their_own(read) -> None:  # type: ignore[no-untyped-def]
    assert len(set(read("followers,fee\n1000,1\n1000,1\n").creator)) == 2
    assert len(set(read("creator,fee\na,1\n,1\n,1\na,1\n").creator)) == 3


NUMBERS = st.integers(0, 10**9)


@given(
    values=st.lists(NUMBERS, min_size=1, max_size=5),
    mark=st.sampled_from([",", ".", " ", "'", "\N{NO-BREAK SPACE}"]),
    sign=st.sampled_from(["{}", "${}", "{} €", "EUR {}", "£{}"]),
    delimiter=st.sampled_from([";", "\t", "|"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    cents=st.integers(0, 99),
)
@settings(max_examples=60, deadline=None)
def test_amounts_are_read_however_they_are_dressed(  # type: ignore[no-untyped-def]
    tmp_path_factory, values, mark, sign, delimiter, encoding, cents
) -> None:
    point = "," if mark == "." else "."
    dressed = [
        sign.format(f"{value:,}".replace(",", mark) + f"{point}{cents:02}") for value in values
    ]
    path = tmp_path_factory.mktemp("h") / "h.csv"
    rows = "\n".join(f"1000{delimiter}{cell}" for cell in dressed)
    path.write_bytes(f"followers{delimiter}fee\n{rows}\n".encode(encoding))
    assert read_history(path, {}).fee.tolist() == [value + cents / 100 for value in values]


@given(
    days=st.lists(st.integers(0, 3000), min_size=1, max_size=6),
    style=st.sampled_from(["%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%m-%d-%Y"]),
)
@settings(max_examples=80, deadline=None)
def test_dates_are_read_right_or_refused(tmp_path_factory, days, style) -> None:  # type: ignore[no-untyped-def]
    meant = [date(2020, 1, 1) + timedelta(days=day) for day in days]
    path = tmp_path_factory.mktemp("h") / "h.csv"
    path.write_text("fee,date\n" + "".join(f"1,{day:{style}}\n" for day in meant))
    settled = style[1] == "Y" or "." in style or any(day.day > 12 for day in meant)
    settled = settled or all(day.day == day.month for day in meant)
    if settled:
        history = read_history(path, {})
        assert history.date is not None
        assert [str(day) for day in history.date] == [str(day) for day in meant]
    else:
        with pytest.raises(TableError, match=r"column date: .* day or month first"):
            read_history(path, {})


@given(data=st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
@settings(max_examples=150, deadline=None)
def test_no_file_does_worse_than_a_clear_refusal(tmp_path_factory, data: bytes) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path_factory.mktemp("h") / "h.csv"
    path.write_bytes(data)
    with suppress(TiermixError):  # anything else is a failure
        read_history(path, {})


def test_the_row_of_a_late_mistake_is_named(tmp_path: Path) -> None:
    path = tmp_path / "h.csv"
    with path.open("w") as file:
        file.write("followers,fee\n")
        file.writelines(f"{1000 + i},{i}\n" for i in range(60_000))
        file.write("5000,lots\n")
    with pytest.raises(TableError, match=r"h\.csv:60002: column fee: 'lots'; expected a number"):
        read_history(path, {})
