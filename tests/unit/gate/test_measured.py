"""Runs → a side: repetitions are averaged, and only like is put together."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from evalkit.analysis.scores import REFUSAL
from evalkit.errors import DataError, UsageError
from evalkit.gate.open import open_side
from tests.builders import bench_run
from tests.gate_runs import Made, made_run, side_of, write_runs
from tests.scenarios import written

KEY = ("s", "routing")


def test_repetitions_are_averaged_per_document(tmp_path: Path) -> None:
    runs = (Made({"routing": [float(i < k) for i in range(4)]}, started=k) for k in (1, 2, 4))
    side = side_of(tmp_path, *runs)
    np.testing.assert_allclose(side.tasks[KEY].scores["acc"], [1, 2 / 3, 1 / 3, 1 / 3])
    assert (side.fact.n_runs, side.fact.n_docs) == (3, 4)
    assert side.fact.first_run < side.fact.last_run


def test_a_document_that_one_repetition_lacks_keeps_the_others_score(tmp_path: Path) -> None:
    a, b = Made({"routing": [1.0, float("nan")]}), Made({"routing": [0.0, 1.0]}, started=1)
    scores = side_of(tmp_path, a, b).tasks[KEY].scores["acc"]
    np.testing.assert_allclose(scores, [0.5, 1.0])


def test_runs_of_one_side_must_be_made_alike(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not made like") as error:
        side_of(tmp_path, Made(), Made(started=1, suite={"num_fewshot": 3}))
    assert "fewshot of s" in error.value.message


def test_withheld_answers_are_refusals(tmp_path: Path) -> None:
    answers = ["yes"] * 200
    plain = side_of(tmp_path / "a", Made(responses=answers))
    withheld = side_of(tmp_path / "b", Made(responses=answers, flags=("filtered",)))
    assert plain.tasks[KEY].scores[REFUSAL].sum() == 0
    assert withheld.tasks[KEY].scores[REFUSAL].sum() == 200


def test_a_cost_is_per_document_and_missing_where_a_request_has_none(tmp_path: Path) -> None:
    costs = [0.001, None, 0.003]
    made = Made({"routing": [1.0] * 3}, cost_usd=costs)
    side = side_of(tmp_path, made, replace(made, started=1))
    np.testing.assert_allclose(side.costs[KEY], [0.001, np.nan, 0.003])


def test_memory_of_a_model_behind_an_api_is_not_ours(tmp_path: Path) -> None:
    assert side_of(tmp_path / "a", Made()).runs[0].values == {"memory:host": 500e6}
    assert side_of(tmp_path / "b", Made(rss_mb=None)).runs[0].values == {}


def test_a_bench_brings_its_capacity(tmp_path: Path) -> None:
    written(bench_run(), tmp_path / "bench")
    side = open_side(tmp_path / "bench", "alpha", {}, option="--model")
    assert side.runs[0].values == {"throughput:rates": pytest.approx(1.9, abs=0.15)}
    assert side.tasks == {}


def test_a_folder_may_hold_runs_of_other_models(tmp_path: Path) -> None:
    place = write_runs(tmp_path, Made(model="x"), Made(model="y", started=1))
    assert open_side(place, "y", {}, option="--model").fact.n_runs == 1
    with pytest.raises(UsageError, match="holds 2 models"):
        open_side(place, None, {}, option="--model")


def test_a_run_directory_is_checked_before_it_is_believed(tmp_path: Path) -> None:
    run = made_run(Made())
    folder = written(run, tmp_path / "r")
    (folder / "requests.parquet").unlink()
    with pytest.raises(DataError, match="missing"):
        open_side(folder, None, {}, option="--model")


def test_labels_do_not_tell_where_folders_lie(tmp_path: Path) -> None:
    assert side_of(tmp_path / "runs", Made()).fact.label == "runs"
