"""Answers that name an option in other words, by a part of it, or in the very words of the question."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evalkit.reading.letter import LetterContext, read_letter

KINDS = Path(__file__).parent / "kinds" / "letter.jsonl"


def kinds() -> list[dict[str, Any]]:
    """Questions with options, and answers with the letter that each means."""
    return [json.loads(line) for line in KINDS.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind["question"])
def test_the_option_meant_is_read(kind: dict[str, Any]) -> None:
    """Verbs in another form, options without their brackets, days in full, cues that the question itself has."""
    for answer, right in kind["answers"]:
        value = read_letter(answer, LetterContext(kind["choices"], kind["question"])).value
        assert (None if value is None else "ABCDEF"[value]) == right, answer
