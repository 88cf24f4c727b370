"""Curves in a scenario file: what is right runs, what is wrong is said at its place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sim.response_curves import HillCurve, PointsCurve
from sim.worlds import draw_worlds
from tiermix.analysing import analyse
from tiermix.analysis import OPTIMUM, Analysis
from tiermix.errors import ScenarioError
from tiermix.media_plan import rows
from tiermix.result import document
from tiermix.runs import save
from tiermix.scenario import Scenario
from tiermix.scenario_file import read
from tiermix.story import recommendation
from tiermix.task import state
from tiermix.verifying import verify

HEAD = """\
tiermix: 1
name: Curves
budget: 60_000
objective: response
simulation: {worlds: 64}
"""
TIERS = """\
audience: {segments: {fans: {size: 600_000, in_market: 12%}}}
tiers: {micro: {preset: micro, available: 40, audience: {fans: 70%}}}
"""
SEARCH = "  search: {hill: {max: 100 to 140, half: 30_000, slope: 2.1}}\n"
VIDEO = "  video: {points: video.csv}\n"


def scenario(folder: Path, curves: str, *, head: str = HEAD, table: str = "") -> Scenario:
    (folder / "video.csv").write_text(table, encoding="utf-8")
    path = folder / "f.yaml"
    path.write_text(f"{head}curves:\n{curves}", encoding="utf-8")
    return read(str(path))


def complaint(folder: Path, curves: str, *, head: str = HEAD, table: str = "") -> str:
    with pytest.raises(ScenarioError) as caught:
        scenario(folder, curves, head=head, table=table)
    return str(caught.value).replace(f"{folder}/", "")


def points(found: Scenario) -> PointsCurve:
    kind = found.campaign.curves[-1].kind
    assert isinstance(kind, PointsCurve)
    return kind


def test_a_scenario_may_have_curves_only(tmp_path: Path) -> None:
    found = scenario(tmp_path, SEARCH + "  display: {exponential: {max: 9, scale: 5_000}}\n")
    assert found.lines == ("search", "display")
    assert found.campaign.segments == ()
    kind = found.campaign.curves[0].kind
    assert isinstance(kind, HillCurve)
    assert kind.max.typical_sd > 0 == kind.half.typical_sd
    stated = {one.path: one.value for one in found.inputs}
    assert stated["curves.search.hill.half"] == "30_000"


def test_curves_come_after_tiers(tmp_path: Path) -> None:
    assert scenario(tmp_path, SEARCH, head=HEAD + TIERS).lines == ("micro", "search")


@pytest.mark.parametrize(
    "table",
    [
        "spend,response\n0,0\n1000,5\n2000,9\n",
        "spend,response\n2000,9\n\n1000,5\n",
        '\ufeffSpend;Response\n"$1.000,00";5,0\n2.000,00 €;9,0\n',
        'cost,sales\n"1,000.00",5\n"USD 2,000.0",9.0\n',
        "sep=;\nspend;response\n1000;5\n2000;9\n",
        "Media spend\tresponse_cumulated\n1 000\t5\n2 000\t9\n",
    ],
)
def test_a_table_is_read_as_it_is_meant(tmp_path: Path, table: str) -> None:
    kind = points(scenario(tmp_path, VIDEO, table=table))
    assert kind.spends.tolist() == [0, 1000, 2000]
    assert kind.responses.tolist() == [[0, 5, 9]]


def test_draws_come_on_the_grid_of_all_of_them(tmp_path: Path) -> None:
    table = "spend,response,draw\n10,1,10\n30,3,10\n20,4,9\n40,4,9\n"
    kind = points(scenario(tmp_path, VIDEO, table=table))
    assert kind.spends.tolist() == [0, 10, 20, 30, 40]
    assert kind.responses.tolist() == [[0, 2, 4, 4, 4], [0, 1, 2, 3, 3]]


def test_many_points_are_thinned(tmp_path: Path) -> None:
    table = "spend,response\n" + "".join(f"{i},{i}\n" for i in range(2000))
    kind = points(scenario(tmp_path, VIDEO, table=table))
    assert kind.spends.size == 500
    assert kind.spends[-1] == kind.responses[0, -1] == 1999


def test_a_little_noise_is_levelled(tmp_path: Path) -> None:
    table = "spend,response\n10,100\n20,99.5\n30,120\n"
    assert points(scenario(tmp_path, VIDEO, table=table)).responses[0, 1:3].tolist() == [99.75] * 2


def test_rows_of_a_channel(tmp_path: Path) -> None:
    table = "channel,spend,response\nTV,10,1\nWeb,10,2\n"
    found = scenario(tmp_path, "  web: {points: video.csv, channel: Web}\n", table=table)
    assert points(found).responses.tolist() == [[0, 2]]


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("", "video.csv: empty; expected a table"),
        ("spend,response\n", "video.csv:1: no rows below"),
        ("1,2\n3,4\n", "video.csv:1: no header"),
        ("money,response\n3,4\n", "video.csv:1: no column for the spend; expected one named spend"),
        (
            "spend,cost,response\n1,1,1\n",
            "video.csv:1: several columns could be the spend: spend, ",
        ),
        (
            "spend,response\n1,2\n2,1\n",
            "video.csv:3: column response: 1 is less than 2 at a smaller",
        ),
        ("spend,response\n0,2\n2,3\n", "video.csv:2: column response: 2 for no spend; expected"),
        ("spend,response\n0,0\n", "video.csv:2: column spend: no spend above 0"),
        ("spend,response\n-1,0\n1,1\n", "video.csv:2: column spend: -1 is negative"),
        ("spend,response\n1,-1\n", "video.csv:2: column response: -1 is negative"),
        ("spend,response\n1,1\n\n1,2\n", "video.csv:4: column spend: a second response to the"),
        (
            "spend,response\n1,1\n2,lots\n",
            "video.csv:3: column response: 'lots'; expected a number",
        ),
        ("spend,response\n1,1\n2,\n", "video.csv:3: column response: empty; expected a number"),
        ("spend,response\n1,1\n2,nan\n", "video.csv:3: column response: 'nan'; expected a number"),
        ("spend,response\n1,1\n2,1e400\n", "video.csv:3: column response: '1e400' is too"),
        ("spend,response\n1,1\n2\n", "video.csv:3: holds 1 cells; the header names 2 columns"),
        ("spend,response\n1,1,000\n", "video.csv:2: holds 3 cells; the header names 2 columns"),
        ('spend,response\n1,"1\n', "not CSV"),
        (
            "spend;response\n1.000;5\n2.000;9\n",
            "video.csv:2: column spend: '1.000' could be 1000 or",
        ),
        ("spend;response\n1,5;5\n2.5;9\n", "video.csv:3: column spend: '2.5' has another decimal"),
        ("spend;response\n1,5;5\n1,0000,000;9\n", "video.csv:3: column spend: "),
        ("channel,spend,response\nTV,1,1\nWeb,1,2\n", "video.csv: column channel: holds several"),
    ],
)
def test_a_wrong_table_is_refused_with_row_and_column(
    tmp_path: Path, table: str, expected: str
) -> None:
    said = complaint(tmp_path, VIDEO, table=table)
    assert said.startswith("f.yaml:7:19: curves.video.points: ")
    assert expected in said


GOOD = "spend,response,draw\n10,1,1\n10,2,2\n"


@pytest.mark.parametrize(
    ("curves", "expected"),
    [
        ("  a: {}\n", "7:6: curves.a: expected one of hill, exponential, points, got none"),
        (
            "  a: {points: video.csv, hill: {max: 1, half: 1, slope: 1}}\n",
            "7:6: curves.a: expected",
        ),
        (
            "  a: {hill: {max: 1, half: 1}}\n",
            "7:7: curves.a.hill.slope: missing; expected: Above 1",
        ),
        ("  a: {hill: {max: 0, half: 1, slope: 1}}\n", "7:19: curves.a.hill.max: 0 is not more"),
        (
            "  a: {exponential: {max: 9%, scale: 1}}\n",
            "7:26: curves.a.exponential.max: 9% is a per",
        ),
        ("  a: {points: none.csv}\n", "7:15: curves.a.points: none.csv: cannot be read: No such"),
        ("  a: {points: video.csv, channel: x}\n", "7:15: curves.a.points: video.csv:1: no column"),
        ("  a: {hill: {max: 1, half: 1, slope: 1}, channel: x}\n", "7:42: curves.a.channel: means"),
        (
            "  a: {hill: {max: 1, half: 1, slope: 1}, metric: profit}\n",
            "7:50: curves.a.metric: unkn",
        ),
        (
            "  a: {hill: {max: 1, half: 1, slope: 1}, metric: reach}\n",
            "4:12: objective.response: no",
        ),
        ("  a@b: {hill: {max: 1, half: 1, slope: 1}}\n", "7:3: curves.a@b: '"),
    ],
)
def test_a_wrong_curve_is_refused_at_its_place(tmp_path: Path, curves: str, expected: str) -> None:
    said = complaint(tmp_path, curves, table=GOOD)
    assert said.startswith(f"f.yaml:{expected}".replace("objective.response", "objective"))


def test_tables_must_have_as_many_draws_as_each_other(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_text("spend,response,draw\n1,1,1\n1,1,2\n1,1,3\n", encoding="utf-8")
    said = complaint(tmp_path, VIDEO + "  b: {points: b.csv}\n", table=GOOD)
    assert said.startswith("f.yaml:8:15: curves.b.points: 3 draws, but 2 of video")


def test_what_curves_do_not_go_with_is_refused(tmp_path: Path) -> None:
    head = HEAD + TIERS
    assert "whole_creators: not yet supported beside curves" in complaint(
        tmp_path, SEARCH, head=head + "whole_creators: true\n"
    )
    assert "curves.micro: a tier has this name too" in complaint(
        tmp_path, SEARCH.replace("search", "micro"), head=head
    )
    assert "tiers: missing" not in complaint(tmp_path, "  a: {}\n")
    assert "audience: missing" in complaint(
        tmp_path, SEARCH, head=HEAD + TIERS.split("\n")[1] + "\n"
    )


def test_revenue_of_curves_alone_needs_no_order_value(tmp_path: Path) -> None:
    revenue = SEARCH.replace("}}", "}, metric: revenue}")
    head = HEAD.replace("objective: response", "objective: revenue")
    assert scenario(tmp_path, revenue, head=head).objective == (("revenue", 1.0),)


@pytest.fixture
def both(tmp_path: Path) -> Analysis:
    curves = SEARCH.replace("}}", "}, max_spend: 20_000}") + VIDEO
    head = HEAD.replace("response", "{response: 1, reach: 1}") + TIERS
    return analyse(scenario(tmp_path, curves, head=head, table=GOOD))


def test_the_best_plan_keeps_to_what_curves_take(both: Analysis) -> None:
    assert both.optimum is not None
    plan = both.optimum.solution.plan
    assert both.optimum.solution.status == "optimal"
    assert plan[1] <= 20_000 * (1 + 1e-9)
    assert both.problem.violations(np.array([0, 30_000, 0])) == ("limit curve search",)


def test_a_curve_hires_nobody(both: Analysis) -> None:
    result = document(both)
    assert set(result["optimum"]["creators"]) == {"micro"}
    told = {row["line"]: row["creators"] for row in rows(both)}
    assert told["search"] is told["video"] is None
    assert told["total"] == told["micro"] > 0
    assert {"all_micro", "all_search", "all_video", "even", "greedy"} < set(both.strategies)


def test_the_media_plan_says_what_curves_bring(both: Analysis) -> None:
    *lines, total = rows(both)
    assert sum(line["response"] for line in lines) == pytest.approx(total["response"])
    assert "of response" in recommendation(both)


def test_a_saved_run_keeps_its_tables(both: Analysis, tmp_path: Path) -> None:
    folder = save(both, document(both), tmp_path / "runs", 0.0)
    (tmp_path / "video.csv").unlink()
    assert all(verdict.holds for verdict in verify(folder))


def test_the_optimum_beats_a_grid_of_plans(tmp_path: Path) -> None:
    curves = SEARCH + "  social: {hill: {max: 60 to 90, half: 20_000, slope: 3}}\n"
    found = scenario(tmp_path, curves)
    task = state(found, draw_worlds(found.campaign, 64, 1))
    solution = task.solve()
    grid = [np.array([x, 60_000 - x]) for x in np.linspace(0, 60_000, 301)]
    best = max(task.judged(plan) for plan in grid)
    assert best <= solution.upper_bound * (1 + 1e-9)
    assert solution.value >= best * (1 - 1e-3)


def test_greedy_is_not_misled_by_a_slow_start(tmp_path: Path) -> None:
    found = analyse(scenario(tmp_path, SEARCH + "  tiny: {exponential: {max: 1, scale: 9}}\n"))
    assert found.strategies["greedy"].plan[0] > 0
    assert OPTIMUM in found.strategies
