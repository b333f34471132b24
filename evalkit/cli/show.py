"""`evalkit show`: a run's results in the terminal."""

from __future__ import annotations

from pathlib import Path

import click

from evalkit.cli.arguments import RUN
from evalkit.errors import DataError


@click.command("show", short_help="Show a run's results in the terminal.")
@click.argument("folder", metavar="DIR", type=RUN)
@click.option(
    "--recompute",
    is_flag=True,
    help="Also compare with summary.json, number by number: are they what the records say?",
)
def command(folder: Path, recompute: bool) -> None:
    """Print the results of a run or a bench, computed anew from its records.

    \b
    Examples:
      evalkit show results/quickstart-20261123-101500
      evalkit show --recompute results/bench-20261123-101500
    """
    from rich.console import Console

    from evalkit.analysis.facts import facts_to_json
    from evalkit.analysis.summary import analyse
    from evalkit.report.table import render_tables
    from evalkit.store.run_dir import SUMMARY, open_run

    facts = analyse(open_run(folder))
    console = Console(markup=False, highlight=False)
    for part in render_tables(facts):
        console.print(part)
    if not recompute:
        return
    file = folder / SUMMARY
    if not file.exists():
        raise DataError(f"{file}: missing, so there is nothing to compare with.", "")
    if file.read_bytes() != facts_to_json(facts):
        raise DataError(
            f"{file}: does not agree with what the records say now.",
            "Another version of evalkit computed it with other formulas; the tables above are the new ones.",
        )
    click.echo(f"{SUMMARY} agrees with the records.")
