"""How far a plan is from the best there is when all worlds count: multiple replications.

On one bank of worlds the optimizer fits the bank, so that its optimum flatters. On independent
banks, the mean distance between each bank's optimum and a plan fixed beforehand is at least the
plan's true distance from the best, and its spread says how sure that is.

References
----------
Mak, Morton and Wood (1999), "Monte Carlo bounding techniques for determining solution quality in
stochastic programs"; Bayraksan and Morton (2006), "Assessing solution quality in stochastic
programs".
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, nan, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from optimize.optimum import maximise
from optimize.problem import Problem
from optimize.risk import MEAN, MeanWorst, Risk
from sim.response import Response

Array = NDArray[np.float64]

#: How sure the one-sided interval is.
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Replications:
    """A one-sided confidence interval for how far a plan is from the best.

    Parameters
    ----------
    banks : int
        Independent banks of worlds.
    worlds : int
        In each of them.
    gap_mean, gap_upper : float
        Mean distance from the banks' optima; end of the interval [0, gap_upper]. In units of
        the objective.
    confidence : float
        That the plan's true distance from the best lies in the interval.
    """

    banks: int
    worlds: int
    gap_mean: float
    gap_upper: float
    confidence: float = CONFIDENCE


@dataclass(frozen=True, slots=True)
class Candidate:
    """A plan chosen before the banks are drawn.

    Parameters
    ----------
    plan : ndarray, shape (n_lines,)
        Money.
    level : float
        The outcome that ends its worst worlds, on other worlds than the banks'; NaN where no
        worst worlds count. Taken from a bank itself, it would flatter the plan there.
    """

    plan: Array
    level: float = nan

    def value(self, response: Response, risk: Risk) -> float:
        """Return what the plan comes to on a bank, free of bias."""
        outcomes = response.values(self.plan)
        if not isinstance(risk, MeanWorst) or risk.weight == 0:
            return risk.value(outcomes)
        short = np.maximum(self.level - outcomes, 0.0).mean() / risk.worst
        return float((1 - risk.weight) * outcomes.mean() + risk.weight * (self.level - short))


def candidate(plan: Array, response: Response, risk: Risk) -> Candidate:
    """Return a plan with the level that ends its worst worlds.

    Parameters
    ----------
    plan : ndarray, shape (n_lines,)
        Money.
    response : Response
        On worlds that no bank holds.
    risk : Risk
    """
    if not isinstance(risk, MeanWorst) or risk.weight == 0:
        return Candidate(plan)
    outcomes = response.values(plan)
    rank = min(ceil(risk.worst * outcomes.size - 1e-9), outcomes.size) - 1
    return Candidate(plan, float(np.partition(outcomes, rank)[rank]))


def bank_gap(problem: Problem, response: Response, chosen: Candidate, risk: Risk = MEAN) -> float:
    """Return how far a plan is from what no plan can pass on a bank of worlds.

    Parameters
    ----------
    problem : Problem
        What is allowed: the same on every bank.
    response : Response
        On the worlds of the bank.
    chosen : Candidate
        An allowed plan.
    risk : Risk
    """
    bound = maximise(problem, response, risk).upper_bound
    return max(bound - chosen.value(response, risk), 0.0)


def replications(gaps: Array, worlds: int) -> Replications:
    """Return the interval for a plan's distance from the best.

    Parameters
    ----------
    gaps : ndarray, shape (n_banks,)
        Its distance from the optimum of each independent bank, at least two.
    worlds : int
        In each bank.

    Raises
    ------
    ValueError
        If there are fewer than two banks.
    """
    banks = len(gaps)
    if banks < 2:
        raise ValueError(f"banks(={banks}) must be >= 2")
    error = float(np.std(gaps, ddof=1)) / sqrt(banks)
    mean = float(np.mean(gaps))
    return Replications(banks, worlds, mean, mean + float(stdtrit(banks - 1, CONFIDENCE)) * error)
