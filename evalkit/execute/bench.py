"""Runs a bench: every model under every load profile, step by step, into a run directory like any other."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

from evalkit.backends import place
from evalkit.config.bench import BenchConfig
from evalkit.errors import DataError, UsageError
from evalkit.execute.bench_cell import BenchRunner
from evalkit.execute.bench_step import BenchCell
from evalkit.execute.ending import ended_manifest
from evalkit.execute.environment import command_line, git_state, hardware, versions
from evalkit.execute.folders import check_output, iso, locked, new_folder
from evalkit.execute.limits import RunGuard, spent_usd
from evalkit.execute.preflight import check_budget, check_data_class, check_models
from evalkit.execute.progress import BenchProgress
from evalkit.loadgen.traces import read_trace
from evalkit.meters.clock import open_session
from evalkit.meters.nvml import NoGpus, open_gpus
from evalkit.precheck import check_traces
from evalkit.prices import snapshot
from evalkit.records import CellRecord
from evalkit.store.files import sha256_of
from evalkit.store.journal import JOURNAL, Journal
from evalkit.store.manifest import FileEntry, RunManifest, read_manifest, write_manifest
from evalkit.store.run_dir import publish


def bench_cells(config: BenchConfig) -> tuple[BenchCell, ...]:
    """Return every cell, model by model so that each is loaded once; repeats are apart, profiles alternate."""
    most = max(p.repeats for p in config.profiles)
    return tuple(
        BenchCell(f"{model.name}/{profile.name}/{repeat}", model, profile, repeat)
        for model in config.models
        for repeat in range(most)
        for profile in config.profiles
        if repeat < profile.repeats
    )


def start_bench(config: BenchConfig, config_file: Path | None, progress: BenchProgress) -> Path:
    """Make a run directory and work through the bench.

    Returns:
        The run directory. Its manifest says `complete`, or `partial` when interrupted or when cells failed.

    Raises:
        UsageError: Nothing was written.
    """
    _preflight(config)
    started = datetime.now(UTC)
    folder = new_folder(config.output.dir, config.name, started)
    with locked(folder), Journal(folder / JOURNAL, create=True) as journal:
        manifest = _first_manifest(config, config_file, folder.name, started)
        journal.put_cells(manifest.cells)
        write_manifest(folder, manifest)
        _work(folder, config, manifest, journal, progress)
    return folder


def resume_bench(folder: Path, progress: BenchProgress) -> None:
    """Go on with a bench that was interrupted: steps that are done are kept, others are measured anew.

    Raises:
        UsageError: The directory holds a run, not a bench.
        DataError: The directory is damaged, or its journal is gone.
    """
    manifest = read_manifest(folder)
    if manifest.kind != "bench":
        raise UsageError(f"{folder}: this is a run, not a bench.", "Use `evalkit run --resume`.")
    if manifest.state == "complete" and not (folder / JOURNAL).exists():
        return
    config = BenchConfig.model_validate(manifest.config)
    with locked(folder), Journal(folder / JOURNAL) as journal:
        problem = journal.check()
        if problem:
            raise DataError(f"{journal.path}: damaged: {problem}.", "Start a new bench.")
        _preflight(config)
        check_traces_kept(config, manifest)
        _work(folder, config, manifest, journal, progress)


def trace_entries(config: BenchConfig) -> dict[str, FileEntry]:
    """Return what identifies the recorded load of each profile that replays one."""
    found = {}
    for profile in config.profiles:
        if (file := profile.load.file) is not None:
            n_rows = len(read_trace(profile.load).rows)
            found[profile.name] = FileEntry(
                sha256=sha256_of(file), bytes=file.stat().st_size, rows=n_rows
            )
    return found


def check_traces_kept(config: BenchConfig, manifest: RunManifest) -> None:
    """Refuse to go on with another recorded load than the bench began with.

    Raises:
        UsageError: One has changed.
    """
    for profile in config.profiles:
        before = manifest.traces.get(profile.name)
        file = profile.load.file
        if file is not None and before is not None and sha256_of(file) != before.sha256:
            raise UsageError(
                f"{file}: the trace of profile {profile.name!r} has changed since the bench began.",
                "Put the old file back, or start a new bench.",
            )


def _preflight(config: BenchConfig) -> None:
    """Check everything that would otherwise fail later.

    Raises:
        UsageError: Nothing was written.
    """
    check_output(config.output)
    check_budget(config.limits, config.models)
    for model in config.models:
        for profile in config.profiles:
            if profile.prompts.suite is not None:
                check_data_class(model, profile.prompts.suite, config.trusted_hosts)
    check_models(config.models)
    list(check_traces(config))


def _work(
    folder: Path,
    config: BenchConfig,
    manifest: RunManifest,
    journal: Journal,
    progress: BenchProgress,
) -> None:
    session = open_session(len(journal.sessions()))
    journal.add_session(session)
    cells = bench_cells(config)
    progress.bench_started(len(cells), folder)
    gpus = open_gpus()
    guard = RunGuard(config.limits, spent_usd(journal.requests(), ()))
    runner = BenchRunner(config, folder, journal, session.session, gpus, progress, guard)
    runner.models |= {entry.name: entry for entry in manifest.models}
    interrupted = False
    try:
        for _, some in groupby(cells, key=lambda cell: cell.model.name):
            runner.run_model(list(some))
    except KeyboardInterrupt:
        interrupted = True
    finally:
        gpus.close()
    ended = ended_manifest(manifest, journal, runner.models, gpus, interrupted=interrupted)
    publish(folder, ended, journal)


def _first_manifest(
    config: BenchConfig, config_file: Path | None, run_id: str, started: datetime
) -> RunManifest:
    cells = bench_cells(config)
    stored = config.model_dump(mode="json")
    decisive = {key: stored[key] for key in ("models", "profiles", "seed")}
    return RunManifest(
        run_id=run_id,
        name=config.name,
        kind="bench",
        state="running",
        config=stored,
        config_file=config_file.name if config_file else None,
        plan_hash=hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest(),
        versions=versions(),
        git=git_state(),
        hardware=hardware(NoGpus("not read yet")),
        seeds={"bench": config.seed},
        started_at=iso(started),
        command=command_line(),
        cells=tuple(_pending(cell) for cell in cells),
        traces=trace_entries(config),
        prices=snapshot() if any(place(m).is_billed for m in config.models) else None,
    )


def _pending(cell: BenchCell) -> CellRecord:
    suite = cell.profile.prompts.suite
    return CellRecord(
        cell_id=cell.cell_id,
        model=cell.model.name,
        suite=cell.profile.name,
        repeat=cell.repeat,
        state="pending",
        backend=cell.model.backend,
        data_class=suite.data_class if suite else "public",
        n_docs=0,
        n_requests=0,
    )
