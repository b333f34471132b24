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


@pytest.mark.parametrize("kind", rows("grounded.jsonl"), ids=lambda kind: kind["question"])
def test_an_answer_in_other_words_is_right_and_a_close_one_is_not(kind: dict[str, Any]) -> None:
    """Each form of a gold is found, and nothing that differs in number, time, name or polarity is taken for it."""
    context = GroundedContext(kind["question"], kind["gold"], kind.get("passage", ""))
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


PASSAGE = "The dome was closed because bats had nested in it. Tickets bought before were refunded."


@pytest.mark.parametrize(
    ("answer", "how"),
    [
        ("Bats had nested in it.", "gold"),
        ("Some animals had moved in.", "in other words"),
        ("Tickets were refunded.", "claim"),
        ("Because 12 lamps broke.", "claim"),
    ],
)
def test_what_neither_gold_nor_passage_says_is_not_read(answer: str, how: str) -> None:
    """A reason in words of its own may be the right one; words of the passage and numbers say something else."""
    context = GroundedContext("Why was the dome closed?", "because bats had nested in it", PASSAGE)
    found = read_grounded(answer, context)
    assert found.how == how
    assert (found.value is None) == (how == "in other words")
