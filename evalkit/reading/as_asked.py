"""Writes an answer's text the way its question for a number asks: a digit for `None` or `a day`, a year for a date."""

from __future__ import annotations

import re

from text_to_num import alpha2digit

from evalkit.reading.asked import IN_PERCENT, Asked
from evalkit.reading.context import asked_words
from evalkit.reading.dates import moments
from evalkit.reading.digits import in_digits
from evalkit.reading.lazy_regex import lazy_regex
from evalkit.reading.units import unit_named
from evalkit.reading.zeros import with_zeros

_GRATIS = r"kostenlos|gratis|umsonst|kostenfrei"
_FREE = lazy_regex(rf"\b(?:free(?: of charge)?|{_GRATIS})\b", re.I)
_NOT_FREE = lazy_regex(rf"\b(?:not|n't|nicht|no)\s(?:\w+\s)?(?:free|{_GRATIS})\b", re.I)
_MANY = lazy_regex(r"\b(?:how many|wie ?viele)\b", re.I)
_GIVEN_FREE = lazy_regex(
    r"(?<!\bnot )(?<!\bnicht )\b((?:(?:is|are|be|it's|ist|sind|bleibt|pays?|costs?|zahl\w*|kostet|kosten|eintritt)|"
    rf"(?:is|are|ist|sind)(?:\s\w+){{1,3}}?)\s)(?:free(?: of charge)?|nothing|nichts|frei|{_GRATIS})"
    r"\b(?!-|\s(?!for|of|on|if|when|to|until|till|with|in|at|and|but|only|für|bei|bis|am|an|im|und|aber|nur|wenn)\w)",
    re.I,
)
_JUST_ONE = lazy_regex(
    r"^\W*(?:(?:only|just|exactly|it is|there (?:is|was)|nur|noch|genau|es (?:ist|war|gibt|gab))\s)*(?:the\s)?"
    r"(?:one(?: more)?|einer|eine|eines|eins)[.!]?\s*$",
    re.I,
)
_ONE = lazy_regex(
    r"(?<!\bhalf )(?<!\bof )(?<!\bper )(?<!\bpro )(?<!\bje )\b(?:an?|one|ein(?:e[nmrs]?)?)\s(?:single\s|"
    r"more\s|weitere[nrs]?\s|einzige[nrs]?\s|full\s|"
    r"ganze[nrs]?\s|volle[nrs]?\s)?"
    r"(?P<noun>[^\W\d_]+)\b(?!\s(?:und|and)\s(?:an?|eine?)\b)",
    re.I,
)
_SHORT = 8
"""Words of an answer in which `a day` may be the number of days."""


def _part_of(asked: Asked, match: re.Match[str]) -> str:
    """`45/60` is 45 of the 60 that the question tells of, `7/10` on a scale from 1 to 10."""
    return (
        f"{match[1]} out of {match[2]}"
        if int(match[1]) <= int(match[2])
        and (_SCORE.search(asked.asking) or re.search(rf"\b{match[2]}\b", asked.question))
        else match[0]
    )


def _told_its_way(asked: Asked, text: str) -> str:
    """Return a text with years for dates, shares for `3 out of 4`, hours for `1:30 h`, as it is asked."""
    if _HOW_OFTEN.search(asked.asking):
        text = _TIMES.sub(_times, text)
    if asked.for_place:
        text = alpha2digit(alpha2digit(text, "en", 0), "de", 0)
    if asked.for_year:
        text = _years_only(text)
    if asked.for_count or _ON_A_SCALE.search(asked.question) or _SCORE.search(asked.question):
        text = _PART_OF_ALL.sub(lambda m: _part_of(asked, m), text)
    if asked.unit == "duration-hour":
        text = _CLOCKED.sub(lambda m: f"{int(m['h']) + int(m['m']) / 60:.4f}", text)
    if asked.unit == "duration-minute":
        text = _CLOCKED.sub(lambda m: f"{60 * int(m['h']) + int(m['m'])} min", text)
    if asked.for_share and not IN_PERCENT.search(asked.question + text):
        text = _OUT_OF.sub(lambda m: f"{m['n']}/{m['all'].replace(',', '')}", in_digits(text))
    return text


def told_as_asked(asked: Asked, text: str) -> str:
    """Return a text with a digit for `None`, `no tickets` and `a day`, where a number of them is asked for."""
    text = _told_its_way(asked, text)
    if asked.for_amount:
        text = with_zeros(text, asked.question)
    if asked.for_money and not _FREE.search(asked.question) and not _MANY.search(asked.asking):
        text = _GIVEN_FREE.sub(rf"\g<1>0{' €' if '€' in text else ' Euro'}", text)
    if re.search(r"\d", text):
        return text
    if asked.for_money and _FREE.search(text) and not _NOT_FREE.search(text):
        return "0"
    if not (asked.for_count or asked.unit):
        return text
    words = set(asked_words(asked.question))
    if _JUST_ONE.match(text):
        return "1"
    for one in _ONE.finditer(text) if len(text.split()) <= _SHORT else ():
        if unit_named(one["noun"]) or _stem(one["noun"]) in {_stem(w) for w in words}:
            return f"{text[: one.start()]}1 {text[one.start('noun') :]}"
    return text


_HOW_OFTEN = lazy_regex(r"\b(?:how (?:often|many times)|wie oft|wie ?viele? ?male?)\b", re.I)
_TIMES_NAMED = {"once": 1, "twice": 2, "thrice": 3, "ein": 1, "zwei": 2, "drei": 3, "vier": 4, "fünf": 5, "sechs": 6,
                "sieben": 7, "acht": 8, "neun": 9, "zehn": 10, "zwölf": 12}  # fmt: skip
_TIMES = lazy_regex(
    r"\b(?P<n>once|twice|thrice|(?P<de>ein|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|zwölf|\d+)-?mal)\b"
    r"(?!\s(?:in|im|pro|je|an?|per|am|every|each|die)\b)",
    re.I,
)


def _times(match: re.Match[str]) -> str:
    """`Twice.` is 2 of the times that are asked for."""
    n = (match["de"] or match["n"]).casefold()
    return f"{_TIMES_NAMED.get(n, n)} {'Mal' if match['de'] else 'times'}"


_UMLAUTS = str.maketrans("äöü", "aou")


def _stem(word: str) -> str:
    plain = word.casefold().translate(_UMLAUTS)
    return re.sub(r"(?:e[nrs]?|n|s)$", "", plain[:6])


_PART_OF_ALL = lazy_regex(r"(?<![\d/.,])(\d+)\s?/\s?(\d+)(?![\d/]|[.,]\d)")
_SCORE = lazy_regex(r"\b(?:scores?|ratings?|points|punkte|punktzahl|\w*bewertung|\w*note)\b", re.I)
_ON_A_SCALE = lazy_regex(
    r"\b(?:from|between|von|zwischen)\s\d+\s(?:to|and|bis|und)\s\d+|\b\d+\s?[-–]\s?\d+\b|\bout of \d|"
    r"\b(?:scale|skala)\b",
    re.I,
)


def _years_only(text: str) -> str:
    """Return a text with years for its dates."""
    for moment in sorted(moments(text), key=lambda m: -m.start):
        if re.match(r"\d{4}-", moment.name):
            text = f"{text[: moment.start]}{moment.name[:4]}{text[moment.end :]}"
    return text


_CLOCKED = lazy_regex(
    r"(?<![\d:])(?P<h>\d{1,3})(?::(?=\d\d\s?(?:h|hours?|std|stunden?)\b)|h)(?P<m>[0-5]\d)\b", re.I
)
_OUT_OF = lazy_regex(
    r"(?<![\d.,])(?P<n>\d+)(?:\s[^\W\d_]+){0,2}\s(?:out of|in|of|von|aus)\s(?:every\s|the\s|je\s|den\s)?"
    r"(?P<all>\d{1,3}(?:,\d{3})+|\d+)(?![\d.,]\d)",
    re.I,
)
