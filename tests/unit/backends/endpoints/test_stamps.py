"""The meter's stamps are the server's: every odd form of a stream gives the right first token, text and usage."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise

import pytest

from evalkit.backends.base import Outcome
from evalkit.engine.values import GenerationSettings
from evalkit.loadgen.chunks import DONE, chat_answer, chat_chunk, sse, usage
from evalkit.loadgen.scripted import Plan, Received, ScriptedServer, Send, Step
from evalkit.metrics.latency import itl_s, tpot_s, ttft_s
from evalkit.records import NS_PER_S, EventKind
from tests.endpoints import Lockstep, api_model, ask, kinds

ROLE = Send(sse(chat_chunk("", role="assistant")))
END = (Send(sse(chat_chunk(finish_reason="stop"))), Send(sse(DONE)))


@pytest.fixture
def lockstep(monkeypatch: pytest.MonkeyPatch) -> Lockstep:
    return Lockstep(monkeypatch)


def play(lockstep: Lockstep, *steps: Step, backend: str = "openai") -> tuple[Outcome, Received]:
    with ScriptedServer(lambda received: lockstep.plan(steps, received)) as server:
        (outcome,) = ask(api_model(server.url, backend))
    (received,) = server.received
    return outcome, received


def bounds_s(outcome: Outcome, received: Received, n: int) -> tuple[float, float]:
    """Return the times from the client's send to the server's n-th write, and to the one after it."""
    sent = outcome.attempts[-1].t_send_ns
    first, second = ((received.sent[i].t_ns - sent) / NS_PER_S for i in (n, n + 1))
    return first, second


def assert_first_token_is(outcome: Outcome, received: Received, n: int) -> None:
    assert outcome.is_answered, outcome.attempts[-1].error
    measured = ttft_s(outcome.attempts[-1])
    assert measured is not None
    earliest, latest = bounds_s(outcome, received, n)
    assert earliest <= measured <= latest


def test_the_role_chunk_is_no_token(lockstep: Lockstep) -> None:
    outcome, received = play(lockstep, ROLE, Send(sse(chat_chunk("Hello"))), *END)
    assert_first_token_is(outcome, received, 1)
    assert kinds(outcome)[0] == EventKind.ROLE
    assert outcome.text == "Hello"


def test_a_role_with_content_in_one_chunk_is_a_token(lockstep: Lockstep) -> None:
    outcome, received = play(lockstep, Send(sse(chat_chunk("Hello", role="assistant"))), *END)
    assert_first_token_is(outcome, received, 0)


def test_empty_deltas_are_no_tokens(lockstep: Lockstep) -> None:
    empty = Send(sse(chat_chunk("")))
    outcome, received = play(lockstep, ROLE, empty, empty, Send(sse(chat_chunk("x"))), empty, *END)
    assert_first_token_is(outcome, received, 3)
    assert kinds(outcome).count(EventKind.CONTENT) == 1


@pytest.mark.parametrize("comment", [b": keep-alive\n\n", b":\n\n", b"\n\n", b"event: ping\n\n"])
def test_keep_alives_are_no_tokens(lockstep: Lockstep, comment: bytes) -> None:
    outcome, received = play(
        lockstep, Send(comment), ROLE, Send(comment), Send(sse(chat_chunk("x"))), *END
    )
    assert_first_token_is(outcome, received, 3)
    assert outcome.attempts[-1].status == "ok"


def test_usage_comes_in_a_chunk_without_choices(lockstep: Lockstep) -> None:
    told = Send(sse(chat_chunk(usage=usage(11, 7, cached=4, reasoning=2), with_choices=False)))
    outcome, _ = play(lockstep, ROLE, Send(sse(chat_chunk("x"))), END[0], told, END[1])
    found = outcome.attempts[-1].usage
    assert found is not None
    assert (found.input_tokens, found.output_tokens) == (11, 7)
    assert (found.cached_input_tokens, found.reasoning_tokens) == (4, 2)
    assert (outcome.input_tokens, outcome.output_tokens) == (11, 7)


def test_usage_comes_with_choices_in_the_finish_chunk(lockstep: Lockstep) -> None:
    told = Send(sse(chat_chunk(finish_reason="stop", usage=usage(5, 3))))
    outcome, received = play(lockstep, ROLE, Send(sse(chat_chunk("x"))), told, END[1])
    assert (outcome.input_tokens, outcome.output_tokens) == (5, 3)
    assert_first_token_is(outcome, received, 1)


def test_repeated_usage_counts_once_and_the_last_one_counts(lockstep: Lockstep) -> None:
    steps = [Send(sse(chat_chunk("x", usage=usage(9, n)))) for n in (1, 2, 3)]
    outcome, _ = play(lockstep, ROLE, *steps, *END)
    assert (outcome.input_tokens, outcome.output_tokens) == (9, 3)


def test_several_tokens_in_one_chunk_do_not_change_tpot(lockstep: Lockstep) -> None:
    """Two chunks of five tokens each: TPOT divides by the server's count, ITL is the gap of chunks."""
    told = Send(sse(chat_chunk(usage=usage(5, 11), with_choices=False)))
    first, second = Send(sse(chat_chunk("a b c d e"))), Send(sse(chat_chunk(" f g h i j")))
    outcome, received = play(lockstep, ROLE, first, second, END[0], told, END[1])
    attempt = outcome.attempts[-1]
    one, other = (e.t_ns for e in attempt.events if e.kind == EventKind.CONTENT)
    assert received.sent[1].t_ns <= one <= received.sent[2].t_ns <= other <= received.sent[3].t_ns
    gap = (other - one) / NS_PER_S
    assert itl_s(attempt) == [gap]
    assert tpot_s(attempt, outcome.output_tokens) == pytest.approx(gap / 10)
    assert all(e.n_tokens is None for e in attempt.events if e.kind == EventKind.CONTENT)


def test_an_answer_in_one_chunk_has_no_tpot(lockstep: Lockstep) -> None:
    """Two tokens, one of them the end that nobody sees: no time per token can be told, and certainly not 0."""
    told = Send(sse(chat_chunk(usage=usage(5, 2), with_choices=False)))
    outcome, _ = play(lockstep, ROLE, Send(sse(chat_chunk("B"))), END[0], told, END[1])
    assert outcome.output_tokens == 2
    assert tpot_s(outcome.attempts[-1], outcome.output_tokens) is None


def test_a_character_split_over_chunks_arrives_whole(lockstep: Lockstep) -> None:
    data = sse(chat_chunk("Grüße 👋"))
    at = data.index("ü".encode()) + 1
    late = data.index("👋".encode()) + 2
    parts = (data[:at], data[at:late], data[late:])
    outcome, received = play(lockstep, ROLE, *(Send(part) for part in parts), *END)
    assert outcome.text == "Grüße 👋"
    assert_first_token_is(outcome, received, 3)


def test_half_a_surrogate_pair_per_delta_arrives_whole(lockstep: Lockstep) -> None:
    halves = [json.dumps(chat_chunk("X")).replace("X", h) for h in ("\\ud83d", "\\ude00")]
    outcome, _ = play(lockstep, ROLE, *(Send(sse(h)) for h in halves), *END)
    assert outcome.text == "😀"


def test_reasoning_counts_for_the_first_token_and_not_for_the_text(lockstep: Lockstep) -> None:
    outcome, received = play(
        lockstep,
        ROLE,
        Send(sse(chat_chunk(reasoning="Let me think"))),
        Send(sse(chat_chunk("42"))),
        *END,
    )
    assert_first_token_is(outcome, received, 1)
    assert outcome.text == "42"
    assert [k for k in kinds(outcome) if k != EventKind.ROLE][:2] == [
        EventKind.REASONING,
        EventKind.CONTENT,
    ]


def test_tool_call_deltas_are_tokens(lockstep: Lockstep) -> None:
    call = [{"index": 0, "id": "c", "function": {"name": "look_up", "arguments": ""}}]
    more = [{"index": 0, "function": {"arguments": '{"q":'}}]
    done = Send(sse(chat_chunk(finish_reason="tool_calls")))
    outcome, received = play(
        lockstep,
        ROLE,
        Send(sse(chat_chunk(tool_calls=call))),
        Send(sse(chat_chunk(tool_calls=more))),
        done,
        END[1],
    )
    assert_first_token_is(outcome, received, 1)
    assert kinds(outcome).count(EventKind.TOOL) == 2
    assert outcome.finish_reason == "tool_calls"


def test_a_final_chunk_without_newline_counts(lockstep: Lockstep) -> None:
    last = sse(chat_chunk("!", finish_reason="stop", usage=usage(3, 2))).rstrip(b"\n")
    outcome, _ = play(lockstep, ROLE, Send(sse(chat_chunk("Hi"))), Send(last))
    assert outcome.text == "Hi!"
    assert outcome.finish_reason == "stop"
    assert outcome.output_tokens == 2


@pytest.mark.parametrize("newline", [b"\r\n", b"\n"])
def test_several_events_in_one_write_and_either_newline(lockstep: Lockstep, newline: bytes) -> None:
    data = sse(chat_chunk("a")) + sse(chat_chunk("b")) + sse(chat_chunk(finish_reason="stop"))
    outcome, _ = play(lockstep, ROLE, Send(data.replace(b"\n", newline)), END[1])
    assert outcome.text == "ab"


def test_an_answer_in_one_piece_is_taken_and_marked() -> None:
    whole = {
        "model": "m",
        "choices": [{"index": 0, "message": {"content": "Hi"}, "finish_reason": "stop"}],
        "usage": usage(3, 2),
    }
    plan = Plan((Send(json.dumps(whole).encode()),), headers={"Content-Type": "application/json"})
    with ScriptedServer(lambda _: plan) as server:
        (outcome,) = ask(api_model(server.url))
    assert outcome.text == "Hi"
    assert "not_streamed" in outcome.flags
    assert not outcome.is_timed


def test_stop_strings_cut_the_text_even_when_the_server_ignores_them() -> None:
    steps = (ROLE, Send(sse(chat_chunk("42\nQuestion: more"))), *END)
    with ScriptedServer(lambda _: Plan(steps)) as server:
        (outcome,) = ask(api_model(server.url), settings=GenerationSettings(64, ("\n",)))
    assert outcome.text == "42"
    assert json.loads(server.received[0].body)["stop"] == ["\n"]


def anthropic_steps() -> Iterator[Step]:
    def event(kind: str, **fields: object) -> Send:
        return Send(sse({"type": kind, **fields}, kind))

    counts = {"input_tokens": 10, "cache_read_input_tokens": 5, "output_tokens": 1}
    message = {"role": "assistant", "model": "claude-exact", "content": [], "usage": counts}
    yield event("message_start", message=message)
    yield event("content_block_start", index=0, content_block={"type": "thinking", "thinking": ""})
    yield event("ping")
    yield event("content_block_delta", index=0, delta={"type": "thinking_delta", "thinking": "hm"})
    yield event("content_block_delta", index=0, delta={"type": "signature_delta", "signature": "x"})
    yield event("content_block_delta", index=1, delta={"type": "text_delta", "text": "Hello"})
    told = {"output_tokens": 9, "output_tokens_details": {"thinking_tokens": 6}}
    yield event("message_delta", delta={"stop_reason": "end_turn"}, usage=told)
    yield event("message_stop")


def test_anthropics_events(lockstep: Lockstep) -> None:
    outcome, received = play(lockstep, *anthropic_steps(), backend="anthropic")
    assert_first_token_is(outcome, received, 3)
    assert outcome.text == "Hello"
    assert outcome.finish_reason == "stop"
    found = outcome.attempts[-1].usage
    assert found is not None
    assert (found.input_tokens, found.cached_input_tokens) == (15, 5)
    assert (found.output_tokens, found.reasoning_tokens) == (9, 6)


def google_steps() -> Iterator[Step]:
    def chunk(part: dict[str, object], n: int, reason: str | None = None) -> Send:
        candidate = {"content": {"role": "model", "parts": [part]}, "index": 0}
        counts = {"promptTokenCount": 8, "candidatesTokenCount": n, "thoughtsTokenCount": 4}
        done = {"finishReason": reason} if reason else {}
        return Send(sse({"candidates": [{**candidate, **done}], "usageMetadata": counts}))

    yield chunk({"text": "hm", "thought": True}, 0)
    yield chunk({"text": "Hel"}, 1)
    yield chunk({"text": "lo"}, 3, "MAX_TOKENS")


def test_googles_events(lockstep: Lockstep) -> None:
    outcome, received = play(lockstep, *google_steps(), backend="google")
    assert_first_token_is(outcome, received, 0)
    assert outcome.text == "Hello"
    assert outcome.finish_reason == "length"
    found = outcome.attempts[-1].usage
    assert found is not None
    assert (found.input_tokens, found.output_tokens, found.reasoning_tokens) == (8, 7, 4)


def test_the_stamps_are_the_servers_over_many_streams(lockstep: Lockstep) -> None:
    steps = chat_answer(["a"] * 20, ttft_s=0.0, itl_s=0.0, usage=usage(3, 20))
    with ScriptedServer(lambda received: lockstep.plan(steps, received)) as server:
        outcomes = ask(api_model(server.url, concurrency=8), ["q"] * 16)
    for outcome in outcomes:
        (attempt,) = outcome.attempts
        sent = [s.t_ns for s in lockstep.received[attempt.vendor_request_id or ""].sent]
        stamps = [e.t_ns for e in attempt.events if e.kind == EventKind.CONTENT]
        assert len(stamps) == 20
        for before, stamp, after in zip(sent[1:21], stamps, sent[2:22], strict=True):
            assert before <= stamp <= after
        assert itl_s(attempt) == [(b - a) / NS_PER_S for a, b in pairwise(stamps)]
