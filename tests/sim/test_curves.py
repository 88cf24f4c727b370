"""Reach curves: their limits, their shape, and the quadrature that stands for them."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest
from scipy import stats

from sim.curves import exposure, gamma_nodes, reached_share, seen_share

CONTACTS = np.concatenate([[0.0], np.geomspace(1e-8, 100.0, 400)])
SHAPES = [0.05, 0.1, 0.3, 0.8, 1.0, 2.5, 10.0, 100.0, 1e4]


@pytest.mark.parametrize("heterogeneity", [0.3, 0.8, 5.0])
def test_reach_is_the_negative_binomial_chance_of_any_contact(heterogeneity: float) -> None:
    law = stats.nbinom(heterogeneity, heterogeneity / (heterogeneity + CONTACTS))
    assert reached_share(CONTACTS, heterogeneity) == pytest.approx(law.sf(0), rel=1e-7, abs=1e-12)


def test_reach_of_alike_people_is_the_poisson_chance_of_any_contact() -> None:
    assert reached_share(CONTACTS, inf) == pytest.approx(stats.poisson(CONTACTS).sf(0))


def test_nearly_alike_people_are_reached_like_alike_ones() -> None:
    assert reached_share(CONTACTS, 1e7) == pytest.approx(reached_share(CONTACTS, inf), abs=1e-7)


@pytest.mark.parametrize("heterogeneity", [*SHAPES, inf])
def test_reach_rises_ever_more_slowly_to_everyone(heterogeneity: float) -> None:
    u = np.linspace(0.0, 50.0, 500)
    share = reached_share(u, heterogeneity)
    assert share[0] == 0
    assert (np.diff(share) >= 0).all()
    assert (np.diff(share, 2) <= 1e-15).all()
    assert share.max() <= 1
    assert reached_share(np.array([1e-9]), heterogeneity) == pytest.approx([1e-9], rel=1e-6)


def test_a_few_contacts_lose_no_digits() -> None:
    assert reached_share(np.array([1e-14]), 0.8) == pytest.approx([1e-14], rel=1e-12)


@pytest.mark.parametrize("heterogeneity", [*SHAPES, inf])
def test_the_quadrature_gives_the_curve(heterogeneity: float) -> None:
    nodes, weights = gamma_nodes(heterogeneity)
    sums = -weights @ np.expm1(-np.outer(nodes, CONTACTS))
    tolerance = 1e-5 if heterogeneity < 0.8 else 1e-6
    assert sums == pytest.approx(reached_share(CONTACTS, heterogeneity), abs=tolerance)


@pytest.mark.parametrize("heterogeneity", [*SHAPES, inf])
def test_the_quadrature_has_mean_one_and_no_more_than_everyone(heterogeneity: float) -> None:
    nodes, weights = gamma_nodes(heterogeneity)
    assert (weights > 0).all()
    assert (nodes > 0).all()
    assert weights @ nodes == pytest.approx(1.0, abs=1e-12)
    assert weights.sum() < 1 + 1e-6


@pytest.mark.parametrize("heterogeneity", [*SHAPES, 1e6, 1e9])
def test_the_quadrature_is_small(heterogeneity: float) -> None:
    assert gamma_nodes(heterogeneity)[0].size <= 40


@pytest.mark.parametrize("view_rate", [0.0, 0.05, 0.6, 1.0])
def test_who_sees_any_of_several_posts_missed_not_all(view_rate: float) -> None:
    view = np.array([view_rate])
    assert seen_share(view, 1.0) == view
    assert seen_share(view, 3.0) == pytest.approx(1 - (1 - view) ** 3)
    assert seen_share(view, 2.5) == pytest.approx(1 - (1 - view) ** 2.5)


def test_shares_keep_their_precision() -> None:
    assert seen_share(np.array([0.3], np.float32), 2.0).dtype == np.float32


@pytest.mark.parametrize("heterogeneity", [0.3, 2.0, np.inf])
def test_exposure_undoes_reach(heterogeneity: float) -> None:
    contacts = np.array([0.0, 0.01, 0.5, 3.0])
    found = exposure(reached_share(contacts, heterogeneity), heterogeneity)
    assert found == pytest.approx(contacts, rel=1e-9)
