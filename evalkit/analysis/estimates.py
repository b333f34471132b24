"""Small steps from many values to one estimate, shared by the facts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evalkit.analysis.facts import Estimate, Latency
from evalkit.metrics.percentiles import MINIMUM_N, percentile
from evalkit.wording import Said, numeral, say


def latency_of(values: Sequence[float], unit: str, reason: Said) -> Latency:
    """Return the percentiles of a latency; `reason` says why there are no values."""
    # sorted once, and by numpy: sorting again what is in order costs next to nothing
    ordered: list[float] = np.sort(np.asarray(values, dtype=float)).tolist()
    return Latency(*(_percentile(ordered, q, unit, reason) for q in (50, 90, 95, 99)))


def too_few(n: int, q: int) -> Said:
    """Say that a percentile needs more values."""
    return say(
        "n = {n}; p{q} needs n ≥ {least}",
        n=numeral(f"{n}"),
        q=numeral(f"{q}"),
        least=numeral(f"{MINIMUM_N[q]}"),
    )


def _percentile(values: Sequence[float], q: int, unit: str, reason: Said) -> Estimate:
    p = percentile(values, q)
    if p.n and not p.is_supported:
        reason = too_few(p.n, q)
    return Estimate(p.value, unit, p.n, method="linear", reason=reason, is_supported=p.is_supported)
