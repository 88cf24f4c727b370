"""Out of a choice of creators: what each adds, who replaces her, what others must ask."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from optimize.picking import Picker

Array = NDArray[np.float64]

#: Lines from which on a new choice is sought by swaps of one for one alone, and by filling up.
MANY, HUGE = 60, 600

#: Halvings of the range that holds the quote at which a creator enters.
HALVINGS = 9


@dataclass(frozen=True, slots=True)
class Member:
    """A creator of the choice.

    Parameters
    ----------
    line : int
    adds : float
        What the choice would lose with her, and nobody in her place.
    leaving, joining : tuple of int
        Who else goes, and who comes, if she declines: the best choice without her.
    loses : float
        What the choice then loses.
    possible : bool
        Whether there is a choice without her that keeps all limits and floors.
    """

    line: int
    adds: float
    leaving: tuple[int, ...]
    joining: tuple[int, ...]
    loses: float
    possible: bool


@dataclass(frozen=True, slots=True)
class Outsider:
    """A creator who is not in the choice.

    Parameters
    ----------
    line : int
    adds : float
        The most that the choice would gain with her beside everybody else.
    enters_at : float
        The largest price at which a choice with her was found that is as good, in money; 0 if
        there is none.
    """

    line: int
    adds: float
    enters_at: float


def members(picker: Picker, counts: Array, *, replaced: int) -> list[Member]:
    """Return the creators of a choice, the one who adds most first.

    Parameters
    ----------
    picker : Picker
    counts : ndarray, shape (n_lines,)
    replaced : int
        For how many of them the best choice without her is sought.
    """
    value, found = picker.value(counts), []
    for line in np.flatnonzero(counts).tolist():
        rest = counts.copy()
        rest[line] -= 1
        found.append((value - picker.value(rest), line))
    ranked = sorted(found, key=lambda one: (-one[0], one[1]))
    return [
        _member(picker, counts, line, adds, sought=place < replaced)
        for place, (adds, line) in enumerate(ranked)
    ]


def _member(picker: Picker, counts: Array, line: int, adds: float, *, sought: bool) -> Member:
    if not sought:
        return Member(line, adds, (), (), float("nan"), possible=True)
    rest = counts.copy()
    rest[line] -= 1
    without = copy(picker)
    without.most, without.least = picker.most.copy(), picker.least.copy()
    without.most[line] = rest[line]
    without.least[line] = min(picker.least[line], rest[line])
    without.problem = replace(
        picker.problem,
        limits=tuple(x for x in picker.problem.limits if x.lines != (line,)),
    )
    if counts.size > HUGE:
        after = without.fill(rest, per_money=True)
    else:
        brief = counts.size > MANY
        starts = [rest] if brief else [rest, without.greedy()]
        after = max((without.improved(s, brief=brief) for s in starts), key=without.rank)
    change = after - rest
    return Member(
        line,
        adds,
        tuple(np.flatnonzero(change < 0).tolist()),
        tuple(np.flatnonzero(change > 0).tolist()),
        picker.value(counts) - picker.value(after),
        possible=without.short(after) == 0,
    )


def outsiders(picker: Picker, counts: Array, costs: Array, *, shown: int) -> list[Outsider]:
    """Return who would be next: the smallest discount first.

    Parameters
    ----------
    picker : Picker
    counts : ndarray, shape (n_lines,)
    costs : ndarray, shape (n_worlds or 1, n_lines)
        What the objective loses for one more unit of money on each line's price.
    shown : int
        How many are looked at: those who would add most for their money.
    """
    gains = picker.gains(counts)
    out = (counts == 0) & (picker.most >= 1)
    order = np.flatnonzero(out)[np.argsort(-(gains / picker.prices)[out], kind="stable")][:shown]
    found = [
        Outsider(j, float(gains[j]), enters_at(picker, counts, costs, j)) for j in order.tolist()
    ]
    return sorted(found, key=lambda one: one.enters_at / picker.prices[one.line], reverse=True)


def enters_at(picker: Picker, counts: Array, costs: Array, line: int) -> float:
    """Return the largest price at which a choice with a creator is as good as one without.

    Every price is tried by choosing anew with her in; the price returned is one that was tried.
    """
    low, high = 0.0, float(picker.prices[line])
    for _ in range(HALVINGS):
        price = (low + high) / 2
        if _enters(picker, counts, costs, line, price):
            low = price
        else:
            high = price
    return low


def _enters(picker: Picker, counts: Array, costs: Array, line: int, price: float) -> bool:
    """Return whether a choice with a creator at another price is found that is as good."""
    other, value = repriced(picker, costs, line, price), picker.value(counts)
    other.least[line] = 1.0
    start = _made_room(other, counts, line)
    for effort in range(1 + (counts.size <= HUGE) + (counts.size <= MANY)):
        if effort == 0:
            start = other.fill(start, per_money=True)
        else:
            start = other.improved(start, brief=effort == 1)
        allowed = other.short(start) == 0 and not other.problem.violations(start * other.prices)
        if allowed and other.value(start) >= value:
            return True
    return False


def repriced(picker: Picker, costs: Array, line: int, price: float) -> Picker:
    """Return the same search with another price of one creator."""
    other, change = copy(picker), price - picker.prices[line]
    other.prices = picker.prices.copy()
    other.prices[line] = price
    limits = tuple(
        replace(limit, lower=limit.lower * price / picker.prices[line])
        if limit.lines == (line,) and limit.lower > 0
        else limit
        for limit in picker.problem.limits
    )
    caps = list(picker.problem.caps)
    caps[line] *= price / picker.prices[line]
    other.problem = replace(
        picker.problem, prices=tuple(other.prices.tolist()), caps=tuple(caps), limits=limits
    )
    slopes = picker.metric.slopes.copy()
    slopes[:, line] -= costs[:, line] * change
    other.metric = replace(picker.metric, slopes=slopes)
    other.most, other.least = picker.most.copy(), picker.least.copy()
    return other


def _made_room(picker: Picker, counts: Array, line: int) -> Array:
    """Return a choice with one creator more, and as many less as the limits then ask."""
    counts = np.where(np.arange(counts.size) == line, 1.0, counts)
    for _ in range(int(counts.sum())):
        if not picker.over(counts):
            break
        losses = picker.losses(counts)
        if not losses:
            break
        counts[min((loss / picker.prices[i], i) for loss, i in losses)[1]] -= 1
    return counts
