"""Where two models differ, task by task: the docs that both answered, paired.

Two models that were asked the same docs rise and fall together with how hard these are. Taking the difference doc by
doc removes that, so it tells models apart that two separate intervals do not.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from evalkit.analysis.arrays import EDGE, Array
from evalkit.analysis.docs import DocTable, Headline, pair
from evalkit.analysis.facts import SHARE, Estimate
from evalkit.analysis.paired import paired_interval
from evalkit.analysis.scores import TaskKey, TaskScores
from evalkit.errors import UsageError, did_you_mean
from evalkit.store.run_dir import Run
from evalkit.wording import Said, say


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


def differences(
    models: Sequence[Compared], table: DocTable, reference: str | None = None
) -> tuple[TaskDifference, ...]:
    """Compare every model with one of them on every task that either was asked, by the task's headline metric.

    Docs are the same when suite, task, number and content are. Repeats of a doc count as their mean.

    Args:
        models: In the order of the report; runs that are load tests have nothing to compare.
        table: Of their runs.
        reference: Label of the model the others are compared with; None: the first.

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
    asked = [table.of(m.run, m.name) for m in models]
    tasks = dict.fromkeys(key for model in (asked[first], *asked) for key in model)
    return tuple(
        found
        for key in tasks
        for found in _task(
            key, first, labels, [model.get(key) for model in asked], table.headlines.get(key)
        )
    )


def _task(
    key: TaskKey,
    first: int,
    labels: Sequence[str],
    asked: Sequence[TaskScores | None],
    headline: Headline | None,
) -> Iterator[TaskDifference]:
    """Yield what every other model gains on the reference; one that neither it nor the reference was asked has none."""
    for i, label in enumerate(labels):
        if i == first or (asked[i] is None and asked[first] is None):
            continue
        blank = TaskDifference(
            reference=labels[first],
            other=label,
            suite=key[0],
            task=key[1],
            filter="" if headline is None else headline.filter,
            metric="" if headline is None else headline.metric,
            is_higher_better=headline is None or headline.is_higher_better is not False,
            estimate=Estimate(None, "score", 0, reason=_NO_METRIC),
        )
        if headline is None or headline.is_higher_better is None:
            yield replace(blank, filter="", metric="")
        else:
            yield _compared(blank, headline, asked[first], asked[i])


_NO_METRIC = say("no metric of the task has a score per doc and a known better side")


def _compared(
    blank: TaskDifference, headline: Headline, one: TaskScores | None, other: TaskScores | None
) -> TaskDifference:
    name = headline.name
    for task, who in ((one, blank.reference), (other, blank.other)):
        if task is None or not len(task.known(name)):
            reason = say("{model} has no score per doc by this metric on this task", model=who)
            return _missing(blank, reason)
    assert one is not None
    assert other is not None
    pairs = pair(one, other)
    change = other.scores[name][pairs.other] - one.scores[name][pairs.one]
    change = change[np.isfinite(change)]
    if not len(change):
        return _missing(blank, say("the two have no doc in common"))
    change = change if headline.is_higher_better else -change
    wins, losses = int((change > EDGE).sum()), int((change < -EDGE).sum())
    return replace(
        blank,
        estimate=_estimate(change, is_share=headline.is_share),
        wins=wins,
        losses=losses,
        ties=len(change) - wins - losses,
        n_unpaired=len(one.known(name)) + len(other.known(name)) - 2 * len(change),
    )


def _missing(blank: TaskDifference, reason: Said) -> TaskDifference:
    return replace(blank, estimate=Estimate(None, "score", 0, reason=reason))


def _estimate(change: Array, *, is_share: bool) -> Estimate:
    value, unit = math.fsum(change) / len(change), SHARE if is_share else "score"
    found = paired_interval(change, is_share=is_share)
    if found is None:
        reason = say("too few different documents for an interval")
        return Estimate(value, unit, len(change), reason=reason)
    return Estimate(value, unit, len(change), found.low, found.high, found.method)
