"""From a document to a model, with every problem found on the way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from difflib import get_close_matches
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from tiermix.errors import Problem, ScenarioError
from tiermix.fields import Block
from tiermix.quantity import shown
from tiermix.reading import Document, Path, Place, dotted, leaves

B = TypeVar("B", bound=Block)


class Findings:
    """Collects the problems of one document.

    Parameters
    ----------
    document : Document
        Where the positions are looked up.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self._problems: set[Problem] = set()
        self._wrong: set[Path] = set()
        self._around: set[Path] = set()

    def value(self, path: Path, message: str) -> None:
        """Note that the value at a path is wrong."""
        path = self.document.existing(path)
        self._add(self.document.value_place(path), path, message)

    def key(self, path: Path, message: str) -> None:
        """Note that the key at a path is wrong."""
        existing = self.document.existing(path)
        if existing == path:
            self._add(self.document.key_place(path), path, message)
        else:
            self.value(existing, message)

    def repeated(self, path: Path, place: Place) -> None:
        """Note that a key stands in the document again."""
        message = "the key stands here for the second time; keep one"
        self._problems.add(Problem(*place, dotted(path), message))

    def missing(self, path: Path, message: str) -> None:
        """Note that a key should be there, unless a problem at or around it is known."""
        if not self.touched(path):
            self._add(self.document.key_place(path), path, message)

    def touched(self, path: Path) -> bool:
        """Whether a value at, above or below a path is known to be wrong."""
        beginnings = (path[:depth] for depth in range(len(path) + 1))
        return path in self._around or any(one in self._wrong for one in beginnings)

    def raise_if_any(self) -> None:
        """Raise everything that was found, sorted by position.

        Raises
        ------
        ScenarioError
            If there is a problem.
        """
        if self._problems:
            raise ScenarioError(self.document.source, self._problems)

    def _add(self, place: Place, path: Path, message: str) -> None:
        self._problems.add(Problem(*place, dotted(path), message))
        self._wrong.add(path)
        self._around |= {path[:depth] for depth in range(len(path))}


def validated(document: Document, model: type[B], findings: Findings) -> B:
    """Read a document as a model, leaving out whatever is wrong in it.

    Parameters
    ----------
    document : Document
    model : type of Block
    findings : Findings
        Takes the problems; what is left out of the model is known to it.

    Returns
    -------
    Block
        Everything that is right when taken alone.

    Raises
    ------
    ScenarioError
        If the document is no mapping at all.
    """
    if not isinstance(document.root, dict):
        findings.value((), f"expected a mapping (key: value), got {_got(document.root)}")
        findings.raise_if_any()
    for path, place in document.repeated:
        findings.repeated(path, place)
    tree = deepcopy(document.root)
    for path, value in leaves(document.root):
        if value is None:
            findings.key(path, "is empty; give it a value or remove the key")
            _prune(tree, path)
    while True:  # every round prunes at least one value
        try:
            return model.model_validate(tree)
        except ValidationError as error:
            paths = [_stated(document, _path(detail)) for detail in error.errors()]
            details = list(zip(map(document.existing, paths), error.errors(), strict=True))
        pruned_before = [findings.touched(path) for path, _ in details]
        for (path, detail), known in zip(details, pruned_before, strict=True):
            if not known:  # or pruning is what went wrong
                _report(detail, model, findings)
            _prune(tree, path)


def require(block: Any, path: Path, findings: Findings) -> None:
    """Note what a model needs and does not have, at any depth."""
    if isinstance(block, Mapping):
        for key, inner in block.items():
            require(inner, (*path, key), findings)
    if isinstance(block, list):
        for number, inner in enumerate(block):
            require(inner, _stated(findings.document, (*path, str(number))), findings)
    if not isinstance(block, Block):
        return
    for key, field in type(block).model_fields.items():
        inner = getattr(block, key)
        if inner is not None:
            require(inner, (*path, key), findings)
        elif key in block.needed:
            findings.missing((*path, key), f"missing; expected: {field.description}")


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return the end of a message about an unknown name: the nearest one, or all of them."""
    names = list(known)
    near = get_close_matches(word[:80], names, n=1, cutoff=0.6)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"expected one of: {', '.join(names)}" if names else "none is known here"


def _path(detail: ErrorDetails) -> Path:
    return tuple(str(part) for part in detail["loc"] if part != "[key]")


def _stated(document: Document, path: Path) -> Path:
    """Return a path without the number of what stands alone where a list could stand."""
    found: Path = ()
    for key in path:
        alone = key.isdecimal() and isinstance(_at(document.root, found), Mapping)
        if not alone or (*found, key) in document.values:
            found = (*found, key)
    return found


def _at(tree: Any, path: Path) -> Any:
    """Return the value at a path; None where there is none."""
    for key in path:
        if isinstance(tree, list):
            tree = tree[int(key)] if key.isdecimal() and int(key) < len(tree) else None
        else:
            tree = tree.get(key) if isinstance(tree, Mapping) else None
    return tree


def _prune(tree: Any, path: Path) -> None:
    """Remove the value at a path, if it is still there; of a list, all of it."""
    around = _at(tree, path[:-1])
    if isinstance(around, list):
        _prune(tree, path[:-1])
    elif around is not None:
        around.pop(path[-1], None)


def _report(detail: ErrorDetails, model: type[Block], findings: Findings) -> None:
    """Say one of pydantic's errors in our words."""
    path, kind, context = (
        _stated(findings.document, _path(detail)),
        detail["type"],
        detail.get("ctx", {}),
    )
    got = _got(detail["input"])
    if kind == "extra_forbidden":
        findings.key(path, _unknown_key(path, model))
    elif kind == "literal_error":
        known = context["expected"].replace("'", "").replace(" or ", ", ").split(", ")
        where = findings.key if "[key]" in detail["loc"] else findings.value
        where(path, f"unknown value {got}, {suggestion(str(detail['input']), known)}")
    elif kind == "value_error":
        where = findings.key if "[key]" in detail["loc"] else findings.value
        where(path, str(context["error"]))
    else:
        expected = {
            "bool_type": "true or false",
            "string_type": "text",
            "string_pattern_mismatch": "three capital letters such as USD",
        }.get(kind, "a mapping (key: value)")
        findings.value(path, f"expected {expected}, got {got}")


def _got(value: Any) -> str:
    return "nothing" if value is None else shown(value)


def _unknown_key(path: Path, model: type[Block]) -> str:
    known = _fields(model, path[:-1])
    if path[-1] == "creators" and "typical" in known:
        return "not told apart between creators: this value takes `typical` only"
    return f"unknown key, {suggestion(path[-1], known)}"


def _fields(model: Any, path: Path) -> list[str]:
    """Return the keys that a model knows at a path."""
    for key in path:
        model = model.model_fields[key].annotation if _is_model(model) else get_args(model)[-1]
        while not _is_model(model) and type(None) in (arguments := get_args(model)):
            model = next(one for one in arguments if one is not type(None))
        model = getattr(model, "__origin__", model) if hasattr(model, "__metadata__") else model
    if get_origin(model) is list:  # what stands alone where a list could
        model = get_args(model)[0]
    return list(model.model_fields) if _is_model(model) else []


def _is_model(thing: Any) -> bool:
    return isinstance(thing, type) and issubclass(thing, BaseModel)
