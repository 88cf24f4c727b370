"""What the simulator needs to know: the audience, the tiers of creators, and response curves."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite, sqrt

import numpy as np
from numpy.typing import NDArray

from sim.response_curves import ResponseCurve, common_draws
from sim.uncertain import Link, Uncertain

KNOWN_ONE = Uncertain.known(1.0)

_TIER_LINKS: dict[str, Link] = {
    "followers": "log",
    "fee": "log",
    "view_rate": "logit",
    "engagement_rate": "logit",
    "clicks_per_engagement": "log",
    "conversion_rate": "logit",
    "authentic_share": "logit",
    "delivery_rate": "logit",
    "overhead": "log",
    "lift": "logit",
}

#: Inputs in which the creators of one tier may differ from each other.
CREATOR_INPUTS = ("followers", "fee", "view_rate", "engagement_rate", "authentic_share")


def _check_laws(owner: object, links: dict[str, Link]) -> None:
    """Refuse laws of the wrong kind, and spread or cuts that no formula would use."""
    for name, link in links.items():
        law: Uncertain = getattr(owner, name)
        if law.link != link:
            raise ValueError(f"{name} must be on the {link} scale")
        if law.creators_sd > 0 and name not in CREATOR_INPUTS:
            raise ValueError(f"{name} is one value for all creators: creators_sd must be 0")
        if law.truncated and name != "followers":
            raise ValueError(f"{name} can not be cut to an interval: only followers can")
        if name in ("followers", "order_value", "resonance") and not law.median > 0:
            raise ValueError(f"the median of {name} must be > 0")


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of the target audience.

    Parameters
    ----------
    name : str
    size : float
        People.
    in_market : Uncertain
        Share (0-1) who could buy within the horizon of the campaign.
    """

    name: str
    size: float
    in_market: Uncertain

    def __post_init__(self) -> None:
        if not (0 < self.size < inf):
            raise ValueError(f"size(={self.size}) must be > 0")
        _check_laws(self, {"in_market": "logit"})


@dataclass(frozen=True, slots=True)
class Tier:
    """A pool of like creators.

    Parameters
    ----------
    name : str
    followers : Uncertain
        People who follow one creator.
    fee : Uncertain
        Money per post, at the middle of the followers' range. Its creators' spread is the whole
        spread of fees in the tier: what `fee_elasticity` explains is part of it, the rest is
        residual.
    view_rate : Uncertain
        People reached by one post divided by followers (share).
    engagement_rate : Uncertain
        Engagements per post divided by followers (share); its creators' spread is the whole
        spread, as for `fee`.
    clicks_per_engagement : Uncertain
        Clicks per engagement (positive).
    conversion_rate : Uncertain
        Purchases intended per click (share).
    authentic_share : Uncertain
        Share of followers who are real people.
    delivery_rate : Uncertain
        Share of hired creators who post.
    overhead : Uncertain
        Money per creator hired, whether or not she posts.
    lift : Uncertain
        Brand lift per contact (share).
    audience : tuple of float
        Share of a creator's contacts in each segment, in the campaign's order; the rest is
        off target.
    posts : float
        Posts per creator.
    multi_post_discount : float
        Share taken off the fees.
    fee_elasticity : float
        Percent change of the fee for one percent more followers.
    engagement_elasticity : float
        Percent change of the engagement odds for one percent more followers.
    available : float
        Creators that exist.
    onboarding : float
        Creators that can be activated in a week.
    minimum_deal : float
        Smallest amount of money a line of this tier takes, unless it takes none.
    """

    name: str
    followers: Uncertain
    fee: Uncertain
    view_rate: Uncertain
    engagement_rate: Uncertain
    clicks_per_engagement: Uncertain
    conversion_rate: Uncertain
    audience: tuple[float, ...]
    authentic_share: Uncertain = Uncertain.known(1.0, "logit")  # noqa: RUF009
    delivery_rate: Uncertain = Uncertain.known(1.0, "logit")  # noqa: RUF009
    overhead: Uncertain = Uncertain.known(0.0)  # noqa: RUF009
    lift: Uncertain = Uncertain.known(0.0, "logit")  # noqa: RUF009
    posts: float = 1.0
    multi_post_discount: float = 0.0
    fee_elasticity: float = 0.0
    engagement_elasticity: float = 0.0
    available: float = inf
    onboarding: float = inf
    minimum_deal: float = 0.0

    def __post_init__(self) -> None:
        _check_laws(self, _TIER_LINKS)
        if not 0 < self.posts < inf:
            raise ValueError(f"posts(={self.posts}) must be > 0")
        if not 0 <= self.multi_post_discount <= 1:
            raise ValueError(
                f"multi_post_discount(={self.multi_post_discount}) must lie between 0 and 1"
            )
        if not (all(share >= 0 for share in self.audience) and sum(self.audience) <= 1 + 1e-9):
            raise ValueError(f"audience(={self.audience}) must be shares that sum to 1 at most")
        if not (self.available > 0 and self.onboarding > 0 and 0 <= self.minimum_deal < inf):
            raise ValueError("available and onboarding must be > 0, minimum_deal at least 0")
        paid = self.fee.median * (1 - self.multi_post_discount) * self.delivery_rate.median
        if not paid + self.overhead.median > 0:
            raise ValueError("a creator costs nothing: fee or overhead must be > 0")
        for name, elasticity in (
            ("fee", self.fee_elasticity),
            ("engagement_rate", self.engagement_elasticity),
        ):
            if not isfinite(elasticity):
                raise ValueError(f"the elasticity of {name} must be finite")
            _residual(name, getattr(self, name), elasticity, self.followers)

    @property
    def fee_residual_sd(self) -> float:
        """Log spread of fees at a given following."""
        return _residual("fee", self.fee, self.fee_elasticity, self.followers)

    @property
    def engagement_residual_sd(self) -> float:
        """Logit spread of engagement rates at a given following."""
        return _residual(
            "engagement_rate", self.engagement_rate, self.engagement_elasticity, self.followers
        )


def _residual(name: str, law: Uncertain, elasticity: float, followers: Uncertain) -> float:
    """Return the spread that is left when followers explain their part."""
    explained = abs(elasticity) * followers.creators_sd
    if explained > law.creators_sd * (1 + 1e-9):
        raise ValueError(
            f"the elasticity of {name} (={elasticity}) and the spread of followers already "
            f"spread {name} more (ln-sd {explained:.3g}) than its own range "
            f"(ln-sd {law.creators_sd:.3g})"
        )
    return sqrt(max(law.creators_sd**2 - explained**2, 0.0))


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of weeks; phases follow each other.

    Parameters
    ----------
    name : str
    weeks : float
    """

    name: str
    weeks: float

    def __post_init__(self) -> None:
        if not 0 < self.weeks < inf:
            raise ValueError(f"weeks(={self.weeks}) must be > 0")


@dataclass(frozen=True, slots=True)
class Halo:
    """What awareness from some lines does to purchase intent from lines of a later phase.

    In every segment intent is multiplied by 1 + (lift - 1) x (share of awareness left) x (share
    of intent from people whom the earlier lines have reached). Effects of several halos on one
    line add.

    Parameters
    ----------
    name : str
    sources, targets : tuple of int
        Positions of the earlier lines, all of one phase, and of the later ones, likewise.
    lift : Uncertain
        Factor on the intent of those who are aware: above 1, or below.
    left : float
        Share of awareness that is left when the later phase runs.
    """

    name: str
    sources: tuple[int, ...]
    targets: tuple[int, ...]
    lift: Uncertain
    left: float = 1.0

    def __post_init__(self) -> None:
        _check_laws(self, {"lift": "log"})
        if not 0 <= self.left <= 1:
            raise ValueError(f"left(={self.left}) must lie between 0 and 1")


@dataclass(frozen=True, slots=True)
class Item:
    """A line that hires creators: a tier in a phase.

    Parameters
    ----------
    name : str
        ``tier``, or ``tier@phase`` where there are phases.
    tier : Tier
    phase : int
        Position of the phase.
    """

    name: str
    tier: Tier
    phase: int = 0


@dataclass(frozen=True, slots=True)
class Campaign:
    """All that the simulator needs.

    Parameters
    ----------
    segments : tuple of Segment
    tiers : tuple of Tier
    heterogeneity : float
        Shape κ of the gamma law of how heavily people use social media; infinite means that
        everyone uses it alike (random duplication).
    order_value : Uncertain
        Money per conversion.
    margin : Uncertain
        Share of revenue that is profit before the campaign's cost.
    resonance : Uncertain
        Factor on the engagement odds of every tier: one creative idea, one draw a world.
    effective_frequency : int
        Contacts from which on a person counts as effectively reached.
    curves : tuple of ResponseCurve
        Lines that hire nobody; they come after those that do, and count by the last phase.
    phases : tuple of Phase
        In order; none where the campaign is one stretch.
    halos : tuple of Halo
    """

    segments: tuple[Segment, ...]
    tiers: tuple[Tier, ...]
    heterogeneity: float = inf
    order_value: Uncertain = KNOWN_ONE
    margin: Uncertain = Uncertain.known(1.0, "logit")  # noqa: RUF009
    resonance: Uncertain = KNOWN_ONE
    effective_frequency: int = 3
    curves: tuple[ResponseCurve, ...] = ()
    phases: tuple[Phase, ...] = ()
    halos: tuple[Halo, ...] = ()

    def __post_init__(self) -> None:
        if not self.effective_frequency >= 1:
            raise ValueError(f"effective_frequency(={self.effective_frequency}) must be >= 1")
        if not self.lines or (self.tiers and not self.segments):
            raise ValueError("a campaign needs at least one segment and one tier, or a curve")
        _check_laws(self, {"order_value": "log", "margin": "logit", "resonance": "log"})
        if not self.heterogeneity > 0:
            raise ValueError(f"heterogeneity(={self.heterogeneity}) must be > 0")
        common_draws(self.curves)
        for names in (
            [segment.name for segment in self.segments],
            [phase.name for phase in self.phases],
            [halo.name for halo in self.halos],
            self.lines,
        ):
            if len(set(names)) < len(names):
                raise ValueError(f"names must differ: {', '.join(names)}")
        for tier in self.tiers:
            if len(tier.audience) != len(self.segments):
                raise ValueError(f"tier {tier.name}: audience must name every segment")
        for halo in self.halos:
            self._check_halo(halo)

    def _check_halo(self, halo: Halo) -> None:
        """Refuse a halo that does not lead from one phase to a later one."""
        phases = [{self.items[i].phase for i in lines} for lines in (halo.sources, halo.targets)]
        if not (len(phases[0]) == len(phases[1]) == 1 and max(phases[0]) < min(phases[1])):
            raise ValueError(f"halo {halo.name}: must lead from one phase to one later phase")

    @property
    def items(self) -> tuple[Item, ...]:
        """The lines that hire creators, by position: phase after phase, all tiers in each."""
        if not self.phases:
            return tuple(Item(tier.name, tier) for tier in self.tiers)
        return tuple(
            Item(f"{tier.name}@{phase.name}", tier, p)
            for p, phase in enumerate(self.phases)
            for tier in self.tiers
        )

    @property
    def lines(self) -> tuple[str, ...]:
        """Names of the lines, by position: those that hire creators, then the curves."""
        return (*(item.name for item in self.items), *(curve.name for curve in self.curves))

    def horizon(self, phase: str) -> NDArray[np.bool_]:
        """Return which lines count by the end of a phase, shape (n_lines,).

        Raises
        ------
        ValueError
            If there is no such phase.
        """
        names = [known.name for known in self.phases]
        if phase not in names:
            raise ValueError(f"phase(={phase}) must be one of {', '.join(names)}")
        last = names.index(phase)
        ended = [last == len(names) - 1] * len(self.curves)
        return np.array([*(item.phase <= last for item in self.items), *ended])
