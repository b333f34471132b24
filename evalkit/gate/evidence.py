"""Two sides with their docs paired: what every rule about docs reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from evalkit.analysis.arrays import Array
from evalkit.analysis.docs import DocPairs, Headline, alike, headlines, pair
from evalkit.analysis.scores import TaskKey
from evalkit.gate.side import Side

SAME = 2e-6
"""Scores that differ by no more of themselves (or of 1) are the same."""


def damage_of(before: Array, after: Array, *, is_higher_better: bool) -> Array:
    """Return how much worse each score is; an accepted baseline keeps six figures, and less than that is nothing."""
    change = before - after if is_higher_better else after - before
    is_same = np.abs(change) <= SAME * np.maximum(1, np.abs(before))
    found: Array = np.where(is_same, 0.0, change)
    return found


@dataclass(frozen=True, slots=True)
class Evidence:
    """Two sides with their docs paired."""

    baseline: Side
    candidate: Side
    pairs: Mapping[TaskKey, DocPairs]
    """Pairs of every task that both sides were asked, in the baseline's order."""
    headlines: Mapping[TaskKey, Headline]
    named: Mapping[TaskKey, str]
    """Score that the policy judges a task's accuracy by in place of the headline."""

    @property
    def tasks(self) -> list[TaskKey]:
        """Every task of either side, the baseline's first."""
        return list(dict.fromkeys([*self.baseline.tasks, *self.candidate.tasks]))

    def score(self, key: TaskKey, wanted: str | None) -> str | None:
        """Return the name of a task's score: the one wanted, else its headline if that is a share; None: neither."""
        return wanted or accuracy_of(self.headlines, key)


def accuracy_of(judged: Mapping[TaskKey, Headline], key: TaskKey) -> str | None:
    """Return the name of a task's headline where it is a share of which more is better."""
    headline = judged.get(key)
    return headline.name if headline is not None and headline.is_accuracy else None


def evidence_of(
    baseline: Side, candidate: Side, named: Mapping[TaskKey, str] | None = None
) -> Evidence:
    """Pair the docs of two sides.

    Args:
        baseline: One side.
        candidate: The other.
        named: Task → score that the policy judges its accuracy by in place of the headline.
    """
    mine, theirs = dict(baseline.tasks), dict(candidate.tasks)
    for key in mine.keys() & theirs.keys():
        mine[key], theirs[key] = alike([mine[key], theirs[key]])
    pairs = {key: pair(task, theirs[key]) for key, task in mine.items() if key in theirs}
    return Evidence(
        replace(baseline, tasks=mine),
        replace(candidate, tasks=theirs),
        pairs,
        headlines((mine, theirs)),
        named or {},
    )
