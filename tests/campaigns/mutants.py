"""Mutation testing: change one operator or number of a module, and see whether its tests notice.

    PYTHONPATH=tests python -m campaigns.mutants src/sim/curves.py tests/sim/test_curves.py

The module is changed in a copy of the source tree, one mutant at a time; nothing in the working
tree is touched. A mutant that no test notices is printed with its line.
"""

from __future__ import annotations

import argparse
import ast
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

ROOT = Path(__file__).parents[2]

_OPERATORS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.And: ast.Or, ast.Or: ast.And, ast.USub: ast.UAdd,
}  # fmt: skip


def mutants(source: str) -> Iterator[tuple[int, str, str]]:
    """Yield every mutant of a module: its line, what was changed, and the whole text."""
    count = sum(1 for _ in _places(ast.parse(source)))
    for i in range(count):
        tree = ast.parse(source)
        node, field = list(_places(tree))[i]
        line, said = getattr(node, "lineno", 0), ""
        if field == "value":
            assert isinstance(node, ast.Constant)
            old = node.value
            assert isinstance(old, bool | int | float)
            node.value = not old if isinstance(old, bool) else old + 1
            said = f"{old} -> {node.value}"
        else:
            old_op = node.ops[0] if isinstance(node, ast.Compare) else getattr(node, field)
            new_op = _OPERATORS[type(old_op)]()
            if isinstance(node, ast.Compare):
                node.ops[0] = new_op  # type: ignore[call-overload]
            else:
                setattr(node, field, new_op)
            said = f"{type(old_op).__name__} -> {type(new_op).__name__}"
        yield line, said, ast.unparse(tree)


def _places(tree: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """Yield the nodes that can be changed, leaving annotations alone."""
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp | ast.BoolOp | ast.UnaryOp | ast.AugAssign):
            if type(node.op) in _OPERATORS:
                yield node, "op"
        elif isinstance(node, ast.Compare) and type(node.ops[0]) in _OPERATORS:
            yield node, "ops"
        elif isinstance(node, ast.Constant) and isinstance(node.value, bool | int | float):
            yield node, "value"


def survivors(module: Path, tests: list[str], most: int, seed: int) -> Counter[str]:
    """Try mutants of a module, at most some of them at random; print those that survive."""
    found: Counter[str] = Counter()
    listed = list(mutants((ROOT / module).read_text(encoding="utf-8")))
    Random(seed).shuffle(listed)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        shutil.copytree(ROOT / "src", copy / "src")
        path = os.pathsep.join(map(str, (copy / "src", ROOT / "tests")))
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
        for line, said, text in listed[:most]:
            (copy / module).write_text(text, encoding="utf-8")
            try:
                done = subprocess.run(
                    command, cwd=ROOT, capture_output=True, timeout=60, check=False,
                    env=os.environ | {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
                )  # fmt: skip
                killed = done.returncode == 1
            except subprocess.TimeoutExpired:
                killed = True
            found["killed" if killed else "survived"] += 1
            if sum(found.values()) % 10 == 0:
                print(dict(found), flush=True)
            if not killed:
                print(f"{module}:{line}: {said} survives", flush=True)
    return found


def main() -> None:
    """Run the campaign and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("module", type=Path)
    parser.add_argument("tests", nargs="+")
    parser.add_argument("--most", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    found = survivors(asked.module, asked.tests, asked.most, asked.seed)
    print(f"{asked.module}: {dict(found)}")


if __name__ == "__main__":
    main()
