"""Log-likelihoods from an endpoint that echoes its prompt are those of the same model in this process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoModelForCausalLM, AutoTokenizer

from evalkit.backends import open_backend
from evalkit.backends.base import CellSetup, Outcome, ScoreRequest
from evalkit.backends.endpoints.dialect import PromptToken
from evalkit.backends.endpoints.echo import echoed_score
from evalkit.config import ModelSpec
from evalkit.errors import ModelError
from evalkit.loadgen.chunks import DONE, chat_answer, sse
from evalkit.loadgen.scripted import Plan, Received, ScriptedServer, Send
from tests.endpoints import api_model

REQUESTS = [
    ScoreRequest("The capital of France is", " Paris"),
    ScoreRequest("The capital of France is", " a large city in the north"),
    ScoreRequest("Grüße aus Köln:", " schön, nicht wahr?"),
    ScoreRequest("Question: 2 + 2 =", " 4"),
]


class EchoServer:
    """Plays a completions endpoint over a transformers model: echo, legacy log-probabilities, one token more."""

    def __init__(self, folder: Path) -> None:
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
        self.begin = ""

    @torch.inference_mode()
    def __call__(self, received: Received) -> Plan:
        body = json.loads(received.body)
        assert body["echo"] is True
        ids = self.tokenizer(body["prompt"], add_special_tokens=False).input_ids
        logits = self.model(torch.tensor([ids])).logits[0].log_softmax(-1)
        steps = [logits[i, ids[i + 1]].item() for i in range(len(ids) - 1)]
        best = [logits[i].max().item() for i in range(len(ids) - 1)]
        ends = [len(self.tokenizer.decode(ids[: i + 1])) for i in range(len(ids))]
        text = self.tokenizer.decode(ids)
        tokens = [text[a:b] for a, b in zip([0, *ends], ends, strict=False)]
        front = [self.begin] if self.begin else []
        logprobs: dict[str, Any] = {
            "tokens": [*front, *tokens, " more"],
            "token_logprobs": [*(None for _ in front), -9.0 if front else None, *steps, -0.5],
            "top_logprobs": [*(None for _ in front), None, *({"x": b} for b in best), {"x": -0.5}],
        }
        chunk = {"choices": [{"index": 0, "text": text, "logprobs": logprobs, "finish_reason": "length"}]}  # fmt: skip
        return Plan((Send(sse(chunk)), Send(sse(DONE))))


def score(spec: ModelSpec) -> list[Outcome]:
    with open_backend(spec) as backend:
        backend.begin_cell(CellSetup())
        found = {
            p: o
            for batch in backend.score(REQUESTS, (), None)
            for p, o in batch
            if isinstance(o, Outcome)
        }
    return [found[p] for p in sorted(found)]


@pytest.mark.model
def test_echoed_scores_are_the_local_ones(smollm2: Path) -> None:
    local = score(ModelSpec(name="l", source=str(smollm2), dtype="float32", device="cpu"))
    echo = EchoServer(smollm2)
    with ScriptedServer(echo) as server:
        for echo.begin in ("", "<s>"):
            echoed = score(api_model(server.url, api="completions", echo_logprobs=True))
            for there, here in zip(echoed, local, strict=True):
                assert there.loglikelihood == pytest.approx(here.loglikelihood, abs=1e-3)
                assert there.is_greedy == here.is_greedy


def test_an_endpoint_that_does_not_echo_is_an_error_with_advice() -> None:
    plan = Plan(chat_answer(["x"], ttft_s=0, itl_s=0))
    with ScriptedServer(lambda _: plan) as server:
        spec = api_model(server.url, api="completions", echo_logprobs=True)
        with pytest.raises(ModelError, match="does not return log-probabilities") as caught:
            score(spec)
    assert "echo_logprobs" in caught.value.hint


def test_parts_of_a_character_are_placed_by_the_servers_offsets() -> None:
    """A server that writes half a character as a replacement sign: the texts do not add up, the offsets do."""
    written = [("A", 0, None), (" \ufffd", 1, -1.0), ("\ufffd", 3, -2.0), ("!", 3, -4.0)]
    tokens = [PromptToken(text, value, True, offset) for text, offset, value in written]
    found = echoed_score("A", " 👋!", tokens)
    assert found is not None
    assert found.loglikelihood == -7.0


def test_an_answer_without_the_prompt_has_no_score() -> None:
    assert echoed_score("The capital", " is", [PromptToken("Paris", -1.0, True)]) is None


@given(
    pieces=st.lists(st.text("ab 1", min_size=1, max_size=4), min_size=2, max_size=12), cut=st.data()
)
def test_the_continuation_gets_the_tokens_that_reach_into_it(
    pieces: list[str], cut: st.DataObject
) -> None:
    text = "".join(pieces)
    at = cut.draw(st.integers(len(pieces[0]), len(text) - 1))
    tokens = [PromptToken(p, -float(i) if i else None, True) for i, p in enumerate(pieces)]
    found = echoed_score(text[:at], text[at:], tokens)
    offset, expected, merged = 0, 0.0, False
    for i, piece in enumerate(pieces):
        if offset + len(piece) > at:
            expected -= i
            merged = merged or offset < at
        offset += len(piece)
    assert found is not None
    assert found.loglikelihood == expected
    assert found.is_merged == merged
