"""Run directories → a `Side`: reads what a gate needs, column by column, and checks that the runs belong together."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from evalkit.analysis.arrays import Array, Ints
from evalkit.analysis.load import load_facts
from evalkit.analysis.performance import counted_energy_j, peak_of
from evalkit.analysis.scores import RATED, REFUSAL, TaskKey, TaskScores, mean_at, task_scores
from evalkit.analysis.timings import COLUMNS, Timings, request_timings, sum_at
from evalkit.errors import DataError, UsageError, did_you_mean
from evalkit.gate.facts import SideFact
from evalkit.gate.side import (
    HASH_LENGTH,
    ConditionKey,
    RunValues,
    Side,
    merged_sides,
)
from evalkit.records import (
    INSTRUCTION_IN_USER,
    ONE_TURN,
    CellRecord,
    Request,
    Sample,
    TaskResult,
    Telemetry,
)
from evalkit.store.manifest import MANIFEST, Hardware, ModelEntry, RunManifest, read_manifest
from evalkit.store.parquet import read_columns, read_parquet
from evalkit.store.run_dir import checked_manifest, folders_in, open_run

HARDWARE = "hardware"


def run_folders(place: Path) -> list[Path]:
    """Return the run directories that a path stands for: itself, or those in it; none if it is neither."""
    if (place / MANIFEST).exists():
        return [place]
    return folders_in(place)


def read_runs(
    folders: Sequence[Path],
    model: str | None,
    clusters: Mapping[str, str],
    *,
    label: str,
    option: str,
) -> Side:
    """Read one model of some runs, put together.

    Args:
        folders: Run directories; runs of tasks, and benches for the throughput.
        model: Its name; None: the only one there is.
        clusters: Task → key of its docs that names the source.
        label: What results call this side.
        option: Of the command line, to name a model with.

    Raises:
        UsageError: The runs hold several models and none is named, or no model of that name.
        DataError: A run is damaged, not complete, or was made under other conditions than the rest.
    """
    sides = read_each(folders, model, clusters, option=option)
    found = merged_sides(sides)
    return replace(found, fact=replace(found.fact, label=label))


def read_each(
    folders: Sequence[Path], model: str | None, clusters: Mapping[str, str], *, option: str
) -> list[Side]:
    """Read one model of some runs, each run on its own; runs that it was not in are left out.

    Raises:
        UsageError: As `read_runs`.
        DataError: A run is damaged or not complete.
    """
    chosen = _model(folders, model, option)
    found = (_one(folder, chosen, clusters) for folder in folders)
    return [side for side in found if side is not None]


def _model(folders: Sequence[Path], model: str | None, option: str) -> str:
    known = dict.fromkeys(cell.model for folder in folders for cell in read_manifest(folder).cells)
    if model is not None and model not in known:
        hint = did_you_mean(model, known, f"There are: {', '.join(known)}.")
        raise UsageError(f"{option}: no run has a model called {model!r}.", hint)
    if model is None and len(known) != 1:
        raise UsageError(
            f"{folders[0]}: holds {len(known)} models: {', '.join(known)}.",
            f"Say which one is compared: {option} NAME.",
        )
    return model or next(iter(known))


def _one(folder: Path, model: str, clusters: Mapping[str, str]) -> Side | None:
    """Return what a run says of a model; None where it was not in it."""
    manifest = checked_manifest(folder)
    cells = {c.cell_id: c for c in manifest.cells if c.model == model}
    if not cells:
        return None
    undone = [c.cell_id for c in cells.values() if c.state != "done"]
    if undone:
        raise DataError(
            f"{folder}: not complete: {undone[0]} is {cells[undone[0]].state}.",
            f"Go on with: evalkit run --resume {folder}",
        )
    if manifest.kind == "bench":
        return _side(folder, manifest, model, _BenchOrRun(_capacity(folder, manifest, model)))
    return _side(folder, manifest, model, _asked_docs(folder, manifest, cells, model, clusters))


@dataclass(frozen=True, slots=True)
class _BenchOrRun:
    """What a run directory holds of a model; of a load test only the values."""

    values: RunValues
    tasks: Mapping[TaskKey, TaskScores] = field(default_factory=dict)
    costs: Mapping[TaskKey, Array] = field(default_factory=dict)
    conditions: Mapping[ConditionKey, str] = field(default_factory=dict)


def _side(folder: Path, manifest: RunManifest, model: str, found: _BenchOrRun) -> Side:
    entry = _entry(manifest, model)
    conditions = {**_machine(manifest.hardware), **found.conditions}
    fact = SideFact(
        label=folder.name,
        is_accepted=False,
        model=model,
        source=entry.source if entry else model,
        revision=entry.revision if entry else None,
        licence=entry.licence if entry else None,
        hardware=conditions[HARDWARE, HARDWARE],
        n_runs=1,
        n_docs=sum(len(t.doc_ids) for t in found.tasks.values()),
        first_run=manifest.started_at,
        last_run=manifest.started_at,
        weights=_weights(entry),
        software=", ".join(f"{name} {version}" for name, version in manifest.versions.items()),
    )
    is_api = entry is not None and entry.is_api
    return Side(fact, is_api, found.tasks, found.costs, (found.values,), conditions, (folder,))


def _weights(entry: ModelEntry | None) -> str | None:
    if entry is None or not entry.file_hashes:
        return None
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(entry.file_hashes.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def _entry(manifest: RunManifest, model: str) -> ModelEntry | None:
    return next((m for m in manifest.models if m.name == model), None)


def _capacity(folder: Path, manifest: RunManifest, model: str) -> RunValues:
    """Return profile → the highest rate that was sustained within its service level."""
    _, _, capacities = load_facts(open_run(folder))
    values = {
        f"throughput:{c.profile}": c.lambda_per_s.value
        for c in capacities
        if c.model == model and c.lambda_per_s.value is not None
    }
    return RunValues(manifest.started_at, values=values)


def _asked_docs(
    folder: Path,
    manifest: RunManifest,
    cells: Mapping[str, CellRecord],
    model: str,
    clusters: Mapping[str, str],
) -> _BenchOrRun:
    suites = {cell_id: c.suite for cell_id, c in cells.items()}
    results = read_parquet(TaskResult, folder / "results.parquet")
    requests = read_columns(Request, folder / "requests.parquet", COLUMNS, suites)
    timings = request_timings(requests)
    columns = (*RATED, "doc") if clusters else RATED
    samples = read_columns(Sample, folder / "samples.parquet", columns, suites)
    scored = task_scores(samples, suites, results, clusters)
    tasks = {t.key: _shortened(_with_withheld(t, timings, suites)) for t in scored}
    return _BenchOrRun(
        values=_run_values(folder, manifest, cells, timings),
        tasks=tasks,
        costs={key: _cost_of(t, timings, suites) for key, t in tasks.items()},
        conditions={
            **_asked(manifest, cells, _entry(manifest, model)),
            **_versions(results, suites),
        },
    )


def _shortened(task: TaskScores) -> TaskScores:
    def short(hashes: list[str]) -> list[str]:
        return [h[:HASH_LENGTH] for h in hashes]

    return replace(task, doc_hashes=short(task.doc_hashes), prompt_hashes=short(task.prompt_hashes))


def _of_task(task: TaskScores, timings: Timings, suites: Mapping[str, str]) -> Ints:
    """Return which requests belong to a task, as indices."""
    is_mine = np.zeros(len(timings.cells), dtype=bool)
    for cell, suite in suites.items():
        if suite == task.suite:
            is_mine |= timings.cells == cell
    return np.flatnonzero(is_mine & (timings.tasks == task.task))


def _with_withheld(task: TaskScores, timings: Timings, suites: Mapping[str, str]) -> TaskScores:
    """Count answers that a vendor refused or withheld as refusals, too."""
    if REFUSAL not in task.scores or not timings.is_withheld.any():
        return task
    at = _of_task(task, timings, suites)
    at = at[timings.is_withheld[at]]
    refused = task.scores[REFUSAL].copy()
    refused[np.isin(task.doc_ids, timings.doc_ids[at])] = 1.0
    return replace(task, scores={**task.scores, REFUSAL: refused})


def _cost_of(task: TaskScores, timings: Timings, suites: Mapping[str, str]) -> Array:
    """Return what each doc cost: all its requests, per repeat; NaN where one has no price."""
    n = len(task.doc_ids)
    if not np.isfinite(timings.cost_usd).any():
        return np.full(n, np.nan)
    at = _of_task(task, timings, suites)
    at = at[np.isin(timings.doc_ids[at], task.doc_ids)]
    place = np.searchsorted(task.doc_ids, timings.doc_ids[at])
    n_repeats = sum(1 for suite in suites.values() if suite == task.suite)
    spent: Array = sum_at(place, timings.cost_usd[at], n) / n_repeats
    return spent


def _run_values(
    folder: Path, manifest: RunManifest, cells: Mapping[str, CellRecord], timings: Timings
) -> RunValues:
    is_timed = np.isfinite(timings.e2e_s) | np.isfinite(timings.ttft_s)
    names: dict[str, int] = {}
    at, rows = [], np.flatnonzero(is_timed)
    for i in rows.tolist():
        suite = cells[timings.cells[i]].suite
        key = f"{suite}/{timings.tasks[i]}/{timings.doc_ids[i]}"
        at.append(names.setdefault(key, len(names)))
    place = np.array(at, dtype=np.int64)
    measured = {"ttft": timings.ttft_s, "tpot": timings.tpot_s, "e2e": timings.e2e_s}
    latency = {n: mean_at(place, v[rows], len(names)) for n, v in measured.items()}
    readings = [
        t for t in read_parquet(Telemetry, folder / "telemetry.parquet") if t.cell_id in cells
    ]
    values = dict(_memory(readings, cells.values()))
    energy = counted_energy_j([t for t in readings if t.device.startswith("gpu")])
    tokens = float(np.nansum(timings.output_tokens))
    if energy is not None and tokens:
        values["energy_per_token"] = energy / tokens
    return RunValues(manifest.started_at, tuple(names), latency if names else {}, values)


def _memory(
    readings: Sequence[Telemetry], cells: Iterable[CellRecord]
) -> Iterable[tuple[str, float]]:
    """Yield peak memory by where it was measured; nothing of a model that ran elsewhere."""
    server = [t for t in readings if t.device == "server"]
    if not server and not all(c.is_in_process for c in cells):
        return
    gpu = [t for t in readings if t.device.startswith("gpu")]
    host = server or [t for t in readings if t.device == "host"]
    found = {
        "memory:GPU, process": peak_of(gpu, lambda t: t.memory_process_bytes),
        "memory:GPU, torch": peak_of(gpu, lambda t: t.torch_reserved_bytes),
        "memory:GPU, board": peak_of(gpu, lambda t: t.memory_used_bytes),
        "memory:host": peak_of(host, lambda t: t.rss_peak_bytes),
    }
    yield from ((name, float(peak)) for name, peak in found.items() if peak is not None)


# --- conditions ---------------------------------------------------------------------------------------------------


def _machine(hardware: Hardware) -> dict[ConditionKey, str]:
    gpus = ", ".join(g.name for g in hardware.gpus) or "no GPU"
    memory = f"{hardware.memory_bytes / 1e9:.0f} GB"
    threads = f", {hardware.torch_threads} threads" if hardware.torch_threads else ""
    text = f"{hardware.cpu}, {hardware.cores_logical} cores{threads}, {memory}, {gpus}"
    driver = f", driver {hardware.gpu_driver}" if hardware.gpu_driver else ""
    return {(HARDWARE, HARDWARE): text + driver}


def _asked(
    manifest: RunManifest, cells: Mapping[str, CellRecord], entry: ModelEntry | None
) -> dict[ConditionKey, str]:
    """Return how the docs were asked: few-shot, template, decoding, limit, mode."""
    suites: dict[str, Any] = {s["name"]: s for s in manifest.config.get("suites", ())}
    spec: Mapping[str, Any] = next(
        (m for m in manifest.config.get("models", ()) if entry and m["name"] == entry.name), {}
    )
    found: dict[ConditionKey, str] = {}
    for cell in cells.values():
        suite = suites.get(cell.suite, {})
        shots, limit = suite.get("num_fewshot"), suite.get("limit")
        found["fewshot", cell.suite] = "as the task says" if shots is None else str(shots)
        found["limit", cell.suite] = "all documents" if limit is None else f"first {limit}"
        found["mode", cell.suite] = cell.mode
        found["template", cell.suite] = _template(suite, entry, cell)
        found["decoding", cell.suite] = _decoding(spec)
    return found


_TURNS = {
    INSTRUCTION_IN_USER: "instruction in the user's turn",
    ONE_TURN: "instruction and examples in the user's turn",
}
"""How the chat template of a side made evalkit ask."""


def _template(suite: Mapping[str, Any], entry: ModelEntry | None, cell: CellRecord) -> str:
    has_template = entry is not None and entry.chat_template
    instruction = suite.get("system_instruction")
    parts = ["chat template" if has_template else "plain prompts"]
    if has_template and not suite.get("fewshot_as_multiturn", True):
        parts.append("examples in one message")
    if cell.turns in _TURNS:
        parts.append(_TURNS[cell.turns])
    if instruction:
        parts.append(f"instruction {hashlib.sha256(instruction.encode()).hexdigest()[:8]}")
    return ", ".join(parts)


def _decoding(spec: Mapping[str, Any]) -> str:
    settings = {k: v for k, v in (spec.get("generation") or {}).items() if v is not None}
    more = (spec.get("endpoint") or {}).get("extra_body") or {}
    text = json.dumps({**settings, **more}, sort_keys=True)
    return "as the task says" if text == "{}" else text


def _versions(results: Sequence[TaskResult], suites: Mapping[str, str]) -> dict[ConditionKey, str]:
    return {
        ("task-version", f"{suites[r.cell_id]}/{r.task}"): r.version
        for r in results
        if r.cell_id in suites and not r.is_group
    }
