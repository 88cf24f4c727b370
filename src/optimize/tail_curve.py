"""The largest means above floors under the tail, found from blends of mean and tail.

A floor under the tail has a price in mean. At each price the best blend is a point of the frontier
of mean and tail, and bounds every plan above the floor (Lagrange). The two points around a floor
are mixed, and the price of the line through them finds the next point. A part of the worlds,
with the means of all, tells about where to begin.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import inf

import numpy as np
from numpy.typing import NDArray

from optimize.band import SMALL, Band, Point
from optimize.errors import InfeasibleError

Array = NDArray[np.float64]

#: Relative gaps: of the best mean above a floor, of a plan of a spread, of what tells a price.
FLOOR_GAP, CURVE_GAP, ROUGH_GAP = 1e-8, 5e-7, 1e-4

#: How far below a floor counts as on it, in units of the size of outcomes.
ON_FLOOR = 1e-10

#: How near to its neighbours, as a share of their distance, a plan of a spread may lie; how many
#: times the mean price of tail the safest plan pays for it.
MARGIN, STEEP = 0.05, 1e4

#: Points of the frontier that one floor may ask for, and steps of a mix.
POINTS, STEPS = 100, 4

#: How far around the price that a sample tells the true one is looked for, and how often.
STRIDE, STRIDES = 1.1, 4


@dataclass(frozen=True, slots=True)
class Choice:
    """A plan with the best mean above a floor, in scaled units, and what bounds every plan there.

    Parameters
    ----------
    spends : ndarray, shape (n_lines,)
    mean, bound : float
        The plan's mean, and one that no plan above the floor passes.
    prices : ndarray, shape (n_rows,)
        Of the rows of the polytope.
    tail_price : float
        Mean that one unit of tail costs.
    """

    spends: Array
    mean: float
    bound: float
    prices: Array
    tail_price: float


class TailCurve:
    """Points of the frontier of mean and tail found so far, by the prices that found them.

    Parameters
    ----------
    band : Band
    """

    def __init__(self, band: Band) -> None:
        self._band = band
        self._points: dict[float, Point] = {}

    @cached_property
    def _sample(self) -> TailCurve | None:
        """The frontier of a part of the worlds, where there are many."""
        return None if self._band.sample is None else TailCurve(self._band.sample)

    def point(self, price: float) -> Point:
        """Find the best plan where one unit of tail is worth `price` of mean."""
        if price not in self._points:
            weights = (1.0, price) if price < inf else (0.0, 1.0)
            self._points[price] = self._band.best(*weights)
        return self._points[price]

    def above(self, floor: float, gap: float = FLOOR_GAP) -> Choice:
        """Find the best mean above a floor, to a relative gap.

        Raises
        ------
        InfeasibleError
            If no plan reaches it.
        """
        self._surround(floor)
        spends, mean = self._mixed(floor)
        for _ in range(POINTS):
            low, high = self._around(floor)
            bound, _, _ = self._bound(floor)
            if low is None or bound - mean <= gap * max(abs(bound), SMALL):
                break
            price = (low.mean - high.mean) / (high.tail - low.tail)
            if price <= 0 or price in self._points:
                break
            self.point(price)
            spends, mean = max((spends, mean), self._mixed(floor), key=lambda found: found[1])
        bound, price, prices = self._bound(floor)
        return Choice(spends, mean, bound, prices, price)

    def spread(self, n_points: int) -> list[Choice]:
        """Find the best means at tails that are about equally spaced."""
        bold, safest = self.point(0.0), self.point(inf)
        width = safest.tail - bold.tail
        steepest = STEEP * (bold.mean - safest.mean) / width if width > ON_FLOOR else 0.0
        floors = [bold.tail, self.point(max(steepest, 0.0)).tail]
        choices = [self.above(floor, CURVE_GAP) for floor in floors]
        while len(floors) < n_points:
            i = int(np.argmax(np.diff(floors)))
            low, width = floors[i], floors[i + 1] - floors[i]
            floor = low + width / 2
            if width > ON_FLOOR:
                found = self.point(max(choices[i].mean - choices[i + 1].mean, 0.0) / width).tail
                floor = found if MARGIN < (found - low) / width < 1 - MARGIN else floor
            floors.insert(i + 1, floor)
            choices.insert(i + 1, self.above(floor, CURVE_GAP))
        return choices

    def _surround(self, floor: float) -> None:
        """See to it that there is a point on the floor, and one below it if there is any."""
        self.point(0.0)
        if self._reaching(floor):
            return
        guess = self._guess(floor)
        if 0 < guess < inf:
            self._probe(floor, guess)
        if not self._reaching(floor) and self.point(inf).tail < floor - ON_FLOOR:
            share, unit = 100 * self._band.worst, self._band.unit
            raise InfeasibleError(
                f"the worst {share:g} % of worlds average {self.point(inf).tail * unit:,.6g} at "
                f"most, whatever the plan: {floor * unit:,.6g} is out of reach"
            )

    def _probe(self, floor: float, price: float) -> None:
        """Find points on both sides of the floor near a price, with strides that grow."""
        reached, stride = self.point(price).tail >= floor, STRIDE
        for _ in range(STRIDES):
            price = price / stride if reached else price * stride
            if (self.point(price).tail >= floor) != reached:
                return
            stride *= stride

    def _guess(self, floor: float) -> float:
        """Return about what one unit of tail costs at the floor; infinite where nobody knows.

        A sample mistakes the tail more than its price: the floor is moved by its mistake.
        """
        if self._sample is None:
            return inf
        try:
            spends = self._sample.above(floor, ROUGH_GAP).spends
            mistake = self._band.tail(self._band.outcomes(spends)) - floor
            return self._sample.above(floor - mistake, ROUGH_GAP).tail_price
        except InfeasibleError:
            return inf

    def _reaching(self, floor: float) -> list[Point]:
        """Return the points on the floor or above."""
        return [point for point in self._points.values() if point.tail >= floor - ON_FLOOR]

    def _around(self, floor: float) -> tuple[Point | None, Point]:
        """Return the points next to the floor: below it, if there is any, and on it."""
        below = [point for point in self._points.values() if point.tail < floor - ON_FLOOR]
        low = max(below, key=lambda point: point.tail, default=None)
        return low, max(self._reaching(floor), key=lambda point: point.mean)

    def _bound(self, floor: float) -> tuple[float, float, Array]:
        """Return the smallest mean that no plan above the floor passes, and its prices."""
        finite = [price for price in self._points if price < inf]
        price = min(finite, key=lambda price: self._points[price].bound - price * floor)
        point = self._points[price]
        return point.bound - price * floor, price, point.prices

    def _mixed(self, floor: float) -> tuple[Array, float]:
        """Return the mix of the points around the floor that lies on it, and its mean.

        The tail is concave: the mix of the two tails is on the floor or above, and so is every
        step towards the lower point that the line from there to the last mix gives.
        """
        low, high = self._around(floor)
        if low is None:
            return high.spends, high.mean
        share, tail = 1.0, high.tail
        for _ in range(STEPS):
            if tail - floor <= ON_FLOOR:
                break
            share *= min((floor - low.tail) / (tail - low.tail), 1.0)
            tail = self._band.tail(low.outcomes + share * (high.outcomes - low.outcomes))
        return (
            low.spends + share * (high.spends - low.spends),
            low.mean + share * (high.mean - low.mean),
        )
