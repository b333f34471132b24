"""Runs a plan in this process: start or resume, cell by cell, and leave a run directory that can be trusted."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

from evalkit.config.run import LimitsSpec, RunConfig
from evalkit.errors import DataError, UsageError
from evalkit.execute.cell import CellRunner, RunOptions
from evalkit.execute.ending import ended_manifest
from evalkit.execute.environment import command_line, git_state, hardware, versions
from evalkit.execute.folders import check_output, iso, locked, new_folder
from evalkit.execute.limits import RunGuard, spent_usd
from evalkit.execute.preflight import check_budget, check_data_class, check_models
from evalkit.execute.progress import Progress
from evalkit.harness.catalogue import SEEDS
from evalkit.meters.clock import open_session
from evalkit.meters.nvml import NoGpus, open_gpus
from evalkit.plan import Cell, Plan, make_plan
from evalkit.prices import snapshot
from evalkit.records import CellRecord
from evalkit.store.journal import JOURNAL, Journal
from evalkit.store.manifest import RunManifest, read_manifest, write_manifest
from evalkit.store.run_dir import publish


def preflight(plan: Plan, options: RunOptions) -> None:
    """Check everything that would otherwise fail hours later: folder, disk, and every model.

    Raises:
        UsageError: Nothing was written.
    """
    check_output(plan.config.output)
    check_budget(_limits(plan, options), plan.config.models)
    for cell in plan.cells:
        check_data_class(cell.model, cell.suite, plan.config.trusted_hosts)
    check_models(plan.config.models)


def start_run(
    plan: Plan, config_file: Path | None, progress: Progress, options: RunOptions | None = None
) -> Path:
    """Make a run directory and work through the plan.

    Returns:
        The run directory. Its manifest says `complete`, or `partial` when interrupted or when cells failed.

    Raises:
        UsageError: Nothing was written.
    """
    options = options or RunOptions()
    preflight(plan, options)
    started = datetime.now(UTC)
    folder = new_folder(plan.config.output.dir, plan.config.name, started)
    with locked(folder), Journal(folder / JOURNAL, create=True) as journal:
        manifest = _first_manifest(plan, config_file, folder.name, started)
        journal.put_cells(manifest.cells)
        write_manifest(folder, manifest)
        _work(folder, plan, manifest, journal, progress, options)
    return folder


def resume_run(
    folder: Path,
    config: RunConfig | None,
    progress: Progress,
    options: RunOptions | None = None,
) -> None:
    """Go on with a run that was interrupted.

    A complete run that still has its journal is published again, which mends damaged Parquet files.

    Args:
        folder: The run directory.
        config: Must ask for the same as the stored one; None takes the stored one.
        progress: Told what happens.
        options: How this session works.

    Raises:
        UsageError: The config asks for something else than the run did.
        DataError: The directory is damaged, or its journal is gone.
    """
    options = options or RunOptions()
    manifest = read_manifest(folder)
    if manifest.kind != "run":
        raise UsageError(f"{folder}: this is a bench, not a run.", "Use `evalkit bench --resume`.")
    stored = RunConfig.model_validate(manifest.config)
    _check_same(folder, stored, config)
    if manifest.state == "complete" and not (folder / JOURNAL).exists():
        return
    with locked(folder), Journal(folder / JOURNAL) as journal:
        problem = journal.check()
        if problem:
            raise DataError(f"{journal.path}: damaged: {problem}.", "Start a new run.")
        plan = make_plan(stored)
        if plan.hash != manifest.plan_hash:
            raise UsageError(
                f"{folder}: task data or prompts changed since the run began (plan hash differs).",
                "Restore the tasks, or start a new run.",
            )
        preflight(plan, options)
        _work(folder, plan, manifest, journal, progress, options)


def answered_requests(folder: Path, plan: Plan) -> dict[str, int]:
    """Return how many requests of each cell a run has answered.

    Raises:
        UsageError: The run was made from another plan.
    """
    manifest = read_manifest(folder)
    if manifest.plan_hash != plan.hash:
        raise UsageError(
            f"{folder}: this run was made from another plan (plan hash differs).",
            "Config or task data changed since: start a new run.",
        )
    if manifest.state == "complete":
        return {cell.cell_id: cell.n_requests for cell in manifest.cells}
    with Journal(folder / JOURNAL) as journal:
        return {
            cell.cell_id: sum(r.is_measured for r in journal.requests(cell.cell_id))
            for cell in manifest.cells
        }


def _work(
    folder: Path,
    plan: Plan,
    manifest: RunManifest,
    journal: Journal,
    progress: Progress,
    options: RunOptions,
) -> None:
    session = open_session(len(journal.sessions()))
    journal.add_session(session)
    progress.run_started(plan, folder)
    gpus = open_gpus()
    guard = _guard(plan, journal, options)
    runner = CellRunner(plan.config, journal, session.session, gpus, progress, options, guard)
    runner.models |= {entry.name: entry for entry in manifest.models}
    interrupted = False
    try:
        for _, cells in groupby(plan.cells, key=lambda cell: cell.model.name):
            runner.run_model(list(cells))
    except KeyboardInterrupt:
        interrupted = True
    finally:
        gpus.close()
    ended = ended_manifest(manifest, journal, runner.models, gpus, interrupted=interrupted)
    publish(folder, ended, journal)


def _limits(plan: Plan, options: RunOptions) -> LimitsSpec:
    """Return budget and deadline: the session's, else the config's."""
    given = {"max_cost_usd": options.max_cost_usd, "max_minutes": options.max_minutes}
    return plan.config.limits.model_copy(update={k: v for k, v in given.items() if v is not None})


def _guard(plan: Plan, journal: Journal, options: RunOptions) -> RunGuard:
    """Return budget and deadline, with what earlier sessions spent."""
    open_attempts = [a for some in journal.open_attempts().values() for a in some]
    spent = spent_usd(journal.requests(), open_attempts)
    return RunGuard(_limits(plan, options), spent)


def _first_manifest(
    plan: Plan, config_file: Path | None, run_id: str, started: datetime
) -> RunManifest:
    return RunManifest(
        run_id=run_id,
        name=plan.config.name,
        state="running",
        config=plan.config.model_dump(mode="json"),
        config_file=config_file.name if config_file else None,
        plan_hash=plan.hash,
        versions=versions(),
        git=git_state(),
        hardware=hardware(NoGpus("not read yet")),
        seeds=SEEDS,
        started_at=iso(started),
        command=command_line(),
        cells=tuple(_pending(cell) for cell in plan.cells),
        prices=snapshot() if any(c.place.is_billed for c in plan.cells) else None,
    )


def _pending(cell: Cell) -> CellRecord:
    return CellRecord(
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
    )


def _check_same(folder: Path, stored: RunConfig, given: RunConfig | None) -> None:
    if given is None:
        return
    for key in ("models", "suites", "include_paths", "allow_task_code"):
        if getattr(stored, key) != getattr(given, key):
            raise UsageError(
                f"{folder}: the config asks for other {key} than the run it should resume.",
                "Resume without a config to go on as planned, or start a new run with this one.",
            )
