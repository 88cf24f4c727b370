"""Campaigns that many tests look at: one as briefs describe them, one that is all lottery."""

from __future__ import annotations

from sim.campaign import Campaign, Segment, Tier
from sim.creators import Quantity
from sim.metrics import OBJECTIVES
from sim.uncertain import Uncertain

KNOWN, STATED = Uncertain.known, Uncertain.stated

#: Objectives that are concave functions of the plan.
CONCAVE = tuple(metric for metric in OBJECTIVES if metric not in ("effective_reach", "response"))

#: All that creators bring.
EVERYTHING: tuple[Quantity, ...] = (
    "followers",
    "contacts",
    "impressions",
    "engagements",
    "fees",
    "posting",
)

#: Creators who differ in followings, fees and engagement.
PLAIN = Tier(
    name="plain",
    followers=STATED("log", creators=(1e3, 1e5)),
    fee=STATED("log", creators=(100.0, 1000.0)),
    fee_elasticity=0.3,
    view_rate=KNOWN(0.3, "logit"),
    engagement_rate=STATED("logit", typical=0.1, creators=(0.03, 0.25)),
    engagement_elasticity=-0.2,
    clicks_per_engagement=KNOWN(0.1),
    conversion_rate=KNOWN(0.1, "logit"),
    audience=(1.0,),
)

FANS, OTHERS = "fans", "others"


def card_like() -> Campaign:
    """Return micro and macro creators with every kind of spread, two segments."""
    micro = Tier(
        name="micro",
        followers=STATED("log", typical=(8e3, 12e3), creators=(1e3, 1e5)),
        fee=STATED("log", typical=(250.0, 400.0), creators=(100.0, 1000.0)),
        fee_elasticity=0.3,
        view_rate=STATED("logit", typical=(0.25, 0.45), creators=(0.15, 0.6)),
        engagement_rate=STATED("logit", typical=(0.08, 0.12), creators=(0.03, 0.25)),
        engagement_elasticity=-0.1,
        clicks_per_engagement=STATED("log", typical=(0.008, 0.02)),
        conversion_rate=STATED("logit", typical=(0.03, 0.06)),
        authentic_share=STATED("logit", typical=(0.65, 0.85), creators=(0.5, 0.9)),
        delivery_rate=STATED("logit", typical=(0.9, 0.98)),
        overhead=STATED("log", typical=(50.0, 300.0)),
        lift=STATED("logit", typical=(0.01, 0.03)),
        audience=(0.7, 0.1),
        posts=2,
        multi_post_discount=0.1,
        available=250,
    )
    macro = Tier(
        name="macro",
        followers=STATED("log", typical=(2.5e5, 4e5), creators=(1e5, 1e6), low=1e5, high=3e6),
        fee=STATED("log", typical=(1.2e4, 2e4), creators=(5e3, 5e4)),
        fee_elasticity=0.5,
        view_rate=STATED("logit", typical=(0.15, 0.35), creators=(0.1, 0.5)),
        engagement_rate=STATED("logit", typical=(0.02, 0.04), creators=(0.01, 0.08)),
        engagement_elasticity=-0.1,
        clicks_per_engagement=STATED("log", typical=(0.008, 0.02)),
        conversion_rate=STATED("logit", typical=(0.02, 0.04)),
        authentic_share=STATED("logit", typical=(0.65, 0.85)),
        delivery_rate=STATED("logit", typical=(0.95, 0.99)),
        overhead=STATED("log", typical=(200.0, 1000.0)),
        lift=STATED("logit", typical=(0.02, 0.06)),
        audience=(0.15, 0.6),
        available=15,
    )
    return Campaign(
        segments=(
            Segment(FANS, 600_000, STATED("logit", typical=(0.08, 0.16))),
            Segment(OTHERS, 9_000_000, STATED("logit", typical=(0.01, 0.03))),
        ),
        tiers=(micro, macro),
        heterogeneity=0.8,
        order_value=STATED("log", typical=(38.0, 55.0)),
        margin=STATED("logit", typical=(0.5, 0.6)),
        resonance=STATED("log", typical=(0.8, 1.25)),
    )


def few_unequal() -> Campaign:
    """Return macros so unequal, and people so few, that mean contacts would flatter a plan."""
    macro = Tier(
        name="macro",
        followers=Uncertain("log", 20_000.0, 0.1, 1.2),
        fee=Uncertain("log", 5_000.0, 0.2, 1.0),
        fee_elasticity=0.6,
        view_rate=Uncertain("logit", 0.25, 0.2, 0.5),
        engagement_rate=Uncertain("logit", 0.05, 0.2, 0.6),
        engagement_elasticity=-0.2,
        clicks_per_engagement=Uncertain("log", 0.2, 0.2),
        conversion_rate=Uncertain("logit", 0.3, 0.2),
        authentic_share=Uncertain("logit", 0.8, 0.1, 0.4),
        delivery_rate=Uncertain("logit", 0.9, 0.2),
        overhead=Uncertain("log", 300.0, 0.2),
        lift=Uncertain("logit", 0.3, 0.2),
        audience=(0.6, 0.3),
        posts=2,
        multi_post_discount=0.1,
    )
    nano = Tier(
        name="nano",
        followers=Uncertain("log", 3_000.0, 0.1, 1.0, low=500.0, high=20_000.0),
        fee=Uncertain("log", 300.0, 0.2, 0.5),
        view_rate=Uncertain("logit", 0.4, 0.2),
        engagement_rate=Uncertain("logit", 0.1, 0.2, 0.5),
        clicks_per_engagement=Uncertain("log", 0.2, 0.2),
        conversion_rate=Uncertain("logit", 0.3, 0.2),
        lift=Uncertain("logit", 0.2, 0.2),
        audience=(0.2, 0.7),
    )
    return Campaign(
        segments=(
            Segment("few", 6_000, Uncertain("logit", 0.2, 0.2)),
            Segment("more", 20_000, Uncertain("logit", 0.1, 0.2)),
        ),
        tiers=(macro, nano),
        heterogeneity=0.8,
        order_value=Uncertain("log", 40.0, 0.1),
        margin=Uncertain("logit", 0.5, 0.1),
        resonance=Uncertain("log", 1.0, 0.1),
    )
