"""Random plans for random campaigns of every feature, and what the model promises of them.

PYTHONPATH=tests python -m campaigns.invariants --cases 10000 --seed 1
"""

from __future__ import annotations

import argparse
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from hypothesis import HealthCheck, Phase, given, seed, settings

from campaigns.best_plans import optimal
from campaigns.case import Case, cases
from campaigns.promises import bounded, crowded, diminishing, late_money, never_less, spend_kept
from campaigns.sameness import other_order, other_units, same_bytes
from full_strategies import named
from sim.engine import engine
from sim.purchase import WHOLE

#: Cases that are drawn from one seed.
BATCH = 250

#: What is checked, and of which share of the cases.
RULES: dict[Callable[[Case], Iterator[str]], int] = {
    never_less: 1,
    late_money: 1,
    crowded: 1,
    diminishing: 1,
    bounded: 1,
    spend_kept: 1,
    other_units: 2,
    other_order: 2,
    same_bytes: 6,
    optimal: 4,
}


def broken(case: Case, *, every: bool = False) -> list[str]:
    """Return the promises that a case breaks, in words; some are looked at in some cases only."""
    found = []
    for rule, share in RULES.items():
        if every or case.number % share == 0:
            found += [f"{rule.__name__}: {what}" for what in rule(case)]
    return found


@dataclass
class Found:
    """What came of a campaign: cases by kind, and the promises broken with their cases."""

    counts: Counter[str] = field(default_factory=Counter)
    failures: list[tuple[str, Case]] = field(default_factory=list)

    def look(self, case: Case) -> None:
        """Check a case."""
        for kind in ("phases", "halos", "curves", "classes"):
            self.counts[kind] += bool(getattr(case.campaign, kind))
        self.counts["named"] += named(case.campaign)
        self.counts["whole"] += case.purchase is WHOLE
        self.counts["cases"] += 1
        try:
            self.failures += [(what, case) for what in broken(case)]
        except Exception:
            self.failures.append((traceback.format_exc(limit=-3), case))


def campaign(n: int, number: int, told: Callable[[Found], None] = lambda found: None) -> Found:
    """Check random cases, batch after batch."""
    found = Found()
    for batch in range(0, n, BATCH):
        config = settings(
            max_examples=min(BATCH, n - batch), derandomize=False, database=None, deadline=None,
            phases=[Phase.generate], suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        seed(number * 1_000_003 + batch)(config(given(cases())(found.look)))()
        told(found)
    return found


def main() -> None:
    """Run the campaign and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    started = time.monotonic()

    def told(found: Found) -> None:
        while len(shown) < len(found.failures):
            what, case = found.failures[len(shown)]
            shown.append(what)
            print(what, case if shown.count(what) == 1 else "", sep="\n", flush=True)
        print(f"{dict(found.counts)} in {time.monotonic() - started:.0f} s", flush=True)

    shown: list[str] = []
    found = campaign(asked.cases, asked.seed, told)
    kinds = Counter(what for what, _ in found.failures)
    print(f"Engine {engine()}; {len(found.failures)} failures: {dict(kinds)}")
    raise SystemExit(bool(found.failures))


if __name__ == "__main__":
    main()
