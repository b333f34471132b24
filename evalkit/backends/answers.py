"""What a model in this process wrote: its answer, its thoughts, and which of its tokens belong to which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evalkit.engine.values import GenerationSettings, answer_of
from evalkit.reading.thoughts import split_thoughts
from evalkit.records import CUT_THINKING, THOUGHTS


@dataclass(frozen=True, slots=True)
class Written:
    """Generated ids as text."""

    text: str
    """What is scored."""
    raw: str | None
    """All that was written, where thoughts are in it."""
    thoughts: str | None
    n_thinking: int
    """Tokens before the answer, marks of thoughts and white space included; 0 where nothing was thought."""
    flags: tuple[str, ...]


def written(
    tokenizer: Any, ids: Sequence[int], settings: GenerationSettings, stop: Sequence[str]
) -> Written:
    """Read generated ids.

    Args:
        tokenizer: Of the model.
        ids: End token included.
        settings: How the answer begins.
        stop: Stop strings, the end token's text included.
    """
    whole: str = tokenizer.decode(ids)  # marks of thoughts are special tokens for some tokenizers
    split = split_thoughts(whole, is_open=settings.is_thinking)
    if not split.has_thoughts:
        plain = split_thoughts(tokenizer.decode(ids, skip_special_tokens=True))
        return Written(answer_of(plain, settings, stop), None, None, 0, ())
    start = split.answer_start
    n_thinking = len(ids) if start is None else _tokens_before(tokenizer, ids, start)
    text = answer_of(split, settings, stop)
    for special in tokenizer.all_special_tokens:
        text = text.replace(special, "")
    flags = (THOUGHTS, *((CUT_THINKING,) if split.is_cut else ()))
    return Written(text, whole, split.thoughts, n_thinking, flags)


def _tokens_before(tokenizer: Any, ids: Sequence[int], offset: int) -> int:
    """Return how many tokens end at or before an offset of the text."""
    low, high = 0, len(ids)
    while low < high:
        middle = (low + high + 1) // 2
        if len(tokenizer.decode(ids[:middle])) <= offset:
            low = middle
        else:
            high = middle - 1
    return low
