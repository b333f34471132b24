"""What analysis says about a run: values for reports and gates, all strings and drawing left to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from evalkit.records import AS_IS

SUMMARY_VERSION = 2


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with what it is worth."""

    value: float | None
    """None: not measured; `reason` says why."""
    unit: str
    n: int
    low: float | None = None
    """Bounds of the 95 % interval; None where there is none, `reason` says why."""
    high: float | None = None
    method: str = ""
    reason: str = ""
    is_supported: bool = True
    """False for a percentile of too few values: shown, marked, never judged on."""


@dataclass(frozen=True, slots=True)
class QualityFact:
    """One metric of one task for one model on one suite; repeats are averaged per doc."""

    model: str
    suite: str
    task: str
    filter: str
    metric: str
    estimate: Estimate
    higher_is_better: bool | None
    is_group: bool
    chance: float | None
    """What guessing would score; None where guessing has no meaning."""
    n_failed: int = 0
    """Docs that got no answer because of an error: not scored, left out of the estimate."""


@dataclass(frozen=True, slots=True)
class Latency:
    """One latency metric: percentiles over requests (ITL: over gaps)."""

    p50: Estimate
    p90: Estimate
    p95: Estimate
    p99: Estimate


@dataclass(frozen=True, slots=True)
class PerformanceFact:
    """Speed and resources of one model on one suite (`suite=None`: over all suites)."""

    model: str
    suite: str | None
    n_requests: int
    n_failed: int
    n_truncated: int
    input_tokens: int | None
    output_tokens: int | None
    ttft_s: Latency
    tpot_s: Latency
    itl_s: Latency
    e2e_latency_s: Latency
    output_tokens_per_s: Estimate
    scored_tokens_per_s: Estimate
    requests_per_s: Estimate
    wall_s: float | None
    cpu_s: float | None
    others_cpu_s: float | None
    rss_peak_bytes: int | None
    gpu_peak_used_bytes: int | None
    gpu_peak_process_bytes: int | None
    torch_peak_allocated_bytes: int | None
    torch_peak_reserved_bytes: int | None
    energy_j: float | None
    load_s: float | None


@dataclass(frozen=True, slots=True)
class EndpointFact:
    """Errors, tokens and cost of one model behind an API on one suite (`suite=None`: over all suites).

    Counts cover every cell, unfinished ones too: money spent and errors met are facts whatever came after.
    """

    model: str
    suite: str | None
    host: str
    api: str
    concurrency: int
    served_models: tuple[str, ...]
    n_requests: int
    n_attempts: int
    n_retried: int
    """Requests that needed more than one attempt."""
    error_rate: Estimate
    """Requests without an answer / requests."""
    failed_by_class: dict[str, int]
    """Error class → requests without an answer whose last attempt ended so."""
    errors_by_class: dict[str, int]
    """Error class → attempts, repeated ones too."""
    n_lost: int
    """Attempts in flight when a process died: perhaps billed, answer unknown."""
    n_filtered: int
    n_implausible_usage: int
    n_not_streamed: int
    n_new_connections: int
    input_tokens: int | None
    cached_input_tokens: int | None
    output_tokens: int | None
    reasoning_tokens: int | None
    cost_usd: Estimate
    """Of all attempts whose cost is known; `reason` counts the others."""
    cost_without_answer_usd: float | None
    """Part of it that was spent on attempts that brought no answer."""
    cost_per_request_usd: float | None
    response_time_s: Latency
    """Last token − when the request was due: waiting for limits and retries included."""
    bytes_sent: int | None
    bytes_received: int | None
    lag_p99_s: float | None
    """How late evalkit's own timers were: stamps may be wrong by that much."""


@dataclass(frozen=True, slots=True)
class CellFact:
    """How much of a cell was done."""

    cell_id: str
    model: str
    suite: str
    repeat: int
    state: str
    reason: str | None
    n_docs: int
    n_requests: int
    n_answered: int
    data_class: str
    mode: str = AS_IS


@dataclass(frozen=True, slots=True)
class RunFacts:
    """Everything known about a run."""

    summary_version: int
    run_id: str
    name: str
    state: str
    models: tuple[str, ...]
    suites: tuple[str, ...]
    cells: tuple[CellFact, ...]
    quality: tuple[QualityFact, ...]
    performance: tuple[PerformanceFact, ...]
    endpoints: tuple[EndpointFact, ...] = ()
    warnings: tuple[str, ...] = ()


def facts_to_json(facts: RunFacts) -> bytes:
    """Encode facts as the text of summary.json; missing numbers are null."""
    return TypeAdapter(RunFacts).dump_json(facts, indent=2) + b"\n"


def facts_to_dict(facts: RunFacts) -> dict[str, Any]:
    """Return facts as plain dicts and lists."""
    plain: dict[str, Any] = TypeAdapter(RunFacts).dump_python(facts, mode="json")
    return plain
