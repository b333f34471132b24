"""The documents on which the two sides differ: what a person reads before believing a number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from evalkit.analysis.arrays import Array
from evalkit.analysis.scores import TaskKey
from evalkit.gate.evidence import Evidence, damage_of
from evalkit.gate.facts import Flip
from evalkit.gate.side import Side
from evalkit.records import Sample
from evalkit.store.manifest import read_manifest
from evalkit.store.parquet import read_columns

_LEAST = 1e-9


@dataclass(frozen=True, slots=True)
class _Texts:
    prompt: str
    target: str
    answer: str


def count_flips(evidence: Evidence) -> tuple[int, int]:
    """Return on how many documents the candidate is worse, and better, by the headline scores."""
    damages = [d for key in evidence.pairs if (d := _damage(evidence, key)) is not None]
    worse = sum(int((d > _LEAST).sum()) for d in damages)
    return worse, sum(int((d < -_LEAST).sum()) for d in damages)


def find_flips(evidence: Evidence, most: int) -> tuple[Flip, ...]:
    """Return flipped documents, those for the worse first and the largest difference first, at most so many."""
    found: list[tuple[float, TaskKey, int]] = []
    for key in evidence.pairs:
        damage = _damage(evidence, key)
        if damage is not None:
            at = np.flatnonzero(np.abs(damage) > _LEAST)
            found += [(float(damage[i]), key, i) for i in at.tolist()]
    found.sort(key=lambda item: (-item[0], item[1], item[2]))
    n_worse = sum(d > 0 for d, _, _ in found)
    worse, better = found[:n_worse], found[n_worse:][::-1]
    chosen = (worse + better)[:most]
    flips = [_flip(evidence, key, i, damage) for damage, key, i in chosen]
    return _with_texts(flips, evidence)


def _damage(evidence: Evidence, key: TaskKey) -> Array | None:
    """Return how much worse each paired document is by the score that judges it; NaN where one side has none."""
    score, pairs = _score(evidence, key), evidence.pairs[key]
    mine, theirs = evidence.baseline.tasks[key], evidence.candidate.tasks[key]
    if score is None or score not in mine.scores or score not in theirs.scores:
        return None
    before, after = mine.scores[score][pairs.one], theirs.scores[score][pairs.other]
    return damage_of(before, after, is_higher_better=mine.is_higher_better[score])


def _score(evidence: Evidence, key: TaskKey) -> str | None:
    """Return the score that the policy names for a task, else its headline; None where no way of it is better."""
    headline = evidence.headlines.get(key)
    score = evidence.named.get(key) or (None if headline is None else headline.name)
    return score if score in evidence.baseline.tasks[key].is_higher_better else None


def _flip(evidence: Evidence, key: TaskKey, at: int, damage: float) -> Flip:
    mine, theirs = evidence.baseline.tasks[key], evidence.candidate.tasks[key]
    pairs, score = evidence.pairs[key], _score(evidence, key) or ""
    i, j = int(pairs.one[at]), int(pairs.other[at])
    return Flip(
        suite=key[0],
        task=key[1],
        doc_id=int(mine.doc_ids[i]),
        score=score,
        baseline=float(mine.scores[score][i]),
        candidate=float(theirs.scores[score][j]),
        is_worse=damage > 0,
    )


def _with_texts(flips: list[Flip], evidence: Evidence) -> tuple[Flip, ...]:
    """Look up prompts and answers where a side still has its runs."""
    wanted = {(f.suite, f.task, f.doc_id) for f in flips}
    mine, theirs = _texts(evidence.baseline, wanted), _texts(evidence.candidate, wanted)
    return tuple(
        _told(f, mine.get((f.suite, f.task, f.doc_id)), theirs.get((f.suite, f.task, f.doc_id)))
        for f in flips
    )


def _told(flip: Flip, mine: _Texts | None, theirs: _Texts | None) -> Flip:
    either = theirs or mine
    if either is None:
        return flip
    return replace(
        flip,
        prompt=either.prompt,
        target=either.target,
        baseline_answer=None if mine is None else mine.answer,
        candidate_answer=None if theirs is None else theirs.answer,
    )


def _texts(
    side: Side, wanted: Collection[tuple[str, str, int]]
) -> dict[tuple[str, str, int], _Texts]:
    """Return the texts of documents from the first run of a side that has them."""
    found: dict[tuple[str, str, int], _Texts] = {}
    for folder in side.folders:
        missing = [doc for doc in wanted if doc not in found]
        if missing:
            for doc, texts in _texts_of(folder, side.fact.model, missing).items():
                found.setdefault(doc, texts)
    return found


def _texts_of(
    folder: Path, model: str, wanted: Collection[tuple[str, str, int]]
) -> dict[tuple[str, str, int], _Texts]:
    suites = {c.cell_id: c.suite for c in read_manifest(folder).cells if c.model == model}
    ids: dict[str, set[int]] = defaultdict(set)
    for _, task, doc_id in wanted:
        ids[task].add(doc_id)
    columns = ("cell_id", "task", "doc_id", "prompt", "target", "response")
    docs = sorted(set().union(*ids.values()))
    table = read_columns(Sample, folder / "samples.parquet", columns, suites, docs)
    found: dict[tuple[str, str, int], _Texts] = {}
    for row in table.to_pylist():
        key = (suites[row["cell_id"]], row["task"], row["doc_id"])
        if key in wanted:
            found.setdefault(key, _Texts(row["prompt"], row["target"], row["response"]))
    return found
