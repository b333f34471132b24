"""Small steps from many values to one estimate, shared by the facts."""

from __future__ import annotations

from collections.abc import Sequence

from evalkit.analysis.facts import Estimate, Latency
from evalkit.metrics.percentiles import MINIMUM_N, percentile


def latency_of(values: Sequence[float], unit: str, reason: str) -> Latency:
    """Return the percentiles of a latency; `reason` says why there are no values."""
    return Latency(*(_percentile(values, q, unit, reason) for q in (50, 90, 95, 99)))


def _percentile(values: Sequence[float], q: int, unit: str, reason: str) -> Estimate:
    p = percentile(values, q)
    if p.n and not p.is_supported:
        reason = f"n = {p.n}; p{q} needs n ≥ {MINIMUM_N[q]}"
    return Estimate(p.value, unit, p.n, method="linear", reason=reason, is_supported=p.is_supported)
