"""The same campaign in other units of money and of people."""

from __future__ import annotations

from dataclasses import fields, replace

from sim.campaign import Campaign, Classes
from sim.metrics import METRICS, Metric
from sim.response_curves import PointsCurve, ResponseCurve
from sim.uncertain import Uncertain


def rescaled(campaign: Campaign, money: float, people: float) -> Campaign:
    """Return a campaign in which a unit of money is `money` units, and one of people `people`."""
    tiers = tuple(
        replace(tier, followers=_times(tier.followers, people), fee=_times(tier.fee, money),
                overhead=_times(tier.overhead, money), minimum_deal=tier.minimum_deal * money)
        for tier in campaign.tiers
    )  # fmt: skip
    classes = campaign.classes
    return replace(
        campaign,
        tiers=tiers,
        segments=tuple(replace(s, size=s.size * people) for s in campaign.segments),
        order_value=_times(campaign.order_value, money / people),
        curves=tuple(_curve(curve, money, people) for curve in campaign.curves),
        classes=classes and Classes(classes.sizes * people, classes.shares),
    )


def unit(metric: Metric, money: float, people: float) -> float:
    """Return in how many new units a metric is measured that was one old one."""
    if metric.over and metric.unit == "money":
        return money / people
    return {"money": money, "people": people, "events": people}.get(metric.unit, 1.0)


def _times(law: Uncertain, factor: float) -> Uncertain:
    low, high = law.low * factor, law.high * factor
    return replace(law, median=law.median * factor, low=low, high=high)


def _curve(curve: ResponseCurve, money: float, people: float) -> ResponseCurve:
    brought = unit(METRICS[curve.metric], money, people)
    if isinstance(curve.kind, PointsCurve):
        kind = PointsCurve(curve.kind.spends * money, curve.kind.responses * brought)
        return replace(curve, kind=kind)
    units = {"max": brought, "half": money, "spread": money, "slope": 1.0}
    assert hasattr(curve.kind, "max")  # a dataclass of laws
    laws = {f.name: getattr(curve.kind, f.name) for f in fields(curve.kind)}  # type: ignore[arg-type]
    changed = {name: _times(law, units[name]) for name, law in laws.items()}
    return replace(curve, kind=type(curve.kind)(**changed))
