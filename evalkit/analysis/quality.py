"""Accuracy: lm-eval's own number of every task, to the last digit, with an interval from the docs' scores."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean

from evalkit.analysis.facts import Estimate, QualityFact
from evalkit.analysis.stats import mean_estimate
from evalkit.records import CellRecord, Sample, TaskResult
from evalkit.store.run_dir import Run

_CHOICE_METRICS = {"acc", "acc_norm", "acc_bytes"}
SHARE = "share"
"""Unit of metrics whose every doc scores between 0 and 1: shown in percent."""
Key = tuple[str, str, str, str, str]
"""Model, suite, task, filter, metric."""


def quality_facts(run: Run) -> tuple[QualityFact, ...]:
    """Return one fact per model, suite, task, filter and metric of the cells that are done."""
    cells = {c.cell_id: c for c in run.manifest.cells if c.state == "done"}
    scores = _scores(run.samples, cells)
    chances = _chances(run.samples)
    facts: list[QualityFact] = []
    for key, results in _results(run.results, cells).items():
        model, suite, task, filter_name, metric = key
        first = results[0]
        facts.append(
            QualityFact(
                model=model,
                suite=suite,
                task=task,
                filter=filter_name,
                metric=metric,
                estimate=_estimate(results, scores.get(key, {})),
                higher_is_better=first.higher_is_better,
                is_group=first.is_group,
                chance=chances.get(task) if metric in _CHOICE_METRICS else None,
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


def _scores(
    samples: Sequence[Sample], cells: dict[str, CellRecord]
) -> dict[Key, dict[int, list[float]]]:
    """Return per key and doc the scores of all repeats."""
    grouped: dict[Key, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for s in samples:
        if s.cell_id not in cells:
            continue
        cell = cells[s.cell_id]
        for metric, score in s.scores.items():
            if score is not None:
                key = (cell.model, cell.suite, s.task, s.filter, metric)
                grouped[key][s.doc_id].append(score)
    return grouped


def _estimate(results: list[TaskResult], by_doc: dict[int, list[float]]) -> Estimate:
    values = [r.value for r in results if r.value is not None]
    value = fmean(values) if values else None
    if not by_doc and results[0].n_docs is not None:
        reason = "computed over the whole task, so no interval"
        return Estimate(value, "score", results[0].n_docs, reason=reason)
    scores = [fmean(some) for some in by_doc.values()]
    is_share = bool(scores) and all(0 <= score <= 1 for score in scores)
    return mean_estimate(scores, value, SHARE if is_share else "score")


def _chances(samples: Sequence[Sample]) -> dict[str, float]:
    """Return per multiple-choice task what uniform guessing scores on average."""
    shares: dict[str, list[float]] = defaultdict(list)
    for s in samples:
        if s.loglikelihoods:
            shares[s.task].append(1 / len(s.loglikelihoods))
    return {task: fmean(values) for task, values in shares.items()}
