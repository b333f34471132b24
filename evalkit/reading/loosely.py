"""Reads which option a short answer means that names none: in other words, with a slip, or by yes and no.

The answer must fit one option and no other; otherwise nothing is read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from evalkit.reading.clauses import clauses, leads_on, sentences
from evalkit.reading.content import EMPTY, are_alike, is_verb_of
from evalkit.reading.lazy_regex import lazy_regex
from evalkit.reading.names import in_one_form
from evalkit.reading.opposites import has_same, is_opposite
from evalkit.reading.refusal import is_refusal
from evalkit.reading.words import NEGATION, NO_NEGATION
from evalkit.reading.yes_no import NO, YES, said_in_a_word, says_yes

_LONGEST = 25
"""Words of an answer that may be an option in other words."""
_FRAGMENT = 8
"""Words of a longer answer without a full stop may be cut off."""
_SHORTEST = 4
_ALIKE = 0.84
_HALF = 0.5
_FEW = 3
"""Words of an answer that may leave out half of an option's: `tech support`."""
_SLIP = 6
_EMPTY = EMPTY | {
    "answer",
    "option",
    "antwort",
    "laut",
    "further",
    "more",
    "mehr",
    "weiter",
    "weitere",
}
_OF_ITSELF = lazy_regex(r"\b(?:I|I'm|ich|we|wir|mir|me|AI|KI)\b", re.I)
"""An answer that speaks of who writes it does not say what the text tells."""
_CONDITION = lazy_regex(
    r"\b(?:only|if|unless|provided|except|but|nur|wenn|falls|sofern|außer|aber|allerdings)\b", re.I
)
_NEGATING = lazy_regex(r"\b(?:non-?|un(?!d\b|ter|i))\w{4,}", re.I)
"""`Unsupported` is what `supported` is not."""
_PREFIXED = lazy_regex(r"\b(non)[- ](?=\w)")
_NEGATED, _IDIOM = lazy_regex(NEGATION, re.I), lazy_regex(NO_NEGATION, re.I)


def read_loosely(said: str, choices: Sequence[str], question: str) -> int | None:
    """Return the position of the option that an answer means, or None."""
    words = said.split()
    by_letters = _by_acronym(said, choices)
    if by_letters is not None:
        return by_letters
    is_open = not re.search(r"[.!?:)\]\"']\s*$", said) and len(words) > _FRAGMENT
    if len(words) > _LONGEST or len(list(sentences(said))) > 2:
        return None if leads_on(said) else _by_first_sentence(said, choices, question)
    if is_open:
        return None
    plainly = _by_yes(said, choices, question, in_a_word=True)
    if plainly is not None:
        return plainly
    told = _untold(said, choices, question)
    if told is not None:
        return told
    if is_refusal(said, question):
        return _by_yes(said, choices, question)
    meant = _by_polarity(said, choices, question)
    meant = _by_words(said, choices, question) if meant is None else meant
    if meant is None:
        meant = _by_yes(said, choices, question)
    first = clauses(said)[0].text if meant is None and clauses(said) else ""
    if first and first != said and len(first.split()) <= _FEW:  # `Prices. They are outrageous.`
        meant = _by_words(first, choices, question)
    return meant


def _by_polarity(said: str, choices: Sequence[str], question: str) -> int | None:
    """Return which of a statement and its negation an answer says: `The fund pays`, `The fund does not pay`."""
    if len(choices) != 2 or is_refusal(said, question):
        return None
    bare = [set(_content(_NEGATED.sub(" ", choice))) for choice in choices]
    negative = [_NEGATED.search(choice) is not None for choice in choices]
    words = _content(_NEGATED.sub(" ", said))
    if not bare[0] or bare[0] != bare[1] or negative[0] == negative[1]:
        return None
    if not all(any(_is_like(w, s) for s in words) for w in bare[0]):
        return None
    return negative.index(_NEGATED.search(said) is not None)


def on_condition(said: str, choices: Sequence[str]) -> int | None:
    """Return the option beside yes and no that an answer states as its condition: `Yes, if the guest is registered.`"""
    words = [choice.strip(" .!").casefold() for choice in choices]
    others = [i for i, w in enumerate(words) if w not in YES | NO]
    if len(words) != _WITH_CONDITION or len(others) != 1 or not _TERMS.match(words[others[0]]):
        return None
    wanted, told = _content(choices[others[0]]), _content(said)
    shared = [w for w in wanted if any(_is_like(w, t) for t in told)]
    if _NEGATED.search(said) and not _CONDITION.search(said):
        return None
    return others[0] if wanted and 2 * len(shared) >= len(wanted) else None


_WITH_CONDITION = 3
"""Options: yes, no, and on which terms."""
_TERMS = lazy_regex(
    r"(?:yes,? |ja,? )?(?:but |aber )?(?:only|nur|with|mit|if|wenn|after|nach|provided|sofern|"
    r"on request|auf antrag)\b",
    re.I,
)


def _by_first_sentence(said: str, choices: Sequence[str], question: str) -> int | None:
    """Return what the first sentence of a longer answer says in a word, or the last: `Er war also zu spät.`"""
    told = [sentence for _, sentence in sentences(said)]
    first = _by_yes(told[0], choices, question, in_a_word=True)
    if first is None and len(told[0].split()) <= _FRAGMENT and not is_refusal(told[0], question):
        first = _by_yes(told[0], choices, question)
    if first is None and _CONCLUDES.search(told[-1]):
        first = _by_words(told[-1], choices, question)
    return first


_CONCLUDES = lazy_regex(
    r"^\W*(?:so|therefore|thus|hence|consequently|daher|deshalb|somit|folglich|damit)\b|\b(?:also|folglich|"
    r"somit)\b",
    re.I,
)
_ACRONYM = lazy_regex(
    r"\W*(?:(?:the|die|der|das|an|zur|zum|to)\s)?(?P<letters>[A-Z]{2,5})(?:[- ](?:team|"
    r"department|abteilung))?\W*",
    re.I,
)


def _by_acronym(said: str, choices: Sequence[str]) -> int | None:
    """Return the one option that an answer of a few capital letters stands for: `HR`, `IT` of `Informationstechnik`."""
    found = _ACRONYM.fullmatch(said)
    if found is None or not found["letters"].isupper():
        return None
    named = [i for i, choice in enumerate(choices) if _stands_for(found["letters"], choice)]
    return named[0] if len(named) == 1 else None


def _stands_for(acronym: str, text: str) -> bool:
    """Tell whether letters are those that words begin with, or the parts of one long word."""
    words = [w for w in re.findall(r"[^\W\d_]+", text) if w.casefold() not in EMPTY]
    if len(words) > 1:
        return "".join(w[0] for w in words).upper() == acronym
    long = words[0].upper() if words else ""
    pattern = ".{2,}".join(map(re.escape, acronym))
    return len(long) > 2 * len(acronym) and re.match(pattern, long) is not None


def _untold(said: str, choices: Sequence[str], question: str) -> int | None:
    """Return the one option that says that nothing is told, where the answer does, too."""
    if not is_refusal(said, question) or _OF_ITSELF.search(said):
        return None
    found = [i for i, choice in enumerate(choices) if is_refusal(choice) and len(choice) > 2]
    return found[0] if len(found) == 1 else None


def _content(text: str) -> list[str]:
    text = in_one_form(text).casefold()
    joined = _PREFIXED.sub(
        r"\1", re.sub(r"\bnot (?=\w)", "non", re.sub(r"\bnicht (?=\w)", "un", text))
    )
    return [w for w in re.findall(r"[^\W\d_]{3,}\d?", joined) if w not in _EMPTY]


_CONTRASTED = lazy_regex(
    r"(?:^|(?<=, ))(?:although|though|while|even if|obwohl|auch wenn|während|zwar)\b[^,.]*,|"
    r",?\s(?:and )?(?:not|nicht|rather than|instead of|statt|anstatt)\s(?!\w+$)[^,.;]*$",
    re.I,
)
"""What is granted, or said not to be meant, beside what is meant."""


def _by_words(said: str, choices: Sequence[str], question: str) -> int | None:
    """Return the one option of whose own words the answer has most; `bill` is a word of `Billing`."""
    if not any(_is_negative(choice) for choice in choices):
        said = _CONTRASTED.sub("", said) if _content(_CONTRASTED.sub("", said)) else said
    words = _content(said)
    known = set(_content(question))
    own = [
        {w for w in mine if not any(_is_like(w, k) for k in known)} or mine
        for mine in (set(_content(choice)) for choice in choices)
    ]
    scores = []
    for i, mine in enumerate(own):
        others = set().union(*(o for j, o in enumerate(own) if j != i))
        distinct = [w for w in mine if not any(_is_like(w, o) for o in others)]
        told = {w for w in mine if any(_is_like(w, s) for s in words) or has_same(w, said)}
        hits = len(told)
        is_told = not told.isdisjoint(distinct)
        scores.append(hits / len(mine) if is_told else 0.0)
    best = max(scores, default=0.0)
    rest = max((s for s in scores if s < best), default=0.0)
    if (
        best < _HALF
        or (best == _HALF and len(words) > _FEW)
        or scores.count(best) > 1
        or rest >= max(_HALF, best / 2)
        or (rest > 0 and best < 1)
    ):
        return None
    chosen = scores.index(best)
    own_words = [
        c.text
        for c in clauses(said)
        if any(_is_like(w, s) for w in own[chosen] for s in _content(c.text))
    ]
    if _is_negative(" ".join(own_words) or said) != _is_negative(choices[chosen]):
        return 1 - chosen if len(choices) == 2 and is_opposite(*choices) else None
    return chosen


def _is_negative(text: str) -> bool:
    text = _IDIOM.sub("", text)
    return _NEGATED.search(text) is not None or _NEGATING.search(text) is not None


def _is_like(one: str, other: str) -> bool:
    """Tell whether two words begin alike, or differ by a slip."""
    shorter = min(len(one), len(other))
    if one == other or not (one.isalpha() and other.isalpha()):
        return one == other
    if (_NEGATING.match(one) is None) != (_NEGATING.match(other) is None):
        return False
    alike = max(_SHORTEST, shorter - 3)
    if shorter >= _SHORTEST and one[:alike] == other[:alike]:
        return True
    if (
        are_alike(one, other) or _are_derived(one, other) or is_verb_of(one, other)
    ):  # `eingeholt`, `aufzukündigen`
        return True
    if one.endswith(other) or other.endswith(one):  # `unsupported`
        return False
    return shorter >= _SLIP - 1 and SequenceMatcher(None, one, other).ratio() >= _ALIKE


_ENDING = lazy_regex(
    r"(?:e?r|ier|at)?(?:e[nmrst]?|ed|ing|(?:at)?ions?|ung|ungen|uren?|t|te|ten|s|al|ment)?"
)
_ROOT = 5
"""Letters that a verb and its noun share: `registered`, `registration`; `reparieren`, `Reparatur`."""


def _are_derived(one: str, other: str) -> bool:
    pairs = enumerate(zip(one, other, strict=False))
    shared = next((i for i, (a, b) in pairs if a != b), min(len(one), len(other)))
    return shared >= _ROOT and all(_ENDING.fullmatch(w[shared:]) for w in (one, other))


def _by_yes(
    said: str, choices: Sequence[str], question: str, *, in_a_word: bool = False
) -> int | None:
    words = [choice.strip(" .!").casefold() for choice in choices]
    yes = [i for i, w in enumerate(words) if w in YES]
    no = [i for i, w in enumerate(words) if w in NO]
    if len(yes) != 1 or len(no) != 1 or _OF_ITSELF.search(said):
        return None
    if len(choices) > 2 and _CONDITION.search(said):
        return None
    told = said_in_a_word(said) if in_a_word else says_yes(said, question)
    return None if told is None else (yes[0] if told else no[0])
