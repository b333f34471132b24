"""Tells whether an answer says of another what is asked of the gold: `Who pays?` `The tenant pays the landlord.`"""

from __future__ import annotations

import re

from evalkit.reading.clauses import clauses, sentences
from evalkit.reading.content import content, told
from evalkit.reading.digits import in_digits
from evalkit.reading.language import language_of
from evalkit.reading.lazy_regex import lazy_regex
from evalkit.reading.worded import GOLD, RIVAL, words_of
from evalkit.reading.words import NEGATION

_ASKS = lazy_regex(
    r"^\W*(?:(?:who|wer)|(?:which|what|welche[rs]?)\s[^\W\d_]+)\s(?P<verb>[^\W\d_]+)\b(?P<rest>[^?]*)",
    re.I,
)
"""A question for what does something: nothing but the subject stands before its verb."""
_COPULA = lazy_regex(
    r"(?:is|are|was|were|be|ist|sind|war|waren|heißt|hieß|did|does|do|wird|werden|wurde|wurden)$",
    re.I,
)
_OBLIQUE = lazy_regex(
    r"\b(?:to|for|from|of|on|with|against|than|dem|den|an|zum|zur|für|von|bei|mit|gegen)\s(?:the\s|der\s|"
    r"dem\s|den\s|die\s)?$",
    re.I,
)
_BY = lazy_regex(r"\b(?:von|vom|durch)\s(?:\w+\s)?$", re.I)
_PASSIVE = lazy_regex(r"\b(?:wird|werden|wurden?|worden)\b", re.I)
"""`Wer bedient die Anlage?` `Sie darf nur von geschultem Personal bedient werden.`"""
_NEGATED = lazy_regex(NEGATION, re.I)


def is_given_to_another(text: str, question: str) -> bool:
    """Tell whether before the question's verb stands a subject that is not the gold.

    Args:
        text: With a sign for the gold.
        question: What was asked.
    """
    asked = _ASKS.match(question)
    if asked is None or _COPULA.match(asked["verb"]):
        return False
    is_german = language_of(question) == "de"
    return any(
        _has_other_subject(c.text, asked, is_german=is_german) and not _NEGATED.search(c.text)
        for c in clauses(text)
    )


_PRONOUN = lazy_regex(
    r"^\W*(?:(?:and|but|so|und|aber|also)\s)?(?:it|this|that|these|they|he|she|es|er|sie|das|dies\w*)\b",
    re.I,
)
_ASKS_ONE = lazy_regex(r"^\W*was\b|\b(?:who|which|what|where|wer|welche\w*|wo)\b", re.I)


def is_of_another(text: str, question: str) -> bool:
    """Tell whether one sentence tells what was asked, and another the gold of something else: `Glass: the blue bin`.

    Args:
        text: With a sign for the gold.
        question: What was asked.
    """
    found = [s for _, s in sentences(text)]
    golds = [s for s in found if GOLD in s]
    first = found[0] if found else ""
    if not golds or GOLD in first or RIVAL in text or _ASKS_ONE.search(question) is None:
        return False
    if len(_ROWS.findall(text)) > 2 and not _ROWS.match(golds[-1]):
        return False  # what follows a table is drawn from it
    asked = content(words_of(question))
    is_apart = all(
        not told(asked, s) and _has_own(s, asked) and not _PRONOUN.match(s) for s in golds
    )
    is_told = bool(told(asked, first)) and _has_own(first, asked)
    return is_apart and is_told and not first.rstrip().endswith(":")


_ROWS = lazy_regex(r"^[^:\n]{1,30}: [^:\n]{1,30}$", re.M)


def _has_own(text: str, asked: list[str]) -> bool:
    """Tell whether a sentence says more than the question's words, or `Answer:`."""
    own = content(words_of(text.replace(GOLD, " ")))
    return len(set(own) - told(own, " ".join(asked)).keys()) > (GOLD in text)


def _has_other_subject(clause: str, asked: re.Match[str], *, is_german: bool) -> bool:
    verb = re.search(rf"\b{re.escape(asked['verb'])}\b", clause, re.I)
    if verb is None or GOLD in clause[: verb.start()]:
        return False
    subject = content(words_of(clause[: verb.start()]))
    rest = content(words_of(in_digits(asked["rest"])))
    found = told(rest, in_digits(clause[verb.end() :]))
    is_restated = not rest or (bool(found) and all(w in found for w in rest if not w.isalpha()))
    if not subject or not is_restated or told(subject, asked.string):
        return False
    gold = clause.find(GOLD, verb.end())
    if gold < 0:
        return True
    if _BY.search(clause[:gold]) and _PASSIVE.search(clause[gold:]):
        return False
    return _OBLIQUE.search(clause[:gold]) is not None or (
        not is_german and not re.search(r"\bby\s(?:the\s)?$", clause[:gold])
    )
