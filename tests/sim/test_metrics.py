"""The table of metrics says of itself what the simulator does."""

from __future__ import annotations

from sim.metrics import METRICS, OBJECTIVES
from sim.outcomes import evaluate
from sim.worlds import draw_worlds
from specimens import card_like


def test_every_metric_in_the_table_is_simulated_and_no_other() -> None:
    outcomes = evaluate(draw_worlds(card_like(), 4, 1), [[1e4, 1e4]])
    assert set(outcomes.values) == set(METRICS)


def test_names_and_labels_are_unique() -> None:
    assert all(name == metric.name for name, metric in METRICS.items())
    assert len({metric.label for metric in METRICS.values()}) == len(METRICS)


def test_ratios_are_of_metrics_that_add_up() -> None:
    for metric in METRICS.values():
        for part in metric.over or ():
            assert METRICS[part].over is None
    assert METRICS["cpm"].formula == "1000 x spend / impressions"
    assert METRICS["roas"].formula == "revenue / spend"


def test_only_costs_are_better_when_smaller() -> None:
    down = {name for name, metric in METRICS.items() if metric.better == "down"}
    assert down == {"spend", "cpm", "cpe", "cpc", "cpa"}


def test_objectives_are_better_when_larger() -> None:
    assert all(METRICS[name].better == "up" and METRICS[name].over is None for name in OBJECTIVES)
