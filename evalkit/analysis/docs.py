"""The one table of docs: what each model scored, by which metric a task is judged, and which docs are the same.

Summary, differences, quality, blends, gate and explorer read it, so that no two of them rank models by different
metrics or pair other docs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from evalkit.analysis.arrays import Ints, are_shares
from evalkit.analysis.scores import RATES, MetricKey, TaskKey, TaskScores, run_scores
from evalkit.errors import UsageError, did_you_mean
from evalkit.store.run_dir import Run

# --- the headline -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Headline:
    """The metric that a task is judged by, wherever models are compared on it."""

    name: str
    """Among `TaskScores.scores`."""
    filter: str
    metric: str
    is_higher_better: bool | None
    """None: the task does not say, or the models' tasks contradict each other."""
    is_share: bool
    """Whether every doc of every model compared scores between 0 and 1."""

    @property
    def is_accuracy(self) -> bool:
        """Whether it is a share of which more is better: its sum counts right answers."""
        return self.is_share and self.is_higher_better is True


def headlines(
    models: Iterable[Mapping[TaskKey, TaskScores]], wanted: Mapping[str, str] | None = None
) -> dict[TaskKey, Headline]:
    """Return the metric that each task is judged by; a task without a score per doc has none.

    It is a metric that every model has, for which higher is better and every doc of every model scores between 0 and
    1; else one that every model has and of which it is known which way is better; else any. Of several it is one that
    every answered doc has a score by, then the one that the task lists first.

    Args:
        models: What each one that is compared scored.
        wanted: Task → metric to judge it by instead.

    Raises:
        UsageError: No model has such a metric with a score per doc, or lower is better for it.
    """
    asked: dict[TaskKey, list[TaskScores]] = defaultdict(list)
    for model in models:
        for key, task in model.items():
            asked[key].append(task)
    found = {key: _headline(tasks, (wanted or {}).get(key[1])) for key, tasks in asked.items()}
    return {key: one for key, one in found.items() if one is not None}


def _headline(tasks: Sequence[TaskScores], wanted: str | None) -> Headline | None:
    every = [h for name in _names(tasks) if (h := _as_headline(name, tasks)) is not None]
    if wanted is not None:
        return _wanted(every, wanted, tasks[0].task)
    n_scored = [t.n_scored for t in tasks]
    return min(every, key=lambda h: _rank(h, tasks, n_scored), default=None)


def _rank(h: Headline, tasks: Sequence[TaskScores], n_scored: Sequence[int]) -> tuple[bool, ...]:
    """Return what speaks against a metric, the gravest first."""
    n_known = [len(t.known(h.name)) for t in tasks]
    misses_a_model = any(n and not known for known, n in zip(n_known, n_scored, strict=True))
    return (
        misses_a_model,
        not h.is_accuracy,
        h.is_higher_better is None,
        sum(n_known) < sum(n_scored),
    )


def _names(tasks: Sequence[TaskScores]) -> list[str]:
    """Return the metrics in the task's order, which accepted baselines may not keep."""
    ordered = sorted(tasks, key=lambda t: not t.metrics)
    return [
        name for name in dict.fromkeys(n for t in ordered for n in t.scores) if name not in RATES
    ]


def _as_headline(name: str, tasks: Sequence[TaskScores]) -> Headline | None:
    """Return what a metric would be as a headline; None where no doc has a score by it."""
    values = np.concatenate([t.known(name) for t in tasks])
    if not len(values):
        return None
    filter_name, metric = next((t.metrics[name] for t in tasks if name in t.metrics), ("", name))
    ways = {t.is_higher_better[name] for t in tasks if name in t.is_higher_better}
    way = ways.pop() if len(ways) == 1 else None
    return Headline(name, filter_name, metric, way, are_shares(values))


def _wanted(every: Sequence[Headline], wanted: str, task: str) -> Headline:
    known = dict.fromkeys(h.metric for h in every)
    for h in every:
        if wanted not in (h.name, h.metric):
            continue
        if h.is_higher_better is None:
            raise UsageError(
                f"metrics: {task}: {wanted}: the task does not say which way is better.",
                "Set `higher_is_better` for it in the task's `metric_list`, and measure again.",
            )
        if h.is_higher_better is False:
            raise UsageError(
                f"metrics: {task}: {wanted}: lower is better for this metric.",
                f"Name one for which higher is better; there are: {', '.join(known)}.",
            )
        return h
    there = f"There are: {', '.join(known)}." if known else "It has none."
    raise UsageError(
        f"metrics: {task}: there is no metric {wanted!r} with a score per doc.",
        did_you_mean(wanted, known, there),
    )


def alike(tasks: Sequence[TaskScores]) -> list[TaskScores]:
    """Return one task of several models with one name for each filter and metric.

    Which filter is the first, and so has none in its names, may differ where a model lacks one.
    """
    named: dict[MetricKey, str] = {}
    for task in tasks:
        for name, key in task.metrics.items():
            is_taken = name in named.values()
            named.setdefault(key, f"{key[1]} ({key[0]})" if is_taken else name)
    return [_renamed(task, named) for task in tasks]


def _renamed(task: TaskScores, named: Mapping[MetricKey, str]) -> TaskScores:
    new = {old: named[key] for old, key in task.metrics.items()}
    if all(old == name for old, name in new.items()):
        return task
    return replace(
        task,
        scores={new.get(name, name): values for name, values in task.scores.items()},
        is_higher_better={new.get(name, name): b for name, b in task.is_higher_better.items()},
        metrics={new[name]: key for name, key in task.metrics.items()},
    )


# --- the models of several runs -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DocTable:
    """What every model of some runs scored, and the metric that each task is judged by."""

    runs: tuple[Run, ...]
    models: tuple[Mapping[str, Mapping[TaskKey, TaskScores]], ...]
    """Scores by model and task, one mapping per run."""
    headlines: Mapping[TaskKey, Headline]

    def of(self, run: Run, model: str) -> Mapping[TaskKey, TaskScores]:
        """Return what a model scored in one of the runs; nothing where it was not asked."""
        at = next(i for i, one in enumerate(self.runs) if one is run)
        return self.models[at].get(model, {})


def judged_by(table: DocTable, scores: Mapping[str, str]) -> DocTable:
    """Return a table whose tasks are judged by given scores, where more of them is better, as by a gate beside it.

    Args:
        table: What is compared.
        scores: Task → name of a score.
    """
    every = [tasks for models in table.models for tasks in models.values()]
    fitting = {
        task: name
        for task, name in scores.items()
        for tasks in every
        for key, found in tasks.items()
        if key[1] == task and found.is_higher_better.get(name) and len(found.known(name))
    }
    return replace(table, headlines=headlines(every, fitting))


def doc_table(
    runs: Iterable[Run],
    wanted: Mapping[str, str] | None = None,
    clusters: Mapping[str, str] | None = None,
    *,
    with_rates: bool = False,
) -> DocTable:
    """Return the table of some runs.

    Args:
        runs: Finished ones.
        wanted: Task → metric to judge it by, as of `headlines`.
        clusters: Task → key of its docs whose value names the source.
        with_rates: Derived rates are among the scores.

    Raises:
        UsageError: As `headlines`.
        DataError: A doc lacks the key of its source.
    """
    every = tuple(runs)
    models = _alike_in([run_scores(run, clusters, with_rates=with_rates) for run in every])
    return DocTable(every, models, headlines((t for m in models for t in m.values()), wanted))


_Models = dict[str, dict[TaskKey, TaskScores]]


def _alike_in(runs: Sequence[_Models]) -> tuple[_Models, ...]:
    """Give every filter and metric of a task one name, over all models of all runs."""
    places: dict[TaskKey, list[dict[TaskKey, TaskScores]]] = defaultdict(list)
    for run in runs:
        for tasks in run.values():
            for key in tasks:
                places[key].append(tasks)
    for key, some in places.items():
        for tasks, task in zip(some, alike([tasks[key] for tasks in some]), strict=True):
            tasks[key] = task
    return tuple(runs)


# --- pairs --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DocPairs:
    """The docs of one task that two models were both asked: indices into the arrays of each, `[pairs]`."""

    one: Ints
    other: Ints
    n_unpaired: int
    """Docs that only one of them has."""
    n_other_prompts: int
    """Pairs whose prompts differ."""


def pair(one: TaskScores, other: TaskScores) -> DocPairs:
    """Pair docs by their number and the hash of their content."""
    at, there = matched(_docs(one), _docs(other))
    n_docs = len(one.doc_ids) + len(other.doc_ids)
    if one.prompt_hashes == other.prompt_hashes and len(at) == len(one.doc_ids):
        return DocPairs(at, there, n_docs - 2 * len(at), 0)
    prompts = zip(at.tolist(), there.tolist(), strict=True)
    n_other = sum(one.prompt_hashes[i] != other.prompt_hashes[j] for i, j in prompts)
    return DocPairs(at, there, n_docs - 2 * len(at), n_other)


def _docs(task: TaskScores) -> list[tuple[int, str]]:
    return list(zip(task.doc_ids.tolist(), task.doc_hashes, strict=True))


def matched(one: Sequence[Hashable], other: Sequence[Hashable]) -> tuple[Ints, Ints]:
    """Return where the docs that both have stand in each of two lists, in the order of the first."""
    if one == other:
        at = np.arange(len(one), dtype=np.int64)
        return at, at
    there = {doc: i for i, doc in enumerate(other)}
    found = [(i, there[doc]) for i, doc in enumerate(one) if doc in there]
    at, place = np.array(found, dtype=np.int64).reshape(-1, 2).T
    return at, place
