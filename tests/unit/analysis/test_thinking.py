"""Answers that were cut, thoughts and what they took: counted from the records, and warned of."""

from __future__ import annotations

from typing import Any

import pytest

from evalkit.analysis.summary import analyse
from evalkit.analysis.thinking import thinking_numbers
from evalkit.records import CUT_THINKING, STOPPED_EARLY, THOUGHTS, Answer, Request, RequestKind
from tests.builders import api_attempt, api_run, request


def answered(n: int = 1, **changes: Any) -> list[Request]:
    values = {"kind": RequestKind.GENERATE, "answer": Answer(text="B"), "finish_reason": "stop"}
    return [request(i, **{**values, **changes}) for i in range(n)]


def test_shares_of_cut_answers_count_only_answers_whose_end_is_known() -> None:
    cut = answered(finish_reason="length", flags=(THOUGHTS, CUT_THINKING), reasoning_tokens=9)
    long = answered(2, finish_reason="length")
    unknown = answered(finish_reason=None)
    failed = answered(answer=None)
    numbers = thinking_numbers([*cut, *long, *unknown, *failed, *answered(7, reasoning_tokens=0)])
    assert (numbers["cut_rate"].value, numbers["cut_rate"].n) == (pytest.approx(0.3), 10)
    assert numbers["cut_thinking_rate"].value == pytest.approx(0.1)
    assert (numbers["n_thinking"], numbers["reasoning_tokens"]) == (1, 9)


def test_what_is_not_told_is_missing_and_never_zero() -> None:
    numbers = thinking_numbers(answered(3, finish_reason=None))
    assert numbers["cut_rate"].value is None
    assert str(numbers["cut_rate"].reason) == "nothing was generated"
    assert numbers["reasoning_tokens"] is None


def warnings(flags: tuple[str, ...], finish_reason: str) -> str:
    run = api_run()
    for r in run.requests:
        if r.is_measured and r.answer is not None:
            object.__setattr__(r, "flags", flags)
            object.__setattr__(r, "finish_reason", finish_reason)
    return " ".join(str(w) for w in analyse(run).warnings)


def test_the_report_warns_of_answers_cut_in_thoughts_with_the_remedy() -> None:
    told = warnings((THOUGHTS, CUT_THINKING), "length")
    assert "still thinking" in told
    assert "generation.max_tokens" in told
    assert "100.0%" in told
    assert "cut at max_tokens (" in warnings((), "length")
    assert "max_tokens" not in warnings((THOUGHTS,), "stop")


def test_the_report_warns_of_servers_that_look_for_stop_strings_in_thoughts() -> None:
    assert "omit: [stop]" in warnings((STOPPED_EARLY,), "stop")


def test_attempts_asked_again_are_counted() -> None:
    early = api_attempt(status="error", error_class=STOPPED_EARLY)
    numbers = thinking_numbers(answered(2, attempts=(early, api_attempt())))
    assert (numbers["n_asked_again"], numbers["n_stopped_early"]) == (2, 0)
