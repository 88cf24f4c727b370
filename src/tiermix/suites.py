"""Several scenarios, each answered by itself: one after the other, or side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sim.mapping import Mapper, threads
from tiermix.analysing import Compared
from tiermix.analysis import Analysis, Progress
from tiermix.commands import answer
from tiermix.errors import UsageError
from tiermix.scenario import Scenario
from tiermix.steps import Step
from tiermix.sure import AS_STATED, Sure


@dataclass(frozen=True, slots=True)
class Wanted:
    """What every scenario is asked.

    Parameters
    ----------
    optimise : bool
    compare : str
    certify : bool
    asked : Sure
        As for `tiermix.commands.answer`.
    """

    optimise: bool
    compare: Compared
    certify: bool = False
    asked: Sure = AS_STATED

    def answer(self, scenario: Scenario, progress: Progress, mapper: Mapper) -> Analysis:
        """Answer a scenario."""
        return answer(
            scenario,
            progress,
            optimise=self.optimise,
            compare=self.compare,
            certify=self.certify,
            asked=self.asked,
            mapper=mapper,
        )


def answers(
    scenarios: Sequence[Scenario], wanted: Wanted, progress: Progress, mapper: Mapper
) -> list[Analysis]:
    """Answer scenarios: a single one with all workers, several side by side with one each.

    Threads take one scenario after the other, and all of them the same one: optimising holds up
    whoever shares a process.

    Parameters
    ----------
    scenarios : sequence of Scenario
    wanted : Wanted
    progress : callable
    mapper : Mapper

    Raises
    ------
    InfeasibleError
        If no plan satisfies all limits of a scenario.
    """
    if len(scenarios) == 1 or mapper is threads:
        return [wanted.answer(scenario, progress, mapper) for scenario in scenarios]
    found: list[Analysis] = []
    told = partial(Step, "answering scenarios", total=len(scenarios), unit="scenarios")
    progress(told(done=0))
    for analysis in mapper(partial(_answered, wanted), scenarios):
        found.append(analysis)
        progress(told(done=len(found)))
    return found


def _answered(wanted: Wanted, scenario: Scenario) -> Analysis:
    """Answer a scenario at a worker."""
    return wanted.answer(scenario, lambda step: None, threads)


def listed(files: Sequence[str]) -> list[str]:
    """Return scenario files, with those in a folder in its place; of `scenarios` if none is named.

    Raises
    ------
    UsageError
        If a folder has none.
    """
    if not files:
        return _inside("scenarios")
    return [path for file in files for path in (_inside(file) if Path(file).is_dir() else [file])]


def _inside(folder: str) -> list[str]:
    found = sorted(
        str(path)
        for path in Path(folder).glob("*.yaml")
        if not path.name.startswith("roster_")  # named creators have no rules of thumb for tiers
    )
    if not found:
        raise UsageError(
            f"there is no folder {folder!r} with scenarios (*.yaml) here: name the scenario files"
        )
    return found
