"""A disk that fails, is full or read-only is no damage of what lies on it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from evalkit.errors import DataError, ExecutionError, OutputError
from evalkit.records import Request
from evalkit.store.files import sha256_of, write_atomic
from evalkit.store.journal import JOURNAL, Journal
from evalkit.store.parquet import read_parquet, to_parquet


class _FailingDisk:
    """A database whose disk gives an error for everything."""

    in_transaction = False

    def __init__(self, code: int, words: str) -> None:
        self._code, self._words = code, words

    def execute(self, *_sql: object) -> None:
        """Fail."""
        error = sqlite3.OperationalError(self._words)
        error.sqlite_errorcode = self._code
        raise error

    def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (sqlite3.SQLITE_IOERR_READ, "disk I/O error"),
        (sqlite3.SQLITE_FULL, "database or disk is full"),
        (sqlite3.SQLITE_READONLY, "attempt to write a readonly database"),
        (sqlite3.SQLITE_BUSY, "database is locked"),
        (sqlite3.SQLITE_CANTOPEN, "unable to open database file"),
    ],
)
def test_a_failing_disk_is_no_damaged_journal(
    tmp_path: Path, code: int, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Journal(tmp_path / JOURNAL, create=True) as journal:
        monkeypatch.setattr(journal, "_db", _FailingDisk(code, words))
        for ask in (journal.cells, journal.check, lambda: journal.put_cells([])):
            with pytest.raises(ExecutionError, match=f"{words}.*Check the disk"):
                ask()


def test_a_damaged_journal_is_damage(tmp_path: Path) -> None:
    (tmp_path / JOURNAL).write_bytes(b"no database at all, but long enough to be looked at" * 40)
    with pytest.raises(DataError, match="the journal is damaged"):
        Journal(tmp_path / JOURNAL)


def test_a_file_the_system_does_not_hand_out_is_no_damage(tmp_path: Path) -> None:
    folder = tmp_path / "requests.parquet"
    folder.mkdir()
    for read in (lambda: sha256_of(folder), lambda: read_parquet(Request, folder)):
        with pytest.raises((ExecutionError, DataError)) as caught:
            read()
        assert "can't be read" in str(caught.value)
    damaged = tmp_path / "damaged.parquet"
    damaged.write_bytes(to_parquet(Request, [])[:-20])
    with pytest.raises(DataError, match="can't be read as Request"):
        read_parquet(Request, damaged)


def test_a_report_into_what_is_no_folder_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for place in (tmp_path / "file" / "report.html", tmp_path / "none" / "report.html", tmp_path):
        with pytest.raises(OutputError, match=r"can't be written.*Choose another folder"):
            write_atomic(place, b"page")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file"]
