"""Which docs each policy sends to the vendor, decided on other docs than those it is applied to.

The docs of every task are dealt into folds. A cascade's threshold, or a choice of tasks, is learned from all folds but
one and applied to that one; together the folds give one decision per doc and setting, none of which saw the doc's own
score. One threshold holds for all tasks, on the raw signal, as people run it: a margin of 0.2 says less on a task with
five choices than on one with two, and that costs such a policy what it costs in production.

Signals with few values (could the answer be read?) reach any share too: docs at the threshold are escalated with the
probability that made up the share on the other folds, by one random number per doc, so that a higher target never takes
a doc back. Docs without the signal count as surest and stay local, up to the last setting, where everything goes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.analysis.arrays import Array, Flags, Ints
from evalkit.analysis.blend.pairs import Pairs
from evalkit.analysis.outcomes import Signal
from evalkit.wording import NOTHING, Said, say_n

TARGETS = tuple(i / 20 for i in range(21))
N_FOLDS = 5
LEAST_DOCS = 10


@dataclass(frozen=True, slots=True, eq=False)
class Decisions:
    """What a policy does with every doc, at each of its settings."""

    targets: tuple[float, ...]
    escalated: Array
    """[docs, settings]: 1 for a doc that goes to the vendor; a share where only that is known."""
    thresholds: tuple[float | None, ...]
    tasks: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Folds:
    """Docs dealt into parts of which each holds its share of every task."""

    fold: Ints
    """[docs]"""
    n: int
    """0: there are none, `reason` says why."""
    reason: Said = NOTHING


def deal(pairs: Pairs, rng: np.random.Generator) -> Folds:
    """Deal the docs of each task into folds, one after another."""
    sizes = np.bincount(pairs.task, minlength=len(pairs.names))
    if pairs.n < LEAST_DOCS:
        return _no_folds(
            pairs,
            say_n(
                "{n} doc; it takes {least} to choose on some of them and score on others",
                "{n} docs; it takes {least} to choose on some of them and score on others",
                pairs.n,
                least=f"{LEAST_DOCS}",
            ),
        )
    fold = np.empty(pairs.n, dtype=np.int64)
    for one in range(len(sizes)):
        # dealing goes on where the last task ended, which keeps the folds equally large
        docs = rng.permutation(np.flatnonzero(pairs.task == one))
        fold[docs] = (np.arange(len(docs)) + sizes[:one].sum()) % N_FOLDS
    return Folds(fold, N_FOLDS)


def _no_folds(pairs: Pairs, reason: Said) -> Folds:
    return Folds(np.zeros(pairs.n, dtype=np.int64), 0, reason)


# --- cascades -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Thresholds:
    """For each share of docs, the confidence below which they are escalated."""

    at: Array
    """[settings]; infinite: everything that has the signal."""
    tie_share: Array
    """[settings]: share of the docs with just this confidence that is escalated too."""

    def apply(self, confidence: Array, lot: Array) -> Array:
        """Return [docs, settings] of 0 and 1; `lot` is each doc's random number for ties."""
        c = confidence[:, None]
        is_tie = (c == self.at) & (lot[:, None] < self.tie_share)
        return np.asarray((c < self.at) | is_tie, dtype=float)


def learn_thresholds(confidence: Array, weight: Array, shares: Sequence[float]) -> Thresholds:
    """Return the thresholds that escalate these shares of all docs, those without the signal (NaN) included."""
    has = ~np.isnan(confidence)
    values, where = np.unique(confidence[has], return_inverse=True)
    mass = np.bincount(where, weight[has], minlength=len(values))
    up_to = np.cumsum(mass)
    asked = np.asarray(shares) * weight.sum()
    index = np.searchsorted(up_to, asked * (1 - 1e-12))
    known = np.minimum(index, max(len(values) - 1, 0))
    at, tie_share = np.full(len(asked), np.inf), np.ones(len(asked))
    if len(values):
        is_reached = index < len(values)
        at = np.where(is_reached, values[known], np.inf)
        missing = asked - (up_to[known] - mass[known])
        tie_share = np.where(is_reached, np.clip(missing / mass[known], 0, 1), 1.0)
    return Thresholds(at, tie_share)


def cascade(pairs: Pairs, signal: Signal, folds: Folds, lot: Array) -> Decisions:
    """Send the docs that the local model is least sure of."""
    confidence = pairs.confidence[signal]
    inner = TARGETS[1:-1]
    escalated = np.zeros((pairs.n, len(TARGETS)))
    escalated[:, -1] = 1.0
    thresholds = np.empty((folds.n, len(inner)))
    for i in range(folds.n):
        held_out = folds.fold == i
        learned = learn_thresholds(confidence[~held_out], pairs.weight[~held_out], inner)
        escalated[held_out, 1:-1] = learned.apply(confidence[held_out], lot[held_out])
        thresholds[i] = learned.at
    medians = [float(m) if np.isfinite(m) else None for m in np.median(thresholds, axis=0)]
    return Decisions(TARGETS, escalated, (None, *medians, None), ((),) * len(TARGETS))


# --- by task ------------------------------------------------------------------------------------------------------


def rank_tasks(pairs: Pairs, docs: Flags) -> list[int]:
    """Return the tasks that the vendor does better on these docs, most quality per dollar first.

    Without known costs, or where the vendor is free, most quality first. A task with one doc in all is not among them:
    it can't be chosen on some docs and scored on others.
    """
    task = pairs.task[docs]
    n = np.maximum(np.bincount(task, minlength=len(pairs.names)), 1)
    gain = np.bincount(task, pairs.gain[docs], len(pairs.names)) / n
    rate = gain
    if pairs.cost is not None:
        cost = np.bincount(task, pairs.cost[docs], len(pairs.names)) / n
        rate = _rate(gain, cost)
    order = np.lexsort((-gain, -rate))
    several = np.bincount(pairs.task, minlength=len(pairs.names)) > 1
    return [int(i) for i in order if gain[i] > 0 and several[i]]


def _rate(gain: Array, cost: Array) -> Array:
    """Return gain per cost; infinite where a gain, or a loss, is for nothing."""
    free = np.where(gain == 0, 0.0, np.copysign(np.inf, gain))
    return np.where(cost > 0, gain / np.where(cost > 0, cost, 1.0), free)


def by_task(pairs: Pairs, folds: Folds) -> Decisions:
    """Send the first 0, 1, … tasks, of those that the vendor does better; at last all. Tasks with one doc stay."""
    n_tasks = len(pairs.names)
    settings = range(n_tasks + 1)
    escalated = np.zeros((pairs.n, n_tasks + 1))
    votes: list[Counter[int]] = [Counter() for _ in settings]
    for i in range(folds.n):
        held_out = folds.fold == i
        ranked = rank_tasks(pairs, ~held_out)
        for count in settings:
            sent = range(n_tasks) if count == n_tasks else ranked[:count]
            escalated[held_out, count] = np.isin(pairs.task[held_out], list(sent))
            votes[count].update(sent)
    tasks = tuple(
        tuple(pairs.names[t] for t in sorted(some) if some[t] > folds.n / 2) for some in votes
    )
    targets = tuple(count / n_tasks for count in settings)
    return Decisions(targets, escalated, (None,) * len(targets), tasks)


# --- references ---------------------------------------------------------------------------------------------------


def at_random(pairs: Pairs) -> Decisions:
    """Send a share of every task: what drawing docs gives on average, exactly."""
    escalated = np.tile(np.asarray(TARGETS), (pairs.n, 1))
    return Decisions(TARGETS, escalated, (None,) * len(TARGETS), ((),) * len(TARGETS))


def rank_docs(pairs: Pairs) -> Ints:
    """Return the docs by what the vendor's answer gains per dollar (without known costs: gains), most first.

    With one doc divided where the money ends, no choice of docs of the same cost scores more (Dantzig 1957).
    """
    gain = pairs.gain
    if pairs.cost is None:
        return np.argsort(-gain, kind="stable")
    rate = _rate(gain, pairs.cost)
    return np.lexsort((pairs.cost, -rate))


def oracle(pairs: Pairs) -> Decisions:
    """Send the docs that gain most, as if the scores were known; of one doc a part, to meet the target exactly."""
    order = rank_docs(pairs)
    weight = pairs.weight[order]
    before = np.cumsum(weight) - weight
    escalated = np.empty((pairs.n, len(TARGETS)))
    for i, target in enumerate(TARGETS):
        escalated[order, i] = np.clip((target - before) / weight, 0, 1)
    escalated[:, -1] = 1.0
    return Decisions(TARGETS, escalated, (None,) * len(TARGETS), ((),) * len(TARGETS))
