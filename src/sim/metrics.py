"""What a plan is judged by: every metric's name, unit, formula and sense, once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric.

    Parameters
    ----------
    name : str
        As in files and results.
    label : str
        As people read it.
    unit : {"people", "events", "money", "share", "factor"}
    formula : str
        In words, with the symbols of the model.
    better : {"up", "down"}
        Which way is better: the worst worlds are at the other end.
    over : tuple of str, optional
        For a ratio: its numerator and denominator.
    times : float
        For a ratio: a factor (1000 for costs per thousand).
    """

    name: str
    label: str
    unit: Literal["people", "events", "money", "share", "factor"]
    formula: str
    better: Literal["up", "down"] = "up"
    over: tuple[str, str] | None = None
    times: float = 1.0


def _ratio(
    name: str,
    label: str,
    unit: Literal["money", "share", "factor"],
    over: tuple[str, str],
    better: Literal["up", "down"] = "up",
    times: float = 1.0,
) -> Metric:
    factor = f"{times:g} x " if times != 1 else ""
    return Metric(name, label, unit, f"{factor}{over[0]} / {over[1]}", better, over, times)


_TABLE = (
    Metric("spend", "Spend", "money", "money paid for creators, all in", "down"),
    Metric("reach", "Reach", "people", "sum over segments of N g(contacts x share / N)"),
    Metric(
        "effective_reach",
        "Effective reach",
        "people",
        "sum over segments of N P(at least k contacts), mean contacts x share / N a head",
    ),
    Metric("impressions", "Impressions", "events", "sum of D a F v p, on and off target"),
    Metric("engagements", "Engagements", "events", "sum of D a F e p"),
    Metric("clicks", "Clicks", "events", "engagements x clicks per engagement"),
    Metric(
        "conversions", "Conversions", "people", "sum over segments of b N g(intent x share / b N)"
    ),
    Metric("revenue", "Revenue", "money", "conversions x order value"),
    Metric("profit", "Profit", "money", "margin x revenue - spend"),
    Metric(
        "brand_lift",
        "Brand lift",
        "people",
        "sum over segments of N g(contacts x lift / N)",
    ),
    Metric("response", "Response", "events", "sum over curves of their response"),
    Metric("follower_posts", "Follower posts", "events", "sum of D a F p"),
    Metric(
        "on_target_impressions",
        "On-target impressions",
        "events",
        "impressions x audience share",
    ),
    _ratio("frequency", "Frequency", "factor", ("on_target_impressions", "reach")),
    _ratio("on_target_share", "On-target share", "share", ("on_target_impressions", "impressions")),
    _ratio("engagement_rate", "Engagement rate", "share", ("engagements", "follower_posts")),
    _ratio("conversion_rate", "Conversion rate", "share", ("conversions", "clicks")),
    _ratio("roas", "ROAS", "factor", ("revenue", "spend")),
    _ratio("cpm", "CPM", "money", ("spend", "impressions"), "down", 1000.0),
    _ratio("cpe", "CPE", "money", ("spend", "engagements"), "down"),
    _ratio("cpc", "CPC", "money", ("spend", "clicks"), "down"),
    _ratio("cpa", "CPA", "money", ("spend", "conversions"), "down"),
)


class _Metrics(dict[str, Metric]):
    """Metrics by name; ``reach@tease`` is the reach by the end of the phase tease."""

    def __missing__(self, name: str) -> Metric:
        whole, at, phase = name.partition("@")
        if not at:
            raise KeyError(name)
        metric = self[whole]
        over = (f"{metric.over[0]}@{phase}", f"{metric.over[1]}@{phase}") if metric.over else None
        return replace(metric, name=name, label=f"{metric.label} by {phase}", over=over)


#: Every metric by name, in the order in which people read them.
METRICS = _Metrics({metric.name: metric for metric in _TABLE})

#: What a plan can be optimised for.
OBJECTIVES = (
    "reach",
    "effective_reach",
    "impressions",
    "engagements",
    "clicks",
    "conversions",
    "revenue",
    "profit",
    "brand_lift",
    "response",
)
