"""Intervals of what a blend costs and how much it sends away: weighted means over docs drawn task by task.

Bootstrap: docs are drawn again within their task, with what was decided about each of them fixed; one matrix of counts
serves every number of a blend. From a task of n docs n − 1 are drawn, which makes the variance unbiased for small n
(McCarthy and Snowden 1985). For many docs the normal approximation with the same stratified variance is used.

A task whose docs all score the same would add no variance at all, as if it were certain. There Wilson's interval stands
in, as no distribution on [0, 1] with the same mean varies more than 0/1 scores. Tasks with the same score share one
interval, of n = (Σw)² / Σw² docs, and the intervals are added like independent errors (MOVER, Zou and Donner 2008).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import scipy

from evalkit.analysis.arrays import Array, Flags, Ints
from evalkit.analysis.facts import Estimate
from evalkit.analysis.stats import CONFIDENCE, wilson
from evalkit.wording import NOTHING, Said

RESAMPLES = 2000
MOST_FOR_BOOTSTRAP = 5000
"""Docs; more of them get the normal approximation."""
_CHUNK = 2_000_000
"""Draws at once: bounds memory."""
_TAIL = (1 - CONFIDENCE) / 2


class Kind(StrEnum):
    """What docs that are all equal say about the next one."""

    SHARE = "share"
    """A share of docs that a signal sends away: the next may go the other way."""
    FIXED = "fixed"
    """Prices, and shares that a policy sets: the next is the same."""


@dataclass(frozen=True, slots=True, eq=False)
class Resamples:
    """Docs in strata, and how often each was drawn."""

    weight: Array
    """[docs], sums to 1, equal within a stratum."""
    starts: Ints
    """[strata]: first doc of each."""
    sizes: Ints
    """[strata]: docs of each."""
    drawn: Array | None
    """[resamples, docs]: weight of each doc in each resample; None: too many docs."""

    @property
    def stratum_weight(self) -> Array:
        """[strata], sums to 1."""
        return np.add.reduceat(self.weight, self.starts)

    def estimates(
        self, columns: Array, kind: Kind, unit: str, reason: Said = NOTHING
    ) -> list[Estimate]:
        """Return the weighted mean of each column with its 95 % interval.

        Args:
            columns: [docs, columns].
            kind: What its numbers are.
            unit: Of the columns.
            reason: For the estimates.
        """
        least, most = columns.min(axis=0), columns.max(axis=0)
        values = np.clip(
            self.weight @ columns, least, most
        )  # a mean of equal numbers is that number
        low, high = self._bounds(columns, values)
        method = "stratified bootstrap 95 %"
        if self.drawn is None:
            method = "normal approximation 95 %, stratified"
        methods = np.full(len(values), method, dtype=object)
        if kind != Kind.FIXED:
            for i, flat in self._flat(columns):
                below, above = self._spread(columns[self.starts[flat], i], flat)
                low[i] = values[i] - np.hypot(values[i] - low[i], below)
                high[i] = values[i] + np.hypot(high[i] - values[i], above)
                is_all = bool(flat.all())
                methods[i] = "Wilson 95 %" if is_all else f"{method}, Wilson for equal scores"
            low, high = np.clip(low, 0.0, 1.0), np.clip(high, 0.0, 1.0)
        n = len(self.weight)
        return [
            Estimate(float(v), unit, n, float(min(a, v)), float(max(b, v)), str(m), reason)
            for v, a, b, m in zip(values, low, high, methods, strict=True)
        ]

    def _bounds(self, columns: Array, values: Array) -> tuple[Array, Array]:
        if self.drawn is not None:
            means = np.clip(self.drawn @ columns, columns.min(axis=0), columns.max(axis=0))
            low, high = np.quantile(means, [_TAIL, 1 - _TAIL], axis=0)
            return low, high
        means = np.add.reduceat(columns, self.starts, axis=0) / self.sizes[:, None]
        deviations = columns - np.repeat(means, self.sizes, axis=0)
        squares = np.add.reduceat(deviations**2, self.starts, axis=0)
        variances = squares / np.maximum(self.sizes - 1, 1)[:, None] / self.sizes[:, None]
        half = scipy.stats.norm.ppf(1 - _TAIL) * np.sqrt(self.stratum_weight**2 @ variances)
        return values - half, values + half

    def _flat(self, columns: Array) -> Iterator[tuple[int, Flags]]:
        """Give the columns that are constant in some stratum, and those strata."""
        most = np.maximum.reduceat(columns, self.starts, axis=0)
        is_flat = most == np.minimum.reduceat(columns, self.starts, axis=0)
        for i in np.flatnonzero(is_flat.any(axis=0)):
            yield int(i), is_flat[:, i]

    def _spread(self, scores: Array, flat: Flags) -> tuple[float, float]:
        """Return how far below and above its mean the flat strata's part of a column may be."""
        weights, sizes = self.stratum_weight[flat], self.sizes[flat]
        below = above = 0.0
        for score in np.unique(scores):
            same = scores == score
            total = float(weights[same].sum())
            n = max(1, int(total**2 / float((weights[same] ** 2 / sizes[same]).sum()) + 1e-9))
            low, high = wilson(float(score) * n, n)
            below += (total * (score - low)) ** 2
            above += (total * (high - score)) ** 2
        return float(np.sqrt(below)), float(np.sqrt(above))


def resample(stratum: Ints, weight: Array, rng: np.random.Generator) -> Resamples:
    """Draw docs again, stratum by stratum.

    Args:
        stratum: [docs] of each doc, ascending.
        weight: [docs], equal within a stratum, sums to 1.
        rng: Decides what is drawn.
    """
    sizes = np.bincount(stratum)
    sizes = sizes[sizes > 0]
    starts = np.cumsum(sizes) - sizes
    drawn = None
    if len(stratum) <= MOST_FOR_BOOTSTRAP:
        drawn = np.empty((RESAMPLES, len(stratum)))
        for start, n in zip(starts, sizes, strict=True):
            drawn[:, start : start + n] = _draws(int(n), rng) * weight[start]
    return Resamples(weight, starts, sizes, drawn)


def _draws(n: int, rng: np.random.Generator) -> Array:
    """Return how often each of n docs is drawn, per resample, scaled so that each resample counts n docs."""
    if n == 1:
        return np.ones((RESAMPLES, 1))
    counts = np.empty((RESAMPLES, n))
    step = max(1, _CHUNK // n)
    for first in range(0, RESAMPLES, step):
        rows = min(step, RESAMPLES - first)
        picks = rng.integers(n, size=(rows, n - 1)) + n * np.arange(rows)[:, None]
        counts[first : first + rows] = np.bincount(picks.ravel(), minlength=rows * n).reshape(
            rows, n
        )
    return counts * (n / (n - 1))
