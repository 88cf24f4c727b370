"""The frontier command: what more of one aim costs of another."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from briefs import ODD, brief
from optimize.errors import InfeasibleError
from tiermix import csv_files, questions, screens
from tiermix.errors import UsageError
from tiermix.scenario_file import parse
from tiermix.trade_off import TradeOff, default_metrics, document, rows

#: Reach wants macros here, conversions want micros.
BROAD = brief(budget="200_000")


def traded(
    text: str = BROAD,
    metrics: str | None = None,
    worst: str | None = None,
    *,
    risk: bool = False,
    points: int = 5,
) -> TradeOff:
    scenario = replace(parse(text, "test.yaml"), worlds=64)
    return questions.trade(scenario, metrics, worst, points, lambda step: None, risk=risk)


def screen(found: TradeOff) -> str:
    out = Console(file=StringIO(), width=80, highlight=False, emoji=False, markup=False)
    screens.show_trade_off(out, found)
    assert isinstance(out.file, StringIO)
    return out.file.getvalue()


def test_more_of_one_metric_costs_the_other() -> None:
    found = traded(metrics="reach,conversions")
    first = [point.solution.value for point in found.points]
    second = [point.second for point in found.points]
    assert len(found.points) == 5
    assert (np.diff(first) < 0).all()
    assert (np.diff(second) > 0).all()


@pytest.mark.parametrize(
    ("objective", "metrics"),
    [
        ("{clicks: 1, revenue: 2}", ("clicks", "revenue")),
        ("reach", ("reach", "conversions")),
        ("revenue", ("revenue", "reach")),
    ],
)
def test_the_metrics_are_those_the_file_is_about(objective: str, metrics: tuple[str, str]) -> None:
    assert default_metrics(parse(brief(objective=objective), "test.yaml")) == metrics


def test_the_worst_worlds_are_the_files_unless_named() -> None:
    text = brief(risk="{measure: cvar, worst: 25%}", objective="reach")
    assert "25 %" in traded(text, risk=True).second.label
    assert "5 %" in traded(text, None, "5%", risk=True).second.label
    assert "10 %" in traded(risk=True).second.label


@pytest.mark.parametrize(
    ("metrics", "worst", "risk", "said"),
    [
        ("reach,reech", None, False, "did you mean|unknown metric reech"),
        ("reach", None, False, "two names"),
        ("reach,reach", None, False, "two different metrics"),
        ("reach,response", None, False, "no line brings any response"),
        (None, "10%", False, "goes with --risk"),
        (None, "110%", True, "between 0 and 1"),
        (None, "ten", True, "--worst"),
        ("reach,clicks", None, True, "choose one"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    metrics: str | None, worst: str | None, said: str, *, risk: bool
) -> None:
    with pytest.raises(UsageError, match=said):
        traded(BROAD, metrics, worst, risk=risk)


def test_money_metrics_need_what_a_sale_brings() -> None:
    text = BROAD.replace("order_value: 40\n", "").replace("margin: 50%\n", "")
    with pytest.raises(UsageError, match="revenue needs order_value"):
        traded(text, "reach,revenue")


def test_what_can_not_be_reached_is_said_with_its_place() -> None:
    with pytest.raises(InfeasibleError, match=r"test\.yaml: no plan does what is asked:\n.*floors"):
        traded(brief(floors="{reach: 1G}".replace("G", "000M")))


def test_the_numbers_are_there_as_data() -> None:
    found = traded(metrics="reach,conversions")
    told = json.loads(json.dumps(document(found), allow_nan=False))
    assert [set(point["plan"]) for point in told["points"]] == [{"micro", "macro"}] * 5
    for point, row in zip(told["points"], rows(found), strict=True):
        assert row["reach"] == point["first"] <= point["upper_bound"]
        assert row["conversions"] == point["second"] >= point["level"] * (1 - 1e-6)
        assert row["spend_micro"] == point["plan"]["micro"]


def test_a_file_takes_the_numbers(tmp_path: Path) -> None:
    csv_files.write_rows(tmp_path / "points.csv", rows(traded(metrics="reach,conversions")))
    with (tmp_path / "points.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    assert len(table) == 5
    assert float(table[0]["reach"]) > float(table[-1]["reach"])


def test_the_sentences_say_what_the_points_hold() -> None:
    found = traded(metrics="reach,conversions")
    shown = " ".join(screen(found).split())
    lost = found.points[0].solution.value - found.points[-1].solution.value
    assert f"{found.first.shown(lost, 'USD')} (" in shown
    assert ("no knee" in shown) == (found.knee is None and "all but agree" not in shown)
    if found.knee is not None and "all but agree" not in shown:
        assert f"The knee is plan {found.knee + 1} (" in shown


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("risk", [False, True])
def test_an_odd_scenario_fits_the_screen(name: str, *, risk: bool) -> None:
    found = traded(ODD[name], risk=risk, points=3)
    json.dumps(document(found), allow_nan=False)
    shown = screen(found)
    assert "nan" not in shown
    assert max(map(len, shown.splitlines())) <= 80
