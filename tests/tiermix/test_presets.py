"""Presets are data with a source for every value, and mean what their sources say."""

from __future__ import annotations

import re
from importlib.resources import files
from math import exp, log

import pytest

from sim.campaign import Tier
from sim.uncertain import Z95
from tiermix.layers import default_tier, shipped
from tiermix.scenario import Scenario
from tiermix.scenario_file import parse
from tiermix.starter import starter_text

FAMILIES = ("card", "evidence")


def scenario(family: str) -> Scenario:
    """Return the starter scenario with the presets of a family, nothing overridden."""
    text = starter_text().replace("presets: card", f"presets: {family}")
    text = re.sub(r"    engagement_rate:\n.*\n.*\n", "", text)
    return parse(text, "starter.yaml")


def tiers(family: str) -> dict[str, Tier]:
    return {tier.name: tier for tier in scenario(family).campaign.tiers}


@pytest.mark.parametrize("family", FAMILIES)
def test_every_value_of_a_preset_has_a_source_above_it(family: str) -> None:
    lines = files("tiermix").joinpath("presets", f"{family}.yaml").read_text().splitlines()
    values = [i for i, line in enumerate(lines) if re.match(r"    [a-z_]+: ", line)]
    assert len(values) >= 2 * 11
    for i in values:
        assert lines[i - 1].startswith("    # "), lines[i]


@pytest.mark.parametrize("family", FAMILIES)
def test_both_families_have_the_same_tiers_and_keys(family: str) -> None:
    tree = shipped(family).tree["tiers"]
    assert list(tree) == ["micro", "macro"]
    assert set(tree["micro"]) == set(tree["macro"]) == set(shipped("card").tree["tiers"]["micro"])


@pytest.mark.parametrize("family", FAMILIES)
def test_no_elasticity_of_a_preset_needs_lowering(family: str) -> None:
    assert not [one for one in scenario(family).inputs if "lowered" in one.origin]
    for tier in tiers(family).values():
        assert tier.fee_residual_sd > 0.1
        assert tier.engagement_residual_sd > 0.1


def test_evidence_fees_are_225_dollars_at_10k_followers_with_a_residual_of_point_6() -> None:
    for tier in tiers("evidence").values():
        at_10k = tier.fee.median * (10_000 / tier.followers.median) ** tier.fee_elasticity
        assert at_10k == pytest.approx(225, rel=0.02)
        assert tier.fee_residual_sd == pytest.approx(0.6, rel=0.02)


@pytest.mark.parametrize(
    ("name", "ln_mean", "ln_sd", "low", "high"),
    [("micro", 9.26, 1.25, 1e3, 1e5), ("macro", 12.65, 1.04, 1e5, 3e6)],
)
def test_evidence_followers_are_the_published_lognormal(
    name: str, ln_mean: float, ln_sd: float, low: float, high: float
) -> None:
    followers = tiers("evidence")[name].followers
    assert log(followers.median) == pytest.approx(ln_mean, abs=0.005)
    assert followers.creators_sd == pytest.approx(ln_sd, abs=0.005)
    assert (followers.low, followers.high) == (low, high)


def test_the_card_says_10_and_3_percent_engagement_and_its_price_ranges() -> None:
    card = tiers("card")
    assert card["micro"].engagement_rate.median == pytest.approx(0.10, abs=0.003)
    assert card["macro"].engagement_rate.median == pytest.approx(0.03, abs=0.001)
    assert card["micro"].view_rate.median == pytest.approx(0.35, abs=0.005)
    assert card["macro"].view_rate.median == pytest.approx(0.25, abs=0.005)
    for name, fee in (("micro", (100, 1_000)), ("macro", (5_000, 50_000))):
        law = card[name].fee
        half = exp(Z95 * law.creators_sd)
        assert (law.median / half, law.median * half) == pytest.approx(fee, rel=0.02)


def test_defaults_are_neutral() -> None:
    tree = default_tier().tree
    assert {key: tree[key] for key in ("posts", "authentic_share", "overhead", "lift")} == {
        "posts": "1",
        "authentic_share": "100%",
        "overhead": "0",
        "lift": "0%",
    }
