"""Reads whether a short answer states the right one, refuses, or says something else."""

from __future__ import annotations

import re
from dataclasses import dataclass

from evalkit.reading.clauses import clauses
from evalkit.reading.content import content, told
from evalkit.reading.contract import Reading
from evalkit.reading.golds import marked
from evalkit.reading.grounded_claims import MARK, claims_of, is_denied, outweighs
from evalkit.reading.lazy_regex import caseless, lazy_regex
from evalkit.reading.otherwise import (
    asks_of_events,
    bounds_otherwise,
    has_one_more,
    is_in_another_clause,
    is_turned,
    may_be_the_same,
)
from evalkit.reading.refusal import is_refusal, refuses, stated_text
from evalkit.reading.refusal_words import OF_TEXT_AT_ALL
from evalkit.reading.subjects import is_given_to_another, is_of_another
from evalkit.reading.worded import GOLD, RIVAL, n_items, says_part_of, words_of
from evalkit.reading.words import (
    CONCLUDING,
    CORRECTION,
    NEGATION,
    NO_NEGATION,
)
from evalkit.reading.yes_no import NO, YES, says_yes


@dataclass(frozen=True, slots=True)
class GroundedContext:
    """What was asked, and what the passage says."""

    question: str
    gold: str | None
    """None: the passage does not tell."""
    passage: str = ""
    """Where known: what an answer in other words may rest on."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an answer does."""

    refuses: bool
    is_right: bool
    """States the right answer; where there is none, says so."""


_NEGATED, _IDIOM = caseless(NEGATION), caseless(NO_NEGATION)
_BOUND_BEHIND = (
    r"more|less|longer|later|earlier|older|younger|over|under|above|below|up|fewer|higher|lower|mehr|"
    r"weniger|länger|"
    r"kürzer|älter|jünger|darüber|darunter|später|früher"
)
"""Words behind `or` that make a bound of a number, and no other one: `18 or older`."""
_OR = caseless(
    rf"{MARK}\W{{0,3}}(?:\w+\s){{0,2}}?,?\s?(?:or|oder|bzw\.|respectively)\s(?:[^\W\d_]+\s){{0,3}}?{MARK}|"
    rf"\b(?:either|entweder)\b[^.]{{0,30}}{GOLD}|"
    rf"{GOLD}\W{{0,2}},?\s(?:or|oder)\s(?:perhaps |maybe |vielleicht |possibly )?(?!{_BOUND_BEHIND}|"
    rf"so|similar)[\w€$]|(?<!whether )(?<!ob )\b[\wäöü]+\s(?:or|oder)\s(?:in |the |at |on |um |"
    r"am |der "
    rf"|die |das )?{GOLD}"
)
_LISTED = caseless(
    rf"^\W*(?:[^\W\d_]+\s){{0,2}}?(?:{MARK}(?:\s?(?:,|/|;|&|and|und|sowie)\s?(?:and\s|und\s|or\s|"
    rf"oder\s)?)?){{2,}}\W*$"
)
_NAME = r"[A-ZÄÖÜ][\w.-]*(?:\s[A-ZÄÖÜ][\w.-]*)*"
_AND = r"(?:\s(?:and|und|as well as|plus|sowie|als auch)\s|\s?[&/+]\s)"
_SIDE_BY_SIDE = lazy_regex(
    rf"^\W*(?:[Bb]oth |[Ss]owohl )?(?:{GOLD}{_AND}{_NAME}|{_NAME}{_AND}{GOLD})\W*$"
)
_ONE_MORE = lazy_regex(
    rf"{GOLD}(?:\s?,|{_AND})\s?(?:and\s|und\s|auch\s|also\s)?[A-ZÄÖÜ][\w.-]+\W*(?:$|\n)|"
    rf"(?:^|[:\s])[A-ZÄÖÜ][\w.-]+(?:\s?,\s?|{_AND}){GOLD}\W*(?:$|\n)"
)
"""A list of what was asked with one item more."""
_ONE_LESS = lazy_regex(
    rf"{GOLD}[^.\n]*\b(?:no|not|without|kein\w*|nicht|ohne)\s(?:\w+\s)?{GOLD}", re.I
)
"""A list of which an item is denied."""
_TURN = caseless(
    rf"{CORRECTION}|{CONCLUDING}|(?<=[.!?,–-] )(?:no|nein)\b(?=[,.:;])|\b(?:final answer|answer|"
    r"antwort)\s?:"
)
_YES_AND = caseless(r"^\W*(?P<word>yes|no|ja|nein)\b[,.;:–-]+\s*(?P<rest>\w.*)$")
_GUESSED = caseless(
    r"\b(?:guess\w*|assum\w*|speculat\w*|geraten|rate|vermut\w*|schätz\w*|annahme|spekul\w*|raten)\b"
)
"""What a refusing answer offers all the same is not stated."""


def is_right(answer: str, gold: str, question: str, passage: str = "") -> bool:
    """Tell whether an answer states the gold one, and no other in its place."""
    return _states(stated_text(answer), gold, question, passage) is True


def _states(said: str, gold: str, question: str, passage: str) -> bool | None:
    """Tell whether an answer states the gold; None: that can't be told."""
    if gold.strip().casefold() in YES | NO:
        yes = says_yes(said, question)
        return None if yes is None else yes == (gold.strip().casefold() in YES)
    led = _YES_AND.match(gold)
    if led is not None:  # `Yes, up to two days`
        yes = says_yes(said, question)
        return yes in (None, led["word"].casefold() in YES) and _states(
            said, led["rest"], question, passage
        )
    if _NONE.fullmatch(gold.strip()) and is_denied_of(said, question):
        return True
    if _concludes_otherwise(said, gold, question):
        return False
    text, is_negated = marked(said, gold, question)
    if text is None:
        return False
    if is_negated:
        return _is_denied_gold(text)
    if (
        is_given_to_another(text, question)
        or is_of_another(text, question)
        or is_turned(text, gold, passage)
        or is_in_another_clause(text, gold, question, passage)
        or has_one_more(text, gold, question, passage)
        or bounds_otherwise(said, gold)
    ):
        return False
    is_either = re.search(r"\b(?:or|oder)\b", gold, re.I) is not None
    return (is_either or not _OR.search(text)) and _is_chosen(text, question, n_items(gold))


_NONE = caseless(r"(?:none|nothing|no one|nobody|keine?[rs]?|nichts|niemand)\.?")


def is_denied_of(said: str, question: str) -> bool:
    """Tell whether a sentence denies what a question asks for, where the right answer is none: `None are needed.`"""
    found = clauses(said)
    asked = content(words_of(question))
    return len(found) == 1 and _NEGATED.search(said) is not None and bool(told(asked, said))


_FINAL = caseless(
    r"(?:^|(?<=[.!?\n])\s*)(?:(?:so|thus|therefore|hence|also|somit|daher),?\s)?(?:(?:the|my|die|meine)\s)?(?:(?:final|correct|right|"
    r"endgültige|richtige)\s)?(?:answer|antwort)\s?(?:(?:is|lautet|ist)(?:\s?:)?|[:=])\s*(?P<said>[^\n]+)$"
)


def _concludes_otherwise(said: str, gold: str, question: str) -> bool:
    """Tell whether what an answer gives as its last word, `Answer: …`, has words of its own and not the gold."""
    final = _FINAL.search(said)
    if final is None or final.start() == 0 or marked(final["said"], gold, question)[0] is not None:
        return False
    words = content(words_of(final["said"]))
    return len(told(words, gold)) < len(set(words))


def read_grounded(answer: str, context: GroundedContext) -> Reading[Verdict]:
    """Return what an answer does: refuse, state the right answer, or say something else."""
    said = stated_text(answer)
    if not re.search(r"\w", said):
        return Reading(None, "empty")
    refusing = is_refusal(answer, context.question)
    if context.gold is None:
        return Reading(Verdict(refusing, refusing), "refusal" if refusing else "claim")
    if not (refusing and _GUESSED.search(answer)):
        states = _states(said, context.gold, context.question, context.passage)
        if states:
            return Reading(Verdict(refuses=False, is_right=True), "gold")
        if states is None and not refusing:
            return Reading(None, "neither yes nor no")
        is_of_events = asks_of_events(context.question, context.gold)
        if not refusing and is_of_events and says_part_of(said, context.gold, context.question):
            return Reading(None, "only some of its words")
        if not refusing and may_be_the_same(said, context.gold, context.question, context.passage):
            return Reading(None, "in other words")
        if refusing and is_refusal(context.gold) and _tells_of_lack(said, context):
            return Reading(Verdict(refuses=False, is_right=True), "gold")
        if refusing and is_refusal(context.gold) and not OF_TEXT_AT_ALL.search(said):
            refusing = _LACKS.search(said) is None  # `because a key is missing`
        refusing = refusing and not (states is False and context.gold.casefold() in YES | NO)
    refusing = refusing and not _offers(said, context)
    return Reading(Verdict(refusing, is_right=False), "refusal" if refusing else "claim")


def _tells_of_lack(said: str, context: GroundedContext) -> bool:
    """Tell whether an answer names what a gold says is missing: `because details of earlier illnesses were missing`."""
    words = content(words_of(context.gold or ""))
    wanted = [w for w in words if not refuses(f"no {w}") and not _LACKS.search(w)]
    wanted = [w for w in wanted if not told([w], context.question)]
    return bool(wanted) and len(told(wanted, said)) == len(set(wanted))


def _offers(said: str, context: GroundedContext) -> bool:
    """Tell whether an answer that can't tell offers the gold beside another: `either 5 or 6`."""
    text, _ = marked(said, context.gold or "", context.question)
    return text is not None and _OR.search(text) is not None


_LACKS = caseless(r"\b(?:fehl\w*|mangel\w*|mangels|lack\w*|missing|absence)\b")


def _is_denied_gold(text: str) -> bool:
    """Tell whether a text denies what a negated gold denies."""
    claims = [
        (clause, mark)
        for clause in clauses(text)
        if not clause.is_asked
        for mark in re.finditer(GOLD, clause.text)
    ]
    return bool(claims) and all(
        is_denied(c.text[: m.start()], c.text[m.end() :], is_last=True)
        or _NEGATED.search(c.text) is not None
        or _LACKS.search(c.text) is not None
        for c, m in claims
    )


def _is_chosen(text: str, question: str, n_asked: int) -> bool:
    listed = RIVAL in text and any(_LISTED.match(line) for line in text.split("\n"))
    if listed or _SIDE_BY_SIDE.match(text):
        return False
    if n_asked > 1 and (_ONE_MORE.search(text) or _ONE_LESS.search(_IDIOM.sub("", text))):
        return False
    if n_asked > 1 and _has_item_more(text, n_asked):
        return False
    claims = list(claims_of(text, question))
    for marker in reversed(list(_TURN.finditer(text))):
        later = [c for c in claims if c.place >= marker.start()]
        if later and len(later) < len(claims):
            claims = later
            break
    golds = [c for c in claims if c.is_gold]
    rivals = [c for c in claims if not c.is_gold]
    if not golds:
        return False
    return not rivals or outweighs(golds, rivals, question)


_ITEM = lazy_regex(r"^\s*(?:[-*•–]|\d{1,2}[.)])\s+(?P<item>\S.*)$", re.M)


def _has_item_more(text: str, n_asked: int) -> bool:
    """Tell whether a list on lines of its own has more items than were asked for."""
    items = [m["item"] for m in _ITEM.finditer(text)]
    return (
        len(items) > n_asked
        and any(GOLD in item for item in items)
        and any(GOLD not in item and len(item.split()) <= _SHORT_ITEM for item in items)
    )


_SHORT_ITEM = 4
"""Words of an item that is one; a longer one may explain another."""
