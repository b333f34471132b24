"""Scores read column by column are those of the records."""

from __future__ import annotations

from pathlib import Path
from statistics import fmean

import numpy as np
import pytest

from evalkit.analysis.docs import headlines
from evalkit.analysis.scores import FORMAT, HALLUCINATION, RATED, REFUSAL, TaskScores, task_scores
from evalkit.errors import DataError
from evalkit.records import Sample, TaskResult
from evalkit.store.parquet import read_columns, table_of, to_parquet
from tests.builders import result, sample

SUITES = {"m/s/0": "s", "m/s/1": "s"}


def read(
    folder: Path, samples: list[Sample], results: list[TaskResult], **more: object
) -> list[TaskScores]:
    file = folder / "samples.parquet"
    file.write_bytes(to_parquet(Sample, samples))
    columns = (*RATED, "doc")
    table = read_columns(Sample, file, columns, SUITES)
    assert table.equals(table_of(Sample, [s for s in samples if s.cell_id in SUITES], columns))
    return task_scores(table, SUITES, results, **more)  # type: ignore[arg-type]


def test_repeats_and_filters_are_those_of_the_records(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    samples = [
        sample(
            doc,
            cell_id=f"m/s/{repeat}",
            task=task,
            filter=filter_name,
            scores={"exact_match": float(rng.random() < 0.5), "f1": float(rng.random())},
        )
        for repeat in (0, 1)
        for task in ("b", "a")
        for filter_name in ("strict", "flexible")
        for doc in rng.permutation(7).tolist()
    ]
    samples.append(sample(0, cell_id="other/s/0", task="a", scores={"exact_match": 1.0}))
    results = [
        result(cell_id="m/s/0", task=task, filter=f, metric=m)
        for task in ("b", "a")
        for f in ("strict", "flexible")
        for m in ("exact_match", "f1")
    ]
    tasks = read(tmp_path, samples, results)
    assert [t.task for t in tasks] == ["b", "a"]
    for t in tasks:
        assert headlines([{t.key: t}])[t.key].name == "exact_match"
        assert t.doc_ids.tolist() == list(range(7))
        for name, (filter_name, metric) in {
            "exact_match": ("strict", "exact_match"),
            "f1": ("strict", "f1"),
            "exact_match (flexible)": ("flexible", "exact_match"),
        }.items():
            for i, doc in enumerate(t.doc_ids.tolist()):
                scores = [
                    s.scores[metric] or 0.0
                    for s in samples
                    if (s.task, s.filter, s.doc_id) == (t.task, filter_name, doc)
                    and s.cell_id in SUITES
                ]
                assert t.scores[name][i] == pytest.approx(fmean(scores), abs=1e-15)


def test_a_doc_without_a_score_has_none(tmp_path: Path) -> None:
    samples = [
        sample(0, scores={"acc": 1.0, "hallucination_rate": 1.0}),
        sample(1, scores={"acc": None}),
        sample(2, scores={"acc": 0.0}),
    ]
    (task,) = read(tmp_path, samples, [result()])
    np.testing.assert_array_equal(task.scores["acc"], [1.0, np.nan, 0.0])
    np.testing.assert_array_equal(task.scores[HALLUCINATION], [1.0, np.nan, np.nan])


ANSWERS = {
    "I'm sorry, but I can't help with that.": 1.0,
    "Sorry, I cannot answer this question.": 1.0,
    "As an AI language model, I am unable to do that": 1.0,
    "Es tut mir leid, dabei kann ich nicht helfen.": 1.0,
    "Leider kann ich Ihnen dabei nicht helfen": 1.0,
    "42": 0.0,
    "not stated": 0.0,
    "He said: I'm sorry, but I can't help with that.": 0.0,
    "I can help with that: 42": 0.0,
}


@pytest.mark.parametrize(("answer", "refused"), ANSWERS.items())
def test_answers_that_decline_count_as_refusals(
    tmp_path: Path, answer: str, refused: float
) -> None:
    (task,) = read(tmp_path, [sample(response=answer)], [result()])
    assert task.scores[REFUSAL].tolist() == [refused]


def test_multiple_choice_has_neither_refusals_nor_unreadable_answers(tmp_path: Path) -> None:
    (task,) = read(tmp_path, [sample(loglikelihoods=(-1.0, -2.0))], [result()])
    assert {REFUSAL, FORMAT} & set(task.scores) == set()


def test_format_failures_are_the_tasks_own_or_empty_answers(tmp_path: Path) -> None:
    own = [sample(0, task="t", scores={"acc": 0.0, "json_valid": 0.0})]
    empty = [sample(0, task="u", response=" \n"), sample(1, task="u", response="x")]
    t, u = read(tmp_path, own + empty, [result(), result(task="u")])
    assert t.scores[FORMAT].tolist() == [1.0]
    assert u.scores[FORMAT].tolist() == [1.0, 0.0]


def test_failed_docs_are_no_refusals_and_no_format_failures(tmp_path: Path) -> None:
    lost = sample(0, response="", scores={"acc": None}, flags=("failed",))
    (task,) = read(tmp_path, [lost, sample(1)], [result()])
    assert np.isnan(task.scores[FORMAT][0])
    assert np.isnan(task.scores[REFUSAL][0])


def test_clusters_come_from_a_key_of_the_docs(tmp_path: Path) -> None:
    samples = [sample(i, doc=f'{{"source": {i // 2}}}') for i in range(4)]
    (task,) = read(tmp_path, samples, [result()], clusters={"t": "source"})
    assert task.clusters == ["0", "0", "1", "1"]
    with pytest.raises(DataError, match="no 'page'"):
        read(tmp_path, samples, [result()], clusters={"t": "page"})
