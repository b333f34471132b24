"""When each token came, and when an answer is over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from transformers import StoppingCriteria
from transformers.generation.streamers import BaseStreamer

from evalkit.engine.values import GenerationSettings
from evalkit.meters.clock import now_ns
from evalkit.reading.thoughts import cut_answer, split_thoughts
from evalkit.records import EventKind, TokenEvent


class TokenStamps(BaseStreamer):  # type: ignore[misc]
    """Stamps every step of `generate`; decodes nothing, so the loop is not slowed down.

    `generate` hands over the prompt first, then the new token of every row after each step. The ids arrive on the CPU,
    so on a GPU the stamp is taken after the step really finished. transformers' TextIteratorStreamer is of no use for
    timing: it holds text back until a word ends and hands it to another thread.
    """

    def __init__(self) -> None:
        self.prompt_ns: int | None = None
        self.step_ns: list[int] = []

    def put(self, value: torch.Tensor) -> None:
        """Stamp one step; the first is the prompt going in."""
        stamp = now_ns()
        if self.prompt_ns is None:
            self.prompt_ns = stamp
        else:
            self.step_ns.append(stamp)

    def end(self) -> None:
        """Nothing is left to flush."""

    def events(self, n_tokens: int, input_tokens: int) -> tuple[TokenEvent, ...]:
        """Return the events of a row that generated `n_tokens` tokens."""
        prompt = (
            ()
            if self.prompt_ns is None
            else (TokenEvent(self.prompt_ns, input_tokens, EventKind.PROMPT),)
        )
        tokens = (TokenEvent(t, 1, EventKind.CONTENT) for t in self.step_ns[:n_tokens])
        return (*prompt, *tokens)


class StopWatch:
    """Tells when one of the stop strings has been generated.

    Looks at the text of the last few tokens, as lm-eval does: two more than the longest stop string takes, since a
    string can be spelled with other tokens than its own encoding. Only where one is found, the whole answer is read:
    within thoughts a stop string ends nothing, nor does white space in front of a chat model's answer.

    Args:
        tokenizer: Of the model.
        settings: Their stop strings, and how the answer begins.
        end_text: Of the end token: it ends thoughts as well.
    """

    def __init__(self, tokenizer: Any, settings: GenerationSettings, end_text: str) -> None:
        self._tokenizer = tokenizer
        self._settings = settings
        self._end_text = end_text
        self._stop = tuple(s for s in (*settings.stop, end_text) if s)
        lengths = [len(tokenizer.encode(s, add_special_tokens=False)) for s in self._stop]
        self._window = max(lengths, default=0) + 2

    def over(self, answers: Sequence[Sequence[int]]) -> list[bool]:
        """Return which answers, given as the ids generated so far, are over."""
        tails = self._tokenizer.batch_decode([list(ids[-self._window :]) for ids in answers])
        return [
            any(s in tail for s in self._stop) and self._is_over(tail, ids)
            for tail, ids in zip(tails, answers, strict=True)
        ]

    def _is_over(self, tail: str, ids: Sequence[int]) -> bool:
        if self._end_text and self._end_text in tail:
            return True
        split = split_thoughts(
            self._tokenizer.decode(list(ids)), is_open=self._settings.is_thinking
        )
        if not (self._settings.skips_space or split.has_thoughts):
            return True
        return cut_answer(split.answer, self._stop) != split.answer


class StopStrings(StoppingCriteria):  # type: ignore[misc]
    """Ends each row of a `generate` batch on its own when its stop string has come."""

    def __init__(self, watch: StopWatch, prompt_length: int) -> None:
        self._watch = watch
        self._prompt_length = prompt_length
        self.ended_at: dict[int, int] = {}
        """Row → number of tokens it had generated when a stop string appeared."""

    def __call__(
        self,
        input_ids: torch.Tensor,
        scores: Any,
        **_kwargs: Any,
    ) -> torch.Tensor:
        """Return which rows of `input_ids` `[batch, seq]` are over."""
        over = self._watch.over(input_ids[:, self._prompt_length :].tolist())
        for row in (row for row, is_over in enumerate(over) if is_over):
            self.ended_at.setdefault(row, input_ids.shape[1] - self._prompt_length)
        return torch.tensor(over, device=input_ids.device)
