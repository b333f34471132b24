"""Right answers in other words, and wrong ones that are close to them, by the kind of what was asked for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evalkit.reading.grounded import GroundedContext, read_grounded

KINDS = Path(__file__).parent / "kinds"
"""Questions with answers that say the gold and answers that don't; with answers that refuse and that claim."""


def rows(name: str) -> list[dict[str, Any]]:
    """Questions with their answers."""
    return [json.loads(line) for line in (KINDS / name).read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("kind", rows("grounded.jsonl"), ids=lambda kind: kind["gold"])
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


@pytest.mark.parametrize("kind", rows("refusals.jsonl"), ids=lambda kind: kind["question"])
def test_a_refusal_is_told_from_a_claim(kind: dict[str, Any]) -> None:
    """Courtesies, what the passage does say and advice make no answer of a refusal, and a remark none of a claim."""
    for name in ("refuses", "claims"):
        for answer in kind[name]:
            verdict = read_grounded(answer, GroundedContext(kind["question"], None)).value
            assert verdict is not None, answer
            assert verdict.refuses is (name == "refuses"), answer
