"""A scenario file is read as written, and whatever is wrong in it is said, all at once."""

from __future__ import annotations

import hashlib
import io
import sys
from math import inf
from pathlib import Path

import numpy as np
import pytest

from optimize.problem import Limit, binding, problem
from optimize.risk import MEAN, Attainment, MeanWorst, Risk
from sim.lottery import expected_price
from sim.uncertain import Uncertain
from tiermix.errors import ScenarioError
from tiermix.scenario import Scenario
from tiermix.scenario_file import parse, read

BASE = """\
tiermix: 1
name: Test
budget: 60_000
objective: conversions
audience:
  segments:
    fans: {size: 600_000, in_market: 12%}
    others: {size: 9M}
tiers:
  micro:
    preset: micro
    audience: {fans: 70%}
  macro:
    preset: macro
    audience: {fans: 15%, others: 60%}
"""

#: Two phases, for the end of the base scenario.
TWO = "phases: {a: {weeks: 2}, b: {weeks: 4}}\n"

BARE = """\
tiermix: 1
name: Bare
budget: 1000
objective: {reach: 0.4, conversions: 0.6}
presets: none
order_value: 40
margin: 0.5
resonance: 1
effective_frequency: 3
audience:
  heterogeneity: none
  segments: {all: {size: 1000000, in_market: 1}}
tiers:
  one:
    followers: 5000
    fee: 100
    fee_elasticity: 0
    posts: 2
    multi_post_discount: 0.1
    overhead: 20
    view_rate: 0.3
    engagement_rate: 0.05
    engagement_elasticity: 0
    clicks_per_engagement: 0.1
    conversion_rate: 0.02
    authentic_share: 0.8
    delivery_rate: 0.9
    lift: 0.01
    audience: {all: 0.7}
    available: 40
    minimum_deal: 50
whole_creators: false
strategies: {all_in: {one: 1000}}
simulation: {worlds: 64, seed: 0}
"""


def base(*changes: tuple[str, str], more: str = "") -> str:
    """Return the base scenario with some words replaced and lines added at its end."""
    text = BASE
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text + more


def complaints(text: str) -> list[str]:
    with pytest.raises(ScenarioError) as error:
        parse(text, "f.yaml")
    return str(error.value).splitlines()


def complaint(text: str) -> str:
    (only,) = complaints(text)
    return only


def origins(scenario: Scenario) -> dict[str, tuple[str, str]]:
    return {one.path: (one.value, one.origin) for one in scenario.inputs}


# What is read


def test_bare_numbers_without_presets_are_known_exactly() -> None:
    scenario = parse(BARE, "bare.yaml")
    (tier,) = scenario.campaign.tiers
    assert tier.fee == Uncertain.known(100)
    assert tier.view_rate == Uncertain.known(0.3, "logit")
    assert tier.lift == Uncertain.known(0.01, "logit")
    assert (tier.posts, tier.multi_post_discount, tier.available) == (2, 0.1, 40)
    assert (tier.audience, tier.minimum_deal) == ((0.7,), 50)
    assert scenario.campaign.heterogeneity == inf
    assert scenario.campaign.margin == Uncertain.known(0.5, "logit")
    assert not any(
        getattr(tier, key).varies for key in ("followers", "fee", "overhead", "conversion_rate")
    )
    assert scenario.objective == (("reach", 0.4), ("conversions", 0.6))
    assert scenario.strategies == (("all_in", (1000.0,)),)
    assert (scenario.worlds, scenario.seed, scenario.whole_creators) == (64, 0, False)
    assert {one.origin for one in scenario.inputs} == {"file"}


def test_what_is_left_out_has_a_default() -> None:
    scenario = parse(base(), "f.yaml")
    assert (scenario.worlds, scenario.seed) == (4096, 1)
    assert (scenario.currency, scenario.whole_creators) == ("USD", False)
    assert scenario.objective == (("conversions", 1.0),)
    assert scenario.campaign.heterogeneity == 0.8
    assert scenario.lines == ("micro", "macro")
    micro, macro = scenario.campaign.tiers
    assert (micro.audience, macro.audience) == ((0.7, 0.0), (0.15, 0.6))
    assert micro.available == inf
    assert parse(base(more="simulation: {seed: 7}"), "f").worlds == 4096


def test_a_bare_range_says_how_creators_differ_for_followers_and_fee_alone() -> None:
    text = base(
        ("micro\n    audience: {fans: 70%}", "micro\n    audience: {fans: 70%}\n    fee: 100 to 900"
         "\n    followers: 2k to 50k\n    view_rate: 20% to 40%\n    overhead: 50 to 60")
    )  # fmt: skip
    micro = parse(text, "f").campaign.tiers[0]
    for law, layer in (
        (micro.fee, "creators_sd"),
        (micro.followers, "creators_sd"),
        (micro.view_rate, "typical_sd"),
        (micro.overhead, "typical_sd"),
    ):
        other = {"creators_sd": "typical_sd", "typical_sd": "creators_sd"}[layer]
        assert getattr(law, layer) > 0
        assert getattr(law, other) == 0


def test_links_follow_the_kind_of_value() -> None:
    campaign = parse(base(), "f").campaign
    micro = campaign.tiers[0]
    shares = ("view_rate", "engagement_rate", "conversion_rate", "authentic_share", "lift")
    positives = ("followers", "fee", "overhead", "clicks_per_engagement")
    assert {getattr(micro, key).link for key in (*shares, "delivery_rate")} == {"logit"}
    assert {getattr(micro, key).link for key in positives} == {"log"}
    assert (campaign.order_value.link, campaign.resonance.link) == ("log", "log")
    assert (campaign.margin.link, campaign.segments[0].in_market.link) == ("logit", "logit")


def test_limits_and_strategies_become_money() -> None:
    scenario = parse(
        base(
            more="limits: {macro: {min: 5k, max: 60%}, micro: {min: 10%}}\n"
            "strategies:\n  mix: {macro: 25%, micro: 9_000}\n  none_for_macro: {micro: 100%}\n"
        ),
        "f",
    )
    assert scenario.limits == (
        Limit("macro", (1,), 5_000, 36_000),
        Limit("micro", (0,), 6_000, inf),
    )
    assert scenario.strategies == (
        ("mix", (9_000, 15_000)),
        ("none_for_macro", (60_000, 0)),
    )


def test_every_input_says_where_it_comes_from() -> None:
    known = origins(parse(base(("preset: micro", "preset: micro\n    posts: 3")), "f"))
    assert known["tiers.micro.posts"] == ("3", "file")
    assert known["tiers.macro.posts"] == ("1", "default")
    assert known["tiers.micro.conversion_rate"] == ("2% to 4%", "preset card: micro")
    assert known["tiers.micro.available"] == ("no limit", "default")
    assert known["audience.heterogeneity"] == ("0.8", "preset card")
    assert known["audience.segments.others.in_market"] == ("100%", "default")


def test_an_elasticity_of_a_preset_gives_way_to_the_ranges_of_the_file() -> None:
    scenario = parse(base(("preset: micro", "preset: micro\n    fee: {creators: 200 to 300}")), "f")
    micro = scenario.campaign.tiers[0]
    assert micro.fee_elasticity == pytest.approx(
        micro.fee.creators_sd / micro.followers.creators_sd
    )
    assert (
        origins(scenario)["tiers.micro.fee_elasticity"][1] == "preset card: micro, lowered to fit"
    )
    known = parse(base(("preset: micro", "preset: micro\n    fee: 200")), "f").campaign.tiers[0]
    assert known.fee_elasticity == 0


def test_standard_input_and_a_byte_order_mark_are_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    data = b"\xef\xbb\xbf" + BASE.replace("\n", "\r\n").encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    scenario = read("-")
    (tmp_path / "a.yaml").write_bytes(data)
    assert scenario.path == "-"
    assert scenario.sha256 == read(str(tmp_path / "a.yaml")).sha256
    assert scenario.sha256 == hashlib.sha256(data[3:]).hexdigest()


# What is wrong: files


def test_files_that_cannot_be_read_are_problems_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes(b"name: caf\xe9")
    (tmp_path / "empty.yaml").write_bytes(b" \n")
    (tmp_path / "huge.yaml").write_bytes(b"#" * 1_000_001)
    for name, message in (
        ("missing.yaml", "cannot be read: No such file"),
        ("", "cannot be read"),
        ("latin.yaml", "not UTF-8 text: byte 9"),
        ("empty.yaml", "empty; `tiermix init`"),
        ("huge.yaml", "larger than 1 MB"),
        ("nul\0.yaml", "cannot be read"),
    ):
        with pytest.raises(ScenarioError, match=message) as error:
            read(str(tmp_path / name))
        assert str(error.value).count("\n") == 0
        at = error.value.problems[0]
        assert (at.line, at.column) == ((1, 10) if name == "latin.yaml" else (0, 0))


def test_a_document_that_is_no_mapping_is_refused() -> None:
    assert complaint("- 1") == "f.yaml:1:1: expected a mapping (key: value), got a list"
    assert complaint("# nothing") == "f.yaml:1:1: expected a mapping (key: value), got nothing"


# What is wrong: values alone


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("tiermix: 1", "tiermix: 2", "1:10: tiermix: format 2 is not known"),
        ("name: Test", "name: a/b", "2:7: name: 'a/b': a name may not hold /"),
        ("name: Test", r'name: "a\nb"', "2:7: name: 'a\\nb' is no name"),
        ("name: Test", "name: [a]", "2:7: name: expected text, got a list"),
        ("name: Test", "name:", "2:1: name: is empty"),
        ("60_000", "0", "3:9: budget: 0 is not more than 0"),
        ("60_000", "-5", "3:9: budget: -5 is not more than 0"),
        ("60_000", "50%", "3:9: budget: 50% is a percentage; expected an amount"),
        ("60_000", "5k to 6k", "3:9: budget: '5k to 6k' is a range"),
        ("60_000", ".nan", "3:9: budget: .nan is not a finite number"),
        ("60_000", "9" * 10_000, "3:9: budget: '999"),
        ("conversions", "convs", "4:12: objective: unknown value 'convs', did you mean 'conv"),
        ("conversions", "{reach: 0}", "4:20: objective.reach: 0 is not more than 0"),
        ("conversions", "{rech: 1}", "4:13: objective.rech: unknown value 'rech', did you mean"),
        ("conversions", "{}", "4:12: objective: expected at least one metric"),
        ("conversions", "response", "4:12: objective: no line brings any response"),
        ("conversions", "spend", "1:1: floors: missing; the objective spend needs to know what"),
        ("conversions", "{spend: 1, reach: 1}", "4:12: objective: spend can not be blended"),
        ("conversions", "revenue", "1:1: order_value: missing; revenue needs it"),
        ("12%", "12% to 8%", "7:38: audience.segments.fans.in_market: '12% to 8%' runs backwards"),
        ("12%", "130%", "7:38: audience.segments.fans.in_market: 130% is more than 100%"),
        ("12%", "12", "7:38: audience.segments.fans.in_market: 12 is more than 100% (12%?)"),
        ("12%", "90% to 100%", "7:38: audience.segments.fans.in_market: 90% to 100%: a range of"),
        ("12%", "{}", "7:38: audience.segments.fans.in_market: expected `typical`"),
        ("{fans: 70%}", "70%", "12:15: tiers.micro.audience: expected a mapping"),
        ("preset: micro", "preset: nano", "11:13: tiers.micro.preset: unknown value 'nano'"),
    ],
)
def test_a_wrong_value_is_named_with_its_place(old: str, new: str, expected: str) -> None:
    assert complaint(base((old, new))).startswith(f"f.yaml:{expected}")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("engagment_rate: 3%", "5: tiers.micro.engagment_rate: unknown key, did you mean 'engage"),
        ("posts: 0", "12: tiers.micro.posts: 0 is not more than 0"),
        ("overhead: -5", "15: tiers.micro.overhead: -5 is negative"),
        ("overhead: 0 to 5", "15: tiers.micro.overhead: 0 to 5: a range must start above 0"),
        ("fee: 5%", "10: tiers.micro.fee: 5% is a percentage"),
        ("fee: {typical: 0, creators: 1 to 5}", "10: tiers.micro.fee: creators cannot differ"),
        ("fee: [1]", "10: tiers.micro.fee: a list is no number"),
        ("fee: {typcal: 5}", "11: tiers.micro.fee.typcal: unknown key, did you mean 'typical'?"),
        ("view_rate: {creators: 0% to 5%}", "27: tiers.micro.view_rate.creators: 0% to 5%"),
        ("lift: {creators: 5%}", "12: tiers.micro.lift.creators: not told apart"),
        ("followers: {creators: 1k to 2k, min: 9k}", "16: tiers.micro.followers: the middle"),
        ("followers: {creators: 1k to 2k, min: 9k, max: 8k}", "16: tiers.micro.followers: min"),
        ("followers: 0", "16: tiers.micro.followers: 0 is not more"),
        ("available: 0", "16: tiers.micro.available: 0 is not"),
        ("minimum_deal: 5%", "19: tiers.micro.minimum_deal: 5% is a percentage"),
        ("fee_elasticity: 0.9", "21: tiers.micro.fee_elasticity: followers then spread the fee"),
        ("{a: 1}: 5", "5: a mapping or list as a key"),
    ],
)
def test_a_wrong_value_of_a_tier_is_named_with_its_place(line: str, expected: str) -> None:
    text = base(("preset: micro", f"preset: micro\n    {line}"))
    assert complaint(text).startswith(f"f.yaml:12:{expected}")


def test_an_elasticity_that_explains_too_much_names_the_largest_that_fits() -> None:
    text = base(("preset: micro", "preset: micro\n    fee_elasticity: {}"))
    assert "at most 0.5 fits" in complaint(text.replace("{}", "0.51"))
    assert parse(text.replace("{}", "0.5"), "f").campaign.tiers[0].fee_elasticity == 0.5


# What is wrong: values together


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("15%, others: 60%", "55%, others: 60%", "15:15: tiers.macro.audience: the shares add up"),
        ("{fans: 70%}", "{fens: 70%}", "12:16: tiers.micro.audience.fens: unknown segment, did"),
        ("{fans: 70%}", "{fans: 0}", "12:15: tiers.micro.audience: reaches nobody"),
        ("{fans: 70%}", "{}", "12:15: tiers.micro.audience: reaches nobody"),
        ("size: 600_000", "size: 9k", None),
        ("size: 600_000", "size: 40k", "15:22: tiers.macro.audience.fans: a typical creator"),
        ("size: 600_000, ", "", "7:5: audience.segments.fans.size: missing"),
        ("    preset: micro\n", "", None),
        ("budget: 60_000\n", "", "1:1: budget: missing; expected: Money to spend"),
    ],
)
def test_values_that_do_not_fit_each_other_are_named(
    old: str, new: str, expected: str | None
) -> None:
    if expected is None:
        found = complaints(base((old, new)))
        assert len(found) == {"size: 600_000": 1}.get(old, 6), found
    else:
        assert complaint(base((old, new))).startswith(f"f.yaml:{expected}")


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("limits: {mirco: {max: 5%}}", "16:10: limits.mirco: unknown line, did you mean 'micro'?"),
        ("limits: {micro: {}}", "16:17: limits.micro: empty; expected min, max or both"),
        ("limits: {micro: {max: 0.6}}", "16:23: limits.micro.max: 0.6 would be money; for a share "
         "of the budget write 60%"),
        ("limits: {micro: {max: 160%}}", "16:23: limits.micro.max: 160% is more than 100%"),
        ("limits: {micro: {min: 50%, max: 9k}}", "16:23: limits.micro.min: min (30_000) is more"),
        ("limits: {micro: {min: 70_000}}", "16:23: limits.micro.min: more than the budget"),
        ("limits: {micro: {min: -1}}", "16:23: limits.micro.min: -1 is negative"),
        ("limits: {micro: {min: 60%}, macro: {min: 50%}}", "16:9: limits: the minima add up to "
         "66_000"),
        ("limits: {micro: 60%}", "16:17: limits.micro: expected a mapping"),
        ("strategies: {a: {mcro: 5%}}", "16:18: strategies.a.mcro: unknown line, did you mean"),
        ("strategies: {a: {micro: 60%, macro: 60%}}", "16:17: strategies.a: the shares add up to "
         "120%"),
        ("strategies: {a: {micro: 60%, macro: 30k}}", "16:17: strategies.a: spends 66_000, more"),
        ("strategies: {a: {micro: 0.6}}", "16:25: strategies.a.micro: 0.6 would be money"),
        ("strategies: {a: {}}", "16:17: strategies.a: empty"),
        ("strategies: {optimum: {micro: 5%}}", "16:14: strategies.optimum: 'optimum' is the name"),
        ('strategies: {"a\\tb": {micro: 5%}}', "16:14: strategies.'a\\tb': 'a\\tb' is no name"),
        ("simulation: {worlds: 63}", "16:22: simulation.worlds: 63 cannot be drawn; expected a "
         "whole number from 64 to 1_000_000_000"),
        ("simulation: {worlds: 99.5}", "16:22: simulation.worlds: 99.5 cannot be drawn"),
        ("simulation: {worlds: 900%}", "16:22: simulation.worlds: 900% cannot be drawn"),
        ("simulation: {worlds: 1_000_000_001}", "16:22: simulation.worlds: 1_000_000_001 takes at "
         "least 400 GB of memory for each plan, and is too many to stream; expected"),
        ("simulation: {seed: -1}", "16:20: simulation.seed: -1 is no whole number from 0"),
        ("whole_creators: yes", "16:17: whole_creators: expected true or false, got 'yes'"),
        ("currency: eur", "16:11: currency: expected three capital letters"),
        ("presets: cards", "16:10: presets: unknown value 'cards', did you mean 'card'?"),
        ("name: again", "16:1: name: the key stands here for the second time"),
        ("wat: 1", "16:1: wat: unknown key, expected one of: tiermix, name"),
        ("phases: {a: {weeks: 0}}", "16:21: phases.a.weeks: 0 is not more than 0"),
        ("phases: {a: {}}", "16:10: phases.a.weeks: missing; expected: Length"),
        ("phases: {}", "16:9: phases: empty; expected at least one phase"),
        ("phases: {micro: {weeks: 2}}", "16:10: phases.micro: a line has this name too"),
        ("halo: {a: {on: b, lift: 9%}}", "16:1: halo: means nothing without `phases`"),
        (f"{TWO}halo: {{a: {{on: c, lift: 9%}}}}", "17:16: halo.a.on: unknown phase or line 'c'"),
        (f"{TWO}halo: {{b: {{on: a, lift: 9%}}}}", "17:16: halo.b.on: a does not come after b"),
        (f"{TWO}halo: {{c: {{on: b, lift: 9%}}}}", "17:8: halo.c: unknown phase or line 'c'"),
        (f"{TWO}halo: {{a: {{on: b}}}}", "17:8: halo.a.lift: missing; expected: Change of intent"),
        (f"{TWO}halo: {{a: {{on: b, lift: -101%}}}}", "17:25: halo.a.lift: -101% takes more than"),
        (f"{TWO}halo: {{a: {{on: b, lift: 2% to 1%}}}}", "17:25: halo.a.lift: '2% to 1%' runs"),
        (f"{TWO}halo: {{a: [{{on: b, lift: 2% to 1%}}]}}", "17:26: halo.a.0.lift: '2% to 1%' runs"),
        (f"{TWO}halo: {{a: [{{on: b}}]}}", "17:12: halo.a.0.lift: missing; expected: Change"),
        (f"{TWO}halo: {{a: [9]}}", "17:12: halo.a.0: expected a mapping (key: value), got '9'"),
        (f"{TWO}halo: {{a: {{liftt: 9%, on: b, lift: 9%}}}}", "17:12: halo.a.liftt: unknown key"),
        (f"{TWO}halo: {{a: 9}}", "17:11: halo.a: expected a mapping (key: value), got '9'"),
        (f"{TWO}halo: {{a: [{{onn: b, on: b, lift: 9%}}]}}", "17:13: halo.a.0.onn: unknown key"),
        (f"{TWO}limits: {{micro@c: {{max: 9%}}}}", "17:10: limits.micro@c: unknown line, did you"),
        (f"{TWO}floors: {{reach@c: 9}}", "17:10: floors.reach@c: reach by an unknown phase 'c'"),
        ("floors: {reach@c: 9}", "16:10: floors.reach@c: reach by an unknown phase 'c', there"),
        (f"{TWO}floors: {{roas@a: 9}}", "17:10: floors.roas@a: unknown value 'roas@a'"),
        (f"{TWO}strategies: {{x: {{a: 9%}}}}", "17:18: strategies.x.a: a phase; name a line of it"),
        ("strategies: {x: pyramids}", "16:17: strategies.x: unknown rule or line 'pyramids'"),
        ("strategies: {x: 1 macro and micro}", "16:17: strategies.x: unknown line, expected"),
        ('strategies: {x: "rest micro, rest micro"}', "16:17: strategies.x: 'rest micro' can not"),
        ("strategies: {x: {macro: -2 creators}}", "16:25: strategies.x.macro: '-2' is no number"),
        ("strategies: {x: {macro: some}}", "16:25: strategies.x.macro: 'some' is no number; expec"),
        ("floors: {rech: 400_000}", "16:10: floors.rech: unknown value 'rech', did you mean"),
        ("floors: {reach: -1}", "16:17: floors.reach: -1 is not more than 0"),
        ("floors: {reach: {worst: 10%}}", "16:10: floors.reach.at_least: missing; expected: The"),
        ("floors: {reach: {at_least: 9, worst: 10%, chance: 80%}}", "16:17: floors.reach: both"),
        ("floors: {reach: {at_least: 9, worsst: 9%}}", "16:31: floors.reach.worsst: unknown key"),
        ("floors: {roas: 2}", "1:1: order_value: missing; roas needs"),
        ("order_value: 9\nfloors: {roas: {at_least: 9, chance: 80%}}", "17:16: floors.roas: roas"),
        ("ceilings: {reach: 9}", "16:12: ceilings.reach: unknown value 'reach', expected one of"),
        ("ceilings: {cpa: 0}", "16:17: ceilings.cpa: 0 is not more than 0"),
        ("limits: {all: {lines: [micro, mega], max: 9_000}}", "16:23: limits.all.lines: unknown"),
        ("limits: {all: {lines: [], max: 9_000}}", "16:23: limits.all.lines: empty; expected"),
        ("effective_frequency: 2.5", "16:22: effective_frequency: 2.5 is no whole number from 1"),
        ("curves: {a: {hill: {max: 1, half: 2}}}", "16:14: curves.a.hill.slope: missing; expected"),
        ("risk: {measure: cvar}", "16:1: risk.worst: missing; the measure cvar needs it"),
        ("risk: {measure: cvar, worst: 10%, target: 9}", "16:35: risk.target: means nothing"),
        ("risk: {measure: mean_cvar, worst: 10%}", "16:1: risk.weight: missing; the measure"),
        ("risk: {measure: attainment}", "16:1: risk.target: missing; the measure attainment"),
        ("risk: {measure: mean, worst: 10%}", "16:23: risk.worst: means nothing to the measure"),
        ("risk: {}", "16:1: risk.measure: missing"),
    ],
)  # fmt: skip
def test_a_wrong_line_at_the_end_is_named_with_its_place(more: str, expected: str) -> None:
    assert complaint(base(more=more)).startswith(f"f.yaml:{expected}")


def test_named_creators_are_not_planned_in_phases() -> None:
    text = base(("preset: micro", "preset: micro\n    roster: names.csv"), more=TWO)
    assert complaint(text).startswith("f.yaml:12:13: tiers.micro.roster: not yet supported beside")


def test_creators_a_week_need_weeks() -> None:
    text = base(("preset: micro", "preset: micro\n    onboarding: 30"))
    assert complaint(text).startswith("f.yaml:12:5: tiers.micro.onboarding: means nothing without")
    scenario = parse(text + TWO, "f.yaml")
    feasible = problem(scenario.campaign, 60_000, whole_creators=False)
    price = expected_price(scenario.campaign.tiers[0])
    assert feasible.caps == pytest.approx((60 * price, inf, 120 * price, inf))


def test_phases_make_lines_of_tiers() -> None:
    more = TWO + "limits: {micro@b: {min: 5k}, a: {max: 40%}, macro: {max: 10k}}\n"
    scenario = parse(base(more=more), "f.yaml")
    assert scenario.lines == ("micro@a", "macro@a", "micro@b", "macro@b")
    assert [limit.lines for limit in scenario.limits] == [(2,), (0, 1), (1, 3)]


def test_a_creator_is_available_once_in_all_phases() -> None:
    scenario = parse(
        base(("preset: micro", "preset: micro\n    available: 100"), more=TWO), "f.yaml"
    )
    feasible = problem(scenario.campaign, 60_000, whole_creators=False)
    (shared,) = feasible.limits
    assert shared.lines == (0, 2)
    assert shared.upper == pytest.approx(100 * expected_price(scenario.campaign.tiers[0]))
    assert binding(feasible, np.array([shared.upper, 0.0, 0.0, 0.0])) == (
        "available creators of micro",
    )


def test_halos_are_of_phases_or_of_lines() -> None:
    more = "phases: {a: {weeks: 2}, b: {weeks: 4}, c: {weeks: 6}}\nhalo:\n"
    more += "  a: {on: c, lift: -10% to 40%, carry_over: 90%}\n"
    more += "  macro@a: [{on: micro@b, lift: 20%}, {on: macro@b, lift: -20%}]\n"
    scenario = parse(base(more=more), "f.yaml")
    first, second, third = scenario.campaign.halos
    assert (first.sources, first.targets) == ((0, 1), (4, 5))
    assert first.left == pytest.approx(0.9**8)  # from the middle of week 2 to that of week 9
    assert first.lift == Uncertain.stated("log", (0.9, 1.4))
    assert (second.name, second.sources, second.targets) == ("macro@a on micro@b", (1,), (2,))
    assert (second.left, third.lift.median) == (1.0, 0.8)
    assert origins(scenario)["halo.a.lift"] == ("-10% to 40%", "file")
    assert origins(scenario)["halo.macro@a.1.lift"] == ("-20%", "file")


def test_a_metric_by_the_end_of_a_phase_can_be_wanted() -> None:
    text = base(("objective: conversions", "objective: {reach@a: 1, conversions: 2}"), more=TWO)
    scenario = parse(text + "floors: {conversions@a: {at_least: 9, chance: 80%}}\n", "f.yaml")
    assert scenario.objective == (("reach@a", 1.0), ("conversions", 2.0))
    assert scenario.demands[0].metric == "conversions@a"


@pytest.mark.parametrize(
    ("stated", "spends"),
    [
        ("{macro: 1 creator, micro: rest}", {"macro": 1.0, "micro": -1.0}),
        ("1 macro, rest micro", {"macro": 1.0, "micro": -1.0}),
        ("2 creators of macro, rest micro", {"macro": 2.0, "micro": -2.0}),
        ("25% macro, rest micro", {"macro": 15_000, "micro": 45_000}),
        ("micro", {"micro": 60_000}),
    ],
)
def test_strategies_are_said_in_words(stated: str, spends: dict[str, float]) -> None:
    scenario = parse(base(more=f"strategies: {{x: {quoted(stated)}}}\n"), "f.yaml")
    price = expected_price(scenario.campaign.tiers[1])
    ((_, plan),) = scenario.strategies
    for line, spend in spends.items():
        money = spend if abs(spend) > 100 else spend * price + (60_000 if spend < 0 else 0)
        assert plan[scenario.lines.index(line)] == pytest.approx(money)


def quoted(stated: str) -> str:
    return stated if stated.startswith("{") else f'"{stated}"'


def test_a_tier_is_spread_over_phases_by_their_weeks_and_rest_is_shared() -> None:
    more = TWO + "strategies: {x: {micro: 30%, macro@a: rest, macro@b: rest}}\n"
    scenario = parse(base(more=more), "f.yaml")
    ((_, plan),) = scenario.strategies
    assert plan == pytest.approx((6_000, 21_000, 12_000, 21_000))


def test_rules_of_thumb_are_strategies_by_name() -> None:
    scenario = parse(base(more="strategies: {mine: {micro: 9%}, theirs: pyramid}\n"), "f.yaml")
    assert (len(scenario.strategies), scenario.rules) == (1, (("theirs", "pyramid"),))


@pytest.mark.parametrize(
    ("stated", "risk"),
    [
        ("{measure: cvar, worst: 10%}", MeanWorst(0.1)),
        ("{measure: mean_cvar, worst: 5%, weight: 30%}", MeanWorst(0.05, 0.3)),
        ("{measure: attainment, target: 1_500}", Attainment(1500.0)),
        ("{measure: mean}", MEAN),
    ],
)
def test_measures_of_risk_are_read(stated: str, risk: Risk) -> None:
    assert parse(base(more=f"risk: {stated}"), "f").risk == risk


def test_the_mean_may_be_named_as_the_measure_of_risk() -> None:
    assert parse(base(more="risk: {measure: mean}"), "f").name == "Test"


def test_a_limit_below_the_minimum_deal_is_refused_and_zero_is_not() -> None:
    text = base(("preset: micro", "preset: micro\n    minimum_deal: 5k"))
    assert complaint(text + "limits: {micro: {max: 4k}}").startswith(
        "f.yaml:17:23: limits.micro.max: 4_000 is less than the minimum deal of 5_000"
    )
    assert parse(text + "limits: {micro: {max: 0}}", "f").limits[0].upper == 0


def test_small_budgets_may_hold_amounts_below_one() -> None:
    scenario = parse(base(("60_000", "50"), more="limits: {micro: {max: 0.5}}"), "f")
    assert scenario.limits[0].upper == 0.5


def test_presets_are_not_mixed_with_another_currency() -> None:
    (micro, macro) = complaints(base(more="currency: EUR"))
    assert micro == "f.yaml:16:11: currency: presets are in USD; give fee and overhead of tier " \
        "'macro' in EUR"  # fmt: skip
    assert "'micro'" in macro
    assert parse(BARE + "currency: EUR", "f").currency == "EUR"


def test_a_campaign_needs_tiers_and_segments() -> None:
    assert complaint(base(("  micro:\n    preset: micro\n    audience: {fans: 70%}\n  macro:\n    "
        "preset: macro\n    audience: {fans: 15%, others: 60%}\n", "  {}\n"))).startswith(
        "f.yaml:10:3: tiers: empty")  # fmt: skip
    assert "audience.segments: empty" in str(
        complaints(BARE.replace("{all: {size: 1000000, in_market: 1}}", "{}"))
    )


def test_without_presets_everything_needed_is_asked_for() -> None:
    text = BARE.replace("    fee: 100\n", "").replace("  heterogeneity: none\n", "")
    assert [line.split(":")[3].strip() for line in complaints(text)] == [
        "audience.heterogeneity",
        "tiers.one.fee",
    ]
    assert "there are no presets" in complaint(BARE.replace("  one:", "  one:\n    preset: micro"))


def test_creators_who_cost_nothing_are_refused() -> None:
    free = BARE.replace("fee: 100", "fee: 0")
    assert parse(free, "f").campaign.tiers[0].fee.median == 0
    assert "costs nothing" in complaint(free.replace("overhead: 20", "overhead: 0"))


def test_all_problems_come_at_once_and_in_order() -> None:
    text = base(
        ("60_000", "-1"),
        ("12%", "12% to 8%"),
        ("fans: 15%", "fans: 95%"),
        more="limits: {mirco: {max: 5%}}\nwat: 1\nname: again\n",
    )
    found = complaints(text)
    assert [line.split(": ")[1] for line in found] == [
        "budget",
        "audience.segments.fans.in_market",
        "tiers.macro.audience",
        "limits.mirco",
        "wat",
        "name",
    ]
    with pytest.raises(ScenarioError) as error:
        parse(text, "f.yaml")
    problem = error.value.problems[0]
    assert (problem.line, problem.column, problem.path) == (3, 9, "budget")
    assert list(error.value.problems) == sorted(error.value.problems)


def test_a_wrong_key_in_a_tier_hides_nothing_else_about_it() -> None:
    text = base(
        ("preset: macro", "preset: macro\n    wat: 1\n    onboarding: 3\n    fee_elasticity: 3"),
        ("600_000", "40k"),
    )
    assert [line.split(": ")[1] for line in complaints(text)] == [
        "tiers.macro.wat",
        "tiers.macro.onboarding",
        "tiers.macro.fee_elasticity",
        "tiers.macro.audience.fans",
    ]


def test_a_wrong_value_causes_no_problem_elsewhere() -> None:
    text = base(("preset: macro", "preset: macro\n    fee: 5 to 1\n    fee_elasticity: 3"))
    assert "runs backwards" in complaint(text)
    text = base(("preset: macro", "preset: macro\n    followers: {}\n    posts: 1"))
    assert "expected `typical`" in complaint(text)
    text = base(("preset: macro", "preset: macro\n    fee: {typical: }"))
    assert "tiers.macro.fee.typical: is empty" in complaint(text)


def test_messages_hold_no_control_characters() -> None:
    text = base(more='"\\e[31mred\\n": 1\nlimits: {"\\a": {max: 5%}}\nobjective: "\\e"\n')
    assert all(line.isprintable() for line in complaints(text))
