"""The error of the readers as it was measured when this version was made, and which tasks rest on which reader."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources

_READERS_OF_TASKS = {
    "table_arithmetic": "number",
    "grounded_qa": "grounded",
    "invoice_extraction": "json",
}
_TWINS, _OF_TWINS = "_generate", "letter"
_OF_FORM = frozenset({"format_followed", "json_valid", "extraction_failed"})
"""Metrics that say how an answer was given, not what was read in it."""


@dataclass(frozen=True, slots=True)
class Shares:
    """One reader's outcomes in one language."""

    reader: str
    language: str
    n: int
    n_right: int
    n_wrong: int
    n_unread: int


@dataclass(frozen=True, slots=True)
class ReadingError:
    """What was measured, on which answers."""

    date: str
    corpus: str
    """Hash of the answers."""
    shares: tuple[Shares, ...]

    def of(self, reader: str) -> float:
        """Return the share of answers, of both languages, that a reader does not read rightly, said or unsaid."""
        own = [s for s in self.shares if s.reader == reader]
        return sum(s.n_wrong + s.n_unread for s in own) / sum(s.n for s in own)


@cache
def reading_error() -> ReadingError:
    """Return the error that was measured when this version was made."""
    text = resources.files("evalkit.reading").joinpath("error.json").read_text(encoding="utf-8")
    data = json.loads(text)
    return ReadingError(data["date"], data["corpus"], tuple(Shares(**s) for s in data["shares"]))


def error_of(task: str, metric: str) -> float | None:
    """Return the reading error that a task's metric rests on; None where answers are not read, or not by evalkit."""
    reader = _OF_TWINS if task.endswith(_TWINS) else _READERS_OF_TASKS.get(task)
    return None if reader is None or metric in _OF_FORM else reading_error().of(reader)
