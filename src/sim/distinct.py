"""How many distinct people a mass of contacts or intents becomes, creator by creator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.crowds import Crowd, InClasses, InSegments, Repeated
from sim.lines import Line
from sim.worlds import Worlds

Array = NDArray[np.float64]

#: Plans that are counted at a time: keeps the arrays in cache.
PLANS = 16


@dataclass(frozen=True, slots=True)
class Won:
    """Distinct people whom some plans win, every array of shape (n_plans, n_worlds).

    Parameters
    ----------
    expected : ndarray
        Sum over segments of (people) x g(mass / people), g the share with so many contacts.
    usual : ndarray or None
        The same with everyone at her mean.
    controlled : ndarray or None
        `expected` less (mass - mean mass) x g'(mean mass / people), whose mean is 0.
    chance : ndarray or None
        The p of the one binomial law that has the mean and the variance of the sum of the
        segments' counts (exact for one segment where people are alike; Ehm 1991 bounds the
        rest). The heavy users of a finite audience share its contacts: if one sees more of them,
        the others see fewer. To second order that takes (u g'(u))² / κ per head off the
        variance g (1 - g), u contacts a head.
    """

    expected: Array
    usual: Array | None = None
    controlled: Array | None = None
    chance: Array | None = None


def people_won(
    worlds: Worlds, lines: Sequence[Line], key: str, times: int, n_plans: int, *, luck: bool
) -> Won:
    """Return how many distinct people a mass of contacts or intents becomes.

    Parameters
    ----------
    worlds : Worlds
    lines : sequence of Line
    key : str
        The mass.
    times : int
        Contacts that it takes to count a person.
    n_plans : int
    luck : bool
        Whether the rest is asked for, too.
    """
    size, campaign = (n_plans, worlds.size), worlds.campaign
    found = [np.zeros(size) for _ in range(4 if luck else 1)]
    if any(line.brings(key) for line in lines):
        crowd: Crowd
        if times > 1 and (campaign.classes or any(line.tier.pool for line in lines)):
            crowd = Repeated(worlds, lines, times, luck)
        elif campaign.classes is not None and key != "intent":
            crowd = InClasses(worlds, lines, campaign.classes, key, luck)
        else:
            crowd = InSegments(worlds, lines, key, times, luck)
        for start in range(0, n_plans, PLANS):
            plans = slice(start, start + PLANS)
            for total, part in zip(found, crowd.won(plans), strict=True):
                total[plans] = part
    if not luck:
        return Won(found[0])
    expected, usual, controlled, squares = found
    chance = np.divide(squares, expected, out=np.zeros(size), where=expected > 0)
    return Won(expected, usual, controlled, chance)
