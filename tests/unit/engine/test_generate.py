"""The log-probability of an answer is that of a plain forward pass, however the answer was generated."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer

from evalkit.engine.generate import Generated, Generator, TokenLogprobs, mean_logprob
from evalkit.engine.values import GenerationSettings
from evalkit.errors import ModelError

CPU = torch.device("cpu")
PROMPTS = ((40, 41, 42), (50, 51, 52, 53, 54, 55, 56), (60,))
N_TOKENS = 10


@pytest.fixture(scope="module")
def generator(tiny_model: Path) -> Generator:
    """A tiny model that is surer of some tokens than of others."""
    model = AutoModelForCausalLM.from_pretrained(tiny_model, dtype=torch.float32).eval()
    with torch.no_grad():
        model.lm_head.weight *= 40
    return Generator(model, AutoTokenizer.from_pretrained(tiny_model), CPU)


@torch.inference_mode()
def plain(model: Any, prompt: Sequence[int], answer: Sequence[int]) -> list[float]:
    """Return log p of each token of an answer, from one forward pass."""
    logits = model(torch.tensor([[*prompt, *answer]])).logits[0, len(prompt) - 1 : -1]
    return [float(row[t]) for row, t in zip(logits.log_softmax(-1), answer, strict=True)]


def check(model: Any, answers: Sequence[Generated], prompts: Sequence[Sequence[int]]) -> None:
    for prompt, answer in zip(prompts, answers, strict=True):
        expected = plain(model, prompt, answer.ids)
        assert answer.mean_logprob == pytest.approx(sum(expected) / len(expected), abs=1e-3)


@pytest.mark.model
@pytest.mark.parametrize(
    "settings",
    [
        GenerationSettings(1),
        GenerationSettings(N_TOKENS),
        GenerationSettings(N_TOKENS, do_sample=True, temperature=3.0),
        GenerationSettings(
            N_TOKENS, do_sample=True, temperature=0.5, top_p=0.9, extra=(("top_k", 40),)
        ),
    ],
)
@pytest.mark.parametrize("n", [1, 3])
def test_it_is_measured_before_temperature_and_cuts(
    generator: Generator, settings: GenerationSettings, n: int
) -> None:
    answers = generator.generate(PROMPTS[:n], settings, seed=5)
    check(generator.model, answers, PROMPTS[:n])
    assert len({answer.mean_logprob for answer in answers}) == n


@pytest.mark.model
def test_padding_after_an_answer_does_not_count(
    generator: Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = generator.generate(PROMPTS, GenerationSettings(N_TOKENS), seed=0)
    monkeypatch.setattr(generator, "end_ids", frozenset([free[1].ids[2]]))
    monkeypatch.setattr(generator.model.generation_config, "eos_token_id", free[1].ids[2])
    answers = generator.generate(PROMPTS, GenerationSettings(N_TOKENS), seed=0)
    assert len(answers[1].ids) < len(answers[0].ids)
    check(generator.model, answers, PROMPTS)


@pytest.mark.model
def test_a_penalty_of_the_task_counts(generator: Generator) -> None:
    """Then the distribution is the one that the token was chosen from."""
    settings = GenerationSettings(6, extra=(("suppress_tokens", list(range(5, 49_152))),))
    (answer,) = generator.generate(PROMPTS[:1], settings, seed=0)
    assert max(answer.ids) < 5
    assert (answer.mean_logprob or -9.0) >= math.log(1 / 5)


@pytest.mark.model
def test_an_encoder_decoder_model_tells_it(tiny_t5: Path) -> None:
    model = AutoModelForSeq2SeqLM.from_pretrained(tiny_t5, dtype=torch.float32).eval()
    generator = Generator(model, AutoTokenizer.from_pretrained(tiny_t5), CPU)
    for prompts in (PROMPTS, PROMPTS[:1]):
        answers = generator.generate(prompts, GenerationSettings(6), seed=0)
        for prompt, answer in zip(prompts, answers, strict=True):
            start = model.config.decoder_start_token_id
            with torch.inference_mode():
                logits = model(
                    input_ids=torch.tensor([prompt]),
                    decoder_input_ids=torch.tensor([[start, *answer.ids[:-1]]]),
                ).logits[0]
            chosen = logits.log_softmax(-1)[range(len(answer.ids)), list(answer.ids)]
            assert answer.mean_logprob == pytest.approx(float(chosen.mean()), abs=1e-3)


def noted(n_calls: int, n_tokens: int) -> list[list[float]] | None:
    """Play a loop over two prompts of three ids that makes `n_calls` steps and returns `n_tokens` tokens."""
    ids = torch.tensor([[9, 9, 9, 0, 1, 0], [9, 9, 9, 1, 1, 0]])
    logprobs = TokenLogprobs(before=3)
    for step in range(n_calls):
        scores = torch.tensor([[0.5, 0.5], [0.9, 0.1]]).log() + step
        assert logprobs(ids[:, : 3 + step], scores) is scores
    return logprobs.of_rows(ids[:, : 3 + n_tokens])


@pytest.mark.parametrize("n_calls", [3, 4])
def test_a_step_that_was_made_and_dropped_does_not_count(n_calls: int) -> None:
    rows = noted(n_calls, 3)
    assert rows is not None
    probabilities = [[math.exp(value) for value in row] for row in rows]
    assert probabilities == [pytest.approx([0.5, 0.5, 0.5]), pytest.approx([0.1, 0.1, 0.9])]


def test_steps_that_do_not_match_the_tokens_tell_nothing() -> None:
    assert noted(1, 3) is None
    assert noted(0, 0) is None


def test_a_mean_of_nothing_or_of_no_numbers_is_missing() -> None:
    assert mean_logprob([]) is None
    assert mean_logprob([-1.0, math.nan]) is None
    assert mean_logprob([-1.0, -math.inf]) is None
    assert mean_logprob([-1.0, -2.0]) == -1.5
    assert mean_logprob([1e-7]) == 0.0


def test_a_model_that_asks_for_a_search_is_refused(
    generator: Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generator.model.generation_config, "num_beams", 4)
    with pytest.raises(ModelError, match=r"generation_config.json of .+ sets num_beams to 4"):
        generator.generate([[5, 6, 7]], GenerationSettings(max_tokens=2), 0)
    asked = GenerationSettings(max_tokens=2, extra=(("num_beams", 1),))
    assert len(generator.generate([[5, 6, 7]], asked, 0)[0].ids) == 2
