"""Speed and resources, computed from the stored events and readings."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from evalkit.analysis.estimates import latency_of
from evalkit.analysis.facts import Estimate, PerformanceFact
from evalkit.analysis.thinking import thinking_numbers
from evalkit.metrics.latency import e2e_latency_s, is_timed, itl_s, tpot_s, ttft_s
from evalkit.metrics.throughput import busy_s, per_second
from evalkit.metrics.values import total
from evalkit.records import NS_PER_S, CellRecord, Request, RequestKind, Telemetry
from evalkit.store.run_dir import Run
from evalkit.wording import NOTHING, say


@dataclass(frozen=True, slots=True)
class Flips:
    """Answers that were generated alone and in a batch, too."""

    n_compared: int
    n_differ: int
    """Answers with other tokens in the batch than alone."""

    @classmethod
    def of(cls, requests: Iterable[Request]) -> Flips:
        """Count them among requests."""
        flags = Counter(flag for r in requests for flag in r.flags)
        return cls(flags["batch_same"] + flags["batch_differs"], flags["batch_differs"])


NOTHING_GENERATED = say("nothing was generated")
BATCHED = say("only batched generation was run, which has no latency of a single request")


def performance_facts(run: Run) -> tuple[PerformanceFact, ...]:
    """Return a fact per model and suite, and one per model over all its suites."""
    cells = [c for c in run.manifest.cells if c.state == "done"]
    by_model: dict[str, list[CellRecord]] = defaultdict(list)
    by_suite: dict[tuple[str, str], list[CellRecord]] = defaultdict(list)
    for cell in cells:
        by_model[cell.model].append(cell)
        by_suite[cell.model, cell.suite].append(cell)
    measured = _measured(run, cells)
    overall = {model: _fact(measured[model], model, cells) for model, cells in by_model.items()}
    apart = [
        # the only suite of a model is all of it
        replace(overall[model], suite=suite)
        if len(some) == len(by_model[model])
        else replace(_fact(measured[model].of(some), model, some), suite=suite)
        for (model, suite), some in by_suite.items()
    ]
    return (*overall.values(), *apart)


@dataclass(frozen=True, slots=True)
class _Timing:
    """The latencies of one request."""

    ttft_s: float | None
    tpot_s: float | None
    e2e_latency_s: float | None
    itl_s: list[float]


@dataclass(frozen=True, slots=True)
class _Measured:
    """What was recorded about a model, in the order of the run."""

    requests: list[Request]
    telemetry: list[Telemetry]
    timings: list[tuple[str, _Timing]]
    """Timings of requests that ran alone, each with its cell."""

    def of(self, cells: Sequence[CellRecord]) -> _Measured:
        """Return the part that is of some cells."""
        ids = {c.cell_id for c in cells}
        return _Measured(
            [r for r in self.requests if r.cell_id in ids],
            [t for t in self.telemetry if t.cell_id in ids],
            [(cell_id, t) for cell_id, t in self.timings if cell_id in ids],
        )


def _measured(run: Run, cells: Sequence[CellRecord]) -> dict[str, _Measured]:
    """Group the run by model, in one pass, and read every request's stamps once."""
    found = {c.model: _Measured([], [], []) for c in cells}
    of_cell = {c.cell_id: found[c.model] for c in cells}
    for r in run.requests:
        if r.is_measured and r.cell_id in of_cell:
            of_cell[r.cell_id].requests.append(r)
            if is_timed(r):
                of_cell[r.cell_id].timings.append((r.cell_id, _timing(r)))
    for t in run.telemetry:
        if t.cell_id in of_cell:
            of_cell[t.cell_id].telemetry.append(t)
    return found


def _timing(r: Request) -> _Timing:
    last = r.attempts[-1]
    return _Timing(ttft_s(last), tpot_s(last, r.output_tokens), e2e_latency_s(last), itl_s(last))


def _fact(measured: _Measured, model: str, cells: Sequence[CellRecord]) -> PerformanceFact:
    """Return speed and resources of a model over its cells."""
    requests, readings = measured.requests, measured.telemetry
    generated = [r for r in requests if r.kind == RequestKind.GENERATE]
    scored = [r for r in requests if r.kind != RequestKind.GENERATE]
    alone = [timing for _, timing in measured.timings]
    reason = NOTHING if alone else BATCHED if generated else NOTHING_GENERATED
    process = "server" if any(t.device == "server" for t in readings) else "host"
    is_here = process == "server" or all(c.is_in_process for c in cells)
    here = readings if is_here else []
    host = [t for t in here if t.device == process]
    gpu = [t for t in here if t.device.startswith("gpu")]
    return PerformanceFact(
        model=model,
        suite=None,
        n_requests=len(requests),
        n_failed=sum(r.answer is None for r in requests),
        n_truncated=sum("truncated" in r.flags for r in requests),
        input_tokens=total(r.input_tokens for r in requests),
        output_tokens=total(r.output_tokens for r in generated),
        ttft_s=latency_of(_known(t.ttft_s for t in alone), "s", reason),
        tpot_s=latency_of(_known(t.tpot_s for t in alone), "s/token", reason),
        itl_s=latency_of([gap for t in alone for gap in t.itl_s], "s", reason),
        e2e_latency_s=latency_of(_known(t.e2e_latency_s for t in alone), "s", reason),
        output_tokens_per_s=_generated_per_s(generated, cells),
        scored_tokens_per_s=_rate(total(r.input_tokens for r in scored), scored, "tokens/s"),
        requests_per_s=_rate(len(requests) or None, requests, "requests/s"),
        wall_s=_wall_s([t for t in readings if t.device == "host"]),
        cpu_s=_sum_of_peaks(host, lambda t: t.cpu_s),
        others_cpu_s=_sum_of_peaks(host, lambda t: t.others_cpu_s),
        rss_peak_bytes=peak_of(host, lambda t: t.rss_peak_bytes),
        gpu_peak_used_bytes=peak_of(gpu, lambda t: t.memory_used_bytes),
        gpu_peak_process_bytes=peak_of(gpu, lambda t: t.memory_process_bytes),
        torch_peak_allocated_bytes=peak_of(gpu, lambda t: t.torch_allocated_bytes),
        torch_peak_reserved_bytes=peak_of(gpu, lambda t: t.torch_reserved_bytes),
        energy_j=counted_energy_j(gpu),
        load_s=None if not here else next((c.load_s for c in cells if c.load_s is not None), None),
        **thinking_numbers(generated),
    )


def _known(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _rate(amount: int | None, requests: Sequence[Request], unit: str) -> Estimate:
    """Return amount per second of the spans in which each cell's requests were worked on."""
    by_cell: dict[str, list[Request]] = defaultdict(list)
    for r in requests:
        by_cell[r.cell_id].append(r)
    spans = [busy_s(some) for some in by_cell.values()]
    seconds = sum(s for s in spans if s is not None) or None
    rate = per_second(amount, seconds)
    reason = NOTHING if rate is not None else say("no such requests")
    return Estimate(rate, unit, len(requests), method="amount / busy time", reason=reason)


def _generated_per_s(generated: Sequence[Request], cells: Sequence[CellRecord]) -> Estimate:
    """Return how fast answers come: in cells with answers generated together, of these only.

    Answers that were generated alone and in a batch, too, count with about the tokens that the batch made for them.
    """
    here = {c.cell_id for c in cells if c.is_in_process}
    batched = {r.cell_id for r in generated if r.cell_id in here and not r.is_timed}
    spans = [r for r in generated if r.cell_id not in batched or not r.is_timed]
    twins = [r for r in generated if r.cell_id in batched and Flips.of([r]).n_compared]
    amount = total(r.output_tokens for r in (*spans, *twins))
    return _rate(amount, spans, "tokens/s")


def _wall_s(host: Sequence[Telemetry]) -> float | None:
    """Return Σ over cells and sessions of (last − first reading)."""
    spans: dict[tuple[str, int], list[int]] = defaultdict(list)
    for t in host:
        spans[t.cell_id, t.session].append(t.t_ns)
    return sum(max(s) - min(s) for s in spans.values()) / NS_PER_S if spans else None


def peak_of(readings: Sequence[Telemetry], field: Callable[[Telemetry], int | None]) -> int | None:
    """Return the highest reading; None without one."""
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


def counted_energy_j(gpu: Sequence[Telemetry]) -> float | None:
    """Return Σ over cells, sessions and boards of (last − first counter); None when a counter went back or stood still.

    Source: docs/metrics.md. A counter goes back when the driver is loaded again.
    """
    counters: dict[tuple[str, int, str], list[float]] = defaultdict(list)
    for t in gpu:
        if t.energy_j is not None:
            counters[t.cell_id, t.session, t.device].append(t.energy_j)
    deltas = [values[-1] - values[0] for values in counters.values()]
    return sum(deltas) if deltas and all(d > 0 for d in deltas) else None
