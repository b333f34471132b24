"""What one step of a load test was like: the numbers of its steady window, and what they say of the load."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from evalkit.metrics.percentiles import Percentile
from evalkit.wording import Said, numeral


class Verdict(StrEnum):
    """What a level of load turned out to be."""

    OK = "ok"
    OVERLOADED = "overloaded"
    BREAKS = "breaks SLO"
    INCONCLUSIVE = "INCONCLUSIVE"
    """Too few requests to say that it held, or that it did not."""
    INVALID = "INVALID"
    """evalkit itself was the bottleneck."""


@dataclass(frozen=True, slots=True)
class Percentiles:
    """p50, p90, p95 and p99 of one latency."""

    p50: Percentile
    p90: Percentile
    p95: Percentile
    p99: Percentile

    def at(self, q: int) -> Percentile:
        """Return one of the four."""
        found: Percentile = getattr(self, f"p{q}")
        return found


@dataclass(frozen=True, slots=True)
class Latencies:
    """Of the answered requests due in the window, but for `adjusted_*`."""

    ttft_s: Percentiles
    ttfo_s: Percentiles
    tpot_s: Percentiles
    itl_s: Percentiles
    e2e_s: Percentiles
    response_ttft_s: Percentiles
    """TTFT from the moment a request was due."""
    response_e2e_s: Percentiles
    adjusted_ttft_s: Percentiles
    """Response view; a failed request counts as one that never answers."""
    adjusted_e2e_s: Percentiles


@dataclass(frozen=True, slots=True)
class LoadPoint:
    """Metrics of the steady window of one step. None: not measured, or nothing to measure."""

    window_s: float
    n_due: int
    """Requests due in the window."""
    n_failed: int
    """Requests due in the window that failed."""
    failed_by_class: dict[str, int]
    offered_per_s: float
    """Requests due / window."""
    sent_share: float | None
    """Requests sent in the window / due in it."""
    completed_per_s: float
    """Answers that ended in the window / window."""
    completed_share: float | None
    """Answers that ended in the window / requests due in it."""
    error_rate: float | None
    goodput_per_s: float | None
    """Requests due in the window that kept every limit of the service level / window; None without one."""
    good_share: float | None
    latency: Latencies
    input_tokens: int | None
    """Input tokens of the answered requests due in the window."""
    output_tokens: int | None
    output_tokens_per_s: float | None
    """Tokens that arrived in the window / window; a chunk carries its share of the tokens the server billed."""
    peak_output_tokens_per_s: float | None
    """The best whole second of the window."""
    visible_share: float | None
    """Share of chunks that carry text for the reader, not reasoning."""
    tokens_per_s_per_user: float | None
    """1 / median TPOT: how fast text appears for one user."""
    in_flight_mean: float
    in_flight_max: int
    growth: float
    """Requests by which those in flight grew over the window (straight line through it)."""
    schedule_lag_p50_s: float | None
    """Sent − due."""
    schedule_lag_p99_s: float | None
    loop_cpu_share: float | None
    overloads: tuple[Said, ...]
    """Why the load is more than the target sustains; empty: it is stable."""
    breaches: tuple[Said, ...]
    """Limits of the service level that did not hold; empty: none is known to be broken."""
    doubts: tuple[Said, ...]
    """What can't be said of the load, for want of requests, and what to change; empty: nothing."""
    n_needed: int | None
    """Requests that would settle the doubts; None: there are none, or more requests would not help."""
    flaws: tuple[Said, ...]
    """Why the step is INVALID: evalkit itself was the bottleneck; empty: it was not."""

    @property
    def verdict(self) -> Verdict:
        """What the load turned out to be."""
        return verdict_of(self.flaws, self.overloads, self.breaches, self.doubts)

    @property
    def passed(self) -> bool:
        """Whether the load is known to be sustained within the service level."""
        return not (self.overloads or self.breaches or self.doubts)

    @property
    def is_unclear(self) -> bool:
        """Whether it is neither known to be sustained nor known not to be."""
        return bool(self.doubts) and not (self.overloads or self.breaches)


def verdict_of(
    flaws: tuple[Said, ...],
    overloads: tuple[Said, ...],
    breaches: tuple[Said, ...],
    doubts: tuple[Said, ...],
) -> Verdict:
    """Return the verdict that follows: what is known goes before what is in doubt."""
    ordered = (
        (Verdict.INVALID, flaws),
        (Verdict.OVERLOADED, overloads),
        (Verdict.BREAKS, breaches),
        (Verdict.INCONCLUSIVE, doubts),
    )
    return next((verdict for verdict, why in ordered if why), Verdict.OK)


@dataclass(frozen=True, slots=True)
class Doubt:
    """What can't be said yet."""

    why: Said
    n_needed: int | None = None
    """Requests that would tell; None: more would not."""


def window_for(n_needed: int, p: LoadPoint) -> Said:
    """Write how many seconds a window would take to hold so many requests."""
    seconds = n_needed / p.offered_per_s
    return numeral(f"{math.ceil(seconds) if seconds >= 10 else round(seconds, 1):g}")
