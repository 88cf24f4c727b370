"""What a run folder holds for a report, read back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tiermix.errors import DamagedRunError
from tiermix.result_schema import FORMAT
from tiermix.saved import document

#: What other commands print with --json and a run folder may hold beside the run's own files.
EXTRAS = ("frontier", "crossover", "sensitivity")


@dataclass(frozen=True, slots=True)
class Contents:
    """The documents of a run folder.

    Parameters
    ----------
    result : mapping
        ``result.json``.
    facts : mapping
        ``report.json``, as `tiermix.report.facts.facts` returns it.
    manifest : mapping
        ``manifest.json``.
    extras : mapping of str to mapping
        Those of `EXTRAS` that are there.
    left_out : tuple of str
        Which of them can not be used, and why.
    """

    result: Mapping[str, Any]
    facts: Mapping[str, Any]
    manifest: Mapping[str, Any]
    extras: Mapping[str, Mapping[str, Any]]
    left_out: tuple[str, ...] = ()

    @property
    def currency(self) -> str:
        """Three-letter code."""
        return str(self.result["currency"])

    @property
    def strategies(self) -> Mapping[str, Any]:
        """Every plan and what it yields, the optimum first."""
        found = dict(self.result["strategies"])
        return {"optimum": found.pop("optimum"), **found}


def read_contents(folder: Path) -> Contents:
    """Read what a report is made of.

    Parameters
    ----------
    folder : Path
        A run folder.

    Raises
    ------
    DamagedRunError
        If a file is missing or damaged, or of another scenario.
    """
    result = _document(folder / "result.json")
    if "optimum" not in result:
        raise DamagedRunError(f"{folder / 'result.json'}: holds no best plan to report")
    facts = _document(folder / "report.json")
    manifest = _loaded(folder / "manifest.json")
    extras, left_out = {}, []
    for path in (folder / f"{name}.json" for name in EXTRAS):
        try:
            if path.exists():
                extras[path.stem] = _document(path)
        except DamagedRunError as error:
            left_out.append(str(error))
    for name, found in extras.items():
        if found.get("scenario") != result["scenario"]:
            other = folder / f"{name}.json"
            raise DamagedRunError(f"{other}: is of another scenario than the run; remove it")
    return Contents(result, facts, manifest, extras, tuple(left_out))


def _document(path: Path) -> Mapping[str, Any]:
    found = _loaded(path)
    if found.get("tiermix") != FORMAT:
        raise DamagedRunError(f"{path}: is no tiermix document of format {FORMAT}")
    return found


def _loaded(path: Path) -> Mapping[str, Any]:
    found = document(path)
    if not isinstance(found, dict):
        raise DamagedRunError(f"{path}: is damaged: it is no document")
    return found
