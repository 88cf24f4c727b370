"""From posts with known truth the ranges hold it, and are as narrow as the posts warrant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import log
from typing import Any

import numpy as np
import pytest
from scipy.special import expit, logit, ndtr

from histories import drawn_truth, moved_truth, simulated, true_middle
from sim.uncertain import Z95
from tiermix.calibration.estimates import Estimate, to_link
from tiermix.calibration.learning import fit_tier
from tiermix.calibration.tiers import TierPrior, of_preset

MICRO = of_preset("micro", "evidence", "micro")
MACRO = of_preset("macro", "evidence", "macro")
Truth = Callable[[TierPrior, np.random.Generator], TierPrior]
Setting = tuple[TierPrior, Truth, int, dict[str, Any]]
#: Limits that leave a third of the law of followers.
NARROW = replace(MICRO, low=10_000, high=40_000)
UNCUT = replace(MICRO, low=0.0, high=float("inf"))


@dataclass
class Coverage:
    """How often the range of an input held the truth, and how wide it was."""

    held: list[bool]
    widths: list[float]
    narrower: list[float]
    contents: list[float]


def content(estimate: Estimate, middle: float, sd: float) -> float:
    """Return the share of the true creators that lie in the range of creators."""
    assert estimate.spread is not None
    low, high = (to_link(estimate.link, end) for end in estimate.spread)
    return float(ndtr((high - middle) / sd) - ndtr((low - middle) / sd))


def replicate(
    prior: TierPrior,
    truth_of: Truth,
    n_posts: int,
    replications: int,
    *,
    each: float = 2.5,
    missing: Sequence[str] = (),
) -> dict[str, Coverage]:
    """Return the coverage of every input that is learned."""
    found: dict[str, Coverage] = {}
    for seed in range(replications):
        rng = np.random.default_rng([seed, n_posts, len(missing)])
        truth = truth_of(prior, rng)
        history = simulated(truth, n_posts, rng, each=each, missing=missing)
        fit = fit_tier(history, np.arange(history.size), prior)
        sizes = fit.fits["followers"].estimate
        reference = sum(log(end) for end in sizes.typical) / 2
        if not sizes.learned:
            reference = log(truth.laws["followers"].median)
        for estimate in fit.estimates:
            if not estimate.learned:
                continue
            middle = true_middle(truth, estimate.key, reference)
            if estimate.key in POSTED and fit.authentic is None:  # of authentic followers
                share = prior.laws["authentic_share"].median
                middle = float(logit(expit(middle) / share))
            low, high = (to_link(estimate.link, end) for end in estimate.typical)
            mine = found.setdefault(estimate.key, Coverage([], [], [], []))
            mine.held.append(low <= middle <= high)
            mine.widths.append((high - low) / (2 * Z95))
            if estimate.narrower is not None:
                mine.narrower.append(estimate.narrower)
            if estimate.spread is not None:
                sd = truth.laws[estimate.key].creators_sd
                mine.contents.append(content(estimate, middle, sd))
    return found


def as_believed(prior: TierPrior, rng: np.random.Generator) -> TierPrior:
    return drawn_truth(prior, rng)


def elsewhere(prior: TierPrior, rng: np.random.Generator) -> TierPrior:
    return moved_truth(prior)


def told(name: str, found: dict[str, Coverage]) -> str:
    """Return the figures of a setting, one input a line."""
    lines = [name]
    for key, mine in found.items():
        narrower = f"{np.mean(mine.narrower):5.2f}" if mine.narrower else "    –"
        inside = f"{np.mean(mine.contents):5.2f}" if mine.contents else "    –"
        lines.append(
            f"  {key:22} held {np.mean(mine.held):.3f}  sd {np.mean(mine.widths):.3f}  "
            f"of preset {narrower}  creators inside {inside}"
        )
    return "\n".join(lines)


SETTINGS: dict[str, Setting] = {
    "10 posts": (MICRO, as_believed, 10, {}),
    "100 posts": (MICRO, as_believed, 100, {}),
    "10,000 posts": (MICRO, as_believed, 10_000, {}),
    "macro, 100 posts": (MACRO, as_believed, 100, {}),
    "no limits, 100 posts": (UNCUT, as_believed, 100, {}),
    "narrow limits, 10 posts": (NARROW, as_believed, 10, {}),
    "narrow limits, 100 posts": (NARROW, as_believed, 100, {}),
    "narrow limits, 10,000 posts": (NARROW, as_believed, 10_000, {}),
    "one post a creator, 10": (MICRO, as_believed, 10, {"each": 1}),
    "one post a creator, 100": (MICRO, as_believed, 100, {"each": 1}),
    "no followers, 100 posts": (MICRO, as_believed, 100, {"missing": ("followers",)}),
    "no views or clicks, 100": (MICRO, as_believed, 100, {"missing": ("impressions", "clicks")}),
}
ELSEWHERE: dict[str, Setting] = {
    "elsewhere, 10 posts": (MICRO, elsewhere, 10, {}),
    "elsewhere, 100 posts": (MICRO, elsewhere, 100, {}),
    "elsewhere, 10,000 posts": (MICRO, elsewhere, 10_000, {}),
}
REPLICATIONS = 200

#: Rates that are written as of authentic followers where the other one is not learned.
POSTED = ("view_rate", "engagement_rate")
INPUTS = (
    "followers", "fee", "view_rate", "engagement_rate", "clicks_per_engagement", "conversion_rate",
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", SETTINGS)
def test_the_90_percent_ranges_hold_the_truth(name: str) -> None:
    """Fewer than 85 %, less two standard errors of 200 replications, is a failure."""
    prior, truth, n, more = SETTINGS[name]
    found = replicate(prior, truth, n, REPLICATIONS, **more)
    print(told(name, found))
    error, short = (0.9 * 0.1 / REPLICATIONS) ** 0.5, []
    for key, mine in found.items():
        assert np.mean(mine.held) >= 0.85 - 2 * error, key
        if key != "followers":  # cut followers leave their middle open: ranges hold too much
            assert np.mean(mine.held) <= 0.95 + 2 * error, key
        if "followers" not in found:
            continue  # the law before the tier's cut is not seen then
        if mine.contents:
            inside = float(np.mean(mine.contents))
            if inside < 0.85 and more.get("each") == 1 and key in POSTED:
                short.append(f"{key} holds {inside:.3f} of creators")
            else:
                assert 0.85 <= inside <= 0.96, key
        if mine.narrower and n >= 100:
            assert np.mean(mine.narrower) < 1, key
    if short:
        pytest.xfail(f"one post a creator, how posts differ is assumed: {', '.join(short)}")


@pytest.mark.slow
@pytest.mark.parametrize("name", ELSEWHERE)
def test_a_truth_far_from_the_preset_is_found_from_100_posts_on(name: str) -> None:
    prior, truth, n, more = ELSEWHERE[name]
    found = replicate(prior, truth, n, REPLICATIONS, **more)
    print(told(name, found))
    for key, mine in found.items():
        if n >= 10_000 or (n >= 100 and key != "conversion_rate"):
            assert np.mean(mine.held) >= 0.85 - 0.045, key


def test_a_hundred_posts_find_the_truth_most_of_the_time() -> None:
    """A short run of the campaigns: all inputs together, 12 replications."""
    found = replicate(MICRO, as_believed, 100, 12)
    assert set(found) == set(INPUTS)
    held = [one for mine in found.values() for one in mine.held]
    assert len(held) == 72
    assert sum(held) >= 57  # 90 % expected: fewer happens once in 500 runs
    assert np.mean(found["engagement_rate"].narrower) < 0.6


def test_more_posts_narrow_the_range_as_their_number_warrants() -> None:
    few, many = (replicate(MICRO, as_believed, n, 4) for n in (300, 4800))
    for key in ("fee", "view_rate", "engagement_rate"):
        ratio = np.mean(many[key].widths) / np.mean(few[key].widths)
        assert 0.2 < ratio < 0.33  # a quarter: 16 times as many posts
