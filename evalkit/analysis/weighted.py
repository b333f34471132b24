"""Bounds of a weighted mean of scores over tasks that hold where decisions are made: few docs, scores near 0 and 1.

A decision asks whether a score is *surely* at least so much, so each bound must hold, not the two together on average.
Wilson's lower bound of one task is above the truth up to 11 times in a hundred where 2.5 are allowed, MOVER (Zou and
Donner 2008) of exact limits up to 9 times with five tasks of five docs: `benchmarks/quality_interval.py` has the table.

- One task: Gaffke's limits (2005), which are Clopper and Pearson's (1934) for right and wrong.
- Several tasks: the wider of MOVER of those limits, and Clopper and Pearson's limits of as many docs as vary as the
  weighted mean does (an effective sample size, as in Korn and Graubard 1998). A task of few docs tells little about how
  much it varies, so each is drawn to the mean of all by `PRIOR_DOCS` docs.
- Clusters: a task counts as as many docs as would vary as its clusters do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt

import numpy as np
import scipy
from scipy.special import betaincinv

from evalkit.analysis.arrays import EDGE, Array, Ints
from evalkit.analysis.facts import SHARE, Estimate
from evalkit.analysis.onesided import (
    FEWEST_CLUSTERS,
    Bounds,
    cluster_bounds,
    mover,
    paired_bounds,
)
from evalkit.analysis.stats import CONFIDENCE, LEAST_VALUES, percent
from evalkit.wording import Said, numeral, say

PRIOR_DOCS = 4
"""Docs with the mean of all tasks that are added to each before its variance is taken."""
UNSEEN_CLUSTER = 0.25
"""Part of a cluster, as far from the mean as can be, that is added to those seen."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """The docs of one task."""

    weight: float
    """How much of the work it is; only the proportions matter."""
    scores: Array
    """[docs], each within 0 and 1; at least one."""
    clusters: Ints | None = None
    """[docs], which source each is of, from 0; None: every doc is its own."""

    @property
    def mean(self) -> float:
        """Mean score."""
        return float(self.scores.mean())

    @property
    def is_clustered(self) -> bool:
        """Whether some docs share a source."""
        return self.clusters is not None and len(np.unique(self.clusters)) < len(self.scores)


def weighted_bounds(parts: Sequence[Part], confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return the bounds of the weighted mean of the parts, each of them wrong in at most (1 − confidence) / 2.

    Args:
        parts: Tasks with a weight above 0; a task with clusters has at least `FEWEST_CLUSTERS` of them.
        confidence: Of both bounds together.
    """
    tail = (1 - confidence) / 2
    whole = sum(p.weight for p in parts)
    shares = [p.weight / whole for p in parts]
    low = _lowest(parts, shares, tail)
    high = 1 - _lowest([_turned(p) for p in parts], shares, tail)
    mean = sum(w * p.mean for w, p in zip(shares, parts, strict=True))
    return max(0.0, min(low, mean)), min(1.0, max(high, mean))


def has_few_clusters(part: Part) -> bool:
    """Tell whether a part has too few sources to tell how much they vary."""
    if part.clusters is None or not part.is_clustered:
        return False
    return len(np.unique(part.clusters)) < FEWEST_CLUSTERS


def _turned(part: Part) -> Part:
    """Return what is missing from 1, so that its lower bound is the upper one of the scores."""
    return Part(part.weight, 1 - part.scores, part.clusters)


def _lowest(parts: Sequence[Part], shares: Sequence[float], tail: float) -> float:
    sizes = [effective_docs(p, tail) for p in parts]
    limits = [_lower_limit(p, n, tail) for p, n in zip(parts, sizes, strict=True)]
    if len(parts) == 1:
        return limits[0]
    means = [p.mean for p in parts]
    total = sum(w * m for w, m in zip(shares, means, strict=True))
    below = sum((w * (m - low)) ** 2 for w, m, low in zip(shares, means, limits, strict=True))
    return min(total - sqrt(below), _pooled_limit(parts, shares, sizes, tail))


def effective_docs(part: Part, tail: float) -> float:
    """Return how many independent docs tell as much as the clusters of a part; without clusters, how many there are.

    n · variance of the mean over docs / over clusters · (t of n − 1 / t of G − 1)², as in Korn and Graubard 1998, at
    most n, and at least what is left where each cluster is one doc asked many times (Kish 1965: n² / Σ sizes²). A part
    of a cluster, as far from the mean as can be, is added to those seen: few clusters seldom show how far they lie.
    """
    n = len(part.scores)
    if part.clusters is None or not part.is_clustered:
        return float(n)
    sizes = np.unique(part.clusters, return_counts=True)[1].astype(float)
    n_clusters, mean = len(sizes), part.mean
    least = n**2 / float(sizes @ sizes)
    spread = float(part.scores.var()) / n
    if n_clusters < LEAST_VALUES or spread <= EDGE:
        return least
    sums = np.bincount(part.clusters, part.scores - mean)
    unseen = UNSEEN_CLUSTER * (n / n_clusters * max(mean, 1 - mean)) ** 2
    variance = n_clusters / (n_clusters - 1) * (float(sums @ sums) + unseen) / n**2
    by_docs, by_clusters = (float(scipy.stats.t.isf(tail, k - 1)) for k in (n, n_clusters))
    return max(least, n * min(1.0, spread / variance * (by_docs / by_clusters) ** 2))


def _lower_limit(part: Part, n: float, tail: float) -> float:
    """Return the lower limit of one task's mean.

    Let one doc of score 0 join the n, and weigh the n + 1 docs by chance (uniform Dirichlet): the quantile of their
    weighted mean is Gaffke's bound (2005). For right and wrong it is Clopper and Pearson's; here it is that of the beta
    distribution on 0 to the highest score with the same mean and variance, which is exact where scores are 0 or that.
    """
    most = float(part.scores.max())
    if most <= 0:
        return 0.0
    scores = part.scores / most
    mean = float(scores.mean()) * n / (n + 1)
    second = float((scores**2).mean()) * n / (n + 1)
    known = mean * (1 - mean) * (n + 2) / (second - mean**2) - 1
    return most * float(betaincinv(mean * known, (1 - mean) * known, tail))


def _pooled_limit(
    parts: Sequence[Part], shares: Sequence[float], sizes: Sequence[float], tail: float
) -> float:
    """Return the exact limit of as many docs as vary as the weighted mean does."""
    mean = sum(w * p.mean for w, p in zip(shares, parts, strict=True))
    if mean <= 0:
        return 0.0
    variance = 0.0
    for w, p, n in zip(shares, parts, sizes, strict=True):
        known = n + PRIOR_DOCS
        # the docs that are added are right or wrong, which varies most
        first = (p.mean * n + PRIOR_DOCS * mean) / known
        second = (float((p.scores**2).mean()) * n + PRIOR_DOCS * mean) / known
        variance += w**2 * (second - first**2) / n
    most = 1 / sum(w**2 / n for w, n in zip(shares, sizes, strict=True))
    docs = most if mean >= 1 or variance <= 0 else mean * (1 - mean) / variance
    return _clopper_pearson(mean * docs, docs, tail)


def _clopper_pearson(count: float, n: float, tail: float) -> float:
    """Return the exact lower limit; counts need not be whole."""
    if count <= 0:
        return 0.0
    return float(betaincinv(count, n - min(count, n) + 1, tail))


# --- estimates ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Level:
    """How sure the bounds of a score are."""

    confidence: float = CONFIDENCE
    """How sure each interval is on its own."""
    together: int = 1
    """Scores whose bounds hold with 95 % all together; of one it is the confidence itself."""

    def wider(self, factor: float) -> Level:
        """Return the level of bounds that many times as far away, were errors normal."""
        z = factor * float(scipy.stats.norm.isf((1 - self.confidence) / 2))
        return Level(1 - 2 * float(scipy.stats.norm.sf(z)), self.together)


ALONE = Level()


@dataclass(frozen=True, slots=True)
class Levels:
    """How sure the bounds of a decision's scores are."""

    mean: Level = ALONE
    """The level of every mean over tasks: of models, and of settings of blends."""
    tasks: Mapping[str, Level] = field(default_factory=dict)
    """Task → level of the models' scores on it."""

    def of_task(self, task: str) -> Level:
        """Return the level of the scores on one task."""
        return self.tasks.get(task, ALONE)


ALL_ALONE = Levels()


def score_estimate(parts: Sequence[Part], level: Level = ALONE) -> Estimate:
    """Return the weighted mean of the parts with its interval; without one where a task has too few clusters.

    Args:
        parts: Tasks with a weight above 0; at least one.
        level: Of the interval.
    """
    whole = sum(p.weight for p in parts)
    mean = sum(p.weight / whole * p.mean for p in parts)
    n = sum(len(p.scores) for p in parts)
    if any(has_few_clusters(p) for p in parts):
        return Estimate(mean, SHARE, n, reason=_too_few())
    low, high = weighted_bounds(parts, level.confidence)
    method = "exact" if len(parts) == 1 else "exact limits and MOVER, mean over tasks"
    together = "" if level.together == 1 else f", {level.together} scores together"
    return Estimate(mean, SHARE, n, low, high, f"{method} {percent(CONFIDENCE)}{together}")


def difference_estimate(parts: Sequence[Part]) -> Estimate:
    """Return the weighted mean of differences paired by doc, with the bounds that a gate takes, each at 97.5 %.

    Args:
        parts: Tasks, whose "scores" are differences of scores within 0 and 1; at least one.
    """
    each = 0.5 + CONFIDENCE / 2
    whole = sum(p.weight for p in parts)
    means, shares = [p.mean for p in parts], [p.weight / whole for p in parts]
    value = sum(w * m for w, m in zip(shares, means, strict=True))
    n = sum(len(p.scores) for p in parts)
    known = [b for p in parts if (b := _paired(p, each)) is not None]
    if len(known) < len(parts):
        return Estimate(value, SHARE, n, reason=_too_few())
    bounds = known[0] if len(known) == 1 else mover(means, known, shares)
    low, high = min(bounds.least, value), max(bounds.most, value)
    return Estimate(value, SHARE, n, low, high, bounds.method)


def _paired(part: Part, confidence: float) -> Bounds | None:
    if part.clusters is not None and part.is_clustered:
        return cluster_bounds(part.scores, part.clusters, confidence)
    return paired_bounds(part.scores, is_share=True, confidence=confidence)


def _too_few() -> Said:
    return say(
        "fewer than {least} sources tell too little about how much they differ",
        least=numeral(f"{FEWEST_CLUSTERS}"),
    )
