"""What the limits are worth: shadow prices by the names that people know."""

from __future__ import annotations

from collections.abc import Sequence

from optimize.floors import Floor
from optimize.optimum import Solution
from optimize.problem import AVAILABLE, Problem

#: Objective per budget, relative to the plan's, below which a limit is worth nothing.
NOTHING = 1e-7


def shadow_prices(
    problem: Problem, floors: Sequence[Floor], solution: Solution
) -> dict[str, float]:
    """Return what one more unit of every limit that matters adds to the objective.

    The rate at the margin, of parts of creators and without minimum deals; where a curve is not
    concave, around the plan.

    Parameters
    ----------
    problem : Problem
    floors : sequence of Floor
    solution : Solution
        Of both.

    Returns
    -------
    dict of str to float
        ``budget``, ``the maximum of …``, ``the minimum of …``, ``available creators of …``: per
        unit of money that the bound moves up. Floors by their names: per unit of the floor. All
        but the budget only where they are not 0.
    """
    found = {"budget": max(solution.budget_price, 0.0)}
    trifle = NOTHING * abs(solution.value) / problem.budget
    at_most = dict(enumerate(solution.line_prices.clip(min=0.0).tolist()))
    for j, limit in enumerate(problem.limits):
        own = [i for i in limit.lines if problem.upper[i] == limit.upper < problem.caps[i]]
        price = solution.prices.get(f"upper{j}", 0.0) + sum(at_most.pop(i, 0.0) for i in own)
        name = limit.name if limit.hires else f"the maximum of {limit.name}"
        found[name] = price if price > trifle else 0.0
        price = solution.prices.get(f"lower{j}", 0.0)
        found[f"the minimum of {limit.name}"] = price if price < -trifle else 0.0
    for i, price in at_most.items():
        capped = problem.caps[i] < problem.budget and price > trifle
        found[f"{AVAILABLE}{problem.lines[i]}"] = price if capped else 0.0
    for j, floor in enumerate(floors):
        found[floor.name] = min(solution.prices.get(f"floor{j}", 0.0), 0.0)
    return {name: price for name, price in found.items() if price != 0 or name == "budget"}
