"""The report: right numbers, one file that loads nothing, names that do no harm."""

from __future__ import annotations

import base64
import csv
import json
import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import altair as alt
import numpy as np
import pytest
from typer.testing import CliRunner

from briefs import ODD, analysed, brief
from run_folders import HOSTILE, HOSTILE_BRIEF, run_folder
from scenario_runs import LIBRARY
from sim.purchase import price_list
from tiermix.cli import app
from tiermix.errors import RunFolderError, UsageError
from tiermix.report import making
from tiermix.report.contents import read_contents
from tiermix.report.facts import facts
from tiermix.report.figures import Figure, apart
from tiermix.report.page import html, sections

LINES = "{micro_only: {micro: 100%}, half: {micro: 50%, macro: 50%}}"

#: A tier of which every number is known.
KNOWN = (
    "{followers: 10_000, fee: 450, overhead: 50, posts: 1, view_rate: 20%, engagement_rate: 5%, "
    "clicks_per_engagement: 10%, conversion_rate: 2%, audience: {fans: 60%}}"
)

MIXED = brief(strategies=LINES)

#: Names that a scenario file may not hold, but a damaged run folder may.
DAMAGES = (
    "</script><script>alert(1)</script>",
    "</svg></style><img src=x onerror=alert(1)>",
    "\u202ex",
    "{{ self }}{% raw %}",
    "x" * 300,
    "\"' onload='alert(1)",
    "</title><script>alert(1)</script>",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_folder(MIXED, tmp_path_factory.mktemp("runs"))


def figures(folder: Path) -> Iterator[Figure]:
    for section in sections(read_contents(folder)):
        yield from section.figures


def invoke(*arguments: str | Path) -> Any:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_a_known_tier_adds_what_arithmetic_says() -> None:
    people = "{heterogeneity: 0.8, segments: {fans: {size: 100_000, in_market: 10%}}}"
    text = brief(
        {"one": KNOWN}, presets="none", objective="impressions", budget="20_000", audience=people
    )
    found = facts(analysed(text))
    (curve,) = found["curves"]
    per_money = 10_000 * 0.2 / 500  # impressions of a creator over what one costs
    for point in curve["points"]:
        assert point["mean"] == pytest.approx(per_money * point["spend"], abs=1e-6)
        assert (point["p5"], point["p95"]) == pytest.approx([point["mean"]] * 2, abs=1e-6)
    assert found["step"] == 1000
    assert curve["next"] == pytest.approx(per_money * 1000)


def test_curves_and_build_up_end_where_the_plan_is() -> None:
    analysis = analysed(MIXED)
    found, best = facts(analysis), analysis.strategies["optimum"]
    last = found["build_up"][-1]
    assert last["spend"] == pytest.approx(best.plan.sum())
    for metric in ("reach", "effective_reach", "frequency"):
        assert last[metric] == pytest.approx(best.metrics[metric].mean)
    for curve, spend in zip(found["curves"], best.plan, strict=True):
        assert curve["points"][curve["here"]]["spend"] == pytest.approx(spend)
        assert curve["points"][0]["mean"] == 0


def test_a_line_by_itself_adds_the_whole_of_it() -> None:
    analysis = analysed(ODD["one tier"])
    (curve,) = facts(analysis)["curves"]
    mean = analysis.strategies["optimum"].metrics["conversions"].mean
    assert curve["points"][curve["here"]]["mean"] == pytest.approx(mean)


def test_a_line_whose_creators_are_gone_takes_no_more() -> None:
    scarce = brief({"micro": "{preset: micro, available: 5, audience: {fans: 60%}}"})
    (curve,) = facts(analysed(scarce))["curves"]
    assert curve["next"] is None


def test_curves_end_where_all_creators_of_a_tier_are_hired_in_any_phase() -> None:
    text = brief(
        {"micro": "{preset: micro, available: 20, audience: {fans: 60%}}"},
        phases="{tease: {weeks: 2}, launch: {weeks: 4}}",
        budget="50_000",
    )
    analysis = analysed(text)
    everybody = 20 * price_list(analysis.scenario.campaign)[0]
    found = facts(analysis)
    total = sum(curve["points"][curve["here"]]["spend"] for curve in found["curves"])
    for curve in found["curves"]:
        others = total - curve["points"][curve["here"]]["spend"]
        assert curve["next"] is None
        assert curve["most"] == pytest.approx(everybody - others, abs=1e-6)
    assert [phase["phase"] for phase in found["phases"]] == ["tease", "launch"]
    assert found["phases"][-1]["reach"] == pytest.approx(found["build_up"][-1]["reach"])


@pytest.mark.parametrize("name", sorted(ODD))
def test_every_odd_scenario_has_its_figures(name: str, tmp_path: Path) -> None:
    for figure in figures(run_folder(ODD[name], tmp_path, report=False)):
        assert figure.title
        assert figure.takeaway
        assert not re.search(r"\bnan\b", figure.takeaway.lower())
        assert len({tuple(row) for row in figure.rows}) == 1


def test_every_chart_is_valid_vega_lite(folder: Path) -> None:
    for figure in figures(folder):
        spec = dict(figure.spec)
        schema = spec.pop("$schema")
        assert "vega-lite" in schema
        alt.Chart.from_dict(spec).to_dict(validate=True)


def test_the_page_loads_nothing(folder: Path) -> None:
    text = (folder / "report.html").read_text()
    assert len(text) < 2_000_000
    for address in re.findall(r"""(?:src|href|action|srcset)\s*=\s*["']?([^"'\s>]+)""", text):
        assert address.startswith("data:")
    assert not re.search(r"@import|url\(|fetch\(|XMLHttpRequest|import\(", text)
    assert set(re.findall(r"https?://[^\"'<\s]+", text)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    assert "default-src 'none'" in text


def test_the_order_of_the_page(folder: Path) -> None:
    found = re.findall(r'<section id="([^"]+)"', (folder / "report.html").read_text())
    assert found == [
        "recommendation",
        "split",
        "media-plan",
        "outcomes",
        "response",
        "reach",
        "certificate",
        "risks",
        "provenance",
    ]


def test_report_makes_the_same_page_again(folder: Path, tmp_path: Path) -> None:
    done = invoke("report", folder, "--out", tmp_path / "again.html")
    assert done.exit_code == 0
    assert (tmp_path / "again.html").read_bytes() == (folder / "report.html").read_bytes()


def test_the_page_says_what_the_terminal_says(folder: Path) -> None:
    said = facts(analysed(MIXED))["said"]
    text = (folder / "report.html").read_text().replace("\N{NO-BREAK SPACE}", " ")
    for line in [said["recommendation"], *said["certificate"], *said["limits"]]:
        assert line.replace("'", "&#39;") in text


def test_presets_are_marked_and_every_input_is_there(folder: Path) -> None:
    text = (folder / "report.html").read_text()
    given = analysed(MIXED).scenario.inputs
    assert text.count("<mark>preset card") == sum(x.origin.startswith("preset") for x in given)
    for value in given:
        assert f'data-value="{value.path}"' in text


def test_the_media_plan_downloads_as_the_run_folder_has_it(folder: Path) -> None:
    text = (folder / "report.html").read_text()
    address = re.search(
        r'download="plan.csv" href="data:text/csv;charset=utf-8;base64,([^"]+)', text
    )
    assert address
    data = base64.b64decode(unquote(address[1].replace("&#43;", "+"))).decode()
    assert data == (folder / "plan.csv").read_bytes().decode()


def test_the_data_of_ranges_is_what_the_result_holds(folder: Path) -> None:
    contents = read_contents(folder)
    ranges = {f.name: f for f in figures(folder) if f.name.startswith("range-")}
    for row in ranges["range-conversions"].rows:
        found = contents.strategies[row["strategy"]]["metrics"]["conversions"]
        assert (row["mean"], row["5 %"], row["95 %"]) == (found["mean"], found["p5"], found["p95"])
    shares = [row["share of budget (%)"] for row in next(figures(folder)).rows]
    spends = np.array([s.plan for s in analysed(MIXED).strategies.values()])
    assert sorted(shares) == pytest.approx(sorted((spends / 600).ravel().tolist()))


def test_charts_become_png_svg_and_pdf(folder: Path, tmp_path: Path) -> None:
    done = invoke("report", folder, "--out", tmp_path / "r.html", "--charts", tmp_path / "charts")
    assert done.exit_code == 0
    names = [figure.name for figure in figures(folder)]
    assert len(set(names)) == len(names)
    begins = {".png": b"\x89PNG", ".svg": b"<svg", ".pdf": b"%PDF"}
    for name in names:
        for suffix, start in begins.items():
            data = (tmp_path / "charts" / f"{name}{suffix}").read_bytes()
            assert data.startswith(start)
            assert b"var(--" not in data


def test_answers_to_other_questions_are_shown(tmp_path: Path) -> None:
    made = run_folder(MIXED, tmp_path)
    file = str(made / "scenario.yaml")
    asked = {
        "frontier": ["--points", "3"],
        "crossover": ["--worlds", "64"],
        "sensitivity": ["--worlds", "64"],
    }
    for command, options in asked.items():
        done = invoke(command, file, *options, "--json")
        (made / f"{command}.json").write_text(done.stdout)
    found = {figure.name: figure for figure in figures(made)}
    frontier = json.loads((made / "frontier.json").read_text())
    assert len(found["frontier"].rows) == len(frontier["points"])
    assert found["crossover"].rows
    swings = {
        given["name"]: given["swing"] or 0.0
        for given in json.loads((made / "sensitivity.json").read_text())["inputs"]
    }
    assert max(swings, key=lambda name: swings[name]) in found["tornado"].takeaway
    assert 'id="questions"' in html(read_contents(made))


def test_hostile_names_of_a_scenario_do_no_harm(tmp_path: Path) -> None:
    made = run_folder(HOSTILE_BRIEF, tmp_path)
    _is_inert((made / "report.html").read_text())
    for name in ("plan.csv", "outcomes.csv"):
        for row in csv.reader(StringIO((made / name).read_text())):
            assert not any(cell.startswith(("=", "+", "@", "\t", "\r")) for cell in row)


def test_hostile_names_in_a_damaged_run_folder_do_no_harm(tmp_path: Path) -> None:
    tiers = {f"tier{i}": "{preset: micro, audience: {fans: 1%}}" for i in range(len(DAMAGES))}
    made = run_folder(brief(tiers), tmp_path, report=False)
    for file in ("result.json", "report.json"):
        text = (made / file).read_text().replace('"Test"', json.dumps("".join(DAMAGES)))
        for tier, name in zip(tiers, DAMAGES, strict=True):
            text = text.replace(f'"{tier}"', json.dumps(name))
        (made / file).write_text(text)
    making.write_html(read_contents(made), made / "report.html")
    _is_inert((made / "report.html").read_text())


def _is_inert(text: str) -> None:
    """Check that a page holds only the elements and handlers that its template has."""
    assert len(re.findall(r"<script\b", text)) == 1
    assert len(re.findall(r"<style\b", text)) == 1
    assert not re.search(r"<(img|iframe|object|embed|foreignObject)\b", text)
    assert not re.search(r"<[a-z]+[^>\"']*\son[a-z]+=", text)
    assert len(re.findall(r"</title>", text.partition("<body>")[0])) == 1


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("report.json", None, "cannot be read"),
        ("report.json", "{", "no JSON"),
        ("report.json", '{"tiermix": 1, "value": NaN}', "no JSON of finite numbers"),
        ("report.json", '{"tiermix": 1, "value": 1e999}', "no JSON of finite numbers"),
        ("report.json", "[]", "no document"),
        ("result.json", "{}", "no tiermix document"),
        ("result.json", '{"tiermix": 1}', "no best plan"),
    ],
)
def test_a_folder_that_is_no_run_is_refused(
    file: str, text: str | None, said: str, tmp_path: Path
) -> None:
    made = run_folder(ODD["one tier"], tmp_path, report=False)
    (made / file).unlink() if text is None else (made / file).write_text(text)
    with pytest.raises(RunFolderError, match=said):
        read_contents(made)


def test_a_run_writes_a_report_unless_told_not_to(tmp_path: Path) -> None:
    scenario = LIBRARY["small_brand"]
    for option, there in (("--report", True), ("--no-report", False)):
        done = invoke("run", scenario, "--worlds", "64", "--out", tmp_path / option, option)
        assert done.exit_code == 0
        (made,) = (tmp_path / option).iterdir()
        assert (made / "report.html").exists() == there
        assert (made / "report.json").exists()


def test_without_its_libraries_a_run_goes_on_and_a_report_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "LIBRARIES", ("no_such_library",))
    done = invoke("run", LIBRARY["small_brand"], "--worlds", "64", "--out", tmp_path)
    assert done.exit_code == 0
    assert "tiermix[report]" in done.stderr
    (made,) = tmp_path.iterdir()
    with pytest.raises(UsageError, match=r"tiermix\[report\]"):
        making.write_html(read_contents(made), made / "report.html")


def test_names_are_all_told_apart() -> None:
    names = [*HOSTILE, "n" * 59]
    assert len(set(apart(names).values())) == len(names)
