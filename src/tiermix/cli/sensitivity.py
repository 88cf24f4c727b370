"""What would change the answer, and what it would be worth to know."""

from __future__ import annotations

from tiermix.cli.options import Csv, File, Json, Seed, Worlds, app, print_json


@app.command(epilog="Example: tiermix sensitivity scenarios/niche_ecommerce.yaml --csv inputs.csv")
def sensitivity(
    file: File,
    worlds: Worlds = None,
    seed: Seed = None,
    csv: Csv = None,
    as_json: Json = False,
) -> None:
    """Show which inputs move the result, where the choice tips, and what it pays to find out."""
    from tiermix import (
        commands,
        csv_files,
        questions,
        sensitivity_document,
        sensitivity_screen,
        terminal,
    )
    from tiermix.progress import shown_progress

    scenario = commands.load(file, worlds, seed)
    with shown_progress() as progress:
        found = questions.ask(scenario, progress)
    csv_files.write_rows(csv, sensitivity_document.rows(found))
    if as_json:
        print_json(sensitivity_document.document(found))
    else:
        sensitivity_screen.show_sensitivity(terminal.console(), found)
