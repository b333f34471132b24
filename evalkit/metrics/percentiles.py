"""Percentiles that say when there are too few values for them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

MINIMUM_N = {50: 1, 90: 64, 95: 130, 99: 662}
"""Least number of values a percentile needs to bound its tail at 99 % confidence (MLPerf early stopping)."""

FEW_N = 20
"""Values for a median where the tail can't be had anyway."""


def sample_size(n_docs: int) -> int:
    """Return how many of some docs to measure, where measuring one is dear.

    What the highest percentile needs that a quarter of the docs can give (p95 or p90), else a few for the median.
    """
    worth = [least for q, least in MINIMUM_N.items() if q in (90, 95) and 4 * least <= n_docs]
    return min(n_docs, max(worth, default=FEW_N))


@dataclass(frozen=True, slots=True)
class Percentile:
    """One percentile of n values."""

    q: int
    value: float | None
    """None without any value."""
    n: int
    is_supported: bool
    """False when n is below `MINIMUM_N[q]`: shown, but marked and never judged on."""


def percentile(values: Sequence[float], q: int) -> Percentile:
    """Compute a percentile by linear interpolation.

    Definition: sorted values, position q/100·(n−1), linear between neighbours.
    Unit: that of the values.
    Missing when: there are no values. Infinite when a value it is drawn from is (a request that never answered).
    Source: numpy `method="linear"`; floors from MLPerf LoadGen early stopping.
    """
    n = len(values)
    if n == 0:
        return Percentile(q, None, 0, is_supported=False)
    ordered = sorted(values)
    position = q / 100 * (n - 1)
    low = int(position)
    high = min(low + 1, n - 1)
    share = position - low
    value = ordered[low] + (ordered[high] - ordered[low]) * share if share else ordered[low]
    if math.isinf(value) or math.isnan(value):
        return Percentile(q, math.inf, n, is_supported=n >= MINIMUM_N[q])
    return Percentile(q, value, n, is_supported=n >= MINIMUM_N[q])
