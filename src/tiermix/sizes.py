"""How much memory and time a scenario would take, and what is refused for it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from sim.purchase import hired
from tiermix.errors import TooLargeError
from tiermix.quantity import PLAN_WORLD
from tiermix.scenario import Scenario

Array = NDArray[np.float64]

#: Creators that one line may hire over all worlds (some minutes of work).
MOST_CREATORS = 1e10

#: Bytes that a run holds for every line, with every segment beside it, in every world.
LINE_WORLD, SEGMENT_WORLD = 2_000, 50

#: Seconds to set two plans against each other, and to try every line in a rule of thumb.
PAIR, LINE_PAIR = 1e-3, 1e-3

#: Seconds beyond which nobody waits.
LONGEST = 3_600.0

#: Bytes, where the machine does not tell how many it has.
USUAL_MEMORY = 8_000_000_000


@dataclass(frozen=True, slots=True)
class Size:
    """What a run takes, to an order of magnitude.

    Parameters
    ----------
    plans, lines, segments : int
    worlds : int
        That are held in memory at once.
    """

    plans: int
    lines: int
    segments: int
    worlds: int

    @property
    def memory(self) -> float:
        """Bytes."""
        of_lines = self.lines * (LINE_WORLD + SEGMENT_WORLD * self.segments)
        return float(self.worlds) * (PLAN_WORLD * self.plans + of_lines)

    @property
    def seconds(self) -> float:
        """Seconds for what grows with the square of the plans and of the lines."""
        return PAIR * self.plans**2 / 2 + LINE_PAIR * self.lines**2


def memory() -> float:
    """Return the bytes that this machine has."""
    try:
        return float(os.sysconf("SC_PHYS_PAGES")) * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return float(USUAL_MEMORY)


def refuse(source: str, size: Size, most_memory: float | None = None) -> None:
    """Refuse what this machine has no room for, or what would take more than an hour.

    Parameters
    ----------
    source : str
        Name of the file, for the message.
    size : Size
    most_memory : float, optional
        Bytes; what the machine has if left out.

    Raises
    ------
    TooLargeError
        With the memory or the time it would take, and what to do.
    """
    there = memory() if most_memory is None else most_memory
    if size.memory > there:
        raise TooLargeError(
            f"{source}: {size.worlds:,} worlds of {size.plans:,} plans over {size.lines:,} lines "
            f"would take about {size.memory / 1e9:,.0f} GB of memory, and there are "
            f"{there / 1e9:,.0f}: draw fewer worlds (--worlds), or compare fewer strategies"
        )
    if size.seconds > LONGEST:
        raise TooLargeError(
            f"{source}: {size.plans:,} plans over {size.lines:,} lines would take about "
            f"{size.seconds / 3600:,.0f} hours to hold against each other: compare fewer "
            "strategies, or put creators into fewer tiers"
        )


def check_size(
    scenario: Scenario, most_creators: float = MOST_CREATORS, held: int | None = None
) -> None:
    """Refuse what would take hours, or more memory than there is.

    Parameters
    ----------
    scenario : Scenario
    most_creators : float
        That a line may hire over all worlds.
    held : int, optional
        Worlds that are in memory at once; all of them if left out.

    Raises
    ------
    TooLargeError
        If a line may hire more than that, or the worlds do not fit into memory.
    """
    campaign, plans = scenario.campaign, len(scenario.strategies) + len(scenario.rules) + 1
    held = scenario.worlds if held is None else held
    refuse(scenario.path, Size(plans, len(campaign.lines), len(campaign.segments), held))
    most = _most_hired(scenario)
    if most.max() * scenario.worlds > most_creators:
        line = scenario.lines[int(most.argmax())]
        raise TooLargeError(
            f"tiers.{line}: the budget hires {most.max():.3g} creators in each of "
            f"{scenario.worlds:,} worlds, more than {most_creators:.0e} in all: draw fewer worlds, "
            "or say how many creators are available"
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
