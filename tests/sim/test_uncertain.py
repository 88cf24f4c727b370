"""Laws mean what people state: a range holds 90 %."""

from __future__ import annotations

from math import inf, nan

import pytest
from scipy import stats
from scipy.special import expit, logit

from sim.uncertain import Link, Uncertain


def test_a_stated_range_of_a_positive_value_holds_nine_tenths() -> None:
    law = Uncertain.stated("log", typical=(8.0, 12.0), creators=(1.0, 50.0))
    typical = stats.lognorm(law.typical_sd, scale=law.median)
    assert typical.cdf(8.0) == pytest.approx(0.05)
    assert typical.cdf(12.0) == pytest.approx(0.95)
    creators = stats.lognorm(law.creators_sd, scale=50.0**0.5)
    assert creators.cdf([1.0, 50.0]) == pytest.approx([0.05, 0.95])


def test_a_stated_range_of_a_share_holds_nine_tenths() -> None:
    law = Uncertain.stated("logit", typical=(0.08, 0.12), creators=(0.03, 0.25))
    typical = stats.norm(logit(law.median), law.typical_sd)
    assert typical.cdf(logit([0.08, 0.12])) == pytest.approx([0.05, 0.95])
    middle = (logit(0.03) + logit(0.25)) / 2
    creators = stats.norm(middle, law.creators_sd)
    assert creators.cdf(logit([0.03, 0.25])) == pytest.approx([0.05, 0.95])


def test_creators_alone_give_a_median_that_is_known() -> None:
    law = Uncertain.stated("logit", creators=(0.1, 0.4))
    assert law.median == pytest.approx(expit((logit(0.1) + logit(0.4)) / 2))
    assert law.typical_sd == 0
    assert law.varies


def test_a_number_is_known_exactly() -> None:
    law = Uncertain.stated("log", typical=7.5)
    assert law == Uncertain.known(7.5)
    assert not law.varies
    assert not law.truncated


def test_cuts_are_kept() -> None:
    law = Uncertain.stated("log", creators=(1e3, 1e5), low=500.0, high=2e5)
    assert (law.low, law.high) == (500.0, 2e5)
    assert law.truncated


@pytest.mark.parametrize(
    ("link", "stated"),
    [
        ("log", (3.0, 2.0)),
        ("log", (0.0, 2.0)),
        ("log", (2.0, 2.0)),
        ("logit", (0.2, 1.0)),
        ("logit", (0.0, 0.5)),
    ],
)
def test_impossible_ranges_are_refused(link: Link, stated: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="must rise"):
        Uncertain.stated(link, typical=stated)
    with pytest.raises(ValueError, match="must rise"):
        Uncertain.stated(link, creators=stated)


def test_no_range_is_refused() -> None:
    with pytest.raises(ValueError, match="give typical"):
        Uncertain.stated("log")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("log", -1.0), r"median\(=-1.0\)"),
        (("log", inf), r"median\(=inf\)"),
        (("log", nan), r"median\(=nan\)"),
        (("logit", 1.5), r"median\(=1.5\)"),
        (("log", 0.0, 0.5), "inside 0"),
        (("logit", 1.0, 0.0, 0.5), "inside 0"),
        (("log", 1.0, -0.1), "spreads"),
        (("log", 1.0, 0.0, inf), "spreads"),
        (("log", 1.0, nan), "spreads"),
        (("log", 1.0, 0.0, 0.0, 3.0, 2.0), r"low\(=3.0\)"),
        (("logit", 0.5, 0.0, 0.5, 0.1, 0.9), "only positive values"),
    ],
)
def test_impossible_laws_are_refused_by_their_value(
    arguments: tuple[Link, float], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Uncertain(*arguments)
