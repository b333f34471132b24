"""A run's progress as bars (terminal), lines (no terminal) or JSON (logs). All of it goes to stderr."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from evalkit.execute import progress
from evalkit.meters.clock import now_ns
from evalkit.plan import Cell, Plan
from evalkit.records import NS_PER_S

_LINE_EVERY_S = 30


class Shown:
    """A context manager around what is measured."""

    def __enter__(self) -> Self:
        """Start showing."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Stop showing."""


class Reporting(Shown, progress.Progress):
    """Base of the three."""


def choose_progress(*, quiet: bool, log_format: str) -> Reporting:
    """Pick what suits the terminal and the options."""
    if quiet:
        return Reporting()
    if log_format == "json":
        return JsonLog()
    return Bars() if sys.stderr.isatty() else Lines()


class Bars(Reporting):
    """One bar per cell, with the time left; the whole run on top."""

    def __init__(self) -> None:
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=Console(stderr=True, markup=False, highlight=False),
        )
        self._all: TaskID | None = None
        self._cell: TaskID | None = None

    def __enter__(self) -> Self:
        """Start drawing."""
        self._bars.start()
        return self

    def __exit__(self, *_error: object) -> None:
        """Leave the terminal as it was."""
        self._bars.stop()

    def run_started(self, plan: Plan, folder: Path) -> None:
        """Draw the bar of the whole run."""
        self._bars.console.print(f"run directory: {folder}")
        self._all = self._bars.add_task("all cells", total=plan.n_requests)

    def model_loading(self, model: str) -> None:
        """Say which weights are being read."""
        self._bars.console.print(f"loading {model}")

    def cell_started(self, cell: Cell, n_known: int) -> None:
        """Draw the cell's bar."""
        self._cell = self._bars.add_task(cell.cell_id, total=cell.n_requests, completed=n_known)
        self._advance_all(n_known)

    def advanced(self, cell: Cell, n_requests: int) -> None:
        """Move both bars."""
        if self._cell is not None:
            self._bars.advance(self._cell, n_requests)
        self._advance_all(n_requests)

    def cell_ended(self, cell: Cell, state: str, reason: str | None) -> None:
        """Say why a cell did not get done."""
        if state != "done":
            self._bars.console.print(f"{cell.cell_id}: {state} {reason or ''}", style="red")

    def _advance_all(self, n_requests: int) -> None:
        if self._all is not None:
            self._bars.advance(self._all, n_requests)


class Lines(Reporting):
    """A line per event, and every half minute how far the cell is."""

    def __init__(self) -> None:
        self._done = 0
        self._started_ns = self._shown_ns = now_ns()
        self._done_before = 0

    def run_started(self, plan: Plan, folder: Path) -> None:
        """Say what will be done."""
        self._say(f"run directory: {folder}")
        self._say(f"{len(plan.cells)} cells, {plan.n_requests} requests")

    def model_loading(self, model: str) -> None:
        """Say which weights are being read."""
        self._say(f"loading {model}")

    def model_loaded(self, model: str, seconds: float) -> None:
        """Say how long that took."""
        self._say(f"loaded {model} in {seconds:.1f} s")

    def cell_started(self, cell: Cell, n_known: int) -> None:
        """Say which cell begins."""
        self._done = self._done_before = n_known
        self._started_ns = self._shown_ns = now_ns()
        known = f", {n_known} known from before" if n_known else ""
        self._say(f"{cell.cell_id}: {cell.n_requests} requests{known}")

    def advanced(self, cell: Cell, n_requests: int) -> None:
        """Say now and then how far the cell is."""
        self._done += n_requests
        now = now_ns()
        if now - self._shown_ns < _LINE_EVERY_S * NS_PER_S or self._done <= self._done_before:
            return
        self._shown_ns = now
        per_request = (now - self._started_ns) / (self._done - self._done_before)
        left_s = per_request * (cell.n_requests - self._done) / NS_PER_S
        self._say(f"{cell.cell_id}: {self._done}/{cell.n_requests}, about {left_s:.0f} s left")

    def cell_ended(self, cell: Cell, state: str, reason: str | None) -> None:
        """Say how a cell ended."""
        took_s = (now_ns() - self._started_ns) / NS_PER_S
        self._say(f"{cell.cell_id}: {state} after {took_s:.0f} s {reason or ''}".rstrip())

    def _say(self, line: str) -> None:
        click.echo(line, err=True)


class JsonLog(Reporting):
    """One JSON object per event and line."""

    def run_started(self, plan: Plan, folder: Path) -> None:
        """Log the run."""
        log_json("run_started", folder=str(folder), cells=len(plan.cells), requests=plan.n_requests)

    def model_loading(self, model: str) -> None:
        """Log the model."""
        log_json("model_loading", model=model)

    def model_loaded(self, model: str, seconds: float) -> None:
        """Log the load time."""
        log_json("model_loaded", model=model, load_s=seconds)

    def cell_started(self, cell: Cell, n_known: int) -> None:
        """Log the cell."""
        log_json("cell_started", cell=cell.cell_id, requests=cell.n_requests, known=n_known)

    def advanced(self, cell: Cell, n_requests: int) -> None:
        """Log a batch."""
        if n_requests:
            log_json("advanced", cell=cell.cell_id, requests=n_requests)

    def cell_ended(self, cell: Cell, state: str, reason: str | None) -> None:
        """Log the end of a cell."""
        log_json("cell_ended", cell=cell.cell_id, state=state, reason=reason)


def log_json(event: str, **fields: Any) -> None:
    """Write one event as a line of JSON."""
    stamp = datetime.now(UTC).isoformat(timespec="milliseconds")
    click.echo(json.dumps({"time": stamp, "event": event, **fields}), err=True)
