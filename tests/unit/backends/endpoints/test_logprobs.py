"""How sure a model behind an API is of its answer: asked for, read in every shape, and never believed blindly."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from evalkit.backends.endpoints.dialect import PromptToken
from evalkit.backends.endpoints.logprobs import AnswerLogprobs
from evalkit.backends.endpoints.openai import OpenAIReader
from evalkit.config import ModelSpec
from evalkit.loadgen.chunks import DONE, chat_chunk, sse
from evalkit.loadgen.scripted import Plan, ScriptedServer, Send
from tests.endpoints import api_model, ask

JSON = {"Content-Type": "application/json"}
HUGE = 10**400
NONSENSE = [
    "sure",
    7,
    [],
    {"content": "x"},
    {"content": {"logprob": -1.0}},
    {"content": ["x", None, 3]},
    {"content": [{"logprob": -1.0}, {"token": "x"}]},
    {"content": [{"logprob": "-1.0"}]},
    {"content": [{"logprob": float("nan")}]},
    {"content": [{"logprob": float("-inf")}]},
    {"content": [{"logprob": 0.5}]},
    {"content": [{"logprob": True}]},
    {"content": [{"logprob": HUGE}, {"logprob": -HUGE}]},
    {"content": [{"logprob": -9999.0}]},
    {"token_logprobs": 3},
    {"token_logprobs": {"a": -1.0}, "tokens": 3},
    {"token_logprobs": ["x", None], "tokens": [1, 2], "top_logprobs": [{"a": "x", "b": -1}, 4]},
    {"token_logprobs": [-1.0, None], "tokens": "ab", "top_logprobs": 5, "text_offset": "0"},
]


def chat_logprobs(*values: object) -> dict[str, Any]:
    content = [{"token": "t", "logprob": v, "bytes": None, "top_logprobs": []} for v in values]
    return {"content": content, "refusal": None}


def chunk(text: str, logprobs: object, finish_reason: str | None = None) -> dict[str, Any]:
    plain: Any = chat_chunk(text, finish_reason=finish_reason)
    plain["choices"][0]["logprobs"] = logprobs
    return dict(plain)


def completion(text: str, logprobs: object, finish_reason: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "text": text, "logprobs": logprobs, "finish_reason": finish_reason}
    return {"object": "text_completion", "choices": [choice]}


def streamed(*chunks: dict[str, Any]) -> Plan:
    return Plan((*(Send(sse(chunk)) for chunk in chunks), Send(sse(DONE))))


def whole(key: str, logprobs: object) -> Plan:
    said = {"text": "ab"} if key == "text" else {"message": {"role": "assistant", "content": "ab"}}
    choice = {"index": 0, **said, "logprobs": logprobs, "finish_reason": "stop"}
    return Plan((Send(json.dumps({"choices": [choice]}).encode()),), headers=JSON)


CHAT = streamed(
    chunk("", None),
    chunk("a", chat_logprobs(-0.5)),
    chunk("b", chat_logprobs(-1.5, -1.0)),
    chunk("", chat_logprobs(), "stop"),
)
LEGACY = {"tokens": ["a", "b"], "token_logprobs": [-0.5, -1.5], "top_logprobs": None}


@pytest.mark.parametrize(
    ("api", "plan", "sent"),
    [
        ("chat", CHAT, "true"),
        ("chat", whole("message", chat_logprobs(-0.25, -1.75)), "true"),
        ("completions", streamed(completion("a", LEGACY), completion("b", None, "stop")), "1"),
        ("completions", whole("text", LEGACY), "1"),
        ("completions", whole("text", chat_logprobs(-1.0)), "1"),
    ],
)
def test_it_is_the_mean_over_what_the_server_tells(api: str, plan: Plan, sent: str) -> None:
    with ScriptedServer(lambda _: plan) as server:
        (outcome,) = ask(api_model(server.url, api=api, logprobs=True))
    assert outcome.mean_logprob == -1.0
    assert outcome.text in ("ab", "abb")
    assert json.dumps(json.loads(server.received[0].body)["logprobs"]) == sent


@pytest.mark.parametrize("api", ["chat", "completions"])
def test_nobody_is_asked_unless_the_config_says_so(api: str) -> None:
    plan = streamed(chunk("a", None, "stop") if api == "chat" else completion("a", None, "stop"))
    with ScriptedServer(lambda _: plan) as server:
        (outcome,) = ask(api_model(server.url, api=api))
    assert "logprobs" not in json.loads(server.received[0].body)
    assert outcome.mean_logprob is None


@pytest.mark.parametrize("told", NONSENSE, ids=lambda told: str(told)[:40])
@pytest.mark.parametrize("as_chat", [True, False])
def test_nonsense_is_ignored_and_the_answer_kept(told: object, as_chat: bool) -> None:
    make = chunk if as_chat else completion
    reader = OpenAIReader()
    good = chat_logprobs(-1.0)
    events = [make("a", good), make("b", told), make("c", good, "stop")]
    pieces = [p for event in events for p in reader.read("", json.loads(json.dumps(event)))]
    assert "".join(piece.text for piece in pieces) == "abc"
    assert reader.end.is_told
    assert reader.mean_logprob is None
    assert all(t.loglikelihood is None or t.loglikelihood <= 0 for t in reader.prompt_tokens)


def test_nonsense_of_a_server_leaves_its_answer() -> None:
    plan = streamed(chunk("a", {"content": [{"logprob": "x"}]}), chunk("b", [float("nan")], "stop"))
    with ScriptedServer(lambda _: plan) as server:
        (outcome,) = ask(api_model(server.url, logprobs=True))
    assert (outcome.text, outcome.mean_logprob) == ("ab", None)


def test_a_list_of_a_million_is_read() -> None:
    logprobs = AnswerLogprobs()
    logprobs.read({"token_logprobs": [-1.0] * 1_000_000})
    assert logprobs.mean == -1.0


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["content", "token_logprobs", "tokens", "top_logprobs", "logprob"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.lists(json_values, max_size=4))
def test_whatever_is_told_the_mean_is_a_log_probability_or_missing(told: Sequence[Any]) -> None:
    reader = OpenAIReader()
    for value in told:
        reader.read("", completion("a", value))
    mean = reader.mean_logprob
    assert mean is None or -9999 < mean <= 0
    assert all(isinstance(token, PromptToken) for token in reader.prompt_tokens)


@pytest.mark.parametrize("backend", ["anthropic", "google"])
def test_other_vendors_have_none_and_the_config_says_so(backend: str) -> None:
    values = {"name": "m", "backend": backend, "source": "x", "endpoint": {"logprobs": True}}
    with pytest.raises(ValidationError, match="needs backend 'openai'"):
        ModelSpec.model_validate(values)
