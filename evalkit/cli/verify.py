"""`evalkit verify`: is a run directory whole and unchanged?"""

from __future__ import annotations

from pathlib import Path

import click

from evalkit.cli.arguments import RUN
from evalkit.errors import ExitCode


@click.command("verify", short_help="Check that a run directory is whole and unchanged.")
@click.argument("folder", metavar="DIR", type=RUN)
def command(folder: Path) -> None:
    """Compare every file of a run with its manifest, and look into the journal of an unfinished one.

    Exits with 0 when the run can be trusted, else with 4 and what is wrong.

    \b
    Example:
      evalkit verify results/quickstart-20261123-101500
    """
    from evalkit.store.run_dir import verify

    findings = verify(folder)
    for finding in findings:
        click.echo(f"{finding.file}: {finding.problem}. {finding.advice}".rstrip())
    if findings:
        raise SystemExit(int(ExitCode.DATA))
    click.echo(f"{folder}: whole and unchanged")
