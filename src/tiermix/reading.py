"""YAML text as a plain tree in which every key and value knows its line and column.

The tree holds mappings, lists, true, false, nothing and text: what a piece of text means
(a number, a range, a name) is for the models to say. There are no aliases, tags or
duplicate keys, and depth and size are bounded, so that no file can be larger in memory
than it looks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from tiermix.errors import Problem, ScenarioError
from tiermix.quantity import shown

MAX_BYTES = 1_000_000
MAX_DEPTH = 16
MAX_VALUES = 10_000

Path = tuple[str, ...]
Place = tuple[int, int]

_PLAIN = {"": None, "~": None, "null": None, "Null": None, "NULL": None} | {
    word: value
    for value in (True, False)
    for word in (str(value), str(value).lower(), str(value).upper())
}


@dataclass(slots=True)
class Document:
    """A YAML document with positions.

    Parameters
    ----------
    source : str
        Name of the file, for messages.
    root : object
        The tree: dict, list, str, bool or None.
    keys, values : dict
        Line and column (from 1) of every key and value, by path.
    repeated : list of tuple
        Path and place of each key that repeats an earlier one; the first one counts.
    """

    source: str
    root: Any
    keys: dict[Path, Place] = field(default_factory=dict)
    values: dict[Path, Place] = field(default_factory=dict)
    repeated: list[tuple[Path, Place]] = field(default_factory=list)

    def key_place(self, path: Path) -> Place:
        """Return where the key of a path stands, or the nearest one above it that exists."""
        path = self.existing(path)
        return self.keys.get(path) or self.values.get(path, (1, 1))

    def value_place(self, path: Path) -> Place:
        """Return where the value of a path stands, or the nearest one above it that exists."""
        return self.values.get(self.existing(path), (1, 1))

    def existing(self, path: Path) -> Path:
        """Return the longest beginning of a path that the document holds."""
        while path and path not in self.values:
            path = path[:-1]
        return path


def read_document(text: str, source: str) -> Document:
    """Read YAML 1.2 text.

    Parameters
    ----------
    text : str
    source : str
        Name of the file, for messages.

    Returns
    -------
    Document

    Raises
    ------
    ScenarioError
        If the text is no YAML, or more than a scenario needs (aliases, tags, several
        documents, more than `MAX_DEPTH` levels or `MAX_VALUES` values).
    """
    tree = _Tree(source)
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            tree.take(event)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = " ".join(part for part in (error.context, error.problem) if part)
        place = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        raise _refusal(source, place, f"not YAML: {what}") from error
    except ReaderError as error:
        before = text[: error.position].splitlines() or [""]
        place = (len(before), len(before[-1]) + 1)
        raise _refusal(source, place, f"not YAML: {error.reason}") from error
    except (YAMLError, ValueError) as error:
        raise _refusal(source, (1, 1), "not YAML that can be understood") from error
    return tree.document


def _refusal(source: str, place: Place, message: str) -> ScenarioError:
    return ScenarioError(source, [Problem(*place, "", " ".join(message.split()))])


class _Tree:
    """Builds the tree from parser events, without recursion."""

    def __init__(self, source: str) -> None:
        self.document = Document(source, None)
        self._open: list[tuple[Path, dict[str, Any] | list[Any]]] = []
        self._key: str | None = None
        self._repeats = False
        self._documents = 0

    def take(self, event: Event) -> None:
        """Add what one event brings."""
        if isinstance(event, DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise self._error(event, "a second document; expected one")
        if not isinstance(event, NodeEvent):
            if isinstance(event, MappingEndEvent | SequenceEndEvent):
                self._open.pop()
            return
        self._refuse_what_no_scenario_needs(event)
        parent = self._open[-1][1] if self._open else None
        if isinstance(parent, dict) and self._key is None:
            self._take_key(event)
        else:
            self._place(event, parent)

    def _refuse_what_no_scenario_needs(self, event: NodeEvent) -> None:
        if isinstance(event, AliasEvent) or event.anchor:
            raise self._error(event, "anchors and aliases (&, *) are not supported; write it out")
        if getattr(event, "ctag", None) is not None:
            raise self._error(event, "tags (!) are not supported")
        if len(self._open) >= MAX_DEPTH:
            raise self._error(event, f"nested deeper than {MAX_DEPTH} levels")
        if len(self.document.values) >= MAX_VALUES:
            raise self._error(event, f"more than {MAX_VALUES} values")
        if isinstance(event, ScalarEvent):
            self._join_surrogates(event)

    def _join_surrogates(self, event: ScalarEvent) -> None:
        """Make one character of two halves, as JSON writes it; refuse a half by itself."""
        try:
            event.value = event.value.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            raise self._error(event, "half a character (a lone surrogate); write it out") from None

    def _take_key(self, event: NodeEvent) -> None:
        if not isinstance(event, ScalarEvent):
            raise self._error(event, "a mapping or list as a key; expected a name")
        self._key = event.value
        path = (*self._open[-1][0], event.value)
        self._repeats = path in self.document.keys
        if self._repeats:
            self.document.repeated.append((path, _place(event)))
        else:
            self.document.keys[path] = _place(event)

    def _place(self, event: NodeEvent, parent: dict[str, Any] | list[Any] | None) -> None:
        value = _value(event)
        path: Path = ()
        if parent is None:
            self.document.root = value
        elif isinstance(parent, list):
            path = (*self._open[-1][0], str(len(parent)))
            parent.append(value)
        else:
            assert self._key is not None
            path = (*self._open[-1][0], self._key + self._repeats * " (repeated)")
            if not self._repeats:
                parent[self._key] = value
            self._key = None
        self.document.values.setdefault(path, _place(event))
        if isinstance(value, dict | list):
            self._open.append((path, value))

    def _error(self, event: Event, message: str) -> ScenarioError:
        return _refusal(self.document.source, _place(event), message)


def _place(event: Event) -> Place:
    return event.start_mark.line + 1, event.start_mark.column + 1


def _value(event: NodeEvent) -> Any:
    if isinstance(event, MappingStartEvent):
        return {}
    if isinstance(event, SequenceStartEvent):
        return []
    assert isinstance(event, ScalarEvent)
    return _PLAIN.get(event.value, event.value) if event.implicit[0] else event.value


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield every value of a tree that is no mapping, with its path, in file order."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    else:
        yield path, value


def dotted(path: Path) -> str:
    """Return a path as messages show it, with unprintable or long keys quoted and cut."""
    return ".".join(key if key.isprintable() and len(key) <= 40 else shown(key) for key in path)
