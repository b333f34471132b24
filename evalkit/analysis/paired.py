"""The interval of a mean of paired differences, right for few docs and fast for many; 95 % unless asked otherwise.

Where both models are right or wrong on each doc it is Tango's score interval: a bootstrap never draws what it has not
seen, and would call three wins and no loss out of a thousand docs clear. Other scores get a BCa bootstrap, and beyond
a few hundred docs what it tends to.

The two-sided interval at 2c − 1 holds both one-sided bounds at c: `onesided.py` builds on it.
"""

from __future__ import annotations

from math import copysign, sqrt
from typing import NamedTuple

import numpy as np
import scipy
from scipy import optimize

from evalkit.analysis.arrays import EDGE, Array
from evalkit.analysis.stats import CONFIDENCE, LEAST_VALUES, bootstrap, percent, wilson

MOST_FOR_BOOTSTRAP = 200
"""Docs; for more of them the closed form differs by less than the bootstrap's own noise."""


class Interval(NamedTuple):
    """Bounds, and how they were computed."""

    low: float
    high: float
    method: str


def paired_interval(
    change: Array, *, is_share: bool, confidence: float = CONFIDENCE
) -> Interval | None:
    """Return the interval of the mean of differences; None where they do not tell how much it may vary.

    Args:
        change: One per doc.
        is_share: Both scores are between 0 and 1, so that differences are between −1 and 1.
        confidence: Two-sided.
    """
    n, level = len(change), percent(confidence)
    if is_share and np.isin(change, (-1.0, 0.0, 1.0)).all():
        wins, losses = int((change > 0).sum()), int((change < 0).sum())
        return Interval(*tango(wins, losses, n, confidence), f"Tango {level}, paired")
    if np.ptp(change) <= EDGE:
        if not is_share:
            return None
        return Interval(*_flat(float(change[0]), n, confidence), f"Wilson {level}, paired")
    if n < LEAST_VALUES:
        return None
    if n <= MOST_FOR_BOOTSTRAP:
        return Interval(*bootstrap(change, confidence), f"BCa bootstrap {level}, paired")
    return Interval(*limit_of_bca(change, confidence), f"BCa {level} in its limit, paired")


def tango(
    wins: float, losses: float, n: int, confidence: float = CONFIDENCE
) -> tuple[float, float]:
    """Return the score interval of the difference of two paired shares, (wins − losses) / n.

    Source: Tango 1998. A bound D solves (b − c − nD) / sqrt(n(2q + D(1 − D))) = ±z, where b and c are the wins and
    losses and q is the likeliest share of losses given D. Counts need not be whole.
    """
    if losses > wins:  # so that mirrored counts have exactly the mirrored interval
        low, high = tango(losses, wins, n, confidence)
        return -high, -low
    z = float(scipy.stats.norm.ppf(0.5 + confidence / 2))
    at = (wins - losses) / n
    low = _root(wins, losses, n, -1.0, at, z)
    high = _root(wins, losses, n, at, 1.0, -z)
    return low, high


def _root(wins: float, losses: float, n: int, low: float, high: float, wanted: float) -> float:
    """Return where the score is as wanted; it falls from one bound to the other."""

    def score(d: float) -> float:
        b = -wins - losses + (2 * n - wins + losses) * d
        root = sqrt(max(b * b + 8 * n * losses * d * (1 - d), 0.0))
        spread = n * ((root - b) / (2 * n) + d * (1 - d))
        # where nothing can vary the distance counts as infinite
        distance = wins - losses - n * d
        return distance / sqrt(spread) if spread > EDGE else copysign(1e9, distance)

    a, b = low + EDGE, high - EDGE
    if a >= b or (score(a) - wanted) * (score(b) - wanted) > 0:
        return low if wanted > 0 else high
    return float(optimize.brentq(lambda d: score(d) - wanted, a, b, xtol=1e-12))


def _flat(change: float, n: int, confidence: float) -> tuple[float, float]:
    """Return Wilson's interval for differences that are all equal: 0/1 differences vary most for their mean."""
    low, high = wilson(abs(change) * n, n, confidence)
    return (low, high) if change > 0 else (-high, -low)


def limit_of_bca(change: Array, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return what the BCa interval of a mean tends to with many docs and resamples.

    The bootstrap's distribution is taken to its second term (Cornish and Fisher 1938): a quantile lies at mean + s(z +
    a(z² − 1)), with the acceleration a = Σd³ / (6 (Σd²)^1.5) of differences d from the mean, which then is the bias
    correction, too (Efron 1987).
    """
    n, mean = len(change), float(change.mean())
    d = change - mean
    squares = float((d**2).sum())
    a = float((d**3).sum()) / (6 * squares**1.5)
    s = sqrt(squares) / n
    edge = float(scipy.stats.norm.ppf(0.5 + confidence / 2))
    z = np.array([-edge, edge]) + a
    adjusted = a + z / (1 - a * z)
    low, high = mean + s * (adjusted + a * (adjusted**2 - 1))
    return float(low), float(high)
