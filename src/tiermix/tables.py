"""Tables that people and tools write: CSV files, read right or refused with row and column."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from math import isfinite
from pathlib import Path
from typing import TypeVar

from tiermix.errors import TableError
from tiermix.intake import read_bytes
from tiermix.quantity import shown
from tiermix.validation import suggestion

#: Tables are not larger than this.
MAX_BYTES = 64_000_000

_DELIMITERS = (",", ";", "\t", "|")
_SIGN_LINE = re.compile(r"^sep=(.)$")
_CODE = re.compile(r"^[A-Z]{3}\s+|\s+[A-Z]{3}$")
_MARKS = {".": ",", ",": "."}

Place = TypeVar("Place")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table.

    Parameters
    ----------
    line : int
        In the file, from 1.
    cells : tuple of str
        Without blanks around them.
    """

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a header.

    Parameters
    ----------
    source : str
        Name of the file, for messages.
    header : tuple of str
    rows : tuple of Row
    delimiter : str
    data : bytes
        The file as it is.
    """

    source: str
    header: tuple[str, ...]
    rows: tuple[Row, ...]
    delimiter: str = ","
    data: bytes = b""

    def columns(self, roles: Mapping[str, Sequence[str]], needed: Iterable[str]) -> dict[str, int]:
        """Return which column plays which role.

        A column whose name is a synonym comes before one that only holds it as a word.

        Parameters
        ----------
        roles : mapping of str to sequence of str
            Synonyms of every role, in lower case; earlier roles choose first.
        needed : iterable of str
            Roles that must be played.

        Raises
        ------
        TableError
            If a needed column is missing, or two could be meant.
        """
        words = [re.findall(r"[a-z0-9+]+", name.lower()) for name in self.header]
        found: dict[str, int] = {}
        for exact in (True, False):
            for role, synonyms in roles.items():
                fits = [
                    i
                    for i, mine in enumerate(words)
                    if i not in found.values()
                    and ("_".join(mine) in synonyms if exact else set(mine) & set(synonyms))
                ]
                if role not in found and len(fits) > 1:
                    names = ", ".join(self.header[i] for i in fits)
                    raise self.error(1, "", f"several columns could be the {role}: {names}")
                if role not in found and fits:
                    found[role] = fits[0]
        for role in needed:
            if role not in found:
                expected = ", ".join(roles[role][:4])
                raise self.error(
                    1, "", f"no column for the {role}; expected one named {expected} or the like"
                )
        return found

    def texts(self, column: int) -> list[str]:
        """Return the cells of a column.

        Raises
        ------
        TableError
            If one is empty.
        """
        for row in self.rows:
            if not row.cells[column]:
                raise self.error(row.line, self.header[column], "empty; expected a name")
        return [row.cells[column] for row in self.rows]

    def numbers(self, *columns: int) -> list[list[float]]:
        """Return the numbers in some columns, one list a column.

        Thousands may be separated, and amounts may carry a sign of their currency. What the
        decimal mark is follows from all these columns together.

        Raises
        ------
        TableError
            If a cell is no number, or could be two different ones.
        """
        mark = self._decimal_mark(columns)
        return [[self._number(row, column, mark) for row in self.rows] for column in columns]

    def error(self, line: int, column: str, message: str) -> TableError:
        """Return what is wrong with a cell, a row (no column), or the table (line 0)."""
        return TableError(self.source, line, column, message)

    def _decimal_mark(self, columns: Sequence[int]) -> str:
        """Return the decimal mark of a file, from the numbers that leave no doubt."""
        cells = (((row, c), row.cells[c]) for row in self.rows for c in columns)
        return decimal_mark(
            cells, self.delimiter, lambda at, told: self.error(at[0].line, self.header[at[1]], told)
        )

    def _number(self, row: Row, column: int, mark: str) -> float:
        try:
            return number_in(row.cells[column], mark)
        except ValueError as error:
            raise self.error(row.line, self.header[column], str(error)) from None


def decimal_mark(
    cells: Iterable[tuple[Place, str]], delimiter: str, error: Callable[[Place, str], TableError]
) -> str:
    """Return the decimal mark of a table, from the numbers that leave no doubt.

    Parameters
    ----------
    cells : iterable of (place, str)
    delimiter : str
        Between the cells of the table.
    error : callable
        Makes the error of a place and a message.

    Raises
    ------
    TableError
        If two cells contradict each other, or one could be two different numbers.
    """
    known, doubtful = "", None
    for place, cell in cells:
        text = _bare(cell)
        mark = _mark(text)
        if mark == "?":
            doubtful = doubtful or (place, cell, text)
        elif mark and known and mark != known:
            raise error(place, f"{shown(cell)} has another decimal mark than rows above")
        known = known or mark.strip("?")
    if doubtful is None or known:
        return known or "."
    place, cell, text = doubtful
    if delimiter != ",":
        whole, part = text.replace(",", ""), text.replace(",", ".")
        if "." in text:
            whole, part = text.replace(".", ""), text
        raise error(place, f"{shown(cell)} could be {whole} or {part}; write {whole} plainly")
    return "."


def number_in(cell: str, mark: str) -> float:
    """Return the number in a cell, which may be grouped and carry a currency.

    Raises
    ------
    ValueError
        If it is none; the message says so.
    """
    text, group = _bare(cell), re.escape(_MARKS[mark])
    point = re.escape(mark)
    pattern = rf"[+-]?(\d+|\d{{1,3}}({group}\d{{3}})+)?({point}\d*)?([eE][+-]?\d{{1,3}})?"
    if not (re.fullmatch(pattern, text) and re.match(r"[+-]?.?\d", text)):
        raise ValueError(f"{shown(cell) if cell else 'empty'}; expected a number")
    number = float(text.replace(_MARKS[mark], "").replace(mark, "."))
    if not isfinite(number):
        raise ValueError(f"{shown(cell)} is too large")
    return number


def _bare(cell: str) -> str:
    """Return a number without its currency and without blanks between thousands."""
    text = "".join(c for c in _CODE.sub("", cell) if unicodedata.category(c) != "Sc").strip()
    return re.sub(r"(?<=\d)[\s'’_](?=\d{3}(?!\d))", "", text)


def _mark(text: str) -> str:
    """Return the decimal mark that a number gives away: "?" in doubt, "" if it has none."""
    marks = [c for c in text if c in _MARKS]
    if not marks:
        return ""
    if len(set(marks)) > 1:
        return marks[-1]
    if len(marks) > 1:
        return _MARKS[marks[0]]
    grouped = re.fullmatch(r"[+-]?[1-9]\d{0,2}[.,]\d{3}", text)
    return "?" if grouped else marks[0]


def read_table(path: Path) -> Table:
    """Read a CSV file: comma, semicolon, tab or bar between the cells, with a header.

    Parameters
    ----------
    path : Path

    Raises
    ------
    TableError
        If it cannot be read, or is no table.
    """
    source, data, text = decoded(path, MAX_BYTES)
    delimiter = delimiter_of(text)
    header, *rows = records(text, source, delimiter)
    if not rows:
        raise TableError(source, header.line, "", "no rows below the header")
    return Table(source, header.cells, tuple(rows), delimiter, data)


def decoded(path: Path, largest: int) -> tuple[str, bytes, str]:
    """Return the name of a file for messages, its bytes and its text.

    Raises
    ------
    TableError
        If it cannot be read, is larger than that many bytes, or is no Unicode text.
    """
    source = str(path) if str(path).isprintable() else shown(str(path))
    try:
        data = read_bytes(path, largest)
    except ValueError as error:
        raise TableError(source, 0, "", str(error)) from error
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return source, data, data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1 if encoding != "utf-16" else 0
        name = encoding[:6].strip("-").upper()
        message = f"not {name} text: byte {error.start} is wrong; save the table as CSV UTF-8"
        raise TableError(source, line, "", message) from error


def records(text: str, source: str, delimiter: str) -> Iterator[Row]:
    """Yield the header and the rows of a table, each with as many cells as the header.

    Raises
    ------
    TableError
        If the text is no table; the generator raises at the row.
    """
    header: tuple[str, ...] = ()
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            if not any(map(str.strip, cells)):
                continue
            if not header and _SIGN_LINE.match(delimiter.join(cells)):
                continue
            row = Row(reader.line_num, tuple(map(str.strip, cells)))
            header = header or _header(row, source)
            yield row if len(row.cells) == len(header) else _fitted(row, header, source)
    except csv.Error as error:
        raise TableError(source, reader.line_num, "", f"not CSV: {error}") from error
    if not header:
        raise TableError(source, 0, "", "empty; expected a table with a header")


def _header(row: Row, source: str) -> tuple[str, ...]:
    if all(_is_number(cell) for cell in row.cells):
        message = "no header; expected the names of the columns, such as spend,response"
        raise TableError(source, row.line, "", message)
    return row.cells


def _is_number(cell: str) -> bool:
    return bool(re.fullmatch(r"[+-]?[\d.,]*\d[\d.,eE+-]*", _bare(cell)))


def _fitted(row: Row, header: Sequence[str], source: str) -> Row:
    """Return a row with as many cells as the header."""
    cells, n = row.cells, len(header)
    if len(cells) < n or any(cells[n:]):
        message = f"holds {len(cells)} cells; the header names {n} columns"
        raise TableError(source, row.line, "", message)
    return Row(row.line, cells[:n])


def delimiter_of(text: str) -> str:
    """Return what stands between the cells, by the first line that is not blank."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    told = _SIGN_LINE.match(first.strip())
    if told:
        return told[1]
    unquoted = re.sub(r'"[^"]*"', "", first)
    return max(_DELIMITERS, key=unquoted.count)


def known_name(table: Table, name: str, names: Sequence[str], line: int, column: str) -> str:
    """Return a name that a column must hold.

    Raises
    ------
    TableError
        If it does not.
    """
    if name not in names:
        raise table.error(line, column, f"no row for {shown(name)}, {suggestion(name, names)}")
    return name
