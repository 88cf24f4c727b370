"""Some random campaigns of every feature keep what the model promises; many more in a campaign."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from campaigns.case import Case, cases
from campaigns.invariants import broken, campaign

SOME = settings(max_examples=40, suppress_health_check=list(HealthCheck))


@SOME
@given(cases())
def test_random_campaigns_keep_all_promises(case: Case) -> None:
    assert broken(case) == []


@pytest.mark.slow
def test_a_campaign_finds_nothing() -> None:
    found = campaign(2_000, 1)
    assert found.failures == []
    for kind in ("phases", "halos", "curves", "classes", "named", "whole"):
        assert found.counts[kind] > 50, kind
