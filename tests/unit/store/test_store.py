"""What is written can be read back, and what is damaged is never used."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.errors import DataError, ExecutionError, OutputError
from evalkit.meters.clock import open_session
from evalkit.records import Answer, EngineRecord, Request, RequestKind, Sample, Telemetry
from evalkit.store.files import write_atomic
from evalkit.store.journal import JOURNAL, Journal
from evalkit.store.manifest import MANIFEST, read_manifest, write_manifest
from evalkit.store.parquet import read_parquet, to_parquet
from evalkit.store.run_dir import (
    SUMMARY,
    add_file,
    list_runs,
    open_run,
    publish,
    remove_journal,
    verify,
)
from tests.builders import cell, manifest, reading, request, result, sample

text = st.text(st.characters(exclude_categories=["Cs"]))


def published(folder: Path, state: str = "complete") -> Path:
    folder.mkdir(exist_ok=True)
    with Journal(folder / JOURNAL, create=True) as journal:
        journal.put_cells([cell(state="running")])
        journal.add_session(open_session(0))
        journal.add_requests([request(0), request(1)], [reading(1, rss_bytes=5)])
        journal.finish_cell(cell(), [sample(0), sample(1)], [result()])
        publish(folder, manifest(state=state), journal)
    return folder


@given(st.dictionaries(text, st.none() | st.floats(allow_nan=False)), text)
def test_a_sample_survives_parquet(scores: dict[str, float | None], response: str) -> None:
    original = sample(0, scores=scores, response=response)
    path = Path("/dev/shm") if Path("/dev/shm").is_dir() else Path()
    file = path / "evalkit-roundtrip.parquet"
    try:
        file.write_bytes(to_parquet(Sample, [original]))
        assert read_parquet(Sample, file) == [original]
    finally:
        file.unlink(missing_ok=True)


def test_missing_stays_missing_in_parquet(tmp_path: Path) -> None:
    file = tmp_path / "t.parquet"
    file.write_bytes(to_parquet(Telemetry, [reading(1)]))
    (row,) = pq.read_table(file).to_pylist()
    assert row["rss_bytes"] is None
    assert row["energy_j"] is None


def test_nested_events_survive_parquet(tmp_path: Path) -> None:
    file = tmp_path / "r.parquet"
    rows = [request(0), request(1, attempts=(), answer=None, flags=("truncated",))]
    file.write_bytes(to_parquet(Request, rows))
    assert read_parquet(Request, file) == rows


@pytest.mark.parametrize("mean_logprob", [None, 0.0, -1.1920928955078125e-07, -2.3456789012345])
def test_the_log_probability_of_an_answer_survives_journal_and_parquet(
    tmp_path: Path, mean_logprob: float | None
) -> None:
    rows = [request(0, answer=Answer(text="yes", mean_logprob=mean_logprob))]
    with Journal(tmp_path / JOURNAL, create=True) as journal:
        journal.add_requests(rows, [])
        assert journal.requests() == rows
    file = tmp_path / "r.parquet"
    file.write_bytes(to_parquet(Request, rows))
    assert read_parquet(Request, file) == rows
    assert pq.read_table(file).to_pylist()[0]["answer"]["mean_logprob"] == mean_logprob


def test_the_journal_refuses_to_record_an_answer_twice(tmp_path: Path) -> None:
    with Journal(tmp_path / JOURNAL, create=True) as journal:
        journal.add_requests([request(0)], [])
        with pytest.raises(sqlite3.IntegrityError):
            journal.add_requests([request(1), request(0)], [])
        assert journal.requests() == [request(0)]


def test_ctrl_c_inside_a_batch_leaves_no_half_batch(tmp_path: Path) -> None:
    def interrupted() -> Iterator[Request]:
        yield request(0)
        raise KeyboardInterrupt

    with Journal(tmp_path / JOURNAL, create=True) as journal:
        with pytest.raises(KeyboardInterrupt):
            journal.add_requests(interrupted(), [])
        assert journal.requests() == []
        journal.add_requests([request(1)], [])
        assert journal.requests() == [request(1)]


def test_a_full_disk_is_told_and_keeps_what_was_written(tmp_path: Path) -> None:
    with Journal(tmp_path / JOURNAL, create=True) as journal:
        journal.add_requests([request(0)], [])
        pages = journal._db.execute("PRAGMA page_count").fetchone()[0]
        journal._db.execute(f"PRAGMA max_page_count = {pages}")
        big = request(1, flags=("x" * 100_000,))
        with pytest.raises(ExecutionError, match="full"):
            journal.add_requests([big], [])
        assert journal.requests() == [request(0)]


def test_a_journal_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="missing"):
        Journal(tmp_path / JOURNAL)


def test_a_damaged_journal_is_told(tmp_path: Path) -> None:
    (tmp_path / JOURNAL).write_bytes(b"not a database" * 100)
    with pytest.raises(DataError, match="damaged"):
        Journal(tmp_path / JOURNAL)


def test_a_published_run_can_be_read_and_is_whole(tmp_path: Path) -> None:
    run = open_run(published(tmp_path / "r"))
    assert [r.doc_id for r in run.requests] == [0, 1]
    assert len(run.samples) == 2
    assert verify(tmp_path / "r") == []


def test_a_complete_run_needs_no_journal(tmp_path: Path) -> None:
    folder = published(tmp_path / "r")
    remove_journal(folder)
    assert verify(folder) == []
    assert not list(folder.glob("journal*"))


def test_an_added_file_is_part_of_the_run(tmp_path: Path) -> None:
    folder = published(tmp_path / "r")
    add_file(folder, SUMMARY, b"{}")
    (folder / SUMMARY).write_bytes(b"{ }")
    assert [f.file for f in verify(folder)] == [SUMMARY]


@pytest.mark.parametrize("name", ["requests.parquet", "samples.parquet"])
def test_a_changed_file_is_found_and_never_used(tmp_path: Path, name: str) -> None:
    folder = published(tmp_path / "r")
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / name).write_bytes(data)
    assert [f.file for f in verify(folder)] == [name]
    with pytest.raises(DataError, match=name):
        open_run(folder)


def test_a_missing_file_is_found(tmp_path: Path) -> None:
    folder = published(tmp_path / "r")
    (folder / "samples.parquet").unlink()
    assert verify(folder)[0].problem == "missing"


def test_a_truncated_manifest_is_found(tmp_path: Path) -> None:
    folder = published(tmp_path / "r")
    whole = (folder / MANIFEST).read_bytes()
    (folder / MANIFEST).write_bytes(whole[: len(whole) // 2])
    assert verify(folder)[0].file == MANIFEST
    with pytest.raises(DataError, match="damaged"):
        open_run(folder)


def test_a_run_of_another_records_version_is_refused(tmp_path: Path) -> None:
    folder = published(tmp_path / "r")
    write_manifest(folder, manifest(records_version=99))
    with pytest.raises(DataError, match="records version 99"):
        open_run(folder)


@pytest.mark.parametrize(
    ("reason", "has_failed"), [("self-check failed: a token", True), ("it is spread", False)]
)
def test_a_failed_check_of_a_run_that_tells_it_in_words_alone_is_known(
    tmp_path: Path, reason: str, has_failed: bool
) -> None:
    told = EngineRecord(RequestKind.GENERATE, "reference", reason)
    write_manifest(tmp_path, manifest(cells=(cell(engine=(told,)),)))
    (read,) = read_manifest(tmp_path).cells[0].engine
    assert read == replace(told, has_failed_check=has_failed)


def test_an_unfinished_run_says_how_to_go_on(tmp_path: Path) -> None:
    folder = published(tmp_path / "r", state="partial")
    (finding,) = verify(folder)
    assert "not complete" in finding.problem
    assert "--resume" in finding.advice


def test_a_run_that_wrote_no_results_yet_is_not_used(tmp_path: Path) -> None:
    write_manifest(tmp_path, manifest(state="running"))
    with pytest.raises(DataError, match="not written results yet"):
        open_run(tmp_path)


def test_an_empty_folder_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not a run directory"):
        open_run(tmp_path)


def test_listing_shows_damaged_runs_too(tmp_path: Path) -> None:
    published(tmp_path / "a")
    (published(tmp_path / "b") / MANIFEST).write_text("{")
    found = dict(list_runs(tmp_path))
    assert isinstance(found[tmp_path / "b"], DataError)
    assert not isinstance(found[tmp_path / "a"], DataError)


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    file = tmp_path / "f"
    write_atomic(file, b"old")
    with pytest.raises(OutputError):
        write_atomic(tmp_path / "absent" / "f", b"new")
    assert file.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["f"]
