"""Small steps from many values to one estimate, shared by the facts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from evalkit.analysis.facts import Estimate, Latency
from evalkit.metrics.percentiles import MINIMUM_N, percentile
from evalkit.records import Request


def each(requests: Iterable[Request], metric: Callable[[Request], float | None]) -> list[float]:
    """Return the metric of every request that has it."""
    return [value for r in requests if (value := metric(r)) is not None]


def latency_of(values: Sequence[float], unit: str, reason: str) -> Latency:
    """Return the percentiles of a latency; `reason` says why there are no values."""
    return Latency(*(_percentile(values, q, unit, reason) for q in (50, 90, 95, 99)))


def total(amounts: Iterable[int | None]) -> int | None:
    """Return the sum of the known amounts; None when none is known."""
    known = [a for a in amounts if a is not None]
    return sum(known) if known else None


def _percentile(values: Sequence[float], q: int, unit: str, reason: str) -> Estimate:
    p = percentile(values, q)
    if p.n and not p.is_supported:
        reason = f"n = {p.n}; p{q} needs n ≥ {MINIMUM_N[q]}"
    return Estimate(p.value, unit, p.n, method="linear", reason=reason, is_supported=p.is_supported)
