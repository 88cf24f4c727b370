"""Commands about a run that is there: its report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tiermix.cli.options import app

Run = Annotated[Path, typer.Argument(metavar="RUN", help="Run folder.")]


@app.command(epilog="Example: tiermix report runs/skincare-launch-0123456789 --charts slides")
def report(
    run: Run,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="Default: report.html in the run folder."),
    ] = None,
    charts: Annotated[
        Path | None,
        typer.Option("--charts", metavar="DIR", help="Write every chart as PNG, SVG and PDF too."),
    ] = None,
) -> None:
    """Make the report of a run again: one HTML file, and its charts as pictures."""
    from tiermix.report import making
    from tiermix.report.contents import read_contents

    contents, target = read_contents(run), out or run / "report.html"
    making.write_html(contents, target)
    typer.echo(f"Written to {target}", err=True)
    if charts is not None:
        written = making.write_charts(contents, charts)
        typer.echo(f"Written to {charts}: {len(written)} pictures", err=True)
