"""How good each option is: the mean over the tasks of the work, each by its weight."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

import numpy as np

from evalkit.analysis.arrays import Ints
from evalkit.analysis.facts import SHARE, Estimate
from evalkit.analysis.outcomes import Outcome
from evalkit.analysis.weighted import ALONE, Level, Part, score_estimate
from evalkit.wording import say


def quality_of(
    outcomes: Iterable[Outcome], weights: Mapping[str, float] | None, level: Level = ALONE
) -> Estimate:
    """Return the mean score over tasks of one model.

    Args:
        outcomes: One per doc.
        weights: What each task is of the work; None: all the same. Tasks without one do not count.
        level: Of the interval.
    """
    by_task: dict[str, list[Outcome]] = defaultdict(list)
    for o in outcomes:
        if o.score is not None and (weights is None or weights.get(o.task)):
            by_task[o.task].append(o)
    if not by_task:
        return Estimate(None, SHARE, 0, reason=say("not measured"))
    parts = [
        Part(
            1.0 if weights is None else weights[task],
            np.array([o.score for o in some], dtype=float),
            sources_of(some),
        )
        for task, some in by_task.items()
    ]
    return score_estimate(parts, level)


def sources_of(outcomes: Iterable[Outcome]) -> Ints | None:
    """Return which source each doc is of; None where every doc is its own."""
    names = [o.source for o in outcomes]
    if any(name is None for name in names):
        return None
    return np.unique(np.array(names, dtype=str), return_inverse=True)[1]
