"""The cells of one model: load it once, run each suite, keep every answer."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from evalkit.backends import open_backend, supports, unavailable
from evalkit.backends.base import Backend, Capability, CellSetup
from evalkit.config.run import ModelSpec, RunConfig
from evalkit.errors import EndpointError, StoppedError, reason_of
from evalkit.execute.answered import check_answered, settled_requests
from evalkit.execute.limits import RunGuard
from evalkit.execute.progress import Progress
from evalkit.execute.serving import Server, serving
from evalkit.harness.catalogue import SEEDS, apply_generation, load_tasks
from evalkit.harness.evaluate import evaluate_cell
from evalkit.harness.lm import BackendLM, CellContext, Timed
from evalkit.meters.clock import now_ns
from evalkit.meters.nvml import GpuProbe
from evalkit.meters.rapl import open_rapl
from evalkit.meters.telemetry import TelemetrySampler
from evalkit.plan import Cell
from evalkit.records import (
    NS_PER_S,
    CellRecord,
    EngineRecord,
    Request,
    Sample,
    SentAttempt,
    TaskResult,
)
from evalkit.store.journal import Journal
from evalkit.store.manifest import ModelEntry

log = logging.getLogger("evalkit")


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a session works; does not change what is asked, so it is not part of the plan."""

    kv_budget_bytes: int | None = None
    """Memory for keys and values of shared prompts; None: what the run began with, or a share of free memory."""
    verify_docs: int = 0
    """Random docs per task and cell whose log-likelihoods are computed again the reference way."""
    max_cost_usd: float | None = None
    """Instead of the config's `limits.max_cost_usd`."""
    max_minutes: float | None = None
    """Instead of the config's `limits.max_minutes`."""


class CellRunner:
    """Runs cells and writes what happens to the journal; `models` collects what was loaded."""

    def __init__(
        self,
        config: RunConfig,
        journal: Journal,
        session: int,
        gpus: GpuProbe,
        progress: Progress,
        options: RunOptions,
        guard: RunGuard,
    ) -> None:
        self._config = config
        self._guard = guard
        self._options = options
        self._journal = journal
        self._session = session
        self._gpus = gpus
        self._rapl = open_rapl()
        self._progress = progress
        self.models: dict[str, ModelEntry] = {}

    def run_model(self, cells: list[Cell]) -> None:
        """Load a model once and run its unfinished cells; a failing model does not stop the others."""
        records = {record.cell_id: record for record in self._journal.cells()}
        todo = [cell for cell in cells if records[cell.cell_id].state != "done"]
        if not todo:
            return
        spec, state = todo[0].model, "skipped"
        try:
            reason = unavailable(spec)
            if reason is None:
                with self._opened(spec) as (backend, server, load_s):
                    self._progress.model_loaded(spec.name, load_s)
                    self.models[spec.name] = backend.entry()
                    while todo:
                        record = replace(records[todo[0].cell_id], load_s=load_s)
                        self._run_cell(todo[0], record, backend, server)
                        del todo[0]
        except Exception as error:  # foreign code raises anything; the other models still run
            state, reason = "failed", reason_of(error)
            if not todo:
                log.warning("%s", reason)
        for cell in todo:
            self._end(cell, replace(records[cell.cell_id], state=state, reason=reason))

    @contextmanager
    def _opened(self, spec: ModelSpec) -> Iterator[tuple[Backend, Server | None, float]]:
        """Start server and backend; yields them and how long it took until the model could answer."""
        self._progress.model_loading(spec.name)
        start = now_ns()
        with serving(spec, self._journal.path.parent) as server, open_backend(spec) as backend:
            yield backend, server, (now_ns() - start) / NS_PER_S

    def _run_cell(
        self, cell: Cell, record: CellRecord, backend: Backend, server: Server | None
    ) -> None:
        budget = self._options.kv_budget_bytes or record.kv_budget_bytes or backend.kv_budget()
        record = replace(record, state="running", reason=None, kv_budget_bytes=budget)
        self._journal.update_cell(record)
        backend.begin_cell(CellSetup(self._session, budget, self._guard))
        try:
            self._evaluate(cell, record, backend, server)
        except KeyboardInterrupt:
            self._end(cell, _with_engine(replace(record, state="interrupted"), backend))
            raise
        except StoppedError as error:
            self._end(
                cell, _with_engine(replace(record, state="stopped", reason=str(error)), backend)
            )
        except Exception as error:  # as above: a failing cell is recorded and the next one runs
            failed = replace(record, state="failed", reason=reason_of(error))
            self._end(cell, _with_engine(failed, backend))

    def _evaluate(
        self, cell: Cell, record: CellRecord, backend: Backend, server: Server | None
    ) -> None:
        before = [r for r in self._journal.requests(cell.cell_id) if r.is_measured]
        settled = settled_requests(before)
        known = {r.request_id: r for r in settled}
        earlier = {r.request_id: r.attempts for r in before if r.request_id not in known}
        earlier |= {k: tuple(v) for k, v in self._journal.open_attempts(cell.cell_id).items()}
        self._progress.cell_started(cell, len(known))
        tasks = load_tasks(
            cell.suite,
            self._config.include_paths,
            allow_code=self._config.allow_task_code,
            mode=cell.mode,
            checked=True,
        )
        apply_generation(tasks, cell.model.generation)
        context = CellContext(cell.cell_id, self._session, cell.model.backend)
        sampler = TelemetrySampler(
            cell.cell_id,
            self._session,
            self._gpus,
            backend.torch_memory,
            server_pid=None if server is None else server.pid,
            rapl=self._rapl,
        )

        n_asked = self._guard.n_asked

        def keep(requests: list[Request], sent: list[SentAttempt]) -> None:
            nonlocal n_asked
            self._journal.add_requests(requests, sampler.drain(), sent)
            n_asked += sum(r.answer is not None for r in requests)
            if requests and cell.place.is_billed:
                self._guard.check_asked(n_asked, cell.model)
            self._progress.advanced(cell, sum(r.is_measured for r in requests))

        try:
            with sampler:
                samples, results = evaluate_cell(
                    BackendLM(
                        backend,
                        context,
                        known,
                        keep,
                        earlier,
                        self._n_verified(cell),
                        Timed(cell.n_timed, f"{SEEDS['random']}/{cell.suite.name}"),
                    ),
                    cell.cell_id,
                    cell.suite,
                    tasks,
                    chat_template=cell.model.uses_chat_template(backend.has_chat_template),
                )
        finally:
            keep([], [])
        self._finish(cell, record, backend, samples, results)

    def _finish(
        self,
        cell: Cell,
        record: CellRecord,
        backend: Backend,
        samples: list[Sample],
        results: list[TaskResult],
    ) -> None:
        """Keep the scores; of a cell of which too little was answered, only which docs got no answer."""
        state, reason = "done", None
        try:
            check_answered(self._journal.requests(cell.cell_id), cell.model.name)
        except EndpointError as error:
            state, reason = "failed", str(error)
            samples, results = [s for s in samples if "failed" in s.flags], []
        ended = _with_engine(replace(record, state=state, reason=reason), backend)
        self._journal.finish_cell(ended, samples, results)
        self._progress.cell_ended(cell, state, reason)

    def _n_verified(self, cell: Cell) -> int:
        return self._options.verify_docs if Capability.VERIFY in supports(cell.model) else 0

    def _end(self, cell: Cell, record: CellRecord) -> None:
        self._journal.update_cell(record)
        self._progress.cell_ended(cell, record.state, record.reason)


def _with_engine(record: CellRecord, backend: Backend) -> CellRecord:
    """Add how requests were computed or sent; what only an earlier session asked stays as it was."""
    engine: dict[str, EngineRecord] = {
        e.kind: e for e in (*record.engine, *backend.engine_records())
    }
    endpoint = backend.endpoint_record() or record.endpoint
    return replace(record, engine=tuple(engine.values()), endpoint=endpoint)
