"""A run as far as it has got, read beside the process that works on it: no lock is taken and nothing is written.

SQLite's WAL mode lets one writer and any number of readers work at once, each reader seeing the state of one moment.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from evalkit.errors import DataError
from evalkit.store.journal import JOURNAL, Journal
from evalkit.store.manifest import MANIFEST, read_manifest
from evalkit.store.run_dir import Run, open_run

_WAL = f"{JOURNAL}-wal"
"""File that is there while a process has the journal open, and after one was killed."""


class ReadJournal(Journal):
    """A journal at one moment: read-only, and no obstacle to who writes it.

    Raises:
        DataError: The file can't be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._db = sqlite3.connect(
                f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None
            )
            self._db.execute("PRAGMA query_only=ON")
            self._db.execute("BEGIN")
        except sqlite3.DatabaseError as error:
            raise DataError(f"{path}: can't be read: {error}.", "Try again in a moment.") from error


def read_live(folder: Path) -> Run:
    """Return a run with everything that was recorded until now; one that has ended as `open_run` does.

    Raises:
        DataError: There is no run, nothing was recorded yet, or the directory is damaged.
    """
    manifest = read_manifest(folder)
    if manifest.state == "complete" or not (folder / _WAL).exists():
        return open_run(folder)
    with ReadJournal(folder / JOURNAL) as journal:
        cells, sessions = tuple(journal.cells()), tuple(journal.sessions())
        return Run(
            folder,
            manifest.model_copy(
                update={
                    "state": "running",
                    "cells": cells or manifest.cells,
                    "sessions": sessions,
                    "finished_at": None,
                }
            ),
            journal.requests(),
            journal.samples(),
            journal.results(),
            journal.telemetry(),
            journal.steps(),
        )


def is_going_on(folder: Path) -> bool:
    """Tell whether a process may be working on the run."""
    return (folder / _WAL).exists()


def stamp(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Return what changes whenever something is recorded: name, size and time of the files that tell it."""
    found = []
    for name in (MANIFEST, JOURNAL, _WAL):
        try:
            status = (folder / name).stat()
        except OSError:
            continue
        found.append((name, status.st_size, status.st_mtime_ns))
    return tuple(found)
