"""Random campaigns for property tests: small, valid, and alive (responses are not all zero)."""

from __future__ import annotations

from math import exp, hypot, inf

from hypothesis import strategies as st

from sim.campaign import Campaign, Segment, Tier
from sim.uncertain import Link, Uncertain

NAMES = ("micro", "macro", "nano")


def campaigns() -> st.SearchStrategy[Campaign]:
    """Campaigns with one to three segments, two or three tiers and every kind of spread."""
    return _campaigns(bare=False)


def bare_campaigns() -> st.SearchStrategy[Campaign]:
    """Campaigns in which every number is known exactly and every creator hired posts."""
    return _campaigns(bare=True)


@st.composite
def plans(draw: st.DrawFn, campaign: Campaign) -> tuple[float, ...]:
    """Return money per tier, for nobody up to about 40 creators each; not all zero."""
    creators = draw(
        st.lists(
            st.one_of(st.just(0.0), st.floats(0.3, 40.0)),
            min_size=len(campaign.tiers),
            max_size=len(campaign.tiers),
        ).filter(any)
    )
    return tuple(
        number * (tier.posts * tier.fee.median + tier.overhead.median)
        for number, tier in zip(creators, campaign.tiers, strict=True)
    )


@st.composite
def _campaigns(draw: st.DrawFn, *, bare: bool) -> Campaign:
    segments = draw(st.lists(_segments(bare=bare), min_size=1, max_size=3))
    number = draw(st.integers(2, 3))
    return Campaign(
        segments=tuple(
            Segment(f"segment{s}", size, in_market) for s, (size, in_market) in enumerate(segments)
        ),
        tiers=tuple(draw(_tiers(name, len(segments), bare=bare)) for name in NAMES[:number]),
        heterogeneity=draw(st.one_of(st.just(inf), st.floats(0.3, 10.0))),
        order_value=draw(_values(20.0, 100.0, bare=bare)),
        margin=draw(_shares(0.2, 0.9, bare=bare)),
        resonance=draw(_values(0.8, 1.25, bare=bare)),
    )


@st.composite
def _segments(draw: st.DrawFn, *, bare: bool) -> tuple[float, Uncertain]:
    return float(draw(st.integers(2_000, 40_000))), draw(_shares(0.05, 0.6, bare=bare))


@st.composite
def _tiers(draw: st.DrawFn, name: str, segments: int, *, bare: bool) -> Tier:
    followers = draw(_followers(bare=bare))
    fee, fee_elasticity = draw(
        _tied(_values(20.0, 400.0, bare=bare), followers, (0.0, 0.9), bare=bare)
    )
    engagement, engagement_elasticity = draw(
        _tied(_shares(0.01, 0.15, bare=bare), followers, (-0.3, 0.1), bare=bare)
    )
    return Tier(
        name=name,
        followers=followers,
        fee=fee,
        fee_elasticity=fee_elasticity,
        view_rate=draw(_shares(0.1, 0.6, bare=bare, creators=True)),
        engagement_rate=engagement,
        engagement_elasticity=engagement_elasticity,
        clicks_per_engagement=draw(_values(0.05, 0.3, bare=bare)),
        conversion_rate=draw(_shares(0.05, 0.5, bare=bare)),
        authentic_share=draw(_shares(0.5, 0.95, bare=bare, creators=True)),
        delivery_rate=Uncertain.known(1.0, "logit")
        if bare
        else draw(st.one_of(st.just(Uncertain.known(1.0, "logit")), _shares(0.3, 0.98))),
        overhead=draw(st.one_of(st.just(Uncertain.known(0.0)), _values(5.0, 100.0, bare=bare))),
        lift=draw(_shares(0.01, 0.3, bare=bare)),
        audience=draw(_audiences(segments)),
        posts=draw(st.integers(1, 3)),
        multi_post_discount=draw(st.sampled_from((0.0, 0.1, 0.25))),
    )


@st.composite
def _audiences(draw: st.DrawFn, segments: int) -> tuple[float, ...]:
    """Return shares that sum to between one half and one."""
    parts = draw(st.lists(st.floats(0.05, 1.0), min_size=segments, max_size=segments))
    on_target = draw(st.one_of(st.just(1.0), st.floats(0.5, 1.0)))
    return tuple(on_target * part / sum(parts) for part in parts)


@st.composite
def _followers(draw: st.DrawFn, *, bare: bool) -> Uncertain:
    """Return followings; one in three is cut to an interval around its median."""
    law = draw(_values(100.0, 4_000.0, bare=bare, creators=True))
    if law.creators_sd == 0 or draw(st.integers(0, 2)) > 0:
        return law
    below, above = draw(st.tuples(st.floats(0.5, 2.0), st.floats(0.5, 2.0)))
    low = draw(st.sampled_from((0.0, law.median * exp(-below * law.creators_sd))))
    high = law.median * exp(above * law.creators_sd)
    return Uncertain("log", law.median, law.typical_sd, law.creators_sd, low, high)


@st.composite
def _tied(
    draw: st.DrawFn,
    laws: st.SearchStrategy[Uncertain],
    followers: Uncertain,
    between: tuple[float, float],
    *,
    bare: bool,
) -> tuple[Uncertain, float]:
    """Return a law whose creators' spread holds what followers explain, and the elasticity."""
    law, elasticity = (
        draw(laws),
        draw(st.one_of(st.just(0.0), st.floats(*between).map(lambda x: round(x, 6)))),
    )
    residual = 0.0 if bare else draw(_spreads(0.6))
    explained = abs(elasticity) * followers.creators_sd
    return (
        Uncertain(law.link, law.median, law.typical_sd, hypot(explained, residual)),
        elasticity,
    )


def _values(
    low: float, high: float, *, bare: bool = False, creators: bool = False
) -> st.SearchStrategy[Uncertain]:
    return _laws("log", low, high, bare=bare, creators=creators)


def _shares(
    low: float, high: float, *, bare: bool = False, creators: bool = False
) -> st.SearchStrategy[Uncertain]:
    return _laws("logit", low, high, bare=bare, creators=creators)


def _laws(
    link: Link, low: float, high: float, *, bare: bool, creators: bool
) -> st.SearchStrategy[Uncertain]:
    """Return laws with a median in the range; only some quantities differ between creators."""
    known = st.just(0.0)
    return st.builds(
        Uncertain,
        st.just(link),
        st.floats(low, high),
        known if bare else _spreads(0.3),
        _spreads(0.8) if creators and not bare else known,
    )


def _spreads(most: float) -> st.SearchStrategy[float]:
    """Return standard deviations on the link scale; often none at all."""
    return st.one_of(st.just(0.0), st.floats(0.05, most))
