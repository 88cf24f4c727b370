"""Run folders for tests of what is made of them."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

from briefs import analysed, brief
from tiermix.report.making import complete
from tiermix.result import document
from tiermix.runs import save

#: Names that a page, a spreadsheet or a reader could stumble over.
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "\"><svg onload=alert('x')>",
    "=1+1",
    "שלום {{ 7*7 }} 'q' \"d\"",
    "n" * 60,
)

#: A tier for every name, with strategies of such names too.
HOSTILE_BRIEF = brief(
    {
        json.dumps(name): "{preset: micro, available: 90, audience: {fans: 60%, others: 10%}}"
        for name in HOSTILE
    },
    name=json.dumps("<b>& \"Launch\" 'x'"),
    strategies=json.dumps({f"{name[:50]} s": {name: "90%"} for name in HOSTILE}),
)


def run_folder(text: str, under: Path, worlds: int = 64, *, report: bool = True) -> Path:
    """Return the run folder of a scenario file, with what a report needs."""
    analysis = analysed(text, worlds)
    finish = partial(complete, analysis, report=report)
    return save(analysis, document(analysis), under, 0.5, finish)
