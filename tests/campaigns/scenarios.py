"""Fuzzed scenario files: validate all of them, and give some of those that are valid to a command.

PYTHONPATH=tests python -W error -m campaigns.scenarios --files 100000 --runs 2000 --seed 1

Every call is judged by its exit code and by what it writes (see `campaigns.forked`).
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from functools import partial
from math import isfinite
from pathlib import Path
from random import Random
from time import monotonic
from typing import Any

from campaigns.forked import ROOT, Ended, Found, called, judged, load, same_as_script
from campaigns.mutators import generated, mutated

#: Problems of a file as a whole: the only ones without a line.
WHOLE = ("empty; ", "larger than ", "UTF-16 or ", "cannot be read: ")

#: Seconds that reading a file and running one may take, on a busy machine.
READ, RUN = 60, 600

#: One call in so many is made once more, by the installed script.
SCRIPT = 1_000

#: Commands for a valid file, and how often each is chosen.
COMMANDS = {
    "run": 6, "simulate": 2, "optimize": 3, "compare": 1, "benchmark": 1, "frontier": 1,
    "crossover": 1, "sensitivity": 1,
}  # fmt: skip

#: What a file may ask that a command does not answer (usage: exit code 2).
UNANSWERED = (
    "names its creators (roster), which this command can not plan",
    "no line brings any ",
    "no worst worlds",
    " needs ",
)

WIDTH = 80


def library() -> list[str]:
    """Return the texts that mutations start from."""
    from tiermix.starter import starter_text

    paths = sorted((ROOT / "scenarios").glob("*.yaml"))
    return [*(path.read_text(encoding="utf-8") for path in paths), starter_text()]


def files(n: int, seed: int) -> Iterator[str]:
    """Yield fuzzed scenario files, each from its own random numbers."""
    from tiermix.schema import json_schema

    texts, schema = library(), json_schema()
    for i in range(n):
        rng = Random(f"{seed} {i}")
        text = generated(schema, rng) if rng.random() < 0.2 else rng.choice(texts)
        yield mutated(text, rng) if rng.random() < 0.95 else text


def campaign(n_files: int, n_runs: int, seed: int, minutes: float = 1e9) -> Found:
    """Validate files, and give some of the valid ones to a command."""
    found, share = Found(), min(1.0, 4 * n_runs / max(n_files, 1))
    start, rng = monotonic(), Random(f"{seed}")
    with tempfile.TemporaryDirectory() as under:
        folder = Path(under)
        for table in (ROOT / "scenarios").glob("*.csv"):
            shutil.copy(table, folder)
        for i, text in enumerate(files(n_files, seed)):
            path = folder / "f.yaml"
            path.write_bytes(text.encode("utf-8", "surrogatepass"))
            valid = validate(path, text, found, twice=i % SCRIPT == SCRIPT // 2)
            if valid and rng.random() < share and found.counts["runs"] < n_runs:
                found.counts["runs"] += 1
                play(path, text, found, rng)
            if i % 1000 == 999:
                print(f"{i + 1} files, {monotonic() - start:.0f} s", dict(found.counts), flush=True)
            if monotonic() - start > 60 * minutes:
                print(f"stopped after {i + 1} files")
                break
    return found


def validate(path: Path, text: str, found: Found, *, twice: bool) -> bool:
    """Validate a file; return whether it is valid."""
    words = ["validate", str(path)]
    ended = called(words, READ)
    judged(words, ended, found, text, partial(_told, path))
    found.counts["valid" if ended.code == 0 else "invalid"] += 1
    if twice:
        same_as_script(words, ended, found, text)
    return ended.code == 0


def _told(path: Path, ended: Ended) -> str:
    """Return what is wrong with what `validate` says: every problem stands at its place."""
    if ended.code == 0:
        right = re.fullmatch(rf"{re.escape(str(path))}: valid \(.+\)\n", ended.out)
        return "" if right and not ended.err else "valid, and told otherwise"
    if ended.code != 1 or ended.out:
        return "invalid, and told otherwise"
    for line in ended.err.splitlines():
        if line.startswith("… and "):
            continue
        place, _, rest = line.partition(": ")
        whole = place == str(path) and rest.startswith(WHOLE)
        if not (whole or re.fullmatch(rf"{re.escape(str(path))}:\d+:\d+", place)) or not rest:
            return f"told badly: {line[:500]!r}"
        if len(line) > 2_100:
            return "told at too great a length"
    return ""


def play(path: Path, text: str, found: Found, rng: Random) -> None:
    """Give a valid file to a command on few worlds, and look at what it shows and says."""
    command = rng.choices(list(COMMANDS), list(COMMANDS.values()))[0]
    as_json = rng.random() < 0.5
    words = [command, str(path), "--worlds", rng.choice(("64", "64", "128", "100"))]
    runs = path.parent / "runs"
    if command == "run":
        words += ["--out", str(runs), *([] if rng.random() < 0.05 else ["--no-report"])]
    if command == "frontier":
        words += ["--points", "3"]
    if as_json:
        words.append("--json")
    ended = called(words, RUN)
    found.counts[f"{command} {ended.code}"] += 1
    if judged(words, ended, found, text, partial(_answered, path, command, as_json)):
        if command == "run" and ended.code == 0:
            _folder(runs, text, found, check=rng.random() < 0.3)
        if ended.code == 0 and as_json and command in ("run", "optimize"):
            for rule in broken(json.loads(ended.out)):
                found.fail(f"{words}: {rule}", text)
    shutil.rmtree(runs, ignore_errors=True)


def _answered(path: Path, command: str, as_json: bool, ended: Ended) -> str:
    """Return what is wrong with what a command says of a valid file."""
    if ended.code == 0:
        if as_json:
            json.loads(ended.out, parse_constant=lambda name: float("x" + name))
        elif max(map(len, ended.out.splitlines()), default=0) > WIDTH:
            return "too wide"
        return "" if ended.out else "says nothing"
    if ended.out:
        return "an answer, and a failure"
    if ended.code == 2 and not any(reason in ended.err for reason in UNANSWERED):
        return "exit code 2 for what the file says"
    named = str(path) in ended.err or path.with_name("roster_coffee").name in ended.err
    return "" if named or ended.code == 2 else "does not name the file"


def _folder(runs: Path, text: str, found: Found, *, check: bool) -> None:
    """Look at a run folder: one, whole, and verified by other means."""
    folders = list(runs.iterdir())
    if len(folders) != 1 or not (folders[0] / "manifest.json").is_file():
        found.fail(f"run folders: {[folder.name for folder in folders]}", text)
    elif check:
        words = ["verify", str(folders[0])]
        ended = called(words, RUN)
        found.counts[f"verify {ended.code}"] += 1
        judged(words, ended, found, text, lambda end: "not verified" if end.code else "")


def broken(result: dict[str, Any]) -> Iterator[str]:
    """Yield what no result may be."""
    best = result["optimum"]
    spent, slack = list(best["plan"].values()), 1e-6 * abs(best["value"])
    sign = -1 if best["objective"] == "spend" else 1
    rules = {
        "the budget is passed": sum(spent) <= result["budget"] * (1 + 1e-6),
        "money is negative": min(spent, default=0) >= 0,
        "the bound is below the value": sign * (best["upper_bound"] - best["value"]) >= -slack,
        "the value is no number": isfinite(best["value"]),
    }
    yield from (rule for rule, kept in rules.items() if not kept)


def main() -> None:
    """Run the campaign and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=1e9, help="Stop after so many.")
    parser.add_argument("--keep", type=Path, help="Folder for the files that failed.")
    asked = parser.parse_args()
    print(f"seed {asked.seed}", flush=True)
    load(engine=asked.runs > 0)
    found = campaign(asked.files, asked.runs, asked.seed, asked.minutes)
    for i, (what, text) in enumerate(found.failures):
        if asked.keep:
            asked.keep.mkdir(parents=True, exist_ok=True)
            data = text.encode("utf-8", "surrogatepass")
            (asked.keep / f"{i}.yaml").write_bytes(data)
            (asked.keep / f"{i}.txt").write_text(what, encoding="utf-8", errors="replace")
    done = found.counts["valid"] + found.counts["invalid"]
    print(f"{done:,} files: {dict(found.counts)}; {len(found.failures)} failures")
    raise SystemExit(bool(found.failures))


if __name__ == "__main__":
    main()
