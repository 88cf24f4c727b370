"""Numbers and ranges as people write them: ``60_000``, ``55%``, ``10k``, ``8% to 12%``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import isinf, isnan

#: Worlds that can be drawn, and the largest seed.
MIN_WORLDS, MAX_WORLDS, MAX_SEED = 64, 1_000_000_000, 2**53

#: Bytes that a run holds for every plan in every world: some thirty metrics, and their copies.
PLAN_WORLD = 400

#: A number, as a regular expression that JSON Schema understands too.
NUMBER_PATTERN = (
    r"[-+]?(?:[0-9]+(?:_[0-9]+)*(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?(?:\s*%|[kKM])?"
)
#: A number or a range of two numbers.
QUANTITY_PATTERN = rf"{NUMBER_PATTERN}(?:\s+to\s+{NUMBER_PATTERN})?"
#: What an error message offers.
NUMBER_EXAMPLES = "a number such as 60_000, 1.5M or 55%"
RANGE_EXAMPLES = "a range such as 8% to 12%"

_PARTS = re.compile(
    r"(?P<sign>[-+]?)(?P<digits>[0-9_]*\.?[0-9]*)"
    r"(?:[eE](?P<exponent>[-+]?[0-9]+))?\s*(?P<unit>[%kKM]?)"
)
_NUMBER = re.compile(NUMBER_PATTERN)
_TO = re.compile(r"\s+to\s+")
_POWERS = {"": 0, "%": -2, "k": 3, "K": 3, "M": 6}
_LONGEST = 64
_LARGEST, _SMALLEST = 1e15, 1e-12
#: Ends of a range that are further apart than this factor say nothing.
WIDEST = 1e6


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number that is known exactly, or a range.

    Parameters
    ----------
    low, high : float
        The ends of the range; equal for a number.
    percent : bool
        Whether it was written as a percentage (``55%`` is stored as 0.55).
    text : str
        As it was written.
    """

    low: float
    high: float
    percent: bool
    text: str

    @property
    def exact(self) -> bool:
        """Whether this is a number and not a range."""
        return self.low == self.high

    def __str__(self) -> str:
        return self.text


def parse_quantity(raw: object) -> Quantity:
    """Read a number or a range.

    Parameters
    ----------
    raw : object
        Text, or a number that a YAML or JSON reader has already understood.

    Returns
    -------
    Quantity

    Raises
    ------
    ValueError
        If it is neither, is not finite or does not rise; the message says what to write.

    Examples
    --------
    >>> parse_quantity("8% to 12%")
    Quantity(low=0.08, high=0.12, percent=True, text='8% to 12%')
    >>> parse_quantity("10k").low
    10000.0
    """
    text = _text(raw)
    ends = _TO.split(text)
    if len(ends) == 1:
        value = _number(text)
        return Quantity(value, value, text.endswith("%"), text)
    if len(ends) > 2:
        raise ValueError(f"{shown(text)} has more than two ends; expected {RANGE_EXAMPLES}")
    low, high = _number(ends[0]), _number(ends[1])
    percents = [end.endswith("%") for end in ends]
    if percents[0] != percents[1]:
        raise ValueError(f"{text!r}: write the percent sign at both ends or at none")
    if low == high:
        raise ValueError(f"{text!r} has no width; write the number alone: {ends[0]}")
    if low > high:
        raise ValueError(f"{text!r} runs backwards; write {ends[1]} to {ends[0]}")
    if high > WIDEST * low > 0:
        raise ValueError(f"{text!r} spans more than a factor of {WIDEST:,.0f}; narrow it")
    return Quantity(low, high, percents[0], text)


def parse_number(raw: object) -> Quantity:
    """Read a number that may not be a range.

    Parameters
    ----------
    raw : object
        As for `parse_quantity`.

    Returns
    -------
    Quantity
        With equal ends.

    Raises
    ------
    ValueError
        If it is no finite number.
    """
    quantity = parse_quantity(raw)
    if not quantity.exact:
        raise ValueError(f"{quantity.text!r} is a range; expected {NUMBER_EXAMPLES}")
    return quantity


def why_not_drawn(worlds: float) -> str:
    """Return why a number of worlds cannot be drawn; nothing if it can."""
    allowed = f"expected a whole number from {MIN_WORLDS} to {MAX_WORLDS:_}"
    if worlds > MAX_WORLDS:
        size = f"{min(worlds, _LARGEST) * PLAN_WORLD / 1e9:,.0f} GB of memory for each plan"
        return f"takes at least {size}, and is too many to stream; {allowed}"
    return "" if worlds >= MIN_WORLDS and not worlds % 1 else f"cannot be drawn; {allowed}"


def shown(raw: object, longest: int = 40) -> str:
    """Return a value as an error message can quote it: short, on one line, printable."""
    if isinstance(raw, dict | list):
        return "a mapping" if isinstance(raw, dict) else "a list"
    if not isinstance(raw, str):
        return str(raw).lower()[:longest]
    return repr(raw if len(raw) <= longest else raw[: longest - 1] + "…")


def _text(raw: object) -> str:
    """Return what was written, or refuse what cannot be a number."""
    if isinstance(raw, float):
        return repr(raw)
    if isinstance(raw, int) and not isinstance(raw, bool):
        if abs(raw) > _LARGEST:
            raise ValueError(f"the number is too large; at most {_LARGEST:g}")
        return str(raw)
    if not isinstance(raw, str):
        raise ValueError(f"{shown(raw)} is no number; expected {NUMBER_EXAMPLES}")
    if len(raw) > _LONGEST:
        raise ValueError(f"{shown(raw)} is too long for a number; expected {NUMBER_EXAMPLES}")
    return " ".join(raw.split())


def _number(text: str) -> float:
    """Read one number; scaling by 10 happens in the text, so that it rounds only once."""
    if text.lower().lstrip("+-").removeprefix(".") in {"nan", "inf", "infinity"}:
        raise ValueError(f"{text} is not a finite number; expected {NUMBER_EXAMPLES}")
    if re.fullmatch(r"[$€£]?\s*[0-9]{1,3}(,[0-9]{3})+", text):
        raise ValueError(f"{text!r}: write thousands as {text.lstrip('$€£ ').replace(',', '_')}")
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{shown(text)} is no number; expected {NUMBER_EXAMPLES}")
    parts = _PARTS.fullmatch(text)
    assert parts is not None
    power = int(parts["exponent"] or 0) + _POWERS[parts["unit"]]
    value = float(f"{parts['sign']}{parts['digits']}e{power}")
    assert not isnan(value)
    if isinf(value) or abs(value) > _LARGEST:
        raise ValueError(f"{text} is too large; at most {_LARGEST:g}")
    if abs(value) < _SMALLEST and set(parts["digits"]) & set("123456789"):
        raise ValueError(f"{text} is too small; at least {_SMALLEST:g}")
    return value + 0.0
