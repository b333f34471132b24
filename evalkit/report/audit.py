"""How a run was measured: everything an auditor needs to repeat it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import yaml

from evalkit.analysis.facts import CellFact, RunFacts
from evalkit.records import AS_IS, GENERATE, CellRecord, EndpointRecord, EngineRecord
from evalkit.report import format as text
from evalkit.report.endpoints import APIS
from evalkit.store.manifest import RunManifest
from evalkit.store.run_dir import Run

MODES = {AS_IS: "as the task says", GENERATE: "multiple choice answered with a letter"}
_COLUMNS = ("cell", "state", "data class", "answered", "reason")


@dataclass(frozen=True, slots=True)
class Audit:
    """How one run was measured."""

    run_id: str
    facts: tuple[tuple[str, str], ...]
    config: str
    hashes: tuple[tuple[str, str], ...]
    columns: tuple[str, ...]
    """Of `cells`."""
    cells: tuple[tuple[str, ...], ...]


def engine_text(record: EngineRecord) -> str:
    """Say how requests of one kind were computed, and how that was checked."""
    parts = [f"{record.path} path" + (f" ({record.reason})" if record.reason else "")]
    if record.tokens_asked and record.tokens_computed is not None:
        share = record.tokens_computed / record.tokens_asked
        parts.append(
            f"{text.count(record.tokens_computed)} of {text.count(record.tokens_asked)} tokens"
            f" computed ({share:.0%}), the others shared"
        )
    if record.max_difference is not None:
        parts.append(
            f"self-check of {record.n_checked}: at most {record.max_difference:.1g} from the reference"
        )
    if record.max_verified_difference is not None:
        parts.append(
            f"{record.n_verified} verified: at most {record.max_verified_difference:.1g} nats apart"
        )
    if record.n_near_ties:
        parts.append(f"{record.n_near_ties} near ties generated again alone")
    return "; ".join(parts)


def endpoint_text(record: EndpointRecord) -> str:
    """Say where requests went, who answered, and how well evalkit kept its own time."""
    parts = [f"{record.host}, {APIS.get(record.api, record.api)}"]
    if record.concurrency is not None:
        parts.append(f"at most {text.count(record.concurrency)} at once")
    names = ", ".join(record.served_models)
    parts.append(
        f"answered by {names}" if names else "the server does not say which model answered"
    )
    if record.n_lags:
        delays = (record.lag_p50_s, record.lag_p99_s, record.lag_max_s)
        p50, p99, longest = map(text.seconds, delays)
        parts.append(
            f"own delay p50 {p50}, p99 {p99}, max {longest} ({text.count(record.n_lags)} readings)"
        )
    elif record.concurrency is not None:  # a load test has neither: each of its steps has its own
        parts.append(f"own delay {text.NOT_MEASURED}")
    return "; ".join(parts)


def audit_run(run: Run, facts: RunFacts) -> Audit:
    """Collect machine, versions, config, hashes and cells of a run."""
    m = run.manifest
    h = m.hardware
    driver = f", driver {h.gpu_driver}" if h.gpu_driver else ""
    gpus = ", ".join(g.name for g in h.gpus) + driver if h.gpus else f"none ({h.gpu_note})"
    rows = (
        ("run", m.run_id),
        ("started", m.started_at),
        ("finished", m.finished_at or text.MISSING),
        ("command", m.command),
        (
            "processor",
            f"{h.cpu}, {text.count(h.cores_logical)} threads, torch uses {text.count(h.torch_threads)}",
        ),
        ("memory", text.size(h.memory_bytes)),
        ("GPUs", gpus),
        ("system", h.os),
        ("versions", ", ".join(f"{name} {v}" for name, v in m.versions.items())),
        ("evalkit commit", m.git or text.MISSING),
        ("seeds", ", ".join(f"{name} {seed}" for name, seed in m.seeds.items())),
        ("plan hash", m.plan_hash),
        ("sessions", str(len(m.sessions))),
        ("warm-up requests, not counted", str(sum(not r.is_measured for r in run.requests))),
        ("prompts cut at the left", str(sum("truncated" in r.flags for r in run.requests))),
    )
    computed = tuple(
        (f"how computed: {cell.cell_id}, {record.kind}", engine_text(record))
        for cell in m.cells
        for record in cell.engine
    )
    hashes = [
        (f"{e.name}: {name}", digest) for e in m.models for name, digest in e.file_hashes.items()
    ]
    hashes += [(name, entry.sha256) for name, entry in m.files.items() if name.endswith(".parquet")]
    has_modes = _has_modes(m.cells)
    return Audit(
        run_id=m.run_id,
        facts=(*rows, *_endpoint_rows(m), *computed),
        config=yaml.safe_dump(m.config, sort_keys=False, allow_unicode=True),
        hashes=tuple(hashes),
        columns=(*_COLUMNS, "asked") if has_modes else _COLUMNS,
        cells=tuple(_cell_row(c, has_modes=has_modes) for c in facts.cells),
    )


def _endpoint_rows(m: RunManifest) -> Iterator[tuple[str, str]]:
    """Yield what only runs with models behind an API have."""
    if any(e.is_api for e in m.models) or any(c.endpoint for c in m.cells):
        yield "prices", m.prices or "no price list: nothing was priced"
    for cell in m.cells:
        if cell.endpoint is not None:
            yield f"requests of {cell.cell_id}", endpoint_text(cell.endpoint)


def _has_modes(cells: Iterable[CellRecord]) -> bool:
    """Tell whether it is worth a column how multiple choice was asked."""
    return any(c.endpoint is not None or c.mode != AS_IS for c in cells)


def _cell_row(c: CellFact, *, has_modes: bool) -> tuple[str, ...]:
    answered = f"{c.n_answered} of {c.n_requests}"
    row = (c.cell_id, c.state, c.data_class, answered, c.reason or "")
    return (*row, MODES.get(c.mode, c.mode)) if has_modes else row
