"""A cell of which nothing was answered is not done; what may be answered another day is asked again."""

from __future__ import annotations

import pytest

from evalkit.errors import EndpointError
from evalkit.execute.answered import check_answered, settled_requests
from evalkit.records import Request
from tests.builders import api_attempt, api_error, api_request


def failed(number: int, error_class: str) -> Request:
    return api_request("m", number, api_error(0, error_class))


def answered(number: int) -> Request:
    return api_request("m", number, api_attempt(0))


@pytest.mark.parametrize("error_class", ["quota", "auth", "bad_request", "empty", "server_error"])
@pytest.mark.parametrize("n", [1, 3])
def test_nothing_answered_is_no_result_however_few_docs(error_class: str, n: int) -> None:
    with pytest.raises(EndpointError, match=f"none of {n} requests was answered.*{error_class}"):
        check_answered([failed(i, error_class) for i in range(n)], "m")


def test_some_answers_are_a_result_unless_credit_ran_out() -> None:
    check_answered([answered(0), failed(1, "bad_request"), failed(2, "server_error")], "m")
    with pytest.raises(EndpointError, match="1 of 3 requests got no answer for want of credit"):
        check_answered([answered(0), answered(1), failed(2, "quota")], "m")
    check_answered([], "m")


def test_load_tests_keep_no_answers_and_are_judged_by_their_attempts() -> None:
    good = api_request("m", 0, api_attempt(0), answer=None, step=0)
    check_answered([good], "m")
    with pytest.raises(EndpointError):
        check_answered([api_request("m", 0, api_error(0, "server_error"), step=0)], "m")


def test_only_the_endpoints_word_about_a_prompt_settles_it() -> None:
    some = [answered(0), failed(1, "context_length"), failed(2, "quota"), failed(3, "auth")]
    assert [r.doc_id for r in settled_requests(some)] == [0, 1]
    assert settled_requests([failed(0, "bad_request")]) == []
