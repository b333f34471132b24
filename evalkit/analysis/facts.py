"""What analysis says about a run: values for reports and gates, and words in any language; drawing is left to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from evalkit.metrics.load_point import LoadPoint, Verdict
from evalkit.records import AS_IS, SearchEnding
from evalkit.wording import NOTHING, Said

SUMMARY_VERSION = 5
SHARE = "share"
"""Unit of a metric by which every doc scores between 0 and 1: shown in percent."""


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
    reason: Said = NOTHING
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
    cut_rate: Estimate
    """Generated answers that ended at `max_tokens` / all whose end is known."""
    cut_thinking_rate: Estimate
    """Generated answers cut at `max_tokens` within their thoughts / all whose end is known."""
    n_thinking: int | None
    """Generated answers with thoughts; None, as below, where nothing was answered."""
    n_stopped_early: int | None
    """Answers that a stop string ended before they began, whatever was tried."""
    n_asked_again: int | None
    """Attempts that a stop string ended so, asked again without."""
    reasoning_tokens: int | None
    """Tokens of reasoning, in answers that tell them; part of `output_tokens`."""


@dataclass(frozen=True, slots=True)
class EndpointFact:
    """Errors, tokens and cost of one model behind an API on one suite (`suite=None`: over all suites).

    Counts cover every cell, unfinished ones too: money spent and errors met are facts whatever came after.
    """

    model: str
    suite: str | None
    host: str
    api: str
    concurrency: int | None
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
    reasoning_cost_usd: float | None
    """What reasoning tokens cost as output, over the attempts that tell both."""
    cost_usd: Estimate
    """Cost of all attempts whose cost is known; `reason` counts the others."""
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
class StepFact:
    """One step of a load test: its metrics, and what the machine did in its steady window."""

    cell_id: str
    step: int
    repeat: int
    load: LoadPoint
    gpu_energy_j: float | None
    cpu_energy_j: float | None
    energy_per_output_token_j: float | None
    """GPU energy / tokens that arrived in the window; idle power is in it."""
    power_w: float | None
    """Mean power of all boards over the window."""
    idle_power_w: float | None
    is_energy_consistent: bool | None
    """Counter and integrated power agree within 5 %."""
    server_rss_peak_bytes: int | None
    """Most memory of the server's process tree; pages that processes share count for each."""
    client_rss_peak_bytes: int | None
    """Most memory of evalkit itself."""
    gpu_memory_peak_bytes: int | None
    server_cpu_cores: float | None
    throttled: tuple[str, ...]
    lag_p99_s: float | None
    sampler_cpu_share: float | None
    """What reading the machine cost, as a share of one core."""


@dataclass(frozen=True, slots=True)
class LevelFact:
    """One level of load on one model, over its repeats; invalid repeats are left out where there are valid ones."""

    model: str
    profile: str
    kind: str
    is_search: bool
    rate_per_s: float | None
    concurrency: int | None
    n_repeats: int
    n_invalid: int
    n_requests: int
    latencies: dict[str, Estimate]
    """`ttft_s_p50` and so on: mean over repeats of each repeat's percentile."""
    offered_per_s: Estimate
    completed_per_s: Estimate
    goodput_per_s: Estimate
    error_rate: Estimate
    output_tokens_per_s: Estimate
    peak_output_tokens_per_s: Estimate
    tokens_per_s_per_user: Estimate
    in_flight_mean: Estimate
    energy_per_output_token_j: Estimate
    power_w: Estimate
    passed: bool | None
    """Sustained within the service level; None without one, and where there were too few requests to say."""
    flaws: tuple[Said, ...]
    """Why it is INVALID; then neither cost nor gate may use it."""
    overloads: tuple[Said, ...]
    breaches: tuple[Said, ...]
    doubts: tuple[Said, ...]
    """What too few requests leave open; what to change."""
    n_needed: int | None
    """Requests that would settle the doubts."""
    verdict: Verdict
    """INVALID only if every repeat is."""

    @property
    def is_valid(self) -> bool:
        """Whether at least one repeat measured the target and not evalkit."""
        return self.n_invalid < self.n_repeats


@dataclass(frozen=True, slots=True)
class CapacityFact:
    """The highest load a model sustains within a profile's service level: λ_SLO."""

    model: str
    profile: str
    slo: Said
    """The service level in words."""
    lambda_per_s: Estimate
    """Requests per second completed at the highest rate that held; of one run, up to the lowest rate that did not."""
    n_invalid: int
    """Steps that could not be used, because evalkit was the bottleneck."""
    n_unclear: int = 0
    """Steps that could not be used, because they had too few requests to be judged."""
    below_per_s: float | None = None
    """Lowest rate that did not hold: λ_SLO is below it; None: none is known."""
    is_inconclusive: bool = False
    """Not even a bound is known, because no step had enough requests to be judged."""
    endings: tuple[SearchEnding, ...] = ()
    """How its searches ended, one per repeat."""


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
    ending: SearchEnding | None = None
    """How a load test's search ended."""


@dataclass(frozen=True, slots=True)
class RunFacts:
    """Everything known about a run."""

    summary_version: int
    run_id: str
    name: str
    kind: str
    """`run` or `bench`."""
    state: str
    models: tuple[str, ...]
    suites: tuple[str, ...]
    cells: tuple[CellFact, ...]
    quality: tuple[QualityFact, ...]
    performance: tuple[PerformanceFact, ...]
    endpoints: tuple[EndpointFact, ...] = ()
    steps: tuple[StepFact, ...] = ()
    levels: tuple[LevelFact, ...] = ()
    capacities: tuple[CapacityFact, ...] = ()
    warnings: tuple[Said, ...] = ()


def facts_to_json(facts: RunFacts) -> bytes:
    """Encode facts as the text of summary.json; missing numbers are null."""
    return TypeAdapter(RunFacts).dump_json(facts, indent=2) + b"\n"


def facts_to_dict(facts: RunFacts) -> dict[str, Any]:
    """Return facts as plain dicts and lists."""
    plain: dict[str, Any] = TypeAdapter(RunFacts).dump_python(facts, mode="json")
    return plain
