"""Samples of several models are paired doc by doc, and judged only by scores that say right or wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evalkit.analysis.docs import doc_table
from evalkit.records import RequestKind
from evalkit.report.samples import Mark, Timing, task_docs
from tests.builders import (
    api_attempt,
    api_error,
    api_request,
    cell,
    manifest,
    request,
    result,
    sample,
)
from tests.explorers import comparison
from tests.pseudo import untold

MODELS = ("one", "two", "three")


def docs_of(run, *names):
    found = task_docs([(name, run) for name in names or MODELS], doc_table([run]))
    return {t.task: t.docs for t in found}


def test_docs_are_paired_by_suite_task_number_and_hash() -> None:
    run = comparison(4)
    moved = [replace(s, doc_hash="x") if s.cell_id == "two/maths/0" else s for s in run.samples]
    docs = docs_of(replace(run, samples=moved))["sums"]
    assert [d.doc_id for d in docs] == [0, 0, 1, 1, 2, 2, 3, 3]
    assert docs[0].marks == "r-u"
    assert docs[1].marks == "-r-"
    assert [a and a.sample.cell_id for a in docs[1].answers] == [None, "two/maths/0", None]


def test_marks_say_right_wrong_unjudged_and_unanswered() -> None:
    docs = docs_of(comparison(8))
    assert [d.marks for d in docs["sums"]] == [
        "rru", "wwr", "rwr", "wrr", "rwr", "wwr", "rrr", "wwu",
    ]  # fmt: skip
    assert {d.marks for d in docs["names"]} == {"nnn"}
    assert [d.interest for d in docs["sums"]] == [1, 0, 0, 0, 0, 0, 2, 1]


@pytest.mark.parametrize(
    ("scores", "way", "mark"),
    [
        ({"acc": 0.5}, True, Mark.NEITHER),
        ({"f1": 1.0}, True, Mark.RIGHT),
        ({"acc": None}, True, Mark.NEITHER),
        ({"acc": 0.0, "exact_match": 1.0}, True, Mark.WRONG),
        ({"answer_accuracy": 0.0}, True, Mark.WRONG),
        ({"bleu": 31.0}, True, Mark.NEITHER),
        ({"bleu": 1.0}, True, Mark.RIGHT),
        ({"hallucination": 0.0}, False, Mark.RIGHT),
        ({"hallucination": 1.0}, False, Mark.WRONG),
        ({"length": 1.0}, None, Mark.NEITHER),
    ],
)
def test_the_headline_judges_where_it_is_0_or_1(scores, way, mark) -> None:
    name = "one/maths/0"
    results = [result(cell_id=name, metric=metric, higher_is_better=way) for metric in scores]
    run = replace(comparison(1), samples=[sample(0, cell_id=name, scores=scores)], results=results)
    assert docs_of(run, "one")["t"][0].marks == mark


def test_repeats_do_not_count_twice_and_further_filters_add_their_scores() -> None:
    cells = (cell(), cell(cell_id="m/s/1", repeat=1))
    samples = [
        sample(0, scores={"exact_match": 0.0}, filter="strict", response="a"),
        sample(0, scores={"exact_match": 1.0}, filter="flexible", response="b"),
        sample(0, cell_id="m/s/1", response="c"),
    ]
    results = [result(metric="exact_match", filter=f) for f in ("strict", "flexible")]
    run = replace(comparison(1), manifest=manifest(cells=cells), samples=samples, results=results)
    (doc,) = docs_of(run, "m")["t"]
    assert doc.answers[0].sample.response == "a"
    assert doc.answers[0].scores == {"exact_match": 0.0, "exact_match (flexible)": 1.0}
    assert doc.marks == "w"
    again = replace(samples[0], cell_id="m/s/1", scores={"exact_match": 1.0})
    (doc,) = docs_of(replace(run, samples=[*samples[:2], again]), "m")["t"]
    assert doc.marks == "n", "right once and wrong once"


def answer_of(*requests, **changes):
    run = replace(comparison(1), manifest=manifest(), requests=list(requests))
    run = replace(run, samples=[sample(0, **changes)])
    return docs_of(run, "m")["t"][0].answers[0]


def test_timing_is_that_of_the_request_that_ran_alone() -> None:
    assert answer_of(request(0)).timing == Timing(10, 3, 0.1, 0.2, None)
    assert answer_of(request(0, is_timed=False)).timing == Timing(10, 3)
    assert answer_of(request(0, kind=RequestKind.LOGLIKELIHOOD)).timing == Timing()
    assert answer_of(request(0, is_measured=False)).timing == Timing()


def test_cost_is_that_of_all_attempts_and_unknown_when_one_is() -> None:
    paid = api_attempt(0, cost_usd=0.25)
    at = {"cell_id": "m/s/0"}
    again = answer_of(api_request("m", 0, api_error(0, "timeout", 0.5), paid, **at))
    assert again.timing.cost_usd == 0.75
    lost = answer_of(api_request("m", 0, api_error(0, "timeout", None), paid, **at))
    assert lost.timing.cost_usd is None
    assert lost.timing.ttft_s == 0.1


def test_a_failure_names_attempts_class_and_what_the_server_said() -> None:
    failed = [api_error(t, "timeout", error="<b>no</b>") for t in (0, 5000)]
    answer = answer_of(api_request("m", 0, *failed, cell_id="m/s/0"), flags=("failed",))
    assert answer.failure == (
        "no answer: the request failed after 2 attempts (no answer in time): <b>no</b>"
    )
    assert "<b>no</b>" in untold(answer.failure)
    assert answer.timing == Timing()
    assert answer_of(flags=("failed",)).failure == "no answer: the request failed"
