"""A scenario: everything a run needs, read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from optimize.floors import Demand
from optimize.problem import Limit
from optimize.risk import Risk
from sim.campaign import Campaign
from sim.metrics import METRICS

#: Metrics that are told by the end of every phase.
BY_PHASE = ("spend", "reach", "conversions")


@dataclass(frozen=True, slots=True)
class Input:
    """A value that the campaign rests on, and where it comes from.

    Parameters
    ----------
    path : str
        Its place in the scenario file, such as ``tiers.micro.fee.typical``.
    value : str
        As it was written.
    origin : str
        ``file``, ``preset card: micro`` or ``default``.
    """

    path: str
    value: str
    origin: str


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario file, read and checked.

    Parameters
    ----------
    name : str
    currency : str
        Three-letter code.
    budget : float
        Money.
    objective : tuple of (str, float)
        Metrics and their weights.
    risk : Risk
        What the objective of many worlds comes to.
    campaign : Campaign
        What the simulator needs.
    limits : tuple of Limit
    demands : tuple of Demand
        What a plan must reach, or may cost at most, beside its objective.
    strategies : tuple of (str, tuple of float)
        Name and money per line, in file order.
    whole_creators : bool
        Whether plans hold whole creators only.
    worlds, seed : int
        Worlds to draw and where the random numbers start.
    path : str
        Where it was read from, as given; ``-`` is standard input.
    text : str
        The file as read.
    sha256 : str
        Of the text in UTF-8, without a byte order mark.
    inputs : tuple of Input
        Every value that the campaign rests on.
    rules : tuple of (str, str)
        Strategies that are rules of thumb: name and rule, in file order.
    tables : mapping of str to bytes
        The tables that the file names, by where a copy of the file keeps them.
    """

    name: str
    currency: str
    budget: float
    objective: tuple[tuple[str, float], ...]
    risk: Risk
    campaign: Campaign
    limits: tuple[Limit, ...]
    demands: tuple[Demand, ...]
    strategies: tuple[tuple[str, tuple[float, ...]], ...]
    whole_creators: bool
    worlds: int
    seed: int
    path: str
    text: str
    sha256: str
    inputs: tuple[Input, ...]
    rules: tuple[tuple[str, str], ...] = ()
    tables: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def metrics(self) -> tuple[str, ...]:
        """Every metric that is told: all of them, some by the end of a phase, those asked for."""
        early = [phase.name for phase in self.campaign.phases[:-1]]
        by_phase = [f"{metric}@{phase}" for phase in early for metric in BY_PHASE]
        asked = [*(m for m, _ in self.objective), *(demand.metric for demand in self.demands)]
        return tuple(dict.fromkeys([*METRICS, *by_phase, *asked]))

    @property
    def lines(self) -> tuple[str, ...]:
        """Names of the lines, by position."""
        return self.campaign.lines
