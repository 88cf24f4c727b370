"""What may change no number: units, order, threads, company, and the lottery in a mean."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from campaigns.case import FLOAT32, Case
from sim.campaign import Halo
from sim.mapping import one_by_one, threads
from sim.metrics import METRICS
from sim.outcomes import Outcomes, evaluate
from sim.worlds import BLOCK, draw_worlds
from units import rescaled, unit

Array = NDArray[np.float64]


def other_units(case: Case) -> Iterator[str]:
    """Money in cents, or audience and followings a thousandfold, change nothing."""
    for cents, people in ((100.0, 1.0), (1.0, 1000.0), (0.01, 0.1)):
        campaign = rescaled(case.campaign, cents, people)
        plans = np.array([case.less, case.less + case.more]) * cents
        worlds = draw_worlds(campaign, case.worlds.size, case.number)
        found = evaluate(worlds, plans, case.purchase, mapper=one_by_one).values
        before = {name: values[[0, 4]] for name, values in case.played.values.items()}
        for name, values in before.items():
            if METRICS[name].over:
                continue  # a ratio of what a billionth of a creator brings, or of nothing
            after = found[name] / unit(METRICS[name], cents, people)
            size = case.size(name, values) + FLOAT32 * np.abs(values).max()
            off = _off(after, values, size)
            if off > FLOAT32:
                yield f"{name} depends on units by {off:.3g}"


def other_order(case: Case) -> Iterator[str]:
    """Tiers, segments and curves may be listed in any order."""
    campaign, rng = case.campaign, np.random.default_rng(case.number)
    tiers, segments, curves = (
        rng.permutation(len(x)) for x in (campaign.tiers, campaign.segments, campaign.curves)
    )
    n, phases = len(tiers), max(len(campaign.phases), 1)
    lines = np.append((np.arange(phases)[:, None] * n + tiers).ravel(), n * phases + curves)
    place = np.argsort(lines)
    shuffled = replace(
        campaign,
        tiers=tuple(
            replace(tier, audience=tuple(tier.audience[s] for s in segments))
            for tier in (campaign.tiers[t] for t in tiers)
        ),
        segments=tuple(campaign.segments[s] for s in segments),
        curves=tuple(campaign.curves[c] for c in curves),
        halos=tuple(_moved(halo, place) for halo in campaign.halos),
        classes=campaign.classes
        and replace(campaign.classes, shares=campaign.classes.shares[tiers]),
    )
    worlds = draw_worlds(shuffled, case.worlds.size, case.number, order=case.worlds.order)
    found = evaluate(worlds, case.plans[:, lines], case.purchase, mapper=one_by_one)
    for kind in ("values", "controlled", "chances"):
        for name, before in getattr(case.played, kind).items():
            size = 1.0 if kind == "chances" else case.size(name, before)
            off = _off(getattr(found, kind)[name], before, size)
            if off > 1e-9:
                yield f"{kind} of {name} depend on the order by {off:.3g}"


def _off(one: Array, other: Array, size: Array | float) -> float:
    """Return the largest difference of two arrays, as a part of a size; both NaN is none."""
    with np.errstate(invalid="ignore", divide="ignore"):
        off = np.where((one == other) | (np.isnan(one) & np.isnan(other)), 0.0,
                       np.abs(one - other) / size)  # fmt: skip
    return float(np.where(np.isnan(off), np.inf, off).max())


def _moved(halo: Halo, place: NDArray[np.intp]) -> Halo:
    """Return a halo between the same lines at other positions."""
    sources, targets = (tuple(int(place[i]) for i in x) for x in (halo.sources, halo.targets))
    return replace(halo, sources=sources, targets=targets)


def same_bytes(case: Case) -> Iterator[str]:
    """Threads, stretches of worlds and the plans beside a plan change no bit."""
    n = BLOCK + 24
    whole = draw_worlds(case.campaign, n, case.number)
    plans = case.plans
    found = evaluate(whole, plans, case.purchase, mapper=one_by_one)
    if not _equal(found, evaluate(whole, plans, case.purchase, mapper=threads)):
        yield "threads change bits"
    for first, size in ((0, BLOCK), (BLOCK, n - BLOCK), (0, 40)):
        part = draw_worlds(case.campaign, size, case.number, first=first)
        if not _equal(found, evaluate(part, plans, case.purchase), slice(first, first + size)):
            yield f"worlds {first} to {first + size} by themselves differ in bits"
    alone = evaluate(whole, plans[3:4], case.purchase)
    if not _equal(found, alone, plans=slice(3, 4)):
        yield "a plan by itself differs in bits"
    yield from _controlled(case, found)


def _equal(
    one: Outcomes, other: Outcomes, worlds: slice = slice(None), plans: slice = slice(None)
) -> bool:
    """Return whether a part of some outcomes has the bits of others."""
    return all(
        np.array_equal(values[plans, worlds], getattr(other, kind)[name], equal_nan=True)
        for kind in ("values", "controlled", "chances")
        for name, values in getattr(one, kind).items()
    )


def _controlled(case: Case, found: Outcomes) -> Iterator[str]:
    """Taking the lottery out leaves every mean where it is."""
    for name, plan in _biased(found, 5.0):
        again = draw_worlds(case.campaign, 8 * BLOCK, case.number + 1)
        played = evaluate(again, case.plans, case.purchase)
        if (name, plan) in set(_biased(played, 5.0)):
            yield f"controlled {name} has another mean"


def _biased(found: Outcomes, errors: float) -> Iterator[tuple[str, int]]:
    """Yield metrics and plans whose controlled mean is off by some standard errors."""
    for name, controlled in found.controlled.items():
        if METRICS[name].over:
            continue
        off = controlled - found.values[name]
        error = off.std(axis=1) / off.shape[1] ** 0.5
        size = np.abs(found.values[name]).mean(axis=1) + found.values["spend"].mean(axis=1)
        for plan in np.flatnonzero(np.abs(off.mean(axis=1)) > errors * error + FLOAT32 * size):
            yield name, int(plan)
