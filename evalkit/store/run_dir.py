"""Run directories: make one, open one, check one, list them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evalkit.errors import DataError
from evalkit.records import LoadStep, Request, Sample, TaskResult, Telemetry
from evalkit.store.files import sha256_of, write_atomic
from evalkit.store.journal import JOURNAL, Journal
from evalkit.store.manifest import MANIFEST, FileEntry, RunManifest, read_manifest, write_manifest
from evalkit.store.parquet import read_parquet, to_parquet

SUMMARY = "summary.json"
REPORT = "report.html"
TABLES: dict[str, type[Any]] = {
    "requests.parquet": Request,
    "samples.parquet": Sample,
    "results.parquet": TaskResult,
    "telemetry.parquet": Telemetry,
    "steps.parquet": LoadStep,
}


@dataclass(frozen=True, slots=True)
class Run:
    """A run as it lies on disk: checked, and independent of models, GPUs and network."""

    path: Path
    manifest: RunManifest
    requests: list[Request]
    samples: list[Sample]
    results: list[TaskResult]
    telemetry: list[Telemetry]
    steps: list[LoadStep] = field(default_factory=list)
    """Steps of load tests."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with a run directory."""

    file: str
    problem: str
    advice: str


def publish(folder: Path, manifest: RunManifest, journal: Journal) -> RunManifest:
    """Write the journal's records as Parquet, and the manifest that names them, in this order.

    A crash in between leaves the journal and the old manifest, so publishing can simply be repeated.
    """
    tables: list[tuple[str, list[Any]]] = [
        ("requests.parquet", journal.requests()),
        ("samples.parquet", journal.samples()),
        ("results.parquet", journal.results()),
        ("telemetry.parquet", journal.telemetry()),
        ("steps.parquet", journal.steps()),
    ]
    files = dict(manifest.files)
    for name, rows in tables:
        write_atomic(folder / name, to_parquet(TABLES[name], rows))
        files[name] = _entry(folder / name, len(rows))
    published = manifest.model_copy(update={"files": files})
    write_manifest(folder, published)
    return published


def add_file(folder: Path, name: str, data: bytes) -> None:
    """Write one more file of the run and enter it into the manifest."""
    write_atomic(folder / name, data)
    manifest = read_manifest(folder)
    files = {**manifest.files, name: _entry(folder / name, None)}
    write_manifest(folder, manifest.model_copy(update={"files": files}))


def remove_journal(folder: Path) -> None:
    """Delete the journal of a run that is complete and published."""
    for suffix in ("", "-wal", "-shm"):
        (folder / (JOURNAL + suffix)).unlink(missing_ok=True)


def checked_manifest(folder: Path) -> RunManifest:
    """Return the manifest of a run whose every file is what it says.

    Raises:
        DataError: The run never got to the point of writing results, or a file is missing or changed.
    """
    manifest = read_manifest(folder)
    if not manifest.files:
        raise DataError(
            f"{folder}: this run has not written results yet (state: {manifest.state}).",
            f"Go on with: evalkit run --resume {folder}",
        )
    findings = list(_file_findings(folder, manifest))
    if findings:
        raise DataError(
            f"{folder / findings[0].file}: {findings[0].problem}.",
            f"See `evalkit verify {folder}`. {findings[0].advice}",
        )
    return manifest


def open_run(folder: Path) -> Run:
    """Read a run after checking that every file is what the manifest says.

    Raises:
        DataError: As `checked_manifest`.
    """
    manifest = checked_manifest(folder)
    return Run(
        folder,
        manifest,
        read_parquet(Request, folder / "requests.parquet"),
        read_parquet(Sample, folder / "samples.parquet"),
        read_parquet(TaskResult, folder / "results.parquet"),
        read_parquet(Telemetry, folder / "telemetry.parquet"),
        read_parquet(LoadStep, folder / "steps.parquet"),
    )


def verify(folder: Path) -> list[Finding]:
    """Return everything that is wrong with a run directory; empty means it can be trusted."""
    try:
        manifest = read_manifest(folder)
    except DataError as error:
        return [Finding(MANIFEST, error.message.removesuffix("."), error.hint)]
    findings = list(_file_findings(folder, manifest))
    if manifest.state != "complete":
        findings += _unfinished_findings(folder, manifest)
    if not findings and manifest.files:
        findings += _content_findings(folder, manifest)
    return findings


def folders_in(root: Path) -> list[Path]:
    """Return the run directories in a folder, oldest first where their names begin alike."""
    return sorted(p.parent for p in root.glob(f"*/{MANIFEST}")) if root.is_dir() else []


def list_runs(root: Path) -> Iterator[tuple[Path, RunManifest | DataError]]:
    """Yield every run directory under a folder, oldest first; damaged ones with their error."""
    for folder in folders_in(root):
        try:
            yield folder, read_manifest(folder)
        except DataError as error:
            yield folder, error


def _entry(path: Path, rows: int | None) -> FileEntry:
    return FileEntry(sha256=sha256_of(path), bytes=path.stat().st_size, rows=rows)


def _file_findings(folder: Path, manifest: RunManifest) -> Iterator[Finding]:
    can_redo = (folder / JOURNAL).exists()
    advice = (
        f"Write it again from the journal: evalkit run --resume {folder}"
        if can_redo
        else "Restore it from a copy, or repeat the run."
    )
    for name, entry in manifest.files.items():
        path = folder / name
        if not path.exists():
            yield Finding(name, "missing", advice)
        elif path.stat().st_size != entry.bytes or sha256_of(path) != entry.sha256:
            yield Finding(name, "changed since it was written (SHA-256 differs)", advice)


def _unfinished_findings(folder: Path, manifest: RunManifest) -> Iterator[Finding]:
    resume = f"Go on with: evalkit run --resume {folder}"
    if not (folder / JOURNAL).exists():
        yield Finding(JOURNAL, f"missing although the run is {manifest.state}", "Repeat the run.")
        return
    try:
        with Journal(folder / JOURNAL) as journal:
            problem = journal.check()
            done = sum(cell.state == "done" for cell in journal.cells())
    except DataError as error:
        yield Finding(JOURNAL, error.message.removesuffix("."), "Repeat the run.")
        return
    if problem:
        yield Finding(JOURNAL, f"damaged: {problem}", "Repeat the run.")
    else:
        yield Finding(
            MANIFEST, f"not complete: {done} of {len(manifest.cells)} cells are done", resume
        )


def _content_findings(folder: Path, manifest: RunManifest) -> Iterator[Finding]:
    for name, record in TABLES.items():
        try:
            rows = read_parquet(record, folder / name)
        except DataError as error:
            yield Finding(name, error.message, error.hint)
            continue
        expected = manifest.files[name].rows
        if len(rows) != expected:
            yield Finding(name, f"holds {len(rows)} rows, the manifest says {expected}", "")
