"""Were both sides measured alike? Apples are not compared with pears, unless the user names the difference."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from evalkit.analysis.scores import TaskKey, TaskScores
from evalkit.gate.facts import Difference
from evalkit.gate.side import RunValues, Side

FATAL = ("task-version", "fewshot", "template", "decoding", "limit", "mode", "documents")
"""Conditions without which scores do not compare."""
SOFT = ("hardware", "order")
"""Conditions without which only speed, energy and memory do not."""
ALLOWED = (*FATAL, *SOFT)
"""What `--allow` takes."""
MOST_UNPAIRED = 0.01
"""Share of docs that may be without a counterpart before the sides count as asked different docs."""
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Pairs:
    """The docs of one task that both sides were asked: indices into each side's arrays, `[pairs]`."""

    baseline: Ints
    candidate: Ints
    n_unpaired: int
    """Docs that only one side has."""
    n_other_prompts: int
    """Pairs whose prompts differ."""


def pair(baseline: TaskScores, candidate: TaskScores) -> Pairs:
    """Pair docs by their number and the hash of their content."""
    n_docs = len(baseline.doc_ids) + len(candidate.doc_ids)
    if (
        np.array_equal(baseline.doc_ids, candidate.doc_ids)
        and baseline.doc_hashes == candidate.doc_hashes
    ):
        at = other = np.arange(len(baseline.doc_ids))
    else:
        rows = zip(candidate.doc_ids.tolist(), candidate.doc_hashes, strict=True)
        there = {doc: i for i, doc in enumerate(rows)}
        mine = zip(baseline.doc_ids.tolist(), baseline.doc_hashes, strict=True)
        found = [(i, there[doc]) for i, doc in enumerate(mine) if doc in there]
        at, other = np.array(found, dtype=np.int64).reshape(-1, 2).T
    if baseline.prompt_hashes == candidate.prompt_hashes and len(at) == len(baseline.doc_ids):
        n_other = 0
    else:
        n_other = sum(
            baseline.prompt_hashes[i] != candidate.prompt_hashes[j]
            for i, j in zip(at.tolist(), other.tolist(), strict=True)
        )
    return Pairs(at, other, n_docs - 2 * len(at), n_other)


def all_pairs(baseline: Side, candidate: Side) -> dict[TaskKey, Pairs]:
    """Pair the docs of every task that both sides were asked, in the baseline's order."""
    return {
        key: pair(task, candidate.tasks[key])
        for key, task in baseline.tasks.items()
        if key in candidate.tasks
    }


def differences(
    baseline: Side, candidate: Side, pairs: dict[TaskKey, Pairs], allowed: Collection[str]
) -> tuple[Difference, ...]:
    """Return every condition under which the sides were not measured alike.

    Args:
        baseline: One side.
        candidate: The other.
        pairs: Their docs, paired.
        allowed: Names of conditions that the user lets differ.
    """
    found = [*_stated(baseline, candidate)]
    named = {(d.name, d.where) for d in found}
    for key, some in pairs.items():
        found += _of_docs(key, some, named)
    order = _order(baseline, candidate)
    if order is not None:
        found.append(order)
    return tuple(replace(d, is_allowed=d.name in allowed, is_fatal=d.name in FATAL) for d in found)


def refused(found: Sequence[Difference]) -> tuple[Difference, ...]:
    """Return the differences that forbid any comparison."""
    return tuple(d for d in found if d.is_fatal and not d.is_allowed)


def _stated(baseline: Side, candidate: Side) -> Iterator[Difference]:
    """Yield what the configs and the machines say."""
    for (name, where), value in baseline.conditions.items():
        other = candidate.conditions.get((name, where))
        if other is not None and other != value:
            yield Difference(name, where, value, other, is_allowed=False)


def _of_docs(key: TaskKey, pairs: Pairs, named: set[tuple[str, str]]) -> Iterator[Difference]:
    """Yield that docs or prompts differ, where no stated condition explains it."""
    suite, where = key[0], "/".join(key)
    n = len(pairs.baseline)
    is_cut = ("limit", suite) in named
    if not n or (pairs.n_unpaired > MOST_UNPAIRED * (2 * n + pairs.n_unpaired) and not is_cut):
        yield Difference(
            "documents", where, f"{n} in common", f"{pairs.n_unpaired} without a counterpart", False
        )
    explained = {"fewshot", "template", "mode"} & {name for name, at in named if at == suite}
    if pairs.n_other_prompts and not explained:
        yield Difference(
            "template", where, "prompts", f"{pairs.n_other_prompts} of {n} differ", False
        )


def is_interleaved(baseline: Sequence[RunValues], candidate: Sequence[RunValues]) -> bool:
    """Tell whether the runs took turns: sorted by when they began, each pair has one of either side."""
    if len(baseline) != len(candidate):
        return False
    stamps = [(r.started_at, 0) for r in baseline] + [(r.started_at, 1) for r in candidate]
    sides = [side for _, side in sorted(stamps)]
    return all(a != b for a, b in zip(sides[::2], sides[1::2], strict=True))


def _order(baseline: Side, candidate: Side) -> Difference | None:
    mine, other = baseline.timed_runs, candidate.timed_runs
    if len(mine) < 2 or len(other) < 2 or is_interleaved(mine, other):
        return None
    return Difference(
        "order",
        "runs",
        f"{len(mine)} runs, {mine[0].started_at} to {mine[-1].started_at}",
        f"{len(other)} runs, {other[0].started_at} to {other[-1].started_at}, not in turns",
        is_allowed=False,
    )
