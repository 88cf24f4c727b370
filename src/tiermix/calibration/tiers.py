"""What is believed about each tier before the posts, and which posts are whose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import exp, inf, sqrt
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sim.uncertain import Z95, Uncertain
from tiermix.calibration.history import History
from tiermix.errors import TableError
from tiermix.file_format import Tier
from tiermix.layers import default_tier, overlay, preset_tier, shipped
from tiermix.reading import read_document
from tiermix.scenario_file import read
from tiermix.words import listing

#: Inputs that a history can say something about, in the order of the file format.
LEARNED = (
    "followers",
    "fee",
    "view_rate",
    "engagement_rate",
    "clicks_per_engagement",
    "conversion_rate",
    "delivery_rate",
)
_LAWS = (*LEARNED, "authentic_share")

#: The family that stands in where a tier has no preset: only the order of magnitude counts.
STAND_IN = "evidence"

#: From where on creators are taken for macro, where nothing else says so.
MACRO = 100_000


@dataclass(frozen=True, slots=True)
class TierPrior:
    """A tier before the posts.

    Parameters
    ----------
    name : str
    origin : str
        Where its ranges come from, such as ``preset card: micro``.
    laws : mapping of str to Uncertain
        What the preset says about every input; typical ranges of no width count as not given.
    fee_elasticity, engagement_elasticity : float
    low, high : float
        Followers of the tier lie between these; 0 and infinity for no limits.
    """

    name: str
    origin: str
    laws: Mapping[str, Uncertain]
    fee_elasticity: float
    engagement_elasticity: float
    low: float = 0.0
    high: float = inf

    def residual_sd(self, key: str, elasticity: float) -> float:
        """Return the spread of creators that followers leave unexplained, at least a fifth."""
        whole, explained = (
            self.laws[key].creators_sd,
            elasticity * self.laws["followers"].creators_sd,
        )
        return max(sqrt(max(whole**2 - explained**2, 0.0)), 0.2)


@dataclass(frozen=True, slots=True)
class Setting:
    """All tiers before the posts.

    Parameters
    ----------
    tiers : tuple of TierPrior
    currency : str
    path : Path, optional
        The scenario file they come from.
    """

    tiers: tuple[TierPrior, ...]
    currency: str
    path: Path | None = None


@dataclass(slots=True)
class Assigned:
    """Which rows belong to which tier.

    Parameters
    ----------
    rows : dict of str to ndarray of int
        Positions in the history, by tier.
    tiers : tuple of TierPrior
        With the limits that the assignment went by.
    notes : list of str
        What did not fit.
    """

    rows: dict[str, NDArray[np.intp]]
    tiers: tuple[TierPrior, ...]
    notes: list[str] = field(default_factory=list)


def of_preset(name: str, family: str, preset: str) -> TierPrior:
    """Return a tier as a preset states it."""
    layer = preset_tier(family, preset)
    merged = overlay([layer, default_tier()])
    followers = _law(merged, "followers")
    return TierPrior(
        name=name,
        origin=layer.origin,
        laws={key: _law(merged, key) for key in _LAWS},
        fee_elasticity=_fitting(merged, followers, "fee"),
        engagement_elasticity=_fitting(merged, followers, "engagement_rate"),
        low=followers.low,
        high=followers.high,
    )


def _law(merged: Tier, key: str) -> Uncertain:
    law: Uncertain = getattr(merged, key).uncertain()
    return law


def _fitting(merged: Tier, followers: Uncertain, key: str) -> float:
    """Return an elasticity of a preset, no larger than its own range bears."""
    stated: float = getattr(merged, key.replace("_rate", "") + "_elasticity") or 0.0
    largest = _law(merged, key).creators_sd / followers.creators_sd
    return float(np.clip(stated, -largest, largest))


def stand_in(name: str, median_followers: float) -> TierPrior:
    """Return a tier of which only the order of magnitude is believed."""
    found = of_preset(name, STAND_IN, "macro" if median_followers >= MACRO else "micro")
    vague = {key: replace(law, typical_sd=0.0) for key, law in found.laws.items()}
    return replace(found, laws=vague, origin="no preset", low=0.0, high=inf)


def setting_of_scenario(path: Path) -> Setting:
    """Return the tiers of a scenario file, each as its preset states it.

    What the file itself states is not believed beforehand: calibrating twice with the same
    posts then comes to the same.

    Raises
    ------
    ScenarioError
        If the file cannot be used.
    """
    scenario = read(str(path))
    tree = read_document(scenario.text, str(path)).root
    family = str(tree.get("presets") or shipped("defaults").block.presets)
    dollars = scenario.currency == shipped("card").block.currency
    tiers = []
    for tier in scenario.campaign.tiers:
        preset = tree["tiers"][tier.name].get("preset")
        law = tier.followers
        known = of_preset(tier.name, family, preset) if preset else stand_in(tier.name, law.median)
        if not dollars:
            known = replace(known, laws={**known.laws, "fee": _vague(known.laws["fee"])})
        laws = {**known.laws, "authentic_share": tier.authentic_share}
        tiers.append(replace(known, laws=laws, low=law.low, high=law.high))
    if not tiers:
        raise TableError(str(path), 0, "tiers", "no tiers to calibrate; expected at least one")
    return Setting(tuple(tiers), scenario.currency, path)


def _vague(law: Uncertain) -> Uncertain:
    return replace(law, typical_sd=0.0)


def setting_of_history(history: History, family: str) -> Setting:
    """Return the tiers that a history names, or those of a family of presets."""
    known = {
        "micro": of_preset("micro", family, "micro"),
        "macro": of_preset("macro", family, "macro"),
    }
    currency = shipped(family).block.currency or ""
    if history.tier is None:
        return Setting(tuple(known.values()), currency)
    tiers = []
    for code, name in enumerate(history.tier.names):
        mine = history.followers[history.tier.codes == code]
        median = float(np.nanmedian(mine)) if np.isfinite(mine).any() else 0.0
        preset = known.get(name.lower())
        tiers.append(replace(preset, name=name) if preset else stand_in(name, median))
    return Setting(tuple(tiers), currency)


def assign(history: History, tiers: Sequence[TierPrior]) -> Assigned:
    """Return which rows belong to which tier: as the table says, else by followers.

    Raises
    ------
    TableError
        If no row belongs to any tier, or it cannot be told.
    """
    if history.tier is not None:
        return _by_name(history, tiers)
    if len(tiers) == 1:
        return Assigned({tiers[0].name: np.arange(history.size)}, tuple(tiers))
    return _by_followers(history, tiers)


def _by_name(history: History, tiers: Sequence[TierPrior]) -> Assigned:
    assert history.tier is not None
    known = {tier.name.lower(): tier.name for tier in tiers}
    found = Assigned({tier.name: np.empty(0, np.intp) for tier in tiers}, tuple(tiers))
    for code, name in enumerate(history.tier.names):
        rows = np.flatnonzero(history.tier.codes == code)
        if name.lower() in known:
            mine = known[name.lower()]
            found.rows[mine] = np.sort(np.concatenate([found.rows[mine], rows]))
        else:
            found.notes.append(f"{_posts(rows.size)} of tier {name!r} left out: no such tier.")
    nameless = int((history.tier.codes < 0).sum())
    if nameless:
        found.notes.append(f"{_posts(nameless)} left out: the tier is not given.")
    if not any(rows.size for rows in found.rows.values()):
        expected = listing([tier.name for tier in tiers])
        raise TableError(history.source, 0, "tier", f"no row names a tier; expected {expected}")
    return found


def _by_followers(history: History, tiers: Sequence[TierPrior]) -> Assigned:
    ordered = sorted((_limited(tier) for tier in tiers), key=lambda tier: tier.low)
    for below, above in pairwise(ordered):
        if above.low < below.high * (1 - 1e-9):
            message = (
                f"no column for the tier, and {below.name} and {above.name} overlap in followers; "
                "add a column tier"
            )
            raise TableError(history.source, 1, "", message)
    found = Assigned({}, tuple(ordered))
    for tier in ordered:
        inside = (history.followers >= tier.low) & (history.followers < tier.high)
        found.rows[tier.name] = np.flatnonzero(inside)
    _note_outside(history, found)
    return found


def _note_outside(history: History, found: Assigned) -> None:
    """Note rows that belong nowhere; refuse if none belongs anywhere."""
    inside = sum(rows.size for rows in found.rows.values())
    unknown = int((~np.isfinite(history.followers)).sum())
    if unknown:
        found.notes.append(f"{_posts(unknown)} left out: neither tier nor followers are given.")
    outside = history.size - inside - unknown
    if outside:
        low, high = found.tiers[0].low, found.tiers[-1].high
        found.notes.append(
            f"{_posts(outside)} left out: followers outside {low:,.0f} to {high:,.0f}."
        )
    if not inside:
        message = "no row belongs to a tier; add a column tier, or followers"
        raise TableError(history.source, 0, "", message)


def _limited(tier: TierPrior) -> TierPrior:
    """Return a tier with limits: its own, or the ends of the range that holds its creators."""
    law = tier.laws["followers"]
    reach = exp(Z95 * law.creators_sd)
    return replace(
        tier,
        low=tier.low if tier.low > 0 else float(f"{law.median / reach:.3g}"),
        high=tier.high if tier.high < inf else float(f"{law.median * reach:.3g}"),
    )


def _posts(number: int) -> str:
    return f"{number:,} post{'s' if number != 1 else ''}"
