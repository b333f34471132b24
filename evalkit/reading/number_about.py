"""Tells which numbers of an answer the question is about, by the words that stand around them."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

from evalkit.reading.asked import Asked
from evalkit.reading.context import ASKED_NAME, asked_words
from evalkit.reading.language import language_of
from evalkit.reading.lazy_regex import lazy_regex
from evalkit.reading.number_claims import NOUN_BEHIND, Claim, Strength
from evalkit.reading.number_words import EACH_BEHIND

_MEANINGS = tuple(
    (name, lazy_regex(rf"\b(?:{pattern})\b", re.I))
    for name, pattern in (
        (
            "rest",
            r"left|remain\w*|rest\w*|still|outstanding|balance|due|noch|übrig\w*|verbleib\w*|bleib\w*|offen\w*",
        ),
        ("pay", r"pays?|paid|costs?|price|charge[sd]?|zahl\w*|bezahl\w*|kost\w+|\w*preis\w*"),
        (
            "most",
            r"max\w*|most|highest|exceed|limit|up to|höchst\w*|\w+höchst\w*|bis zu|überschreiten",
        ),
        ("least", r"min|minimum|minimal\w*|lowest|least|mindest\w*|wenigstens"),
        ("free", r"free|available|vacant|frei\w*|verfügbar\w*"),
        ("mean", r"averag\w*|mean|durchschnitt\w*|schnitt|mittel\w*"),
    )
)


def words(text: str) -> set[str]:
    """Return the words and numbers of a text that a question and an answer may share."""
    text = _NON.sub("non", text)
    return {*asked_words(text), *re.findall(rf"\d+[a-z]?\b|{ASKED_NAME}", text)}


_NON = lazy_regex(r"\b(?:non|nicht)-(?=\w)", re.I)


def meanings(text: str) -> set[str]:
    """Return what a question and an answer may say in different words: what is left, the most, the mean."""
    return {f"≈{name}" for name, pattern in _MEANINGS if pattern.search(text)}


def pairs(text: str) -> set[str]:
    """Return pairs of words, small ones too: `before tax`."""
    said = re.findall(r"[^\W\d_]+", text.casefold())
    return {
        f"{one} {other}"
        for one, other in pairwise(said)
        if any(asked_words(other)) or (len(other) == 1 and any(asked_words(one)))
    }


def shared(asked: set[str], told: set[str]) -> int:
    """Return how many of the asked words are told, in whatever number: `child`, `children`."""
    return sum(
        any(w == t or (min(len(w), len(t)) > 3 and _is_form(w, t)) for t in told) for w in asked
    )


DENIES = lazy_regex(r"\b(?:not|nicht|never|nie)\b|n't\b", re.I)


def _is_form(one: str, other: str) -> bool:
    """Tell whether one word is the other with an ending: `team`, `teams`, and not `club`, `clubhouse`."""
    short, long = sorted((one, other), key=len)
    return long.startswith(short) and long[len(short) :] in _ENDINGS


_ENDINGS = frozenset(
    ("s", "es", "en", "er", "e", "n", "ed", "em", "d", "r", "in", "t", "te", "ne", "le")
)


def own_words(claim: Claim) -> set[str]:
    """Return the words that stand at a number itself."""
    said = f"{claim.label} {claim.right}"
    if DENIES.search(said):
        return set()
    return words(said) | meanings(said) | _lettered(said)


def likest(found: list[Claim], asked: Asked) -> list[Claim]:
    """Return the claims of which what stands before the number, or behind it, says most of the question again."""
    labels, rights = [c.label for c in found], [c.right for c in found]
    texts = [labels, rights, [f"{c.label} {c.clause.text}" for c in found]]
    counted = [rights]
    for taken, wanted, told in (
        (pairs, pairs(asked.asking), texts),
        (words, words(asked.predicate), texts),
        (words, words(asked.subject), counted),
        (meanings, meanings(asked.predicate), texts),
    ):
        for said in told:
            n_shared = [shared(wanted, taken(text)) + (ASKED_NAME in text) for text in said]
            is_told = all(re.search(r"[\w\uf8fb-\uf8ff]", text) for text in said)
            is_told = is_told and (told is not counted or all(map(NOUN_BEHIND.match, said)))
            if is_told and n_shared and max(n_shared) > min(n_shared):
                return [c for c, n in zip(found, n_shared, strict=True) if n == max(n_shared)]
    return []


def answering(found: list[Claim], asked: Asked) -> list[Claim]:
    """State the number of a clause that says all of the question again: `Man zahlt 56 Euro.`"""
    head = words(asked.head)
    for wanted in (words(asked.predicate), head):
        says_all = [c for c in found if wanted and shared(wanted, own_words(c)) == len(wanted)]
        if len({c.numeral.value for c in says_all if not c.is_given}) == 1:
            break
    else:
        return found
    of_sentence = {c.clause.sentence: c for c in found if c.strength == Strength.STATED}
    return [
        replace(c, strength=Strength.STATED)
        if (
            c.strength in (Strength.NAMED, Strength.ALONE)
            or (wanted <= head and c.strength == Strength.WEAK)
        )
        and c in says_all
        and not c.is_given
        and (c.clause.sentence not in of_sentence or of_sentence[c.clause.sentence].place < c.place)
        else c
        for c in found
    ]


def about_question(found: list[Claim], asked: Asked) -> list[Claim]:
    """State the one number at which words of the question stand: `The single dose is 500 mg, the daily dose 4 g.`"""
    told = [c for c in found if c.strength > Strength.ASIDE]
    if asked.for_total or len({c.numeral.value for c in told}) < 2:
        return found
    head = set[str]() if asked.for_count else {next(asked_words(asked.predicate), "")}
    meant = meanings(asked.predicate)
    names = _names(asked.asking)
    for wanted in (names, meant - {"≈pay"}, head, words(asked.predicate) | meant):
        mine = [
            c
            for c in told
            if shared(wanted, own_words(c))
            and (c.strength > Strength.WEAK or (wanted is head and shared(head, words(c.right))))
        ]
        others = [c for c in told if c not in mine]
        parts = [c for c in others if not _TOTAL.search(f"{c.label} {c.right}")]
        against = parts if parts or wanted is names else others
        if len({c.numeral.value for c in mine}) == 1 and not any(
            _holds_against(c, mine, asked) for c in against
        ):
            return [
                replace(c, strength=Strength.STATED) if c in mine else c
                for c in found
                if c not in others
            ]
    return found


def _names(question: str) -> set[str]:
    """Return names of the question that tell one of a row from the others: `7b`, `Line 4`, `technician B`."""
    named = {w for w in words(question) if re.fullmatch(r"\d+[a-z]", w)}
    if language_of(question) == "en":
        named |= words(" ".join(re.findall(r"(?<=\w )[A-Z][a-z]+", question)))
    nth = {
        w for w in words(question) if re.fullmatch(r"second|third|fourth|zweite|dritte|vierte", w)
    }
    return {ASKED_NAME} | named | nth | _lettered(question)


def _lettered(text: str) -> set[str]:
    return {pair for pair in pairs(text) if re.fullmatch(r"\w+ [b-z]", pair)}


def _holds_against(other: Claim, mine: list[Claim], asked: Asked) -> bool:
    """Tell whether another number may be the result although it has none of the question's words."""
    return (
        asked.is_problem
        or other.strength == Strength.FIRST
        or (other.strength >= Strength.STATED and other.place > mine[-1].place)
        or is_beside(mine[0], other)
        or (other.is_leading and not re.search(r"\w", other.right))
    )


_TOTAL = lazy_regex(
    r"\b(?:total|sum|summe|gesamt\w*|together|altogether|in total|in all|zusammen|insgesamt)\b",
    re.I,
)


def of_counted(found: list[Claim], asked: Asked) -> list[Claim]:
    """Drop what counts something else in a sentence that counts what is asked: `240 employees on 3 floors`."""
    wanted = words(asked.counted)

    def noun(claim: Claim) -> str:
        behind = NOUN_BEHIND.match(claim.right)
        return behind[0].strip(" -").casefold() if behind else ""

    def counts(claim: Claim) -> bool:
        return bool(shared(wanted, words(noun(claim)))) or _is_kind_of(noun(claim), asked.counted)

    if asked.for_count and any(c.strength > Strength.ASIDE and c.numeral.value >= 1 for c in found):
        found = [c for c in found if not c.numeral.is_ratio or c.numeral.value >= 1]
    about = words(asked.predicate) | meanings(asked.predicate)
    counting = {c.clause.sentence for c in found if c.strength > Strength.ASIDE and counts(c)}
    return [
        c
        for c in found
        if c.clause.sentence not in counting
        or not noun(c)
        or counts(c)
        or shared(about, words(c.right) | meanings(c.right))
    ]


def _is_kind_of(noun: str, counted: str) -> bool:
    """Tell whether a compound is a kind of what is counted: `Milchkühe` are `Kühe`."""
    return len(counted) >= _HEAD and noun.endswith(counted.casefold())


_HEAD = 4
"""Letters of a noun that may be the head of a compound."""


_EACH = r"(?:a|an|per|each|every|/|pro|je|am|im|in der|die|jede[nrsm]?)\s?"
_PERIODS = {
    name: lazy_regex(rf"\b{_EACH}(?:{nouns})\b|\b(?:{adverb})\b", re.I)
    for name, nouns, adverb in (
        ("hour", "hour|h|stunde", r"hourly|stündlich\w*|stundenlohn"),
        ("day", "day|tag", r"daily|täglich\w*|tages\w+"),
        ("week", "week|woche", r"weekly|wöchentlich\w*"),
        ("month", "month|monat", r"monthly|monatlich\w*|monats\w+|pcm"),
        ("year", "year|jahr", r"yearly|annual\w*|jährlich\w*|jahres\w+"),
    )
}


def of_asked_period(found: list[Claim], asked: Asked) -> list[Claim]:
    """Drop what is told per month where another number is told per year, as it is asked."""
    period = next((p for p in _PERIODS.values() if p.search(asked.asking)), None)
    told = {c.place: f"{c.label} {c.right}" for c in found}
    if period is None or not any(
        period.search(told[c.place]) for c in found if c.strength > Strength.ASIDE
    ):
        return found
    others = [p for p in _PERIODS.values() if p is not period]

    def is_other(claim: Claim) -> bool:
        said = told[claim.place]
        is_each = EACH_BEHIND.match(claim.right) is not None or _TOTAL.search(said) is not None
        return is_each or any(p.search(said) for p in others)

    return [c for c in found if period.search(told[c.place]) or not is_other(c)]


def is_beside(one: Claim, other: Claim) -> bool:
    """Tell whether two numbers are told alike: `210 in May and 202 in June`."""
    preposition = re.match(
        r"\s(?:[^\W\d_]+\s)??(in|im|on|am|at|bei|for|für|from|aus|von|by)\b", one.right
    )
    return (
        preposition is not None
        and re.match(rf"\s(?:[^\W\d_]+\s)??{preposition[1]}\b", other.right) is not None
    )
