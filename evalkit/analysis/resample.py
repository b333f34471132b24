"""BCa bootstrap intervals of many means at once.

scipy's `bootstrap` draws anew for every mean and holds all its draws in memory. With one seed for all, means over
equally many docs are drawn with the same indices, so they are drawn once here and in blocks. The bounds are scipy's to
the last digit up to `MOST_FOR_ROWS` docs, which the tests check.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from math import isfinite

import numpy as np
import scipy
from scipy.special import ndtr, ndtri

from evalkit.analysis.arrays import Array, Ints

MOST_FOR_ROWS = 2048
"""Docs up to which means without one of them are added up row by row, in n² steps; beyond, it is the sum less one."""
BLOCK = 1 << 20
"""Indices drawn at once."""
_THREADS = 2


def bca_intervals(
    samples: Sequence[Array], n_resamples: int, seed: int, confidence: float
) -> list[tuple[float, float]]:
    """Return the interval of the mean of each sample; the percentile interval where BCa is not defined.

    Source: Efron and Tibshirani 1993, 14.3; scipy's `bootstrap(method="BCa")`.
    """
    alike: dict[int, list[int]] = defaultdict(list)
    for position, values in enumerate(samples):
        alike[len(values)].append(position)
    found: dict[int, tuple[float, float]] = {}
    for positions in alike.values():
        some = [samples[p] for p in positions]
        means = _resampled_means(some, n_resamples, np.random.default_rng(seed))
        for position, values, resampled in zip(positions, some, means, strict=True):
            found[position] = _interval(values, resampled, (1 - confidence) / 2)
    return [found[position] for position in range(len(samples))]


def _resampled_means(
    samples: Sequence[Array], n_resamples: int, rng: np.random.Generator
) -> list[Array]:
    """Return the means of resamples of samples of one size, all drawn alike."""
    n = len(samples[0])
    means = [np.empty(n_resamples) for _ in samples]
    rows = max(1, BLOCK // n)
    with ThreadPoolExecutor(_THREADS) as pool:  # numpy works beside Python
        for start in range(0, n_resamples, rows):
            drawn = rng.integers(0, n, (min(rows, n_resamples - start), n))
            found = pool.map(partial(_means_of, drawn), samples)
            for mean, some in zip(means, found, strict=True):
                mean[start : start + len(drawn)] = some
    return means


def _means_of(drawn: Ints, values: Array) -> Array:
    means: Array = values.take(drawn).mean(axis=-1)
    return means


def _interval(values: Array, means: Array, alpha: float) -> tuple[float, float]:
    shares = bca_shares(means, values.mean(), _means_without_one(values), alpha)
    bounds = scipy.stats.quantile(means, np.array(shares))
    return float(bounds[0]), float(bounds[1])


def bca_shares(drawn: Array, at: float, without: Array, alpha: float) -> tuple[float, float]:
    """Return which quantiles of the resamples are the bounds (Efron 1987); the plain ones where BCa is not defined.

    Args:
        drawn: What each resample gives; it may be infinite, or no number.
        at: What all docs give.
        without: [docs], what the docs but one give.
        alpha: Left out at either end.
    """
    below = np.count_nonzero(drawn < at) + np.count_nonzero(drawn <= at)
    n = float(len(without))
    with np.errstate(all="ignore"):  # where it is not defined the shares are no numbers
        bias = ndtri(np.float64(below) / (2 * len(drawn)))
        change = (n - 1) * (without.mean() - without)
        acceleration = 1 / 6 * ((change**3).sum() / n**3) / ((change**2).sum() / n**2) ** (3 / 2)
        z = ndtri(alpha)
        edges = bias + np.array([z, -z])
        low, high = ndtr(bias + edges / (1 - acceleration * edges)).tolist()
    return (low, high) if isfinite(low + high) else (alpha, 1 - alpha)


def _means_without_one(values: Array) -> Array:
    n = len(values)
    if n > MOST_FOR_ROWS:
        without: Array = (values.sum() - values) / (n - 1)
        return without
    rows = np.arange(n)[:, None]
    others = np.arange(n - 1)[None, :]
    return np.concatenate(
        [
            values.take(others + (others >= some)).mean(axis=-1)
            for some in np.array_split(rows, max(1, n * n // BLOCK))
        ]
    )
