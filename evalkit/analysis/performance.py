"""Speed and resources, computed from the stored events and readings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

from evalkit.analysis.estimates import latency_of
from evalkit.analysis.facts import Estimate, PerformanceFact
from evalkit.metrics.latency import e2e_latency_s, is_timed, itl_s, tpot_s, ttft_s
from evalkit.metrics.throughput import busy_s, per_second
from evalkit.metrics.values import each, total
from evalkit.records import NS_PER_S, CellRecord, Request, RequestKind, Telemetry
from evalkit.store.run_dir import Run

NOTHING_GENERATED = "nothing was generated"
BATCHED = "only batched generation was run, which has no latency of a single request"


def performance_facts(run: Run) -> tuple[PerformanceFact, ...]:
    """Return a fact per model and suite, and one per model over all its suites."""
    cells = [c for c in run.manifest.cells if c.state == "done"]
    by_model: dict[str, list[CellRecord]] = defaultdict(list)
    by_suite: dict[tuple[str, str], list[CellRecord]] = defaultdict(list)
    for cell in cells:
        by_model[cell.model].append(cell)
        by_suite[cell.model, cell.suite].append(cell)
    overall = [_fact(run, model, None, some) for model, some in by_model.items()]
    each = [_fact(run, model, suite, some) for (model, suite), some in by_suite.items()]
    return (*overall, *each)


def _fact(run: Run, model: str, suite: str | None, cells: list[CellRecord]) -> PerformanceFact:
    ids = {c.cell_id for c in cells}
    requests = [r for r in run.requests if r.cell_id in ids and r.is_measured]
    readings = [t for t in run.telemetry if t.cell_id in ids]
    generated = [r for r in requests if r.kind == RequestKind.GENERATE]
    scored = [r for r in requests if r.kind != RequestKind.GENERATE]
    alone = [r for r in generated if is_timed(r)]
    reason = "" if alone else BATCHED if generated else NOTHING_GENERATED
    process = "server" if any(t.device == "server" for t in readings) else "host"
    is_here = process == "server" or all(c.endpoint is None for c in cells)
    here = readings if is_here else []
    host = [t for t in here if t.device == process]
    gpu = [t for t in here if t.device.startswith("gpu")]
    return PerformanceFact(
        model=model,
        suite=suite,
        n_requests=len(requests),
        n_failed=sum(r.answer is None for r in requests),
        n_truncated=sum("truncated" in r.flags for r in requests),
        input_tokens=total(r.input_tokens for r in requests),
        output_tokens=total(r.output_tokens for r in generated),
        ttft_s=latency_of(each(alone, lambda r: ttft_s(r.attempts[-1])), "s", reason),
        tpot_s=latency_of(
            each(alone, lambda r: tpot_s(r.attempts[-1], r.output_tokens)), "s/token", reason
        ),
        itl_s=latency_of([gap for r in alone for gap in itl_s(r.attempts[-1])], "s", reason),
        e2e_latency_s=latency_of(each(alone, lambda r: e2e_latency_s(r.attempts[-1])), "s", reason),
        output_tokens_per_s=_rate(total(r.output_tokens for r in generated), generated, "tokens/s"),
        scored_tokens_per_s=_rate(total(r.input_tokens for r in scored), scored, "tokens/s"),
        requests_per_s=_rate(len(requests) or None, requests, "requests/s"),
        wall_s=_wall_s([t for t in readings if t.device == "host"]),
        cpu_s=_sum_of_peaks(host, lambda t: t.cpu_s),
        others_cpu_s=_sum_of_peaks(host, lambda t: t.others_cpu_s),
        rss_peak_bytes=_peak(host, lambda t: t.rss_peak_bytes),
        gpu_peak_used_bytes=_peak(gpu, lambda t: t.memory_used_bytes),
        gpu_peak_process_bytes=_peak(gpu, lambda t: t.memory_process_bytes),
        torch_peak_allocated_bytes=_peak(gpu, lambda t: t.torch_allocated_bytes),
        torch_peak_reserved_bytes=_peak(gpu, lambda t: t.torch_reserved_bytes),
        energy_j=_energy_j(gpu),
        load_s=None if not here else next((c.load_s for c in cells if c.load_s is not None), None),
    )


def _rate(amount: int | None, requests: Sequence[Request], unit: str) -> Estimate:
    """Return amount per second of the spans in which each cell's requests were worked on."""
    by_cell: dict[str, list[Request]] = defaultdict(list)
    for r in requests:
        by_cell[r.cell_id].append(r)
    spans = [busy_s(some) for some in by_cell.values()]
    seconds = sum(s for s in spans if s is not None) or None
    rate = per_second(amount, seconds)
    reason = "" if rate is not None else "no such requests"
    return Estimate(rate, unit, len(requests), method="amount / busy time", reason=reason)


def _wall_s(host: Sequence[Telemetry]) -> float | None:
    """Return Σ over cells and sessions of (last − first reading)."""
    spans: dict[tuple[str, int], list[int]] = defaultdict(list)
    for t in host:
        spans[t.cell_id, t.session].append(t.t_ns)
    return sum(max(s) - min(s) for s in spans.values()) / NS_PER_S if spans else None


def _peak(readings: Sequence[Telemetry], field: Callable[[Telemetry], int | None]) -> int | None:
    values = [v for t in readings if (v := field(t)) is not None]
    return max(values) if values else None


def _sum_of_peaks(
    readings: Sequence[Telemetry], field: Callable[[Telemetry], float | None]
) -> float | None:
    highest: dict[tuple[str, int], float] = {}
    for t in readings:
        value = field(t)
        if value is not None:
            key = t.cell_id, t.session
            highest[key] = max(highest.get(key, 0.0), value)
    return sum(highest.values()) if highest else None


def _energy_j(gpu: Sequence[Telemetry]) -> float | None:
    """Return Σ over cells, sessions and boards of (last − first counter); None when a counter went back or stood still.

    Source: docs/metrics.md. A counter goes back when the driver is loaded again.
    """
    counters: dict[tuple[str, int, str], list[float]] = defaultdict(list)
    for t in gpu:
        if t.energy_j is not None:
            counters[t.cell_id, t.session, t.device].append(t.energy_j)
    deltas = [values[-1] - values[0] for values in counters.values()]
    return sum(deltas) if deltas and all(d > 0 for d in deltas) else None
