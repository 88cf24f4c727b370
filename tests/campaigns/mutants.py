"""Mutation testing: change one thing in a module, and see whether its tests notice.

    PYTHONPATH=tests python -m campaigns.mutants --map map.json --sample 40 src/sim/curves.py ...

Every mutant is a child of this process, forked before anything of the project is imported: it
imports the changed module from memory (nothing in the working tree is touched), and runs the tests
that run the changed line, those of the module itself first, the fastest first. The map of lines and
tests is made by `campaigns.covering`. Seconds are of the processor, so that a busy machine kills
nothing. What no test notices is printed with its line, before and after.
"""

from __future__ import annotations

import argparse
import os
import resource
import signal
import sys
import time
from collections import Counter
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from random import Random
from types import CodeType

from campaigns import covering
from campaigns.mutations import Mutant, mutants

ROOT = Path(__file__).parents[2]

#: Seconds of tests for a mutant at first, and of all before it is said to have survived.
FIRST, CONFIRM = 3.0, 20.0

#: A mutant has timed out after this many seconds and this many times what the tests take.
SLACK, TIMES = 6.0, 3.0

#: Bytes of memory that a mutant may ask for.
MEMORY = 12 << 30


class _Loader(SourceFileLoader):
    """Loads a module from a text instead of its file."""

    text = ""

    def get_code(self, fullname: str) -> CodeType:
        """Return the code of the text."""
        return compile(self.text, self.path, "exec", dont_inherit=True)


class _Finder(MetaPathFinder):
    """Finds the changed module, and leaves all others to the rest."""

    def __init__(self, name: str, text: str) -> None:
        self._name, self._text = name, text

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> (
        ModuleSpec | None
    ):  # fmt: skip
        """Return the spec of the changed module."""
        if fullname != self._name:
            return None
        spec = PathFinder.find_spec(fullname, path)  # type: ignore[arg-type]
        assert spec is not None
        assert spec.origin is not None
        spec.loader = _Loader(fullname, spec.origin)
        spec.loader.text = self._text
        return spec


def tried(module: Path, text: str, tests: list[str], seconds: float) -> str:
    """Return what the tests make of a text of a module: passed, killed or timeout.

    Parameters
    ----------
    module : Path
        Below the folder of the project.
    text : str
    tests : list of str
    seconds : float
        That the tests take.
    """
    child = os.fork()
    if child == 0:
        most = int(SLACK + TIMES * seconds)
        resource.setrlimit(resource.RLIMIT_CPU, (most, most + 1))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        signal.alarm(20 * most)  # for what waits and does not work
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        name = ".".join(module.with_suffix("").parts[1:])
        sys.meta_path.insert(0, _Finder(name.removesuffix(".__init__"), text))
        os._exit(_passed(tests))
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        slow = os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGKILL, signal.SIGALRM)
        return "timeout" if slow else "killed"
    return "killed" if os.WEXITSTATUS(status) else "passed"


def _passed(tests: list[str]) -> int:
    """Run the tests in this process and return pytest's exit code."""
    import pytest

    os.chdir(ROOT)
    plain = ["-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:faulthandler", "--assert=plain"]
    try:
        return int(pytest.main(["-x", "-q", *plain, *tests]))
    except BaseException:
        return 1


def chosen(known: covering.Map, module: Path, lines: range, budget: float) -> list[str]:
    """Return the tests that run some lines, within some seconds; the module's own come first.

    A line that runs when the module is imported belongs to every test of the module. The module's
    own tests that do not run the lines come last: what is cached runs in the first of them alone.
    """
    by_line = known.tests.get(str(module), {})
    found = {test for line in lines for test in by_line.get(line, [])}
    every = {test for tests in by_line.values() for test in tests}
    file = f"test_{module.stem}.py"
    own = {test for test in every if file in test.partition("::")[0]}
    found = found or every
    order = sorted(found | own, key=lambda t: (t not in found, t not in own, known.seconds[t], t))
    spent = 0.0
    kept: list[str] = []
    for test in order:
        if spent + known.seconds[test] <= budget or not kept:
            spent += known.seconds[test]
            kept.append(test)
    return kept


def look(
    known: covering.Map, module: Path, asked: list[Mutant], told: object = None
) -> tuple[Counter[str], list[Mutant]]:
    """Try mutants of a module; return how many came to what, and the survivors."""
    counts: Counter[str] = Counter()
    left = []
    for mutant in asked:
        done: list[str] = []
        outcome = "passed"
        for budget in (FIRST, CONFIRM):
            tests = [t for t in chosen(known, module, mutant.lines, budget) if t not in done]
            if outcome == "passed" and tests:
                seconds = sum(known.seconds[test] for test in tests)
                outcome = tried(module, mutant.text, tests, seconds)
                done += tests
        counts["survived" if outcome == "passed" else outcome] += 1
        if outcome == "passed":
            left.append(mutant)
            print(f"{module}:{mutant.line}: {mutant.said}\n- {mutant.before.strip()}\n"
                  f"+ {mutant.after.strip()}", flush=True)  # fmt: skip
        elif outcome == "timeout":
            print(f"{module}:{mutant.line}: {mutant.said}: timeout", flush=True)
    return counts, left


def _preload() -> None:
    """Import what is slow and not of the project, once for all mutants."""
    import highspy  # noqa: F401
    import hypothesis.strategies  # noqa: F401
    import pulp  # noqa: F401
    import pytest  # noqa: F401
    import scipy.integrate
    import scipy.optimize
    import scipy.sparse
    import scipy.special
    import scipy.stats  # noqa: F401


def main() -> None:
    """Try mutants of some modules and print what came of them, a row of a table each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="+", type=Path)
    parser.add_argument("--map", type=Path, required=True)
    parser.add_argument("--sample", type=int, default=1_000_000, help="Mutants of a module.")
    parser.add_argument("--lines", default="", help="Only these lines: 12-30.")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    _preload()
    os.environ["NUMBA_CACHE_DIR"] = str(asked.map.with_suffix(".numba"))
    known = covering.read(asked.map)
    first, _, last = asked.lines.partition("-")
    for module in asked.modules:
        started = time.monotonic()
        text = (ROOT / module).read_text(encoding="utf-8")
        every = list(mutants(text))
        if first:
            within = range(int(first), int(last or first) + 1)
            every = [mutant for mutant in every if mutant.line in within]
        some = Random(asked.seed).sample(every, min(asked.sample, len(every)))
        tests = chosen(known, module, range(0), FIRST)
        seconds = sum(known.seconds[test] for test in tests)
        if tests and tried(module, text, tests, seconds) != "passed":
            print(f"{module}: its tests do not pass as it is", flush=True)
            continue
        counts, _ = look(known, module, sorted(some, key=lambda mutant: mutant.line))
        name = ".".join(module.with_suffix("").parts[1:])
        print(f"{time.monotonic() - started:.0f} s", flush=True)
        print(f"| `{name}` | {len(every)} | {len(some)} | {counts['killed']} | "
              f"{counts['timeout']} | {counts['survived']} |", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
