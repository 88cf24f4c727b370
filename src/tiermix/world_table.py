"""Every metric of every strategy in every world, as a Parquet file for other tools."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np

from optimize.problem import purchase
from sim.metrics import METRICS
from sim.outcomes import evaluate
from sim.worlds import draw_worlds
from tiermix.analysis import Analysis
from tiermix.errors import UsageError, not_written
from tiermix.scenario import Scenario
from tiermix.streaming import HELD
from tiermix.whole_files import drafted


def require(scenario: Scenario) -> None:
    """Refuse early, before any work, what cannot be written.

    Raises
    ------
    UsageError
        If the library that writes Parquet is missing, or the worlds are too many to be held.
    """
    if scenario.worlds > HELD:
        raise UsageError(f"--save-worlds keeps at most {HELD:,} worlds: draw fewer (--worlds)")
    if not find_spec("pyarrow"):
        raise UsageError("--save-worlds needs one more library: pip install 'tiermix[worlds]'")


def write_worlds(analysis: Analysis, path: Path) -> None:
    """Write one row per strategy and world, units in the names of the columns.

    The values are what is expected in that world given the creators who were drawn, before the
    luck of each count; what is not defined (a cost per conversion without any) is null.

    Parameters
    ----------
    analysis : Analysis
    path : Path

    Raises
    ------
    UsageError
        If the library is missing, or the file cannot be written.
    """
    require(analysis.scenario)
    import pyarrow
    from pyarrow import parquet

    scenario = analysis.scenario
    worlds = draw_worlds(scenario.campaign, scenario.worlds, scenario.seed)
    plans = [strategy.plan for strategy in analysis.strategies.values()]
    way, metrics = purchase(analysis.problem), scenario.metrics
    values = evaluate(worlds, plans, way, metrics=metrics, values_only=True).values
    names = np.repeat(list(analysis.strategies), worlds.size)
    columns = {
        "strategy": pyarrow.array(names.tolist()).dictionary_encode(),
        "world": np.tile(np.arange(worlds.size, dtype=np.int32), len(plans)),
    }
    for name in scenario.metrics:
        found = values[name].ravel()
        column = f"{name}_{scenario.currency}" if METRICS[name].unit == "money" else name
        columns[column] = pyarrow.array(found, mask=~np.isfinite(found))
    try:
        # an open file, not its name: pyarrow removes what it cannot write to, devices and all
        with drafted(path) as draft, draft.open("wb") as file:
            parquet.write_table(pyarrow.table(columns), file)
    except OSError as error:
        raise not_written(path, error) from error
