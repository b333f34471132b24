"""Paired differences per task: which docs are matched, which way is better, and what can't be compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from evalkit.analysis.differences import TaskDifference, differences
from evalkit.analysis.docs import doc_table
from evalkit.errors import UsageError
from evalkit.store.run_dir import Run
from tests.builders import cell, manifest, result, sample
from tests.pseudo import untold


@dataclass(frozen=True)
class Compared:
    label: str
    name: str
    run: Run


def run_of(
    scores: Mapping[tuple[str, str, str], Mapping[str, Sequence[float | None]]],
    higher: Mapping[str, bool | None] | None = None,
    **changes: Any,
) -> Run:
    """(model, suite, task) → metric → score of each doc."""
    cells, samples, results = [], [], []
    for (model, suite, task), metrics in scores.items():
        name = f"{model}/{suite}/0"
        if name not in {c.cell_id for c in cells}:
            cells.append(cell(cell_id=name, model=model, suite=suite))
        for metric in metrics:
            way = (higher or {}).get(metric, True)
            results.append(
                result(0.5, cell_id=name, task=task, metric=metric, higher_is_better=way)
            )
        for i, row in enumerate(zip(*metrics.values(), strict=True)):
            found = dict(zip(metrics, row, strict=True))
            samples.append(sample(i, cell_id=name, task=task, scores=found, **changes))
    made = manifest(cells=tuple(cells))
    return Run(Path("r"), made, requests=[], samples=samples, results=results, telemetry=[])


def models(run: Run, *names: str) -> list[Compared]:
    return [Compared(name, name, run) for name in names]


def compare(
    those: Sequence[Compared],
    reference: str | None = None,
    metrics: Mapping[str, str] | None = None,
) -> tuple[TaskDifference, ...]:
    runs = {id(m.run): m.run for m in those}.values()
    return differences(those, doc_table(runs, metrics), reference)


def only(found: Sequence[TaskDifference]) -> TaskDifference:
    assert len(found) == 1
    return found[0]


A = ("a", "s", "t")
B = ("b", "s", "t")


def test_the_difference_is_other_minus_reference() -> None:
    run = run_of({A: {"acc": [1, 0, 0, 1]}, B: {"acc": [1, 1, 1, 0]}})
    found = only(compare(models(run, "a", "b")))
    assert (found.reference, found.other, found.task, found.metric) == ("a", "b", "t", "acc")
    assert found.estimate.value == pytest.approx(0.25)
    assert (found.wins, found.losses, found.ties) == (2, 1, 1)
    assert (found.estimate.n, found.estimate.unit, found.n_unpaired) == (4, "share", 0)
    assert found.estimate.method.startswith("Tango")
    assert found.sign == 0


def test_the_reference_can_be_chosen_and_turns_the_sign() -> None:
    run = run_of({A: {"acc": [0.0] * 30}, B: {"acc": [1.0] * 30}})
    assert only(compare(models(run, "a", "b"))).sign == 1
    found = only(compare(models(run, "a", "b"), "b"))
    assert (found.reference, found.other, found.sign) == ("b", "a", -1)


def test_where_lower_is_better_a_lower_score_is_a_gain() -> None:
    run = run_of({A: {"errors": [3.0, 5, 4]}, B: {"errors": [1.0, 2, 4]}}, {"errors": False})
    found = only(compare(models(run, "a", "b")))
    assert found.estimate.value == pytest.approx(5 / 3)
    assert (found.wins, found.losses, found.ties) == (2, 0, 1)
    assert not found.is_higher_better
    assert found.estimate.unit == "score"


def test_the_headline_is_a_share_of_which_more_is_better() -> None:
    metrics = {"json_errors": [1.0, 2], "length": [5.0, 9], "f1": [0.2, 0.6], "acc": [1.0, 0]}
    run = run_of({A: metrics, B: metrics}, {"json_errors": False, "length": None})
    assert only(compare(models(run, "a", "b"))).metric == "f1"


def test_the_metric_that_a_verdict_goes_by_takes_the_headlines_place() -> None:
    run = run_of({A: {"f1": [0.2, 0.6], "acc": [1.0, 0]}, B: {"f1": [0.4, 0.8], "acc": [0.0, 0]}})
    assert only(compare(models(run, "a", "b"), metrics={"t": "acc"})).metric == "acc"
    assert only(compare(models(run, "a", "b"), metrics={"other": "acc"})).metric == "f1"


def test_only_docs_that_both_answered_count() -> None:
    run = run_of({A: {"acc": [1, 1, None, 0]}, B: {"acc": [None, 0, 1, 1]}})
    found = only(compare(models(run, "a", "b")))
    assert (found.estimate.n, found.wins, found.losses) == (2, 1, 1)
    assert found.n_unpaired == 2


def test_a_number_with_other_content_is_another_doc() -> None:
    run = run_of({A: {"acc": [1, 1, 0]}, B: {"acc": [1, 0, 1]}})
    changed = [
        replace(s, doc_hash="new") if s.cell_id.startswith("b") and s.doc_id == 1 else s
        for s in run.samples
    ]
    found = only(compare(models(replace(run, samples=changed), "a", "b")))
    assert (found.estimate.n, found.wins, found.losses, found.n_unpaired) == (2, 1, 0, 2)


def test_the_order_of_docs_does_not_matter() -> None:
    run = run_of({A: {"acc": [1, 0, 0.5]}, B: {"acc": [0, 0.25, 0.5]}})
    turned = replace(run, samples=run.samples[:3] + run.samples[:2:-1])
    straight, other = (only(compare(models(r, "a", "b"))) for r in (run, turned))
    assert straight == other


def test_repeats_count_as_their_mean() -> None:
    run = run_of({A: {"acc": [1, 0]}, B: {"acc": [1, 1]}})
    again = [replace(s, cell_id="b/s/1", scores={"acc": 0.0}) for s in run.samples[2:]]
    cells = (*run.manifest.cells, cell(cell_id="b/s/1", model="b", suite="s", repeat=1))
    both = replace(run, samples=run.samples + again, manifest=manifest(cells=cells))
    found = only(compare(models(both, "a", "b")))
    assert found.estimate.value == pytest.approx(0)
    assert (found.estimate.n, found.wins, found.losses) == (2, 1, 1)


def test_models_of_several_runs_are_matched_and_told_apart_by_their_labels() -> None:
    one, other = (run_of({A: {"acc": [x] * 9}}) for x in (0.0, 1.0))
    pair = [Compared("a (1)", "a", one), Compared("a (2)", "a", other)]
    found = only(compare(pair))
    assert (found.reference, found.other, found.estimate.value) == ("a (1)", "a (2)", 1)


def test_every_task_that_either_was_asked_has_a_row_with_a_reason() -> None:
    run = run_of(
        {
            A: {"acc": [1, 0]},
            B: {"acc": [1, 1]},
            ("a", "s", "only_a"): {"acc": [1, 0]},
            ("b", "s", "only_b"): {"acc": [1, 0]},
            ("c", "u", "t"): {"acc": [1, 0]},
        }
    )
    found = compare(models(run, "a", "b", "c"))
    assert [(d.suite, d.task, d.other, d.sign) for d in found] == [
        ("s", "t", "b", 0),
        ("s", "t", "c", None),
        ("s", "only_a", "b", None),
        ("s", "only_a", "c", None),
        ("s", "only_b", "b", None),
        ("u", "t", "c", None),
    ]
    for d in found:
        if d.sign is None:
            assert d.estimate.value is None
            assert d.estimate.reason
            assert untold(d.estimate.reason).strip() in ("a", "b", "c", "")
    assert "c" in found[1].estimate.reason
    assert "a" in found[4].estimate.reason


def test_without_a_direction_or_a_score_per_doc_there_is_no_headline() -> None:
    run = run_of({A: {"length": [5.0]}, B: {"length": [6.0]}}, {"length": None})
    found = only(compare(models(run, "a", "b")))
    assert (found.metric, found.estimate.value) == ("", None)
    assert found.estimate.reason


def test_docs_that_share_no_content_have_no_difference() -> None:
    one, other = (run_of({A: {"acc": [1.0]}}, doc_hash=h) for h in ("x", "y"))
    found = only(compare([Compared("1", "a", one), Compared("2", "a", other)]))
    assert found.estimate.value is None
    assert "in common" in found.estimate.reason


def test_cells_that_are_not_done_do_not_count() -> None:
    run = run_of({A: {"acc": [1.0]}, B: {"acc": [0.0]}})
    cells = tuple(
        c.model_copy(update={"state": "failed"}) if hasattr(c, "model_copy") else replace(c, state="failed")
        for c in run.manifest.cells[1:]
    )  # fmt: skip
    broken = replace(run, manifest=manifest(cells=(run.manifest.cells[0], *cells)))
    assert only(compare(models(broken, "a", "b"))).estimate.value is None


def test_one_model_alone_has_nothing_to_compare_with() -> None:
    assert compare(models(run_of({A: {"acc": [1.0]}}), "a")) == ()
    assert compare(()) == ()


def test_a_misspelt_reference_is_told() -> None:
    run = run_of({A: {"acc": [1.0]}, B: {"acc": [0.0]}})
    with pytest.raises(UsageError, match="no model is called 'bb'"):
        compare(models(run, "a", "b"), "bb")


def test_the_same_runs_give_the_same_numbers() -> None:
    run = run_of({A: {"f1": [0.1, 0.5, 0.9, 0.3]}, B: {"f1": [0.3, 0.4, 1.0, 0.9]}})
    first = only(compare(models(run, "a", "b")))
    assert first == only(compare(models(run, "a", "b")))
    assert first.estimate.method.startswith("BCa")
