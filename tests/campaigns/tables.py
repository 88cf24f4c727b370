"""Fuzzed tables: past posts, response curves, lists of creators, pairs of creators.

PYTHONPATH=tests python -W error -m campaigns.tables --files 10000 --seed 1

Every call is judged by its exit code and by what it writes (see `campaigns.forked`).
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from time import monotonic

from campaigns.forked import ROOT, Ended, Found, called, judged, load, same_as_script
from campaigns.mutators import CHANGES, CHARACTERS, NASTY

POSTS = """\
creator,tier,followers,fee,impressions,engagements,clicks,conversions,date,campaign
ana,micro,12000,250,4000,380,22,1,2026-01-03,spring
ben,micro,"8,500",190.50,2600,240,9,0,2026-01-04,spring
cleo,macro,310k,14000,70000,2100,150,4,2026-02-11,summer
ana,micro,12100,260,,400,,2,2026-02-12,summer
"""
CURVES = """\
spend,response,draw,channel
0,0,1,search
1000,50,1,search
5000,120,1,search
0,0,2,search
1000,55.5,2,search
5000,140,2,search
0,0,1,video
2000,10,1,video
9000,99,1,video
"""
CREATORS = (ROOT / "scenarios" / "roster_coffee.csv").read_text(encoding="utf-8")
PAIRS = (ROOT / "scenarios" / "roster_coffee_overlap.csv").read_text(encoding="utf-8")
SCENARIO = (ROOT / "scenarios" / "roster_coffee.yaml").read_text(encoding="utf-8")


#: Seconds that reading a table and working with it may take, on a busy machine.
READ, WORK = 120, 600

#: One call in so many is made once more, by the installed script.
SCRIPT = 500


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of table, and the commands that read it.

    Parameters
    ----------
    text : str
        A good one.
    reading : callable
        Takes the folder; returns the words of a command that reads ``table.csv`` there.
    working : callable
        The same for a command that then works with what was read.
    """

    text: str
    reading: Callable[[Path], list[str]]
    working: Callable[[Path], list[str]]


def _posts(folder: Path) -> list[str]:
    return ["calibrate", str(folder / "table.csv"), "--no-check"]


def _forecast(folder: Path) -> list[str]:
    return ["backtest", str(folder / "table.csv"), "--json"]


def _curves(folder: Path) -> list[str]:
    (folder / "curves.yaml").unlink(missing_ok=True)
    return ["import", str(folder / "table.csv"), "--out", str(folder / "curves.yaml")]


def _imported(folder: Path) -> list[str]:
    return ["validate", str(folder / "curves.yaml")]


def _creators(folder: Path) -> list[str]:
    text = SCENARIO.replace("roster_coffee.csv", "table.csv")
    lines = [line for line in text.splitlines() if not line.startswith("overlap:")]
    (folder / "named.yaml").write_text("\n".join(lines), encoding="utf-8")
    return ["validate", str(folder / "named.yaml")]


def _pairs(folder: Path) -> list[str]:
    (folder / "roster_coffee.csv").write_text(CREATORS, encoding="utf-8")
    text = SCENARIO.replace("roster_coffee_overlap.csv", "table.csv")
    (folder / "named.yaml").write_text(text, encoding="utf-8")
    return ["validate", str(folder / "named.yaml")]


def _chosen(folder: Path) -> list[str]:
    return ["optimize", str(folder / "named.yaml"), "--worlds", "64", "--json"]


KINDS = {
    "posts": Kind(POSTS, _posts, _forecast),
    "curves": Kind(CURVES, _curves, _imported),
    "creators": Kind(CREATORS, _creators, _chosen),
    "pairs": Kind(PAIRS, _pairs, _chosen),
}

#: One table in so many that were read is worked with.
SHARE = {"posts": 20, "curves": 1, "creators": 40, "pairs": 40}


def changed(text: str, rng: Random) -> bytes:
    """Return a table with some changes, as bytes in some encoding."""
    for _ in range(rng.choice((0, 1, 1, 1, 2, 3))):
        text = rng.choice((_cell, _cell, _cell, _delimiter, *CHANGES))(text, rng)
    if rng.random() < 0.05:
        return text.encode("utf-16", "replace")
    data = text[:200_000].encode("utf-8", "surrogatepass")
    if rng.random() < 0.03:
        at = rng.randrange(len(data) + 1)
        return data[:at] + bytes(rng.randrange(256) for _ in range(3)) + data[at:]
    return data


def _cell(text: str, rng: Random) -> str:
    lines = text.split("\n")
    at = rng.randrange(len(lines))
    cells = lines[at].split(",")
    odd = rng.choice(
        (*NASTY, rng.choice(CHARACTERS), "1.234", "1.234,5", "3,5", '"1,5"', "€5", "12k")
    )
    cells[rng.randrange(len(cells))] = odd
    lines[at] = ",".join(cells)
    return "\n".join(lines)


def _delimiter(text: str, rng: Random) -> str:
    return text.replace(",", rng.choice((";", "\t", "|", ",,", " ")))


def campaign(n: int, seed: int) -> Found:
    """Give tables to commands, each kind in turn, and judge how these end and what they say."""
    found, kinds, start = Found(), list(KINDS.items()), monotonic()
    with tempfile.TemporaryDirectory() as under:
        folder = Path(under)
        for i in range(n):
            name, kind = kinds[i % len(kinds)]
            rng = Random(f"{seed} {i}")
            data = changed(kind.text, rng)
            (folder / "table.csv").write_bytes(data)
            _one(name, folder, f"{name}: {data[:20_000]!r}", found, rng)
            if i % 1000 == 999:
                print(
                    f"{i + 1} tables, {monotonic() - start:.0f} s", dict(found.counts), flush=True
                )
    return found


def _one(name: str, folder: Path, shown: str, found: Found, rng: Random) -> None:
    """Read a table, and work with some."""
    words = KINDS[name].reading(folder)
    ended = called(words, READ)
    judged(words, ended, found, shown, _told)
    found.counts[f"{name} {'refused' if ended.code else 'read'}"] += 1
    if rng.randrange(SCRIPT) == 0 and name != "curves":
        same_as_script(words, ended, found, shown)
    if ended.code == 0 and rng.randrange(SHARE[name]) == 0:
        words = KINDS[name].working(folder)
        ended = called(words, WORK)
        found.counts[f"{name}: {words[0]} {ended.code}"] += 1
        imported = name == "curves" and ended.code != 0
        judged(words, ended, found, shown, _told)
        if imported:
            found.fail(f"imported, and not valid: {ended.err[:500]}", shown)


def _told(ended: Ended) -> str:
    """Return what is wrong with what is said of a table."""
    if ended.code == 2:
        return "exit code 2 for what a table says"
    if ended.code == 1 and "table.csv" not in ended.err:
        return "does not name the table"
    if ended.code == 1 and ended.out:
        return "an answer, and a failure"
    return "told at too great a length" if len(ended.err) > 5_000 else ""


def main() -> None:
    """Run the campaign and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    print(f"seed {asked.seed}", flush=True)
    load()
    found = campaign(asked.files, asked.seed)
    for what, text in found.failures[:20]:
        print(what, text[:2_000], sep="\n")
    print(f"{asked.files:,} tables: {dict(found.counts)}; {len(found.failures)} failures")
    raise SystemExit(bool(found.failures))


if __name__ == "__main__":
    main()
