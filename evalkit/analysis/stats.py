"""Intervals of means, right for small test sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy

from evalkit.analysis.facts import Estimate
from evalkit.analysis.resample import bca_intervals
from evalkit.wording import say

CONFIDENCE = 0.95
RESAMPLES = 9999
SEED = 20261123
"""Seed of every resampling: the same data give the same bounds."""
LEAST_VALUES = 2
"""Fewest values that tell how much they vary."""


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean over docs that wants an interval."""

    scores: Sequence[float]
    """Scores, one per doc."""
    value: float | None
    """The number to show; lm-eval's own."""
    unit: str


def mean_estimates(means: Sequence[Mean]) -> list[Estimate]:
    """Attach an interval to each mean, as `mean_estimate` does; faster for many, whose resamples are drawn at once."""
    found = [_without_resampling(mean) for mean in means]
    waiting = [i for i, estimate in enumerate(found) if estimate is None]
    samples = [np.asarray(means[i].scores, dtype=float) for i in waiting]
    intervals = bca_intervals(samples, RESAMPLES, SEED, CONFIDENCE)
    for i, (low, high) in zip(waiting, intervals, strict=True):
        mean = means[i]
        n = len(mean.scores)
        found[i] = Estimate(mean.value, mean.unit, n, low, high, "BCa bootstrap 95 %")
    return [estimate for estimate in found if estimate is not None]


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
    return mean_estimates([Mean(scores, value, unit)])[0]


def _without_resampling(mean: Mean) -> Estimate | None:
    """Return the estimate, or None where its interval takes a bootstrap."""
    scores, value, unit = mean.scores, mean.value, mean.unit
    n = len(scores)
    if value is None or n == 0:
        return Estimate(value, unit, n, reason=say("no score per doc, so no interval"))
    values = np.asarray(scores, dtype=float)
    is_bounded = bool(((values >= 0) & (values <= 1)).all())
    if is_bounded and (set(np.unique(values)) <= {0.0, 1.0} or np.ptp(values) == 0):
        low, high = wilson(float(values.sum()), n)
        return Estimate(value, unit, n, low, high, "Wilson 95 %")
    if n < LEAST_VALUES or np.ptp(values) == 0:
        return Estimate(value, unit, n, reason=say("too few different scores for an interval"))
    return None


def share_estimate(count: int, n: int) -> Estimate:
    """Return a share with Wilson's interval."""
    if n == 0:
        return Estimate(None, "share", 0, reason=say("nothing was asked"))
    return Estimate(count / n, "share", n, *wilson(count, n), "Wilson 95 %")


def percent(confidence: float) -> str:
    """Return a confidence as methods name it, such as `95 %`."""
    return f"{100 * confidence:g} %"


def wilson(successes: float, n: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return Wilson's score interval of a share (1927); the count need not be whole."""
    return _share_interval(successes, n, confidence, "wilson")


def clopper_pearson(
    successes: float, n: int, confidence: float = CONFIDENCE
) -> tuple[float, float]:
    """Return Clopper and Pearson's exact interval of a share (1934); the count need not be whole."""
    return _share_interval(successes, n, confidence, "beta")


def poisson_limits(count: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return Garwood's exact limits (1936) of the mean of a Poisson count: quantiles of χ² with 2k and 2k + 2."""
    tail = (1 - confidence) / 2
    low = float(scipy.stats.chi2.ppf(tail, 2 * count)) / 2 if count else 0.0
    return low, float(scipy.stats.chi2.ppf(1 - tail, 2 * count + 2)) / 2


def _share_interval(
    successes: float, n: int, confidence: float, method: str
) -> tuple[float, float]:
    from statsmodels.stats.proportion import proportion_confint  # loads pandas, so only when used

    low, high = proportion_confint(successes, n, alpha=1 - confidence, method=method)
    # no success leaves 0 possible, nothing but successes 1: exactly, but for rounding
    return float(low) if successes > 0 else 0.0, float(high) if successes < n else 1.0


def bootstrap(values: np.ndarray, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return the BCa bootstrap interval of a mean; the percentile interval where BCa is not defined."""
    return bca_intervals([values], RESAMPLES, SEED, confidence)[0]
