"""Scenarios with named creators for tests: the file, its tables, and where they are."""

from __future__ import annotations

from pathlib import Path

SCENARIO = """tiermix: 1
name: Roster
budget: 6_000
objective: {objective}
order_value: 60
margin: 50%
audience:
  segments:
    fans: {{size: 400_000, in_market: 5%}}
    others: {{size: 3M, in_market: 1%}}
tiers:
  micro: {{preset: micro, audience: {{fans: 50%, others: 30%}}}}
  macro: {{preset: macro, audience: {{fans: 20%, others: 60%}}}}
{more}
simulation: {{worlds: 64, seed: 1}}
"""

CREATORS = """creator;tier;followers;quote;engagement rate;fans;group;must have;available;note
anna;micro;30.000;1.200 €;4,5 %;60%;;;;likes tea
bea;micro;25.000;900 €;;;a;;;
cem;micro;40.000;1.900 €;;;a;;;
dora;micro;12.000;400 €;;;;yes;;
emil;macro;150.000;3.500 €;;;;;;
finn;micro;20.000;700 €;;;;;no;
gina;micro;18.000;650 €;;;;;;
"""

PAIRS = "creator_a,creator_b,overlap\nanna,emil,60%\nanna,dora,50%\nbea,emil,40%\n"


def written(
    folder: Path, more: str = "roster: creators.csv", objective: str = "reach", **tables: str
) -> Path:
    """Write a scenario and its tables; return where the scenario is."""
    for name, text in ({"creators": CREATORS} | tables).items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    path = folder / "scenario.yaml"
    path.write_text(SCENARIO.format(objective=objective, more=more), encoding="utf-8")
    return path
