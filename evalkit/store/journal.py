"""The journal of a run in progress: one SQLite file in WAL mode.

Every batch of answers is one transaction, flushed to disk before the next batch starts. A process that is killed at any
moment leaves whole batches and nothing else, so a resumed run repeats exactly the batches that are missing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Self, TypeVar

from pydantic import TypeAdapter
from pydantic_core import to_json

from evalkit.errors import DataError, EvalkitError, ExecutionError
from evalkit.records import (
    Attempt,
    CellRecord,
    LoadStep,
    Request,
    Sample,
    SentAttempt,
    Session,
    TaskResult,
    Telemetry,
)

JOURNAL = "journal.sqlite"

T = TypeVar("T")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS session   (number INTEGER PRIMARY KEY, payload TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS cell      (cell_id TEXT PRIMARY KEY, position INTEGER, payload TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS request   (request_id TEXT PRIMARY KEY, cell_id TEXT NOT NULL, payload TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS request_of_cell ON request (cell_id);
CREATE TABLE IF NOT EXISTS attempt   (request_id TEXT, session INTEGER, number INTEGER, cell_id TEXT NOT NULL,
                                      sent TEXT NOT NULL, payload TEXT, PRIMARY KEY (request_id, session, number));
CREATE TABLE IF NOT EXISTS sample    (cell_id TEXT, task TEXT, filter TEXT, doc_id INTEGER, payload TEXT NOT NULL,
                                      PRIMARY KEY (cell_id, task, filter, doc_id));
CREATE TABLE IF NOT EXISTS result    (cell_id TEXT, task TEXT, filter TEXT, metric TEXT, payload TEXT NOT NULL,
                                      PRIMARY KEY (cell_id, task, filter, metric));
CREATE TABLE IF NOT EXISTS step      (cell_id TEXT, step INTEGER, payload TEXT NOT NULL, PRIMARY KEY (cell_id, step));
CREATE TABLE IF NOT EXISTS telemetry (id INTEGER PRIMARY KEY, cell_id TEXT NOT NULL, payload TEXT NOT NULL);
"""


_RECORDS = (
    Session,
    CellRecord,
    Request,
    Sample,
    TaskResult,
    Telemetry,
    Attempt,
    SentAttempt,
    LoadStep,
)
_ADAPTERS: dict[type[Any], TypeAdapter[Any]] = {kind: TypeAdapter(kind) for kind in _RECORDS}


def _dump(record: object) -> str:
    # a choice may have the log-likelihood minus infinity, for which JSON has no number
    return to_json(record, inf_nan_mode="strings").decode()


class Journal:
    """Append-only while a run lasts; a context manager that closes the file.

    Args:
        path: The SQLite file; made when `create`.
        create: Make a new journal; otherwise it must exist and be intact.

    Raises:
        DataError: The file is missing or damaged.
    """

    def __init__(self, path: Path, *, create: bool = False) -> None:
        if not create and not path.exists():
            raise DataError(f"{path}: the journal is missing.", "This run can't be resumed.")
        self.path = path
        try:
            self._db = sqlite3.connect(path, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.executescript(_SCHEMA)
        except sqlite3.DatabaseError as error:
            raise _broken(path, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._db.close()

    def check(self) -> str | None:
        """Return what SQLite finds wrong with the file, or None.

        Raises:
            ExecutionError: The disk does not let it look.
        """
        try:
            (finding,) = self._db.execute("PRAGMA integrity_check").fetchone()
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                raise _broken(self.path, error) from error
            return str(error)
        return None if finding == "ok" else str(finding)

    def add_session(self, session: Session) -> None:
        """Record that a process started to work on the run."""
        with self._transaction():
            self._db.execute("INSERT INTO session VALUES (?, ?)", (session.session, _dump(session)))

    def add_requests(
        self,
        requests: Iterable[Request],
        telemetry: Iterable[Telemetry],
        sent: Iterable[SentAttempt] = (),
    ) -> None:
        """Record one answered batch, attempts about to be sent and the readings so far, all or nothing.

        A request that failed in an earlier session gives way to the one that repeats it and holds its attempts.

        Raises:
            sqlite3.IntegrityError: A request is already answered: nothing may be asked twice.
        """
        with self._transaction():
            for attempt in sent:
                self._add_sent(attempt)
            for request in requests:
                self._db.execute(
                    "DELETE FROM request WHERE request_id = ? AND payload ->> 'answer' IS NULL",
                    (request.request_id,),
                )
                self._db.execute(
                    "INSERT INTO request VALUES (?, ?, ?)",
                    (request.request_id, request.cell_id, _dump(request)),
                )
                self._db.execute("DELETE FROM attempt WHERE request_id = ?", (request.request_id,))
            self._db.executemany(
                "INSERT INTO telemetry (cell_id, payload) VALUES (?, ?)",
                [(t.cell_id, _dump(t)) for t in telemetry],
            )

    def open_attempts(self, cell_id: str | None = None) -> dict[str, list[Attempt]]:
        """Return, by request, the attempts whose request has no final record: failed ones, and ones that got lost.

        Args:
            cell_id: Only of this cell; None: of all.
        """
        where = "" if cell_id is None else " WHERE cell_id = ?"
        rows = self._query(
            f"SELECT request_id, sent, payload FROM attempt{where} ORDER BY request_id, number",
            *(() if cell_id is None else (cell_id,)),
        )
        found: dict[str, list[Attempt]] = {}
        for request_id, sent, payload in rows:
            attempt = (
                _lost(_ADAPTERS[SentAttempt].validate_json(sent))
                if payload is None
                else _ADAPTERS[Attempt].validate_json(payload)
            )
            found.setdefault(request_id, []).append(attempt)
        return found

    def put_step(self, step: LoadStep) -> None:
        """Record how a step of a load test begins, and later how it ended."""
        with self._transaction():
            self._db.execute(
                "INSERT OR REPLACE INTO step VALUES (?, ?, ?)",
                (step.cell_id, step.step, _dump(step)),
            )

    def put_cells(self, cells: Iterable[CellRecord]) -> None:
        """Record cells in the order of the plan."""
        with self._transaction():
            for position, cell in enumerate(cells):
                self._db.execute(
                    "INSERT OR REPLACE INTO cell VALUES (?, ?, ?)",
                    (cell.cell_id, position, _dump(cell)),
                )

    def update_cell(self, cell: CellRecord) -> None:
        """Record how a cell goes on."""
        with self._transaction():
            self._update_cell(cell)

    def finish_cell(
        self,
        cell: CellRecord,
        samples: Iterable[Sample],
        results: Iterable[TaskResult],
    ) -> None:
        """Record scores and state of a finished cell, all or nothing."""
        with self._transaction():
            self._update_cell(cell)
            self._db.executemany(
                "INSERT OR REPLACE INTO sample VALUES (?, ?, ?, ?, ?)",
                [(s.cell_id, s.task, s.filter, s.doc_id, _dump(s)) for s in samples],
            )
            self._db.executemany(
                "INSERT OR REPLACE INTO result VALUES (?, ?, ?, ?, ?)",
                [(r.cell_id, r.task, r.filter, r.metric, _dump(r)) for r in results],
            )

    def sessions(self) -> list[Session]:
        """Return every session, oldest first."""
        return self._read(Session, "SELECT payload FROM session ORDER BY number")

    def cells(self) -> list[CellRecord]:
        """Return every cell, in the order of the plan."""
        return self._read(CellRecord, "SELECT payload FROM cell ORDER BY position")

    def requests(self, cell_id: str | None = None) -> list[Request]:
        """Return the requests of a cell, or of all, in the order they were answered."""
        if cell_id is None:
            return self._read(Request, "SELECT payload FROM request ORDER BY rowid")
        return self._read(
            Request, "SELECT payload FROM request WHERE cell_id = ? ORDER BY rowid", cell_id
        )

    def samples(self) -> list[Sample]:
        """Return every scored doc."""
        return self._read(
            Sample, "SELECT payload FROM sample ORDER BY cell_id, task, filter, doc_id"
        )

    def results(self) -> list[TaskResult]:
        """Return lm-eval's numbers."""
        return self._read(TaskResult, "SELECT payload FROM result ORDER BY cell_id, task, rowid")

    def telemetry(self) -> list[Telemetry]:
        """Return every reading, oldest first."""
        return self._read(Telemetry, "SELECT payload FROM telemetry ORDER BY id")

    def steps(self, cell_id: str | None = None) -> list[LoadStep]:
        """Return the steps of a cell, or of all, cell by cell in the order they were measured."""
        if cell_id is None:
            return self._read(LoadStep, "SELECT payload FROM step ORDER BY cell_id, step")
        return self._read(
            LoadStep, "SELECT payload FROM step WHERE cell_id = ? ORDER BY step", cell_id
        )

    def _add_sent(self, sent: SentAttempt) -> None:
        if sent.failed is not None:
            self._db.execute(
                "UPDATE attempt SET payload = ? WHERE request_id = ? AND session = ? AND number = ?",
                (_dump(sent.failed), sent.request_id, sent.session, sent.failed.number),
            )
        self._db.execute(
            "INSERT INTO attempt VALUES (?, ?, ?, ?, ?, NULL)",
            (
                sent.request_id,
                sent.session,
                sent.number,
                sent.cell_id,
                _dump(replace(sent, failed=None)),
            ),
        )

    def _update_cell(self, cell: CellRecord) -> None:
        self._db.execute(
            "UPDATE cell SET payload = ? WHERE cell_id = ?", (_dump(cell), cell.cell_id)
        )

    def _read(self, kind: type[T], sql: str, *values: str) -> list[T]:
        adapter = _ADAPTERS[kind]
        return [adapter.validate_json(payload) for (payload,) in self._query(sql, *values)]

    def _query(self, sql: str, *values: str) -> list[Any]:
        try:
            return self._db.execute(sql, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise _broken(self.path, error) from error

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            yield
            self._db.execute("COMMIT")
        except BaseException as error:  # Ctrl-C too: a half-written batch must not stay open
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            if not isinstance(error, sqlite3.DatabaseError) or _is_misuse(error):
                raise
            raise _broken(self.path, error) from error


def _lost(sent: SentAttempt) -> Attempt:
    """Return an attempt that was sent before a crash; whether it was answered, and billed, nobody knows."""
    t = sent.t_queued_ns
    return Attempt(
        number=sent.number,
        session=sent.session,
        status="lost",
        t_intended_ns=t,
        t_queued_ns=t,
        t_send_ns=t,
        t_headers_ns=None,
        t_end_ns=t,
        error="sent before the process ended; the answer is not known",
        reserved_usd=sent.reserved_usd,
    )


_DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT})
_MISUSE = (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.InterfaceError)


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    """Tell whether the file itself is wrong; a disk that fails, is full, locked or read-only says nothing about it."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return not isinstance(error, sqlite3.OperationalError)
    return code & 0xFF in _DAMAGE  # the rest of an extended code tells details


def _is_misuse(error: sqlite3.DatabaseError) -> bool:
    return isinstance(error, _MISUSE)


def _broken(path: Path, error: sqlite3.DatabaseError) -> EvalkitError:
    if _is_damage(error):
        return DataError(f"{path}: the journal is damaged: {error}.", "Run `evalkit verify`.")
    return ExecutionError(
        f"{path}: can't be read or written: {error}.",
        "Check the disk (space, permissions, connection), then go on with `evalkit run --resume`.",
    )
