"""What the model promises of any plan in any world: more is more, ever less so, within bounds."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from campaigns.case import ROUNDING, Case
from sim.metrics import METRICS, OBJECTIVES
from sim.outcomes import evaluate
from sim.purchase import PARTS, WHOLE
from sim.response import respond

#: Metrics that more money never lowers; but for buyers, where a halo takes intent away.
RISING = (
    "reach",
    "effective_reach",
    "impressions",
    "engagements",
    "clicks",
    "conversions",
    "revenue",
    "brand_lift",
    "response",
    "follower_posts",
    "on_target_impressions",
)

#: Metrics that a line adds less of, the more others have brought.
CROWDED = ("reach", "conversions", "brand_lift")


def never_less(case: Case) -> Iterator[str]:
    """More money never lowers what it brings, in no world, on common creators."""
    values = case.played.values
    for one, other in ((0, 1), (0, 2), (1, 3), (2, 3), (0, 4)):
        for name in values:
            metric = name.partition("@")[0]
            if metric not in RISING or (metric in ("conversions", "revenue") and
                                        case.campaign.halos):  # fmt: skip
                continue
            before, after = values[name][one], values[name][other]
            if (before - after > ROUNDING * case.size(name, before)).any():
                yield f"{name} falls by {np.max(before - after):.3g}"


def late_money(case: Case) -> Iterator[str]:
    """Where no halo takes away, money for the last phase brings more buyers in every world."""
    campaign = case.campaign
    if not campaign.halos or case.taking:
        return
    last = np.array([item.phase == len(campaign.phases) - 1 for item in campaign.items])
    late = case.more * np.append(last, np.ones(len(campaign.curves), bool))
    found = evaluate(case.worlds, [case.less, case.less + late], case.purchase).values
    for name in ("conversions", "revenue"):
        if not (found[name][1] >= found[name][0] * (1 - ROUNDING)).all():
            yield f"{name} falls with money for the last phase"


def crowded(case: Case) -> Iterator[str]:
    """A tier or curve adds no more people beside others than without them, in any world."""
    for name in CROWDED:
        if name == "conversions" and case.campaign.halos:
            continue
        low, low_more, high, high_more = case.played.values[name][:4]
        excess = (high_more - high) - (low_more - low)
        if not (excess <= ROUNDING * high_more).all():
            yield f"{name}: gains grow by {(excess / np.maximum(high_more, 1e-9)).max():.3g}"


def diminishing(case: Case) -> Iterator[str]:
    """On average over the lottery, gains of any money shrink with any money that is there."""
    less, step, more = case.less, case.step + case.others, case.more
    for metric in OBJECTIVES:
        response = respond(case.worlds, metric, case.purchase)
        low, low_more, high, high_more = (
            response.values(plan) for plan in (less, less + step, less + more, less + more + step)
        )
        size = np.abs(low) + np.abs(high_more) + np.abs(response.slopes) @ (less + more + step)
        takes = metric == "profit" or (case.taking and metric in ("conversions", "revenue"))
        if not takes and not (low_more >= low - ROUNDING * size).all():
            yield f"{metric} falls on average over the lottery"
        if (
            response.concave
            and not ((high_more - high) - (low_more - low) <= ROUNDING * size).all()
        ):
            yield f"{metric}: gains grow on average over the lottery"


def bounded(case: Case) -> Iterator[str]:
    """Nobody is counted twice, and a chance is one."""
    campaign, values = case.campaign, case.played.values
    audience = sum(segment.size for segment in campaign.segments)
    buyers = sum(s.size * case.worlds.values[f"in_market.{s.name}"] for s in campaign.segments)
    near = 1 + ROUNDING
    for name, most in (("reach", audience), ("brand_lift", audience), ("effective_reach", audience),
                       ("conversions", buyers)):  # fmt: skip
        by_creators = values[name][0] - values[name][5]
        if not ((by_creators >= -ROUNDING * values[name][0]) & (by_creators <= most * near)).all():
            yield f"{name} passes what there is"
    if not campaign.curves:
        if not (values["reach"] <= values["on_target_impressions"] * near).all():
            yield "more people than contacts"
        if not (values["brand_lift"] <= values["reach"] * near).all():
            yield "more are lifted than reached"
        if not (values["effective_reach"] <= values["reach"] * near).all():
            yield "more people are reached often than at all"
        if not campaign.halos and not (values["conversions"] <= values["clicks"] * near).all():
            yield "more buyers than clicks"
    for name, chance in case.played.chances.items():
        if not ((chance >= 0) & (chance <= near)).all():
            yield f"{name}: chance of {chance.min():.3g} to {chance.max():.3g}"
    for name in values:
        if not METRICS[name].over and not np.isfinite(values[name]).all():
            yield f"{name} is not finite"


def spend_kept(case: Case) -> Iterator[str]:
    """Parts of creators spend the plan; whole ones spend it on average over the lottery."""
    spent, plans = case.played.values["spend"], case.plans.sum(axis=1)[:, None]
    if case.purchase is PARTS and not (np.abs(spent - plans) <= ROUNDING * plans).all():
        yield "the spend is not the plan's"
    if case.purchase is WHOLE and not (spent >= 0).all():
        yield "less than nothing is spent"
