"""What people see in a terminal: the story of an analysis at 80 columns."""

from __future__ import annotations

from collections.abc import Iterable

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from sim.metrics import METRICS
from sim.statistics import Summary
from tiermix import media_plan, story
from tiermix.analysis import OPTIMUM, Analysis, Strategy
from tiermix.words import NOTHING, money, number, share

#: Width where the output is no terminal.
WIDTH = 80

#: Metrics set side by side, beside the objective's own, as far as there is room for them.
COMPARED = ("reach", "conversions")


def console() -> Console:
    """Return the console of results: standard output."""
    plain = Console(highlight=False, emoji=False)
    return plain if plain.is_terminal else Console(highlight=False, emoji=False, width=WIDTH)


def show_run(out: Console, analysis: Analysis) -> None:
    """Print the whole story: recommendation, media plan, strategies, certificate, limits."""
    _title(out, analysis)
    _section(out, "Recommendation")
    _say(out, [story.recommendation(analysis)])
    _section(out, "Media plan")
    out.print(_media_plan(analysis))
    if len(analysis.strategies) > 1:
        show_strategies(out, analysis)
    _section(out, "Certificate")
    _say(out, [story.certificate(analysis)])
    _section(out, "What binds")
    _say(out, [*story.limits(analysis), *story.warnings(analysis)])


def show_simulation(out: Console, analysis: Analysis) -> None:
    """Print strategies without an optimum."""
    _title(out, analysis)
    show_strategies(out, analysis)
    _say(out, story.warnings(analysis))


def show_strategies(out: Console, analysis: Analysis) -> None:
    """Print strategies side by side."""
    _section(out, "Strategies")
    out.print(_strategies(analysis))
    _say(out, ["Mean, and the range that holds 9 of 10 worlds; best: share of worlds won."])


def _title(out: Console, analysis: Analysis) -> None:
    scenario = analysis.scenario
    budget = money(scenario.budget, scenario.currency)
    title = Text(scenario.name, style="bold")
    title.append(f"  {budget} for {story.objective_label(analysis)}", style="not bold")
    title.append(f"  ({scenario.worlds:,} worlds, seed {scenario.seed})", style="dim")
    out.print(title)


def _section(out: Console, title: str) -> None:
    out.print()
    out.print(Text(title, style="bold cyan"))


def _say(out: Console, sentences: Iterable[str]) -> None:
    for sentence in sentences:
        out.print(Padding(Text(sentence), (0, 0, 0, 2)))


def _table(columns: Iterable[str]) -> Table:
    """Return an empty table: names to the left, numbers to the right."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), collapse_padding=True)
    for i, column in enumerate(columns):
        table.add_column(column, justify="right" if i else "left", overflow="fold")
    return table


def _media_plan(analysis: Analysis) -> Table:
    currency = analysis.scenario.currency
    labels = ("Reach", "Conversions", "CPM", "CPE", "CPA")
    table = _table(("Line", "Spend", "Share", "Creators", *labels))
    for row in media_plan.rows(analysis):
        values = {key.removesuffix(f"_{currency}"): value for key, value in row.items()}
        if values["line"] == "total":
            table.add_section()
        table.add_row(
            Text(values["line"]),
            money(values["spend"], currency),
            share(values["share_of_budget"]),
            number(values["creators"]),
            *(number(values[key]) for key in ("reach", "conversions")),
            *(_maybe_money(values[key], currency) for key in ("cpm", "cpe", "cpa")),
        )
    return table


def _maybe_money(value: float | None, currency: str) -> str:
    return NOTHING if value is None else money(value, currency)


def _strategies(analysis: Analysis) -> Table:
    """Return the strategies side by side, the best first."""
    currency = analysis.scenario.currency
    objective = [metric for metric, _ in analysis.scenario.objective]
    metrics = [*objective, *(m for m in COMPARED if m not in objective)][:3]
    blended = ["Objective"] if len(objective) > 1 else []
    table = _table(("Strategy", "Best", *blended, *(METRICS[m].label for m in metrics)))
    ranked = sorted(analysis.strategies.items(), key=lambda item: -item[1].objective.mean)
    for name, strategy in ranked:
        table.add_row(
            Text(name, style="bold" if name == OPTIMUM else ""),
            share(strategy.p_best),
            *(share(strategy.objective.mean) for _ in blended),
            *(_cell(strategy.metrics[metric], metric, currency) for metric in metrics),
        )
    return table


def _cell(summary: Summary, metric: str, currency: str) -> str:
    """Return a mean and its 90 % range."""

    def shown(value: float) -> str:
        unit = METRICS[metric].unit
        return money(value, currency) if unit == "money" else number(value)

    low, high = summary.statistics["p5"], summary.statistics["p95"]
    return f"{shown(summary.mean)} ({shown(low)}–{shown(high)})"


def show_comparison(out: Console, analyses: list[Analysis]) -> None:
    """Print the strategies of every scenario, then the optima beside each other."""
    for analysis in analyses:
        _title(out, analysis)
        show_strategies(out, analysis)
        _say(out, story.warnings(analysis))
        out.print()
    if len(analyses) > 1:
        _section(out, "Best plans")
        out.print(_best_plans(analyses))


def _best_plans(analyses: list[Analysis]) -> Table:
    """Return one row a scenario: its best plan and what it brings."""
    table = _table(("Scenario", "Budget", "Best plan", "Brings", "Fresh worlds"))
    for analysis in analyses:
        scenario, best = analysis.scenario, analysis.strategies[OPTIMUM]
        split = [
            f"{share(spend / scenario.budget)} {line}"
            for line, spend in zip(scenario.lines, best.plan.tolist(), strict=True)
            if spend > 0
        ]
        assert analysis.optimum is not None
        table.add_row(
            Text(scenario.name),
            money(scenario.budget, scenario.currency),
            ", ".join(split) or "nothing",
            story.amount(analysis, best.objective.mean),
            story.amount(analysis, analysis.optimum.out_of_sample.mean),
        )
    return table


def show_benchmark(out: Console, analyses: list[Analysis]) -> None:
    """Print every rule of thumb's objective as a share of the certified bound."""
    for analysis in analyses:
        _title(out, analysis)
        out.print(_benchmark(analysis))


def benchmark_share(analysis: Analysis, strategy: Strategy) -> float:
    """Return a strategy's objective as a share of what no plan can pass."""
    assert analysis.optimum is not None
    bound = analysis.optimum.solution.upper_bound
    return strategy.averaged / bound if bound > 0 else float("nan")


def _benchmark(analysis: Analysis) -> Table:
    table = _table(("Allocation", "Share of bound", "Objective", *analysis.scenario.lines))
    ranked = sorted(analysis.strategies.items(), key=lambda item: -item[1].averaged)
    for name, strategy in ranked:
        table.add_row(
            Text(name, style="bold" if name == OPTIMUM else ""),
            f"{100 * benchmark_share(analysis, strategy):.1f} %",
            story.amount(analysis, strategy.averaged),
            *(share(x / analysis.scenario.budget) for x in strategy.plan.tolist()),
        )
    return table
