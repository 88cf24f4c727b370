"""The tables of a saved run, held against its result."""

from __future__ import annotations

import csv
from io import StringIO
from pathlib import Path

from tiermix.csv_files import csv_text, inert
from tiermix.errors import DamagedRunError
from tiermix.result_schema import Document
from tiermix.runs import made_from, tidy
from tiermix.saved import document, document_text
from tiermix.verdict import Verdict


def checked(folder: Path, result: Document) -> Verdict:
    """Return whether the other files of a run are there and say what its result says.

    Of the plan that is what is spent; what single lines bring the result does not tell.
    """
    found = {"plan.csv": _plan, "outcomes.csv": _outcomes, "manifest.json": _manifest}
    wrong = []
    for name, same in found.items():
        try:
            if not same(folder / name, result):
                wrong.append(f"{name} says something else than result.json")
        except DamagedRunError as error:
            wrong.append(str(error))
    said = "plan.csv spends the same, outcomes.csv and manifest.json say the same"
    return Verdict("files", not wrong, "; ".join(wrong) or said)


def _plan(path: Path, result: Document) -> bool:
    """Return whether a media plan spends what the best plan spends."""
    text = document_text(path)
    try:
        _, *rows, total = csv.reader(StringIO(text, newline=""))
        told = {row[0]: float(row[1]) for row in rows}
        spent = float(total[1])
    except (csv.Error, ValueError, IndexError):
        return False
    plan = {inert(line): spend for line, spend in result["optimum"]["plan"].items()}
    of_all = {**dict.fromkeys(told, 0.0), **plan} == {**dict.fromkeys(plan, 0.0), **told}
    return of_all and abs(spent - sum(plan.values())) <= 1e-9 * result["budget"]


def _outcomes(path: Path, result: Document) -> bool:
    return document_text(path) == csv_text(tidy(result))


def _manifest(path: Path, result: Document) -> bool:
    """Return whether a manifest names what the result was made from."""
    found = document(path)
    return isinstance(found, dict) and made_from(result).items() <= found.items()
