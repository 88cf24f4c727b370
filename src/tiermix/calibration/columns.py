"""Long tables by column: every cell is read once, whatever it is repeated."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tiermix.errors import TableError
from tiermix.quantity import shown
from tiermix.tables import Row, decimal_mark, decoded, delimiter_of, number_in, records
from tiermix.validation import suggestion

Array = NDArray[np.float64]
Codes = NDArray[np.int32]

#: Histories are not larger than this.
MAX_BYTES = 1_000_000_000

#: Rows that are taken apart at a time.
CHUNK = 50_000

#: What people write where nothing is known.
NOTHING = {"", "-", "–", "—", "n/a", "na", "n.a.", "nan", "null", "none", "#n/a"}

_PLAIN = re.compile(r"\d+")
_POINT = re.compile(r"\d+\.\d+")
_STEPS = {"k": 1e3, "K": 1e3, "m": 1e6, "M": 1e6}


@dataclass(frozen=True, slots=True)
class Column:
    """The cells of a column.

    Parameters
    ----------
    name : str
        In the header.
    texts : tuple of str
        The different cells, in order of appearance.
    codes : ndarray of int, shape (n_rows,)
        Which of them stands in each row.
    """

    name: str
    texts: tuple[str, ...]
    codes: Codes

    def row_of(self, text: int) -> int:
        """Return the first row that holds a text."""
        return int(np.argmax(self.codes == text))


@dataclass(frozen=True, slots=True)
class LongTable:
    """The columns of a table that mean something to us.

    Parameters
    ----------
    source : str
        Name of the file, for messages.
    delimiter : str
    lines : ndarray of int, shape (n_rows,)
        Where each row stands in the file.
    columns : mapping of str to Column
        By role.
    unused : tuple of str
        Headers that play no role.
    """

    source: str
    delimiter: str
    lines: NDArray[np.int64]
    columns: Mapping[str, Column]
    unused: tuple[str, ...]

    def error(self, role: str, row: int, message: str) -> TableError:
        """Return what is wrong with a cell."""
        return TableError(self.source, int(self.lines[row]), self.columns[role].name, message)

    def converted(self, role: str, convert: Callable[[str], float]) -> Array:
        """Return what every cell of a column is converted to, shape (n_rows,).

        Raises
        ------
        TableError
            With the row of the first text that `convert` refuses with a `ValueError`.
        """
        column = self.columns[role]
        values = np.empty(len(column.texts))
        for code, text in enumerate(column.texts):
            try:
                values[code] = convert(text)
            except ValueError as error:
                raise self.error(role, column.row_of(code), str(error)) from None
        return np.asarray(values[column.codes])

    def numbers(self, roles: Sequence[str]) -> dict[str, Array]:
        """Return the numbers of some columns by role, NaN where nothing is known.

        Raises
        ------
        TableError
            If a cell is no number, could be two different ones, or is negative.
        """
        roles = [role for role in roles if role in self.columns]
        mark = self._mark(roles)
        found = {}
        for role in roles:
            found[role] = self.converted(role, lambda text: _number(text, mark))
            negative = found[role] < 0
            if negative.any():
                row = int(np.argmax(negative))
                message = f"{found[role][row]:.10g} is negative; expected 0 or more"
                raise self.error(role, row, message)
        return found

    def _mark(self, roles: Iterable[str]) -> str:
        """Return the decimal mark of all numbers together."""
        cells = (
            ((role, code), _unscaled(text)[0])
            for role in roles
            for code, text in enumerate(self.columns[role].texts)
            if not _PLAIN.fullmatch(text) and text.lower() not in NOTHING
        )

        def error(at: tuple[str, int], message: str) -> TableError:
            return self.error(at[0], self.columns[at[0]].row_of(at[1]), message)

        return decimal_mark(cells, self.delimiter, error)


def _unscaled(text: str) -> tuple[str, float]:
    """Return a number without a k or M behind it, and what that multiplies by."""
    scale = _STEPS.get(text[-1:], 1.0) if text[-2:-1].isdigit() else 1.0
    return (text[:-1] if scale > 1 else text), scale


def _number(text: str, mark: str) -> float:
    if len(text) < 16 and (_PLAIN.fullmatch(text) or (mark == "." and _POINT.fullmatch(text))):
        return float(text)
    if text.lower() in NOTHING:
        return np.nan
    bare, scale = _unscaled(text)
    try:
        return number_in(bare, mark) * scale
    except ValueError:
        raise ValueError(f"{shown(text)}; expected a number, or nothing") from None


def read_long(
    path: Path, synonyms: Mapping[str, Sequence[str]], named: Mapping[str, str]
) -> LongTable:
    """Read the columns of a table that play a role.

    Parameters
    ----------
    path : Path
        CSV file.
    synonyms : mapping of str to sequence of str
        Headers that stand for every role, in lower case with _ between words.
    named : mapping of str to str
        Headers that the user gives for some roles.

    Raises
    ------
    TableError
        If the file cannot be read, is no table, or two columns could play one role.
    """
    source, _, text = decoded(path, MAX_BYTES)
    delimiter = delimiter_of(text)
    rows = records(text, source, delimiter)
    header = next(rows)
    at = _roles(header, source, synonyms, named)
    lines, codes, texts = _taken_apart(rows, tuple(at.values()))
    if not lines.size:
        raise TableError(source, header.line, "", "no rows below the header")
    columns = {
        role: Column(header.cells[i], texts[j], codes[j]) for j, (role, i) in enumerate(at.items())
    }
    unused = tuple(name for i, name in enumerate(header.cells) if i not in at.values() and name)
    return LongTable(source, delimiter, lines, columns, unused)


def _taken_apart(
    rows: Iterable[Row], at: tuple[int, ...]
) -> tuple[NDArray[np.int64], list[Codes], list[tuple[str, ...]]]:
    """Return line numbers, and codes and texts of the wanted columns."""
    known: list[dict[str, int]] = [{} for _ in at]
    lines: list[NDArray[np.int64]] = [np.empty(0, np.int64)]
    codes: list[list[Codes]] = [[np.empty(0, np.int32)] for _ in at]
    rows = iter(rows)
    while chunk := list(islice(rows, CHUNK)):
        lines.append(np.array([row.line for row in chunk], np.int64))
        for j, i in enumerate(at):
            mine = known[j]
            found = [mine.setdefault(row.cells[i], len(mine)) for row in chunk]
            codes[j].append(np.array(found, np.int32))
    return (
        np.concatenate(lines),
        [np.concatenate(parts) for parts in codes],
        [tuple(mine) for mine in known],
    )


def _roles(
    header: Row, source: str, synonyms: Mapping[str, Sequence[str]], named: Mapping[str, str]
) -> dict[str, int]:
    """Return which column plays which role."""
    found: dict[str, int] = {}
    for role, name in named.items():
        if header.cells.count(name) != 1:
            what = "no column" if name not in header.cells else "more than one column"
            close = suggestion(name, header.cells)
            raise TableError(source, header.line, "", f"{what} named {shown(name)}, {close}")
        found[role] = header.cells.index(name)
    names = ["_".join(re.findall(r"[^\W_]+", name.lower())) for name in header.cells]
    for role, fitting in synonyms.items():
        fits = [i for i, name in enumerate(names) if name in fitting and i not in found.values()]
        if role in found or not fits:
            continue
        if len(fits) > 1:
            several = ", ".join(header.cells[i] for i in fits)
            message = f"several columns could be the {role}: {several}; say which: {role}=HEADER"
            raise TableError(source, header.line, "", message)
        found[role] = fits[0]
    return found
