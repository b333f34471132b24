"""Where two models differ, task by task: the docs that both answered, paired.

Two models that were asked the same docs rise and fall together with how hard these are. Taking the difference doc by
doc removes that, so it tells models apart that two separate intervals do not.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from evalkit.analysis.facts import Estimate
from evalkit.analysis.paired import paired_interval
from evalkit.errors import UsageError, did_you_mean
from evalkit.records import Sample, TaskResult
from evalkit.store.run_dir import Run
from evalkit.wording import Said, say

_EQUAL = 1e-12
Array = NDArray[np.float64]
TaskKey = tuple[str, str]
"""Suite and task."""
MetricKey = tuple[str, str]
"""Filter and metric."""
Doc = tuple[int, str]
"""Id and hash of its content."""


class Compared(Protocol):
    """One model of a run, under the name that the report gives it."""

    @property
    def label(self) -> str:
        """Unique among those compared."""
        ...

    @property
    def name(self) -> str:
        """Its name in the run."""
        ...

    @property
    def run(self) -> Run:
        """Where it was asked."""
        ...


@dataclass(frozen=True, slots=True)
class TaskDifference:
    """One model against the reference on one task."""

    reference: str
    other: str
    suite: str
    task: str
    filter: str
    metric: str
    """The task's headline metric; empty where it has none."""
    is_higher_better: bool
    """False: differences are turned round, so that + is better here, too."""
    estimate: Estimate
    """Mean of other − reference over the docs that both answered, turned so that + means the other is better; its n is
    these docs. None: `reason` says why there are none."""
    wins: int = 0
    """Docs on which the other is better."""
    losses: int = 0
    ties: int = 0
    n_unpaired: int = 0
    """Docs that only one has a score for."""

    @property
    def sign(self) -> int | None:
        """Return 1: the other is clearly better; −1: clearly worse; 0: can't tell; None: nothing to compare."""
        e = self.estimate
        if e.value is None:
            return None
        if e.low is None or e.high is None:
            return 0
        return int(e.low > 0) - int(e.high < 0)


@dataclass(slots=True)
class _Asked:
    """One task as one model answered it."""

    samples: dict[str, list[Sample]] = field(default_factory=lambda: defaultdict(list))
    """By filter, in the order of the run; repeats follow each other."""
    results: list[TaskResult] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Scores:
    """Scores by one metric; arrays and lists are `[docs]`."""

    docs: list[Doc]
    values: Array


def differences(
    models: Sequence[Compared],
    reference: str | None = None,
    metrics: Mapping[str, str] | None = None,
) -> tuple[TaskDifference, ...]:
    """Compare every model with one of them on every task that either was asked, by the task's headline metric.

    Docs are the same when suite, task, number and content are. Repeats of a doc count as their mean.

    Args:
        models: In the order of the report; runs that are load tests have nothing to compare.
        reference: Label of the model the others are compared with; None: the first.
        metrics: Task → metric to compare by in place of the headline.

    Returns:
        Task by task, the models in their order. Empty with fewer than two models.

    Raises:
        UsageError: No model has that label.
    """
    if len(models) < 2:
        return ()
    labels = [m.label for m in models]
    if reference is not None and reference not in labels:
        hint = did_you_mean(reference, labels, f"There are: {', '.join(labels)}.")
        raise UsageError(f"no model is called {reference!r}.", hint)
    first = labels.index(reference) if reference is not None else 0
    asked = _asked(models)
    tasks = dict.fromkeys(key for model in (asked[first], *asked) for key in model)
    return tuple(
        found
        for key in tasks
        for found in _task(
            key, first, labels, [model.get(key) for model in asked], (metrics or {}).get(key[1])
        )
    )


def _asked(models: Sequence[Compared]) -> list[dict[TaskKey, _Asked]]:
    """Return what every model was asked; each run is gone through once, however many models it has."""
    cells: dict[int, dict[str, list[Sample]]] = {}
    found = []
    for model in models:
        run = model.run
        if id(run) not in cells:
            cells[id(run)] = defaultdict(list)
            for s in run.samples:
                cells[id(run)][s.cell_id].append(s)
        found.append(_asked_of(model, cells[id(run)]))
    return found


def _asked_of(model: Compared, by_cell: Mapping[str, list[Sample]]) -> dict[TaskKey, _Asked]:
    suites = {
        c.cell_id: c.suite
        for c in model.run.manifest.cells
        if c.state == "done" and c.model == model.name
    }
    found: dict[TaskKey, _Asked] = defaultdict(_Asked)
    for cell_id, suite in suites.items():
        for s in by_cell.get(cell_id, ()):
            found[suite, s.task].samples[s.filter].append(s)
    for result in model.run.results:
        key = (suites.get(result.cell_id, ""), result.task)
        if key in found and not result.is_group:
            found[key].results.append(result)
    return dict(found)


def _task(
    key: TaskKey,
    first: int,
    labels: Sequence[str],
    asked: Sequence[_Asked | None],
    metric: str | None,
) -> Iterator[TaskDifference]:
    """Yield what every other model gains on the reference; one that neither it nor the reference was asked has none."""
    chosen = next(
        (found for one in (asked[first], *asked) if one and (found := _headline(one, metric))), None
    )
    mine = _scores(asked[first], chosen)
    for i, label in enumerate(labels):
        if i == first or (asked[i] is None and asked[first] is None):
            continue
        blank = TaskDifference(
            reference=labels[first],
            other=label,
            suite=key[0],
            task=key[1],
            filter="" if chosen is None else chosen.filter,
            metric="" if chosen is None else chosen.metric,
            is_higher_better=chosen is None or chosen.higher_is_better is not False,
            estimate=Estimate(None, "score", 0, reason=_NO_METRIC),
        )
        theirs = _scores(asked[i], chosen)
        yield blank if chosen is None else _compared(blank, mine, theirs)


_NO_METRIC = say("no metric of the task has a score per doc and a known better side")


def _headline(asked: _Asked, metric: str | None) -> TaskResult | None:
    """Return the row of the metric to compare by, of the first filter that has one.

    It is the first one for which higher is better and every doc scores between 0 and 1, as for blends; else the first
    of which it is known which way is better.
    """
    rows: dict[MetricKey, TaskResult] = {}
    for r in asked.results:
        rows.setdefault((r.filter, r.metric), r)
    filters = list(dict.fromkeys(filter_name for filter_name, _ in rows))
    usable = [
        (row, values)
        for key, row in sorted(rows.items(), key=lambda item: filters.index(item[0][0]))
        if metric in (None, key[1])
        and row.higher_is_better is not None
        and len(values := _values(asked, key))
    ]
    shares = [r for r, v in usable if r.higher_is_better and v.min() >= 0 and v.max() <= 1]
    return next(iter([*shares, *(r for r, _ in usable)]), None)


def _values(asked: _Asked, by: MetricKey) -> Array:
    """Return every score there is, whichever doc it is of."""
    values = np.array([s.scores.get(by[1]) for s in asked.samples.get(by[0], ())], dtype=float)
    return np.asarray(values[np.isfinite(values)])


def _scores(asked: _Asked | None, chosen: TaskResult | None) -> _Scores | None:
    """Return a score per doc, repeats averaged; None where it was not asked or not scored so."""
    if asked is None or chosen is None:
        return None
    samples = asked.samples.get(chosen.filter, [])
    docs = [(s.doc_id, s.doc_hash) for s in samples]
    values = np.array([s.scores.get(chosen.metric) for s in samples], dtype=float)
    is_scored = np.isfinite(values)
    if not is_scored.all():
        docs = [doc for doc, there in zip(docs, is_scored, strict=True) if there]
        values = values[is_scored]
    unique = dict.fromkeys(docs)
    if len(unique) < len(docs):
        place = {doc: i for i, doc in enumerate(unique)}
        at = [place[doc] for doc in docs]
        values = np.bincount(at, values) / np.bincount(at)
    return _Scores(list(unique), values) if len(values) else None


def _compared(
    blank: TaskDifference, mine: _Scores | None, theirs: _Scores | None
) -> TaskDifference:
    if mine is None or theirs is None:
        who = blank.reference if mine is None else blank.other
        reason = say("{model} has no score per doc by this metric on this task", model=who)
        return _missing(blank, reason)
    if mine.docs == theirs.docs:
        a, b = mine.values, theirs.values
    else:
        there = {doc: i for i, doc in enumerate(theirs.docs)}
        rows = [(i, there[doc]) for i, doc in enumerate(mine.docs) if doc in there]
        if not rows:
            return _missing(blank, say("the two have no doc in common"))
        at, other = np.array(rows).T
        a, b = mine.values[at], theirs.values[other]
    change = b - a if blank.is_higher_better else a - b
    is_share = all(v.min() >= 0 and v.max() <= 1 for v in (mine.values, theirs.values))
    wins, losses = int((change > _EQUAL).sum()), int((change < -_EQUAL).sum())
    return replace(
        blank,
        estimate=_estimate(change, is_share=is_share),
        wins=wins,
        losses=losses,
        ties=len(change) - wins - losses,
        n_unpaired=len(mine.docs) + len(theirs.docs) - 2 * len(change),
    )


def _missing(blank: TaskDifference, reason: Said) -> TaskDifference:
    return replace(blank, estimate=Estimate(None, "score", 0, reason=reason))


def _estimate(change: Array, *, is_share: bool) -> Estimate:
    value, unit = math.fsum(change) / len(change), "share" if is_share else "score"
    found = paired_interval(change, is_share=is_share)
    if found is None:
        reason = say("too few different documents for an interval")
        return Estimate(value, unit, len(change), reason=reason)
    return Estimate(value, unit, len(change), found.low, found.high, found.method)
