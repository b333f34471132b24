"""Tells of two values, with and without something, before and after it, the one that a question asks for."""

from __future__ import annotations

import re

from evalkit.reading.lazy_regex import lazy_regex

_PAIRS = tuple(
    (lazy_regex(one, re.I), lazy_regex(other, re.I))
    for one, other in (
        (
            r"\b(?:with|incl(?:\.|uding|usive|udes)?|mit|inkl(?:\.|usive)?|einschließlich|samt)(?!\w)",
            r"\b(?:without|excl(?:\.|uding|usive|udes)?|not including|plus|before|ohne|exkl(?:\.|usive)?|zzgl\.?|"
            r"zuzüglich|vor)(?!\w)",
        ),
        (r"\b(?:net|netto\w*)\b", r"\b(?:gross|brutto\w*)\b"),
        (
            r"\b(?:before|previously|originally|original|vor|vorher|zuvor|ursprünglich\w*)\b",
            r"\b(?:after\w*|afterwards|nach|danach|anschließend)\b",
        ),
        (r"\b(?:after|nach)\b", r"\b(?:before|vor)\b"),
        (
            r"\b(?:first|initially|zunächst|ersten?)\b",
            r"\b(?:after\w*|then|from then on|nach|danach|dann|anschließend)\b",
        ),
    )
)


def asked_side(told: list[str], question: str) -> list[bool] | None:
    """Return which of several texts are on the question's side; None: it asks for none, or they tell no difference."""
    if len(told) < 2:
        return None
    for one, other in (*_PAIRS, *((b, a) for a, b in _PAIRS)):
        if not one.search(question) or other.search(question):
            continue
        mine, others = ([bool(side.search(text)) for text in told] for side in (one, other))
        if any(m and not o for m, o in zip(mine, others, strict=True)) and any(others):
            return [m and not o for m, o in zip(mine, others, strict=True)]
        if sum(others) == len(others) - 1:
            return [not o for o in others]
    return None
