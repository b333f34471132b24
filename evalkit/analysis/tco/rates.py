"""How often each model fails in a way that a policy limits: invents, refuses, or gives what can't be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from evalkit.analysis.docs import DocTable
from evalkit.analysis.facts import SHARE, Estimate
from evalkit.analysis.scores import TaskScores
from evalkit.analysis.stats import CONFIDENCE
from evalkit.analysis.tco.facts import OptionFact, answering
from evalkit.analysis.weighted import Level, Part, score_estimate
from evalkit.wording import say


def rates_of(
    table: DocTable,
    options: Sequence[OptionFact],
    names: Sequence[str],
    weights: Mapping[str, float] | None,
) -> dict[tuple[str, str], Estimate]:
    """Return option and rate → the mean over the tasks that have it, bounded for all options together (Bonferroni).

    Args:
        table: With rates.
        options: What is compared.
        names: The rates.
        weights: What each task is of the work; None: all the same.
    """
    models = {m for o in options for m in o.models}
    level = Level(1 - (1 - CONFIDENCE) / max(1, len(models)), max(1, len(models)))
    return {(o.name, n): _rate(table, o, n, weights, level) for o in options for n in names}


def _rate(
    table: DocTable,
    option: OptionFact,
    name: str,
    weights: Mapping[str, float] | None,
    level: Level,
) -> Estimate:
    last: dict[str, dict[tuple[str, str], TaskScores]] = {}
    for models in table.models:
        for model in option.models:
            last.setdefault(model, {}).update(models.get(model, {}))
    parts = []
    for task in sorted({t for tasks in last.values() for _, t in tasks}):
        weight = 1.0 if weights is None else weights.get(task, 0.0)
        who = answering(option, task)
        found = [s.known(name) for m in who for (_, t), s in last[m].items() if t == task]
        values = np.concatenate([v for v in found if len(v)]) if any(map(len, found)) else None
        if weight <= 0 or values is None:
            continue
        if len(who) > 1:
            reason = say("this policy's rate on a single task is not computed")
            return Estimate(None, SHARE, 0, reason=reason)
        parts.append(Part(weight, values))
    if not parts:
        return Estimate(None, SHARE, 0, reason=say("no task that was asked tells it"))
    return score_estimate(parts, level)
