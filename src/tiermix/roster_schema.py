"""What a result document says beyond its usual keys where creators are named."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict


class Replacement(TypedDict):
    """What happens if a creator declines: the best choice without her."""

    possible: Annotated[bool, Field(description="Whether a choice without her keeps all floors.")]
    leaving: list[str]
    joining: list[str]
    loses: Annotated[float, Field(description="Of the objective; below 0 for a costly must-have.")]


class Chosen(TypedDict):
    """A creator of the best choice."""

    creator: str
    tier: str
    count: int
    quote: float
    cost: Annotated[float, Field(description="Quote and overhead of one.")]
    adds: Annotated[float, Field(description="What is lost with nobody in her place.")]
    if_declined: Annotated[Replacement | None, Field(description="None if not looked for.")]


class Next(TypedDict):
    """A creator who is not chosen, and what she would have to ask."""

    creator: str
    tier: str
    quote: float
    cost: float
    would_add: float
    enters_at_quote: Annotated[float, Field(description="Not above 0: not even for nothing.")]


class Missed(TypedDict):
    """An overlap that can not be beside the others."""

    creators: list[str]
    given: float
    nearest: float


class Overlaps(TypedDict):
    """How many overlaps were given, and which could not be met."""

    given: int
    missed: list[Missed]


class RosterAnswer(TypedDict):
    """Whom to hire, who replaces whom, who is next in line."""

    worlds: Annotated[int, Field(description="That the creators were chosen on.")]
    asked_worlds: Annotated[int, Field(description="Of the scenario.")]
    creators: Annotated[int, Field(description="To choose from.")]
    promised_gap: float
    greedy_value: float
    chosen: Annotated[list[Chosen], Field(description="The one who adds most first.")]
    next: Annotated[list[Next], Field(description="The smallest discount first.")]
    overlaps: Overlaps
    not_available: list[str]
    unused_columns: list[str]
    tables: Annotated[dict[str, str], Field(description="SHA-256 of every table as read.")]
