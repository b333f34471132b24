"""`evalkit ls`: the runs in the results folder."""

from __future__ import annotations

from pathlib import Path

import click

from evalkit.cli.selection import EXISTING


@click.command("ls", short_help="List runs.")
@click.argument("root", metavar="[DIR]", default=Path("results"), type=EXISTING)
def command(root: Path) -> None:
    """List the run directories under DIR (default: results), oldest first.

    \b
    Example:
      evalkit ls
    """
    from rich.console import Console
    from rich.table import Table

    from evalkit.errors import DataError
    from evalkit.store.run_dir import list_runs

    table = Table(box=None, pad_edge=False)
    for title in ("run", "state", "started", "models", "cells done"):
        table.add_column(title)
    for folder, manifest in list_runs(root):
        if isinstance(manifest, DataError):
            table.add_row(str(folder), "damaged", "", "", "")
            continue
        models = ", ".join(dict.fromkeys(c.model for c in manifest.cells))
        done = sum(c.state == "done" for c in manifest.cells)
        cells = f"{done}/{len(manifest.cells)}"
        table.add_row(str(folder), manifest.state, manifest.started_at, models, cells)
    if not table.row_count:
        click.echo(f"no runs in {root}")
        return
    Console(markup=False, highlight=False).print(table)
