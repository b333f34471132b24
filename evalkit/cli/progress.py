"""What a session tells, as bars or a live line (terminal), lines (no terminal) or JSON (logs): all of it to stderr.

What of an event is shown, say the rows of `evalkit.cli.events`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal, Self

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
from rich.status import Status

from evalkit.cli.events import BENCH, RUN, Rows
from evalkit.execute import progress as told
from evalkit.meters.clock import now_ns
from evalkit.records import NS_PER_S

_EVERY_S: Mapping[type, float] = {told.Advanced: 30, told.StepGoesOn: 10}
"""Events of which a line tells only now and then: seconds between two."""


class Shown:
    """Shows nothing; a context manager around what is measured."""

    def __enter__(self) -> Self:
        """Start showing."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Leave the terminal as it was."""

    def __call__(self, event: told.Event) -> None:
        """Show an event."""


def choose_progress(kind: Literal["run", "bench"], *, quiet: bool, log_format: str) -> Shown:
    """Pick what suits the terminal and the options."""
    rows = RUN if kind == "run" else BENCH
    if quiet:
        return Shown()
    if log_format == "json":
        return JsonLog(rows)
    is_terminal = sys.stderr.isatty()
    return Bars() if is_terminal and kind == "run" else Lines(rows, is_terminal=is_terminal)


class Bars(Shown):
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
        self._all = self._cell = TaskID(0)

    def __enter__(self) -> Self:
        """Start drawing."""
        self._bars.start()
        return self

    def __exit__(self, *_error: object) -> None:
        """Leave the terminal as it was."""
        self._bars.stop()

    def __call__(self, event: told.Event) -> None:
        """Move the bars; say above them what they can't show."""
        say = self._bars.console.print
        match event:
            case told.SessionStarted(folder, _, n_requests):
                say(f"run directory: {folder}")
                self._all = self._bars.add_task("all cells", total=n_requests)
            case told.CellStarted(cell_id, n_requests, n_known):
                self._cell = self._bars.add_task(cell_id, total=n_requests, completed=n_known)
                self._bars.advance(self._all, n_known)
            case told.Advanced(n_more=n_more):
                self._bars.advance(self._cell, n_more)
                self._bars.advance(self._all, n_more)
            case told.CellEnded(record) if record.state != "done":
                say(f"{record.cell_id}: {record.state} {record.reason or ''}", style="red")
            case told.ServerStarting() | told.ServerStarted() | told.ModelLoading():
                say(RUN[type(event)].line(event))


class Lines(Shown):
    """A line per event; what goes on between them as one live line, or now and then without a terminal."""

    def __init__(self, rows: Rows, *, is_terminal: bool = False) -> None:
        console = Console(stderr=True, markup=False, highlight=False, soft_wrap=True)
        self._rows = rows
        self._status = Status("", console=console) if is_terminal else None
        self._shown_ns = 0

    def __exit__(self, *_error: object) -> None:
        """Leave the terminal as it was."""
        if self._status is not None:
            self._status.stop()

    def __call__(self, event: told.Event) -> None:
        """Say what happened."""
        row = self._rows.get(type(event))
        if row is None:
            return
        if type(event) not in _EVERY_S:
            self._shown_ns = now_ns()
            self._say(row.line(event))
        elif self._status is not None:
            self._status.update(row.line(event))
            self._status.start()
        elif now_ns() - self._shown_ns >= _EVERY_S[type(event)] * NS_PER_S:
            self._shown_ns = now_ns()
            self._say(row.line(event))

    def _say(self, line: str) -> None:
        if self._status is not None:
            self._status.stop()
        click.echo(line, err=True)


class JsonLog(Shown):
    """One JSON object per event and line."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def __call__(self, event: told.Event) -> None:
        """Log an event."""
        if row := self._rows.get(type(event)):
            stamp = datetime.now(UTC).isoformat(timespec="milliseconds")
            logged = {"time": stamp, "event": row.name, **row.fields(event)}
            click.echo(json.dumps(logged), err=True)
