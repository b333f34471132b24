"""Intervals of means, right for small test sets."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from scipy import stats

from evalkit.analysis.facts import Estimate

CONFIDENCE = 0.95
RESAMPLES = 9999
_SEED = 20261123
_LEAST_FOR_BOOTSTRAP = 2


def mean_estimate(scores: Sequence[float], value: float | None, unit: str) -> Estimate:
    """Attach an interval to a mean over docs.

    0/1 scores get Wilson's interval, other scores a BCa bootstrap (9 999 resamples, fixed seed). Scores within 0 and 1
    that are all equal get Wilson's interval too: it is conservative there, since no distribution on [0, 1] with the
    same mean varies more than 0/1 scores, while a bootstrap would claim certainty.

    Args:
        scores: One per doc.
        value: The number to show; lm-eval's own.
        unit: Of the scores.
    """
    n = len(scores)
    if value is None or n == 0:
        return Estimate(value, unit, n, reason="no score per doc, so no interval")
    values = np.asarray(scores, dtype=float)
    is_bounded = bool(((values >= 0) & (values <= 1)).all())
    if is_bounded and (set(np.unique(values)) <= {0.0, 1.0} or np.ptp(values) == 0):
        low, high = wilson(float(values.sum()), n)
        return Estimate(value, unit, n, low, high, "Wilson 95 %")
    if n < _LEAST_FOR_BOOTSTRAP or np.ptp(values) == 0:
        return Estimate(value, unit, n, reason="too few different scores for an interval")
    low, high = bootstrap(values)
    return Estimate(value, unit, n, low, high, "BCa bootstrap 95 %")


def share_estimate(count: int, n: int) -> Estimate:
    """Return a share with Wilson's interval."""
    if n == 0:
        return Estimate(None, "share", 0, reason="nothing was asked")
    return Estimate(count / n, "share", n, *wilson(count, n), "Wilson 95 %")


def wilson(successes: float, n: int) -> tuple[float, float]:
    """Return Wilson's score interval of a proportion.

    Source: Wilson 1927; scipy's `binomtest(...).proportion_ci(method="wilson")`, here for a sum that may be a fraction.
    """
    z = float(stats.norm.ppf(0.5 + CONFIDENCE / 2))
    p = successes / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * float(np.sqrt(p * (1 - p) / n + z * z / (4 * n * n)))
    return max(0.0, middle - half), min(1.0, middle + half)


def bootstrap(values: np.ndarray) -> tuple[float, float]:
    """Return the BCa bootstrap interval of a mean; the percentile interval where BCa is not defined."""
    interval = _bootstrap(values, "BCa")
    if not all(np.isfinite(interval)):
        interval = _bootstrap(values, "percentile")
    return interval


def _bootstrap(values: np.ndarray, method: str) -> tuple[float, float]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # degenerate BCa is handled by the caller
        result = stats.bootstrap(
            (values,),
            np.mean,
            confidence_level=CONFIDENCE,
            n_resamples=RESAMPLES,
            method=method,
            rng=np.random.default_rng(_SEED),
        )
    return float(result.confidence_interval.low), float(result.confidence_interval.high)
