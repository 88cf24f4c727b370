"""The scenario file: every key, what it means and which values it takes.

The models say what holds for a value alone; what must hold between values is said in
`tiermix.building`. A key that is left out is None here: what it then means is data
(``presets/*.yaml``, which are scenario files in parts).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field

from sim.metrics import OBJECTIVES
from tiermix import laws
from tiermix.fields import (
    Block,
    Budget,
    Count,
    Deal,
    FormatVersion,
    Fraction,
    Heterogeneity,
    Money,
    Name,
    OneOf,
    Portion,
    Real,
    RealRange,
    Seed,
    StrategyName,
    StrategyRule,
    TierName,
    Times,
    Title,
    Weight,
    Worlds,
)

CURVE_METRICS = ("response", *(m for m in OBJECTIVES if m not in ("response", "profit")))
Metric = Annotated[str, OneOf((*OBJECTIVES, "spend"), OBJECTIVES)]
CurveMetric = Annotated[str, OneOf(CURVE_METRICS)]
FloorMetric = Annotated[str, OneOf((*OBJECTIVES, "roas"), OBJECTIVES)]
CostMetric = Literal["cpm", "cpe", "cpc", "cpa"]
PresetName = Literal["micro", "macro"]


def _weights(raw: Any) -> Any:
    return {raw: "1"} if isinstance(raw, str) else raw


Objective = Annotated[
    dict[Metric, Weight],
    BeforeValidator(_weights, json_schema_input_type=Metric | dict[Metric, Weight]),
]


def _listed(raw: Any) -> Any:
    return raw if isinstance(raw, list) else [raw]


class Segment(Block):
    """A part of the target audience."""

    needed = ("size",)
    size: Count | None = Field(None, description="People in the segment.")
    in_market: laws.Share | None = Field(
        None, description="Share who could buy within the horizon; nobody buys twice."
    )


class Audience(Block):
    """Whom the campaign is for."""

    needed = ("segments",)
    heterogeneity: Heterogeneity | None = Field(
        None,
        description="How unlike people are in how heavily they use social media: the shape of a "
        "gamma law. Less than 1 is very unlike; `none` means everyone is alike.",
    )
    segments: dict[Name, Segment] | None = Field(
        None, description="The parts of the target audience, by name."
    )


class Tier(Block):
    """A pool of like creators. A preset fills what is left out."""

    needed = ("audience",)
    preset: PresetName | None = Field(
        None, description="Take every value that is not given here from this preset."
    )
    followers: laws.Followers | None = Field(None, description="People who follow one creator.")
    fee: laws.Fee | None = Field(None, description="Money per post.")
    fee_elasticity: Real | None = Field(
        None, description="Percent more fee for one percent more followers, within the tier."
    )
    posts: Count | None = Field(None, description="Posts per creator.")
    multi_post_discount: Fraction | None = Field(
        None, description="Share taken off the fees of a creator."
    )
    overhead: laws.Amount | None = Field(
        None, description="Money per creator beside the fees: coordination, product, shipping."
    )
    view_rate: laws.CreatorShare | None = Field(
        None, description="People reached by one post divided by followers."
    )
    engagement_rate: laws.CreatorShare | None = Field(
        None, description="Engagements per post divided by followers."
    )
    engagement_elasticity: Real | None = Field(
        None, description="Percent more engagement odds for one percent more followers."
    )
    clicks_per_engagement: laws.Ratio | None = Field(
        None, description="Clicks for every engagement."
    )
    conversion_rate: laws.Share | None = Field(
        None, description="Purchases intended per click; what is bought also saturates."
    )
    authentic_share: laws.CreatorShare | None = Field(
        None, description="Share of followers who are real people."
    )
    delivery_rate: laws.Share | None = Field(
        None, description="Share of hired creators who post; the others cost only overhead."
    )
    lift: laws.Share | None = Field(
        None, description="Brand lift per contact: content quality and prestige."
    )
    audience: dict[Name, Fraction] | None = Field(
        None, description="Share of a creator's contacts in each segment; the rest is off target."
    )
    available: Count | None = Field(None, description="Creators of this tier that exist.")
    onboarding: Count | None = Field(None, description="Creators that can start in a week.")
    minimum_deal: Deal | None = Field(
        None, description="Smallest spend that the tier takes, unless it takes none."
    )
    roster: str | None = Field(
        None,
        description="CSV file of named creators with quotes, from the folder of this file: the "
        "creators of this tier are these and nobody else.",
    )


class Phase(Block):
    """A stretch of weeks."""

    needed = ("weeks",)
    weeks: Count | None = Field(None, description="Length of the phase.")


class Halo(Block):
    """What awareness from a phase, or a line of it, does to purchase intent in a later one."""

    needed = ("on", "lift")
    on: Name | None = Field(None, description="The later phase, or a line of it: tier@phase.")
    lift: RealRange | None = Field(
        None, description="Change of intent among those aware, of either sign: -10% to 40%."
    )
    carry_over: Fraction | None = Field(
        None,
        description="Share of awareness that is left after a week, counted from the middle of "
        "one phase to the middle of the other (100% if left out).",
    )


Halos = dict[
    Name,
    Annotated[
        list[Halo],
        BeforeValidator(_listed, json_schema_input_type=Halo | list[Halo]),
    ],
]


class Limit(Block):
    """Bounds on the spend of a line, or of several: shares of the budget (60%) or money (5_000)."""

    lines: list[Name] | None = Field(
        None, description="The lines that are bounded together; the limit's own name if left out."
    )
    min: Portion | None = Field(None, description="At least this much.")
    max: Portion | None = Field(None, description="At most this much.")


def _at_least(raw: Any) -> Any:
    return raw if isinstance(raw, dict) else {"at_least": raw}


class Floor(Block):
    """What a metric must reach: in the mean, in the worst worlds, or with some chance."""

    needed = ("at_least",)
    at_least: Count | None = Field(None, description="The least that is asked for.")
    worst: Fraction | None = Field(
        None, description="The mean of this share of worlds, the worst, must reach it."
    )
    chance: Fraction | None = Field(
        None, description="At least this share of worlds must reach it."
    )


Floors = dict[
    FloorMetric,
    Annotated[Floor, BeforeValidator(_at_least, json_schema_input_type=float | str | Floor)],
]


class Risk(Block):
    """What is maximised over everything uncertain."""

    needed = ("measure",)
    measure: Literal["mean", "cvar", "mean_cvar", "attainment"] | None = Field(
        None, description="The mean, the mean of the worst worlds, a mix of both, or a target."
    )
    worst: Fraction | None = Field(None, description="Share of worlds that counts as the worst.")
    weight: Fraction | None = Field(None, description="Weight of the worst worlds in mean_cvar.")
    target: Count | None = Field(None, description="What attainment is measured against.")


class Hill(Block):
    """A Hill curve: max · spend^slope / (half^slope + spend^slope)."""

    needed = ("max", "half", "slope")
    max: laws.Level | None = Field(None, description="Response that no spend exceeds.")
    half: laws.Price | None = Field(None, description="Spend that brings half of it.")
    slope: laws.Factor | None = Field(None, description="Above 1 the curve is S-shaped.")


class Exponential(Block):
    """An exponential curve: max · (1 − e^(−spend / scale))."""

    needed = ("max", "scale")
    max: laws.Level | None = Field(None, description="Response that no spend exceeds.")
    scale: laws.Price | None = Field(None, description="Spend that brings 63 % of it.")


class Curve(Block):
    """A line whose response to spend is known as a curve: `hill`, `exponential` or `points`."""

    hill: Hill | None = Field(None, description="A Hill curve.")
    exponential: Exponential | None = Field(None, description="An exponential curve.")
    points: str | None = Field(
        None,
        description="CSV file, from the folder of this file: spend,response[,draw][,channel]. "
        "Straight between the points, level after the last; draws are joint across curves.",
    )
    channel: str | None = Field(
        None, description="Whose rows of the CSV file these are, if it holds several channels."
    )
    metric: CurveMetric | None = Field(
        None,
        description="The metric that responds (`response` if left out); it adds to what other "
        "lines bring.",
    )
    max_spend: Money | None = Field(None, description="The most that the line takes.")


class Simulation(Block):
    """How many worlds are drawn, and which."""

    worlds: Worlds | None = Field(None, description="Worlds drawn (4096 if left out).")
    seed: Seed | None = Field(None, description="Another seed draws other worlds (1 if left out).")


class File(Block):
    """A tiermix scenario: a budget, an audience, tiers of creators, and what is wanted."""

    model_config = ConfigDict(title="tiermix scenario")
    needed = ("tiermix", "name", "budget", "objective")
    tiermix: FormatVersion | None = Field(None, description="Version of the file format: 1.")
    name: Title | None = Field(
        None, description="Name of the campaign.", examples=["Skincare launch"]
    )
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = Field(
        None, description="Three-letter code of all money in the file (USD if left out)."
    )
    budget: Budget | None = Field(None, description="Money to spend in total.", examples=["60_000"])
    objective: Objective | None = Field(
        None,
        description="What to maximise: a metric, or a mapping of metrics to positive weights. "
        "`spend`: as little money as the floors allow.",
        examples=["conversions", {"reach": 0.4, "conversions": 0.6}],
    )
    order_value: laws.Price | None = Field(
        None, description="Money per conversion; needed for revenue and profit."
    )
    margin: laws.Share | None = Field(
        None, description="Share of revenue that is profit before the campaign's cost."
    )
    effective_frequency: Times | None = Field(
        None, description="Contacts from which on a person is effectively reached (3 if left out)."
    )
    resonance: laws.Factor | None = Field(
        None,
        description="Factor on the engagement odds of all tiers: how the idea of the campaign "
        "fares, the same for every tier.",
        examples=["75% to 135%"],
    )
    presets: Literal["card", "evidence", "none"] | None = Field(
        None,
        description="The family that tiers take presets from: `card` (the usual rate card, if "
        "left out), `evidence` (published data), or `none`: every number is yours.",
    )
    audience: Audience | None = Field(None, description="Whom the campaign is for.")
    tiers: dict[TierName, Tier] | None = Field(None, description="Pools of creators, by name.")
    roster: str | None = Field(
        None,
        description="CSV file of named creators with quotes, from the folder of this file, who "
        "take the place of all tiers: creator,tier,followers,quote or fee[,…]. What a quote does "
        "not state is its tier's.",
    )
    overlap: str | None = Field(
        None,
        description="CSV file of how the audiences of named creators overlap: "
        "creator_a,creator_b, and shared (people) or overlap (share of the smaller audience).",
    )
    phases: dict[TierName, Phase] | None = Field(None, description="Stretches of weeks, in order.")
    halo: Halos | None = Field(
        None,
        description="Earlier phases, or lines of them, that change purchase intent in later ones.",
        examples=[{"tease": {"on": "launch", "lift": "-10% to 40%"}}],
    )
    curves: dict[TierName, Curve] | None = Field(
        None,
        description="Lines known by their response curve, alone (then `audience` and `tiers` are "
        "not needed) or beside tiers.",
        examples=[{"search": {"hill": {"max": 120_000, "half": 30_000, "slope": 2.1}}}],
    )
    limits: dict[Name, Limit] | None = Field(
        None,
        description="Bounds on the spend of a line, a tier, a phase, or any set of lines.",
        examples=[{"macro": {"max": "60%"}}],
    )
    floors: Floors | None = Field(
        None,
        description="Metrics that must reach at least this much: in the mean, or as `worst` or "
        "`chance` say.",
        examples=[{"reach": 400_000, "conversions": {"at_least": 300, "chance": "80%"}}],
    )
    ceilings: dict[CostMetric, Count] | None = Field(
        None, description="Costs per result that must not be passed in the mean."
    )
    risk: Risk | None = Field(None, description="What is maximised over everything uncertain.")
    whole_creators: bool | None = Field(
        None, description="Whether a plan holds whole creators only (false if left out)."
    )
    strategies: dict[StrategyName, StrategyRule] | None = Field(
        None,
        description="Plans to compare: what each line gets, in shares of the budget (60%), money "
        "(5_000), creators (2 creators) or what is left (rest); or a rule of thumb by name. With "
        "phases a tier is spread over them by their weeks.",
        examples=[
            {"mostly_micro": {"micro": "80%", "macro": "20%"}},
            {"hero": "1 macro, rest micro"},
            {"rule": "pyramid"},
        ],
    )
    simulation: Simulation | None = Field(None, description="How worlds are drawn.")
