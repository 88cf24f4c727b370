"""What the answer to a scenario holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimize.certificate import Replications
from optimize.floors import Floor
from optimize.goal import Goal
from optimize.nearly_best import NearlyBest
from optimize.optimum import Solution
from optimize.problem import Problem
from optimize.streamed import Proof
from sim.outcomes import Outcomes
from sim.statistics import Summary
from sim.stopping import Precision
from tiermix.comparing import Pair, Sampled, Selected
from tiermix.scenario import Scenario

Array = NDArray[np.float64]

#: Told what is being done, step by step.
Progress = Callable[[str], None]

#: The name of the optimizer's plan among the strategies.
OPTIMUM = "optimum"


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
        How good the best plan is for all of them, or for as many as that takes minutes, where there
        is one and the objective is a mean that is concave, without floors.
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
