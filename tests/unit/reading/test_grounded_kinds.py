"""Right answers in other words, and wrong ones that are close to them, by the kind of what was asked for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evalkit.reading.grounded import GroundedContext, read_grounded

KINDS = Path(__file__).parent / "kinds" / "grounded.jsonl"
"""Questions with a gold, answers that say it, and answers that don't."""
REFUSALS = [
    "Thank you for asking. The passage covers the venue. It does not, however, mention any prices.",
    "Good question. The text describes the hall and the speakers. It doesn't, though, say what a ticket costs.",
    "The notice gives the opening hours, but it does not state a price. I suggest asking the organiser.",
    "Vielen Dank für Ihre Frage. Genannt werden Ort und Zeit. Der Preis kommt darin jedoch nicht vor.",
    "Der Text erwähnt zwar, dass es Karten gibt, nennt aber keinen konkreten Preis.",
    "Gerne. Der Abschnitt beschreibt die Halle. Ein Preis wird darin allerdings nicht erwähnt.",
    "Danke für die Frage. Zum Preis steht dort leider nichts. Am besten rufen Sie dort an.",
]


def kinds() -> list[dict[str, Any]]:
    """All questions with their answers."""
    return [json.loads(line) for line in KINDS.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind["gold"])
def test_an_answer_in_other_words_is_right_and_a_close_one_is_not(kind: dict[str, Any]) -> None:
    """Each form of a gold is found, and nothing that differs in number, time, name or polarity is taken for it."""
    context = GroundedContext(kind["question"], kind["gold"])
    for answer in kind["right"]:
        verdict = read_grounded(answer, context).value
        assert verdict is not None, answer
        assert verdict.is_right, answer
    for answer in kind["wrong"]:
        verdict = read_grounded(answer, context).value
        assert verdict is None or not verdict.is_right, answer


@pytest.mark.parametrize("answer", REFUSALS)
def test_a_refusal_behind_courtesies_refuses(answer: str) -> None:
    """What the passage does say, thanks and advice do not make an answer of a refusal."""
    verdict = read_grounded(answer, GroundedContext("What does a ticket cost?", None)).value
    assert verdict is not None
    assert verdict.refuses
