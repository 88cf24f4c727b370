"""How strategies stand against a baseline, in sentences."""

from __future__ import annotations

from sim.metrics import METRICS
from sim.statistics import T90
from tiermix import story
from tiermix.analysis import Analysis
from tiermix.comparing import Interval, Pair
from tiermix.errors import UsageError
from tiermix.validation import suggestion
from tiermix.words import listing, money, number, share

#: What dominance says of the winner and of the loser.
_WON = {
    "first": "it is better at every level of luck (first-order dominance)",
    "second": "everyone who shuns risk prefers it (second-order dominance)",
}
_LOST = {
    "first": "it is worse at every level of luck (first-order dominance)",
    "second": "everyone who shuns risk prefers {} (second-order dominance)",
}


def baseline(analysis: Analysis, asked: str | None) -> str | None:
    """Return the strategy that the others are held against: the one asked for, or the first.

    Returns
    -------
    str or None
        None where there is nothing to hold against anything.

    Raises
    ------
    UsageError
        If there is no strategy of that name.
    """
    names = list(analysis.strategies)
    if asked is None:
        return names[0] if len(names) > 1 else None
    if asked not in names:
        raise UsageError(
            f"--baseline: no strategy {asked} in {analysis.scenario.path}, "
            f"{suggestion(asked, names)}"
        )
    return asked


def against(analysis: Analysis, name: str) -> list[str]:
    """Return a sentence on every strategy but one: how it stands against that one."""
    said = [
        _sentence(analysis, pair, pair.better if pair.worse == name else pair.worse)
        for pair in analysis.pairs
        if name in (pair.better, pair.worse)
    ]
    if any("level of luck" in sentence for sentence in said):
        said.append(
            "Level of luck: whatever share of the sampled worlds, counts and all, is taken as bad "
            "luck, the better one brings at least as much at its edge."
        )
    return [*said, _regrets(analysis)]


def _regrets(analysis: Analysis) -> str:
    """Return what every strategy loses on average to the best one of each world."""
    lost = [
        f"{name} {_plain(analysis, s.regret.mean)} (± {_plain(analysis, T90 * s.regret.se)})"
        for name, s in analysis.strategies.items()
    ]
    metric, *others = (name for name, _ in analysis.scenario.objective)
    what = "the blended score" if others else METRICS[metric].label.lower()
    return f"Expected regret, {what} that each loses to every world's best: {listing(lost)}."


def _plain(analysis: Analysis, x: float) -> str:
    """Return a value of the objective before any risk measure, without words."""
    metric, *others = (name for name, _ in analysis.scenario.objective)
    if others:
        return share(x)
    return money(x, analysis.scenario.currency) if METRICS[metric].unit == "money" else number(x)


def _sentence(analysis: Analysis, pair: Pair, name: str) -> str:
    """Return how one strategy of a pair stands against the other."""
    first = name == pair.better
    other = pair.worse if first else pair.better
    if pair.ties == 1:
        return f"{name} brings the same as {other} in every world."
    beats = pair.beats if first else _complement(pair.beats)
    sure = "" if beats.mean in (0, 1) else f" ({share(beats.low)} to {share(beats.high)})"
    more = pair.difference if first else _negative(pair.difference)
    by = difference(analysis, more, analysis.strategies[other].objective.mean)
    return (
        f"{name} beats {other} in {share(beats.mean)} of worlds{sure}: {by}; {_luck(pair, name)}."
    )


def _complement(beats: Interval) -> Interval:
    return Interval(1 - beats.mean, beats.se, 1 - beats.high, 1 - beats.low)


def _negative(found: Interval) -> Interval:
    return Interval(-found.mean, found.se, -found.high, -found.low)


def _luck(pair: Pair, name: str) -> str:
    """Return what stochastic dominance says of a strategy."""
    if pair.order is None:
        return "which of them is better depends on luck (no dominance)"
    if pair.dominant == name:
        return _WON[pair.order]
    return _LOST[pair.order].format(pair.dominant)


def difference(analysis: Analysis, found: Interval, base: float) -> str:
    """Return a difference of the objective in words: as a share, unless there is a loss.

    Parameters
    ----------
    analysis : Analysis
    found : Interval
        By how much one plan is better than another.
    base : float
        What the other one brings.
    """
    error, label = T90 * found.se, aim(analysis)
    if abs(found.mean) <= max(error, story.TRIFLE * abs(base)):
        return f"no difference in {label} that these worlds can tell"
    part = base > 0 and base + found.mean >= 0
    by, give = (
        share(x / base) if part else story.value(analysis, x) for x in (abs(found.mean), error)
    )
    more = (found.mean > 0) != story.saves(analysis)
    return f"{by} (± {give}) {way(label, more)} {label} on average"


def way(label: str, more: bool) -> str:
    """Return more, less or fewer, whatever suits what is compared."""
    if more:
        return "more"
    return "fewer" if label.split()[0].endswith("s") else "less"


def aim(analysis: Analysis) -> str:
    """Return what strategies are compared by, in a word or two."""
    if story.saves(analysis):
        return "spend"
    blended = len(analysis.scenario.objective) > 1
    return "of the blended score" if blended else story.objective_label(analysis)
