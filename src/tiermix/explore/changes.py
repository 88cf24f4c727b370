"""A scenario file with changed values: everything else in it, comments too, stays as it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from io import StringIO
from typing import Any

from ruamel.yaml import YAML

from tiermix.allotments import spoken
from tiermix.scenario import Scenario

#: The name of the strategy that holds the plan.
EXPLORED = "explored"


def changed(
    scenario: Scenario, budget: float, objective: str | None, plan: Mapping[str, float]
) -> str:
    """Return a scenario file with another budget, objective and one more strategy.

    Parameters
    ----------
    scenario : Scenario
        With its text.
    budget : float
        Money.
    objective : str or None
        None to keep the file's own.
    plan : mapping of str to float
        Money per line; nothing to leave the strategies as they are, the shares they ask for.
    """
    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    yaml.width = 10_000
    tree = yaml.load(scenario.text)
    tree["budget"] = _plain(budget)
    if objective is not None:
        tree["objective"] = objective
    simulation = dict(tree.get("simulation") or {})
    tree["simulation"] = simulation | {"worlds": scenario.worlds, "seed": scenario.seed}
    spent = {line: _plain(money) for line, money in plan.items() if money > 0}
    if spent:
        tree["strategies"] = {**_shares(tree.get("strategies")), EXPLORED: spent}
    else:
        tree.pop("strategies", None)
    text = StringIO()
    yaml.dump(tree, text)
    return text.getvalue()


def asked(tree: Mapping[str, Any], budget: float, objective: str | None) -> str:
    """Return a scenario with another budget and objective for the program to read, in a hurry.

    It is JSON, which is YAML too, and holds no strategies.

    Parameters
    ----------
    tree : mapping
        The file as `tiermix.reading.read_document` reads it.
    budget, objective
        As for `changed`.
    """
    changes = {"budget": _plain(budget)} | ({"objective": objective} if objective else {})
    kept = {key: value for key, value in tree.items() if key != "strategies"}
    return json.dumps(kept | changes)


def _shares(strategies: Any) -> dict[str, Any]:
    """Return the strategies of a file that fit any budget: those in shares alone, and rules."""
    return {
        name: gets
        for name, gets in (strategies or {}).items()
        if name != EXPLORED and _fits_any(gets)
    }


def _fits_any(gets: Any) -> bool:
    """Whether a strategy asks for no money and no number of creators, which cost money."""
    said = spoken(gets)
    allotted = said.values() if isinstance(said, Mapping) else ()
    return all("%" in str(one) or str(one).strip() == "rest" for one in allotted)


def _plain(value: float) -> int | float:
    return int(value) if value == int(value) else value
