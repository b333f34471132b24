"""How a run was measured: everything an auditor needs to repeat it."""

from __future__ import annotations

from dataclasses import dataclass

import yaml

from evalkit.analysis.facts import RunFacts
from evalkit.records import EngineRecord
from evalkit.report import format as text
from evalkit.store.run_dir import Run


@dataclass(frozen=True, slots=True)
class Audit:
    """How one run was measured."""

    run_id: str
    facts: tuple[tuple[str, str], ...]
    config: str
    hashes: tuple[tuple[str, str], ...]
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
    return Audit(
        run_id=m.run_id,
        facts=(*rows, *computed),
        config=yaml.safe_dump(m.config, sort_keys=False, allow_unicode=True),
        hashes=tuple(hashes),
        cells=tuple(
            (c.cell_id, c.state, c.data_class, f"{c.n_answered} of {c.n_requests}", c.reason or "")
            for c in facts.cells
        ),
    )
