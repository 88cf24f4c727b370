"""What the trade says about small and large creators, as consequences of a scenario's inputs.

Every claim is a campaign in which it appears, under the rate card's presets and under published
data; where it stops holding, a test says what holds instead. Comparisons are of plans on common
worlds, clear of their error, or of certified best plans.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import linregress

from scenario_runs import LIBRARY, Run
from sim.creators import hire
from tiermix.scenario_file import parse

Array = NDArray[np.float64]

both = pytest.mark.parametrize("family", ["card", "evidence"])


def tier(preset: str, audience: str, *more: str) -> str:
    """Return a tier of a scenario file: a preset, whom it reaches, and what is overridden."""
    return "{" + ", ".join([f"preset: {preset}", f"audience: {{{audience}}}", *more]) + "}"


#: Fans, whom micro creators know well, and a public that macro creators reach in number.
SEGMENTS = {"fans": "{size: 500k, in_market: 12%}", "public": "{size: 20M, in_market: 2%}"}
SMALL_PUBLIC = SEGMENTS | {"public": "{size: 2M, in_market: 2%}"}
NICHE = {"fans": SEGMENTS["fans"]}
MICRO_AUDIENCE, MACRO_AUDIENCE = "fans: 60%, public: 10%", "fans: 5%, public: 65%"
MICRO, MACRO = {"micro": 1.0}, {"macro": 1.0}


def tiers(
    micro: str = "", macro: str = "", reaches: tuple[str, str] = (MICRO_AUDIENCE, MACRO_AUDIENCE)
) -> dict[str, str]:
    """Return the two tiers of the presets, with what is overridden in each."""
    return {
        "micro": tier("micro", reaches[0], *[micro] * bool(micro)),
        "macro": tier("macro", reaches[1], *[macro] * bool(macro)),
    }


NICHE_TIERS = tiers(reaches=("fans: 60%", "fans: 5%"))


def campaign(
    family: str,
    budget: str,
    objective: str,
    *,
    segments: Mapping[str, str] = SEGMENTS,
    creators: Mapping[str, str] | None = None,
    more: str = "",
    worlds: int = 1024,
) -> Run:
    """Return a campaign that is read from a scenario file, on its own worlds."""
    text = f"""
tiermix: 1
name: Claim
budget: {budget}
objective: {objective}
presets: {family}
audience: {{segments: {_flow(segments)}}}
tiers: {_flow(creators or tiers())}
{more}
"""
    return Run(parse(text, "claim.yaml"), worlds, 20)


def _flow(block: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{name}: {value}" for name, value in block.items()) + "}"


def tiers_apart(run: Run, metric: str) -> Array:
    """Return a metric of all micro and of all macro, shape (2, n_worlds)."""
    outcomes = run.play(run.plan(MICRO), run.plan(MACRO))
    return outcomes.values[metric]


# Engagement, fees


@both
def test_c01_micro_engages_at_a_higher_rate_than_macro(family: str) -> None:
    """Engagement rate: micro above macro."""
    run = campaign(family, "1M", "engagements")
    micro, macro = tiers_apart(run, "engagement_rate")
    assert run.clearly_more(micro, 1.5 * macro)


def first_creators(family: str, name: str) -> tuple[Array, Array]:
    """Return followers and fee of the first creator of a tier in every world; all deliver."""
    known = "delivery_rate: 100%, authentic_share: 100%"
    run = campaign(family, "1M", "reach", creators=tiers(known, known))
    line = run.scenario.campaign.tiers[run.scenario.lines.index(name)]
    one = [hire(part, line, np.ones((1, part.size)), ["followers", "fees"]) for part in run.blocks]
    return (
        np.concatenate([drawn["followers"][0] for drawn in one]),
        np.concatenate([drawn["fees"][0] for drawn in one]),
    )


def test_c02_fees_lie_where_the_card_says_with_a_heavy_upper_tail() -> None:
    """Micro fees lie in $100-1,000, macro fees $5,000-50,000+ with a heavy upper tail."""
    _, micro = first_creators("card", "micro")
    _, macro = first_creators("card", "macro")
    assert np.mean((micro >= 100) & (micro <= 1_000)) > 0.8
    assert np.mean((macro >= 5_000) & (macro <= 50_000)) > 0.8
    assert np.mean(macro > 50_000) > 0.01
    assert macro.mean() > 1.1 * np.median(macro)


def test_c02_fails_under_evidence_where_most_macro_fees_are_below_5000_dollars() -> None:
    """Macro fees $5,000-50,000+: published prices are lower, and small micros ask under $100."""
    _, micro = first_creators("evidence", "micro")
    _, macro = first_creators("evidence", "macro")
    assert np.mean(macro < 5_000) > 0.55
    assert np.mean(macro > 50_000) < 0.01
    assert 100 < np.median(micro) < 1_000
    assert np.mean(micro < 100) > 0.1


@both
@pytest.mark.parametrize("name", ["micro", "macro"])
def test_c03_a_fee_rises_with_the_following(family: str, name: str) -> None:
    """A fee moves with what a creator brings: here drawn fees with drawn followings."""
    followers, fee = first_creators(family, name)
    line = linregress(np.log(followers), np.log(fee))
    assert line.slope > 10 * line.stderr


def worth(family: str, engagement: str, posts: int, niche: str) -> tuple[Run, Array, float]:
    """Return what one creator adds to a micro campaign, and her highest fee per post.

    Above that fee the money brings more in the micro campaign.
    """
    fee = 300
    law = f"engagement_rate: {{typical: {engagement}, creators: 3% to 28%}}"
    terms = f"fee: {fee}, overhead: 0, delivery_rate: 100%, posts: {posts}, {law}"
    creators = {"rival": tiers()["micro"], "creator": tier("micro", f"fans: {niche}", terms)}
    run = campaign(family, "60k", "conversions", creators=creators)
    rivals = run.plan({"rival": 1})
    one = run.plan({"creator": fee * posts / run.scenario.budget})
    before = run.response.values(rivals)
    added = run.response.values(rivals + one) - before
    money = 0.01 * rivals
    price = (run.response.values(rivals + money) - before).mean() / money.sum()
    return run, added, float(added.mean() / price / posts)


@both
def test_c03_a_creator_is_worth_more_with_engagement_niche_and_deliverables(family: str) -> None:
    """A fee moves with engagement rate, niche and deliverables.

    Read as: the highest fee a campaign for conversions would pay rises with each. It is what
    the creator adds, over what the next dollar for her rivals adds.
    """
    run, usual, fee = worth(family, "6%", 1, "50%")
    _, engaging, higher = worth(family, "12%", 1, "50%")
    _, off_niche, lower = worth(family, "6%", 1, "25%")
    _, posting, same = worth(family, "6%", 3, "50%")
    assert run.clearly_more(engaging, 1.5 * usual)
    assert run.clearly_more(usual, 1.5 * off_niche)
    assert run.clearly_more(posting, 2 * usual)
    assert lower < fee < higher
    assert 3 * same > 2 * fee


# Budget, goal, audience


@pytest.mark.parametrize("budget", ["3_000", "10_000"])
@pytest.mark.parametrize(
    ("family", "objective"),
    [("card", "reach"), ("card", "conversions"), ("evidence", "conversions")],
)
def test_c04_a_limited_budget_goes_further_with_micros(
    family: str, objective: str, budget: str
) -> None:
    """A limited budget goes further with several micros than with one macro."""
    run = campaign(family, budget, objective)
    micro, macro = tiers_apart(run, objective)
    assert run.shares()["micro"] > 0.99
    assert run.clearly_more(micro, macro)


def test_c04_fails_under_evidence_where_a_small_budget_reaches_more_through_macros() -> None:
    """For reach too: not at published prices, if a macro can be had for part of her fee."""
    run = campaign("evidence", "10_000", "reach")
    micro, macro = tiers_apart(run, "reach")
    assert run.shares()["macro"] > 0.99
    assert run.clearly_more(macro, micro)


def test_c04_holds_under_evidence_where_the_budget_is_less_than_a_macro_costs() -> None:
    """A limited budget goes further with several micros: it hires no whole macro."""
    run = campaign("evidence", "4_000", "reach", more="whole_creators: true")
    assert run.shares()["micro"] > 0.8


@both
def test_c05_wide_awareness_with_a_sizeable_budget_is_for_macros(family: str) -> None:
    """Wide awareness with a sizeable budget: macro."""
    run = campaign(family, "2M", "reach")
    micro, macro = tiers_apart(run, "reach")
    assert run.shares()["macro"] > 0.8
    assert run.clearly_more(macro, 1.2 * micro)


#: Two weeks, then eight; small creators take time to be found and briefed.
WEEKS = "phases: {tease: {weeks: 2}, launch: {weeks: 8}}"


@both
def test_c06_macros_expose_the_brand_quickly(family: str) -> None:
    """Macros expose the brand quickly: reach by the first phase, as many creators as can start."""
    creators = tiers("onboarding: 20", "onboarding: 2")
    run = campaign(family, "300k", "reach@tease", creators=creators, more=WEEKS)
    wishes = (run.plan({f"{name}@tease": 1.0}) for name in ("micro", "macro"))
    outcomes = run.play(*(np.minimum(wish, run.problem.caps) for wish in wishes))
    micro, macro = outcomes.values["reach@tease"]
    assert run.clearly_more(macro, 1.2 * micro)
    spent = dict(zip(run.scenario.lines, run.best.plan, strict=True))
    assert spent["macro@tease"] == pytest.approx(run.problem.caps[1])


@both
def test_c06_fast_reach_comes_from_macros_and_conversions_from_micros(family: str) -> None:
    """The same money, wanted fast: macro; wanted as buyers by the end: micro."""
    creators = tiers("onboarding: 20", "onboarding: 2")
    fast, late = (
        campaign(family, "150k", objective, creators=creators, more=WEEKS).shares()
        for objective in ("reach@tease", "conversions")
    )
    assert fast["macro@tease"] > fast["micro@tease"]
    assert late["micro@tease"] + late["micro@launch"] > 0.5


@both
@pytest.mark.parametrize("budget", ["30k", "200k"])
def test_c07_conversions_are_for_micros(family: str, budget: str) -> None:
    """Conversions rather than awareness: micro."""
    run = campaign(family, budget, "conversions")
    micro, macro = tiers_apart(run, "conversions")
    assert run.shares()["micro"] > 0.9
    assert run.clearly_more(micro, 1.2 * macro)


@both
def test_c08_clicks_of_micros_convert_better(family: str) -> None:
    """Trust: conversion rate micro above macro."""
    run = campaign(family, "1M", "conversions")
    micro, macro = tiers_apart(run, "conversion_rate")
    assert run.clearly_more(micro, 1.2 * macro)


@both
def test_c09_micro_reach_is_limited_to_its_communities(family: str) -> None:
    """Micro reach is limited to specific communities: more money reaches fewer new people."""
    run = campaign(family, "400k", "reach")
    plans = [run.plan({name: part}) for name in run.scenario.lines for part in (0.5, 1.0)]
    micro, micro_twice, macro, macro_twice = run.play(*plans).values["reach"]
    assert run.clearly_more(0.65 * micro, micro_twice - micro)
    assert run.clearly_more(macro_twice - macro, 0.75 * macro)


@both
def test_c10_a_larger_audience_asks_for_more_macro(family: str) -> None:
    """Macro suits national or global campaigns: its share rises with the size of the public."""
    shares = [
        campaign(
            family,
            "500k",
            "reach",
            segments=SEGMENTS | {"public": f"{{size: {size}, in_market: 2%}}"},
        ).shares()["macro"]
        for size in ("1M", "2M", "20M")
    ]
    assert shares[0] + 0.02 < shares[1] < shares[2] - 0.02


@both
@pytest.mark.parametrize("objective", ["reach", "conversions"])
def test_c11_a_niche_is_for_micros(family: str, objective: str) -> None:
    """A specific niche: micro, and more of what it shows is on target."""
    run = campaign(family, "100k", objective, segments=NICHE, creators=NICHE_TIERS)
    assert run.shares()["micro"] > 0.9
    assert run.clearly_more(*tiers_apart(run, "on_target_share"))
    assert run.clearly_more(*tiers_apart(run, objective))


@both
@pytest.mark.parametrize("budget", ["20k", "60k"])
def test_c12_micros_of_two_niches_reach_more_than_those_of_one(family: str, budget: str) -> None:
    """Several micros reach different segments: spreading beats one niche in net reach."""
    segments = dict.fromkeys(("yoga", "food"), "{size: 500k, in_market: 10%}")
    creators = {
        "yogis": tier("micro", "yoga: 70%, food: 5%"),
        "cooks": tier("micro", "yoga: 5%, food: 70%"),
    }
    run = campaign(family, budget, "reach", segments=segments, creators=creators)
    splits: list[dict[str, float]] = [{"yogis": 0.5, "cooks": 0.5}, {"yogis": 1}, {"cooks": 1}]
    spread, *narrow = run.play(*map(run.plan, splits)).values["reach"]
    assert all(run.clearly_more(spread, one) for one in narrow)
    assert 0.4 < run.shares()["yogis"] < 0.6


# Prestige, terms, prices

#: Per family: audiences between which the two tiers' prices per contact on target are close,
#: so that content quality decides.
CONTESTED = {
    "card": ("fans: 40%, public: 5%", MACRO_AUDIENCE),
    "evidence": (MICRO_AUDIENCE, "fans: 5%, public: 25%"),
}


@both
def test_c13_prestige_brings_macros_in(family: str) -> None:
    """Macro brings prestige, credibility: with it, its share for brand lift rises."""
    reaches = CONTESTED[family]
    alike, preset = (
        campaign(
            family, "400k", "brand_lift", creators=tiers(lift, lift, reaches=reaches)
        ).shares()["macro"]
        for lift in ("lift: 1%", "")
    )
    assert preset > alike + 0.5


def test_c13_fails_under_the_card_where_micros_are_on_target() -> None:
    """Prestige: more than twice the lift per contact does not pay for the card's macro fees."""
    run = campaign("card", "400k", "brand_lift")
    assert run.shares()["macro"] < 0.01
    assert run.clearly_more(*tiers_apart(run, "brand_lift"))


@pytest.mark.parametrize(
    ("family", "macro_audience"),
    [("card", "fans: 5%, public: 45%"), ("evidence", "fans: 5%, public: 10%")],
)
def test_c14_luxury_is_for_polished_macro_content(family: str, macro_audience: str) -> None:
    """Luxury positioning favours polished macro content: higher macro lift, more macro."""
    shares = [
        campaign(
            family,
            "400k",
            "brand_lift",
            creators=tiers(macro=lift, reaches=(MICRO_AUDIENCE, macro_audience)),
        ).shares()["macro"]
        for lift in ("", "lift: 8% to 16%")
    ]
    assert shares[1] > shares[0] + 0.5


#: Per family: a campaign whose best plan is a mix, so that terms can move it.
MIXED = {
    "card": ("200k", "reach", SEGMENTS),
    "evidence": ("600k", "{reach: 0.3, conversions: 0.7}", SMALL_PUBLIC),
}


@both
def test_c15_long_partnerships_suit_micros(family: str) -> None:
    """Long partnerships suit micro: four posts instead of one, for all, raise its share.

    Coordination is paid once a creator, and it is a larger part of what a micro costs.
    """
    budget, objective, segments = MIXED[family]
    one, four = (
        campaign(
            family, budget, objective, segments=segments, creators=tiers(terms, terms)
        ).shares()["micro"]
        for terms in ("posts: 1", "posts: 4")
    )
    assert four > one + 0.05


@both
def test_c15_a_multi_post_discount_raises_the_share_of_micros(family: str) -> None:
    """Long partnerships suit micro: what micros take off for several posts moves the plan."""
    budget, objective, segments = MIXED[family]
    full, reduced = (
        campaign(
            family, budget, objective, segments=segments, creators=tiers(f"posts: 4{discount}")
        ).shares()["micro"]
        for discount in ("", ", multi_post_discount: 25%")
    )
    assert reduced > full + 0.04


@both
def test_c16_gifting_enters_small_budgets(family: str) -> None:
    """Micros accept product exchange: gifted ones come first, and carry small budgets only."""
    terms = "fee: 0, overhead: 35 to 60, delivery_rate: 20% to 60%, available: 60"
    gifting = tier("micro", MICRO_AUDIENCE, "followers: 1_000 to 15_000", terms)
    small, large = (
        campaign(
            family, budget, "conversions", creators=tiers() | {"gifting": gifting}, worlds=4096
        )
        for budget in ("2_000", "50_000")
    )
    assert small.shares()["gifting"] > 0.9
    assert large.shares()["gifting"] < 0.1
    gifts, paid = small.play(small.plan({"gifting": 1}), small.plan(MICRO)).values["conversions"]
    assert small.clearly_more(gifts, paid)


@pytest.mark.parametrize(
    ("family", "metric"),
    [("card", "engagements"), ("card", "conversions"), ("evidence", "conversions")],
)
def test_c17_results_of_micros_cost_less(family: str, metric: str) -> None:
    """Cost per engagement and per conversion: micro below macro; the money is the same."""
    run = campaign(family, "200k", metric)
    micro, macro = tiers_apart(run, metric)
    assert run.clearly_more(micro, 1.1 * macro)


def test_c17_fails_under_evidence_where_engagements_of_macros_cost_less() -> None:
    """Cost per engagement: published macro fees are lower by more than their engagement."""
    run = campaign("evidence", "200k", "engagements")
    micro, macro = tiers_apart(run, "engagements")
    assert run.clearly_more(macro, 1.1 * micro)


@pytest.mark.parametrize(
    ("family", "budget", "objective", "segments"),
    [
        ("card", "200k", "reach", SEGMENTS),
        ("card", "1M", "{reach: 0.9, conversions: 0.1}", SMALL_PUBLIC),
        ("evidence", "600k", "reach", SMALL_PUBLIC),
        ("evidence", "400k", "{reach: 0.3, conversions: 0.7}", SMALL_PUBLIC),
    ],
)
def test_c18_a_layered_strategy_beats_both_corners(
    family: str, budget: str, objective: str, segments: Mapping[str, str]
) -> None:
    """Combining both, a layered strategy, uses both strengths."""
    run = campaign(family, budget, objective, segments=segments)
    assert 0.05 < run.shares()["micro"] < 0.95
    outcomes = run.play(run.best.plan, run.plan(MICRO), run.plan(MACRO))
    layered, *corners = run.goal.of(outcomes)
    assert all(run.clearly_more(layered, corner) for corner in corners)


@both
def test_c19_macros_reach_several_demographics(family: str) -> None:
    """Macro's reach is spread over segments; that of a micro of one subject is not."""
    segments = dict.fromkeys(("sport", "food", "travel"), "{size: 5M, in_market: 3%}")
    creators = tiers(
        reaches=("sport: 60%, food: 5%, travel: 5%", "sport: 25%, food: 20%, travel: 25%")
    )
    run = campaign(family, "200k", "reach", segments=segments, creators=creators)
    micro, macro = (
        np.array([segment.values(run.plan(corner)).mean() for segment in run.response.ridges])
        for corner in (MICRO, MACRO)
    )
    assert micro.max() > 0.7 * micro.sum()
    assert macro.max() < 0.45 * macro.sum()


#: Goals by rows, budgets by columns of the crossover map.
GOALS, BUDGETS = ("conversions", "reach"), ("10k", "300k", "5M")


def mix(run: Run) -> str:
    """Return what the best plan is made of."""
    share = run.shares()["macro"]
    return "micro" if share < 0.1 else "macro" if share > 0.9 else "both"


def test_c20_the_choice_follows_goal_budget_and_audience() -> None:
    """The choice follows goal, budget, audience: a crossover map."""
    crossover = [[mix(campaign("card", b, goal)) for b in BUDGETS] for goal in GOALS]
    assert crossover == [["micro", "micro", "micro"], ["micro", "both", "macro"]]
    niche = campaign("card", "300k", "reach", segments=NICHE, creators=NICHE_TIERS)
    assert mix(niche) == "micro"


def test_c20_fails_under_evidence_where_the_budget_does_not_change_the_choice() -> None:
    """The choice follows goal and audience, and not the budget, at published prices."""
    crossover = [[mix(campaign("evidence", b, goal)) for b in BUDGETS] for goal in GOALS]
    assert crossover == [["micro"] * 3, ["macro"] * 3]
    niche = campaign("evidence", "300k", "reach", segments=NICHE, creators=NICHE_TIERS)
    assert mix(niche) == "micro"


# The two cases


@both
def test_c21_a_plausible_macro_plan_brings_five_million_impressions(family: str) -> None:
    """Case B: over five million impressions from macros over Instagram and YouTube."""
    text = LIBRARY["apparel"].read_text(encoding="utf-8")
    text = text.replace("currency: USD", f"currency: USD\npresets: {family}")
    run = Run(parse(text, "apparel.yaml"), 1024, 20)
    athletes = np.array(dict(run.scenario.strategies)["athletes"])
    assert np.quantile(run.play(athletes).values["impressions"][0], 0.05) > 5e6


def test_c22_chosen_micros_engage_at_about_three_and_a_half_times_the_rate() -> None:
    """Case A: engagement rates up 250 % on earlier campaigns, which were macro."""
    text = LIBRARY["skincare"].read_text(encoding="utf-8")
    run = Run(parse(text, "skincare.yaml"), 1024, 20)
    micro, macro = tiers_apart(run, "engagements") / tiers_apart(run, "follower_posts")
    assert run.clearly_more(micro, 2.8 * macro)
    assert run.clearly_more(4.2 * macro, micro)


@both
def test_c22_fails_for_micros_who_are_not_chosen(family: str) -> None:
    """Case A takes creators picked for engagement: the presets' engage at less than 3 times."""
    run = campaign(family, "1M", "engagements")
    micro, macro = tiers_apart(run, "engagement_rate")
    assert run.clearly_more(3 * macro, micro)
