"""Fuzzed tables: past posts, response curves, lists of creators, pairs of creators.

PYTHONPATH=tests python -m campaigns.tables --files 10000 --seed 1
"""

from __future__ import annotations

import argparse
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np

from campaigns.mutators import CHANGES, CHARACTERS, NASTY
from campaigns.scenarios import READ, ROOT, Found, within
from tiermix.calibration.history import read_history
from tiermix.curve_tables import channels, points_curve
from tiermix.errors import TableError
from tiermix.roster_tables import roster, with_overlaps
from tiermix.tables import read_table

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
TIERS, SEGMENTS = ("nano", "micro", "mid", "macro"), ("fans", "others")


def _posts(path: Path) -> None:
    posts = read_history(path, {})
    for values in (posts.followers, posts.fee, posts.posts, posts.engagements):
        known = values[~np.isnan(values)]
        assert (np.isfinite(known) & (known >= 0)).all(), "a number that cannot be"


def _curves(path: Path) -> None:
    table = read_table(path)
    names: list[str | None] = [*channels(table)]
    for channel in names or [None]:
        curve = points_curve(table, channel)
        assert (np.diff(curve.spends) > 0).all(), "spends that do not rise"
        assert np.isfinite(curve.responses).all(), "a response that is no number"
        assert (np.diff(curve.responses) >= 0).all(), "a curve that falls"


def _creators(path: Path) -> None:
    for quote in roster(read_table(path), TIERS, SEGMENTS).quotes:
        assert quote.name.isprintable(), "a name that cannot be printed"
        assert np.isfinite([quote.followers, quote.fee]).all(), "a number that cannot be"


def _pairs(path: Path) -> None:
    known = path.with_name("creators.csv")
    known.write_text(CREATORS, encoding="utf-8")
    with_overlaps(roster(read_table(known), _tiers(), SEGMENTS), read_table(path))


def _tiers() -> list[str]:
    header, *rows = (line.split(",") for line in CREATORS.splitlines())
    return sorted({row[header.index("tier")] for row in rows if len(row) > 1})


KINDS: dict[str, tuple[str, Callable[[Path], None]]] = {
    "posts": (POSTS, _posts),
    "curves": (CURVES, _curves),
    "creators": (CREATORS, _creators),
    "pairs": (PAIRS, _pairs),
}


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
    """Read tables, each kind in turn, and check what is read or said."""
    found, kinds = Found(), list(KINDS.items())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        for i in range(n):
            kind, (text, read) = kinds[i % len(kinds)]
            data = changed(text, Random(f"{seed} {i}"))
            path.write_bytes(data)
            shown = f"{kind}: {data[:20_000]!r}"
            try:
                with within(READ):
                    read(path)
            except TableError as error:
                found.counts[f"{kind} refused"] += 1
                placed = error.line > 0 or error.column or path.name in str(error)
                if not (placed and error.message and len(str(error)) < 5_000):
                    found.fail(f"told badly: {error!s:.300}", shown)
            except Exception:
                found.fail(traceback.format_exc(), shown)
            else:
                found.counts[f"{kind} read"] += 1
    return found


def main() -> None:
    """Run the campaign and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    found = campaign(asked.files, asked.seed)
    for what, text in found.failures[:20]:
        print(what, text[:2_000], sep="\n")
    print(f"{asked.files:,} tables: {dict(found.counts)}")
    raise SystemExit(bool(found.failures))


if __name__ == "__main__":
    main()
