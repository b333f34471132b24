"""The docs that two models both answered, as arrays."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from evalkit.analysis.arrays import Array, Ints
from evalkit.analysis.docs import matched
from evalkit.analysis.outcomes import Outcome, Signal
from evalkit.analysis.weighted import Part
from evalkit.records import Request
from evalkit.wording import NOTHING, Said, numeral, say

Price = Callable[[Sequence[Request]], float | None]
"""Cost of the requests of one doc; None: not known."""


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Docs with a score of both models, ordered by task; arrays are `[docs]`.

    A task is one stratum, in however many suites it was run.
    """

    names: tuple[str, ...]
    """Names of the tasks."""
    metrics: tuple[str, ...]
    """The metric that scores each task."""
    task: Ints
    """Index into `names`."""
    local: Array
    vendor: Array
    weight: Array
    """Share of the real workload that a doc stands for; sums to 1."""
    cost: Array | None
    """What the vendor's answer cost; None: no answer's cost is known."""
    confidence: Mapping[Signal, Array]
    """Signals of the local model's confidence; NaN: the doc does not have that one."""
    source: Ints | None = None
    """Which source each doc is of; None: every doc is its own."""
    units: tuple[Hashable, ...] = ()
    """What is drawn as a whole, by doc: the doc, or its source."""
    n_unknown_cost: int = 0
    """Docs whose cost is the mean of others."""
    n_unpaired: int = 0
    notes: tuple[Said, ...] = ()
    reason: Said = NOTHING
    """Why there are no pairs."""

    @property
    def n(self) -> int:
        """Docs."""
        return len(self.task)

    @property
    def gain(self) -> Array:
        """What a doc's score gains when the vendor answers it."""
        return self.vendor - self.local

    def parts(self, scores: Array) -> list[Part]:
        """Return scores of the docs, `[docs]`, task by task."""
        found = []
        for i in range(len(self.names)):
            docs = self.task == i
            source = None if self.source is None else self.source[docs]
            found.append(Part(float(self.weight[docs].sum()), scores[docs], source))
        return found


def pair(
    local: Sequence[Outcome],
    vendor: Sequence[Outcome],
    price: Price,
    weights: Mapping[str, float] | None = None,
) -> Pairs:
    """Match the docs of two models by suite, task, id and content.

    Args:
        local: Outcomes of the model that answers first.
        vendor: Outcomes of the one that docs are escalated to.
        price: Called with the vendor's requests for one doc in one repeat of the cell: what answering it once costs.
            A doc costs the mean over the repeats; one of unknown cost the mean of its task, else of all docs.
        weights: Task → its weight in the real workload; tasks without one have none, and are left out. None: all
            tasks count the same. The docs of a task share its weight.
    """
    wanted = {task for task, weight in (weights or {}).items() if weight > 0}
    mine, theirs = (
        _of_tasks(side, None if weights is None else wanted) for side in (local, vendor)
    )
    at, there = matched([_doc(o) for o in mine], [_doc(o) for o in theirs])
    both = [(mine[i], theirs[j]) for i, j in zip(at.tolist(), there.tolist(), strict=True)]
    rows = [(a, b) for a, b in both if a.score is not None and b.score is not None]
    flaws = _flaws(mine, theirs, n_both=len(both), n_scored=len(rows))
    names = tuple(dict.fromkeys(a.task for a, _ in rows))
    task = np.array([names.index(a.task) for a, _ in rows], dtype=np.int64)
    cost, n_unknown = _costs([_cost(b, price) for _, b in rows], task)
    return Pairs(
        names=names,
        metrics=tuple({a.task: a.metric for a, _ in rows}.values()),
        task=task,
        local=np.array([a.score for a, _ in rows], dtype=float),
        vendor=np.array([b.score for _, b in rows], dtype=float),
        weight=doc_weights(task, [1.0 if weights is None else weights[name] for name in names]),
        cost=cost,
        confidence={s: _signal([a for a, _ in rows], s) for s in Signal},
        source=_sources([a for a, _ in rows]),
        units=tuple(a.unit for a, _ in rows),
        n_unknown_cost=n_unknown,
        n_unpaired=flaws.total(),
        notes=tuple(_notes(flaws, wanted - set(names), n_unknown)),
        reason=NOTHING if rows else _reason(mine, theirs),
    )


def doc_weights(task: Ints, weights: Sequence[float]) -> Array:
    """Return each doc's weight: that of its task / docs of the task, together 1."""
    if not len(task):
        return np.zeros(0)
    each = np.asarray(weights, dtype=float) / np.bincount(task, minlength=len(weights))
    return np.asarray(each[task] / each[task].sum())


def _sources(side: Sequence[Outcome]) -> Ints | None:
    """Return a number for each source, another for each doc without one; None: no doc has one."""
    if all(o.source is None for o in side):
        return None
    names = [f"of {o.source}" if o.source is not None else f"{i}" for i, o in enumerate(side)]
    return np.unique(names, return_inverse=True)[1]


def _of_tasks(side: Iterable[Outcome], wanted: Collection[str] | None) -> list[Outcome]:
    """Return outcomes of some tasks in an order that does not depend on the one they were given in."""
    kept = (o for o in side if wanted is None or o.task in wanted)
    return sorted(kept, key=lambda o: (o.task, o.suite, o.doc_id))


def _doc(o: Outcome) -> tuple[str, str, int, str]:
    return o.task, o.suite, o.doc_id, o.doc_hash


def _flaws(
    mine: Iterable[Outcome], theirs: Iterable[Outcome], *, n_both: int, n_scored: int
) -> Counter[Said]:
    """Return why docs are no pair, and how many of them."""
    a, b = ({_doc(o)[:3] for o in side} for side in (mine, theirs))
    found = {
        say("only one model was asked them"): len(a ^ b),
        say("the models were asked different ones under the same number"): len(a & b) - n_both,
        say("a model has no score for them"): n_both - n_scored,
    }
    return Counter({why: n for why, n in found.items() if n})


def _signal(side: Sequence[Outcome], signal: Signal) -> Array:
    values = np.array([o.confidence.get(signal, math.nan) for o in side], dtype=float)
    return np.where(np.isfinite(values), values, math.nan)


def _cost(outcome: Outcome, price: Price) -> float | None:
    """Return what one answer cost: the mean over the cell's repeats, of which each is one answer."""
    by_cell: dict[str, list[Request]] = {}
    for r in outcome.requests:
        by_cell.setdefault(r.cell_id, []).append(r)
    costs = [price(requests) for requests in by_cell.values()]
    known = [cost for cost in costs if cost is not None]
    return fmean(known) if known else None


def _costs(costs: Sequence[float | None], task: Ints) -> tuple[Array | None, int]:
    """Fill unknown costs with means; return them and how many were unknown. None: all were."""
    values = np.array([math.nan if c is None else c for c in costs], dtype=float)
    is_known = ~np.isnan(values)
    n_unknown = int((~is_known).sum())
    if not is_known.any():
        return None, n_unknown
    filled = np.where(is_known, values, values[is_known].mean())
    for one in np.unique(task[~is_known]):
        known = is_known & (task == one)
        if known.any():
            filled[~is_known & (task == one)] = values[known].mean()
    return filled, n_unknown


def _notes(flaws: Counter[Said], without_pairs: Iterable[str], n_unknown: int) -> Iterable[Said]:
    for flaw, count in sorted(flaws.items()):
        yield say("Docs left out because {flaw}: {n}.", flaw=flaw, n=numeral(f"{count}"))
    for task in sorted(without_pairs):
        yield say(
            "Task {task} has a weight, but no doc that both models answered: it is left out.",
            task=task,
        )
    if n_unknown:
        yield say("Docs whose cost at the vendor is not known: {n}.", n=numeral(f"{n_unknown}"))


def _reason(mine: Sequence[Outcome], theirs: Sequence[Outcome]) -> Said:
    if not mine:
        return say("the local model has no scores per doc")
    if not theirs:
        return say("the vendor's model has no scores per doc")
    if not {_doc(o)[:2] for o in mine} & {_doc(o)[:2] for o in theirs}:
        return say(
            "the models have no task in common; multiple choice asked by log-likelihood and "
            "as a question are different tasks"
        )
    return say("no doc has a score of both models")
