"""manifest.json: what was run, on what, with which versions, and which files belong to it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from evalkit.errors import DataError
from evalkit.records import RECORDS_VERSION, CellRecord, EngineRecord, Session
from evalkit.store.files import unreadable, write_atomic

MANIFEST = "manifest.json"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class FileEntry(_Part):
    """One file of the run, to notice damage."""

    sha256: str
    bytes: int
    rows: int | None = None


class GpuEntry(_Part):
    """One GPU of the machine."""

    name: str
    uuid: str
    memory_bytes: int | None


class Hardware(_Part):
    """The machine: latency and throughput only compare where this is equal."""

    cpu: str
    cores_physical: int | None
    cores_logical: int | None
    memory_bytes: int
    os: str
    gpus: tuple[GpuEntry, ...] = ()
    gpu_driver: str | None = None
    gpu_note: str = ""
    """Why there is no GPU reading; empty when there is one."""
    torch_threads: int | None = None


class ModelEntry(_Part):
    """What exactly was measured under a model's name."""

    name: str
    backend: str
    source: str
    revision: str | None
    path: str | None
    """Folder name of the weights, without machine-specific parents."""
    dtype: str | None
    device: str
    quantisation: str | None
    n_parameters: int | None
    memory_bytes: int | None
    """Weights and buffers in memory."""
    context_length: int | None
    licence: str | None
    chat_template: bool
    """Whether prompts were wrapped in the model's chat template."""
    template_date: str | None = None
    """The day that the chat template was told, ISO 8601; None: it does not tell the time, or is not used."""
    is_api: bool = False
    """Whether it is behind an API: weights, memory and number format are not disclosed."""
    file_hashes: dict[str, str] = {}
    """File name → SHA-256."""


class RunManifest(_Part):
    """Everything needed to understand, check and repeat a run."""

    records_version: int = RECORDS_VERSION
    run_id: str
    name: str
    kind: Literal["run", "bench"] = "run"
    """What the cells are: a model on a suite of tasks, or a model under a load profile."""
    state: Literal["running", "partial", "complete"]
    config: dict[str, Any]
    """The config as resolved."""
    config_file: str | None
    plan_hash: str
    versions: dict[str, str]
    git: str | None
    """Commit evalkit ran from, with `+dirty` when files had changed; None outside a checkout."""
    hardware: Hardware
    seeds: dict[str, int]
    started_at: str
    """ISO 8601, UTC."""
    finished_at: str | None = None
    command: str = ""
    models: tuple[ModelEntry, ...] = ()
    cells: tuple[CellRecord, ...] = ()
    sessions: tuple[Session, ...] = ()
    prices: str | None = None
    """Version of the price snapshot; None when nothing was priced."""
    traces: dict[str, FileEntry] = {}
    """Recorded loads that a bench replays: profile → file; `rows` are its requests."""
    files: dict[str, FileEntry] = {}


def write_manifest(folder: Path, manifest: RunManifest) -> None:
    """Write manifest.json whole or not at all."""
    write_atomic(folder / MANIFEST, manifest.model_dump_json(indent=2).encode() + b"\n")


def read_manifest(folder: Path) -> RunManifest:
    """Read and check manifest.json.

    Raises:
        DataError: There is none, it is damaged, or another evalkit version wrote it.
    """
    path = folder / MANIFEST
    if not folder.is_dir():
        raise DataError(f"{folder}: no such run directory.", "`evalkit ls` lists the runs.")
    if not path.exists():
        raise DataError(
            f"{folder}: not a run directory: {MANIFEST} is missing.", "`evalkit ls` lists the runs."
        )
    try:
        manifest = RunManifest.model_validate_json(path.read_bytes())
    except (ValidationError, UnicodeDecodeError) as error:
        first = str(error).splitlines()[0]
        raise DataError(
            f"{path}: damaged or written by another version of evalkit: {first}.",
            "Run `evalkit verify` on the folder.",
        ) from None
    except OSError as error:
        raise unreadable(path, error) from error
    if manifest.records_version != RECORDS_VERSION:
        raise DataError(
            f"{path}: records version {manifest.records_version}, this evalkit reads {RECORDS_VERSION}.",
            "Use the evalkit version named in the manifest.",
        )
    cells = tuple(replace(c, engine=tuple(map(_with_code, c.engine))) for c in manifest.cells)
    return manifest.model_copy(update={"cells": cells})


def _with_code(record: EngineRecord) -> EngineRecord:
    """Return a record that tells as a code what earlier files tell in words alone."""
    if record.has_failed_check is not None:
        return record
    return replace(record, has_failed_check=record.reason.startswith("self-check failed"))
