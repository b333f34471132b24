"""Are the options' scores over the same tasks? A mean over other tasks than a rival's is no comparison.

The metric of a task is chosen once, for all models (`docs.headlines`). A task counts in a mean score where every doc
of every model scores between 0 and 1 by it. A single doc outside, such as a penalty, takes its task out of every
model's mean, never out of one alone, and is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.analysis.docs import DocTable, Headline
from evalkit.analysis.facts import SHARE, Estimate
from evalkit.analysis.outcomes import Outcome
from evalkit.analysis.scores import RATES, TaskKey, TaskScores
from evalkit.analysis.tco.blends import Blend
from evalkit.analysis.tco.options import Resolved
from evalkit.wording import Said, joined, numeral, say

_MOST = 0.5
"""Share of docs outside 0 to 1 beyond which a metric is no share with a slip, but another kind of number."""


@dataclass(frozen=True, slots=True)
class Outside:
    """A task of which some docs score outside 0 to 1 by its first metric."""

    task: str
    metric: str
    model: str
    doc_id: int
    score: float
    n: int
    """Docs outside, of all models."""
    instead: str | None
    """The metric that judges it instead, for all models; None: it counts in no mean score."""

    @property
    def why(self) -> Said:
        """Name the first of the docs."""
        return say(
            "document {doc} of {model} scores {score} by {metric}, outside 0 to 1",
            doc=numeral(f"{self.doc_id}"),
            model=self.model,
            score=numeral(f"{self.score:.4g}".replace("-", "−")),
            metric=self.metric,
        )


def outside(table: DocTable) -> Iterator[Outside]:
    """Yield the tasks of which some docs score outside 0 to 1 by the metric that would judge them."""
    for key, headline in table.headlines.items():
        found = _outside(table, key, headline)
        if found is not None:
            yield found


def _outside(table: DocTable, key: TaskKey, headline: Headline) -> Outside | None:
    asked = [
        (model, tasks[key])
        for models in table.models
        for model, tasks in models.items()
        if key in tasks
    ]
    name = headline.name
    if headline.is_accuracy:
        name = next((n for n in _gaining(asked[0][1]) if n in asked[0][1].scores), name)
    elif headline.is_higher_better is not True:
        return None
    places = [
        (model, int(doc), float(score))
        for model, task in asked
        for doc, score in zip(task.doc_ids, task.scores.get(name, ()), strict=False)
        if np.isfinite(score) and not 0 <= score <= 1
    ]
    n_docs = sum(len(task.known(name)) for _, task in asked)
    is_slip = headline.is_accuracy and len(places) <= _MOST * n_docs
    if not places or (headline.is_accuracy and not is_slip):
        return None
    metric = asked[0][1].metrics.get(name, ("", name))[1]
    instead = headline.metric if headline.is_accuracy else None
    return Outside(key[1], metric, *places[0], len(places), instead)


def _gaining(task: TaskScores) -> Iterator[str]:
    """Yield the metrics of which more is better, in the task's order."""
    for name in task.scores:
        if name not in RATES and task.is_higher_better.get(name):
            yield name


def outside_warnings(found: Iterable[Outside]) -> Iterator[Said]:
    """Say what became of each task, and name a doc."""
    for one in found:
        n = numeral(f"{one.n}")
        if one.instead is None:
            yield say(
                "{task} counts in no model's mean score: {why} (such documents: {n}). Correct its scoring, name another"
                " metric in `policy: quality: metrics`, or give it weight 0 in `load: task_weights`.",
                task=one.task,
                why=one.why,
                n=n,
            )
        else:
            yield say(
                "{task} is judged by {metric} for every model: {why} (such documents: {n}).",
                task=one.task,
                metric=one.instead,
                why=one.why,
                n=n,
            )


# --- the same tasks -----------------------------------------------------------------------------------------------


def uneven(
    options: Sequence[Resolved],
    mixed: Sequence[Blend],
    left_out: Sequence[Outside],
    weights: Mapping[str, float] | None,
) -> dict[str, Said]:
    """Return option → why its mean score is not over all tasks that count; others are left out."""
    asked = {r.spec.name: scored_tasks(r.outcomes, weights) for r in options if r.outcomes}
    everything = set().union(*asked.values())
    dropped = [one for one in left_out if one.instead is None and _counts(one.task, weights)]
    asked |= {b.name: {t.task for t in b.fact.tasks} for b in mixed if b.fact.n_docs}
    return {
        name: why for name, tasks in asked.items() if (why := _why(everything - tasks, dropped))
    }


def scored_tasks(outcomes: Iterable[Outcome], weights: Mapping[str, float] | None) -> set[str]:
    """Return the tasks with a score that count."""
    return {o.task for o in outcomes if o.score is not None and _counts(o.task, weights)}


def _counts(task: str, weights: Mapping[str, float] | None) -> bool:
    return weights is None or bool(weights.get(task))


def _why(missing: Iterable[str], dropped: Sequence[Outside]) -> Said:
    tasks = sorted(missing)
    parts = [say("no score on {tasks}", tasks=joined(tasks))] if tasks else []
    parts += [say("{task} is left out, since {why}", task=d.task, why=d.why) for d in dropped]
    return joined(parts, "; ")


def no_share(left_out: Iterable[Outside], models: Iterable[str]) -> dict[tuple[str, str], Estimate]:
    """Return model and task → why the task has no score between 0 and 1."""
    names = tuple(models)
    return {
        (model, one.task): Estimate(None, SHARE, 0, reason=one.why)
        for one in left_out
        if one.instead is None
        for model in names
    }
