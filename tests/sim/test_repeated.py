"""People who see several named creators, against every combination and against dice."""

from __future__ import annotations

from itertools import product
from math import inf

import numpy as np
import pytest

from sim.campaign import Campaign, Classes, Segment, Tier
from sim.outcomes import evaluate
from sim.purchase import WHOLE, price_list
from sim.repeated import at_least
from sim.uncertain import Uncertain
from sim.worlds import draw_worlds

KNOWN = Uncertain.known


def test_alike_people_see_as_many_as_every_combination_says() -> None:
    shares = [0.3, 0.05, 0.6, 0.2]
    for times in (1, 2, 3, 4):
        truth = sum(
            np.prod([q if hit else 1 - q for q, hit in zip(shares, hits, strict=True)])
            for hits in product((False, True), repeat=4)
            if sum(hits) >= times
        )
        found = at_least([(np.array([q]), True) for q in shares], times, inf)
        assert found[0] == pytest.approx(truth, rel=1e-12)


@pytest.mark.parametrize("heterogeneity", [0.8, inf])
def test_two_creators_are_seen_twice_by_those_who_see_both(heterogeneity: float) -> None:
    rng = np.random.default_rng(0)
    shares, kappa = [0.3, 0.1], heterogeneity
    n = 400_000
    heavy = rng.gamma(kappa, 1 / kappa, n) if kappa < inf else np.ones(n)
    contacts = [
        kappa * ((1 - q) ** (-1 / kappa) - 1) if kappa < inf else -np.log(1 - q) for q in shares
    ]
    pool = 0.15  # contacts a head of a tier without names
    seen = sum((rng.random(n) < 1 - np.exp(-heavy * u)).astype(int) for u in contacts)
    seen = seen + rng.poisson(pool * heavy)
    parts = [*((np.array([q]), True) for q in shares), (np.array([pool]), False)]
    for times in (1, 2, 3):
        truth = (seen >= times).mean()
        error = (truth * (1 - truth) / n) ** 0.5
        assert at_least(parts, times, kappa)[0] == pytest.approx(truth, abs=4 * error + 1e-5)


def creator(name: str) -> Tier:
    return Tier(
        name, KNOWN(20_000.0), KNOWN(100.0), KNOWN(0.5, "logit"), KNOWN(0.05, "logit"), KNOWN(0.05),
        KNOWN(0.05, "logit"), (1.0,), available=1.0, pool="micro",
    )  # fmt: skip


@pytest.mark.parametrize("apart", [False, True])
def test_effective_reach_is_of_those_who_follow_both(apart: bool) -> None:
    kinds = np.array([20_000.0, 20_000.0, 60_000.0])
    follows = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0] if apart else [1.0, 0.0, 0.0]])
    campaign = Campaign(
        (Segment("a", 100_000.0, KNOWN(0.1, "logit")),), (creator("one"), creator("two")), inf,
        classes=Classes(kinds, follows), effective_frequency=2,
    )  # fmt: skip
    worlds = draw_worlds(campaign, 16, 1)
    found = evaluate(worlds, [price_list(campaign)], WHOLE).values
    seen_by_both = 0.0 if apart else 0.5 * 0.5 * 20_000
    np.testing.assert_allclose(found["effective_reach"][0], seen_by_both, rtol=1e-9, atol=1e-6)
    np.testing.assert_allclose(found["reach"][0], 20_000 - seen_by_both, rtol=1e-9)


def test_one_creator_alone_is_seen_twice_by_nobody() -> None:
    campaign = Campaign(
        (Segment("a", 100_000.0, KNOWN(0.1, "logit")),), (creator("one"),), 0.8,
        effective_frequency=2,
    )  # fmt: skip
    found = evaluate(draw_worlds(campaign, 16, 1), [price_list(campaign)], WHOLE).values
    np.testing.assert_allclose(found["effective_reach"][0], 0.0, atol=1e-6)
