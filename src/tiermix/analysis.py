"""From a scenario to its result: draw, optimise, simulate, compare."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import inf, isfinite
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from optimize.baselines import baselines, whole_spends
from optimize.certificate import Replications
from optimize.floors import Demand, Floor
from optimize.goal import Goal
from optimize.nearly_best import NearlyBest, nearly_best
from optimize.optimum import Solution
from optimize.problem import FEASIBILITY, Problem, purchase
from optimize.risk import MEAN, Attainment, Chance, Risk
from optimize.steady import steady_range
from optimize.streamed import Proof
from sim.compare import best, regret, share_interval
from sim.mapping import Mapper, threads
from sim.outcomes import Outcomes, evaluate
from sim.purchase import hired
from sim.statistics import Summary, probability_at_least, standard_error, summarise
from sim.stopping import Precision
from sim.worlds import Worlds, draw_worlds
from tiermix.comparing import Pair, Sampled, Selected, pairs
from tiermix.errors import TooLargeError
from tiermix.infeasible import solved
from tiermix.scenario import Scenario
from tiermix.steps import Step
from tiermix.task import Task, state
from tiermix.words import share

Array = NDArray[np.float64]

#: Told what is being done, step by step.
Progress = Callable[[str], None]

#: Turns outcomes into what plans are judged by.
Judge = Callable[[Outcomes], Array]

#: Creators that one line may hire over all worlds (some minutes of work).
MOST_CREATORS = 1e10

#: Lines up to which a run looks for plans that are about as good: two searches a line.
FEW_LINES = 6

#: The name of the optimizer's plan among the strategies.
OPTIMUM = "optimum"


class Asked(Protocol):
    """What plans are rated by."""

    @property
    def problem(self) -> Problem:
        """Which plans are allowed."""

    @property
    def goal(self) -> Goal:
        """What is wanted."""

    @property
    def risk(self) -> Risk:
        """What the goal of many worlds comes to."""

    def judged(self, plan: Array) -> float:
        """Return what a plan comes to, the lottery of creators averaged out."""

    def violations(self, plan: Array) -> tuple[str, ...]:
        """Return the limits and floors that a plan breaks."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean with its standard error."""

    mean: float
    se: float


@dataclass(frozen=True, slots=True)
class Strategy:
    """One plan and what it yields.

    Parameters
    ----------
    plan : ndarray, shape (n_lines,)
        Money per line, as it can be spent.
    unspent : float
        Money the strategy asked for and could not place (of a rule of thumb or the optimum:
        what is left of the budget).
    violations : tuple of str
        Limits the plan breaks.
    objective : Estimate
        Creator by creator, on the worlds of the run: its mean, or what the risk measure makes
        of it.
    averaged : float
        The same with the lottery of creators averaged out: what the optimizer's bound bounds.
    p_best : float
        Share of worlds in which no other strategy is better.
    best_interval : tuple of float
        Ends of its 90 % interval.
    regret : Estimate
        What the plan loses to the best of each world.
    over_budget : float
        Probability that the plan costs more than the budget.
    p_target : float or None
        Probability of reaching the target, if the objective has one.
    chances : mapping of str to float
        Of reaching every floor that is about a chance, by its metric, counting noise and all.
    metrics : mapping of str to Summary
    """

    plan: Array
    unspent: float
    violations: tuple[str, ...]
    objective: Estimate
    averaged: float
    p_best: float
    best_interval: tuple[float, float]
    regret: Estimate
    over_budget: float
    p_target: float | None
    chances: Mapping[str, float]
    metrics: Mapping[str, Summary]


@dataclass(frozen=True, slots=True)
class Optimum:
    """The best plan and its certificate.

    Parameters
    ----------
    solution : Solution
    out_of_sample : Estimate
        The plan's objective on fresh worlds.
    lines : Outcomes
        Every line of the plan by itself: one plan a line.
    runner_up : str or None
        The best of the other strategies.
    steady : tuple of float or None
        Budgets between which the best mix holds, if that was looked at.
    lead : Estimate or None
        How much more of the objective the plan brings than the runner-up, on common worlds.
    nearly : NearlyBest or None
        What every line can take in plans that are about as good, if that was looked for.
    replications : Replications or None
        How far the plan is from the best for all worlds, if that was asked for.
    """

    solution: Solution
    out_of_sample: Estimate
    lines: Outcomes
    runner_up: str | None
    lead: Estimate | None
    steady: tuple[float, float] | None
    nearly: NearlyBest | None = None
    replications: Replications | None = None


@dataclass(frozen=True, slots=True)
class Stream:
    """That all worlds of a stream were played, more than memory holds.

    Parameters
    ----------
    worlds : int
        All of them: what strategies bring is told of these, all else of the first ones.
    proof : Proof or None
        How good the best plan is for all of them, where there is one and the objective is a mean
        that is concave, without floors.
    """

    worlds: int
    proof: Proof | None


@dataclass(frozen=True, slots=True)
class Analysis:
    """Everything a report is made from.

    Parameters
    ----------
    scenario : Scenario
    problem : Problem
    goal : Goal
    floors : tuple of Floor
        On the worlds of the run.
    strategies : mapping of str to Strategy
        In file order; the optimum last, if it was asked for.
    optimum : Optimum or None
    pairs : tuple of Pair
        Every two strategies against each other.
    sampled : Sampled
        What every strategy brought in every world.
    precision : Precision or None
        How precise the answer was asked to be, if it was.
    selected : Selected or None
        The best strategy with a guarantee, if that was asked for.
    stream : Stream or None
        If there were more worlds than memory holds; the scenario's worlds are the first of them.
    """

    scenario: Scenario
    problem: Problem
    goal: Goal
    floors: tuple[Floor, ...]
    strategies: Mapping[str, Strategy]
    optimum: Optimum | None
    pairs: tuple[Pair, ...]
    sampled: Sampled
    precision: Precision | None = None
    selected: Selected | None = None
    stream: Stream | None = None

    @property
    def worlds(self) -> int:
        """Number of worlds in which the strategies were played."""
        return self.stream.worlds if self.stream else self.scenario.worlds


def analyse(
    scenario: Scenario,
    *,
    optimise: bool = True,
    compare: Literal["strategies", "baselines", "nothing"] = "strategies",
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
    plans = {name: placed(feasible, np.array(wish)) for name, wish in wishes.items()}
    rules = scenario.rules if compare == "strategies" else ()
    if rules or (not plans and compare != "nothing"):
        thumb = baselines(scenario.campaign, feasible, task.response)
        plans |= {name: thumb[rule] for name, rule in rules} or thumb
    solution = None
    if optimise:
        progress("optimising")
        solution = solved(scenario, task, partial(_proving, progress))
        plans[OPTIMUM] = solution.plan
    outcomes = evaluate(
        worlds,
        list(plans.values()),
        purchase(feasible),
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


def most_worlds(scenario: Scenario) -> float:
    """Return the number of worlds beyond which a scenario would take hours."""
    most = _most_hired(scenario).max()
    return MOST_CREATORS / float(most) if most > 0 else inf


def _most_hired(scenario: Scenario) -> Array:
    """Return the creators that each line can hire, shape (n_lines,)."""
    campaign = scenario.campaign
    most = hired(campaign, np.full(len(campaign.lines), scenario.budget))
    available = [*(i.tier.available for i in campaign.items), *(0.0 for _ in campaign.curves)]
    return np.minimum(available, most)


def _proving(progress: Progress, gap: float) -> None:
    """Tell how far the proof of the best plan is."""
    progress(f"optimising, {share(gap)} left to prove" if isfinite(gap) else "optimising")


def _playing(progress: Progress, worlds: Worlds, done: int) -> None:
    """Tell how many worlds are simulated."""
    progress(Step("simulating every plan, creator by creator", done, worlds.size, "worlds"))


def check_size(scenario: Scenario, most_creators: float = MOST_CREATORS) -> None:
    """Refuse what would take hours: creators hired, over all worlds.

    Raises
    ------
    TooLargeError
        If a line may hire more than that.
    """
    most = _most_hired(scenario)
    if most.max() * scenario.worlds > most_creators:
        line = scenario.lines[int(most.argmax())]
        raise TooLargeError(
            f"tiers.{line}: the budget hires {most.max():.3g} creators in each of "
            f"{scenario.worlds:,} worlds, more than {most_creators:.0e} in all: draw fewer worlds, "
            "or say how many creators are available"
        )


def placed(feasible: Problem, wish: Array) -> Array:
    """Return what the available creators can take of a wished plan, shape (n_lines,)."""
    plan = np.minimum(wish, feasible.caps)
    for limit in feasible.limits:
        lines = list(limit.lines)
        if limit.hires and plan[lines].sum() > limit.upper:
            plan[lines] *= limit.upper / plan[lines].sum()
    return whole_spends(feasible, plan) if feasible.prices is not None else plan


def judged_by(aim: Goal, risk: Risk, outcomes: Outcomes) -> Array:
    """Return values per plan and world whose mean over the worlds a plan is judged by.

    Shape (n_plans, n_worlds). The mean is taken with the creators' lottery out of the way; any
    other functional needs it.
    """
    if risk == MEAN:
        return aim.controlled(outcomes)
    return np.stack([risk.contributions(values) for values in aim.of(outcomes)])


def _p_target(aim: Goal, risk: Risk, outcomes: Outcomes, plan: int) -> float | None:
    """Return the probability of reaching the target, counting noise and all."""
    if not isinstance(risk, Attainment):
        return None
    if len(aim.terms) > 1:
        return float((aim.of(outcomes)[plan] >= risk.target).mean())
    return float(probability_at_least(outcomes, aim.terms[0][0], plan, risk.target).mean())


def _chances(outcomes: Outcomes, demands: Sequence[Demand], plan: int) -> dict[str, float]:
    """Return the probability of reaching every floor that is about one."""
    return {
        d.metric: float(probability_at_least(outcomes, d.metric, plan, d.risk.target).mean())
        for d in demands
        if isinstance(d.risk, Chance)
    }


def rated(
    outcomes: Outcomes,
    task: Asked,
    scenario: Scenario,
    plans: Mapping[str, Array],
    wishes: Mapping[str, tuple[float, ...]],
) -> dict[str, Strategy]:
    """Set plans that were simulated on common worlds against each other.

    Parameters
    ----------
    outcomes : Outcomes
    task : Asked
    scenario : Scenario
    plans : mapping of str to ndarray
        That were simulated, in their order.
    wishes : mapping of str to tuple of float
        Money that they asked for, where that is not the budget.
    """
    feasible, aim, risk = task.problem, task.goal, task.risk
    values, judged = aim.of(outcomes), judged_by(aim, risk, outcomes)
    wished = {name: sum(wish) for name, wish in wishes.items()}
    losses, wins = regret(values), best(values)
    over = outcomes.values["spend"] > feasible.budget * (1 + FEASIBILITY)
    summaries = list(
        threads(
            lambda i: {metric: summarise(outcomes, metric, i) for metric in scenario.metrics},
            range(len(plans)),
        )
    )
    return {
        name: Strategy(
            plan,
            float(wished.get(name, feasible.budget) - plan.sum()),
            task.violations(plan),
            estimated(outcomes.worlds, judged[i]),
            task.judged(plan),
            float(wins[i].mean()),
            share_interval(outcomes.worlds, wins[i]),
            estimated(outcomes.worlds, losses[i]),
            float(over[i].mean()),
            _p_target(aim, risk, outcomes, i),
            _chances(outcomes, scenario.demands, i),
            summaries[i],
        )
        for i, (name, plan) in enumerate(plans.items())
    }


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
    check = judge(evaluate(fresh, [solution.plan], way, mapper=mapper))[0]
    lines = evaluate(worlds, np.diag(solution.plan), way, mapper=mapper)
    runner_up, lead = led(worlds, values, strategies)
    steady = steady_range(task.problem, task.response, task.risk, task.floors)
    nearly = None
    if task.problem.n_lines <= FEW_LINES and task.goal.terms[0][0] != "spend":
        nearly = nearly_best(task.problem, task.response, task.risk, task.floors)
    return Optimum(solution, estimated(fresh, check), lines, runner_up, lead, steady, nearly)


def led(
    worlds: Worlds, values: Array, strategies: Mapping[str, Strategy]
) -> tuple[str | None, Estimate | None]:
    """Return the best of the other strategies, and how much more the last one, the optimum, brings.

    Parameters
    ----------
    worlds : Worlds
    values : ndarray, shape (n_strategies, n_worlds)
        Whose mean every strategy is judged by.
    strategies : mapping of str to Strategy
    """
    names, best = list(strategies), strategies[OPTIMUM].plan
    if len(names) < 2:
        return None, None
    allowed = [not s.violations for s in strategies.values()]
    differs = [not np.array_equal(s.plan, best) for s in strategies.values()]
    second = second_best(values[:-1].mean(axis=1), allowed[:-1], differs[:-1])
    return names[second], estimated(worlds, values[-1] - values[second])


def second_best(means: Array, allowed: list[bool], differs: list[bool]) -> int:
    """Return the best of the other strategies: an allowed and a different one if there is any."""
    for chosen in (np.logical_and(allowed, differs), np.array(allowed)):
        if chosen.any():
            return int(np.where(chosen, means, -np.inf).argmax())
    return int(means.argmax())


def estimated(worlds: Worlds, values: Array) -> Estimate:
    """Return the mean of values per world with its standard error."""
    return Estimate(float(values.mean()), standard_error(worlds, values))
