"""Commands about a run that is there: its report, and what if."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tiermix.cli.options import Worlds, app, say

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

    making.require()
    from tiermix.report import mending

    contents, text = mending.page(run)
    target = out or run / "report.html"
    making.write_page(text, target)
    for told in contents.left_out:
        say(f"Left out: {told}", err=True)
    say(f"Written to {target}", err=True)
    if charts is not None:
        written = making.write_charts(contents, charts)
        say(f"Written to {charts}: {len(written)} pictures", err=True)


@app.command(epilog="Example: tiermix explore runs/skincare-launch-0123456789")
def explore(
    run: Run,
    worlds: Worlds = None,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0: any free one.")] = 0,
    browser: Annotated[bool, typer.Option(help="Open the page.")] = True,
) -> None:
    """Move budget, objective and split of a run in the browser; nothing leaves this machine."""
    from importlib.util import find_spec
    from secrets import token_urlsafe

    from tiermix.errors import UsageError
    from tiermix.explore.bench import Bench

    if not all(find_spec(library) for library in ("jinja2", "starlette", "uvicorn")):
        raise UsageError("explore needs more libraries: pip install 'tiermix[explore]'")
    from tiermix.explore.server import serve

    def ready(address: str) -> None:
        say(f"Open {address}\nCtrl-C ends it.", err=True)
        if browser:
            typer.launch(address)

    serve(Bench(run, worlds), token_urlsafe(16), port, ready)
