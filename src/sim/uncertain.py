"""Quantities that are not known exactly, in two layers that are never mixed.

*Typical*: what we do not know about a tier, one draw a world. *Creators*: how the
creators of the tier differ around that, one draw a creator.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, inf, isfinite, log, log1p
from typing import Literal, Self

Link = Literal["log", "logit"]

#: Standard normal quantile at 95 %: a range "a to b" holds 90 % between a and b.
Z95 = 1.6448536269514722

#: Spreads of creators that an interval may lie away from their median.
FARTHEST = 5.0


@dataclass(frozen=True, slots=True)
class Uncertain:
    """A positive number (lognormal) or a share (logit-normal), with two layers of spread.

    Parameters
    ----------
    link : {"log", "logit"}
        Scale on which both layers are normal: ``log`` for positive values, ``logit`` for
        shares between 0 and 1.
    median : float
        Median of the typical value, in natural units.
    typical_sd : float
        Standard deviation, on the link scale, of the tier's median from world to world.
    creators_sd : float
        Standard deviation, on the link scale, between creators in one world.
    low, high : float
        Creators' values are cut to this interval (natural units; positive values only). The
        typical value is the median before the cut; it is cut itself where next to no creators
        would be left.

    Raises
    ------
    ValueError
        If a value cannot be what the link says, naming the value.
    """

    link: Link
    median: float
    typical_sd: float = 0.0
    creators_sd: float = 0.0
    low: float = 0.0
    high: float = inf

    def __post_init__(self) -> None:
        top = 1.0 if self.link == "logit" else inf
        if not (0 <= self.median <= top and isfinite(self.median)):
            raise ValueError(f"median(={self.median}) must lie between 0 and {top}")
        if not (0 <= self.typical_sd < inf and 0 <= self.creators_sd < inf):
            raise ValueError("spreads must be finite and at least 0")
        if not self.low < self.high:
            raise ValueError(f"low(={self.low}) must be below high(={self.high})")
        if self.varies and not 0 < self.median < top:
            raise ValueError(f"median(={self.median}) must lie inside 0 and {top} to vary")
        if self.truncated:
            self._check_interval()

    def _check_interval(self) -> None:
        """Refuse an interval that next to none of the creators lie in."""
        if self.link == "logit":
            raise ValueError("only positive values can be cut to an interval")
        reach = exp(FARTHEST * self.creators_sd)
        if self.low > self.median * reach or self.high < self.median / reach:
            raise ValueError(
                f"next to no creators lie between low(={self.low:g}) and high(={self.high:g}) "
                f"when the median is {self.median:g}"
            )

    @property
    def varies(self) -> bool:
        """Whether any layer has spread."""
        return self.typical_sd > 0 or self.creators_sd > 0

    @property
    def truncated(self) -> bool:
        """Whether creators' values are cut to an interval."""
        return self.low > 0 or self.high < inf

    @classmethod
    def known(cls, value: float, link: Link = "log") -> Self:
        """Return a value that is known exactly."""
        return cls(link, value)

    @classmethod
    def stated(
        cls,
        link: Link,
        typical: tuple[float, float] | float | None = None,
        creators: tuple[float, float] | None = None,
        low: float = 0.0,
        high: float = inf,
    ) -> Self:
        """Build the law from the ranges a person states.

        Parameters
        ----------
        link : {"log", "logit"}
            Scale of the law.
        typical : tuple of float or float, optional
            We are 90 % sure that the tier's median lies in this range (a number: known
            exactly). Without it the median is the middle of `creators` on the link scale.
        creators : tuple of float, optional
            90 % of creators lie in this range; only its width is used where `typical` is
            given.
        low, high : float
            Creators' values are cut to this interval.

        Raises
        ------
        ValueError
            If neither range is given, or a range is not increasing and inside the scale.
        """
        if typical is None and creators is None:
            raise ValueError("give typical, creators or both")
        centre, typical_sd = _middle(link, typical if typical is not None else creators)
        if typical is None:
            typical_sd = 0.0
        creators_sd = _middle(link, creators)[1] if creators is not None else 0.0
        return cls(link, centre, typical_sd, creators_sd, low, high)


def _middle(link: Link, stated: tuple[float, float] | float | None) -> tuple[float, float]:
    """Return the median and the link-scale standard deviation of a 90 % range."""
    assert stated is not None
    if isinstance(stated, int | float):
        return float(stated), 0.0
    a, b = stated
    if not (0 < a < b and (link == "log" or b < 1)):
        raise ValueError(f"range(={a} to {b}) must rise and lie inside the scale")
    if link == "log":
        la, lb = log(a), log(b)
        return exp((la + lb) / 2), (lb - la) / (2 * Z95)
    la, lb = log(a) - log1p(-a), log(b) - log1p(-b)
    return 1 / (1 + exp(-(la + lb) / 2)), (lb - la) / (2 * Z95)
