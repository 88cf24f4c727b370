"""What choices of named creators bring: simulated creator by creator, set beside each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from optimize.choosing import Choice
from optimize.goal import Goal
from optimize.optimum import Solution
from optimize.problem import Problem
from optimize.risk import Risk
from sim.campaign import Campaign
from sim.outcomes import Outcomes, evaluate
from sim.purchase import WHOLE
from sim.worlds import REPLICATES, Worlds, draw_worlds
from tiermix.analysis import OPTIMUM, Analysis, Optimum, Strategy
from tiermix.choices import Asked
from tiermix.comparing import Sampled, pairs
from tiermix.rating import estimated, judged_by, led, rated
from tiermix.roster import MUST_HAVE, only

Array = NDArray[np.float64]

#: Numbers that the simulator holds at a time; more creators get fewer worlds.
PLAYED = 2e7


@dataclass(frozen=True, slots=True)
class _Part:
    """The question asked of some of the creators: the others are not hired."""

    whole: Asked
    lines: Sequence[int]
    problem: Problem

    @property
    def goal(self) -> Goal:
        return self.whole.goal

    @property
    def risk(self) -> Risk:
        return self.whole.risk

    def judged(self, plan: Array) -> float:
        return self.whole.judged(self._all(plan))

    def violations(self, plan: Array) -> tuple[str, ...]:
        return self.whole.violations(self._all(plan))

    def _all(self, plan: Array) -> Array:
        found = np.zeros(self.whole.problem.n_lines)
        found[list(self.lines)] = plan
        return found


def played(
    asked: Asked,
    plans: Mapping[str, Array],
    choice: Choice | None = None,
    first: Sequence[int] = (),
) -> Analysis:
    """Simulate choices on common worlds, of the creators that any of them hires.

    Parameters
    ----------
    asked : Asked
    plans : mapping of str to ndarray, shape (n_lines,)
        Counts by name; the best choice last, if there is one.
    choice : Choice, optional
        The best choice.
    first : sequence of int
        Lines that come first.
    """
    hired = np.flatnonzero(np.array(list(plans.values())).sum(axis=0)).tolist()
    lines = [*first, *(line for line in hired if line not in set(first))] or [0]
    campaign = only(asked.named.campaign, lines)
    part = _Part(asked, lines, _restricted(asked.problem, lines))
    n_worlds = _room(campaign, asked.named.scenario.worlds)
    worlds = draw_worlds(campaign, n_worlds, asked.worlds.seed, order=asked.worlds.order)
    spends = {name: (n * asked.picker.prices)[lines] for name, n in plans.items()}
    outcomes = evaluate(worlds, list(spends.values()), WHOLE)
    scenario = replace(
        asked.named.scenario, campaign=campaign, limits=part.problem.limits, strategies=(),
        rules=(), whole_creators=True, worlds=n_worlds,
    )  # fmt: skip
    strategies = rated(outcomes, part, scenario, spends, {})
    judged = judged_by(asked.goal, asked.risk, outcomes)
    best = _best(part, choice, outcomes, strategies, judged, len(first)) if choice else None
    sampled = Sampled(
        worlds, asked.goal.of(outcomes), judged,
        {m: outcomes.controlled[m] for m in scenario.metrics if m in outcomes.controlled},
    )  # fmt: skip
    beside = pairs(outcomes, asked.goal, judged, list(spends))
    return Analysis(
        scenario, part.problem, asked.goal, asked.floors, strategies, best, beside, sampled
    )


def _room(campaign: Campaign, asked: int) -> int:
    """Return how many worlds the simulator has room for."""
    terms = len(campaign.segments) if campaign.classes is None else campaign.classes.sizes.size
    most = int(PLAYED / (terms * len(campaign.tiers))) // REPLICATES * REPLICATES
    return min(asked, max(most, REPLICATES * 4))


def _restricted(problem: Problem, lines: Sequence[int]) -> Problem:
    """Return a problem of some lines; nothing is spent on the others."""
    place = {line: k for k, line in enumerate(lines)}

    def kept(group: Sequence[int]) -> tuple[int, ...]:
        return tuple(place[i] for i in group if i in place)

    limits = [replace(limit, lines=kept(limit.lines)) for limit in problem.limits]
    groups = [kept(group) for group in problem.exclusive]
    return Problem(
        tuple(problem.lines[i] for i in lines),
        problem.budget,
        tuple(problem.caps[i] for i in lines),
        tuple(problem.minimum_deals[i] for i in lines),
        tuple(limit for limit in limits if limit.lines),
        tuple(problem.steps[i] for i in lines),
        tuple(group for group in groups if len(group) > 1),
    )


def _best(
    part: _Part,
    choice: Choice,
    outcomes: Outcomes,
    strategies: Mapping[str, Strategy],
    judged: Array,
    n_hired: int,
) -> Optimum:
    """Check the best choice on fresh worlds, against the others, and creator by creator."""
    worlds, plan = outcomes.worlds, strategies[OPTIMUM].plan
    fresh = draw_worlds(worlds.campaign, worlds.size, worlds.seed, sample=1, order=worlds.order)
    check = judged_by(
        part.goal, part.risk, evaluate(fresh, [plan], WHOLE, metrics=part.goal.metrics)
    )[0]
    runner_up, lead = led(worlds, judged, strategies)
    solution = Solution(
        "optimal" if choice.kept else "stopped",
        plan,
        choice.value,
        choice.upper_bound,
        choice.relative_gap,
        _prices(part, choice),
        np.zeros(plan.size),
        choice.rounds,
    )
    alone = _alone(worlds, plan[:n_hired])
    return Optimum(solution, estimated(fresh, check), alone, runner_up, lead, None)


def _prices(part: _Part, choice: Choice) -> dict[str, float]:
    """Return what the limits that are left are worth; a must-have's worth is told by itself."""
    found = {name: price for name, price in choice.prices.items() if not name[-1:].isdigit()}
    kept = set(part.lines)
    there = [j for j, x in enumerate(part.whole.problem.limits) if kept & set(x.lines)]
    for place, j in enumerate(there):
        if not part.whole.problem.limits[j].name.startswith(MUST_HAVE):
            for end in ("lower", "upper"):
                found[f"{end}{place}"] = choice.prices.get(f"{end}{j}", 0.0)
    return found | {k: v for k, v in choice.prices.items() if k.startswith("floor")}


def _alone(worlds: Worlds, plan: Array) -> Outcomes:
    """Return what every one of the first creators brings by herself: one plan a creator."""
    found = [evaluate(worlds, np.zeros((1, len(worlds.campaign.lines))), WHOLE)]
    for line, spend in enumerate(plan.tolist()):
        mine = only(worlds.campaign, [line])
        drawn = draw_worlds(mine, worlds.size, worlds.seed, order=worlds.order)
        found.append(evaluate(drawn, [[spend]], WHOLE))

    def joined(of: Callable[[Outcomes], Mapping[str, Array]]) -> dict[str, Array]:
        return {key: np.concatenate([of(one)[key] for one in found])[1:] for key in of(found[0])}

    return Outcomes(
        worlds, joined(lambda o: o.values), joined(lambda o: o.usual),
        joined(lambda o: o.controlled),
        joined(lambda o: o.chances),
    )  # fmt: skip
