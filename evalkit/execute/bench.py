"""Runs a bench: every model under every load profile, step by step, into a run directory like any other."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Literal

from evalkit.backends import place
from evalkit.config.bench import BenchConfig
from evalkit.errors import UsageError
from evalkit.execute.bench_cell import hold_steps
from evalkit.execute.bench_step import BenchCell
from evalkit.execute.preflight import check_allowed
from evalkit.execute.progress import Tell
from evalkit.execute.session import begun, go_on, start
from evalkit.execute.work import CellWork, Kit, Measured, Opened
from evalkit.loadgen.prompts import Words
from evalkit.loadgen.traces import read_trace
from evalkit.precheck import check_traces
from evalkit.records import CellRecord
from evalkit.store.files import sha256_of
from evalkit.store.journal import Journal
from evalkit.store.manifest import FileEntry, RunManifest


def start_bench(config: BenchConfig, config_file: Path | None, tell: Tell) -> Path:
    """Make a run directory and work through the bench.

    Returns:
        The run directory. Its manifest says `complete`, or `partial` when interrupted or when cells failed.

    Raises:
        UsageError: Nothing was written.
    """
    return start(LoadWork(config), config_file, tell)


def resume_bench(folder: Path, tell: Tell) -> None:
    """Go on with a bench that was interrupted: steps that are done are kept, others are measured anew.

    Raises:
        UsageError: The directory holds a run, not a bench.
        DataError: The directory is damaged, or its journal is gone.
    """
    manifest = begun(folder, "bench")

    def again() -> LoadWork:
        return LoadWork(BenchConfig.model_validate(manifest.config), manifest)

    go_on(folder, manifest, again, tell)


class LoadWork(CellWork):
    """Puts the models of a bench under load.

    Args:
        config: Models and profiles.
        begun: What the bench that is to go on says of itself; None: it begins.
    """

    kind: Literal["bench"] = "bench"

    def __init__(self, config: BenchConfig, begun: RunManifest | None = None) -> None:
        stored = config.model_dump(mode="json")
        decisive = {key: stored[key] for key in ("models", "profiles", "seed")}
        self.config = config
        self.plan_hash = hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()
        self.seeds = {"bench": config.seed}
        self._cells = {cell.cell_id: cell for cell in _cells(config)}
        self._words: dict[str, Words] = {}
        self._begun = begun

    def check(self) -> None:
        """Check that confidential docs stay where they may be, and that every trace can be read and is the same.

        Raises:
            ConfigError: Docs would not stay, or a trace can't be read.
            UsageError: A trace has changed.
        """
        check_allowed(self.config)
        list(check_traces(self.config))
        if self._begun is not None:
            check_traces_kept(self.config, self._begun)

    def cells(self) -> tuple[CellRecord, ...]:
        """Return the cells; how many requests they have, load decides."""
        return tuple(
            CellRecord(
                cell_id=cell.cell_id,
                model=cell.model.name,
                suite=cell.profile.name,
                repeat=cell.repeat,
                state="pending",
                backend=cell.model.backend,
                data_class=cell.suite.data_class if cell.suite else "public",
                n_docs=0,
                n_requests=0,
                place=place(cell.model),
            )
            for cell in self._cells.values()
        )

    def traces(self) -> dict[str, FileEntry]:
        """Return what identifies each recorded load."""
        return trace_entries(self.config)

    def measure(self, cell_id: str, opened: Opened, kit: Kit) -> Measured:
        """Hold the steps that are missing."""
        cell = self._cells[cell_id]
        return Measured(ending=hold_steps(cell, self.config, self._words, opened, kit))

    def ended(self, record: CellRecord, journal: Journal) -> CellRecord:
        """Return the record with the number of requests; how many were sent at once, its steps say."""
        n = sum(r.step is not None for r in journal.requests(record.cell_id))
        endpoint = record.endpoint and replace(record.endpoint, concurrency=None)
        return replace(record, n_requests=n, endpoint=endpoint)


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


def _cells(config: BenchConfig) -> tuple[BenchCell, ...]:
    """Return every cell, model by model so that each is loaded once; repeats are apart, profiles alternate."""
    most = max(p.repeats for p in config.profiles)
    return tuple(
        BenchCell(f"{model.name}/{profile.name}/{repeat}", model, profile, repeat)
        for model in config.models
        for repeat in range(most)
        for profile in config.profiles
        if repeat < profile.repeats
    )
