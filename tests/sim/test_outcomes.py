"""What plans yield: the model's formulas to the last digit, and what must hold for any plan."""

from __future__ import annotations

from dataclasses import replace
from math import ceil, expm1, floor, inf, isinf, log1p

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from full_strategies import full_campaigns, named
from full_strategies import money as random_money
from sim.campaign import Campaign, Segment, Tier
from sim.mapping import one_by_one
from sim.metrics import METRICS
from sim.outcomes import evaluate
from sim.purchase import PARTS, WHOLE, Purchase, price_list
from sim.statistics import law
from sim.worlds import BLOCK, draw_worlds
from specimens import KNOWN, card_like, few_unequal
from strategies import bare_campaigns, campaigns, plans
from units import rescaled, unit

FloatArray = npt.NDArray[np.float64]

FEW = settings(
    max_examples=20,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
#: More money yields no fewer people.
RISING = ("reach", "impressions", "engagements", "clicks", "conversions", "revenue", "brand_lift")
CROWDED = ("reach", "conversions", "brand_lift")


def curve(people: float, mass: float, kappa: float) -> float:
    """Return distinct people: as in a textbook, but exact where hardly anybody is reached."""
    if isinf(kappa):
        return -people * expm1(-mass / people)
    return -people * expm1(-kappa * log1p(mass / people / kappa))


def by_hand(campaign: Campaign, plan: tuple[float, ...], *, whole: bool) -> dict[str, float]:
    """Return every metric of a campaign of bare numbers, creator by creator, as in the model."""
    odds = campaign.resonance.median
    total = dict.fromkeys(
        ("spend", "impressions", "engagements", "clicks", "follower_posts",
         "on_target_impressions"), 0.0)  # fmt: skip
    masses: dict[str, list[float]] = {
        key: [0.0] * len(campaign.segments) for key in ("contacts", "intent", "lifted")
    }
    for tier, money in zip(campaign.tiers, plan, strict=True):
        posts = tier.posts
        cost = posts * tier.fee.median * (1 - tier.multi_post_discount) + tier.overhead.median
        n = money / cost
        if whole:
            n = floor(n * (1 + 1e-9))
        people = n * tier.authentic_share.median * tier.followers.median
        view, rate = tier.view_rate.median, tier.engagement_rate.median
        rate = rate * odds / (1 - rate + rate * odds)
        contacts = people * (1 - (1 - view) ** posts)
        impressions, engagements = people * view * posts, people * rate * posts
        clicks = engagements * tier.clicks_per_engagement.median
        total["spend"] += n * cost
        total["impressions"] += impressions
        total["engagements"] += engagements
        total["clicks"] += clicks
        total["follower_posts"] += people * posts
        for s, share in enumerate(tier.audience):
            total["on_target_impressions"] += impressions * share
            masses["contacts"][s] += contacts * share
            masses["intent"][s] += clicks * tier.conversion_rate.median * share
            masses["lifted"][s] += contacts * tier.lift.median * share
    kappa = campaign.heterogeneity
    sums = dict.fromkeys(("reach", "effective_reach", "conversions", "brand_lift"), 0.0)
    for s, segment in enumerate(campaign.segments):
        buyers = segment.size * segment.in_market.median
        sums["reach"] += curve(segment.size, masses["contacts"][s], kappa)
        a_head = masses["contacts"][s] / segment.size
        often = (
            stats.poisson.sf(campaign.effective_frequency - 1, a_head)
            if kappa == inf
            else stats.nbinom.sf(campaign.effective_frequency - 1, kappa, kappa / (kappa + a_head))
        )
        sums["effective_reach"] += segment.size * float(often)
        sums["conversions"] += curve(buyers, masses["intent"][s], kappa)
        sums["brand_lift"] += curve(segment.size, masses["lifted"][s], kappa)
    revenue = sums["conversions"] * campaign.order_value.median
    profit = campaign.margin.median * revenue - total["spend"]
    everything = total | sums | {"revenue": revenue, "profit": profit, "response": 0.0}
    return everything | {
        "frequency": everything["on_target_impressions"] / everything["reach"],
        "on_target_share": everything["on_target_impressions"] / everything["impressions"],
        "engagement_rate": everything["engagements"] / everything["follower_posts"],
        "conversion_rate": everything["conversions"] / everything["clicks"],
        "roas": revenue / everything["spend"],
        "cpm": 1000 * everything["spend"] / everything["impressions"],
        "cpe": everything["spend"] / everything["engagements"],
        "cpc": everything["spend"] / everything["clicks"],
        "cpa": everything["spend"] / everything["conversions"],
    }


def values(
    campaign: Campaign, plan: object, purchase: Purchase = PARTS, n: int = 64
) -> dict[str, FloatArray]:
    outcomes = evaluate(draw_worlds(campaign, n, 1), np.array([plan]), purchase, mapper=one_by_one)
    return {name: value[0] for name, value in outcomes.values.items()}


@FEW
@given(st.data())
def test_bare_numbers_give_the_formulas_exactly(data: st.DataObject) -> None:
    campaign = data.draw(bare_campaigns())
    plan = data.draw(plans(campaign))
    got, expected = values(campaign, plan, n=3), by_hand(campaign, plan, whole=False)
    assert set(got) == set(expected) == set(METRICS)
    scale = abs(expected["spend"]) + abs(expected["revenue"])
    for name, value in expected.items():
        slack = 1e-9 * scale if name == "profit" else 0.0
        assert got[name] == pytest.approx(np.full(3, value), rel=1e-9, abs=slack), name


@FEW
@given(st.data())
def test_bare_numbers_give_the_formulas_for_whole_creators(data: st.DataObject) -> None:
    campaign = data.draw(bare_campaigns())
    counts = data.draw(st.tuples(*[st.integers(1, 40)] * len(campaign.tiers)))
    part = data.draw(st.sampled_from((0.0, 0.6)))
    plan = tuple((np.array(counts) + part) * price_list(campaign))
    got, expected = values(campaign, plan, WHOLE, n=3), by_hand(campaign, plan, whole=True)
    scale = abs(expected["spend"]) + abs(expected["revenue"])
    for name, value in expected.items():
        slack = 1e-9 * scale if name == "profit" else 0.0
        assert got[name] == pytest.approx(np.full(3, value), rel=1e-9, abs=slack), name


@FEW
@given(st.data())
def test_nobody_is_reached_or_buys_twice(data: st.DataObject) -> None:
    campaign = data.draw(campaigns())
    plan = np.array(data.draw(plans(campaign))) * data.draw(st.sampled_from((1.0, 100.0)))
    worlds = draw_worlds(campaign, 64, 1)
    outcomes = evaluate(worlds, [plan], mapper=one_by_one).values
    audience = sum(segment.size for segment in campaign.segments)
    buyers = sum(s.size * worlds.values[f"in_market.{s.name}"] for s in campaign.segments)
    assert (outcomes["reach"] <= audience).all()
    assert (outcomes["brand_lift"] <= outcomes["reach"]).all()
    assert (outcomes["conversions"] <= buyers).all()
    assert (outcomes["frequency"][outcomes["reach"] > 0] >= 1 - 1e-9).all()


@FEW
@given(st.data())
def test_more_money_never_yields_less(data: st.DataObject) -> None:
    campaign = data.draw(campaigns())
    less = np.array(data.draw(plans(campaign)))
    more = less + np.array(data.draw(plans(campaign)))
    for purchase in (PARTS, WHOLE):
        outcomes = evaluate(
            draw_worlds(campaign, 64, 1), [less, more], purchase, mapper=one_by_one
        ).values
        for name in (*RISING, "spend"):
            before, after = outcomes[name]
            assert (after >= before * (1 - 1e-12)).all(), name


@FEW
@given(st.data())
def test_a_line_adds_less_beside_another_line(data: st.DataObject) -> None:
    campaign = data.draw(campaigns())
    one, other = np.array(data.draw(plans(campaign))), np.array(data.draw(plans(campaign)))
    one[1:], other[:1] = 0, 0
    worlds = draw_worlds(campaign, 64, 1)
    outcomes = evaluate(worlds, [one, other, one + other], mapper=one_by_one).values
    for name in CROWDED:
        alone, beside, both = outcomes[name]
        assert (both <= (alone + beside) * (1 + 1e-12)).all(), name
        assert (both >= np.maximum(alone, beside) * (1 - 1e-12)).all(), name


@FEW
@given(st.data())
def test_gains_shrink_the_more_is_already_there(data: st.DataObject) -> None:
    campaign = data.draw(campaigns())
    base, step = np.array(data.draw(plans(campaign))), np.array(data.draw(plans(campaign)))
    step[1:] = 0
    wider = base.copy()
    wider[1:] += np.array(data.draw(plans(campaign)))[1:]
    worlds = draw_worlds(campaign, 64, 1)
    outcomes = evaluate(worlds, [base, base + step, wider, wider + step], mapper=one_by_one).values
    for name in CROWDED:
        low, low_more, high, high_more = outcomes[name]
        assert (high_more - high <= (low_more - low) + 1e-9 * high_more).all(), name


@pytest.mark.parametrize("purchase", [PARTS, WHOLE], ids=["parts", "whole"])
def test_no_money_yields_nothing(purchase: Purchase) -> None:
    outcomes = values(card_like(), (0.0, 0.0), purchase)
    for name, metric in METRICS.items():
        if metric.over:
            assert np.isnan(outcomes[name]).all(), name
        else:
            assert (outcomes[name] == 0).all(), name


@FEW
@given(st.data(), st.sampled_from((1e-6, 1e-3, 1e6)), st.sampled_from((1e-3, 1.0, 1e3)))
def test_units_of_money_and_people_change_nothing(
    data: st.DataObject, money: float, people: float
) -> None:
    campaign = data.draw(campaigns())
    plan = np.array(data.draw(plans(campaign)))
    plain, scaled = values(campaign, plan), values(rescaled(campaign, money, people), plan * money)
    for name, metric in METRICS.items():
        size = np.abs(plain["spend"]) + plain["revenue"] if name == "profit" else 0.0
        with np.errstate(invalid="ignore"):  # a cost per nothing is infinite in all units
            wrong = np.abs(scaled[name] / unit(metric, money, people) - plain[name])
        assert not (wrong > 1e-6 * (np.abs(plain[name]) + size)).any(), name


def test_in_parts_the_plan_is_what_is_spent() -> None:
    assert (values(card_like(), (20_000.0, 7_000.0))["spend"] == 27_000.0).all()


def test_whole_creators_cost_on_average_what_was_planned() -> None:
    campaign = card_like()
    plan = np.array([30, 2]) * price_list(campaign)
    spend = values(campaign, plan, WHOLE, n=4096)["spend"]
    assert spend.std() > 0.1 * plan.sum()
    assert abs(spend.mean() - plan.sum()) < 4 * spend.std() / 4096**0.5


def test_parts_hire_at_the_mean_cost_of_each_world() -> None:
    campaign = few_unequal()
    worlds = draw_worlds(campaign, 64, 1)
    for tier in campaign.tiers:
        counts = PARTS.counts(worlds, tier, np.array([0.0, 9e4]))
        assert (counts[0] == 0).all()
        assert counts[1] == pytest.approx(9e4 * PARTS.rate(worlds, tier), rel=1e-12)
    assert not PARTS.pays_fees()


def test_whole_counts_are_whole_and_never_round_up() -> None:
    campaign = card_like()
    worlds, tier = draw_worlds(campaign, 8, 1), campaign.tiers[0]
    price = price_list(campaign)[0]
    for count in (1, 3, 7, 49, 250, 10**6):
        at, just_below = WHOLE.counts(
            worlds, tier, np.array([count * price, count * price * 0.999])
        )
        assert (at == count).all()
        assert (just_below == max(floor(count * 0.999), 0)).all()
    assert WHOLE.rate(worlds, tier) == pytest.approx(np.full(8, 1 / price), rel=1e-15)
    assert WHOLE.pays_fees()


@pytest.mark.parametrize("kappa", [0.8, float("inf")])
def test_a_segment_where_nobody_could_buy_buys_nothing(kappa: float) -> None:
    campaign = replace(few_unequal(), heterogeneity=kappa)
    closed = replace(campaign.segments[0], in_market=KNOWN(0.0, "logit"))
    some = values(replace(campaign, segments=(closed, campaign.segments[1])), (2e4, 2e4))
    both = values(campaign, (2e4, 2e4))
    assert (some["conversions"] > 0).all()
    assert (some["conversions"] < both["conversions"]).all()
    assert np.array_equal(some["reach"], both["reach"])


def test_the_chance_of_one_segment_is_its_share_reached() -> None:
    tier = Tier("t", KNOWN(5e3), KNOWN(100.0), KNOWN(0.4, "logit"), KNOWN(0.1, "logit"),
                KNOWN(0.1), KNOWN(0.1, "logit"), (1.0,))  # fmt: skip
    campaign = Campaign((Segment("s", 1e4, KNOWN(0.2, "logit")),), (tier,))
    outcomes = evaluate(draw_worlds(campaign, 2, 1), [[300.0]])
    assert outcomes.chances["reach"] == pytest.approx(outcomes.values["reach"] / 1e4)
    assert outcomes.chances["conversions"] == pytest.approx(outcomes.values["conversions"] / 2e3)


def test_the_chance_of_several_segments_keeps_mean_and_variance() -> None:
    campaign = replace(few_unequal(), heterogeneity=inf)
    worlds = draw_worlds(campaign, 16, 1)
    both = evaluate(worlds, [[3e4, 2e4]])
    mean, p = both.values["reach"][0], both.chances["reach"][0]
    variance = 0.0
    for s, segment in enumerate(campaign.segments):
        others = [replace(t, audience=tuple(a * (i == s) for i, a in enumerate(t.audience)))
                  for t in campaign.tiers]  # fmt: skip
        part = evaluate(
            draw_worlds(replace(campaign, tiers=tuple(others)), 16, 1), [[3e4, 2e4]]
        ).values["reach"][0]
        variance = variance + part * (1 - part / segment.size)
    assert mean * (1 - p) == pytest.approx(variance, rel=1e-9)


@pytest.mark.parametrize("whole", [False, True], ids=["parts", "whole"])
@settings(max_examples=40, suppress_health_check=list(HealthCheck), deadline=None)
@given(data=st.data())
def test_what_is_asked_for_is_the_same_without_the_rest(whole: bool, data: st.DataObject) -> None:
    campaign, purchase = data.draw(full_campaigns()), WHOLE if whole else PARTS
    assume(whole or not named(campaign))
    some = [data.draw(random_money(campaign, whole=whole, most=4.0)) for _ in range(3)]
    worlds = draw_worlds(campaign, 40, 3)
    every = evaluate(worlds, some, purchase, mapper=one_by_one)
    metrics = data.draw(st.sets(st.sampled_from(sorted(every.values)), min_size=1, max_size=3))
    asked = evaluate(worlds, some, purchase, metrics=metrics, mapper=one_by_one)
    alone = evaluate(worlds, some, purchase, metrics=metrics, values_only=True, mapper=one_by_one)
    assert not alone.controlled
    assert not alone.chances
    for name in metrics:
        assert np.array_equal(alone.values[name], every.values[name], equal_nan=True)
        for part in ("values", "controlled", "chances"):
            whole_, one = getattr(every, part), getattr(asked, part)
            assert (name in one) == (name in whole_)
            assert name not in one or np.array_equal(one[name], whole_[name], equal_nan=True)
        assert str(law(asked, name, 0)) == str(law(every, name, 0))


def test_many_plans_yield_what_each_yields_alone() -> None:
    campaign = card_like()
    worlds = draw_worlds(campaign, 50, 3)
    shares = np.random.default_rng(5).random((70, len(campaign.lines)))
    spends = shares * 20 * price_list(campaign)
    together = evaluate(worlds, spends)
    for i in (0, 31, 32, 69):
        alone = evaluate(worlds, spends[[i]])
        for part in ("values", "controlled", "chances"):
            for name, values in getattr(alone, part).items():
                assert getattr(together, part)[name][i] == pytest.approx(
                    values[0], rel=1e-12, nan_ok=True
                ), name


@pytest.mark.parametrize("campaign", [card_like(), few_unequal()], ids=["card", "unequal"])
@pytest.mark.parametrize("n_worlds", [3 * BLOCK, 4 * BLOCK + 37])
def test_how_many_worlds_are_played_at_a_time_changes_no_byte(
    campaign: Campaign, n_worlds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    worlds = draw_worlds(campaign, n_worlds, 3)
    spends = [price_list(campaign) * n for n in (0.3, 2.6)]
    found = []
    for stretch in (1, 2, 3, 8):
        monkeypatch.setattr("sim.outcomes.STRETCH", stretch * len(spends))
        done: list[int] = []
        found.append(evaluate(worlds, spends, mapper=one_by_one, told=done.append))
        assert len(done) == ceil(n_worlds / (stretch * BLOCK))
        assert done[-1] == n_worlds
    first, *others = found
    for other in others:
        for part in ("values", "usual", "controlled", "chances"):
            for name, values in getattr(first, part).items():
                assert values.tobytes() == getattr(other, part)[name].tobytes(), name


@pytest.mark.parametrize("metric", ["reachh", "reach@tease", "reach@", "@", ""])
def test_what_is_no_metric_is_refused(metric: str) -> None:
    worlds = draw_worlds(card_like(), 4, 3)
    with pytest.raises(ValueError, match="no metric"):
        evaluate(worlds, [[1.0] * len(worlds.campaign.lines)], metrics=[metric])


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        ([[1.0]], "plans have shape"),
        ([1.0, 2.0], "plans have shape"),
        ([[1.0, -2.0]], "at least 0"),
        ([[1.0, float("nan")]], "finite"),
        ([[1.0, float("inf")]], "finite"),
    ],
)
def test_impossible_plans_are_refused(plan: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        evaluate(draw_worlds(card_like(), 8, 1), np.array(plan))
