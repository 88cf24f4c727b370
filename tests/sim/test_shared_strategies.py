"""The shared strategies build campaigns that are valid, alive and as bare as they claim."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reference import whole_array
from sim.campaign import Campaign, Segment, Tier
from sim.uncertain import Uncertain
from strategies import bare_campaigns, campaigns, plans


def laws(campaign: Campaign) -> Iterator[Uncertain]:
    parts: tuple[Campaign | Segment | Tier, ...] = (campaign, *campaign.segments, *campaign.tiers)
    for part in parts:
        values = (getattr(part, field.name) for field in fields(part))
        yield from (value for value in values if isinstance(value, Uncertain))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_random_campaigns_answer(data: st.DataObject) -> None:
    campaign = data.draw(campaigns())
    totals = whole_array(campaign, data.draw(plans(campaign)), 50, seed=1)
    assert totals.reach.max() > 0
    assert (totals.reach <= sum(segment.size for segment in campaign.segments)).all()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_bare_campaigns_leave_nothing_to_chance(data: st.DataObject) -> None:
    campaign = data.draw(bare_campaigns())
    assert not any(law.varies or law.truncated for law in laws(campaign))
    reach = whole_array(campaign, data.draw(plans(campaign)), 3, seed=1).reach
    assert np.allclose(reach, reach[0], rtol=1e-12, atol=0)
    assert reach[0] > 0
