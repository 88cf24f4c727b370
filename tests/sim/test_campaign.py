"""A campaign that can not be is refused where it is made, by the value that is wrong."""

from __future__ import annotations

from dataclasses import replace
from math import hypot, inf, nan
from typing import Any

import pytest

from sim.campaign import Campaign, Segment, Tier
from sim.uncertain import Uncertain
from specimens import KNOWN, card_like

CAMPAIGN = card_like()
MICRO = CAMPAIGN.tiers[0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"view_rate": KNOWN(0.3)}, "view_rate must be on the logit scale"),
        ({"fee": KNOWN(0.3, "logit")}, "fee must be on the log scale"),
        ({"overhead": Uncertain("log", 9.0, creators_sd=0.5)}, "overhead is one value"),
        ({"lift": Uncertain("logit", 0.5, creators_sd=0.5)}, "lift is one value"),
        ({"fee": Uncertain("log", 9.0, creators_sd=0.5, high=20.0)}, "fee can not be cut"),
        ({"followers": KNOWN(0.0)}, "median of followers"),
        ({"posts": 0.0}, r"posts\(=0.0\)"),
        ({"posts": inf}, r"posts\(=inf\)"),
        ({"posts": nan}, r"posts\(=nan\)"),
        ({"multi_post_discount": 1.2}, r"multi_post_discount\(=1.2\)"),
        ({"audience": (0.8, 0.3)}, r"audience\(="),
        ({"audience": (-0.1, 0.3)}, r"audience\(="),
        ({"audience": (nan, 0.3)}, r"audience\(="),
        ({"available": 0}, "available and onboarding"),
        ({"onboarding": 0}, "available and onboarding"),
        ({"minimum_deal": -1}, "minimum_deal"),
        ({"minimum_deal": inf}, "minimum_deal"),
        ({"fee": KNOWN(0.0), "fee_elasticity": 0, "overhead": KNOWN(0.0)}, "costs nothing"),
        ({"multi_post_discount": 1.0, "overhead": KNOWN(0.0)}, "costs nothing"),
        ({"fee_elasticity": inf}, "elasticity of fee"),
        ({"engagement_elasticity": nan}, "elasticity of engagement_rate"),
        ({"fee_elasticity": 0.9}, r"elasticity of fee \(=0.9\)"),
        ({"engagement_elasticity": -0.9}, r"elasticity of engagement_rate \(=-0.9\)"),
    ],
)
def test_impossible_tiers_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(MICRO, **change)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"segments": ()}, "at least one segment"),
        ({"tiers": ()}, "at least one segment and one tier"),
        ({"heterogeneity": 0.0}, r"heterogeneity\(=0.0\)"),
        ({"heterogeneity": nan}, r"heterogeneity\(=nan\)"),
        ({"order_value": KNOWN(0.5, "logit")}, "order_value must be on the log scale"),
        ({"order_value": KNOWN(0.0)}, "median of order_value"),
        ({"resonance": Uncertain("log", 1.0, creators_sd=0.1)}, "resonance is one value"),
        ({"segments": CAMPAIGN.segments[:1]}, "tier micro: audience must name every segment"),
    ],
)
def test_impossible_campaigns_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(CAMPAIGN, **change)


def test_tiers_and_segments_have_names_of_their_own() -> None:
    with pytest.raises(ValueError, match="micro"):
        replace(CAMPAIGN, tiers=(MICRO, replace(CAMPAIGN.tiers[1], name="micro")))
    fans = CAMPAIGN.segments[0]
    with pytest.raises(ValueError, match=fans.name):
        replace(CAMPAIGN, segments=(fans, replace(CAMPAIGN.segments[1], name=fans.name)))


@pytest.mark.parametrize("size", [0.0, -5.0, inf, nan])
def test_segments_have_people(size: float) -> None:
    with pytest.raises(ValueError, match=r"size\(="):
        Segment("fans", size, KNOWN(0.1, "logit"))


def test_residual_and_explained_spread_make_the_whole() -> None:
    explained = MICRO.fee_elasticity * MICRO.followers.creators_sd
    assert hypot(explained, MICRO.fee_residual_sd) == pytest.approx(MICRO.fee.creators_sd)
    explained = MICRO.engagement_elasticity * MICRO.followers.creators_sd
    whole = hypot(explained, MICRO.engagement_residual_sd)
    assert whole == pytest.approx(MICRO.engagement_rate.creators_sd)


def test_followers_may_explain_the_whole_spread() -> None:
    spread = MICRO.followers.creators_sd
    tier = replace(MICRO, fee=Uncertain("log", 300.0, creators_sd=0.7 * spread), fee_elasticity=0.7)
    assert tier.fee_residual_sd == pytest.approx(0.0, abs=1e-7)


def test_defaults_leave_nothing_out() -> None:
    share = KNOWN(0.1, "logit")
    tier = Tier("t", KNOWN(1e3), KNOWN(1.0), share, share, KNOWN(0.1), share, (1.0,))
    campaign = Campaign((Segment("s", 1e3, KNOWN(0.1, "logit")),), (tier,))
    assert campaign.heterogeneity == inf
    assert tier.authentic_share.median == tier.delivery_rate.median == 1.0
    assert campaign.order_value.median == campaign.margin.median == 1.0
