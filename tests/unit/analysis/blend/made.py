"""Pairs of answers from arrays, and worlds where the truth is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from evalkit.analysis.arrays import Array
from evalkit.analysis.blend.pairs import Pairs, doc_weights
from evalkit.analysis.outcomes import Signal


def pairs_of(
    task: Sequence[int],
    local: Sequence[float] | Array,
    vendor: Sequence[float] | Array,
    cost: Sequence[float] | Array | None = None,
    weights: Sequence[float] | None = None,
    confidence: Mapping[Signal, Sequence[float] | Array] | None = None,
) -> Pairs:
    """Docs ordered by task; tasks are called a, b, …"""
    tasks = np.asarray(task, dtype=np.int64)
    n_tasks = int(tasks.max()) + 1
    return Pairs(
        names=tuple("abcdefghijklmnopqrstuvwxyz"[:n_tasks]),
        metrics=("acc",) * n_tasks,
        task=tasks,
        local=np.asarray(local, dtype=float),
        vendor=np.asarray(vendor, dtype=float),
        weight=doc_weights(tasks, weights or [1.0] * n_tasks),
        cost=None if cost is None else np.asarray(cost, dtype=float),
        confidence={s: np.full(len(tasks), np.nan) for s in Signal}
        | {s: np.asarray(c, dtype=float) for s, c in (confidence or {}).items()},
    )


def world(
    seed: int,
    n: int = 600,
    n_tasks: int = 3,
    local: float = 0.6,
    vendor: float = 0.85,
    knows: float = 0.0,
) -> Pairs:
    """Return docs of a local model that is right with `local`, and a vendor that is right with `vendor`.

    The margin tells whether the vendor gains: `knows` = 1 always, 0 never.
    """
    rng = np.random.default_rng(seed)
    task = np.sort(np.arange(n) % n_tasks)
    mine = (rng.random(n) < local).astype(float)
    theirs = (rng.random(n) < vendor).astype(float)
    told = rng.random(n) < knows
    margin = np.where(told, 0.5 - 0.4 * (theirs - mine), rng.random(n)) + 1e-3 * rng.random(n)
    return pairs_of(task, mine, theirs, np.full(n, 0.01), confidence={Signal.MARGIN: margin})
