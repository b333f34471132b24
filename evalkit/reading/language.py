"""Tells whether a short text is English or German, where its words show it."""

from __future__ import annotations

import re

from evalkit.reading.lazy_regex import lazy_regex

_ENGLISH = """
the is are was were of and in to for it with that this from total answer which what how many much by at be not there
result has have had so per each did does would makes
"""
_GERMAN = """
der die das ist sind war waren von und im in zu für es mit dem den des aus auf antwort welche was wie viele viel um
nicht ergebnis hat haben hatte also pro je beträgt betrug insgesamt zusammen ein eine wurden wurde bei am zum zur
lautet macht
"""
_WORDS = {"en": frozenset(_ENGLISH.split()), "de": frozenset(_GERMAN.split())}
_GERMAN_SIGNS = lazy_regex(
    r"[äöüßÄÖÜ]|\b(?:Mio|Mrd|Tsd|Uhr|Stück|Euro|Prozent|Tage|Jahre|Antwort|Ergebnis|Summe)\b"
)


def language_of(text: str) -> str | None:
    """Return "en" or "de", or None where no word tells, or both do."""
    words = re.findall(r"[a-zäöüß]+", text.casefold())
    counts = {code: sum(w in known for w in words) for code, known in _WORDS.items()}
    if _GERMAN_SIGNS.search(text):
        counts["de"] += 1
    if counts["en"] == counts["de"]:
        return None
    return max(counts, key=lambda code: counts[code])
