"""Writes whatever numbers, dates, times and amounts a text tells in words with digits."""

from __future__ import annotations

import re

from evalkit.reading.compounds import joined
from evalkit.reading.lazy_regex import lazy_regex
from evalkit.reading.moment_words import (
    days_in_digits,
    hours_in_digits,
    moments_in_digits,
    number_of,
    years_in_digits,
)
from evalkit.reading.spelled import ONE_TO_NINE, ONE_TO_TWELVE, TEENS, TENS, spelled_out

_NTH_HYPHEN = lazy_regex(
    r"(?<=\w)-(?=(?:half|halves|third|quarter|fourth|fifth|sixth|eighth|tenth)s?\b)", re.I
)
_WORDS = lazy_regex(
    rf"(?<![\w-])((?:{TENS})(?:-(?:{ONE_TO_NINE}))?|{ONE_TO_TWELVE}|{TEENS}) (?=(?:{TENS})\b)",
    re.I,
)
_SCALE_BEFORE = lazy_regex(
    r"(?<!\d )\b(TEUR|T€|KEUR|MEUR|Mio\.? ?(?:€|EUR|Euro)|Mrd\.? ?(?:€|EUR|Euro)|kUSD|kEUR|"
    r"TCHF)\s?(-?\d[\d.,]*\d|\d)(?!\w)"
)
_PAIR = lazy_regex(
    r"(?<![\d.,:-])(\d{1,3})[ -](\d\d)(?=\s*(?:$|[.,;:!?)\n]|per\b|pro\b|je\b|a\b|for\b|für\b))"
)


def in_digits(text: str, sort: str | None = None) -> str:
    """Return a text with digits for words.

    Args:
        text: Without dress.
        sort: What is looked for, where known: with "T", `at five` is a time of day; with "date", `30.6.` and `the end
            of June` are days; with "money", `zwölf fünfzig` is an amount.
    """
    text = moments_in_digits(_SCALE_BEFORE.sub(r"\2 \1", text))
    if sort == "year":
        text = years_in_digits(text)
    if sort == "date":
        text = days_in_digits(text)
    if sort == "T":
        text = hours_in_digits(text)
    if sort == "money":
        text = _WORDS.sub(lambda m: f"{number_of(m[1], 'en')} ", text)
    text = spelled_out(_NTH_HYPHEN.sub(" ", text))
    if sort == "money":
        text = _PAIR.sub(r"\1.\2", text)
    return joined(text)
