"""The cells of one model under load: open it once, hold each step, keep every request."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from evalkit.backends import open_backend, place, unavailable
from evalkit.backends.base import CellSetup
from evalkit.config.bench import BenchConfig
from evalkit.config.run import ModelSpec
from evalkit.errors import StoppedError, reason_of
from evalkit.execute.answered import check_answered
from evalkit.execute.bench_step import BenchCell, Opened, StepHolder
from evalkit.execute.limits import RunGuard
from evalkit.execute.progress import BenchProgress
from evalkit.execute.schedule import Schedule
from evalkit.execute.serving import serving
from evalkit.execute.words import find_words
from evalkit.loadgen.prompts import GivenPrompts, Prompts, SyntheticPrompts, Turn, Words
from evalkit.loadgen.target import open_target
from evalkit.loadgen.traces import TraceRow, read_trace
from evalkit.meters.clock import now_ns
from evalkit.meters.nvml import GpuProbe
from evalkit.meters.rapl import open_rapl
from evalkit.meters.telemetry import TelemetrySampler
from evalkit.metrics.load import load_point
from evalkit.metrics.probe import probe_point
from evalkit.metrics.request_times import is_ok
from evalkit.records import NO_LOAD, NS_PER_S, PROBE, CellRecord, LoadStep, SearchEnding
from evalkit.store.journal import Journal
from evalkit.store.manifest import ModelEntry

log = logging.getLogger("evalkit")

SAMPLE_S = 0.1
"""Time between two readings of the machine."""
_LONGEST_WAIT = 3
"""Times a step's longest time, for a target that works off what was given up."""


class BenchRunner:
    """Runs cells and writes what happens to the journal; `models` collects what was asked."""

    def __init__(
        self,
        config: BenchConfig,
        folder: Path,
        journal: Journal,
        session: int,
        gpus: GpuProbe,
        progress: BenchProgress,
        guard: RunGuard,
    ) -> None:
        self._config = config
        self._folder = folder
        self._journal = journal
        self._session = session
        self._gpus = gpus
        self._rapl = open_rapl()
        self._progress = progress
        self._guard = guard
        self._words: dict[str, Words] = {}
        self.models: dict[str, ModelEntry] = {}

    def run_model(self, cells: list[BenchCell]) -> None:
        """Open a model once and run its unfinished cells; a failing model does not stop the others."""
        records = {record.cell_id: record for record in self._journal.cells()}
        todo = [cell for cell in cells if records[cell.cell_id].state != "done"]
        if not todo:
            return
        spec, state = todo[0].model, "skipped"
        try:
            reason = unavailable(spec)
            if reason is None:
                with self._opened(spec) as (opened, load_s):
                    while todo:
                        record = replace(records[todo[0].cell_id], load_s=load_s)
                        self._run_cell(todo[0], record, opened)
                        del todo[0]
        except Exception as error:  # foreign code raises anything; the other models still run
            state, reason = "failed", reason_of(error)
            if not todo:
                log.warning("%s", reason)
        for cell in todo:
            self._end(replace(records[cell.cell_id], state=state, reason=reason))

    @contextmanager
    def _opened(self, spec: ModelSpec) -> Iterator[tuple[Opened, float]]:
        """Start server and backend; yields them and how long it took until the model could answer."""
        with ExitStack() as stack:
            if spec.serve is not None:
                self._progress.server_starting(spec.name)
            server = stack.enter_context(serving(spec, self._folder))
            if server is not None:
                self._progress.server_started(spec.name, server.start_s)
            self._progress.model_loading(spec.name)
            began = now_ns()
            backend = stack.enter_context(open_backend(spec))
            load_s = (now_ns() - began) / NS_PER_S if server is None else server.start_s
            self.models[spec.name] = backend.entry()
            backend.begin_cell(CellSetup(self._session, backend.kv_budget(), self._guard))
            target = open_target(backend, spec, self._session)
            stack.callback(target.close)
            yield Opened(backend, target, server), load_s

    def _run_cell(self, cell: BenchCell, record: CellRecord, opened: Opened) -> None:
        record = replace(record, state="running", reason=None)
        self._journal.update_cell(record)
        opened.backend.begin_cell(CellSetup(self._session, opened.backend.kv_budget(), self._guard))
        state, reason = "done", None
        try:
            record = replace(record, ending=self._measure(cell, opened))
            check_answered(self._journal.requests(cell.cell_id), cell.model.name)
        except KeyboardInterrupt:
            self._end(self._finished(record, opened, "interrupted", None))
            raise
        except StoppedError as error:
            state, reason = "stopped", str(error)
        except Exception as error:  # as above: a failing cell is recorded and the next one runs
            state, reason = "failed", reason_of(error)
        self._end(self._finished(record, opened, state, reason))

    def _finished(
        self, record: CellRecord, opened: Opened, state: str, reason: str | None
    ) -> CellRecord:
        n = sum(r.step is not None for r in self._journal.requests(record.cell_id))
        endpoint = opened.backend.endpoint_record() or record.endpoint
        if endpoint is not None:
            endpoint = replace(endpoint, concurrency=None)
        return replace(
            record,
            state=state,
            reason=reason,
            n_requests=n,
            engine=opened.backend.engine_records(),
            endpoint=endpoint,
        )

    def _measure(self, cell: BenchCell, opened: Opened) -> SearchEnding | None:
        """Replay what is known of the cell, then hold the steps that are missing; return how a search ended."""
        load = cell.profile.load
        trace = read_trace(load).rows if load.file is not None else None
        schedule = Schedule(cell.profile, trace)
        known = self._known_steps(cell)
        requests = self._journal.requests(cell.cell_id)
        with self._sampler(cell, opened) as sampler:
            holder = StepHolder(cell, opened, self._journal, self._session, sampler, self._progress)
            if not known and cell.profile.idle_s and self._has_power():
                holder.idle()
            if schedule.wants_probe:
                self._probe(cell, opened, schedule, holder)
            n_done, n_asked = 0, self._guard.n_asked
            is_billed = place(cell.model).is_billed
            while (setting := schedule.next()) is not None:
                began = time.monotonic()
                if known:
                    step, asked = known.pop(0), requests
                    took_s = _length_s(step)
                else:
                    seed = f"{self._config.seed}/{cell.profile.name}/{cell.repeat}/{n_done}"
                    prompts = self._prompts(cell, opened, seed, trace)
                    limit_s = min(_LONGEST_WAIT * cell.profile.max_s, schedule.left_s)
                    is_settled = holder.settle(prompts, limit_s)
                    if not schedule.waited(time.monotonic() - began, is_settled=is_settled):
                        break
                    began = time.monotonic()
                    step, asked = holder.hold(setting, schedule, prompts, seed)
                    took_s = time.monotonic() - began
                    n_asked += sum(is_ok(r) for r in asked)
                    if is_billed:
                        self._guard.check_asked(n_asked, cell.model)
                point = load_point(step, asked, cell.profile.slo)
                self._progress.step_ended(step, point)
                schedule.tell(setting, point, took_s)
                n_done += 1
        return schedule.ending

    def _probe(
        self, cell: BenchCell, opened: Opened, schedule: Schedule, holder: StepHolder
    ) -> None:
        """Learn how long one answer takes, or recall it: it sizes warm-up and windows."""
        steps = self._journal.steps(cell.cell_id)
        step = next((s for s in steps if s.kind == PROBE and s.state == "done"), None)
        if step is not None:
            asked = self._journal.requests(cell.cell_id)
        else:
            seed = f"{self._config.seed}/{cell.profile.name}/{cell.repeat}/probe"
            w = schedule.windows()
            limit_s = min(w.warmup_s + w.measure_s + w.cooldown_s, w.max_s)
            step, asked = holder.probe(self._prompts(cell, opened, seed, None), limit_s)
        point = probe_point(step, asked)
        schedule.probed(point.e2e_s, _length_s(step))
        self._progress.probed(step, point, schedule.windows())

    def _known_steps(self, cell: BenchCell) -> list[LoadStep]:
        """Return steps that are done; ones that an earlier session left running are cut."""
        steps = self._journal.steps(cell.cell_id)
        for step in steps:
            if step.state == "running":
                reason = step.reason or "the process ended"
                self._journal.put_step(replace(step, state="cut", reason=reason))
        return [s for s in steps if s.state == "done" and s.kind not in NO_LOAD]

    def _sampler(self, cell: BenchCell, opened: Opened) -> TelemetrySampler:
        server = opened.server
        return TelemetrySampler(
            cell.cell_id,
            self._session,
            self._gpus,
            opened.backend.torch_memory,
            interval_s=SAMPLE_S,
            server_pid=None if server is None else server.pid,
            rapl=self._rapl,
        )

    def _has_power(self) -> bool:
        return any(g.power_w is not None for g in self._gpus.read()) or not self._rapl.reason

    def _prompts(
        self, cell: BenchCell, opened: Opened, seed: str, trace: tuple[TraceRow, ...] | None
    ) -> Prompts:
        spec = cell.profile.prompts
        if spec.suite is not None:
            from evalkit.harness.prompts import task_prompts  # lm-eval takes seconds to import

            is_chat = cell.model.uses_chat_template(opened.backend.has_chat_template)
            asked = task_prompts(
                spec.suite,
                self._config.include_paths,
                cell.model.generation,
                opened.backend.render_chat if is_chat else None,
                allow_code=self._config.allow_task_code,
            )
            return GivenPrompts(tuple(Turn(r.prompt, r.settings) for r in asked), seed)
        key = spec.tokenizer or cell.model.name
        if key not in self._words:
            self._words[key] = find_words(spec, cell.model, opened.target)
        lengths = [(row.input_tokens, row.output_tokens) for row in trace] if trace else None
        return SyntheticPrompts(spec, self._words[key], seed, lengths)

    def _end(self, record: CellRecord) -> None:
        self._journal.update_cell(record)
        self._progress.cell_ended(record)


def _length_s(step: LoadStep) -> float:
    return ((step.t_end_ns or step.t_start_ns) - step.t_start_ns) / NS_PER_S
