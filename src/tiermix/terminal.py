"""What people see in a terminal: the story of an analysis at 80 columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from math import isfinite
from typing import Any

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from optimize.risk import MEAN
from sim.metrics import METRICS
from sim.statistics import Summary
from tiermix import certifying, margins, media_plan, standing, story, sure, versus
from tiermix.analysis import OPTIMUM, Analysis, Strategy
from tiermix.bars import ranges
from tiermix.versus import Versus
from tiermix.words import NOTHING, SIGNS, brief_money, money, number, share

#: Width where the output is no terminal.
WIDTH = 80

#: Metrics set side by side, beside the objective's own, as far as there is room for them.
COMPARED = ("reach", "conversions")


def console() -> Console:
    """Return the console of results: standard output, names printed as they are."""
    plain = Console(highlight=False, emoji=False, markup=False)
    if plain.is_terminal:
        return plain
    return Console(highlight=False, emoji=False, markup=False, width=WIDTH)


def show_run(out: Console, analysis: Analysis) -> None:
    """Print the whole story: recommendation, media plan, strategies, certificate, limits."""
    _title(out, analysis)
    section(out, "Recommendation")
    say(out, [story.recommendation(analysis)])
    section(out, "Media plan")
    out.print(_media_plan(analysis))
    if len(analysis.strategies) > 1:
        show_strategies(out, analysis)
    section(out, "Certificate")
    say(out, [story.certificate(analysis), *certifying.said(analysis)])
    section(out, "What limits the plan")
    say(out, margins.limits(analysis))
    _warn(out, analysis)


def show_simulation(out: Console, analysis: Analysis) -> None:
    """Print strategies without an optimum."""
    _title(out, analysis)
    show_strategies(out, analysis)
    _warn(out, analysis)


def show_strategies(out: Console, analysis: Analysis) -> None:
    """Print strategies side by side."""
    section(out, "Strategies")
    out.print(_strategies(analysis))
    out.print()
    say(
        out,
        [
            "Best: in how many worlds the strategy wins (ties count for each). Then the mean, "
            "and in brackets what 9 of 10 worlds lie between."
        ],
    )
    if len(analysis.scenario.objective) > 1:
        blended = "Score: every metric as a share of the most that any allowed plan brings of it, "
        say(out, [f"{blended}by their weights."])
    _draw_ranges(out, analysis)


def _draw_ranges(out: Console, analysis: Analysis) -> None:
    """Draw what 9 of 10 worlds lie between, for the first metric of the objective."""
    metric = analysis.scenario.objective[0][0]
    found = {}
    for name, strategy in _ranked(analysis):
        told = strategy.metrics[metric].statistics
        found[name] = (told["p5"], told["mean"], told["p95"])
    drawn = ranges(found)
    if len(drawn) > 1:
        low, high = (pick(pick(ends) for ends in found.values()) for pick in (min, max))
        scale = f"from {_end(analysis, metric, min(low, 0))} to {_end(analysis, metric, high)}"
        out.print()
        out.print(Text(f"  {METRICS[metric].label}, {scale}", style="dim"))
        for line in drawn:
            out.print(Padding(Text(line, no_wrap=True), (0, 0, 0, 2), expand=False))


def _end(analysis: Analysis, metric: str, x: float) -> str:
    """Return an end of a scale as people read it."""
    return brief_money(x, _unit(analysis)) if METRICS[metric].unit == "money" else number(x)


def _title(out: Console, analysis: Analysis) -> None:
    scenario = analysis.scenario
    budget = money(scenario.budget, scenario.currency)
    title = Text(scenario.name, style="bold")
    title.append(f"  {budget} for {story.objective_label(analysis)}", style="not bold")
    title.append(f"  ({analysis.worlds:,} worlds, seed {scenario.seed})", style="dim")
    out.print(title)


def section(out: Console, title: str) -> None:
    """Print the title of a section."""
    out.print()
    out.print(Text(title, style="bold cyan"))


def say(out: Console, sentences: Iterable[str]) -> None:
    """Print sentences, each from a line of its own on."""
    for sentence in sentences:
        out.print(Padding(sentence, (0, 0, 0, 2), expand=False))


def _warn(out: Console, analysis: Analysis) -> None:
    """Print what the answer is sure of, and what a reader should know, if there is anything."""
    for title, sentences in sure.lines(analysis).items():
        section(out, title)
        say(out, sentences)
    warnings = story.warnings(analysis)
    if warnings:
        section(out, "Good to know")
        say(out, warnings)


def blank_table(name: str, numbers: Iterable[str], words: Iterable[str] = ()) -> Table:
    """Return an empty table: a name, numbers that stay on one line, words that may wrap."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True)
    table.add_column(name, overflow="fold")
    for column in numbers:
        table.add_column(column, justify="right", overflow="fold", no_wrap=True)
    for column in words:
        table.add_column(column, overflow="fold")
    return table


def _unit(analysis: Analysis) -> str:
    """Return the currency where a sign stands for it; tables leave codes to their title."""
    return analysis.scenario.currency if analysis.scenario.currency in SIGNS else ""


def _media_plan(analysis: Analysis) -> Table:
    brought = [METRICS[metric].label for metric in _of_curves(analysis)]
    told = ["Creators", "Reach", "Conv.", *brought, "CPM", "CPE", "CPA"]
    table = blank_table("Line", ("Spend", "Share", *(told if _has_tiers(analysis) else brought)))
    *lines, total = media_plan.rows(analysis)
    for row in lines:
        table.add_row(*_planned(analysis, row))
    table.add_section()
    table.add_row(*_planned(analysis, total))
    return table


def _has_tiers(analysis: Analysis) -> bool:
    return bool(analysis.scenario.campaign.tiers)


def _of_curves(analysis: Analysis) -> list[str]:
    """Return what response curves bring, beside what every table of creators says."""
    curves = analysis.scenario.campaign.curves
    told = {"reach", "conversions"} if _has_tiers(analysis) else set()
    return [m for m in METRICS if m in {curve.metric for curve in curves} - told]


def _planned(analysis: Analysis, row: Mapping[str, Any]) -> list[str]:
    """Return one row of the media plan as people read it."""
    values = {key.removesuffix(f"_{analysis.scenario.currency}"): x for key, x in row.items()}
    unit = _unit(analysis)
    costs = (values["cpm"], values["cpe"], values["cpa"])
    spent = [values["line"], money(values["spend"], unit), share(values["share_of_budget"])]
    brought = [number(values[metric]) for metric in _of_curves(analysis)]
    if not _has_tiers(analysis):
        return spent + brought
    return [
        *spent,
        NOTHING if values["creators"] is None else number(values["creators"]),
        number(values["reach"]),
        number(values["conversions"]),
        *brought,
        *(NOTHING if cost is None else brief_money(cost, unit) for cost in costs),
    ]


def _ranked(analysis: Analysis) -> list[tuple[str, Strategy]]:
    """Return the strategies, the best first; among equals the optimum."""
    return sorted(
        analysis.strategies.items(),
        key=lambda item: (-float(f"{item[1].averaged:.9g}"), item[0] != OPTIMUM),
    )


def _strategies(analysis: Analysis) -> Table:
    """Return the strategies side by side, the best first."""
    objective = [metric for metric, _ in analysis.scenario.objective]
    blended = ["Score"] if len(objective) > 1 or analysis.scenario.risk != MEAN else []
    compared = COMPARED if _has_tiers(analysis) else _of_curves(analysis)
    metrics = [*objective, *(m for m in compared if m not in objective)][: 3 - len(blended)]
    table = blank_table("Strategy", ("Best", *blended, *(METRICS[m].label for m in metrics)))
    for name, strategy in _ranked(analysis):
        table.add_row(
            Text(name, style="bold" if name == OPTIMUM else ""),
            share(strategy.p_best),
            *(story.value(analysis, strategy.objective.mean) for _ in blended),
            *(_cell(strategy.metrics[metric], metric, _unit(analysis)) for metric in metrics),
        )
    return table


def _cell(summary: Summary, metric: str, unit: str) -> str:
    """Return a mean and its 90 % range, such as "$10.8k (5,440–17.4k)"."""
    mean, low, high = (summary.statistics[key] for key in ("mean", "p5", "p95"))
    shown = brief_money(mean, unit) if METRICS[metric].unit == "money" else number(mean)
    return f"{shown} ({number(low)}{'–' if low >= 0 else '…'}{number(high)})"


def show_comparison(
    out: Console,
    analyses: Sequence[Analysis],
    baselines: Sequence[str | None] = (),
    between: Sequence[Versus] = (),
) -> None:
    """Print the strategies of every scenario, then the scenarios beside each other.

    Parameters
    ----------
    out : Console
    analyses : sequence of Analysis
    baselines : sequence of str or None
        What the strategies of every scenario are held against.
    between : sequence of Versus
        The other scenarios against the first.
    """
    for analysis, baseline in zip_longest(analyses, baselines):
        _title(out, analysis)
        show_strategies(out, analysis)
        if baseline is not None:
            section(out, f"Against {baseline}")
            say(out, standing.against(analysis, baseline))
        _warn(out, analysis)
        out.print()
    if len(analyses) > 1:
        section(out, "Best plans")
        out.print(_best_plans(analyses))
    if between:
        section(out, "On common worlds")
        say(out, [sentence for found in between for sentence in versus.lines(found)])


def _best_plans(analyses: Sequence[Analysis]) -> Table:
    """Return one row a scenario: its best plan and what it brings."""
    table = blank_table("Scenario", ("Budget",), ("Best plan", "Brings", "On fresh worlds"))
    for analysis in analyses:
        scenario, best = analysis.scenario, analysis.strategies[OPTIMUM]
        assert analysis.optimum is not None
        table.add_row(
            scenario.name,
            money(scenario.budget, scenario.currency),
            _split(analysis, best),
            story.amount(analysis, best.objective.mean),
            story.amount(analysis, analysis.optimum.out_of_sample.mean),
        )
    return table


def _split(analysis: Analysis, strategy: Strategy) -> str:
    """Return a plan in shares of the budget, such as "64 % micro, 36 % macro"."""
    spends = zip(analysis.scenario.lines, strategy.plan.tolist(), strict=True)
    budget = analysis.scenario.budget
    return ", ".join(f"{share(x / budget)} {line}" for line, x in spends if x > 0) or "nothing"


def show_benchmark(out: Console, analyses: list[Analysis]) -> None:
    """Print every rule of thumb's objective as a share of the certified bound."""
    for analysis in analyses:
        _title(out, analysis)
        out.print()
        out.print(_benchmark(analysis))
        out.print()
    say(out, ["Of bound: of the most that any allowed plan can bring, as certified."])


def benchmark_share(analysis: Analysis, strategy: Strategy) -> float:
    """Return a strategy's objective as a share of what no plan can pass; NaN if that is none."""
    assert analysis.optimum is not None
    bound = analysis.optimum.solution.upper_bound
    return strategy.averaged / bound if bound > 0 else float("nan")


def _benchmark(analysis: Analysis) -> Table:
    table = blank_table("Allocation", ("Of bound", "Brings"), ("Split of the budget",))
    for name, strategy in _ranked(analysis):
        part = benchmark_share(analysis, strategy)
        table.add_row(
            Text(name, style="bold" if name == OPTIMUM else ""),
            f"{100 * part:.1f} %" if isfinite(part) else NOTHING,
            story.value(analysis, strategy.averaged),
            _split(analysis, strategy),
        )
    return table
