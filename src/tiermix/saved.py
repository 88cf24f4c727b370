"""A run folder, read back."""

from __future__ import annotations

import json
import os
from math import isfinite
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from tiermix import __version__
from tiermix.errors import DamagedRunError, ScenarioError
from tiermix.intake import MAX_DOCUMENT, read_bytes
from tiermix.result_schema import FORMAT, Document
from tiermix.scenario import Scenario
from tiermix.scenario_file import read


def read_run(folder: Path) -> tuple[Document, Scenario]:
    """Read the result of a run folder that holds an optimum, and its scenario.

    Parameters
    ----------
    folder : Path
        With ``scenario.yaml`` and ``result.json``.

    Raises
    ------
    DamagedRunError
        If a file is missing or damaged, or was written by another version.
    """
    return _result(folder), _scenario(folder)


def document_text(path: Path) -> str:
    """Return the text of a file of a run folder.

    Raises
    ------
    DamagedRunError
        If it cannot be read, is larger than any document, or is no text.
    """
    try:
        return read_bytes(path, MAX_DOCUMENT).decode("utf-8")
    except UnicodeDecodeError as error:
        raise DamagedRunError(f"{path}: is damaged: it is no UTF-8 text") from error
    except ValueError as error:
        hint = "" if os.path.exists(path) else ": name a folder that tiermix run wrote"
        raise DamagedRunError(f"{path}: {error}{hint}") from error


def document(path: Path) -> Any:
    """Return the JSON of a file of a run folder; every number in it is finite.

    Raises
    ------
    DamagedRunError
        If it cannot be read, or is no such JSON.
    """
    text = document_text(path)
    try:
        return json.loads(text, parse_float=_finite, parse_constant=_finite)
    except (ValueError, RecursionError) as error:
        raise DamagedRunError(f"{path}: is damaged: it is no JSON of finite numbers") from error


def _finite(text: str) -> float:
    value = float(text)
    if not isfinite(value):
        raise ValueError(text)
    return value


def _result(folder: Path) -> Document:
    """Return the saved result, if it is one of this version and holds an optimum."""
    name = folder / "result.json"
    found = document(name)
    if not isinstance(found, dict) or found.get("tiermix") != FORMAT:
        raise DamagedRunError(f"{name}: is no result document of format {FORMAT}")
    if found.get("version") != __version__:
        raise DamagedRunError(
            f"{name}: was saved by tiermix {found.get('version')}, and this is {__version__}: "
            "numbers may differ between versions, check it with its own"
        )
    try:
        result = TypeAdapter(Document).validate_python(found)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise DamagedRunError(f"{name}: is damaged: {place}: {first['msg']}") from error
    if "optimum" not in result:
        raise DamagedRunError(f"{name}: holds no best plan, so there is nothing to check")
    return result


def _scenario(folder: Path) -> Scenario:
    document_text(folder / "scenario.yaml")
    try:
        return read(str(folder / "scenario.yaml"))
    except ScenarioError as error:
        raise DamagedRunError(str(error)) from error
