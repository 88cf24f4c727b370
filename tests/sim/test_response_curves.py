"""Lines known by their curve: the formulas hold exactly, and both ways of looking agree."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.campaign import Campaign
from sim.metrics import OBJECTIVES
from sim.outcomes import evaluate
from sim.purchase import PARTS, WHOLE
from sim.response import cost, respond
from sim.response_curves import (
    CURVE_METRICS,
    ExponentialCurve,
    HillCurve,
    PointsCurve,
    ResponseCurve,
)
from sim.statistics import summarise
from sim.uncertain import Uncertain
from sim.worlds import BLOCK, DRAW, draw_worlds
from specimens import card_like

KNOWN, STATED = Uncertain.known, Uncertain.stated
UNSURE = STATED("log", typical=(80.0, 120.0))
SPENDS = np.array([0.0, 100.0, 250.0, 400.0])


def hill(metric: str = "response", name: str = "search") -> ResponseCurve:
    return ResponseCurve(name, HillCurve(KNOWN(1200.0), KNOWN(300.0), KNOWN(2.1)), metric)


def exponential(metric: str = "response", name: str = "display") -> ResponseCurve:
    return ResponseCurve(name, ExponentialCurve(KNOWN(900.0), KNOWN(200.0)), metric)


def table(n_draws: int, name: str = "video", metric: str = "response") -> ResponseCurve:
    rise = np.array([0.0, 3.0, 5.0, 9.0])
    scale = 1 + np.arange(n_draws)[:, None]
    return ResponseCurve(name, PointsCurve(SPENDS, rise * scale), metric)


def alone(*curves: ResponseCurve) -> Campaign:
    return Campaign((), (), curves=curves)


def beside_tiers(*curves: ResponseCurve) -> Campaign:
    return replace(card_like(), curves=curves)


money = st.floats(0, 1e5)


@given(money, money, st.floats(0, 500))
def test_bare_numbers_give_the_formulas_exactly(
    search: float, display: float, video: float
) -> None:
    worlds = draw_worlds(alone(hill(), exponential(), table(1)), 2, 1)
    got = evaluate(worlds, [(search, display, video)])
    s = search**2.1
    expected = 1200 * s / (300**2.1 + s) + 900 * (1 - np.exp(-display / 200))
    expected += np.interp(video, SPENDS, [0, 3, 5, 9])
    assert got.values["response"] == pytest.approx(np.full((1, 2), expected), rel=1e-12)
    assert got.values["spend"] == pytest.approx(np.full((1, 2), search + display + video))
    assert summarise(got, "response", 0).mean == pytest.approx(expected)


@pytest.mark.parametrize("metric", OBJECTIVES)
def test_what_the_optimizer_sees_is_what_is_simulated(metric: str) -> None:
    unsure = HillCurve(UNSURE, UNSURE, STATED("log", typical=(1.2, 2.4)))
    curves = [ResponseCurve(f"c{m}", unsure, m) for m in CURVE_METRICS]
    drawn = [table(7, f"p{m}", m) for m in CURVE_METRICS]
    worlds = draw_worlds(
        replace(alone(*curves, *drawn), order_value=UNSURE, margin=card_like().margin), 256, 3
    )
    plan = np.linspace(10, 500, len(curves + drawn))
    seen = respond(worlds, metric, PARTS)
    assert seen.values(plan) == pytest.approx(evaluate(worlds, [plan]).values[metric][0], rel=1e-12)


@pytest.mark.parametrize("metric", CURVE_METRICS)
@pytest.mark.parametrize("way", [PARTS, WHOLE], ids=["parts", "whole"])
def test_a_curve_adds_to_what_tiers_bring(metric: str, way: object) -> None:
    without, beside = card_like(), beside_tiers(exponential(metric))
    tiers = np.array([9_000.0, 45_000.0])
    plan = np.array([*tiers, 150.0])
    brings = 900 * (1 - np.exp(-150 / 200))
    for campaign_metric, more in ((metric, brings), ("spend", 150.0)):
        got = evaluate(draw_worlds(beside, 256, 3), [plan], way)  # type: ignore[arg-type]
        was = evaluate(draw_worlds(without, 256, 3), [tiers], way)  # type: ignore[arg-type]
        added = got.values[campaign_metric] - was.values[campaign_metric]
        assert added == pytest.approx(np.full((1, 256), more), rel=1e-6)
    seen = respond(draw_worlds(beside, 256, 3), metric, way).values(plan)  # type: ignore[arg-type]
    before = respond(draw_worlds(without, 256, 3), metric, way).values(tiers)  # type: ignore[arg-type]
    assert seen - before == pytest.approx(np.full(256, brings), rel=1e-6)


def test_conversions_become_revenue_and_profit() -> None:
    campaign = replace(
        alone(exponential("conversions")), order_value=UNSURE, margin=KNOWN(0.5, "logit")
    )
    worlds = draw_worlds(campaign, 64, 1)
    got = evaluate(worlds, [[100.0]]).values
    assert got["revenue"] == pytest.approx(got["conversions"] * worlds.values["order_value"])
    assert got["profit"] == pytest.approx(got["revenue"] / 2 - 100)


def test_revenue_that_comes_as_such_has_no_counting_noise() -> None:
    campaign = beside_tiers(exponential("revenue"))
    outcomes = evaluate(draw_worlds(campaign, 256, 1), [(0.0, 0.0, 200.0)])
    revenue = summarise(outcomes, "revenue", 0).statistics
    assert revenue["p5"] == revenue["p95"] == pytest.approx(900 * (1 - np.exp(-1)))


def test_draws_are_joint_across_tables() -> None:
    worlds = draw_worlds(alone(table(5, "a"), table(5, "b")), 1600, 1)
    a = evaluate(worlds, [(100.0, 0.0), (0.0, 100.0)]).values["response"]
    assert np.array_equal(a[0], a[1])
    assert np.bincount(worlds.draw).tolist() == pytest.approx([320] * 5, abs=8)


def test_the_draw_does_not_depend_on_how_worlds_are_cut() -> None:
    campaign = alone(table(5))
    whole = draw_worlds(campaign, 2 * BLOCK, 1)
    rest = draw_worlds(campaign, BLOCK, 1, first=BLOCK)
    assert np.array_equal(whole.values[DRAW][BLOCK:], rest.values[DRAW])


def test_curves_change_no_draw_of_the_tiers() -> None:
    without = draw_worlds(card_like(), 512, 1).values
    beside = draw_worlds(
        beside_tiers(table(3), ResponseCurve("x", HillCurve(UNSURE, UNSURE, UNSURE))), 512, 1
    )
    assert all(np.array_equal(value, beside.values[name]) for name, value in without.items())


def test_money_on_a_curve_is_spent_in_full() -> None:
    worlds = draw_worlds(beside_tiers(hill()), 256, 1)
    assert cost(worlds, WHOLE).slopes[:, 2].tolist() == [1.0] * 256


def test_tables_must_have_as_many_draws_as_each_other() -> None:
    with pytest.raises(ValueError, match="not 3 and 5"):
        alone(table(3, "a"), table(5, "b"), table(1, "c"))


@pytest.mark.parametrize(
    ("spends", "responses", "message"),
    [
        ([1.0, 2.0], [[0.0, 1.0]], "rise from 0"),
        ([0.0, 2.0], [[1.0, 2.0]], "rise from 0 and never fall"),
        ([0.0, 1.0, 2.0], [[0.0, 2.0, 1.0]], "never fall"),
        ([0.0, 1.0], [[0.0, np.nan]], "needs a value"),
    ],
)
def test_a_table_that_is_no_curve_is_refused(
    spends: list[float], responses: list[list[float]], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        PointsCurve(np.array(spends), np.array(responses))


@pytest.mark.parametrize("metric", ["profit", "spend", "roas"])
def test_a_curve_brings_what_can_be_added(metric: str) -> None:
    with pytest.raises(ValueError, match="must be one of"):
        hill(metric)


def test_a_curve_needs_positive_numbers_and_a_name_of_its_own() -> None:
    with pytest.raises(ValueError, match="median of half must be > 0"):
        HillCurve(KNOWN(1.0), KNOWN(0.0), KNOWN(1.0))
    with pytest.raises(ValueError, match="log scale"):
        ExponentialCurve(KNOWN(0.5, "logit"), KNOWN(1.0))
    with pytest.raises(ValueError, match="names must differ"):
        beside_tiers(hill(name="micro"))
