"""A run that goes on can be read at any moment, and who works on it never notices."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from evalkit.errors import DataError
from evalkit.meters.clock import open_session
from evalkit.store.journal import JOURNAL, Journal
from evalkit.store.live import ReadJournal, is_going_on, read_live, stamp
from evalkit.store.manifest import write_manifest
from evalkit.store.run_dir import open_run, publish
from tests.builders import cell, manifest, reading, request, result, sample
from tests.conftest import REPO


def begun(folder: Path) -> Journal:
    """Return the open journal of a run whose first batch is answered."""
    folder.mkdir(exist_ok=True)
    journal = Journal(folder / JOURNAL, create=True)
    journal.put_cells([cell(state="running", n_requests=3)])
    journal.add_session(open_session(0))
    journal.add_requests([request(0)], [reading(1, rss_bytes=5)])
    write_manifest(folder, manifest(state="running", files={}))
    return journal


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file but SQLite's shared memory, in which readers note themselves."""
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.suffix != ".sqlite-shm"}


def test_what_was_recorded_until_now_is_there(tmp_path: Path) -> None:
    with begun(tmp_path) as journal:
        assert len(read_live(tmp_path).requests) == 1
        journal.add_requests([request(1)], [])
        run = read_live(tmp_path)
        assert [r.doc_id for r in run.requests] == [0, 1]
        assert run.manifest.state == "running"
        assert run.manifest.cells[0].state == "running"
        journal.finish_cell(cell(), [sample(0)], [result()])
        assert read_live(tmp_path).samples == [sample(0)]
        assert is_going_on(tmp_path)


def test_a_reader_sees_one_moment_and_no_writer_waits_for_it(tmp_path: Path) -> None:
    with begun(tmp_path) as journal, ReadJournal(tmp_path / JOURNAL) as reader:
        assert len(reader.requests()) == 1
        # SQLite waits five seconds for a lock and then fails
        journal.add_requests([request(1)], [])
        assert len(reader.requests()) == 1
        assert len(journal.requests()) == 2


def test_a_reader_can_write_nothing(tmp_path: Path) -> None:
    with (
        begun(tmp_path),
        ReadJournal(tmp_path / JOURNAL) as reader,
        pytest.raises(Exception, match="readonly"),
    ):
        reader.add_requests([request(5)], [])  # fmt: skip


def test_reading_changes_no_file_and_takes_no_lock(tmp_path: Path) -> None:
    with begun(tmp_path):
        before = contents(tmp_path)
        read_live(tmp_path)
        assert contents(tmp_path) == before


def test_the_stamp_changes_with_every_batch_and_not_by_reading(tmp_path: Path) -> None:
    with begun(tmp_path) as journal:
        before = stamp(tmp_path)
        read_live(tmp_path)
        assert stamp(tmp_path) == before
        journal.add_requests([request(1)], [])
        assert stamp(tmp_path) != before


def test_a_killed_run_shows_what_it_had(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from tests.unit.store.test_live import begun\n"
        "journal = begun(Path(sys.argv[1])); print('ready', flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, cwd=REPO
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.kill()
    assert len(read_live(tmp_path).requests) == 1
    with Journal(tmp_path / JOURNAL) as journal:  # and it can be resumed
        assert journal.check() is None
        assert len(journal.requests()) == 1


def test_a_run_that_ended_is_read_as_ever(tmp_path: Path) -> None:
    with begun(tmp_path) as journal:
        journal.finish_cell(cell(), [sample(0)], [result()])
        publish(tmp_path, manifest(state="partial"), journal)
    assert not is_going_on(tmp_path)
    assert read_live(tmp_path) == open_run(tmp_path)


def test_a_folder_without_a_run_says_so(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not a run directory"):
        read_live(tmp_path)
