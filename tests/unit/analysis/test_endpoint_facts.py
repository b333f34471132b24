"""Errors, tokens and cost of an API model, from its records alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evalkit.analysis.endpoints import endpoint_facts
from evalkit.analysis.quality import quality_facts
from evalkit.analysis.summary import analyse
from evalkit.records import GENERATE, Answer, Attempt, EndpointRecord, Request, Usage
from evalkit.store.run_dir import Run
from tests.builders import attempt, cell, manifest, request, result, sample

ENDPOINT = EndpointRecord("api.example.org", "chat", 4, ("m-2026",), 100, 0.0005, 0.002, 0.01)
PAID = replace(attempt(), usage=Usage(100, 40, output_tokens=10, reasoning_tokens=4), cost_usd=0.25)
BUSY = replace(
    attempt(token_ms=()), status="error", error_class="rate_limited", cost_usd=0.0, number=0
)
BROKEN = replace(BUSY, error_class="stalled", cost_usd=None, reserved_usd=0.5)
LOST = replace(BUSY, status="lost", error_class=None, cost_usd=None)


def run_of(*requests: Request, **cell_changes: Any) -> Run:
    record = cell(endpoint=ENDPOINT, **cell_changes)
    return Run(Path("r"), manifest(cells=(record,)), list(requests), [], [result()], [])


def asked(number: int, *attempts: Attempt, answer: str | None = "yes", **changes: Any) -> Request:
    found = None if answer is None else Answer(text=answer)
    return request(number, attempts=attempts, answer=found, **changes)


def fact(*requests: Request, **cell_changes: Any) -> Any:
    overall, on_suite = endpoint_facts(run_of(*requests, **cell_changes))
    assert (overall.suite, on_suite.suite) == (None, "s")
    return overall


def test_a_local_model_has_no_endpoint_fact() -> None:
    run = Run(Path("r"), manifest(), [request()], [], [], [])
    assert endpoint_facts(run) == ()


def test_retries_failures_and_classes_are_counted() -> None:
    found = fact(
        asked(0, PAID), asked(1, BUSY, PAID), asked(2, BUSY, BUSY, answer=None), asked(3, PAID)
    )
    assert (found.n_requests, found.n_attempts, found.n_retried) == (4, 6, 2)
    assert found.error_rate.value == 0.25
    assert 0 < found.error_rate.low < 0.25 < found.error_rate.high < 1
    assert found.failed_by_class == {"rate_limited": 1}
    assert found.errors_by_class == {"rate_limited": 3}


@pytest.mark.parametrize(
    ("served", "said"),
    [
        ({"service_tier": "scale"}, "; served as scale"),
        ({"region": "us", "speed": "fast"}, "; served as fast, us"),
        ({"service_tier": "default", "region": "global"}, ""),
        ({}, ""),
    ],
)
def test_an_unknown_cost_names_the_service_that_has_no_price(
    served: dict[str, str], said: str
) -> None:
    unpriced = replace(PAID, usage=Usage(100, output_tokens=10, **served), cost_usd=None)  # type: ignore[arg-type]
    found = fact(asked(0, PAID), asked(1, unpriced))
    assert found.cost_usd.reason == f"1 attempt of unknown cost is not in it{said}"
    assert fact(asked(0, unpriced)).cost_usd.reason == f"price not known{said}"


def test_cost_is_the_sum_over_all_attempts_and_says_what_is_not_in_it() -> None:
    found = fact(asked(0, PAID), asked(1, BROKEN, PAID), asked(2, BUSY, PAID))
    assert found.cost_usd.value == pytest.approx(0.75)
    assert "1 attempt of unknown cost" in found.cost_usd.reason
    assert found.cost_per_request_usd is None, "one request's cost is not known"
    assert fact(asked(0, PAID), asked(2, BUSY, PAID)).cost_per_request_usd == 0.25


def test_warm_up_is_paid_but_no_request() -> None:
    found = fact(asked(0, PAID), asked(1, PAID, answer=None, is_measured=False))
    assert (found.n_requests, found.n_attempts) == (1, 2)
    assert found.cost_usd.value == 0.5
    assert found.error_rate.value == 0.0


def test_an_unknown_price_is_no_cost_of_zero() -> None:
    unpriced = replace(PAID, cost_usd=None)
    found = fact(asked(0, unpriced), asked(1, BUSY, unpriced))
    assert found.cost_usd.value is None
    assert found.cost_per_request_usd is None
    assert any("price not known" in w for w in analyse(run_of(asked(0, unpriced))).warnings)


def test_tokens_are_the_servers_and_missing_ones_stay_missing() -> None:
    found = fact(asked(0, PAID), asked(1, PAID))
    assert (found.input_tokens, found.cached_input_tokens) == (200, 80)
    assert (found.output_tokens, found.reasoning_tokens) == (20, 8)
    silent = fact(asked(0, replace(PAID, usage=None)))
    assert (silent.input_tokens, silent.output_tokens) == (None, None)


def test_response_time_has_the_waits_of_all_attempts_in_it() -> None:
    late = attempt(send_ms=5000)
    second = replace(late, t_intended_ns=4_000_000_000, number=1)
    found = fact(asked(0, BUSY, second))
    assert found.response_time_s.p50.value == pytest.approx(5.2)
    other = replace(BUSY, session=7)
    assert fact(asked(0, other, second)).response_time_s.p50.value is None


def test_lost_attempts_are_counted_and_warned_of() -> None:
    run = run_of(asked(0, LOST, PAID))
    assert analyse(run).endpoints[0].n_lost == 1
    assert any("may have been billed" in w for w in analyse(run).warnings)


def test_unfinished_cells_count_too() -> None:
    found = fact(asked(0, BROKEN, answer=None), state="failed", reason="down")
    assert found.error_rate.value == 1.0


def test_a_late_meter_warns() -> None:
    run = run_of(asked(0, PAID))
    slow = replace(run.manifest.cells[0], endpoint=replace(ENDPOINT, lag_p99_s=0.02))
    late = replace(run, manifest=run.manifest.model_copy(update={"cells": (slow,)}))
    assert not any("late" in w for w in analyse(run).warnings)
    assert any("20 ms late" in w for w in analyse(late).warnings)


def test_models_asked_in_different_ways_are_not_like_for_like() -> None:
    cells = (cell(), cell(cell_id="n/s/0", model="n", mode=GENERATE))
    run = Run(Path("r"), manifest(cells=cells), [], [], [], [])
    (warning,) = (w for w in analyse(run).warnings if "Not like for like" in w)
    assert "m chose by log-likelihood, n wrote a letter" in warning


def test_failed_docs_are_left_out_of_quality_and_counted() -> None:
    samples = [sample(0), sample(1, scores={"acc": 0.0})]
    failed = sample(2, scores={"acc": None}, response="", flags=("failed",))
    group = result(value=0.4, task="g", is_group=True, n_docs=None)
    run = run_of(asked(0, PAID))
    run = replace(run, samples=[*samples, failed], results=[result(value=1 / 3), group])
    facts = {q.task: q for q in quality_facts(run)}
    assert facts["t"].estimate.value == 0.5
    assert facts["t"].estimate.n == 2
    assert facts["t"].n_failed == 1
    assert "1 doc got no answer" in facts["t"].estimate.reason
    assert facts["g"].estimate.value is None, "lm-eval's group number has the failed doc in it"


@pytest.mark.parametrize(
    ("usage", "said"),
    [
        (None, "the server tells no token counts"),
        (Usage(100, output_tokens=1, is_doubtful=True), "token counts can't be used"),
        (Usage(100, output_tokens=1, reasoning_tokens=5), "token counts can't be used"),
        (Usage(100, output_tokens=1, has_other_charges=True), "more than text was billed"),
        (Usage(100, output_tokens=1), "price not known"),
    ],
)
def test_an_unknown_cost_says_whether_price_or_counts_are_missing(
    usage: Usage | None, said: str
) -> None:
    silent = replace(PAID, usage=usage, cost_usd=None)
    reason = fact(asked(0, silent), asked(1, silent)).cost_usd.reason
    assert said in str(reason)
    assert ("price" in str(reason)) is (said == "price not known")
