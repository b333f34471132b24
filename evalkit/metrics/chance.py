"""What chance alone can do: how sure a load test is before it says no, and how many requests that takes."""

from __future__ import annotations

import math

from scipy.special import bdtrc

from evalkit.metrics.percentiles import FEW_N, MINIMUM_N

SURE = 0.01
"""Chance alone gives a `no` in fewer than one of a hundred windows."""
SURE_Z = 2.33
"""Standard deviations that chance alone exceeds about as rarely as `SURE` says."""


def is_more_often(k: int, n: int, share: float) -> bool:
    """Tell whether k of n are surely more than a share of all: a binomial test."""
    return k > 0 and float(bdtrc(k - 1, n, share)) <= SURE


def least_for_percentile(q: int) -> int:
    """Return how many values it takes to judge by a percentile."""
    return max(MINIMUM_N[q], FEW_N)


def least_for_share(share: float) -> int:
    """Return how many requests it takes to judge a share of them: fewer may all be well where more than it fail."""
    return math.ceil(math.log(SURE) / math.log1p(-share)) if share > 0 else 1
