"""What it is worth to know an input, or all of them, and what each explains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from optimize.baselines import placed
from optimize.information import Foresight, foresee, utilities
from optimize.optimum import Solution
from sim.information import Smoother, Worth, by_category, by_spline, partial_information
from sim.pinning import crossed, remembering, shuffled
from sim.sensitivity import Indices, sobol_indices
from sim.statistics import standard_error
from sim.worlds import Worlds, draw_worlds, stated_values
from tiermix.analysis import Progress
from tiermix.scenario import Scenario
from tiermix.steps import Step
from tiermix.task import Task
from tiermix.uncertain_inputs import UncertainInput
from tiermix.what_if import Questions, goal_response, restated

Array = NDArray[np.float64]

#: Worlds of each sample of the Sobol' indices, and worlds that are optimised one by one.
SAMPLED, FORESEEN = 1024, 256

#: Numbers of the independent banks that the Sobol' indices are estimated on.
SAMPLES = (1_000_001, 1_000_002)


@dataclass(frozen=True, slots=True)
class Information:
    """What it would be worth to know more before the money is spent.

    In units of the objective.

    Parameters
    ----------
    everything : float
        To know all of the world (EVPI), on the worlds that were optimised one by one.
    everything_se : float
    everything_bound : float
        What certainly no plan for every world adds on these.
    inputs : mapping of str to Worth
        To know one input (EVPPI), by name.
    n_plans : int
        Plans that the choice is between, where one input is known.
    """

    everything: float
    everything_se: float
    everything_bound: float
    inputs: Mapping[str, Worth]
    n_plans: int


def learn(
    scenario: Scenario,
    task: Task,
    base: Solution,
    inputs: Sequence[UncertainInput],
    asked: Questions,
    progress: Progress,
) -> tuple[Indices | None, Information, Foresight]:
    """Return what inputs explain, what it is worth to know them, and what foresight chooses.

    Parameters
    ----------
    scenario : Scenario
    task : Task
        The scenario on its worlds.
    base : Solution
        Its best plan.
    inputs : sequence of UncertainInput
        Those that matter.
    asked : Questions
        What-if questions that were asked: their best plans are candidates.
    progress : callable

    Returns
    -------
    Indices (None if the outcome does not vary), Information, Foresight
    """
    parts = _in_parts(scenario, task)
    explained = _indices(parts, base.plan, inputs, progress)
    foresight = _foresight(parts, progress)
    progress("valuing information")
    chosen = parts.solve().plan if task.problem.prices is not None else base.plan
    return explained, _information(parts, chosen, asked, inputs, foresight), foresight


def _in_parts(scenario: Scenario, task: Task) -> Task:
    """Return the task with money that buys parts of creators at the prices of every world."""
    if task.problem.prices is None:
        return task
    return restated(replace(scenario, whole_creators=False), task.worlds, task)


def _indices(
    parts: Task, plan: Array, inputs: Sequence[UncertainInput], progress: Progress
) -> Indices | None:
    """Return the Sobol' indices of what the best plan brings."""
    campaign, n = parts.worlds.campaign, min(SAMPLED, parts.worlds.size)
    a, b = (draw_worlds(campaign, n, parts.worlds.seed, sample=sample) for sample in SAMPLES)
    a, b = remembering(a), shuffled(b)

    def outcomes(worlds: Worlds) -> Array:
        return goal_response(parts.goal, worlds, parts.problem).values(plan)

    progress("drawing samples for the indices")
    at_a, at_b = outcomes(a), outcomes(b)
    mixed = np.empty((len(inputs), n))
    for i, given in enumerate(inputs):
        progress(Step("exchanging inputs", i, len(inputs), "inputs"))
        mixed[i] = outcomes(crossed(a, b, given.name))
    if not inputs or np.ptp(at_a) == 0:
        return None
    return sobol_indices(at_a, at_b, mixed, a.replicate())


def _foresight(parts: Task, progress: Progress) -> Foresight:
    """Return the best plans of single worlds."""
    n = min(FORESEEN, parts.worlds.size)
    found = []
    for start in range(0, n, 16):
        progress(Step("optimising single worlds", start, n, "worlds"))
        found.append(
            foresee(parts.problem, parts.response, parts.floors, range(start, min(start + 16, n)))
        )
    return Foresight(
        np.concatenate([part.plans for part in found]),
        np.concatenate([part.values for part in found]),
        np.concatenate([part.bounds for part in found]),
    )


def _information(
    parts: Task,
    chosen: Array,
    asked: Questions,
    inputs: Sequence[UncertainInput],
    foresight: Foresight,
) -> Information:
    """Return what it is worth to know everything, and each input alone."""
    candidates = _candidates(parts, chosen, [*asked.strategies.values(), *asked.plans()])
    values = utilities(
        parts.risk, np.stack([parts.response.values(plan) for plan in candidates]), 0
    )
    start = int(values.mean(axis=1).argmax())
    replicate = parts.worlds.replicate()
    worths = {
        given.name: partial_information(values, start, _smoother(parts.worlds, given), replicate)
        for given in inputs
    }
    few = parts.worlds.part(0, len(foresight.values))
    without = parts.response.part(slice(few.size)).values(chosen)
    gain, bound = foresight.gains(parts.risk, without)
    more = utilities(parts.risk, np.stack([without, foresight.values]), 0)
    error = standard_error(few, more[1] - more[0])
    most = {  # one input is worth no more than all of them
        name: replace(worth, value=min(worth.value, bound)) for name, worth in worths.items()
    }
    return Information(gain, error, bound, most, len(candidates))


def _smoother(worlds: Worlds, given: UncertainInput) -> Smoother:
    """Return the regression on an input."""
    return (
        by_spline(stated_values(worlds)[given.name]) if given.ordered else by_category(worlds.draw)
    )


def _candidates(parts: Task, base: Array, plans: Sequence[Array]) -> list[Array]:
    """Return the plans that are allowed and differ, the base plan first."""
    found, step = [base], parts.problem.budget / 200
    for plan in plans:
        tried = placed(parts.problem, plan)
        near = any(np.abs(tried - other).max() < step for other in found)
        if not near and not parts.violations(tried):
            found.append(tried)
    return found
