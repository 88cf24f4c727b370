"""The value of an input at which the best choice changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from optimize.optimum import BRANCH_GAP
from sim.pinning import input_value
from sim.uncertain import Z95
from tiermix.uncertain_inputs import UncertainInput
from tiermix.what_if import Questions, WhatIf

#: Standard normal deviates that are looked at: 0.5 %, 5 %, 95 % and 99.5 %.
FARTHEST = 2.5758293035489004
LOOKED_AT = (-FARTHEST, -Z95, Z95, FARTHEST)

#: How close a tipping point is pinned down, in spreads of the input.
PINNED = 0.01

#: What a plan may miss of the best, relative to it, and still tie with it: twice the gap that is
#: promised where curves are not concave.
TIE = 2 * BRANCH_GAP

#: Which choice changes: the line that leads the best plan, or the best of the file's strategies.
Choice = Literal["lead", "strategy"]


@dataclass(frozen=True, slots=True)
class Tip:
    """Two neighbouring values of an input with different best choices, each evaluated.

    Parameters
    ----------
    given : UncertainInput
    choice : {"lead", "strategy"}
    below, above : WhatIf
    """

    given: UncertainInput
    choice: Choice
    below: WhatIf
    above: WhatIf

    @property
    def value(self) -> float:
        """Where it is: between the two."""
        return (self.below.value + self.above.value) / 2

    @property
    def sides(self) -> tuple[str, str]:
        """What is best below and above."""
        return best(self.below, self.choice), best(self.above, self.choice)


def best(found: WhatIf, choice: Choice) -> str:
    """Return the best choice at a value of an input."""
    return found.lead if choice == "lead" else found.winner


def tips(asked: Questions, given: UncertainInput, choice: Choice) -> Iterator[Tip]:
    """Yield the tipping points of an input between its 0.5 % and its 99.5 % quantile.

    A choice that changes twice between two neighbouring values of `LOOKED_AT` is not seen;
    the middle is looked at too where the base case's choice is that of neither side.

    Parameters
    ----------
    asked : Questions
    given : UncertainInput
        A number, not a draw.
    choice : {"lead", "strategy"}
    """

    def at(z: float) -> WhatIf:
        return asked.answer(given.name, input_value(asked.task.worlds, given.name, z))

    here = best(asked.here, choice)
    middle = () if here in (best(at(-Z95), choice), best(at(Z95), choice)) else (0.0,)
    for low, high in pairwise(sorted((*LOOKED_AT, *middle))):
        if best(at(low), choice) == best(at(high), choice):
            continue
        if choice == "strategy" or not _tied(asked, given, at(low), at(high)):
            left, right = _closed_in(lambda z: best(at(z), choice), low, high)
            yield Tip(given, choice, at(left), at(right))


def _tied(asked: Questions, given: UncertainInput, low: WhatIf, high: WhatIf) -> bool:
    """Return whether the best plan of either end is as good at the other: it leads by chance."""
    for here, there in ((low, high), (high, low)):
        if here.solution is None or there.solution is None:
            return False
        most = here.solution.value
        if asked.judged(given.name, here.value, there.solution.plan) < most - TIE * abs(most):
            return False
    return True


def _closed_in(choice: Callable[[float], str], low: float, high: float) -> tuple[float, float]:
    """Return deviates as close as `PINNED` with different choices, the lower one's as at `low`."""
    start = choice(low)
    while high - low > PINNED:
        middle = (low + high) / 2
        low, high = (middle, high) if choice(middle) == start else (low, middle)
    return low, high
