"""Brings what is said in two wordings into one: `two nights or longer` is `at least two nights`, `eating` a meal."""

from __future__ import annotations

import re
from functools import lru_cache

from evalkit.reading.context import asked_words
from evalkit.reading.digits import in_digits
from evalkit.reading.lazy_regex import lazy_regex
from evalkit.reading.names import in_one_form
from evalkit.reading.synonyms import in_single_words
from evalkit.reading.words import HOW_MANY

_COUNTED = r"(?P<n>\d[\d.,]*(?:\s[^\W\d_]+)?)"
_BOUNDS = tuple(
    (lazy_regex(pattern, re.I), by)
    for pattern, by in (
        (
            rf"{_COUNTED}(?:,?\s(?:or|and)\s(?:more|longer|over|older|above|upwards|newer|later|higher)\b|\+(?!\w))",
            r"at least \g<n>",
        ),
        (
            rf"\b(?:a minimum of|no(?:t)? (?:less|fewer) than|minimum)\s{_COUNTED}",
            r"at least \g<n>",
        ),
        (
            rf"{_COUNTED},?\s(?:or|and)\s(?:less|fewer|shorter|under|younger|below)\b",
            r"at most \g<n>",
        ),
        (
            rf"\b(?:a maximum of|no(?:t)? (?:more|longer) than|up to|maximum)\s{_COUNTED}",
            r"at most \g<n>",
        ),
        (
            rf"{_COUNTED},?\s(?:oder|und)\s(?:mehr|länger|älter|darüber|neuer|höher|später)\b",
            r"mindestens \g<n>",
        ),
        (rf"\b(?:wenigstens|nicht weniger als|ab)\s{_COUNTED}", r"mindestens \g<n>"),
        (rf"{_COUNTED},?\s(?:oder|und)\s(?:weniger|kürzer|jünger|darunter)\b", r"höchstens \g<n>"),
        (rf"\b(?:maximal|nicht (?:mehr|länger) als|bis zu)\s{_COUNTED}", r"höchstens \g<n>"),
    )
)
_OLD = lazy_regex(r"(?<=\d)\s(?:years? (?:old|of age)|jahre alt)\b", re.I)
_WORDINGS = tuple(
    (lazy_regex(rf"\b(?:{pattern})\b", re.I), by)
    for pattern, by in (
        (r"hi(?:gh)?[ -]?vis(?:ibility)?", "high-visibility"),
        (r"once you(?:'ve| have) eaten", "after meal"),
        (r"(?<=after )(?:eating|(?:a |the )?meals?|food)", "meal"),
        (r"(?<=before )(?:eating|(?:a |the )?meals?|food)", "meal"),
        (r"(?<=with )(?:(?:a |the )?meals?|food)", "meal"),
        (r"(?:dem essen|(?:den |der |einer |jeder )?mahlzeit(?:en)?)", "mahlzeit"),
        (
            r"free of charge|at no (?:extra |additional )?(?:charge|cost)|without charge|for nothing",
            "free",
        ),
        (r"gratis|umsonst|kostenfrei|unentgeltlich|gebührenfrei", "kostenlos"),
        (r"e-mail", "email"),
        (r"(?<=\d\. )og|(?<=\dter )og|oberstock", "Obergeschoss"),
        (r"eg(?!\.)", "Erdgeschoss"),
        (r"ug(?!\.)", "Untergeschoss"),
        (r"sick|unwell|illness|sickness", "ill"),
        (
            r"(?:(?:on|over|via|through|im|übers?|über das|per) )?(?:the )?(?:internet|web)|im netz|web(?:site|"
            r"seite)",
            "online",
        ),
        (r"bikes?", "bicycle"),
        (r"fahrräder[n]?|räder[n]?", "fahrrad"),
        (r"cell ?phones?|mobiles?(?! phone)", "mobile phone"),
        (r"telephone", "phone"),
        (r"physicians?", "doctor"),
        (r"forbidden|prohibited|banned|not permitted", "not allowed"),
        (r"untersagt|nicht erlaubt|nicht gestattet", "verboten"),
    )
)


_BOTH = lazy_regex(
    r"\b(\w{3,})(?:innen|in) (?:und|oder) \1e?[ns]?\b|\b(\w{3,}?)(?:e?[ns]?) (?:und|oder) \2(?:innen|in)\b|"
    r"\b(\w{3,})(?:[:*_/]-?|(?=I))innen\b",
    re.I,
)
"""The two forms of a German noun in one: `Rentnerinnen und Rentner`, `Rentner:innen`."""
_NTH = lazy_regex(r"\b(tag|woche|monat|jahr|day|week|month|year) (\d{1,2})\b(?![.,:]\d)", re.I)
_NTH_OF = lazy_regex(r"\b(ordinal\d+) [^\W\d_]{3,}?(tag|woche|monat|jahr)(?=e?[ns]?\b)", re.I)
"""`Tag 3`, and what the third day is one of: `ab dem dritten Krankheitstag`."""
_MONTHLY = lazy_regex(
    r"(?:\bevery |\bjede[nr]? )?(ordinal\d+ weekday\d) (?:(?:of|in) (?:the |a )?month|im Monat|des Monats|"
    r"every1by1m)\b",
    re.I,
)


def in_one_wording(text: str) -> str:
    """Return a text with one name for what has several.

    Args:
        text: With digits for number words.
    """
    text = in_single_words(_BOTH.sub(lambda m: m[1] or m[2] or m[3], _OLD.sub("", text)))
    for pattern, by in (*_BOUNDS, *_WORDINGS):
        text = pattern.sub(by, text)
    text = _NTH.sub(r"ordinal\2 \1", text)
    return _MONTHLY.sub(r"\1 of every1by1m", _NTH_OF.sub(r"\1 \2", in_one_form(text)))


@lru_cache(maxsize=64)
def made_alike(text: str) -> str:
    """Return a text in one wording, and with digits for number words.

    Kept for a while: one answer is compared with its gold, its question and their passage several times.
    """
    return in_one_wording(in_digits(text))


_HOW_MANY = lazy_regex(rf"\b{HOW_MANY}\s(?P<noun>\w+)", re.I)


def with_one_counted(said: str, question: str) -> str:
    """Return an answer with a digit for `one`, or an article, before what the question counts."""
    counted = _HOW_MANY.search(question)
    noun = next(asked_words(counted["noun"]), None) if counted else None
    if noun is None:
        return said
    return re.sub(
        rf"\b(?:an?|one|a single|an only|ein(?:e[nmrs]?)?(?:\s(?:einzige[nrs]?|einzelne[nrs]?))?)\s(?={noun[:-1]})",
        "1 ",
        said,
        flags=re.I,
    )
