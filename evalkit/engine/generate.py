"""Answers the reference way: transformers' own `generate`, one static batch at a time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from transformers import LogitsProcessor, LogitsProcessorList, StoppingCriteriaList

from evalkit.engine.finite import check_step
from evalkit.engine.stamps import StopStrings, StopWatch, TokenStamps
from evalkit.engine.values import GenerationSettings
from evalkit.errors import ModelError
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
    mean_logprob: float | None = None
    """Nats per token; see `TokenLogprobs` and `mean_logprob`."""


class TokenLogprobs(LogitsProcessor):  # type: ignore[misc]
    """Notes the log-probability of every token that `generate` takes: one number per row and step, on the device.

    `generate` puts a processor of the caller after its own (repetition penalty, forbidden and forced tokens; most
    models and tasks ask for none) and before temperature, top-k and top-p. So what is measured is the model's own
    distribution at temperature 1, but for such penalties: then it is the one that the token was chosen from.

    Which token was taken shows in the ids of the next step, and of the last one in what `generate` returns. Until then
    the scores of one step, `[batch, vocab]`, are held; `output_scores` would hold those of all.

    Args:
        before: Ids in front of the first token.
    """

    def __init__(self, before: int) -> None:
        self._before = before
        self._scores: torch.Tensor | None = None
        self._steps: list[torch.Tensor] = []
        self._is_told = True

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Settle the step before, and keep this one's scores as they are.

        Raises:
            NotNumbersError: There is no token to choose.
        """
        self._settle(input_ids)
        check_step(scores, input_ids.shape[1] - self._before)
        self._scores = scores
        return scores

    def of_rows(self, ids: torch.Tensor) -> list[list[float]] | None:
        """Return the log-probabilities of each row of the finished ids `[batch, seq]`, padding included.

        Returns:
            None when steps and tokens do not match one to one, as where a smaller model drafts tokens.
        """
        if ids.shape[1] - self._before > len(self._steps):
            self._settle(ids)
        else:
            self._scores = None  # of a step that was dropped: on some devices one too many is made
        if not (self._is_told and self._steps):
            return None
        rows: list[list[float]] = torch.stack(self._steps, dim=1).tolist()
        return rows

    def _settle(self, ids: torch.Tensor) -> None:
        """Look up the token that was taken in the step whose scores are held."""
        if self._scores is not None:
            logprobs = self._scores.log_softmax(dim=-1)
            self._steps.append(logprobs.gather(1, ids[:, -1:]).squeeze(1))
            self._scores = None
        self._is_told &= ids.shape[1] - self._before == len(self._steps)


class Generator:
    """A model with its tokenizer and what ends its answers."""

    def __init__(self, model: Any, tokenizer: Any, device: torch.device) -> None:
        self.model = model
        self.tokenizer = tokenizer
        self.device = device
        ends = model.generation_config.eos_token_id
        self.has_encoder: bool = model.config.is_encoder_decoder
        self.end_ids = frozenset(() if ends is None else ends if isinstance(ends, list) else [ends])
        end = tokenizer.eos_token_id
        self._end_text: str = "" if end is None else tokenizer.decode(end)
        pad, n_known = tokenizer.pad_token_id, len(model.get_input_embeddings().weight)
        self._pad_id = pad if pad is not None and pad < n_known else 0

    def stop_strings(self, settings: GenerationSettings) -> tuple[str, ...]:
        """Return the settings' stop strings and, as in lm-eval, the end token's text."""
        return (*settings.stop, *([self._end_text] if self._end_text else ()))

    def watch(self, settings: GenerationSettings) -> StopWatch:
        """Return what tells that an answer is over."""
        return StopWatch(self.tokenizer, settings, self._end_text)

    def generate(
        self, prompts: Sequence[Sequence[int]], settings: GenerationSettings, seed: int
    ) -> list[Generated]:
        """Continue a batch of prompts, padded at the left.

        Args:
            prompts: Token ids.
            settings: The same for all.
            seed: Sampling is seeded per batch, so that a resumed run draws the same.

        Raises:
            ModelError: The model's own settings ask for a search over several answers.
        """
        self._refuse_beams(settings)
        inputs, mask = self._pad_left(prompts)
        stamps = TokenStamps()
        # an encoder-decoder model gives back its answer after one start token, without the prompt
        before = 1 if self.has_encoder else inputs.shape[1]
        stops = StopStrings(self.watch(settings), before)
        logprobs = TokenLogprobs(before)
        with torch.inference_mode():
            ids = self.model.generate(
                input_ids=inputs,
                attention_mask=mask,
                max_new_tokens=settings.max_tokens,
                logits_processor=LogitsProcessorList([logprobs]),
                stopping_criteria=StoppingCriteriaList([stops]),
                pad_token_id=self._pad_id,
                use_cache=True,
                streamer=stamps,
                **_sampling(settings, seed),
            )
            end_ns = now_ns()
            noted = logprobs.of_rows(ids)
        rows = ids[:, before:].tolist()
        plain = [
            self._generated(row, stops.ended_at.get(i), settings.max_tokens, stamps, end_ns)
            for i, row in enumerate(rows)
        ]
        if noted is None:
            return plain
        return [
            replace(answer, mean_logprob=mean_logprob(row[: len(answer.ids)]))
            for answer, row in zip(plain, noted, strict=True)
        ]

    def _refuse_beams(self, settings: GenerationSettings) -> None:
        beams = getattr(self.model.generation_config, "num_beams", None) or 1
        if beams > 1 and "num_beams" not in dict(settings.extra):
            raise ModelError(
                f"the generation_config.json of {self.model.name_or_path} sets num_beams to {beams}: answers would be"
                " searched for, and no server streams such answers.",
                "Set num_beams to 1 in the task's generation_kwargs, or there.",
            )

    def _pad_left(self, rows: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
        """Return ids and attention mask, both `[batch, longest]`."""
        longest = max(map(len, rows))
        pad = self._pad_id  # the mask hides it
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


def mean_logprob(values: Sequence[float]) -> float | None:
    """Return the mean over an answer's tokens; None without tokens, and where the model's numbers are none."""
    if not values:
        return None
    mean = sum(values) / len(values)
    return min(mean, 0.0) if math.isfinite(mean) else None


def _sampling(settings: GenerationSettings, seed: int) -> dict[str, Any]:
    extra = dict(settings.extra)
    if not settings.do_sample:
        return {**extra, "do_sample": False}
    torch.manual_seed(seed)
    chosen = {"temperature": settings.temperature, "top_p": settings.top_p}
    return {**extra, "do_sample": True, **{k: v for k, v in chosen.items() if v is not None}}
