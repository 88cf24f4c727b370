"""What the command line says about a history: which column is what."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tiermix.calibration.history import SYNONYMS
from tiermix.errors import UsageError
from tiermix.quantity import shown
from tiermix.reading import read_document
from tiermix.validation import suggestion


def named_columns(given: Sequence[str]) -> dict[str, str]:
    """Return headers by role.

    Parameters
    ----------
    given : sequence of str
        Each ``role=HEADER``, or the name of a YAML file with a mapping ``columns:`` of roles to
        headers (or that mapping alone).

    Raises
    ------
    UsageError
        If one is neither, or names no role.
    ScenarioError
        If the file is no YAML.
    """
    named: dict[str, str] = {}
    for one in given:
        role, sign, header = one.partition("=")
        if sign:
            named[_role(role.strip(), one)] = header.strip()
        else:
            named |= _of_file(Path(one))
    return named


def _of_file(path: Path) -> dict[str, str]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        message = f"--columns {path}: {reason}; expected role=HEADER, or a YAML file"
        raise UsageError(message) from error
    root = read_document(text, str(path)).root
    mapping = root.get("columns", root) if isinstance(root, dict) else None
    if not isinstance(mapping, dict) or not all(isinstance(v, str) for v in mapping.values()):
        raise UsageError(f"{path}: expected a mapping columns: {{role: HEADER}}")
    return {_role(role, str(path)): header for role, header in mapping.items()}


def _role(role: str, where: str) -> str:
    if role not in SYNONYMS:
        known = suggestion(role, list(SYNONYMS))
        raise UsageError(f"--columns {where}: unknown role {shown(role)}, {known}")
    return role
