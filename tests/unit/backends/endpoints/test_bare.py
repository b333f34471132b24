"""Load tests write requests without the SDK: on the wire they are the same."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from evalkit.backends import open_backend
from evalkit.backends.base import GenerateRequest
from evalkit.backends.endpoints.backend import EndpointBackend
from evalkit.engine.values import GenerationSettings
from evalkit.loadgen.chunks import chat_answer, usage
from evalkit.loadgen.scripted import Plan, ScriptedServer
from tests.endpoints import api_model, conversation
from tests.waiting import LONGEST_S

SETTINGS = GenerationSettings(max_tokens=9, stop=("END",), do_sample=True, temperature=0.5)
GOOD = Plan(chat_answer(["a", "b"], ttft_s=0, itl_s=0, usage=usage(3, 2)))


async def bare_once(backend: EndpointBackend, request: GenerateRequest) -> None:
    outcome = await backend.generate_once(request, 0, asyncio.timeout(LONGEST_S))
    assert outcome.text == "ab"


@pytest.mark.parametrize(
    "endpoint", [{}, {"extra_body": {"seed": 3}}, {"api": "completions"}, {"omit": ["temperature"]}]
)
def test_both_ways_send_the_same(monkeypatch: pytest.MonkeyPatch, endpoint: dict[str, Any]) -> None:
    monkeypatch.setenv("SECRET", "sk-1")
    is_plain = endpoint.get("api") == "completions"
    request = GenerateRequest("hi" if is_plain else conversation(), SETTINGS)
    with ScriptedServer(lambda _: GOOD) as server:
        spec = api_model(server.url, api_key_env="SECRET", **endpoint)
        with open_backend(spec) as backend:
            assert isinstance(backend, EndpointBackend)
            list(backend.generate([request], (), None))
            backend.loop_thread.submit(bare_once(backend, request)).result()
    by_sdk, bare = server.received
    assert bare.path == by_sdk.path
    assert json.loads(bare.body) == json.loads(by_sdk.body)
    assert {k: bare.headers[k] for k in ("authorization", "content-type", "user-agent")} == {
        k: by_sdk.headers[k] for k in ("authorization", "content-type", "user-agent")
    }
