"""Speed, resources and endings of a model's requests, in one run."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from evalkit.metrics.catalogue import _


class Unit(StrEnum):
    """Base units of stored numbers; reports choose readable ones."""

    SECONDS = "s"
    BYTES = "bytes"
    TOKENS_PER_S = "tokens/s"
    SHARE = "share"
    COUNT = "count"
    JOULES = "J"


class Source(StrEnum):
    """What a number is read from, and so where it can be missing."""

    REQUESTS = "requests"
    """Stamps, tokens and endings of the requests: measured wherever the model runs."""
    MACHINE = "machine"
    """Measured on this machine: says nothing of a model behind an API."""
    GPU = "GPU"
    """NVML, through a board of this machine."""


@dataclass(frozen=True, slots=True)
class Metric:
    """Speed, resources or endings of one model's requests."""

    key: str
    """Field of `PerformanceFact`; with a percentile, `_p50` follows in exports."""
    name: str
    """What a reader calls it."""
    meaning: str
    """What it is, in a line for a reader."""
    unit: Unit
    definition: str
    """Exact definition, for docs/metrics.md."""
    missing_when: str = ""
    higher_is_better: bool | None = False
    """None: neither."""
    percentiles: tuple[int, ...] = ()
    """Percentiles of a distribution that page and terminal show."""
    source: Source = Source.REQUESTS
    needs_counts: bool = False
    """Whether the number of generated tokens is needed, which behind an API only the server knows."""
    term: str = ""
    """Name in the list of terms, where it is one of them."""


_NO_TEXT = "nothing was generated, or only in batches; behind an API: the answer came in one piece"
_ELSEWHERE = "the model ran elsewhere"

RUN: tuple[Metric, ...] = (
    Metric(
        key="ttft_s",
        name=_("TTFT"),
        meaning=_(
            "Time to first token: first generated token − sending the request. What a user waits before text appears."
        ),
        unit=Unit.SECONDS,
        definition="first generated token (content, reasoning or tool; never the role chunk) − send. For the moment of"
        " sending see below",
        missing_when=_NO_TEXT,
        percentiles=(50, 95),
        term=_("TTFT"),
    ),
    Metric(
        key="tpot_s",
        name=_("TPOT"),
        meaning=_(
            "Time per output token after the first: (last token − first token) / (output tokens − 1)."
        ),
        unit=Unit.SECONDS,
        definition="(last token − first token) / (output tokens − 1), per request",
        missing_when="fewer than two tokens or token-bearing chunks, or the server does not say how many tokens",
        percentiles=(50,),
        needs_counts=True,
        term=_("TPOT"),
    ),
    Metric(
        key="e2e_latency_s",
        name=_("e2e latency"),
        meaning=_("How long a whole answer takes: last token − sending the request."),
        unit=Unit.SECONDS,
        definition="last token − send, of the attempt that was answered",
        missing_when=_NO_TEXT,
        percentiles=(50, 95),
        term=_("e2e latency"),
    ),
    Metric(
        key="output_tokens_per_s",
        name=_("output tokens/s"),
        meaning=_("Generated tokens / time spent generating, one request at a time unless stated."),
        unit=Unit.TOKENS_PER_S,
        definition="output tokens / busy time of the generating requests; answers that are generated together may share"
        " steps, and steps may check repeated words ahead (docs/performance.md)",
        missing_when="nothing was generated",
        higher_is_better=True,
        needs_counts=True,
        term=_("output tokens/s"),
    ),
    Metric(
        key="scored_tokens_per_s",
        name=_("scored tokens/s"),
        meaning=_(
            "Tokens of prompts and given answers / time spent scoring them, in batches. What prompts share is computed"
            " once but counts for each."
        ),
        unit=Unit.TOKENS_PER_S,
        definition="tokens of context and answer of every log-likelihood request (shared prefixes count for each,"
        " though computed once) / busy time",
        missing_when="nothing was scored",
        higher_is_better=True,
        term=_("scored tokens/s"),
    ),
    Metric(
        key="rss_peak_bytes",
        name=_("host memory, peak"),
        meaning=_("Most main memory the process held while working, weights included."),
        unit=Unit.BYTES,
        definition="highest resident memory of the process while the cell ran (Linux: VmHWM, reset per cell)",
        missing_when=_ELSEWHERE,
        source=Source.MACHINE,
        term=_("host memory, peak"),
    ),
    Metric(
        key="load_s",
        name=_("load time"),
        meaning=_("reading the weights until it can answer"),
        unit=Unit.SECONDS,
        definition="reading tokenizer and weights until the model can answer, last session",
        missing_when=_ELSEWHERE,
        source=Source.MACHINE,
    ),
    Metric(
        key="cpu_s",
        name=_("CPU time"),
        meaning=_("of the process, all cores added up"),
        unit=Unit.SECONDS,
        definition="CPU seconds of evalkit's process while the cells ran, all cores added up",
        missing_when=_ELSEWHERE,
        source=Source.MACHINE,
    ),
    Metric(
        key="others_cpu_s",
        name=_("CPU time of other programs"),
        meaning=_("what else kept the machine busy meanwhile"),
        unit=Unit.SECONDS,
        definition="CPU seconds of all other processes while the cells ran; above 0.1 cores the report warns, since"
        " latency suffers",
        missing_when=_ELSEWHERE,
        source=Source.MACHINE,
    ),
    Metric(
        key="wall_s",
        name=_("wall time"),
        meaning=_("first to last reading of each cell"),
        unit=Unit.SECONDS,
        definition="Σ over cells and sessions of (last − first machine reading); a killed session counts up to its last"
        " flushed reading",
        higher_is_better=None,
    ),
    Metric(
        key="n_truncated",
        name=_("prompts cut"),
        meaning=_("longer than the context"),
        unit=Unit.COUNT,
        definition="prompts that were longer than the context and lost their beginning",
    ),
    Metric(
        key="cut_rate",
        name=_("answers cut at max_tokens"),
        meaning=_(
            "Share of generated answers that ended because `max_tokens` was reached. What would have come behind that"
            " was not scored."
        ),
        unit=Unit.SHARE,
        definition="generated answers that ended at `max_tokens` / generated answers whose end is known. Above 10 % run"
        " and report warn",
        missing_when="nothing was generated",
        term=_("answers cut"),
    ),
    Metric(
        key="cut_thinking_rate",
        name=_("of them while thinking"),
        meaning=_(
            "Share of generated answers that reached `max_tokens` within the model's thoughts: nothing of them could"
            " be scored. A thinking model needs a higher `generation.max_tokens`."
        ),
        unit=Unit.SHARE,
        definition="those of them that ended within the model's thoughts / the same. They count as empty answers. Above"
        " 1 % run and report warn",
        missing_when="nothing was generated",
        term=_("cut while thinking"),
    ),
    Metric(
        key="reasoning_tokens",
        name=_("reasoning tokens"),
        meaning=_(
            "Tokens a model generated for thinking. They are billed as output, but are not in the answer. In process"
            " they are counted, behind an API the server tells them."
        ),
        unit=Unit.COUNT,
        definition="in process: tokens before the first character of the answer, marks of thoughts and white space"
        " included; 0 where nothing was thought. Behind an API: the server's usage, whose price is shown as part of the"
        " cost",
        missing_when="the server does not tell",
        higher_is_better=None,
        term=_("reasoning tokens"),
    ),
    Metric(
        key="n_requests",
        name=_("requests"),
        meaning=_("all that were measured; how many failed stands beside"),
        unit=Unit.COUNT,
        definition="measured requests, failed ones included; how many failed is shown beside it",
        higher_is_better=None,
    ),
    Metric(
        key="gpu_peak_used_bytes",
        name=_("GPU board memory, peak"),
        meaning=_("NVML, whole board"),
        unit=Unit.BYTES,
        definition="most memory in use on the board (NVML v2); that of the process (NVML), and what torch allocated and"
        " reserved, are three numbers beside it, never merged",
        missing_when="no NVML",
        source=Source.GPU,
    ),
    Metric(
        key="energy_j",
        name=_("GPU energy"),
        meaning=_("difference of the energy counter"),
        unit=Unit.JOULES,
        definition="difference of the board's energy counter over the cell",
        missing_when="no NVML, MIG, or the counter went back or stood still",
        source=Source.GPU,
    ),
)
"""Metrics of a run, in the order in which page and terminal show them."""
