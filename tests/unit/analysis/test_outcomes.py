"""What a model gave per doc: its score, how sure it was, and the requests that it took."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.analysis.docs import doc_table
from evalkit.analysis.outcomes import Outcome, Signal, margin, outcomes, self_reported
from evalkit.errors import UsageError
from evalkit.records import Answer, RequestKind
from evalkit.store.run_dir import Run
from tests.builders import HOSTILE, bench_run, cell, manifest, request, result, sample


def run(**changes: Any) -> Run:
    values: dict[str, Any] = {
        "path": Path("r"),
        "manifest": manifest(cells=changes.pop("cells", (cell(),))),
        "requests": [request(0), request(1)],
        "samples": [sample(0), sample(1, scores={"acc": 0.0})],
        "results": [result(0.5)],
        "telemetry": [],
    }
    return Run(**{**values, **changes})


def of(
    runs: Sequence[Run], model: str, metrics: Mapping[str, str] | None = None
) -> tuple[Outcome, ...]:
    return outcomes(doc_table(runs, metrics), model)


def only(found: tuple[Outcome, ...]) -> Outcome:
    assert len(found) == 1
    return found[0]


def one_doc(response: str = "yes", **changes: Any) -> Outcome:
    return only(of([run(samples=[sample(0, response=response, **changes)])], "m"))


def test_an_outcome_has_the_score_and_the_requests_of_its_doc() -> None:
    first, second = of([run()], "m")
    assert (first.suite, first.task, first.doc_id, first.doc_hash) == ("s", "t", 0, "d0")
    assert (first.metric, first.score, second.score) == ("acc", 1.0, 0.0)
    assert [r.doc_id for r in second.requests] == [1]


def test_warm_up_is_not_among_the_requests() -> None:
    requests = [request(0), request(0, request_id="w", is_measured=False)]
    assert len(of([run(requests=requests)], "m")[0].requests) == 1


def test_repeats_of_a_cell_are_averaged() -> None:
    again: dict[str, Any] = {"cell_id": "m/s/1"}
    r = run(
        cells=(cell(), cell(repeat=1, **again)),
        requests=[
            request(0, answer=Answer(text="a", mean_logprob=-0.2)),
            request(0, answer=Answer(text="b", mean_logprob=-0.4), **again),
        ],
        samples=[sample(0), sample(0, scores={"acc": 0.0}, **again)],
        results=[result(1.0), result(0.0, **again)],
    )
    found = only(of([r], "m"))
    assert found.score == 0.5
    assert found.confidence[Signal.LOGPROB] == pytest.approx(-0.3)
    assert len(found.requests) == 2


def test_a_doc_without_an_answer_has_no_score_and_no_signal() -> None:
    failed = sample(0, response="", scores={"acc": None}, flags=("failed",))
    found = only(of([run(samples=[failed, sample(1)])], "m")[:1])
    assert found.score is None
    assert found.confidence == {}


def test_only_finished_cells_of_the_model_count() -> None:
    other = {"cell_id": "x/s/0"}
    r = run(
        cells=(cell(), cell(model="x", state="stopped", **other)),
        samples=[sample(0), sample(0, **other)],
        results=[result(), result(**other)],
    )
    assert len(of([r], "m")) == 1
    assert of([r], "x") == ()
    assert of([r], "nobody") == ()


def test_load_tests_have_no_outcomes() -> None:
    assert of([bench_run()], "alpha") == ()


def test_the_last_run_given_wins_per_task() -> None:
    old = run(
        samples=[sample(0), sample(0, task="u")], results=[result(), result(task="u")], requests=[]
    )
    new = run(samples=[sample(0, scores={"acc": 0.0})], requests=[])
    assert [(o.task, o.score) for o in of([old, new], "m")] == [("t", 0.0), ("u", 1.0)]
    assert [(o.task, o.score) for o in of([new, old], "m")] == [("t", 1.0), ("u", 1.0)]


# --- the metric ---------------------------------------------------------------------------------------------------


def metrics_run() -> Run:
    scores = {"perplexity": 12.0, "errors": 1.0, "f1": 0.25, "acc": 1.0}
    directions = {"bleu": True, "perplexity": True, "errors": False, "f1": True, "acc": True}
    return run(
        samples=[sample(0, scores=scores), sample(0, filter="strict", scores={"f1": 0.75})],
        results=[
            result(metric=name, higher_is_better=up, filter=f)
            for name, up in directions.items()
            for f in ("none", "strict")
        ],
    )


def test_the_first_metric_that_can_be_averaged_as_quality_is_taken() -> None:
    """`bleu` has no score per doc, `perplexity` exceeds 1, fewer `errors` are better."""
    found = only(of([metrics_run()], "m"))
    assert (found.metric, found.score) == ("f1", 0.25)


def test_a_metric_can_be_named() -> None:
    assert only(of([metrics_run()], "m", {"t": "acc"})).score == 1.0
    assert only(of([metrics_run()], "m", {"other": "acc"})).metric == "f1"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("ac", "there is no metric 'ac'.*Did you mean 'acc'"),
        ("bleu", "there is no metric 'bleu'"),
        ("errors", "lower is better"),
    ],
)
def test_a_metric_that_cannot_be_used_is_refused(name: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        of([metrics_run()], "m", {"t": name})


def test_the_scores_are_those_of_the_metrics_filter() -> None:
    r = metrics_run()
    strict = run(samples=r.samples, results=[result(metric="f1", filter="strict"), *r.results])
    assert only(of([strict], "m")).score == 0.75


def test_a_task_without_a_fitting_metric_gives_no_outcomes() -> None:
    r = run(samples=[sample(0, scores={"perplexity": 12.0})], results=[result(metric="perplexity")])
    assert of([r], "m") == ()
    assert of([run(results=[])], "m") == ()


# --- the signals --------------------------------------------------------------------------------------------------


def test_margin_is_the_difference_of_the_two_likeliest() -> None:
    lls = (math.log(0.2), math.log(0.7), math.log(0.1))
    assert margin(lls) == pytest.approx(0.5)
    assert one_doc(loglikelihoods=lls).confidence[Signal.MARGIN] == pytest.approx(0.5)


@given(st.lists(st.floats(-1000, 0), min_size=2, max_size=6), st.floats(-50, 50))
def test_margin_is_a_share_and_ignores_a_common_factor(lls: list[float], shift: float) -> None:
    value = margin(lls)
    assert value is not None
    assert 0 <= value <= 1
    assert margin([x + shift for x in lls]) == pytest.approx(value, abs=1e-9)


@pytest.mark.parametrize("lls", [(), (-1.0,), (-math.inf, -math.inf), (math.nan, math.nan)])
def test_margin_is_missing_where_it_means_nothing(lls: tuple[float, ...]) -> None:
    assert margin(lls) is None


def test_logprob_is_that_of_the_generated_answer() -> None:
    requests = [
        request(0, answer=Answer(text="a", mean_logprob=-0.5)),
        request(0, answer=Answer(text="b", mean_logprob=-1.5), repeat=1),
        request(0, answer=Answer(loglikelihood=-9.0), kind=RequestKind.LOGLIKELIHOOD),
        request(0, answer=Answer(text="c"), repeat=2),
        request(0, answer=None, repeat=3),
    ]
    found = only(of([run(samples=[sample(0)], requests=requests)], "m"))
    assert found.confidence == {Signal.LOGPROB: -1.0}


@pytest.mark.parametrize(
    ("scores", "response", "expected"),
    [
        ({"acc": 0.0, "extraction_failed": 1.0}, "?", 0.0),
        ({"acc": 0.0, "extraction_failed": 0.0}, "A", 1.0),
        ({"acc": 0.0, "json_valid": 0.0}, "{", 0.0),
        ({"acc": 0.0, "json_valid": 1.0}, "{}", 1.0),
        ({"acc": 0.0, "extraction_failed": 0.0}, " \n", 0.0),
        ({"acc": 1.0, "json_valid": 0.0, "extraction_failed": 0.0}, "{'a': 1}", 1.0),
        ({"acc": 1.0, "json_valid": 0.0, "extraction_failed": 1.0}, "{", 0.0),
        ({"acc": 0.0}, "", 0.0),
        ({"acc": 0.0}, "A", None),
        ({"acc": 0.0, "json_valid": None}, "A", None),
    ],
)
def test_parsed_is_what_the_task_could_read(
    scores: dict[str, float | None], response: str, expected: float | None
) -> None:
    assert one_doc(response, scores=scores).confidence.get(Signal.PARSED) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"answer": "A", "confidence": 0.85}', 0.85),
        ('{"confidence": "80%", "answer": 3}', 0.8),
        ('{"confidence": 0, "answer": "A"}', 0.0),
        ('{"confidence": 0.8500000000000001}', 0.85),
        ("Paris. confidence: 80 %", 0.8),
        ("**Confidence:** 0.7", 0.7),
        ("Confidence score is 95 percent", 0.95),
        ("confidence=1", 1.0),
        ("Berlin (Konfidenz: 0.8)", 0.8),
        ("Konfidenz: 0,8", 0.8),
        ("Die Konfidenz ist 75 Prozent.", 0.75),
        ("first confidence: 0.2, on reflection confidence: 0.9", 0.9),
        ("not stated, confidence: 90 %", 0.9),
        # no number within 0 and 1, no percentage
        ("confidence: 80", None),
        ("confidence: 180 %", None),
        ("confidence: 8/10", None),
        ("confidence: 1 out of 5", None),
        ("Konfidenz: 1 von 5", None),
        ("confidence: 1e-3", None),
        ("confidence: -0.5", None),
        ("confidence: high", None),
        ("overconfidence: 0.3", None),
        ("", None),
        # abstentions
        ("not stated", 0.0),
        ("The text does not mention it.", 0.0),
        ("It isn't said; it can’t be determined.", 0.0),
        ("I don’t know.", 0.0),
        ("I'm not sure, perhaps 7", 0.0),
        ("Unknown", 0.0),
        ("Das weiß ich nicht.", 0.0),
        ("Ich weiß es nicht", 0.0),
        ("Das ist nicht im Text angegeben.", 0.0),
        ("Das geht aus dem Text nicht hervor.", 0.0),
        ("Keine Angabe", 0.0),
        ("nicht erwa\u0308hnt", 0.0),
        ("Die Frage kann nicht beantwortet werden.", 0.0),
        # answers
        ("I know: 7", None),
        ("Note the knot.", None),
        ("Weißbrot, nicht Schwarzbrot", None),
        ("7\nThe second question cannot be answered.", None),
    ],
)
def test_self_reported_is_what_the_answer_says(text: str, expected: float | None) -> None:
    assert self_reported(text) == (None if expected is None else pytest.approx(expected))
    assert one_doc(text).confidence.get(Signal.SELF_REPORTED) == self_reported(text)


def test_the_text_of_a_chosen_option_reports_nothing() -> None:
    found = one_doc("unknown", loglikelihoods=(-1.0, -2.0))
    assert set(found.confidence) == {Signal.MARGIN}


@given(st.text(max_size=300))
def test_any_text_can_be_read(text: str) -> None:
    value = self_reported(f"{HOSTILE}{text}confidence: {text}")
    assert value is None or 0 <= value <= 1


@pytest.mark.parametrize(
    "text",
    [
        "confidence " * 100_000,
        "confidence:" + " " * 10**6,
        "weiss " * 10**5,
        "confidence: 1" * 10**5,
    ],
)
def test_hostile_text_takes_no_time(text: str) -> None:
    started = time.thread_time()
    self_reported(text)
    assert time.thread_time() - started < 0.5


def test_what_stands_far_behind_is_not_read() -> None:
    assert self_reported("x" * 20_000 + " confidence: 0.5") is None
