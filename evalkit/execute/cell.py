"""The work of a run: ask every doc of a cell that needs it, score all answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from evalkit.backends import supports
from evalkit.backends.base import Capability
from evalkit.execute.answered import settled_requests
from evalkit.execute.preflight import check_data_class
from evalkit.execute.progress import Advanced, CellStarted
from evalkit.execute.work import CellWork, Kit, Measured, Opened, RunOptions
from evalkit.harness.catalogue import SEEDS, apply_generation, load_tasks
from evalkit.harness.evaluate import evaluate_cell
from evalkit.harness.lm import BackendLM, CellContext, Timed
from evalkit.meters.clock import now_ns
from evalkit.meters.telemetry import TelemetrySampler
from evalkit.plan import Cell, Plan
from evalkit.records import NS_PER_S, Attempt, CellRecord, Request, SentAttempt
from evalkit.store.journal import Journal


class DocsWork(CellWork):
    """Asks the docs of a plan's cells."""

    kind: Literal["run"] = "run"
    seeds = SEEDS

    def __init__(self, plan: Plan, options: RunOptions | None = None) -> None:
        self.config = plan.config
        self.options = options or RunOptions()
        self.plan_hash = plan.hash
        self._cells = {cell.cell_id: cell for cell in plan.cells}

    def check(self) -> None:
        """Check that confidential docs stay where they may be.

        Raises:
            ConfigError: They would not.
        """
        for cell in self._cells.values():
            check_data_class(cell.model, cell.suite, self.config.trusted_hosts)

    def cells(self) -> tuple[CellRecord, ...]:
        """Return the cells as planned."""
        return tuple(
            CellRecord(
                cell_id=cell.cell_id,
                model=cell.model.name,
                suite=cell.suite.name,
                repeat=cell.repeat,
                state="pending",
                backend=cell.model.backend,
                data_class=cell.suite.data_class,
                n_docs=cell.n_docs,
                n_requests=cell.n_requests,
                mode=cell.mode,
                place=cell.place,
            )
            for cell in self._cells.values()
        )

    def measure(self, cell_id: str, opened: Opened, kit: Kit) -> Measured:
        """Ask what is not settled yet, and score all docs."""
        cell, backend = self._cells[cell_id], opened.backend
        known, earlier = _from_before(kit.journal, cell_id)
        kit.tell(CellStarted(cell_id, cell.n_requests, len(known)))
        tasks = load_tasks(
            cell.suite,
            self.config.include_paths,
            allow_code=self.config.allow_task_code,
            mode=cell.mode,
            checked=True,
        )
        apply_generation(tasks, cell.model.generation)
        sampler = kit.sampler(cell_id, opened)
        keep = _keeper(cell, kit, sampler, len(known))
        try:
            with sampler:
                samples, results = evaluate_cell(
                    BackendLM(
                        backend,
                        CellContext(
                            cell_id, kit.session, cell.model.backend, kit.guard.bound(cell.model)
                        ),
                        known,
                        keep,
                        earlier,
                        self.options.verify_docs
                        if Capability.VERIFY in supports(cell.model)
                        else 0,
                        Timed(cell.n_timed, f"{SEEDS['random']}/{cell.suite.name}"),
                    ),
                    cell_id,
                    cell.suite,
                    tasks,
                    chat_template=cell.model.uses_chat_template(backend.has_chat_template),
                )
        finally:
            keep([], [])  # the last readings
        return Measured(samples, results)


def _from_before(
    journal: Journal, cell_id: str
) -> tuple[dict[str, Request], dict[str, tuple[Attempt, ...]]]:
    """Return what earlier sessions settled, and what they tried for requests that are still to be asked."""
    before = [r for r in journal.requests(cell_id) if r.is_measured]
    known = {r.request_id: r for r in settled_requests(before)}
    earlier = {r.request_id: r.attempts for r in before if r.request_id not in known}
    earlier |= {k: tuple(v) for k, v in journal.open_attempts(cell_id).items()}
    return known, earlier


def _keeper(
    cell: Cell, kit: Kit, sampler: TelemetrySampler, n_known: int
) -> Callable[[list[Request], list[SentAttempt]], None]:
    """Return what makes answers and notices of sending durable, in one transaction.

    Whoever asks waits for it: a notice is on disk before its attempt leaves, so that money which may have been spent is
    known after any kill, and answers are there before the next batch begins.
    """
    n_asked, n_new, began_ns = kit.guard.n_asked, 0, now_ns()

    def keep(requests: list[Request], sent: list[SentAttempt]) -> None:
        nonlocal n_asked, n_new
        kit.journal.add_requests(requests, sampler.drain(), sent)
        n_asked += sum(r.answer is not None for r in requests)
        if requests and cell.place.is_billed:
            kit.guard.check_asked(n_asked, cell.model)
        if n_more := sum(r.is_measured for r in requests):
            n_new += n_more
            n_done, pace_s = n_known + n_new, (now_ns() - began_ns) / NS_PER_S / n_new
            left_s = pace_s * (cell.n_requests - n_done)
            kit.tell(Advanced(cell.cell_id, n_more, n_done, cell.n_requests, left_s))

    return keep
