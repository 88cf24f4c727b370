"""One input of one tier after the posts: what it was fitted on and what came out."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import exp, log

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from sim.uncertain import Z95, Link, Uncertain
from tiermix.calibration.posterior import Belief

Array = NDArray[np.float64]
Range = tuple[float, float]

#: Robust standard deviations from which on a post is told to be an outlier, and the fewest
#: posts among which one is looked for.
FAR, FEWEST = 5.0, 8

#: Spread of a normal law over its median absolute deviation.
MAD = 1.4826


@dataclass(frozen=True, slots=True)
class Estimate:
    """One input of a tier.

    Parameters
    ----------
    key : str
        As in the scenario file.
    link : {"log", "logit"}
    posts, creators : int
        What it rests on; 0 where it is the preset's.
    typical : tuple of float
        90 % sure that the tier's middle (or its mean, where creators are not told apart) lies
        between.
    spread : tuple of float or None
        90 % of creators lie between.
    before : Uncertain or None
        What the preset says.
    posts_sd : float or None
        Spread between posts of one creator, on the link scale.
    elasticity, elasticity_sd : float or None
    low, high : float
        Limits of followers.
    note : str
        What a reader should know.
    """

    key: str
    link: Link
    posts: int
    creators: int
    typical: Range
    spread: Range | None = None
    before: Uncertain | None = None
    posts_sd: float | None = None
    elasticity: float | None = None
    elasticity_sd: float | None = None
    low: float = 0.0
    high: float = float("inf")
    note: str = ""

    @property
    def learned(self) -> bool:
        """Whether the posts had a say."""
        return self.posts > 0

    @property
    def exact(self) -> bool:
        """Whether it came out as one number, without any doubt."""
        low, high = self.typical
        return high <= low * (1 + 1e-9)

    @property
    def law(self) -> Uncertain:
        """The estimate as the simulator takes it."""
        low, high = self.typical
        typical = (low + high) / 2 if self.exact else self.typical
        return Uncertain.stated(self.link, typical, self.spread, self.low, self.high)

    @property
    def narrower(self) -> float | None:
        """Width of the typical range over the preset's, on the link scale."""
        if self.before is None or self.before.typical_sd == 0:
            return None
        return self.law.typical_sd / self.before.typical_sd


@dataclass(slots=True)
class Outlier:
    """A post far from all others.

    Parameters
    ----------
    line : int
        In the file.
    creator : str
    key : str
        The input it is far off in.
    value, middle : float
        Its own and the tier's, in natural units.
    """

    line: int
    creator: str
    key: str
    value: float
    middle: float


@dataclass(frozen=True)
class Spread:
    """How creators and posts differ, on the link scale: what a simulated post is drawn from.

    Parameters
    ----------
    centre : float
        Of the middle post of the middle creator, at the reference following.
    slope : float
        Elasticity in followers.
    creators_sd, posts_sd : float
    reference : float
        Log of the reference following.
    """

    centre: float
    slope: float
    creators_sd: float
    posts_sd: float
    reference: float


@dataclass
class Fitted:
    """A fit, with what the checks need of it.

    Parameters
    ----------
    estimate : Estimate
    rows : ndarray of int
        Positions in the history of the posts it rests on.
    spread : Spread or None
    variation : float
        Between creators, of rates that are one number for all.
    outliers : list of Outlier
    """

    estimate: Estimate
    rows: NDArray[np.intp]
    spread: Spread | None = None
    variation: float = 0.0
    outliers: list[Outlier] = field(default_factory=list)


def to_link(link: Link, value: float) -> float:
    """Return a value on the link scale."""
    return log(value) if link == "log" else float(logit(value))


def from_link(link: Link, value: float) -> float:
    """Return a value in natural units."""
    return exp(value) if link == "log" else float(expit(value))


def interval(belief: Belief, link: Link) -> Range:
    """Return the 90 % range of a belief in natural units."""
    return from_link(link, belief.quantile(0.05)), from_link(link, belief.quantile(0.95))


def around(typical: Range, sd: float, link: Link) -> Range:
    """Return the range of 90 % of creators around the middle of the typical range."""
    middle = (to_link(link, typical[0]) + to_link(link, typical[1])) / 2
    return from_link(link, middle - Z95 * sd), from_link(link, middle + Z95 * sd)


def far_off(residuals: Array) -> NDArray[np.intp]:
    """Return the positions of outliers, farthest first."""
    if residuals.size < FEWEST:
        return np.empty(0, np.intp)
    off = np.abs(residuals - np.median(residuals))
    scale = MAD * float(np.median(off))
    if scale == 0:
        return np.empty(0, np.intp)
    far = np.flatnonzero(off > FAR * scale)
    return far[np.argsort(-off[far], kind="stable")]
