"""`evalkit show`: a run's results in the terminal."""

from __future__ import annotations

from pathlib import Path

import click

from evalkit.cli.selection import EXISTING


@click.command("show", short_help="Show a run's results in the terminal.")
@click.argument("folder", metavar="DIR", type=EXISTING)
def command(folder: Path) -> None:
    """Print quality, speed and resources of a run, computed anew from its records.

    \b
    Example:
      evalkit show results/quickstart-20261123-101500
    """
    from rich.console import Console

    from evalkit.analysis.summary import analyse
    from evalkit.report.table import render_tables
    from evalkit.store.run_dir import open_run

    console = Console(markup=False, highlight=False)
    for part in render_tables(analyse(open_run(folder))):
        console.print(part)
