"""Accuracy: lm-eval's own number of every task, to the last digit, with an interval from the docs' scores."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import fmean

import numpy as np

from evalkit.analysis.arrays import are_shares
from evalkit.analysis.chance import CHOICE_METRICS, chance_of
from evalkit.analysis.facts import SHARE, Estimate, QualityFact
from evalkit.analysis.scores import MetricKey, TaskScores, run_scores
from evalkit.analysis.stats import Mean, mean_estimates
from evalkit.records import CellRecord, Sample, TaskResult
from evalkit.store.run_dir import Run
from evalkit.wording import say, say_n

Key = tuple[str, str, str, str, str]
"""Model, suite, task, filter, metric."""


def quality_facts(run: Run) -> tuple[QualityFact, ...]:
    """Return one fact per model, suite, task, filter and metric of the cells that are done."""
    cells = {c.cell_id: c for c in run.manifest.cells if c.state == "done"}
    scores = run_scores(run)
    chances = _chances(run.samples)
    failed = _failed(run.samples, cells)
    grouped = _results(run.results, cells)
    n_failed_of: dict[Key, int] = {}
    for key, results in grouped.items():
        lost = failed[key[0], key[1]]
        n_failed_of[key] = lost.total() if results[0].is_group else lost[key[2]]
    by_doc = {key: _of_docs(scores.get(key[0], {}).get(key[1:3]), key[3:]) for key in grouped}
    estimates = _estimates(grouped, by_doc, n_failed_of)
    facts: list[QualityFact] = []
    for (key, results), estimate in zip(grouped.items(), estimates, strict=True):
        model, suite, task, filter_name, metric = key
        first = results[0]
        facts.append(
            QualityFact(
                model=model,
                suite=suite,
                task=task,
                filter=filter_name,
                metric=metric,
                estimate=estimate,
                n_failed=n_failed_of[key],
                higher_is_better=first.higher_is_better,
                is_group=first.is_group,
                chance=chances.get(task) if metric in CHOICE_METRICS else None,
            )
        )
    return tuple(_with_group_units(facts))


def _with_group_units(facts: list[QualityFact]) -> list[QualityFact]:
    """A group's metric is a share when that metric is a share for some task; groups have no docs of their own."""
    shares = {(f.model, f.metric) for f in facts if f.estimate.unit == SHARE}
    return [
        replace(f, estimate=replace(f.estimate, unit=SHARE))
        if f.is_group and (f.model, f.metric) in shares
        else f
        for f in facts
    ]


def _results(
    results: Sequence[TaskResult], cells: dict[str, CellRecord]
) -> dict[Key, list[TaskResult]]:
    grouped: dict[Key, list[TaskResult]] = defaultdict(list)
    for r in results:
        if r.cell_id in cells:
            cell = cells[r.cell_id]
            grouped[cell.model, cell.suite, r.task, r.filter, r.metric].append(r)
    return grouped


def _failed(
    samples: Sequence[Sample], cells: dict[str, CellRecord]
) -> dict[tuple[str, str], Counter[str]]:
    """Return per model and suite how many docs of each task got no answer."""
    found: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    docs = {(s.cell_id, s.task, s.doc_id) for s in samples if "failed" in s.flags}
    for cell_id, task, _ in docs:
        if cell_id in cells:
            found[cells[cell_id].model, cells[cell_id].suite][task] += 1
    return found


def _estimates(
    grouped: dict[Key, list[TaskResult]],
    scores: dict[Key, list[float]],
    n_failed: dict[Key, int],
) -> list[Estimate]:
    """Return the estimate of each number, those that take a bootstrap all at once."""
    units = _units(scores)
    asked = [
        _asked(some, scores[key], n_failed[key], units[key[1:]]) for key, some in grouped.items()
    ]
    found = iter(mean_estimates([mean for mean in asked if isinstance(mean, Mean)]))
    estimates = [next(found) if isinstance(mean, Mean) else mean for mean in asked]
    return [
        _with_failed(e, n) if isinstance(mean, Mean) and n else e
        for e, mean, n in zip(estimates, asked, n_failed.values(), strict=True)
    ]


def _units(scores: Mapping[Key, Sequence[float]]) -> dict[tuple[str, ...], str]:
    """Return the unit of each number: a share where every doc of every model scores between 0 and 1."""
    pooled: dict[tuple[str, ...], list[float]] = defaultdict(list)
    for key, values in scores.items():
        pooled[key[1:]] += values
    return {
        key: SHARE if values and are_shares(np.array(values)) else "score"
        for key, values in pooled.items()
    }


def _asked(
    results: list[TaskResult], scores: list[float], n_failed: int, unit: str
) -> Mean | Estimate:
    """Return lm-eval's number; where docs got no answer, the mean over the others, since lm-eval scored empty texts."""
    if n_failed and scores:
        return Mean(scores, fmean(scores), unit)
    if n_failed:
        reason = say_n(
            "{n} doc got no answer, and this number has no score per doc",
            "{n} docs got no answer, and this number has no score per doc",
            n_failed,
        )
        return Estimate(None, "score", 0, reason=reason)
    values = [r.value for r in results if r.value is not None]
    value = fmean(values) if values else None
    if not scores and results[0].n_docs is not None:
        reason = say("computed over the whole task, so no interval")
        return Estimate(value, "score", results[0].n_docs, reason=reason)
    return Mean(scores, value, unit if scores else "score")


def _of_docs(task: TaskScores | None, metric: MetricKey) -> list[float]:
    """Return the mean score of each doc over its repeats."""
    if task is None:
        return []
    name = next((name for name, key in task.metrics.items() if key == metric), "")
    scores: list[float] = task.known(name).tolist()
    return scores


def _with_failed(estimate: Estimate, n_failed: int) -> Estimate:
    reason = say_n(
        "{n} doc got no answer and is left out",
        "{n} docs got no answer and are left out",
        n_failed,
    )
    return replace(estimate, reason=reason)


def _chances(samples: Sequence[Sample]) -> dict[str, float]:
    """Return per closed task what uniform guessing scores on average."""
    shares: dict[str, list[float]] = defaultdict(list)
    for s in samples:
        chance = chance_of(s)
        if chance is not None:
            shares[s.task].append(chance)
    return {task: fmean(values) for task, values in shares.items()}
