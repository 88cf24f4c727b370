"""Questions beside the main job, in the words of the command line: aims, budgets, inputs."""

from __future__ import annotations

from dataclasses import replace

from optimize.errors import InfeasibleError
from sim.mapping import Mapper, one_by_one
from tiermix.analysis import Progress
from tiermix.crossing import ENOUGH_WORLDS, crossover
from tiermix.errors import UsageError
from tiermix.mixes import Crossover
from tiermix.quantity import parse_number, shown
from tiermix.scenario import Scenario
from tiermix.sensitivity import Sensitivity, sensitivity
from tiermix.sizes import check_size
from tiermix.trade_off import TradeOff, metric_trade_off, risk_trade_off


def trade(
    scenario: Scenario,
    metrics: str | None,
    worst: str | None,
    n_points: int,
    progress: Progress,
    *,
    risk: bool,
    mapper: Mapper = one_by_one,
) -> TradeOff:
    """Find the plans between two aims.

    Parameters
    ----------
    scenario : Scenario
    metrics : str or None
        Two names with a comma between them.
    worst : str or None
        Share of worlds that counts as the worst, with `risk` alone.
    n_points : int
    progress : callable
    risk : bool
        Whether the aims are the mean and the worst worlds of the objective.
    mapper : Mapper, optional
        What finds the plans.

    Raises
    ------
    UsageError
        If the options do not fit together.
    """
    check_size(scenario)
    if worst is not None and not risk:
        raise UsageError("--worst goes with --risk")
    if risk:
        if metrics is not None:
            raise UsageError("--metrics and --risk are two different trade-offs; choose one")
        return risk_trade_off(scenario, _worst(worst), n_points, progress, mapper)
    names = _names(metrics)
    if names is not None and len(names) != 2:
        raise UsageError("--metrics: expected two names, such as reach,conversions")
    pair = (names[0], names[1]) if names else None
    return metric_trade_off(scenario, pair, n_points, progress, mapper)


def cross(
    scenario: Scenario,
    budgets: str | None,
    objectives: str | None,
    progress: Progress,
    *,
    all_worlds: bool,
    mapper: Mapper = one_by_one,
) -> Crossover:
    """Find the best mix by budget and objective.

    Parameters
    ----------
    scenario : Scenario
    budgets : str or None
        The least and the most, with a colon between them.
    objectives : str or None
        Names with commas between them.
    progress : callable
    all_worlds : bool
        Whether to use all worlds, or no more than are enough.
    mapper : Mapper, optional
        What finds the best mixes.

    Raises
    ------
    UsageError
        If an option can not be understood.
    """
    if not all_worlds:
        scenario = replace(scenario, worlds=min(scenario.worlds, ENOUGH_WORLDS))
    check_size(scenario)
    return crossover(scenario, _ends(budgets), _names(objectives), progress, mapper)


def ask(scenario: Scenario, progress: Progress) -> Sensitivity:
    """Ask what would change the answer, and what it would be worth to know.

    Parameters
    ----------
    scenario : Scenario
    progress : callable

    Raises
    ------
    InfeasibleError
        If no plan satisfies all limits.
    """
    check_size(scenario)
    try:
        return sensitivity(scenario, progress)
    except InfeasibleError as error:
        raise InfeasibleError(f"{scenario.path}: {error}") from error


def _names(text: str | None) -> list[str] | None:
    return None if text is None else [name.strip() for name in text.split(",") if name.strip()]


def _worst(text: str | None) -> float | None:
    """Return a share of worlds, such as 10% or 0.1."""
    if text is None:
        return None
    value = _number("--worst", text)
    if not 0 < value < 1:
        raise UsageError(f"--worst: {shown(text)}; expected a share between 0 and 1, such as 10%")
    return value


def _ends(text: str | None) -> tuple[float, float] | None:
    """Return the least and the most of budgets such as 5k:500k."""
    if text is None:
        return None
    low, colon, high = text.partition(":")
    if not colon or "%" in text:
        raise UsageError(f"--budgets: {shown(text)}; expected LOW:HIGH, such as 5k:500k")
    return _number("--budgets", low), _number("--budgets", high)


def _number(option: str, text: str) -> float:
    try:
        return parse_number(text.strip()).low
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from None
