"""The format of the result document, and its JSON Schema.

The types are the one source: mypy holds the code that fills them against them, and the schema is
made from them. Later versions may add keys; those that are here stay.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema
from typing_extensions import TypedDict

from tiermix.roster_schema import RosterAnswer

#: Version of the result document.
FORMAT: Literal[1] = 1

#: None where it is not defined, such as a cost per conversion without conversions.
Value = float | None

Share = Annotated[float, Field(ge=0, le=1)]
Spends = Annotated[dict[str, float], Field(description="Money per line.")]
Creators = Annotated[dict[str, float], Field(description="Creators per line at expected prices.")]


class Estimate(TypedDict):
    """A mean over the worlds with its standard error."""

    mean: float
    se: float


class Interval(Estimate):
    """An estimate with the ends of its 90 % interval."""

    low: float
    high: float


class Dominance(TypedDict):
    """One strategy is better than another at every level of luck, or for all who shun risk."""

    by: str
    order: Literal["first", "second"]


class Pair(TypedDict):
    """Two strategies on common worlds."""

    better: Annotated[str, Field(description="The strategy that brings more on average.")]
    worse: str
    difference: Annotated[Interval, Field(description="Of the objective.")]
    beats: Annotated[
        Interval, Field(description="Share of worlds the better one wins; half of the ties.")
    ]
    ties: Share
    dominance: Annotated[
        Dominance | None, Field(description="Stochastic dominance on the sampled worlds.")
    ]


class Objective(Estimate):
    """A plan's objective, creator by creator, and with the lottery of creators averaged out."""

    averaged: float


class Statistics(TypedDict):
    """A metric over the worlds; cvar5 is the mean of the worst 5 % of worlds."""

    mean: Value
    se: Value
    p5: Value
    p25: Value
    p50: Value
    p75: Value
    p95: Value
    cvar5: Value
    errors: Annotated[dict[str, Value], Field(description="Standard errors.")]


class Strategy(TypedDict):
    """One plan and what it yields."""

    plan: Spends
    creators: Creators
    unspent: Annotated[float, Field(description="Money asked for that could not be placed.")]
    breaks: Annotated[list[str], Field(description="Limits the plan breaks.")]
    objective: Objective
    p_best: Annotated[Share, Field(description="Share of worlds in which no strategy is better.")]
    p_best_interval: Annotated[list[float], Field(description="Ends of the 90 % interval.")]
    expected_regret: float
    expected_regret_se: float
    over_budget: Annotated[Share, Field(description="Share of worlds that cost more than that.")]
    p_target: Annotated[
        Share | None, Field(description="Chance of reaching the target, if there is one.")
    ]
    chances: Annotated[
        dict[str, Share], Field(description="Of reaching the floors that ask for a chance.")
    ]
    metrics: dict[str, Statistics]


class Risk(TypedDict):
    """What is maximised over everything uncertain."""

    measure: Literal["mean", "cvar", "mean_cvar", "attainment"]
    worst: NotRequired[Annotated[Share, Field(description="Share of worlds that is the worst.")]]
    weight: NotRequired[Annotated[Share, Field(description="Weight of the worst worlds.")]]
    target: NotRequired[Annotated[float, Field(description="In units of the objective.")]]


class Replications(TypedDict):
    """How far the plan is from the best for all worlds, from independent banks of worlds."""

    banks: int
    worlds: Annotated[int, Field(description="In each bank.")]
    gap_mean: float
    gap_upper: Annotated[float, Field(description="End of the one-sided interval from 0.")]
    confidence: Share


class NearlyBest(TypedDict):
    """What every line can take in plans that are about as good as the best."""

    missed: Annotated[Share, Field(description="Of the best, by these plans at most.")]
    least: Spends
    most: Spends


class AllWorlds(TypedDict):
    """How good the plan is for all worlds, where it was found on the first of them."""

    value: float
    upper_bound: float
    relative_gap: Annotated[float, Field(ge=0)]
    passes: Annotated[int, Field(description="Times that all worlds were looked at.")]


class Optimum(TypedDict):
    """The best plan and its certificate: no allowed plan passes the upper bound."""

    objective: str | dict[str, float]
    risk: Risk
    status: Literal["optimal", "stopped"]
    plan: Spends
    creators: Creators
    value: float
    upper_bound: float
    relative_gap: Annotated[float, Field(ge=0)]
    out_of_sample: Estimate
    shadow_price: Annotated[dict[str, float], Field(description="Objective per unit of a limit.")]
    boxes: Annotated[int, Field(description="Parts of the plans that were bounded; 1 if concave.")]
    binding: Annotated[list[str], Field(description="What keeps the plan from spending more.")]
    unspent: Annotated[float, Field(description="Budget that is left.")]
    runner_up: str | None
    lead: Estimate | None
    replications: NotRequired[Replications]
    all_worlds: NotRequired[AllWorlds]
    steady_budget: Annotated[
        list[float] | None, Field(description="Budgets between which the best mix holds.")
    ]
    nearly_best: Annotated[
        NearlyBest | None,
        Field(description="None if not looked for: a curve is not concave, or many lines."),
    ]


class Look(TypedDict):
    """How precise the answer was after some worlds."""

    worlds: int
    precision: Annotated[Value, Field(description="Half-width, relative to the leader's mean.")]


class Precision(TypedDict):
    """What `--until` asked for, and what was reached; intervals hold whatever made it stop."""

    asked: float
    reached: bool
    confidence: Share
    leader: str
    rival: str | None
    mean: float
    mean_half_width: float
    lead: float | None
    lead_half_width: float | None
    looks: list[Look]


class Selection(TypedDict):
    """The best strategy with a guarantee, on banks of worlds of their own."""

    procedure: str
    confidence: Share
    indifference: Annotated[float, Field(description="Relative to what the best brings.")]
    indifference_zone: Annotated[float, Field(description="In units of the objective.")]
    best: str
    worlds: Annotated[dict[str, int], Field(description="Played with every strategy.")]
    screened_out: Annotated[list[str], Field(description="In this order.")]
    same_plan_as: dict[str, str]
    worlds_in_all: int
    worlds_with_equal_allocation: int


class ScenarioName(TypedDict):
    """The scenario that was run."""

    name: str
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class _Answer(TypedDict):
    tiermix: Literal[1]
    version: str
    scenario: ScenarioName
    seed: int
    worlds: int
    budget: float
    currency: str
    strategies: dict[str, Strategy]


class Document(_Answer, total=False):
    """The result of a tiermix scenario; the optimum is there if it was asked for."""

    bank: Annotated[int, Field(description="Worlds that the plan is from, if not from all.")]
    optimum: Optimum
    comparisons: Annotated[list[Pair], Field(description="Every two strategies.")]
    precision: Precision
    selection: Selection
    roster: Annotated[RosterAnswer, Field(description="Where creators are named.")]


def result_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of the result document."""
    schema = TypeAdapter(Document).json_schema()
    return {"$schema": GenerateJsonSchema.schema_dialect, **schema, "title": "tiermix result"}
