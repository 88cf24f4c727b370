"""Scenario files and tables that nobody should write, made from ones that somebody did."""

# ruff: noqa: E501  (tables of odd values)

from __future__ import annotations

import json
import re
from collections.abc import Callable
from random import Random
from typing import Any

#: Values that are wrong almost everywhere, or right in an odd way.
NASTY = (
    "", "~", "null", "true", "[]", "{}", "0", "-0", "-0.0", "-1", "1", "1e999", "1e-999", "1e15", "1e-12",
    ".inf", "-.inf", ".nan", "nan", "0x10", "0o7", "1_0__0", "1_000", "1,000", "1.000,5", "١٢٣", "１２３",
    "9" * 400, "0." + "0" * 400 + "1", "5%", "100%", "101%", "-5%", "1% to 2%", "2% to 1%", "0% to 100%",
    "1 to 1e6", "1 to 1e7", "1 to 2 to 3", "99.999999%", "rest", "micro", "a@b", "@", "..", "/etc/passwd",
    "../x", "CON", "'\\x1b[31m'", '"\\x1b[31m"', '"\\u202e"', '"\\0"', "[bold]x[/bold]", "{{7*7}}",
    "<script>", "=1+1", "!!python/object x", "&a 1", "*a", "<<", "|", ">", "'", '"', "%", "- - -", "? a",
    "x" * 5_000, "{a: {b: {c: {d: 1}}}}", "[1, [2, [3]]]", "2026-01-01", "12:30", "NO", "𝟙", "\u00a05",
)  # fmt: skip

#: Characters that text may not hold, or that mean something to a parser.
CHARACTERS = "\0\x07\x1b\x7f\x85\u202e\u200f\ufeff\ufffe\t\r\n :-?,[]{}#&*!|>'\"%@`=~^$é日😀"

#: Numbers and ranges that a key may well take.
SOUND = (
    "1", "2", "3", "10", "50", "250", "1_000", "60_000", "1.5M", "12%", "1% to 3%", "30%", "70%",
    "0.5", "100 to 400", "3_000 to 30_000", "{typical: 8% to 12%, creators: 3% to 25%}", "micro",
    "macro", "reach", "conversions", "rest", "even", "pyramid", "true", "false",
)  # fmt: skip

_VALUE = re.compile(r"(?<=: )[^\n,{}\[\]#]+")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def mutated(text: str, rng: Random) -> str:
    """Return a text with one to four changes."""
    for _ in range(rng.choice((1, 1, 1, 2, 2, 4))):
        text = rng.choice(CHANGES)(text, rng)
    return text[:200_000]


def _value(text: str, rng: Random) -> str:
    return _replaced(text, _VALUE, rng, lambda old: rng.choice(NASTY))


def _sound_value(text: str, rng: Random) -> str:
    return _replaced(text, _VALUE, rng, lambda old: rng.choice(SOUND))


def _scaled(text: str, rng: Random) -> str:
    factor = 10.0 ** rng.choice((-9, -6, -3, -1, 1, 2, 3, 6, 9))
    return _replaced(text, _NUMBER, rng, lambda old: f"{float(old) * factor:.6g}")


def _nudged(text: str, rng: Random) -> str:
    factor = rng.uniform(0.3, 3)
    return _replaced(text, _NUMBER, rng, lambda old: f"{float(old) * factor:.4g}")


def _line_gone(text: str, rng: Random) -> str:
    lines = text.splitlines(keepends=True) or [""]
    del lines[rng.randrange(len(lines))]
    return "".join(lines)


def _line_twice(text: str, rng: Random) -> str:
    lines = text.splitlines(keepends=True) or [""]
    lines.insert(rng.randrange(len(lines) + 1), rng.choice(lines))
    return "".join(lines)


def _indented(text: str, rng: Random) -> str:
    lines = text.splitlines(keepends=True) or [""]
    at = rng.randrange(len(lines))
    lines[at] = rng.choice((" ", "  ", "\t", "- ")) + lines[at]
    return "".join(lines)


def _character(text: str, rng: Random) -> str:
    at = rng.randrange(len(text) + 1)
    return (
        text[:at] + rng.choice(CHARACTERS) * rng.choice((1, 1, 3)) + text[at + rng.randrange(3) :]
    )


def _cut(text: str, rng: Random) -> str:
    return text[: rng.randrange(len(text) + 1)]


def _slice_moved(text: str, rng: Random) -> str:
    a, b = sorted(rng.randrange(len(text) + 1) for _ in range(2))
    rest, at = text[:a] + text[b:], rng.randrange(a + 1)
    return rest[:at] + text[a : min(b, a + 500)] + rest[at:]


def _key_renamed(text: str, rng: Random) -> str:
    word = re.compile(r"[a-z_]{3,}(?=:)")
    keys = word.findall(text)
    return _replaced(text, word, rng, lambda old: rng.choice([*keys, rng.choice(NASTY), old[:-1]]))


def _replaced(
    text: str, pattern: re.Pattern[str], rng: Random, change: Callable[[str], str]
) -> str:
    """Return a text with one match of a pattern changed."""
    found = list(pattern.finditer(text))
    if not found:
        return text + change("1")
    match = rng.choice(found)
    return text[: match.start()] + change(match[0]) + text[match.end() :]


CHANGES: tuple[Callable[[str, Random], str], ...] = (
    _value, _sound_value, _sound_value, _scaled, _nudged, _nudged, _line_gone, _line_twice, _indented,
    _character, _cut, _slice_moved, _key_renamed,
)  # fmt: skip


def generated(schema: dict[str, Any], rng: Random) -> str:
    """Return a file that follows a JSON Schema more or less, as YAML in its JSON form."""
    return json.dumps(_instance(schema, schema, rng, 0), indent=1, ensure_ascii=rng.random() < 0.5)


def _instance(node: Any, root: dict[str, Any], rng: Random, depth: int) -> Any:
    if not isinstance(node, dict) or depth > 9 or rng.random() < 0.01:
        return rng.choice((*NASTY, *SOUND))
    if "$ref" in node:
        return _instance(root["$defs"][node["$ref"].rpartition("/")[2]], root, rng, depth)
    for several in ("anyOf", "oneOf"):
        if several in node:
            return _instance(rng.choice(node[several]), root, rng, depth)
    if "enum" in node or "const" in node:
        return rng.choice(node.get("enum") or [node["const"]])
    if node.get("type") == "object" or "properties" in node:
        return _mapping(node, root, rng, depth)
    if node.get("type") == "array":
        return [_instance(node.get("items"), root, rng, depth + 1) for _ in range(rng.randrange(4))]
    if node.get("type") == "boolean":
        return rng.random() < 0.5
    if node.get("examples") and rng.random() < 0.6:
        return rng.choice(node["examples"])
    return rng.choice(SOUND)


def _mapping(node: dict[str, Any], root: dict[str, Any], rng: Random, depth: int) -> Any:
    needed = node.get("required", [])
    made = {
        key: _instance(inner, root, rng, depth + 1)
        for key, inner in node.get("properties", {}).items()
        if rng.random() < (0.97 if key in needed else 0.3)
    }
    more = node.get("additionalProperties")
    if isinstance(more, dict):
        names = ("micro", "macro", "fans", "others", "a", "b", "micro@a", "search")
        for _ in range(rng.randrange(1, 4)):
            made[rng.choice(names)] = _instance(more, root, rng, depth + 1)
    if made and rng.random() < 0.02:
        made[rng.choice(NASTY)] = rng.choice(SOUND)
    return made
