"""`evalkit ls`: the runs in the results folder."""

from __future__ import annotations

from pathlib import Path

import click

from evalkit.cli.arguments import EXISTING_FOLDER


@click.command("ls", short_help="List runs.")
@click.argument("root", metavar="[DIR]", required=False, type=EXISTING_FOLDER)
def command(root: Path | None) -> None:
    """List the run directories under DIR (default: results), oldest first.

    \b
    Example:
      evalkit ls
    """
    from evalkit.errors import DataError
    from evalkit.store.run_dir import list_runs

    root = root or Path("results")
    runs = list(list_runs(root))
    if not runs:
        click.echo(f"no runs in {root}")
    for folder, manifest in runs:
        if isinstance(manifest, DataError):
            click.echo(f"{folder}  damaged: see evalkit verify {folder}")
            continue
        models = ", ".join(dict.fromkeys(c.model for c in manifest.cells))
        done = sum(c.state == "done" for c in manifest.cells)
        cells = f"{done}/{len(manifest.cells)} cells"
        click.echo(f"{folder}  {manifest.state}  {manifest.started_at}  {cells}  {models}")
