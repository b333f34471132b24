"""What guessing would score on a closed question: 1 / number of its choices."""

from __future__ import annotations

import re

from evalkit.records import Sample

CHOICE_METRICS = frozenset({"acc", "acc_norm", "acc_bytes"})
"""Metrics that count a doc as right or wrong by the choice that was taken."""
_LETTER = re.compile(r"^Answer: ([A-Z])$")
_OPTION = re.compile(r"^[ \t]*\(?([A-Z])[.)][ \t]+\S", re.MULTILINE)


def chance_of(sample: Sample) -> float | None:
    """Return what guessing scores on average on a doc; None where it has no choices.

    Choices are those whose log-likelihoods were compared, or the lettered lines of the question where the right answer
    is a letter (`harness.twins`); examples in front of the question have lines of their own, so the last list counts.
    """
    if sample.loglikelihoods:
        return 1 / len(sample.loglikelihoods)
    wanted = _LETTER.match(sample.target.strip())
    if wanted is None:
        return None
    n = 0
    for option in _OPTION.finditer(sample.prompt):
        place = ord(option[1]) - ord("A")
        n = place + 1 if place in (0, n) else n
    return 1 / n if n > max(1, ord(wanted[1]) - ord("A")) else None
