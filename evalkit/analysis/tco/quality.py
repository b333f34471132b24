"""How good each option is: the mean over the tasks of the work, each by its weight."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from evalkit.analysis.arrays import Ints
from evalkit.analysis.blend.evaluate import Plan
from evalkit.analysis.blend.facts import Policy
from evalkit.analysis.blend.pairs import doc_weights
from evalkit.analysis.facts import SHARE, Estimate
from evalkit.analysis.outcomes import Outcome
from evalkit.analysis.simultaneous import Column, influence, level_of
from evalkit.analysis.weighted import ALONE, Level, Levels, Part, score_estimate
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


def levels_of(
    outcomes: Mapping[str, Sequence[Outcome]],
    plans: Iterable[Plan],
    policies: Sequence[Policy],
    weights: Mapping[str, float] | None,
) -> Levels:
    """Return how sure bounds must be, so that those of all models and all settings of blends hold together.

    Args:
        outcomes: Model → its outcomes.
        plans: The blends that are looked at.
        policies: Those that may be chosen.
        weights: What each task is of the work, as of `quality_of`.
    """
    scored = {model: [o for o in some if o.score is not None] for model, some in outcomes.items()}
    means = [c for some in scored.values() if (c := _column(some, weights)) is not None]
    means += [
        Column(p.pairs.units, influence(p.pairs.task, p.pairs.weight, scores))
        for p in plans
        for scores in p.blended(policies)
    ]
    tasks = sorted({o.task for some in scored.values() for o in some})
    return Levels(level_of(means), {task: _task_level(scored.values(), task) for task in tasks})


def _task_level(models: Iterable[Sequence[Outcome]], task: str) -> Level:
    mine = (_column([o for o in some if o.task == task], None) for some in models)
    return level_of([c for c in mine if c is not None])


def _column(outcomes: Sequence[Outcome], weights: Mapping[str, float] | None) -> Column | None:
    """Return a model's mean score as something that was looked at; None: none of its docs counts."""
    used = [o for o in outcomes if weights is None or weights.get(o.task)]
    if not used:
        return None
    names = sorted({o.task for o in used})
    task = np.array([names.index(o.task) for o in used], dtype=np.int64)
    weight = doc_weights(task, [1.0 if weights is None else weights[name] for name in names])
    scores = np.array([o.score for o in used], dtype=float)
    return Column([o.unit for o in used], influence(task, weight, scores))


def sources_of(outcomes: Iterable[Outcome]) -> Ints | None:
    """Return which source each doc is of; None where every doc is its own."""
    names = [o.source for o in outcomes]
    if any(name is None for name in names):
        return None
    return np.unique(np.array(names, dtype=str), return_inverse=True)[1]
