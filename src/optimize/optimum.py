"""The best plan of a problem, and the proof of how good it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from optimize.banded import TailPlan, maximise_blend, maximise_mean
from optimize.branching import branch
from optimize.cutting import TRIFLE, Search
from optimize.errors import InfeasibleError
from optimize.floors import Floor
from optimize.functional import Functional, functional
from optimize.master import Master
from optimize.problem import WHOLE_GAP, Problem
from optimize.risk import MEAN, MeanWorst, Risk
from sim.response import Response

Array = NDArray[np.float64]

#: Relative gaps that are promised: concave curves and parts of creators; curves that are not
#: concave; chances, which step from world to world. (For whole creators: the problem's own.)
GAP, BRANCH_GAP, CHANCE_GAP = 1e-6, 1e-4, 1e-3

#: Values smaller than this are measured in a unit of their own, found to a rough gap.
SMALL, ROUGH_GAP, RESCALINGS = 0.03, 0.1, 3


@dataclass(frozen=True, slots=True)
class Solution:
    """The best plan found, and the proof of how good it is.

    Parameters
    ----------
    status : {"optimal", "stopped"}
        Whether the gap promised was reached.
    plan : ndarray, shape (n_lines,)
        Money.
    value, upper_bound : float
        Of the objective, on the worlds of the optimisation: the plan's, and one that no
        plan passes.
    relative_gap : float
        Their distance, relative to the larger of them.
    prices : mapping of str to float
        What one more unit of every limit adds to the objective, at the margin: ``budget``,
        ``lower0`` … and ``upper0`` … per unit of money (the problem's limits in order),
        ``floor0`` … per unit of the floor. Where creators are whole or deals have a minimum: of
        the problem without these. Where curves are not concave: around the plan.
    line_prices : ndarray, shape (n_lines,)
        What one more unit of money that a line may take adds.
    rounds, boxes : int
        Tangents taken; boxes of plans bounded (1 where everything is concave).
    """

    status: Literal["optimal", "stopped"]
    plan: Array
    value: float
    upper_bound: float
    relative_gap: float
    prices: Mapping[str, float] = field(default_factory=dict)
    line_prices: Array = field(default_factory=lambda: np.zeros(0))
    rounds: int = 0
    boxes: int = 1

    @property
    def budget_price(self) -> float:
        """Objective per unit of money, at the margin."""
        return self.prices.get("budget", 0.0)


def maximise(
    problem: Problem,
    response: Response,
    risk: Risk = MEAN,
    floors: Sequence[Floor] = (),
    watch: Callable[[float], None] = lambda gap: None,
) -> Solution:
    """Find the plan with the largest response, and a bound on every plan's.

    Parameters
    ----------
    problem : Problem
    response : Response
    risk : Risk
        What the response of many worlds comes to; the mean if left out.
    floors : sequence of Floor
        What the plan must reach beside it.
    watch : callable, optional
        Told the relative gap after every two boxes of branch and bound.

    Raises
    ------
    InfeasibleError
        If no plan satisfies all limits and floors.
    """
    exact = _linear(problem, response, risk, floors)
    if exact is not None:
        return exact
    search = started(problem, functional(response, problem.budget, risk), floors)
    integer = problem.prices is not None or any(problem.minimum_deals)
    promise = WHOLE_GAP if problem.prices else GAP
    boxes = 1
    if search.concave:
        search.climb(GAP, relaxed=True)
        prices = priced(search, problem, search.master)
        if integer:
            search.climb(promise, relaxed=False)
    else:
        steps = [risk.concave, *(floor.risk.concave for floor in floors)]
        promise = BRANCH_GAP if all(steps) else CHANCE_GAP
        root = search.settle(search.root, promise)
        if problem.prices is not None:
            search.round_off(root.start)
        boxes = branch(search, problem, root, promise, watch)
        prices = _local_prices(search, problem)
    if search.value == -inf:
        raise InfeasibleError("no plan satisfies all limits and floors together")
    return told(search, problem, promise, prices, boxes)


def told(
    search: Search,
    problem: Problem,
    promise: float,
    prices: tuple[dict[str, float], Array],
    boxes: int = 1,
) -> Solution:
    """Return what a search has found, in units of money and of the objective."""
    size = search.objective.size
    return Solution(
        "optimal" if search.gap <= promise else "stopped",
        search.best * problem.budget,
        search.value * size + 0.0,
        max(search.bound, search.value) * size + 0.0,
        max(search.gap, 0.0) + 0.0,
        *prices,
        search.rounds,
        boxes,
    )


def _linear(
    problem: Problem, response: Response, risk: Risk, floors: Sequence[Floor]
) -> Solution | None:
    """Return the answer of the banded dual, where everything is linear; None elsewhere."""
    responses = [response, *(floor.response for floor in floors)]
    if problem.prices or any(problem.minimum_deals) or any(r.terms for r in responses):
        return None
    tails = [r for r in (risk, *(floor.risk for floor in floors)) if r != MEAN]
    if len(tails) != 1 or not isinstance(tails[0], MeanWorst):
        return None
    if not floors:
        found = maximise_blend(problem, response.slopes, tails[0])
    elif (
        len(floors) == 1
        and risk == MEAN
        and tails[0].weight == 1
        and np.array_equal(floors[0].response.slopes, response.slopes)
    ):
        found = maximise_mean(problem, response.slopes, tails[0].worst, floors[0].at_least)
    else:
        return None
    prices = {"budget": found.budget_price, "floor0": -found.tail_price}
    for j, price in enumerate(found.limit_prices.tolist()):
        prices[f"upper{j}" if price > 0 else f"lower{j}"] = price
    return Solution(
        "optimal" if found.relative_gap <= GAP else "stopped",
        found.plan,
        found.value,
        found.upper_bound,
        found.relative_gap,
        prices,
        _line_prices(problem, response, risk, found),
        found.passes,
    )


def _line_prices(problem: Problem, response: Response, risk: Risk, found: TailPlan) -> Array:
    """Return what a line at its cap would add with more: its slope less what its money costs."""
    weights = risk.weights(response.slopes @ found.plan)
    price = weights @ response.slopes - found.budget_price
    for limit, cost in zip(problem.limits, found.limit_prices, strict=True):
        price[list(limit.lines)] -= cost
    at_cap = found.plan >= np.array(problem.caps) * (1 - 1e-9)
    return np.asarray(np.where(at_cap, np.maximum(price, 0.0), 0.0))


def started(problem: Problem, objective: Functional, floors: Sequence[Floor]) -> Search:
    """Return a search that has begun, in units of about what the best plan brings.

    The first slopes may promise far more than there is to win (a small audience, a thin profit);
    in their units the solver's tolerances would swallow the optimum.
    """
    search = _begun(problem, objective, floors)
    for _ in range(RESCALINGS):
        found = abs(search.value if search.value > -inf else search.bound)
        if not TRIFLE < found < SMALL:
            break
        search = _begun(problem, search.objective.measured_in(found), floors)
    return search


def _begun(problem: Problem, objective: Functional, floors: Sequence[Floor]) -> Search:
    search = Search(problem, objective, floors)
    if search.concave:
        search.climb(ROUGH_GAP, relaxed=True)
    else:
        search.bound = search.settle(search.root, ROUGH_GAP).bound
    return search


def _local_prices(search: Search, problem: Problem) -> tuple[dict[str, float], Array]:
    """Return the prices around the best plan: of the problem with every curve's tangent there."""
    if search.value == -inf:
        return {}, np.zeros(problem.n_lines)
    local = Master(problem, search.linearised())
    local.solve(relaxed=True)
    return priced(search, problem, local)


def priced(search: Search, problem: Problem, master: Master) -> tuple[dict[str, float], Array]:
    """Return what the limits and the lines are worth, in units of money and of the floors."""
    if search.value == -inf:
        return {}, np.zeros(problem.n_lines)
    size = search.objective.size
    units = {f"floor{j}": unit for j, unit in enumerate(search.sizes)}
    prices = {
        name: price * size / units.get(name, problem.budget)
        for name, price in master.prices().items()
    }
    return prices, master.reduced_costs() * size / problem.budget
