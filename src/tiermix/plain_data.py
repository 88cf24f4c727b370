"""Results as plain bytes, and hashes of what they depend on; nothing that is read is run.

A value is a heading in JSON, which says where the arrays lie, and the bytes of the arrays.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from functools import partial
from hashlib import blake2b
from pathlib import PurePath
from types import FunctionType
from typing import Any, Literal

import numpy as np

#: Bytes of a hash.
SIZE = 20

#: Kinds of numbers that arrays hold: floats, integers, truth values.
KINDS = "fiub"


def encoded(value: object) -> bytes:
    """Return numbers, text, arrays, and tuples, lists and dictionaries of them, as bytes.

    Raises
    ------
    TypeError
        If there is anything else in it.
    """
    arrays: list[bytes] = []
    heading = json.dumps(_told(value, arrays)).encode()
    return b"".join([len(heading).to_bytes(8, "little"), heading, *arrays])


def _told(value: object, arrays: list[bytes]) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.ndarray) and value.dtype.kind in KINDS:
        order: Literal["C", "F"] = "F" if value.flags.fnc else "C"
        arrays.append(value.tobytes(order))
        return {"array": [value.dtype.str, value.shape, order]}
    if isinstance(value, tuple | list):
        parts = [_told(part, arrays) for part in value]
        return {"tuple" if isinstance(value, tuple) else "list": parts}
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {"dict": [[key, _told(part, arrays)] for key, part in value.items()]}
    raise TypeError(f"{type(value).__name__} is no plain data")


def decoded(data: bytes) -> Any:
    """Return the value of some bytes.

    Raises
    ------
    ValueError
        If they hold none.
    """
    start = 8 + int.from_bytes(data[:8], "little")
    try:
        value, end = _read(json.loads(data[8:start]), data, start)
    except (LookupError, TypeError, OverflowError, RecursionError) as error:
        raise ValueError("no plain data") from error
    if end != len(data):
        raise ValueError("no plain data")
    return value


def _read(told: Any, data: bytes, at: int) -> tuple[Any, int]:
    """Return a value and where its bytes end."""
    if not isinstance(told, dict):
        return told, at
    ((kind, parts),) = told.items()
    if kind == "array":
        dtype, shape, order = np.dtype(parts[0]), tuple(parts[1]), parts[2]
        if dtype.kind not in KINDS:
            raise ValueError("no plain data")
        count = int(np.prod(shape, dtype=np.int64))
        flat = np.frombuffer(data, dtype, count, at).copy()
        return flat.reshape(shape, order=order), at + count * dtype.itemsize
    read = []
    for part in parts:
        value, at = _read(part[1] if kind == "dict" else part, data, at)
        read.append(value)
    if kind == "dict":
        return dict(zip((key for key, _ in parts), read, strict=True)), at
    return (tuple(read) if kind == "tuple" else read), at


def digest(value: object) -> bytes:
    """Return a hash of a task or an item, by its content: what decides a result.

    Raises
    ------
    TypeError
        If there is anything in it whose content cannot be told.
    """
    found = blake2b(digest_size=SIZE)
    _add(found.update, value)
    return found.digest()


def _add(add: Callable[[bytes], object], value: object) -> None:
    """Add a value to a hash: its kind, its length, its parts."""
    if isinstance(value, np.ndarray) and value.dtype.kind in KINDS:
        add(f"array {value.dtype.str} {value.shape}:".encode())
        add(value.tobytes())
        return
    if value is None or isinstance(value, bool | int | float | str | bytes | np.generic):
        text = repr(value.item() if isinstance(value, np.generic) else value).encode()
        add(f"{type(value).__name__} {len(text)}:".encode() + text)
        return
    parts = _parts(value)
    add(f"{type(value).__module__}.{type(value).__qualname__} {len(parts)}:".encode())
    for part in parts:
        _add(add, part)


def _parts(value: object) -> list[object]:
    """Return what the content of a value is made of."""
    if isinstance(value, tuple | list | range):
        return list(value)
    if isinstance(value, Mapping):
        return [part for pair in value.items() for part in pair]
    if isinstance(value, partial):
        return [value.func, value.args, value.keywords]
    if isinstance(value, PurePath):
        return [str(value)]
    if isinstance(value, FunctionType) and "<" not in value.__qualname__:
        return [value.__module__, value.__qualname__]
    if is_dataclass(value) and not isinstance(value, type):
        return [
            part for f in fields(value) if f.compare for part in (f.name, getattr(value, f.name))
        ]
    if not getattr(value, "__dict__", True) and not callable(value):
        return []  # an object without a state, such as a way of buying
    raise TypeError(f"the content of {type(value).__name__} cannot be told")
