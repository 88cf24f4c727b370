"""A report of documents that others may have changed: what is damaged is left out, and told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tiermix.errors import DamagedRunError
from tiermix.report.contents import Contents, read_contents
from tiermix.report.page import html


def page(folder: Path) -> tuple[Contents, str]:
    """Return what a run folder holds for a report, and its page.

    A document of another question that can not be drawn is left out; `Contents.left_out` says so.

    Parameters
    ----------
    folder : Path

    Raises
    ------
    DamagedRunError
        If the documents of the run itself can not be drawn.
    """
    contents = read_contents(folder)
    try:
        return contents, html(contents)
    except Exception:  # whatever a damaged document does to what draws it
        contents = _mended(contents, folder)
    return contents, html(contents)


def _mended(contents: Contents, folder: Path) -> Contents:
    """Return contents without the documents that can not be drawn."""
    bare, left_out = replace(contents, extras={}), list(contents.left_out)
    reason = _failure(bare)
    if reason:
        raise DamagedRunError(
            f"{folder}: no report can be made of result.json, report.json and manifest.json "
            f"({reason}): one is damaged or of another version; run the scenario again"
        )
    kept = {}
    for name, found in contents.extras.items():
        reason = _failure(replace(bare, extras={name: found}))
        if reason:
            left_out.append(f"{folder / name}.json: can not be drawn ({reason}): it is damaged")
        else:
            kept[name] = found
    return replace(contents, extras=kept, left_out=tuple(left_out))


def _failure(contents: Contents) -> str:
    """Return why contents can not be drawn; nothing if they can."""
    try:
        html(contents)
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:200]
    return ""
