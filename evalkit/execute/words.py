"""Finds out how to make prompts of exact lengths for a model."""

from __future__ import annotations

import asyncio
from pathlib import Path

from evalkit.backends import place
from evalkit.backends.base import GenerateRequest
from evalkit.backends.sources import find_source
from evalkit.config.bench import PromptSpec
from evalkit.config.run import ModelSpec
from evalkit.engine.values import GenerationSettings
from evalkit.errors import ConfigError, EndpointError
from evalkit.loadgen.prompts import Words, words_by_usage, words_of_tokenizer
from evalkit.loadgen.target import Target
from evalkit.meters.clock import now_ns

_TRIAL_S = 120.0


def find_words(spec: PromptSpec, model: ModelSpec, target: Target) -> Words:
    """Return words and how they count: by the tokenizer the config names, the model's own, or the server's usage.

    Raises:
        ConfigError: There is no such tokenizer, or the server does not count.
        EndpointError: The server does not answer.
    """
    if spec.tokenizer is not None:
        return words_of_tokenizer(_tokenizer_file(spec.tokenizer))
    if place(model).is_in_process:
        return words_of_tokenizer(_tokenizer_file(model.source))

    def count(text: str) -> int | None:
        return target.thread.submit(_count(target, text)).result()

    return words_by_usage(count)


def _tokenizer_file(source: str) -> Path:
    file = Path(source) / "tokenizer.json"
    if not file.is_file():
        found = find_source(ModelSpec(name="tokenizer", source=source))
        file = found.tokenizer_folder / "tokenizer.json" if found else file
    if not file.is_file():
        raise ConfigError(
            f"prompts.tokenizer: no tokenizer.json found for {source!r}.",
            "Name an embedded model (`evalkit models list`) or a local folder with tokenizer.json.",
        )
    return file


async def _count(target: Target, text: str) -> int | None:
    prompt = target.prompt([{"role": "user", "content": text}])
    request = GenerateRequest(prompt, GenerationSettings(max_tokens=1))
    outcome = await target.ask(request, now_ns(), asyncio.timeout(_TRIAL_S))
    last = outcome.attempts[-1]
    if last.status != "ok":
        raise EndpointError(
            f"a trial prompt got no answer ({last.error_class}): {last.error}.",
            "Check address, key and model with `evalkit models check`.",
        )
    return outcome.input_tokens
