"""All facts of a run, and what a reader must be warned of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from evalkit.analysis.endpoints import endpoint_facts
from evalkit.analysis.facts import (
    SUMMARY_VERSION,
    CellFact,
    EndpointFact,
    LevelFact,
    PerformanceFact,
    RunFacts,
    StepFact,
)
from evalkit.analysis.load import load_facts
from evalkit.analysis.performance import performance_facts
from evalkit.analysis.quality import quality_facts
from evalkit.records import GENERATE, Request
from evalkit.store.run_dir import Run

LATE_S = 0.005
"""Lag of evalkit's own event loop that is worth a warning."""
BUSY_CORES = 0.1
"""Other programs' share of processor time that is worth a warning, in cores."""


def analyse(run: Run) -> RunFacts:
    """Compute every fact of a run from its records alone."""
    answered = Counter(r.cell_id for r in run.requests if r.is_measured and _is_answered(r))
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
            mode=c.mode,
        )
        for c in run.manifest.cells
    )
    is_bench = run.manifest.kind == "bench"
    performance = () if is_bench else performance_facts(run)
    endpoints = () if is_bench else endpoint_facts(run)
    steps, levels, capacities = load_facts(run)
    return RunFacts(
        summary_version=SUMMARY_VERSION,
        run_id=run.manifest.run_id,
        name=run.manifest.name,
        kind=run.manifest.kind,
        state=run.manifest.state,
        models=tuple(dict.fromkeys(c.model for c in cells)),
        suites=tuple(dict.fromkeys(c.suite for c in cells)),
        cells=cells,
        quality=quality_facts(run),
        performance=performance,
        endpoints=endpoints,
        steps=steps,
        levels=levels,
        capacities=capacities,
        warnings=(
            *_load_warnings(run, steps, levels),
            *_warnings(run, cells),
            *_mode_warnings(cells),
            *_busy_warnings(performance),
            *_endpoint_warnings(endpoints),
        ),
    )


def _is_answered(request: Request) -> bool:
    """Tell whether there was an answer; load tests keep none, but how the attempt ended."""
    if request.step is None:
        return request.answer is not None
    return request.attempts[-1].status == "ok"


def _load_warnings(
    run: Run, steps: tuple[StepFact, ...], levels: tuple[LevelFact, ...]
) -> Iterator[str]:
    """Tell which steps measured evalkit instead of the target, and what else spoils them."""
    for level in levels:
        if level.flaws:
            name = level_name(level)
            which = "" if not level.is_valid else f"{level.n_invalid} of {level.n_repeats} runs "
            yield f"{level.model}, {level.profile}, {name}: {which}INVALID: {'; '.join(level.flaws)}."
    for fact in steps:
        if fact.throttled:
            yield f"{fact.cell_id}, step {fact.step}: the GPU was slowed down ({', '.join(fact.throttled)})."
        if fact.is_energy_consistent is False:
            yield (
                f"{fact.cell_id}, step {fact.step}: energy counter and integrated power differ by more than 5 %."
            )
    cut = Counter(s.cell_id for s in run.steps if s.state == "cut")
    for cell_id, n in cut.items():
        yield f"{cell_id}: {n} steps were cut off and are not used."


def level_name(level: LevelFact) -> str:
    """Say what load a level is."""
    if level.concurrency is not None:
        return f"{level.concurrency} at once"
    if level.rate_per_s is None:
        return level.kind
    return f"{level.rate_per_s:.3g}/s {level.kind}"


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


def _mode_warnings(cells: tuple[CellFact, ...]) -> Iterator[str]:
    """Tell where models of one suite were asked in different ways."""
    for suite in dict.fromkeys(c.suite for c in cells):
        modes = {c.model: c.mode for c in cells if c.suite == suite}
        if len(set(modes.values())) > 1:
            asked = ", ".join(name for name, mode in modes.items() if mode == GENERATE)
            others = ", ".join(name for name, mode in modes.items() if mode != GENERATE)
            yield (
                f"Not like for like on {suite}: {others} chose by log-likelihood, {asked} wrote a letter."
                " Their scores are in different rows; set `mode: generate` to compare them."
            )


def _endpoint_warnings(endpoints: tuple[EndpointFact, ...]) -> Iterator[str]:
    """Tell what makes the numbers of a model behind an API less than whole."""
    for f in endpoints:
        if f.suite is None:
            yield from _money_warnings(f)
            continue
        if f.error_rate.value:
            classes = ", ".join(f"{n} {name}" for name, n in f.failed_by_class.items())
            yield (
                f"{f.model} on {f.suite}: {f.error_rate.value:.1%} of {f.n_requests} requests got no answer"
                f" ({classes}); their docs are not scored."
            )
        if f.n_implausible_usage:
            yield (
                f"{f.model} on {f.suite}: the server's token counts contradict the text of"
                f" {f.n_implausible_usage} answers; their cost may be wrong."
            )
        if f.n_not_streamed:
            yield f"{f.model} on {f.suite}: {f.n_not_streamed} answers came in one piece; they have no TTFT."
        if f.lag_p99_s is not None and f.lag_p99_s > LATE_S:
            yield (
                f"{f.model} on {f.suite}: evalkit itself was up to {f.lag_p99_s * 1000:.0f} ms late (p99);"
                " latencies may be too long by that. Ask fewer requests at once."
            )


def _money_warnings(f: EndpointFact) -> Iterator[str]:
    if f.cost_usd.value is None and f.n_attempts:
        yield f"{f.model}: {f.cost_usd.reason}, so there is no cost. Give its `price:` in the config."
    elif f.cost_usd.reason:
        yield f"{f.model}: {f.cost_usd.reason}."
    if f.n_lost:
        yield (
            f"{f.model}: {f.n_lost} attempts were in flight when a process ended; they may have been billed."
        )


def _warnings(run: Run, cells: tuple[CellFact, ...]) -> Iterator[str]:
    missing = [c for c in cells if c.state != "done"]
    if missing:
        yield f"{len(missing)} of {len(cells)} cells are not done: {', '.join(c.cell_id for c in missing)}."
    templates = {m.name: m.chat_template for m in run.manifest.models}
    if run.manifest.kind == "run" and len(set(templates.values())) > 1:
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
