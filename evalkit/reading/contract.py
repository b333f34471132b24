"""The contract of all readers: one value, or none, and by which rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Reading(Generic[Value]):
    """What was read from an answer."""

    value: Value | None
    """None: nothing could be read; counted as `extraction_failed`, never guessed."""
    how: str
    """The rule that read it, or why nothing was read."""
