"""Scores short answers that must come from a passage, and refusals where it has none.

Two questions are kept apart: is a question with an answer answered rightly, and is a question
without one left unanswered. Each rate covers only the docs it is about; lm-eval's mean skips
a doc whose dict lacks the key.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

LONGEST_ANSWER = 400  # characters of the first line
ARTICLES = frozenset({"a", "an", "the"})
REFUSALS = re.compile(
    r"\b(not (stated|mentioned|specified|given|provided|available|known|said)"
    r"|(does not|doesnt) (state|mention|specify|say|contain|provide|give)"
    r"|(cannot|can not|cant) be (determined|answered)"
    r"|no (information|answer)|unknown)\b"
)
_GROUPED = re.compile(r"(?<=\d),(?=\d{3}\b)")
_CENTS = re.compile(r"(\d)\.0+\b")


def process_results(doc: dict[str, Any], results: Sequence[str]) -> dict[str, float]:
    """lm-eval's hook; an empty answer claims nothing, so it counts as a refusal."""
    answer = first_line(results[0])
    exact = {"exact_match": float(normalise(answer) == normalise(doc["answer"]))}
    if not doc["answerable"]:
        return exact | {"hallucination_rate": float(not is_refusal(answer))}
    return exact | {
        "answer_accuracy": float(is_right(answer, doc["answer"], doc["question"])),
        "over_refusal_rate": float(is_refusal(answer)),
    }


def first_line(text: str) -> str:
    """The first line that is not blank: later ones are a model talking on."""
    return text.strip().partition("\n")[0][:LONGEST_ANSWER]


def normalise(text: str) -> str:
    """Lower case without articles, punctuation, digit grouping or a trailing ``.0``."""
    plain = _CENTS.sub(r"\1", _GROUPED.sub("", text.casefold()))
    plain = re.sub(r"['’]", "", plain)
    words = re.findall(r"\d+\.\d+|\w+", plain.replace("€", " euros "))
    return " ".join(word for word in words if word not in ARTICLES)


def is_refusal(answer: str) -> bool:
    """Whether the answer says, in any usual wording, that the passage does not tell."""
    plain = normalise(answer)
    return not plain or REFUSALS.search(plain) is not None


def is_right(answer: str, gold: str, question: str) -> bool:
    """The gold words stand in the answer, and no number that the question didn't bring along.

    The number rule denies credit to an answer that names every candidate of the passage. A bare
    number is enough where the gold is a number with its unit.
    """
    plain, wanted = normalise(answer), normalise(gold)
    if plain.isdecimal() and plain == wanted.split()[0]:
        return True
    if is_refusal(answer) or f" {wanted} " not in f" {plain} ":
        return False
    return _numbers(plain) <= _numbers(wanted) | _numbers(normalise(question))


def _numbers(text: str) -> set[str]:
    return set(re.findall(r"\d+(?:\.\d+)?", text))
