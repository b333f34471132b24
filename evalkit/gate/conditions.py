"""Were both sides measured alike? Apples are not compared with pears, unless the user names the difference."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from evalkit.analysis.docs import DocPairs
from evalkit.analysis.scores import TaskKey
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


def differences(
    baseline: Side, candidate: Side, pairs: Mapping[TaskKey, DocPairs], allowed: Collection[str]
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


def _of_docs(key: TaskKey, pairs: DocPairs, named: set[tuple[str, str]]) -> Iterator[Difference]:
    """Yield that docs or prompts differ, where no stated condition explains it."""
    suite, where = key[0], "/".join(key)
    n = len(pairs.one)
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
