"""Brings what every text writes in its own way into one form: days of the week, months, ordinals, how often."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fractions import Fraction

from babel.dates import get_day_names, get_month_names

from evalkit.reading.lazy_regex import lazy_regex

_LENGTHS = {
    "hour hours stunde stunden": (1, "h"),
    "day days tag tage": (24, "h"),
    "week weeks woche wochen": (168, "h"),
    "month months monat monate": (1, "m"),
    "quarter quarters quartal quartale vierteljahr": (3, "m"),
    "halbjahr half-year": (6, "m"),
    "year years jahr jahre": (12, "m"),
}
_PERIODS = {name: length for names, length in _LENGTHS.items() for name in names.split()}
_PERIOD = "(?P<period>" + "|".join(sorted(_PERIODS, key=len, reverse=True)) + r")(?:e?s)?\b"
_COUNTS = {"once": 1, "twice": 2, "thrice": 3, "einmal": 1, "zweimal": 2, "dreimal": 3, "viermal": 4, "fünfmal": 5,
           "sechsmal": 6}  # fmt: skip
_TIMES = rf"(?:(?P<word>{'|'.join(_COUNTS)})|(?P<n>\d+)(?:\s?times|\s?x|[\s-]?mal))"
_EACH = r"(?:a|an|per|each|every|in a|pro|je|am|im|in der|die|jede[nrs]?|in einem)"
_TIMES_EACH = lazy_regex(rf"\b{_TIMES}\s{_EACH}\s{_PERIOD}", re.I)
_EVERY = lazy_regex(rf"\b(?:every|alle|all|each)\s(?P<every>\d+)\s{_PERIOD}", re.I)
_OTHER = lazy_regex(
    rf"\b(?:every (?:other|second)|jede[nrs]? zweite[nrs]?|alle zwei)\s{_PERIOD}", re.I
)
_ALONE = lazy_regex(rf"\b(?:once\s)?(?:per|each|every|pro|je|jede[nrs]?)\s{_PERIOD}", re.I)
_ADVERBS = {
    "hourly": "hour", "stündlich": "hour", "daily": "day", "täglich": "day", "weekly": "week", "wöchentlich": "week",
    "monthly": "month", "monatlich": "month", "quarterly": "quarter", "vierteljährlich": "quarter",
    "halbjährlich": "halbjahr", "half-yearly": "halbjahr", "yearly": "year", "annually": "year", "jährlich": "year",
}  # fmt: skip
_ADVERB = lazy_regex(rf"\b(?:{_TIMES}\s)?(?P<adverb>{'|'.join(_ADVERBS)})\b", re.I)


def _days() -> dict[str, str]:
    found = {
        name.casefold().rstrip("."): f"weekday{number}"
        for code in ("en", "de")
        for width in ("wide", "abbreviated")
        for number, name in get_day_names(width, locale=code).items()
    }
    return found | {
        "tues": "weekday1",
        "thur": "weekday3",
        "thurs": "weekday3",
        "sonnabend": "weekday5",
    }


def _months() -> dict[str, str]:
    return {
        name.casefold(): f"month{number}"
        for code in ("en", "de")
        for number, name in get_month_names("wide", locale=code).items()
    }


DAYS = _days()
_NAMES = DAYS | _months()
NO_DAY = (
    r"(?![.,]?\s+(?!(?:bis|und|oder|and|or|to|till|until|through|von|vom|ab|um|den|the|at|früh|"
    r"(?:vor|nach)?mittags?|morgens?|abends?|nachts?|morning|noon|afternoon|evening|night)\b|"
    r"[^\W\d_]{3,9}\.?\s\d|(?:mo|di|mi|do|fr|sa|so|mon|tue|wed|thu|fri|sat|sun)\b)[^\W\d_])(?!['’]?s\b)"
)
"""What does not follow a day of three letters or less: `So it is …`, `Do you …`, `Fr. Huber`."""


def any_of(names: Iterable[str]) -> str:
    """Return a pattern for each of some names, the longest first."""
    return "|".join(sorted(map(re.escape, names), key=len, reverse=True))


_NAME = lazy_regex(
    rf"\b(?:(?P<name>{any_of(n for n in _NAMES if len(n) > 3 or n == 'may')})s?|"
    rf"(?P<short>{any_of(n for n in DAYS if len(n) <= 3)})(?=\b){NO_DAY})"
    r"\b(?:\.(?=\s[a-zäöü\d]|$))?",
    re.I,
)
_ORDINALS = (
    "first|1st|erste", "second|2nd|zweite", "third|3rd|dritte", "fourth|4th|vierte", "fifth|5th|fünfte",
    "sixth|6th|sechste", "seventh|7th|siebte", "eighth|8th|achte", "ninth|9th|neunte", "tenth|10th|zehnte",
)  # fmt: skip
_ORDINAL = tuple(
    (i + 1, lazy_regex(rf"\b(?:{words})[nrsm]?\b", re.I)) for i, words in enumerate(_ORDINALS)
)
_GERMAN_ORDINAL = lazy_regex(r"(?<![\d.,])(?P<n>\d{1,2})\.(?=\s[A-ZÄÖÜ])")


_PER = lazy_regex(
    r"\b(?:(?:per|each|every|pro|je)\s(?=\w)|(?:an?|die|in der|am|im)\s(?=(?:minute|second|hour|night|person|"
    r"head|piece|sekunde|"
    r"stunde|nacht)\b))",
    re.I,
)
_STROKE = lazy_regex(
    r"\s?/\s?(?=(?:day|week|month|year|hour|night|person|tag|woche|monat|jahr|stunde|nacht)\b)",
    re.I,
)
_IN_A_TIME = lazy_regex(
    r"(?P<counted>(?:\d[\d.,]*\s?(?:[^\W\d_]{2,12}|[$€£])|[$€£]\s?\d[\d.,]*)\s)(?:an?|in (?:a|the|der|"
    r"einem)|die|im|am)\s(?=(?:day|week|"
    r"month|year|tag|woche|"
    r"monat|jahr)\b)",
    re.I,
)
_MIDDLE = lazy_regex(r"\b(?:the )?(?:middle of (?:the )?|mid-)|\bmitte (?=\w)", re.I)
_NOUN = lazy_regex(
    r"\b(?!(?:Im|Am|In|Auf|Der|Die|Das|Den|Dem|Des|Vom|Zum|Zur|Beim|Bis|Ab|Seit|Jede[nrs]?)\s)[A-ZÄÖÜ][a-zäöüß]+\s$"
)
"""Noun before a number that ends a sentence: `Gleis 6. Sonntags …`"""


_DATED = lazy_regex(
    "(?<!\\w)("
    + "|".join(sorted((n.capitalize() for n in _NAMES if len(n) > 3), key=len, reverse=True))
    + ")s?([a-zäöüß]{4,})(?!\\w)",
    re.I,
)
"""A compound with a day or a month: `Novembergehalt`."""


_NUMBERS = {
    "zwei": 2,
    "drei": 3,
    "vier": 4,
    "fünf": 5,
    "sechs": 6,
    "acht": 8,
    "zehn": 10,
    "vierzehn": 14,
}
_DAYLY_PERIODS = {
    "tägig": "day", "täglich": "day", "wöchig": "week", "wöchentlich": "week", "monatlich": "month",
    "jährlich": "year",
}  # fmt: skip
_DAYLY = lazy_regex(
    rf"\b(?P<n>\d+|{'|'.join(_NUMBERS)})[- ]?(?P<unit>{'|'.join(_DAYLY_PERIODS)})\b", re.I
)
_FORTNIGHTLY = lazy_regex(
    r"\b(?:fortnightly|biweekly|bi-weekly|every fortnight|once a fortnight)\b", re.I
)


def in_one_form(text: str) -> str:
    """Return a text with one name for each day, month, place in a row and frequency, in whichever language.

    Args:
        text: With digits for number words.
    """
    text = _DATED.sub(r"\1 \2", text)
    text = _MIDDLE.sub("mid ", _IN_A_TIME.sub(r"\g<counted>per ", _STROKE.sub(" per ", text)))
    text = _FORTNIGHTLY.sub(_name_of("week", 2), _DAYLY.sub(_daily, text))
    text = _OTHER.sub(lambda m: _period(m, 2), text)
    text = _TIMES_EACH.sub(lambda m: _period(m, Fraction(1, _count(m))), text)
    text = _EVERY.sub(lambda m: _period(m, int(m["every"])), text)
    text = _ADVERB.sub(_adverb, text)
    text = _ALONE.sub(lambda m: _period(m, 1), text)
    for number, pattern in _ORDINAL:
        text = pattern.sub(f"ordinal{number}", text)
    text = _GERMAN_ORDINAL.sub(
        lambda m: m[0] if _NOUN.search(text[: m.start()]) else f"ordinal{m['n']}", text
    )
    return _NAME.sub(_named, _PER.sub("per ", text))


def _daily(match: re.Match[str]) -> str:
    """Return how often something is that is `vierzehntägig`."""
    n, unit = match["n"].casefold(), match["unit"].casefold()
    return _name_of(_DAYLY_PERIODS[unit], _NUMBERS.get(n) or int(n))


def _count(match: re.Match[str]) -> int:
    """Return how many times; once, where that is not told."""
    word = match["word"]
    return max(1, _COUNTS[word.casefold()] if word else int(match["n"] or 1))


def _period(match: re.Match[str], factor: int | Fraction) -> str:
    """Return how long it is from one time to the next: `four times a year` and `every three months` are alike."""
    return _name_of(match["period"], factor)


def _adverb(match: re.Match[str]) -> str:
    return _name_of(_ADVERBS[match["adverb"].casefold()], Fraction(1, _count(match)))


def _name_of(period: str, factor: int | Fraction) -> str:
    length, unit = _PERIODS[period.casefold()]
    time = length * Fraction(factor)
    return f"every{time.numerator}by{time.denominator}{unit}"


def _named(match: re.Match[str]) -> str:
    """Return a name's one form; `may`, `so` and `do` are words unless they begin with a capital letter."""
    name = match["name"] or match["short"]
    if len(name) < 4 and (not name[0].isupper() or match[0][len(name) :].startswith("s")):  # `Mais`
        return match[0]
    return _NAMES[name.casefold()]
