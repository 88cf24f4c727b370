"""Values that are not known exactly, as the scenario file states them."""

from __future__ import annotations

from math import inf
from typing import Any, ClassVar, Self

from pydantic import Field, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema

from sim.uncertain import Link, Uncertain
from tiermix.fields import (
    AmountRange,
    Block,
    Count,
    Json,
    PositiveAmountRange,
    PositiveRatioRange,
    RatioRange,
    ShareRange,
    quantity_json,
)
from tiermix.quantity import Quantity, parse_quantity

_TYPICAL = "Where the middle lies: a number if known exactly, a range if 90 % sure."
_CREATORS = "The range that holds 90 % of creators; beside `typical` only its width counts."


class Law(Block):
    """A number known exactly, a range, or a mapping of ranges."""

    link: ClassVar[Link] = "log"
    bare_range: ClassVar[str] = "typical"

    @model_validator(mode="before")
    @classmethod
    def _from_scalar(cls, raw: Any) -> Any:
        if isinstance(raw, dict | Law):
            return raw
        return {"typical" if parse_quantity(raw).exact else cls.bare_range: raw}

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        typical: Quantity | None = getattr(self, "typical", None)
        creators: Quantity | None = getattr(self, "creators", None)
        if typical is None and creators is None:
            both = "`typical`, `creators` or both" if hasattr(self, "creators") else "`typical`"
            raise ValueError(f"expected {both}")
        edges = {0.0} | ({1.0} if self.link == "logit" else set())
        if typical and creators and typical.low in edges and not creators.exact:
            raise ValueError(f"creators cannot differ around {typical}; expected a value inside")
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> Json:
        """Let a plain number or range stand for the mapping."""
        reference = handler(core)
        schema = handler.resolve_ref_schema(reference)
        mapping = dict(schema) | {"minProperties": 1}
        schema.clear()
        schema["description"] = mapping.pop("description", "")
        schema["anyOf"] = [*quantity_json()["anyOf"], mapping]
        return reference

    def uncertain(self) -> Uncertain:
        """Return the value as the simulator knows it."""
        typical: Quantity | None = getattr(self, "typical", None)
        creators: Quantity | None = getattr(self, "creators", None)
        if typical is None and creators is not None and creators.exact:
            typical = creators
        return Uncertain.stated(
            self.link,
            typical=None if typical is None else _ends(typical),
            creators=None if creators is None or creators.exact else (creators.low, creators.high),
            low=getattr(self, "min", None) or 0.0,
            high=getattr(self, "max", None) or inf,
        )


def _ends(quantity: Quantity) -> tuple[float, float] | float:
    return quantity.low if quantity.exact else (quantity.low, quantity.high)


class Followers(Law):
    """People who follow one creator; a bare range is what 90 % of creators have."""

    bare_range = "creators"
    typical: PositiveAmountRange | None = Field(None, description=_TYPICAL)
    creators: PositiveAmountRange | None = Field(None, description=_CREATORS)
    min: Count | None = Field(None, description="Nobody in the tier has fewer followers.")
    max: Count | None = Field(None, description="Nobody in the tier has more followers.")

    @model_validator(mode="after")
    def _inside(self) -> Self:
        if self.min is None and self.max is None:
            return self
        low, high = self.min or 0.0, self.max or inf
        if low >= high:
            raise ValueError(f"min ({low:_.0f}) must be less than max ({high:_.0f})")
        middle = self.model_copy(update={"min": None, "max": None}).uncertain().median
        if not low < middle < high:
            raise ValueError(
                f"the middle of the range ({middle:_.0f}) must lie between min and max"
            )
        return self


class Fee(Law):
    """Money per post; a bare range is what 90 % of creators ask."""

    bare_range = "creators"
    typical: AmountRange | None = Field(None, description=_TYPICAL)
    creators: AmountRange | None = Field(None, description=_CREATORS)


class CreatorShare(Law):
    """A share that differs between creators; a bare range is where the middle lies."""

    link = "logit"
    typical: ShareRange | None = Field(None, description=_TYPICAL)
    creators: ShareRange | None = Field(None, description=_CREATORS)


class Share(Law):
    """A share that is the same for everyone in it; a range is what is not known about it."""

    link = "logit"
    typical: ShareRange | None = Field(None, description=_TYPICAL)


class Ratio(Law):
    """A ratio, 0 or more."""

    typical: RatioRange | None = Field(None, description=_TYPICAL)


class Factor(Law):
    """A factor, more than 0."""

    typical: PositiveRatioRange | None = Field(None, description=_TYPICAL)


class Amount(Law):
    """Money, 0 or more."""

    typical: AmountRange | None = Field(None, description=_TYPICAL)


class Level(Law):
    """An amount, more than 0."""

    typical: PositiveAmountRange | None = Field(None, description=_TYPICAL)


class Price(Law):
    """Money, more than 0."""

    typical: PositiveAmountRange | None = Field(None, description=_TYPICAL)
