"""Writes a digit for `none`, `no accident` and `keiner` where a question asks how many or how much."""

from __future__ import annotations

import re

from evalkit.reading.clauses import sentences
from evalkit.reading.context import asked_words
from evalkit.reading.digits import in_digits
from evalkit.reading.lazy_regex import lazy_regex

_ALIKE = 4
"""Letters that two forms of a word share: `failed`, `failure`."""
_INFORMATION = lazy_regex(
    r"(?:numbers?|figures?|information\w*|infos?|data|details?|values?|answers?|statistics?|mention\w*|records?|"
    r"indications?|evidence|reference|clues?|way|idea|price|amount|total|sum|results?|"
    r"zahl(?:en)?|\w*angaben?|daten|details?|wert|antwort|auskunft|auskünfte|ahnung|aussagen?|hinweise?|nachweise?|"
    r"erwähnung|statistik|ergebnis(?:se)?|\w*preis|betrag|summe|beleg|möglichkeit|text)",
    re.I,
)
"""What is not there is no count, but what would tell it."""
_TELLS = lazy_regex(
    r"\b(?:mention\w*|stat(?:e[sd]?|ing)|given|gives?|provid\w*|listed|specif\w*|known|sa(?:id|ys?)|indicat\w*|"
    r"disclos\w*|publish\w*|named?s?|tells?|told|"
    r"nenn\w*|genannt\w*|erwähn\w*|angegeben\w*|bekannt\w*|aufgeführt|ersichtlich|hervor\w*|steht|beziffert|vermerkt|"
    r"veröffentlicht\w*|sagt|mitgeteilt|vorliegen|entnehmen)\b",
    re.I,
)
_PRONOUN = lazy_regex(
    r"\b(?:none|nil|nobody|no[ -]one|not (?:a single |even )?one(?! but\b)|niemand(?:em|en)?|"
    r"(?:gar |überhaupt )?kein(?:e[nrs]?|s)?(?: einzige[nrs]?)?"
    r"(?=\W*(?:$|[.,;:!)–-])|\s(?:der|des|dieser|unserer|von|davon|mehr)\b|"
    r"\s(?-i:(?!einzig|[a-zäöüß]+e[nrsm]?\s[A-ZÄÖÜ])[a-zäöüß])))(?!\w)|"
    r"(?:\bnot|n't|\bno longer) any(?=\W*$| left\b| of\b)",
    re.I,
)
_DETERMINED = lazy_regex(
    r"(?:(?:\bnot|n't|\bno longer) any|\bno|\bnot a single|\bkein(?:e[nmrs]?)?(?: einzige[nrms]?)?)(?!\w)(?P<rest>"
    r"(?P<adjectives>(?:\s(?!(?:of|on|about|for|to|in|from|that|zu[rm]?|über|von|für|im?)\b)[^\W\d_]+){0,2}?)"
    r"\s(?P<noun>[^\W\d_]{3,})(?P<next>\s[^\W\d_]+)?)",
    re.I,
)
_FURTHER = lazy_regex(
    r"\b(?:other|others|further|additional|more|less|fewer|weitere\w*|andere\w*|zusätzliche\w*|mehr|weniger)\b",
    re.I,
)
_SUPPOSED = lazy_regex(r"\b(?:if|unless|whether|wenn|falls|ob|sofern)\b", re.I)
_NOTHING = lazy_regex(
    r"^\W*(?:(?:es (?:ist|war|wurde)|it was|there (?:is|was))\s)?(?:nothing|nichts)\b", re.I
)
_BUT = lazy_regex(
    r"\b(?:but|except\w*|however|apart from|other than|aber|außer|bis auf|jedoch|sondern)\b.*\d",
    re.I | re.S,
)
_NO_MORE = lazy_regex(r"\s(?:any ?more|mehr)(?!\s(?:than|als))(?=\W|$)", re.I)
_FEW = 7
"""Words of a sentence in which `nothing` counts what was asked for."""


def with_zeros(text: str, question: str) -> str:
    """Return a text in which `0` stands for what denies that there is any of what the question counts."""
    said = [text[start:end] for start, end in _spans(text)]
    told = [_zero(part, question) for part in said]
    asked = set(asked_words(question))
    for i, part in enumerate(said):  # `Three people were injured; no one was killed`
        about = set(asked_words(_PRONOUN.sub(" ", part)))
        others = "".join(said[:i] + said[i + 1 :])
        if told[i] != part and about and not about & asked and re.search(r"\d", in_digits(others)):
            told[i] = part
    return "".join(told)


def _spans(text: str) -> list[tuple[int, int]]:
    starts = [0, *(start for start, _ in sentences(text))]
    ends = [*starts[1:], len(text)]
    return [(one, other) for one, other in zip(starts, ends, strict=True) if one < other]


def _zero(sentence: str, question: str) -> str:
    told = (m[0].casefold() for m in _TELLS.finditer(sentence))
    if _SUPPOSED.search(sentence) or any(word not in question.casefold() for word in told):
        return sentence
    if _NOTHING.match(sentence) and len(sentence.split()) <= _FEW:
        return _NO_MORE.sub(" ", _NOTHING.sub("0", sentence))
    counted = list(asked_words(question))
    for found in _DETERMINED.finditer(sentence):
        if _is_counted(found, counted, question):
            return _with_zero(sentence, found.start(), found.start("rest"))
    none = _PRONOUN.search(sentence)
    if none is not None and not _of_information(sentence[none.end() :]):
        return _with_zero(sentence, none.start(), none.end())
    return sentence


def _with_zero(sentence: str, start: int, end: int) -> str:
    before, rest = sentence[:start], sentence[end:]
    if _BUT.search(rest):
        return sentence
    rest = _NO_MORE.sub(" ", rest, count=1)
    return f"{before}{' ' if before[-1:].isalpha() else ''}0{rest}"


def _is_counted(found: re.Match[str], counted: list[str], question: str) -> bool:
    """Tell whether what is denied is what the question counts, neither more of it nor news of it."""
    words = [*found["adjectives"].split(), found["noun"]]
    if _FURTHER.search(" ".join(words)):
        return False
    told = [w for w in (*words, (found["next"] or "").strip()) if _of_information(w)]
    if any(word.casefold() not in question.casefold() for word in told):
        return False
    return any(_are_alike(word[:6].casefold(), asked) for word in words for asked in counted)


def _of_information(words: str) -> bool:
    return re.match(rf"\W*{_INFORMATION.pattern}\b", words, re.I) is not None


def _are_alike(one: str, other: str) -> bool:
    shared = min(len(one), len(other), _ALIKE)
    return one[:shared] == other[:shared]
