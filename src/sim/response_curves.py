"""Lines known by their response curve: what money on a channel brings, without creators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from sim.shapes import EXPONENTIAL, Hill, Points, Shape
from sim.uncertain import Uncertain

Array = NDArray[np.float64]

#: What a curve can bring.
CURVE_METRICS = (
    "response",
    "reach",
    "effective_reach",
    "impressions",
    "engagements",
    "clicks",
    "conversions",
    "revenue",
    "brand_lift",
)


class Kind(Protocol):
    """A family of curves.

    Values of its parameters have shape (n_worlds,).
    """

    @property
    def laws(self) -> dict[str, Uncertain]:
        """Return what is uncertain about it, by name."""

    @property
    def n_draws(self) -> int:
        """Return how many joint draws of the curve there are; 1 if it is no table of draws."""

    def shape(self, values: dict[str, Array], draw: NDArray[np.intp]) -> Shape:
        """Return the curve with its spends in units of `scale` and its height in `most`."""

    def scale(self, values: dict[str, Array]) -> Array | float:
        """Return the money that is one unit of the shape's argument."""

    def most(self, values: dict[str, Array]) -> Array | float:
        """Return the response that is one unit of the shape's value."""


def _check(owner: object, laws: dict[str, Uncertain]) -> None:
    for name, law in laws.items():
        if law.link != "log" or law.creators_sd > 0 or law.truncated:
            raise ValueError(f"{type(owner).__name__}: {name} must be one value on the log scale")
        if not law.median > 0:
            raise ValueError(f"{type(owner).__name__}: the median of {name} must be > 0")


@dataclass(frozen=True, slots=True)
class HillCurve:
    """max · spend^slope / (half^slope + spend^slope).

    Parameters
    ----------
    max : Uncertain
        Response that no spend exceeds, in units of the metric.
    half : Uncertain
        Money that brings half of it.
    slope : Uncertain
        Above 1 the curve is S-shaped.
    """

    max: Uncertain
    half: Uncertain
    slope: Uncertain
    n_draws: ClassVar[int] = 1

    def __post_init__(self) -> None:
        _check(self, self.laws)

    @property
    def laws(self) -> dict[str, Uncertain]:
        """Return what is uncertain about it, by name."""
        return {"max": self.max, "half": self.half, "slope": self.slope}

    def shape(self, values: dict[str, Array], draw: NDArray[np.intp]) -> Shape:
        """Return the curve with its spends in units of `scale` and its height in `most`."""
        return Hill(values["slope"][:, None])

    def scale(self, values: dict[str, Array]) -> Array | float:
        """Return the money that is one unit of the shape's argument."""
        return values["half"]

    def most(self, values: dict[str, Array]) -> Array | float:
        """Return the response that is one unit of the shape's value."""
        return values["max"]


@dataclass(frozen=True, slots=True)
class ExponentialCurve:
    """max · (1 − e^(−spend / scale)).

    Parameters
    ----------
    max : Uncertain
        Response that no spend exceeds, in units of the metric.
    spread : Uncertain
        Money that brings 63 % of it (1 − 1/e).
    """

    max: Uncertain
    spread: Uncertain
    n_draws: ClassVar[int] = 1

    def __post_init__(self) -> None:
        _check(self, self.laws)

    @property
    def laws(self) -> dict[str, Uncertain]:
        """Return what is uncertain about it, by name."""
        return {"max": self.max, "scale": self.spread}

    def shape(self, values: dict[str, Array], draw: NDArray[np.intp]) -> Shape:
        """Return the curve with its spends in units of `scale` and its height in `most`."""
        return EXPONENTIAL

    def scale(self, values: dict[str, Array]) -> Array | float:
        """Return the money that is one unit of the shape's argument."""
        return values["scale"]

    def most(self, values: dict[str, Array]) -> Array | float:
        """Return the response that is one unit of the shape's value."""
        return values["max"]


@dataclass(frozen=True, eq=False)
class PointsCurve:
    """A curve through points, straight between them and level after the last.

    Parameters
    ----------
    spends : ndarray, shape (n_points,)
        Money, rising from 0.
    responses : ndarray, shape (n_draws, n_points)
        In units of the metric, one row a draw of the curve; from 0, never falling.
    """

    spends: Array
    responses: Array

    def __post_init__(self) -> None:
        self.shape({}, np.zeros(1, np.intp))
        if (self.responses[:, 0] != 0).any() or (np.diff(self.responses, axis=1) < 0).any():
            raise ValueError("responses must rise from 0 and never fall")

    @property
    def laws(self) -> dict[str, Uncertain]:
        """Return what is uncertain about it, by name: nothing but its draw."""
        return {}

    @property
    def n_draws(self) -> int:
        """Return how many joint draws of the curve there are."""
        return len(self.responses)

    def shape(self, values: dict[str, Array], draw: NDArray[np.intp]) -> Shape:
        """Return the curve with its spends in units of `scale` and its height in `most`."""
        return Points(
            self.spends, self.responses, draw if self.n_draws > 1 else np.zeros_like(draw)
        )

    def scale(self, values: dict[str, Array]) -> Array | float:
        """Return the money that is one unit of the shape's argument."""
        return 1.0

    def most(self, values: dict[str, Array]) -> Array | float:
        """Return the response that is one unit of the shape's value."""
        return 1.0


@dataclass(frozen=True, slots=True)
class ResponseCurve:
    """A line whose response to money is known as a curve.

    Parameters
    ----------
    name : str
    kind : HillCurve, ExponentialCurve or PointsCurve
    metric : str
        What it brings, one of `CURVE_METRICS`; it adds to what the other lines bring.
    """

    name: str
    kind: Kind
    metric: str = "response"

    def __post_init__(self) -> None:
        if self.metric not in CURVE_METRICS:
            raise ValueError(f"metric(={self.metric}) must be one of {', '.join(CURVE_METRICS)}")


def common_draws(curves: tuple[ResponseCurve, ...]) -> int:
    """Return how many joint draws the tables of some curves hold; 1 if none holds draws.

    Raises
    ------
    ValueError
        If two tables hold different numbers of draws.
    """
    counts = {curve.kind.n_draws for curve in curves} - {1}
    if len(counts) > 1:
        numbers = " and ".join(str(count) for count in sorted(counts))
        raise ValueError(f"curves must have as many draws as each other, not {numbers}")
    return counts.pop() if counts else 1


def worth(curve: ResponseCurve, metric: str, order_value: Array, margin: Array) -> Array | float:
    """Return what one unit of a curve's metric is worth in units of another; 0 for nothing.

    Parameters
    ----------
    curve : ResponseCurve
    metric : str
    order_value, margin : ndarray, shape (n_worlds,)
        Money per conversion and share of revenue.
    """
    if metric == curve.metric:
        return 1.0
    if curve.metric not in ("conversions", "revenue") or metric not in ("revenue", "profit"):
        return 0.0
    price = order_value if curve.metric == "conversions" else 1.0
    return price * (margin if metric == "profit" else 1.0)
