"""Worlds in which one input is known, or comes from other worlds; all else stays as drawn."""

from __future__ import annotations

from dataclasses import replace
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from sim.campaign import Campaign
from sim.worlds import (
    DRAW,
    REPLICATES,
    TIER_INPUTS,
    Worlds,
    followed,
    stated_values,
    typical_value,
    uncertain_laws,
)

Array = NDArray[np.float64]


def inputs(worlds: Worlds) -> tuple[str, ...]:
    """Return the names of what differs from world to world.

    The joint draws of curves that are tables of draws are one input, `sim.worlds.DRAW`.
    """
    names = tuple(uncertain_laws(worlds.campaign))
    return (*names, DRAW) if DRAW in worlds.values else names


def input_value(worlds: Worlds, name: str, z: float) -> float:
    """Return the value of an input at a standard normal deviate of its law.

    Parameters
    ----------
    worlds : Worlds
    name : str
        Not `sim.worlds.DRAW`: draws of a table have no order.
    z : float
    """
    return float(typical_value(uncertain_laws(worlds.campaign)[name], np.array(z)))


def remembering(worlds: Worlds) -> Worlds:
    """Return the worlds with a memory, which those that are pinned or crossed share."""
    return replace(worlds, memory={})


def pinned(worlds: Worlds, name: str, value: float) -> Worlds:
    """Return the worlds as they would be if an input were known to have a value.

    The campaign knows it too, so that the expected price of a creator is what it would be.

    Parameters
    ----------
    worlds : Worlds
    name : str
        An input, as in `Worlds.values`.
    value : float
        In the units of the input.
    """
    campaign = _known(worlds.campaign, name, value)
    values = stated_values(worlds) | {name: np.full(worlds.size, value)}
    return replace(worlds, campaign=campaign, values=followed(values, campaign))


def _known(campaign: Campaign, name: str, value: float) -> Campaign:
    """Return the campaign with a tier's input known; nothing else is planned on expectations."""
    for i, tier in enumerate(campaign.tiers):
        for key in TIER_INPUTS:
            if name == f"{tier.name}.{key}":
                law = replace(getattr(tier, key), median=value, typical_sd=0.0)
                tiers = (
                    *campaign.tiers[:i],
                    replace(tier, **{key: law}),
                    *campaign.tiers[i + 1 :],
                )
                return replace(campaign, tiers=tiers)
    return campaign


def crossed(worlds: Worlds, others: Worlds, name: str) -> Worlds:
    """Return the worlds with one input from other worlds, position by position.

    Parameters
    ----------
    worlds, others : Worlds
        Equally many.
    name : str
    """
    values = stated_values(worlds) | {name: stated_values(others)[name]}
    return replace(worlds, values=followed(values, worlds.campaign))


def shuffled(worlds: Worlds) -> Worlds:
    """Return the worlds in another order, each within its replicate.

    Points of two scrambles of one sequence share their structure position by position; in a
    random order they are as good as independent, and every replicate stays as even as it was.
    """
    sequence = np.random.SeedSequence(worlds.seed, spawn_key=(worlds.sample, crc32(b"shuffle")))
    rng = np.random.Generator(np.random.SFC64(sequence))
    replicate, order = worlds.replicate(), np.arange(worlds.size)
    for r in range(REPLICATES):
        mine = np.flatnonzero(replicate == r)
        order[mine] = rng.permutation(mine)
    return replace(worlds, values={name: x[order] for name, x in worlds.values.items()})
