"""A saved choice of named creators, checked again: the plan, its value and its bound."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from optimize import recheck_choice
from optimize.choosing import PROMISE
from optimize.dealing import ways
from optimize.errors import OptimizeError
from optimize.recheck import Question, bounds
from optimize.risk import MEAN
from tiermix.choices import Asked, question
from tiermix.errors import RunFolderError, UsageError
from tiermix.quantity import MAX_SEED
from tiermix.result_schema import Document
from tiermix.scenario import Scenario
from tiermix.streaming import HELD
from tiermix.verdict import ROUNDING, TOLERANCE, Verdict, gap, kept, money, several, value
from tiermix.words import listing, share

Array = NDArray[np.float64]

#: Swaps of one creator for another that are tried against a bound.
TRIED = 400


def checked(scenario: Scenario, result: Document) -> Iterator[Verdict]:
    """Yield one verdict after the other, once the scenario is known to be the same.

    Parameters
    ----------
    scenario : Scenario
        With a roster.
    result : Document
        With its answer.
    """
    saved, roster = result["optimum"], result["roster"]
    yield _tables(scenario, roster["tables"])
    asked = _asked(scenario, result)
    lines = asked.problem.lines
    odd = sorted(set(saved["plan"]) - set(lines))
    if odd:
        yield Verdict("lines", False, f"{listing(odd)}: nobody of that name can be hired")
        return
    yield Verdict("lines", True, f"{len(lines):,} creators can be hired")
    yield Verdict("worlds", True, f"{roster['worlds']:,} drawn again from seed {result['seed']}")
    plan = np.array([saved["plan"].get(line, 0.0) for line in lines])
    whole = Question(asked.problem, asked.response, asked.risk, asked.floors)
    broken = whole.broken(plan)
    yield Verdict("plan", not broken, kept(asked.problem, asked.floors, broken))
    yield money(scenario.budget, plan, saved["unspent"])
    yield _creators(asked, plan, result)
    yield value(whole, plan, saved)
    yield gap(saved, PROMISE)
    yield _bound(asked, plan, result)


def _tables(scenario: Scenario, saved: dict[str, str]) -> Verdict:
    """Hold the lists of creators and overlaps against those of the run."""
    mine = {name: sha256(data).hexdigest() for name, data in scenario.tables.items()}
    changed = sorted(
        name for name in mine.keys() | saved.keys() if mine.get(name) != saved.get(name)
    )
    if changed:
        return Verdict("tables", False, f"{listing(changed)}: edited after the run")
    return Verdict("tables", True, f"{several(len(mine), 'table')} as saved")


def _asked(scenario: Scenario, result: Document) -> Asked:
    """Return the question on the worlds that the creators were chosen on."""
    n, seed = result["roster"]["worlds"], result["seed"]
    if not (1 <= n <= HELD and 0 <= seed <= MAX_SEED):
        raise RunFolderError(f"{n:,} worlds of seed {seed} can not have been drawn")
    try:
        return question(scenario, n_worlds=n)
    except (OptimizeError, UsageError) as error:
        raise RunFolderError(str(error)) from error


def _creators(asked: Asked, plan: Array, result: Document) -> Verdict:
    """Hold the shortlist against the plan: who, how many, and at which cost."""
    counts = np.round(plan / np.array(asked.problem.steps)).astype(int)
    there = zip(asked.problem.lines, counts.tolist(), asked.problem.steps, strict=True)
    mine = {name: (n, cost) for name, n, cost in there if n}
    told = {one["creator"]: (one["count"], one["cost"]) for one in result["roster"]["chosen"]}
    odd = sorted(
        name
        for name in mine.keys() | told.keys()
        if name not in mine or name not in told or not _alike(mine[name], told[name])
    )
    if odd:
        return Verdict("creators", False, f"{listing(odd[:5])}: the shortlist is not the plan")
    if result["strategies"]["optimum"]["plan"] != result["optimum"]["plan"]:
        return Verdict("creators", False, "the plan is another one among the strategies")
    return Verdict("creators", True, f"{sum(n for n, _ in mine.values())}, as on the shortlist")


def _alike(one: tuple[int, float], other: tuple[int, float]) -> bool:
    return one[0] == other[0] and abs(one[1] - other[1]) <= ROUNDING * max(one[1], 1.0)


def _bound(asked: Asked, plan: Array, result: Document) -> Verdict:
    """Hold the saved bound against one found by other means."""
    saved = result["optimum"]
    told, counts = saved["upper_bound"], np.round(plan / asked.picker.prices)
    mine = Question(asked.problem, asked.response, asked.risk).value(plan)
    size = max(abs(mine), abs(told))
    slack = TOLERANCE * size + ROUNDING
    enough = mine + saved["relative_gap"] * size + slack
    if asked.risk == MEAN:
        metric = recheck_choice.kinds(asked.response, asked.picker.prices)
        if not asked.floors:
            seen = _seen(metric, asked, counts)
            if seen > told + slack:
                said = f"a swap brings {seen:,.9g}, more than the saved bound of {told:,.9g}"
                return Verdict("bound", False, said)
        found = [recheck_choice.bound(metric, w, counts, enough) for w in ways(asked.problem)]
        own, cuts = max(bound for bound, _ in found), sum(n for _, n in found)
    else:
        own, cuts = np.inf, 0
    floors = tuple(floor for floor in asked.floors if floor.risk.concave)
    if own > enough and (floors or asked.risk != MEAN):
        again = bounds(Question(asked.problem, asked.response, asked.risk, floors), plan, enough)
        own, cuts = min(own, again.upper), cuts + again.rounds
    figures = f"own {own:,.9g} ({several(cuts, 'cut')}), saved {told:,.9g}"
    if own <= enough:
        return Verdict("bound", True, f"{figures}: no choice brings more, to {TOLERANCE:g}")
    if own - mine <= PROMISE * size:
        said = f"{figures}: confirmed to {share((own - mine) / size)}, within the promise"
        return Verdict("bound", True, said)
    return Verdict("bound", False, f"{figures}: neither confirmed nor refuted")


def _seen(metric: recheck_choice.Kinds, asked: Asked, counts: Array) -> float:
    """Return the most that the likeliest swaps bring."""
    _, gradient = metric.tangent(counts)
    room = max(TRIED // max(int((counts > 0).sum()), 1), 1)
    outside = (counts == 0) & (asked.picker.most >= 1)
    order = np.argsort(np.where(outside, -gradient, np.inf), kind="stable")
    tries = order[: min(room, int(outside.sum()))].tolist()
    return recheck_choice.better(metric, asked.problem, counts, tries)
