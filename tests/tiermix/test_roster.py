"""Named creators from their tables to what a planner reads."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from optimize.choosing import choose
from optimize.errors import InfeasibleError
from rosters import CREATORS, written
from sim.purchase import WHOLE
from sim.response import respond
from sim.worlds import draw_worlds
from tiermix import choice_result, choice_story, commands
from tiermix.choices import Shortlist, entry_quote, shortlist
from tiermix.cli import app
from tiermix.errors import ScenarioError, TableError, UsageError
from tiermix.roster import named
from tiermix.roster_lines import with_roster
from tiermix.roster_tables import roster, with_overlaps
from tiermix.scenario_file import read
from tiermix.tables import read_table

ROOT = Path(__file__).parents[2]


def answered(path: Path) -> Shortlist:
    return shortlist(read(str(path)))


def chosen(found: Shortlist) -> set[str]:
    lines = found.named.problem.lines
    return {lines[i] for i in np.flatnonzero(found.choice.counts)}


def test_a_list_as_agencies_write_it_is_read(tmp_path: Path) -> None:
    written(tmp_path)
    read_in = roster(read_table(tmp_path / "creators.csv"), ["micro", "macro"], ["fans", "others"])
    anna, bea, *_, finn, _ = read_in.quotes
    assert (anna.followers, anna.fee, anna.package) == (30_000, 1_200, True)
    assert anna.stated == {"engagement_rate": 0.045}
    assert anna.shares == {"fans": 0.6}
    assert (bea.group, bea.shares) == ("a", {})
    assert not finn.available
    assert read_in.unused == ("note",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("creator,fee\na,1\n", "creators.csv:1: no column for the followers"),
        ("creator,followers\na,1\n", "no column for the fee"),
        ("creator,tier,followers,fee\na,mikro,1,2\n", ":2: column tier: unknown tier 'mikro'"),
        ("creator,followers,fee\na,1,2\n", ":2: no tier; expected a column tier"),
        ("creator,tier,followers,fee\n,micro,1,2\n", ":2: column creator: empty"),
        ("creator,tier,followers,fee\na,micro,1,2\na,micro,1,2\n", ":3: column creator: 'a' st"),
        ("creator,tier,followers,fee\na,micro,0,2\n", ":2: column followers: '0'; expected a pos"),
        ("creator,tier,followers,fee\na,micro,many,2\n", ":2: column followers: 'many'; expec"),
        ("creator,tier,followers,fee\na,micro,1,\n", ":2: column fee: empty; expected what she"),
        ("creator,tier,followers,fee,view_rate\na,micro,1,2,35\n", ":2: column view_rate: '35'; e"),
        ("creator,tier,followers,fee,must\na,micro,1,2,maybe\n", ":2: column must: 'maybe'; say"),
        ("creator,tier,followers,fee,not_with\na,micro,1,2,b\n", ":2: column not_with: no creat"),
        ("creator,tier,followers,fee,fans,others\na,micro,1,2,60%,50%\n", ":2: the shares of the"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_list_is_named_with_row_and_column(
    tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / "creators.csv"
    path.write_text(text)
    with pytest.raises(TableError) as error:
        roster(read_table(path), ["micro", "macro"], ["fans", "others"])
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("creator_a,creator_b\nanna,bea\n", "expected one column shared"),
        ("creator_a,creator_b,shared\nanna,bo,5\n", ":2: column creator_b: no creator 'bo'"),
        ("creator_a,creator_b,shared\nanna,anna,5\n", ":2: anna beside herself"),
        ("creator_a,creator_b,shared\nanna,bea,5\nbea,anna,5\n", ":3: this pair stands in row 2"),
        ("creator_a,creator_b,shared\nanna,bea,99999\n", "0 to 25,000 people, the smaller"),
        ("creator_a,creator_b,overlap\nanna,bea,120%\n", ":2: column overlap: '120%'; expected a"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_table_of_overlaps_is_named(
    tmp_path: Path, text: str, message: str
) -> None:
    written(tmp_path, pairs=text)
    creators = roster(read_table(tmp_path / "creators.csv"), ["micro", "macro"], [])
    with pytest.raises(TableError) as error:
        with_overlaps(creators, read_table(tmp_path / "pairs.csv"))
    assert message in str(error.value)


def test_a_wrong_table_stands_at_its_place_in_the_scenario(tmp_path: Path) -> None:
    path = written(tmp_path, "roster: nobody.csv")
    with pytest.raises(ScenarioError, match=r"roster: .*nobody\.csv: cannot be read"):
        read(str(path))
    with pytest.raises(ScenarioError, match="overlap: means nothing without a roster"):
        read(str(written(tmp_path, "overlap: creators.csv")))


def test_the_choice_keeps_groups_must_haves_and_the_budget(tmp_path: Path) -> None:
    found = answered(written(tmp_path))
    assert found.named.problem.violations(found.choice.plan) == ()
    assert "dora" in chosen(found)
    assert "finn" not in chosen(found)
    assert len({"bea", "cem"} & chosen(found)) <= 1
    assert found.choice.kept


def test_the_best_choice_is_the_best_of_all_subsets(tmp_path: Path) -> None:
    found = answered(written(tmp_path))
    problem = found.named.problem
    worlds = draw_worlds(found.named.campaign, found.worlds, 1)
    response = respond(worlds, "reach", WHOLE)
    best = 0.0
    for number in range(2**problem.n_lines):
        flags = np.array([number >> i & 1 for i in range(problem.n_lines)])
        plan = flags * np.array(problem.prices)
        if not problem.violations(plan):
            best = max(best, float(response.values(plan).mean()))
    assert found.choice.value == pytest.approx(best, rel=1e-9)
    assert found.choice.upper_bound >= best * (1 - 1e-9)


@pytest.mark.parametrize("objective", ["profit", "conversions", "{reach: 0.4, conversions: 0.6}"])
def test_other_objectives(tmp_path: Path, objective: str) -> None:
    found = answered(written(tmp_path, objective=objective))
    assert found.choice.kept
    strategies = found.analysis.strategies
    best = strategies["optimum"]
    assert best.averaged >= max(other.averaged for other in strategies.values()) - 1e-9
    assert best.objective.mean == pytest.approx(best.averaged, rel=0.05)


def test_risk_floors_and_limits(tmp_path: Path) -> None:
    more = (
        "roster: creators.csv\nrisk: {measure: cvar, worst: 20%}\n"
        "limits: {macro: {max: 20%}}\nfloors: {conversions: 3}"
    )
    found = answered(written(tmp_path, more))
    assert "emil" not in chosen(found)
    assert found.analysis.strategies["optimum"].metrics["conversions"].statistics["mean"] >= 2.9


def test_a_tier_with_a_roster_beside_one_without(tmp_path: Path) -> None:
    text = CREATORS.replace("emil;macro", "emil;micro")
    path = written(tmp_path, "", creators=text)
    scenario = path.read_text().replace("preset: micro,", "preset: micro, roster: creators.csv,")
    path.write_text(
        scenario.replace("macro: {preset: macro,", "macro: {preset: macro, available: 3,")
    )
    found = answered(path)
    assert "macro" in found.named.problem.lines
    assert found.choice.counts[found.named.problem.lines.index("macro")] <= 3


def test_a_misspelt_column_is_told_at_once_with_the_near_name(tmp_path: Path) -> None:
    path = written(tmp_path, creators=CREATORS.replace(";group;", ";grupo;"))
    done = CliRunner().invoke(app, ["optimize", str(path)])
    first = done.stderr.splitlines()[0]
    assert first.startswith("Warning: The column grupo of ")
    assert first.endswith("creators.csv is not used: did you mean group?")
    assert "Columns that were not used: note." in done.stdout
    clean = CliRunner().invoke(app, ["optimize", str(written(tmp_path))])
    assert "Warning" not in clean.stderr


def test_shares_that_add_up_to_all_by_rounding_are_taken(tmp_path: Path) -> None:
    text = "creator,followers,fee,fans,others\na,1000,10,33.4%,66.7%\n"
    (tmp_path / "c.csv").write_text(text)
    found = roster(read_table(tmp_path / "c.csv"), ["micro"], ["fans", "others"])
    assert sum(found.quotes[0].shares.values()) == pytest.approx(1)


def test_overlaps_hold_and_lower_the_reach(tmp_path: Path) -> None:
    pairs = "creator_a,creator_b,overlap\nanna,emil,60%\nanna,dora,50%\nbea,emil,40%\n"
    apart = answered(written(tmp_path))
    close = answered(written(tmp_path, "roster: creators.csv\noverlap: pairs.csv", pairs=pairs))
    assert close.named.misses == ()
    assert close.choice.value < apart.choice.value
    classes, tiers = close.named.campaign.classes, close.named.campaign.tiers
    assert classes is not None
    assert classes.sizes.sum() == pytest.approx(3.4e6)
    at = {tier.name: i for i, tier in enumerate(tiers)}
    people = classes.shares * np.array([t.followers.median for t in tiers])[:, None]
    followed = (people > 0) & (classes.sizes > 0)
    fans = classes.sizes * (followed[at["anna"]] & followed[at["emil"]])
    smaller = np.minimum(people[at["anna"]].sum(), people[at["emil"]].sum())
    assert fans.sum() == pytest.approx(0.6 * smaller, rel=0.15)  # the smaller by segment


def test_overlaps_that_can_not_be_are_told(tmp_path: Path) -> None:
    pairs = "creator_a,creator_b,overlap\nbea,cem,100%\ndora,bea,100%\ndora,cem,0%\n"
    scenario = read(str(written(tmp_path, "roster: creators.csv\noverlap: pairs.csv", pairs=pairs)))
    assert named(scenario).misses
    told = choice_story.warnings(shortlist(scenario))
    assert any("can not share" in sentence for sentence in told)


def test_what_can_not_be_planned_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, objective="effective_reach")
    with pytest.raises(UsageError, match="effective_reach"):
        answered(path)
    with pytest.raises(UsageError, match="use `tiermix run`"):
        commands.load(str(path), None, None)
    dear = CREATORS.replace("dora;micro;12.000;400", "dora;micro;12.000;9.400")
    with pytest.raises(InfeasibleError, match="the must-haves alone cost"):
        answered(written(tmp_path, creators=dear))


def test_the_option_takes_the_place_of_the_tiers(tmp_path: Path) -> None:
    scenario = read(str(written(tmp_path, "")))
    assert scenario.roster is None
    given = with_roster(scenario, tmp_path / "creators.csv", None)
    assert shortlist(given).choice.value == pytest.approx(
        answered(written(tmp_path)).choice.value, rel=1e-12
    )


def test_a_seed_gives_the_same_document(tmp_path: Path) -> None:
    path = written(tmp_path)
    first, second = (json.dumps(choice_result.document(answered(path))) for _ in range(2))
    assert first == second
    document = json.loads(first)
    assert document["optimum"]["relative_gap"] <= document["roster"]["promised_gap"]
    assert {one["creator"] for one in document["roster"]["chosen"]} == chosen(answered(path))


def test_a_lower_quote_brings_her_in(tmp_path: Path) -> None:
    found = answered(written(tmp_path))
    outsider = found.outsiders[0]
    name = found.named.problem.lines[outsider.line]
    quote = entry_quote(found.named, outsider)
    assert 0 < quote < found.named.quoted[outsider.line]
    assert found.named.scenario.roster is not None
    quotes = tuple(
        replace(q, fee=0.98 * quote) if q.name == name else q
        for q in found.named.scenario.roster.quotes
    )
    lower = replace(found.named.scenario.roster, quotes=quotes)
    again = shortlist(replace(found.named.scenario, roster=lower))
    assert name in chosen(again)


def test_the_command_prints_a_shortlist_that_fits(tmp_path: Path) -> None:
    tiermix = Path(sys.executable).with_name("tiermix")
    path = written(tmp_path, "")
    command = [str(tiermix), "optimize", str(path), "--roster", str(tmp_path / "creators.csv")]
    done = subprocess.run(
        [*command, "--csv", str(tmp_path / "out.csv")], capture_output=True, text=True, check=True
    )
    assert max(map(len, done.stdout.splitlines())) <= 80
    for part in ("Recommendation", "Shortlist", "Next in line", "Certificate", "not used: note"):
        assert part in done.stdout
    assert (tmp_path / "out.csv").read_text().startswith("creator,tier,chosen,quote_USD,cost_USD")


def test_the_scenario_of_the_library_says_what_it_shows() -> None:
    path = ROOT / "scenarios/roster_coffee.yaml"
    task = named(read(str(path)))
    assert task.misses == ()
    worlds = draw_worlds(task.campaign, 16, 1)
    choice = choose(task.problem, respond(worlds, "reach", WHOLE))
    assert choice.kept
    hired = {task.problem.lines[i] for i in np.flatnonzero(choice.counts)}
    text = path.read_text(encoding="utf-8")
    assert "# Question: " in text
    answer = text.split("# Answer: ")[1].split("tiermix: 1")[0].replace("\n# ", " ")
    assert {"slowcoffee_sam", "crema_club", "jo_and_java"} <= hired
    assert "moka_mia" not in hired
    assert "one large creator, slowcoffee_sam, and seven small ones" in answer
    assert len(hired) == 8
