"""What goes into the engine and what comes out; plain values, so that nothing heavy is imported for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evalkit.reading.split import Split
from evalkit.reading.thoughts import cut_answer


@dataclass(frozen=True, slots=True)
class GenerationSettings:
    """How to generate one answer."""

    max_tokens: int
    stop: tuple[str, ...] = ()
    """The answer ends before the first of these; the model's end token always counts."""
    do_sample: bool = False
    temperature: float | None = None
    top_p: float | None = None
    extra: tuple[tuple[str, Any], ...] = ()
    """Further arguments a task asks for, handed to the backend as they are."""
    skips_space: bool = False
    """White space before the text is no answer, so nothing ends it there. Off for plain prompts, as in lm-eval."""
    is_thinking: bool = False
    """The prompt ends where thoughts begin."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Log-likelihoods computed in two ways."""

    n: int
    max_difference: float | None
    """Nats."""
    disagreements: tuple[str, ...]
    """What differs by more than rounding explains, in words."""


def answer_of(split: Split, settings: GenerationSettings, stop: Sequence[str]) -> str:
    """Return the answer that is scored: without thoughts, before the first stop string in it."""
    if settings.skips_space or split.has_thoughts:
        return cut_answer(split.answer, stop).lstrip()
    return cut_at_stop(split.answer, tuple(stop))


def cut_at_stop(text: str, stop: tuple[str, ...]) -> str:
    """Return the text before the first stop string."""
    for term in stop:
        if term:
            text = text.split(term)[0]
    return text
