"""Answers the reference way: transformers' own `generate`, one static batch at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import StoppingCriteriaList

from evalkit.engine.stamps import StopStrings, StopWatch, TokenStamps
from evalkit.engine.values import GenerationSettings
from evalkit.meters.clock import now_ns


@dataclass(frozen=True, slots=True)
class Generated:
    """Ids of one answer, the end token included, and when they came."""

    ids: tuple[int, ...]
    finish_reason: str
    """`stop` or `length`."""
    prompt_ns: int
    """The prompt went into the model."""
    token_ns: tuple[int, ...]
    end_ns: int


class Generator:
    """A model with its tokenizer and what ends its answers."""

    def __init__(self, model: Any, tokenizer: Any, device: torch.device) -> None:
        self.model = model
        self.tokenizer = tokenizer
        self.device = device
        ends = model.generation_config.eos_token_id
        self.has_encoder: bool = model.config.is_encoder_decoder
        self.end_ids = frozenset(ends if isinstance(ends, list) else [ends])
        self._end_text: str = tokenizer.decode(tokenizer.eos_token_id)

    def stop_strings(self, settings: GenerationSettings) -> tuple[str, ...]:
        """Return the settings' stop strings and, as in lm-eval, the end token's text."""
        return (*settings.stop, self._end_text)

    def watch(self, settings: GenerationSettings) -> StopWatch:
        """Return what tells that an answer is over."""
        return StopWatch(self.tokenizer, self.stop_strings(settings))

    def generate(
        self, prompts: Sequence[Sequence[int]], settings: GenerationSettings, seed: int
    ) -> list[Generated]:
        """Continue a batch of prompts, padded at the left.

        Args:
            prompts: Token ids.
            settings: The same for all.
            seed: Sampling is seeded per batch, so that a resumed run draws the same.
        """
        inputs, mask = self._pad_left(prompts)
        stamps = TokenStamps()
        # an encoder-decoder model gives back its answer after one start token, without the prompt
        before = 1 if self.has_encoder else inputs.shape[1]
        stops = StopStrings(self.watch(settings), before)
        with torch.inference_mode():
            ids = self.model.generate(
                input_ids=inputs,
                attention_mask=mask,
                max_new_tokens=settings.max_tokens,
                stopping_criteria=StoppingCriteriaList([stops]),
                pad_token_id=self.tokenizer.pad_token_id,
                use_cache=True,
                streamer=stamps,
                **_sampling(settings, seed),
            )
        end_ns = now_ns()
        rows = ids[:, before:].tolist()
        return [
            self._generated(row, stops.ended_at.get(i), settings.max_tokens, stamps, end_ns)
            for i, row in enumerate(rows)
        ]

    def _pad_left(self, rows: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
        """Return ids and attention mask, both `[batch, longest]`."""
        longest = max(map(len, rows))
        pad = self.tokenizer.pad_token_id
        ids = torch.tensor([[pad] * (longest - len(row)) + list(row) for row in rows])
        mask = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in rows])
        return ids.to(self.device), mask.to(self.device)

    def _generated(
        self,
        ids: list[int],
        ended_at: int | None,
        max_tokens: int,
        stamps: TokenStamps,
        end_ns: int,
    ) -> Generated:
        """Cut a row where its answer was over; the rest is padding while other rows went on."""
        end_at = next((i + 1 for i, token in enumerate(ids) if token in self.end_ids), None)
        n_tokens = min(x for x in (end_at, ended_at, len(ids)) if x is not None)
        is_stopped = n_tokens in (end_at, ended_at) or n_tokens < max_tokens
        return Generated(
            ids=tuple(ids[:n_tokens]),
            finish_reason="stop" if is_stopped else "length",
            prompt_ns=stamps.prompt_ns or end_ns,
            token_ns=tuple(stamps.step_ns[:n_tokens]),
            end_ns=end_ns,
        )


def _sampling(settings: GenerationSettings, seed: int) -> dict[str, Any]:
    extra = dict(settings.extra)
    if not settings.do_sample:
        return {**extra, "do_sample": False}
    torch.manual_seed(seed)
    chosen = {"temperature": settings.temperature, "top_p": settings.top_p}
    return {**extra, "do_sample": True, **{k: v for k, v in chosen.items() if v is not None}}
