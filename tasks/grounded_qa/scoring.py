"""Scores short answers that must come from a passage, and refusals where it has none.

Two questions are kept apart: is a question with an answer answered rightly, and is a question
without one left unanswered. Each rate covers only the docs it is about; lm-eval's mean skips
a doc whose dict lacks the key.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from evalkit.reading import GroundedContext, in_form, is_refusal, is_right, read_grounded, said

LONGEST_ANSWER = 400  # characters of the line that states the answer
ARTICLES = frozenset({"a", "an", "the"})
_GROUPED = re.compile(r"(?<=\d),(?=\d{3}\b)")
_CENTS = re.compile(r"(\d)\.0+\b")
__all__ = ["is_refusal", "is_right", "normalise", "process_results"]


def process_results(doc: dict[str, Any], results: Sequence[str]) -> dict[str, float]:
    """lm-eval's hook; an empty answer claims nothing, so it counts as a refusal and as not read."""
    answer = results[0]
    gold = doc["answer"] if doc["answerable"] else None
    reading = read_grounded(answer, GroundedContext(doc["question"], gold, doc.get("passage", "")))
    verdict = reading.value
    refuses = reading.how == "empty" if verdict is None else verdict.refuses
    scores = {
        "exact_match": float(normalise(stated(answer)) == normalise(doc["answer"])),
        "extraction_failed": float(verdict is None),
        "format_followed": float(in_form(answer)),
    }
    if not doc["answerable"]:
        return scores | {"hallucination_rate": float(not refuses)}
    return scores | {
        "answer_accuracy": float(verdict is not None and verdict.is_right),
        "over_refusal_rate": float(refuses),
    }


def stated(answer: str) -> str:
    """What stands behind the label of the last line, else in the first line."""
    return said(answer).partition("\n")[0][:LONGEST_ANSWER]


def normalise(text: str) -> str:
    """Lower case without articles, punctuation, digit grouping or a trailing ``.0``."""
    plain = _CENTS.sub(r"\1", _GROUPED.sub("", text.casefold()))
    plain = re.sub(r"['’]", "", plain)
    words = re.findall(r"\d+\.\d+|\w+", plain.replace("€", " euros "))
    return " ".join(word for word in words if word not in ARTICLES)
