"""A session, whatever is done in its cells: what is on disk when, what each ending leaves, and how it goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from evalkit.config import parse_run_config
from evalkit.errors import EndpointError, StoppedError, UsageError
from evalkit.execute.progress import CellEnded, Event, SessionStarted, tell_nobody
from evalkit.execute.session import begun, go_on, start
from evalkit.execute.work import CellWork, Kit, Measured, Opened
from evalkit.records import CellRecord, EngineRecord, RequestKind
from evalkit.store.journal import JOURNAL, Journal
from evalkit.store.manifest import RunManifest, read_manifest
from evalkit.store.run_dir import verify
from tests.builders import cell, sample
from tests.foreign import Answers, config, installed_backends

NAMES = ("a", "b", "c", "d")
Act = Callable[[Kit], Measured]


class Killed(BaseException):
    """The process is gone: nobody catches it."""


class Here(Answers):
    """A backend whose engine says what it did in this session."""

    records: tuple[EngineRecord, ...] = ()

    def engine_records(self) -> tuple[EngineRecord, ...]:
        return Here.records


class ScriptedWork(CellWork):
    """Does in each cell what a test says."""

    kind = "run"
    plan_hash = "h"

    def __init__(self, output: Path, **acts: Act) -> None:
        self.config = parse_run_config(config("here"))
        where = self.config.output.model_copy(update={"dir": output})
        self.config = self.config.model_copy(update={"output": where})
        self.seeds = {"random": 1}
        self.acts = acts
        self.done: list[str] = []

    def check(self) -> None:
        """All is well."""

    def cells(self) -> tuple[CellRecord, ...]:
        return tuple(cell(cell_id=name, state="pending", n_requests=3) for name in NAMES)

    def measure(self, cell_id: str, opened: Opened, kit: Kit) -> Measured:
        state = {c.cell_id: c.state for c in kit.journal.cells()}[cell_id]
        assert state == "running"
        self.done.append(cell_id)
        return self.acts.get(cell_id, fine)(kit)


def fine(_kit: Kit) -> Measured:
    return Measured()


def raising(error: BaseException) -> Act:
    def act(_kit: Kit) -> Measured:
        raise error

    return act


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with installed_backends(monkeypatch, {"here": Here}):
        yield


def states(manifest: RunManifest) -> list[str]:
    return [c.state for c in manifest.cells]


def resumed(folder: Path, work: ScriptedWork) -> RunManifest:
    go_on(folder, begun(folder, "run"), lambda: work, tell_nobody)
    return read_manifest(folder)


def test_each_ending_of_a_cell_is_recorded_and_told_and_the_next_one_runs(tmp_path: Path) -> None:
    told: list[Event] = []
    work = ScriptedWork(
        tmp_path,
        a=raising(StoppedError("the budget is used up.", "")),
        b=raising(ValueError("odd")),
        c=raising(EndpointError("gone.", "")),
    )
    folder = start(work, None, told.append)
    manifest = read_manifest(folder)
    assert states(manifest) == ["stopped", "failed", "failed", "done"]
    reasons = [c.reason for c in manifest.cells]
    assert reasons[3] is None
    for said, reason in zip(("the budget is used up", "odd", "gone"), reasons, strict=False):
        assert said in str(reason)
    assert manifest.state == "partial"
    assert told[0] == SessionStarted(folder, 4, 12)
    ends = [event.record for event in told if isinstance(event, CellEnded)]
    assert ends == list(manifest.cells)
    again = ScriptedWork(tmp_path)
    assert resumed(folder, again).state == "complete"
    assert again.done == ["a", "b", "c"]
    assert len(read_manifest(folder).sessions) == 2


def test_ctrl_c_ends_the_session_and_leaves_what_was_done(tmp_path: Path) -> None:
    work = ScriptedWork(tmp_path, b=raising(KeyboardInterrupt()))
    folder = start(work, None, tell_nobody)
    manifest = read_manifest(folder)
    assert (manifest.state, states(manifest)) == (
        "partial",
        ["done", "interrupted", "pending", "pending"],
    )
    assert verify(folder)[0].problem.startswith("not complete")
    assert resumed(folder, ScriptedWork(tmp_path)).state == "complete"


def test_a_kill_leaves_a_journal_and_a_manifest_that_can_go_on(tmp_path: Path) -> None:
    with pytest.raises(Killed):
        start(ScriptedWork(tmp_path, c=raising(Killed())), None, tell_nobody)
    (folder,) = tmp_path.iterdir()
    assert states(read_manifest(folder)) == ["pending"] * 4
    assert read_manifest(folder).state == "running"
    with Journal(folder / JOURNAL) as journal:
        assert [c.state for c in journal.cells()] == ["done", "done", "running", "pending"]
    again = ScriptedWork(tmp_path)
    manifest = resumed(folder, again)
    assert (manifest.state, again.done) == ("complete", ["c", "d"])


def test_a_cell_of_a_missing_key_took_no_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Event] = []
    missing = iter([None, "no key"])  # there when checked, gone when it is needed
    monkeypatch.setattr(Here, "unavailable", classmethod(lambda *_: next(missing)))
    folder = start(ScriptedWork(tmp_path), None, told.append)
    assert states(read_manifest(folder)) == ["skipped"] * 4
    ends = [event for event in told if isinstance(event, CellEnded)]
    assert {(e.record.reason, e.took_s) for e in ends} == {("no key", 0.0)}


def test_what_an_earlier_session_computed_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds = [RequestKind.ROLLING, RequestKind.GENERATE]
    monkeypatch.setattr(Here, "records", (EngineRecord(kinds[0], "shared"),))
    folder = start(ScriptedWork(tmp_path, d=raising(ValueError("odd"))), None, tell_nobody)
    monkeypatch.setattr(Here, "records", (EngineRecord(kinds[1], "shared"),))
    last = resumed(folder, ScriptedWork(tmp_path)).cells[-1]
    assert [e.kind for e in last.engine] == kinds


def test_scores_and_done_come_together(tmp_path: Path) -> None:
    scored = sample(cell_id="a")
    work = ScriptedWork(tmp_path, a=lambda _kit: Measured([scored]))
    folder = start(work, None, tell_nobody)
    with Journal(folder / JOURNAL) as journal:
        assert journal.samples() == [scored]


def test_a_run_is_no_bench(tmp_path: Path) -> None:
    folder = start(ScriptedWork(tmp_path), None, tell_nobody)
    with pytest.raises(UsageError, match="this is a run, not a bench") as raised:
        begun(folder, "bench")
    assert raised.value.hint == "Use `evalkit run --resume`."
