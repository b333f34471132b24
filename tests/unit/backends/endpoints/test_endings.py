"""What is an answer and what is none, for three vendors, in streams and in one piece."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import pytest

from evalkit.backends import open_backend
from evalkit.backends.base import Backend, CellSetup, GenerateRequest, Outcome
from evalkit.backends.endpoints import attempt
from evalkit.backends.endpoints.anthropic import ANTHROPIC
from evalkit.backends.endpoints.backend import EndpointBackend
from evalkit.backends.endpoints.endings import OPENAI, Ending, ending_of
from evalkit.backends.endpoints.google import BLOCKED, GOOGLE
from evalkit.loadgen.chunks import chat_chunk, sse, usage
from evalkit.loadgen.scripted import Pause, Plan, Received, ScriptedServer, Send, Stall
from evalkit.meters.clock import now_ns
from evalkit.records import ToolCall
from tests.endpoints import PATHS, SETTINGS, api_model, conversation, kinds
from tests.waiting import LONGEST_S

SSE, JSON = {"Content-Type": "text/event-stream"}, {"Content-Type": "application/json"}
LINES = {"Content-Type": "application/x-ndjson"}
DONE = b"data: [DONE]\n\n"
BOM = b"\xef\xbb\xbf"
USAGE = sse(chat_chunk(usage=usage(3, 2), with_choices=False))


def chat(*contents: str, end: str | None = "stop", done: bytes = DONE) -> bytes:
    last = b"" if end is None else sse(chat_chunk(finish_reason=end))
    return b"".join(sse(chat_chunk(c)) for c in contents) + last + done


def whole(content: str | None, end: str | None = "stop", **more: Any) -> bytes:
    message = {"role": "assistant", "content": content, **more}
    choice = {"index": 0, "message": message, "finish_reason": end}
    return json.dumps({"object": "chat.completion", "choices": [choice]}).encode()


def choice(content: str, **more: Any) -> dict[str, Any]:
    """Return a chunk whose only choice is a whole answer."""
    return {"choices": [{"delta": {"content": content}, "finish_reason": "stop", **more}]}


def messages(*parts: str, end: str | None = "end_turn", stop: bool = True) -> bytes:
    start = {"type": "message_start", "message": {"usage": {"input_tokens": 3, "output_tokens": 1}}}
    deltas = [{"type": "text_delta", "text": text} for text in parts]
    events: list[dict[str, Any]] = [start]
    events += [{"type": "content_block_delta", "index": 0, "delta": delta} for delta in deltas]
    if end is not None:
        told = {"stop_reason": end}
        events.append({"type": "message_delta", "delta": told, "usage": {"output_tokens": 2}})
    if stop:
        events.append({"type": "message_stop"})
    return b"".join(sse(e, str(e["type"])) for e in events)


def gemini(text: str | None, end: str | None = None) -> dict[str, Any]:
    parts = [] if text is None else [{"text": text}]
    told = {} if end is None else {"finishReason": end}
    return {"candidates": [{"content": {"parts": parts}, **told}]}


def gemini_stream(*responses: Mapping[str, Any]) -> bytes:
    return b"".join(map(sse, responses))


def error(**fields: Any) -> bytes:
    return sse({"error": fields})


def body(**fields: Any) -> bytes:
    return json.dumps(fields).encode()


def lines(*events: Mapping[str, Any]) -> bytes:
    return b"".join(json.dumps(e).encode() + b"\n" for e in events)


OPENAI_CASES: dict[str, tuple[bytes, Mapping[str, str], str]] = {
    "a stream": (chat("4", "2"), SSE, "42"),
    "a byte order mark": (BOM + chat("4", "2"), SSE, "42"),
    "CR alone": (chat("42").replace(b"\n", b"\r"), SSE, "42"),
    "no blank lines": (chat("4", "2").replace(b"\n\n", b"\n"), SSE, "42"),
    "no last line": (chat("42", done=b""), SSE, "42"),
    "no end told": (chat("42", end=None), SSE, "unknown"),
    "broken off": (chat("42", end=None, done=b""), SSE, "disconnected"),
    "the word null all along": (
        sse(chat_chunk("4", finish_reason="null")) + chat("2", end="stop"),
        SSE,
        "42",
    ),
    "the word null to the end": (chat("42", end="null"), SSE, "unknown"),
    "an unknown end": (chat("42", end="full_moon"), SSE, "unknown"),
    "aborted": (chat("4", end="abort"), SSE, "server_error"),
    "no resources": (chat("4", end="insufficient_system_resource"), SSE, "overloaded"),
    "end of sequence": (chat("42", end="eos_token"), SSE, "42"),
    "stop with nothing": (chat(), SSE, "empty"),
    "nothing but the last line": (DONE, SSE, "empty"),
    "nothing but usage": (USAGE + DONE, SSE, "empty"),
    "filtered": (chat(end="content_filter"), SSE, ""),
    "cut within hidden thoughts": (
        chat(end="length", done=sse(chat_chunk(usage=usage(3, 9, reasoning=9)))),
        SSE,
        "",
    ),
    "half, then an error": (
        chat("4", end=None, done=error(code=429, message="x")),
        SSE,
        "rate_limited",
    ),
    "an error by its name": (b'event: error\ndata: {"reason": "boom"}\n\n', SSE, "server_error"),
    "an error behind the end": (chat("42", done=error(message="late")), SSE, "42"),
    "a stream called JSON": (chat("42"), JSON, "42"),
    "a stream called a page": (chat("42"), {"Content-Type": "text/html"}, "42"),
    "one piece called a stream": (whole("42"), SSE, "42"),
    "one piece as an event": (b"data: " + whole("42") + b"\n\n", SSE, "42"),
    "an object per line": (
        lines(chat_chunk("4"), chat_chunk("2"), chat_chunk(finish_reason="stop")),
        LINES,
        "42",
    ),
    "Ollama's own": (
        lines({"message": {"content": "4"}, "done": False}, {"done": True}),
        LINES,
        "not_found",
    ),
    "one piece without an end": (whole("42", None), JSON, "unknown"),
    "one piece aborted": (whole("42", "error"), JSON, "server_error"),
    "one piece with nothing": (whole(""), JSON, "empty"),
    "one piece refused": (whole(None, refusal="no"), JSON, "no"),
    "no choices": (body(choices=[], usage=usage(3, 2)), JSON, "empty"),
    "a bare object": (body(object="error", message="engine died", code=7), JSON, "server_error"),
    "FastAPI's detail": (body(detail="gone wrong"), JSON, "server_error"),
    "a list of errors": (body(errors=[{"message": "x"}]), JSON, "server_error"),
    "Google's list": (b'[{"error": {"code": 429, "message": "x"}}]', JSON, "rate_limited"),
    "an error of nothing": (b'{"error": {}, ' + whole("42")[1:], JSON, "42"),
    "an error in the choice": (
        sse(choice("42", error={"message": "x", "code": 502})) + DONE,
        SSE,
        "server_error",
    ),
    "an error in the message": (
        whole("42", error={"message": "x", "code": 429}),
        JSON,
        "rate_limited",
    ),
    "an error in a delta": (
        sse({"choices": [{"delta": {"content": "4", "error": "boom"}}]}) + chat("2"),
        SSE,
        "server_error",
    ),
    "no error in the choice": (sse(choice("42", error=None)) + DONE, SSE, "42"),
    "two marks in front": (BOM + BOM + chat("4", "2"), SSE, "42"),
    "a mark behind a comment": (b": ping\n\n" + BOM + chat("4", "2"), SSE, "42"),
    "a mark in the middle": (chat("4", end=None, done=b"") + BOM + chat("2"), SSE, "42"),
    "a mark in the data": (chat("42").replace(b"data: ", b"data: " + BOM), SSE, "42"),
    "marks before one piece": (BOM + BOM + whole("42"), JSON, "42"),
    "a byte before the data": (b"\0" + chat("4", "2"), SSE, "malformed"),
    "a space of its own before the data": (
        chat("4", end=None, done=b"") + "\u00a0".encode() + chat("2"),
        SSE,
        "malformed",
    ),
    "an error without a field": (
        chat("4", end=None, done=b"") + body(error={"code": 429, "message": "x"}) + b"\n",
        SSE,
        "rate_limited",
    ),
    "a line behind the end": (chat("42", done=b"\0data: x\n\n"), SSE, "42"),
    "plain text": (b"no healthy upstream", {"Content-Type": "text/plain"}, "malformed"),
    "a web page": (b"<html></html>", SSE, "not_a_stream"),
}
ANTHROPIC_CASES: dict[str, tuple[bytes, Mapping[str, str], str]] = {
    "a stream": (messages("4", "2"), SSE, "42"),
    "a byte order mark": (BOM + messages("42"), SSE, "42"),
    "a ping": (sse({"type": "ping"}, "ping") + messages("42"), SSE, "42"),
    "no last line": (messages("42", stop=False), SSE, "42"),
    "no end told": (messages("42", end=None), SSE, "unknown"),
    "broken off": (messages("42", end=None, stop=False), SSE, "disconnected"),
    "nothing": (messages(), SSE, "empty"),
    "refused": (messages(end="refusal"), SSE, ""),
    "paused": (messages("4", end="pause_turn"), SSE, "server_error"),
    "an unknown end": (messages("4", end="full_moon"), SSE, "unknown"),
    "half, then overloaded": (
        messages("4", end=None, stop=False)
        + sse({"type": "error", "error": {"type": "overloaded_error", "message": "x"}}, "error"),
        SSE,
        "overloaded",
    ),
    "an error in a delta": (
        sse(
            {
                "type": "message_delta",
                "delta": {"stop_reason": "end_turn", "error": {"type": "overloaded_error"}},
            }
        ),
        SSE,
        "overloaded",
    ),
    "OpenAI's error": (error(message="x", type="server_error"), SSE, "server_error"),
    "one piece called a stream": (
        body(type="message", content=[{"type": "text", "text": "42"}], stop_reason="end_turn"),
        SSE,
        "42",
    ),
    "one piece with nothing": (
        body(type="message", content=[], stop_reason="end_turn"),
        JSON,
        "empty",
    ),
    "an error in one piece": (
        body(type="error", error={"type": "billing_error", "message": "x"}),
        JSON,
        "quota",
    ),
}
GOOGLE_CASES: dict[str, tuple[bytes, Mapping[str, str], str]] = {
    "a stream": (gemini_stream(gemini("4"), gemini("2", "STOP")), SSE, "42"),
    "a byte order mark": (BOM + gemini_stream(gemini("42", "STOP")), SSE, "42"),
    "no space": (
        gemini_stream(gemini("42", "STOP")).replace(b"data: ", b"data:"),
        SSE,
        "42",
    ),
    "a list": (json.dumps([gemini("4"), gemini("2", "STOP")], indent=1).encode(), JSON, "42"),
    "an end in every response": (
        gemini_stream(gemini("4", "STOP"), gemini("2", "STOP")),
        SSE,
        "42",
    ),
    "broken off": (gemini_stream(gemini("42")), SSE, "disconnected"),
    "unsafe": (gemini_stream(gemini(None, "SAFETY")), SSE, ""),
    "a blocked prompt": (sse({"promptFeedback": {"blockReason": "OTHER"}}), SSE, ""),
    "a wrong call": (gemini_stream(gemini("4", "MALFORMED_FUNCTION_CALL")), SSE, "server_error"),
    "an unknown end": (gemini_stream(gemini("4", "FULL_MOON")), SSE, "unknown"),
    "nothing": (gemini_stream(gemini(None, "STOP")), SSE, "empty"),
    "half, then an error": (
        gemini_stream(gemini("4")) + error(code=503, status="UNAVAILABLE", message="x"),
        SSE,
        "overloaded",
    ),
    "an error in the candidate": (
        sse({"candidates": [{**gemini("42", "STOP")["candidates"][0], "error": {"code": 503}}]}),
        SSE,
        "overloaded",
    ),
    "an error in a list": (
        b'[{"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "x"}}]',
        JSON,
        "rate_limited",
    ),
    "plain text": (b"oops", SSE, "malformed"),
}
CASES = {
    (vendor, name): case
    for vendor, cases in (
        ("openai", OPENAI_CASES),
        ("anthropic", ANTHROPIC_CASES),
        ("google", GOOGLE_CASES),
    )
    for name, case in cases.items()
}


class Desk:
    """A server that plays one plan after the other, and a client of each vendor."""

    def __init__(self, stack: ExitStack) -> None:
        self.plan = Plan()
        server = stack.enter_context(ScriptedServer(self._play))
        self._backends: dict[str, Backend] = {
            vendor: stack.enter_context(open_backend(api_model(server.url, vendor)))
            for vendor in PATHS
        }

    def _play(self, _received: Received) -> Plan:
        return self.plan

    def ask(self, vendor: str, plan: Plan) -> Outcome:
        self.plan = plan
        backend = self._backends[vendor]
        backend.begin_cell(CellSetup())
        asked = backend.generate([GenerateRequest(conversation(), SETTINGS)], (), None)
        (outcome,) = (what for batch in asked for _, what in batch if isinstance(what, Outcome))
        return outcome

    def ask_once(self, plan: Plan) -> Outcome:
        """Ask as a load test does."""
        self.plan = plan
        backend = self._backends["openai"]
        assert isinstance(backend, EndpointBackend)
        backend.begin_cell(CellSetup())
        asked = GenerateRequest(conversation(), SETTINGS)
        return backend.loop_thread.submit(_once(backend, asked)).result()


async def _once(backend: EndpointBackend, asked: GenerateRequest) -> Outcome:
    return await backend.generate_once(asked, now_ns(), asyncio.timeout(LONGEST_S))


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    with ExitStack() as stack:
        yield Desk(stack)


@pytest.mark.parametrize(("vendor", "name"), CASES)
def test_an_answer_is_what_was_told_to_its_end(desk: Desk, vendor: str, name: str) -> None:
    data, headers, expected = CASES[vendor, name]
    outcome = desk.ask(vendor, Plan((Send(data),), headers=headers))
    last = outcome.attempts[-1]
    said = outcome.text if outcome.is_answered else last.error_class
    assert said == expected, last.error
    assert (last.status == "ok") is outcome.is_answered


# --- lines without data -------------------------------------------------------------------------------------------

NOISE = {
    "a comment": b": ping\n\n",
    "an empty comment": b":\n\n",
    "a comment that looks like data": b': data: {"choices": []}\n\n',
    "a comment without a blank line": b": keep-alive\n",
    "an event without data": b"event: ping\n\n",
    "an event of a vendor's name without data": b"event: content_block_delta\n\n",
    "an error without data": b"event: error\n\n",
    "blank data": b"data:\n\n",
    "white data": b"data:  \t \n\n",
    "data without a colon": b"data\n\n",
    "a named event with blank data": b"event: keep-alive\ndata: \n\n",
    "two lines of blank data": b"data:\ndata:\n\n",
    "a time to retry": b"retry: 3000\n\n",
    "an id": b"id: 7\n\n",
    "all fields but data": b"id: 8\nevent: ping\nretry: 1\n\n",
    "a word": b"keep-alive\n\n",
    "blank lines": b"\n\n\n",
    "carriage returns": b": ping\r\n\r\n",
}
STREAMS = {
    "openai": chat("4", "2"),
    "anthropic": messages("4", "2"),
    "google": gemini_stream(gemini("4"), gemini("2", "STOP")),
}


def noisy(stream: bytes, noise: bytes) -> bytes:
    """Return a stream with noise before, between and behind its events."""
    return noise + b"".join(event + b"\n\n" + noise for event in stream.split(b"\n\n") if event)


@pytest.mark.parametrize("vendor", STREAMS)
@pytest.mark.parametrize("noise", NOISE)
def test_lines_without_data_change_nothing(desk: Desk, vendor: str, noise: str) -> None:
    plain, outcome = (
        desk.ask(vendor, Plan((Send(stream),), headers=SSE))
        for stream in (STREAMS[vendor], noisy(STREAMS[vendor], NOISE[noise]))
    )
    assert outcome.text == "42", outcome.attempts[-1].error
    assert kinds(outcome) == kinds(plain)
    assert outcome.output_tokens == plain.output_tokens


@pytest.mark.parametrize("noise", NOISE)
def test_lines_without_data_are_no_answer(desk: Desk, noise: str) -> None:
    for vendor in STREAMS if noise == "a comment" else ("openai",):
        outcome = desk.ask(vendor, Plan((Send(NOISE[noise] * 3),), headers=SSE))
        assert not outcome.is_answered
        assert kinds(outcome) == []
        assert outcome.attempts[-1].error_class == ("malformed" if noise == "a word" else "empty")


# --- connections that stay open -----------------------------------------------------------------------------------

HELD = {
    "the last line": ("openai", (Send(chat("42")), Stall())),
    "the end alone": ("openai", (Send(chat("42", done=b"")), Stall())),
    "the end in two chunks": (
        "openai",
        (Send(chat("42")[:-40]), Pause(0.05), Send(chat("42")[-40:-14]), Stall()),
    ),
    "an end that no blank line closes": (
        "openai",
        (Send(chat("42")[:-40]), Send(chat("42")[-40:-15]), Stall()),
    ),
    "an end without a line's end": ("openai", (Send(chat("42", done=b"").rstrip()), Stall())),
    "no blank lines at all": ("openai", (Send(chat("42").replace(b"\n\n", b"\n")), Stall())),
    "Gemini's end without one": (
        "google",
        (Send(gemini_stream(gemini("42", "STOP")).rstrip()), Stall()),
    ),
    "Anthropic's end": ("anthropic", (Send(messages("42", stop=False)), Stall())),
    "Google's end": ("google", (Send(gemini_stream(gemini("42", "STOP"))), Stall())),
    "one piece": ("openai", (Send(whole("42")), Stall())),
}


@pytest.mark.parametrize("name", HELD)
def test_an_attempt_ends_with_the_answer_though_the_connection_stays(
    desk: Desk, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempt, "_LOOK_S", 0.02)
    monkeypatch.setattr(attempt, "END_GRACE_S", 0.1)
    vendor, steps = HELD[name]
    outcome = desk.ask(vendor, Plan(steps))
    assert outcome.text == "42", outcome.attempts[-1].error


def test_usage_behind_the_end_is_waited_for_and_an_error_is_not(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempt, "_LOOK_S", 0.02)
    monkeypatch.setattr(attempt, "END_GRACE_S", LONGEST_S)
    steps = (Send(chat("42", done=b"")), Pause(0.2), Send(USAGE + DONE), Stall())
    outcome = desk.ask("openai", Plan(steps))
    assert (outcome.text, outcome.input_tokens, outcome.output_tokens) == ("42", 3, 2)
    held = Plan((Send(sse({"message": "x", "type": "throttled"})), Stall()))
    assert desk.ask("openai", held).attempts[-1].error_class == "rate_limited"


CALLS = {
    "openai": b"".join(
        sse(chat_chunk(tool_calls=[{"index": 0, "function": part}]))
        for part in ({"name": "look", "arguments": '{"a"'}, {"arguments": ": 1}"})
    )
    + sse(chat_chunk(finish_reason="tool_calls")),
    "anthropic": sse(
        {
            "type": "content_block_start",
            "index": 1,
            "content_block": {"type": "tool_use", "name": "look", "input": {}},
        }
    )
    + sse({"type": "content_block_delta", "index": 1, "delta": {"partial_json": '{"a": 1}'}})
    + messages(end="tool_use"),
    "google": sse(
        {
            "candidates": [
                {
                    "content": {"parts": [{"functionCall": {"name": "look", "args": {"a": 1}}}]},
                    "finishReason": "STOP",
                }
            ]
        }
    ),
}


@pytest.mark.parametrize("vendor", CALLS)
def test_a_tool_call_is_an_answer_and_no_empty_text(desk: Desk, vendor: str) -> None:
    outcome = desk.ask(vendor, Plan((Send(CALLS[vendor]),)))
    assert outcome.is_answered
    assert outcome.text is None
    assert outcome.tool_calls == (ToolCall("look", '{"a": 1}'),)
    assert outcome.finish_reason == "tool_calls"
    assert outcome.attempts[-1].status == "ok"


def test_every_reason_the_sdks_know_is_classified() -> None:
    from typing import get_args

    from anthropic.types import StopReason
    from google.genai.types import BlockedReason, FinishReason

    for word in get_args(StopReason):
        assert ending_of(word, ANTHROPIC) not in {Ending.UNKNOWN, Ending.NOT_TOLD}, word
    for reasons, table in ((FinishReason, GOOGLE), (BlockedReason, BLOCKED)):
        for reason in reasons:
            is_known = ending_of(reason.value, table) != Ending.UNKNOWN
            assert is_known is not reason.name.endswith("UNSPECIFIED"), reason
    for word in ("stop", "length", "tool_calls", "content_filter", "function_call"):
        assert ending_of(word, OPENAI) not in {Ending.UNKNOWN, Ending.NOT_TOLD}


@pytest.mark.parametrize(
    ("data", "status", "error_class"),
    [
        (chat("42"), "ok", None),
        (chat("4", end="abort"), "error", "server_error"),
        (body(object="error", message="x"), "error", "server_error"),
        (DONE, "error", "empty"),
    ],
)
def test_load_tests_go_by_the_same_rule(
    desk: Desk, data: bytes, status: str, error_class: str | None
) -> None:
    """λ_SLO counts attempts whose status is ok."""
    outcome = desk.ask_once(Plan((Send(data),)))
    assert outcome.attempts[-1].status == status
    assert outcome.attempts[-1].error_class == error_class


def _gemini_parts(thoughts: str, text: str, **counts: int) -> bytes:
    parts = [{"text": thoughts, "thought": True}, {"text": text}]
    told = {"content": {"parts": parts}, "finishReason": "STOP"}
    return sse({"candidates": [told], "usageMetadata": {"promptTokenCount": 20, **counts}})


def _claude_thinks(thoughts: str, n_tokens: int) -> bytes:
    delta = {"type": "thinking_delta", "thinking": thoughts}
    thinks = sse({"type": "content_block_delta", "index": 0, "delta": delta})
    counts = {"input_tokens": 20, "output_tokens": n_tokens}
    end = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": counts}
    answer = {"type": "content_block_delta", "index": 1, "delta": {"text": "42"}}
    return thinks + sse(answer) + sse(end) + sse({"type": "message_stop"})


def _thinks(thoughts: str, counts: dict[str, Any], name: str = "reasoning_content") -> bytes:
    told = sse({"choices": [], "usage": counts})
    return sse({"choices": [{"delta": {name: thoughts}}]}) + chat("42", done=told + DONE)


LONG = "hmm " * 500
UNPAID = {
    "reasoning": ("openai", _thinks(LONG, usage(20, 2)), True),
    "reasoning by another name": ("openai", _thinks(LONG, usage(20, 2), "reasoning"), True),
    "reasoning in one piece": (
        "openai",
        whole("42", reasoning=LONG)[:-1]
        + b', "usage": '
        + json.dumps(usage(20, 2)).encode()
        + b"}",
        True,
    ),
    "a call": (
        "openai",
        sse(chat_chunk(tool_calls=[{"function": {"name": "f", "arguments": LONG}}]))
        + chat(end="tool_calls", done=sse({"choices": [], "usage": usage(20, 2)})),
        True,
    ),
    "Claude's": ("anthropic", _claude_thinks(LONG, 2), True),
    "Gemini's": ("google", _gemini_parts(LONG, "42", candidatesTokenCount=2), True),
    "reasoning in the output": ("openai", _thinks(LONG, usage(20, 502)), False),
    "reasoning beside the output": (
        "openai",
        _thinks(
            LONG,
            usage(20, 2)
            | {"total_tokens": 522, "completion_tokens_details": {"reasoning_tokens": 500}},
        ),
        False,
    ),
    "a summary": ("openai", _thinks(LONG[:100], usage(20, 502, reasoning=500)), False),
    "Claude's in the output": ("anthropic", _claude_thinks(LONG, 502), False),
    "Gemini's beside it": (
        "google",
        _gemini_parts(LONG, "42", candidatesTokenCount=2, thoughtsTokenCount=500),
        False,
    ),
    "Gemini's in the total": (
        "google",
        _gemini_parts(LONG, "42", candidatesTokenCount=2, totalTokenCount=522),
        False,
    ),
    "Gemini's summary": (
        "google",
        _gemini_parts("hmm", "42", candidatesTokenCount=2, thoughtsTokenCount=500),
        False,
    ),
}


@pytest.mark.parametrize("name", UNPAID)
def test_counts_too_small_for_thoughts_or_calls_are_implausible(desk: Desk, name: str) -> None:
    vendor, data, is_doubtful = UNPAID[name]
    outcome = desk.ask(vendor, Plan((Send(data),)))
    counts = outcome.attempts[-1].usage
    assert outcome.is_answered
    assert counts is not None
    assert counts.is_doubtful is is_doubtful
    assert ("implausible_usage" in outcome.flags) is is_doubtful
