"""What goes into the engine and what comes out; plain values, so that nothing heavy is imported for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


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


@dataclass(frozen=True, slots=True)
class Comparison:
    """Log-likelihoods computed in two ways."""

    n: int
    max_difference: float | None
    """Nats."""
    disagreements: tuple[str, ...]
    """What differs by more than rounding explains, in words."""


def cut_at_stop(text: str, stop: tuple[str, ...]) -> str:
    """Return the text before the first stop string."""
    for term in stop:
        if term:
            text = text.split(term)[0]
    return text
