"""A saved run, checked again from its scenario: whether its plan is what its certificate says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from textwrap import wrap
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optimize.cutting import TRIFLE
from optimize.errors import OptimizeError
from optimize.optimum import CHANCE_GAP, GAP
from optimize.problem import WHOLE_GAP
from optimize.recheck import Bounds, Question, bounds
from optimize.refute import searched
from sim.purchase import hired
from sim.worlds import draw_worlds
from tiermix import result_schema, streaming, verifying_files, verifying_rosters
from tiermix.analysis import OPTIMUM
from tiermix.errors import RunFolderError
from tiermix.quantity import MAX_SEED, MIN_WORLDS
from tiermix.result import risk_document
from tiermix.result_schema import FORMAT, Document
from tiermix.saved import read_run
from tiermix.scenario import Scenario
from tiermix.task import Task, state
from tiermix.verdict import INDENT, ROUNDING, TOLERANCE, Verdict, gap, kept, money, several, value
from tiermix.words import listing, number

Array = NDArray[np.float64]

#: Columns of a line.
WIDTH = 80

#: What is said in the end if all is well.
HELD = (
    "All checks hold. What is told of other strategies, of what single lines bring, of fresh "
    "worlds and of worlds beyond these was not checked."
)

#: Checks without which the later ones have no ground.
GROUNDS = ("folder", "scenario", "tables", "lines", "plan")


def verify(folder: Path) -> list[Verdict]:
    """Check a run folder; the checks end where the later ones would have no ground.

    Parameters
    ----------
    folder : Path
        As `tiermix.runs.save` writes it.
    """
    found: list[Verdict] = []
    for verdict in _checked(folder):
        found.append(verdict)
        if not verdict.holds and verdict.what in GROUNDS:
            break
    return found


def lines(verdicts: list[Verdict]) -> list[str]:
    """Return the verdicts as lines, and what they come to."""
    failed = [verdict.what for verdict in verdicts if not verdict.holds]
    total = f"{len(failed)} of {len(verdicts)} checks fail: {listing(failed)}."
    told = [
        line
        for verdict in verdicts
        for line in wrap(str(verdict), WIDTH, subsequent_indent=" " * INDENT)
    ]
    return [*told, *wrap(total if failed else HELD, WIDTH)]


def as_data(folder: Path, verdicts: list[Verdict]) -> dict[str, Any]:
    """Return what was checked as plain data."""
    holds = all(verdict.holds for verdict in verdicts)
    checks = [asdict(verdict) for verdict in verdicts]
    return {"tiermix": FORMAT, "run": str(folder), "holds": holds, "checks": checks}


def _checked(folder: Path) -> Iterator[Verdict]:
    """Yield one verdict after the other."""
    try:
        result, scenario = read_run(folder)
        yield Verdict("folder", True, f"saved by tiermix {result['version']}")
        yield verifying_files.checked(folder, result)
        yield _same_scenario(scenario, result)
        if scenario.roster is not None and "roster" in result:
            yield from verifying_rosters.checked(scenario, result)
            return
        saved = result["optimum"]
        yield _same_lines(scenario, saved["plan"])
        task = _drawn(scenario, result)
    except RunFolderError as error:
        yield Verdict("folder", False, str(error))
        return
    drawn = f"{task.worlds.size:,} drawn again from seed {result['seed']}"
    yield Verdict("worlds", True, drawn)
    if "bank" in result:
        yield _stream(result)
    asked = Question(task.problem, task.response, task.risk, task.floors)
    plan = np.array([saved["plan"][line] for line in scenario.lines])
    broken = asked.broken(plan)
    yield Verdict("plan", not broken, kept(task.problem, task.floors, broken))
    yield money(scenario.budget, plan, saved["unspent"])
    yield _creators(scenario, plan, result)
    yield value(asked, plan, saved)
    yield gap(saved, _promise(asked))
    yield _bound(asked, plan, saved, scenario.seed)


def _same_scenario(scenario: Scenario, result: Document) -> Verdict:
    """Hold the scenario against what the result says it was made from."""
    saved = result["scenario"]["sha256"]
    if scenario.sha256 != saved:
        said = f"SHA-256 {scenario.sha256[:12]}, saved {saved[:12]}: it was edited after the run"
        return Verdict("scenario", False, said)
    terms, optimum = scenario.objective, result["optimum"]
    for what, own, told in (
        ("budget", scenario.budget, result["budget"]),
        ("currency", scenario.currency, result["currency"]),
        ("objective", terms[0][0] if len(terms) == 1 else dict(terms), optimum["objective"]),
        ("risk", risk_document(scenario.risk), optimum["risk"]),
    ):
        if own != told:
            return Verdict("scenario", False, f"{what} {own}, saved {told}")
    return Verdict("scenario", True, f"SHA-256 {saved[:12]}, as saved")


def _same_lines(scenario: Scenario, plan: Mapping[str, float]) -> Verdict:
    odd = sorted(set(plan).symmetric_difference(scenario.lines))
    if odd:
        return Verdict("lines", False, f"{listing(odd)}: in the scenario or the plan alone")
    return Verdict("lines", True, listing(list(scenario.lines)))


def _drawn(scenario: Scenario, result: Document) -> Task:
    """Return the question on the worlds of the run."""
    n, seed = result.get("bank", result["worlds"]), result["seed"]
    if not (MIN_WORLDS <= n <= streaming.HELD and 0 <= seed <= MAX_SEED):
        raise RunFolderError(f"{n:,} worlds of seed {seed} can not have been drawn")
    try:
        return state(scenario, draw_worlds(scenario.campaign, n, seed))
    except OptimizeError as error:
        raise RunFolderError(str(error)) from error


def _stream(result: Document) -> Verdict:
    """Hold what is told of more worlds than the plan is from against itself."""
    total, bank = result["worlds"], result["bank"]
    told = [f"{total:,} in all, the plan from {bank:,}"]
    holds = bank < total
    if proof := result["optimum"].get("all_worlds"):
        bound, value = proof["upper_bound"], proof["value"]
        told.append(f"proven for {proof['worlds']:,}")
        gap = (bound - value) / max(abs(bound), TRIFLE)
        holds &= bank <= proof["worlds"] <= total and value <= bound
        holds &= abs(gap - proof["relative_gap"]) <= ROUNDING
    return Verdict("stream", bool(holds), ", ".join(told))


def _creators(scenario: Scenario, plan: Array, result: Document) -> Verdict:
    """Hold what else is told of the plan against it: its creators, its row among the strategies."""
    told = result["optimum"]["creators"]
    n_items = len(scenario.campaign.items)  # curves hire nobody
    counts = hired(scenario.campaign, plan)[:n_items]
    slack = ROUNDING * np.maximum(counts, 1.0)
    lines = scenario.lines[:n_items]
    saved = np.array([told.get(line, np.nan) for line in lines])
    same = bool((np.abs(saved - counts) <= slack).all())
    row = result["strategies"].get(OPTIMUM)
    if same and (row is None or row["plan"] != result["optimum"]["plan"]):
        return Verdict("creators", False, "the plan is another one among the strategies")
    pairs = zip(counts, saved, lines, strict=True)
    said = [
        f"{number(n)} {line}" + ("" if same else f" (saved {number(m)})") for n, m, line in pairs
    ]
    return Verdict("creators", same, listing(said) or "none: curves hire nobody")


def _promise(asked: Question) -> float:
    """Return the gap at which a plan is called optimal."""
    if not asked.concave:
        return CHANCE_GAP
    return WHOLE_GAP if asked.problem.prices is not None else GAP


def _bound(asked: Question, plan: Array, saved: result_schema.Optimum, seed: int) -> Verdict:
    """Hold the saved bound against one found by other means."""
    value, told = asked.value(plan), saved["upper_bound"]
    size = max(abs(value), abs(told))
    slack = TOLERANCE * size + ROUNDING
    if not asked.concave:
        return _tried(searched(asked, plan, seed), told, slack)
    own = bounds(asked, plan, value + saved["relative_gap"] * size + slack)
    return _proved(own, value, saved, slack)


def _proved(own: Bounds, value: float, saved: result_schema.Optimum, slack: float) -> Verdict:
    told = saved["upper_bound"]
    if own.lower > told + slack:
        said = f"a plan brings {own.lower:,.9g}, more than the saved bound of {told:,.9g}"
        return Verdict("bound", False, said)
    figures = f"own {own.upper:,.9g} ({several(own.rounds, 'cut')}), saved {told:,.9g}"
    allowed = saved["relative_gap"] * max(abs(value), abs(told)) + slack
    if own.upper - value <= allowed:
        return Verdict("bound", True, f"{figures}: no plan brings more, to {TOLERANCE:g}")
    if own.lower - value > allowed:
        return Verdict(
            "bound", False, f"a plan brings {own.lower:,.9g}, the saved one {value:,.9g}"
        )
    return Verdict("bound", False, f"{figures}: neither confirmed nor refuted")


def _tried(own: Bounds, told: float, slack: float) -> Verdict:
    searches = f"{own.rounds} searches found {own.lower:,.9g}, saved {told:,.9g}"
    if not own.lower <= told + slack:
        return Verdict("bound", False, f"{searches}: it does not hold")
    said = f"{searches}: not refuted (a search, no proof: not all is concave)"
    return Verdict("bound", True, said)
