"""Tells whether an answer says that it can't be told: from the passage, or at all."""

from __future__ import annotations

import re
from enum import Enum

from evalkit.reading.clauses import Clause, clauses
from evalkit.reading.content import content, told
from evalkit.reading.lazy_regex import lazy_regex
from evalkit.reading.plain import plain
from evalkit.reading.refusal_words import (
    ABOUT,
    ASPECTS,
    BARE_NO,
    BUT,
    BY_TEXT,
    ELLIPTIC,
    FRAGMENT,
    GUESS,
    LABEL_LINE,
    LACKS_A_THING,
    NAMED_TEXT,
    NO_FIRST,
    NO_VERB,
    NOT_BUT,
    NOT_THAT,
    OF_PASSAGE,
    OF_TEXT,
    OF_TEXT_AT_ALL,
    ONLY,
    REFUSING,
    SAYS,
    SIDE,
    STRONG,
    WITHIN,
)
from evalkit.reading.structured import objects
from evalkit.reading.thoughts import split_thoughts


class Kind(Enum):
    """What a clause does."""

    REFUSES = "refuses"
    ABOUT = "about"
    """Speaks of the passage, the question or the writer: `The passage mentions …`."""
    SIDE = "side"
    """A subordinate clause, a guess, a label, or a courtesy."""
    ANSWERS = "answers"


_YES_OR_NO = lazy_regex(
    r"^\W*(?:is|are|was|were|do|does|did|can|may|will|has|have|must|ist|sind|war|wird|werden|wurde|hat|haben|kann|können|darf|dürfen|"
    r"gibt|deckt|enthält|umfasst|gilt)\b",
    re.I,
)
_OF_MATTER = lazy_regex(
    r"\b(?:cover|includ|contain|provid|offer|available|possible|given|known|enthält|enthalten|deckt|gedeckt|abgedeckt|umfasst|"
    r"verfügbar|möglich|vorhanden|angeboten|bekannt)",
    re.I,
)
"""Words that tell of passages, and of what passages are about."""
_HEAD = lazy_regex(
    r"\A\W*(?:question|item|field|aspect|point|frage|punkt|feld|aspekt|thema|topic)s?: [^\n:]{2,20}\n(?=[^\n]+: )",
    re.I,
)
"""The head of a table."""
_NO_SUBJECT = lazy_regex(
    r"^\W*(?:(?:but|and|yet|though|aber|und|doch|jedoch)\s)?(?:does not|doesn't|do not|don't|did not|didn't|"
    r"never|without)\s",
    re.I,
)
"""Goes on about the passage: `The passage describes it but doesn't announce a winner.`"""
_HOW_MANY = lazy_regex(r"\b(?:how (?:many|much)|wie ?viele?n?)\b", re.I)
_NONE = lazy_regex(r"^\W*(?:none|nothing|keine?[rs]?|nichts)\b\s?[,;:–-]", re.I)
_MISSING = lazy_regex(r"\b(?:missing|lacking|fehl(?:t|en|te|ten))\b", re.I)


def is_refusal(text: str, question: str = "") -> bool:
    """Tell whether an answer says, in any usual wording, that it can't be told; one that says nothing does, too."""
    said = _HEAD.sub("", stated_text(text))
    if not re.search(r"\w", said):
        return True
    said = _of_matter(said, question)
    label = LABEL_LINE.match(said.rpartition("\n")[2])
    if label is not None:
        return _first(clauses(label[1])) is Kind.REFUSES
    said = WITHIN.sub(" ", NO_FIRST.sub("", said))
    found = clauses(said)
    first = _first(found)
    if first is Kind.ANSWERS:
        return _refuses_what_is_asked(found, question) or (
            any(STRONG.search(c.text) and not BUT.match(c.text) for c in found[1:])
            and not _answers_first(found)
        )
    if first is None:
        return Kind.ABOUT in _kinds(found) and ONLY.search(said) is not None
    is_none = _says_none(said, question) or (
        _NONE.match(said) and Kind.ANSWERS in _kinds(found)[1:2]
    )
    return not is_none and not _answers_after_all(found)


def _of_matter(said: str, question: str) -> str:
    """Return an answer without words of telling that are the question's own: `Two screws are missing.`"""
    if _MISSING.search(question):
        said = _MISSING.sub("there", said)
    if _YES_OR_NO.match(question) and not OF_TEXT_AT_ALL.search(said):
        for word in _OF_MATTER.findall(question):
            said = re.sub(rf"\b\w{{0,2}}{word[:5]}\w*", "done", said, flags=re.I)
    return said


def _says_none(said: str, question: str) -> bool:
    """Tell whether an answer says that there are none of what is counted."""
    is_none = re.fullmatch(r"\W*(?:none|keine?[rs]?)\W*", said, re.I) is not None
    return is_none and _HOW_MANY.search(question) is not None


def is_bare_refusal(said: str) -> bool:
    """Tell whether behind a `No` an answer only says that the passage does not tell."""
    return NO_FIRST.match(said) is not None


def stated_text(text: str) -> str:
    """Return what an answer says, without thoughts, dress, and the object it may be wrapped in."""
    text = split_thoughts(text).answer
    found = [o for o in objects(text) if o]
    values = [v for o in found[-1:] for v in o.values() if isinstance(v, str | int | float)]
    if len(values) == 1 and text.strip().startswith(("{", "```")):
        text = str(values[0])
    return plain(text)


def kind_of(clause: Clause, sentence: str, following: str) -> Kind:
    """Say what a clause does, in its sentence and before the next clause."""
    words = clause.text
    if BARE_NO.match(words) and refuses(following, sentence):
        return Kind.SIDE
    if refuses(words, sentence) or (NOT_BUT.match(words) and SIDE.search(following)):
        return Kind.REFUSES
    if ABOUT.search(words):
        return Kind.ABOUT
    return Kind.SIDE if SIDE.search(words) or not re.search(r"\w", words) else Kind.ANSWERS


def refuses(words: str, sentence: str = "") -> bool:
    """Tell whether a clause says that something is not told."""
    words = LACKS_A_THING.sub("", words)
    if any(pattern.search(words) for pattern in (*REFUSING, *OF_PASSAGE)) or FRAGMENT.match(words):
        return True
    return bool(BY_TEXT.search(words) and NAMED_TEXT.search(sentence or words))


def _kinds(found: list[Clause]) -> list[Kind]:
    """Return what clauses do; what follows `The passage mentions` in its sentence is still about the passage."""
    kinds: list[Kind] = []
    for i, clause in enumerate(found):
        sentence = " ".join(c.text for c in found if c.sentence == clause.sentence)
        if _is_label(found, i):
            kinds.append(Kind.SIDE)
            continue
        following = found[i + 1].text if i + 1 < len(found) else ""
        kind = kind_of(clause, sentence, following)
        if SAYS.match(clause.text) and ELLIPTIC.match(following):
            kind = Kind.ABOUT
        same = i > 0 and found[i - 1].sentence == clause.sentence
        if kind is Kind.ANSWERS and same and kinds[-1] is Kind.ABOUT and not BUT.match(clause.text):
            kind = Kind.ABOUT
        if (
            kind is not Kind.REFUSES
            and same
            and Kind.ABOUT in kinds[-1:]
            and ONLY.search(sentence)
            and NOT_THAT.match(clause.text)
        ):
            kind = Kind.REFUSES
        own = [k for c, k in zip(found, kinds, strict=False) if c.sentence == clause.sentence]
        before: list[Kind] = [k for k in own if k is not Kind.SIDE]
        kinds.append(_after(kind, (before or kinds)[-1:], clause.text, is_same=same))
    return kinds


def _is_label(found: list[Clause], i: int) -> bool:
    """Tell whether a clause only names what the refusal behind its colon is about: `Cost: not stated`."""
    if i + 1 >= len(found) or len(found[i].text.split()) > _LABEL:
        return False
    return found[i].ends_with_colon and refuses(found[i + 1].text)


_LABEL = 5
"""Words of a label."""


def _after(kind: Kind, before: list[Kind], words: str, *, is_same: bool) -> Kind:
    """Return what a clause does behind one that is about the passage."""
    if (
        kind is Kind.ANSWERS
        and before
        and before[0] in (Kind.ABOUT, Kind.REFUSES)
        and OF_TEXT.match(words)
    ):
        return Kind.ABOUT
    if kind is not Kind.REFUSES and is_same and before == [Kind.ABOUT]:
        is_short = ELLIPTIC.match(words) or NOT_BUT.match(words) or _NO_SUBJECT.match(words)
        return Kind.REFUSES if is_short else kind
    return kind


def _first(found: list[Clause]) -> Kind | None:
    kinds = [k for k in _kinds(found) if k in (Kind.REFUSES, Kind.ANSWERS)]
    return kinds[0] if kinds else None


def _answers_first(found: list[Clause]) -> bool:
    """Tell whether the answer stands in a sentence of its own before the remark."""
    first = found[0]
    own = [c for c in found if c.sentence == first.sentence]
    return _kinds(own)[0] is Kind.ANSWERS and not any(STRONG.search(c.text) for c in own)


def _refuses_what_is_asked(found: list[Clause], question: str) -> bool:
    """Tell whether what is not told is what was asked: `It was painted in 2016, but its age is not given.`"""
    if not question:
        return False
    asked = content(re.findall(r"\w+", question.casefold()))
    answered = refused = 0
    named = counted = False
    for clause, kind in zip(found, _kinds(found), strict=True):
        if kind is Kind.REFUSES:
            sentence = " ".join(
                c.text for c in found if c.sentence == clause.sentence and c is not found[0]
            )
            names_it = any(a.search(question) and n.search(sentence) for a, n in ASPECTS)
            refused = max(refused, len(told(asked, sentence, by_form=True)) + 2 * names_it)
            named |= names_it
        elif kind is Kind.ANSWERS:
            answered = max(answered, len(told(asked, clause.text, by_form=True)))
            counted |= re.search(r"\d", clause.text) is not None
    return refused > answered or (named and not counted)


def _answers_after_all(found: list[Clause]) -> bool:
    """Tell whether `but` leads from what is not told to what is."""
    kinds = _kinds(found)
    refused = kinds.index(Kind.REFUSES)
    return any(
        kind is Kind.ANSWERS
        and BUT.match(clause.text)
        and len(clause.text.split()) > 2
        and (re.search(r"\d", clause.text) or not NO_VERB.match(clause.text))
        and not (before.sentence == clause.sentence and GUESS.search(before.text))
        for before, clause, kind in zip(
            found[refused:], found[refused + 1 :], kinds[refused + 1 :], strict=False
        )
    )
