"""Small changes of a text: an operator, a comparison, a number, a condition, a function."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

_BINARY = {
    ast.Add: ("+", "-"), ast.Sub: ("-", "+"), ast.Mult: ("*", "/"), ast.Div: ("/", "*"),
    ast.Pow: ("**", "*"), ast.FloorDiv: ("//", "*"), ast.Mod: ("%", "*"), ast.MatMult: ("@", "*"),
    ast.BitAnd: ("&", "|"), ast.BitOr: ("|", "&"),
    ast.Lt: ("<", "<="), ast.LtE: ("<=", "<"), ast.Gt: (">", ">="), ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="), ast.NotEq: ("!=", "=="), ast.And: ("and", "or"), ast.Or: ("or", "and"),
    ast.Is: ("is", "is not"), ast.IsNot: ("is not", "is"), ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
}  # fmt: skip

#: Functions that another one may be taken for.
_NAMES = {
    "min": "max", "max": "min", "minimum": "maximum", "maximum": "minimum", "ceil": "floor",
    "floor": "ceil", "any": "all", "all": "any", "exp": "expm1", "expm1": "exp", "log": "log1p",
    "log1p": "log", "argmax": "argmin", "argmin": "argmax", "cumsum": "cumprod", "mean": "sum",
    "flatnonzero": "argsort", "isfinite": "isnan", "zeros": "ones", "ones": "zeros",
    "zeros_like": "ones_like", "ones_like": "zeros_like",
}  # fmt: skip

#: Arguments that change no number.
_SILENT = ("strict", "repr", "compare", "kw_only")


@dataclass(frozen=True)
class Mutant:
    """A changed text of a module.

    Parameters
    ----------
    line : int
    lines : range
        Those of the statement that the change is in.
    said : str
        What was changed.
    before, after : str
        The line.
    text : str
        The whole module.
    """

    line: int
    lines: range
    said: str
    before: str
    after: str
    text: str


def mutants(text: str) -> Iterator[Mutant]:
    """Yield every mutant of a module's text.

    Left alone: annotations, decorators, what is raised, names of types, text, and what is only
    imported to check types: they change no number.
    """
    rows = text.encode().splitlines(keepends=True)
    starts = [0]
    for row in rows:
        starts.append(starts[-1] + len(row))
    data = text.encode()
    for lines, node in _nodes(ast.parse(text), range(0)):
        for start, end, new in _changes(data, starts, node):
            old = data[start:end].decode()
            changed = (data[:start] + new.encode() + data[end:]).decode()
            line = data[:start].count(b"\n") + 1
            before, after = (t.splitlines()[line - 1] for t in (text, changed))
            yield Mutant(line, lines, f"{old} -> {new}", before, after, changed)


def _nodes(node: ast.AST, lines: range) -> Iterator[tuple[range, ast.AST]]:
    """Yield what may be changed, with the lines of the statement that it is in."""
    if isinstance(node, ast.keyword) and node.arg in _SILENT:
        return
    if isinstance(node, ast.Raise | ast.Import | ast.ImportFrom | ast.JoinedStr | ast.Assert):
        return
    if isinstance(node, ast.stmt):
        body = getattr(node, "body", None)
        end = body[0].lineno if body else (node.end_lineno or node.lineno) + 1
        lines = range(node.lineno, max(end, node.lineno + 1))
    yield lines, node
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "type_params", "bases"):
            continue
        if isinstance(node, ast.FunctionDef) and name == "args":
            value = [*value.defaults, *(d for d in value.kw_defaults if d is not None)]
            # a default counts where the function is called
            lines = range(node.lineno, (node.end_lineno or node.lineno) + 1)
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _nodes(child, lines)


def _changes(data: bytes, starts: list[int], node: ast.AST) -> Iterator[tuple[int, int, str]]:
    """Yield the changes of one node: from where to where, and into what."""

    def begin(at: ast.expr) -> int:
        return starts[at.lineno - 1] + at.col_offset

    def end(at: ast.expr) -> int:
        assert at.end_lineno is not None
        assert at.end_col_offset is not None
        return starts[at.end_lineno - 1] + at.end_col_offset

    def between(one: ast.expr, other: ast.expr, kind: ast.AST) -> Iterator[tuple[int, int, str]]:
        if type(kind) in _BINARY:
            old, new = _BINARY[type(kind)]
            place = data.find(old.encode(), end(one), begin(other))
            if place >= 0:
                yield place, place + len(old), new

    match node:
        case ast.BinOp(left, op, right):
            yield from between(left, right, op)
        case ast.AugAssign(target, op, value):
            yield from between(target, value, op)
        case ast.BoolOp(op, values):
            for one, other in pairwise(values):
                yield from between(one, other, op)
        case ast.Compare(left, ops, comparators):
            for one, sign, other in zip([left, *comparators], ops, comparators, strict=False):
                yield from between(one, other, sign)
        case ast.UnaryOp(ast.USub() | ast.Invert()):
            yield begin(node), begin(node) + 1, ""
        case ast.UnaryOp(ast.Not()):
            yield begin(node), begin(node) + len("not"), ""
        case ast.Constant(bool() as value):
            yield begin(node), end(node), str(not value)
        case ast.Constant(int() | float() as value):
            yield begin(node), end(node), repr(value + 1)
        case ast.If(test) | ast.IfExp(test) | ast.While(test) if isinstance(
            test, ast.Name | ast.Attribute | ast.Call
        ):
            yield begin(test), end(test), f"(not {data[begin(test) : end(test)].decode()})"
        case ast.Call(ast.Name(name) as func) if name in _NAMES:
            yield begin(func), end(func), _NAMES[name]
        case ast.Call(ast.Attribute(_, name) as func) if name in _NAMES:
            yield end(func) - len(name), end(func), _NAMES[name]
