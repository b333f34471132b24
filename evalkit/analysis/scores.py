"""What one model scored on each doc, as arrays: a hundred thousand samples in a fraction of a second.

Scores are read from the columns of samples, not from a record per sample. A test compares them with the records.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from evalkit.analysis.arrays import Array, Ints
from evalkit.errors import DataError
from evalkit.records import Sample, TaskResult
from evalkit.store.parquet import table_of
from evalkit.store.run_dir import Run

TaskKey = tuple[str, str]
"""Suite and task."""
MetricKey = tuple[str, str]
"""Filter and metric, as lm-eval names them."""
SCORED = ("cell_id", "task", "filter", "doc_id", "doc_hash", "prompt_hash", "scores")
"""Columns of a sample that scores are read from."""
RATED = (*SCORED, "response", "flags", "loglikelihoods")
"""Columns of a sample that scores and the derived rates are read from."""
FORMAT, REFUSAL, HALLUCINATION = "format_failures", "refusals", "hallucinations"
"""Rates that evalkit derives from a task's own scores and answers, one number per doc."""
RATES = (FORMAT, REFUSAL, HALLUCINATION)
_FAILED_SCORES, _VALID_SCORES = ("extraction_failed",), ("json_valid",)
_REFUSAL_SCORES = ("over_refusal_rate", "refusal_rate")
_HALLUCINATION_SCORES = ("hallucination_rate", "hallucination")
_DECLINES = (
    r"(?i)^\s*(?:(?:i'm|i’m|i am) (?:very )?(?:sorry|afraid)\b.{0,40}\b(?:can't|can’t|cannot|unable|not able)"
    r"|(?:sorry|unfortunately)\b.{0,30}\bi (?:can't|can’t|cannot|am unable|am not able)"
    r"|i (?:can't|can’t|cannot|won't|won’t|am unable to|am not able to) (?:help|assist|answer|provide|comply|fulfill)"
    r"|as an ai\b.{0,60}\b(?:can't|can’t|cannot|unable|not able)"
    r"|(?:es )?tut mir leid\b.{0,60}\b(?:kann|darf|nicht)"
    r"|(?:leider )?(?:kann|darf) ich (?:dir |ihnen )?(?:dabei |damit |das |diese \w+ |hierbei )?nicht\b)"
)
"""An answer that begins by declining. RE2 has no backtracking, so hostile texts cost no more than others."""


@dataclass(frozen=True, slots=True)
class TaskScores:
    """One task as one model answered it; arrays and lists are `[docs]`, docs in the order of their number."""

    suite: str
    task: str
    doc_ids: Ints
    doc_hashes: list[str]
    prompt_hashes: list[str]
    scores: dict[str, Array]
    """Metric, `metric (filter)` for filters after the first, and the derived rates; NaN: none for that doc. Repeats
    are averaged. Metrics are in the order of the run's results, which is that of the task."""
    is_higher_better: dict[str, bool]
    """Whether more is better, by metric; metrics of which it is not known are left out."""
    metrics: dict[str, MetricKey] = field(default_factory=dict)
    """Name among `scores` → filter and metric; derived rates and accepted baselines have none."""
    clusters: list[str] | None = None
    """Which source each doc comes from, where that was asked for."""

    @property
    def key(self) -> TaskKey:
        """Return suite and task."""
        return self.suite, self.task

    @property
    def n_scored(self) -> int:
        """Return how many docs have a score by any of the task's metrics."""
        own = [values for name, values in self.scores.items() if name not in RATES]
        return int(np.isfinite(own).any(axis=0).sum()) if own else 0

    def known(self, name: str) -> Array:
        """Return the scores of that name that there are, whichever docs they are of."""
        values = self.scores.get(name, _NONE)
        found: Array = values[np.isfinite(values)]
        return found


_NONE: Array = np.empty(0)


# --- reading ------------------------------------------------------------------------------------------------------


def run_scores(
    run: Run, clusters: Mapping[str, str] | None = None, *, with_rates: bool = False
) -> dict[str, dict[TaskKey, TaskScores]]:
    """Return model → its tasks in the run, of the cells that are done; a load test has none.

    Args:
        run: A finished one.
        clusters: As of `task_scores`.
        with_rates: Derived rates are among the scores.

    Raises:
        DataError: As `task_scores`.
    """
    if run.manifest.kind != "run":
        return {}
    suites: dict[str, dict[str, str]] = {}
    for c in run.manifest.cells:
        if c.state == "done":
            suites.setdefault(c.model, {})[c.cell_id] = c.suite
    columns = RATED if with_rates else SCORED
    table = table_of(Sample, run.samples, (*columns, "doc") if clusters else columns)
    found = {}
    for model, mine in suites.items():
        tasks = task_scores(table, mine, run.results, clusters)
        in_order = (t for suite in dict.fromkeys(mine.values()) for t in tasks if t.suite == suite)
        found[model] = {t.key: t for t in in_order}
    return found


def task_scores(
    samples: pa.Table,
    suites: Mapping[str, str],
    results: Sequence[TaskResult],
    clusters: Mapping[str, str] | None = None,
) -> list[TaskScores]:
    """Return the scores of one model's tasks.

    Args:
        samples: With the columns `SCORED`; with `RATED`, derived rates are among the scores; `doc` where there are
            clusters.
        suites: Cell id → suite, of the cells to read; several cells of a suite are repeats.
        results: Of the run: they tell the metrics, their order, and which way is better.
        clusters: Task → key of its docs whose value names the source.

    Raises:
        DataError: A doc lacks the key.
    """
    mine = pc.is_in(samples["cell_id"], pa.array(list(suites), pa.string()))
    table = samples.filter(mine).combine_chunks()
    grouped = _grouped(table, suites)
    return [
        _task(table, key, by_filter, _named(results, suites, key), (clusters or {}).get(key[1]))
        for key, by_filter in grouped.items()
    ]


def _grouped(table: pa.Table, suites: Mapping[str, str]) -> dict[TaskKey, dict[str, Ints]]:
    """Return suite and task → filter → rows, in the order in which they first occur."""
    coded = {name: _coded(table[name]) for name in ("cell_id", "task", "filter")}
    label = np.zeros(table.num_rows, dtype=np.int64)
    for codes, words in coded.values():
        label = label * max(1, len(words)) + codes
    found: dict[TaskKey, dict[str, list[Ints]]] = defaultdict(lambda: defaultdict(list))
    values, first = np.unique(label, return_index=True)
    order = np.argsort(label, kind="stable")
    starts = np.searchsorted(label[order], values)
    for i in np.argsort(first):
        end = starts[i + 1] if i + 1 < len(starts) else len(order)
        rows = order[starts[i] : end]
        cell, task, filter_name = (words[codes[rows[0]]] for codes, words in coded.values())
        found[suites[cell], task][filter_name].append(rows)
    return {k: {f: np.concatenate(r) for f, r in v.items()} for k, v in found.items()}


def _coded(column: pa.ChunkedArray) -> tuple[Ints, list[str]]:
    encoded = pc.dictionary_encode(column.combine_chunks())
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    return encoded.indices.to_numpy(zero_copy_only=False).astype(
        np.int64
    ), encoded.dictionary.to_pylist()


def _named(
    results: Sequence[TaskResult], suites: Mapping[str, str], key: TaskKey
) -> dict[tuple[str, str], TaskResult]:
    """Return filter and metric → lm-eval's row, in its order."""
    found: dict[tuple[str, str], TaskResult] = {}
    for r in results:
        if suites.get(r.cell_id) == key[0] and r.task == key[1] and not r.is_group:
            found.setdefault((r.filter, r.metric), r)
    return found


def _task(
    table: pa.Table,
    key: TaskKey,
    by_filter: dict[str, Ints],
    known: dict[tuple[str, str], TaskResult],
    cluster_key: str | None,
) -> TaskScores:
    first = next(iter(by_filter))
    rows = by_filter[first]
    docs, at = np.unique(_numbers(table["doc_id"], rows), return_index=True)
    representative = rows[at]
    scores: dict[str, Array] = {}
    is_higher: dict[str, bool] = {}
    metrics: dict[str, MetricKey] = {}
    listed = list(dict.fromkeys(f for f, _ in known))
    in_order = sorted(by_filter, key=lambda f: listed.index(f) if f in listed else len(listed))
    for filter_name in in_order:
        some = by_filter[filter_name]
        place = np.searchsorted(docs, _numbers(table["doc_id"], some))
        columns = _columns(table["scores"].chunk(0), some) if table.num_rows else {}
        for metric in sorted(columns, key=_order_in(known, filter_name)):
            name = metric if filter_name == first else f"{metric} ({filter_name})"
            scores[name] = mean_at(place, columns[metric], len(docs))
            metrics[name] = (filter_name, metric)
            row = known.get((filter_name, metric))
            if row is not None and row.higher_is_better is not None:
                is_higher[name] = row.higher_is_better
    if "response" in table.column_names:
        place = np.searchsorted(docs, _numbers(table["doc_id"], rows))
        scores |= _rates(table.take(pa.array(rows)), scores, place, len(docs))
        is_higher |= dict.fromkeys(RATES, False)
    clusters = None if cluster_key is None else _clusters(table, representative, key, cluster_key)
    taken = table.select(["doc_hash", "prompt_hash"]).take(pa.array(representative))
    return TaskScores(
        suite=key[0],
        task=key[1],
        doc_ids=docs,
        doc_hashes=taken["doc_hash"].to_pylist(),
        prompt_hashes=taken["prompt_hash"].to_pylist(),
        scores=scores,
        is_higher_better={n: better for n, better in is_higher.items() if n in scores},
        metrics=metrics,
        clusters=clusters,
    )


def _order_in(
    known: Mapping[tuple[str, str], TaskResult], filter_name: str
) -> Callable[[str], tuple[int, str]]:
    """Return the key by which metrics stand as in the run's results; others come last."""
    order = {metric: i for i, (f, metric) in enumerate(known) if f == filter_name}
    return lambda metric: (order.get(metric, len(order)), metric)


def _numbers(column: pa.ChunkedArray, rows: Ints) -> Ints:
    return np.asarray(column.to_numpy()[rows], dtype=np.int64)


def _columns(maps: pa.MapArray, rows: Ints) -> dict[str, Array]:
    """Return metric → scores of some rows; NaN where a row has none."""
    offsets = maps.offsets.to_numpy()
    start = offsets[0]
    encoded = maps.keys.dictionary_encode()
    codes = encoded.indices.to_numpy(zero_copy_only=False)
    values = maps.items.to_numpy(zero_copy_only=False).astype(float)
    row_of = np.repeat(np.arange(len(maps)), np.diff(offsets))
    found = {}
    for code, metric in enumerate(encoded.dictionary.to_pylist()):
        column = np.full(len(maps), np.nan)
        mine = codes[: offsets[-1] - start] == code
        column[row_of[mine]] = values[: offsets[-1] - start][mine]
        part = column[rows]
        is_there = np.zeros(len(maps), dtype=bool)
        is_there[row_of[mine]] = True
        if is_there[rows].any():
            found[metric] = part
    return found


def mean_at(place: Ints, values: Array, n: int) -> Array:
    """Return the mean of the finite values at each of n places; NaN where there is none."""
    fine = np.isfinite(values)
    total = np.bincount(place[fine], values[fine], n)
    count = np.bincount(place[fine], minlength=n)
    with np.errstate(invalid="ignore"):
        mean: Array = total / count
    return mean


def _rates(table: pa.Table, scores: Mapping[str, Array], place: Ints, n: int) -> dict[str, Array]:
    """Return the derived rates that the task allows: 1 where the doc is one of that kind."""
    found: dict[str, Array] = {}
    failed = pc.list_value_length(table["flags"]).to_numpy() > 0
    answered = pc.invert(pc.is_in(pa.array(failed), pa.array([True]))).to_numpy(
        zero_copy_only=False
    )
    generated = pc.list_value_length(table["loglikelihoods"]).to_numpy() == 0
    is_written = answered & generated
    own_format = _own(scores, _FAILED_SCORES)
    valid = _own(scores, _VALID_SCORES)
    if own_format is not None:
        found[FORMAT] = own_format
    elif valid is not None:
        found[FORMAT] = 1 - valid
    if is_written.any():
        text = table["response"]
        declined = pc.match_substring_regex(text, _DECLINES).to_numpy().astype(float)
        empty = pc.equal(pc.utf8_length(pc.utf8_trim_whitespace(text)), 0).to_numpy()
        declined[~is_written] = np.nan
        own = _own(scores, _REFUSAL_SCORES)
        found[REFUSAL] = mean_at(place, declined, n)
        if own is not None:
            found[REFUSAL] = np.where(np.isfinite(own), np.fmax(own, found[REFUSAL]), np.nan)
        if FORMAT not in found:
            no_answer = np.where(is_written, empty.astype(float), np.nan)
            found[FORMAT] = mean_at(place, no_answer, n)
    own = _own(scores, _HALLUCINATION_SCORES)
    if own is not None:
        found[HALLUCINATION] = own
    return found


def _own(scores: Mapping[str, Array], names: Sequence[str]) -> Array | None:
    return next((scores[name] for name in names if name in scores), None)


def _clusters(table: pa.Table, rows: Ints, key: TaskKey, cluster_key: str) -> list[str]:
    found = []
    for doc in table["doc"].take(pa.array(rows)).to_pylist():
        value = json.loads(doc).get(cluster_key)
        if value is None:
            raise DataError(
                f"{key[0]}/{key[1]}: a document has no {cluster_key!r}, by which the policy groups them.",
                "Correct `clusters` in the policy; the keys are those of the task's data.",
            )
        found.append(str(value))
    return found
