"""What is printed fits 80 columns, is plain text in a pipe, and shows names as they are."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from math import isnan
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from briefs import ODD, analysed, brief
from scenario_runs import LIBRARY
from tiermix import terminal
from tiermix.analysing import analyse
from tiermix.analysis import OPTIMUM, Analysis
from tiermix.scenario_file import parse

SCENARIOS = ODD | {name: path.read_text(encoding="utf-8") for name, path in LIBRARY.items()}

every = pytest.mark.parametrize("name", SCENARIOS)


def printed(monkeypatch: pytest.MonkeyPatch, show: Callable[..., None], what: Any) -> str:
    """Return what is printed into a pipe."""
    pipe = io.StringIO()
    monkeypatch.setattr("sys.stdout", pipe)
    show(terminal.console(), what)
    return pipe.getvalue()


def benchmarked(name: str) -> Analysis:
    scenario = replace(parse(ODD[name], name), worlds=64)
    return analyse(scenario, compare="baselines")


def fits(text: str) -> bool:
    """Whether a text is plain and no line of it is wider than 80 columns."""
    return "\x1b" not in text and all(cell_len(line) <= 80 for line in text.splitlines())


@every
def test_a_run_fits_80_columns_and_is_plain_in_a_pipe(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    text = printed(monkeypatch, terminal.show_run, analysed(SCENARIOS[name]))
    assert fits(text)
    sections = ("Recommendation", "Media plan", "Strategies", "Certificate", "What limits the plan")
    assert all(f"\n{section}\n" in text for section in sections)


@pytest.mark.parametrize("name", LIBRARY)
def test_names_and_headers_of_the_library_stay_whole(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    analysis = analysed(SCENARIOS[name])
    text = printed(monkeypatch, terminal.show_run, analysis)
    rows = [line.strip().split("  ")[0] for line in text.splitlines()]
    assert set(analysis.strategies) | set(analysis.scenario.lines) | {"total"} <= set(rows)
    brings = ("Conversions", "Conv.") if analysis.scenario.campaign.tiers else ("Response",)
    assert all(column in text for column in brings)


@pytest.mark.parametrize("name", ODD)
def test_a_benchmark_fits_80_columns(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    assert fits(printed(monkeypatch, terminal.show_benchmark, [analysed(ODD[name])]))


def test_a_comparison_fits_80_columns_and_ends_with_the_best_plans(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = printed(monkeypatch, terminal.show_comparison, [analysed(x) for x in ODD.values()])
    assert fits(text)
    assert text.count("\nBest plans\n") == 1


def test_one_scenario_has_no_best_plans_to_compare(monkeypatch: pytest.MonkeyPatch) -> None:
    text = printed(monkeypatch, terminal.show_comparison, [analysed(ODD["one tier"])])
    assert "Best plans" not in text


@pytest.mark.parametrize("show", [terminal.show_run, terminal.show_benchmark])
def test_names_are_printed_as_they_are(
    monkeypatch: pytest.MonkeyPatch, show: Callable[..., None]
) -> None:
    analysis = analysed(ODD["markup"])
    what: Any = analysis if show is terminal.show_run else [analysis]
    text = printed(monkeypatch, show, what)
    assert "[bold] :smile:" in text
    assert "[red]m[b]" in text


def test_the_optimum_comes_first_among_equals(monkeypatch: pytest.MonkeyPatch) -> None:
    analysis = analysed(brief(strategies="{all_in: {micro: 100%}}"))
    text = printed(monkeypatch, terminal.show_run, analysis)
    assert text.index("\noptimum") < text.index("\nall_in")


def test_a_currency_without_a_sign_stands_in_the_title(monkeypatch: pytest.MonkeyPatch) -> None:
    text = printed(monkeypatch, terminal.show_run, analysed(ODD["in CHF"]))
    assert text.startswith("Test  CHF 60,000 for revenue")
    assert "CHF" not in text.split("Media plan\n")[1].split("Certificate\n")[0]


def test_a_terminal_has_colours_unless_they_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def coloured() -> str:
        out = io.StringIO()
        terminal.show_run(Console(file=out, force_terminal=True, width=80), analysed(ODD["markup"]))
        return out.getvalue()

    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[1;36m" in coloured()
    monkeypatch.setenv("NO_COLOR", "1")
    assert "36m" not in coloured()
    monkeypatch.setenv("TERM", "dumb")
    assert "\x1b" not in coloured()


@pytest.mark.parametrize("name", ["one tier", "five tiers", "a blend", "too few creators"])
def test_no_rule_of_thumb_passes_the_bound_and_none_the_optimum(name: str) -> None:
    analysis = benchmarked(name)
    shares = {k: terminal.benchmark_share(analysis, s) for k, s in analysis.strategies.items()}
    assert len(shares) > 3
    assert all(x <= 1 + 1e-9 for x in shares.values())
    assert all(x <= shares[OPTIMUM] * (1 + 1e-4) for x in shares.values())


def test_a_share_of_no_bound_is_not_defined(monkeypatch: pytest.MonkeyPatch) -> None:
    analysis = benchmarked("a loss at least")
    assert isnan(terminal.benchmark_share(analysis, analysis.strategies[OPTIMUM]))
    assert "nan" not in printed(monkeypatch, terminal.show_benchmark, [analysis])
