"""Past posts become ranges in a scenario, and forecasts are held against what came."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import logit
from typer.testing import CliRunner

from histories import ORDER_VALUE, drawn_truth, simulated
from sim.uncertain import Z95
from tiermix.calibration import writing
from tiermix.calibration.backtest import backtest
from tiermix.calibration.calibrating import Calibration, calibrate, silent
from tiermix.calibration.checks import Check, left_out, predictive_checks
from tiermix.calibration.counts import fit_share
from tiermix.calibration.estimates import interval
from tiermix.calibration.forecasting import coverage, pinball
from tiermix.calibration.history import History
from tiermix.calibration.posterior import Prior
from tiermix.calibration.tiers import Setting, of_preset, setting_of_scenario
from tiermix.calibration.trials import chart
from tiermix.cli import app
from tiermix.errors import TableError, UsageError
from tiermix.scenario_file import parse, read

MICRO = of_preset("micro", "evidence", "micro")
SCENARIO = """\
# our launch
tiermix: 1
name: Launch
budget: 60_000      # approved
objective: conversions
presets: evidence
audience:
    segments: {fans: {size: 600_000,   in_market: 12%}}   # spaced as we like it
tiers:
  micro:
    preset: micro
    available: 250   # the list
    fee:             # asked
      typical: 100 to 900
    engagement_rate: {typical: 8% to 12%, creators: 3% to 25%}   # a guess
    audience: {fans: 70%}
  macro: {preset: macro, available: 15, audience: {fans: 15%}}
strategies:
- &nothing {}
"""
SCENARIO = SCENARIO.replace("strategies:\n- &nothing {}\n", "simulation: {worlds: 64}\n")


def posts(n: int = 200, *, seed: int = 3, **more: object) -> History:
    rng = np.random.default_rng(seed)
    return simulated(drawn_truth(MICRO, rng), n, rng, **more)  # type: ignore[arg-type]


def learned(history: History) -> Calibration:
    return calibrate(history, Setting((MICRO,), "USD"))


def written(folder: Path, history: History) -> Path:
    """Write a history as a CSV file."""
    path = folder / "posts.csv"
    columns = ("followers", "fee", "impressions", "engagements", "clicks", "conversions", "revenue")
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["creator", "tier", "campaign", "date", *columns])
        for i in range(history.size):
            campaign = "" if history.campaign is None else history.campaign.codes[i]
            assert history.date is not None
            values = [repr(float(getattr(history, column)[i])) for column in columns]
            name = history.creator_name(i)
            writer.writerow([name, "Micro", campaign, history.date[i], *values])
    return path


def invoke(*arguments: str | Path) -> str:
    done = CliRunner().invoke(app, [str(a) for a in arguments])
    assert done.exit_code == 0, done.output + str(done.exception)
    return done.stdout


def test_nothing_is_written_unless_asked(tmp_path: Path) -> None:
    scenario = tmp_path / "s.yaml"
    scenario.write_text(SCENARIO)
    shown = invoke("calibrate", written(tmp_path, posts()), "--into", scenario, "--no-check")
    assert scenario.read_text() == SCENARIO
    assert "-    engagement_rate: {typical: 8% to 12%" in shown


def test_the_users_text_stays_around_what_was_learned(tmp_path: Path) -> None:
    scenario = tmp_path / "s.yaml"
    scenario.write_text(SCENARIO)
    scenario.chmod(0o640)
    history = written(tmp_path, posts())
    invoke("calibrate", history, "--into", scenario, "--write", "--no-check")
    after = scenario.read_text()
    for line in SCENARIO.splitlines():
        if not line.strip().startswith(("typical", "engagement_rate")):
            assert line in after.splitlines()
    assert "# a guess" in after
    assert scenario.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    tier = read(str(scenario)).campaign.tiers[0]
    assert tier.authentic_share.median == 1
    assert tier.engagement_rate.median < 0.08
    assert (
        invoke("calibrate", history, "--into", scenario, "--no-check", "--json").find('"diff": ""')
        > 0
    )  # the same posts say the same again


def test_more_posts_change_what_an_earlier_calibration_wrote(tmp_path: Path) -> None:
    scenario = tmp_path / "s.yaml"
    scenario.write_text(SCENARIO)
    for n in (100, 200):
        invoke(
            "calibrate", written(tmp_path, posts(n)), "--into", scenario, "--write", "--no-check"
        )
    lines = scenario.read_text().splitlines()
    assert "# 200 posts of " in next(line for line in lines if "view_rate" in line)
    assert not any("100 posts" in line for line in lines)


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_line_ends_stay(tmp_path: Path, ending: str) -> None:
    path = tmp_path / "s.yaml"
    path.write_bytes(SCENARIO.replace("\n", ending).encode())
    found = calibrate(posts(), setting_of_scenario(path))
    new = writing.merged(writing.scenario_text(path), "s.yaml", found)
    assert new.count("\n") == new.count(ending)
    assert parse(new, "s.yaml").lines == ("micro", "macro")


def test_a_failed_write_leaves_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "s.yaml"
    path.write_text("mine")

    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(UsageError, match="cannot be written"):
        writing.write_over(path, "new")
    assert path.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [path]


@given(low=st.floats(1e-4, 1e7), factor=st.floats(1 + 1e-6, 1e4), percent=st.booleans())
@settings(max_examples=200, deadline=None)
def test_written_ranges_hold_the_range_and_little_more(
    low: float, factor: float, percent: bool
) -> None:
    from tiermix.quantity import parse_quantity

    ends = (low, low * factor)
    if percent:
        ends = (low / 2e7, min(low / 2e7 * factor, 0.9))
    if ends[0] >= ends[1]:
        return
    told = parse_quantity(writing.range_text(ends, percent=percent))
    assert told.low <= ends[0] * (1 + 1e-5)
    assert told.high >= ends[1] * (1 - 1e-5)
    assert told.high / told.low <= ends[1] / ends[0] * 1.021


def test_an_unlearned_input_is_said_to_be_the_presets() -> None:
    found = learned(posts(missing=("impressions", "clicks")))
    fit = found.tiers[0]
    by_key = {estimate.key: estimate for estimate in fit.estimates}
    assert not by_key["view_rate"].learned
    law = MICRO.laws["view_rate"]
    assert by_key["view_rate"].law.median == pytest.approx(law.median)
    assert by_key["view_rate"].law.typical_sd == pytest.approx(law.typical_sd)
    assert any("nothing about view_rate (that takes reach" in line for line in silent(fit))
    assert "view_rate" not in writing.learned_text(found)


def test_a_rate_alone_is_divided_by_the_authentic_share() -> None:
    both = learned(posts()).tiers[0].fits["engagement_rate"].estimate
    alone = learned(posts(missing=("impressions",))).tiers[0]
    estimate = alone.fits["engagement_rate"].estimate
    share = MICRO.laws["authentic_share"].median
    assert alone.authentic is None
    assert estimate.typical[0] == pytest.approx(both.typical[0] / share, rel=1e-9)


def test_an_outlier_is_told_and_kept() -> None:
    history = posts()
    fee = history.fee.copy()
    fee[7] *= 1e4
    fit = learned(replace(history, fee=fee)).tiers[0]
    assert [one.line for one in fit.outliers if one.key == "fee"] == [9]
    assert fit.fits["fee"].estimate.posts == history.size


def test_who_did_not_post_tells_the_delivery_rate() -> None:
    history = posts(100)
    absent = np.ones(100)
    absent[:20] = 0
    found = learned(replace(history, posts=absent)).tiers[0].fits["delivery_rate"].estimate
    assert found.learned
    assert found.typical[1] < MICRO.laws["delivery_rate"].median


def test_posts_belong_to_tiers_by_followers_where_no_column_says() -> None:
    macro = of_preset("macro", "evidence", "macro")
    history = replace(posts(), tier=None)
    followers = history.followers.copy()
    followers[:50] = np.linspace(150_000, 900_000, 50)
    followers[50] = 10.0
    found = calibrate(replace(history, followers=followers), Setting((MICRO, macro), "USD"))
    assert [fit.posts for fit in found.tiers] == [149, 50]
    assert "1 post left out: followers outside 1,000 to 3,000,000." in found.notes
    overlapping = replace(macro, low=50_000.0)
    with pytest.raises(TableError, match="micro and macro overlap in followers"):
        calibrate(history, Setting((MICRO, overlapping), "USD"))


def test_an_order_value_is_money_over_conversions() -> None:
    found = learned(posts(400)).order_value
    assert found is not None
    assert found.typical[0] < ORDER_VALUE * 1.02
    assert found.typical[1] > ORDER_VALUE * 0.98


@pytest.mark.parametrize("stated", ["38 to 55", None])
def test_a_price_in_every_row_does_not_take_the_place_of_a_stated_range(
    tmp_path: Path, stated: str | None
) -> None:
    history = posts(400)
    priced = replace(history, revenue=history.conversions * ORDER_VALUE)
    path = tmp_path / "s.yaml"
    lines = [line for line in SCENARIO.splitlines() if not line.startswith("order_value")]
    path.write_text("\n".join([*lines, *([f"order_value: {stated}"] if stated else []), ""]))
    found = calibrate(priced, setting_of_scenario(path))
    assert found.order_value is not None
    assert found.order_value.exact
    new = parse(writing.merged(writing.scenario_text(path), "s.yaml", found), "s.yaml")
    low = new.campaign.order_value
    assert (low.typical_sd > 0) is (stated is not None)
    assert low.median == pytest.approx(45.0 if stated is None else (38 * 55) ** 0.5, rel=1e-3)


def test_no_result_from_one_creator_does_not_raise_what_is_believed() -> None:
    """4,000 clicks without a conversion: the top of the range comes down, not up."""
    law = MICRO.laws["conversion_rate"]
    prior = Prior(float(logit(law.median)), law.typical_sd)
    top = logit(law.median) + Z95 * law.typical_sd
    last = np.inf
    for creators in (1, 3, 10):
        found = fit_share(np.zeros(creators), np.full(creators, 4000.0), prior)
        high = interval(found.belief, "logit")[1]
        assert logit(high) < top
        assert high < last
        last = high


def test_simulated_posts_look_like_posts_of_the_same_law() -> None:
    found = learned(posts(600))
    assert not any(check.differs.any() for check in predictive_checks(found, 1))


def test_the_chart_marks_observed_quantiles_between_simulated_ones() -> None:
    numbers = np.array([1.0, 3.0, 10.0, 30.0, 100.0, 0.0])
    check = Check("micro", "fee", 9, numbers, numbers / 2, numbers, numbers * 2, numbers > 999)
    (line, legend, _) = chart([check])
    strip = line.removeprefix("  micro fee  ")
    first, middle, last = (i for i, cell in enumerate(strip) if cell == "●")
    assert last - middle == pytest.approx(middle - first, abs=1)  # even in logs
    assert strip[first - 1] == strip[first + 1] == "─"
    assert len(line) <= 78
    assert "observed" in legend


def test_posts_of_two_kinds_are_told_apart_from_the_law() -> None:
    history = posts(600)
    engagements = history.engagements.copy()
    engagements[history.creator % 3 == 0] = 0  # a third of the creators bring nothing
    found = learned(replace(history, engagements=engagements, clicks=np.full(600, np.nan)))
    differing = {check.key for check in predictive_checks(found, 1) if check.differs.any()}
    assert differing == {"engagement_rate"}


def test_a_campaign_is_forecast_from_the_others() -> None:
    found = learned(posts(150, campaigns=4))
    told = coverage(left_out(found, 1))
    assert set(told) == {"impressions", "engagements", "clicks", "conversions", "revenue"}
    assert all(of == 4 for _, of in told.values())
    assert sum(held for held, _ in told.values()) >= 13


def test_the_pinball_loss_by_hand() -> None:
    assert pinball(10.0, {0.5: 8.0}) == 1.0
    assert pinball(10.0, {0.05: 12.0, 0.95: 12.0}) == pytest.approx((1.9 + 0.1) / 2)


def test_a_backtest_learns_only_from_before() -> None:
    history = posts(300, campaigns=6)
    assert history.date is not None
    found = backtest(history, Setting((MICRO,), "USD"), "2025-01-01", 1)
    assert found.learned.history.date is not None
    assert (found.learned.history.date < np.datetime64("2025-01-01")).all()
    later = {one.campaign for one in found.forecasts}
    assert later
    assert later < {f"k{i}" for i in range(6)}
    one = next(f for f in found.forecasts if f.metric == "clicks")
    code = int(one.campaign[1:])
    assert history.campaign is not None
    mine = history.campaign.codes == code
    assert one.actual == history.clicks[mine].sum()
    assert one.spend == pytest.approx(history.fee[mine].sum())
    before = history.campaign.codes == code - 1
    rate = history.clicks[before].sum() / history.fee[before].sum()
    naive = found.naive[found.forecasts.index(one)]
    assert naive == pytest.approx(rate * one.spend)


@pytest.mark.parametrize(
    ("start", "expected"),
    [("soon", "expected a day"), ("150%", "between 0% and 100%"), ("1999-01-01", "before")],
)
def test_a_wrong_start_is_refused(start: str, expected: str) -> None:
    with pytest.raises((UsageError, TableError), match=expected):
        backtest(posts(60, campaigns=3), Setting((MICRO,), "USD"), start, 1)


def test_the_commands_print_80_columns_and_pure_json(tmp_path: Path) -> None:
    path = written(tmp_path, posts(80, campaigns=3))
    told = invoke("calibrate", path, "--presets", "evidence")
    story = told[: told.index("\ntiers:")]
    assert all(len(line) <= 80 for line in story.splitlines())
    assert "Each campaign forecast from the others" in " ".join(told.split())
    document = json.loads(invoke("calibrate", path, "--presets", "evidence", "--json"))
    assert document["tiers"]["Micro"]["inputs"]["fee"]["from"] == "history"
    assert document["checks"]["predictive"][0]["levels"] == [0.05, 0.25, 0.5, 0.75, 0.95]
    shown = invoke("backtest", path, "--presets", "evidence", "--from", "50%")
    assert all(len(line) <= 80 for line in shown.splitlines())
    tested = json.loads(invoke("backtest", path, "--presets", "evidence", "--json"))
    assert {score["metric"] for score in tested["scores"]} >= {"clicks", "conversions"}


def test_what_is_wrong_is_said_without_a_traceback(tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    path.write_text("followers,fee\n1000,lots\n")
    done = CliRunner().invoke(app, ["calibrate", str(path)])
    assert isinstance(done.exception, TableError)
    done = CliRunner().invoke(app, ["calibrate", str(path), "--write"])
    assert isinstance(done.exception, UsageError)


def test_an_elasticity_fits_the_ranges_as_they_are_written(tmp_path: Path) -> None:
    """Fees in proportion to followers: the block that is learned can be read."""
    rng = np.random.default_rng(4)
    rows = ["creator,tier,date,followers,fee,reach,engagements,clicks,conversions"]
    for i in range(12):
        followers = int(rng.lognormal(10.2, 0.3))
        for post in range(4):
            seen = int(followers * 0.3)
            rows.append(
                f"c{i},micro,2025-0{post + 1}-01,{followers},{followers * 0.02:.0f},{seen},"
                f"{seen // 10},{seen // 100},1"
            )
    table, scenario = tmp_path / "posts.csv", tmp_path / "launch.yaml"
    table.write_text("\n".join(rows), encoding="utf-8")
    CliRunner().invoke(app, ["init", str(scenario)])
    words = ["calibrate", str(table), "--into", str(scenario), "--write", "--no-check"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert "fee_elasticity" in scenario.read_text(encoding="utf-8")
    read(str(scenario))


def test_a_range_that_no_scenario_can_state_is_told_as_the_tables(tmp_path: Path) -> None:
    rows = ["creator,tier,followers,fee,engagements,date", "ana,micro,12000,250,380,2026-01-03"]
    for name, fee in (("cents.csv", "1.4e-05"), ("fine.csv", "14000")):
        table = "\n".join([*rows, f"cleo,macro,310k,{fee},2100,2026-02-11", ""])
        (tmp_path / name).write_text(table)
    done = CliRunner().invoke(app, ["calibrate", str(tmp_path / "cents.csv"), "--no-check"])
    assert isinstance(done.exception, TableError)
    assert (
        "cents.csv: the posts teach no range that a scenario can state: tiers.macro.fee: "
        in str(done.exception)
    )
    assert invoke("calibrate", tmp_path / "fine.csv", "--no-check")


def test_campaigns_without_a_date_are_no_use_to_a_backtest(tmp_path: Path) -> None:
    (tmp_path / "posts.csv").write_text(
        "creator,tier,followers,fee,engagements,date,campaign\n"
        "ana,micro,12000,250,380,,spring\nben,micro,9000,200,280,2026-02-11,summer\n"
    )
    done = CliRunner().invoke(app, ["backtest", str(tmp_path / "posts.csv")])
    assert isinstance(done.exception, TableError)
    assert str(done.exception).endswith("a backtest needs two campaigns with a date")
