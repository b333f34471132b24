"""Reads the one number that an answer states as its result."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from enum import IntEnum
from functools import partial

from evalkit.reading.clauses import Clause, clauses
from evalkit.reading.contract import Reading
from evalkit.reading.dates import masked
from evalkit.reading.language import language_of
from evalkit.reading.numerals import CURRENCY, PERCENT, Numeral, numerals
from evalkit.reading.plain import plain
from evalkit.reading.spelled import spelled_out
from evalkit.reading.structured import objects
from evalkit.reading.thoughts import split_thoughts
from evalkit.reading.words import CONCLUDING, CORRECTION, IS, NOUN, THUS


@dataclass(frozen=True, slots=True)
class NumberContext:
    """What a question for a number asked."""

    question: str = ""
    language: str | None = None
    """Decides `1.234` where neither the answer nor its other numbers do; None: the question's own."""


class Strength(IntEnum):
    """How plainly an answer gives a number as its result."""

    ASIDE = 0
    """A part, an earlier value, one of several offered."""
    NAMED = 1
    """It stands in a sentence."""
    FIRST = 2
    """The answer begins with it and nothing else: `310 visitors, 155 of them …`"""
    STATED = 3
    """`The total is 310`, `= 310`, `so 310`."""
    LAST = 4
    """`Answer: 310` on the last line, boxed, tagged or behind `####`."""


@dataclass(frozen=True, slots=True)
class _Claim:
    numeral: Numeral
    strength: Strength
    clause: Clause
    place: int


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_MARK, _NO_MARK = "[\ue000-\uefff]", "\uf8ff"
_ANY = re.compile(_MARK)
_CANDIDATE = re.compile(r"[\ue000-\uefff]")
_OPERATOR = r"(?:[+*/×÷·^]|(?<=\s)[-–:x](?=\s)|(?<=\d)x(?=\d)|(?:plus|minus|times|mal|durch|divided by|geteilt durch)\b)"
