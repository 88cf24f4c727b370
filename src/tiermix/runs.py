"""The run folder: everything a run leaves behind, complete or not at all."""

from __future__ import annotations

import json
import platform
import re
import shutil
from collections.abc import Callable, Iterable, Mapping
from errno import EACCES
from hashlib import sha256
from importlib.metadata import version
from os import W_OK, X_OK, access
from pathlib import Path
from secrets import token_hex
from typing import Any

from sim.engine import engine
from sim.statistics import LEVELS
from tiermix.analysis import Analysis
from tiermix.csv_files import write_csv
from tiermix.errors import folder_not_written
from tiermix.fingerprint import PACKAGES
from tiermix.media_plan import rows
from tiermix.result_schema import Document
from tiermix.scenario import Scenario
from tiermix.swapping import put_in_place, take_along


def folder_name(result: Document) -> str:
    """Return the name of a run's folder: the scenario's name and a hash of what was run."""
    what = [result["scenario"]["sha256"], result["seed"], result["worlds"], result["version"]]
    if "roster" in result:
        what.append(result["roster"]["tables"])
    return _named(result["scenario"]["name"], what)


def job_name(scenario: Scenario, options: str) -> str:
    """Return a name for a run that has not ended: its folder's, if there are no options."""
    what = [scenario.sha256, scenario.seed, scenario.worlds, version("tiermix")]
    return _named(scenario.name, [*what, options] if options else what)


def _named(name: str, what: list[Any]) -> str:
    """Return a name with a hash of what is run."""
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60]
    return f"{slug or 'run'}-{sha256(json.dumps(what).encode()).hexdigest()[:10]}"


def prepare(under: Path) -> None:
    """Make the folder of all runs, so that no long run ends at a folder that takes nothing.

    Raises
    ------
    RunFolderError
        If it cannot be made or written to.
    """
    try:
        under.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise folder_not_written(under, error) from error
    if not access(under, W_OK | X_OK):
        raise folder_not_written(under, PermissionError(EACCES, "Permission denied"))


def save(
    analysis: Analysis,
    result: Document,
    under: Path,
    elapsed: float,
    complete: Callable[[Path], None] = lambda folder: None,
    job: str | None = None,
) -> Path:
    """Write the run folder.

    Everything is written under a temporary name and takes the place of what was there before in
    one step, so that a run that is killed leaves the old folder or the new one. What others put
    into the old one (notes, pictures, results of other commands) is in the new one too.

    Parameters
    ----------
    analysis : Analysis
    result : Document
        As `tiermix.result.document` returns it.
    under : Path
        Folder of all runs; made where it does not exist.
    elapsed : float
        Seconds.
    complete : callable
        Writes what else belongs into the folder, once all other files are there.
    job : str, optional
        Name under which the run is written; the folder's if left out.

    Returns
    -------
    Path
        The run folder.

    Raises
    ------
    RunFolderError
        If the folder cannot be written.
    """
    target = under / folder_name(result)
    draft = under / f".{job or target.name}-{token_hex(4)}"
    try:
        draft.mkdir(parents=True)
        try:
            _write(analysis, result, draft, elapsed)
            complete(draft)
            take_along(target, draft, without=("report.html",))
            put_in_place(draft, target)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    except OSError as error:
        raise folder_not_written(target, error) from error
    return target


def _write(analysis: Analysis, result: Document, folder: Path, elapsed: float) -> None:
    """Write the files of a run."""
    _write_json(folder / "result.json", result)
    _write_json(folder / "manifest.json", manifest(result, elapsed))
    (folder / "scenario.yaml").write_text(analysis.scenario.text, encoding="utf-8", newline="")
    for name, data in analysis.scenario.tables.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(data)
    write_csv(folder / "plan.csv", rows(analysis))
    write_csv(folder / "outcomes.csv", tidy(result))


def manifest(result: Document, elapsed: float) -> dict[str, Any]:
    """Return how a run was made: versions, seed, worlds, solver, hash, time."""
    return {
        "versions": {
            "python": platform.python_version(),
            **{package.lower(): version(package) for package in PACKAGES},
        },
        "solver": "HiGHS",
        "engine": engine(),
        **made_from(result),
        "elapsed_seconds": round(elapsed, 3),
    }


def made_from(result: Document) -> dict[str, Any]:
    """Return what a result was made from, as a manifest names it."""
    return {
        "seed": result["seed"],
        "worlds": result["worlds"],
        "scenario_sha256": result["scenario"]["sha256"],
    }


def tidy(result: Document) -> Iterable[dict[str, Any]]:
    """Yield the outcomes as one row per strategy, metric and statistic."""
    for strategy, outcome in result["strategies"].items():
        for metric, statistics in outcome["metrics"].items():
            values: Mapping[str, Any] = statistics
            for statistic in ("mean", "se", *LEVELS, "cvar5"):
                yield {
                    "strategy": strategy,
                    "metric": metric,
                    "statistic": statistic,
                    "value": values[statistic],
                }


def _write_json(path: Path, value: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=2, allow_nan=False) + "\n", encoding="utf-8")
