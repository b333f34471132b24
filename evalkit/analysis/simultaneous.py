"""How sure each of many bounds must be, so that all of them hold together.

Who takes the best of many scores takes the luckiest, too: of 20 models exactly at a requirement one passes by its own
95 % interval in half of all cases. So all scores that were looked at are bounded together. Their errors are nearly
normal and hang together, since they are of the same docs: the largest of them, each over its standard error (max-t), is
simulated with the correlation of the docs' influences (Hothorn, Bretz and Westfall 2008; the multiplier bootstrap of
Chernozhukov, Chetverikov and Kato 2013). What it exceeds in 2.5 of 100 cases gives the confidence of each exact bound.

`benchmarks/quality_interval.py --only choice` tells how often a choice then passes falsely.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy

from evalkit.analysis.arrays import EDGE, Array, Ints
from evalkit.analysis.stats import CONFIDENCE, SEED
from evalkit.analysis.weighted import ALONE, Level

_DRAWS = 20_000
_MOST_STEPS = 4e9
"""Products up to which so many draws are made; for more scores fewer."""
_FEWEST_DRAWS = 2000


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """A score that was looked at."""

    docs: Sequence[Hashable]
    """Names of its docs; those of one source have one name."""
    influence: Array
    """[docs]: how much each moves the score."""


def influence(task: Ints, weight: Array, scores: Array) -> Array:
    """Return how much each doc moves a weighted mean: its weight · (its score − the mean of its task).

    Args:
        task: [docs]
        weight: [docs], equal within a task.
        scores: [docs]
    """
    means = np.bincount(task, scores) / np.maximum(np.bincount(task), 1)
    moved: Array = weight * (scores - means[task])
    return moved


def level_of(columns: Sequence[Column]) -> Level:
    """Return how sure each bound must be, so that all lower bounds hold together as one alone would.

    A score whose docs are all equal hangs together with no other.
    """
    n = len(columns)
    if n < 2:
        return ALONE
    tail = (1 - CONFIDENCE) / 2
    alone, most = (float(scipy.stats.norm.isf(t)) for t in (tail, tail / n))
    q = float(np.quantile(_largest(_units(columns)), 1 - tail))
    each = float(scipy.stats.norm.sf(min(max(q, alone), most)))
    return Level(1 - 2 * each, n)


def _units(columns: Sequence[Column]) -> Array:
    """Return the influences, `[docs or sources, columns]`, each column of length 1, or of 0 where nothing varies."""
    row: dict[Hashable, int] = {}
    found = []
    for c in columns:
        at = np.array([row.setdefault(doc, len(row)) for doc in c.docs], dtype=np.int64)
        found.append((at, c.influence))
    matrix = np.stack([np.bincount(at, values, len(row)) for at, values in found], axis=1)
    length = np.sqrt((matrix**2).sum(axis=0))
    units: Array = np.where(length > EDGE, matrix / np.maximum(length, EDGE), 0.0)
    return units


def _largest(units: Array) -> Array:
    """Return draws of the largest of normal errors that hang together as the columns do."""
    is_flat = ~units.any(axis=0)
    same = units.T @ units
    same[is_flat, is_flat] = 1.0
    values, vectors = np.linalg.eigh(same)
    kept = values > EDGE * len(values)
    root = vectors[:, kept] * np.sqrt(values[kept])
    n = int(np.clip(_MOST_STEPS / root.size, _FEWEST_DRAWS, _DRAWS))
    rng = np.random.default_rng(SEED)
    step = max(1, int(2e7 / len(root)))
    parts = [
        (rng.standard_normal((min(step, n - start), root.shape[1])) @ root.T).max(axis=1)
        for start in range(0, n, step)
    ]
    return np.concatenate(parts)
