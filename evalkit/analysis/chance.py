"""What guessing would score on a closed question: 1 / number of its choices."""

from __future__ import annotations

import re
from dataclasses import dataclass

from evalkit.records import Sample

CHOICE_METRICS = frozenset({"acc", "acc_norm", "acc_bytes"})
"""Metrics that count a doc as right or wrong by the choice that was taken."""
_LETTER = re.compile(r"^Answer: ([A-Z])$")
_OPTION = re.compile(r"^[ \t]*\(?([A-Z])[.)][ \t]+(\S.*)", re.MULTILINE)
_TURN_END = re.compile(r"\s*(?:<\|[^|>]*\|>|</?s>|<end_of_turn>|\[/INST\]).*")
"""What a chat template puts behind the last option."""


def chance_of(sample: Sample) -> float | None:
    """Return what guessing scores on average on a doc; None where it has no choices.

    Choices are those whose log-likelihoods were compared, or the lettered lines of the question where the right answer
    is a letter (`harness.twins`); examples in front of the question have lines of their own, so the last list counts.
    """
    if sample.loglikelihoods:
        return 1 / len(sample.loglikelihoods)
    asked = lettered(sample)
    return 1 / len(asked.options) if asked is not None else None


@dataclass(frozen=True, slots=True)
class Lettered:
    """A question whose options are lettered lines."""

    question: str
    """The paragraph in front of the options."""
    options: tuple[str, ...]
    """Texts of the options, in the order of the letters."""
    gold: int
    """Place of the right option."""


def lettered(sample: Sample) -> Lettered | None:
    """Return what a doc asks with lettered options; None where the right answer is no letter of its last list."""
    wanted = _LETTER.match(sample.target.strip())
    if wanted is None:
        return None
    begin, options = 0, list[str]()
    for option in _OPTION.finditer(sample.prompt):
        place = ord(option[1]) - ord("A")
        if place == 0:
            begin, options = option.start(), []
        if place == len(options):
            options.append(_TURN_END.sub("", option[2]).strip())
    gold = ord(wanted[1]) - ord("A")
    if len(options) <= max(1, gold):
        return None
    return Lettered(sample.prompt[:begin].rstrip().rpartition("\n\n")[2], tuple(options), gold)
