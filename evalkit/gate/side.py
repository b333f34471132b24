"""One side of a comparison: what a model scored on each doc, how long each request took, and how it was asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from evalkit.analysis.arrays import Array, Ints
from evalkit.analysis.scores import TaskKey, TaskScores, mean_at
from evalkit.errors import DataError
from evalkit.gate.facts import SideFact

HASH_LENGTH = 12
"""Hex digits kept of the hash of a doc or prompt: 48 bits, enough to tell a million apart."""
ConditionKey = tuple[str, str]
"""Name and place: `fewshot` of a suite, `task-version` of a task, `hardware` of the machine."""


@dataclass(frozen=True, slots=True)
class RunValues:
    """What one run measured of speed and resources: the unit of every verdict on them."""

    started_at: str
    """ISO 8601, UTC."""
    prompts: tuple[str, ...] = ()
    """`suite/task/doc` of the requests that were timed."""
    latency: Mapping[str, Array] = field(default_factory=dict)
    """`ttft`, `tpot`, `e2e` → seconds, `[prompts]`; NaN where it has none."""
    values: Mapping[str, float] = field(default_factory=dict)
    """`memory:…` bytes by where they were measured, `energy_per_token` J, `throughput:PROFILE` requests/s."""


@dataclass(frozen=True, slots=True)
class Side:
    """Everything a gate needs of one side; runs are in the order in which they began."""

    fact: SideFact
    is_api: bool
    tasks: Mapping[TaskKey, TaskScores]
    """Scores averaged over runs and repeats."""
    costs: Mapping[TaskKey, Array]
    """US dollars per doc, `[docs]` as in `tasks`; NaN: not known."""
    runs: tuple[RunValues, ...]
    conditions: Mapping[ConditionKey, str]
    folders: tuple[Path, ...] = ()
    """Folders of its runs, to look up texts; none for an accepted baseline."""

    @property
    def timed_runs(self) -> tuple[RunValues, ...]:
        """Return runs that timed requests."""
        return tuple(r for r in self.runs if r.prompts)


def merged_sides(sides: Sequence[Side]) -> Side:
    """Put runs of one model together.

    Raises:
        DataError: They were not made under the same conditions.
    """
    ordered = sorted(sides, key=lambda side: side.fact.first_run)
    first, last = ordered[0], ordered[-1]
    conditions = _same_conditions(ordered)
    tasks = _merged_tasks(ordered)
    fact = replace(
        first.fact,
        n_runs=sum(s.fact.n_runs for s in ordered),
        n_docs=sum(len(t.doc_ids) for t in tasks.values()),
        last_run=last.fact.last_run,
    )
    return Side(
        fact=fact,
        is_api=any(s.is_api for s in ordered),
        tasks=tasks,
        costs=_merged_costs(ordered, tasks),
        runs=tuple(run for s in ordered for run in s.runs),
        conditions=conditions,
        folders=tuple(folder for s in ordered for folder in s.folders),
    )


def _same_conditions(sides: Sequence[Side]) -> dict[ConditionKey, str]:
    seen: dict[ConditionKey, tuple[str, str]] = {}
    for side in sides:
        for key, value in side.conditions.items():
            other, label = seen.setdefault(key, (value, side.fact.label))
            if other != value:
                raise DataError(
                    f"{side.fact.label}: not made like {label}: {key[0]} of {key[1]}: {value}, there {other}.",
                    "Runs of one side must be repetitions of the same measurement.",
                )
    return {key: value for key, (value, _) in seen.items()}


def _merged_tasks(sides: Sequence[Side]) -> dict[TaskKey, TaskScores]:
    by_task: dict[TaskKey, list[TaskScores]] = defaultdict(list)
    for side in sides:
        for key, task in side.tasks.items():
            by_task[key].append(task)
    return {key: merged_scores(some) for key, some in by_task.items()}


def _merged_costs(
    sides: Sequence[Side], tasks: Mapping[TaskKey, TaskScores]
) -> dict[TaskKey, Array]:
    found = {}
    for key, task in tasks.items():
        some = [s for s in sides if key in s.tasks]
        places = [np.searchsorted(task.doc_ids, s.tasks[key].doc_ids) for s in some]
        costs = np.concatenate([s.costs[key] for s in some])
        found[key] = mean_at(np.concatenate(places), costs, len(task.doc_ids))
    return found


def merged_scores(parts: Sequence[TaskScores]) -> TaskScores:
    """Return one task over several runs: each doc's mean over the runs that scored it."""
    first = parts[0]
    if len(parts) == 1:
        return first
    ids = np.unique(np.concatenate([p.doc_ids for p in parts]))
    places = [np.searchsorted(ids, p.doc_ids) for p in parts]
    texts: dict[int, tuple[str, str, str | None]] = {}
    for part in parts:
        nobody: list[str | None] = [None] * len(part.doc_ids)
        groups = part.clusters or nobody
        rows = zip(part.doc_hashes, part.prompt_hashes, groups, strict=True)
        for doc_id, row in zip(part.doc_ids.tolist(), rows, strict=True):
            texts.setdefault(doc_id, row)
    names = dict.fromkeys(name for p in parts for name in p.scores)
    hashes = [texts[doc_id] for doc_id in ids.tolist()]
    return TaskScores(
        suite=first.suite,
        task=first.task,
        doc_ids=ids,
        doc_hashes=[h[0] for h in hashes],
        prompt_hashes=[h[1] for h in hashes],
        scores={name: mean_over(name, parts, places, len(ids)) for name in names},
        is_higher_better={n: b for p in reversed(parts) for n, b in p.is_higher_better.items()},
        metrics=first.metrics,
        clusters=None if first.clusters is None else [h[2] or "" for h in hashes],
    )


def mean_over(name: str, parts: Sequence[TaskScores], places: Sequence[Ints], n: int) -> Array:
    """Return the mean of a score over parts, `[n]`; NaN where none has it."""
    there = [i for i, p in enumerate(parts) if name in p.scores]
    values = np.concatenate([parts[i].scores[name] for i in there])
    return mean_at(np.concatenate([places[i] for i in there]), values, n)
