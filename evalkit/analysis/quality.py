"""Accuracy: lm-eval's own number of every task, to the last digit, with an interval from the docs' scores."""

from __future__ import annotations

from collections import Counter, defaultdict
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
    failed = _failed(run.samples, cells)
    facts: list[QualityFact] = []
    for key, results in _results(run.results, cells).items():
        model, suite, task, filter_name, metric = key
        first = results[0]
        lost = failed[model, suite]
        n_failed = lost.total() if first.is_group else lost[task]
        facts.append(
            QualityFact(
                model=model,
                suite=suite,
                task=task,
                filter=filter_name,
                metric=metric,
                estimate=_estimate(results, scores.get(key, {}), n_failed),
                n_failed=n_failed,
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


def _estimate(results: list[TaskResult], by_doc: dict[int, list[float]], n_failed: int) -> Estimate:
    """Return lm-eval's number; where docs got no answer, the mean over the others, since lm-eval scored empty texts."""
    if n_failed:
        return _without_failed(by_doc, n_failed)
    values = [r.value for r in results if r.value is not None]
    value = fmean(values) if values else None
    if not by_doc and results[0].n_docs is not None:
        reason = "computed over the whole task, so no interval"
        return Estimate(value, "score", results[0].n_docs, reason=reason)
    scores = [fmean(some) for some in by_doc.values()]
    is_share = bool(scores) and all(0 <= score <= 1 for score in scores)
    return mean_estimate(scores, value, SHARE if is_share else "score")


def _without_failed(by_doc: dict[int, list[float]], n_failed: int) -> Estimate:
    if not by_doc:
        reason = f"{n_failed} docs got no answer, and this number has no score per doc"
        return Estimate(None, "score", 0, reason=reason)
    scores = [fmean(some) for some in by_doc.values()]
    unit = SHARE if all(0 <= score <= 1 for score in scores) else "score"
    found = mean_estimate(scores, fmean(scores), unit)
    return replace(found, reason=f"{n_failed} docs got no answer and are left out")


def _chances(samples: Sequence[Sample]) -> dict[str, float]:
    """Return per multiple-choice task what uniform guessing scores on average."""
    shares: dict[str, list[float]] = defaultdict(list)
    for s in samples:
        if s.loglikelihoods:
            shares[s.task].append(1 / len(s.loglikelihoods))
    return {task: fmean(values) for task, values in shares.items()}
