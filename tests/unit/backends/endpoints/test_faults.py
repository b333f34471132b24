"""Every fault of an endpoint gets its class, is retried only where that makes sense, and the other answers survive."""

from __future__ import annotations

import asyncio
import json
import math
import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from types import SimpleNamespace

import httpx2
import pytest
import trustme

from evalkit.backends.endpoints.error_classes import ErrorClass
from evalkit.backends.endpoints.wire import Exchange, ResponseBody
from evalkit.errors import EndpointError
from evalkit.loadgen.chunks import DONE, chat_answer, chat_chunk, sse, usage
from evalkit.loadgen.scripted import (
    Disconnect,
    Plan,
    Received,
    ScriptedServer,
    Send,
    Stall,
    sequence,
)
from tests.endpoints import api_model, ask, ask_and_note
from tests.waiting import in_no_time

GOOD = Plan(chat_answer(["fine"], ttft_s=0.0, itl_s=0.0, usage=usage(3, 1)))
HALF = (Send(sse(chat_chunk("", role="assistant"))), Send(sse(chat_chunk("half an an"))))
JSON = {"Content-Type": "application/json"}


def error(status: int, message: str = "no", headers: Mapping[str, str] = {}, **more: str) -> Plan:
    body = json.dumps({"error": {"message": message, **more}}).encode()
    return Plan((Send(body),), status=status, headers={**JSON, **headers})


def page(status: int) -> Plan:
    html = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
    return Plan((Send(html),), status=status, headers={"Content-Type": "text/html"})


def long_body() -> Plan:
    return Plan((*(Send(b"x" * 1_000_000) for _ in range(10)),), status=500, headers=JSON)


FAULTS = {
    "400": (error(400, "unknown parameter"), ErrorClass.BAD_REQUEST, False),
    "401": (error(401, "bad key"), ErrorClass.AUTH, False),
    "403": (error(403, "not yours"), ErrorClass.AUTH, False),
    "404": (error(404, "no such model"), ErrorClass.NOT_FOUND, False),
    "408": (error(408), ErrorClass.TIMEOUT, True),
    "429": (error(429, "slow down"), ErrorClass.RATE_LIMITED, True),
    "429 without credit": (
        error(429, "You exceeded your current quota", code="insufficient_quota"),
        ErrorClass.QUOTA,
        False,
    ),
    "500": (error(500), ErrorClass.SERVER_ERROR, True),
    "503": (error(503), ErrorClass.OVERLOADED, True),
    "529": (error(529, type="overloaded_error"), ErrorClass.OVERLOADED, True),
    "context length": (
        error(400, "This model's maximum context length is 8192", code="context_length_exceeded"),
        ErrorClass.CONTEXT_LENGTH,
        False,
    ),
    "content filter as an error": (
        error(400, "The response was filtered", code="content_filter"),
        ErrorClass.CONTENT_FILTER,
        False,
    ),
    "disconnect": (Plan((*HALF, Disconnect())), ErrorClass.DISCONNECTED, True),
    "disconnect before anything": (Plan((Disconnect(),)), ErrorClass.DISCONNECTED, True),
    "clean end in the middle": (Plan(HALF), ErrorClass.DISCONNECTED, True),
    "end without a chunk's end": (
        Plan((*HALF, Send(b'data: {"choi')), is_chunked=False),
        ErrorClass.DISCONNECTED,
        True,
    ),
    "malformed JSON": (
        Plan((*HALF, Send(b"data: {not json}\n\n"))),
        ErrorClass.MALFORMED,
        True,
    ),
    "malformed JSON in one piece": (
        Plan((Send(b"{oops"),), headers=JSON),
        ErrorClass.MALFORMED,
        True,
    ),
    "HTML error page": (page(502), ErrorClass.SERVER_ERROR, True),
    "HTML page as a success": (page(200), ErrorClass.NOT_A_STREAM, True),
    "empty body": (Plan(), ErrorClass.EMPTY, True),
    "empty JSON body": (Plan(headers=JSON), ErrorClass.EMPTY, True),
    "10 MB error body": (long_body(), ErrorClass.SERVER_ERROR, True),
    "error within the stream": (
        Plan((*HALF, Send(sse({"error": {"message": "gpu fell off", "type": "server_error"}})))),
        ErrorClass.SERVER_ERROR,
        True,
    ),
    "overloaded within the stream": (
        Plan((Send(sse({"error": {"type": "overloaded_error", "message": "Overloaded"}})),)),
        ErrorClass.OVERLOADED,
        True,
    ),
    "a redirect": (
        Plan(status=302, headers={"Location": "http://127.0.0.1:9/elsewhere"}),
        ErrorClass.NOT_FOUND,
        False,
    ),
}


SILENT = {
    "no headers in time": (
        Plan(pause_before_headers_s=math.inf),
        {"headers_timeout_s": 0.4},
        ErrorClass.TIMEOUT,
    ),
    "stall": (Plan((*HALF, Stall())), {"stall_timeout_s": 0.4}, ErrorClass.STALLED),
}
"""What only a time-out ends; on a busy machine it may end good answers as well, and they are then asked for again."""
PATIENT = 12
"""Attempts that are not all cut short, however busy the machine."""


@pytest.fixture(autouse=True)
def _quick_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits are tested in test_flow.py."""
    monkeypatch.setattr("evalkit.backends.endpoints.flow.FIRST_BACKOFF_S", 0.01)
    monkeypatch.setattr("evalkit.backends.endpoints.flow.LONGEST_BACKOFF_S", 0.01)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_has_its_class_and_is_retried_only_where_that_makes_sense(name: str) -> None:
    fault, expected, is_retried = FAULTS[name]
    with ScriptedServer(sequence(fault, GOOD)) as server:
        (outcome,) = ask(api_model(server.url, max_attempts=3))
    first = outcome.attempts[0]
    assert first.status == "error"
    assert first.error_class == expected, first.error
    assert first.error
    assert len(first.error) <= 300
    assert len(outcome.attempts) == (2 if is_retried else 1)
    assert (outcome.text == "fine") is is_retried
    assert [a.number for a in outcome.attempts] == list(range(len(outcome.attempts)))


@pytest.mark.parametrize("name", SILENT)
def test_silence_ends_at_its_time_out_and_is_asked_again(name: str) -> None:
    fault, limit, expected = SILENT[name]
    with ScriptedServer(sequence(fault, GOOD)) as server:
        (outcome,) = ask(api_model(server.url, max_attempts=PATIENT, **limit))
    assert outcome.attempts[0].error_class == expected
    assert outcome.attempts[0].cost_usd is None, "it may have been billed"
    assert len(outcome.attempts) >= 2
    assert outcome.text == "fine"


def test_an_endpoint_that_stays_silent_is_given_up_and_the_others_are_answered() -> None:
    fault, limit, expected = SILENT["stall"]

    def script(received: Received) -> Plan:
        return fault if b"bad" in received.body else GOOD

    with ScriptedServer(script) as server:
        outcomes = ask(api_model(server.url, max_attempts=5, **limit), ["good", "bad", "good"])
    assert [o.text for o in outcomes] == ["fine", None, "fine"]
    assert [a.error_class for a in outcomes[1].attempts] == [expected] * 5


@pytest.mark.parametrize("name", ["400", "500", "disconnect", "malformed JSON"])
def test_a_fault_that_stays_is_given_up_and_the_others_are_answered(name: str) -> None:
    fault, expected, is_retried = FAULTS[name]

    def script(received: Received) -> Plan:
        return fault if b"bad" in received.body else GOOD

    prompts = ["good", "bad", "good", "good"]
    with ScriptedServer(script) as server:
        outcomes = ask(api_model(server.url, max_attempts=2), prompts)
    assert [o.text for o in outcomes] == ["fine", None, "fine", "fine"]
    assert [a.error_class for a in outcomes[1].attempts] == [expected] * (2 if is_retried else 1)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_a_refused_connection() -> None:
    (outcome,) = ask(api_model(f"http://127.0.0.1:{free_port()}", max_attempts=2))
    assert [a.error_class for a in outcome.attempts] == [ErrorClass.REFUSED] * 2
    assert outcome.attempts[0].http_status is None
    assert outcome.attempts[0].cost_usd == 0.0


def test_a_host_that_does_not_exist() -> None:
    (outcome,) = ask(api_model("http://no-such-host.invalid"))
    assert outcome.attempts[0].error_class == ErrorClass.DNS


def test_a_certificate_nobody_vouches_for() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with ScriptedServer(sequence(GOOD), ssl_context=context) as server:
        (outcome,) = ask(api_model(server.url, max_attempts=3))
    assert [a.error_class for a in outcome.attempts] == [ErrorClass.TLS]


def test_a_ten_megabyte_answer_is_read() -> None:
    """No fault: large, slow to parse, and still an answer."""
    text = "word " * 2_000_000
    plan = Plan((*HALF[:1], Send(sse(chat_chunk(text))), *GOOD.steps[-2:], Send(sse(DONE))))
    plan = Plan((*plan.steps[:2], Send(sse(chat_chunk(finish_reason="stop"))), Send(sse(DONE))))
    with ScriptedServer(lambda _: plan) as server:
        (outcome,) = ask(api_model(server.url))
    assert outcome.text == text
    assert (outcome.attempts[0].bytes_received or 0) > 10_000_000


@pytest.mark.parametrize("reason", ["content_filter", "refusal"])
def test_a_filtered_answer_is_an_answer_and_marked(reason: str) -> None:
    steps = (*HALF, Send(sse(chat_chunk(finish_reason=reason))), Send(sse(DONE)))
    with ScriptedServer(lambda _: Plan(steps)) as server:
        (outcome,) = ask(api_model(server.url))
    assert outcome.finish_reason == reason
    assert "filtered" in outcome.flags
    assert outcome.attempts[0].status == "ok"


@pytest.mark.parametrize(
    "wrong",
    [
        {"prompt_tokens": 3, "completion_tokens": 0},
        {"prompt_tokens": "three", "completion_tokens": 4},
        {"prompt_tokens": -3, "completion_tokens": 4},
        {"prompt_tokens": 3, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": 9}},
    ],
)
def test_wrong_usage_is_marked_and_never_invented(wrong: dict[str, object]) -> None:
    steps = chat_answer(["some text"], ttft_s=0, itl_s=0, usage=wrong)
    with ScriptedServer(lambda _: Plan(steps)) as server:
        (outcome,) = ask(api_model(server.url))
    assert outcome.text == "some text"
    assert "implausible_usage" in outcome.flags


def test_missing_usage_is_none() -> None:
    steps = chat_answer(["some text"], ttft_s=0, itl_s=0)
    with ScriptedServer(lambda _: Plan(steps)) as server:
        (outcome,) = ask(api_model(server.url))
    assert (outcome.input_tokens, outcome.output_tokens) == (None, None)
    assert outcome.attempts[0].usage is None
    assert outcome.attempts[0].cost_usd is None


def test_an_attempt_records_what_went_over_the_wire() -> None:
    headers = {
        "Content-Type": "text/event-stream",
        "x-request-id": "req-7",
        "x-ratelimit-remaining-requests": "99",
        "set-cookie": "session=secret",
    }
    with ScriptedServer(lambda _: Plan(GOOD.steps, headers=headers)) as server:
        (outcome,) = ask(api_model(server.url))
    (attempt,) = outcome.attempts
    (received,) = server.received
    assert attempt.vendor_request_id == "req-7"
    assert attempt.headers == {"x-request-id": "req-7", "x-ratelimit-remaining-requests": "99"}
    assert attempt.bytes_sent == len(received.body)
    assert attempt.bytes_received == sum(s.n_bytes for s in received.sent)
    assert attempt.http_status == 200
    assert attempt.is_new_connection
    assert attempt.t_queued_ns <= attempt.t_send_ns < (attempt.t_headers_ns or 0)


def test_an_attempt_that_takes_too_long_ends() -> None:
    endless = Plan((*GOOD.steps[:3], Stall()))
    with ScriptedServer(lambda _: endless) as server:
        (outcome,) = ask(api_model(server.url, request_timeout_s=0.5))
    assert outcome.attempts[0].error_class == ErrorClass.TIMEOUT
    assert outcome.attempts[0].cost_usd is None, "it may have been billed"


def test_the_breaker_opens_when_nothing_works_and_keeps_what_was_answered() -> None:
    answered = 5

    def script(received: Received) -> Plan:
        return GOOD if len(server.received) <= answered else error(401, "key revoked")

    with ScriptedServer(script) as server:
        spec = api_model(server.url, concurrency=1, breaker_after=3)
        seen = []
        with pytest.raises(EndpointError, match=r"3 requests failed in a row.*key revoked"):
            seen = ask_and_note(spec, [f"q{i}" for i in range(50)])[0]
    assert seen == []
    assert len(server.received) == answered + 3


def test_errors_about_one_prompt_do_not_open_the_breaker() -> None:
    with ScriptedServer(lambda _: error(400, "too long", code="context_length_exceeded")) as server:
        outcomes = ask(api_model(server.url, breaker_after=3), ["q"] * 10)
    assert len(outcomes) == 10


def test_a_redirect_does_not_take_the_prompt_elsewhere() -> None:
    with ScriptedServer(lambda _: GOOD) as other:
        away = Plan(status=307, headers={"Location": other.url + "/v1/chat/completions"})
        with ScriptedServer(lambda _: away) as server:
            (outcome,) = ask(api_model(server.url))
    assert outcome.text is None
    assert other.received == []


class SlowContent:
    """A response's body that comes in parts with pauses between them."""

    def __init__(self, *pauses_s: float) -> None:
        self._pauses_s = iter(pauses_s)

    async def readany(self) -> bytes:
        pause = next(self._pauses_s, None)
        if pause is None:
            return b""
        await asyncio.sleep(pause)
        return b"x"


async def parts_of(stall_s: float, *pauses_s: float) -> int:
    """Return how many parts of a body came before it was taken for silent."""
    exchange, response = Exchange(status=200), SimpleNamespace(content=SlowContent(*pauses_s))
    with suppress(httpx2.ReadTimeout):
        async for _ in ResponseBody(response, exchange, stall_s):  # type: ignore[arg-type]
            pass
    return len(exchange.chunks)


@pytest.mark.parametrize(
    ("pauses_s", "n_parts"),
    [
        ((0.9,) * 50, 50),
        ((0.01,) * 500, 500),
        ((0.9, 0.5, 1.2, 0.1), 2),
        ((1.2,), 0),
        (((0.04,) * 30) + (1.3,), 30),
    ],
)
def test_only_silence_within_a_response_ends_it(pauses_s: tuple[float, ...], n_parts: int) -> None:
    """A stall time-out of a second says nothing about the length of the whole; it may come a tenth too late."""
    assert in_no_time(parts_of(1.0, *pauses_s)) == n_parts
