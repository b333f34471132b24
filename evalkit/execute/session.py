"""The life of a session: open a run directory, work through its cells, leave what can be trusted.

A run and a bench live alike; what is done in a cell is their `CellWork`. Whenever a session is killed, the next goes
on where it was and counts nothing twice, because of this order:

1. Nothing is written or sent before every check has passed.
2. One process at a time holds the folder, and the journal knows every cell before the first manifest names it.
3. A cell is `running` in the journal before its first request, and answers are there before more is asked. Its scores
   and that it is `done` come in one transaction; a cell that is not `done` is worked on again.
4. At the end come the tables, then the manifest that names them; until it is there, the journal holds everything.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from evalkit.backends import open_backend, place, unavailable
from evalkit.backends.base import CellSetup
from evalkit.config.run import ModelSpec
from evalkit.errors import DataError, EndpointError, StoppedError, UsageError, reason_of
from evalkit.execute import progress as told
from evalkit.execute.answered import check_answered
from evalkit.execute.environment import command_line, git_state, hardware, versions
from evalkit.execute.folders import check_output, iso, locked, new_folder
from evalkit.execute.limits import RunGuard, check_spent, spent_usd
from evalkit.execute.preflight import check_budget, check_models
from evalkit.execute.serving import serving
from evalkit.execute.work import NOTHING, CellWork, Kit, Measured, Opened
from evalkit.meters.clock import now_ns, open_session
from evalkit.meters.nvml import NoGpus, open_gpus
from evalkit.meters.rapl import open_rapl
from evalkit.prices import snapshot
from evalkit.records import NS_PER_S, CellRecord
from evalkit.store.journal import JOURNAL, Journal
from evalkit.store.manifest import ModelEntry, RunManifest, read_manifest, write_manifest
from evalkit.store.run_dir import publish

log = logging.getLogger("evalkit")


def start(work: CellWork, config_file: Path | None, tell: told.Tell) -> Path:
    """Make a run directory and work through the cells; return the directory.

    Raises:
        UsageError: Nothing was written.
    """
    _preflight(work)
    started, output = datetime.now(UTC), work.config.output
    folder = new_folder(output.dir, work.config.name, started)
    with locked(folder), Journal(folder / JOURNAL, create=True) as journal:
        manifest = first_manifest(work, config_file, folder.name, started)
        journal.put_cells(manifest.cells)
        write_manifest(folder, manifest)
        _work(folder, manifest, journal, work, tell)
    return folder


def begun(folder: Path, kind: str) -> RunManifest:
    """Return the manifest of a run or bench that is to go on.

    Raises:
        UsageError: The directory holds the other kind.
        DataError: It is damaged.
    """
    manifest = read_manifest(folder)
    if manifest.kind != kind:
        raise UsageError(
            f"{folder}: this is a {manifest.kind}, not a {kind}.",
            f"Use `evalkit {manifest.kind} --resume`.",
        )
    return manifest


def go_on(
    folder: Path, manifest: RunManifest, again: Callable[[], CellWork], tell: told.Tell
) -> None:
    """Go on where earlier sessions ended.

    What is complete and still has its journal is published again, which mends damaged Parquet files. `again` makes the
    work, and refuses when it would not be the same.

    Raises:
        UsageError: It would not be the same, or could not be done.
        DataError: The directory is damaged, or its journal is gone.
    """
    if manifest.state == "complete" and not (folder / JOURNAL).exists():
        return
    with locked(folder), Journal(folder / JOURNAL) as journal:
        problem = journal.check()
        if problem:
            raise DataError(f"{journal.path}: damaged: {problem}.", f"Start a new {manifest.kind}.")
        work = again()
        _preflight(work)
        limits = work.options.limits(work.config.limits)
        check_spent(limits, work.config.models, journal.cells(), journal.requests())
        _work(folder, manifest, journal, work, tell)


def first_manifest(
    work: CellWork, config_file: Path | None, run_id: str, started: datetime
) -> RunManifest:
    """Return what a run directory says before anything is asked."""
    return RunManifest(
        run_id=run_id,
        name=work.config.name,
        kind=work.kind,
        state="running",
        config=work.config.model_dump(mode="json"),
        config_file=config_file.name if config_file else None,
        plan_hash=work.plan_hash,
        versions=versions(),
        git=git_state(),
        hardware=hardware(NoGpus("not read yet")),
        seeds=work.seeds,
        started_at=iso(started),
        command=command_line(),
        cells=work.cells(),
        traces=work.traces(),
        prices=snapshot() if any(place(m).is_billed for m in work.config.models) else None,
    )


def _preflight(work: CellWork) -> None:
    """Check everything that would otherwise fail hours later.

    Raises:
        UsageError: Nothing was written.
    """
    check_output(work.config.output)
    check_budget(work.options.limits(work.config.limits), work.config.models)
    work.check()
    check_models(work.config.models)


def _work(
    folder: Path, manifest: RunManifest, journal: Journal, work: CellWork, tell: told.Tell
) -> None:
    session = open_session(len(journal.sessions()))
    journal.add_session(session)
    planned = work.cells()
    tell(told.SessionStarted(folder, len(planned), sum(c.n_requests for c in planned)))
    gpus = open_gpus()
    lost = [a for some in journal.open_attempts().values() for a in some]
    spent = spent_usd(journal.requests(), lost)
    guard = RunGuard(work.options.limits(work.config.limits), spent)
    kit = Kit(folder, journal, session.session, guard, gpus, open_rapl(), tell)
    cells = _Cells(work, kit, {entry.name: entry for entry in manifest.models})
    interrupted = False
    try:
        for spec in work.config.models:
            cells.of_model(spec)
    except KeyboardInterrupt:
        interrupted = True
    finally:
        gpus.close()
    records = tuple(journal.cells())
    is_complete = not interrupted and all(record.state == "done" for record in records)
    ended = manifest.model_copy(
        update={
            "state": "complete" if is_complete else "partial",
            "finished_at": iso(datetime.now(UTC)),
            "cells": records,
            "sessions": tuple(journal.sessions()),
            "models": tuple(cells.models.values()),
            "hardware": hardware(gpus),
        }
    )
    publish(folder, ended, journal)


class _Cells:
    """Works through the cells of one model after the other; `models` collects what was loaded."""

    def __init__(self, work: CellWork, kit: Kit, models: dict[str, ModelEntry]) -> None:
        self._work = work
        self._kit = kit
        self._journal = kit.journal
        self.models = models

    def of_model(self, spec: ModelSpec) -> None:
        """Load a model once and do its unfinished cells; a failing model does not stop the others."""
        todo = [c for c in self._journal.cells() if c.model == spec.name and c.state != "done"]
        if not todo:
            return
        state = "skipped"
        try:
            reason = unavailable(spec)
            if reason is None:
                with self._opened(spec) as opened:
                    while todo:
                        self._do(replace(todo[0], load_s=opened.load_s), opened)
                        del todo[0]
        except Exception as error:  # foreign code raises anything; the other models still run
            state, reason = "failed", reason_of(error)
            if not todo:
                log.warning("%s", reason)
        for record in todo:
            self._end(replace(record, state=state, reason=reason))

    @contextmanager
    def _opened(self, spec: ModelSpec) -> Iterator[Opened]:
        """Start server and backend, and tell of both."""
        tell, began = self._kit.tell, now_ns()
        if spec.serve is not None:
            tell(told.ServerStarting(spec.name))
        with serving(spec, self._kit.folder) as server:
            if server is not None:
                tell(told.ServerStarted(spec.name, server.start_s))
            tell(told.ModelLoading(spec.name))
            with open_backend(spec) as backend:
                load_s = (now_ns() - began) / NS_PER_S
                tell(told.ModelLoaded(spec.name, load_s))
                self.models[spec.name] = backend.entry()
                yield Opened(backend, server, load_s)

    def _do(self, record: CellRecord, opened: Opened) -> None:
        backend, given = opened.backend, self._work.options.kv_budget_bytes
        budget = given or record.kv_budget_bytes or backend.kv_budget()
        record = replace(record, state="running", reason=None, kv_budget_bytes=budget)
        self._journal.update_cell(record)
        backend.begin_cell(CellSetup(self._kit.session, budget, self._kit.guard))
        began_ns = now_ns()
        try:
            measured = self._work.measure(record.cell_id, opened, self._kit)
            record = replace(record, ending=measured.ending)
            self._finish(self._as_asked(record, opened), measured, began_ns)
            return
        except KeyboardInterrupt:
            self._end(self._as_asked(replace(record, state="interrupted"), opened), began_ns)
            raise
        except StoppedError as error:
            state, reason = "stopped", str(error)
        except Exception as error:  # as above: a failing cell is recorded and the next one runs
            state, reason = "failed", reason_of(error)
        self._end(self._as_asked(replace(record, state=state, reason=reason), opened), began_ns)

    def _finish(self, record: CellRecord, measured: Measured, began_ns: int) -> None:
        """Keep the scores; of a cell of which too little was answered, only which docs got no answer."""
        try:
            check_answered(self._journal.requests(record.cell_id), record.model)
        except EndpointError as error:
            failed = replace(record, state="failed", reason=str(error))
            unanswered = [s for s in measured.samples if "failed" in s.flags]
            self._end(failed, began_ns, Measured(unanswered))
        else:
            self._end(replace(record, state="done"), began_ns, measured)

    def _as_asked(self, record: CellRecord, opened: Opened) -> CellRecord:
        """Add how requests were computed or sent; what only an earlier session asked stays as it was."""
        engine = {e.kind: e for e in (*record.engine, *opened.backend.engine_records())}
        endpoint = opened.backend.endpoint_record() or record.endpoint
        asked = replace(record, engine=tuple(engine.values()), endpoint=endpoint)
        return self._work.ended(asked, self._journal)

    def _end(
        self, record: CellRecord, began_ns: int | None = None, kept: Measured = NOTHING
    ) -> None:
        self._journal.finish_cell(record, kept.samples, kept.results)
        took_s = 0.0 if began_ns is None else (now_ns() - began_ns) / NS_PER_S
        self._kit.tell(told.CellEnded(record, took_s))
