"""The media plan adds up, and says in its columns what its numbers are."""

from __future__ import annotations

import pytest

from briefs import ODD, analysed
from tiermix.media_plan import rows

odd = pytest.mark.parametrize("name", ODD)


@odd
def test_it_has_a_row_for_every_line_and_a_total(name: str) -> None:
    analysis = analysed(ODD[name])
    assert [row["line"] for row in rows(analysis)] == [*analysis.scenario.lines, "total"]


@odd
def test_the_lines_sum_to_the_total(name: str) -> None:
    analysis = analysed(ODD[name])
    *lines, total = rows(analysis)
    for column in (f"spend_{analysis.scenario.currency}", "share_of_budget", "creators"):
        assert sum(line[column] for line in lines) == pytest.approx(total[column])


@odd
def test_the_total_is_what_the_optimum_yields(name: str) -> None:
    analysis = analysed(ODD[name])
    *lines, total = rows(analysis)
    assert total["reach"] == analysis.strategies["optimum"].metrics["reach"].mean
    assert total["reach"] <= sum(line["reach"] for line in lines) * (1 + 1e-9)
    assert total["impressions"] == pytest.approx(sum(line["impressions"] for line in lines))


def test_columns_of_money_say_which() -> None:
    row = next(rows(analysed(ODD["in CHF"])))
    money = {"spend_CHF", "cpm_CHF", "cpe_CHF", "cpa_CHF"}
    assert set(row) == money | {
        "line", "share_of_budget", "creators", "reach", "impressions", "engagements", "conversions",
    }  # fmt: skip


def test_costs_of_nothing_are_left_out() -> None:
    for row in rows(analysed(ODD["nothing to gain"])):
        assert row["spend_USD"] == 0
        assert row["cpm_USD"] is row["cpe_USD"] is row["cpa_USD"] is None


@odd
def test_costs_are_spend_over_results(name: str) -> None:
    analysis = analysed(ODD[name])
    unit = analysis.scenario.currency
    for row in rows(analysis):
        if row[f"cpe_{unit}"] is not None and not analysis.scenario.whole_creators:
            assert row[f"cpe_{unit}"] == pytest.approx(row[f"spend_{unit}"] / row["engagements"])
