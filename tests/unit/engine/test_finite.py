"""Logits that are no numbers fail, on every path; a single impossible token does not."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from evalkit.backends.base import Batch, GenerateRequest, Outcome, ScoreRequest
from evalkit.backends.hf import HuggingFaceBackend
from evalkit.config import ModelSpec
from evalkit.engine.values import GenerationSettings
from evalkit.errors import NotNumbersError
from evalkit.records import Answer, RequestKind

pytestmark = pytest.mark.model
NAN, INF = math.nan, math.inf
BAD = "w50"
"""A word whose embedding the tests damage; prompts without it are fine."""
BAD_ID = 53
Ask = Callable[[HuggingFaceBackend, list[str]], dict[int, Outcome]]


def opened(folder: Path, **changes: object) -> HuggingFaceBackend:
    values = {"name": "m", "source": str(folder), "device": "cpu", "dtype": "float32", **changes}
    return HuggingFaceBackend.open(ModelSpec.model_validate(values))


def collect(batches: Iterator[Batch]) -> dict[int, Outcome]:
    return {p: o for batch in batches for p, o in batch if isinstance(o, Outcome)}


def score(backend: HuggingFaceBackend, prompts: list[str]) -> dict[int, Outcome]:
    wanted = [ScoreRequest(p, f" {a}") for p in prompts for a in ("w1 w2", "w3")]
    return collect(backend.score(wanted, (), None))


def roll(backend: HuggingFaceBackend, prompts: list[str]) -> dict[int, Outcome]:
    return collect(backend.score_rolling(prompts, (), None))


def generate(backend: HuggingFaceBackend, prompts: list[str], **more: Any) -> dict[int, Outcome]:
    settings = GenerationSettings(4, **more)
    return collect(backend.generate([GenerateRequest(p, settings) for p in prompts], (), None))


def sample(backend: HuggingFaceBackend, prompts: list[str]) -> dict[int, Outcome]:
    return generate(backend, prompts, do_sample=True, temperature=0.01)


WAYS: dict[str, tuple[Ask, dict[str, object]]] = {
    "scored over a trie": (score, {}),
    "scored the reference way": (score, {"scoring": "reference"}),
    "scored in batches": (score, {"scoring": "reference", "batch_size": 4}),
    "whole texts": (roll, {}),
    "generated alone": (generate, {}),
    "generated together": (generate, {"generate_batch_size": 4}),
    "generated in static batches": (generate, {"generate_batch_size": 4, "scoring": "reference"}),
    "sampled": (sample, {}),
}
GOOD_PROMPTS = ["w1 w2 w3", "w1 w2 w4", "w5"]


@pytest.mark.parametrize("value", [NAN, INF])
@pytest.mark.parametrize("way", WAYS)
def test_one_prompt_without_numbers_fails_on_every_path(
    way: str, value: float, small_model: Path
) -> None:
    ask, changes = WAYS[way]
    backend = opened(small_model, **changes)
    assert len(ask(backend, GOOD_PROMPTS)) >= len(GOOD_PROMPTS)
    with torch.no_grad():
        backend._model.model.embed_tokens.weight[BAD_ID] = value
    good = ask(backend, GOOD_PROMPTS)
    assert all(o.text is not None or math.isfinite(o.loglikelihood or 0) for o in good.values())
    with pytest.raises(NotNumbersError, match="the model's logits are not numbers"):
        ask(backend, [*GOOD_PROMPTS, f"w1 {BAD} w2"])


@pytest.mark.parametrize("way", WAYS)
def test_weights_without_numbers_fail_on_every_path(way: str, small_model: Path) -> None:
    ask, changes = WAYS[way]
    backend = opened(small_model, **changes)
    with torch.no_grad():
        backend._model.lm_head.weight[7, 0] = NAN
    with pytest.raises(NotNumbersError):
        ask(backend, GOOD_PROMPTS)


@pytest.mark.parametrize("ask", [score, generate])
def test_overflow_of_half_precision_fails(ask: Ask, small_model: Path) -> None:
    backend = opened(small_model, dtype="float16")
    with torch.no_grad():
        backend._model.model.norm.weight.fill_(6e4)
    with pytest.raises(NotNumbersError, match="float16"):
        ask(backend, GOOD_PROMPTS)


@pytest.mark.parametrize("scoring", ["shared", "reference"])
def test_a_token_that_the_model_forbids_has_the_loglikelihood_minus_infinity(
    scoring: str, small_model: Path
) -> None:
    backend = opened(small_model, scoring=scoring)
    forward = backend._model.forward

    def forbidding(*inputs: Any, **rest: Any) -> Any:
        output = forward(*inputs, **rest)
        output.logits[..., 6] = -INF  # w3
        return output

    forbidding.__signature__ = inspect.signature(forward)  # type: ignore[attr-defined]
    backend._model.forward = forbidding
    found = score(backend, GOOD_PROMPTS)
    assert [found[p].loglikelihood == -INF for p in range(6)] == [False, True] * 3
    wanted = [ScoreRequest("w1 w2 w3", " w3")]
    answers = [Answer(loglikelihood=-INF)]
    assert backend.verify(RequestKind.LOGLIKELIHOOD, wanted, answers).disagreements == ()
    assert len(generate(backend, GOOD_PROMPTS)) == 3
