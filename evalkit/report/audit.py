"""How a run was measured: everything an auditor needs to repeat it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import yaml

from evalkit.analysis.facts import CellFact, RunFacts
from evalkit.analysis.performance import Flips
from evalkit.records import (
    AS_IS,
    GENERATE,
    CellRecord,
    EndpointRecord,
    EngineRecord,
    Request,
    RequestKind,
)
from evalkit.report import format as text
from evalkit.report.decision.words import data_words
from evalkit.report.endpoints import api_words
from evalkit.report.text_safety import without_folders
from evalkit.store.manifest import Hardware, RunManifest
from evalkit.store.run_dir import Run
from evalkit.wording import Said, joined, numeral, say, say_n, verbatim

MODES = {
    AS_IS: say("as the task says"),
    GENERATE: say("multiple choice answered with a letter"),
}
_EXACTNESS = {
    "exact": say("exact: each answer is what it would be alone"),
    "fast": say("fast: rounding in a batch may change answers"),
}
_PATHS = {"shared": say("shared path"), "reference": say("reference path")}
STATES = {
    "pending": say("pending"),
    "running": say("running"),
    "done": say("done"),
    "failed": say("failed"),
    "interrupted": say("interrupted"),
    "skipped": say("skipped"),
    "stopped": say("stopped"),
    "partial": say("partial"),
    "complete": say("complete"),
}
"""States of cells and of runs."""
_COLUMNS = (say("cell"), say("state"), say("data class"), say("answered"), say("reason"))


@dataclass(frozen=True, slots=True)
class Audit:
    """How one run was measured."""

    run_id: str
    facts: tuple[tuple[Said, Said], ...]
    config: str
    hashes: tuple[tuple[str, str], ...]
    columns: tuple[Said, ...]
    """Heads of the columns of `cells`."""
    cells: tuple[tuple[Said, ...], ...]


def state_words(state: str) -> Said:
    """Say how a cell or a run ended."""
    return STATES.get(state, verbatim(state))


def engine_text(record: EngineRecord) -> Said:
    """Say how requests of one kind were computed, and how that was checked."""
    return joined(_engine_parts(record), "; ")


def _engine_parts(record: EngineRecord) -> Iterator[Said]:
    path = _PATHS.get(record.path, verbatim(record.path))
    yield say("{path} ({why})", path=path, why=record.reason) if record.reason else path
    if record.tokens_asked and record.tokens_computed is not None:
        share = 100 * record.tokens_computed / record.tokens_asked
        yield say(
            "{n} of {all} tokens computed ({share}%), the others shared",
            n=text.count(record.tokens_computed),
            all=text.count(record.tokens_asked),
            share=numeral(f"{share:.0f}"),
        )
    if record.max_difference is not None:
        yield say(
            "self-check of {n}: at most {difference} from the reference",
            n=numeral(f"{record.n_checked}"),
            difference=numeral(f"{record.max_difference:.1g}"),
        )
    if record.max_verified_difference is not None:
        yield say(
            "{n} verified: at most {difference} nats apart",
            n=numeral(f"{record.n_verified}"),
            difference=numeral(f"{record.max_verified_difference:.1g}"),
        )
    if record.kind == RequestKind.GENERATE and record.path == "shared":
        yield _EXACTNESS.get(record.exactness, verbatim(record.exactness))
    if record.n_near_ties:
        yield say_n(
            "{n} near tie generated again alone",
            "{n} near ties generated again alone",
            record.n_near_ties,
        )


def endpoint_text(record: EndpointRecord) -> Said:
    """Say where requests went, who answered, and how well evalkit kept its own time."""
    return joined(_endpoint_parts(record), "; ")


def _endpoint_parts(record: EndpointRecord) -> Iterator[Said]:
    yield joined((record.host, api_words(record.api)))
    if record.concurrency is not None:
        yield say("at most {n} at once", n=text.count(record.concurrency))
    if record.served_models:
        yield say("answered by {models}", models=", ".join(record.served_models))
    else:
        yield say("the server does not say which model answered")
    if record.n_lags:
        yield say(
            "own delay p50 {p50}, p99 {p99}, max {longest} ({n} readings)",
            p50=text.seconds(record.lag_p50_s),
            p99=text.seconds(record.lag_p99_s),
            longest=text.seconds(record.lag_max_s),
            n=text.count(record.n_lags),
        )
    elif record.concurrency is not None:  # a load test has neither: each of its steps has its own
        yield say("own delay not measured")


def audit_run(run: Run, facts: RunFacts) -> Audit:
    """Collect machine, versions, config, hashes and cells of a run."""
    m = run.manifest
    computed = tuple(
        (say("how computed: {cell}, {kind}", cell=c.cell_id, kind=record.kind), engine_text(record))
        for c in m.cells
        for record in c.engine
    )
    hashes = [
        (f"{e.name}: {name}", digest) for e in m.models for name, digest in e.file_hashes.items()
    ]
    hashes += [(name, entry.sha256) for name, entry in m.files.items() if name.endswith(".parquet")]
    has_modes = _has_modes(m.cells)
    return Audit(
        run_id=m.run_id,
        facts=(*_run_rows(run), *_endpoint_rows(m), *computed, *_timed_rows(run)),
        config=without_folders(yaml.safe_dump(m.config, sort_keys=False, allow_unicode=True)),
        hashes=tuple(hashes),
        columns=(*_COLUMNS, say("asked")) if has_modes else _COLUMNS,
        cells=tuple(_cell_row(c, has_modes=has_modes) for c in facts.cells),
    )


def _timed_rows(run: Run) -> Iterator[tuple[Said, Said]]:
    """Yield which answers of a model in this process were timed, and what batches made of the same prompts."""
    here = {c.cell_id for c in run.manifest.cells if c.is_in_process}
    generated: dict[str, list[Request]] = {}
    for r in run.requests:
        if r.kind == RequestKind.GENERATE and r.is_measured and r.cell_id in here:
            generated.setdefault(r.cell_id, []).append(r)
    for cell_id, requests in generated.items():
        timed = sum(r.is_timed for r in requests)
        yield (
            say("latency of {cell}", cell=cell_id),
            say(
                "{n} of {all} answers generated alone and timed, their docs drawn at random",
                n=text.count(timed),
                all=text.count(len(requests)),
            ),
        )
        flips = Flips.of(requests)
        if flips.n_compared:
            yield say("batch against alone: {cell}", cell=cell_id), flips_text(flips)


def flips_text(flips: Flips) -> Said:
    """Say how many answers came out otherwise in a batch."""
    return say(
        "{n} of {all} answers generated both ways have other tokens in the batch",
        n=text.count(flips.n_differ),
        all=text.count(flips.n_compared),
    )


def _run_rows(run: Run) -> Iterator[tuple[Said, Said]]:
    """Yield what every run has."""
    m, h = run.manifest, run.manifest.hardware
    yield say("run"), verbatim(m.run_id)
    yield say("started"), verbatim(m.started_at)
    yield say("finished"), verbatim(m.finished_at) if m.finished_at else text.MISSING
    yield say("command"), verbatim(without_folders(m.command))
    yield (
        say("processor"),
        say(
            "{cpu}, {n} threads, torch uses {used}",
            cpu=h.cpu,
            n=text.count(h.cores_logical),
            used=text.count(h.torch_threads),
        ),
    )
    yield say("memory"), text.size(h.memory_bytes)
    yield say("GPUs"), _gpus(h)
    yield say("system"), verbatim(h.os)
    yield say("versions"), verbatim(", ".join(f"{name} {v}" for name, v in m.versions.items()))
    yield say("evalkit commit"), verbatim(m.git) if m.git else text.MISSING
    yield say("seeds"), verbatim(", ".join(f"{name} {seed}" for name, seed in m.seeds.items()))
    yield say("plan hash"), verbatim(m.plan_hash)
    yield say("sessions"), numeral(f"{len(m.sessions)}")
    n_warm_up = sum(not r.is_measured for r in run.requests)
    yield say("warm-up requests, not counted"), numeral(f"{n_warm_up}")
    n_cut = sum("truncated" in r.flags for r in run.requests)
    yield say("prompts cut at the left"), numeral(f"{n_cut}")


def _gpus(h: Hardware) -> Said:
    if not h.gpus:
        return say("none ({why})", why=h.gpu_note)
    names = ", ".join(g.name for g in h.gpus)
    if not h.gpu_driver:
        return verbatim(names)
    return say("{gpus}, driver {version}", gpus=names, version=h.gpu_driver)


def _endpoint_rows(m: RunManifest) -> Iterator[tuple[Said, Said]]:
    """Yield what only runs with models behind an API have."""
    if any(e.is_api for e in m.models) or any(c.endpoint for c in m.cells):
        unpriced = say("no price list: nothing was priced")
        yield say("prices"), verbatim(m.prices) if m.prices else unpriced
    for cell in m.cells:
        if cell.endpoint is not None:
            yield say("requests of {cell}", cell=cell.cell_id), endpoint_text(cell.endpoint)


def _has_modes(cells: Iterable[CellRecord]) -> bool:
    """Tell whether it is worth a column how multiple choice was asked."""
    return any(c.endpoint is not None or c.mode != AS_IS for c in cells)


def _cell_row(c: CellFact, *, has_modes: bool) -> tuple[Said, ...]:
    row = (
        verbatim(c.cell_id),
        state_words(c.state),
        data_words(c.data_class),
        say("{n} of {all}", n=numeral(f"{c.n_answered}"), all=numeral(f"{c.n_requests}")),
        verbatim(c.reason or ""),
    )
    return (*row, MODES.get(c.mode, verbatim(c.mode))) if has_modes else row
