"""From a scenario to its answer: draw, optimise, simulate, compare."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import isfinite
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from optimize.baselines import baselines, placed
from optimize.nearly_best import nearly_best
from optimize.optimum import Solution
from optimize.problem import purchase
from optimize.steady import steady_range
from sim.mapping import Mapper, threads
from sim.metrics import METRICS
from sim.outcomes import Outcomes, evaluate
from sim.worlds import Worlds, draw_worlds
from tiermix.analysis import OPTIMUM, Analysis, Optimum, Progress, Strategy
from tiermix.comparing import Sampled, pairs
from tiermix.infeasible import solved
from tiermix.rating import estimated, judged_by, led, rated
from tiermix.scenario import Scenario
from tiermix.sizes import check_size
from tiermix.steps import Step
from tiermix.task import Task, state
from tiermix.words import share

Array = NDArray[np.float64]

#: What a plan is set beside: the file's strategies, the rules of thumb, or no plan.
Compared = Literal["strategies", "baselines", "nothing"]

#: Turns outcomes into what plans are judged by.
Judge = Callable[[Outcomes], Array]

#: Lines up to which a run looks for plans that are about as good: two searches a line.
FEW_LINES = 6


def analyse(
    scenario: Scenario,
    *,
    optimise: bool = True,
    compare: Compared = "strategies",
    progress: Progress = lambda step: None,
    order: Sequence[str] = (),
    mapper: Mapper = threads,
) -> Analysis:
    """Answer a scenario.

    Parameters
    ----------
    scenario : Scenario
    optimise : bool
        Whether to look for the best plan.
    compare : {"strategies", "baselines", "nothing"}
        Which plans to set beside it: the file's strategies (the rules of thumb if it has
        none), the rules of thumb, or none.
    progress : callable
        Told every step before it is taken.
    order : sequence of str
        Uncertain inputs of another scenario, to share its worlds with; as for `draw_worlds`.
    mapper : Mapper, optional
        What plays the worlds.

    Raises
    ------
    InfeasibleError
        If no plan satisfies all limits, or a blend holds a metric that no plan can bring.
    TooLargeError
        If it would take hours.
    """
    check_size(scenario)
    progress("drawing worlds")
    worlds = draw_worlds(scenario.campaign, scenario.worlds, scenario.seed, order=order)
    progress("averaging the lottery of creators")
    task = state(scenario, worlds)
    feasible = task.problem
    wishes = dict(scenario.strategies) if compare == "strategies" else {}
    plans = _beside(scenario, task, compare)
    solution = None
    if optimise:
        progress("optimising")
        solution = solved(scenario, task, partial(_proving, progress))
        plans[OPTIMUM] = solution.plan
    outcomes = evaluate(
        worlds,
        list(plans.values()),
        purchase(feasible),
        metrics=scenario.metrics,
        mapper=mapper,
        told=partial(_playing, progress, worlds),
    )
    strategies = rated(outcomes, task, scenario, plans, wishes)
    judge = partial(judged_by, task.goal, task.risk)
    optimum = None
    if solution:
        optimum = _optimum(outcomes, task, judge, strategies, solution, mapper)
    judged = judge(outcomes)
    return Analysis(
        scenario,
        feasible,
        task.goal,
        task.floors,
        strategies,
        optimum,
        pairs(outcomes, task.goal, judged, list(plans)),
        Sampled(
            worlds,
            task.goal.of(outcomes),
            judged,
            {m: outcomes.controlled[m] for m in scenario.metrics if m in outcomes.controlled},
        ),
    )


def _beside(scenario: Scenario, task: Task, compare: Compared) -> dict[str, Array]:
    """Return the plans that the best one is set beside, by name."""
    feasible, asked = task.problem, compare == "strategies"
    wishes = scenario.strategies if asked else ()
    plans = {name: placed(feasible, np.array(wish)) for name, wish in wishes}
    rules = scenario.rules if asked else ()
    if rules or (not plans and compare != "nothing"):
        thumb = baselines(scenario.campaign, feasible, task.response)
        plans |= {name: thumb[rule] for name, rule in rules} or thumb
    return plans


def _proving(progress: Progress, gap: float) -> None:
    """Tell how far the proof of the best plan is."""
    progress(f"optimising, {share(gap)} left to prove" if isfinite(gap) else "optimising")


def _playing(progress: Progress, worlds: Worlds, done: int) -> None:
    """Tell how many worlds are simulated."""
    progress(Step("simulating every plan, creator by creator", done, worlds.size, "worlds"))


def _optimum(
    outcomes: Outcomes,
    task: Task,
    judge: Judge,
    strategies: Mapping[str, Strategy],
    solution: Solution,
    mapper: Mapper,
) -> Optimum:
    """Check the best plan on fresh worlds, against the others, and line by line."""
    worlds, values = outcomes.worlds, judge(outcomes)
    fresh = draw_worlds(worlds.campaign, worlds.size, worlds.seed, sample=1, order=worlds.order)
    way = purchase(task.problem)
    aims = task.goal.metrics
    check = judge(evaluate(fresh, [solution.plan], way, metrics=aims, mapper=mapper))[0]
    lines = evaluate(worlds, np.diag(solution.plan), way, metrics=METRICS, mapper=mapper)
    runner_up, lead = led(worlds, values, strategies)
    steady = steady_range(task.problem, task.response, task.risk, task.floors)
    nearly = None
    if task.problem.n_lines <= FEW_LINES and task.goal.terms[0][0] != "spend":
        nearly = nearly_best(task.problem, task.response, task.risk, task.floors)
    return Optimum(solution, estimated(fresh, check), lines, runner_up, lead, steady, nearly)
