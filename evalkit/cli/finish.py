"""What `run` and `bench` do once everything is measured: analyse, report, print."""

from __future__ import annotations

import signal
from pathlib import Path
from types import FrameType

import click

from evalkit.errors import PartialRunError


def stop_on_sigterm() -> None:
    """Treat the end a service manager asks for as Ctrl-C: keep what was done."""
    signal.signal(signal.SIGTERM, _interrupt)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def finish(folder: Path, *, quiet: bool, write_report: bool) -> None:
    """Analyse what is there, write summary and report, print; exit 3 when the run or bench is not complete."""
    from rich.console import Console

    from evalkit.api import summarised
    from evalkit.report.table import render_tables
    from evalkit.store.run_dir import REPORT

    found = summarised(folder, has_report=write_report)
    run, facts = found.run, found.facts
    if not quiet:
        console = Console(markup=False, highlight=False)
        for part in render_tables(facts):
            console.print(part)
    if facts.state != "complete":
        missing = [c for c in facts.cells if c.state in {"failed", "stopped", "skipped"}]
        first = next(iter(missing), None)
        why = f"{first.cell_id} {first.state}: {first.reason}" if first else "interrupted"
        raise PartialRunError(
            f"{folder}: the {run.manifest.kind} is not complete ({why}). What was done is kept.",
            f"Go on with: evalkit {run.manifest.kind} --resume {folder}",
        )
    report = folder / REPORT
    click.echo(f"report: {report}" if report.exists() else f"run: {folder}")
