"""More worlds than memory holds: the best plan comes from the first of them, all are played.

Every stretch of worlds is drawn, played, tallied and forgotten; a tally is the same whatever plays
the stretches, and in whatever order they are done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial, reduce
from math import ceil
from operator import add

import numpy as np
from numpy.typing import NDArray

from optimize.floors import Demand
from optimize.goal import Goal
from optimize.problem import FEASIBILITY, Problem, purchase
from optimize.risk import MEAN, Attainment, Chance, MeanWorst, Risk
from optimize.streamed import Proof, Tangents, proven, tangents
from sim.campaign import Campaign
from sim.compare import best, interval_of_share, regret
from sim.histogram import Grid
from sim.mapping import Mapper, threads
from sim.outcomes import evaluate
from sim.response import blend, respond
from sim.statistics import probability_at_least
from sim.tally import Arrays, Grids, Tally, grids, summarise, tally, total, worst_mean
from sim.worlds import BLOCK, Worlds, draw_worlds
from tiermix.analysis import OPTIMUM, Analysis, Estimate, Progress, Strategy, Stream
from tiermix.rating import second_best
from tiermix.scenario import Scenario
from tiermix.sizes import check_size
from tiermix.steps import Step

Array = NDArray[np.float64]

#: Worlds up to which all are held at once; beyond, worlds that the plan is found on.
HELD, BANK = 2**17, 2**12

#: Creators that one line may hire over all worlds of a stream (some hours of work).
MOST_CREATORS = 1e12

#: Worlds that the best plan is proven for, at most: averaging the lottery of creators takes several
#: times as long as to play it.
PROVEN = 2**20

#: Worlds of one stretch: about a tenth of a second of work.
STRETCH = 8 * BLOCK

#: Pieces of work that a stream is cut into, if no more than `MOST` stretches each.
PORTIONS, MOST = 32, 64

#: What the goal is called among what is summed and spread.
GOAL = "the goal"


@dataclass(frozen=True, slots=True)
class _Play:
    """Plays a stretch of worlds and tallies it: a pure function of the stretch.

    Parameters
    ----------
    campaign : Campaign
    seed : int
    order : tuple of str
        As of `Worlds`.
    plans : ndarray, shape (n_plans, n_lines)
    problem : Problem
    goal : Goal
    risk : Risk
    demands : tuple of Demand
    metrics : tuple of str
        What is told of.
    by, goals : mapping of str to tuple of Grid, tuple of Grid
        Grids of the metrics, and of the goal.
    """

    campaign: Campaign
    seed: int
    order: tuple[str, ...]
    plans: Array
    problem: Problem
    goal: Goal
    risk: Risk
    demands: tuple[Demand, ...]
    metrics: tuple[str, ...]
    by: Grids = field(default_factory=dict)
    goals: tuple[Grid, ...] = ()

    def tally(self, stretch: tuple[int, int]) -> Tally:
        """Return the tally of a stretch of worlds: its first one and its size."""
        worlds = self._worlds(stretch)
        outcomes = evaluate(worlds, self.plans, purchase(self.problem), metrics=self.metrics)
        values = self.goal.of(outcomes)
        others: dict[str, Array] = {
            GOAL: self.goal.controlled(outcomes),
            "best": best(values),
            "regret": regret(values),
            "over": np.asarray(
                outcomes.values["spend"] > self.problem.budget * (1 + FEASIBILITY), float
            ),
        }
        plans = range(len(self.plans))
        if isinstance(self.risk, Attainment):
            others["attained"] = np.stack([self.risk.contributions(row) for row in values])
            if len(self.goal.terms) == 1:
                metric, target = self.goal.terms[0][0], self.risk.target
                chances = [probability_at_least(outcomes, metric, i, target) for i in plans]
                others["target"] = np.stack(chances)
            else:
                others["target"] = np.asarray(values >= self.risk.target, float)
        for d in self.demands:
            if isinstance(d.risk, Chance):
                others[f"chance of {d.metric}"] = np.stack(
                    [probability_at_least(outcomes, d.metric, i, d.risk.target) for i in plans]
                )
        return tally(outcomes, self.by, others, {GOAL: (values, self.goals)})

    def tangents(self, plans: Array, stretch: tuple[int, int]) -> Tangents:
        """Return the tangents of the goal at some plans, summed over a stretch of worlds."""
        found = []
        for worlds in self._worlds(stretch).blocks():
            way = purchase(self.problem)
            parts = [(respond(worlds, metric, way), c) for metric, c in self.goal.terms]
            found.append(tangents(blend(parts), plans))
        return reduce(add, found)

    def concave(self) -> bool:
        """Return whether the goal is a concave function of the plan."""
        worlds, way = self._worlds((0, BLOCK)), purchase(self.problem)
        return all(respond(worlds, metric, way).concave for metric, _ in self.goal.terms)

    def _worlds(self, stretch: tuple[int, int]) -> Worlds:
        first, size = stretch
        return draw_worlds(self.campaign, size, self.seed, first=first, order=self.order)


def _tallied(play: _Play, portion: tuple[int, int]) -> Arrays:
    """Return the tally of a portion of worlds as plain data, which can be sent and kept."""
    return reduce(add, map(play.tally, _stretches(*portion))).arrays()


def _touched(
    play: _Play, plans: Array, portion: tuple[int, int]
) -> tuple[int, Array, Array, Array]:
    """Return the tangents of a portion of worlds as plain data."""
    found = reduce(add, (play.tangents(plans, stretch) for stretch in _stretches(*portion)))
    return found.worlds, found.slopes, found.values, found.gradients


def check_stream(scenario: Scenario) -> None:
    """Refuse a stream that would take days.

    Raises
    ------
    TooLargeError
        If a line may hire too many creators over all worlds.
    """
    check_size(scenario, MOST_CREATORS, BANK)


def streamed(
    analysis: Analysis, n_worlds: int, progress: Progress, mapper: Mapper = threads
) -> Analysis:
    """Return an analysis of some worlds with what all worlds say of its strategies.

    Parameters
    ----------
    analysis : Analysis
        Of the first worlds: its plans are kept.
    n_worlds : int
        Of all worlds.
    progress : callable
        Told how many worlds are done.
    mapper : Mapper, optional
        What plays the stretches of worlds.
    """
    play, names = _play(analysis), list(analysis.strategies)
    told = partial(_told, progress, "simulating every plan in all worlds", n_worlds)
    by = {**play.by, GOAL: play.goals}
    parts = mapper(partial(_tallied, play), _portions(n_worlds))
    found = total((Tally.restored(part, by) for part in parts), told)
    strategies = {
        name: _strategy(analysis, found, i, analysis.strategies[name])
        for i, name in enumerate(names)
    }
    optimum, proof = analysis.optimum, None
    if optimum and analysis.scenario.risk == MEAN and not analysis.floors and play.concave():
        proof = _proof(play, optimum.solution.plan, min(n_worlds, PROVEN), progress, mapper)
    if optimum and optimum.runner_up and analysis.scenario.risk == MEAN:
        second = _second(strategies)
        optimum = replace(optimum, runner_up=second, lead=_lead(found, names, second))
    return replace(analysis, strategies=strategies, optimum=optimum, stream=Stream(n_worlds, proof))


def _proof(play: _Play, plan: Array, n_worlds: int, progress: Progress, mapper: Mapper) -> Proof:
    """Return how good a plan is for the first worlds of the stream, as many as that."""
    told = partial(_told, progress, "proving over all worlds", n_worlds)

    def over(plans: Array) -> Iterator[Tangents]:
        parts = mapper(partial(_touched, play, plans), _portions(n_worlds))
        return _passed((Tangents(*part) for part in parts), told)

    return proven(play.problem, plan, over)


def _portions(n_worlds: int) -> Iterator[tuple[int, int]]:
    """Yield the first world and the size of what is one piece of work: some stretches.

    A longer stream has larger ones, so that what is kept of finished work stays small.
    """
    stretches = ceil(n_worlds / STRETCH)
    size = STRETCH * min(max(stretches // PORTIONS, 1), MOST)
    for first in range(0, n_worlds, size):
        yield first, min(size, n_worlds - first)


def _stretches(first: int, size: int) -> Iterator[tuple[int, int]]:
    """Yield the first world and the size of every stretch of a portion."""
    for start in range(first, first + size, STRETCH):
        yield start, min(STRETCH, first + size - start)


def _told(progress: Progress, what: str, n_worlds: int, done: int) -> None:
    progress(Step(what, done, n_worlds, "worlds"))


def _passed(parts: Iterator[Tangents], told: Callable[[int], None]) -> Iterator[Tangents]:
    """Yield the tangents of the parts of a pass, telling how many worlds are done."""
    done = 0
    for part in parts:
        done += part.worlds
        told(done)
        yield part


def _play(analysis: Analysis) -> _Play:
    """Return what plays a stretch of worlds with the plans of an analysis."""
    scenario, worlds = analysis.scenario, analysis.sampled.worlds
    plans = np.stack([s.plan for s in analysis.strategies.values()])
    first, way = worlds.part(0, BLOCK), purchase(analysis.problem)
    some = evaluate(first, plans, way, metrics=scenario.metrics)
    return _Play(
        scenario.campaign,
        scenario.seed,
        worlds.order,
        plans,
        analysis.problem,
        analysis.goal,
        scenario.risk,
        scenario.demands,
        scenario.metrics,
        grids(some, scenario.metrics),
        tuple(Grid.fitted(row) for row in analysis.goal.of(some)),
    )


def _strategy(analysis: Analysis, found: Tally, i: int, known: Strategy) -> Strategy:
    """Return what all worlds say of a strategy of which some worlds are known."""
    share, se = found.mean("best", i)
    return replace(
        known,
        objective=_objective(analysis.scenario.risk, found, i),
        p_best=share,
        best_interval=interval_of_share(share, se, found.size),
        regret=Estimate(*found.mean("regret", i)),
        over_budget=found.mean("over", i)[0],
        p_target=None if known.p_target is None else found.mean("target", i)[0],
        chances={metric: found.mean(f"chance of {metric}", i)[0] for metric in known.chances},
        metrics={metric: summarise(found, metric, i) for metric in known.metrics},
    )


def _objective(risk: Risk, found: Tally, i: int) -> Estimate:
    """Return what all worlds of a plan come to."""
    if isinstance(risk, Attainment):
        return Estimate(*found.mean("attained", i))
    if risk == MEAN or not isinstance(risk, MeanWorst):
        return Estimate(*found.mean(GOAL, i))
    return Estimate(*worst_mean(found, found.spreads[GOAL][i], risk.worst, weight=risk.weight))


def _second(strategies: Mapping[str, Strategy]) -> str:
    """Return the best of the other strategies in all worlds."""
    others = [name for name in strategies if name != OPTIMUM]
    best_plan = strategies[OPTIMUM].plan
    second = second_best(
        np.array([strategies[name].objective.mean for name in others]),
        [not strategies[name].violations for name in others],
        [not np.array_equal(strategies[name].plan, best_plan) for name in others],
    )
    return others[second]


def _lead(found: Tally, names: list[str], runner_up: str) -> Estimate:
    """Return how much more of the goal the best plan brings than the runner-up."""
    ours, theirs = (found.sums[GOAL][names.index(name)] for name in (OPTIMUM, runner_up))
    return Estimate(float((ours - theirs).sum()) / found.size, found.error(ours - theirs))
