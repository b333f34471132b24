"""`evalkit export`: results for other tools."""

from __future__ import annotations

from pathlib import Path

import click

from evalkit.cli.arguments import OUTPUT, RUN


@click.command("export", short_help="Write a run's results as CSV or JSON.")
@click.argument("folder", metavar="DIR", type=RUN)
@click.option(
    "--format",
    "kind",
    type=click.Choice(["csv", "json"]),
    required=True,
    help="csv: one row per number; json: all numbers and all samples.",
)
@click.option("--samples", is_flag=True, help="With csv: one row per doc and score instead.")
@click.option("--output", "-o", type=OUTPUT, help="File to write instead of stdout.")
def command(folder: Path, kind: str, samples: bool, output: Path | None) -> None:
    """Write results in a plain format. A number that was not measured is empty (CSV) or null (JSON).

    \b
    Examples:
      evalkit export results/quickstart-20261123-101500 --format csv
      evalkit export results/quickstart-20261123-101500 --format json -o quickstart.json
    """
    from evalkit.analysis.summary import analyse
    from evalkit.report.export import export_facts_csv, export_json, export_samples_csv
    from evalkit.store.files import write_atomic
    from evalkit.store.run_dir import open_run

    run = open_run(folder)
    if kind == "json":
        text = export_json(run, analyse(run))
    elif samples:
        text = export_samples_csv(run)
    else:
        text = export_facts_csv(analyse(run))
    if output is None:
        click.echo(text, nl=False)
    else:
        write_atomic(output, text.encode())
        click.echo(output)
