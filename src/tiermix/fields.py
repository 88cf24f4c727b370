"""The kinds of value a scenario file holds: money, shares, counts, names.

Each is checked here and described here for the JSON Schema, so that the two cannot differ.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from re import escape
from typing import Annotated, Any, ClassVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainValidator,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, PydanticKnownError, core_schema

from tiermix.allotments import ALLOTMENT_PATTERN, Allotment, parse_allotment, spoken
from tiermix.quantity import (
    MAX_SEED,
    MAX_WORLDS,
    MIN_WORLDS,
    NUMBER_PATTERN,
    QUANTITY_PATTERN,
    Quantity,
    parse_number,
    parse_quantity,
    shown,
    why_not_drawn,
)

#: Money that a plan can be made of.
MIN_BUDGET, MAX_BUDGET = 0.01, 1e12

Check = Callable[[Quantity], None]
Json = dict[str, Any]


def _not_negative(quantity: Quantity) -> None:
    if quantity.low < 0:
        raise ValueError(f"{quantity} is negative; expected 0 or more")
    if quantity.low == 0 and not quantity.exact:
        raise ValueError(f"{quantity}: a range must start above 0")


def _positive(quantity: Quantity) -> None:
    if quantity.low <= 0:
        raise ValueError(f"{quantity} is not more than 0; expected a positive number")


def _bare(quantity: Quantity) -> None:
    if quantity.percent:
        raise ValueError(f"{quantity} is a percentage; expected an amount such as 5_000")


def _amount(quantity: Quantity) -> None:
    _bare(quantity)
    _not_negative(quantity)


def _positive_amount(quantity: Quantity) -> None:
    _bare(quantity)
    _positive(quantity)


def _budget(quantity: Quantity) -> None:
    _positive_amount(quantity)
    check_budget(quantity.low)


def check_budget(budget: float) -> None:
    """Refuse money that no plan can be made of.

    Raises
    ------
    ValueError
        If it is less than `MIN_BUDGET` or more than `MAX_BUDGET`.
    """
    if not MIN_BUDGET <= budget <= MAX_BUDGET:
        raise ValueError(
            f"{budget:.10g} is no budget; expected {MIN_BUDGET:g} to {MAX_BUDGET / 1e6:_.0f}M"
        )


def _share(quantity: Quantity) -> None:
    _not_negative(quantity)
    if quantity.high > 1:
        hint = "" if quantity.percent or quantity.high > 100 else f" ({_as_percent(quantity)}?)"
        raise ValueError(f"{quantity} is more than 100%{hint}; expected a share such as 12%")
    if quantity.high == 1 and not quantity.exact:
        raise ValueError(f"{quantity}: a range of shares must end below 100%, such as at 99.5%")


def _as_percent(quantity: Quantity) -> str:
    return " to ".join(f"{end}%" for end in quantity.text.split(" to "))


def _portion(quantity: Quantity) -> None:
    """Check an amount of money or a share of the budget."""
    if quantity.percent:
        _share(quantity)
    else:
        _not_negative(quantity)


def _any(quantity: Quantity) -> None:
    """Accept every number."""


def _whole(low: float, high: float) -> Check:
    def check(quantity: Quantity) -> None:
        if quantity.percent or quantity.low % 1 or not low <= quantity.low <= high:
            raise ValueError(f"{quantity} is no whole number from {low:_.0f} to {high:_.0f}")

    return check


def _worlds(quantity: Quantity) -> None:
    reason = why_not_drawn(0 if quantity.percent else quantity.low)
    if reason:
        raise ValueError(f"{quantity} {reason}")


def _version(quantity: Quantity) -> None:
    if quantity.percent or quantity.low != 1:
        raise ValueError(f"format {quantity} is not known to this version; expected 1")


def _number(check: Check) -> PlainValidator:
    def validate(raw: object) -> float:
        quantity = parse_number(raw)
        check(quantity)
        return quantity.low

    return PlainValidator(validate)


def _quantity(check: Check, parse: Callable[[object], Quantity]) -> PlainValidator:
    def validate(raw: object) -> Quantity:
        quantity = parse(raw)
        check(quantity)
        return quantity

    return PlainValidator(validate)


def quantity_json() -> Json:
    """Return the JSON Schema of a number or a range."""
    text = {"type": "string", "pattern": _whole_text(QUANTITY_PATTERN)}
    return {"anyOf": [{"type": "number"}, text]}


def _json(pattern: str, **bounds: float) -> WithJsonSchema:
    """Return the JSON Schema of a number that may be written as text."""
    return WithJsonSchema(
        {
            "anyOf": [
                {"type": "number"} | bounds,
                {"type": "string", "pattern": _whole_text(pattern)},
            ]
        }
    )


def _whole_text(pattern: str) -> str:
    return rf"^\s*{pattern}\s*$"


Money = Annotated[float, _number(_positive_amount), _json(NUMBER_PATTERN, exclusiveMinimum=0)]
Budget = Annotated[
    float, _number(_budget), _json(NUMBER_PATTERN, minimum=MIN_BUDGET, maximum=MAX_BUDGET)
]
Deal = Annotated[float, _number(_amount), _json(NUMBER_PATTERN, minimum=0)]
Count = Annotated[float, _number(_positive_amount), _json(NUMBER_PATTERN, exclusiveMinimum=0)]
Weight = Annotated[float, _number(_positive), _json(NUMBER_PATTERN, exclusiveMinimum=0)]
Real = Annotated[float, _number(_any), _json(NUMBER_PATTERN)]
RealRange = Annotated[Quantity, _quantity(_any, parse_quantity), _json(QUANTITY_PATTERN)]
Fraction = Annotated[float, _number(_share), _json(NUMBER_PATTERN, minimum=0, maximum=1)]
AmountRange = Annotated[
    Quantity, _quantity(_amount, parse_quantity), _json(QUANTITY_PATTERN, minimum=0)
]
PositiveAmountRange = Annotated[
    Quantity,
    _quantity(_positive_amount, parse_quantity),
    _json(QUANTITY_PATTERN, exclusiveMinimum=0),
]
ShareRange = Annotated[
    Quantity, _quantity(_share, parse_quantity), _json(QUANTITY_PATTERN, minimum=0, maximum=1)
]
RatioRange = Annotated[
    Quantity, _quantity(_not_negative, parse_quantity), _json(QUANTITY_PATTERN, minimum=0)
]
PositiveRatioRange = Annotated[
    Quantity, _quantity(_positive, parse_quantity), _json(QUANTITY_PATTERN, exclusiveMinimum=0)
]
#: A share of the budget (written with a percent sign) or money.
Portion = Annotated[Quantity, _quantity(_portion, parse_number), _json(NUMBER_PATTERN, minimum=0)]
Worlds = Annotated[
    float,
    _number(_worlds),
    _json(NUMBER_PATTERN, minimum=MIN_WORLDS, maximum=MAX_WORLDS),
]
Seed = Annotated[
    float, _number(_whole(0, MAX_SEED)), _json(NUMBER_PATTERN, minimum=0, maximum=MAX_SEED)
]
Times = Annotated[float, _number(_whole(1, 50)), _json(NUMBER_PATTERN, minimum=1, maximum=50)]
FormatVersion = Annotated[float, _number(_version), _json(NUMBER_PATTERN, minimum=1, maximum=1)]


def _heterogeneity(raw: object) -> float:
    if raw == inf or (isinstance(raw, str) and raw.strip() in {"none", ".inf", "inf"}):
        return inf
    quantity = parse_number(raw)
    _positive(quantity)
    return quantity.low


Heterogeneity = Annotated[
    float,
    PlainValidator(_heterogeneity),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "exclusiveMinimum": 0},
                {"type": "string", "pattern": rf"^\s*{NUMBER_PATTERN}\s*$|^\s*(none|\.?inf)\s*$"},
            ]
        }
    ),
]


def _name(text: str) -> str:
    """Refuse names that cannot stand in a table, a message or the name of a file."""
    if not text or text != text.strip() or not text.isprintable() or len(text) > 60:
        raise ValueError(
            f"{shown(text)} is no name; expected 1 to 60 printable characters without "
            "blanks around them"
        )
    if set(text) & set("/\\") or text.startswith("."):
        raise ValueError(f"{shown(text)}: a name may not hold / or \\ nor start with a dot")
    return text


def _tier_name(text: str) -> str:
    if "@" in text:
        raise ValueError(f"{shown(text)}: @ is kept for tier@phase; choose another name")
    if text == "in_market":
        raise ValueError("'in_market' is kept for segments; choose another name")
    if text == "total":
        raise ValueError("'total' is the last row of the media plan; choose another name")
    return _name(text)


def _strategy_name(text: str) -> str:
    if text == "optimum":
        raise ValueError("'optimum' is the name of the plan that tiermix finds; choose another")
    return _name(text)


_NAME_JSON = WithJsonSchema(
    {"type": "string", "minLength": 1, "maxLength": 60, "pattern": r"^[^/\\]*$"}
)
Title = Annotated[
    str, AfterValidator(_name), WithJsonSchema({"type": ["string", "number"], "maxLength": 60})
]
Name = Annotated[str, AfterValidator(_name), _NAME_JSON]
TierName = Annotated[str, AfterValidator(_tier_name), _NAME_JSON]
StrategyName = Annotated[str, AfterValidator(_strategy_name), _NAME_JSON]


@dataclass(frozen=True, slots=True)
class OneOf:
    """Text that is one of some names.

    Parameters
    ----------
    names : tuple of str
    by_phase : tuple of str
        Names that a phase may follow: ``reach@tease``.
    """

    names: tuple[str, ...]
    by_phase: tuple[str, ...] = ()

    def check(self, text: str) -> str:
        """Return the text, if it is one of the names."""
        whole, at, phase = text.partition("@")
        if text not in self.names and not (whole in self.by_phase and at and phase):
            raise PydanticKnownError("literal_error", {"expected": ", ".join(self.names)})
        return text

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Return the schema of pydantic that checks it."""
        return core_schema.no_info_after_validator_function(self.check, core_schema.str_schema())

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> Json:
        """Return its JSON Schema."""
        named: Json = {"enum": list(self.names)}
        if not self.by_phase:
            return named
        return {"anyOf": [named, {"pattern": f"^({'|'.join(map(escape, self.by_phase))})@.+$"}]}


_Allotment = Annotated[
    Allotment,
    PlainValidator(parse_allotment),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 0},
                {"type": "string", "pattern": _whole_text(ALLOTMENT_PATTERN)},
            ]
        }
    ),
]
#: A mapping of lines to what they get, a sentence that says so, or a rule of thumb.
StrategyRule = Annotated[
    dict[Name, _Allotment],
    BeforeValidator(spoken, json_schema_input_type=str | dict[Name, _Allotment]),
]


class Block(BaseModel):
    """A mapping of the file: unknown keys are errors, `needed` ones must be there."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, arbitrary_types_allowed=True
    )
    needed: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> Json:
        """Add what `needed` says, which the models leave to the reader."""
        schema = handler(core)
        if cls.needed:
            handler.resolve_ref_schema(schema)["required"] = list(cls.needed)
        return schema
