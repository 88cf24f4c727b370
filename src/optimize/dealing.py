"""Choices of whole creators where some lines have a minimum deal: hired for so much, or not at all.

Every way to make these deals or not is a choice of its own; the best of them is the best, and no
choice passes the largest of their bounds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
from math import inf

from optimize.choosing import Choice, choose, gap
from optimize.errors import InfeasibleError, UnfoundError
from optimize.floors import Floor
from optimize.picking import Picker
from optimize.problem import Limit, Problem
from optimize.risk import MEAN, Risk
from sim.response import Response

#: Minimum deals at most: every one doubles the work.
MOST = 4


def ways(problem: Problem) -> Iterator[Problem]:
    """Yield the problem once for every way to make its minimum deals or not, without them.

    Parameters
    ----------
    problem : Problem
        With prices.

    Raises
    ------
    ValueError
        If there are more than `MOST` minimum deals.
    """
    deals = [i for i, deal in enumerate(problem.minimum_deals) if deal > 0]
    if len(deals) > MOST:
        raise ValueError(f"minimum deals(={len(deals)}) must be <= {MOST}")
    for made in product((False, True), repeat=len(deals)):
        caps, limits = list(problem.caps), list(problem.limits)
        for i, there in zip(deals, made, strict=True):
            if there:
                name = f"minimum deal of {problem.lines[i]}"
                limits.append(Limit(name, (i,), problem.minimum_deals[i]))
            else:
                caps[i] = 0.0
        yield replace(
            problem,
            caps=tuple(caps),
            limits=tuple(limits),
            minimum_deals=(0.0,) * problem.n_lines,
        )


def choose_with_deals(
    problem: Problem, response: Response, risk: Risk = MEAN, floors: Sequence[Floor] = ()
) -> tuple[Choice, Picker]:
    """Choose whole creators, and bound what any choice brings; as `choose`, with minimum deals.

    Returns
    -------
    choice : Choice
    picker : Picker
        Of the way to make deals that is the best.

    Raises
    ------
    InfeasibleError
        If no choice that keeps all limits and floors was found.
    ValueError
        If a curve is not exponential, or there are many minimum deals.
    """
    found: list[tuple[Choice, Picker]] = []
    failed: InfeasibleError | None = None
    unfound = -inf
    for way in ways(problem):
        picker = Picker(way, response, risk, floors)
        if picker.over(picker.least):
            continue
        try:
            found.append((choose(way, response, risk, floors, picker=picker), picker))
        except UnfoundError as error:
            failed, unfound = error, max(unfound, error.bound)
        except InfeasibleError as error:
            failed = error
    if not found:
        raise failed or InfeasibleError("no choice of creators keeps all limits")
    choice, picker = max(found, key=lambda one: one[0].value)
    bound = max(unfound, *(one.upper_bound for one, _ in found))
    return replace(choice, upper_bound=bound, relative_gap=gap(choice.value, bound)), picker
