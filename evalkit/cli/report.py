"""`evalkit report`: the HTML report of one or more runs."""

from __future__ import annotations

from pathlib import Path

import click

from evalkit.cli.selection import EXISTING


@click.command("report", short_help="Write the HTML report of one or more runs.")
@click.argument("folders", metavar="DIR...", nargs=-1, required=True, type=EXISTING)
@click.option("--output", "-o", type=EXISTING, help="File to write.  [default: DIR/report.html]")
def command(folders: tuple[Path, ...], output: Path | None) -> None:
    """Write one self-contained HTML file; several runs are compared in it.

    \b
    Examples:
      evalkit report results/quickstart-20261123-101500
      evalkit report results/monday results/tuesday -o comparison.html
    """
    from evalkit.analysis.summary import analyse
    from evalkit.report.html import render_report
    from evalkit.store.files import write_atomic
    from evalkit.store.run_dir import REPORT, add_file, open_run

    runs = [open_run(folder) for folder in folders]
    page = render_report([(run, analyse(run)) for run in runs])
    if output is not None:
        write_atomic(output, page)
    elif len(folders) == 1:
        add_file(folders[0], REPORT, page)
    else:
        write_atomic(Path(REPORT), page)
    click.echo(output or (folders[0] / REPORT if len(folders) == 1 else Path(REPORT)))
