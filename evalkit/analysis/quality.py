"""Accuracy: lm-eval's own number of every task, to the last digit, with an interval from the docs' scores."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean

from evalkit.analysis.facts import Estimate, QualityFact
from evalkit.analysis.stats import Mean, mean_estimates
from evalkit.records import CellRecord, Sample, TaskResult
from evalkit.store.run_dir import Run
from evalkit.wording import say, say_n

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
    grouped = _results(run.results, cells)
    n_failed_of: dict[Key, int] = {}
    for key, results in grouped.items():
        lost = failed[key[0], key[1]]
        n_failed_of[key] = lost.total() if results[0].is_group else lost[key[2]]
    estimates = _estimates(grouped, scores, n_failed_of)
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


def _estimates(
    grouped: dict[Key, list[TaskResult]],
    scores: dict[Key, dict[int, list[float]]],
    n_failed: dict[Key, int],
) -> list[Estimate]:
    """Return the estimate of each number, those that take a bootstrap all at once."""
    asked = [_asked(some, scores.get(key, {}), n_failed[key]) for key, some in grouped.items()]
    found = iter(mean_estimates([mean for mean in asked if isinstance(mean, Mean)]))
    estimates = [next(found) if isinstance(mean, Mean) else mean for mean in asked]
    return [
        _with_failed(e, n) if isinstance(mean, Mean) and n else e
        for e, mean, n in zip(estimates, asked, n_failed.values(), strict=True)
    ]


def _asked(
    results: list[TaskResult], by_doc: dict[int, list[float]], n_failed: int
) -> Mean | Estimate:
    """Return lm-eval's number; where docs got no answer, the mean over the others, since lm-eval scored empty texts."""
    if n_failed:
        return _answered(by_doc, n_failed)
    values = [r.value for r in results if r.value is not None]
    value = fmean(values) if values else None
    if not by_doc and results[0].n_docs is not None:
        reason = say("computed over the whole task, so no interval")
        return Estimate(value, "score", results[0].n_docs, reason=reason)
    scores = _per_doc(by_doc)
    is_share = bool(scores) and all(0 <= score <= 1 for score in scores)
    return Mean(scores, value, SHARE if is_share else "score")


def _answered(by_doc: dict[int, list[float]], n_failed: int) -> Mean | Estimate:
    """Return the mean over the docs that got an answer."""
    if not by_doc:
        reason = say_n(
            "{n} doc got no answer, and this number has no score per doc",
            "{n} docs got no answer, and this number has no score per doc",
            n_failed,
        )
        return Estimate(None, "score", 0, reason=reason)
    scores = _per_doc(by_doc)
    unit = SHARE if all(0 <= score <= 1 for score in scores) else "score"
    return Mean(scores, fmean(scores), unit)


def _per_doc(by_doc: dict[int, list[float]]) -> list[float]:
    """Return the mean score of each doc over its repeats."""
    return [fmean(some) if len(some) > 1 else float(some[0]) for some in by_doc.values()]


def _with_failed(estimate: Estimate, n_failed: int) -> Estimate:
    reason = say_n(
        "{n} doc got no answer and is left out",
        "{n} docs got no answer and are left out",
        n_failed,
    )
    return replace(estimate, reason=reason)


def _chances(samples: Sequence[Sample]) -> dict[str, float]:
    """Return per multiple-choice task what uniform guessing scores on average."""
    shares: dict[str, list[float]] = defaultdict(list)
    for s in samples:
        if s.loglikelihoods:
            shares[s.task].append(1 / len(s.loglikelihoods))
    return {task: fmean(values) for task, values in shares.items()}
