"""Marks a gold that says that something is free, in whichever words, and the amounts that are its rivals."""

from __future__ import annotations

import re

from evalkit.reading.digits import in_digits
from evalkit.reading.lazy_regex import lazy_regex
from evalkit.reading.quantities import CURRENCIES, quantities
from evalkit.reading.worded import GOLD, RIVAL

_ASKS_PRICE = lazy_regex(
    r"\b(?:costs?|price|fees?|charged?|charges|pays?|paid|how much|kostet|kosten|preis|gebühr|teuer|"
    r"zahl\w*|bezahl\w*|"
    r"wie ?viel|entgelt|eintritt)\b",
    re.I,
)
_FREE = (
    r"(?:(?:for )?free(?: of charge| of cost)?|nothing(?: at all)?|(?:at )?no (?:extra |"
    r"additional )?(?:charge|cost|fee)s?|"
    r"without (?:extra )?(?:charge|cost)|(?:not|\w+n't) (?:\w+ )?(?:pay|cost|charge)\w*(?: for it)?(?: anything)?|"
    r"(?:gar |überhaupt )?nichts|kostenlos\w*|gratis|umsonst|kostenfrei\w*|gebührenfrei|unentgeltlich|"
    r"frei(?= |\W*$)|"
    r"keine?n? (?:\w+ )?(?:kosten|gebühr(?:en)?|eintritt|beitrag|entgelt)|ohne (?:\w+ )?(?:kosten|gebühr(?:en)?)|"
    r"(?<![\d.,])[$€£]?0(?:[.,]00)?\s?(?:[$€£]|euros?|eur|chf|franken|dollars?|pounds?)?(?![\w.,]*\d))"
)
_IS_FREE = lazy_regex(
    rf"(?:(?:it|it's|es|das|der \w+|the \w+|\w+) (?:is|are|ist|sind|costs?|kostet|"
    rf"kosten)\s)?{_FREE}(?:\W.*)?",
    re.I,
)
_TOLD = lazy_regex(rf"(?<![\w-]){_FREE}(?!\w)", re.I)


def is_free(gold: str, question: str) -> bool:
    """Tell whether a gold is a price of nothing."""
    return (
        _ASKS_PRICE.search(question) is not None
        and _IS_FREE.fullmatch(gold.strip(" .")) is not None
    )


def masked_free(said: str, language: str | None) -> str:
    """Return an answer with signs for what says that something is free, and for amounts."""
    said = _TOLD.sub(GOLD, in_digits(said, "money"))
    amounts = [q for q in quantities(said, language) if q.unit in CURRENCIES]
    for amount in sorted(amounts, key=lambda q: -q.start):
        said = f"{said[: amount.start]}{RIVAL}{said[amount.end :]}"
    return said
