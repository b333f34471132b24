"""All facts of a run, and what a reader must be warned of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from evalkit.analysis.facts import SUMMARY_VERSION, CellFact, PerformanceFact, RunFacts
from evalkit.analysis.performance import performance_facts
from evalkit.analysis.quality import quality_facts
from evalkit.store.run_dir import Run

BUSY_CORES = 0.1
"""Other programs' share of processor time that is worth a warning, in cores."""


def analyse(run: Run) -> RunFacts:
    """Compute every fact of a run from its records alone."""
    answered = Counter(r.cell_id for r in run.requests if r.is_measured and r.answer is not None)
    cells = tuple(
        CellFact(
            cell_id=c.cell_id,
            model=c.model,
            suite=c.suite,
            repeat=c.repeat,
            state=c.state,
            reason=c.reason,
            n_docs=c.n_docs,
            n_requests=c.n_requests,
            n_answered=answered[c.cell_id],
            data_class=c.data_class,
        )
        for c in run.manifest.cells
    )
    performance = performance_facts(run)
    return RunFacts(
        summary_version=SUMMARY_VERSION,
        run_id=run.manifest.run_id,
        name=run.manifest.name,
        state=run.manifest.state,
        models=tuple(dict.fromkeys(c.model for c in cells)),
        suites=tuple(dict.fromkeys(c.suite for c in cells)),
        cells=cells,
        quality=quality_facts(run),
        performance=performance,
        warnings=(*_warnings(run, cells), *_busy_warnings(performance)),
    )


def _busy_warnings(performance: tuple[PerformanceFact, ...]) -> Iterator[str]:
    """Tell where other programs competed for the processor: latency and throughput are worse than they need be."""
    for fact in performance:
        if fact.suite is None or not fact.wall_s or fact.others_cpu_s is None:
            continue
        cores = fact.others_cpu_s / fact.wall_s
        if cores > BUSY_CORES:
            yield (
                f"{fact.model} on {fact.suite}: other programs kept {cores:.1f} cores busy meanwhile;"
                " its times are longer than on an idle machine."
            )


def _warnings(run: Run, cells: tuple[CellFact, ...]) -> Iterator[str]:
    missing = [c for c in cells if c.state != "done"]
    if missing:
        yield f"{len(missing)} of {len(cells)} cells are not done: {', '.join(c.cell_id for c in missing)}."
    templates = {m.name: m.chat_template for m in run.manifest.models}
    if len(set(templates.values())) > 1:
        with_template = ", ".join(name for name, has in templates.items() if has)
        yield (
            f"Not like for like: only {with_template} got a chat template, the others plain prompts."
        )
    for cell in run.manifest.cells:
        for record in cell.engine:
            if "self-check failed" in record.reason:
                yield f"{cell.cell_id}: {record.kind} took the reference path: {record.reason}."
    for flag, meaning in (
        ("truncated", "prompts were longer than the context and lost their beginning"),
        ("merged_boundary", "answers share a token with their prompt and were scored from there"),
    ):
        counts = Counter(r.cell_id for r in run.requests if flag in r.flags)
        for cell_id, n in counts.items():
            yield f"{cell_id}: {n} {meaning}."
    if len(run.manifest.sessions) > 1:
        yield f"The run was resumed: {len(run.manifest.sessions)} sessions; their times were added up."
