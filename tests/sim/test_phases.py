"""Phases: who is hired when, and what is reached by the end of each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.campaign import Campaign, Phase
from sim.metrics import METRICS, OBJECTIVES
from sim.outcomes import evaluate
from sim.purchase import PARTS, WHOLE, Purchase, hired, price_list
from sim.response import respond
from sim.statistics import summarise
from sim.worlds import draw_worlds
from strategies import campaigns, plans

PHASES = (Phase("tease", 2.0), Phase("launch", 4.0))
FEW = settings(max_examples=15)


def phased(campaign: Campaign) -> Campaign:
    return replace(campaign, phases=PHASES)


@FEW
@given(st.data())
def test_splitting_money_over_phases_changes_no_total(data: st.DataObject) -> None:
    campaign = data.draw(campaigns())
    early, late = (np.array(data.draw(plans(campaign))) for _ in range(2))
    whole = evaluate(draw_worlds(campaign, 64, 1), [early + late]).values
    parts = evaluate(draw_worlds(phased(campaign), 64, 1), [[*early, *late]]).values
    for name in METRICS:
        assert np.allclose(parts[name], whole[name], rtol=1e-9, equal_nan=True), name


@FEW
@given(st.data(), st.sampled_from([PARTS, WHOLE]))
def test_what_is_reached_by_a_phase_is_what_its_plan_alone_reaches(
    data: st.DataObject, purchase: Purchase
) -> None:
    campaign = phased(data.draw(campaigns()))
    n = len(campaign.tiers)
    early, late = (np.array(data.draw(plans(campaign))) for _ in range(2))
    worlds = draw_worlds(campaign, 64, 1)
    found = evaluate(worlds, [[*early, *late], [*early, *np.zeros(n)]], purchase)
    for values in (found.values, found.controlled, found.chances):
        for name in values:
            if "@" not in name:
                by = values[f"{name}@tease"]
                assert np.array_equal(by[0], by[1], equal_nan=True), name
                assert np.allclose(by[1], values[name][1], rtol=1e-12, equal_nan=True), name
                assert np.array_equal(values[f"{name}@launch"], values[name], equal_nan=True)
    assert (found.values["reach@tease"] <= found.values["reach"] * (1 + 1e-12)).all()


@FEW
@given(st.data(), st.sampled_from([m for m in OBJECTIVES if m != "response"]))
def test_the_optimizer_sees_what_is_reached_by_a_phase(data: st.DataObject, metric: str) -> None:
    campaign = phased(data.draw(campaigns()))
    plan = np.array([*data.draw(plans(campaign)), *data.draw(plans(campaign))])
    worlds = draw_worlds(campaign, 64, 1)
    early = plan * campaign.horizon("tease")
    by, whole = (respond(worlds, name, PARTS) for name in (f"{metric}@tease", metric))
    assert np.allclose(by.values(plan), whole.values(early), rtol=1e-12)
    assert np.allclose(respond(worlds, f"{metric}@launch", PARTS).values(plan), whole.values(plan))


@FEW
@given(st.data())
def test_statistics_by_a_phase_are_those_of_its_plan_alone(data: st.DataObject) -> None:
    campaign = phased(data.draw(campaigns()))
    plan = np.array([*data.draw(plans(campaign)), *data.draw(plans(campaign))])
    outcomes = evaluate(draw_worlds(campaign, 64, 1), [plan, plan * campaign.horizon("tease")])
    for metric in ("reach", "profit", "cpa", "roas"):
        by, alone = summarise(outcomes, f"{metric}@tease", 0), summarise(outcomes, metric, 1)
        assert np.allclose(
            list(by.statistics.values()), list(alone.statistics.values()), equal_nan=True
        )


@FEW
@given(campaigns())
def test_a_phase_that_does_not_exist_is_refused(campaign: Campaign) -> None:
    worlds = draw_worlds(phased(campaign), 64, 1)
    with pytest.raises(ValueError, match="must be one of tease, launch"):
        respond(worlds, "reach@end", PARTS)


@FEW
@given(campaigns())
def test_a_line_hires_at_its_tiers_price(campaign: Campaign) -> None:
    several = phased(campaign)
    assert several.lines[0] == f"{campaign.tiers[0].name}@tease"
    assert len(several.lines) == 2 * len(campaign.lines)
    assert (price_list(several) == np.tile(price_list(campaign), 2)).all()
    assert np.allclose(hired(several, price_list(several)), 1.0)


def test_unknown_phases_and_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="weeks"):
        Phase("tease", 0.0)
    assert METRICS["reach@tease"].label == "Reach by tease"
    assert METRICS["cpa@tease"].over == ("spend@tease", "conversions@tease")
    with pytest.raises(KeyError):
        METRICS["rech"]
