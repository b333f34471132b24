"""Which kind of fault an error is: the forms of vendors, gateways and compatible servers, as they write them.

`kinds.jsonl` has a row per form: status, headers, body, the class, and the wait where it matters.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evalkit.backends.endpoints.error_bodies import error_in
from evalkit.backends.endpoints.failures import Failure, failure_of, failure_of_error
from evalkit.backends.endpoints.wire import Exchange

URL = "https://host.example/v1/chat/completions"
ROWS = [
    json.loads(row)
    for row in Path(__file__).with_name("kinds.jsonl").read_text("utf-8").splitlines()
]


def failure(status: int, body: Any, headers: dict[str, str], url: str = URL) -> Failure:
    exchange = Exchange(status=status, headers=headers, url=url)
    if status < 300:
        return failure_of_error(error_in(body), exchange, ())
    text = body if isinstance(body, str) else json.dumps(body)
    exchange.error_body += text.encode()
    found = failure_of(exchange, ())
    assert found is not None
    return found


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['status']} {str(row['body'])[:60]}")
def test_an_error_has_its_kind_and_wait(row: dict[str, Any]) -> None:
    found = failure(row["status"], row["body"], row.get("headers", {}))
    assert found.error_class == row["expected"], found.message
    assert "wait_s" not in row or found.retry_after_s == row["wait_s"]


@pytest.mark.parametrize(
    ("status", "url", "headers", "said"),
    [
        (
            307,
            "http://h.example/v1/chat/completions",
            {"location": "https://h.example/v1/chat/completions"},
            "set base_url to https://h.example/v1",
        ),
        (
            301,
            "https://h.example/v1/messages",
            {"location": "/api/v1/messages?token=geheim"},
            "redirects to https://h.example/api/v1/messages: set base_url to https://h.example/api",
        ),
        (404, "https://h.example/v1/v1/chat/completions", {}, "has /v1 twice"),
        (404, "https://h.example/v1/v1/messages", {}, "has /v1 twice"),
        (404, "https://h.example/v1beta/v1beta/models/m:generate", {}, "has /v1beta twice"),
        (
            404,
            "https://h.example/v1/chat/completions/chat/completions",
            {},
            "has /chat/completions twice",
        ),
        (405, "https://h.example/v1/chat/completions/v1/chat/completions", {}, "twice"),
        (404, "https://h.example/chat/completions", {}, "ends in /v1"),
        (
            404,
            "https://h.example/v1/chat/completions",
            {},
            "asked at https://h.example/v1/chat/completions",
        ),
    ],
)
def test_a_wrong_address_is_named_with_what_to_change(
    status: int, url: str, headers: dict[str, str], said: str
) -> None:
    found = failure(status, "", headers, url)
    assert found.error_class == "not_found"
    assert said in found.message
    assert "geheim" not in found.message
