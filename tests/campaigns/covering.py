"""Which tests run which lines of `sim` and `optimize`, and how long each of them takes.

PYTHONPATH=tests python -m campaigns.covering --map map.json tests/sim tests/optimize

Tests that are in the map already are measured anew, all others stay in it.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import coverage
import pytest

ROOT = Path(__file__).parents[2]


@dataclass
class Map:
    """Seconds of processor time by test, and tests by module and line."""

    seconds: dict[str, float] = field(default_factory=dict)
    tests: dict[str, dict[int, list[str]]] = field(default_factory=dict)

    def save(self, path: Path) -> None:
        """Write the map."""
        path.write_text(json.dumps([self.seconds, self.tests]), encoding="utf-8")


def read(path: Path) -> Map:
    """Read a map; an empty one where there is none."""
    if not path.exists():
        return Map()
    seconds, tests = json.loads(path.read_text(encoding="utf-8"))
    return Map(seconds, {m: {int(k): v for k, v in by.items()} for m, by in tests.items()})


class _Watch:
    """A pytest plugin that times tests and tells coverage which one runs."""

    def __init__(self, found: coverage.Coverage) -> None:
        self._coverage = found
        self.seconds: dict[str, float] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Time one test and everything it sets up."""
        self._coverage.switch_context(item.nodeid)
        started = time.process_time()
        result = yield
        self.seconds[item.nodeid] = time.process_time() - started
        return result


def measure(known: Map, tests: list[str]) -> None:
    """Run some tests and put what they run into a map."""
    found = coverage.Coverage(source_pkgs=["sim", "optimize"], data_file=None, config_file=False)
    watch = _Watch(found)
    found.start()
    pytest.main(["-q", "-p", "no:cacheprovider", "-p", "no:xdist", *tests], plugins=[watch])
    found.stop()
    data = found.get_data()
    known.seconds |= watch.seconds
    for file in data.measured_files():
        module = str(Path(file).relative_to(ROOT))
        lines = known.tests.setdefault(module, {})
        for line, contexts in data.contexts_by_lineno(file).items():
            old = [test for test in lines.get(line, []) if test not in watch.seconds]
            lines[line] = sorted({*old, *contexts} - {""})


def main() -> None:
    """Measure some tests."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tests", nargs="+")
    parser.add_argument("--map", type=Path, required=True)
    asked = parser.parse_args()
    known = read(asked.map)
    measure(known, asked.tests)
    known.save(asked.map)
    print(f"{len(known.seconds)} tests, {sum(known.seconds.values()):.0f} s")


if __name__ == "__main__":
    main()
