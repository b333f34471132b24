"""Confusion matrix, scores per class and majority baseline, against matrices counted by hand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from evalkit.analysis.classes import ClassFact, class_facts, folded
from evalkit.analysis.quality import quality_facts
from evalkit.records import Sample
from evalkit.store.run_dir import Run
from tests.builders import cell, manifest, result, sample

OPTIONS = "A. Billing\nB. Shipping\nC. Returns"
LABELS = ("Billing", "Shipping", "Returns")


def letter(i: int, gold: str, answer: str, **scores: float) -> Sample:
    """An answer to three lettered options; an empty one can't be read."""
    return sample(
        i,
        prompt=f"Message: {i}\n{OPTIONS}",
        target=f"Answer: {gold}",
        response=f"Answer: {answer}" if answer else "I would ask a colleague.",
        scores={"acc": float(gold == answer), "extraction_failed": float(not answer), **scores},
    )


def label(i: int, gold: str, answer: str, n_choices: int = 3, **changes: Any) -> Sample:
    values = {
        "target": gold,
        "response": answer,
        "loglikelihoods": (-1.0,) * n_choices,
        "scores": {"acc": float(gold == answer)},
    }
    return sample(i, **{**values, **changes})


def facts(samples: Sequence[Sample], cells: Sequence[str] = ("m/s/0",)) -> list[ClassFact]:
    scores = [s.scores["acc"] for s in samples if s.scores["acc"] is not None]
    run = Run(
        path=Path("r"),
        manifest=manifest(
            cells=tuple(cell(cell_id=c, repeat=int(c.rpartition("/")[2])) for c in cells)
        ),
        requests=[],
        samples=list(samples),
        results=[result(sum(scores) / len(scores), cell_id=c) for c in cells],
        telemetry=[],
    )
    return list(class_facts(run, quality_facts(run)))


# right × answered: A: 3 right, 1 taken for B; B: 1 right, 1 taken for A, 1 unread; C: taken for A
ANSWERS = [*"AAAA", *"BBB", *"C"], ["A", "A", "A", "B", "B", "A", "", "A"]
COUNTS = ((3, 1, 0, 0, 0), (1, 1, 0, 1, 0), (1, 0, 0, 0, 0))


def lettered() -> ClassFact:
    (found,) = facts([letter(i, g, a) for i, (g, a) in enumerate(zip(*ANSWERS, strict=True))])
    return found


def test_letters_are_counted_by_what_is_right_and_what_was_answered() -> None:
    found = lettered()
    assert found.counts == COUNTS
    assert [c.name for c in found.classes] == list(LABELS)
    assert (found.n, found.chance) == (8, pytest.approx(1 / 3))


def test_scores_per_class_are_those_of_the_matrix() -> None:
    a, b, c = lettered().classes
    assert (a.recall, a.precision, a.f1) == (3 / 4, 3 / 5, pytest.approx(2 / 3))
    assert (b.recall, b.precision, b.f1) == (1 / 3, 1 / 2, pytest.approx(0.4))
    assert (c.recall, c.precision, c.f1) == (0.0, None, 0.0)
    assert lettered().mean_recall == pytest.approx((3 / 4 + 1 / 3 + 0) / 3)
    assert lettered().mean_f1 == pytest.approx((2 / 3 + 0.4 + 0) / 3)


def test_the_commonest_answer_is_a_baseline() -> None:
    found = lettered()
    assert (found.commonest.name, found.majority) == ("Billing", 0.5)
    assert not found.is_above_majority  # 4 of 8 right


def test_a_score_is_above_the_baseline_where_its_interval_is() -> None:
    golds = "AB" * 20
    (all_right,) = facts([letter(i, g, g) for i, g in enumerate(golds)])
    (half_right,) = facts([letter(i, g, "A" if i < 28 else g) for i, g in enumerate(golds)])
    assert all_right.is_above_majority
    assert half_right.score.value == 26 / 40 > half_right.majority
    assert not half_right.is_above_majority


def test_letters_keep_their_names_where_options_differ_from_doc_to_doc() -> None:
    one = letter(0, "A", "A")
    other = sample(
        1,
        prompt="Which?\nA. a cat\nB. a dog\nC. a cow",
        target="Answer: B",
        response="Answer: C",
        scores={"acc": 0.0, "extraction_failed": 0.0},
    )
    (found,) = facts([one, other])
    assert [c.name for c in found.classes] == ["A", "B", "C"]
    assert found.counts[1] == (0, 0, 1, 0, 0)


def test_an_answer_that_was_scored_otherwise_than_it_reads_is_no_class() -> None:
    read = letter(0, "A", "A")
    (found,) = facts([sample_with(read, acc=0.0), letter(1, "B", "B")])
    assert found.counts[0] == (0, 0, 0, 0, 1)


def sample_with(one: Sample, **scores: float) -> Sample:
    return letter(one.doc_id, "A", "A", **scores)


def test_labels_stand_by_how_often_they_are_right() -> None:
    pairs = [("Returns", "Returns"), ("Returns", "Billing"), ("Billing", "Shipping")]
    (found,) = facts([label(i, *pair) for i, pair in enumerate(pairs)])
    assert [c.name for c in found.classes] == ["Returns", "Billing", "Shipping"]
    assert found.counts == ((1, 1, 0, 0, 0), (0, 0, 1, 0, 0), (0, 0, 0, 0, 0))
    assert (found.classes[2].recall, found.classes[2].precision) == (None, 0.0)


@pytest.mark.parametrize(
    "samples",
    [
        [label(i, f"text {i}", f"text {i}", 4) for i in range(5)],  # each doc has its own choices
        [label(i, f"{i}", f"{i}", 40) for i in range(31)],  # more right answers than a closed task
        [sample(i, target="free", response="text") for i in range(5)],
        [label(i, "Billing", "Shipping") for i in range(5)],  # nothing to take for another
    ],
)
def test_what_is_not_closed_has_no_classes(samples: Sequence[Sample]) -> None:
    assert facts(samples) == []


def test_a_repeat_is_not_counted_twice_and_a_failed_request_not_at_all() -> None:
    docs = [letter(0, "A", "A"), letter(1, "B", "A")]
    again = [letter_in(s, "m/s/1") for s in docs]
    failed = sample(2, prompt=OPTIONS, target="Answer: A", scores={"acc": None}, flags=("failed",))
    (found,) = facts([*docs, *again, failed], ("m/s/0", "m/s/1"))
    assert found.counts == ((1, 0, 0, 0, 0), (1, 0, 0, 0, 0), (0, 0, 0, 0, 0))


def letter_in(one: Sample, cell_id: str) -> Sample:
    return sample(
        one.doc_id,
        cell_id=cell_id,
        prompt=one.prompt,
        target=one.target,
        response=one.response,
        scores=one.scores,
    )


def test_rare_classes_are_one_row_whose_right_answers_are_added_up() -> None:
    golds = [*"AAABBC", "D", "D"]
    answers = [*"AABBBD", "D", "C"]
    pairs = zip(golds, answers, strict=True)
    (found,) = facts([label(i, g, a, 4) for i, (g, a) in enumerate(pairs)])
    assert [c.name for c in found.classes] == ["A", "B", "D", "C"]
    few = folded(found, 3, "other")
    assert [c.name for c in few.classes] == ["A", "B", "other"]
    assert few.counts == ((2, 1, 0, 0, 0), (0, 2, 0, 0, 0), (0, 0, 3, 0, 0))
    assert (few.classes[2].n_gold, few.classes[2].n_answered, few.classes[2].n_right) == (3, 3, 1)
    assert folded(found, 4, "other") is found
