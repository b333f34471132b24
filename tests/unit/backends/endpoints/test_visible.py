"""Thoughts inside the content, or apart from it: what is scored, kept and stamped is told apart for every API."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from evalkit.backends.base import Outcome
from evalkit.engine.values import GenerationSettings
from evalkit.loadgen.chunks import DONE, chat_chunk, sse, usage
from evalkit.loadgen.scripted import Plan, Received, ScriptedServer, Send
from evalkit.records import CUT_THINKING, STOPPED_EARLY, THOUGHTS, EventKind
from tests.endpoints import api_model, ask, kinds

STOP = GenerationSettings(64, ("\n\n",))


def chunk(**delta: Any) -> Send:
    return Send(sse({"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta}]}))


def streamed(*deltas: dict[str, Any], finish: str = "stop") -> Plan:
    told = usage(9, 30, reasoning=20)
    end = (chat_chunk(finish_reason=finish), chat_chunk(usage=told, with_choices=False), DONE)
    return Plan((*(chunk(**d) for d in deltas), *(Send(sse(part)) for part in end)))


def answer(plan: Plan, settings: GenerationSettings = STOP, **endpoint: Any) -> Outcome:
    with ScriptedServer(lambda _: plan) as server:
        (outcome,) = ask(api_model(server.url, **endpoint), settings=settings)
    return outcome


def texts(*contents: str) -> list[dict[str, Any]]:
    return [{"content": text} for text in contents]


def shown(outcome: Outcome) -> list[str]:
    generated = (EventKind.CONTENT, EventKind.REASONING)
    return [kind for kind in kinds(outcome) if kind in generated]


R, C = EventKind.REASONING, EventKind.CONTENT


@pytest.mark.parametrize(
    ("deltas", "events"),
    [
        (texts("<think>A?", "\n\n", "No.</think>", "\n\n", "B"), [R, R, R, R, C]),
        (texts("<thi", "nk>A?\n\nNo.</th", "ink>", "B"), [R, R, R, C]),
        (texts("A?\n\nNo.", "</think>\n\nB"), [R, C]),
        (texts("<think>\n\n</think>\n\n", "B"), [R, C]),
        ([{"reasoning_content": "A?"}, *texts("\n\n", "B")], [R, R, C]),
        ([{"reasoning": "A?"}, *texts("\n\nB")], [R, C]),
        ([{"reasoning": {"content": "A?"}}, *texts("B")], [R, C]),
        ([{"reasoning_details": [{"type": "reasoning.text", "text": "A?"}]}, *texts("B")], [R, C]),
        ([{"thinking_blocks": [{"type": "thinking", "thinking": "A?"}]}, *texts("B")], [R, C]),
        (
            [
                {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "A?"}]}]},
                {"content": [{"type": "text", "text": "B"}]},
            ],
            [R, C],
        ),
    ],
    ids=range(10),
)
def test_thoughts_are_no_part_of_the_answer(
    deltas: Sequence[dict[str, Any]], events: Sequence[str]
) -> None:
    outcome = answer(streamed(*deltas))
    assert outcome.text == "B"
    assert THOUGHTS in outcome.flags
    assert CUT_THINKING not in outcome.flags
    assert shown(outcome) == events
    assert outcome.reasoning_tokens == 20
    assert len(outcome.attempts) == 1
    thought = outcome.thoughts
    assert thought is None or "A?" in thought
    assert (thought is None) == (deltas == texts("<think>\n\n</think>\n\n", "B"))


def test_an_answer_in_one_piece() -> None:
    message = {"role": "assistant", "content": "<think>A?\n\n</think>\n\nB\n\nQ"}
    whole = {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
    plan = Plan((Send(json.dumps(whole).encode()),), headers={"Content-Type": "application/json"})
    outcome = answer(plan)
    assert (outcome.text, outcome.thoughts) == ("B", "A?")
    assert outcome.raw == message["content"]
    assert outcome.reasoning_tokens is None


def test_a_blank_line_first_is_no_answer_in_a_chat_but_one_to_a_plain_prompt() -> None:
    chat = answer(streamed(*texts("\n\n", "B\n\n", "Q")))
    assert (chat.text, chat.raw, chat.flags) == ("B", "\n\nB\n\nQ", ())
    assert shown(chat) == [C, C, C]
    plain = Plan(
        tuple(
            Send(sse(part))
            for part in (
                {"choices": [{"index": 0, "text": "\n\nB", "finish_reason": "stop"}]},
                DONE,
            )
        )
    )
    settings = GenerationSettings(64, ("B", "\n\n"))
    assert answer(plain, settings, api="completions").text == ""


def test_thoughts_cut_at_max_tokens_are_flagged() -> None:
    inside = answer(streamed(*texts("<think>A?"), finish="length"))
    apart = answer(streamed({"reasoning_content": "A?"}, finish="length"))
    for outcome in (inside, apart):
        assert outcome.text == ""
        assert outcome.flags == (THOUGHTS, CUT_THINKING)
        assert shown(outcome) == [R]


def serve_with_stop(received: Received) -> Plan:
    """Answer as a server that looks for stop strings in thoughts."""
    if "stop" in json.loads(received.body):
        return streamed(*texts("<think>A?"))
    return streamed(*texts("<think>A?\n\nNo.</think>B\n\nQ"))


def test_an_answer_that_a_stop_string_ended_in_thoughts_is_asked_again_without() -> None:
    with ScriptedServer(serve_with_stop) as server:
        model = api_model(server.url, concurrency=1)
        outcomes = ask(model, ("q1", "q2"), settings=STOP)
    assert [o.text for o in outcomes] == ["B", "B"]
    first, second = outcomes
    assert [a.error_class for a in first.attempts] == ["stopped_early", None]
    assert first.attempts[0].usage is not None
    assert len(second.attempts) == 1  # once is enough to know the server
    assert ["stop" in json.loads(r.body) for r in server.received] == [True, False, False]


def test_an_answer_that_stays_empty_is_an_empty_answer_and_says_why() -> None:
    with ScriptedServer(lambda _: streamed(*texts("<think>A?"))) as server:
        (outcome,) = ask(api_model(server.url), settings=STOP)
    assert len(server.received) == 2
    assert outcome.text == ""
    assert {THOUGHTS, CUT_THINKING, STOPPED_EARLY} <= set(outcome.flags)


def test_without_stop_strings_nothing_is_asked_again() -> None:
    for settings, endpoint in ((GenerationSettings(64), {}), (STOP, {"omit": ["stop"]})):
        outcome = answer(streamed(*texts("<think>A?")), settings, **endpoint)
        assert len(outcome.attempts) == 1
        assert STOPPED_EARLY not in outcome.flags
