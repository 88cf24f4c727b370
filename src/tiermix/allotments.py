"""What a strategy gives a line, as people write it: ``60%``, ``5_000``, ``2 creators``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from tiermix.quantity import NUMBER_PATTERN, Quantity, parse_number, shown

#: What a line may get, as a regular expression that JSON Schema understands too.
ALLOTMENT_PATTERN = rf"(?:{NUMBER_PATTERN}(?:\s+creators?)?|rest)"

_CREATORS = re.compile(r"(.+?)\s+creators?")
_SPOKEN = re.compile(rf"({NUMBER_PATTERN}|rest)\s+(?:creators?\s+(?:of\s+)?)?(\S.*)")

#: What an error message offers.
EXAMPLES = "a share such as 60%, money such as 5_000, 2 creators, or rest"


@dataclass(frozen=True, slots=True)
class Allotment:
    """What a strategy gives a line.

    Parameters
    ----------
    amount : Quantity or None
        A share of the budget, money or a number of creators; None is what the others leave.
    creators : bool
        Whether the amount counts creators.
    """

    amount: Quantity | None
    creators: bool = False


def parse_allotment(raw: object) -> Allotment:
    """Read what a strategy gives a line.

    Raises
    ------
    ValueError
        If it is neither an amount nor ``rest``; the message says what to write.
    """
    if isinstance(raw, str):
        if raw.strip() == "rest":
            return Allotment(None)
        counted = _CREATORS.fullmatch(raw.strip())
        if counted:
            return Allotment(_count(counted[1]), creators=True)
    try:
        amount = parse_number(raw)
    except ValueError as error:
        raise ValueError(f"{str(error).partition(';')[0]}; expected {EXAMPLES}") from None
    if amount.low < 0:
        raise ValueError(f"{amount} is negative; expected 0 or more")
    if amount.percent and amount.low > 1:
        raise ValueError(f"{amount} is more than 100%; expected a share such as 12%")
    return Allotment(amount)


def _count(text: str) -> Quantity:
    amount = parse_number(text)
    if amount.percent or amount.low < 0:
        raise ValueError(f"{shown(text)} is no number of creators; expected one such as 2")
    return amount


def spoken(raw: Any) -> Any:
    """Return a strategy that was written as a sentence as a mapping.

    ``1 macro, 30% mid, rest micro``: a number counts creators. A lone name gets everything.

    Raises
    ------
    ValueError
        If a part of the sentence is neither.
    """
    if not isinstance(raw, str):
        return raw
    parts = [part.strip() for part in raw.split(",")]
    if len(parts) == 1 and parts[0] and not _SPOKEN.fullmatch(parts[0]):
        return {parts[0]: "rest"}
    found: dict[str, str] = {}
    for part in parts:
        said = _SPOKEN.fullmatch(part)
        if said is None or said[2] in found:
            raise ValueError(
                f"{shown(part)} can not be read; "
                "expected parts such as 1 macro, 30% mid, rest micro"
            )
        plain = said[1] == "rest" or said[1].endswith("%")
        found[said[2]] = said[1] if plain else f"{said[1]} creators"
    return found
